package s7comm

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// Limits of what is remembered of lasting jobs, per connection. A controller
// allows 16 to 32 of them. One more makes the oldest forgotten; the data of a
// job with more variables, or of a forgotten one, comes without their names.
const (
	maxSubscriptions   = 32
	maxSubscribedItems = 128
)

// subscription is a job by which the controller sends data until it is told to
// stop: what the data means.
type subscription struct {
	group byte
	seq   uint8
	items []item
}

// askCyclic reads a request for cyclic data: a count of two bytes, the interval,
// and address records. Each variable is an operation.
func (p *parser) askCyclic(m *message, u *user, c call) {
	rd := protocol.Read(u.data)
	count := int(rd.U16())
	rd.Skip(2)
	first := p.items.next
	ops, ok := p.readItems(&rd, count)
	if !ok || ops == 0 {
		p.items.next = first
		p.malformed("address of a variable breaks the rules")
		p.ask(m, c, u.number(), firedoor.Object{})
		return
	}
	p.askEach(m, u, c, first, ops, nil)
}

// askEach emits an operation for each item; values, if any, are those written.
func (p *parser) askEach(m *message, u *user, c call, first uint32, ops int, values *protocol.Reader) {
	r := p.remember(m, c, u.number(), first, ops)
	for k := range ops {
		it := p.items.at(first + uint32(k))
		p.begin(firedoor.Asked, r.call, r.code)
		p.name(r, k, it)
		if values != nil {
			p.written(values, k+1 == ops, it)
		}
		p.emit(&p.opEvent)
	}
	if values != nil && values.Failed() {
		p.malformed("written data shorter than its lengths say")
	}
}

// askTable reads a variable table: lengths of its parameters and data, a count,
// address records of six bytes and, to modify, data records. Tables of other
// controllers, which are not understood, stay one operation.
func (p *parser) askTable(m *message, u *user, c call) bool {
	rd := protocol.Read(u.data)
	skip, _ := int(rd.U16()), rd.U16()
	rd.Skip(skip)
	count := int(rd.U16())
	if rd.Failed() || count == 0 || count > rd.Len()/6 {
		return false
	}
	first := p.items.next
	p.items.room(p.live, count)
	for range count {
		if !p.items.parseTable(&rd) {
			p.items.next = first
			return false
		}
	}
	if u.sub == 2 {
		p.askEach(m, u, c, first, count, nil)
		return true
	}
	p.askEach(m, u, c, first, count, &rd)
	return true
}

// answerCyclic reads the answer to a request over several variables, remembers
// what later data will mean, and emits what came at once.
func (p *parser) answerCyclic(u *user, r *request) {
	if u.err != 0 {
		p.answerAll(r, r.call, r.code, errorOutcome(u.err))
		return
	}
	p.subscribe(u, r)
	if u.group != groupCyclic || len(u.data) < 2 {
		p.answerAll(r, r.call, r.code, firedoor.OK)
		return
	}
	rd := protocol.Read(u.data)
	p.answerItems(&rd, r, r.call, r.code, int(rd.U16()), false)
}

func (p *parser) subscribe(u *user, r *request) {
	if u.group == groupProgrammer && u.sub != 2 {
		return
	}
	s := p.subscribed(u.group, u.seq)
	if s == nil {
		if len(p.subscriptions) < maxSubscriptions {
			p.subscriptions = append(p.subscriptions, subscription{})
			s = &p.subscriptions[len(p.subscriptions)-1]
		} else {
			s = &p.subscriptions[p.nextSub]
			p.nextSub = (p.nextSub + 1) % maxSubscriptions
		}
	}
	s.group, s.seq, s.items = u.group, u.seq, s.items[:0]
	if r.ops > maxSubscribedItems {
		return
	}
	for k := range uint32(r.ops) {
		it := p.items.at(r.first + k)
		if it == nil {
			s.items = s.items[:0]
			return
		}
		s.items = append(s.items, *it)
	}
}

func (p *parser) subscribed(group, seq byte) *subscription {
	for i := range p.subscriptions {
		if s := &p.subscriptions[i]; s.group == group && s.seq == seq {
			return s
		}
	}
	return nil
}

func (p *parser) unsubscribe(seq uint8) {
	if s := p.subscribed(groupCyclic, seq); s != nil {
		s.items = s.items[:0]
	}
}

// pushCyclic emits a sample for each variable of a lasting job. It tells false
// when the message holds none.
func (p *parser) pushCyclic(u *user) bool {
	rd := protocol.Read(u.data)
	if u.group == groupProgrammer {
		skip, _ := int(rd.U16()), rd.U16()
		rd.Skip(skip)
	}
	count := int(rd.U16())
	if rd.Failed() || count == 0 || u.err != 0 {
		return false
	}
	var items []item
	if s := p.subscribed(u.group, u.seq); s != nil {
		items = s.items
	}
	for i := range count {
		d, ok := readData(&rd, i+1 == count)
		if !ok {
			p.malformed("data do not hold their items")
			return true
		}
		items = p.pushItem(u, items, &d)
	}
	return true
}

// pushItem emits the sample of one record, several where it is for several
// areas, and returns the items that are left.
func (p *parser) pushItem(u *user, items []item, d *dataItem) []item {
	if len(items) == 0 {
		var none *item
		p.pushValues(u, firedoor.Object{}, none.values(d.transport, d.data))
		return nil
	}
	if items[0].syntax != syntaxDBRead {
		p.pushValues(u, items[0].object(), items[0].values(d.transport, d.data))
		return items[1:]
	}
	rd := protocol.Read(d.data)
	for len(items) > 0 {
		it := &items[0]
		items = items[1:]
		_, data := areaData(&rd, d, it)
		p.pushValues(u, it.object(), it.values(dataBytes, data))
		if !it.more {
			break
		}
	}
	return items
}

func (p *parser) pushValues(u *user, o firedoor.Object, v firedoor.Values) {
	if len(v.Raw) > 0 {
		p.say(u, o, v)
	}
}
