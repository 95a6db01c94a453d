package coap

import (
	"unicode/utf8"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is CoAP on UDP. On 5684 it is inside DTLS, which has a probe of its own.
var Protocol = &protocol.Protocol{
	Name:       "coap",
	UDP:        []uint16{5683},
	Sealed:     []uint16{5684},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "CoAP", Depth: protocol.Recognised, By: "RFC 7252, RFC 7641, RFC 8132", Holds: "16 observed resources",
		Unread: []string{"CoAP over TCP and WebSocket (RFC 8323)", "payloads other than plain text of at most 256 bytes", "queries", "blocks (RFC 7959): each is told for itself", "requests of a server to its client", "OSCORE: what is inside", "drafts before RFC 7252"}},
	Functions: listFunctions,
	Further:   []string{"response"},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&resources},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventMalformed},
}

// Types of message (3).
const (
	typeConfirmable = 0
	typeAcknowledge = 2
	typeReset       = 3
)

// Options (5.10 and the registry of 12.2).
const (
	optHost    = 3
	optObserve = 6
	optPath    = 11
	optFormat  = 12
	optQuery   = 15
	optQBlock1 = 19 // blocks that are not waited for (RFC 9177)
	optBlock2  = 23 // of an answer (RFC 7959)
	optBlock1  = 27 // of a request
	optQBlock2 = 31
	optSilence = 258 // classes of answers that the client does not want (RFC 7967)
	maxOptions = 32
)

// options are the known ones with the lengths they may have; text must be UTF-8.
var options = [256]struct {
	known       bool
	text        bool
	least, most int
}{
	1:          {true, false, 0, 8},
	optHost:    {true, true, 1, 255},
	4:          {true, false, 1, 8},
	5:          {true, false, 0, 0},
	optObserve: {true, false, 0, 3},
	7:          {true, false, 0, 2},
	8:          {true, true, 0, 255},
	9:          {true, false, 0, 255},
	optPath:    {true, true, 0, 255},
	optFormat:  {true, false, 0, 2},
	14:         {true, false, 0, 4},
	optQuery:   {true, true, 0, 255},
	16:         {true, false, 0, 1},
	17:         {true, false, 0, 2},
	optQBlock1: {true, false, 0, 3},
	20:         {true, true, 0, 255},
	21:         {true, false, 0, 0},
	optBlock2:  {true, false, 0, 3},
	optBlock1:  {true, false, 0, 3},
	28:         {true, false, 0, 4},
	optQBlock2: {true, false, 0, 3},
	35:         {true, true, 1, 1034},
	39:         {true, true, 1, 255},
	60:         {true, false, 0, 4},
	252:        {true, false, 1, 40},
}

// distant are those with numbers that need more than an octet: No-Response, Request-Tag (RFC 9175), and
// the versions of content formats of the Open Connectivity Foundation.
func distant(number, length int) bool {
	switch number {
	case optSilence:
		return length <= 1
	case 292:
		return length <= 8
	case 2049, 2053:
		return length <= 2
	}
	return false
}

// message is one datagram, taken apart.
type message struct {
	kind, code byte
	id         uint16
	token      []byte
	list       []byte // options
	payload    []byte
}

// head reads what stands before the options: version, type and length of the token,
// code, identifier (2), token (3).
func head(b []byte) (m message, reason string) {
	if len(b) < 4 {
		return m, "shorter than its header"
	}
	n := int(b[0] & 15)
	m = message{kind: b[0] >> 4 & 3, code: b[1], id: uint16(b[2])<<8 | uint16(b[3])}
	switch {
	case b[0]>>6 != 1:
		return m, "version other than 1"
	case n > 8:
		return m, "token of more than eight bytes"
	case len(b) < 4+n:
		return m, "token is cut"
	case m.code == 0 && len(b) > 4:
		return m, "empty message that is not empty"
	}
	m.token, m.list = b[4:4+n], b[4+n:]
	return m, ""
}

// option takes the next one from b; last is the number of the one before (3.1). At
// the end of the options size is 0.
func option(b []byte, last int) (number int, value []byte, size int, ok bool) {
	if len(b) == 0 || b[0] == 0xff {
		return 0, nil, 0, true
	}
	at := 1
	delta, at, ok := extended(b, int(b[0]>>4), at)
	if !ok {
		return 0, nil, 0, false
	}
	length, at, ok := extended(b, int(b[0]&15), at)
	if !ok || len(b) < at+length {
		return 0, nil, 0, false
	}
	return last + delta, b[at : at+length], at + length, true
}

// extended reads a nibble that may be continued in one or two bytes.
func extended(b []byte, n, at int) (value, next int, ok bool) {
	switch {
	case n < 13:
		return n, at, true
	case n == 13 && len(b) > at:
		return 13 + int(b[at]), at + 1, true
	case n == 14 && len(b) > at+1:
		return 269 + int(b[at])<<8 + int(b[at+1]), at + 2, true
	}
	return 0, 0, false
}

// probe wants a request for a resource told in text, or an answer whose options are
// all known and tell of its content. What says less is not believed.
func probe(b []byte) protocol.Match {
	m, reason := head(b)
	request := m.code >= 1 && int(m.code) < len(methods)
	if reason != "" || !request && !exists(m.code) || request && m.kind >= typeAcknowledge || m.kind == typeReset {
		return protocol.No
	}
	last, told := 0, false
	for list := m.list; ; {
		number, value, size, ok := option(list, last)
		switch {
		case !ok || size > 0 && !fits(number, value):
			return protocol.No
		case size == 0 && (len(list) == 1 || !told):
			return protocol.No
		case size == 0:
			return protocol.Yes
		}
		if request {
			told = told || (number == optPath || number == optHost) && len(value) > 0
		} else {
			told = told || number == optFormat && len(list) > size+1 && len(m.token) > 0
		}
		list, last = list[size:], number
	}
}

func fits(number int, value []byte) bool {
	if number >= len(options) {
		return distant(number, len(value))
	}
	if !options[number].known {
		return false
	}
	o := &options[number]
	if len(value) < o.least || len(value) > o.most {
		return false
	}
	return !o.text || printable(value)
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return utf8.Valid(b)
}

func orient(b []byte) protocol.Orientation {
	switch {
	case len(b) < 4 || b[1] == 0:
		return protocol.OrientUnknown
	case b[1] < 0x40:
		return protocol.SentByClient
	}
	return protocol.SentByServer
}
