package dlms

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// maxBlocks is how many octets of an answer in blocks are put together: with more it is given up,
// and no value of it told. Profiles are longer, and have no values that are told.
const maxBlocks = 4096

// blocks is an answer to GET that comes in blocks (IEC 62056-5-3, GET service with block
// transfer): each but the last is followed by a request for the next. One at a time is followed.
type blocks struct {
	ends    uint64
	objects []firedoor.Object
	list    bool
	next    uint32
	data    []byte
}

// ends are those of the answer at hand.
func (p *parser) ends() uint64 { return uint64(p.k.from)<<32 | uint64(p.k.to)<<16 }

// takeBlock takes a block behind its invoke identifier: whether it is the last, its number, 0
// where there are data, and these as a string of octets. When they are whole each value is a
// sample, for the question was answered with the first block.
func (p *parser) takeBlock(q *question, r protocol.Reader) {
	last, number, failed := r.U8() != 0, r.U32(), r.U8() != 0
	content := r.Rest()
	n, used := length(content)
	switch {
	case r.Failed() || failed || p.k.part || used == 0 || n > len(content)-used:
		p.long = nil
		return
	case number == 1 && len(q.objects) > 0:
		if p.long == nil {
			p.long = &blocks{}
		}
		l := p.long
		*l = blocks{ends: p.ends(), objects: append(l.objects[:0], q.objects...), list: q.choice == 3, next: 1, data: l.data[:0]}
	case p.long == nil:
		return
	}
	l := p.long
	if l.ends != p.ends() || l.next != number || len(l.data)+n > maxBlocks {
		p.long = nil
		return
	}
	l.data = append(l.data, content[used:used+n]...)
	if l.next++; last {
		p.tellBlocks(l)
		p.long = nil
	}
}

// tellBlocks tells the values of an answer that is whole. That to a list has a count and
// results, each with its code in front; any other is the data alone.
func (p *parser) tellBlocks(l *blocks) {
	r := protocol.Read(l.data)
	if l.list && int(r.U8()) != len(l.objects) {
		return
	}
	for i := range l.objects {
		o := &l.objects[i]
		outcome, v := firedoor.OK, value{}
		if l.list {
			outcome, v = one(getRequest, &r)
		} else {
			v = skipDatum(&r)
		}
		if r.Failed() {
			return
		}
		if outcome.Kind != firedoor.OutcomeOK || guarded(o) {
			continue
		}
		p.sample = firedoor.Sample{Function: "get in blocks", Code: getResponse<<8 | 2, HasUnit: true, Unit: uint32(p.k.from),
			Object: *o, Values: v.number, Texts: v.words(o, &p.texts)}
		if v.number.Count > 0 || len(p.sample.Texts) > 0 {
			p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
			p.emit(&p.event)
		}
		p.identify(o, v.text)
	}
}
