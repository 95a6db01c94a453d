package c1222

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Protocol is ANSI C12.22.
var Protocol = &protocol.Protocol{
	Name:       "c1222",
	TCP:        []uint16{1153},
	UDP:        []uint16{1153},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "ANSI C12.22", Depth: protocol.Recognised, By: "IEEE 1703 (ANSI C12.22), as open dissectors name its elements",
		Unread: []string{"content of tables but the identity", "enciphered services", "segmented messages", "application titles", "requests of the server's side"}},
	Functions: listFunctions,
	Further:   []string{"enciphered services", "answer"},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&tables, &procedures},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventIdentity, firedoor.EventLogin, firedoor.EventEncrypted, firedoor.EventMalformed},
}

// Tags of a message and its elements.
const (
	tagMessage       = 0x60
	tagContext       = 0xa1
	tagCalledTitle   = 0xa2
	tagCalledID      = 0xa4
	tagCallingTitle  = 0xa6
	tagQualifier     = 0xa7
	tagCallingID     = 0xa8
	tagMechanism     = 0x8b
	tagAuthenticates = 0xac
	tagUser          = 0xbe
	tagExternal      = 0x28
	tagOctets        = 0x81
)

// maxMessage is how long a message may be.
const maxMessage = 1 << 16

// Bits of the control byte that begins the services.
const (
	always      = 0x80
	hasClass    = 0x10 // four bytes of class follow
	security    = 0x0c
	secureMAC   = 0x04 // a check value of four bytes at the end
	secureFull  = 0x08
	respond     = 0x03
	neverAnswer = 2
)

// message is what is read of one.
type message struct {
	size        int
	user        []byte // control byte and services; nil if there are none
	called      int64
	calling     int64
	hasCalled   bool
	hasCalling  bool
	titles      int
	whole, sane bool
}

// read reads the message that b begins with: whole is false when b ends too early,
// sane when it is none.
func read(b []byte) (m message) {
	if len(b) > 0 && b[0] != tagMessage {
		return m
	}
	_, head, size, ok := wire.BERHeader(b)
	if !ok {
		m.sane = len(b) < 6 && (len(b) < 2 || b[1] < 0x80 || b[1] >= 0x81 && b[1] <= 0x84 && len(b) < 2+int(b[1]&0x7f))
		return m
	}
	if m.sane = size > 2 && size <= maxMessage; !m.sane || len(b) < head+size {
		return m
	}
	m.whole, m.size = true, head+size
	r := wire.ReadBER(b[head:m.size])
	for r.Len() > 0 && !r.Failed() {
		tag, content := r.Any()
		m.element(tag, content)
	}
	m.sane = m.sane && !r.Failed()
	return m
}

func (m *message) element(tag byte, content []byte) {
	inner := wire.ReadBER(content)
	switch tag {
	case tagCalledTitle, tagCallingTitle:
		m.titles++
	case tagCalledID:
		m.called = inner.Int()
		m.hasCalled = !inner.Failed()
	case tagCallingID:
		m.calling = inner.Int()
		m.hasCalling = !inner.Failed()
	case tagUser:
		deeper := inner.Into(tagExternal)
		m.user = deeper.Take(tagOctets)
		m.sane = !deeper.Failed() && len(m.user) > 0
	case tagContext, tagQualifier, tagMechanism, tagAuthenticates:
	default:
		m.sane = false
	}
}

// probe wants a whole message with a title or an identifier, and services.
func probe(b []byte) protocol.Match {
	if _, head, size, ok := wire.BERHeader(b); ok && head+size > protocol.MaxProbe {
		return protocol.No // found by a shorter one, before it or behind it
	}
	m := read(b)
	switch {
	case !m.sane:
		return protocol.No
	case !m.whole && len(b) >= protocol.MaxProbe:
		return protocol.No
	case !m.whole:
		return protocol.More
	case len(m.user) > 0 && m.user[0]&always != 0 && m.user[0]&respond != respond && (m.titles > 0 || m.hasCalling) && services(m.user, nil):
		return protocol.Yes
	}
	return protocol.No
}

// services walks over the services behind the control byte; false if they do not
// fill it. Enciphered ones are not looked at.
func services(user []byte, each func(service []byte)) bool {
	b := user[1:]
	if user[0]&hasClass != 0 {
		if len(b) < 4 {
			return false
		}
		b = b[4:]
	}
	switch user[0] & security {
	case secureMAC:
		if len(b) < 4 {
			return false
		}
		b = b[:len(b)-4]
	case 0:
	default:
		return len(b) >= 4
	}
	for len(b) > 0 {
		n, used := int(b[0]), 1
		switch {
		case n == 0x81 && len(b) > 1:
			n, used = int(b[1]), 2
		case n == 0x82 && len(b) > 2:
			n, used = int(b[1])<<8|int(b[2]), 3
		case n >= 0x80:
			return false
		}
		if n > len(b)-used {
			return false
		}
		if n == 0 { // ends the list
			return true
		}
		if each != nil {
			each(b[used : used+n])
		}
		b = b[used+n:]
	}
	return true
}

// orient tells by the first service: requests begin with a code above the answers'.
func orient(b []byte) protocol.Orientation {
	m := read(b)
	if !m.whole || !m.sane || len(m.user) == 0 || m.user[0]&security > secureMAC {
		return protocol.OrientUnknown
	}
	o := protocol.OrientUnknown
	services(m.user, func(s []byte) {
		switch {
		case o != protocol.OrientUnknown:
		case s[0] >= firstRequest:
			o = protocol.SentByClient
		default:
			o = protocol.SentByServer
		}
	})
	return o
}
