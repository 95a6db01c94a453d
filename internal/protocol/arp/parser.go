package arp

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

type parser struct{ voice wire.Voice }

// Fixed fields (RFC 826) and the size of the packet for Ethernet and IPv4.
const (
	hardwareEthernet = 1
	protocolIPv4     = 0x0800
	size             = 28

	request = 1
	reply   = 2
)

// Parse reads one ARP packet. Hardware other than Ethernet, protocols other
// than IPv4 and the reverse and inverse forms are passed over: they say nothing
// about a MAC's IPv4 address.
func (p *parser) Parse(_ firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	if len(b) < 8 {
		p.voice.Malformed(emit, "shorter than the fixed fields", 0)
		return len(b), nil
	}
	hardware, proto := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	if hardware != hardwareEthernet || proto != protocolIPv4 {
		return len(b), nil
	}
	if b[4] != 6 || b[5] != 4 {
		p.voice.Malformed(emit, "address sizes are not those of Ethernet and IPv4", 4)
		return len(b), nil
	}
	if len(b) < size {
		p.voice.Malformed(emit, "shorter than its addresses", len(b))
		return len(b), nil
	}
	if op := binary.BigEndian.Uint16(b[6:]); op != request && op != reply {
		return len(b), nil
	}
	mac, ip := firedoor.MACFrom(b[8:]), firedoor.IPv4(binary.BigEndian.Uint32(b[14:]))
	switch {
	case ip.IsUnspecified():
		// a probe asks whether an address is free and claims nothing
	case mac == 0 || mac.IsGroup():
		p.voice.Malformed(emit, "the sender's MAC address is no device's", 8)
	case ip.IsGroup():
		p.voice.Malformed(emit, "the sender's IP address is a group's", 14)
	default:
		p.voice.Fact(emit, firedoor.Identity{
			About: firedoor.AboutAddress, Kind: firedoor.FactAddress, Confidence: 90,
			MAC: mac, IP: ip, Source: "arp",
		})
	}
	return len(b), nil
}

// Gap: packets stand alone.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }
