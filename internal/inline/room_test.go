package inline_test

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/bacnet"
)

// plain is a datagram without a checksum (RFC 768).
func plain(t *testing.T, from, to [4]byte, sport, dport uint16, payload string) []byte {
	t.Helper()
	ip := &layers.IPv4{Version: 4, IHL: 5, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: from[:], DstIP: to[:]}
	ether := &layers.Ethernet{SrcMAC: []byte{0, 0, 0, 0, 0, 1}, DstMAC: []byte{0, 0, 0, 0, 0, 2}, EthernetType: layers.EthernetTypeIPv4}
	header := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, sport), dport)
	header = append(binary.BigEndian.AppendUint16(header, uint16(8+len(payload))), 0, 0)
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ether, ip, gopacket.Payload(header), gopacket.Payload(payload)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestNobodyHasAllFlows holds that a client that fills the table by answered datagrams from ever new
// ports makes room itself, for others and for itself, and that those of another one stay.
func TestNobodyHasAllFlows(t *testing.T) {
	prefix := func(text string) []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix(text)} }
	plan, faults := policy.Compile(&policy.Policy{
		Zones: []policy.Zone{{Name: "office", Prefixes: prefix("10.0.1.0/24")}, {Name: "cell", Prefixes: prefix("10.0.2.0/24")}},
		Conduits: []policy.Conduit{{Name: "down", From: "office", To: "cell", Mode: policy.Enforce, Default: firedoor.Drop, Instead: firedoor.Drop,
			Reviewed: policy.Review{By: "A", On: "2026-11-26"}, Rules: passing("bacnet", []firedoor.Verb{firedoor.VerbRead})}},
		Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop},
	}, policy.Known{Ports: func(string) []policy.Port { return []policy.Port{{Transport: 17, Number: 47808}} }, Protocols: []string{"bacnet"}})
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	g := inline.New(plan, []*protocol.Protocol{bacnet.Protocol}, nil)
	now, on := int64(1772323200*1e9), 0
	speak := func(client, server byte, port uint16) {
		hmi, plc := [4]byte{10, 0, 1, client}, [4]byte{10, 0, 2, server}
		asks, answers := plain(t, hmi, plc, port, 47808, bacnetRead), plain(t, plc, hmi, 47808, port, bacnetValue)
		now += 1e5
		for _, f := range []struct {
			from inline.Port
			b    []byte
		}{{inline.Inside, asks}, {inline.Outside, answers}, {inline.Inside, asks}} {
			g.Frame(now, f.from, f.b, func(inline.Port, []byte) { on++ })
		}
	}
	const others, more = 100, 3000
	for i := range uint16(others) {
		speak(1, 1, 2000+i)
	}
	for i := range inline.MaxFlows + more {
		speak(9, byte(1+i>>15), uint16(1024+i&0x7fff))
	}
	if want := 3 * (others + inline.MaxFlows + more); g.Flows() != inline.MaxFlows || on != want {
		t.Errorf("%d flows, %d frames of %d went on", g.Flows(), on, want)
	}
	on = 0
	for i := range uint16(others) {
		g.Frame(now, inline.Outside, plain(t, [4]byte{10, 0, 2, 1}, [4]byte{10, 0, 1, 1}, 47808, 2000+i, bacnetValue), func(inline.Port, []byte) { on++ })
		speak(2, 1, 2000+i)
	}
	if g.Flows() != inline.MaxFlows || on != 4*others {
		t.Errorf("%d flows, %d frames of %d of others went on", g.Flows(), on, 4*others)
	}
}

// TestMadeUpHoldsNothing holds that frames of connections that are none leave room to hold those of
// one that is, and that they are let go when the server says that there is no such connection.
func TestMadeUpHoldsNothing(t *testing.T) {
	for name, resets := range map[string]bool{"its server is silent": false, "its server resets": true} {
		b := newBench(t, trial.Guarded(t, nil))
		b.connect()
		b.say(trial.ReadSome(1))
		b.acknowledge()
		most := uint64(0)
		for _, size := range []int{1400, 10} {
			for i := range uint16(390 + 1400/size) {
				bad := trial.HMI.At(1 + i + uint16(size))
				for k := range 8 {
					b.frame(inline.Inside, trial.TCP(bad, trial.PLC, 5000+uint32(k*1400), 1, trial.ACK, make([]byte, size)))
					if resets && k%4 == 3 {
						b.frame(inline.Outside, trial.TCP(trial.PLC, bad, 1, 0, trial.RST, nil))
					}
					most = max(most, b.gate.Counts.Held)
				}
			}
		}
		if resets && most > 8 || b.gate.Counts.Held != 0 == resets {
			t.Errorf("%s: %d frames wait, %d at most", name, b.gate.Counts.Held, most)
		}
		b.told, b.toPLC = nil, nil
		one, two := trial.ReadSome(2), trial.ReadSome(3)
		b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client+uint32(len(one)), b.server, trial.ACK, two))
		b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client, b.server, trial.ACK, one))
		if got := string(payloads(b.toPLC)); got != "\x00"+string(one)+string(two) { // the server is asked where it is
			t.Errorf("%s: an honest segment that came early: %d bytes went on, %v", name, len(got), b.told)
		}
		if c := b.gate.Counts; c.In != c.Passed+c.Changed+c.Dropped+c.Held {
			t.Errorf("%s: counts: %+v", name, c)
		}
	}
}

// TestAnswersAreTheirSenders holds that whoever forges answers to a call takes the room for them from what it
// has itself, and nothing of the caller's that waits for its own answers.
func TestAnswersAreTheirSenders(t *testing.T) {
	prefix := func(text string) []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix(text)} }
	plan, faults := policy.Compile(&policy.Policy{
		Zones: []policy.Zone{{Name: "office", Prefixes: prefix("10.0.1.0/24")}, {Name: "cell", Prefixes: prefix("10.2.0.0/15")}},
		Conduits: []policy.Conduit{{Name: "down", From: "office", To: "cell", Mode: policy.Enforce, Default: firedoor.Drop, Instead: firedoor.Drop,
			Reviewed: policy.Review{By: "A", On: "2026-11-26"}, Rules: []policy.Rule{{Verdict: firedoor.Pass, Match: policy.Match{Ports: []policy.Port{{Transport: 17, Number: 2000}}}}}}},
		Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop},
	}, policy.Known{})
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	g := inline.New(plan, nil, nil)
	now, on := int64(1772323200*1e9), 0
	hmi, all := [4]byte{10, 0, 1, 1}, [6]byte{1, 0, 0x5e, 0, 0, 1}
	frame := func(from inline.Port, b []byte) {
		now += 1e4
		g.Frame(now, from, b, func(inline.Port, []byte) { on++ })
	}
	const own, forged = 100, inline.MaxFlows + 3000
	for i := range uint16(own) {
		frame(inline.Inside, plain(t, hmi, [4]byte{10, 2, 0, 1}, 3000+i, 2000, "?"))
	}
	call := plain(t, hmi, [4]byte{10, 3, 255, 255}, 4000, 2000, "?")
	copy(call, all[:])
	frame(inline.Inside, call)
	answer := plain(t, [4]byte{10, 2, 0, 2}, hmi, 2000, 4000, "!")
	copy(answer[:12], []byte{0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 6})
	frame(inline.Outside, answer)
	if on != own+2 {
		t.Fatalf("%d frames went on, want %d", on, own+2)
	}
	for i := range forged {
		frame(inline.Outside, readdressed(answer, [4]byte{10, byte(2 + i>>16), byte(i >> 8), byte(i)}))
	}
	if g.Flows() != inline.MaxFlows {
		t.Fatalf("%d flows", g.Flows())
	}
	on = 0
	for i := range uint16(own) {
		frame(inline.Outside, plain(t, [4]byte{10, 2, 0, 1}, hmi, 2000, 3000+i, "!"))
	}
	if on != own {
		t.Errorf("%d of %d answers to the caller's own requests went on", on, own)
	}
}

// readdressed has another sender say what a datagram of 20 bytes of IP says.
func readdressed(b []byte, from [4]byte) []byte {
	b = slices.Clone(b)
	copy(b[26:], from[:])
	b[24], b[25] = 0, 0
	sum := uint32(0)
	for i := 14; i < 34; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(b[24:], ^uint16(sum))
	return b
}
