package ads

import (
	"encoding/binary"

	"firedoor"
)

// Sources of identity.
const (
	sourceHeader   = "ams header"
	sourceInfo     = "ads device info"
	sourceTarget   = "ads target description"
	sourceHost     = "ads host name"
	sourceDatagram = "ams discovery"
)

// sure: the device speaks for itself.
const sure = 90

// leastAnswer is how many octets an answer that is ok has at least, by its command.
var leastAnswer = [maxCommand + 1]int{cmdDeviceInfo: 24, cmdRead: 8, cmdWrite: 4, cmdReadState: 8, cmdWriteControl: 4,
	cmdAddNotification: 8, cmdDeleteNotification: 4, cmdReadWrite: 8}

// answer reads an answer and joins it to its request. One without is partial: what
// its data are nobody knows.
func (p *parser) answer(command uint16, q *request) {
	if q == nil {
		s := serviceOf(command)
		p.op.Function, p.op.Verb = s.function(p.theirs), s.verb
	}
	code := binary.LittleEndian.Uint32(p.b[atError:])
	if code != 0 {
		p.op.Outcome = outcome(code, 0)
		p.replyAll(q)
		p.failFile(q)
		return
	}
	if len(p.data) < 4 {
		p.op.Outcome = firedoor.Outcome{Kind: firedoor.OutcomeNoResponse}
		p.replyAll(q)
		p.complain(reasonShort)
		return
	}
	code = binary.LittleEndian.Uint32(p.data)
	p.op.Outcome = outcome(code, p.port)
	switch {
	case code != 0:
		p.replyAll(q)
		p.failFile(q)
	case len(p.data) < leastAnswer[command]:
		p.replyAll(q)
		p.complain(reasonShort)
	default:
		p.accepted(command, q)
	}
}

// accepted reads an answer that says yes.
func (p *parser) accepted(command uint16, q *request) {
	switch command {
	case cmdDeviceInfo:
		p.replyAll(q)
		p.identify()
	case cmdReadState:
		p.op.Values = firedoor.Values{Type: firedoor.U16, Little: true, Count: 2, Raw: p.data[4:8]}
		p.replyAll(q)
	case cmdRead, cmdReadWrite:
		length, data := binary.LittleEndian.Uint32(p.data[4:]), p.data[8:]
		data = data[:min(int64(len(data)), int64(length))]
		p.acceptedRead(q, data, length)
		p.fits(length, 8)
	case cmdAddNotification:
		if q != nil && len(q.items) == 1 {
			p.learnNote(q, &q.items[0], binary.LittleEndian.Uint32(p.data[4:]))
		}
		p.replyAll(q)
	case cmdDeleteNotification, cmdWrite:
		p.replyAll(q)
		if q != nil && len(q.items) == 1 && (command == cmdDeleteNotification || q.items[0].form == formRelease) {
			p.forget(q, &q.items[0])
		}
	default:
		p.replyAll(q)
	}
}

// acceptedRead reads what was read.
func (p *parser) acceptedRead(q *request, data []byte, length uint32) {
	if q == nil || len(q.items) == 0 || p.cut && q.group >= groupSumRead && q.group <= groupSumDelete {
		p.replyAll(q)
		return
	}
	if q.command == cmdReadWrite && q.group >= groupSumRead && q.group <= groupSumDelete {
		if !p.answerSum(q, data) {
			p.complain(reasonCount)
		}
		return
	}
	it := &q.items[0]
	if !p.cut {
		p.brought(q, it, data)
	}
	p.replyAll(q)
	switch it.form {
	case formTarget:
		p.target(data)
	case formHost:
		p.fact(firedoor.FactName, sourceHost, data)
	default:
		p.answerFile(q, it, data, length)
	}
}

// brought fills in the values of what an item read, and learns what it tells.
func (p *parser) brought(q *request, it *item, data []byte) {
	name := q.text[it.from:it.to]
	switch it.form {
	case formPlain, formMemory, formBits, formHandle, formName:
		if len(data) > 0 {
			p.op.Values, p.op.Texts = p.values(name, data)
		}
	case formHandleOfName:
		if len(data) >= 4 {
			p.learnHandle(q.unit, binary.LittleEndian.Uint32(data), name)
		}
	case formInfo:
		if it.group == groupInfoEx {
			p.learnType(name, data)
		}
	}
}

// replyAll gives one outcome to all items.
func (p *parser) replyAll(q *request) {
	if q == nil {
		p.reply(nil, 0)
		return
	}
	for i := range q.items {
		p.reply(q, i)
	}
}

func (p *parser) fact(kind firedoor.FactKind, source string, value []byte) {
	p.voice.Fact(p.emit, firedoor.Identity{Kind: kind, Source: source, Confidence: sure, Value: value})
}

// identify tells the name and the version of an ADS device: version, revision, build,
// name. Each AMS port is a device of its own: of a program it is what runs there.
func (p *parser) identify() {
	name := untilZero(p.data[8:24])
	b := append(p.text[:0], name...)
	b = append(b, ' ')
	b = version(b, p.data[4:8])
	p.fact(firedoor.FactSoftware, sourceInfo, b)
}

// target finds what stands between tags in the description of a target.
func (p *parser) target(data []byte) {
	p.fact(firedoor.FactModel, sourceTarget, between(data, "<TargetType>"))
	if v, r, build := between(data, "<Version>"), between(data, "<Revision>"), between(data, "<Build>"); len(v) > 0 && len(v)+len(r)+len(build) < 32 {
		b := append(append(append(p.text[:0], "TwinCAT "...), v...), '.')
		b = append(append(append(b, r...), '.'), build...)
		p.fact(firedoor.FactFirmware, sourceTarget, b)
	}
}
