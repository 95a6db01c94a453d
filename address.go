package firedoor

import (
	"net/netip"
	"strconv"
)

// IP is an IPv4 or IPv6 address as two machine words, free of pointers, so that
// tables keyed by it are never scanned by the garbage collector. IPv4 addresses
// are held in their IPv4-mapped form (RFC 4291, 2.5.5.2). The zero value means
// "no address".
type IP struct{ Hi, Lo uint64 }

const v4Prefix = 0xffff << 32

// IPv4 returns the IP of a 32-bit big-endian IPv4 address.
func IPv4(v uint32) IP { return IP{Lo: v4Prefix | uint64(v)} }

// IPFrom converts a netip.Addr; the zero Addr gives the zero IP.
func IPFrom(a netip.Addr) IP {
	if !a.IsValid() {
		return IP{}
	}
	b := a.As16()
	return IPv6(b[:])
}

// IPv6 returns the IP of 16 bytes in network order; b must hold at least 16.
func IPv6(b []byte) IP {
	_ = b[15]
	return IP{
		Hi: uint64(b[0])<<56 | uint64(b[1])<<48 | uint64(b[2])<<40 | uint64(b[3])<<32 |
			uint64(b[4])<<24 | uint64(b[5])<<16 | uint64(b[6])<<8 | uint64(b[7]),
		Lo: uint64(b[8])<<56 | uint64(b[9])<<48 | uint64(b[10])<<40 | uint64(b[11])<<32 |
			uint64(b[12])<<24 | uint64(b[13])<<16 | uint64(b[14])<<8 | uint64(b[15]),
	}
}

// Is4 tells whether ip is an IPv4 address.
func (ip IP) Is4() bool { return ip.Hi == 0 && ip.Lo>>32 == 0xffff }

// IsZero tells whether there is no address.
func (ip IP) IsZero() bool { return ip == IP{} }

// IsGroup tells whether ip is multicast or the IPv4 limited broadcast: an
// address that no single asset owns.
func (ip IP) IsGroup() bool {
	if ip.Is4() {
		v := uint32(ip.Lo)
		return v>>28 == 0xe || v == 0xffffffff
	}
	return ip.Hi>>56 == 0xff
}

// IsUnspecified tells whether ip is 0.0.0.0 or ::.
func (ip IP) IsUnspecified() bool { return ip == IP{} || ip == IPv4(0) }

// IsLinkLocal tells whether ip is in 169.254.0.0/16 or fe80::/10.
func (ip IP) IsLinkLocal() bool {
	if ip.Is4() {
		return uint32(ip.Lo)>>16 == 0xa9fe
	}
	return ip.Hi>>54 == 0xfe80>>6
}

// Less orders addresses numerically, IPv4 as IPv4-mapped.
func (ip IP) Less(o IP) bool { return ip.Hi < o.Hi || ip.Hi == o.Hi && ip.Lo < o.Lo }

// Netip converts to the standard library's form; IPv4 comes out unmapped.
func (ip IP) Netip() netip.Addr {
	if ip.IsZero() {
		return netip.Addr{}
	}
	if ip.Is4() {
		v := uint32(ip.Lo)
		return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
	}
	var b [16]byte
	for i := range 8 {
		b[i] = byte(ip.Hi >> (56 - 8*i))
		b[8+i] = byte(ip.Lo >> (56 - 8*i))
	}
	return netip.AddrFrom16(b)
}

// AppendTo appends the text form (RFC 5952 for IPv6); nothing for the zero IP.
func (ip IP) AppendTo(dst []byte) []byte {
	if ip.Is4() {
		v := uint32(ip.Lo)
		dst = strconv.AppendUint(dst, uint64(v>>24), 10)
		dst = append(dst, '.')
		dst = strconv.AppendUint(dst, uint64(v>>16&0xff), 10)
		dst = append(dst, '.')
		dst = strconv.AppendUint(dst, uint64(v>>8&0xff), 10)
		dst = append(dst, '.')
		return strconv.AppendUint(dst, uint64(v&0xff), 10)
	}
	if ip.IsZero() {
		return dst
	}
	return ip.Netip().AppendTo(dst)
}

// String is AppendTo as a string.
func (ip IP) String() string { return string(ip.AppendTo(nil)) }

// MAC is a 48-bit Ethernet address in the low bits. Zero means "not seen".
type MAC uint64

// MACFrom reads six bytes in wire order; b must hold at least six.
func MACFrom(b []byte) MAC {
	_ = b[5]
	return MAC(b[0])<<40 | MAC(b[1])<<32 | MAC(b[2])<<24 | MAC(b[3])<<16 | MAC(b[4])<<8 | MAC(b[5])
}

// IsGroup tells whether the address is multicast or broadcast (I/G bit).
func (m MAC) IsGroup() bool { return m>>40&1 == 1 }

// Universal is the address without the mark of one that is locally administered.
func (m MAC) Universal() MAC { return m &^ (1 << 41) }

// IsLocal tells whether the address is locally administered (U/L bit): its
// first bytes then say nothing about a vendor.
func (m MAC) IsLocal() bool { return m>>41&1 == 1 }

// AppendTo appends the address as aa:bb:cc:dd:ee:ff; nothing for zero.
func (m MAC) AppendTo(dst []byte) []byte {
	if m == 0 {
		return dst
	}
	const hex = "0123456789abcdef"
	for i := 40; i >= 0; i -= 8 {
		if i < 40 {
			dst = append(dst, ':')
		}
		dst = append(dst, hex[m>>(i+4)&0xf], hex[m>>i&0xf])
	}
	return dst
}

// String is AppendTo as a string.
func (m MAC) String() string { return string(m.AppendTo(nil)) }

// Segment is the handle of a network segment: a broadcast domain in which an
// address means one thing. OEM skids repeat the same addresses in every line,
// so every key starts with a Segment. Handles are given out in the order of
// first sight; names live in the table of whoever gave them out.
type Segment uint32

// Endpoint is one end of a conversation as the wire shows it. Port is zero
// where the protocol has none; MAC is zero where the capture has none.
type Endpoint struct {
	Segment Segment
	Port    uint16
	IP      IP
	MAC     MAC
}
