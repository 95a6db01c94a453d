package guardian

import (
	"time"

	"firedoor/internal/datapath"
)

// paced takes how long frames took, and sheds what takes too long.
func (g *Guardian) paced(p *Pace) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range p.Conduits {
		if c.Order != g.number {
			return nil // conduits have other numbers now
		}
	}
	for _, s := range g.guard.hear(time.Now(), p) {
		if err := g.path.Shed(datapath.Shed{Conduit: s.Conduit, Sender: s.Client}); err != nil {
			return err
		}
		client := ""
		if s.Client.IsValid() {
			client = s.Client.String()
		}
		g.eventOf(Event{What: "shed", Name: s.Name, Client: client,
			Text: s.subject() + " goes by the kernel's floor until " + s.Until.UTC().Format(time.RFC3339) + ": " + s.Why})
	}
	return nil
}

// relax ends shedding whose time is over.
func (g *Guardian) relax() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.guard.over(time.Now()) {
		if err := g.path.Unshed(datapath.Shed{Conduit: s.Conduit, Sender: s.Client}); err != nil {
			g.config.Log.Error("ending to shed", "error", err)
		}
		g.event("shed-over", s.subject()+" is judged by a worker again")
	}
}

// shedUnder says what is shed under tables that are to be brought into force, and gives what
// is to be done once they are. The caller holds the lock.
func (g *Guardian) shedUnder(r *Request) (done func()) {
	stay, end := g.guard.follow(r.Conduits)
	r.Tables.Shed = nil
	for _, s := range stay {
		r.Tables.Shed = append(r.Tables.Shed, datapath.Shed{Conduit: s.Conduit, Sender: s.Client})
	}
	return func() {
		g.guard.sheds = stay
		for _, s := range end {
			g.event("shed-over", s.subject()+" is judged by a worker again: by another policy")
		}
	}
}
