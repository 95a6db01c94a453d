package s7comm

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// user is a userdata message.
type user struct {
	group, sub byte
	class      class
	seq        uint8 // of a job that lasts, given by the controller
	unit       uint8 // of an answer in fragments: its number
	more       bool  // further fragments follow
	code       byte  // return code
	err        uint16
	data       []byte
}

// number is the operation code of a userdata function.
func (u *user) number() uint32 { return 0x7000 + uint32(u.group)<<8 + uint32(u.sub) }

// class is what a userdata message is.
type class uint8

const (
	classPush class = iota
	classRequest
	classResponse
)

// classOf reads the high four bits of the byte that holds the group.
func classOf(b byte) class {
	switch b >> 4 {
	case 4, 7:
		return classRequest
	case 8, 11:
		return classResponse
	}
	return classPush
}

// Heads of userdata parameters.
const (
	headUser = 0x000112
	headMode = 0x010010
)

// read takes a message apart.
func (u *user) read(m *message) bool {
	rd := protocol.Read(m.param)
	if rd.U24() != headUser {
		return false
	}
	length := rd.U8()
	rd.Skip(1)
	kind := rd.U8()
	*u = user{group: kind & 0xf, class: classOf(kind), sub: rd.U8(), seq: rd.U8()}
	if length >= 8 {
		u.unit = rd.U8()
		u.more = rd.U8() != 0
		u.err = rd.U16()
	}
	if len(m.data) > 0 {
		d := protocol.Read(m.data)
		u.code = d.U8()
		d.Skip(1)
		u.data = d.Bytes(int(d.U16()))
		return !rd.Failed() && !d.Failed()
	}
	return !rd.Failed()
}

func (p *parser) userdata(m *message) {
	if rd := protocol.Read(m.param); rd.U24() == headMode && len(m.param) >= 7 {
		p.modeTransition(m.param[6:7])
		return
	}
	var u user
	if !u.read(m) {
		p.malformed("userdata breaks the rules")
		return
	}
	switch u.class {
	case classRequest:
		p.askUser(m, &u)
	case classResponse:
		p.answerUser(m, &u)
	default:
		p.push(&u)
	}
}

// modeTransition tells that the controller went into another operating mode: 0
// stop, 1 warm restart, 2 run, 3 hot restart, 4 hold, 6 cold restart.
func (p *parser) modeTransition(mode []byte) {
	u := user{group: groupMode, sub: mode[0]}
	p.say(&u, firedoor.Object{Space: spaceMode}, firedoor.Values{Type: firedoor.U8, Count: 1, Raw: mode})
}

func (p *parser) askUser(m *message, u *user) {
	c := userCall(u.group, u.sub)
	switch u.number() {
	case 0x7201, 0x7205, 0x7207:
		p.askCyclic(m, u, c)
		return
	case 0x7102, 0x7108:
		if p.askTable(m, u, c) {
			return
		}
	}
	o := userObject(u)
	if o.Space == spaceSZL {
		c.verb = listVerb(o.At[0])
		p.status.active = p.status.active && len(u.data) == 0
	}
	p.ask(m, c, u.number(), o)
	if u.group == groupSecurity && u.sub == 1 {
		p.login = firedoor.Login{}
		p.sayLogin()
	}
}

// userObject is what a request that is one operation is about.
func userObject(u *user) firedoor.Object {
	d := u.data
	switch u.group {
	case groupCPU:
		return cpuObject(u)
	case groupBlocks:
		if o, ok := blockName(d); ok {
			return o
		}
		if len(d) == 2 {
			hi, ok1 := digit(d[0])
			lo, ok2 := digit(d[1])
			if ok1 && ok2 {
				return firedoor.Object{Space: spaceBlock, At: [4]uint32{hi<<4 | lo, noNumber}}
			}
		}
	case groupCyclic:
		if len(d) == 2 {
			return firedoor.Object{Space: spaceJob, At: [4]uint32{uint32(d[1])}}
		}
	case groupPBC:
		if len(d) >= 8 && d[0] == variableSpec && d[2] == 0x13 {
			return firedoor.Object{Space: spaceRID, At: [4]uint32{binary.BigEndian.Uint32(d[4:])}}
		}
	}
	return firedoor.Object{}
}

func cpuObject(u *user) firedoor.Object {
	d := u.data
	switch {
	case u.sub == 1 && len(d) >= 4:
		return firedoor.Object{Space: spaceSZL, At: [4]uint32{
			uint32(binary.BigEndian.Uint16(d)), uint32(binary.BigEndian.Uint16(d[2:]))}}
	case u.sub == 2 && len(d) >= 1:
		return firedoor.Object{Space: spaceEvents, At: [4]uint32{uint32(d[0])}}
	case u.sub == 7 || u.sub == 8 || u.sub == 11:
		return alarmObject(d, 2)
	}
	return firedoor.Object{}
}

// alarmObject finds the first message of a list: address records that hold an
// event number in their third to sixth byte behind the length.
func alarmObject(d []byte, at int) firedoor.Object {
	if len(d) < at+8 || d[at] != variableSpec || d[at+1] < 6 {
		return firedoor.Object{}
	}
	return firedoor.Object{Space: spaceAlarm, At: [4]uint32{binary.BigEndian.Uint32(d[at+4:])}}
}

func (p *parser) answerUser(m *message, u *user) {
	r := p.recall(m, u.number(), true)
	c := userCall(u.group, u.sub)
	if r != nil && r.items {
		p.answerCyclic(u, r)
		return
	}
	if r == nil {
		if o := p.answeredList(u); o != 0 {
			c.verb = listVerb(o)
		}
	}
	p.answered(r, c, u.number(), errorOutcome(u.err))
	switch {
	case u.group == groupSecurity && u.sub == 1:
		p.loggedIn(u.err == 0)
	case u.group == groupCPU && u.sub == 1 && u.err == 0:
		p.statusList(u)
	case u.group == groupCyclic && u.sub == 4 && u.err == 0 && r != nil:
		p.unsubscribe(uint8(r.obj.At[0]))
	}
}

// push tells of data nobody asked for with a request of its own.
func (p *parser) push(u *user) {
	switch {
	case u.group == groupCyclic || u.group == groupProgrammer && u.sub == 2:
		if p.pushCyclic(u) {
			return
		}
	case u.group == groupCPU && u.sub == 3 && len(u.data) >= 2:
		o := firedoor.Object{Space: spaceEvent, At: [4]uint32{uint32(binary.BigEndian.Uint16(u.data))}}
		p.say(u, o, firedoor.Values{})
		return
	case u.group == groupCPU:
		p.pushAlarm(u)
		return
	}
	p.say(u, firedoor.Object{}, firedoor.Values{})
}

// pushAlarm tells of a message: time, a byte, a count, and the messages, whose
// state stands behind the event number.
func (p *parser) pushAlarm(u *user) {
	const at = 10
	o := alarmObject(u.data, at)
	var v firedoor.Values
	if o.Space != nil && len(u.data) > at+8 {
		v = firedoor.Values{Type: firedoor.U8, Count: 1, Raw: u.data[at+8 : at+9]}
	}
	p.say(u, o, v)
}

// say emits a sample.
func (p *parser) say(u *user, o firedoor.Object, v firedoor.Values) {
	p.sample = firedoor.Sample{Function: userCall(u.group, u.sub).name, Code: u.number(), Object: o, Values: v}
	if _, slot, ok := p.session.RackSlot(); ok {
		p.sample.HasUnit, p.sample.Unit = true, uint32(slot)
	}
	p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	p.emit(&p.event)
}
