package pnio

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Header of a DCP frame (DCP-PDU): frame id 2, service id 1, service type 1,
// xid 4, response delay 2, length of the blocks 2.
const (
	dcpServiceAt = 2
	dcpTypeAt    = 3
	dcpXidAt     = 4
	dcpLengthAt  = 10
	dcpHeader    = 12
)

// Services and service types.
const (
	serviceGet      = 3
	serviceSet      = 4
	serviceIdentify = 5
	serviceHello    = 6

	typeRequest     = 0
	typeSuccess     = 1
	typeUnsupported = 5
)

// Limits of what a flow remembers of get and set requests. DCP has one under way
// at a time; of more than maxPending the oldest is forgotten, and its answer is
// partial. Blocks behind the maxBlocks-th of a frame are not read.
const (
	maxPending = 4
	maxBlocks  = 32
)

// request is a get or set that waits for its answer.
type request struct {
	xid      uint32
	first    uint32 // id of its first operation
	service  byte
	n        uint8 // blocks; 0: nothing waits here
	blocks   [maxBlocks]asked
	answered [maxBlocks]bool
}

// asked is what is remembered of a block.
type asked struct {
	option, sub byte
	qualifier   uint16
}

func (a asked) block() *block { return &block{option: a.option, sub: a.sub, qualifier: a.qualifier} }

// pending is made with the first request of a flow: most flows carry data only.
type pending struct {
	slots [maxPending]request
	next  int
}

func (p *parser) remember(xid uint32, service byte) *request {
	if p.pending == nil {
		p.pending = &pending{}
	}
	q := &p.pending.slots[p.pending.next%maxPending]
	p.pending.next = (p.pending.next + 1) % maxPending
	*q = request{xid: xid, first: p.last + 1, service: service}
	return q
}

func (p *parser) take(xid uint32, service byte) *request {
	if p.pending == nil {
		return nil
	}
	for i := range p.pending.slots {
		q := &p.pending.slots[(p.pending.next+i)%maxPending] // the oldest first
		if q.n > 0 && q.xid == xid && q.service == service {
			return q
		}
	}
	return nil
}

// message is a DCP frame at hand.
type message struct {
	service byte
	xid     uint32
	size    int // with header
	body    []byte
	failed  bool // the service is not supported
	several bool // more blocks than one: operations are numbered
}

// dcp reads a DCP frame.
func (p *parser) dcp(id uint16, b []byte) {
	if len(b) < dcpHeader {
		p.voice.Malformed(p.emit, "shorter than a DCP header", len(b))
		return
	}
	m := message{service: b[dcpServiceAt], xid: binary.BigEndian.Uint32(b[dcpXidAt:])}
	n := int(binary.BigEndian.Uint16(b[dcpLengthAt:]))
	if m.service < serviceGet || m.service > serviceHello {
		p.voice.Malformed(p.emit, "reserved DCP service", dcpServiceAt)
		return
	}
	if n > len(b)-dcpHeader {
		p.voice.Malformed(p.emit, "DCP blocks longer than the frame", dcpLengthAt)
		n = len(b) - dcpHeader
	}
	m.size, m.body = dcpHeader+n, b[dcpHeader:dcpHeader+n]
	if !belongs(id, m.service, b[dcpTypeAt]) {
		p.voice.Malformed(p.emit, "DCP service does not belong to the frame id", dcpServiceAt)
	}
	switch b[dcpTypeAt] {
	case typeRequest:
		if m.service == serviceHello {
			p.hello(&m)
			return
		}
		p.request(&m)
	case typeSuccess:
		p.answer(&m)
	case typeUnsupported:
		m.failed = true
		p.answer(&m)
	default:
		p.voice.Malformed(p.emit, "reserved DCP service type", dcpTypeAt)
	}
}

func belongs(id uint16, service, kind byte) bool {
	switch id {
	case idHello:
		return service == serviceHello && kind == typeRequest
	case idGetSet:
		return service == serviceGet || service == serviceSet
	case idIdentify:
		return service == serviceIdentify && kind == typeRequest
	default:
		return service == serviceIdentify && kind != typeRequest
	}
}

// request tells one operation for each block.
func (p *parser) request(m *message) {
	w := walk{b: m.body, service: m.service}
	var q *request
	if m.service == serviceGet || m.service == serviceSet {
		q = p.remember(m.xid, m.service)
	}
	first := true
	var k block
	for item := uint16(1); w.next(&k); item++ {
		if item > maxBlocks {
			p.voice.Malformed(p.emit, "more DCP blocks than are read", dcpHeader+k.at)
			return
		}
		if first {
			m.several, first = w.pos < len(m.body), false
		}
		p.begin(m.service, &k)
		p.last++
		p.op.ID, p.op.Phase, p.op.NoAnswer = p.last, firedoor.Asked, q == nil
		if m.several {
			p.op.Item = item
		}
		p.op.Span = firedoor.Span{End: int64(m.size)}
		if q != nil {
			// Option 0x7f is reserved: a device answers that it does not support it.
			p.refusals[0] = firedoor.Refusal{Name: "option", Offset: dcpHeader + k.at, Bytes: [4]byte{0x7f}, Len: 1}
			p.op.Refusals = p.refusals[:]
			q.blocks[q.n] = asked{option: k.option, sub: k.sub, qualifier: k.qualifier}
			q.n++
		}
		p.emit(&p.opEvent)
	}
	p.complain(&w)
}

func (p *parser) complain(w *walk) {
	if w.bad != "" {
		p.voice.Malformed(p.emit, w.bad, dcpHeader+w.pos)
	}
}

// begin fills the operation with what a request says of a block.
func (p *parser) begin(service byte, k *block) {
	p.op = firedoor.Operation{Code: uint32(service), Function: services[service].name, Verb: services[service].verb, Object: k.object()}
	if service != serviceSet {
		return
	}
	p.op.Verb = k.verb()
	if k.lasting() {
		p.op.Function = setLasting
	}
	p.op.Values = k.values()
}

// answer joins the blocks of an answer to those asked for.
func (p *parser) answer(m *message) {
	if m.service == serviceIdentify || m.service == serviceHello {
		p.describe(m)
		return
	}
	q := p.take(m.xid, m.service)
	w := walk{b: m.body, service: m.service, answer: true}
	first, alone := true, uint16(0)
	var k block
	for i := 0; i < maxBlocks && w.next(&k); i++ {
		if first {
			m.several, first = w.pos < len(m.body), false
		}
		at, outcome := k, firedoor.OK
		if k.option == optionControl && k.sub == controlResponse {
			if len(k.data) < 3 {
				p.voice.Malformed(p.emit, "DCP response block without a result", dcpHeader+k.at)
				continue
			}
			at, outcome = block{option: k.data[0], sub: k.data[1]}, result(k.data[2])
		} else {
			p.facts(&k)
		}
		if m.failed {
			outcome = unsupported
		}
		if q != nil {
			p.reply(q, &at, outcome)
			continue
		}
		alone++
		p.begin(m.service, &block{option: at.option, sub: at.sub})
		p.last++
		p.op.ID, p.op.Phase, p.op.Partial, p.op.Outcome = p.last, firedoor.Answered, true, outcome
		if m.several {
			p.op.Item = alone
		}
		p.got(m.service, &at)
		p.emit(&p.opEvent)
	}
	p.complain(&w)
	if q != nil {
		p.rest(q, m.failed)
	}
}

// reply answers the first block of a request with an option that still waits.
func (p *parser) reply(q *request, k *block, outcome firedoor.Outcome) {
	for i := range q.n {
		if b := &q.blocks[i]; b.option == k.option && b.sub == k.sub && !q.answered[i] {
			q.answered[i] = true
			p.answered(q, int(i), k, outcome)
			return
		}
	}
}

// rest ends a request. Blocks that its answer says nothing of stay unanswered,
// unless the whole service was refused.
func (p *parser) rest(q *request, failed bool) {
	for i := range q.n {
		if failed && !q.answered[i] {
			p.answered(q, int(i), &block{}, unsupported)
		}
	}
	q.n = 0
}

func (p *parser) answered(q *request, i int, k *block, outcome firedoor.Outcome) {
	p.begin(q.service, q.blocks[i].block())
	p.op.Values = firedoor.Values{}
	p.op.ID, p.op.Phase, p.op.Outcome = q.first+uint32(i), firedoor.Answered, outcome
	if q.n > 1 {
		p.op.Item = uint16(i + 1)
	}
	if outcome.Kind == firedoor.OutcomeOK {
		p.got(q.service, k)
	}
	p.emit(&p.opEvent)
}

// got adds what a get brought back.
func (p *parser) got(service byte, k *block) {
	if service == serviceGet {
		p.op.Values = k.values()
	}
}

// hello is one operation, whatever the station says of itself.
func (p *parser) hello(m *message) {
	p.begin(serviceHello, &block{})
	p.op.Object = firedoor.Object{}
	p.last++
	p.op.ID, p.op.Phase, p.op.NoAnswer, p.op.Span = p.last, firedoor.Asked, true, firedoor.Span{End: int64(m.size)}
	p.emit(&p.opEvent)
	p.describe(m)
}

// describe reads what a device says of itself when it was looked for.
func (p *parser) describe(m *message) {
	w := walk{b: m.body, service: m.service, answer: true}
	var k block
	for i := 0; i < maxBlocks && w.next(&k); i++ {
		p.facts(&k)
	}
	p.complain(&w)
}

// facts tells what a block says of the sender.
func (p *parser) facts(k *block) {
	f := firedoor.Identity{Confidence: 90, Source: "profinet dcp", Value: k.data}
	switch {
	case k.option == optionIP && (k.sub == ipParameter || k.sub == ipSuite) && len(k.data) >= 12:
		ip := firedoor.IPv4(binary.BigEndian.Uint32(k.data))
		if k.qualifier&ipConflict != 0 || k.qualifier&ipSet == 0 || ip.IsUnspecified() || ip.IsGroup() {
			return
		}
		f.About, f.Kind, f.IP, f.Value = firedoor.AboutAddress, firedoor.FactAddress, ip, nil
		p.voice.Fact(p.emit, f)
	case k.option != optionDevice:
	case k.sub == deviceName:
		f.Kind = firedoor.FactName
		p.voice.Fact(p.emit, f)
	case k.sub == deviceType:
		f.Kind = firedoor.FactModel
		p.voice.Fact(p.emit, f)
	case k.sub == deviceAlias:
		f.Kind, f.Source = firedoor.FactComment, "profinet alias name"
		p.voice.Fact(p.emit, f)
	case k.sub == deviceID && len(k.data) >= 4:
		vendor := binary.BigEndian.Uint16(k.data)
		p.text = appendHex(append(appendHex(append(p.text[:0], "vendor "...), uint32(vendor)), " device "...), uint32(binary.BigEndian.Uint16(k.data[2:])))
		f.Kind, f.Source, f.Value = firedoor.FactComment, "profinet device id", p.text
		p.voice.Fact(p.emit, f)
		if name := wire.ProfinetVendor(vendor); name != "" {
			p.text = append(p.text[:0], name...)
			f.Kind, f.Source, f.Value = firedoor.FactVendor, "profinet dcp", p.text
			p.voice.Fact(p.emit, f)
		}
	case k.sub == deviceRole && len(k.data) >= 1:
		p.role(k.data[0])
	}
}

// role tells what a device says it takes part as (coding of DeviceRoleDetails). An
// IO device may be a drive, a robot or a switch: that is no role.
func (p *parser) role(bits byte) {
	f := firedoor.Identity{Kind: firedoor.FactRole, Confidence: 60, Source: "profinet dcp"}
	switch {
	case bits&roleController != 0:
		p.text = append(p.text[:0], firedoor.RolePLC...)
	case bits&roleSupervisor != 0:
		p.text = append(p.text[:0], firedoor.RoleEngineering...)
	case bits&roleDevice != 0:
		f.Kind, f.Confidence = firedoor.FactService, 90
		p.text = append(p.text[:0], "profinet io device"...)
	default:
		return
	}
	f.Value = p.text
	p.voice.Fact(p.emit, f)
}

// Role bits.
const (
	roleDevice     = 1 << 0
	roleController = 1 << 1
	roleSupervisor = 1 << 3
)

// cut bounds a text on the wire.
func cut(b []byte) []byte { return wire.Text(b) }
