package template

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// answer reads the server's message at hand; true if the rest of the stream is
// somebody else's.
func (p *parser) answer() (handedOver bool) {
	kind := p.kind &^ answerBit
	switch {
	case p.kind == kindSample:
		p.data()
		return false
	case p.kind < answerBit || requests[kind].name == "":
		p.voice.Malformed(p.emit, "type is no answer", p.at)
		return false
	}
	p.begin(kind)
	q := p.asked.Take(p.key) // nil: the request was not seen, the answer is partial
	if kind == kindHello {
		p.op.Outcome = firedoor.OK
		p.reply(q, 0)
		p.identify()
		return false
	}
	r := protocol.Read(p.body)
	p.op.Outcome = outcome(r.U8())
	if r.Failed() { // an answer without a status answers nothing
		p.op.Outcome = firedoor.Outcome{Kind: firedoor.OutcomeNoResponse}
	}
	if kind == kindRead {
		p.replyValues(q, &r)
	} else {
		p.replyAll(q)
	}
	p.check(&r)
	p.changes = p.changes && kind != kindCompact
	if q != nil && kind == kindLogin {
		p.login(q)
	}
	if p.op.Outcome.Kind != firedoor.OutcomeOK {
		return false
	}
	switch {
	case q != nil && kind == kindSubscribe:
		p.announce(q)
	case q != nil && kind == kindResolve:
		p.voice.Lookup(p.emit, firedoor.Lookup{Kind: "template", Name: q.name, Answer: firedoor.IPv4(r.U32()), Outcome: "ok"})
	case kind == kindCompact:
		p.handOver()
		return true
	}
	return false
}

// handOver gives the rest of the stream, in both directions, to another parser:
// here one of the same protocol, in another state.
func (p *parser) handOver() {
	p.handover = firedoor.HandOver{Protocol: "template", State: compact{}}
	p.event = firedoor.Event{Kind: firedoor.EventHandOver, HandOver: &p.handover}
	p.emit(&p.event)
}

// reply emits the operation at hand as the answer to item i of a request. It
// carries the id of the asked half; without one it gets an id of its own.
func (p *parser) reply(q *request, i int) {
	p.op.Phase = firedoor.Answered
	if q == nil {
		p.last++
		p.op.ID, p.op.Partial = p.last, true
		p.emit(&p.opEvent)
		return
	}
	p.op.ID = q.id + uint32(i)
	if i < len(q.items) {
		p.op.Object = firedoor.Object{Space: &registers, At: [4]uint32{uint32(q.items[i].register)}}
		p.op.Quantity, p.op.HasQty = 1, true
	}
	if len(q.items) > 1 {
		p.op.Item = uint16(i + 1)
	}
	p.emit(&p.opEvent)
}

// replyAll gives one outcome to all items of a request.
func (p *parser) replyAll(q *request) {
	p.reply(q, 0)
	for i := 1; q != nil && i < len(q.items); i++ {
		p.reply(q, i)
	}
}

// replyValues gives each item of a read its value. A partial answer stands alone
// with all values it has.
func (p *parser) replyValues(q *request, r *protocol.Reader) {
	if q == nil {
		raw := r.Rest()
		p.op.Values = firedoor.Values{Type: firedoor.U16, Count: len(raw) / 2, Raw: raw}
		p.reply(nil, 0)
		return
	}
	if len(q.items) == 0 { // a read of nothing was asked and is answered
		p.reply(q, 0)
	}
	for i := range q.items {
		p.op.Values = firedoor.Values{}
		if p.op.Outcome.Kind == firedoor.OutcomeOK {
			if raw := r.Bytes(2); raw != nil {
				p.op.Values = firedoor.Values{Type: firedoor.U16, Count: 1, Raw: raw}
			}
		}
		p.reply(q, i)
	}
}

// identify emits what a device says of itself, a fact each.
func (p *parser) identify() {
	r := protocol.Read(p.body)
	for _, kind := range [...]firedoor.FactKind{firedoor.FactVendor, firedoor.FactModel, firedoor.FactFirmware} {
		value := r.Bytes(int(r.U8()))
		p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutServer, Kind: kind, Confidence: 90, Source: sourceHello, Value: value})
	}
	p.check(&r)
}

// login emits who tried to log in and whether he could. The password was never
// read: what a parser does not hold it cannot leak.
func (p *parser) login(q *request) {
	result := "failed"
	if p.op.Outcome.Kind == firedoor.OutcomeOK {
		result = "ok"
	}
	p.voice.Login(p.emit, q.user, result)
}

// announce expects the flow of samples, from any port of this server to the
// client's port. Whoever runs the parsers starts one for it with the state.
func (p *parser) announce(q *request) {
	p.expect = firedoor.Expect{Protocol: "template", UDP: true, ClientPort: q.port, State: subscription{}}
	p.event = firedoor.Event{Kind: firedoor.EventExpect, Expect: &p.expect}
	p.emit(&p.event)
}

// data emits a datagram of samples. Its values are a view of the wire.
func (p *parser) data() {
	if len(p.body) < 2 || len(p.body)%2 != 0 {
		p.voice.Malformed(p.emit, "sample does not hold whole values", p.at)
		return
	}
	function := "sample"
	if p.subscribed {
		function = "subscribed sample"
	}
	p.sample = firedoor.Sample{
		Function: function, Code: kindSample,
		Object: firedoor.Object{Space: &registers},
		Values: firedoor.Values{Type: firedoor.U16, Count: len(p.body)/2 - 1, Raw: p.body[2:]},
	}
	p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	p.emit(&p.event)
}
