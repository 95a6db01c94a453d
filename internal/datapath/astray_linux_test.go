package datapath

import (
	"net"
	"testing"

	"github.com/gopacket/gopacket/layers"

	"firedoor"
)

var (
	wrongSide  = uint16(firedoor.ReasonWrongSide)
	neverBlock = uint16(firedoor.ReasonNeverBlock)
)

// bound are tables of a client that is inside and a server that is outside, between whom anything passes, with what
// becomes of what comes from the wrong side.
func bound(astray Action, gates ...PortGate) *Tables {
	t := closed(gates...)
	elsewhere, between := stop, pass
	elsewhere.Astray, between.Astray, between.Joined = Drop, astray, true
	t.Pairs = []Pair{{elsewhere, stop}, {between, pass}}
	t.Joined = append(t.Joined, Joined{serverZone, clientZone, 1})
	t.Places = append(t.Places, Place{Prefix: prefix("0.0.0.0/0"), Place: 5, Zone: 5, Bound: Bound{At: AtOutside}}, Place{Prefix: prefix("::/0"), Place: 5, Zone: 5, Bound: Bound{At: AtOutside}})
	t.Joined = append(t.Joined, Joined{5, serverZone, 1}, Joined{serverZone, 5, 1})
	t.Stations = []Station{{MAC: 0x020000610001, Place: clientPlace, Zone: clientZone}, {MAC: 0x020000610002, Place: serverPlace, Zone: serverZone}}
	for i := range t.Places {
		switch t.Places[i].Zone {
		case clientZone:
			t.Places[i].At = AtInside
		case serverZone:
			t.Places[i].At = AtOutside
		}
	}
	for i := range t.Stations {
		t.Stations[i].At = [...]Side{AtInside, AtOutside}[i]
	}
	return t
}

// sayings are frames between the two, by a name; back ones are the server's.
func sayings(t *testing.T, back bool) map[string][]byte {
	src, dst := clientMAC, serverMAC
	if back {
		src, dst = dst, src
	}
	syn := &layers.TCP{SYN: true}
	return map[string][]byte{
		"TCP":       wire{back: back, sport: 5000, dport: 80, tcp: syn}.frame(t),
		"answer":    wire{back: back, sport: 80, dport: 5000, tcp: &layers.TCP{SYN: true, ACK: true}}.frame(t),
		"UDP":       wire{back: back, sport: 5000, dport: 53, payload: "x"}.frame(t),
		"VLAN":      wire{back: back, sport: 5000, dport: 80, tcp: syn, vlans: []uint16{7}}.frame(t),
		"two VLANs": wire{back: back, sport: 5000, dport: 80, tcp: syn, vlans: []uint16{7, 9}}.frame(t),
		"IPv6":      wire{back: back, six: true, sport: 5000, dport: 80, tcp: syn}.frame(t),
		"a part":    wire{back: back, sport: 5000, dport: 80, payload: "somebody", fragment: 20}.frame(t),
		"SNAP":      snap(wire{back: back, sport: 5000, dport: 80, tcp: syn}.frame(t), 0, 0),
		"no IP":     typed(t, src, dst, 0x8892),
	}
}

// asks is a question of somebody at a MAC, in the name of an address.
func asks(t *testing.T, from net.HardwareAddr, sender, target string) []byte {
	return serialize(t, &layers.Ethernet{SrcMAC: from, DstMAC: layers.EthernetBroadcast, EthernetType: layers.EthernetTypeARP},
		&layers.ARP{AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4, Operation: 1,
			SourceHwAddress: from, SourceProtAddress: net.ParseIP(sender).To4(), DstHwAddress: make([]byte, 6), DstProtAddress: net.ParseIP(target).To4()})
}

// TestWrongSide: what comes in at the other port than its sender is at goes no further, whatever else passes there, and
// from where it should come it passes as ever.
func TestWrongSide(t *testing.T) {
	b := newBed(t)
	d := b.open(b.options(), bound(Drop))
	forged := said{Drop, wrongSide, 0}
	var cases []asked
	for name, f := range sayings(t, false) {
		cases = append(cases, asked{outside + "forged " + name, f, forged}, asked{"honest " + name, f, said{Pass, 2, 900}})
	}
	for name, f := range sayings(t, true) {
		cases = append(cases, asked{"forged " + name + " of the server", f, forged}, asked{outside + "honest " + name + " of the server", f, said{Pass, 2, 900}})
	}
	someone := net.HardwareAddr{2, 0, 0, 97, 0, 9}
	call := func(from string) []byte {
		return wire{from: from, to: "10.97.0.2", sport: 68, dport: 67, payload: "x"}.frame(t)
	}
	cases = append(cases,
		asked{outside + "ARP in another's name", asks(t, someone, "10.97.0.1", "10.97.0.2"), forged},
		asked{"ARP in one's own", asks(t, someone, "10.97.0.1", "10.97.0.2"), said{Pass, ReasonNeighbour, 0}},
		asked{outside + "a bridge speaks", typed(t, clientMAC, serverMAC, 0x88cc), said{Pass, ReasonLink, 0}},
		asked{"of anywhere else", call("10.1.2.3"), forged},
		asked{outside + "of anywhere else, from there", call("10.1.2.3"), said{Pass, 2, 900}},
		asked{"who has no address yet", call("0.0.0.0"), said{Pass, 2, 900}},
		asked{"an address of the link", call("169.254.9.9"), said{Pass, 2, 900}},
		asked{"an address of the link (IPv6)", wire{six: true, from: "fe80::9", to: "fd61::2", sport: 68, dport: 67, payload: "x"}.frame(t), said{Pass, 2, 900}},
	)
	judge(t, d, cases)
}

// TestWrongSideIsTold: where it is only to be told whoever answers is asked, and nothing is lost while nobody does.
func TestWrongSideIsTold(t *testing.T) {
	b := newBed(t)
	d := b.open(b.options(), bound(Ask))
	for name, f := range sayings(t, false) {
		got, err := d.Test(f, Outside)
		if err != nil {
			t.Fatal(err)
		}
		want := Ask
		if name == "no IP" {
			want = Would
		}
		if got.Action != want || got.Reason != wrongSide && name != "a part" && name != "SNAP" || want == Ask && got.Unanswered != Pass {
			t.Errorf("%s: %+v", name, got)
		}
	}
	judge(t, d, []asked{{outside + "ARP", asks(t, clientMAC, "10.97.0.1", "10.97.0.2"), said{Would, wrongSide, 0}}})
	tables := bound(Ask, gate(EtherType, 0x8892, Gate{Rule: 9, Reason: neverBlock}), gate(EtherType, 0x88b8, Gate{Action: Pass, Told: true, Rule: 8, Reason: 1}),
		gate(EtherType, 0x88ba, Gate{Action: Pass, Safety: true, Rule: 7, Reason: uint16(firedoor.ReasonSafety)}))
	b.install(d, tables)
	judge(t, d, []asked{
		{outside + "never blocked", typed(t, clientMAC, serverMAC, 0x8892), said{Pass, neverBlock, 9}},
		{outside + "what would be stopped in any case", typed(t, clientMAC, serverMAC, 0x88b8), said{Would, wrongSide, 0}},
		{outside + "safety traffic", typed(t, clientMAC, serverMAC, 0x88ba), said{Pass, uint16(firedoor.ReasonSafety), 7}},
		{"an answer to what is never blocked", typed(t, serverMAC, clientMAC, 0x8892), said{Pass, neverBlock, 9}},
		{"what else the server says there", typed(t, serverMAC, clientMAC, 0x88e1), said{Would, wrongSide, 0}},
		{outside + "honest", typed(t, serverMAC, clientMAC, 0x88e1), said{Pass, 2, 900}},
	})
	b.install(d, bound(Pass))
	for name, f := range sayings(t, false) {
		judge(t, d, []asked{{outside + name + " where nothing is told", f, said{Pass, 2, 900}}})
	}
}

// TestWrongSideSpares: safety traffic passes from anywhere; a port where something is never blocked goes to whoever judges
// requests, and nothing of it passes while nobody does; and ARP of its ends passes.
func TestWrongSideSpares(t *testing.T) {
	b := newBed(t)
	tables := bound(Drop, gate(17, 2222, Gate{Action: Pass, Safety: true, Rule: 7, Reason: uint16(firedoor.ReasonSafety)}),
		gate(6, 502, Gate{Action: Ask, Floor: FloorCodes, Rule: 8, Reason: neverBlock}), gate(EtherType, 0x8892, Gate{Rule: 9, Reason: neverBlock}))
	tables.Codes = make([]CodeTable, 1)
	tables.Joined = tables.Joined[:1] // the way back is what no conduit joins
	tables.Pairs[0].Default.Astray = Pass
	for i := range tables.Places {
		tables.Places[i].Spared = tables.Places[i].Place == clientPlace
	}
	d := b.open(b.options(), tables)
	ask := wire{sport: 5000, dport: 502, tcp: &layers.TCP{SYN: true}}.frame(t)
	judge(t, d, []asked{
		{outside + "safety traffic", wire{sport: 5000, dport: 2222, payload: "x"}.frame(t), said{Pass, uint16(firedoor.ReasonSafety), 7}},
		{outside + "what is never blocked", ask, said{Ask, neverBlock, 8}},
		{outside + "and is answered", wire{sport: 502, dport: 5000, tcp: &layers.TCP{SYN: true, ACK: true}}.frame(t), said{Drop, wrongSide, 0}},
		{outside + "never blocked without IP", typed(t, clientMAC, serverMAC, 0x8892), said{Pass, neverBlock, 9}},
		{outside + "another type", typed(t, clientMAC, serverMAC, 0x88b8), said{Drop, wrongSide, 0}},
		{outside + "ARP of its client", asks(t, clientMAC, "10.97.0.1", "10.97.0.2"), said{Pass, ReasonNeighbour, 0}},
		{outside + "ARP of somebody else", asks(t, clientMAC, "10.97.0.7", "10.97.0.2"), said{Drop, wrongSide, 0}},
	})
	got, err := d.TestUnanswered(ask, Outside)
	if err != nil || got.Unanswered != Drop {
		t.Errorf("while nobody answers: %+v, %v", got, err)
	}
}
