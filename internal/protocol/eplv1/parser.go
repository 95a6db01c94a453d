package eplv1

import (
	"encoding/binary"
	"strconv"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

type parser struct {
	last uint32

	emit    func(*firedoor.Event)
	size    int // of the frame at hand
	voice   wire.Voice
	op      firedoor.Operation
	opEvent firedoor.Event
	sample  firedoor.Sample
	samples firedoor.Event
	text    [40]byte
}

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	p.samples = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	return p
}

// Gap cannot happen to frames: each stands alone.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }

func (p *parser) malformed(reason string, at int) { p.voice.Malformed(p.emit, reason, at) }

const (
	leastSize = 4  // of every message: type, destination node, source node, flags or channel
	pollSize  = 10 // process data begin here
	sendSize  = 6  // what is sent begins here
	identSize = 30 // to the end of what a node says of itself
)

// Parse reads one frame. Frames are padded to 46 bytes.
func (p *parser) Parse(_ firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit, p.size = emit, len(b)
	if len(b) < leastSize {
		p.malformed("shorter than any message", 0)
		return len(b), nil
	}
	switch b[0] & typeMask {
	case typeSoC, typeEoC:
	case typePReq:
		p.data(b, &requestWords, b[1])
	case typePRes:
		p.data(b, &responseWords, b[2])
	case typeAInv:
		p.ask(invite(b[3]), codeInvite+uint32(b[3]), b[1])
	case typeASnd:
		p.send(b)
	default:
		p.malformed("type of message that does not exist", 0)
	}
	return len(b), nil
}

// Words of process data, by whether they are valid.
var (
	requestWords  = [2]string{"poll request not ready", "poll request"}
	responseWords = [2]string{"poll response not ready", "poll response"}
)

// data tells process data: flags at 3 (bit 0: ready), size at 4 (2), data at 10.
func (p *parser) data(b []byte, words *[2]string, node byte) {
	if len(b) < pollSize {
		p.malformed("process data without their size", 0)
		return
	}
	n := int(binary.LittleEndian.Uint16(b[4:]))
	if n > len(b)-pollSize {
		p.malformed("process data longer than their frame", 4)
		n = len(b) - pollSize
	}
	p.tell(words[b[3]&1], uint32(b[0]&typeMask), node, b[pollSize:pollSize+n])
}

func (p *parser) tell(function string, code uint32, node byte, raw []byte) {
	p.sample = firedoor.Sample{Function: function, Code: code, Object: firedoor.Object{Space: &nodes, At: [4]uint32{uint32(node)}}}
	if len(raw) > 0 {
		p.sample.Values = firedoor.Values{Type: firedoor.U8, Count: len(raw), Raw: raw}
	}
	p.emit(&p.samples)
}

// ask tells what a node is asked for, or sent.
func (p *parser) ask(w word, code uint32, node byte) {
	p.last++
	p.op = firedoor.Operation{ID: p.last, Phase: firedoor.Asked, NoAnswer: true, Code: code, Function: w.name, Verb: w.verb,
		Object: firedoor.Object{Space: &nodes, At: [4]uint32{uint32(node)}}, Span: firedoor.Span{End: int64(p.size)}}
	p.emit(&p.opEvent)
}

// send reads an acyclic message: channel at 3, size at 4 (2).
func (p *parser) send(b []byte) {
	if b[3] != channelIdent {
		p.ask(sendWord, typeASnd, b[1])
		return
	}
	p.tell("ident response", codeInvite+channelIdent, b[2], nil)
	if len(b) < identSize {
		p.malformed("ident response too short", 0)
		return
	}
	// Node at 6, hardware at 10, firmware at 14, variant at 18 (4 each).
	number := func(at int) uint32 { return binary.LittleEndian.Uint32(b[sendSize+at:]) }
	p.fact(firedoor.FactHardware, "revision ", number(4))
	p.fact(firedoor.FactFirmware, "version ", number(8))
	p.fact(firedoor.FactModel, "powerlink variant ", number(12))
}

func (p *parser) fact(kind firedoor.FactKind, what string, n uint32) {
	text := strconv.AppendUint(append(p.text[:0], what...), uint64(n), 10)
	p.voice.Fact(p.emit, firedoor.Identity{Kind: kind, Confidence: 70, Source: "powerlink v1", Value: text})
}
