package ldap

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Operations by tag (RFC 4511, 4.2 and on).
const (
	bindRequest      = 0x60
	bindResponse     = 0x61
	searchRequest    = 0x63
	searchEntry      = 0x64
	searchDone       = 0x65
	extendedRequest  = 0x77
	extendedResponse = 0x78

	tagEnumerated = 0x0a
	tagSimple     = 0x80 // of a bind: a password in the clear
	tagName       = 0x80 // of an extended request
)

// startTLS is the name of the extended request (RFC 4511, 4.14.1).
const startTLS = "1.3.6.1.4.1.1466.20037"

// Results of a bind (RFC 4511, appendix A).
const (
	resultOK           = 0
	resultMoreToCome   = 14
	resultWrongSecrets = 49
)

// Limits.
const (
	maxRead = 1 << 14 // longer messages are passed over in parts: none of them binds
	maxName = 128
	minHead = 20 // bytes that show number and operation of any message
)

type parser struct {
	voice   wire.Voice
	skip    [2]int // bytes of a long message still to pass over
	bind    int64  // number of the bind that waits, -1 if none
	tls     int64  // number of the StartTLS that waits
	sealed  bool
	waiting bool
	asksTLS bool
	layered bool // a SASL bind was tried: it may agree on a layer
	user    [maxName]byte
	userLen int
}

// op is the start of a message.
type op struct {
	tag     byte
	id      int64
	version int64 // of a bind
	content []byte
}

// operation reads number and operation of a message's content b, of which
// size bytes belong to the message; content is nil when b holds less of it.
func operation(b []byte, size int) (o op, ok bool) {
	_, head, n, ok := wire.BERHeader(b)
	if !ok || b[0] != wire.TagInteger || n < 1 || n > 4 || len(b) < head+n+2 {
		return o, false
	}
	o.id, _ = wire.BERInt(b[head : head+n])
	at := head + n
	tag, head, n, ok := wire.BERHeader(b[at:])
	if !ok || o.id < 0 || at+head+n > size {
		return o, false
	}
	o.tag = tag
	end := at + head + n
	if tag == bindRequest {
		rest := b[at+head : min(len(b), end)]
		if len(rest) < 3 || rest[0] != wire.TagInteger || rest[1] != 1 {
			return o, false
		}
		o.version = int64(rest[2])
	}
	if end <= len(b) {
		o.content = b[at+head : end]
	}
	return o, true
}

// Parse reads whole messages; those longer than maxRead are passed over.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	used := 0
	for used < len(b) {
		if p.sealed {
			return len(b), nil
		}
		if p.skip[dir] > 0 {
			n := min(p.skip[dir], len(b)-used)
			p.skip[dir] -= n
			used += n
			continue
		}
		rest := b[used:]
		if rest[0] != wire.TagSequence {
			if p.sasl(rest, emit) {
				continue
			}
			return used, protocol.Broken("not a message")
		}
		_, head, size, ok := wire.BERHeader(rest)
		if !ok {
			if len(rest) < 6 {
				return used, nil
			}
			return used, protocol.Broken("length in a form that is not used")
		}
		if size > maxRead {
			p.skip[dir] = head + size
			continue
		}
		if len(rest) < head+size {
			return used, nil
		}
		used += head + size
		if p.message(dir, rest[head:head+size], emit) {
			return used, nil
		}
	}
	return used, nil
}

// sasl notices a layer that was agreed on in a bind: a four-byte length stands
// before what then is mostly encrypted (RFC 4422, 3.7).
func (p *parser) sasl(b []byte, emit func(*firedoor.Event)) bool {
	if b[0] != 0 || !p.layered {
		return false
	}
	p.sealed = true
	p.voice.Encrypted(emit, "ldap", "sasl")
	return true
}

// message reads one message and tells whether TLS follows.
func (p *parser) message(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (secure bool) {
	o, ok := operation(b, len(b))
	if !ok {
		p.voice.Malformed(emit, "broken message", 0)
		return false
	}
	switch {
	case dir == firedoor.FromClient && o.tag == bindRequest:
		p.request(&o)
	case dir == firedoor.FromServer && o.tag == bindResponse && p.waiting && o.id == p.bind:
		p.response(&o, emit)
	case dir == firedoor.FromClient && o.tag == extendedRequest:
		r := wire.ReadBER(o.content)
		if string(r.Take(tagName)) == startTLS {
			p.asksTLS, p.tls = true, o.id
		}
	case dir == firedoor.FromServer && o.tag == extendedResponse && p.asksTLS && o.id == p.tls:
		p.asksTLS = false
		if result(&o) == resultOK {
			p.voice.HandOver(emit, "tls")
			return true
		}
	}
	return false
}

// request keeps the name of a bind. The password or credential behind it is
// not looked at, but for being there: a bind without one asks for no identity.
func (p *parser) request(o *op) {
	r := wire.ReadBER(o.content)
	r.Int()
	name := r.Take(wire.TagOctetString)
	tag, secret := r.Any()
	if r.Failed() || tag == tagSimple && len(secret) == 0 {
		return
	}
	p.bind, p.waiting = o.id, true
	p.layered = p.layered || tag != tagSimple
	if len(name) > 0 || tag == tagSimple { // a SASL bind goes on without the name
		p.userLen = copy(p.user[:], name)
	}
}

func (p *parser) response(o *op, emit func(*firedoor.Event)) {
	p.waiting = false
	switch code := result(o); {
	case code == resultMoreToCome || p.userLen == 0:
	case code == resultOK:
		p.voice.Login(emit, p.user[:p.userLen], "ok")
	case code == resultWrongSecrets:
		p.voice.Login(emit, p.user[:p.userLen], "failed")
	default:
		p.voice.Login(emit, p.user[:p.userLen], "")
	}
}

// result is the result code of a response, -1 when it has none.
func result(o *op) int64 {
	r := wire.ReadBER(o.content)
	code, ok := wire.BERInt(r.Take(tagEnumerated))
	if !ok {
		return -1
	}
	return code
}

// Gap goes on when what is missing is part of a message passed over.
func (p *parser) Gap(dir firedoor.Direction, missing int64) bool {
	if p.sealed {
		return true
	}
	if missing > 0 && missing <= int64(p.skip[dir]) {
		p.skip[dir] -= int(missing)
		return true
	}
	return false
}
