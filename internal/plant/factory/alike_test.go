package factory

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"firedoor/internal/plant/scenario"
)

// setTwice finds two values that a panel's people set one after the other: the first of
// them set again later changes the controller, and is between the two.
func setTwice(list []*Attempt) (client, server, tag string, value float64) {
	last := map[string]*Attempt{}
	for _, a := range list {
		if len(a.sets) != 1 || a.Fate() != Reached || strings.HasSuffix(a.sets[0].tag, "RECIPE") {
			continue
		}
		key := a.Client + ">" + a.Server + ">" + a.sets[0].tag
		if b := last[key]; b != nil && b.sets[0].value != a.sets[0].value {
			return a.Client, a.Server, a.sets[0].tag, b.sets[0].value
		}
		last[key] = a
	}
	return "", "", "", 0
}

// TestIndistinguishable: an attack from a panel that sets what its people set is told apart
// from one that sets what they never did, and from the same by somebody else; each is listed.
func TestIndistinguishable(t *testing.T) {
	const before, end = 4 * time.Hour, 4*time.Hour + 10*time.Minute
	f, err := New(Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	o := f.Watch(before)
	f.Run(before)
	list, _ := f.Attempts()
	client, server, tag, value := setTwice(list)
	if client == "" {
		t.Fatal("nobody sets anything twice in four hours: another seed is needed")
	}
	plan := func(name, from string, v float64) Planned {
		text := fmt.Sprintf("name: %s\ntitle: A write\nwords: Somebody writes.\nclass: malicious\ntechniques: [T0831]\nlasts: 1m\nsteps:\n  - {at: 0s, do: write, from: %s, to: %s, tag: %s, value: %g}\n", name, from, server, tag, v)
		s, err := scenario.Parse(name+".yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return Planned{Scenario: s}
	}
	for i, p := range []Planned{plan("usual", client, value), plan("never", client, value*1.07), plan("stranger", "engineering", value)} {
		p.At = before + time.Duration(i+1)*2*time.Minute
		if _, err := f.Plan(p); err != nil {
			t.Fatal(err)
		}
	}
	f.Run(end)
	f.Result(o)
	got := map[string]*Tried{}
	for i := range o.Tries {
		got[strings.TrimSuffix(o.Tries[i].Of, "-1")] = &o.Tries[i]
	}
	for name, fate := range map[string]string{"usual": Alike, "never": Reached, "stranger": Reached} {
		x := got[name]
		if x == nil || x.Fate != fate || (x.Why != "") != (fate == Alike) || x.Changed != 1 {
			t.Errorf("%s: %s of %s from %s (%g): %+v, want %s", name, tag, server, client, value, x, fate)
		}
	}
	if len(o.Attacks) != 1 || o.Attacks[0].Total != 3 || o.Attacks[0].Reached != 2 || o.Attacks[0].Alike != 1 {
		t.Errorf("%+v", o.Attacks)
	}
	if len(o.Failed) != 0 {
		t.Errorf("failed: %+v", o.Failed)
	}
}
