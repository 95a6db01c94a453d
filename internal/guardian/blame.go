package guardian

import (
	"net/netip"
	"slices"
	"time"
)

// When a client loses deep conduits because workers die on its frames.
const (
	// deathsToBar is how many workers may die on frames of one client. Once may be chance.
	deathsToBar = 2
	// deathsLast is how long a crash counts, and hangsLast a hang: a frame that makes a worker
	// hang waits for the next one, and makes that hang at once, while a machine that stands
	// still ends a worker now and then, on whoever's frame it has in hand.
	deathsLast = 24 * time.Hour
	hangsLast  = 2 * time.Second // from the end of one to the beginning of the next
	// maxBlamed is how many clients are counted or barred. A death on a frame of a further
	// one is told, and not counted.
	maxBlamed = 256
)

// Barred is a client on whose frames workers died: what it asks goes by the kernel's floor
// until a person releases it.
type Barred struct {
	Client netip.Addr `json:"client"`
	Deaths int        `json:"deaths"`
	Since  time.Time  `json:"since"` // when the last one of them was
	until  time.Time  // they count, as long as they are too few
}

// blame counts deaths of workers by the client whose frame was in hand. Time is the caller's.
type blame struct{ all []Barred }

// died counts a death for a time, and tells whether the client is barred from now on; room is false where it could not be counted.
// What led to it began at a time: a worker that hangs is ended when another one is ready.
func (b *blame) died(began, now time.Time, client netip.Addr, counts time.Duration) (one Barred, bar, room bool) {
	b.all = slices.DeleteFunc(b.all, func(x Barred) bool { return x.Deaths < deathsToBar && began.After(x.until) })
	i := b.find(client)
	if i < 0 {
		if len(b.all) >= maxBlamed {
			return Barred{Client: client, Deaths: 1, Since: now}, false, false
		}
		i = len(b.all)
		b.all = append(b.all, Barred{Client: client})
	}
	x := &b.all[i]
	x.Deaths++
	x.Since, x.until = now, now.Add(counts)
	return *x, x.Deaths == deathsToBar, true
}

func (b *blame) find(client netip.Addr) int {
	return slices.IndexFunc(b.all, func(x Barred) bool { return x.Client == client })
}

// found takes up who was barred by a guardian before this one.
func (b *blame) found(now time.Time, clients []netip.Addr) {
	for _, c := range clients {
		if b.find(c) < 0 && len(b.all) < maxBlamed {
			b.all = append(b.all, Barred{Client: c, Deaths: deathsToBar, Since: now})
		}
	}
}

// release forgets a client's deaths; false where it is not barred.
func (b *blame) release(client netip.Addr) bool {
	i := b.find(client)
	if i < 0 || b.all[i].Deaths < deathsToBar {
		return false
	}
	b.all = slices.Delete(b.all, i, i+1)
	return true
}

// barred gives who is, in the order of their first death.
func (b *blame) barred() (out []Barred) {
	for _, x := range b.all {
		if x.Deaths >= deathsToBar {
			out = append(out, x)
		}
	}
	return out
}
