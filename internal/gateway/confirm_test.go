package gateway

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/datapath"
	"firedoor/internal/policy"
)

func openDecisions(t *testing.T, file string, now *time.Time) *Decisions {
	t.Helper()
	d, err := OpenDecisions(file, func() time.Time { return *now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// TestTwoPeople holds that what stops everything is in force only after a second person
// confirmed it, over a restart too, and is gone when nobody does in time.
func TestTwoPeople(t *testing.T) {
	file := filepath.Join(t.TempDir(), "decisions.jsonl")
	now := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	d := openDecisions(t, file, &now)
	plan := testPlan(t, policy.Rule{Verdict: firedoor.Pass})
	jo, al := Person{Known: true, UID: 1001}, Person{Known: true, UID: 1002}
	one, err := d.Add(Decision{Verb: "quarantine", Scope: "plc", By: "jo", Person: jo, Everything: true}, time.Hour)
	if err != nil || !one.Pending() {
		t.Fatalf("%+v, %v", one, err)
	}
	if i, _ := d.Isolations(plan); len(i) != 0 {
		t.Fatalf("what nobody confirmed is in force: %+v", i)
	}
	for name, who := range map[string]Person{
		"the same user": jo, "nobody known": {}, "the same login as root": {Known: true, UID: 0, Login: 7}, "": al,
	} {
		if name == "the same login as root" {
			d.all[1].Person.Login = 7
		}
		if name == "" {
			continue
		}
		if _, err := d.Confirm(1, "x", who); err == nil {
			t.Errorf("%s confirms", name)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = openDecisions(t, file, &now)
	now = now.Add(5 * time.Minute)
	one, err = d.Confirm(1, "al", al)
	if err != nil || one.State != "active" || one.ConfirmedBy != "al" || one.Until != stamp(now.Add(time.Hour)) {
		t.Fatalf("%+v, %v", one, err)
	}
	if _, err := d.Confirm(1, "al", al); err == nil || !strings.Contains(err.Error(), "active") {
		t.Errorf("confirmed twice: %v", err)
	}
	if i, _ := d.Isolations(plan); len(i) != 1 || !i[0].Both {
		t.Errorf("%+v", i)
	}
	if _, err := d.Add(Decision{Verb: "quarantine", Scope: "hmi", By: "jo", Person: jo, Everything: true}, time.Hour); err != nil {
		t.Fatal(err)
	}
	now = now.Add(ConfirmWithin)
	if _, err := d.Confirm(2, "al", al); err == nil {
		t.Error("confirmed too late")
	}
	if changed, _, err := d.Overdue(); !changed || err != nil {
		t.Errorf("%v, %v", changed, err)
	}
	if list := d.List(); len(list) != 1 || list[0].ID != 1 {
		t.Errorf("%+v", list)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if list := openDecisions(t, file, &now).List(); len(list) != 1 || list[0].State != "active" {
		t.Errorf("after a restart: %+v", list)
	}
}

// TestEverythingIsAQuarantine holds that no milder verb stops what is never blocked.
func TestEverythingIsAQuarantine(t *testing.T) {
	plan := testPlan(t, policy.Rule{Verdict: firedoor.Pass})
	if _, err := Isolation(plan, &Decision{Verb: "no-write", Scope: "plc", Everything: true}); err == nil {
		t.Error("no-write of everything is taken")
	}
}

// TestReleaseOfOne holds that whoever releases one decision hears of those that go on to isolate the
// same, and that who gives an address is told the name.
func TestReleaseOfOne(t *testing.T) {
	all := []Decision{{ID: 1, Verb: "no-write", Scope: "plc", State: stateActive}, {ID: 2, Verb: "quarantine", Scope: "plc", State: stateActive},
		{ID: 3, Verb: "quarantine", Scope: "plc", State: stateTesting}, {ID: 4, Verb: "quarantine", Scope: "hmi", State: stateActive}}
	for id, want := range map[uint32]string{1: "; plc stays isolated by decision 2 (quarantine)", 3: "; plc stays isolated by decision 1 (no-write), decision 2 (quarantine)", 4: "", 9: ""} {
		if got := Beside(all, id); got != want {
			t.Errorf("%d: %q, want %q", id, got, want)
		}
	}
	plan := testPlan(t, policy.Rule{Verdict: firedoor.Pass})
	for scope, want := range map[string]string{"10.0.2.1": "; 10.0.2.1 is plc there", "hmi,10.0.2.1": "; 10.0.2.1 is plc there", "10.0.9.9": "CLIENT,SERVER", "plcc": "CLIENT,SERVER"} {
		if _, err := Isolation(plan, &Decision{Verb: "no-write", Scope: scope}); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v, want %q", scope, err, want)
		}
	}
}

// TestQuarantineIsInTheKernel holds that the kernel by itself holds who is in quarantine,
// though no rule names it and its conduit is open for what cannot be judged: all of it
// where nothing is never blocked, or two people ordered it; else by the floor of its gates.
func TestQuarantineIsInTheKernel(t *testing.T) {
	base := testPlan(t, policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"modbus"}}})
	base.Policy.Conduits[0].Unjudged = policy.Open
	stop := policy.Rule{Match: policy.Match{Protocols: []string{"modbus"}, Objects: []policy.Object{{Text: "coil:1"}}}}
	pol := *base.Policy
	pol.Conduits = []policy.Conduit{base.Policy.Conduits[0]}
	pol.Conduits[0].NeverBlock = []policy.Rule{stop}
	never, faults := policy.Compile(&pol, testKnown())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for name, c := range map[string]struct {
		plan *policy.Plan
		i    policy.Isolation
		held int
	}{
		"plain":                 {base, policy.Isolation{Verb: policy.Quarantine, Host: "plc"}, 1},
		"being released":        {base, policy.Isolation{Verb: policy.Quarantine, Host: "plc", Testing: true}, 0},
		"with what is never":    {never, policy.Isolation{Verb: policy.Quarantine, Host: "plc"}, 0},
		"of two people":         {never, policy.Isolation{Verb: policy.Quarantine, Host: "plc", Both: true}, 1},
		"of a pair":             {base, policy.Isolation{Verb: policy.Quarantine, Host: "hmi", Other: "plc"}, 0},
		"of what no rule names": {base, policy.Isolation{Verb: policy.Quarantine, Host: "hmi"}, 1},
		"milder":                {base, policy.Isolation{Verb: policy.NoWrite, Host: "plc"}, 0},
	} {
		plan, _ := c.plan.With([]policy.Isolation{c.i})
		tables := Tables(plan, nil)
		if err := tables.Check(); err != nil {
			t.Fatal(err)
		}
		if len(tables.Quarantine) != c.held {
			t.Errorf("%s: %+v", name, tables.Quarantine)
		}
		client, _ := plan.Named("hmi")
		server, _ := plan.Named("plc")
		gates := 0
		for _, j := range tables.Joined {
			for _, g := range tables.Gates {
				if j.Client != uint32(client) || j.Server != uint32(server) || g.Pair != j.Pair || g.Port != 502 || g.Transport != 6 {
					continue
				}
				gates++
				shut := g.Gate.Action == datapath.Drop && c.plan != never && c.i.Verb == policy.Quarantine && !c.i.Testing || g.Gate.Action == datapath.Drop && c.i.Both
				if stopped := shut || (g.Gate.Action == datapath.Ask || g.Gate.Action == datapath.Codes) && (g.Gate.Floor == datapath.FloorDrop || c.i.Verb != policy.Quarantine || c.i.Testing || c.plan == never && !c.i.Both); !stopped {
					t.Errorf("%s: %+v", name, g)
				}
			}
		}
		if gates != 1 {
			t.Errorf("%s: %d gates are of the pair", name, gates)
		}
	}
}
