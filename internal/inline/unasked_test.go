package inline_test

import (
	"net/netip"
	"testing"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/plant"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/bacnet"
	"firedoor/internal/protocol/coap"
	"firedoor/internal/protocol/modbus"
	"firedoor/internal/protocol/pniocm"
	"firedoor/internal/protocol/snmp"
)

func compiledFor(t *testing.T, p *policy.Policy, port uint16, names ...string) *policy.Plan {
	t.Helper()
	plan, faults := policy.Compile(p, policy.Known{Ports: func(string) []policy.Port { return []policy.Port{{Transport: 17, Number: port}} }, Protocols: names})
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	return plan
}

// onlyAt lets some verbs of a protocol pass at a UDP port, all of it where there are none.
func onlyAt(port uint16, name string, verbs ...firedoor.Verb) policy.Rule {
	r := policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Verbs: verbs, Ports: []policy.Port{{Transport: 17, Number: port}}}}
	if name != "" {
		r.Match.Protocols = []string{name}
	}
	return r
}

// TestUnaskedRequestsAreNoAnswers holds that what asks something is not taken for what its sender may say because
// a parser that reads it as an answer finds nothing in it, or because its receiver may ask the same.
func TestUnaskedRequestsAreNoAnswers(t *testing.T) {
	const coapPut = "\x40\x03\x00\x01\xb1x\xff1"
	for name, c := range map[string]struct {
		speaks  *protocol.Protocol
		port    uint16
		payload string
		on      bool
	}{
		"CoAP, a write":         {coap.Protocol, 5683, coapPut, false},
		"BACnet, a read":        {bacnet.Protocol, 47808, bacnetRead, false},
		"BACnet, who is there":  {bacnet.Protocol, 47808, bacnetWhoIs, false},
		"BACnet, a write":       {bacnet.Protocol, 47808, bacnetWrite, false},
		"BACnet, a value":       {bacnet.Protocol, 47808, bacnetValue, true},
		"BACnet, another value": {bacnet.Protocol, 47808, bacnetChanged, true},
	} {
		verbs := []firedoor.Verb{firedoor.VerbRead, firedoor.VerbIdentify, firedoor.VerbSession, firedoor.VerbDiagnose, firedoor.VerbWrite, firedoor.VerbConfigure}
		plan := compiledFor(t, oneWayPolicy(true, firedoor.Drop, onlyAt(c.port, c.speaks.Name, verbs...)), c.port, c.speaks.Name)
		for _, to := range []uint16{c.port, 50000} {
			a := &askedOf{t, inline.New(plan, []*protocol.Protocol{c.speaks}, nil), 1772323200 * 1e9}
			if on := a.passes(inline.Inside, c.port, to, c.payload); on != c.on {
				t.Errorf("%s to port %d: went on: %v", name, to, on)
			}
		}
	}
}

// TestOwnCallIsNotAnswered holds that nobody answers a call that came from the same side, whoever it says that called.
func TestOwnCallIsNotAnswered(t *testing.T) {
	port := onlyAt(1900, "")
	p := oneWayPolicy(true, firedoor.Drop, port)
	p.Conduits[0].Rules = []policy.Rule{port}
	p.Hosts = append(p.Hosts, policy.Host{Name: "all", Addresses: []netip.Addr{netip.MustParseAddr("10.0.2.255")}})
	p.Zones[1].Hosts = append(p.Zones[1].Hosts, "all")
	ntp, plc, all := [4]byte{10, 0, 1, 1}, [4]byte{10, 0, 2, 1}, [4]byte{10, 0, 2, 255}
	a := newAskedOf(t, compiled(t, p))
	goes := func(b []byte) (on bool) {
		a.now += 1e6
		a.gate.Frame(a.now, inline.Inside, b, func(inline.Port, []byte) { on = true })
		return on
	}
	for _, sender := range []byte{1, 2} { // 2 is the controller's
		if !goes(called(t, ntp, all, 47808, 1900, "who", sender, 0, true)) {
			t.Fatal("the call did not go on")
		}
		for _, group := range []bool{false, true} {
			if goes(called(t, ntp, plc, 1900, 47808, bacnetWrite, 1, 2, group)) {
				t.Errorf("behind a call of its own in the name of %d a write went on (to all: %v)", sender, group)
			}
		}
	}
}

// TestForgedRequestOpensNoWay holds that who asks in the name of its receiver, from its own side, makes no client of
// itself.
func TestForgedRequestOpensNoWay(t *testing.T) {
	ntp, plc := [4]byte{10, 0, 1, 1}, [4]byte{10, 0, 2, 1}
	for name, rule := range map[string]policy.Rule{"by port": onlyAt(123, ""), "all of it": onlyAt(123, "bacnet", firedoor.VerbWrite, firedoor.VerbRead)} {
		a := newAskedOf(t, compiledFor(t, oneWayPolicy(true, firedoor.Drop, rule), 123, "bacnet", "snmp"))
		goes := func(from inline.Port, src, dst [4]byte, sport, dport uint16, payload string) (on bool) {
			a.now += 1e6
			a.gate.Frame(a.now, from, plain(t, src, dst, sport, dport, payload), func(inline.Port, []byte) { on = true })
			return on
		}
		if !goes(inline.Inside, plc, ntp, 47809, 123, bacnetWrite) {
			t.Fatalf("%s: the forged request did not go on", name)
		}
		if goes(inline.Inside, ntp, plc, 123, 47809, bacnetWrite) {
			t.Errorf("%s: a write went on", name)
		}
		if !goes(inline.Outside, plc, ntp, 47809, 123, bacnetWrite) || !goes(inline.Inside, ntp, plc, 123, 47809, bacnetWritten) {
			t.Errorf("%s: an honest request, or its answer, did not go on", name)
		}
		if goes(inline.Inside, plc, ntp, 47809, 123, bacnetWrite); !goes(inline.Inside, ntp, plc, 123, 47809, bacnetWritten) {
			t.Errorf("%s: a forged request ended an honest talk", name)
		}
	}
}

// TestUnaskedHoldsToTheTime holds that what nobody asked for passes only while its receiver may ask, and only in a
// protocol in which it may, where requests in it are read.
func TestUnaskedHoldsToTheTime(t *testing.T) {
	const noon, midnight = int64(1772323200+12*3600) * 1e9, int64(1772323200) * 1e9
	byDay := onlyAt(47808, "bacnet", firedoor.VerbRead)
	byDay.Match.When = &policy.Window{From: 8 * 60, Until: 16 * 60}
	stopped := onlyAt(47808, "bacnet")
	stopped.Verdict = firedoor.Drop
	for name, c := range map[string]struct {
		plan *policy.Plan
		at   int64
		on   bool
	}{
		"by day":              {oneWay(t, true, firedoor.Drop, byDay), noon, true},
		"by night":            {oneWay(t, true, firedoor.Drop, byDay), midnight, false},
		"where it is stopped": {oneWay(t, true, firedoor.Pass, stopped), noon, false},
		"where all passes":    {oneWay(t, true, firedoor.Drop, onlyAt(47808, "bacnet")), noon, true},
		"by a port alone":     {oneWay(t, true, firedoor.Drop, onlyAt(47808, "")), noon, false},
	} {
		a := newAskedOf(t, c.plan)
		a.now = c.at
		if on := a.passes(inline.Inside, 47808, 50000, bacnetValue); on != c.on {
			t.Errorf("%s: went on: %v", name, on)
		}
	}
}

// TestStoppedRequestOpensNothingLater holds that who goes on answering what was stopped does not outlast what the
// gate knows of it.
func TestStoppedRequestOpensNothingLater(t *testing.T) {
	a := newAskedOf(t, oneWay(t, false, firedoor.Drop, onlyAt(47808, "bacnet", firedoor.VerbRead)))
	if a.passes(inline.Outside, 161, 47808, bacnetWrite) {
		t.Fatal("a write went on")
	}
	for range 10 {
		a.now += 50e9
		a.gate.Asked(true)
		if a.passes(inline.Inside, 47808, 161, bacnetWrite) {
			t.Fatal("an answer to what was stopped went on")
		}
	}
}

// TestTestedIsAnswered holds that a conduit that only tests stops nothing, nor do answers to what passed by it stop
// at a conduit that enforces.
func TestTestedIsAnswered(t *testing.T) {
	p := oneWayPolicy(true, firedoor.Drop)
	p.Conduits[1].Mode = policy.Test
	told := 0
	a := &askedOf{t, inline.New(compiled(t, p), []*protocol.Protocol{bacnet.Protocol, snmp.Protocol}, func(*inline.Stopped) { told++ }), 1772323200 * 1e9}
	if !a.passes(inline.Outside, 50123, 123, ntpAsks) || told != 1 {
		t.Fatalf("a request did not go on where it is only tested, or was told %d times", told)
	}
	if !a.passes(inline.Inside, 123, 50123, ntpAnswers) {
		t.Error("its answer did not go on")
	}
	if a.passes(inline.Inside, 123, 50124, ntpAnswers) {
		t.Error("what nobody asked for went on")
	}
}

// TestSafetyIsNotAsked holds that both ends of safety traffic say what they like, though nobody was seen to ask.
func TestSafetyIsNotAsked(t *testing.T) {
	p := oneWayPolicy(true, firedoor.Drop)
	p.Safety = []policy.Match{{Clients: []string{"plc"}, Servers: []string{"ntp"}, Ports: []policy.Port{{Transport: 17, Number: 2222}}}}
	a := newAskedOf(t, compiled(t, p))
	for _, to := range []uint16{2222, 50000} {
		if !a.passes(inline.Inside, 2222, to, "safe") {
			t.Errorf("from the server to port %d: stopped", to)
		}
		if !a.passes(inline.Outside, to, 2222, "safe") {
			t.Errorf("from the client's port %d: stopped", to)
		}
	}
	if a.passes(inline.Inside, 2223, 50000, "safe") {
		t.Error("from another port: went on")
	}
}

// TestStoppedElsewhere holds that what a server sends from another port behind a request that was stopped is judged for
// itself, and that no two pairs of ports share what is known of one.
func TestStoppedElsewhere(t *testing.T) {
	p := profinet(t, firedoor.VerbRead).Policy
	p.Conduits = append(p.Conduits, policy.Conduit{Name: "up", From: "cell", To: "office", Mode: policy.Enforce, Default: firedoor.Drop, Instead: firedoor.Drop,
		Reviewed: policy.Review{By: "A", On: "2026-11-26"}, Rules: []policy.Rule{onlyAt(50000, "pniocm", firedoor.VerbRead)}})
	plan, faults := policy.Compile(p, policy.Known{Ports: func(string) []policy.Port { return []policy.Port{{Transport: 17, Number: plant.PortPROFINET}} }, Protocols: []string{"pniocm"}, Elsewhere: []string{"pniocm"}})
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	message := func(kind byte, opnum uint16) []byte {
		m := plant.RPC{Kind: kind, Interface: plant.RPCDevice, Opnum: opnum, Sequence: 1}
		m.Body = m.Arguments(4096, plant.PNRecord(9, 1, 1, 2, 4, 0))
		if kind == 2 {
			m.Body = m.Arguments(0, plant.PNRecord(0x8009, 1, 1, 2, 0, 0))
		}
		return m.Bytes()
	}
	gate, now := inline.New(plan, []*protocol.Protocol{pniocm.Protocol}, nil), int64(1772323200*1e9)
	goes := func(s said) (on bool) {
		now += 1e6
		gate.Frame(now, s.from, s.frame(t), func(inline.Port, []byte) { on = true })
		return on
	}
	if goes(said{"", inline.Inside, false, 50000, plant.PortPROFINET, message(0, 3), false}) {
		t.Error("a write went on")
	}
	goes(said{"", inline.Outside, true, 49999, 50000, message(2, 3), false})
	for _, of := range gate.Shared() {
		t.Errorf("%d pairs of ports share one talk", of)
	}
}

// TestStrangersSayNothingUnasked holds that who is a stranger to an isolated zone says nothing there that nobody asked for,
// though one that is none may ask it.
func TestStrangersSayNothingUnasked(t *testing.T) {
	base := oneWay(t, true, firedoor.Drop, onlyAt(47808, "bacnet", firedoor.VerbRead))
	for verb, want := range map[policy.IsolationVerb]bool{policy.KnownClients: false, policy.Quarantine: false, policy.NoWrite: true} {
		plan, unknown := base.With([]policy.Isolation{{Verb: verb, Host: "cell", Clients: []string{"plc"}}})
		if len(unknown) > 0 {
			t.Fatal(unknown)
		}
		if on := newAskedOf(t, plan).passes(inline.Inside, 47808, 50000, bacnetValue); on != want {
			t.Errorf("%s: a value went on: %v", verb, on)
		}
		a := newAskedOf(t, plan)
		if a.passes(inline.Outside, 50000, 47808, bacnetRead) && !a.passes(inline.Inside, 47808, 50000, bacnetValue) {
			t.Errorf("%s: an answer did not go on", verb)
		}
	}
}

// TestFirstHeardIsShut holds that where another policy shuts the way of who was heard first, the other end goes on
// asking between the same ports.
func TestFirstHeardIsShut(t *testing.T) {
	read := onlyAt(47808, "bacnet", firedoor.VerbRead)
	for name, rule := range map[string]policy.Rule{"judged": read, "by port": onlyAt(47808, "")} {
		p := oneWayPolicy(true, firedoor.Drop, rule)
		shut := compiled(t, p)
		q := oneWayPolicy(true, firedoor.Drop, rule)
		q.Conduits[0].Rules = []policy.Rule{read}
		tested := oneWayPolicy(true, firedoor.Drop, rule)
		tested.Conduits[0].Mode = policy.Test
		for before, first := range map[string]*policy.Plan{"another rule": compiled(t, q), "only tested": compiled(t, tested)} {
			a := newAskedOf(t, first)
			if !a.passes(inline.Inside, 47808, 47808, bacnetRead) {
				t.Fatalf("%s, %s: a read did not go on", name, before)
			}
			a.gate.SetPlan(shut)
			for range 2 {
				if a.passes(inline.Inside, 47808, 47808, bacnetWrite) {
					t.Errorf("%s, %s: a write from where it is shut went on", name, before)
				}
				if !a.passes(inline.Outside, 47808, 47808, bacnetRead) || !a.passes(inline.Inside, 47808, 47808, bacnetValue) {
					t.Errorf("%s, %s: a read, or its answer, did not go on", name, before)
				}
			}
		}
	}
}

// TestNoPolyglots holds that nothing unasked goes to a port at which another protocol is known to listen, be it over TCP.
func TestNoPolyglots(t *testing.T) {
	// A response of SNMP whose version is written in six bytes is a write of register 0 in Modbus.
	const both = "\x30\x84\x00\x00\x00\x2c" + "\x02\x06\x00\x00\x00\x00\x00\x01" + "\x04\x06public" + "\xa2\x1a\x02\x01\x01\x02\x01\x00\x02\x01\x00\x30\x0f\x30\x0d\x06\x08\x2b\x06\x01\x02\x01\x01\x03\x00\x02\x01\x05"
	plan := compiledFor(t, oneWayPolicy(true, firedoor.Drop, onlyAt(161, "snmp", firedoor.VerbRead)), 161, "snmp")
	for to, want := range map[uint16]bool{502: false, 50000: true} {
		a := &askedOf{t, inline.New(plan, []*protocol.Protocol{snmp.Protocol, modbus.Protocol}, nil), 1772323200 * 1e9}
		if on := a.passes(inline.Inside, 161, to, both); on != want {
			t.Errorf("to port %d: went on: %v", to, on)
		}
	}
}

// TestUnaskedValueIsNotBelieved holds that no step is counted from a value that nobody asked for: whoever forges it would
// make the way for a write of its own.
func TestUnaskedValueIsNotBelieved(t *testing.T) {
	write := onlyAt(47808, "bacnet", firedoor.VerbWrite)
	write.Match.Step = 1
	a := newAskedOf(t, oneWay(t, true, firedoor.Drop, onlyAt(47808, "bacnet", firedoor.VerbRead), write))
	a.gate.Frame(a.now, inline.Outside, plain(t, [4]byte{10, 0, 1, 1}, [4]byte{10, 0, 2, 1}, 47808, 50000, bacnetValue), func(inline.Port, []byte) {})
	if a.passes(inline.Outside, 50000, 47808, bacnetWrite) {
		t.Error("behind a forged value a write went on")
	}
	if !a.passes(inline.Outside, 50000, 47808, bacnetRead) || !a.passes(inline.Inside, 47808, 50000, bacnetValue) || !a.passes(inline.Outside, 50000, 47808, bacnetWrite) {
		t.Error("behind a read an honest write did not go on")
	}
}
