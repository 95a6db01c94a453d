package melsec

import "firedoor"

// entries are the lists of devices that a controller keeps for a connection to have them
// monitored: one of 3E and 4E; of 1E one of bits, of words, and of extended file registers.
const entries = 3

// entry is which of them a command of 1E is about; those of 3E and 4E have the first.
func (c *command) entry() int {
	switch {
	case c.form == formRegister, c.form == formMonitor, !c.words():
		return 0
	case c.blocked():
		return 2
	}
	return 1
}

// enter notes what an accepted request enters, in place of what was entered before.
func (p *parser) enter(c *command, q *request) {
	if p.theirs {
		return
	}
	list := p.entered[c.entry()][:0]
	for i := range q.items {
		if it := q.items[i]; it.space != nil {
			list = append(list, it)
		}
	}
	if len(list) < len(q.items) || len(q.items) == maxItems { // not all of it is known
		list = nil
	}
	p.entered[c.entry()] = list
}

// monitored tells a sample of each device that was entered: the request does not name them. The
// bits of 1E lie two in an octet, though each was entered by itself.
func (p *parser) monitored(c *command, r *fields) {
	list := p.entered[c.entry()]
	if len(list) == 0 || p.theirs {
		return
	}
	var flags firedoor.Values
	if list[0].shape == shapeFlag {
		flags = r.values(shapeBit, len(list), true, &p.numbers)
	}
	for i := range list {
		it := &list[i]
		p.sample = firedoor.Sample{Function: c.name, Code: uint32(c.code), HasUnit: true, Unit: p.f.unit,
			Object: firedoor.Object{Space: it.space, At: it.at}, Values: flags}
		if it.shape != shapeFlag {
			p.sample.Values = r.values(it.shape, it.points, it.bit, &p.numbers)
		} else if i < len(flags.Raw) {
			p.sample.Values.Count, p.sample.Values.Raw = 1, flags.Raw[i:i+1]
		}
		if r.failed {
			break
		}
		p.emit(&p.sampleEvent)
	}
	if r.failed || len(r.b) > 0 {
		p.complain(reasonAnswer)
	}
}
