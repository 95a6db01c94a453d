package ptp

import (
	"encoding/binary"
	"strconv"

	"firedoor"
)

// All clocks and all ports, where a message is for them.
const (
	allClocks = ^uint64(0)
	allPorts  = 0xffff
)

// portOf is a port of a clock in an object, with a first number of the space's own. The
// second has the number of the port, the domain and whose profile it is of; the others are
// the clock.
func portOf(h *header, first uint32, clock uint64, port uint16) [4]uint32 {
	return [4]uint32{first, uint32(h.sdo)<<24 | uint32(h.domain)<<16 | uint32(port), uint32(clock >> 32), uint32(clock)}
}

func appendPort(dst []byte, o *firedoor.Object) []byte {
	dst = strconv.AppendUint(append(dst, "domain:"...), uint64(o.At[1]>>16&0xff), 10)
	if sdo := o.At[1] >> 24; sdo != 0 {
		dst = strconv.AppendUint(append(dst, "/sdo:"...), uint64(sdo), 10)
	}
	dst = append(dst, "/clock:"...)
	if clock := uint64(o.At[2])<<32 | uint64(o.At[3]); clock == allClocks {
		dst = append(dst, "all"...)
	} else {
		dst = appendIdentity(dst, clock)
	}
	dst = append(dst, "/port:"...)
	if port := o.At[1] & 0xffff; port != allPorts {
		return strconv.AppendUint(dst, uint64(port), 10)
	}
	return append(dst, "all"...)
}

// appendIdentity writes the identity of a clock. One that was made of a MAC has fffe in its middle.
func appendIdentity(dst []byte, clock uint64) []byte {
	dst = append(appendHex(dst, clock>>40, 6), '.')
	dst = append(appendHex(dst, clock>>24, 4), '.')
	return appendHex(dst, clock, 6)
}

func appendHex(dst []byte, v uint64, digits int) []byte {
	for digits--; digits >= 0; digits-- {
		dst = append(dst, "0123456789abcdef"[v>>(4*digits)&0xf])
	}
	return dst
}

// clocks are ports of clocks. What a port announces stands in the parts of its state.
var clocks = firedoor.Space{Name: "clock", Append: appendPort, Place: func(o *firedoor.Object, _ *firedoor.Values) firedoor.Object {
	return firedoor.Object{Space: &states, At: [4]uint32{0, o.At[1], o.At[2], o.At[3]}}
}}

// states are the parts of what a port announces, each a point of its own.
var states = firedoor.Space{Name: "state", Axis: 1, Append: func(dst []byte, o *firedoor.Object) []byte {
	return append(appendPort(dst, o), stateParts[min(int(o.At[0]), len(stateParts)-1)]...)
}}

var stateParts = [...]string{"/priority1", "/class", "/accuracy", "/variance", "/priority2", "/steps-removed", "/time-source", "/utc-offset", "/flags"}

// grandmasters are those that ports announce.
var grandmasters = firedoor.Space{Name: "grandmaster", Append: func(dst []byte, o *firedoor.Object) []byte {
	return append(appendPort(dst, o), "/grandmaster"...)
}}

// state is what an Announce says of a grandmaster.
type state struct {
	grandmaster                                   uint64
	variance, steps, flags                        uint16
	utc                                           int16
	priority1, class, accuracy, priority2, source byte
}

// stateOf reads an Announce: behind the time offset to UTC (2), one reserved, priority 1,
// class, accuracy, variance (2), priority 2, grandmaster (8), steps removed (2), source of time.
func stateOf(h *header, m []byte) state {
	b := m[headerSize+10:]
	return state{utc: int16(binary.BigEndian.Uint16(b)), priority1: b[3], class: b[4], accuracy: b[5], variance: binary.BigEndian.Uint16(b[6:]), priority2: b[8],
		grandmaster: binary.BigEndian.Uint64(b[9:]), steps: binary.BigEndian.Uint16(b[17:]), source: b[19], flags: h.flags & flagsLasting}
}

// maxPorts is how many ports of clocks of a flow are remembered. Of further ones nothing
// is told but what is asked of them.
const maxPorts = 64

// known is what was told of a port of a clock.
type known struct {
	clock uint64
	port  uint32 // with domain and profile, as in an object
	told  uint16 // a bit for each type of message
	state
}

// sender is what is known of who sent the message at hand, nil if there is no room. Whoever is new is introduced.
func (p *parser) sender() *known {
	at := portOf(&p.h, 0, p.h.clock, p.h.port)
	for i := range p.known {
		if k := &p.known[i]; k.clock == p.h.clock && k.port == at[1] {
			return k
		}
	}
	if len(p.known) == maxPorts {
		return nil
	}
	p.known = append(p.known, known{clock: p.h.clock, port: at[1]})
	p.fact(firedoor.FactService, "ptp", append(p.text[:0], "ptp clock"...))
	p.fact(firedoor.FactComment, "ptp clock identity", appendIdentity(p.text[:0], p.h.clock))
	return &p.known[len(p.known)-1]
}

func (p *parser) fact(kind firedoor.FactKind, source string, value []byte) {
	p.voice.Fact(p.emit, firedoor.Identity{Kind: kind, Confidence: 90, Source: source, Value: value})
}

// own is the port that sent the message at hand, as an object of a space.
func (p *parser) own(space *firedoor.Space) firedoor.Object {
	return firedoor.Object{Space: space, At: portOf(&p.h, 0, p.h.clock, p.h.port)}
}

// seen tells the first message of a type that a port sends.
func (p *parser) seen() {
	k := p.sender()
	if bit := uint16(1) << p.h.kind; k != nil && k.told&bit == 0 {
		k.told |= bit
		p.tell(kinds[p.h.kind].words, uint32(p.h.kind), p.own(&clocks), firedoor.Values{}, nil)
	}
}

// announced tells an Announce unless it repeats what is known.
func (p *parser) announced(m []byte) {
	k := p.sender()
	if k == nil {
		return
	}
	const bit = uint16(1) << typeAnnounce
	now, before := stateOf(&p.h, m), k.state
	fresh := k.told&bit == 0
	if !fresh && before == now {
		return
	}
	k.told, k.state = k.told|bit, now
	name := appendIdentity(p.identity[:0], now.grandmaster)
	if fresh || before.grandmaster != now.grandmaster {
		p.follows(now.grandmaster, name)
	}
	b := p.scratch[:0]
	for _, v := range [...]int32{int32(now.priority1), int32(now.class), int32(now.accuracy), int32(now.variance), int32(now.priority2),
		int32(now.steps), int32(now.source), int32(now.utc), int32(now.flags)} {
		b = binary.BigEndian.AppendUint32(b, uint32(v))
	}
	p.tell(kinds[typeAnnounce].words, typeAnnounce, p.own(&clocks), firedoor.Values{Type: firedoor.I32, Count: len(b) / 4, Raw: b}, name)
}

// follows tells which grandmaster a port announces.
func (p *parser) follows(grandmaster uint64, name []byte) {
	if grandmaster == p.h.clock {
		p.fact(firedoor.FactService, "ptp", append(p.text[:0], "ptp grandmaster"...))
	}
	text := append(append(p.text[:0], name...), " in domain "...)
	p.fact(firedoor.FactComment, "ptp grandmaster", strconv.AppendUint(text, uint64(p.h.domain), 10))
	b := binary.BigEndian.AppendUint64(p.scratch[:0], grandmaster)
	p.tell("grandmaster", typeAnnounce, p.own(&grandmasters), firedoor.Values{Type: firedoor.U64, Count: 1, Raw: b}, name)
}
