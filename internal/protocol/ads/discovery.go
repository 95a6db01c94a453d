package ads

import (
	"encoding/binary"
	"strconv"

	"firedoor"
	"firedoor/internal/protocol"
)

// Datagrams of the router: magic number, invoke id, service with the answer's bit,
// NetId and port of the sender, number of items; of each its tag, its length, its data.
const (
	magic         = "\x03\x66\x14\x71"
	atService     = 8
	atSender      = 12
	atItems       = 20
	datagramHead  = 24
	maxDatagram   = 32 // items
	answerService = 0x80000000
	serviceCode   = 0x10000 // of operations: this and the service
)

// Tags of items.
const (
	tagStatus  = 1
	tagVersion = 3 // of TwinCAT
	tagSystem  = 4
	tagHost    = 5
	tagRoute   = 12
	tagUser    = 13
)

// datagramServices are the services of the router.
var datagramServices = [...]service{
	1: {name: "identify", verb: firedoor.VerbIdentify},
	6: {name: "add route", verb: firedoor.VerbConfigure},
}

const otherService = "router service"

// reasonItems is the reason of a malformed event.
const reasonItems = "items do not fill the datagram"

// probeDatagram wants the magic number, a service that exists, and items that fit.
func probeDatagram(b []byte) protocol.Match {
	if len(b) < datagramHead {
		return protocol.No
	}
	if s := binary.LittleEndian.Uint32(b[atService:]) &^ answerService; s == 0 || s > 32 || !itemsFit(b) {
		return protocol.No
	}
	return protocol.Yes
}

// itemsFit tells whether the items end where the datagram does.
func itemsFit(b []byte) bool {
	r := protocol.Read(b[atItems:])
	n := r.U32LE()
	if n > maxDatagram {
		return false
	}
	for range n {
		r.Skip(2)
		r.Skip(int(r.U16LE()))
	}
	return !r.Failed() && r.Len() == 0
}

// datagram reads a datagram of the router.
func (p *parser) datagram(dir firedoor.Direction, b []byte) {
	if len(b) < datagramHead {
		p.complain(reasonShort)
		return
	}
	number := binary.LittleEndian.Uint32(b[atService:])
	answers := number&answerService != 0
	number &^= answerService
	p.b, p.theirs = b, (dir == firedoor.FromServer) != answers
	p.op = firedoor.Operation{Code: serviceCode + number, Function: otherService, Verb: firedoor.VerbConfigure}
	if number < uint32(len(datagramServices)) && datagramServices[number].name != "" {
		p.op.Function, p.op.Verb = datagramServices[number].name, datagramServices[number].verb
	}
	key := uint64(binary.LittleEndian.Uint32(b[4:])) | uint64(number)<<32
	if answers {
		p.answerDatagram(b, p.asked[side(p.theirs)].Take(key))
	} else {
		p.askDatagram(b, key)
	}
	if !itemsFit(b) {
		p.complain(reasonItems)
	}
}

// tagged finds the data of an item, nil where there is none.
func tagged(b []byte, tag uint16) []byte {
	r := protocol.Read(b[atItems:])
	for range min(r.U32LE(), maxDatagram) {
		t := r.U16LE()
		if data := r.Bytes(int(r.U16LE())); t == tag && !r.Failed() {
			return data
		}
	}
	return nil
}

// askDatagram reads what is asked of a router. The password is passed over.
func (p *parser) askDatagram(b []byte, key uint64) {
	q := p.remember(key, 0)
	it := item{}
	name := symbolName(tagged(b, tagRoute))
	if len(name) > 0 {
		it.space = &routes
	}
	user := tagged(b, tagUser)
	p.last++
	p.op.ID, p.op.Phase = p.last, firedoor.Asked
	p.object(&it, name)
	p.op.Span = firedoor.Span{End: int64(len(b))}
	it.to, it.verb = uint16(len(name)), p.op.Verb
	q.text = append(append(q.text, name...), symbolName(user)...)
	q.items = append(q.items, it)
	p.emit(&p.opEvent)
}

// answerDatagram reads what a router answers.
func (p *parser) answerDatagram(b []byte, q *request) {
	p.op.Outcome = firedoor.OK
	if status := tagged(b, tagStatus); len(status) >= 4 {
		p.op.Outcome = outcome(binary.LittleEndian.Uint32(status), 0)
	}
	p.replyAll(q)
	if q != nil {
		if user := q.text[q.items[0].to:]; len(user) > 0 {
			result := "failed"
			if p.op.Outcome.Kind == firedoor.OutcomeOK {
				result = "ok"
			}
			p.voice.Login(p.emit, user, result)
		}
	}
	p.fact(firedoor.FactService, sourceDatagram, netID(p.text[:0], b[atSender:]))
	if q != nil && p.op.Code != serviceCode+1 {
		return
	}
	p.fact(firedoor.FactName, sourceDatagram, tagged(b, tagHost))
	if v := tagged(b, tagVersion); len(v) >= 4 {
		p.fact(firedoor.FactFirmware, sourceDatagram, version(append(p.text[:0], "TwinCAT "...), v))
	}
	p.system(tagged(b, tagSystem))
}

// system tells the operating system: size, major, minor, build, platform (2 is NT, 3 is
// CE), and more.
func (p *parser) system(b []byte) {
	r := protocol.Read(b)
	r.Skip(4)
	major, minor, build, platform := r.U32LE(), r.U32LE(), r.U32LE(), r.U32LE()
	if r.Failed() || platform != 2 && platform != 3 {
		return
	}
	t := append(p.text[:0], "Windows "...)
	if platform == 3 {
		t = append(t, "CE "...)
	} else {
		t = append(t, "NT "...)
	}
	t = append(strconv.AppendUint(t, uint64(major), 10), '.')
	t = strconv.AppendUint(t, uint64(minor), 10)
	if build != 0 {
		t = strconv.AppendUint(append(t, '.'), uint64(build), 10)
	}
	p.fact(firedoor.FactSystem, sourceDatagram, t)
}
