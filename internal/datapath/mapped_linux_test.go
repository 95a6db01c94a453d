package datapath

import (
	"testing"

	"github.com/gopacket/gopacket/layers"
)

// TestMappedAddresses: IPv6 with an address of IPv4 in it is malformed, whosever that address is.
func TestMappedAddresses(t *testing.T) {
	b := newBed(t)
	d := b.open(b.options(), closed(gate(6, 80, pass)))
	malformed := said{Drop, ReasonMalformed, 901}
	whole := wire{six: true, sport: 5000, dport: 80, tcp: &layers.TCP{SYN: true}}.frame(t)
	mapped := func(at int, last byte) []byte {
		frame := append([]byte{}, whole...)
		copy(frame[at:], []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 97, 0, last})
		return frame
	}
	judge(t, d, []asked{
		{"neither", whole, said{Pass, 2, 900}},
		{"its source", mapped(22, 1), malformed},
		{"its destination", mapped(38, 2), malformed},
	})
}

// TestOneMACOfTwo: a host with addresses in a VLAN does not hide the one that has its MAC anywhere, and no address.
func TestOneMACOfTwo(t *testing.T) {
	b := newBed(t)
	tables := closed(gate(6, 80, pass))
	tables.Places = tables.Places[2:] // the client has no address here
	tables.Stations = []Station{{MAC: 0x020000610001, Place: 77, Zone: 77, VLAN: VLAN{true, 7, 0}}, {MAC: 0x020000610001, Place: clientPlace, Zone: clientZone, Bare: true}}
	d := b.open(b.options(), tables)
	syn := &layers.TCP{SYN: true}
	judge(t, d, []asked{
		{"elsewhere", wire{sport: 5000, dport: 80, tcp: syn}.frame(t), said{Pass, 2, 900}},
		{"there", wire{vlans: []uint16{7}, sport: 5000, dport: 80, tcp: syn}.frame(t), said{Pass, 2, 900}},
	})
}
