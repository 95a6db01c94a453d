package dns

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Operations (RFC 1035 4.1.1, RFC 1996, RFC 2136).
const (
	opQuery  = 0
	opNotify = 4
	opUpdate = 5
)

// maxAnswers is how many answers of one message are told; further ones are
// passed over (a large set is a content network's or an attack's).
const maxAnswers = 32

// Confidence of names: a resolver repeats what it was told, an update comes
// from the device or from the DHCP server that knows it.
const (
	hearsay    = 50
	registered = 70
)

type parser struct {
	framed framing
	*scratch
}

// scratch is what is needed during Parse only; all flows share it.
type scratch struct {
	voice wire.Voice
	name  [wire.MaxDNSName]byte
}

func newParser() *parser { return &parser{scratch: &scratch{}} }

// Another makes a parser that shares this one's scratch.
func (p *parser) Another() protocol.Parser { return &parser{scratch: p.scratch} }

// framing is settled by a flow's first message.
type framing uint8

const (
	unsettled framing = iota
	datagrams
	stream
)

// Parse reads one datagram or the whole messages at the start of a stream.
func (p *parser) Parse(_ firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	if p.framed == unsettled {
		p.framed = datagrams
		if !isMessage(b) && probeStream(b) != 0 {
			p.framed = stream
		}
	}
	if p.framed == datagrams {
		p.message(b, 0, emit)
		return len(b), nil
	}
	used := 0
	for len(b)-used >= frame {
		n := int(binary.BigEndian.Uint16(b[used:]))
		if len(b)-used < frame+n {
			break
		}
		p.message(b[used+frame:used+frame+n], used+frame, emit)
		used += frame + n
	}
	return used, nil
}

// message reads one message that stands at an offset of the bytes at hand. The
// whole of it is checked before anything is told.
func (p *parser) message(b []byte, at int, emit func(*firedoor.Event)) {
	d, ok := wire.ReadDNS(b)
	if !ok {
		p.voice.Malformed(emit, "shorter than the header", at)
		return
	}
	if !readable(&d) {
		p.voice.Malformed(emit, "a record breaks the message's format", at+d.Pos())
		return
	}
	d.Rewind()
	switch {
	case d.Opcode() == opUpdate:
		if !d.IsResponse() {
			p.update(&d, emit)
		}
	case d.Opcode() != opQuery:
	case d.IsResponse():
		p.response(&d, emit)
	default:
		p.questions(&d, "", emit)
	}
}

// readable walks all records; a truncated response (TC) may end anywhere.
func readable(d *wire.DNS) bool {
	var r wire.Record
	for {
		more, ok := d.Next(&r)
		if !ok {
			return d.IsResponse() && d.Flags&wire.DNSTruncated != 0
		}
		if !more {
			return true
		}
	}
}

// questions tells every question with an outcome.
func (p *parser) questions(d *wire.DNS, outcome string, emit func(*firedoor.Event)) {
	d.Rewind()
	var r wire.Record
	for range maxAnswers {
		if more, ok := d.Next(&r); !more || !ok || r.Section != wire.Question {
			return
		}
		if name, ok := wire.AppendName(p.name[:0], d.Msg, r.Name); ok {
			p.voice.Lookup(emit, firedoor.Lookup{Kind: "dns", Name: name, Outcome: outcome})
		}
	}
}

// response tells the question's name once for each address it was given, or
// once with the outcome. An alias's addresses are told for the name that was asked.
func (p *parser) response(d *wire.DNS, emit func(*firedoor.Event)) {
	if d.Rcode() != 0 {
		p.questions(d, outcome(d.Rcode()), emit)
		return
	}
	var r wire.Record
	asked := 0 // offset of the name
	told, answers := 0, 0
	for told < maxAnswers {
		if more, ok := d.Next(&r); !more || !ok || r.Section > wire.Answer {
			break
		}
		if asked == 0 {
			asked = r.Name
		}
		if r.Section == wire.Question {
			continue
		}
		answers++
		if r.Type == wire.TypePTR {
			p.pointer(d, &r, emit)
		}
		if ip := d.IP(&r); !ip.IsZero() {
			told++
			p.answer(d, asked, ip, "ok", emit)
		}
	}
	switch {
	case told > 0 || asked == 0:
	case answers > 0 || d.Flags&wire.DNSTruncated != 0:
		p.answer(d, asked, firedoor.IP{}, "ok", emit)
	default:
		p.answer(d, asked, firedoor.IP{}, "no-data", emit)
	}
}

func (p *parser) answer(d *wire.DNS, asked int, ip firedoor.IP, outcome string, emit func(*firedoor.Event)) {
	if name, ok := wire.AppendName(p.name[:0], d.Msg, asked); ok {
		p.voice.Lookup(emit, firedoor.Lookup{Kind: "dns", Name: name, Answer: ip, Outcome: outcome})
	}
}

// pointer tells the name of an address.
func (p *parser) pointer(d *wire.DNS, r *wire.Record, emit func(*firedoor.Event)) {
	owner, ok := wire.AppendName(p.name[:0], d.Msg, r.Name)
	if !ok {
		return
	}
	ip := wire.ReverseIP(owner)
	if ip.IsZero() {
		return
	}
	if name, ok := wire.AppendName(p.name[:0], d.Msg, r.Data); ok {
		p.voice.Fact(emit, firedoor.Identity{
			About: firedoor.AboutAddress, Kind: firedoor.FactName, Confidence: hearsay,
			IP: ip, Source: "dns", Value: name,
		})
	}
}

// update tells the names a dynamic update registers (RFC 2136): the records
// to add stand in the third section with class IN.
func (p *parser) update(d *wire.DNS, emit func(*firedoor.Event)) {
	var r wire.Record
	for told := 0; told < maxAnswers; {
		more, ok := d.Next(&r)
		if !more || !ok {
			return
		}
		if r.Section != wire.Authority || r.Class != classIN {
			continue
		}
		ip := d.IP(&r)
		name, ok := wire.AppendName(p.name[:0], d.Msg, r.Name)
		if ip.IsZero() || !ok {
			continue
		}
		told++
		p.voice.Fact(emit, firedoor.Identity{
			About: firedoor.AboutAddress, Kind: firedoor.FactName, Confidence: registered,
			IP: ip, Source: "dns update", Value: name,
		})
	}
}

// outcomes are the response codes in words (RFC 1035 4.1.1).
var outcomes = [...]string{"ok", "format-error", "server-failure", "no-such-name", "not-implemented", "refused"}

func outcome(rcode uint16) string {
	if int(rcode) < len(outcomes) {
		return outcomes[rcode]
	}
	return "error"
}

// Gap gives up: a stream cannot be picked up inside a message, and a capture
// that loses DNS over TCP loses little.
func (p *parser) Gap(_ firedoor.Direction, missing int64) bool {
	return p.framed == datagrams && missing == 0
}
