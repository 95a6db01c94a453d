package sensor

import (
	"slices"
	"strings"
	"testing"

	"firedoor/internal/plant"
)

const rounds = 20

// same demands that two runs saw the same operations, packets and conversations.
func same(t *testing.T, want, got *outcome, without ...string) {
	t.Helper()
	a, b := want.operations(without...), got.operations(without...)
	if !slices.Equal(a, b) {
		t.Fatalf("event lines differ: %s", firstDifference(strings.Join(a, "\n"), strings.Join(b, "\n")))
	}
	if want.Sight.Operations != got.Sight.Operations || want.Sight.Samples != got.Sight.Samples {
		t.Errorf("%d operations and %d samples, want %d and %d", got.Sight.Operations, got.Sight.Samples, want.Sight.Operations, want.Sight.Samples)
	}
	if len(want.assets) != len(got.assets) {
		t.Errorf("%d assets, want %d", len(got.assets), len(want.assets))
	}
	if len(want.conversations) != len(got.conversations) {
		t.Fatalf("%d conversations, want %d", len(got.conversations), len(want.conversations))
	}
	for i := range want.conversations {
		w, g := want.conversations[i], got.conversations[i]
		if w.Protocol != g.Protocol || w.Packets != g.Packets || w.Operations != g.Operations || w.Samples != g.Samples || w.Flows != g.Flows ||
			len(w.Statements) != len(g.Statements) || w.Client != g.Client || w.Server != g.Server || w.NoResponse != g.NoResponse {
			t.Errorf("conversation\n%+v, want\n%+v", g, w)
		}
	}
}

func TestOrdinary(t *testing.T) {
	o := replay(t, Options{}, ordinary(t, rounds))
	if len(o.assets) != 5 || o.Sight.MalformedCount != 0 || o.Sight.Gaps != 0 || o.Sight.Duplicates != 0 {
		t.Errorf("%d assets, sight %+v", len(o.assets), o.Sight)
	}
	if c := o.conversation(t, "modbus"); c.Operations != 2*rounds || len(c.Statements) != 2 {
		t.Errorf("modbus: %+v", c)
	}
	if c := o.conversation(t, "s7comm"); c.Operations != 1+2*rounds || c.Packets[1] < rounds || c.NoResponse != 0 {
		t.Errorf("s7comm: %+v", c)
	}
	samples := 0
	for _, l := range o.lines {
		if l["kind"] == "sample" {
			samples++
		}
	}
	if samples != 2*rounds {
		t.Errorf("%d samples of class 1, want %d", samples, 2*rounds)
	}
}

// withFragments adds class 1 data that needs fragments to the ordinary traffic.
func withFragments(t *testing.T) []byte {
	return write(t, func(n *plant.Net) {
		s := newScenes(n)
		for i := range rounds {
			s.round(i)
			data := make([]byte, 1800)
			data[0], data[9] = 1, byte(i)
			fragmented(n, robot, terminal, uint16(900+i), plant.PortIO, plant.ClassIO(nil, s.io.ToTarget, uint32(1000+i), data), 1024)
		}
		s.end()
	})
}

func TestFragmentsCarryDatagrams(t *testing.T) {
	plain, o := replay(t, Options{}, ordinary(t, rounds)), replay(t, Options{}, withFragments(t))
	if o.Sight.Fragments != 2*rounds || o.Sight.FragmentsLost != 0 || o.Sight.Duplicates != 0 {
		t.Errorf("%+v", o.Sight)
	}
	if o.Sight.Samples != plain.Sight.Samples+rounds {
		t.Errorf("%d samples, want %d", o.Sight.Samples, plain.Sight.Samples+rounds)
	}
}

func TestDoubledFramesCountOnce(t *testing.T) {
	in := withFragments(t)
	plain := replay(t, Options{}, in)
	for name, quirk := range map[string]func([]byte) []byte{"mirror": plant.Doubled, "redundant": plant.PRP} {
		t.Run(name, func(t *testing.T) {
			o := replay(t, Options{}, quirk(in))
			same(t, plain, o)
			if o.Sight.Duplicates != plain.Sight.Frames || o.Sight.Frames != 2*plain.Sight.Frames {
				t.Errorf("%d duplicates of %d frames, want %d", o.Sight.Duplicates, o.Sight.Frames, plain.Sight.Frames)
			}
			if o.Sight.Retransmitted != plain.Sight.Retransmitted || o.Sight.FragmentsLost != 0 || o.Sight.Gaps != 0 {
				t.Errorf("%+v", o.Sight)
			}
			for i := range o.assets {
				if o.assets[i].Packets != plain.assets[i].Packets {
					t.Errorf("asset %s sent %d packets, want %d", o.assets[i].ID, o.assets[i].Packets, plain.assets[i].Packets)
				}
			}
		})
	}
}
