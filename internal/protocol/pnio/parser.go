package pnio

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// parser reads one flow: the frames between two MAC addresses, or from one to a
// group. What its events point to lives here, one of each.
type parser struct {
	last    uint32 // id of the newest operation
	pending *pending
	text    []byte
	settled *view // what the stations settled, nil if nobody heard it

	emit     func(*firedoor.Event)
	voice    wire.Voice
	op       firedoor.Operation
	refusals [1]firedoor.Refusal
	opEvent  firedoor.Event
	sample   firedoor.Sample
	samples  firedoor.Event
}

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	p.samples = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	return p
}

// Receive takes what the stations settled.
func (p *parser) Receive(state any) { p.settled, _ = state.(*view) }

// Gap cannot happen to frames: each stands alone.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }

// Parse reads one frame behind its Ethernet type.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit = emit
	if len(b) < 2 {
		p.voice.Malformed(emit, "no frame id", 0)
		return len(b), nil
	}
	switch id := binary.BigEndian.Uint16(b); {
	case id >= idCyclic && id <= idCyclicEnd, id >= idIsochronous && id <= idIsochronousEnd:
		p.cyclic(dir, id, b)
	case id >= idHello && id <= idIdentified:
		p.dcp(id, b)
	case id == idAlarmHigh, id == idAlarmLow:
		p.alarm(b)
	}
	return len(b), nil
}

// Data status (coding of the field DataStatus).
const (
	statusPrimary = 1 << 0
	statusValid   = 1 << 2
	statusRun     = 1 << 4
)

// trailer is what stands behind the data: cycle counter, data status, transfer
// status (APDU-Status).
const trailer = 4

// cyclic tells the data of a frame: by submodules where the stations settled whose
// they are, else as they stand, provider and consumer status and padding among them.
func (p *parser) cyclic(dir firedoor.Direction, id uint16, b []byte) {
	if len(b) < 2+trailer {
		p.voice.Malformed(p.emit, "cyclic frame shorter than its status", 2)
		return
	}
	data, end := b[2:len(b)-trailer], b[len(b)-trailer:]
	status, transfer := end[2], end[3]
	words := &cyclicWords
	if id <= idIsochronousEnd {
		words = &isochronousWords
	} else if transfer != 0 {
		p.voice.Malformed(p.emit, "transfer status of cyclic data is not zero", len(b)-1)
		return
	}
	if c := p.settled.channel(dir, id, len(data)); c != nil {
		p.split(c, words, status, data)
		return
	}
	p.sample = firedoor.Sample{
		Function: words.word(status, true), Code: uint32(status),
		Object: firedoor.Object{Space: &frames, At: [4]uint32{uint32(id)}},
		Values: firedoor.Values{Type: firedoor.U8, Count: len(data), Raw: data},
	}
	p.emit(&p.samples)
}

// good is the bit of a provider's status that says that the data are.
const good = 0x80

// split tells the data of each submodule that has some in a frame.
func (p *parser) split(c *channel, words *stateWords, status byte, data []byte) {
	for i := range c.Parts {
		s := &c.Parts[i]
		if s.Size == 0 {
			continue
		}
		end := int(s.At) + int(s.Size)
		said := words
		if s.Safety {
			said = &safetyWords
		}
		p.sample = firedoor.Sample{
			Function: said.word(status, s.Status == 0 || data[end]&good != 0), Code: uint32(status),
			Object: firedoor.Object{Space: &shares, At: [4]uint32{s.API, uint32(s.Slot), uint32(s.Subslot), uint32(c.Kind)}},
			Values: firedoor.Values{Type: firedoor.U8, Count: int(s.Size), Raw: data[s.At:end]},
		}
		p.emit(&p.samples)
	}
}
