package plant

import (
	"encoding/binary"
	"net/netip"
	"strings"

	"firedoor"
)

// Broadcast is Ethernet's address of everybody.
const Broadcast firedoor.MAC = 0xffffffffffff

const (
	etherARP  = 0x0806
	etherLLDP = 0x88cc
)

// ARP asks the segment for the owner of an address (RFC 826). Asking for one's
// own address is the announcement of RFC 5227.
func (n *Net) ARP(from *Host, target netip.Addr) {
	n.arp(from, Broadcast, 1, 0, target)
}

// ARPAnswer tells to that from owns its address.
func (n *Net) ARPAnswer(from, to *Host) { n.arp(from, to.MAC, 2, to.MAC, to.IP) }

func (n *Net) arp(from *Host, dst firedoor.MAC, op byte, target firedoor.MAC, ip netip.Addr) {
	var scratch [28]byte
	b := append(scratch[:0], 0, 1, 8, 0, 6, 4, 0, op)
	src, dest := from.IP.As4(), ip.As4()
	b = append(appendMAC(b, from.MAC), src[:]...)
	b = append(appendMAC(b, target), dest[:]...)
	n.Ethernet(from.MAC, dst, from.VLAN, etherARP, b)
}

// LLDPGroup and EtherLLDP are where LLDP frames go, and their Ethernet type.
const (
	LLDPGroup firedoor.MAC = 0x0180c200000e
	EtherLLDP              = etherLLDP
)

// LLDP announces a device and its management address to the neighbour.
func (n *Net) LLDP(from *Host, port, system, description string, capabilities uint16) {
	n.Ethernet(from.MAC, LLDPGroup, 0, etherLLDP, LLDP(nil, from.MAC, from.IP, port, system, description, capabilities))
}

// LLDP appends the announcement of a device (IEEE 802.1AB, 8.5). Capabilities is
// the bit map of 8.5.8: 4 bridge, 0x80 station.
func LLDP(b []byte, mac firedoor.MAC, address netip.Addr, port, system, description string, capabilities uint16) []byte {
	b = appendTLV(b, 1, appendMAC([]byte{4}, mac))
	b = appendTLV(b, 2, append([]byte{5}, port...))
	b = appendTLV(b, 3, []byte{0, 120})
	b = appendTLV(b, 4, []byte(port))
	b = appendTLV(b, 5, []byte(system))
	b = appendTLV(b, 6, []byte(description))
	b = appendTLV(b, 7, []byte{byte(capabilities >> 8), byte(capabilities), byte(capabilities >> 8), byte(capabilities)})
	ip := address.As4()
	b = appendTLV(b, 8, append(append([]byte{5, 1}, ip[:]...), 2, 0, 0, 0, 1, 0))
	return append(b, 0, 0)
}

func appendTLV(b []byte, kind uint8, v []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(kind)<<9|uint16(len(v)))
	return append(b, v...)
}

// DHCP message types (RFC 2132, 9.6).
const (
	DHCPDiscover = 1
	DHCPOffer    = 2
	DHCPRequest  = 3
	DHCPAck      = 5
)

// Lease is what a DHCP exchange is about.
type Lease struct {
	Transaction uint32
	Client      firedoor.MAC
	Name        string     // option 12
	Class       string     // option 60
	Offered     netip.Addr // zero in the first message
	Server      netip.Addr
	Router      netip.Addr
	Seconds     uint32
}

// Message appends a DHCP message of the lease.
func (l Lease) Message(b []byte, kind uint8) []byte {
	answer := kind == DHCPOffer || kind == DHCPAck
	op := byte(1)
	if answer {
		op = 2
	}
	b = append(b, op, 1, 6, 0)
	b = binary.BigEndian.AppendUint32(b, l.Transaction)
	b = append(b, make([]byte, 8)...)
	var yours [4]byte
	if answer {
		yours = l.Offered.As4()
	}
	b = append(append(b, yours[:]...), make([]byte, 8)...)
	b = append(appendMAC(b, l.Client), make([]byte, 10+64+128)...)
	b = append(b, 0x63, 0x82, 0x53, 0x63, 53, 1, kind)
	if answer {
		return append(l.terms(b), 255)
	}
	b = appendMAC(append(b, 61, 7, 1), l.Client)
	if kind == DHCPRequest {
		b = appendAddrOption(b, 50, l.Offered)
		b = appendAddrOption(b, 54, l.Server)
	}
	b = appendOption(b, 12, l.Name)
	b = appendOption(b, 60, l.Class)
	return append(b, 55, 4, 1, 3, 6, 15, 255)
}

func (l Lease) terms(b []byte) []byte {
	b = appendAddrOption(b, 54, l.Server)
	b = binary.BigEndian.AppendUint32(append(b, 51, 4), l.Seconds)
	b = append(b, 1, 4, 255, 255, 255, 0)
	b = appendAddrOption(b, 3, l.Router)
	return appendAddrOption(b, 6, l.Server)
}

func appendOption(b []byte, code uint8, v string) []byte {
	if v == "" {
		return b
	}
	return append(append(b, code, byte(len(v))), v...)
}

func appendAddrOption(b []byte, code uint8, a netip.Addr) []byte {
	v := a.As4()
	return append(append(b, code, 4), v[:]...)
}

// DNS appends a question for a name's address (RFC 1035, 4.1).
func DNS(b []byte, id uint16, name string) []byte {
	b = binary.BigEndian.AppendUint16(b, id)
	b = append(b, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0)
	return append(appendName(b, name), 0, 1, 0, 1)
}

// DNSAnswer answers it; the zero Addr says that there is no such name.
func DNSAnswer(b []byte, id uint16, name string, addr netip.Addr) []byte {
	b = binary.BigEndian.AppendUint16(b, id)
	if !addr.IsValid() {
		b = append(b, 0x81, 0x83, 0, 1, 0, 0, 0, 0, 0, 0)
		return append(appendName(b, name), 0, 1, 0, 1)
	}
	b = append(b, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0)
	b = append(appendName(b, name), 0, 1, 0, 1)
	v := addr.As4()
	return append(append(b, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0x0e, 0x10, 0, 4), v[:]...)
}

// MDNS appends the announcement of a host's name and one service instance
// (RFC 6762 and 6763).
func MDNS(b []byte, host, service string, port uint16, addr netip.Addr) []byte {
	b = append(b, 0, 0, 0x84, 0, 0, 0, 0, 3, 0, 0, 0, 0)
	full := host + "." + service + ".local"
	instance := appendName(nil, full)
	b = append(appendName(b, service+".local"), 0, 12, 0, 1, 0, 0, 0x11, 0x94)
	b = append(binary.BigEndian.AppendUint16(b, uint16(len(instance))), instance...)
	target := appendName(nil, host+".local")
	b = append(append(b, instance...), 0, 33, 0x80, 1, 0, 0, 0, 120)
	b = binary.BigEndian.AppendUint16(b, uint16(6+len(target)))
	b = binary.BigEndian.AppendUint16(append(b, 0, 0, 0, 0), port)
	b = append(b, target...)
	v := addr.As4()
	b = append(append(b, target...), 0, 1, 0x80, 1, 0, 0, 0, 120, 0, 4)
	return append(b, v[:]...)
}

func appendName(b []byte, name string) []byte {
	for label := range strings.SplitSeq(name, ".") {
		b = append(append(b, byte(len(label))), label...)
	}
	return append(b, 0)
}

// NBNSRegister appends the broadcast by which a Windows host claims its name
// (RFC 1002, 4.2.2).
func NBNSRegister(b []byte, id uint16, name string, addr netip.Addr) []byte {
	b = binary.BigEndian.AppendUint16(b, id)
	b = append(b, 0x29, 0x10, 0, 1, 0, 0, 0, 0, 0, 1)
	b = append(appendNetBIOS(b, name), 0, 0x20, 0, 1)
	v := addr.As4()
	b = append(b, 0xc0, 12, 0, 0x20, 0, 1, 0, 0x04, 0x93, 0xe0, 0, 6, 0, 0)
	return append(b, v[:]...)
}

// NBNSQuery asks everybody for a name.
func NBNSQuery(b []byte, id uint16, name string) []byte {
	b = binary.BigEndian.AppendUint16(b, id)
	b = append(b, 0x01, 0x10, 0, 1, 0, 0, 0, 0, 0, 0)
	return append(appendNetBIOS(b, name), 0, 0x20, 0, 1)
}

// appendNetBIOS spells 15 characters and the workstation suffix as half bytes.
func appendNetBIOS(b []byte, name string) []byte {
	b = append(b, 32)
	for i := range 16 {
		c := byte(' ')
		switch {
		case i == 15:
			c = 0
		case i < len(name):
			c = strings.ToUpper(name)[i]
		}
		b = append(b, 'A'+c>>4, 'A'+c&15)
	}
	return append(b, 0)
}

// SNMP object identifiers of the system group (RFC 3418), encoded.
var (
	SNMPDescription = []byte{0x2b, 6, 1, 2, 1, 1, 1, 0}
	SNMPName        = []byte{0x2b, 6, 1, 2, 1, 1, 5, 0}
)

// SNMPGet appends a version 2c get request for objects.
func SNMPGet(b []byte, community string, id uint16, objects ...[]byte) []byte {
	var list []byte
	for _, o := range objects {
		list = append(list, ber(0x30, append(ber(6, o), 5, 0))...)
	}
	return snmp(b, community, 0xa0, id, list)
}

// SNMPAnswer appends its answer with a text for each object.
func SNMPAnswer(b []byte, community string, id uint16, objects [][]byte, texts ...string) []byte {
	var list []byte
	for i, o := range objects {
		list = append(list, ber(0x30, append(ber(6, o), ber(4, []byte(texts[i]))...))...)
	}
	return snmp(b, community, 0xa2, id, list)
}

func snmp(b []byte, community string, pdu byte, id uint16, list []byte) []byte {
	body := []byte{2, 3, 0, byte(id >> 8), byte(id), 2, 1, 0, 2, 1, 0}
	body = append(body, ber(0x30, list)...)
	head := append([]byte{2, 1, 1}, ber(4, []byte(community))...)
	return append(b, ber(0x30, append(head, ber(pdu, body)...))...)
}

// ber is one element with its definite length (X.690, 8.1.3).
func ber(tag byte, v []byte) []byte {
	switch n := len(v); {
	case n < 128:
		return append([]byte{tag, byte(n)}, v...)
	case n < 256:
		return append([]byte{tag, 0x81, byte(n)}, v...)
	default:
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, v...)
	}
}
