package device

import (
	"encoding/binary"
	"net/netip"
	"strings"
)

// PortDNS is the name service's port.
const PortDNS = 53

// DNS is a name server (Datagrams). Zone is read while it serves; names are in
// small letters without a dot at the end.
type DNS struct {
	Zone map[string]netip.Addr
	// Resolve is asked for names that Zone has not: the world outside. Without it
	// they do not exist.
	Resolve func(name string) (netip.Addr, bool)
	// TTL of answers in seconds; 0 is an hour.
	TTL uint32

	names map[netip.Addr]string // of Zone, made once
}

// Types of records, and codes.
const (
	dnsA, dnsPTR, dnsAAAA = 1, 12, 28

	dnsFormat, dnsMissing, dnsNotDone = 1, 3, 4
)

// dnsLongest is a message over UDP without extensions.
const dnsLongest = 512

// Receive implements Datagrams: one question of type A, AAAA or PTR in class IN;
// for another type there is nothing.
func (d *DNS) Receive(_ int64, _ netip.AddrPort, b, out []byte) []byte {
	const head = 12
	if len(b) < head || len(b) > dnsLongest || b[2]&0x80 != 0 {
		return out
	}
	if b[2]&0x78 != 0 || binary.BigEndian.Uint16(b[4:]) != 1 {
		return d.head(out, b, dnsNotDone)
	}
	name, n := dnsName(b[head:])
	if n == 0 || len(b) < head+n+4 {
		return d.head(out, b, dnsFormat)
	}
	question := b[head : head+n+4]
	kind, class := binary.BigEndian.Uint16(question[n:]), binary.BigEndian.Uint16(question[n+2:])
	at := len(out)
	out = append(d.head(out, b, 0), question...)
	binary.BigEndian.PutUint16(out[at+4:], 1)
	data, there := d.lookUp(name, kind)
	switch {
	case class != 1 || !there:
		out[at+3] |= dnsMissing
	case len(data) > 0:
		ttl := d.TTL
		if ttl == 0 {
			ttl = 3600
		}
		out = append(out, 0xc0, head, byte(kind>>8), byte(kind), 0, 1)
		out = binary.BigEndian.AppendUint32(out, ttl)
		out = append(out, byte(len(data)>>8), byte(len(data)))
		out = append(out, data...)
		out[at+7] = 1
	}
	return out
}

// head appends an answer's header with its counts 0.
func (d *DNS) head(out, question []byte, code uint8) []byte {
	return append(out, question[0], question[1], 0x84|question[2]&1, 0x80|code, 0, 0, 0, 0, 0, 0, 0, 0)
}

// dnsName reads a name of a question and how many bytes it takes; 0: none.
func dnsName(b []byte) (string, int) {
	var name strings.Builder
	for i := 0; i < len(b); {
		n := int(b[i])
		i++
		if n == 0 {
			return strings.ToLower(name.String()), i
		}
		if n > 63 || i+n > len(b) || name.Len()+n > 254 {
			break
		}
		if name.Len() > 0 {
			name.WriteByte('.')
		}
		name.Write(b[i : i+n])
		i += n
	}
	return "", 0
}

// lookUp is the data of a record; there is false for a name that does not exist.
func (d *DNS) lookUp(name string, kind uint16) (data []byte, there bool) {
	if kind == dnsPTR {
		return d.reverse(name)
	}
	addr, there := d.Zone[name]
	if !there && d.Resolve != nil {
		addr, there = d.Resolve(name)
	}
	switch {
	case !there:
	case kind == dnsA && addr.Is4():
		data = addr.AsSlice()
	case kind == dnsAAAA && addr.Is6():
		data = addr.AsSlice()
	}
	return data, there
}

// reverse is the name of an address of the zone. Of several the first in order
// of letters counts.
func (d *DNS) reverse(name string) (data []byte, there bool) {
	if len(d.names) != len(d.Zone) {
		d.names = map[netip.Addr]string{}
		for n, a := range d.Zone {
			if have, twice := d.names[a]; !twice || n < have {
				d.names[a] = n
			}
		}
	}
	digits, ok := strings.CutSuffix(name, ".in-addr.arpa")
	if !ok {
		return nil, false
	}
	p := strings.Split(digits, ".")
	if len(p) != 4 {
		return nil, false
	}
	addr, err := netip.ParseAddr(p[3] + "." + p[2] + "." + p[1] + "." + p[0])
	if err != nil {
		return nil, false
	}
	host, there := d.names[addr]
	if !there {
		return nil, false
	}
	for label := range strings.SplitSeq(host, ".") {
		data = append(append(data, byte(len(label))), label...)
	}
	return append(data, 0), true
}
