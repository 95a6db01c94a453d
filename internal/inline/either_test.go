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
	"firedoor/internal/protocol/melsec"
	"firedoor/internal/protocol/modbus"
	"firedoor/internal/protocol/s7comm"
)

// between is a policy for hmi, 10.0.1.1, and plc, 10.0.2.1, with rules for what hmi asks of plc and
// for what plc asks of hmi; no conduit where there are none.
func between(t *testing.T, port policy.Port, down, up []policy.Rule) *policy.Plan {
	t.Helper()
	p := &policy.Policy{
		Hosts:     []policy.Host{{Name: "hmi", Addresses: []netip.Addr{netip.MustParseAddr("10.0.1.1")}}, {Name: "plc", Addresses: []netip.Addr{netip.MustParseAddr("10.0.2.1")}}},
		Zones:     []policy.Zone{{Name: "office", Hosts: []string{"hmi"}}, {Name: "cell", Hosts: []string{"plc"}}},
		Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop},
	}
	add := func(name, from, to string, rules []policy.Rule) {
		if rules != nil {
			p.Conduits = append(p.Conduits, policy.Conduit{Name: name, From: from, To: to, Mode: policy.Enforce, Default: firedoor.Drop, Instead: firedoor.Drop,
				Reviewed: policy.Review{By: "A", On: "2026-11-26"}, Rules: rules})
		}
	}
	add("down", "office", "cell", down)
	add("up", "cell", "office", up)
	plan, faults := policy.Compile(p, policy.Known{Ports: func(string) []policy.Port { return []policy.Port{port} }, Protocols: []string{"bacnet", "modbus", "melsec"}})
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	return plan
}

// passing are rules that let verbs, or functions, of a protocol pass.
func passing(name string, verbs []firedoor.Verb, functions ...string) []policy.Rule {
	rules := []policy.Rule{{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{name}, Verbs: verbs}}}
	if len(functions) > 0 {
		rules = append(rules, policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{name}, Functions: functions}})
	}
	return rules
}

// onPort is a datagram from one port to the same one.
func onPort(t *testing.T, from inline.Port, port uint16, payload string) []byte {
	t.Helper()
	hmi, plc := []byte{10, 0, 1, 1}, []byte{10, 0, 2, 1}
	ether := &layers.Ethernet{SrcMAC: []byte{0, 0, 0, 0, 0, 1}, DstMAC: []byte{0, 0, 0, 0, 0, 2}, EthernetType: layers.EthernetTypeIPv4}
	if from == inline.Outside {
		hmi, plc, ether.SrcMAC, ether.DstMAC = plc, hmi, ether.DstMAC, ether.SrcMAC
	}
	ip := &layers.IPv4{Version: 4, IHL: 5, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: hmi, DstIP: plc}
	udp := &layers.UDP{SrcPort: layers.UDPPort(port), DstPort: layers.UDPPort(port)}
	if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
		t.Fatal(err)
	}
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ether, ip, udp, gopacket.Payload(payload)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	bacnetWhoIs   = "\x81\x0a\x00\x08\x01\x00\x10\x08"
	bacnetValue   = "\x81\x0a\x00\x17\x01\x00\x30\x01\x0c\x0c\x00\x80\x00\x05\x19\x55\x3e\x44\x42\x96\x00\x00\x3f"
	bacnetWritten = "\x81\x0a\x00\x09\x01\x00\x20\x02\x0f"
	bacnetChanged = "\x81\x0a\x00\x21\x01\x00\x10\x02\x09\x01\x1c\x02\x00\x00\x05\x2c\x00\x80\x00\x05\x39\x00\x4e\x09\x55\x2e\x44\x42\x96\x00\x00\x2f\x4f"

	modbusRead    = "\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x02"
	modbusValues  = "\x00\x01\x00\x00\x00\x07\x01\x03\x04\x00\x01\x00\x02"
	modbusWrite   = "\x00\x02\x00\x00\x00\x06\x01\x06\x00\x05\x00\x07" // and its answer
	modbusAnother = "\x00\x02\x00\x00\x00\x06\x01\x06\x00\x06\x00\x09"

	melsecRead   = "\x50\x00\x00\xff\xff\x03\x00\x0c\x00\x10\x00\x01\x04\x00\x00\x64\x00\x00\xa8\x01\x00"
	melsecValue  = "\xd0\x00\x00\xff\xff\x03\x00\x04\x00\x00\x00\x34\x12"
	melsecWrite  = "\x50\x00\x00\xff\xff\x03\x00\x0e\x00\x10\x00\x01\x14\x00\x00\x64\x00\x00\xa8\x01\x00\x34\x12"
	melsecStored = "\xd0\x00\x00\xff\xff\x03\x00\x02\x00\x00\x00"
)

// TestEitherAsks holds that what each end of datagrams on one port asks is judged by what holds for
// it, whoever was heard first, and that answers pass.
func TestEitherAsks(t *testing.T) {
	const hmi, plc = inline.Inside, inline.Outside
	type step struct {
		from   inline.Port
		says   string
		passes bool
	}
	reads, all := []firedoor.Verb{firedoor.VerbRead, firedoor.VerbIdentify}, []firedoor.Verb(nil)
	for name, c := range map[string]struct {
		port     uint16
		down, up []policy.Rule
		steps    []step
	}{
		"reads both ways": {47808, passing("bacnet", reads), passing("bacnet", reads), []step{
			{plc, bacnetWhoIs, true}, {hmi, bacnetWrite, false}, {hmi, bacnetRead, true}, {plc, bacnetValue, true}, {plc, bacnetWrite, false}, {plc, bacnetRead, true}, {hmi, bacnetValue, true}}},
		"the other one first": {47808, passing("bacnet", reads), passing("bacnet", reads), []step{
			{hmi, bacnetWhoIs, true}, {plc, bacnetWrite, false}, {hmi, bacnetWrite, false}, {hmi, bacnetRead, true}, {plc, bacnetValue, true}}},
		"writes down, reads up": {47808, passing("bacnet", all), passing("bacnet", reads), []step{
			{plc, bacnetWhoIs, true}, {hmi, bacnetWrite, true}, {plc, bacnetWritten, true}, {plc, bacnetWrite, false}, {hmi, bacnetWrite, true}}},
		"nothing up: answers, and what changes nothing": {47808, passing("bacnet", all), nil, []step{
			{hmi, bacnetRead, true}, {plc, bacnetValue, true}, {plc, bacnetChanged, true}, {plc, bacnetWrite, false}, {hmi, bacnetWrite, true}, {plc, bacnetWritten, true}}},
		"nothing down": {47808, nil, passing("bacnet", all), []step{{plc, bacnetRead, true}, {hmi, bacnetValue, true}, {hmi, bacnetWrite, false}, {plc, bacnetWrite, true}, {hmi, bacnetWritten, true}}},
		"by its name":  {47808, passing("bacnet", reads, "write property, asked of the client"), passing("bacnet", reads), []step{{hmi, bacnetRead, true}, {plc, bacnetWrite, true}, {hmi, bacnetWrite, false}}},
		"modbus": {502, passing("modbus", all), passing("modbus", reads), []step{{plc, modbusRead, true}, {hmi, modbusValues, true}, {hmi, modbusWrite, true}, {plc, modbusWrite, true},
			{plc, modbusWrite, false}, {plc, modbusAnother, false}, {hmi, modbusRead, true}, {plc, modbusValues, true}}},
		"melsec": {5007, passing("melsec", all), passing("melsec", reads), []step{{plc, melsecRead, true}, {hmi, melsecValue, true}, {hmi, melsecWrite, true}, {plc, melsecStored, true}, {plc, melsecWrite, false}}},
	} {
		g := inline.New(between(t, policy.Port{Transport: 17, Number: c.port}, c.down, c.up), []*protocol.Protocol{bacnet.Protocol, modbus.Protocol, melsec.Protocol}, nil)
		now := int64(1772323200 * 1e9)
		for round := range 3 {
			for i, s := range c.steps {
				before := g.Counts.Passed
				now += 1e6
				g.Frame(now, s.from, onPort(t, s.from, c.port, s.says), func(inline.Port, []byte) {})
				if passes := g.Counts.Passed > before; passes != s.passes {
					t.Errorf("%s, round %d: step %d, % x from %d: passes %v", name, round, i, s.says, s.from, passes)
				}
			}
		}
		if g.Flows() != 1 {
			t.Errorf("%s: %d flows", name, g.Flows())
		}
	}
}

// TestNobodySaysWhoAsks holds that a connection under way is ended where both of its ends may be the
// client, for the client chose its port, and that it is judged when it begins anew.
func TestNobodySaysWhoAsks(t *testing.T) {
	for name, c := range map[string]struct {
		port uint16
		ends bool
	}{"an ordinary port": {50000, false}, "the server's": {502, true}, "a lower one that is known": {102, true}} {
		base := trial.Guarded(t, func(p *policy.Policy) {
			p.Zones = []policy.Zone{{Name: "cell", Hosts: []string{"plc", "hmi"}}}
			p.Conduits = nil
			p.Hosts[1].Refuses = nil
		})
		plan, unknown := base.With([]policy.Isolation{{ID: 1, Verb: policy.NoWrite, Host: "plc"}})
		if len(unknown) > 0 {
			t.Fatal(unknown)
		}
		hmi := trial.HMI.At(c.port)
		for _, first := range []inline.Port{inline.Inside, inline.Outside} {
			b := newBench(t, plan)
			b.gate = inline.New(plan, []*protocol.Protocol{modbus.Protocol, s7comm.Protocol}, nil)
			from, to, seq, ack := hmi, trial.PLC, b.client, b.server
			if first == inline.Outside {
				from, to, seq, ack = to, from, ack, seq
			}
			b.frame(first, trial.TCP(from, to, seq, ack, trial.ACK, nil))
			if ends := b.gate.Counts.Resets > 0; ends != c.ends {
				t.Errorf("%s, port %d first: ended %v, %v", name, first, ends, b.told)
			}
			b.frame(inline.Outside, trial.TCP(trial.PLC, hmi, b.server, b.client, trial.ACK, nil))
			b.toPLC = nil
			b.frame(inline.Inside, trial.TCP(hmi, trial.PLC, b.client, b.server, trial.ACK, trial.WriteOne(1, 200, 7)))
			if got := payloads(b.toPLC); len(got) > 0 {
				t.Errorf("%s, port %d first: the write went on: %v", name, first, b.told)
			}
			b.client, b.server = b.client+70000, b.server+5000
			b.frame(inline.Inside, trial.TCP(hmi, trial.PLC, b.client-1, 0, trial.SYN, nil))
			b.frame(inline.Outside, trial.TCP(trial.PLC, hmi, b.server-1, b.client, trial.SYN|trial.ACK, nil))
			b.toPLC = nil
			b.frame(inline.Inside, trial.TCP(hmi, trial.PLC, b.client, b.server, trial.ACK, trial.ReadSome(1)))
			b.frame(inline.Inside, trial.TCP(hmi, trial.PLC, b.client+12, b.server, trial.ACK, trial.WriteOne(2, 200, 7)))
			if got := string(payloads(b.toPLC)); got != string(trial.ReadSome(1)) {
				t.Errorf("%s, port %d first: of a read and a write % x went on: %v", name, first, got, b.told)
			}
		}
	}
}
