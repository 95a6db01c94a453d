package mqtt

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"

	"firedoor/internal/protocol"
)

// Types of packet (2.1.2).
const (
	typeConnect = 1 + iota
	typeConnAck
	typePublish
	typePubAck
	typePubRec
	typePubRel
	typePubComp
	typeSubscribe
	typeSubAck
	typeUnsubscribe
	typeUnsubAck
	typePingRequest
	typePingAnswer
	typeDisconnect
	typeAuth
)

// Flags of the first byte (2.1.3, 3.3.1).
const (
	flagDup     = 0x08
	flagQoS     = 0x06
	flagAsked   = 0x02 // PUBREL, SUBSCRIBE, UNSUBSCRIBE have it
	qosReserved = 0x06
)

// Framing errors.
const (
	errType  = protocol.Broken("packet type 0")
	errFlags = protocol.Broken("flags that the packet type does not have")
	errSize  = protocol.Broken("remaining length of more than four bytes")
	errLong  = protocol.Broken("packet longer than 131072 bytes that publishes nothing")
)

// varint reads a number of one to four bytes, seven bits each, the lowest first
// (1.5.5); n is 0 if b ends in it and negative if it does not end.
func varint(b []byte) (v, n int) {
	for i := range min(len(b), 4) {
		v |= int(b[i]&0x7f) << (7 * i)
		if b[i] < 0x80 {
			return v, i + 1
		}
	}
	if len(b) >= 4 {
		return 0, -1
	}
	return 0, 0
}

// flagsFit tells whether the flags of a first byte are its type's. In 3.1 requests
// for an answer may be marked as repeated.
func flagsFit(first byte) bool {
	switch first >> 4 {
	case typePublish:
		return true
	case typePubRel, typeSubscribe, typeUnsubscribe:
		return first&^flagDup&0x0f == flagAsked
	}
	return first&0x0f == 0
}

// frame reads a fixed header (2.1): the bytes it has and those of the whole packet;
// both 0 if b ends in it.
func frame(b []byte) (head, size int, err error) {
	switch {
	case b[0]>>4 == 0:
		return 0, 0, errType
	case !flagsFit(b[0]):
		return 0, 0, errFlags
	}
	length, n := varint(b[1:])
	switch {
	case n < 0:
		return 0, 0, errSize
	case n == 0:
		return 0, 0, nil
	}
	return 1 + n, 1 + n + length, nil
}

// sound tells whether b begins with a packet as the specification wants it, the
// body too. Of what is not complete, kind and size are told as far as known.
func sound(b []byte) (kind byte, size int, m protocol.Match) {
	if len(b) == 0 {
		return 0, 0, protocol.More
	}
	head, size, err := frame(b)
	kind = b[0] >> 4
	switch {
	case err != nil:
		return kind, 0, protocol.No
	case head == 0:
		return kind, 0, protocol.More
	case head > 2 && b[head-1] == 0: // not the shortest form (1.5.5)
		return kind, size, protocol.No
	}
	if kind == typePublish {
		return kind, size, soundPublish(b, head, size)
	}
	if !lengthFits(kind, size-head) {
		return kind, size, protocol.No
	}
	if len(b) < size {
		return kind, size, protocol.More
	}
	if !bodyFits(kind, b[head:size]) {
		return kind, size, protocol.No
	}
	return kind, size, protocol.Yes
}

// lengthFits knows the lengths that a type's body cannot have.
func lengthFits(kind byte, n int) bool {
	switch kind {
	case typePingRequest, typePingAnswer:
		return n == 0
	case typeDisconnect, typeAuth:
		return n < longHead
	case typeSubscribe, typeUnsubscribe:
		return n >= 5 && n < protocol.MaxMessage
	case typeConnect:
		return n >= 12 && n < protocol.MaxMessage
	}
	return n >= 2 && n < longHead
}

// bodyFits checks a complete body.
func bodyFits(kind byte, body []byte) bool {
	switch kind {
	case typeConnect:
		return slices.ContainsFunc(names[:], func(n string) bool { return len(body) >= len(n)+minConnect && string(body[:len(n)]) == n })
	case typeConnAck:
		if body[0] > 1 || len(body) == 2 && body[1] > 5 {
			return false
		}
		return len(body) == 2 || reasonKnown(body[1]) && blockFits(body[2:], typeConnAck, 0)
	case typePubAck, typePubRec, typePubRel, typePubComp:
		if binary.BigEndian.Uint16(body) == 0 {
			return false
		}
		return len(body) == 2 || reasonKnown(body[2]) && (len(body) == 3 || blockFits(body[3:], kind, 0))
	case typeSubscribe, typeUnsubscribe:
		return binary.BigEndian.Uint16(body) != 0 && (listFits(body, kind, false) || listFits(body, kind, true))
	case typeSubAck, typeUnsubAck:
		if binary.BigEndian.Uint16(body) == 0 {
			return false
		}
		return len(body) == 2 && kind == typeUnsubAck || codesFit(body[2:]) || len(body) > 3 && blockFits(body[2:], kind, 1)
	case typeDisconnect, typeAuth:
		return len(body) == 0 || reasonKnown(body[0]) && (len(body) == 1 || blockFits(body[1:], kind, 0))
	}
	return true
}

// codesFit tells whether b is what 3.1.1 grants: qualities of service, or failures.
func codesFit(b []byte) bool {
	for _, c := range b {
		if c > 2 && c != failure {
			return false
		}
	}
	return len(b) > 0
}

// blockFits tells whether b is a sound block of properties with at least more
// bytes behind it, or none.
func blockFits(b []byte, kind byte, more int) bool {
	r := protocol.Read(b)
	var props properties
	return props.read(&r, kind) == "" && (more == 0 && r.Len() == 0 || more > 0 && r.Len() >= more)
}

// listFits tells whether the body of a SUBSCRIBE or UNSUBSCRIBE is sound in one of
// the versions: filters to its very end.
func listFits(body []byte, kind byte, five bool) bool {
	r := protocol.Read(body)
	r.Skip(2)
	var props properties
	if five && props.read(&r, kind) != "" {
		return false
	}
	if r.Len() == 0 {
		return false
	}
	for r.Len() > 0 {
		filter := r.Bytes(int(r.U16()))
		if kind == typeSubscribe && !optionsFit(r.U8(), five) {
			return false
		}
		if r.Failed() || !filterFits(filter) {
			return false
		}
	}
	return true
}

// optionsFit tells whether a byte holds the options of a subscription (3.8.3.1).
func optionsFit(c byte, five bool) bool {
	if c&3 == 3 {
		return false
	}
	if five {
		return c&0xc0 == 0 && c&0x30 != 0x30
	}
	return c < 4
}

// soundPublish checks a PUBLISH as far as it is there: its topic, and that the
// rest fits behind it.
func soundPublish(b []byte, head, size int) protocol.Match {
	qos := b[0] & flagQoS
	if qos == qosReserved || qos == 0 && b[0]&flagDup != 0 {
		return protocol.No
	}
	if len(b) < head+2 {
		return protocol.More
	}
	n := int(binary.BigEndian.Uint16(b[head:]))
	least := 2 + n
	if qos != 0 {
		least += 2
	}
	if n == 0 || size-head < least {
		return protocol.No
	}
	have := b[head+2 : min(len(b), head+2+n)]
	for _, c := range have {
		if c < ' ' || c == 0x7f || c == '#' || c == '+' {
			return protocol.No
		}
	}
	if len(have) == n && !utf8.Valid(have) {
		return protocol.No
	}
	if len(b) < size {
		return protocol.More
	}
	if qos != 0 && binary.BigEndian.Uint16(b[head+2+n:]) == 0 {
		return protocol.No
	}
	return protocol.Yes
}

// topicOf is the length of the topic of a PUBLISH, 0 if not all of it is there.
func topicOf(b []byte) int {
	_, n := varint(b[1:])
	if n <= 0 || len(b) < 3+n {
		return 0
	}
	topic := int(binary.BigEndian.Uint16(b[1+n:]))
	if len(b) < 3+n+topic {
		return 0
	}
	return topic
}

// topicFits tells whether a topic may be published to (4.7.1, 1.5.4).
func topicFits(topic []byte) bool {
	for _, c := range topic {
		if c == 0 || c == '#' || c == '+' {
			return false
		}
	}
	return len(topic) > 0 && utf8.Valid(topic)
}

// filterFits tells whether wildcards stand where they may: alone in their level,
// the one for all levels in the last (4.7.1).
func filterFits(filter []byte) bool {
	for i, c := range filter {
		switch c {
		case 0:
			return false
		case '#':
			if i+1 < len(filter) {
				return false
			}
		case '+':
			if i+1 < len(filter) && filter[i+1] != '/' {
				return false
			}
		default:
			continue
		}
		if i > 0 && filter[i-1] != '/' {
			return false
		}
	}
	return len(filter) > 0 && utf8.Valid(filter)
}
