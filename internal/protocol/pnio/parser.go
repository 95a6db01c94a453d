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

// Gap cannot happen to frames: each stands alone.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }

// Parse reads one frame behind its Ethernet type.
func (p *parser) Parse(_ firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit = emit
	if len(b) < 2 {
		p.voice.Malformed(emit, "no frame id", 0)
		return len(b), nil
	}
	switch id := binary.BigEndian.Uint16(b); {
	case id >= idCyclic && id <= idCyclicEnd, id >= idIsochronous && id <= idIsochronousEnd:
		p.cyclic(id, b)
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

// cyclic tells the data of a frame as they stand, provider and consumer status
// and padding among them.
func (p *parser) cyclic(id uint16, b []byte) {
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
	function := words.running
	switch {
	case status&statusValid == 0:
		function = words.invalid
	case status&statusRun == 0:
		function = words.stopped
	case status&statusPrimary == 0:
		function = words.backup
	}
	p.sample = firedoor.Sample{
		Function: function, Code: uint32(status),
		Object: firedoor.Object{Space: &frames, At: [4]uint32{uint32(id)}},
		Values: firedoor.Values{Type: firedoor.U8, Count: len(data), Raw: data},
	}
	p.emit(&p.samples)
}
