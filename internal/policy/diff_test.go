package policy_test

import (
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/policy"
)

// TestDiffTellsEveryDifference changes one thing at a time.
func TestDiffTellsEveryDifference(t *testing.T) {
	objects := func(last uint64) (out []policy.Object) {
		for n := range uint64(8) {
			out = append(out, policy.Object{Text: "coil:", Row: true, From: 2 * n, To: 2 * n})
		}
		out[7].From, out[7].To = last, last
		return out
	}
	base := func() *policy.Policy {
		return plant(policy.Enforce,
			policy.Rule{Verdict: firedoor.Drop, Match: policy.Match{Protocols: []string{"modbus"}, Objects: []policy.Object{{Text: "holding:", Row: true, To: 9}}}},
			policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbWrite}}},
			policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Ports: []policy.Port{{Transport: 6, Number: 502}}, Units: []uint32{9}}},
			policy.Rule{Verdict: firedoor.Refuse, Match: policy.Match{Objects: objects(14)}})
	}
	if d := policy.Diff(compile(t, base()), compile(t, base())); len(d) > 0 {
		t.Errorf("a policy differs from itself: %v", d)
	}
	for _, c := range []struct {
		name   string
		change func(*policy.Policy)
		says   string
	}{
		{"order", func(p *policy.Policy) { r := p.Conduits[0].Rules; r[0], r[1] = r[1], r[0] }, "opens: "},
		{"default opens", func(p *policy.Policy) { p.Conduits[0].Default = firedoor.Pass }, "opens: what no rule of down matches: pass, was drop"},
		{"default stops otherwise", func(p *policy.Policy) { p.Conduits[0].Default = firedoor.Reset }, "stops otherwise: what no rule of down matches: reset, was drop"},
		{"mode", func(p *policy.Policy) { p.Conduits[0].Mode = policy.Test }, "opens: what down is to stop: passes with mode test, was stopped"},
		{"a side", func(p *policy.Policy) { p.Zones[1].At = policy.Inside }, "~ zone cell: at inside, was none"},
		{"otherwise", func(p *policy.Policy) { p.Otherwise = policy.Otherwise{Mode: policy.Test, Default: firedoor.Pass} }, "opens: what no conduit joins"},
		{"transport", func(p *policy.Policy) { p.Conduits[0].Rules[2].Match.Ports[0].Transport = 17 }, "udp/502"},
		{"the eighth of a list", func(p *policy.Policy) { p.Conduits[0].Rules[3].Match.Objects = objects(15) }, "coil:15"},
		{"safety", func(p *policy.Policy) {
			p.Safety = []policy.Match{{Clients: []string{"hmi"}, Ports: []policy.Port{{Number: 9}}}}
		}, "+ safety: Always passes: hmi"},
		{"time zone", func(p *policy.Policy) { p.TimeZone = "Asia/Tokyo" }, "~ time-zone: Asia/Tokyo, was UTC"},
		{"refuses", func(p *policy.Policy) { p.Hosts[2].Refuses = []string{"modbus"} }, "~ host plc: refuses modbus, was none"},
		{"verdict", func(p *policy.Policy) { p.Conduits[0].Rules[0].Verdict = firedoor.Reset }, "Ends the connection"},
		{"never blocked", func(p *policy.Policy) {
			p.Conduits[0].NeverBlock = []policy.Rule{{Match: policy.Match{Codes: []uint32{5}}}}
		}, "Never blocked"},
	} {
		p := base()
		c.change(p)
		text := ""
		for _, d := range policy.Diff(compile(t, base()), compile(t, p)) {
			text += d.String() + "\n"
		}
		if !strings.Contains(text, c.says) {
			t.Errorf("%s: says\n%s", c.name, text)
		}
	}
}
