package datapath

import (
	"net/netip"
	"testing"

	"github.com/gopacket/gopacket/layers"
)

// TestWhoIsTheClient holds the readings of frames that do not say who asks.
func TestWhoIsTheClient(t *testing.T) {
	b := newBed(t)
	ask := Gate{Action: Ask, Rule: 40, Floor: FloorPass}
	allowed, reset := pass, Gate{Action: Reset, Rule: 41, Floor: FloorDrop}
	allowed.Rule = 39
	tables := closed(gate(6, 80, allowed), gate(17, 53, allowed), gate(6, 81, ask), gate(6, 82, reset), gate(17, 82, reset))
	d := b.open(b.options(), tables)
	tcp := func(back bool, sport, dport uint16, flags layers.TCP) []byte {
		return wire{back: back, sport: sport, dport: dport, tcp: &flags}.frame(t)
	}
	udp := func(back bool, sport, dport uint16) []byte {
		return wire{back: back, sport: sport, dport: dport, payload: "x"}.frame(t)
	}
	syn, ack, synAck, rst := layers.TCP{SYN: true}, layers.TCP{ACK: true}, layers.TCP{SYN: true, ACK: true}, layers.TCP{RST: true}
	judge(t, d, []asked{
		{"SYN to an open port", tcp(false, 5000, 80, syn), said{Pass, 2, 39}},
		{"SYN and ACK from it", tcp(true, 80, 5000, synAck), said{Pass, 2, 39}},
		{"ACK to it", tcp(false, 5000, 80, ack), said{Pass, 2, 39}},
		{"ACK from it", tcp(true, 80, 5000, ack), said{Pass, 2, 39}},
		{"RST from it", tcp(true, 80, 5000, rst), said{Pass, 2, 39}},
		{"a SYN is no answer, whatever its port", tcp(true, 80, 5000, syn), said{Drop, 3, 901}},
		{"a SYN is no answer of what is asked about either", tcp(true, 81, 5000, syn), said{Drop, 3, 901}},
		{"SYN to a closed port", tcp(false, 5000, 79, syn), said{Drop, 3, 901}},
		{"ACK to a closed port", tcp(false, 5000, 79, ack), said{Drop, 3, 901}},
		{"from an open port number to a closed port", tcp(false, 80, 79, ack), said{Drop, 3, 901}},
		{"SYN to be asked about", tcp(false, 5000, 81, syn), said{Ask, 0, 40}},
		{"answer of what is asked about", tcp(true, 81, 5000, ack), said{Ask, 0, 40}},
		{"SYN to be reset", tcp(false, 5000, 82, syn), said{Reset, 0, 41}},
		{"UDP cannot be reset", udp(false, 5000, 82), said{Drop, 0, 41}},
		{"UDP that nobody asked for", udp(true, 53, 5001), said{Ask, ReasonUnsure, 901}},
		{"UDP to an open port", udp(false, 5001, 53), said{Pass, 2, 39}},
		{outside + "UDP that somebody asked for", udp(true, 53, 5001), said{Pass, 2, 39}},
		{"UDP from the side of who asked", udp(true, 53, 5001), said{Ask, ReasonUnsure, 901}},
		{"UDP from an open port to a port that did not ask", udp(true, 53, 5002), said{Ask, ReasonUnsure, 901}},
		{"UDP to a closed port", udp(false, 53, 54), said{Drop, 3, 901}},
	})
}

// TestWhoOpened: a connection that its client opened while it might is no answer of one that its server
// may open, once another policy holds.
func TestWhoOpened(t *testing.T) {
	b := newBed(t)
	allowed := pass
	allowed.Rule = 39
	both := func(gates ...PortGate) *Tables { // and its server may open all it likes
		tables := closed(gates...)
		tables.Pairs = append(tables.Pairs, Pair{pass, pass})
		tables.Joined = append(tables.Joined, Joined{serverZone, clientZone, 2})
		return tables
	}
	d := b.open(b.options(), both(gate(6, 79, allowed)))
	tcp := func(back bool, sport, dport uint16, flags layers.TCP) []byte {
		return wire{back: back, sport: sport, dport: dport, tcp: &flags}.frame(t)
	}
	syn, ack := layers.TCP{SYN: true}, layers.TCP{ACK: true}
	judge(t, d, []asked{
		{"a connection that may be opened", tcp(false, 5000, 79, syn), said{Pass, 2, 39}},
		{"and what is said in it", tcp(false, 5000, 79, ack), said{Pass, 2, 39}},
	})
	if err := d.Install(both()); err != nil {
		t.Fatal(err)
	}
	judge(t, d, []asked{
		{"once it may not", tcp(false, 5000, 79, ack), said{Drop, 3, 901}},
		{"one that nobody saw begin", tcp(false, 5001, 79, ack), said{Pass, 2, 900}},
		{outside + "the server opens one on its ports", tcp(true, 79, 5000, syn), said{Pass, 2, 900}},
		{"which is answered", tcp(false, 5000, 79, ack), said{Pass, 2, 900}},
	})
}

// TestAskedIsSaid holds that who is asked about an answer of UDP is told that its request was seen, of
// this very flow and from the other side, and of nothing else.
func TestAskedIsSaid(t *testing.T) {
	b := newBed(t)
	d := b.open(b.options(), closed(gate(17, 53, Gate{Action: Ask, Rule: 40, Floor: FloorDrop}), gate(17, 54, pass)))
	for i, c := range []struct {
		back         bool
		sport, dport uint16
		port         int
		action       Action
		asked        bool
	}{
		{true, 53, 5001, Outside, Ask, false},
		{false, 5001, 53, Inside, Ask, false},
		{true, 53, 5001, Outside, Ask, true},
		{true, 53, 5001, Inside, Ask, false}, // from the side of who asked
		{true, 53, 5002, Outside, Ask, false},
		{false, 5001, 53, Inside, Ask, false},
		{false, 53, 53, Inside, Ask, false},
		{true, 53, 53, Outside, Ask, true},
		{true, 54, 5001, Outside, Ask, false},
		{false, 5001, 54, Inside, Pass, false},
		{true, 54, 5001, Outside, Pass, true},
		{true, 55, 5001, Outside, Drop, false},
	} {
		got, err := d.Test(wire{back: c.back, sport: c.sport, dport: c.dport, payload: "x"}.frame(t), c.port)
		if err != nil || got.Action != c.action || got.Asked != c.asked {
			t.Errorf("frame %d, from %d to %d: %v, asked %v (%v)", i, c.sport, c.dport, got.Action, got.Asked, err)
		}
	}
}

// TestCallsAreAnswered holds that an answer to a call to a group is known as one by who called, the two ports and
// the side, whoever sends it.
func TestCallsAreAnswered(t *testing.T) {
	b := newBed(t)
	tables := closed(gate(17, 53, Gate{Action: Ask, Rule: 40, Floor: FloorDrop}))
	tables.Places = append(tables.Places, Place{Prefix: netip.MustParsePrefix("10.97.0.255/32"), Place: serverPlace, Zone: serverZone},
		Place{Prefix: netip.MustParsePrefix("10.97.0.3/32"), Place: serverPlace, Zone: serverZone},
		Place{Prefix: netip.MustParsePrefix("10.97.0.4/32"), Place: clientPlace, Zone: clientZone})
	d := b.open(b.options(), tables)
	const caller, another, group = "10.97.0.1", "10.97.0.4", "10.97.0.255"
	for i, c := range []struct {
		from, to     string
		sport, dport uint16
		port         int
		receiver     byte // last one of its MAC, 0xff for a group
		asked        bool
	}{
		{"10.97.0.3", caller, 53, 5001, Outside, 1, false},
		{caller, group, 5001, 53, Inside, 0xff, false},
		{"10.97.0.3", caller, 53, 5001, Outside, 1, true},
		{"10.97.0.2", caller, 53, 5001, Outside, 1, true},
		{"10.97.0.2", another, 53, 5001, Outside, 1, true}, // it has another address now
		{"10.97.0.2", another, 53, 5001, Outside, 9, false},
		{"10.97.0.2", caller, 53, 5001, Inside, 1, false},
		{"10.97.0.2", caller, 53, 5002, Outside, 1, false},
		{"10.97.0.2", another, 53, 5001, Outside, 0xff, true}, // to all
		{"10.97.0.2", another, 53, 5002, Outside, 0xff, false},
	} {
		frame := wire{from: c.from, to: c.to, sport: c.sport, dport: c.dport, payload: "x"}.frame(t)
		copy(frame[6:], []byte{2, 0, 0, 0, 0, 2})
		if copy(frame, []byte{2, 0, 0, 0, 0, c.receiver}); c.receiver == 0xff {
			copy(frame, "\xff\xff\xff\xff\xff\xff")
		}
		if c.port == Inside {
			frame[11] = 1
		}
		if got, err := d.Test(frame, c.port); err != nil || got.Asked != c.asked {
			t.Errorf("frame %d, %s to %s: %v, asked %v (%v)", i, c.from, c.to, got.Action, got.Asked, err)
		}
	}
}
