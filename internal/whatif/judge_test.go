package whatif_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/policy"
	"firedoor/internal/whatif"
)

// judged is what becomes of lines under rules from an office to a cell.
func judged(t *testing.T, rules []policy.Rule, lines ...string) *whatif.Report {
	t.Helper()
	j := judge(t, rules, false)
	for _, l := range lines {
		if err := j.Line([]byte(l)); err != nil {
			t.Fatal(err)
		}
	}
	return j.Report()
}

func judge(t *testing.T, rules []policy.Rule, journal bool) *whatif.Judge {
	t.Helper()
	prefix := func(text string) []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix(text)} }
	pol := &policy.Policy{TimeZone: "Europe/Berlin", Zones: []policy.Zone{{Name: "office", Prefixes: prefix("10.0.1.0/24")}, {Name: "cell", Prefixes: prefix("10.0.2.0/24")}},
		Conduits:  []policy.Conduit{{Name: "down", From: "office", To: "cell", Default: firedoor.Drop, Rules: rules}},
		Otherwise: policy.Otherwise{Default: firedoor.Drop}}
	ports := map[string][]policy.Port{"modbus": {{Transport: 6, Number: 502}}, "dnp3": {{Transport: 6, Number: 20000}, {Transport: 17, Number: 20000}}, "goose": {{Transport: policy.Link, Number: 0x88b8}}}
	plan, faults := policy.Compile(pol, policy.Known{Ports: func(p string) []policy.Port { return ports[p] }, Protocols: []string{"modbus", "dnp3", "goose"}})
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	return whatif.New(plan, journal)
}

func operation(protocol string, port int, rest string) string {
	return fmt.Sprintf(`{"time":"2026-03-01T00:00:00Z","kind":"operation","protocol":%q,"segment":"untagged","client":{"ip":"10.0.1.1","port":1000},"server":{"ip":"10.0.2.1","port":%d},"outcome":"ok",%s}`, protocol, port, rest)
}

// TestTransport holds that a port of one transport is not one of the other, and that what
// hangs on a transport that nobody knows is not told as passed.
func TestTransport(t *testing.T) {
	udp := func(port uint16) []policy.Rule {
		return []policy.Rule{{Verdict: firedoor.Pass, Match: policy.Match{Ports: []policy.Port{{Transport: 17, Number: port}}}}}
	}
	if r := judged(t, udp(502), operation("modbus", 502, `"verb":"read","code":3`)); r.StoppedOperations != 1 || r.Undecided != 0 {
		t.Errorf("Modbus at a port that is open for UDP alone: %+v", r)
	}
	if r := judged(t, udp(20000), operation("dnp3", 20000, `"verb":"read","code":1`)); r.StoppedOperations != 0 || r.Undecided != 1 || r.Rules[0].Undecided == "" {
		t.Errorf("DNP3, TCP or UDP: %+v", r)
	}
	if r := judged(t, []policy.Rule{{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"goose"}}}}, operation("modbus", 502, `"verb":"read","code":3`)); r.StoppedOperations != 1 {
		t.Errorf("Modbus where GOOSE may pass: %+v", r)
	}
}

// TestStepFromAnElement holds that a value is compared with what was there before at its
// own address, however it was read.
func TestStepFromAnElement(t *testing.T) {
	step := []policy.Rule{{Verdict: firedoor.Pass, Match: policy.Match{Verbs: []firedoor.Verb{firedoor.VerbRead}}},
		{Verdict: firedoor.Pass, Match: policy.Match{Objects: []policy.Object{{Text: "holding:", Row: true, To: 99}}, Step: 5}}}
	read := operation("modbus", 502, `"verb":"read","code":3,"object":"holding:0","quantity":10,"values":[0,0,0,0,100,0,0,0,0,0],"type":"u16"`)
	write := func(object string, values string) string {
		return operation("modbus", 502, fmt.Sprintf(`"verb":"write","code":16,"object":%q,"values":%s,"type":"u16"`, object, values))
	}
	for _, c := range []struct {
		lines   []string
		stopped uint64
	}{
		{[]string{read, write("holding:4", "[103]")}, 0},
		{[]string{read, write("holding:4", "[200]")}, 1},
		{[]string{read, write("holding:3", "[1,104]")}, 0},
		{[]string{read, write("holding:3", "[1,0]")}, 1},
		{[]string{write("holding:20", "[10]"), write("holding:19", "[0,300]")}, 1},
	} {
		if r := judged(t, step, c.lines...); r.StoppedOperations != c.stopped {
			t.Errorf("%q: %d stopped, want %d", c.lines[1], r.StoppedOperations, c.stopped)
		}
	}
}

// TestUnseen holds that what nobody saw is not told as stopped.
func TestUnseen(t *testing.T) {
	answer := operation("modbus", 502, `"verb":"write","code":6,"partial":true,"frame":null`)
	if r := judged(t, nil, answer); r.StoppedOperations != 0 || r.Undecided != 1 || r.Operations != 1 {
		t.Errorf("an answer alone: %+v", r)
	}
	asked := operation("modbus", 502, `"verb":"write","code":6,"partial":true,"frame":7`)
	if r := judged(t, nil, asked); r.StoppedOperations != 1 || r.Undecided != 0 {
		t.Errorf("a request: %+v", r)
	}
}

// TestUnseenObject holds that an answer that does not say what was asked for is not told as
// passed where that hangs on it, and is where it does not.
func TestUnseenObject(t *testing.T) {
	modbus := []string{"modbus"}
	first := []policy.Rule{{Verdict: firedoor.Drop, Match: policy.Match{Protocols: modbus, Objects: []policy.Object{{Text: "holding:", Row: true, To: 9}}}},
		{Verdict: firedoor.Pass, Match: policy.Match{Protocols: modbus}}}
	answer := operation("modbus", 502, `"verb":"read","code":3,"values":[1],"type":"u16","partial":true,"frame":null`)
	if r := judged(t, first, answer); r.Undecided != 1 || r.Rules[0].Undecided == "" || r.Rules[1].Count != 0 {
		t.Errorf("of some object: %+v", r)
	}
	if r := judged(t, first[1:], answer); r.Undecided != 0 || r.Rules[0].Count != 1 {
		t.Errorf("of any: %+v", r)
	}
	if r := judged(t, first, strings.Replace(answer, `"code":3`, `"code":3,"object":"holding:20","quantity":1`, 1)); r.Undecided != 0 {
		t.Errorf("of one that the answer names: %+v", r)
	}
}

// TestOwn holds that what a device says to itself is told, and neither passes nor is
// stopped.
func TestOwn(t *testing.T) {
	own := strings.ReplaceAll(operation("modbus", 502, `"verb":"write","code":6`), "10.0.", "127.0.")
	if r := judged(t, nil, own); r.Own != 1 || r.Operations != 0 || r.Stops() {
		t.Errorf("%+v", r)
	}
}

// ran is a run of reads of Modbus with members of its own.
func ran(start, end, rest string) string {
	return fmt.Sprintf(`{"segment":"untagged","client":"10.0.1.5","server":"10.0.2.7","server_port":502,"protocol":"modbus","function":"read holding registers","code":3,"object":"holding:0","quantity":4,"count":3600,"start":%q,"end":%q%s}`, start, end, rest)
}

// TestRunsAcrossTheTimeOfARule holds that a run is told as undecided wherever the time of a rule
// begins or ends within it, and that its reads are counted once in any case.
func TestRunsAcrossTheTimeOfARule(t *testing.T) {
	at := func(from, until uint16, days uint8) []policy.Rule {
		return []policy.Rule{{Match: policy.Match{Protocols: []string{"modbus"}, When: &policy.Window{Days: days, From: from, Until: until}}, Verdict: firedoor.Drop},
			{Match: policy.Match{Protocols: []string{"modbus"}}, Verdict: firedoor.Pass}}
	}
	const sunday = 1
	for name, c := range map[string]struct {
		rules              []policy.Rule
		start, end         string
		stopped, undecided uint64
	}{
		"over all of it":         {at(300, 330, 0), "2026-03-02T03:30:00Z", "2026-03-02T05:00:00Z", 0, 3600},
		"into it":                {at(300, 330, 0), "2026-03-02T03:30:00Z", "2026-03-02T04:15:00Z", 0, 3600},
		"out of it":              {at(300, 330, 0), "2026-03-02T04:15:00Z", "2026-03-02T06:15:00Z", 0, 3600},
		"within it":              {at(300, 330, 0), "2026-03-02T04:01:00Z", "2026-03-02T04:29:59Z", 3600, 0},
		"before it":              {at(300, 330, 0), "2026-03-02T03:01:00Z", "2026-03-02T03:59:59Z", 0, 0},
		"on another day":         {at(300, 330, sunday), "2026-03-02T03:30:00Z", "2026-03-02T05:00:00Z", 0, 0},
		"over days":              {at(300, 330, sunday), "2026-03-02T03:30:00Z", "2026-03-12T03:30:00Z", 0, 3600},
		"from day to day":        {at(0, 0, sunday), "2026-03-07T12:00:00Z", "2026-03-09T12:00:00Z", 0, 3600},
		"past midnight":          {at(1380, 60, 0), "2026-03-02T12:00:00Z", "2026-03-03T12:00:00Z", 0, 3600},
		"as clocks go back":      {at(150, 170, 0), "2026-10-25T01:20:00Z", "2026-10-25T01:55:00Z", 0, 3600},
		"as they go back, early": {at(150, 170, 0), "2026-10-25T00:20:00Z", "2026-10-25T00:55:00Z", 0, 3600},
	} {
		j := judge(t, c.rules, true)
		if err := j.Run([]byte(ran(c.start, c.end, ""))); err != nil {
			t.Fatal(err)
		}
		if r := j.Report(); r.Operations != 3600 || r.StoppedOperations != c.stopped || r.Undecided != c.undecided || strings.Contains(r.Rules[0].Undecided, "across") != (c.undecided > 0) || c.stopped > 0 && !strings.HasPrefix(r.Stopped[0].First, strings.TrimSuffix(c.start, "Z")) {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestRunsAsTheirLines holds that a run comes to what the lines of its reads come to: of an
// answer alone nobody knows what was asked, and an end without IP is found by its MAC.
func TestRunsAsTheirLines(t *testing.T) {
	for name, c := range map[string]struct {
		run                string
		client             string
		stopped, undecided uint64
	}{
		"seen":            {ran("2026-03-02T03:30:00Z", "2026-03-02T03:31:00Z", ""), "10.0.1.5", 3600, 0},
		"answers alone":   {ran("2026-03-02T03:30:00Z", "2026-03-02T03:31:00Z", `,"partial":3600`), "", 0, 3600},
		"some answers":    {ran("2026-03-02T03:30:00Z", "2026-03-02T03:31:00Z", `,"partial":100`), "10.0.1.5", 3500, 100},
		"too many":        {ran("2026-03-02T03:30:00Z", "2026-03-02T03:31:00Z", `,"partial":9999`), "", 0, 3600},
		"without IP":      {strings.NewReplacer("10.0.1.5", "02:00:00:00:00:01", "10.0.2.7", "02:00:00:00:00:02").Replace(ran("2026-03-02T03:30:00Z", "2026-03-02T03:31:00Z", `,"client_mac":"02:00:00:00:00:01","server_mac":"02:00:00:00:00:02"`)), "02:00:00:00:00:01", 3600, 0},
		"to a group":      {strings.NewReplacer("10.0.1.5", "02:00:00:00:00:01", "10.0.2.7", "").Replace(ran("2026-03-02T03:30:00Z", "2026-03-02T03:31:00Z", `,"client_mac":"02:00:00:00:00:01"`)), "", 0, 3600},
		"with their MACs": {ran("2026-03-02T03:30:00Z", "2026-03-02T03:31:00Z", `,"client_mac":"02:00:00:00:00:01"`), "10.0.1.5", 3600, 0},
	} {
		j := judge(t, nil, true)
		if err := j.Run([]byte(c.run)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		r := j.Report()
		if r.Operations != 3600 || r.StoppedOperations != c.stopped || r.Undecided != c.undecided || c.client != "" && r.Stopped[0].Client != c.client {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestNobodyCanRead holds that what a gateway would look into, and nobody here could read, is not
// told as passed: messages that break the rules, connections on which nothing was recognised.
func TestNobodyCanRead(t *testing.T) {
	reads := policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbRead}}
	all := policy.Match{Ports: []policy.Port{{Transport: 6, Number: 502}}}
	for name, c := range map[string]struct {
		match                policy.Match
		protocol             string
		operations           uint64
		malformed, encrypted uint32
		undecided, broken    uint64
	}{
		"broken, where requests are judged":       {reads, "modbus", 5, 3, 0, 0, 3},
		"broken, where all passes":                {all, "modbus", 5, 3, 0, 0, 0},
		"nothing broken":                          {reads, "modbus", 5, 0, 0, 0, 0},
		"unrecognised, where requests are judged": {reads, "tcp", 0, 0, 0, 2, 0},
		"unrecognised, where all passes":          {all, "tcp", 0, 0, 0, 0, 0},
		"encrypted, where requests are judged":    {reads, "modbus", 0, 0, 1, 2, 0},
		"encrypted, where all passes":             {all, "modbus", 0, 0, 1, 0, 0},
	} {
		j := judge(t, []policy.Rule{{Verdict: firedoor.Pass, Match: c.match}}, false)
		err := j.Conversation(&firedoor.Conversation{Segment: "untagged", Protocol: c.protocol, Client: firedoor.Address{IP: "10.0.1.1"}, Server: firedoor.Address{IP: "10.0.2.1", Port: 502},
			First: "2026-03-01T00:00:00Z", Flows: 2, Operations: c.operations, Malformed: c.malformed, Encrypted: c.encrypted})
		if err != nil {
			t.Fatal(err)
		}
		if r := j.Report(); r.Stops() || r.UndecidedConnections != c.undecided || r.Malformed != c.broken {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestICMP holds that what two ends say in ICMP is judged between the two as any connection is,
// that a rule about it is used by it, and that nothing is told of it that nobody kept.
func TestICMP(t *testing.T) {
	pass := func(transport uint8) []policy.Rule {
		return []policy.Rule{{Verdict: firedoor.Pass, Match: policy.Match{Ports: []policy.Port{{Transport: transport}}}}}
	}
	const office, cell, office6, cell6 = "10.0.1.1", "10.0.2.1", "fd00:1::1", "fd00:2::1"
	for name, c := range map[string]struct {
		there, back        []policy.Rule
		client, server     string
		stopped, undecided uint64
		used               [2]uint64
		why                string
	}{
		"none may":                {nil, nil, office, cell, 3, 0, [2]uint64{}, ""},
		"both may":                {pass(policy.ICMP), pass(policy.ICMP), office, cell, 0, 0, [2]uint64{3, 3}, ""},
		"one may":                 {pass(policy.ICMP), nil, office, cell, 0, 3, [2]uint64{}, "which of two ends asked"},
		"the other one may":       {nil, pass(policy.ICMP), office, cell, 0, 3, [2]uint64{}, "which of two ends asked"},
		"the other ICMP may":      {pass(policy.ICMP6), pass(policy.ICMP6), office, cell, 3, 0, [2]uint64{}, ""},
		"IPv6, none may":          {nil, nil, office6, cell6, 0, 3, [2]uint64{}, ""},
		"IPv6, both may":          {pass(policy.ICMP6), pass(policy.ICMP6), office6, cell6, 0, 0, [2]uint64{3, 3}, ""},
		"to a group, none may":    {nil, nil, office, "224.0.0.1", 3, 0, [2]uint64{}, ""},
		"a port of TCP is open":   {[]policy.Rule{{Verdict: firedoor.Pass, Match: policy.Match{Ports: []policy.Port{{Transport: 6, Number: 502}}}}}, nil, office, cell, 3, 0, [2]uint64{}, ""},
		"a rule stops it by name": {[]policy.Rule{{Verdict: firedoor.Drop, Match: policy.Match{Ports: []policy.Port{{Transport: policy.ICMP}}}}}, nil, office, cell, 3, 0, [2]uint64{3}, ""},
	} {
		prefixes := func(texts ...string) (out []netip.Prefix) {
			for _, x := range texts {
				out = append(out, netip.MustParsePrefix(x))
			}
			return out
		}
		pol := &policy.Policy{Zones: []policy.Zone{{Name: "office", Prefixes: prefixes("10.0.1.0/24", "fd00:1::/64")}, {Name: "cell", Prefixes: prefixes("10.0.2.0/24", "fd00:2::/64")}},
			Conduits: []policy.Conduit{{Name: "down", From: "office", To: "cell", Mode: policy.Test, Default: firedoor.Drop, Rules: c.there},
				{Name: "up", From: "cell", To: "office", Mode: policy.Test, Default: firedoor.Drop, Rules: c.back}},
			Otherwise: policy.Otherwise{Default: firedoor.Drop}}
		plan, faults := policy.Compile(pol, policy.Known{Ports: func(string) []policy.Port { return nil }})
		if len(faults) > 0 {
			t.Fatalf("%s: %+v", name, faults)
		}
		j := whatif.New(plan, false)
		err := j.Conversation(&firedoor.Conversation{Protocol: "icmp", Segment: "untagged", First: "2026-03-02T06:00:00Z", Flows: 3, Client: firedoor.Address{IP: c.client}, Server: firedoor.Address{IP: c.server}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		r := j.Report()
		if r.Connections != 3 || r.StoppedConnections != c.stopped || r.UndecidedConnections != c.undecided || c.stopped > 0 && (r.Stopped[0].Protocol != "icmp" || r.Stopped[0].Client != c.client) {
			t.Errorf("%s: %+v", name, r)
		}
		for i, u := range r.Rules {
			if u.Count != c.used[i] || !strings.Contains(u.Undecided, c.why) || c.why == "" && u.Undecided != "" {
				t.Errorf("%s: %+v", name, u)
			}
		}
	}
}

// TestJournalHoldsNoICMP holds that a report on a journal says what is not in it, and counts no
// rule about that as never used.
func TestJournalHoldsNoICMP(t *testing.T) {
	rules := []policy.Rule{{Verdict: firedoor.Pass, Match: policy.Match{Ports: []policy.Port{{Transport: policy.ICMP}}}}}
	if r := judge(t, rules, true).Report(); !strings.Contains(r.Unseen, "no ICMP") || !strings.Contains(r.Rules[0].Undecided, "no ICMP") {
		t.Errorf("%+v", r)
	}
	if r := judge(t, rules, false).Report(); r.Unseen != "" {
		t.Errorf("of captures: %q", r.Unseen)
	}
}

// TestJournalHoldsNoConnectionsAlone holds that a rule which lets no more than sessions begin is not told as
// never used for a journal that has no session: connections on which nothing was asked may have needed it.
func TestJournalHoldsNoConnectionsAlone(t *testing.T) {
	rules := []policy.Rule{{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbSession}}},
		{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbRead}}}}
	if r := judge(t, rules, true).Report(); r.Rules[0].Undecided == "" || r.Rules[1].Undecided != "" {
		t.Errorf("%+v", r.Rules)
	}
	if r := judge(t, rules, false).Report(); r.Rules[0].Undecided != "" {
		t.Errorf("of captures: %+v", r.Rules)
	}
}

// TestJournalHoldsNoValuesThatWereRead holds that of a journal no rule is told as decided that counts from what was
// read, by a step or by a rate, also where writes alone would say something.
func TestJournalHoldsNoValuesThatWereRead(t *testing.T) {
	object := []policy.Object{{Text: "holding:", Row: true, To: 99}}
	for name, m := range map[string]policy.Match{"step": {Objects: object, Step: 5}, "rate": {Objects: object, Rate: policy.Rate{Most: 5, Within: time.Second}}} {
		rules := []policy.Rule{{Verdict: firedoor.Pass, Match: policy.Match{Codes: []uint32{6}}}, {Verdict: firedoor.Pass, Match: m}}
		j := judge(t, rules, true)
		for _, code := range []int{6, 16} { // what the first rule lets pass is known when the second one is asked
			if err := j.Line([]byte(operation("modbus", 502, fmt.Sprintf(`"verb":"write","code":%d,"object":"holding:4","values":[100],"type":"u16"`, code)))); err != nil {
				t.Fatal(err)
			}
		}
		if r := j.Report(); r.Rules[1].Undecided == "" {
			t.Errorf("%s: %+v", name, r.Rules)
		}
	}
}

// TestUnkeptGroup holds that what went to a group of Ethernet of which nobody kept which it was is undecided where the
// policy names groups, though what no conduit joins passes.
func TestUnkeptGroup(t *testing.T) {
	for _, named := range []bool{false, true} {
		p := &policy.Policy{
			Hosts:    []policy.Host{{Name: "ied", MAC: 0x020000000001}, {Name: "trips", MAC: 0x020000000009}},
			Zones:    []policy.Zone{{Name: "bay", Hosts: []string{"ied"}}, {Name: "bus", Hosts: []string{"trips"}}},
			Conduits: []policy.Conduit{{Name: "publish", From: "bay", To: "bus", Mode: policy.Test, Default: firedoor.Drop}},
		}
		if named {
			p.Hosts[1].MAC = 0x010ccd010001
		}
		plan, faults := policy.Compile(p, policy.Known{Ports: func(string) []policy.Port { return []policy.Port{{Transport: policy.Link, Number: 0x88b8}} }, Protocols: []string{"goose"}})
		if len(faults) > 0 {
			t.Fatalf("%+v", faults)
		}
		j := whatif.New(plan, false)
		if err := j.Conversation(&firedoor.Conversation{Segment: "untagged", Protocol: "goose", Client: firedoor.Address{MAC: "02:00:00:00:00:01"}, Flows: 2, First: "2026-03-02T06:00:00Z"}); err != nil {
			t.Fatal(err)
		}
		if r := j.Report(); r.Connections != 2 || (r.UndecidedConnections == 2) != named {
			t.Errorf("named %t: %+v", named, r)
		}
	}
}
