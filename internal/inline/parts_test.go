package inline_test

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/bacnet"
)

// parts are a datagram in two fragments of IP.
func parts(whole []byte) [][]byte {
	const header, first = 34, 16
	cut := func(offset int, more bool, body []byte) []byte {
		b := append(append([]byte{}, whole[:header]...), body...)
		field := uint16(offset / 8)
		if more {
			field |= 0x2000
		}
		binary.BigEndian.PutUint16(b[16:], uint16(len(b)-14))
		binary.BigEndian.PutUint16(b[20:], field)
		return b
	}
	body := whole[header:]
	return [][]byte{cut(0, true, body[:first]), cut(first, false, body[first:])}
}

// TestPartsWherePortsMatter holds that what has no port that anybody can read passes only where all
// does at every port: else it would go by each rule of a port, where all is open by default.
func TestPartsWherePortsMatter(t *testing.T) {
	udp := func(number uint16) []policy.Port { return []policy.Port{{Transport: 17, Number: number}} }
	all := policy.Rule{Verdict: firedoor.Pass}
	writes := policy.Rule{Verdict: firedoor.Drop, Match: policy.Match{Protocols: []string{"bacnet"}, Verbs: []firedoor.Verb{firedoor.VerbWrite}}}
	port := policy.Rule{Verdict: firedoor.Drop, Match: policy.Match{Ports: udp(47808)}}
	reads := policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"bacnet"}, Verbs: []firedoor.Verb{firedoor.VerbRead}}}
	for _, c := range []struct {
		name    string
		rules   []policy.Rule
		mode    policy.Mode
		itself  bool
		passing bool
	}{
		{name: "no rule", passing: true},
		{name: "writes stop", rules: []policy.Rule{writes}},
		{name: "a port stops", rules: []policy.Rule{port}},
		{name: "writes stop within a zone", rules: []policy.Rule{writes}, itself: true},
		{name: "writes would stop", rules: []policy.Rule{writes}, mode: policy.Test, passing: true},
		{name: "all passes before", rules: []policy.Rule{all, writes}, passing: true},
		{name: "reads pass by name as well", rules: []policy.Rule{reads}, passing: true},
	} {
		whole := datagram(t, 47808, bacnetWrite)
		short := append([]byte{}, whole...)
		binary.BigEndian.PutUint16(short[38:], 3)              // some take the rest of the packet for the datagram
		more := append(append([]byte{}, whole...), 1, 2, 3, 4) // and others do not
		binary.BigEndian.PutUint16(more[16:], uint16(len(more)-14))
		for name, frames := range map[string][][]byte{"in parts": parts(whole), "of no length": {short}, "of two lengths": {more}, "behind SNAP": {behindSNAP(whole)}} {
			g := inline.New(bothWays(t, c.mode, c.itself, c.rules...), []*protocol.Protocol{bacnet.Protocol}, nil)
			passed := 0
			for _, f := range frames {
				g.Frame(1772323200*second, inline.Inside, f, func(inline.Port, []byte) { passed++ })
			}
			if want := map[bool]int{true: len(frames)}[c.passing]; passed != want {
				t.Errorf("%s, %s: %d of %d frames pass, want %d", c.name, name, passed, len(frames), want)
			}
			if dropped := g.Counts.Reasons[firedoor.ReasonUnjudged]; int(dropped) != len(frames)-passed {
				t.Errorf("%s, %s: %d are told as not judged", c.name, name, dropped)
			}
		}
	}
}

// TestBehindTooManyHeaders holds the same of IPv6 with more headers than anybody here looks behind.
func TestBehindTooManyHeaders(t *testing.T) {
	var headers []byte
	for range 9 {
		headers = append(headers, 60, 0, 1, 4, 0, 0, 0, 0)
	}
	headers[len(headers)-8] = 17
	for _, c := range []struct {
		rules []policy.Rule
		want  int
	}{{nil, 1}, {[]policy.Rule{{Verdict: firedoor.Drop, Match: policy.Match{Ports: []policy.Port{{Transport: 17, Number: 5001}}}}}, 0}} {
		g, passed := inline.New(bothWays(t, policy.Enforce, false, c.rules...), nil, nil), 0
		g.Frame(1772323200*second, inline.Inside, sixth(60, headers...), func(inline.Port, []byte) { passed++ })
		if passed != c.want {
			t.Errorf("%d rules: %d pass, want %d", len(c.rules), passed, c.want)
		}
	}
}

// bothWays is a policy of which all is open by default both ways but for rules of one; or within a
// zone. The zero mode is that it enforces.
func bothWays(t *testing.T, mode policy.Mode, itself bool, rules ...policy.Rule) *policy.Plan {
	t.Helper()
	if mode != policy.Test {
		mode = policy.Enforce
	}
	station := func(name, four, six string) policy.Host {
		return policy.Host{Name: name, Addresses: []netip.Addr{netip.MustParseAddr(four), netip.MustParseAddr(six)}}
	}
	conduit := func(name, from, to string, rules ...policy.Rule) policy.Conduit {
		return policy.Conduit{Name: name, From: from, To: to, Mode: mode, Default: firedoor.Pass, Instead: firedoor.Drop, Reviewed: policy.Review{By: "A", On: "2026-11-26"}, Rules: rules}
	}
	p := &policy.Policy{
		Hosts:     []policy.Host{station("hmi", "10.0.1.1", "fd00::1"), station("plc", "10.0.2.1", "fd00::2")},
		Zones:     []policy.Zone{{Name: "office", Hosts: []string{"hmi"}}, {Name: "cell", Hosts: []string{"plc"}}},
		Conduits:  []policy.Conduit{conduit("down", "office", "cell", rules...), conduit("up", "cell", "office")},
		Otherwise: policy.Otherwise{Mode: mode, Default: firedoor.Drop},
	}
	if itself {
		p.Zones = []policy.Zone{{Name: "cell", Hosts: []string{"hmi", "plc"}}}
		p.Conduits = []policy.Conduit{conduit("within", "cell", "cell", rules...)}
	}
	plan, faults := policy.Compile(p, policy.Known{Ports: func(string) []policy.Port { return []policy.Port{{Transport: 17, Number: 47808}} }, Protocols: []string{"bacnet"}})
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	return plan
}
