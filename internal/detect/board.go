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

// Board shows every observation to the judges in order, and keeps one alert per
// kind and cause, whose evidence grows.
type Board struct {
	judges []Judge
	alerts []firedoor.Alert
	causes map[cause]int
	beyond uint64 // findings for which there was no room

	seeing *Observation
	raise  func(*Finding)
}

type cause struct{ kind, text string }

// NewBoard starts the detectors of the list.
func NewBoard(list []Detector, w World) *Board {
	b := &Board{causes: map[cause]int{}}
	b.raise = b.take
	for _, d := range list {
		b.judges = append(b.judges, d.New(w))
	}
	return b
}

// See shows one observation to all judges.
func (b *Board) See(o *Observation) {
	b.seeing = o
	for _, j := range b.judges {
		j.See(o, b.raise)
	}
}

// take makes an alert of a finding, or adds to the one that stands for its
// cause. What is only learned from raises nothing.
func (b *Board) take(f *Finding) {
	if b.seeing.Learning {
		return
	}
	c := cause{f.Kind, f.Cause}
	i, known := b.causes[c]
	if !known {
		if len(b.alerts) >= MaxAlerts {
			if c, f = b.overflow(); b.beyond > 1 {
				return
			}
		}
		i = b.open(c)
	}
	a := &b.alerts[i]
	if !known || f.Severity >= a.Severity {
		a.Sentence, a.Severity = f.Sentence, f.Severity
	}
	for _, t := range f.Techniques {
		if !slices.Contains(a.Techniques, t) {
			a.Techniques = append(a.Techniques, t)
		}
	}
	for _, r := range b.seeing.Frames {
		if len(a.Frames) < MaxFrames && !slices.Contains(a.Frames, r) {
			a.Frames = append(a.Frames, r)
		}
	}
}

func (b *Board) open(c cause) int {
	o := b.seeing
	b.causes[c] = len(b.alerts)
	b.alerts = append(b.alerts, firedoor.Alert{ID: identify(c, o.Time), Time: o.Time, Kind: c.kind,
		Client: o.Client, Server: o.Server, Protocol: o.Protocol})
	return len(b.alerts) - 1
}

func (b *Board) overflow() (cause, *Finding) {
	b.beyond++
	return cause{kind: "too-many-alerts"}, &Finding{Kind: "too-many-alerts", Severity: firedoor.Medium,
		Sentence: "There were more than " + strconv.Itoa(MaxAlerts) + " causes for an alert; from here on new ones are only counted."}
}

// identify derives an alert's id from what it is about, so that the same
// finding has the same id in every run.
func identify(c cause, time int64) string {
	sum := sha256.Sum256([]byte(c.kind + "\x00" + c.text + "\x00" + strconv.FormatInt(time, 10)))
	return hex.EncodeToString(sum[:8])
}

// Alerts gives a copy of all alerts, by time and then id.
func (b *Board) Alerts() []firedoor.Alert {
	out := slices.Clone(b.alerts)
	slices.SortFunc(out, func(x, y firedoor.Alert) int {
		return cmp.Or(cmp.Compare(x.Time, y.Time), cmp.Compare(x.ID, y.ID))
	})
	return out
}

// Beyond is how many findings found no room.
func (b *Board) Beyond() uint64 { return b.beyond }
