package genisys

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is Genisys.
var Protocol = &protocol.Protocol{
	Name:       "genisys",
	TCP:        []uint16{10001, 10002},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "Genisys (Union Switch & Signal)", Depth: protocol.Recognised, By: "the description of CISA's ICSNPP-Genisys", Golden: "ICSNPP-Genisys, its parser and its log",
		Holds: "for each of 256 requests that wait 24 bytes"},
	Functions: listFunctions,
	Whole:     true,
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&indications, &controls},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventMalformed},
}

// Objects: octets of a station by their address.
var (
	indications = firedoor.Space{Name: "indication"}
	controls    = firedoor.Space{Name: "control"}
)

// Headers. 0xf4, 0xf5, 0xf7 and 0xf8 mean nothing, 0xf6 ends a message.
const (
	headAck       = 0xf1
	headIndicate  = 0xf2
	headCheckback = 0xf3
	headEnd       = 0xf6
	headCommon    = 0xf9
	headAckPoll   = 0xfa
	headPoll      = 0xfb
	headControl   = 0xfc
	headRecall    = 0xfd
	headExecute   = 0xfe
	escape        = 0xf0
)

// Sizes of a message: as it is read, and as it stands on the wire.
const (
	maxBody = 2 + 2*256 + 2
	maxWire = 2 * maxBody
)

// known tells whether a header means anything.
func known(head byte) bool { return words[head&15].name != "" && head > escape }

// words are those of a header, by its low half; reports of the station have no verb.
var words = [16]struct {
	name string
	verb firedoor.Verb
}{
	headAck & 15: {"acknowledge", 0}, headIndicate & 15: {"indication data", 0}, headCheckback & 15: {"control data checkback", 0},
	headCommon & 15: {"common control data", firedoor.VerbControl}, headAckPoll & 15: {"acknowledge and poll", firedoor.VerbRead},
	headPoll & 15: {"poll", firedoor.VerbRead}, headControl & 15: {"control data", firedoor.VerbControl},
	headRecall & 15: {"recall", firedoor.VerbRead}, headExecute & 15: {"execute controls", firedoor.VerbControl},
}

// message is one message without its escapes.
type message struct {
	head byte
	body []byte // address of the station, pairs; no checksum
	size int    // on the wire
}

// Kinds of finding.
type finding uint8

const (
	none    finding = iota // no message begins here
	part                   // one may, and is not whole
	wrong                  // one does, and its checksum is wrong
	weak                   // one does that has no checksum
	checked                // one does, and its checksum is right
)

// read finds the message that b begins with; its body is written into buf. A checksum
// that was sent as it is may hold the octet that ends messages.
func read(b, buf []byte) (m message, f finding) {
	if len(b) == 0 {
		return m, part
	}
	if !known(b[0]) {
		return m, none
	}
	m.head = b[0]
	for i := 1; i < min(len(b), maxWire); i++ {
		if b[i] != headEnd {
			continue
		}
		now, ok := unescape(b[:i], buf)
		if ok && now == checked || ok && now == weak && m.size == 0 {
			m.size, f = i+1, now
			m.body = body(m.head, buf, b[1:i], f)
			return m, f
		}
		if m.size == 0 {
			m.size, f = i+1, wrong
		} else if i+1-m.size > 2 {
			break
		}
	}
	if m.size > 0 && f == wrong {
		return m, wrong
	}
	if len(b) >= maxWire {
		return m, none
	}
	return m, part
}

// unescape reads what stands from the header to before the end, and tells whether it
// is a message.
func unescape(b, buf []byte) (f finding, ok bool) {
	if m := plain(b[1:], buf); m != nil {
		if (b[0] == headAck || b[0] == headPoll) && len(m) == 1 {
			return weak, true
		}
		if sound(b[0], m) {
			return checked, true
		}
	}
	if len(b) < 4 { // the checksum may be there as it is
		return none, false
	}
	m := plain(b[1:len(b)-2], buf)
	if m == nil || len(m)+2 > maxBody {
		return none, false
	}
	m = append(m, b[len(b)-2:]...)
	return checked, sound(b[0], m)
}

// plain takes the escapes out; nil if what is left is no message.
func plain(b, buf []byte) []byte {
	out := buf[:0]
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == escape {
			if i++; i == len(b) || b[i] > 15 {
				return nil
			}
			c |= b[i]
		}
		if len(out) == maxBody {
			return nil
		}
		out = append(out, c)
	}
	return out
}

// sound tells whether a body ends with its checksum.
func sound(head byte, m []byte) bool {
	n := len(m) - 2
	if n < 1 {
		return false
	}
	c := crc(0xffff, head)
	for _, x := range m[:n] {
		c = crc(c, x)
	}
	return byte(c) == m[n] && byte(c>>8) == m[n+1]
}

func crc(c uint16, x byte) uint16 {
	c ^= uint16(x)
	for range 8 {
		if c&1 != 0 {
			c = c>>1 ^ 0xa001
		} else {
			c >>= 1
		}
	}
	return c
}

// body is what was read of a message but for its checksum.
func body(head byte, buf, wire []byte, f finding) []byte {
	if m := plain(wire, buf); m != nil && (f == weak || sound(head, m)) {
		if f == weak {
			return m
		}
		return m[:len(m)-2]
	}
	return plain(wire[:len(wire)-2], buf)
}

// probe wants a message whose checksum is right; those without before it may be.
func probe(b []byte) protocol.Match {
	var buf [maxBody]byte
	rest := b
	for {
		m, f := read(rest, buf[:])
		switch f {
		case checked:
			return protocol.Yes
		case weak:
			rest = rest[m.size:]
		case part:
			if len(b) < protocol.MaxProbe {
				return protocol.More
			}
			return protocol.No
		case wrong:
			if len(rest) < m.size+2 && len(b) < protocol.MaxProbe { // the octet may be one of the checksum
				return protocol.More
			}
			return protocol.No
		default:
			return protocol.No
		}
	}
}

// orient goes by who sends a header.
func orient(b []byte) protocol.Orientation {
	switch {
	case len(b) == 0 || !known(b[0]):
		return protocol.OrientUnknown
	case words[b[0]&15].verb == 0:
		return protocol.SentByServer
	}
	return protocol.SentByClient
}
