package inline_test

import (
	"net/netip"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/plant"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/bacnet"
	"firedoor/internal/protocol/pniocm"
)

// ruled is a port of which a rule says that nothing passes.
const ruled = 49500

// profinet is a policy by which hmi, 10.0.1.1, asks plc, 10.0.2.1, what the verbs say.
func profinet(t *testing.T, verbs ...firedoor.Verb) *policy.Plan {
	t.Helper()
	p := &policy.Policy{
		Hosts: []policy.Host{{Name: "hmi", Addresses: []netip.Addr{netip.MustParseAddr("10.0.1.1")}}, {Name: "plc", Addresses: []netip.Addr{netip.MustParseAddr("10.0.2.1")}}},
		Zones: []policy.Zone{{Name: "office", Hosts: []string{"hmi"}}, {Name: "cell", Hosts: []string{"plc"}}},
		Conduits: []policy.Conduit{{Name: "down", From: "office", To: "cell", Mode: policy.Enforce, Default: firedoor.Drop, Instead: firedoor.Drop,
			Reviewed: policy.Review{By: "A", On: "2026-11-26"}, Rules: []policy.Rule{{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"pniocm"}, Verbs: verbs}},
				{Verdict: firedoor.Drop, Match: policy.Match{Ports: []policy.Port{{Transport: 17, Number: ruled}}}}}}},
		Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop},
	}
	plan, faults := policy.Compile(p, policy.Known{Ports: func(string) []policy.Port { return []policy.Port{{Transport: 17, Number: plant.PortPROFINET}} },
		Protocols: []string{"pniocm"}, Elsewhere: []string{"pniocm"}})
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	return plan
}

// said is a datagram in the name of hmi or plc, and whether it goes on.
type said struct {
	what     string
	from     inline.Port // at which it comes in
	plc      bool        // in the name of plc
	src, dst uint16
	payload  []byte
	on       bool
}

func (s *said) frame(t *testing.T) []byte {
	t.Helper()
	src, dst := []byte{10, 0, 1, 1}, []byte{10, 0, 2, 1}
	if s.plc {
		src, dst = dst, src
	}
	ip := &layers.IPv4{Version: 4, IHL: 5, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: src, DstIP: dst}
	udp := &layers.UDP{SrcPort: layers.UDPPort(s.src), DstPort: layers.UDPPort(s.dst)}
	if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
		t.Fatal(err)
	}
	b := gopacket.NewSerializeBuffer()
	ether := &layers.Ethernet{SrcMAC: []byte{0, 0, 0, 0, 0, 1}, DstMAC: []byte{0, 0, 0, 0, 0, 2}, EthernetType: layers.EthernetTypeIPv4}
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ether, ip, udp, gopacket.Payload(s.payload)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestAnswersFromElsewhere holds that a device may answer from another port than it was asked
// at, that what it is asked there is judged by the same rules, and that nothing but its answer opens
// that port.
func TestAnswersFromElsewhere(t *testing.T) {
	message := func(kind byte, opnum uint16, sequence uint32) []byte {
		m := plant.RPC{Kind: kind, Interface: plant.RPCDevice, Opnum: opnum, Sequence: sequence}
		m.Body = m.Arguments(4096, plant.PNRecord(9, 1, 1, 2, 4, 0))
		if kind == 2 {
			m.Body = m.Arguments(0, plant.PNRecord(0x8009, 1, 1, 2, 0, 0))
		}
		return m.Bytes()
	}
	const read, write, own, client, other = 2, 3, plant.PortPROFINET, 50000, 49999
	ask := said{"asks", inline.Inside, false, client, own, message(0, read, 1), true}
	answer := said{"answers elsewhere", inline.Outside, true, other, client, message(2, read, 1), true}
	no := func(s said, what string, change func(s *said)) said {
		s.what, s.on = what, false
		change(&s)
		return s
	}
	for name, talk := range map[string][]said{
		"goes on there": {ask, answer,
			{"asks there", inline.Inside, false, client, other, message(0, read, 2), true}, {"answers there", inline.Outside, true, other, client, message(2, read, 2), true},
			{"writes there", inline.Inside, false, client, other, message(0, write, 3), false}, {"says anything there", inline.Inside, false, client, other, []byte("anything"), false},
			{"asks at its own port", inline.Inside, false, client, own, message(0, read, 4), true}, {"answers from a third", inline.Outside, true, 49000, client, message(2, read, 4), true}},
		"was asked there in vain": {no(ask, "asks there first", func(s *said) { s.dst = other }), ask, answer},
		"nobody asked":            {no(answer, "answers", func(*said) {})},
		"to another port":         {ask, no(answer, "answers another", func(s *said) { s.dst++ })},
		"no answer":               {ask, no(answer, "asks from elsewhere", func(s *said) { s.payload = message(0, read, 1) })},
		"other words":             {ask, no(answer, "says something", func(s *said) { s.payload = []byte("something that is long enough for a header") })},
		"by its client":           {ask, no(answer, "answers itself", func(s *said) { s.from = inline.Inside })},
		"from a known port":       {ask, no(answer, "answers as another service", func(s *said) { s.src = 47808 })},
		"from a port of a rule":   {ask, no(answer, "answers", func(s *said) { s.src = ruled })},
		"a write at first":        {no(ask, "writes", func(s *said) { s.payload = message(0, write, 1) }), no(ask, "writes there", func(s *said) { s.dst, s.payload = other, message(0, write, 2) })},
	} {
		gate, now := inline.New(profinet(t, firedoor.VerbRead, firedoor.VerbIdentify), []*protocol.Protocol{pniocm.Protocol, bacnet.Protocol}, nil), int64(1772323200*1e9)
		for i := range talk {
			s, on := &talk[i], false
			now += 1e6
			gate.Frame(now, s.from, s.frame(t), func(inline.Port, []byte) { on = true })
			if on != s.on {
				t.Errorf("%s: %s: goes on: %t", name, s.what, on)
			}
		}
	}
}

// TestElsewhereEndsWithItsRule holds that another policy holds at both ports of a device, and
// that a flow that is forgotten leaves none of them behind.
func TestElsewhereEndsWithItsRule(t *testing.T) {
	m := func(kind byte) []byte {
		m := plant.RPC{Kind: kind, Interface: plant.RPCDevice, Opnum: 2, Sequence: 1}
		m.Body = m.Arguments(4096*uint32(1-kind/2), plant.PNRecord(9+0x8000*uint16(kind/2), 1, 1, 2, 4*uint32(1-kind/2), 0))
		return m.Bytes()
	}
	ask := said{"", inline.Inside, false, 50000, plant.PortPROFINET, m(0), true}
	answer := said{"", inline.Outside, true, 49999, 50000, m(2), true}
	gate, now := inline.New(profinet(t, firedoor.VerbRead), []*protocol.Protocol{pniocm.Protocol}, nil), int64(1772323200*1e9)
	goes := func(s said, later int64) (on bool) {
		now += later
		gate.Frame(now, s.from, s.frame(t), func(inline.Port, []byte) { on = true })
		return on
	}
	if !goes(ask, 1e6) || !goes(answer, 1e6) || !goes(answer, 1e6) {
		t.Error("an answer is stopped")
	}
	if goes(answer, 3600*1e9) {
		t.Error("what nobody remembers is answered")
	}
	if !goes(ask, 1e6) || !goes(answer, 1e6) {
		t.Error("an answer is stopped when all begins anew")
	}
	shut := profinet(t, firedoor.VerbRead)
	shut.Policy.Conduits[0].Rules[1].Match.Ports[0].Number = 49999
	known := policy.Known{Ports: func(string) []policy.Port { return []policy.Port{{Transport: 17, Number: plant.PortPROFINET}} }, Protocols: []string{"pniocm"}, Elsewhere: []string{"pniocm"}}
	plan, faults := policy.Compile(shut.Policy, known)
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	there := ask
	there.dst = 49999
	if gate.SetPlan(plan); goes(there, 1e6) || goes(answer, 1e6) {
		t.Error("it goes on at a port that another policy shuts")
	}
	none := profinet(t, firedoor.VerbRead)
	none.Policy.Conduits[0].Rules[0].Match.Protocols = []string{"none"}
	plan, faults = policy.Compile(none.Policy, policy.Known{Ports: func(string) []policy.Port { return []policy.Port{{Transport: 6, Number: 1}} }, Protocols: []string{"none"}})
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	if gate.SetPlan(plan); goes(ask, 1e6) || goes(answer, 1e6) {
		t.Error("it goes on without a rule")
	}
}
