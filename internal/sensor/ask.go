package sensor

import (
	"firedoor"
	"firedoor/internal/eventlog"
	"firedoor/internal/packet"
)

// ask is an operation that waits for its answer. Asks of a flow are chained
// from oldest to newest; the chain lives in a slab of the lane, so that a flow
// at rest costs nothing.
type ask struct {
	next      int32
	statement int32
	id        uint32
	frame     uint32
	capture   uint32
	outside   bool // a value outside what was learned was told of it
	written   bool // values is what was written
	valued    bool // what was written stands in line already
	logged    bool // a line is written of it
	time      int64
	raw       int64  // the frame's own timestamp
	line      []byte // event line up to the answer, when lines are written
	protocol  string
	values    firedoor.Values // written, its Raw in raw bytes of its own
}

// maxWritten is how many bytes of written values are kept until the answer.
const maxWritten = 2048

// asks is the lane's slab of waiting operations.
type asks struct {
	slab  []ask
	free  int32
	used  int
	limit int
}

func (a *asks) get() int32 {
	if a.used >= a.limit {
		return -1
	}
	a.used++
	if i := a.free; i >= 0 {
		a.free = a.slab[i].next
		return i
	}
	a.slab = append(a.slab, ask{})
	return int32(len(a.slab) - 1)
}

func (a *asks) put(i int32) {
	a.slab[i].next = a.free
	a.free = i
	a.used--
}

// asked keeps an operation until it is answered.
func (l *lane) asked(c *conn, op *firedoor.Operation, st int32, outside bool) {
	it := l.item
	if op.NoAnswer || it.calls() {
		if op.NoAnswer {
			l.wrote(c, st, op, &op.Values)
		}
		if l.writes(op.Verb) {
			l.startLine(c, "operation", protocolOf(c, op.Protocol), it.Raw)
			l.out.lines = eventlog.AppendAsked(l.out.lines, op)
			l.finishLine(nil, firedoor.OK, false, eventlog.Frames{Request: it.Frame}, it.Capture)
		}
		return
	}
	i := l.waiting.get()
	if i < 0 { // the oldest of this flow makes room
		if c.asks < 0 {
			l.count.AsksForgotten++
			return
		}
		l.count.AsksForgotten++
		l.giveUp(c)
		i = l.waiting.get()
	}
	a := &l.waiting.slab[i]
	a.next, a.statement, a.id, a.outside = -1, st, op.ID, outside
	a.frame, a.capture, a.time, a.raw = it.Frame, it.Capture, it.Time, it.Raw
	if a.written = op.Values.Type != firedoor.NoValue; a.written {
		raw := append(a.values.Raw[:0], op.Values.Raw[:min(len(op.Values.Raw), maxWritten)]...)
		a.values = op.Values
		a.values.Raw = raw
	}
	a.valued = a.written || len(op.Texts) > 0
	a.protocol = op.Protocol
	if a.logged = l.writes(op.Verb); a.logged {
		a.line = eventlog.AppendAsked(a.line[:0], op)
	}
	if c.askEnd >= 0 {
		l.waiting.slab[c.askEnd].next = i
	} else {
		c.asks = i
	}
	c.askEnd = i
}

// calls tells whether a datagram goes to many, of whom nobody knows who will answer: to a group, or to
// the broadcast address of a network, which the frame alone tells. Who answers does so from an address of
// its own, in a flow of its own. A call that is joined with its answers has their address by now.
func (it *item) calls() bool {
	return it.Layer == packet.LayerTransport && it.Proto == packet.UDP && !it.ToAll && (it.DstIP.IsGroup() || it.DstMAC == broadcastMAC)
}

// broadcastMAC is that of all on a link. Other groups may stand for a single server (a cluster).
const broadcastMAC = firedoor.MAC(0xffff_ffff_ffff)

// writes tells whether operations of a verb get event lines.
func (l *lane) writes(v firedoor.Verb) bool {
	return l.writeLines && (!l.notReads || v != firedoor.VerbRead)
}

// take unchains the ask with the id; -1 if there is none.
func (l *lane) take(c *conn, id uint32) int32 {
	prev := int32(-1)
	for i := c.asks; i >= 0; prev, i = i, l.waiting.slab[i].next {
		if l.waiting.slab[i].id != id {
			continue
		}
		next := l.waiting.slab[i].next
		if prev < 0 {
			c.asks = next
		} else {
			l.waiting.slab[prev].next = next
		}
		if next < 0 {
			c.askEnd = prev
		}
		return i
	}
	return -1
}

// answered joins an answer with its request and finishes the operation.
func (l *lane) answered(c *conn, op *firedoor.Operation) {
	i := int32(-1)
	if !op.Partial {
		i = l.take(c, op.ID)
	}
	if i < 0 {
		l.partial(c, op)
		return
	}
	a := &l.waiting.slab[i]
	l.became(c, a.statement, op.Outcome, a.outside)
	if op.Outcome.Kind == firedoor.OutcomeOK {
		if a.written && op.Verb.Changes() {
			l.wrote(c, a.statement, op, &a.values)
		} else {
			l.read(c, a.statement, op)
		}
	}
	if a.logged {
		it := l.item
		l.startLine(c, "operation", protocolOf(c, a.protocol), a.raw)
		l.out.lines = append(l.out.lines, a.line...)
		read := op
		if a.valued {
			read = nil
		}
		l.finishLine(read, op.Outcome, false, eventlog.Frames{Request: a.frame, Response: it.Frame}, a.capture)
	}
	l.waiting.put(i)
}

// became counts an outcome. Of a change that was told when it was asked for, it
// tells what makes that untrue: that it was refused, or that no answer came, and
// when it was done after all. It returns what it told, or nil.
func (l *lane) became(c *conn, st int32, o firedoor.Outcome, outside bool) *record {
	news, again := l.table.Answer(c.conv, st, o.Kind)
	if outside = outside && o.Kind != firedoor.OutcomeOK; !news && !outside {
		return nil
	}
	s := l.table.Statement(st)
	if s.Learned && !outside {
		return nil
	}
	op := l.table.Operation(st)
	op.Phase, op.Outcome = firedoor.Answered, o
	r := l.tell(recRefused, c)
	r.op, r.protocol = l.out.keep(&op), protocolOf(c, op.Protocol)
	r.first, r.covered, r.outside, r.again = s.NewVerb, s.Covered, outside, again
	return r
}

// partial is an answer whose request nobody saw: half of a one-way mirror, or a
// capture that began in between. It is learned like the request it speaks of,
// but where requests are seen, an answer that does not say what was asked for is
// no statement: it would be new with every capture.
func (l *lane) partial(c *conn, op *firedoor.Operation) {
	it := l.item
	if op.Outcome.Kind == firedoor.OutcomeNoResponse {
		return // an answer that leaves out what nobody saw asked
	}
	l.count.LateAnswers++
	l.count.Operations++
	conv := l.table.Conversation(c.conv)
	st, outside := int32(-1), false
	if l.settling(c) {
		conv.Operations++
	} else if twoWay := conv.Operations > conv.Partial; twoWay && op.Object.Space == nil && conv.Verbs&(1<<op.Verb) != 0 {
		conv.Operations++
	} else {
		st, outside = l.learn(c, op)
	}
	l.table.Partial(c.conv, st)
	l.became(c, st, op.Outcome, outside)
	if op.Outcome.Kind == firedoor.OutcomeOK && op.Object.Space != nil {
		l.read(c, st, op)
	}
	if l.writes(op.Verb) {
		l.startLine(c, "operation", protocolOf(c, op.Protocol), it.Raw)
		l.out.lines = eventlog.AppendAsked(l.out.lines, op)
		l.finishLine(nil, op.Outcome, true, eventlog.Frames{Response: it.Frame}, it.Capture)
	}
}

// giveUp finishes the oldest ask of a flow without an answer.
func (l *lane) giveUp(c *conn) {
	i := c.asks
	a := &l.waiting.slab[i]
	c.asks = a.next
	if c.asks < 0 {
		c.askEnd = -1
	}
	if r := l.became(c, a.statement, firedoor.Outcome{Kind: firedoor.OutcomeNoResponse}, a.outside); r != nil {
		// Silence has no frame of its own.
		r.frames = [2]firedoor.FrameRef{{Capture: a.capture, Frame: a.frame}}
	}
	if a.logged {
		l.startLine(c, "operation", protocolOf(c, a.protocol), a.raw)
		l.out.lines = append(l.out.lines, a.line...)
		l.finishLine(nil, firedoor.Outcome{Kind: firedoor.OutcomeNoResponse}, false, eventlog.Frames{Request: a.frame}, a.capture)
	}
	l.waiting.put(i)
}

// overdue gives up the asks that have waited too long.
func (l *lane) overdue(c *conn, now int64) {
	for c.asks >= 0 && now-l.waiting.slab[c.asks].time > answerLimit {
		l.giveUp(c)
	}
}

func protocolOf(c *conn, own string) string {
	if own != "" {
		return own
	}
	if p := c.run.Protocol(); p != nil {
		return p.Name
	}
	return ""
}

func (l *lane) startLine(c *conn, kind, protocol string, raw int64) {
	if len(c.head) == 0 {
		server := *c.server()
		if server.MAC == 0 { // no device
			server.MAC = l.group(c)
		}
		c.head = eventlog.Head(c.head, c.client(), &server)
		if c.flags&toAll != 0 {
			c.head = eventlog.AppendSentTo(c.head, everybody)
		}
		if l.segments != nil {
			c.head = eventlog.AppendSegment(c.head, l.segments.Name(server.Segment))
		}
	}
	l.out.lines = eventlog.AppendStart(l.out.lines, &l.lineClock, raw, kind, protocol)
	l.out.lines = append(l.out.lines, c.head...)
}

func (l *lane) finishLine(read *firedoor.Operation, outcome firedoor.Outcome, partial bool, f eventlog.Frames, capture uint32) {
	if outcome.Kind == firedoor.OutcomeNoResponse && !partial {
		f.Response = 0 // what came leaves out what this one asked for
	}
	l.out.lines = eventlog.AppendAnswered(l.out.lines, read, outcome, partial, f, l.captureName(capture))
	l.markLine()
}

func (l *lane) markLine() {
	l.out.ends = append(l.out.ends, lineEnd{place: l.place(), end: len(l.out.lines)})
}

// forget takes statements out of the table; what waits for its answer is counted
// for none of them any more.
func (l *lane) forget(drop func(conv, st int32) bool) int {
	for i := range l.waiting.slab {
		l.waiting.slab[i].statement, l.waiting.slab[i].outside = -1, false
	}
	l.glances = nil
	return l.table.Forget(drop)
}
