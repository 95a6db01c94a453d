package opcua

import "firedoor/internal/protocol/wire"

// A request of several items that is longer than what is kept of a message is read item by item as
// it comes, so that none of them goes by untold. What is kept meanwhile is the item that is not
// whole yet, and of a value too long for that its beginning.

// Limits of what is kept of an item.
const (
	// maxItem is how many bytes of an item wait for the rest of it, but for values that are longer. A quarter
	// more may be kept before it is looked at again.
	maxItem = 1 << 15
	// maxBeginning is how much of a longer value is kept: all that is told of it.
	maxBeginning = 8 * wire.UAMaxElements
	// maxPassed is how many values of an item may be longer than what is kept.
	maxPassed = 4
	// maxRuns is how often other operations may come between those of one request.
	maxRuns = 32
)

// item reads item i of n of a request and emits it, unless it is not whole.
type item func(p *parser, q *request, r *walk, i, n int)

// rest is what follows of a request whose beginning was read.
type rest struct {
	one          item
	service      *service
	code         uint32
	key          uint64 // of the request
	subscription uint32
	next, of     int
	skip         int    // bytes of a long value that are to come yet
	tail         []byte // item next, as far as it came
	tried        int    // so many bytes of it are known to be too few
	long         wire.UALong
	passed       [maxPassed]wire.UAPassed
}

// stopped is where reading a list of items ended.
type stopped struct {
	one          item
	at, next, of int
}

// run are operations of a request that do not follow those before them.
type run struct{ item, id uint32 }

// each reads the items of a request.
func (p *parser) each(q *request, r *walk, one item) {
	n := r.List()
	for i := range n {
		at := r.Pos()
		if p.cut && !p.dry && !p.rehearse(*r, one, i, n) { // it is told when it is whole
			r.Fail()
		} else {
			one(p, q, r, i, n)
		}
		if r.Failed() {
			if !p.dry {
				p.stopped = stopped{one, at, i, n}
			}
			return
		}
	}
}

// goOn begins to read the rest of the request at hand, whose known part is body.
func (p *parser) goOn(s *side, svc *service, code uint32, body []byte) {
	if s.rest == nil {
		s.rest = &rest{}
	}
	t, from := s.rest, &p.stopped
	*t = rest{one: from.one, service: svc, code: code, key: p.newest, subscription: p.subscription, next: from.next, of: from.of}
	p.tail = append(p.tail[:0], body[from.at:]...)
	p.advance(s)
}

// follow takes the next bytes of a long request; last tells that there are no more.
func (p *parser) follow(s *side, b []byte, last bool) {
	t := s.rest
	if t == nil || t.one == nil {
		return
	}
	n := min(t.skip, len(b))
	t.skip -= n
	p.tail = append(append(p.tail[:0], t.tail...), b[n:]...)
	// An item that is not whole is looked at again when a quarter more of it is there, or nothing more comes,
	// so that who sends little at a time has it not read over and over.
	if !last && len(p.tail) < t.tried+t.tried/4 {
		t.tail = append(t.tail, b[n:]...)
		return
	}
	if p.advance(s); last && t.one != nil {
		p.unreadRest(s, reasonShort)
	}
}

// unreadRest says that nobody knows the items that follow.
func (p *parser) unreadRest(s *side, reason string) {
	q := p.asked.Look(s.rest.key)
	if q != nil && q.ops == 0 {
		p.begin(s.rest.service, s.rest.code)
		p.ask()
		p.count(q, p.last-1)
	}
	p.unread(reason)
	s.forget()
}

// forget ends the reading of a long request.
func (s *side) forget() {
	if s.rest != nil {
		s.rest.one, s.rest.tail = nil, nil
	}
}

// advance emits the items of tail that are whole, and keeps what is left.
func (p *parser) advance(s *side) {
	t := s.rest
	q, before := p.asked.Look(t.key), p.last
	who := q
	if q == nil {
		p.nobody = request{code: t.code}
		who = &p.nobody
	}
	p.subscription, p.naming, p.refusable, p.token = t.subscription, nil, false, 0
	if q != nil {
		p.naming = p.nodes.renaming.of(q.id)
	}
	p.begin(t.service, t.code)
	p.wholeItems(t, who)
	for t.next < t.of && t.skip == 0 && p.pass(t) {
		p.wholeItems(t, who)
	}
	counted := q == nil || p.count(q, before)
	switch {
	case t.next == t.of:
		s.forget()
	case !counted || len(p.tail) > maxItem:
		p.unreadRest(s, reasonBehind)
	default:
		t.tail, t.tried = append(t.tail[:0], p.tail...), len(p.tail)
	}
}

// wholeItems emits the items that tail begins with, up to one that is not whole.
func (p *parser) wholeItems(t *rest, q *request) {
	pos := 0
	for t.next < t.of {
		r := read(p.tail[pos:])
		r.Long = &t.long
		if t.long.Size = 0; !p.rehearse(r, t.one, t.next, t.of) {
			break
		}
		p.walk = r
		t.one(p, q, &p.walk, t.next, t.of)
		pos += p.walk.Pos()
		t.next++
		t.long.Passed = nil
		if t.skip > 0 {
			break
		}
	}
	p.tail = p.tail[:copy(p.tail, p.tail[pos:])]
}

// rehearse tells whether an item is whole.
func (p *parser) rehearse(r walk, one item, i, n int) bool {
	p.rehearsal, p.rehearsed, p.dry = r, request{}, true
	one(p, &p.rehearsed, &p.rehearsal, i, n)
	p.dry = false
	return !p.rehearsal.Failed()
}

// pass gives up all but the beginning of the value at which tail ends, where that is too long to be kept.
func (p *parser) pass(t *rest) bool {
	l := &t.long
	kept := min(l.Size, maxBeginning)
	if l.Size == 0 || l.At+l.Size <= maxItem || len(p.tail) < l.At+kept || len(l.Passed) == maxPassed {
		return false
	}
	t.skip = l.At + l.Size - len(p.tail)
	t.passed[len(l.Passed)] = wire.UAPassed{At: l.At + kept, Size: l.Size - kept}
	l.Passed = t.passed[:len(l.Passed)+1]
	p.tail = p.tail[:l.At+kept]
	return true
}

// count adds the operations since before to those of a request; false where they are in too many pieces.
func (p *parser) count(q *request, before uint32) bool {
	if p.last == before {
		return true
	}
	if before+1 != q.idOf(int(q.ops)) {
		if len(q.runs) == maxRuns {
			return false
		}
		q.runs = append(q.runs, run{q.ops, before + 1})
	}
	q.ops += p.last - before
	return true
}

// idOf is the operation of an item.
func (q *request) idOf(i int) uint32 {
	for k := len(q.runs) - 1; k >= 0; k-- {
		if r := &q.runs[k]; uint32(i) >= r.item {
			return r.id + uint32(i) - r.item
		}
	}
	return q.id + uint32(i)
}
