package device

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// PortSNMP is the agents' port.
const PortSNMP = 161

// Tags of values and of units (RFC 3416, 3; RFC 2578, 7.1).
const (
	SNMPInteger   = 0x02
	SNMPString    = 0x04
	SNMPObjectID  = 0x06
	SNMPCounter   = 0x41
	SNMPGauge     = 0x42
	SNMPTicks     = 0x43 // hundredths of a second
	snmpNull      = 0x05
	snmpSequence  = 0x30
	snmpGet       = 0xa0
	snmpGetNext   = 0xa1
	snmpResponse  = 0xa2
	snmpSet       = 0xa3
	snmpGetBulk   = 0xa5
	snmpNoObject  = 0x80
	snmpEndOfView = 0x82
)

// Limits of SNMP messages.
const (
	snmpLongest  = 1472 // an answer within one frame; more is "too big"
	snmpMaxBulk  = 64   // variables of an answer
	snmpMaxParts = 64   // numbers of an object identifier
)

// SNMPObject is one variable of an agent.
type SNMPObject struct {
	OID  string // "1.3.6.1.2.1.1.5.0"
	Tag  uint8  // SNMPString, SNMPCounter ...
	Text string // of SNMPString, and of SNMPObjectID in figures
	// Number is the value of the other kinds at a time.
	Number func(now int64) uint64
}

// SNMPSystem is the system group (RFC 3418, 2) of a device that has been on
// since boot, in nanoseconds since 1970.
func SNMPSystem(description, objectID, contact, name, location string, boot int64) []SNMPObject {
	const system = "1.3.6.1.2.1.1."
	text := func(n, s string) SNMPObject { return SNMPObject{OID: system + n + ".0", Tag: SNMPString, Text: s} }
	return []SNMPObject{
		text("1", description), {OID: system + "2.0", Tag: SNMPObjectID, Text: objectID},
		{OID: system + "3.0", Tag: SNMPTicks, Number: func(now int64) uint64 { return uint64(max(now-boot, 0)/1e7) & 0xffffffff }},
		text("4", contact), text("5", name), text("6", location),
		{OID: system + "7.0", Tag: SNMPInteger, Number: func(int64) uint64 { return 72 }},
	}
}

// SNMP is an agent of versions 1 and 2c (Datagrams): get, get-next, get-bulk;
// nothing may be set.
type SNMP struct {
	community string
	objects   []snmpObject
}

type snmpObject struct {
	SNMPObject
	oid     []uint32
	encoded []byte
}

// NewSNMP checks the objects' identifiers.
func NewSNMP(community string, objects []SNMPObject) (*SNMP, error) {
	a := &SNMP{community: community}
	for _, o := range objects {
		oid, err := parseOID(o.OID)
		if err != nil {
			return nil, err
		}
		x := snmpObject{SNMPObject: o, oid: oid, encoded: encodeOID(oid)}
		if o.Tag == SNMPObjectID {
			if _, err := parseOID(o.Text); err != nil {
				return nil, err
			}
		} else if o.Tag != SNMPString && o.Number == nil {
			return nil, fmt.Errorf("device: SNMP object %s has no value", o.OID)
		}
		a.objects = append(a.objects, x)
	}
	slices.SortFunc(a.objects, func(x, y snmpObject) int { return slices.Compare(x.oid, y.oid) })
	return a, nil
}

func parseOID(s string) ([]uint32, error) {
	var oid []uint32
	for part := range strings.SplitSeq(s, ".") {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil || len(oid) == snmpMaxParts {
			return nil, fmt.Errorf("device: %q is no object identifier", s)
		}
		oid = append(oid, uint32(n))
	}
	if len(oid) < 2 || oid[0] > 2 || oid[1] > 39 {
		return nil, fmt.Errorf("device: %q is no object identifier", s)
	}
	return oid, nil
}

// encodeOID encodes an identifier (X.690, 8.19).
func encodeOID(oid []uint32) []byte {
	b := []byte{byte(oid[0]*40 + oid[1])}
	for _, n := range oid[2:] {
		for shift := 28; shift > 0; shift -= 7 {
			if n>>shift != 0 {
				b = append(b, 0x80|byte(n>>shift))
			}
		}
		b = append(b, byte(n&0x7f))
	}
	return b
}

func decodeOID(b []byte) ([]uint32, bool) {
	if len(b) == 0 || b[len(b)-1]&0x80 != 0 {
		return nil, false
	}
	oid := []uint32{uint32(b[0]) / 40, uint32(b[0]) % 40}
	n := uint32(0)
	for _, x := range b[1:] {
		n = n<<7 | uint32(x&0x7f)
		if x&0x80 == 0 {
			if len(oid) == snmpMaxParts {
				return nil, false
			}
			oid = append(oid, n)
			n = 0
		}
	}
	return oid, true
}

// element takes one element with a definite length off b.
func element(b []byte) (tag uint8, content, rest []byte, ok bool) {
	if len(b) < 2 {
		return 0, nil, nil, false
	}
	n, at := int(b[1]), 2
	if n >= 0x80 {
		long := n & 0x7f
		if long == 0 || long > 3 || len(b) < 2+long {
			return 0, nil, nil, false
		}
		n = 0
		for _, x := range b[2 : 2+long] {
			n = n<<8 | int(x)
		}
		at += long
	}
	if len(b) < at+n {
		return 0, nil, nil, false
	}
	return b[0], b[at : at+n], b[at+n:], true
}

// appendElement appends one element.
func appendElement(b []byte, tag uint8, content []byte) []byte {
	switch n := len(content); {
	case n < 0x80:
		b = append(b, tag, byte(n))
	case n < 0x100:
		b = append(b, tag, 0x81, byte(n))
	default:
		b = append(b, tag, 0x82, byte(n>>8), byte(n))
	}
	return append(b, content...)
}

// appendNumber appends an unsigned value in as few bytes as its tag allows.
func appendNumber(b []byte, tag uint8, n uint64) []byte {
	var v [9]byte
	i := len(v) - 1
	for v[i] = byte(n); n > 0xff; v[i] = byte(n) {
		n >>= 8
		i--
	}
	if v[i]&0x80 != 0 {
		i--
	}
	return appendElement(b, tag, v[i:])
}

// snmpRequest is a message taken apart.
type snmpRequest struct {
	version, community, id []byte
	unit                   uint8
	second, third          int // error status and index, or the numbers of get-bulk
	vars                   []byte
}

func parseSNMP(b []byte) (r snmpRequest, ok bool) {
	parts := [...]struct {
		tag uint8
		to  *[]byte
	}{{SNMPInteger, &r.version}, {SNMPString, &r.community}}
	tag, b, _, ok := element(b)
	if !ok || tag != snmpSequence {
		return r, false
	}
	for _, p := range parts {
		if tag, *p.to, b, ok = element(b); !ok || tag != p.tag {
			return r, false
		}
	}
	if r.unit, b, _, ok = element(b); !ok {
		return r, false
	}
	if tag, r.id, b, ok = element(b); !ok || tag != SNMPInteger {
		return r, false
	}
	for _, to := range []*int{&r.second, &r.third} {
		var v []byte
		if tag, v, b, ok = element(b); !ok || tag != SNMPInteger || len(v) == 0 || len(v) > 4 {
			return r, false
		}
		for _, x := range v {
			*to = *to<<8 | int(x)
		}
	}
	tag, r.vars, _, ok = element(b)
	return r, ok && tag == snmpSequence && len(r.version) == 1 && len(r.id) > 0 && len(r.id) <= 4
}

// Receive implements Datagrams. Another community gets no answer.
func (a *SNMP) Receive(now int64, _ netip.AddrPort, b, out []byte) []byte {
	r, ok := parseSNMP(b)
	if !ok || string(r.community) != a.community || r.version[0] > 1 {
		return out
	}
	var list []byte
	status, index := 0, 0
	old := r.version[0] == 0
	switch r.unit {
	case snmpGet, snmpGetNext:
		list, status, index, ok = a.each(r, now, old)
	case snmpGetBulk:
		ok = !old
		if ok {
			list, ok = a.bulk(r, now)
		}
	case snmpSet:
		status, index = 17, 1 // not writable
		if old {
			status = 2 // no such name
		}
	default:
		return out
	}
	if !ok {
		return out
	}
	if status != 0 {
		list = r.vars
	}
	if len(list) > snmpLongest-64 {
		list, status, index = nil, 1, 0 // too big
	}
	unit := appendElement(nil, SNMPInteger, r.id)
	unit = appendNumber(unit, SNMPInteger, uint64(status))
	unit = appendNumber(unit, SNMPInteger, uint64(index))
	unit = appendElement(unit, snmpSequence, list)
	message := appendElement(nil, SNMPInteger, r.version)
	message = appendElement(message, SNMPString, r.community)
	message = appendElement(message, snmpResponse, unit)
	return appendElement(out, snmpSequence, message)
}

// variable takes the next variable's identifier off a list.
func variable(vars []byte) (oid []uint32, encoded, rest []byte, ok bool) {
	tag, v, rest, ok := element(vars)
	if !ok || tag != snmpSequence {
		return nil, nil, nil, false
	}
	tag, encoded, _, ok = element(v)
	if !ok || tag != SNMPObjectID {
		return nil, nil, nil, false
	}
	oid, ok = decodeOID(encoded)
	return oid, encoded, rest, ok
}

// each answers get and get-next.
func (a *SNMP) each(r snmpRequest, now int64, old bool) (list []byte, status, index int, ok bool) {
	for vars, i := r.vars, 1; len(vars) > 0; i++ {
		oid, encoded, rest, ok := variable(vars)
		if !ok || i > snmpMaxBulk {
			return nil, 0, 0, false
		}
		vars = rest
		at, exact := a.find(oid)
		missing := uint8(snmpNoObject)
		if r.unit == snmpGetNext {
			missing = snmpEndOfView
			if exact {
				at++
			}
			exact = at < len(a.objects)
		}
		switch {
		case exact:
			list = a.append(list, at, now)
		case old:
			return nil, 2, i, true
		default:
			list = appendVariable(list, encoded, appendElement(nil, missing, nil))
		}
	}
	return list, 0, 0, true
}

// bulk answers get-bulk: the first variables once, the others again and again.
func (a *SNMP) bulk(r snmpRequest, now int64) (list []byte, ok bool) {
	var next []int
	once, count := min(r.second, snmpMaxBulk), 0
	for vars := r.vars; len(vars) > 0; {
		oid, encoded, rest, ok := variable(vars)
		if !ok || len(next) > snmpMaxBulk || count > snmpMaxBulk {
			return nil, false
		}
		vars = rest
		at, exact := a.find(oid)
		if exact {
			at++
		}
		if once > 0 {
			once--
			count++
			if at < len(a.objects) {
				list = a.append(list, at, now)
			} else {
				list = appendVariable(list, encoded, []byte{snmpEndOfView, 0})
			}
			continue
		}
		next = append(next, at)
	}
	for range r.third {
		sent := false
		for i, at := range next {
			if at >= len(a.objects) || count >= snmpMaxBulk || len(list) > snmpLongest/2 {
				continue
			}
			list = a.append(list, at, now)
			next[i]++
			count++
			sent = true
		}
		if !sent {
			break
		}
	}
	if len(next) > 0 && count == 0 && len(a.objects) > 0 {
		list = appendVariable(list, a.objects[len(a.objects)-1].encoded, []byte{snmpEndOfView, 0})
	}
	return list, true
}

func (a *SNMP) find(oid []uint32) (at int, exact bool) {
	return slices.BinarySearchFunc(a.objects, oid, func(o snmpObject, oid []uint32) int { return slices.Compare(o.oid, oid) })
}

// append appends an object and its value.
func (a *SNMP) append(list []byte, at int, now int64) []byte {
	o := &a.objects[at]
	var value []byte
	switch o.Tag {
	case SNMPString:
		value = appendElement(nil, SNMPString, []byte(o.Text))
	case SNMPObjectID:
		oid, _ := parseOID(o.Text) // NewSNMP has looked at it
		value = appendElement(nil, SNMPObjectID, encodeOID(oid))
	default:
		n := o.Number(now)
		if o.Tag != SNMPInteger {
			n &= 0xffffffff // counters begin again
		}
		value = appendNumber(nil, o.Tag, n)
	}
	return appendVariable(list, o.encoded, value)
}

func appendVariable(list, oid, value []byte) []byte {
	return appendElement(list, snmpSequence, append(appendElement(nil, SNMPObjectID, oid), value...))
}
