package detect

import (
	"fmt"
	"slices"

	"firedoor"
	"firedoor/internal/snapshot"
)

// State is what is stored of a Board: its alerts, and of each detector, by name,
// what its judge remembers.
type State struct {
	Board  []byte
	Judges map[string][]byte
}

// State gives what is to be stored. Nothing may be under way.
func (b *Board) State(c *snapshot.Codec) (State, error) {
	s := State{Judges: map[string][]byte{}}
	var err error
	if s.Board, err = c.Append(nil, b); err != nil {
		return s, err
	}
	for i, j := range b.judges {
		if s.Judges[b.names[i]], err = c.Append(nil, j); err != nil {
			return s, fmt.Errorf("detector %s: %w", b.names[i], err)
		}
	}
	return s, nil
}

// Restore makes a fresh Board what the stored one was. A detector that was not
// there starts with nothing; what one remembered that is no more is dropped.
func (b *Board) Restore(c *snapshot.Codec, s State) error {
	if _, err := c.Load(s.Board, b); err != nil {
		return err
	}
	return b.Remind(c, s.Judges)
}

// Remind gives the judges back what they remembered, and leaves the alerts.
func (b *Board) Remind(c *snapshot.Codec, judges map[string][]byte) error {
	for i, j := range b.judges {
		bytes, ok := judges[b.names[i]]
		if !ok {
			continue
		}
		if _, err := c.Load(bytes, j); err != nil {
			return fmt.Errorf("detector %s: %w", b.names[i], err)
		}
	}
	return nil
}

// Raised is an alert with what makes it one with others.
type Raised struct {
	Alert   firedoor.Alert
	Cause   string
	Segment firedoor.Segment
}

// Adopt takes in an alert that was raised after the stored state and told: it is
// not told again, and goes on growing.
func (b *Board) Adopt(r *Raised) {
	c := cause{r.Alert.Kind, r.Cause, r.Segment}
	i, known := b.causes[c]
	if !known {
		if b.ids[r.Alert.ID] || len(b.alerts) >= MaxAlerts {
			return
		}
		i = len(b.alerts)
		b.causes[c], b.ids[r.Alert.ID] = i, true
		b.about = append(b.about, c)
		b.alerts = append(b.alerts, firedoor.Alert{})
	}
	a := &b.alerts[i]
	if known && a.ID != r.Alert.ID {
		return
	}
	*a = r.Alert
	a.Techniques, a.Frames = slices.Clone(r.Alert.Techniques), slices.Clone(r.Alert.Frames)
}
