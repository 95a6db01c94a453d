package bacnet

import (
	"strconv"

	"firedoor"
)

// Sources of facts.
const (
	sourceIAm      = "bacnet i am"
	sourceInstance = "bacnet device instance"
	sourceIHave    = "bacnet i have"
	sourceWhoAmI   = "bacnet who am i"
	sourceDevice   = "bacnet device object"
	sourceRouter   = "bacnet i am router"
)

// hearsay: a number that stands for a name.
const hearsay = 50

// unconfirmed reads a message that nobody answers.
func (p *parser) unconfirmed() {
	a := &p.app
	s := &unconfirmed[a.service]
	asker := p.dir
	if p.link.toAll() { // nobody in particular is asked
		asker = firedoor.FromClient
	}
	p.begin(s, codeUnconfirmed+uint32(a.service), asker)
	p.q = nil
	switch s.form {
	case formReport:
		p.report(s)
	case formAnnounce:
		p.announce()
	default:
		p.parameters(s)
	}
}

// announce reads who and what is there (16.9, 16.10).
func (p *parser) announce() {
	t := readTags(p.app.body)
	id := t.identifier(t.take(applicationTag, tagObject))
	if p.app.service == iHave {
		object := t.identifier(t.take(applicationTag, tagObject))
		name := text(&p.text, t.take(applicationTag, tagText))
		switch {
		case t.bad:
		case object>>instanceBits == typeDevice:
			p.instance(object)
			p.fact(firedoor.FactName, sourceIHave, sure, name)
		default:
			p.voice.Lookup(p.emit, firedoor.Lookup{Kind: "bacnet", Name: name, Outcome: "ok"})
		}
		p.checkAll(&t)
		return
	}
	t.unsigned(t.take(applicationTag, tagUnsigned)) // how long its messages are
	t.unsigned(t.take(applicationTag, tagEnumerated))
	vendor := t.unsigned(t.take(applicationTag, tagUnsigned))
	if !t.bad {
		p.instance(id)
		p.vendor(vendor, sourceIAm)
	}
	p.checkAll(&t)
}

// checkAll complains about parameters that cannot be read or are too many.
func (p *parser) checkAll(t *tags) {
	if t.bad || t.pos != len(t.b) {
		p.complain(reasonParameters)
	}
}

// instance tells the number by which all BACnet knows a device, until a better
// name is known.
func (p *parser) instance(id uint32) {
	if id>>instanceBits == typeDevice && id&anyInstance != anyInstance {
		name := strconv.AppendUint(append(p.name[:0], "device:"...), uint64(id&anyInstance), 10)
		p.fact(firedoor.FactName, sourceInstance, hearsay, name)
	}
}

// vendor tells who made a device.
func (p *parser) vendor(number uint32, source string) {
	for i := range vendors {
		if vendors[i].number == number {
			p.fact(firedoor.FactVendor, source, sure, append(p.name[:0], vendors[i].name...))
			return
		}
	}
	p.fact(firedoor.FactVendor, source, hearsay, strconv.AppendUint(append(p.name[:0], "BACnet vendor "...), uint64(number), 10))
}

// askCall reads who is looked for (16.9, 16.10), or who looks for its place
// (135-2016bz).
func (p *parser) askCall(t *tags) {
	switch p.app.service {
	case whoAmI, youAre:
		p.askPlace(t)
		return
	}
	low, some := t.numberIf(0)
	var high uint32
	if some {
		high = t.number(1)
	}
	var o firedoor.Object
	switch {
	case p.app.service == whoHas && t.sees(contextTag, 3):
		o = firedoor.Object{Space: &names, Text: text(&p.text, t.take(contextTag, 3))}
		o.Text = o.Text[:min(len(o.Text), maxText)]
	case p.app.service == whoHas:
		o = p.object(t.object(2), noProperty, 0, 0)
	case some && !t.bad:
		o = firedoor.Object{Space: &devices, At: [4]uint32{low}}
		if high >= low {
			p.op.Quantity, p.op.HasQty = high-low+1, true
		}
	}
	if !t.bad {
		p.ask(o)
	}
}

// askPlace reads maker, model and serial number of a device without a number, and
// the number it is given.
func (p *parser) askPlace(t *tags) {
	vendor := t.unsigned(t.take(applicationTag, tagUnsigned))
	model := t.take(applicationTag, tagText)
	serial := t.take(applicationTag, tagText)
	if t.bad {
		return
	}
	if p.app.service == whoAmI {
		p.ask(firedoor.Object{})
		p.vendor(vendor, sourceWhoAmI)
		p.fact(firedoor.FactModel, sourceWhoAmI, sure, text(&p.text, model))
		p.fact(firedoor.FactSerial, sourceWhoAmI, sure, text(&p.text, serial))
		return
	}
	var o firedoor.Object
	if t.sees(applicationTag, tagObject) {
		o = p.object(t.identifier(t.take(applicationTag, tagObject)), noProperty, 0, 0)
	}
	if t.sees(applicationTag, tagOctets) {
		t.next()
	}
	p.ask(o)
}

// deviceFacts are the properties in which a device says what it is (12.11).
var deviceFacts = map[uint32]firedoor.FactKind{
	12: firedoor.FactSoftware, 28: firedoor.FactComment, 44: firedoor.FactFirmware, 58: firedoor.FactComment,
	70: firedoor.FactModel, 77: firedoor.FactName, 121: firedoor.FactVendor, 372: firedoor.FactSerial,
}

// learn tells what a property that was read says about the device.
func (p *parser) learn(id, property, index uint32, content []byte) {
	if id>>instanceBits != typeDevice || index != 0 {
		return
	}
	kind := deviceFacts[property]
	if kind == 0 {
		return
	}
	t := readTags(content)
	if g := t.next(); g.kind == applicationTag && g.number == tagText {
		p.fact(kind, sourceDevice, sure, text(&p.text, g.content))
	}
}
