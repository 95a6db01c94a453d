package s7commplus

import (
	"firedoor"
)

const (
	// maxItems is how many variables one request may have.
	maxItems = 1024
	// maxRing is how many variables of requests are remembered.
	maxRing = 2048
)

// itemRing remembers variables until they are answered. It grows as needed to
// maxRing, and then the oldest are forgotten.
type itemRing struct {
	slots []item
	next  uint32 // position of the next one
}

// room makes place for count more beside those that are needed still.
func (r *itemRing) room(live, count int) {
	size := max(4, len(r.slots))
	for size < live+count && size < maxRing {
		size *= 2
	}
	if size == len(r.slots) {
		return
	}
	slots := make([]item, size)
	old := uint32(len(r.slots))
	for i := range old {
		pos := r.next - 1 - i
		slots[pos%uint32(size)] = r.slots[pos%old]
	}
	r.slots = slots
}

// put returns the place of the next one.
func (r *itemRing) put() *item {
	it := &r.slots[r.next%uint32(len(r.slots))]
	r.next++
	return it
}

// at returns the item at a position, nil if it is forgotten.
func (r *itemRing) at(pos uint32) *item {
	if r.next-pos > uint32(len(r.slots)) || r.next == pos {
		return nil
	}
	return &r.slots[pos%uint32(len(r.slots))]
}

// askMulti reads a request over several variables: an object, how many items, how
// many numbers name them, the names, and when they are written, their values with
// the item's number before each.
func (p *parser) askMulti(w *walk) {
	object, count, fields := w.U32(), w.u32(), w.u32()
	p.target = object
	if w.broken() || count > maxItems || int(count) > w.Len() {
		w.bad = true
		p.ask(functionCall(p.fn), &item{})
		return
	}
	p.items.room(p.live, int(count))
	first := p.items.next
	if object == 0 {
		for range count {
			if p.items.put().address(w, p.own); w.broken() {
				break
			}
		}
	} else {
		p.attributes(w, object, count, fields)
	}
	if n := p.items.next - first; count == 0 || w.broken() || n != count {
		p.items.next = first
		w.bad = w.bad || count > 0
		p.ask(functionCall(p.fn), &item{})
		return
	}
	p.askEach(w, first, int(count))
}

// attributes reads the numbers of attributes of an object.
func (p *parser) attributes(w *walk, object, count, fields uint32) {
	for i := range fields {
		attribute := w.u32()
		if w.broken() {
			return
		}
		if i < count {
			it := p.items.put()
			*it = item{}
			it.attribute(p.own, object, attribute)
		}
	}
}

// askEach emits an operation for each item, with the value that is written. The
// request is remembered before its subscription is read, which names it.
func (p *parser) askEach(w *walk, first uint32, count int) {
	id := p.last + 1
	r := p.remember(functionCall(p.fn), first, count)
	if r != nil {
		r.items = true
	}
	for k := range count {
		it := p.items.at(first + uint32(k))
		p.val = value{}
		if p.fn == fnSetMulti && !w.broken() {
			p.written(w, it, k)
		}
		p.begin(firedoor.Asked, itemCall(p.fn, it, &p.val), p.fn)
		p.op.ID = id + uint32(k)
		if count > 1 {
			p.op.Item = uint16(k + 1)
		}
		p.named(it)
		p.op.Values = p.shown(it)
		p.emit(&p.opEvent)
	}
}

// written reads the value of item k, counted from 0.
func (p *parser) written(w *walk, it *item, k int) {
	if w.u32() != uint32(k+1) {
		w.bad = true
		return
	}
	from := *w
	w.value(&p.val, p.room[:], nil)
	if w.broken() {
		p.val = value{}
		return
	}
	if p.target != 0 && it.at[1] == attrReferences {
		p.references(from, p.target)
	}
}

// shown is what is told of the value at hand: numbers, and the bytes of plain
// memory. Attributes that hold proofs of a password tell nothing.
func (p *parser) shown(it *item) firedoor.Values {
	v := p.val.values
	switch {
	case it == nil || it.space == nil:
		return firedoor.Values{}
	case it.space == spaceBytes && p.val.kind == typeBlob:
		return firedoor.Values{Type: firedoor.U8, Count: len(p.val.content), Raw: p.val.content}
	case it.space == spaceSymbol, it.space == spaceBytes, it.space == spaceBit:
		return v
	}
	switch it.at[1] {
	case attrChallenge, attrResponse, attrPassword, attrSessionKey, attrLegitimate:
		return firedoor.Values{}
	}
	if v.Count != 1 { // an array of bytes may be anything
		return firedoor.Values{}
	}
	return v
}

// answerMulti reads an answer over several variables: what was read, each with the
// item's number, 0; then the items that failed, each with a return value, 0. Items
// that are not named were written.
func (p *parser) answerMulti(w *walk, r *request, o firedoor.Outcome, failed bool) {
	clear(p.answered[:])
	seen := 0
	if !failed && p.fn == fnGetMulti {
		for !w.broken() {
			k := w.u32()
			if k == 0 || w.broken() {
				break
			}
			w.value(&p.val, p.room[:], nil)
			if w.broken() {
				break
			}
			p.answerItem(r, k, o, &seen)
		}
	}
	for !failed && !w.broken() {
		k := w.u32()
		if k == 0 || w.broken() {
			break
		}
		p.val = value{}
		v := w.u64()
		one := outcome(v)
		if one.Kind == firedoor.OutcomeOK {
			one = firedoor.Failed(uint32(uint16(v)), "")
		}
		p.answerItem(r, k, one, &seen)
	}
	p.val = value{}
	if r == nil {
		if seen == 0 {
			p.answer(nil, o, firedoor.Values{})
		}
		return
	}
	for k := range uint32(r.ops) {
		p.answerItem(r, k+1, o, &seen)
	}
}

// answerItem emits item k, counted from 1, unless it was answered before.
func (p *parser) answerItem(r *request, k uint32, o firedoor.Outcome, seen *int) {
	if r == nil {
		*seen++
		p.answerUnseen(k, o)
		return
	}
	bit := uint64(1) << ((k - 1) & 63)
	if k > uint32(r.ops) || p.answered[(k-1)>>6]&bit != 0 {
		return
	}
	p.answered[(k-1)>>6] |= bit
	it := p.items.at(r.first + k - 1)
	c := r.call
	if it != nil {
		c = itemCall(r.fn, it, nil)
	}
	p.begin(firedoor.Answered, c, r.fn)
	p.op.ID = r.id + k - 1
	if r.ops > 1 {
		p.op.Item = uint16(k)
	}
	p.named(it)
	p.op.Outcome, p.op.Values = o, p.shown(it)
	p.emit(&p.opEvent)
}

// answerUnseen tells of an item whose request was not seen. What it is of is not
// known, so that only one number is told.
func (p *parser) answerUnseen(k uint32, o firedoor.Outcome) {
	p.begin(firedoor.Answered, functionCall(p.fn), p.fn)
	p.last++
	p.op.ID, p.op.Partial, p.op.Item = p.last, true, uint16(min(k, 0xffff))
	p.op.Outcome = o
	if p.val.values.Count == 1 {
		p.op.Values = p.val.values
	}
	p.emit(&p.opEvent)
}

// askVariable reads a request for one attribute of an object: the object, how many
// numbers name the attribute, these, and a value when it is written. A zero among
// the numbers is followed by a length.
func (p *parser) askVariable(w *walk) {
	object, count := w.U32(), w.u32()
	attribute := uint32(noAttribute)
	if count > 0 {
		attribute = w.u32()
	}
	if w.broken() || count > maxItems {
		w.bad = true
		p.ask(functionCall(p.fn), &item{})
		return
	}
	it := &p.object
	*it = item{}
	it.attribute(p.own, object, attribute)
	from := w.Pos()
	for i := uint32(1); i < count && !w.broken(); i++ {
		w.u32()
	}
	if n := w.Pos() - from; !w.broken() && n > 0 {
		it.setWay(p.data[from : from+n])
	}
	p.val = value{}
	if p.fn == fnSetVariable && !w.broken() {
		if w.value(&p.val, p.room[:], nil); w.broken() {
			p.val = value{}
		}
	}
	p.askOne(it)
}

// askOne emits the request for one object, with the value that is written.
func (p *parser) askOne(it *item) *request {
	c := itemCall(p.fn, it, &p.val)
	id := p.last + 1
	r := p.remember(c, p.items.next, 1)
	if r != nil {
		r.obj = *it
	}
	p.begin(firedoor.Asked, c, p.fn)
	p.op.ID = id
	p.named(it)
	p.op.Values = p.shown(it)
	p.emit(&p.opEvent)
	if c == loginCall {
		p.voice.Login(p.emit, nil, "")
	}
	return r
}

// answerVariable reads the value of one attribute; that of a streamed one has a
// byte before it.
func (p *parser) answerVariable(w *walk, r *request, o firedoor.Outcome) {
	if p.fn == fnGetStreamed {
		w.Skip(1)
	}
	p.val = value{}
	if w.value(&p.val, p.room[:], nil); w.broken() {
		p.val = value{}
	}
	v := firedoor.Values{}
	if r != nil {
		v = p.shown(&r.obj)
	} else if p.val.values.Count == 1 {
		v = p.val.values
	}
	p.answer(r, o, v)
	if r != nil && r.obj.space == spaceBlock && p.fn == fnGetStreamed {
		p.uploaded(r)
	}
}
