package dtls

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// maxChain is how long a message with certificates may be to be read.
const maxChain = 1 << 14

// parser remembers what it said, and the certificates on their way.
type parser struct {
	said   bool
	chains [2]chain
	voice  wire.Voice
}

// chain is a message with certificates, as far as it came in its order.
type chain struct {
	shown bool
	got   []byte
}

// Gap cannot happen to datagrams; what follows is whole anyway.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }

// Parse reads one datagram: with the server's hello, or data where that was not
// seen, the flow is encrypted.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	for at := 0; at < len(b); {
		if p.said && short(b[at]) {
			break
		}
		size, ok := record(b[at:])
		if !ok || at+recordHeader+size > len(b) {
			p.voice.Malformed(emit, "no record", at)
			break
		}
		p.record(dir, b[at:at+recordHeader], b[at+recordHeader:at+recordHeader+size], emit)
		at += recordHeader + size
	}
	return len(b), nil
}

// short tells the first byte of a record whose header is agreed on: of version 1.3
// (RFC 9147, 4), or with a connection's identifier (RFC 9146, 3).
func short(b byte) bool { return b>>5 == 1 || b == 25 }

func (p *parser) record(dir firedoor.Direction, head, body []byte, emit func(*firedoor.Event)) {
	plain := head[3] == 0 && head[4] == 0
	switch {
	case head[0] == recordHandshake && plain:
		p.handshake(dir, versionOf(head[1:]), body, emit)
	case head[0] == recordApplication:
		p.encrypted(versionOf(head[1:]), emit)
		p.chains[dir] = chain{shown: true}
	}
}

func (p *parser) encrypted(version string, emit func(*firedoor.Event)) {
	if !p.said {
		p.said = true
		p.voice.Encrypted(emit, "dtls", version)
	}
}

// handshake reads the messages of a record: type, length (3), number (2), where the
// piece begins (3) and how long it is (3).
func (p *parser) handshake(dir firedoor.Direction, version string, b []byte, emit func(*firedoor.Event)) {
	for len(b) >= handshakeHeader {
		kind, whole := b[0], three(b[1:])
		at, size := three(b[6:]), three(b[9:])
		b = b[handshakeHeader:]
		if size > len(b) || at+size > whole {
			return // encrypted, or nothing that anybody would read
		}
		piece := b[:size]
		b = b[size:]
		switch {
		case kind == serverHello && at == 0 && size >= 2:
			if v := chosen(piece); v != "" {
				version = v
			}
			p.encrypted(version, emit)
		case kind == certificate:
			p.piece(dir, whole, at, piece, emit)
		}
	}
}

func three(b []byte) int { return int(b[0])<<16 | int(b[1])<<8 | int(b[2]) }

// chosen is the version that a ServerHello chooses; 1.3 stands in an extension.
func chosen(b []byte) string {
	r := protocol.Read(b[2:])
	r.Skip(32)
	r.Skip(int(r.U8()))
	r.Skip(3 + 2) // cipher, compression; length of the extensions
	for !r.Failed() && r.Len() >= 4 {
		kind := r.U16()
		data := r.Bytes(int(r.U16()))
		if kind == extVersions && len(data) == 2 {
			return versionOf(data)
		}
	}
	return versionOf(b)
}

// piece adds to a message with certificates; what came already is passed over, and
// what comes too early waits to be sent again.
func (p *parser) piece(dir firedoor.Direction, whole, at int, b []byte, emit func(*firedoor.Event)) {
	c := &p.chains[dir]
	have := len(c.got)
	if c.shown || whole > maxChain || at > have || at+len(b) < have {
		return
	}
	c.got = append(c.got, b[have-at:]...)
	if len(c.got) < whole {
		return
	}
	*c, b = chain{shown: true}, c.got
	if _, fits := p.voice.Certificate(emit, dir, b); !fits {
		p.voice.Malformed(emit, "certificate longer than its message", 0)
	}
}
