package egd

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// maxExchanges is how many exchanges of a flow are remembered; of further ones
// nothing but the data is told.
const maxExchanges = 64

// exchange is what was last told of an exchange beside its data.
type exchange struct {
	producer, number, signature, status uint32
}

type parser struct {
	known    []exchange
	producer uint32 // told last

	emit   func(*firedoor.Event)
	voice  wire.Voice
	sample firedoor.Sample
	event  firedoor.Event
	text   [40]byte
}

func newParser() *parser {
	p := &parser{}
	p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	return p
}

// Gap is never called: there is no stream.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }

// Parse reads one datagram.
func (p *parser) Parse(_ firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit = emit
	switch {
	case len(b) < header:
		p.voice.Malformed(emit, "shorter than its header", 0)
	case b[0] != typeData || b[1] != version:
		p.voice.Malformed(emit, "type or version that does not exist", 0)
	default:
		p.message(b)
	}
	return len(b), nil
}

// message tells the data of an exchange; before them its status and the signature
// of its configuration when these are new. A status of 0 or 1 needs no word.
func (p *parser) message(b []byte) {
	now := exchange{producer: binary.BigEndian.Uint32(b[4:]), number: binary.LittleEndian.Uint32(b[8:]),
		signature: binary.LittleEndian.Uint32(b[24:]), status: binary.LittleEndian.Uint32(b[20:])}
	if now.producer != p.producer {
		p.producer = now.producer
		p.voice.Fact(p.emit, firedoor.Identity{Kind: firedoor.FactService, Confidence: 90, Source: "egd",
			Value: address(append(p.text[:0], "EGD producer "...), now.producer)})
	}
	if was, room := p.exchange(&now); room {
		if was.signature != now.signature {
			p.say("configuration signature", &now, firedoor.Values{Type: firedoor.U32, Little: true, Count: 1, Raw: b[24:28]})
		}
		if was.status != now.status && (was.status > 1 || now.status > 1) {
			p.say("exchange status", &now, firedoor.Values{Type: firedoor.U32, Little: true, Count: 1, Raw: b[20:24]})
		}
	}
	p.say("exchange data", &now, firedoor.Values{Type: firedoor.U8, Count: len(b) - header, Raw: b[header:]})
}

// exchange remembers what is told now and returns what was told before.
func (p *parser) exchange(now *exchange) (was exchange, room bool) {
	for i := range p.known {
		if k := &p.known[i]; k.producer == now.producer && k.number == now.number {
			was, *k = *k, *now
			return was, true
		}
	}
	if len(p.known) == maxExchanges {
		return was, false
	}
	p.known = append(p.known, *now)
	return exchange{}, true
}

func (p *parser) say(function string, e *exchange, v firedoor.Values) {
	p.sample = firedoor.Sample{Function: function, Code: typeData, Values: v,
		Object: firedoor.Object{Space: &exchanges, At: [4]uint32{e.producer, e.number}}}
	p.emit(&p.event)
}
