package policy_test

import (
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/policy"
)

// TestFramesKnowNoTime holds that a rule that names frames without IP asks for nothing that
// nobody looks at in them, and is told so by key and line.
func TestFramesKnowNoTime(t *testing.T) {
	when, value := &policy.Window{Days: 1 << 4, From: 0, Until: 120}, &policy.Span{Min: 0, Max: 9}
	profinet := []policy.Port{{Transport: policy.Link, Number: 0x8892}}
	for _, c := range []struct {
		name  string
		match policy.Match
		want  string // key and text; "" is no fault
	}{
		{"a type, at times", policy.Match{Ports: profinet, When: when}, "when: nobody looks at that in frames without IP (ethernet/0x8892)"},
		{"any type, at times", policy.Match{Ports: []policy.Port{{Transport: 6, Number: 502}, {Transport: policy.Link}}, When: when}, "when: nobody looks at that in frames without IP (ethernet)"},
		{"a protocol of frames, at times", policy.Match{Protocols: []string{"modbus", "goose"}, When: when}, "when: nobody looks at that in frames without IP, which carry goose"},
		{"its values", policy.Match{Protocols: []string{"goose"}, Values: value}, "value: nobody"},
		{"its steps", policy.Match{Protocols: []string{"goose"}, Step: 1}, "step: nobody"},
		{"its rates", policy.Match{Protocols: []string{"goose"}, Rate: policy.Rate{Most: 5, Within: policy.Windows[0]}}, "rate: nobody"},
		{"a protocol of both", policy.Match{Protocols: []string{"ecat"}, When: when}, "For those over IP alone say port: udp/34980"},
		{"over IP alone", policy.Match{Protocols: []string{"ecat"}, Ports: []policy.Port{{Transport: 17, Number: 34980}}, When: when}, ""},
		{"at all times", policy.Match{Protocols: []string{"goose"}, Verbs: []firedoor.Verb{firedoor.VerbWrite}}, ""},
		{"a protocol of IP, at times", policy.Match{Protocols: []string{"modbus"}, When: when, Values: value}, ""},
		{"neither port nor protocol, at times", policy.Match{When: when}, ""},
	} {
		for _, never := range []bool{false, true} {
			r, key := policy.Rule{Match: c.match, Verdict: firedoor.Pass, Line: 7}, "conduits.down.rules[0]."
			p := plant(policy.Test, r)
			if never {
				p = plant(policy.Test)
				p.Conduits[0].NeverBlock, key = []policy.Rule{r}, "conduits.down.never-block.rules[0]."
			}
			_, faults := policy.Compile(p, known())
			if c.want == "" {
				if len(faults) > 0 {
					t.Errorf("%s: %+v", c.name, faults)
				}
				continue
			}
			if len(faults) != 1 || faults[0].Line != 7 || !strings.HasPrefix(faults[0].Key, key) || !strings.Contains(faults[0].Key[len(key):]+": "+faults[0].Text, c.want) {
				t.Errorf("%s: %+v, want %q", c.name, faults, c.want)
			}
		}
	}
}

// TestWhatAsksForMoreIsOfIP holds that a rule with neither protocol nor port opens frames
// without IP only where it asks for nothing but its ends, at whatever level it is asked.
func TestWhatAsksForMoreIsOfIP(t *testing.T) {
	object := []policy.Object{{Text: "tag"}}
	for name, m := range map[string]policy.Match{
		"a time":  {When: &policy.Window{Days: 1 << 4}},
		"reads":   {Verbs: []firedoor.Verb{firedoor.VerbRead}},
		"a range": {Objects: object, Values: &policy.Span{Max: 9}},
		"a step":  {Objects: object, Step: 1},
		"all":     {},
	} {
		plan := compile(t, plant(policy.Enforce, policy.Rule{Match: m, Verdict: firedoor.Pass}))
		want := map[bool]firedoor.Action{true: firedoor.Pass, false: firedoor.Drop}[name == "all"]
		route := plan.Route(place(plan, "10.0.1.1"), place(plan, "10.0.2.1"), policy.Link, 0x8892)
		for level := policy.OfConnection; level <= policy.OfOperation; level++ {
			r := policy.Request{Route: &route, Level: level, Verb: firedoor.VerbRead, Object: []byte("tag"), Time: sunday.UnixNano(), Values: nil}
			if v := policy.Decide(plan, &r); v.Action != want {
				t.Errorf("%s, level %d: %+v, want %v", name, level, v, want)
			}
		}
	}
}

// TestFramesPassByTheirTypeAlone holds that what is asked inside a frame without IP changes no verdict,
// for nobody looks at it: neither what passes, nor what a proof says.
func TestFramesPassByTheirTypeAlone(t *testing.T) {
	goose := []string{"goose"}
	read := policy.Match{Protocols: goose, Verbs: []firedoor.Verb{firedoor.VerbRead}, Objects: []policy.Object{{Text: "tag"}}}
	write := policy.Match{Protocols: goose, Verbs: []firedoor.Verb{firedoor.VerbWrite}}
	for name, c := range map[string]struct {
		rules  []policy.Rule
		passes bool
	}{
		"a part passes":              {[]policy.Rule{{Match: read, Verdict: firedoor.Pass}}, true},
		"and another is stopped":     {[]policy.Rule{{Match: write, Verdict: firedoor.Drop}, {Match: read, Verdict: firedoor.Pass}}, true},
		"a part is stopped":          {[]policy.Rule{{Match: write, Verdict: firedoor.Drop}}, false},
		"all is stopped before that": {[]policy.Rule{{Match: policy.Match{Protocols: goose}, Verdict: firedoor.Drop}, {Match: read, Verdict: firedoor.Pass}}, false},
	} {
		plan := compile(t, plant(policy.Enforce, c.rules...))
		route := plan.Route(place(plan, "10.0.1.1"), place(plan, "10.0.2.1"), policy.Link, 0x88b8)
		for level := policy.OfConnection; level <= policy.OfOperation; level++ {
			v := policy.Decide(plan, &policy.Request{Route: &route, Level: level, Protocol: "goose", Verb: firedoor.VerbWrite})
			if (v.Action == firedoor.Pass) != c.passes {
				t.Errorf("%s, level %d: %+v", name, level, v)
			}
		}
		for protocol, may := range map[string]bool{"goose": true, "modbus": false, "": true} {
			path, undecided, err := plan.Prove("office", "cell", policy.Question{Verb: firedoor.VerbWrite, Protocol: protocol})
			if err != nil || undecided || (path != nil) != (c.passes && may) {
				t.Errorf("%s: a write of %q: %+v, undecided %t, %v", name, protocol, path, undecided, err)
			}
		}
	}
}

// TestTimedStopIsTold holds that check names what stops at times, for frames without IP go on.
func TestTimedStopIsTold(t *testing.T) {
	at := &policy.Window{Days: 1 << 6}
	for _, c := range []struct {
		rule policy.Rule
		told bool
	}{
		{policy.Rule{Name: "closed", Match: policy.Match{When: at}, Verdict: firedoor.Drop}, true},
		{policy.Rule{Name: "open", Match: policy.Match{When: at}, Verdict: firedoor.Pass}, false},
		{policy.Rule{Name: "one", Match: policy.Match{When: at, Ports: []policy.Port{{Transport: 6, Number: 502}}}, Verdict: firedoor.Drop}, false},
		{policy.Rule{Name: "always", Verdict: firedoor.Drop}, false},
	} {
		found := strings.Join(studied(t, plant(policy.Test, c.rule)), "\n")
		if strings.Contains(found, "unjudged: rule \""+c.rule.Name+"\" of down stops at times") != c.told {
			t.Errorf("%s: %q", c.rule.Name, found)
		}
	}
}

// TestDoorOfFrames holds that the door of frames without IP is open where they pass the other way, and
// shut where they do not.
func TestDoorOfFrames(t *testing.T) {
	plan := compile(t, plant(policy.Enforce, policy.Rule{Match: policy.Match{Protocols: []string{"goose"}}, Verdict: firedoor.Pass}))
	hmi, plc := place(plan, "10.0.1.1"), place(plan, "10.0.2.1")
	for port, want := range map[uint16]policy.Door{0x88b8: policy.DoorOpen, 0x8892: policy.DoorShut} {
		for _, ends := range [][2]policy.Place{{hmi, plc}, {plc, hmi}} {
			route := plan.Route(ends[0], ends[1], policy.Link, port)
			r := policy.Request{Route: &route, Level: policy.OfFlow, Protocol: "goose"}
			if d, _, v := plan.Door(&r); d != want {
				t.Errorf("%#x, %v: %v by %+v, want %v", port, ends, d, v, want)
			}
		}
	}
}

// TestEitherWay holds that a frame without IP passes as one of the other direction, but for a rule against it where
// nothing says that the other one passes.
func TestEitherWay(t *testing.T) {
	for _, c := range []struct {
		there, back firedoor.Reason
		want        bool
	}{
		{firedoor.ReasonRule, firedoor.ReasonRule, true},
		{firedoor.ReasonRule, firedoor.ReasonSafety, true},
		{firedoor.ReasonRule, firedoor.ReasonNeverBlock, true},
		{firedoor.ReasonRule, firedoor.ReasonDefault, false},
		{firedoor.ReasonRule, firedoor.ReasonOtherwise, false},
		{firedoor.ReasonRule, firedoor.ReasonInside, false},
		{firedoor.ReasonDefault, firedoor.ReasonDefault, true},
		{firedoor.ReasonOtherwise, firedoor.ReasonRule, true},
	} {
		if got := policy.EitherWay(c.there, c.back); got != c.want {
			t.Errorf("%v, and back %v: %t", c.there, c.back, got)
		}
	}
}

// TestFrame holds which direction a frame without IP is of, and what is told of it: the milder one's verdict holds.
func TestFrame(t *testing.T) {
	goose := policy.Match{Protocols: []string{"goose"}}
	for name, c := range map[string]struct {
		mode         policy.Mode
		rules        []policy.Rule
		there        firedoor.Action
		told, turned bool // from the panel to the controller
		back         firedoor.Action
		toldBack     bool
	}{
		"stopped":                {policy.Enforce, []policy.Rule{{Match: goose, Verdict: firedoor.Drop}}, firedoor.Drop, false, false, firedoor.Drop, false},
		"would be, by a rule":    {policy.Test, []policy.Rule{{Match: goose, Verdict: firedoor.Drop}}, firedoor.Pass, true, false, firedoor.Pass, true},
		"would be, by default":   {policy.Test, nil, firedoor.Pass, true, false, firedoor.Pass, true},
		"would be, nobody hears": {policy.Observe, nil, firedoor.Pass, false, false, firedoor.Pass, false},
		"passes":                 {policy.Test, []policy.Rule{{Match: goose, Verdict: firedoor.Pass}}, firedoor.Pass, false, false, firedoor.Pass, false},
	} {
		p := plant(c.mode, c.rules...)
		p.Otherwise = policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop}
		plan := compile(t, p)
		hmi, plc := place(plan, "10.0.1.1"), place(plan, "10.0.2.1")
		if v, told, turned := plan.Frame(hmi, plc, 0x88b8, false); v.Action != c.there || told != c.told || turned != c.turned {
			t.Errorf("%s: %+v, told %t, turned %t", name, v, told, turned)
		}
		if v, told, _ := plan.Frame(plc, hmi, 0x88b8, false); v.Action != c.back || told != c.toldBack {
			t.Errorf("%s, back: %+v, told %t", name, v, told)
		}
	}
}
