package mqtt

import "firedoor"

// A Sparkplug payload that is longer than a parser may wait for is read metric by metric as it comes.

// Limits of that.
const (
	// maxMetric is the longest metric that is read whole. A longer one is told without a value, by the name
	// in its beginning.
	maxMetric       = 1 << 16
	metricBeginning = 1 << 12
	// fieldHead is the most that number, layout and length of a field have.
	fieldHead = 20
)

// stream is a Sparkplug payload that is read as it comes. What is left of it is in parser.skip.
type stream struct {
	report *report
	number uint16 // packet identifier, 0 if nothing is acknowledged
	item   uint16 // of the newest metric of a command
	run    uint32 // of its metrics, those of which other operations came between
	over   int    // bytes that are left of a field which is passed over
	told   bool   // a metric was
	topic  []byte // its beginning
	prefix []byte // of its metrics' names
}

// flow begins to read a payload that is not there yet.
func (p *parser) flow(s *place) {
	m := &p.publish
	st := &stream{report: s.report, number: m.number, topic: append([]byte(nil), m.topic[:min(len(m.topic), maxObject)]...)}
	st.prefix = append([]byte(nil), p.text[:p.prefix(s)]...)
	p.streams[p.dir] = st
	if p.dir == firedoor.FromServer || s.report.commands {
		return
	}
	p.write(s.report.name, firedoor.Values{}, nil)
	if s.report.birth && !s.report.device {
		p.born(firedoor.FactName, s.node)
	}
}

// flows reads the next field of a payload that goes on with b, or a part of one; it returns what was consumed,
// 0 if that takes more bytes.
func (p *parser) flows(st *stream, b []byte, at int) int {
	left := p.skip[p.dir]
	b = b[:min(left, int64(len(b)))]
	p.at, p.frame = at, b
	n := min(st.over, len(b))
	if st.over -= n; n == 0 {
		n = p.field(st, b, left)
	}
	if p.skip[p.dir] -= int64(n); p.skip[p.dir] == 0 {
		p.flown(st)
	}
	return n
}

// field reads a field of a payload of which so many bytes are left.
func (p *parser) field(st *stream, b []byte, left int64) int {
	if len(b) < fieldHead && int64(len(b)) < left {
		return 0
	}
	w := walk{b: b[:min(len(b), fieldHead)]}
	key := w.varint()
	size := uint64(0)
	switch key & 7 {
	case wireVarint:
		w.varint()
	case wire64:
		size = 8
	case wire32:
		size = 4
	case wireLength:
		size = w.varint()
	default:
		w.bad = true
	}
	if w.bad || key>>3 == 0 || key>>32 != 0 || size > uint64(left)-uint64(w.pos) {
		p.complain(reasonPayload)
		p.streams[p.dir] = nil
		return len(b)
	}
	if key>>3 != fieldMetric || key&7 != wireLength {
		st.over = int(size)
		return w.pos
	}
	part := min(size, maxMetric)
	if size > maxMetric {
		part = metricBeginning
	}
	end := w.pos + int(part)
	if len(b) < end {
		return 0
	}
	p.frame = b[:end]
	st.over = int(size - part)
	switch m := &p.metric; {
	case m.read(b[w.pos:end]):
		p.flowing(st)
	case st.over > 0 && (len(m.name) > 0 || m.known):
		m.field = 0 // of the value nobody knows the end
		p.flowing(st)
	default:
		p.complain(reasonPayload)
	}
	return end
}

// flowing tells the metric at hand.
func (p *parser) flowing(st *stream) {
	st.told = true
	at, m := copy(p.text[:], st.prefix), &p.metric
	if p.dir == firedoor.FromClient && st.report.commands {
		p.commanded(st, at)
		return
	}
	if st.report.birth {
		p.learn(at, m)
	}
	object, named := p.nameOf(at, m)
	p.tell(st.report.name, object, p.typed(m), p.worded(&object, named, m))
	if p.dir == firedoor.FromClient && st.report.birth && !st.report.device {
		p.property(m)
	}
}

// commanded emits the metric at hand of a command.
func (p *parser) commanded(st *stream, at int) {
	m := &p.metric
	p.ordered(st.report, at, m)
	if m.code == 0 && m.signed() {
		p.op.Values = firedoor.Values{}
	}
	if st.item < 0xffff {
		st.item++
	}
	p.op.Item = st.item
	if st.number == 0 {
		p.op.NoAnswer = true
		p.ask()
		return
	}
	q := p.asked.Look(runOf(st.number, st.run))
	switch {
	case st.item == 1:
		q = p.expect(st.number, 0)
	case q != nil && p.last+1 != q.id+uint32(q.count) && st.run < maxRuns:
		q.more = true
		st.run++
		q = p.asked.Put(runOf(st.number, st.run))
		*q = request{name: p.op.Function, id: p.last + 1}
	}
	if q != nil && p.last+1 == q.id+uint32(q.count) {
		if p.op.Verb == firedoor.VerbControl && q.count < 64 {
			q.controls |= 1 << q.count
		}
		q.verb = functions[typePublish].verb
		q.count++
	}
	p.ask()
}

// maxRuns is how often other operations may come between those of a command.
const maxRuns = 32

// runOf is the key of a run of metrics.
func runOf(number uint16, run uint32) uint64 {
	return keyOf(typePublish, number) | uint64(run)<<32
}

// flown ends a payload.
func (p *parser) flown(st *stream) {
	p.streams[p.dir] = nil
	if st.told {
		return
	}
	p.publish = publish{topic: st.topic, number: st.number}
	if p.dir == firedoor.FromServer {
		p.tell(st.report.name, name(&topics, st.topic), firedoor.Values{}, nil)
	} else if st.report.commands {
		p.write(st.report.name, firedoor.Values{}, nil)
	}
}
