package pniocm

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// maxCalls is how many requests of a flow wait for an answer at a time. A caller
// has one under way with each device; of more the oldest is forgotten, and its
// answer is partial.
const maxCalls = 8

// call is a request that waits for its answer.
type call struct {
	activity wire.UUID
	sequence uint32
	opnum    uint16
	live     bool
	control  uint16 // type of its block
	id       uint32 // of its first operation
	items    []item
}

// item is what one operation of a request is about.
type item struct {
	object firedoor.Object // without text
	size   uint32
	safety bool // F-Parameters
}

// parser reads one flow. What its events point to lives here, one of each.
type parser struct {
	last  uint32 // id of the newest operation
	calls [maxCalls]call
	next  int // place of the next request
	parts [2]wire.RPCParts
	text  []byte

	emit     func(*firedoor.Event)
	dir      firedoor.Direction
	rpc      wire.RPC
	size     int  // of the datagram
	several  bool // the request has several items
	voice    wire.Voice
	op       firedoor.Operation
	refusals [1]firedoor.Refusal
	opEvent  firedoor.Event
}

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	return p
}

// Errors of framing.
const (
	errHeader    = protocol.Broken("no header of connectionless RPC")
	errInterface = protocol.Broken("RPC of an interface that is not PROFINET's")
)

// Gap says that datagrams are lost: a message in fragments is not read.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.parts[dir].Lose()
	return true
}

// Parse reads one datagram.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit, p.dir, p.size = emit, dir, len(b)
	m := &p.rpc
	if !m.Read(b) {
		return 0, errHeader
	}
	mapper := isMapper(&m.Interface)
	if !mapper && !wire.ProfinetInterface(&m.Interface) {
		return 0, errInterface
	}
	if m.Short {
		p.broken("RPC body shorter than it says", 74)
	}
	switch m.Kind {
	case wire.RPCRequest:
		if dir == firedoor.FromClient { // the other way it is another relation, whose server is this flow's client
			p.request(mapper)
		}
	case wire.RPCResponse:
		if dir == firedoor.FromServer {
			p.response(mapper)
		}
	case wire.RPCFault, wire.RPCReject:
		if dir == firedoor.FromServer {
			p.fault(mapper)
		}
	}
	return len(b), nil
}

func (p *parser) broken(reason string, at int) { p.voice.Malformed(p.emit, reason, at) }

// remember keeps a request; its items are added as they are read.
func (p *parser) remember(opnum uint16) *call {
	p.several = false
	c := &p.calls[p.next]
	p.next = (p.next + 1) % maxCalls
	*c = call{activity: p.rpc.Activity, sequence: p.rpc.Sequence, opnum: opnum, live: true, id: p.last + 1, items: c.items[:0]}
	return c
}

// take finds the oldest request that the message at hand answers.
func (p *parser) take(opnum uint16) *call {
	for i := range maxCalls {
		c := &p.calls[(p.next+i)%maxCalls]
		if c.live && c.sequence == p.rpc.Sequence && c.opnum == opnum && c.activity == p.rpc.Activity {
			c.live = false
			return c
		}
	}
	return nil
}

// request reads a request once all of it is there.
func (p *parser) request(mapper bool) {
	m := &p.rpc
	body := p.parts[p.dir].Join(m)
	if body == nil && m.Part {
		return
	}
	if mapper {
		p.askMapper(m.Opnum)
		return
	}
	if m.Opnum > opReadImplicit {
		p.ask(p.remember(m.Opnum), item{})
		return
	}
	blocks, ok := p.arguments(body)
	c := p.remember(m.Opnum)
	if !ok {
		p.ask(c, item{})
		return
	}
	switch m.Opnum {
	case opConnect:
		p.connect(c, blocks)
	case opRelease, opControl:
		p.control(c, blocks)
	default:
		p.record(c, blocks)
	}
}

// arguments cuts the blocks out of a body.
func (p *parser) arguments(body []byte) ([]byte, bool) {
	if len(body) < wire.ProfinetArguments {
		p.broken("arguments shorter than their head", wire.RPCHeader)
		return nil, false
	}
	n := p.rpc.U32(body[4:])
	blocks := body[wire.ProfinetArguments:]
	if int64(n) > int64(len(blocks)) {
		p.broken("arguments shorter than they say", wire.RPCHeader+4)
		return blocks, true
	}
	return blocks[:n:n], true
}

// begin fills the operation with what both halves say.
func (p *parser) begin(c *call, it *item) {
	w := wordsOf(c, it)
	p.op = firedoor.Operation{Code: uint32(c.opnum), Function: w.name, Verb: w.verb, Object: it.object}
	if it.object.Space == &records {
		p.op.Quantity, p.op.HasQty = it.size, true
	}
}

// ask emits one operation of a request. Values, where it has some, are the rest.
func (p *parser) ask(c *call, it item) { p.askWith(c, it, firedoor.Values{}) }

func (p *parser) askWith(c *call, it item, values firedoor.Values) {
	p.begin(c, &it)
	p.last++
	p.op.ID, p.op.Phase = p.last, firedoor.Asked
	p.op.Values = values
	p.op.Span = firedoor.Span{End: int64(p.size)}
	if !p.rpc.Part && c.opnum <= opReadImplicit && len(p.rpc.Body) >= wire.ProfinetArguments+2 {
		// A block of a type that nobody assigned: a device answers that it is faulty.
		p.refusals[0] = firedoor.Refusal{Name: "block type", Offset: wire.RPCHeader + wire.ProfinetArguments, Bytes: [4]byte{0x7f, 0xff}, Len: 2}
		p.op.Refusals = p.refusals[:]
	}
	c.items = append(c.items, it)
	if p.several {
		p.op.Item = uint16(len(c.items))
	}
	p.emit(&p.opEvent)
}

// answer emits the answer to item i of a request.
func (p *parser) answer(c *call, i int, outcome firedoor.Outcome, values firedoor.Values) {
	p.begin(c, &c.items[i])
	p.op.ID, p.op.Phase, p.op.Outcome, p.op.Values = c.id+uint32(i), firedoor.Answered, outcome, values
	if len(c.items) > 1 {
		p.op.Item = uint16(i + 1)
	}
	p.emit(&p.opEvent)
}

// answerAll gives one outcome to all items of a request.
func (p *parser) answerAll(c *call, outcome firedoor.Outcome) {
	for i := range c.items {
		p.answer(c, i, outcome, firedoor.Values{})
	}
}

// alone emits an answer whose request was not seen.
func (p *parser) alone(opnum, control uint16, it item, n uint16, outcome firedoor.Outcome, values firedoor.Values) {
	c := call{opnum: opnum, control: control}
	p.begin(&c, &it)
	p.last++
	p.op.ID, p.op.Phase, p.op.Partial, p.op.Outcome, p.op.Values = p.last, firedoor.Answered, true, outcome, values
	p.op.Item, p.op.HasQty = n, p.op.HasQty && it.size > 0 // the answer to a write need not say how much it was
	p.emit(&p.opEvent)
}

// fault reads RPC's own refusal: a status.
func (p *parser) fault(mapper bool) {
	opnum := p.opnum(mapper)
	if len(p.rpc.Body) < 4 {
		p.broken("RPC fault without a status", wire.RPCHeader)
		return
	}
	outcome := rpcOutcome(p.rpc.U32(p.rpc.Body))
	if c := p.take(opnum); c != nil {
		p.answerAll(c, outcome)
		return
	}
	p.alone(opnum, 0, item{}, 0, outcome, firedoor.Values{})
}

func (p *parser) opnum(mapper bool) uint16 {
	if mapper {
		return p.rpc.Opnum + mapperBase
	}
	return p.rpc.Opnum
}

// response reads an answer once all of it is there.
func (p *parser) response(mapper bool) {
	m := &p.rpc
	body := p.parts[p.dir].Join(m)
	if body == nil && m.Part {
		return
	}
	if mapper {
		p.mapped(body)
		return
	}
	c := p.take(m.Opnum)
	if len(body) < 4 {
		p.broken("answer without a status", wire.RPCHeader)
		return
	}
	outcome := status(m.U32(body))
	var blocks []byte
	if len(body) >= wire.ProfinetArguments {
		blocks, _ = p.arguments(body)
	}
	switch {
	case m.Opnum == opRead || m.Opnum == opReadImplicit:
		p.wasRead(c, blocks, outcome)
	case m.Opnum == opWrite:
		p.wasWritten(c, blocks, outcome)
	case c != nil:
		p.answerAll(c, outcome)
	default:
		p.alone(m.Opnum, controlOf(blocks), item{}, 0, outcome, firedoor.Values{})
	}
	if outcome.Kind == firedoor.OutcomeOK && (m.Opnum == opConnect || m.Opnum == opControl) {
		p.differences(blocks)
	}
}

func u16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func u32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
