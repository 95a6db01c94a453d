package inline_test

import (
	"net/netip"
	"testing"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/bacnet"
	"firedoor/internal/protocol/snmp"
)

// oneWay is a policy for 10.0.1.1 and 10.0.2.1 by which the second one may ask the first one what its
// rules say, or by default, and the first one asks nothing: by a conduit that stops all, or by none.
func oneWay(t *testing.T, down bool, otherwise firedoor.Action, rules ...policy.Rule) *policy.Plan {
	t.Helper()
	return compiled(t, oneWayPolicy(down, otherwise, rules...))
}

func oneWayPolicy(down bool, otherwise firedoor.Action, rules ...policy.Rule) *policy.Policy {
	p := &policy.Policy{
		Hosts:     []policy.Host{{Name: "ntp", Addresses: []netip.Addr{netip.MustParseAddr("10.0.1.1")}}, {Name: "plc", Addresses: []netip.Addr{netip.MustParseAddr("10.0.2.1")}}},
		Zones:     []policy.Zone{{Name: "office", Hosts: []string{"ntp"}}, {Name: "cell", Hosts: []string{"plc"}}},
		Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop},
	}
	add := func(name, from, to string, otherwise firedoor.Action, rules []policy.Rule) {
		p.Conduits = append(p.Conduits, policy.Conduit{Name: name, From: from, To: to, Mode: policy.Enforce, Default: otherwise, Instead: firedoor.Drop,
			Reviewed: policy.Review{By: "A", On: "2026-11-26"}, Rules: rules})
	}
	if down {
		add("down", "office", "cell", firedoor.Drop, nil)
	}
	add("up", "cell", "office", otherwise, rules)
	return p
}

func compiled(t *testing.T, p *policy.Policy) *policy.Plan {
	t.Helper()
	plan, faults := policy.Compile(p, policy.Known{Ports: func(string) []policy.Port { return []policy.Port{{Transport: 17, Number: 47808}} }, Protocols: []string{"bacnet", "snmp"}})
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	return plan
}

// askedOf is a gate between ntp, inside, and plc, outside.
type askedOf struct {
	t    *testing.T
	gate *inline.Gate
	now  int64
}

func newAskedOf(t *testing.T, plan *policy.Plan) *askedOf {
	return &askedOf{t, inline.New(plan, []*protocol.Protocol{bacnet.Protocol, snmp.Protocol}, nil), 1772323200 * 1e9}
}

// passes tells whether a datagram goes on.
func (a *askedOf) passes(from inline.Port, sport, dport uint16, payload string) (on bool) {
	a.t.Helper()
	ntp, plc := [4]byte{10, 0, 1, 1}, [4]byte{10, 0, 2, 1}
	if from == inline.Outside {
		ntp, plc = plc, ntp
	}
	a.now += 1e6
	a.gate.Frame(a.now, from, plain(a.t, ntp, plc, sport, dport, payload), func(inline.Port, []byte) { on = true })
	return on
}

const (
	ntpRest    = "\x00\x03\xe8" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00"
	ntpAsks    = "\x1b" + ntpRest
	ntpAnswers = "\x1c" + ntpRest
)

// TestAnswersWereAsked holds that a datagram is an answer only of a flow in which one went the other way
// before, and not long ago: whatever its sender's port may be, it is judged as a request else.
func TestAnswersWereAsked(t *testing.T) {
	const ntp, plc = inline.Inside, inline.Outside
	only := policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Ports: []policy.Port{{Transport: 17, Number: 123}}}}
	read := policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"bacnet"}, Verbs: []firedoor.Verb{firedoor.VerbRead}, Ports: []policy.Port{{Transport: 17, Number: 47808}}}}
	for name, c := range map[string]struct {
		plan  *policy.Plan
		ports []uint16 // from which nothing may come
	}{
		"one port up, nothing down":     {oneWay(t, false, firedoor.Drop, only), []uint16{123, 50000}},
		"one port up, a conduit down":   {oneWay(t, true, firedoor.Drop, only), []uint16{123, 50000}},
		"all up, a conduit down":        {oneWay(t, true, firedoor.Pass), []uint16{123, 161, 502, 47808, 50000}},
		"what is judged up, and a port": {oneWay(t, true, firedoor.Drop, only, read), []uint16{123, 47808, 50000}},
	} {
		a := newAskedOf(t, c.plan)
		for round := range 2 {
			for _, from := range c.ports {
				for _, to := range []uint16{47808, 161, 9600, 123} {
					if a.passes(ntp, from, to, bacnetWrite) {
						t.Errorf("%s, round %d: a write from port %d to %d went on", name, round, from, to)
					}
				}
			}
			if a.gate.Flows() != round {
				t.Errorf("%s, round %d: %d flows", name, round, a.gate.Flows())
			}
			if !a.passes(plc, 123, 123, ntpAsks) || !a.passes(ntp, 123, 123, ntpAnswers) || !a.passes(ntp, 123, 123, ntpAnswers) {
				t.Errorf("%s, round %d: a request or its answer did not go on", name, round)
			}
			if a.passes(ntp, 123, 50123, ntpAnswers) || !a.passes(plc, 50123, 123, ntpAsks) || !a.passes(ntp, 123, 50123, ntpAnswers) {
				t.Errorf("%s, round %d: what went on from and to port 50123 is not what was asked", name, round)
			}
			a.now += 181e9
			if a.passes(ntp, 123, 50123, ntpAnswers) || a.passes(ntp, 123, 123, ntpAnswers) {
				t.Errorf("%s, round %d: an answer went on three minutes behind its request", name, round)
			}
			a.passes(plc, 50124, 123, ntpAsks)
		}
	}
}

// TestUnaskedCostsNothing holds that datagrams that nobody asked for take no memory, and no place.
func TestUnaskedCostsNothing(t *testing.T) {
	a := newAskedOf(t, oneWay(t, true, firedoor.Pass))
	frame := plain(t, [4]byte{10, 0, 1, 1}, [4]byte{10, 0, 2, 1}, 123, 47808, bacnetWrite)
	out := func(inline.Port, []byte) {}
	if n := testing.AllocsPerRun(1000, func() {
		a.now += 1000
		a.gate.Frame(a.now, inline.Inside, frame, out)
	}); n > 0 || a.gate.Flows() > 0 || a.gate.Counts.Passed > 0 {
		t.Errorf("%g allocations a frame, %d flows, %d went on", n, a.gate.Flows(), a.gate.Counts.Passed)
	}
}

// TestAnswersBehindARestart holds that a gate that saw no request lets pass what somebody saw asked, judges
// as a request what nobody did, and that a word on one datagram says nothing of the next.
func TestAnswersBehindARestart(t *testing.T) {
	const ntp, plc = inline.Inside, inline.Outside
	only := policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Ports: []policy.Port{{Transport: 17, Number: 123}}}}
	read := policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"bacnet"}, Verbs: []firedoor.Verb{firedoor.VerbRead}, Ports: []policy.Port{{Transport: 17, Number: 47808}}}}
	plan := oneWay(t, false, firedoor.Drop, only, read)
	for name, c := range map[string]struct {
		server, client            uint16
		request, answer, request2 string
		read                      bool // so it passes by what it says, though nobody saw it asked
	}{
		"not judged":        {123, 50123, ntpAsks, ntpAnswers, "", false},
		"judged":            {47808, 50124, bacnetRead, bacnetValue, "", true},
		"from its own port": {47808, 47808, bacnetRead, bacnetValue, bacnetWrite, true},
	} {
		a := newAskedOf(t, plan)
		if !a.passes(plc, c.client, c.server, c.request) || !a.passes(ntp, c.server, c.client, c.answer) {
			t.Fatalf("%s: a request or its answer did not go on", name)
		}
		a.gate = newAskedOf(t, plan).gate
		if a.passes(ntp, c.server, c.client, c.answer) != c.read {
			t.Errorf("%s: what nobody saw asked went on, or did not: %v", name, !c.read)
		}
		a.gate.Asked(true)
		if c.request2 != "" && a.passes(ntp, c.server, c.client, c.request2) {
			t.Errorf("%s: a request went on", name)
		}
		a.gate.Asked(true)
		for i := range 2 {
			if !a.passes(ntp, c.server, c.client, c.answer) {
				t.Errorf("%s: answer %d did not go on", name, i+1)
			}
		}
		if a.passes(ntp, c.server, c.client+1, c.answer) != c.read {
			t.Errorf("%s: an answer to another port went on, or did not: %v", name, !c.read)
		}
		if c.request2 != "" && a.passes(ntp, c.server, c.client, c.request2) {
			t.Errorf("%s: a request went on behind an answer", name)
		}
	}
}

// TestWhatWasStoppedIsNotAnswered holds that a request that did not go on opens no way for an answer, though
// somebody else saw it come.
func TestWhatWasStoppedIsNotAnswered(t *testing.T) {
	read := policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"bacnet"}, Verbs: []firedoor.Verb{firedoor.VerbRead}, Ports: []policy.Port{{Transport: 17, Number: 47808}}}}
	a := newAskedOf(t, oneWay(t, false, firedoor.Drop, read))
	if a.passes(inline.Outside, 161, 47808, bacnetWrite) {
		t.Fatal("a write went on")
	}
	for range 2 {
		a.gate.Asked(true)
		if a.passes(inline.Inside, 47808, 161, bacnetWrite) {
			t.Error("an answer to what was stopped went on")
		}
	}
	if !a.passes(inline.Outside, 161, 47808, bacnetRead) || !a.passes(inline.Inside, 47808, 161, bacnetValue) {
		t.Error("a read or its answer did not go on")
	}
}

// TestServersPortFirst holds that who is heard first from a known port that is judged opens no way to it
// for what nobody judges.
func TestServersPortFirst(t *testing.T) {
	noWrite := []policy.Rule{{Verdict: firedoor.Drop, Match: policy.Match{Protocols: []string{"bacnet"}, Verbs: []firedoor.Verb{firedoor.VerbWrite}}}, {Verdict: firedoor.Pass}}
	up := policy.Port{Transport: 17, Number: 47808}
	for name, rules := range map[string][]policy.Rule{"judged too": noWrite, "all of it passes": {{Verdict: firedoor.Pass}}} {
		a := newAskedOf(t, between(t, up, noWrite, rules))
		for round := range 3 {
			if !a.passes(inline.Outside, 47808, 50000, bacnetValue) {
				t.Errorf("%s, round %d: what passes anyway did not go on", name, round)
			}
			if a.passes(inline.Inside, 50000, 47808, bacnetWrite) {
				t.Errorf("%s, round %d: a write went on", name, round)
			}
			if !a.passes(inline.Inside, 50000, 47808, bacnetRead) {
				t.Errorf("%s, round %d: a read did not go on", name, round)
			}
		}
	}
}

// TestWhatIsToldUnasked holds that what nobody asked for passes where it says what its sender may say and
// asks nothing, by the protocol that a rule names, and to no port where something else listens.
func TestWhatIsToldUnasked(t *testing.T) {
	read := policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"bacnet"}, Verbs: []firedoor.Verb{firedoor.VerbRead}, Ports: []policy.Port{{Transport: 17, Number: 47808}}}}
	only := policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Ports: []policy.Port{{Transport: 17, Number: 123}}}}
	const iAm = "\x81\x0a\x00\x14\x01\x00\x10\x00\xc4\x02\x00\x07\xd1\x22\x05\xc4\x91\x00\x21\x0f"
	for name, c := range map[string]struct {
		from, to uint16
		payload  string
		on       bool
	}{
		"a value to a free port":              {47808, 50000, bacnetValue, true},
		"a value to its own port":             {47808, 47808, bacnetValue, true},
		"a value to a port of something else": {47808, 161, bacnetValue, false},
		"who it is":                           {47808, 47808, iAm, true},
		"a write to its own port":             {47808, 47808, bacnetWrite, false},
		"a write to a free port":              {47808, 50000, bacnetWrite, false},
		"a read to a free port":               {47808, 50000, bacnetRead, false},
		"what is cut":                         {47808, 50000, bacnetValue[:len(bacnetValue)-1], false},
		"what is too long":                    {47808, 50000, bacnetValue + "x", false},
		"nothing":                             {47808, 50000, "", false},
		"what nobody reads":                   {47808, 50000, "nothing of that", false},
		"a value from another port":           {123, 50000, bacnetValue, false},
	} {
		for _, down := range []bool{false, true} {
			a := newAskedOf(t, oneWay(t, down, firedoor.Drop, read, only))
			for round := range 3 {
				if on := a.passes(inline.Inside, c.from, c.to, c.payload); on != c.on || a.gate.Flows() > 0 {
					t.Errorf("%s, round %d: went on: %v, %d flows", name, round, on, a.gate.Flows())
				}
			}
		}
	}
}

// TestUnaskedIsTested holds that a conduit that only tests tells each time what it would stop, and that such a
// datagram makes no answer of what is asked from the other side.
func TestUnaskedIsTested(t *testing.T) {
	read := policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"bacnet"}, Verbs: []firedoor.Verb{firedoor.VerbRead}, Ports: []policy.Port{{Transport: 17, Number: 47808}}}}
	p := oneWayPolicy(true, firedoor.Drop, read)
	for i := range p.Conduits {
		p.Conduits[i].Mode = policy.Test
	}
	told := 0
	a := &askedOf{t, inline.New(compiled(t, p), []*protocol.Protocol{bacnet.Protocol, snmp.Protocol}, func(s *inline.Stopped) { told++ }), 1772323200 * 1e9}
	for i := range 3 {
		port := uint16(50000 + i)
		if !a.passes(inline.Inside, 47808, port, bacnetWrite) || told != 2*i+1 {
			t.Errorf("round %d: stopped where it is only tested, or told %d times", i, told)
		}
		if !a.passes(inline.Outside, port, 47808, bacnetWrite) || told != 2*i+2 {
			t.Errorf("round %d: stopped where it is only tested, or told %d times", i, told)
		}
	}
}

// called is a datagram between two stations, to a group where group.
func called(t *testing.T, from, to [4]byte, sport, dport uint16, payload string, sender, receiver byte, group bool) []byte {
	t.Helper()
	b := plain(t, from, to, sport, dport, payload)
	b[5], b[11] = receiver, sender
	if group {
		copy(b, "\xff\xff\xff\xff\xff\xff")
	}
	return b
}

// TestCalls holds that whoever belongs to a group answers its calls, to who called and from the port
// that was called, and for a minute; and that nobody else does.
func TestCalls(t *testing.T) {
	port := policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Ports: []policy.Port{{Transport: 17, Number: 1900}}}}
	p := oneWayPolicy(false, firedoor.Drop, port)
	p.Hosts = append(p.Hosts, policy.Host{Name: "all", Addresses: []netip.Addr{netip.MustParseAddr("10.0.1.255")}})
	p.Zones[0].Hosts = append(p.Zones[0].Hosts, "all")
	ntp, plc, all, other := [4]byte{10, 0, 1, 1}, [4]byte{10, 0, 2, 1}, [4]byte{10, 0, 1, 255}, [4]byte{10, 0, 2, 9}
	a := newAskedOf(t, compiled(t, p))
	goes := func(from inline.Port, b []byte) (on bool) {
		a.now += 1e6
		a.gate.Frame(a.now, from, b, func(inline.Port, []byte) { on = true })
		return on
	}
	answer := func(dport uint16, receiver byte, to [4]byte, group bool) bool {
		return goes(inline.Inside, called(t, ntp, to, 1900, dport, "here", 1, receiver, group))
	}
	for round := range 2 {
		if answer(50001, 2, plc, false) {
			t.Errorf("round %d: an answer to nothing went on", round)
		}
		if !goes(inline.Outside, called(t, plc, all, 50001, 1900, "who", 2, 0, true)) {
			t.Fatalf("round %d: the call did not go on", round)
		}
		for range 3 { // of each who belongs to the group
			if !answer(50001, 2, plc, false) {
				t.Errorf("round %d: an answer did not go on", round)
			}
		}
		if answer(50002, 2, plc, false) || answer(50002, 3, other, false) {
			t.Errorf("round %d: to whom nobody called from went on", round)
		}
		if goes(inline.Inside, called(t, ntp, plc, 1901, 50001, "here", 1, 2, false)) {
			t.Errorf("round %d: from a port that nobody called went on", round)
		}
		a.now += 181e9
	}
	for i := range 20_000 { // those from before are forgotten, and no more
		goes(inline.Outside, called(t, plc, all, uint16(40000+i), 1900, "who", 2, 0, true))
	}
	if a.gate.Counts.CallsYielded == 0 {
		t.Error("it is not told that calls were forgotten")
	}
	if last := uint16((40000 + 19_999) % 65536); !answer(last, 2, plc, false) {
		t.Error("the answer to the last of many calls did not go on")
	}
}

// TestCallerIsAsked holds that who called a group is asked as before: what comes to the port that it called from is no
// answer where it may ask its sender nothing.
func TestCallerIsAsked(t *testing.T) {
	read := policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"bacnet"}, Verbs: []firedoor.Verb{firedoor.VerbRead}, Ports: []policy.Port{{Transport: 17, Number: 47808}}}}
	p := oneWayPolicy(true, firedoor.Drop)
	p.Hosts = append(p.Hosts, policy.Host{Name: "all", Addresses: []netip.Addr{netip.MustParseAddr("10.0.1.255")}})
	p.Zones = append(p.Zones, policy.Zone{Name: "groups", Hosts: []string{"all"}})
	p.Conduits[0].Rules = []policy.Rule{read}
	calls := p.Conduits[1]
	calls.Name, calls.To, calls.Rules = "calls", "groups", []policy.Rule{{Verdict: firedoor.Pass, Match: policy.Match{Ports: []policy.Port{{Transport: 17, Number: 47808}}}}}
	p.Conduits = append(p.Conduits, calls)
	a := newAskedOf(t, compiled(t, p))
	goes := func(from inline.Port, b []byte) (on bool) {
		a.now += 1e6
		a.gate.Frame(a.now, from, b, func(inline.Port, []byte) { on = true })
		return on
	}
	panel, plc := [4]byte{10, 0, 1, 1}, [4]byte{10, 0, 2, 1}
	for round := range 3 {
		if !goes(inline.Outside, called(t, plc, [4]byte{10, 0, 1, 255}, 47808, 47808, bacnetValue, 2, 0, true)) {
			t.Errorf("round %d: the call did not go on", round)
		}
		if !goes(inline.Inside, called(t, panel, plc, 47808, 47808, bacnetRead, 1, 2, false)) || !goes(inline.Outside, called(t, plc, panel, 47808, 47808, bacnetValue, 2, 1, false)) {
			t.Errorf("round %d: a read or its answer did not go on", round)
		}
		if goes(inline.Inside, called(t, panel, plc, 47808, 47808, bacnetWrite, 1, 2, false)) {
			t.Errorf("round %d: a write went on", round)
		}
	}
}

// TestSegmentsOfARequestForgotten holds that the last segment of a request does not pass where those before it were
// forgotten over others: its server may have them all.
func TestSegmentsOfARequestForgotten(t *testing.T) {
	p := oneWayPolicy(true, firedoor.Drop)
	read := policy.Match{Protocols: []string{"bacnet"}, Verbs: []firedoor.Verb{firedoor.VerbRead}, Ports: []policy.Port{{Transport: 17, Number: 47808}}}
	p.Conduits[0].Rules = []policy.Rule{{Verdict: firedoor.Pass, Match: read}}
	segment := func(invoke, sequence, flags byte, service byte, body string) string {
		apdu := string([]byte{flags, 0x75, invoke, sequence, 4, service}) + body
		return "\x81\x0a" + string([]byte{0, byte(6 + len(apdu))}) + "\x01\x04" + apdu
	}
	const more, last, writes, reads = 0x0c, 0x08, 16, 14
	for others := range 6 {
		a := newAskedOf(t, compiled(t, p))
		a.passes(inline.Inside, 47808, 47808, segment(1, 0, more, writes, "\x0c\x00\x40\x00\x03\x1e"))
		for i := range others {
			a.passes(inline.Inside, 47808, 47808, segment(byte(2+i), 0, more, reads, "\x0c\x00\x00\x00\x05\x1e"))
		}
		if a.passes(inline.Inside, 47808, 47808, segment(1, 1, last, writes, "\x09\x55\x2e\x44\x3f\x80\x00\x00\x2f\x1f")) {
			t.Errorf("the end of a write passes behind the beginnings of %d reads", others)
		}
	}
}
