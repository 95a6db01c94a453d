package wire

import (
	"encoding/binary"

	"firedoor"
)

// Limits of a DNS message (RFC 1035, 2.3.4 and 4.1).
const (
	DNSHeader   = 12
	MaxDNSName  = 255
	maxDNSLabel = 63
	maxPointers = 32 // more would only make reading a message slow
)

// Record types that several readers of the format know (RFC 1035 3.2.2 and later).
const (
	TypeA     = 1
	TypeCNAME = 5
	TypePTR   = 12
	TypeHINFO = 13
	TypeTXT   = 16
	TypeAAAA  = 28
	TypeSRV   = 33
	TypeOPT   = 41
)

// Header flags (RFC 1035, 4.1.1).
const (
	DNSResponse  = 0x8000
	DNSTruncated = 0x0200
	DNSRecursion = 0x0100
	DNSAvailable = 0x0080
	dnsZ         = 0x0040
)

// Section is a part of a DNS message; in an update (RFC 2136) they are zone,
// prerequisite, update and additional.
type Section uint8

// Sections in wire order.
const (
	Question Section = iota
	Answer
	Authority
	Additional
	sections
)

// DNS walks one DNS message, which NBNS, mDNS and LLMNR share. It never
// follows a pointer forwards, so that a walk ends whatever the bytes say.
type DNS struct {
	Msg   []byte
	ID    uint16
	Flags uint16
	Count [sections]uint16

	pos     int
	section Section
	left    uint16
}

// Record is one entry of a section. A question has no TTL and no data.
type Record struct {
	Section Section
	Type    uint16
	Class   uint16
	TTL     uint32
	Name    int // offset of the name
	Data    int // offset of the data
	Len     int // bytes of data
}

// ReadDNS reads the header and stands before the first record; false when b is
// too short for one.
func ReadDNS(b []byte) (DNS, bool) {
	if len(b) < DNSHeader {
		return DNS{}, false
	}
	d := DNS{Msg: b, ID: binary.BigEndian.Uint16(b), Flags: binary.BigEndian.Uint16(b[2:])}
	for i := range d.Count {
		d.Count[i] = binary.BigEndian.Uint16(b[4+2*i:])
	}
	d.Rewind()
	return d, true
}

// Rewind stands before the first record again.
func (d *DNS) Rewind() { d.pos, d.section, d.left = DNSHeader, Question, d.Count[Question] }

// Opcode is the header's operation: 0 query, 5 update (NBNS has its own).
func (d *DNS) Opcode() uint16 { return d.Flags >> 11 & 0xf }

// Rcode is the header's response code.
func (d *DNS) Rcode() uint16 { return d.Flags & 0xf }

// IsResponse tells whether the message answers.
func (d *DNS) IsResponse() bool { return d.Flags&DNSResponse != 0 }

// Pos is the offset behind the last record read.
func (d *DNS) Pos() int { return d.pos }

// Next reads the next record. more is false behind the last one; ok is false
// when the bytes end or break the format first.
func (d *DNS) Next(r *Record) (more, ok bool) {
	for d.left == 0 {
		if d.section >= Additional {
			return false, true
		}
		d.section++
		d.left = d.Count[d.section]
	}
	at, ok := skipName(d.Msg, d.pos)
	if !ok || len(d.Msg)-at < 4 {
		return false, false
	}
	*r = Record{
		Section: d.section, Name: d.pos,
		Type: binary.BigEndian.Uint16(d.Msg[at:]), Class: binary.BigEndian.Uint16(d.Msg[at+2:]),
	}
	at += 4
	if d.section != Question {
		if len(d.Msg)-at < 6 {
			return false, false
		}
		r.TTL = binary.BigEndian.Uint32(d.Msg[at:])
		r.Len = int(binary.BigEndian.Uint16(d.Msg[at+4:]))
		r.Data = at + 6
		if at = r.Data + r.Len; at > len(d.Msg) {
			return false, false
		}
	}
	d.pos = at
	d.left--
	return true, true
}

// Whole tells whether the message parses to its very end: header, every name,
// every record, nothing left over. It is the structure probes ask for.
func (d *DNS) Whole() bool {
	defer d.Rewind()
	d.Rewind()
	if d.Flags&dnsZ != 0 {
		return false
	}
	var r Record
	for {
		more, ok := d.Next(&r)
		if !ok {
			return false
		}
		if !more {
			return d.pos == len(d.Msg)
		}
		if !d.sound(&r) {
			return false
		}
	}
}

// sound checks what a record of a known type must look like.
func (d *DNS) sound(r *Record) bool {
	var name [MaxDNSName]byte
	if _, ok := AppendName(name[:0], d.Msg, r.Name); !ok {
		return false
	}
	if r.Section == Question || r.Type == TypeOPT || r.Len == 0 {
		return true
	}
	switch r.Type {
	case TypeA:
		return r.Len == 4
	case TypeAAAA:
		return r.Len == 16
	}
	return true
}

// IP is the address an A or AAAA record holds; zero for other records.
func (d *DNS) IP(r *Record) firedoor.IP {
	b := d.Msg[r.Data : r.Data+r.Len]
	switch {
	case r.Type == TypeA && len(b) == 4:
		return firedoor.IPv4(binary.BigEndian.Uint32(b))
	case r.Type == TypeAAAA && len(b) == 16:
		return firedoor.IPv6(b)
	}
	return firedoor.IP{}
}

// AppendName appends the name at an offset of a message: labels in lower case
// joined by dots, no dot behind the last; dst must be empty. ok is false when it runs off the
// message, is longer than MaxDNSName or a pointer does not point back.
func AppendName(dst, msg []byte, at int) (name []byte, ok bool) {
	limit := at // pointers must go before the part they end
	for hops := 0; ; {
		if at >= len(msg) {
			return dst, false
		}
		n := int(msg[at])
		switch {
		case n == 0:
			return dst, true
		case n&0xc0 == 0xc0:
			if at+1 >= len(msg) {
				return dst, false
			}
			to := n&0x3f<<8 | int(msg[at+1])
			if hops++; to >= limit || hops > maxPointers {
				return dst, false
			}
			at, limit = to, to
		case n > maxDNSLabel || at+1+n > len(msg) || len(dst)+n+1 > MaxDNSName:
			return dst, false
		default:
			if len(dst) > 0 {
				dst = append(dst, '.')
			}
			for _, c := range msg[at+1 : at+1+n] {
				dst = append(dst, Lower(c))
			}
			at += 1 + n
		}
	}
}

// skipName returns the offset behind a name.
func skipName(msg []byte, at int) (int, bool) {
	for {
		if at >= len(msg) {
			return at, false
		}
		n := int(msg[at])
		switch {
		case n == 0:
			return at + 1, true
		case n&0xc0 == 0xc0:
			return at + 2, at+2 <= len(msg)
		case n > maxDNSLabel:
			return at, false
		}
		at += 1 + n
	}
}

// ReverseIP reads the address out of a name under in-addr.arpa or ip6.arpa
// (RFC 1035 3.5, RFC 3596 2.5); zero when it is none.
func ReverseIP(name []byte) firedoor.IP {
	const v4, v6 = ".in-addr.arpa", ".ip6.arpa"
	switch {
	case HasSuffix(name, v4):
		return reverse4(name[:len(name)-len(v4)])
	case HasSuffix(name, v6):
		return reverse6(name[:len(name)-len(v6)])
	}
	return firedoor.IP{}
}

// HasSuffix tells whether a name ends in a static text.
func HasSuffix(name []byte, suffix string) bool {
	return len(name) >= len(suffix) && string(name[len(name)-len(suffix):]) == suffix
}

func reverse4(b []byte) firedoor.IP {
	var v, part uint32
	digits, parts := 0, 0
	for i := 0; i <= len(b); i++ {
		if i < len(b) && b[i] != '.' {
			if b[i] < '0' || b[i] > '9' || digits == 3 {
				return firedoor.IP{}
			}
			part = part*10 + uint32(b[i]-'0')
			digits++
			continue
		}
		if digits == 0 || part > 255 || parts == 4 {
			return firedoor.IP{}
		}
		v |= part << (8 * parts)
		part, digits = 0, 0
		parts++
	}
	if parts != 4 {
		return firedoor.IP{}
	}
	return firedoor.IPv4(v)
}

func reverse6(b []byte) firedoor.IP {
	if len(b) != 63 {
		return firedoor.IP{}
	}
	var ip firedoor.IP
	for i := range 32 {
		c := b[2*i]
		if i < 31 && b[2*i+1] != '.' {
			return firedoor.IP{}
		}
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		default:
			return firedoor.IP{}
		}
		if i < 16 {
			ip.Lo |= uint64(c) << (4 * i)
		} else {
			ip.Hi |= uint64(c) << (4 * (i - 16))
		}
	}
	return ip
}

// Resolver tells the three users of the format apart, which the message alone
// must show because ports only suggest.
type Resolver uint8

// Resolvers.
const (
	UnicastDNS Resolver = iota
	MulticastDNS
	NetBIOS
)

// Kind classes a message that is Whole. NBNS names are 32 letters A to P in
// one label (RFC 1002, 4.1). mDNS (RFC 6762, 18) sends the identifier 0, no
// recursion bits, and only names of the local link; its announcements ask
// nothing.
func (d *DNS) Kind() Resolver {
	defer d.Rewind()
	d.Rewind()
	var r Record
	if more, ok := d.Next(&r); !more || !ok {
		return UnicastDNS
	}
	if EncodedNetBIOS(d.Msg, r.Name) {
		return NetBIOS
	}
	bare := d.IsResponse() && d.Count[Question] == 0
	quiet := d.ID == 0 && d.Flags&(DNSRecursion|DNSAvailable) == 0
	if d.Opcode() != 0 || !bare && !quiet {
		return UnicastDNS
	}
	var buf [MaxDNSName]byte
	for more := true; more; more, _ = d.Next(&r) {
		if r.Type == TypeOPT {
			continue
		}
		name, ok := AppendName(buf[:0], d.Msg, r.Name)
		if !ok || !linkName(name) {
			return UnicastDNS
		}
	}
	return MulticastDNS
}

func linkName(name []byte) bool {
	return HasSuffix(name, ".local") || string(name) == "local" || HasSuffix(name, ".in-addr.arpa") || HasSuffix(name, ".ip6.arpa")
}

// EncodedNetBIOS tells whether a first-level encoded NetBIOS name stands at an offset.
func EncodedNetBIOS(msg []byte, at int) bool {
	if at+33 > len(msg) || msg[at] != 32 {
		return false
	}
	for _, c := range msg[at+1 : at+33] {
		if c < 'A' || c > 'P' {
			return false
		}
	}
	return true
}
