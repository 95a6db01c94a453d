package bacnet

import (
	"firedoor"
)

// unassigned is a service choice that nobody has: with it in place of the real one
// a device rejects the request as an unrecognized service (18.9.10).
const unassigned = 0x7f

// confirmed reads a request that wants an answer.
func (p *parser) confirmed() {
	a := &p.app
	key := p.key(p.dir, p.net.to, p.net.from)
	if a.segmented() {
		body, ends := p.segment(key, false)
		if !ends {
			return
		}
		p.whole, a.body = body != nil, body
	}
	s := &confirmed[a.service]
	p.begin(s, uint32(a.service), p.dir)
	p.remember(key, a.service)
	if s.form == formReport {
		p.q.silent = true
		p.report(s)
		return
	}
	if !p.whole { // a part of it was not captured
		p.ask(firedoor.Object{})
		return
	}
	if !a.segmented() {
		p.refuse(p.link.bodyAt + p.net.bodyAt + a.serviceAt)
	}
	p.parameters(s)
}

// refuse notes the place of the service choice.
func (p *parser) refuse(at int) {
	p.refusals[0] = firedoor.Refusal{Name: "service", Offset: at, Bytes: [4]byte{unassigned}, Len: 1}
	p.op.Refusals = p.refusals[:1]
}

// refuseObject notes the place of the object identifier of the request at hand,
// whose tag has just been read: no device has an object of type 1023.
func (p *parser) refuseObject(t *tags) {
	if len(p.op.Refusals) == 0 || t.bad {
		return
	}
	at := p.refusals[0].Offset + 1 + t.pos - objectIDBytes
	p.refusals[1] = firedoor.Refusal{Name: "object", Offset: at, Bytes: [4]byte{0xff, 0xff, 0xff, 0xff}, Len: objectIDBytes}
	p.op.Refusals = p.refusals[:2]
}

// parameters reads what a service is asked to do and asks for it. What cannot be
// read is asked all the same: the device was told something.
func (p *parser) parameters(s *service) {
	t := readTags(p.app.body)
	switch s.form {
	case formProperty:
		p.askProperty(&t)
	case formSeveral:
		p.dry, p.count = true, 0
		p.askSeveral(&t)
		p.dry, p.items, t = false, 0, readTags(p.app.body)
		p.askSeveral(&t)
	case formFile:
		p.askFile(&t)
	case formObject:
		p.askObject(&t)
	case formControl:
		p.askControl(&t)
	case formAddressee:
		p.askAddressee(&t)
	case formCall:
		p.askCall(&t)
	default:
		p.ask(firedoor.Object{})
		return
	}
	if p.items == 0 {
		p.op.Values, p.op.Texts, p.op.HasQty, p.op.Quantity = firedoor.Values{}, nil, false, 0
		p.ask(firedoor.Object{})
	}
	if t.bad || t.pos != len(t.b) {
		p.complain(reasonParameters)
	}
}

// reference reads property and index in context tags n and n+1.
func reference(t *tags, n uint8) (property, index uint32) {
	property = t.number(n)
	if i, ok := t.numberIf(n + 1); ok {
		index = i + 1
	}
	return property, index
}

// askProperty reads the services over one property (15.1, 15.2, 15.5, 15.8, 15.9).
func (p *parser) askProperty(t *tags) {
	id := t.object(0)
	p.refuseObject(t)
	property, index := reference(t, 1)
	if t.bad {
		return
	}
	o := p.object(id, property, index, 0)
	switch p.app.service {
	case addListElement, removeListElement:
		p.valued(property, t.inside(3))
	case writeProperty:
		content := t.inside(3)
		priority, _ := t.numberIf(4)
		p.write(&o, content, priority)
	case readRange:
		for n := uint8(3); n <= 7; n++ { // by position, number or time, and two of older versions
			if t.sees(openingTag, n) {
				p.rangeCount(t.inside(n))
				break
			}
		}
	}
	p.ask(o)
}

// write puts what is written, and how, into the operation at hand.
func (p *parser) write(o *firedoor.Object, content []byte, priority uint32) {
	marks := min(priority, maxPriority) | o.At[atMarks]&markTheirs
	if len(content) == 1 && content[0] == tagNull {
		marks |= markNull
	}
	o.At[atMarks] = marks
	p.op.Function = written(p.app.service, marks)
	p.valued(o.At[atProperty], content)
}

// rangeCount takes the number of records asked for, which is negative for those
// before the reference.
func (p *parser) rangeCount(b []byte) {
	t := readTags(b)
	for t.more() {
		if g := t.next(); g.kind == applicationTag && g.number == tagSigned && len(g.content) > 0 && len(g.content) <= 4 && !t.more() {
			n := signed(g.content)
			if n < 0 {
				n = -n
			}
			p.op.Quantity, p.op.HasQty = uint32(n), true
		}
	}
}

// signed is a signed number of one to four octets.
func signed(b []byte) int32 {
	shift := 64 - 8*len(b)
	return int32(int64(wide(b)<<shift) >> shift)
}

// askSeveral reads the services over several objects; each object gives an operation.
func (p *parser) askSeveral(t *tags) {
	if p.app.kind == kindUnconfirmed {
		p.askChannels(t)
		return
	}
	switch p.app.service {
	case readMultiple:
		for t.more() {
			id := t.object(0)
			list := readTags(t.inside(1))
			for list.more() {
				property, index := reference(&list, 0)
				if !list.bad {
					p.ask(p.object(id, property, index, 0))
				}
			}
			t.bad = t.bad || list.bad
		}
	case writeMultiple:
		for t.more() {
			id := t.object(0)
			list := readTags(t.inside(1))
			for list.more() {
				p.askWrite(&list, id)
			}
			t.bad = t.bad || list.bad
		}
	case subscribeMultiple: // 13.16
		t.number(0)
		t.skipIf(1)
		t.skipIf(2)
		t.skipIf(3)
		p.askSubscriptions(t)
	}
}

// askWrite reads one property of a write (15.10).
func (p *parser) askWrite(list *tags, id uint32) {
	property, index := reference(list, 0)
	content := list.inside(2)
	priority, _ := list.numberIf(3)
	if list.bad {
		return
	}
	o := p.object(id, property, index, 0)
	p.write(&o, content, priority)
	p.ask(o)
}

func (p *parser) askSubscriptions(t *tags) {
	all := readTags(t.inside(4))
	for all.more() {
		id := all.object(0)
		list := readTags(all.inside(1))
		for list.more() {
			inner := readTags(list.inside(0))
			property, index := reference(&inner, 0)
			list.skipIf(1) // increment
			list.skipIf(2) // with times
			if list.bad = list.bad || inner.bad; !list.bad {
				p.ask(p.object(id, property, index, 0))
			}
		}
		all.bad = all.bad || list.bad
	}
	t.bad = t.bad || all.bad
}

// askChannels reads a write to a group of channels (15.11).
func (p *parser) askChannels(t *tags) {
	group := t.number(0)
	t.number(1) // priority
	list := readTags(t.inside(2))
	for list.more() {
		channel := list.number(0)
		list.skipIf(1) // its own priority
		start := list.pos
		if list.sees(openingTag, 0) {
			list.inside(0) // a lighting command or a colour
		} else {
			list.next()
		}
		if !list.bad {
			p.op.Values = p.value(list.b[start:list.pos])
			p.ask(firedoor.Object{Space: &channels, At: [4]uint32{group, channel}})
		}
	}
	t.skipIf(3)
	t.bad = t.bad || list.bad
}

// askFile reads which part of a file is asked for (14.1, 14.2): from where, then
// how much, or how much of it stands there.
func (p *parser) askFile(t *tags) {
	id := t.identifier(t.take(applicationTag, tagObject))
	p.refuseObject(t)
	records := t.sees(openingTag, 1)
	part := readTags(t.inside(uint8(b2i(records))))
	part.take(applicationTag, tagSigned)
	if p.app.service == readFile || records {
		p.op.Quantity = part.unsigned(part.take(applicationTag, tagUnsigned))
	} else {
		p.op.Quantity = uint32(len(part.take(applicationTag, tagOctets)))
	}
	for records && part.more() && p.app.service == writeFile {
		part.take(applicationTag, tagOctets)
	}
	t.bad = t.bad || part.bad
	if p.op.HasQty = !t.bad; p.op.HasQty {
		p.ask(p.object(id, noProperty, 0, 0))
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// askObject reads the services over one object (13 and 15).
func (p *parser) askObject(t *tags) {
	property, index, marks := uint32(noProperty), uint32(0), uint32(0)
	var id uint32
	switch p.app.service {
	case acknowledgeAlarm:
		t.number(0)
		id = t.object(1)
		p.refuseObject(t)
		p.state(t.number(2))
		for n := uint8(3); n <= 5; n++ {
			t.skipIf(n)
		}
	case subscribeCOV, subscribeProperty:
		t.number(0)
		id = t.object(1)
		p.refuseObject(t)
		t.skipIf(2)
		t.skipIf(3)
		if p.app.service == subscribeProperty {
			inner := readTags(t.inside(4))
			property, index = reference(&inner, 0)
			t.bad = t.bad || inner.bad
			t.skipIf(5)
		}
	case createObject:
		inner := readTags(t.inside(0))
		var ok bool
		if id, ok = inner.objectIf(1); !ok {
			id, marks = inner.number(0)<<instanceBits|anyInstance, markNoInstance
		}
		t.bad = t.bad || inner.bad
		t.skipIf(1)
	case deleteObject:
		id = t.identifier(t.take(applicationTag, tagObject))
		p.refuseObject(t)
	case lifeSafety:
		t.number(0)
		t.skipIf(1)
		p.state(t.number(2))
		p.askObjectIf(t, 3)
		return
	case eventInformation:
		p.askObjectIf(t, 0)
		return
	}
	if !t.bad {
		p.ask(p.object(id, property, index, marks))
	}
}

// askObjectIf asks for the object that may come next.
func (p *parser) askObjectIf(t *tags, n uint8) {
	id, ok := t.objectIf(n)
	switch {
	case t.bad:
	case ok:
		p.ask(p.object(id, noProperty, 0, 0))
	default:
		p.ask(firedoor.Object{})
	}
}

// state makes a number the operation's value.
func (p *parser) state(n uint32) {
	p.numbers[0], p.numbers[1], p.numbers[2], p.numbers[3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
	p.op.Values = firedoor.Values{Type: firedoor.U32, Count: 1, Raw: p.numbers[:4]}
}

// askControl reads into which state a device is put (16.1, 16.4). The password
// behind it is passed over.
func (p *parser) askControl(t *tags) {
	words, at := &reinitializeStates, uint8(0)
	if p.app.service == communicationControl {
		words, at = &communicationStates, 1
		t.skipIf(0) // for how long
	}
	n := t.number(at)
	t.skipIf(at + 1)
	if t.bad {
		return
	}
	if w := word(words[b2i(p.theirs)], n); w != "" {
		p.op.Function = w
	}
	if p.app.service == reinitialize && n >= firstRestore && n <= lastRestore {
		p.op.Verb = firedoor.VerbProgram
	}
	p.state(n)
	p.ask(firedoor.Object{})
}

// askAddressee reads whom a private transfer or a text is for (16.2, 16.3, 16.5).
// What they say is passed over.
func (p *parser) askAddressee(t *tags) {
	text := p.app.service == textMessage
	if p.app.kind == kindUnconfirmed {
		text = p.app.service == unText
	}
	if text {
		id := t.object(0)
		t.skipIf(1)
		t.number(2)
		t.skipIf(3)
		if !t.bad {
			p.ask(p.object(id, noProperty, 0, 0))
		}
		return
	}
	vendor, number := t.number(0), t.number(1)
	if t.sees(openingTag, 2) { // what makers put here has not always tags
		t.pos = len(t.b)
	}
	if !t.bad {
		p.ask(firedoor.Object{Space: &privates, At: [4]uint32{vendor, number}})
	}
}
