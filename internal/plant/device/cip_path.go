package device

import "encoding/binary"

// cipPath is a path taken apart (CIP volume 1, appendix C). What is absent is -1.
type cipPath struct {
	class, instance, attribute, member int
	slot                               int    // the last link address of a route
	points                             [3]int // connection points
	pointCount                         int
	symbol                             []byte // names of symbol segments, joined by dots
}

// parsePath takes a path apart; names is where the joined name is put.
func parsePath(b, names []byte) (p cipPath, ok bool) {
	p = cipPath{class: -1, instance: -1, attribute: -1, member: -1, slot: -1, symbol: names[:0]}
	for len(b) > 0 {
		n := 0
		switch kind := b[0] >> 5; {
		case kind == 0:
			n = p.port(b)
		case b[0] == 0x34: // electronic key
			n = 10
		case kind == 1:
			n = p.logical(b)
		case b[0] == 0x91:
			n = p.name(b)
		case b[0] == 0x80 && len(b) >= 2: // configuration data
			n = 2 + 2*int(b[1])
		}
		if n <= 0 || n > len(b) {
			return p, false
		}
		b = b[n:]
	}
	return p, true
}

// port takes a link to another network or place; 0: none that is known.
func (p *cipPath) port(b []byte) int {
	if len(b) < 2 || b[0]&0x1f == 0x0f || b[0]&0x10 != 0 {
		return 0
	}
	p.slot = int(b[1])
	return 2
}

// logical takes a class, instance, member, connection point or attribute of 8,
// 16 or 32 bits.
func (p *cipPath) logical(b []byte) int {
	var v, n int
	switch format := b[0] & 3; {
	case format == 0 && len(b) >= 2:
		v, n = int(b[1]), 2
	case format == 1 && len(b) >= 4:
		v, n = int(binary.LittleEndian.Uint16(b[2:])), 4
	case format == 2 && len(b) >= 6:
		v, n = int(binary.LittleEndian.Uint32(b[2:])), 6
	default:
		return 0
	}
	switch b[0] >> 2 & 7 {
	case 0:
		p.class = v
	case 1:
		p.instance = v
	case 2:
		p.member = v
	case 3:
		if p.pointCount == len(p.points) {
			return 0
		}
		p.points[p.pointCount] = v
		p.pointCount++
	case 4:
		p.attribute = v
	default:
		return 0
	}
	return n
}

// name takes a symbol.
func (p *cipPath) name(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	n := int(b[1])
	if n == 0 || len(b) < 2+n {
		return 0
	}
	if len(p.symbol) > 0 {
		p.symbol = append(p.symbol, '.')
	}
	p.symbol = append(p.symbol, b[2:2+n]...)
	return 2 + n + n%2
}
