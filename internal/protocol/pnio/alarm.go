package pnio

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// Types of alarm frame (RTA-PDU, coding of PDUType).
const (
	alarmData  = 1
	alarmNack  = 2
	alarmAck   = 3
	alarmError = 4
	alarmAsk   = 5 // and its answer: remote service interface
	alarmReply = 6
)

// Block types of the data.
const (
	blockHigh    = 0x0001
	blockLow     = 0x0002
	blockAckHigh = 0x8001
	blockAckLow  = 0x8002
)

// alarm reads an alarm frame: endpoints 2 + 2, type 1, flags 1, sequence numbers
// 2 + 2, length 2. Acknowledgements of the transport carry nothing.
func (p *parser) alarm(b []byte) {
	r := protocol.Read(b[2:])
	r.Skip(4)
	kind := r.U8() & 0xf
	r.Skip(5)
	body := r.Bytes(int(r.U16()))
	switch {
	case r.Failed():
		p.voice.Malformed(p.emit, "alarm shorter than it says", 2)
	case kind == alarmData:
		p.notification(body)
	case kind == alarmError:
		if len(body) < 4 {
			p.voice.Malformed(p.emit, "alarm error without a status", 14)
			return
		}
		p.tell("alarm error", 0, firedoor.Object{}, body[:4])
	case kind == 0 || kind > alarmReply:
		p.voice.Malformed(p.emit, "reserved type of alarm frame", 6)
	}
}

// notification reads an alarm or the answer to one (AlarmNotification-PDU,
// AlarmAck-PDU).
func (p *parser) notification(b []byte) {
	r := protocol.Read(b)
	kind, length := r.U16(), r.U16()
	r = protocol.Read(r.Bytes(int(length)))
	r.Skip(2) // version
	alarm := uint32(r.U16())
	o := firedoor.Object{Space: &submodules, At: [4]uint32{r.U32(), uint32(r.U16()), uint32(r.U16())}}
	switch kind {
	case blockHigh, blockLow:
		r.Skip(8) // identity of module and submodule
		data := r.Rest()
		if r.Failed() || len(data) < 2 {
			break
		}
		p.tell(alarmName(alarm), alarm, o, data)
		return
	case blockAckHigh, blockAckLow:
		r.Skip(2)
		status := r.Bytes(4)
		if r.Failed() {
			break
		}
		p.tell("alarm acknowledgement", alarm, o, status)
		return
	default:
		p.voice.Malformed(p.emit, "alarm data of an unknown block type", 14)
		return
	}
	p.voice.Malformed(p.emit, "alarm block shorter than its fields", 14)
}

func (p *parser) tell(function string, code uint32, o firedoor.Object, data []byte) {
	p.sample = firedoor.Sample{Function: function, Code: code, Object: o,
		Values: firedoor.Values{Type: firedoor.U8, Count: len(data), Raw: data}}
	p.emit(&p.samples)
}
