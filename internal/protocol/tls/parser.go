package tls

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Records (RFC 5246, 6.2.1; 24 is RFC 6520) and handshake messages (7.4).
const (
	recordChange    = 20
	recordHandshake = 22
	recordData      = 23
	recordHeartbeat = 24
	recordHeader    = 5
	maxRecord       = 1<<14 + 2048

	messageHeader  = 4
	clientHello    = 1
	serverHello    = 2
	certificate    = 11
	serverHelloEnd = 14
)

// maxMessage is how long a handshake message may be to be read; longer ones
// (no client needs one) end the reading of that direction.
const maxMessage = 1 << 16

type parser struct {
	*scratch
	sides  [2]side
	told   bool   // Encrypted
	inside string // as the client offered it or the server chose it, "" while unknown
	by     string
	retry  bool // the server asked for another hello
	chosen uint16
}

// scratch is what is needed during Parse only; all flows share it.
type scratch struct {
	voice wire.Voice
	ja4   [48]byte
}

func newParser() *parser { return &parser{scratch: &scratch{}} }

// Another makes a parser that shares this one's scratch.
func (p *parser) Another() protocol.Parser { return &parser{scratch: p.scratch} }

// side is one direction: its handshake messages, until they are encrypted.
type side struct {
	started bool
	done    bool
	partial []byte // a message that goes on in the next record
}

// Parse reads whole records until the handshake is over or encrypted, then
// passes over everything.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	s := &p.sides[dir]
	used := 0
	for !s.done {
		rest := b[used:]
		if len(rest) < recordHeader {
			return used, nil
		}
		size, ok := record(rest)
		if !ok {
			s.finish()
			return used, protocol.Broken("not a record")
		}
		if len(rest) < recordHeader+size {
			return used, nil
		}
		p.record(dir, rest[0], rest[recordHeader:recordHeader+size], emit)
		used += recordHeader + size
	}
	return len(b), nil
}

// record reads one record's content.
func (p *parser) record(dir firedoor.Direction, kind byte, b []byte, emit func(*firedoor.Event)) {
	s := &p.sides[dir]
	if kind != recordHandshake {
		if !s.started || kind == recordChange || kind == recordData {
			s.finish()
			p.encrypted(emit)
		}
		return
	}
	s.started = true
	if len(s.partial) > 0 {
		if len(s.partial)+len(b) > maxMessage+messageHeader {
			s.finish()
			return
		}
		s.partial = append(s.partial, b...)
		b = s.partial
	}
	for !s.done && len(b) >= messageHeader {
		n := int(b[1])<<16 | int(b[2])<<8 | int(b[3])
		if n > maxMessage {
			p.voice.Malformed(emit, "handshake message longer than any", 0)
			s.finish()
			return
		}
		if len(b) < messageHeader+n {
			break
		}
		p.message(dir, b[0], b[messageHeader:messageHeader+n], emit)
		b = b[messageHeader+n:]
	}
	s.hold(b)
}

// hold keeps the start of a message that goes on in the next record.
func (s *side) hold(b []byte) {
	if s.done || len(b) == 0 {
		s.partial = s.partial[:0]
		return
	}
	if len(s.partial) > 0 {
		s.partial = s.partial[:copy(s.partial, b)]
		return
	}
	s.partial = append(s.partial, b...)
}

func (s *side) finish() { s.done, s.partial = true, nil }

// message reads one handshake message. Behind its hello, which is sent again where
// it was refused, a client says in the clear who it is, if the server asked.
func (p *parser) message(dir firedoor.Direction, kind byte, b []byte, emit func(*firedoor.Event)) {
	switch {
	case kind == clientHello && dir == firedoor.FromClient:
		p.client(b, emit)
	case kind == serverHello && dir == firedoor.FromServer:
		p.server(b, emit)
		if version(p.chosen) == "1.3" && !p.retry {
			p.sides[dir].finish()
		}
	case kind == certificate:
		p.certificate(dir, b, emit)
	case kind == serverHelloEnd:
		p.sides[dir].finish()
	}
}

// encrypted says once that the rest cannot be read.
func (p *parser) encrypted(emit func(*firedoor.Event)) {
	if p.told {
		return
	}
	p.told = true
	p.voice.Sealed(emit, firedoor.Encrypted{Protocol: "tls", Version: version(p.chosen), Inside: p.inside, By: p.by})
}

// draft is the high byte of the versions of TLS 1.3's drafts.
const draft = 0x7f

// version is a protocol version in words; "" when it is not known, which is
// so for a session that began before the capture: the number on its records
// is the same for TLS 1.2 and 1.3.
func version(v uint16) string {
	switch {
	case v == 0x0300:
		return "ssl3.0"
	case v == 0x0301:
		return "1.0"
	case v == 0x0302:
		return "1.1"
	case v == 0x0303:
		return "1.2"
	case v == 0x0304, v>>8 == draft, v>>8 == 0xfb: // 1.3 and its drafts
		return "1.3"
	}
	return ""
}

// server reads a ServerHello (RFC 5246 7.4.1.3, RFC 8446 4.1.3).
func (p *parser) server(b []byte, emit func(*firedoor.Event)) {
	r := protocol.Read(b)
	p.chosen = r.U16()
	random := r.Bytes(32)
	if p.chosen>>8 == draft { // no session identifier and no compression yet
		r.Skip(2)
	} else {
		r.Skip(int(r.U8()))
		r.Skip(3) // cipher, compression
	}
	if r.Failed() {
		p.voice.Malformed(emit, "server hello shorter than its fields", 0)
		return
	}
	p.retry = string(random) == helloRetry
	if r.Len() >= 2 {
		p.serverExtensions(r.Bytes(int(r.U16())), emit)
	}
	p.encrypted(emit)
}

func (p *parser) serverExtensions(b []byte, emit func(*firedoor.Event)) {
	for len(b) >= 4 {
		kind, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if n > len(b)-4 {
			p.voice.Malformed(emit, "extension longer than the hello", 0)
			return
		}
		data := b[4 : 4+n]
		b = b[4+n:]
		switch {
		case kind == extVersions && n == 2:
			p.chosen = binary.BigEndian.Uint16(data)
		case kind == extALPN && n >= 3 && int(data[2]) <= n-3:
			p.presume(data[3:3+int(data[2])], "alpn")
			p.voice.Fact(emit, firedoor.Identity{
				About: firedoor.AboutServer, Kind: firedoor.FactService, Confidence: 90,
				Source: "tls alpn", Value: data[3 : 3+int(data[2])],
			})
		}
	}
}

// Gap gives up this direction; the other may still say its hello.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.sides[dir].finish()
	return !p.sides[dir.Other()].done
}
