package enip

import (
	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// request emits the services of a CIP request and remembers it.
func (p *parser) request(h *header, k *wire.CIPPacket, data []byte, sequence uint16, at span4) {
	m := &p.message
	ok := m.read(data, p.slotOf(k))
	if m.bad != "" {
		p.malformed.Lost = true // a device may find a service there that nobody here has read
		p.broken("cip", m.bad, at.cip)
	}
	if !ok {
		return
	}
	first := p.lastID + 1
	p.remember(h, k, data, sequence, first)
	for i := range m.items {
		it := &m.items[i]
		o := p.state(it, i, first)
		o.Phase = firedoor.Asked
		o.HasQty, o.Quantity, o.Values = it.hasQty, it.quantity, it.values
		o.Span = firedoor.Span{Start: int64(at.start), End: int64(at.end)}
		if it.action.verb.Changes() {
			o.Refusals = refusals(p.patches[:0], it.path, at.cip-at.start+it.pathAt)
		}
		p.emit(&p.operationE)
	}
	p.lastID += uint32(len(m.items))
}

// state fills the operation with what both halves say of an item.
func (p *parser) state(it *item, i int, first uint32) *firedoor.Operation {
	p.operation = firedoor.Operation{
		ID: first + uint32(i), Verb: it.action.verb, Protocol: "cip", Code: it.code, Function: it.action.function,
		HasUnit: it.slot.known, UnitAgreed: it.slot.agreed, Unit: it.slot.number, Object: it.object, Item: it.number,
	}
	if it.kind == inPCCC {
		p.operation.Protocol = "pccc"
	}
	return &p.operation
}

// slotOf is the slot that a connected message goes to, if its Forward Open was seen.
func (p *parser) slotOf(k *wire.CIPPacket) slot {
	if k.Type != wire.CIPConnectedData || p.connections == nil {
		return slot{}
	}
	c := p.connections.ByOT(k.Connection)
	if c == nil {
		c = p.connections.ByTO(k.Connection)
	}
	if c == nil {
		return slot{}
	}
	return slot{known: c.HasSlot, agreed: c.HasSlot, number: c.Slot}
}

// remember keeps a request for its answer.
func (p *parser) remember(h *header, k *wire.CIPPacket, data []byte, sequence uint16, first uint32) {
	if p.held+len(data) > maxHeld {
		p.unconnected, p.connected = protocol.Asked[asked]{}, protocol.Asked[asked]{}
		p.held = 0
	}
	t, key := &p.unconnected, h.context
	if k.Type == wire.CIPConnectedData {
		t, key = &p.connected, connectedKey(k.Connection, sequence)
		if p.connections == nil || p.connections.ByOT(k.Connection) == nil {
			p.pairs.asked(k.Connection)
		}
	}
	full := t.Len() == protocol.MaxAsked
	a := t.Put(key)
	if full { // the place is that of the oldest, which is forgotten
		p.release(a)
	}
	items := p.message.items
	p.held += len(data)
	*a = asked{
		id: first, service: items[0].service, inner: items[p.message.delivered(0)].service,
		slot: items[0].slot, bytes: append(a.bytes[:0], data...),
	}
}

// take finds the oldest request with the key that the service answers;
// requests before it were never answered.
func (p *parser) take(t *protocol.Asked[asked], key uint64, service uint8) *asked {
	for {
		a := t.Take(key)
		if a == nil || a.service == service || a.inner == service {
			return a
		}
		p.release(a)
	}
}

// release lets go of a request's bytes. They stay readable until the next
// request is remembered.
func (p *parser) release(a *asked) {
	p.held -= len(a.bytes)
	a.bytes = a.bytes[:0]
	if cap(a.bytes) > maxKept {
		a.bytes = nil
	}
}

// answer joins a CIP answer to its request and emits the services' outcomes.
func (p *parser) answer(h *header, k *wire.CIPPacket, data []byte, sequence uint16, at int) {
	service := data[0] &^ replyBit
	var a *asked
	if k.Type == wire.CIPConnectedData {
		a = p.takeConnected(k.Connection, sequence, service)
	} else {
		a = p.take(&p.unconnected, h.context, service)
	}
	m := &p.message
	var id uint32
	partial := a == nil
	if partial {
		m.unseen(data, p.slotOf(k))
	} else {
		m.read(a.bytes, a.slot)
		id = a.id
		p.release(a)
	}
	m.bad = "" // the request's faults were told when it came
	if len(m.items) > 0 {
		m.answer(data, 0)
	} else {
		m.broken("service answer cut short")
	}
	if m.bad != "" {
		p.broken("cip", m.bad, at)
	}
	p.completed(id, partial)
	if !partial {
		p.learn(k)
	}
}

// completed emits the outcomes of all items that have one. Partial ones are
// numbered here; the others count from first.
func (p *parser) completed(first uint32, partial bool) {
	m := &p.message
	for i := range m.items {
		it := &m.items[i]
		if !it.answered {
			continue
		}
		o := p.state(it, i, first)
		if partial {
			p.lastID++
			o.ID = p.lastID
		}
		o.Phase, o.Partial, o.Outcome = firedoor.Answered, partial, it.outcome
		if it.outcome.Kind == firedoor.OutcomeOK {
			o.Values = it.result()
		}
		p.emit(&p.operationE)
	}
}

// result is what an accepted item brought back.
func (it *item) result() firedoor.Values {
	switch it.kind {
	case plain:
		return it.answerValues(it.reply)
	case inPCCC:
		return it.pccc.values(it.reply)
	}
	return firedoor.Values{}
}

// learn takes connections and facts from answered services.
func (p *parser) learn(k *wire.CIPPacket) {
	for i := range p.message.items {
		it := &p.message.items[i]
		if it.kind != plain && it.kind != inPCCC || !it.answered || it.outcome.Kind != firedoor.OutcomeOK {
			continue
		}
		switch {
		case it.kind == inPCCC:
			p.learnPCCC(it)
		case it.class == classFile, it.class == classNVS:
			p.moved(it)
		case it.leaf[0] == classMode, it.leaf[0] == classCode, it.leaf[0] == classRoutine, it.leaf[0] == classData:
			p.loaded(it)
		case it.class == classTCPIP:
			p.hostName(it)
		case it.class == classController && it.service == svcGetAll:
			p.controllerName(it)
		case it.identity:
			p.identityObject(it)
		case it.object.Space == &instanceSpace && it.object.At[0] == classManager:
			switch it.service {
			case svcForwardOpen, svcLargeForwardOp:
				p.opened(it, k)
			case svcForwardClose:
				p.closed(it)
			}
		}
	}
}
