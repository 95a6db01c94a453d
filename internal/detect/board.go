package detect

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"

	"firedoor"
)

// Limits of a Board.
const (
	// MaxAlerts is how many alerts are kept; later causes are counted by one
	// alert of the kind "too-many-alerts".
	MaxAlerts = 10_000
	// MaxFrames is how many frames of evidence an alert keeps: the first ones.
	MaxFrames = 10
)

// KindTooMany is the kind of the alert that counts what found no room.
const KindTooMany = "too-many-alerts"

// Board shows every observation to the judges in order, and keeps one alert per
// kind and cause, whose evidence grows.
type Board struct {
	names  []string  `snapshot:"-"` // of the detectors
	judges []Judge   `snapshot:"-"`
	clocks []Clocker `snapshot:"-"` // those of them that decide by time
	world  glance    `snapshot:"-"`
	alerts []firedoor.Alert
	about  []cause // of each alert
	causes map[cause]int
	ids    map[string]bool
	beyond uint64  // findings for which there was no room
	calm   string  // why nothing alarms at present; empty: everything does
	news   []int32 `snapshot:"-"` // alerts that changed since News was asked

	seeing *Observation        `snapshot:"-"`
	frames []firedoor.FrameRef `snapshot:"-"`
	raise  func(*Finding)      `snapshot:"-"`
}

// cause tells alerts apart. The segment is not part of an alert's id: its number
// depends on which captures came before.
type cause struct {
	kind, text string
	segment    firedoor.Segment
}

// NewBoard starts the detectors of the list.
func NewBoard(list []Detector, w World) *Board {
	b := &Board{causes: map[cause]int{}, ids: map[string]bool{}, world: glance{World: w}}
	b.raise = b.take
	for _, d := range list {
		j := d.New(&b.world)
		b.names, b.judges = append(b.names, d.Name), append(b.judges, j)
		if c, ok := j.(Clocker); ok {
			b.clocks = append(b.clocks, c)
		}
	}
	return b
}

// See shows one observation to all judges.
func (b *Board) See(o *Observation) {
	b.seeing = o
	b.world.forget()
	for _, j := range b.judges {
		j.See(o, b.raise)
	}
	b.seeing = nil
}

// take makes an alert of a finding, or adds to the one that stands for its
// cause. What is only learned from raises nothing.
func (b *Board) take(f *Finding) {
	at, o := f.At, b.seeing
	if o != nil && o.Learning || o == nil && at == nil {
		return
	}
	if at == nil {
		at = &Evidence{o.Time, b.decisive(o.Frames), o.Client, o.Server, o.Protocol}
	}
	c := cause{f.Kind, f.Cause, at.Client.Segment}
	if b.calm != "" {
		calmed := *f
		calmed.Severity, calmed.Sentence = firedoor.Info, "In a maintenance window ("+b.calm+"): "+f.Sentence
		f = &calmed
	}
	i, known := b.causes[c]
	if !known {
		// The last place is for the alert that says that there is no more.
		if len(b.alerts) >= MaxAlerts-1 && f.Kind != KindTooMany {
			b.overflow(at)
			return
		}
		i = b.open(c, at)
	}
	if b.grow(&b.alerts[i], f, at, !known) {
		b.news = append(b.news, int32(i))
	}
}

// grow adds a finding to an alert and tells whether that changed it.
func (b *Board) grow(a *firedoor.Alert, f *Finding, at *Evidence, fresh bool) (changed bool) {
	changed = fresh
	if fresh || f.Severity >= a.Severity {
		changed = changed || a.Sentence != f.Sentence || a.Severity != f.Severity
		a.Sentence, a.Severity = f.Sentence, f.Severity
	}
	for _, t := range f.Techniques {
		if !slices.Contains(a.Techniques, t) {
			a.Techniques = append(a.Techniques, t)
			changed = true
		}
	}
	for _, r := range at.Frames {
		if r.Frame > 0 && len(a.Frames) < MaxFrames && !slices.Contains(a.Frames, r) {
			a.Frames = append(a.Frames, r)
			changed = true
		}
	}
	return changed
}

// Calm begins a time in which what is found is told for information only, with
// the reason; empty ends it. What alarmed before keeps its severity.
func (b *Board) Calm(reason string) { b.calm = reason }

// Clock tells the judges that decide by time how late it is.
func (b *Board) Clock(now int64) {
	b.seeing = nil
	b.world.forget()
	for _, c := range b.clocks {
		c.Clock(now, b.raise)
	}
}

// News gives what alerts are new or have grown since it was last asked, each
// once, in the order in which they were raised. What it gives is borrowed.
func (b *Board) News(yield func(*Raised)) {
	slices.Sort(b.news)
	for _, i := range slices.Compact(b.news) {
		yield(&Raised{Alert: b.alerts[i], Cause: b.about[i].text, Segment: b.about[i].segment})
	}
	b.news = b.news[:0]
}

// Each gives all alerts, in the order in which they were raised. What it gives is
// borrowed.
func (b *Board) Each(yield func(*firedoor.Alert)) {
	for i := range b.alerts {
		yield(&b.alerts[i])
	}
}

// AllNews makes every alert news again: nobody knows what was told of them.
func (b *Board) AllNews() {
	b.news = b.news[:0]
	for i := range b.alerts {
		b.news = append(b.news, int32(i))
	}
}

// decisive gives the frames of an observation with the one that decided first:
// before it stands, in traffic order, where its conversation began.
func (b *Board) decisive(frames []firedoor.FrameRef) []firedoor.FrameRef {
	b.frames = append(b.frames[:0], frames...)
	slices.Reverse(b.frames)
	return b.frames
}

func (b *Board) open(c cause, at *Evidence) int {
	b.causes[c] = len(b.alerts)
	id := identify(c, at.Time, 0)
	for salt := 1; b.ids[id]; salt++ { // the same in another segment, at the same time
		id = identify(c, at.Time, salt)
	}
	b.ids[id] = true
	b.about = append(b.about, c)
	b.alerts = append(b.alerts, firedoor.Alert{ID: id, Time: at.Time, Kind: c.kind,
		Client: at.Client, Server: at.Server, Protocol: at.Protocol})
	return len(b.alerts) - 1
}

// overflow counts a finding for which there is no room, in one alert.
func (b *Board) overflow(at *Evidence) {
	b.beyond++
	if b.beyond > 1 {
		return
	}
	b.take(&Finding{Kind: KindTooMany, Severity: firedoor.Medium,
		At: &Evidence{Time: at.Time, Frames: at.Frames, Client: firedoor.Endpoint{Segment: at.Client.Segment}},
		Sentence: "There were causes for " + strconv.Itoa(MaxAlerts) +
			" alerts: new causes are only counted from here on, alerts there are still grow. Look at the first ones; whoever causes so many may want to hide something."})
}

// identify derives an alert's id from what it is about, so that the same
// finding has the same id in every run.
func identify(c cause, time int64, salt int) string {
	text := c.kind + "\x00" + c.text + "\x00" + strconv.FormatInt(time, 10)
	if salt > 0 {
		text += "\x00" + strconv.Itoa(salt)
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// Alerts gives a copy of all alerts, by time and then id. What judges hold back
// is told first: it is asked for when the input is over, or somebody wants to
// see what there is now.
func (b *Board) Alerts() []firedoor.Alert {
	b.world.forget()
	for _, j := range b.judges {
		if c, ok := j.(Closer); ok {
			c.Close(b.raise)
		}
	}
	out := slices.Clone(b.alerts)
	slices.SortFunc(out, func(x, y firedoor.Alert) int {
		return cmp.Or(cmp.Compare(x.Time, y.Time), cmp.Compare(x.ID, y.ID))
	})
	return out
}

// Len is how many alerts there are.
func (b *Board) Len() int { return len(b.alerts) }

// Beyond is how many findings found no room.
func (b *Board) Beyond() uint64 { return b.beyond }

// glance remembers, for the observation at hand, what was said of its two ends:
// all detectors ask the same.
type glance struct {
	World
	ends [2]firedoor.Endpoint
	said [2]struct {
		name, role string
		known      bool
	}
	n int
}

func (g *glance) forget() { g.n = 0 }

// Describe implements World.
func (g *glance) Describe(e firedoor.Endpoint) (name, role string, known bool) {
	for i := range g.n {
		if g.ends[i] == e {
			return g.said[i].name, g.said[i].role, g.said[i].known
		}
	}
	name, role, known = g.World.Describe(e)
	if g.n < len(g.ends) {
		g.ends[g.n] = e
		g.said[g.n].name, g.said[g.n].role, g.said[g.n].known = name, role, known
		g.n++
	}
	return name, role, known
}
