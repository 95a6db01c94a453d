package gateway

import (
	"log/slog"
	"testing"

	"firedoor"
	"firedoor/internal/datapath"
	"firedoor/internal/guardian"
	"firedoor/internal/policy"
)

// tested is the plan of testPlan with a conduit that only tests.
func tested(t *testing.T, mode policy.Mode, rules ...policy.Rule) *policy.Plan {
	t.Helper()
	p := *testPlan(t, rules...).Policy
	p.Conduits = append([]policy.Conduit{}, p.Conduits...)
	p.Conduits[0].Mode = mode
	p.Hosts = []policy.Host{{Name: "hmi", MAC: 0x020000000001}, {Name: "plc", MAC: 0x020000000002}}
	plan, faults := policy.Compile(&p, testKnown())
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	return plan
}

// TestFramesOfATestAreTold holds that the kernel's tables have it told what would be stopped of frames without IP
// where a conduit tests, by a rule and by default, and nothing where it observes.
func TestFramesOfATestAreTold(t *testing.T) {
	stop := policy.Rule{Verdict: firedoor.Drop, Match: policy.Match{Protocols: []string{"goose"}}}
	for _, c := range []struct {
		mode   policy.Mode
		passes bool
		told   bool
	}{{policy.Observe, true, false}, {policy.Test, true, true}, {policy.Enforce, false, false}} {
		plan := tested(t, c.mode, stop)
		tables := Tables(plan, nil)
		if err := tables.Check(); err != nil {
			t.Fatal(err)
		}
		down, seen := uint32(0), 0
		for _, j := range tables.Joined {
			if plan.PlaceName(policy.Place(j.Client)) == "office" && plan.PlaceName(policy.Place(j.Server)) == "cell" {
				down = j.Pair
			}
		}
		gates := []datapath.Gate{tables.Pairs[down].EtherTypes}
		for _, g := range tables.Gates {
			if g.Pair == down && g.Transport == datapath.EtherType {
				gates = append(gates, g.Gate)
			}
		}
		for _, g := range gates {
			if seen++; (g.Action == datapath.Pass) != c.passes || g.Told != c.told {
				t.Errorf("mode %v: %+v", c.mode, g)
			}
		}
		if seen != 2 {
			t.Errorf("mode %v: %d gates", c.mode, seen)
		}
	}
}

// wouldDrop is a kernel's part that passed frames which would be dropped.
type wouldDrop struct{ lost []datapath.Lost }

func (k *wouldDrop) Look() (*guardian.Look, error) {
	look := &guardian.Look{Generation: 1}
	for _, l := range k.lost {
		look.Counters = append(look.Counters, datapath.Explained{Generation: 1, Action: l.Action, Reason: l.Reason, Rule: l.Rule, Count: l.Count})
	}
	return look, nil
}

func (k *wouldDrop) Losses() (lost []datapath.Lost, now uint32, err error) {
	lost, k.lost = k.lost, nil
	return lost, 2, nil
}

func (k *wouldDrop) Forget(uint32) error { return nil }

// TestWouldDropIsTold holds that such frames have lines with all that those of frames with IP have, and count as
// none that the kernel dropped.
func TestWouldDropIsTold(t *testing.T) {
	s, err := OpenStops(t.TempDir(), 0, [2]string{"a", "b"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	g := &Gateway{}
	g.plans.put(1, tested(t, policy.Test, policy.Rule{Verdict: firedoor.Drop, Match: policy.Match{Protocols: []string{"goose"}}}))
	kernel := &wouldDrop{}
	k := newKernelStops(g, kernel, s)
	if err := k.load(); err != nil {
		t.Fatal(err)
	}
	l := datapath.Lost{Loser: datapath.Loser{Turn: 1, Generation: 1, Rule: 1, Reason: uint16(firedoor.ReasonRule), Action: datapath.Would, Transport: datapath.EtherType, Number: 0x88b8},
		Count: datapath.Count{Frames: 7, Bytes: 700}, ClientMAC: 0x020000000001, ServerMAC: 0x020000000002}
	k.pairs.from, kernel.lost = 1, []datapath.Lost{l}
	if err := k.tick(); err != nil {
		t.Fatal(err)
	}
	rows := s.AllRows()
	if len(rows) != 1 {
		t.Fatalf("%+v", rows)
	}
	if r := rows[0]; r.Done != "pass" || r.Says != "drop" || r.Reason != "rule" || r.Conduit != "down" || r.Rule == "" || r.ClientName != "hmi" || r.ServerName != "plc" || r.Count != 7 || r.By != byKernel {
		t.Errorf("%+v", r)
	}
	l.Rule, l.Reason, l.Number, l.Turn = 0, uint16(firedoor.ReasonWrongSide), 0x8892, 2
	kernel.lost = []datapath.Lost{l}
	if err := k.tick(); err != nil {
		t.Fatal(err)
	}
	if rows = s.AllRows(); len(rows) != 2 {
		t.Fatalf("%+v", rows)
	}
	for _, r := range rows {
		if r.Reason == "wrong-side" && (r.Done != "pass" || r.Says != "drop" || r.Conduit != "down" || r.Rule != "" || r.ClientName != "hmi" || r.Count != 7) {
			t.Errorf("from the wrong side: %+v", r)
		}
	}
	if st := s.State(); st.Dropped != 0 || st.Told != 0 {
		t.Errorf("%+v", st)
	}
}
