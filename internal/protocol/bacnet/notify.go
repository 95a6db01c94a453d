package bacnet

import "firedoor"

// report tells a notification as samples. The one that is confirmed is answered
// like a request, but nobody asked for anything.
func (p *parser) report(s *service) {
	if !p.whole {
		return
	}
	p.sample = firedoor.Sample{Function: s.function(false), Code: p.op.Code}
	t := readTags(p.app.body)
	switch {
	case p.app.kind == kindConfirmed && p.app.service == eventNotification,
		p.app.kind == kindUnconfirmed && p.app.service == unEvent:
		p.event(&t)
	case p.app.kind == kindConfirmed && p.app.service == covMultiple,
		p.app.kind == kindUnconfirmed && p.app.service == unCOVMany:
		p.changes(&t)
	case p.app.kind == kindConfirmed && p.app.service == covNotification,
		p.app.kind == kindUnconfirmed && p.app.service == unCOV:
		p.change(&t)
	default: // audit: who did what elsewhere
		p.tell(firedoor.Object{}, firedoor.Values{}, nil)
		return
	}
	p.checkAll(&t)
}

func (p *parser) tell(o firedoor.Object, v firedoor.Values, texts [][]byte) {
	if p.items++; p.items > maxItems {
		return
	}
	if p.net.from != nil {
		p.sample.HasUnit, p.sample.Unit, o.Text = true, unitOf(p.net.from), p.net.from
	}
	p.sample.Object, p.sample.Values, p.sample.Texts = o, v, texts
	p.emit(&p.sampleEvent)
}

// change reads the new values of one object (13.6, 13.7).
func (p *parser) change(t *tags) {
	t.number(0) // process
	t.object(1) // device
	id := t.object(2)
	t.number(3) // seconds left
	p.listed(t, 4, id)
}

// changes reads new values of several objects (13.17, 13.18).
func (p *parser) changes(t *tags) {
	t.number(0)
	t.object(1)
	t.number(2)
	t.skipIf(3) // time
	all := readTags(t.inside(4))
	for all.more() {
		id := all.object(0)
		p.listed(&all, 1, id)
	}
	t.bad = t.bad || all.bad
}

// listed tells properties and values of an object in a list with the tag.
func (p *parser) listed(t *tags, n uint8, id uint32) {
	list := readTags(t.inside(n))
	for list.more() {
		property, index := reference(&list, 0)
		content := list.inside(2)
		list.skipIf(3) // priority, or time
		if !list.bad {
			p.tell(firedoor.Object{Space: &objects, At: [4]uint32{id, property, index}}, p.value(content), p.words(property, content))
		}
	}
	t.bad = t.bad || list.bad
}

// event reads an alarm, an event or an acknowledgement (13.8, 13.9).
func (p *parser) event(t *tags) {
	t.number(0)
	t.object(1)
	id := t.object(2)
	t.inside(3) // time
	t.number(4) // class
	t.number(5) // priority
	kind := t.number(6)
	var message []byte
	if t.sees(contextTag, 7) {
		message = t.next().content
	}
	t.number(8) // notify type
	t.skipIf(9)
	from, _ := t.numberIf(10)
	to := t.number(11)
	t.skipIf(12)
	if t.bad {
		return
	}
	n := p.numbers[:12]
	for i, v := range [...]uint32{kind, from, to} {
		n[4*i], n[4*i+1], n[4*i+2], n[4*i+3] = byte(v>>24), byte(v>>16), byte(v>>8), byte(v)
	}
	p.tell(firedoor.Object{Space: &objects, At: [4]uint32{id, noProperty}}, firedoor.Values{Type: firedoor.U32, Count: 3, Raw: n}, p.said(message))
}
