package opcua

import (
	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Limits of what is remembered of subscriptions, per connection. Data of an item
// that found no room comes with the client's number for it.
const (
	maxMonitored     = 2048
	maxMonitoredText = 1 << 16
)

// monitored are the nodes of a connection's subscriptions by subscription and by
// the client's own number for the item. They are remembered when they are asked
// for: of one that is refused no data come.
type monitored struct {
	byHandle map[uint64]firedoor.Object
	bytes    int      // of all texts
	leaving  []uint32 // subscriptions whose deletion was asked; at most maxLeaving
	renaming renaming
}

func (m *monitored) put(subscription, handle uint32, o *firedoor.Object) {
	key := uint64(subscription)<<32 | uint64(handle)
	old, known := m.byHandle[key]
	if known {
		m.bytes -= len(old.Text)
	}
	if !known && len(m.byHandle) >= maxMonitored || m.bytes+len(o.Text) > maxMonitoredText {
		delete(m.byHandle, key) // what it was is not what it is
		return
	}
	if m.byHandle == nil {
		m.byHandle = map[uint64]firedoor.Object{}
	}
	kept := *o
	kept.Text = append([]byte(nil), o.Text...)
	m.bytes += len(kept.Text)
	m.byHandle[key] = kept
}

func (m *monitored) drop(subscription uint32) {
	if len(m.byHandle) == 0 {
		return
	}
	for key, o := range m.byHandle {
		if uint32(key>>32) == subscription {
			m.bytes -= len(o.Text)
			delete(m.byHandle, key)
		}
	}
	m.renaming.drop(subscription)
}

func (m *monitored) leave(subscription uint32) {
	if len(m.byHandle) == 0 {
		return
	}
	if len(m.leaving) == maxLeaving {
		m.drop(m.leaving[0])
		m.leaving = append(m.leaving[:0], m.leaving[1:]...)
	}
	m.leaving = append(m.leaving, subscription)
}

func (m *monitored) object(subscription, handle uint32) firedoor.Object {
	if o, ok := m.byHandle[uint64(subscription)<<32|uint64(handle)]; ok {
		return o
	}
	return firedoor.Object{Space: &spaceHandle, At: [4]uint32{handle}}
}

// parameters reads MonitoringParameters (OPC 10000-4, 7.21) and returns the
// client's number for the item.
func (r *walk) parameters() (handle uint32) {
	handle = r.U32LE()
	r.Skip(8)
	r.Extension()
	r.Skip(4 + 1)
	return handle
}

func askMonitor(p *parser, q *request, r *walk) {
	p.subscription = r.U32LE()
	r.Skip(4)
	p.naming = p.wait(q, p.subscription)
	p.each(q, r, monitorNode)
}

func monitorNode(p *parser, _ *request, r *walk, i, n int) {
	p.readValue(r)
	r.Skip(4) // mode
	handle := r.parameters()
	if r.Failed() {
		p.op.Object, p.op.Refusals = firedoor.Object{}, nil
		return
	}
	if !p.dry {
		p.nodes.put(p.subscription, handle, &p.op.Object)
		p.naming.add(0, handle)
	}
	p.askItem(i, n)
}

func answerMonitored(p *parser, q *request, r *walk) {
	named := p.nodes.renaming.take(q)
	p.results(q, r, func(p *parser, _ *request, r *walk, i int) {
		p.op.Outcome = outcome(r.U32LE())
		if item := r.U32LE(); !r.Failed() && p.op.Outcome.Kind == firedoor.OutcomeOK {
			p.nodes.renaming.created(named, i, item)
		}
		r.Skip(8 + 4)
		r.Extension()
	})
}

// askModifyItems reads of each item the server's number for it and its parameters (OPC 10000-4,
// 5.13.3), among them the client's own number, which may be another from now on.
func askModifyItems(p *parser, q *request, r *walk) {
	named := p.wait(q, r.U32LE())
	r.Skip(4)
	for n := r.List(); n > 0 && !r.Failed(); n-- {
		item := r.U32LE()
		if handle := r.parameters(); !r.Failed() {
			named.add(item, handle)
		}
	}
}

func answerModified(p *parser, q *request, r *walk) {
	named := p.nodes.renaming.take(q)
	i := 0
	p.outcomeOf(r, func(r *walk) {
		if p.status&statusBad != 0 {
			named.refuse(i)
		}
		i++
		r.Skip(8 + 4)
		r.Extension()
	})
	if !r.Failed() && i == named.len() {
		p.nodes.rename(named)
	}
	p.replyAll(q)
	r.DiagnosticsList()
}

// numbers4 passes over a list of numbers of four bytes.
func (r *walk) numbers4() { r.statuses() }

func askMonitoringMode(_ *parser, _ *request, r *walk) {
	r.Skip(4 + 4)
	r.numbers4()
}

func askTriggering(_ *parser, _ *request, r *walk) {
	r.Skip(4 + 4)
	r.numbers4()
	r.numbers4()
}

func answerTriggering(p *parser, q *request, r *walk) {
	for range 2 { // links added, links removed
		r.statuses()
		r.DiagnosticsList()
	}
	p.replyAll(q)
}

// askDeleteItems forgets the server's numbers of what is deleted. Data of it may still be on their way.
func askDeleteItems(p *parser, _ *request, r *walk) {
	of := uint64(r.U32LE()) << 32
	for n := r.List(); n > 0 && !r.Failed(); n-- {
		if item := r.U32LE(); !r.Failed() && !p.dry {
			delete(p.nodes.renaming.handles, of|uint64(item))
		}
	}
}

func askCreateSubscription(_ *parser, _ *request, r *walk) { r.Skip(8 + 4 + 4 + 4 + 1 + 1) }

func answerCreateSubscription(p *parser, q *request, r *walk) {
	r.Skip(4 + 8 + 4 + 4)
	p.replyAll(q)
}

func askModifySubscription(_ *parser, _ *request, r *walk) { r.Skip(4 + 8 + 4 + 4 + 4 + 1) }

func answerModifySubscription(p *parser, q *request, r *walk) {
	r.Skip(8 + 4 + 4)
	p.replyAll(q)
}

func askPublishingMode(_ *parser, _ *request, r *walk) {
	r.Skip(1)
	r.numbers4()
}

func askPublish(_ *parser, _ *request, r *walk) {
	for n := r.List(); n > 0 && !r.Failed(); n-- {
		r.Skip(4 + 4)
	}
}

func askRepublish(_ *parser, _ *request, r *walk) { r.Skip(4 + 4) }

func askTransfer(_ *parser, _ *request, r *walk) {
	r.numbers4()
	r.Skip(1)
}

func answerTransferred(p *parser, q *request, r *walk) {
	p.outcomeOf(r, func(r *walk) { r.numbers4() })
	p.replyAll(q)
	r.DiagnosticsList()
}

// maxLeaving is how many subscriptions wait to be forgotten until their deletion is answered; beyond it the oldest is
// forgotten at once.
const maxLeaving = 32

// askDeleteSubscriptions notes whose items will be forgotten. Until the answer the server may still send data of them;
// after it, it may give the number again.
func askDeleteSubscriptions(p *parser, _ *request, r *walk) {
	for n := r.List(); n > 0 && !r.Failed(); n-- {
		if id := r.U32LE(); !r.Failed() && !p.dry {
			p.nodes.leave(id)
		}
	}
}

func answerDeleteSubscriptions(p *parser, q *request, r *walk) {
	for _, id := range p.nodes.leaving {
		p.nodes.drop(id)
	}
	p.nodes.leaving = p.nodes.leaving[:0]
	answerOneOfMany(p, q, r)
}

func answerPublish(p *parser, q *request, r *walk) {
	p.replyAll(q)
	subscription := r.U32LE()
	r.numbers4() // what can be had again
	r.Skip(1)
	p.notifications(subscription, r)
	r.statuses() // of the acknowledgements
	r.DiagnosticsList()
}

// answerRepublish brings what a publish brought before: it says nothing new.
func answerRepublish(p *parser, q *request, r *walk) {
	p.replyAll(q)
	r.Skip(4 + 8)
	for n := r.List(); n > 0 && !r.Failed(); n-- {
		r.Extension()
	}
}

// Kinds of notification (7.25).
const (
	codeDataChange = 811
	codeEvents     = 916
)

// notifications reads a NotificationMessage (7.26).
func (p *parser) notifications(subscription uint32, r *walk) {
	r.Skip(4 + 8)
	for n := r.List(); n > 0 && !r.Failed(); n-- {
		kind, body := r.Extension()
		inner := read(body)
		switch {
		case r.Failed():
		case kind.Is(codeDataChange):
			p.changes(subscription, &inner)
		case kind.Is(codeEvents):
			p.happenings(subscription, &inner)
		default:
			continue
		}
		if inner.Failed() {
			p.complain(reasonShort)
		}
	}
}

// changes emits a sample for each value that changed.
func (p *parser) changes(subscription uint32, r *walk) {
	for n := r.List(); n > 0 && !r.Failed(); n-- {
		handle := r.U32LE()
		v, status := r.DataValue()
		if r.Failed() {
			return
		}
		if status&statusBad != 0 {
			v = wire.UAVariant{}
		}
		o := p.nodes.object(subscription, handle)
		var texts [][]byte
		if o.Space != &spaceHandle { // of which nobody knows what it is
			texts = p.textsOf(&v, &o)
		}
		p.say("data change notification", codeDataChange, o, v.Values, texts)
	}
}

// happenings emits a sample for each event. Its fields are those the client chose,
// which are not told.
func (p *parser) happenings(subscription uint32, r *walk) {
	for n := r.List(); n > 0 && !r.Failed(); n-- {
		handle := r.U32LE()
		for fields := r.List(); fields > 0 && !r.Failed(); fields-- {
			r.Variant()
		}
		if !r.Failed() {
			p.say("event notification", codeEvents, p.nodes.object(subscription, handle), firedoor.Values{}, nil)
		}
	}
}

func (p *parser) say(function string, code uint32, o firedoor.Object, v firedoor.Values, texts [][]byte) {
	p.sample = firedoor.Sample{Function: function, Code: code, Object: o, Values: v, Texts: texts}
	p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	p.emit(&p.event)
}
