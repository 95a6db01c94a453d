package sensor

import (
	"testing"

	"firedoor"
	"firedoor/internal/inventory"
)

var peerSpace = firedoor.Space{Name: "holding", Axis: 1}

// TestPeersAreOthersAndDoTheSame: rarity counts other clients of the same role
// that ask for the same object, never the asker itself.
func TestPeersAreOthersAndDoTheSame(t *testing.T) {
	v := inventory.New(inventory.Config{Industrial: func(string) bool { return true }})
	at := func(last byte) firedoor.Endpoint {
		return firedoor.Endpoint{IP: firedoor.IPv4(0x0a000000 | uint32(last)), MAC: firedoor.MAC(0x001b1b000000 + int(last))}
	}
	op := func(address uint32) *firedoor.Operation {
		return &firedoor.Operation{Verb: firedoor.VerbRead, Code: 3, Object: firedoor.Object{Space: &peerSpace, At: [4]uint32{address}}}
	}
	p := newPeers()
	plc := at(100)
	unheard := 0
	for _, h := range []struct {
		client  byte
		address uint32
	}{{1, 0}, {1, 7}, {2, 0}, {3, 0}} {
		c := at(h.client)
		for _, e := range []firedoor.Endpoint{c, plc} {
			v.Sight(firedoor.Moment{Time: 1}, e, false)
		}
		for _, verb := range []firedoor.Verb{firedoor.VerbRead, firedoor.VerbWrite} {
			v.Speak(firedoor.Moment{Time: 1}, c, plc, "modbus", verb)
		}
		if p.learn(&record{client: c, server: plc, protocol: "modbus", op: op(h.address)}) {
			unheard++
		}
	}
	if unheard != 1 {
		t.Errorf("%d deeds were unheard of, want 1: reading is reading, whoever does it", unheard)
	}
	_, client, _ := v.Describe(at(1))
	_, server, _ := v.Describe(plc)
	if client == "" || server == "" {
		t.Fatalf("the clients are %q and the server is %q: the test needs roles", client, server)
	}
	p.index(v)
	for _, c := range []struct {
		client      byte
		address     uint32
		same, doing int
	}{{1, 0, 2, 2}, {1, 7, 2, 0}, {2, 7, 2, 1}, {2, 9, 2, 0}} {
		if same, doing := p.count(v, at(c.client), plc, "modbus", op(c.address)); same != c.same || doing != c.doing {
			t.Errorf("client %d, holding:%d: %d of %d peers do, want %d of %d", c.client, c.address, doing, same, c.doing, c.same)
		}
	}
}
