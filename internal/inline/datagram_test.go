package inline_test

import (
	"net/netip"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/bacnet"
	"firedoor/internal/protocol/cip"
	"firedoor/internal/protocol/enip"
	"firedoor/internal/protocol/modbus"
	"firedoor/internal/protocol/snmp"
	"firedoor/internal/protocol/telnet"
)

// datagram is a frame from 10.0.1.1 to a UDP port of 10.0.2.1.
func datagram(t *testing.T, port uint16, payload string) []byte {
	t.Helper()
	ip := &layers.IPv4{Version: 4, IHL: 5, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: []byte{10, 0, 1, 1}, DstIP: []byte{10, 0, 2, 1}}
	udp := &layers.UDP{SrcPort: 50000, DstPort: layers.UDPPort(port)}
	if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
		t.Fatal(err)
	}
	b := gopacket.NewSerializeBuffer()
	ether := &layers.Ethernet{SrcMAC: []byte{0, 0, 0, 0, 0, 1}, DstMAC: []byte{0, 0, 0, 0, 0, 2}, EthernetType: layers.EthernetTypeIPv4}
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ether, ip, udp, gopacket.Payload(payload)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// openFor is a policy for 10.0.1.1 and 10.0.2.1.
func openFor(t *testing.T, otherwise firedoor.Action, ports map[string][]policy.Port, rules ...policy.Rule) *policy.Plan {
	t.Helper()
	var names []string
	for name := range ports {
		names = append(names, name)
	}
	plan, faults := policy.Compile(&policy.Policy{
		Hosts: []policy.Host{{Name: "hmi", Addresses: []netip.Addr{netip.MustParseAddr("10.0.1.1")}}, {Name: "plc", Addresses: []netip.Addr{netip.MustParseAddr("10.0.2.1")}}},
		Zones: []policy.Zone{{Name: "office", Hosts: []string{"hmi"}}, {Name: "cell", Hosts: []string{"plc"}}},
		Conduits: []policy.Conduit{{Name: "down", From: "office", To: "cell", Mode: policy.Enforce, Default: otherwise, Instead: firedoor.Drop,
			Reviewed: policy.Review{By: "A", On: "2026-11-26"}, Rules: rules}},
		Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop},
	}, policy.Known{Ports: func(p string) []policy.Port { return ports[p] }, Protocols: names})
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	return plan
}

const (
	bacnetRead  = "\x81\x0a\x00\x11\x01\x04\x00\x05\x01\x0c\x0c\x00\x80\x00\x05\x19\x55"
	bacnetWrite = "\x81\x0a\x00\x18\x01\x04\x00\x05\x02\x0f\x0c\x00\x80\x00\x05\x19\x55\x3e\x44\x42\x96\x00\x00\x3f"
)

// TestDatagramsStandAlone holds that no rubbish sent before makes the gate look away from a
// request in a datagram, and that what is of no protocol goes to no port that is open for some.
func TestDatagramsStandAlone(t *testing.T) {
	ports := map[string][]policy.Port{"bacnet": {{Transport: 17, Number: 47808}}, "snmp": {{Transport: 17, Number: 161}}}
	reads := func(names ...string) policy.Rule {
		return policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: names, Ports: []policy.Port{{Transport: 17, Number: 47808}}, Verbs: []firedoor.Verb{firedoor.VerbRead}}}
	}
	noWrite := policy.Rule{Verdict: firedoor.Drop, Match: policy.Match{Protocols: []string{"bacnet"}, Verbs: []firedoor.Verb{firedoor.VerbWrite}}}
	for name, plan := range map[string]*policy.Plan{
		"reads of one pass":  openFor(t, firedoor.Drop, ports, reads("bacnet")),
		"reads of two pass":  openFor(t, firedoor.Drop, ports, reads("bacnet", "snmp")),
		"a write is dropped": openFor(t, firedoor.Pass, ports, noWrite),
	} {
		g := inline.New(plan, []*protocol.Protocol{bacnet.Protocol, snmp.Protocol}, nil)
		now := int64(1772323200 * 1e9)
		passes := func(payload string) bool {
			before := g.Counts.Passed
			now += 1e6
			g.Frame(now, inline.Inside, datagram(t, 47808, payload), func(inline.Port, []byte) {})
			return g.Counts.Passed > before
		}
		for round := range 8 {
			if !passes(bacnetRead) {
				t.Errorf("%s, round %d: a read does not pass", name, round)
			}
			if passes(bacnetWrite) {
				t.Errorf("%s, round %d: a write passes", name, round)
			}
			for _, rubbish := range []string{"\x81\x0a\x00\x09\x01\x04\x00\x05\x02", "\x00", "no BACnet at all"} {
				if passes(rubbish) {
					t.Errorf("%s, round %d: % x passes", name, round, rubbish)
				}
			}
		}
	}
}

// TestModbusInDatagrams holds that each request of a datagram is judged, and that a datagram in which servers may
// find another one goes nowhere, whatever came before it.
func TestModbusInDatagrams(t *testing.T) {
	ports := map[string][]policy.Port{"modbus": {{Transport: 6, Number: 502}, {Transport: 17, Number: 502}}}
	plan := openFor(t, firedoor.Drop, ports,
		policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbRead}}})
	g := inline.New(plan, []*protocol.Protocol{modbus.Protocol}, nil)
	now := int64(1772323200 * 1e9)
	const (
		read  = "\x00\x01\x00\x00\x00\x06\x01\x03\x00\x28\x00\x02"
		write = "\x00\x02\x00\x00\x00\x06\x01\x06\x00\x28\x00\x02"
		odd   = "\x00\x03\x00\x00\x00\x03\x01\x2b\x0d" // a server may be throwing away what comes behind it
	)
	for round := range 6 {
		for _, c := range []struct {
			name, payload string
			passes        bool
		}{
			{"a read", read, true},
			{"two reads", read + read, true},
			{"a write", write, false},
			{"a function that no rule names", odd, false},
			{"a write behind a read", read + write, false},
			{"a read behind a write", write + read, false},
			{"a read and the beginning of a write", read + write[:9], false},
			{"a read with octets behind it", read + "\x00", false},
			{"a read whose length is that of more", read[:5] + "\x08" + read[6:] + "\x00\x00", false},
			{"a read with another protocol identifier", read[:3] + "\x01" + read[4:], false},
			{"a write in a frame of a serial line", "\x01\x06\x00\x28\x00\x02\x88\x03", false},
		} {
			before := g.Counts.Passed
			now += 1e6
			g.Frame(now, inline.Inside, datagram(t, 502, c.payload), func(inline.Port, []byte) {})
			if got := g.Counts.Passed > before; got != c.passes {
				t.Errorf("round %d: %s passes: %v, want %v", round, c.name, got, c.passes)
			}
		}
	}
}

// TestModbusIsRefusedInDatagrams holds that a write is refused in place where it is all of a datagram, and where
// reads stand beside it.
func TestModbusIsRefusedInDatagrams(t *testing.T) {
	plan, faults := policy.Compile(&policy.Policy{
		Hosts: []policy.Host{{Name: "hmi", Addresses: []netip.Addr{netip.MustParseAddr("10.0.1.1")}}, {Name: "plc", Addresses: []netip.Addr{netip.MustParseAddr("10.0.2.1")}, Refuses: []string{"modbus"}}},
		Zones: []policy.Zone{{Name: "office", Hosts: []string{"hmi"}}, {Name: "cell", Hosts: []string{"plc"}}},
		Conduits: []policy.Conduit{{Name: "down", From: "office", To: "cell", Mode: policy.Enforce, Default: firedoor.Pass, Instead: firedoor.Drop,
			Reviewed: policy.Review{By: "A", On: "2026-11-26"},
			Rules:    []policy.Rule{{Verdict: firedoor.Refuse, Match: policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbWrite}}}}}},
		Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop},
	}, policy.Known{Ports: func(string) []policy.Port {
		return []policy.Port{{Transport: 6, Number: 502}, {Transport: 17, Number: 502}}
	}, Protocols: []string{"modbus"}})
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	const read, write, spoilt = "\x00\x01\x00\x00\x00\x06\x01\x03\x00\x28\x00\x02", "\x00\x02\x00\x00\x00\x06\x01\x06\x00\x28\x00\x02", "\x00\x02\x00\x00\x00\x06\x01\x06\xff\xff\x00\x02"
	g := inline.New(plan, []*protocol.Protocol{modbus.Protocol}, nil)
	for i, c := range []struct{ payload, want string }{{write, spoilt}, {read + write, read + spoilt}, {write + read, spoilt + read}, {read, read}} {
		var got []byte
		g.Frame(int64(1772323200*1e9)+int64(i)*1e6, inline.Inside, datagram(t, 502, c.payload), func(_ inline.Port, b []byte) { got = append(got, b...) })
		if want := datagram(t, 502, c.want); string(got) != string(want) {
			t.Errorf("%x goes on as\n%x, want\n%x", c.payload, got, want)
		}
	}
}

// TestWhatTravelsInside holds that a rule for CIP is kept where CIP comes inside EtherNet/IP,
// by which its port is known.
func TestWhatTravelsInside(t *testing.T) {
	ports := map[string][]policy.Port{"cip": {{Transport: 17, Number: 2222}, {Transport: 6, Number: 44818}}, "enip": {{Transport: 6, Number: 44818}}}
	session := "\x65\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00"
	// reset of the identity object (CIP volume 1, 5A-2.2), unconnected
	item := "\x05\x02\x20\x01\x24\x01"
	reset := "\x6f\x00\x16\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
		"\x00\x00\x00\x00\x0a\x00\x02\x00\x00\x00\x00\x00\xb2\x00\x06\x00" + item
	verbs := policy.Match{Protocols: []string{"cip"}, Verbs: []firedoor.Verb{firedoor.VerbControl}}
	for name, c := range map[string]struct {
		plan *policy.Plan
		on   bool
	}{
		"control is dropped": {openFor(t, firedoor.Pass, ports, policy.Rule{Verdict: firedoor.Drop, Match: verbs}), false},
		"control passes": {openFor(t, firedoor.Drop, ports, policy.Rule{Verdict: firedoor.Pass, Match: verbs},
			policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"enip"}, Ports: []policy.Port{{Transport: 6, Number: 44818}}, Verbs: []firedoor.Verb{firedoor.VerbSession}}}), true},
	} {
		g := inline.New(c.plan, []*protocol.Protocol{enip.Protocol, cip.Protocol}, nil)
		now, on := int64(1772323200*1e9), 0
		plc := trial.PLC.At(44818)
		frame := func(from inline.Port, b []byte) {
			now, on = now+1e6, 0
			g.Frame(now, from, b, func(to inline.Port, _ []byte) { on += int(to) })
		}
		frame(inline.Inside, trial.TCP(trial.HMI, plc, 999, 0, trial.SYN, nil))
		frame(inline.Outside, trial.TCP(plc, trial.HMI, 8999, 1000, trial.SYN|trial.ACK, nil))
		if frame(inline.Inside, trial.TCP(trial.HMI, plc, 1000, 9000, trial.ACK, []byte(session))); on != 1 {
			t.Errorf("%s: a session does not begin", name)
		}
		if frame(inline.Inside, trial.TCP(trial.HMI, plc, 1000+uint32(len(session)), 9000, trial.ACK, []byte(reset))); (on == 1) != c.on {
			t.Errorf("%s: %d frames went on", name, on)
		}
	}
}

// TestAllOfAProtocol holds that a rule that stops all of a protocol holds where nothing in it is
// a request, and that one which refuses all of one lets its requests be refused one by one.
func TestAllOfAProtocol(t *testing.T) {
	ports := map[string][]policy.Port{"telnet": {{Transport: 6, Number: 23}}}
	for _, verdict := range []firedoor.Action{firedoor.Pass, firedoor.Drop, firedoor.Reset, firedoor.Refuse} {
		plan := openFor(t, firedoor.Pass, ports, policy.Rule{Verdict: verdict, Match: policy.Match{Protocols: []string{"telnet"}}},
			policy.Rule{Verdict: firedoor.Drop, Match: policy.Match{Protocols: []string{"telnet"}, Verbs: []firedoor.Verb{firedoor.VerbWrite}}})
		g := inline.New(plan, []*protocol.Protocol{telnet.Protocol}, nil)
		now, on := int64(1772323200*1e9), 0
		server := trial.PLC.At(23)
		frame := func(from inline.Port, b []byte) {
			now += 1e6
			g.Frame(now, from, b, func(to inline.Port, f []byte) { on += len(f) - 54 })
		}
		frame(inline.Inside, trial.TCP(trial.HMI, server, 999, 0, trial.SYN, nil))
		frame(inline.Outside, trial.TCP(server, trial.HMI, 8999, 1000, trial.SYN|trial.ACK, nil))
		frame(inline.Inside, trial.TCP(trial.HMI, server, 1000, 9000, trial.ACK, []byte{255, 253, 1, 255, 253, 3}))
		if passes := on > 0; passes != (verdict == firedoor.Pass) || (g.Counts.Resets > 0) != (verdict == firedoor.Reset) {
			t.Errorf("%s: %d bytes of telnet went on, %d resets", verdict, on, g.Counts.Resets)
		}
	}
	every := trial.Guarded(t, func(p *policy.Policy) {
		p.Conduits[0].Default = firedoor.Pass
		p.Conduits[0].Rules = []policy.Rule{{Verdict: firedoor.Refuse, Match: policy.Match{Protocols: []string{"modbus"}}}}
	})
	b := newBench(t, every)
	b.connect()
	for range 3 {
		b.say(trial.WriteOne(1, 1, 7))
	}
	if b.gate.Counts.Changed != 3 || len(b.toPLC) != 3 {
		t.Errorf("of 3 writes %d were changed and %d went on", b.gate.Counts.Changed, len(b.toPLC))
	}
}
