package datapath

import (
	"encoding/binary"
	"testing"

	"github.com/gopacket/gopacket/layers"
)

// snap puts what an Ethernet frame carries behind a length and SNAP, with the length that it
// has, plus more.
func snap(frame []byte, organization byte, more int) []byte {
	out := append(append([]byte{}, frame[:12]...), 0, 0, 0xaa, 0xaa, 3, organization, 0, 0)
	out = append(out, frame[12:]...)
	binary.BigEndian.PutUint16(out[12:], uint16(len(out)-14+more))
	return out
}

// TestSNAP: a type behind a length is judged as that type, and IP there by its ends as a part
// of a packet is: by no rule about something else.
func TestSNAP(t *testing.T) {
	b := newBed(t)
	cyclic, lengths := Gate{Action: Pass, Rule: 60}, Gate{Action: Pass, Rule: 62}
	tables := closed(gate(EtherType, 0x8892, cyclic), gate(EtherType, 0, lengths), gate(6, 80, pass), gate(6, 81, Gate{Action: Ask, Rule: 5, Floor: FloorDrop}))
	tables.Stations = []Station{{MAC: 0x020000610001, Place: clientPlace, Zone: clientZone}, {MAC: 0x020000610002, Place: serverPlace, Zone: serverZone}}
	d := b.open(b.options(), tables)
	profinet, goose := typed(t, clientMAC, serverMAC, 0x8892), typed(t, clientMAC, serverMAC, 0x88b8)
	web := wire{sport: 5000, dport: 80, tcp: &layers.TCP{SYN: true}}.frame(t)
	six := wire{six: true, sport: 5000, dport: 80, tcp: &layers.TCP{SYN: true}}.frame(t)
	tagged := wire{sport: 5000, dport: 80, tcp: &layers.TCP{SYN: true}, vlans: []uint16{7}}.frame(t)
	arp := typed(t, clientMAC, serverMAC, 0x0806)
	cases := []asked{
		{"a type", snap(profinet, 0, 0), said{Pass, 0, 60}},
		{"another type", snap(goose, 0, 0), said{Drop, 3, 901}},
		{"of a vendor", snap(goose, 9, 0), said{Pass, 0, 62}},
		{"a length too small for it", snap(goose, 0, 7-len(snap(goose, 0, 0))+14), said{Pass, 0, 62}},
		{"a length of it alone", snap(goose, 0, 8-len(snap(goose, 0, 0))+14), said{Drop, 3, 901}},
		{"no SNAP", append(append(append([]byte{}, goose[:12]...), 0, 46), goose[14:]...), said{Pass, 0, 62}},
		{"ARP", snap(arp, 0, 0), said{Pass, ReasonNeighbour, 0}},
		{"IP", snap(web, 0, 0), said{Ask, ReasonFragment, 901}},
		{"IPv6", snap(six, 0, 0), said{Ask, ReasonFragment, 901}},
		{"a tag behind it", snap(tagged, 0, 0), said{Pass, 0, 62}},
		{"behind a tag", append(append(append([]byte{}, web[:12]...), 0x81, 0, 0, 7), snap(web, 0, 0)[12:]...), said{Ask, ReasonFragment, 901}},
		{"IP as it should be", web, said{Pass, 2, 900}},
	}
	judge(t, d, cases)
	open := Gate{Action: Pass, Rule: 33}
	b.install(d, &Tables{Pairs: []Pair{{open, stop}}})
	judge(t, d, []asked{{"IP where all is open", snap(web, 0, 0), said{Pass, 0, 33}}})
	b.install(d, closed())
	judge(t, d, []asked{{"IP where all is closed", snap(web, 0, 0), said{Drop, 3, 901}}})
}

// onwards has a packet of IPv6 go on from its receiver: segments are those left.
func onwards(six []byte, kind, segments byte) []byte {
	out := append(append([]byte{}, six[:54]...), six[20], 2, kind, segments)
	out = append(append(out, make([]byte, 20)...), six[54:]...)
	out[20] = 43
	binary.BigEndian.PutUint16(out[18:], uint16(len(out)-54))
	return out
}

// TestRoutedOn: where anything is enforced, what its receiver is to send on goes nowhere.
func TestRoutedOn(t *testing.T) {
	b := newBed(t)
	enforced, free := Gate{Action: Pass, Rule: 33, Enforced: true}, Gate{Action: Pass, Rule: 34}
	tables := func(there, back Gate) *Tables {
		out := closed()
		out.Joined, out.Pairs = append(out.Joined, Joined{serverZone, clientZone, 2}), []Pair{{stop, stop}, {there, stop}, {back, stop}}
		return out
	}
	six := wire{six: true, sport: 5000, dport: 80, tcp: &layers.TCP{ACK: true}, payload: "x"}.frame(t)
	for _, c := range []struct {
		name        string
		there, back Gate
		want        said
	}{
		{"enforced", enforced, free, said{Drop, ReasonRouted, 0}},
		{"enforced the other way", free, enforced, said{Drop, ReasonRouted, 0}},
		{"not enforced", free, free, said{Pass, 0, 34}},
	} {
		d := b.open(b.options(), tables(c.there, c.back))
		for _, kind := range []byte{0, 2, 4} {
			judge(t, d, []asked{{c.name, onwards(six, kind, 1), c.want}, {c.name + ", at its end", onwards(six, kind, 0), said{Pass, 0, c.there.Rule}}})
		}
		d.Close()
	}
}

// withOptions gives a packet of IPv4 options, of which there are a multiple of four bytes.
func withOptions(four []byte, options ...byte) []byte {
	out := append(append(append([]byte{}, four[:34]...), options...), four[34:]...)
	out[14] += byte(len(options) / 4)
	binary.BigEndian.PutUint16(out[16:], uint16(len(out)-14))
	return out
}

// TestSourceRoutes: nor does what goes on by a source route of IPv4, wherever that stands.
func TestSourceRoutes(t *testing.T) {
	b := newBed(t)
	tables := closed()
	tables.Pairs[1].Default = Gate{Action: Pass, Rule: 33, Enforced: true}
	d := b.open(b.options(), tables)
	four := wire{sport: 5000, dport: 80, tcp: &layers.TCP{ACK: true}, payload: "x"}.frame(t)
	part := append([]byte{}, four...)
	part[21] = 9 // not the first of its packet
	routed, passes := said{Drop, ReasonRouted, 0}, said{Pass, 0, 33}
	far := make([]byte, 40)
	for i := range far {
		far[i] = 1
	}
	copy(far[33:], []byte{137, 7, 4, 10, 0, 2, 9})
	judge(t, d, []asked{
		{"loose", withOptions(four, 131, 7, 4, 10, 0, 2, 9, 0), routed},
		{"strict", withOptions(four, 137, 7, 4, 10, 0, 2, 9, 0), routed},
		{"behind others", withOptions(four, 1, 1, 148, 4, 0, 0, 131, 7, 4, 10, 0, 2, 9, 0, 0, 0), routed},
		{"at the end of the most there can be", withOptions(four, far...), routed},
		{"longer than its header", withOptions(four, 131, 11, 4, 10, 0, 2, 9, 0), routed},
		{"of a part of a packet", withOptions(part, 131, 7, 4, 10, 0, 2, 9, 0), routed},
		{"behind SNAP", snap(withOptions(four, 131, 7, 4, 10, 0, 2, 9, 0), 0, 0), routed},
		{"at its end", withOptions(four, 131, 7, 8, 10, 0, 2, 9, 0), passes},
		{"its way is recorded", withOptions(four, 7, 7, 4, 10, 0, 2, 9, 0), passes},
		{"behind the end of options", withOptions(four, 0, 131, 7, 4, 10, 0, 2, 9), passes},
		{"within another", withOptions(four, 7, 11, 4, 131, 7, 4, 1, 10, 0, 2, 9, 1), passes},
		{"no room for more", withOptions(four, 1, 1, 1, 131), passes},
		{"none", four, passes},
	})
}
