package s7commplus

import "firedoor"

// maxRefs is how many variables of subscriptions are remembered; more are told by
// their reference alone.
const maxRefs = 512

// refTable says which variable a reference of a subscription stands for. While a
// subscription has no number yet a tag stands for it, whose lowest numbers the
// controller never gives.
type refTable struct {
	refs []ref
	tags uint32
	hint int // where the next one is looked for first: they come in order
}

type ref struct {
	subscription uint32
	reference    uint32
	item         item
}

// maxTags bounds tags; they begin again.
const maxTags = 64

func (t *refTable) tag() uint32 {
	t.tags = t.tags%maxTags + 1
	t.drop(t.tags)
	return t.tags
}

func (t *refTable) find(subscription, reference uint32) *ref {
	if t.hint >= len(t.refs) {
		t.hint = 0
	}
	for i := t.hint; i < len(t.refs)+t.hint; i++ {
		at := i % len(t.refs)
		if r := &t.refs[at]; r.reference == reference && r.subscription == subscription {
			t.hint = at + 1
			return r
		}
	}
	return nil
}

// put returns a place for a reference, nil if there is none left.
func (t *refTable) put(subscription, reference uint32) *item {
	r := t.find(subscription, reference)
	if r == nil {
		if len(t.refs) >= maxRefs {
			return nil
		}
		t.refs = append(t.refs, ref{subscription: subscription, reference: reference})
		r = &t.refs[len(t.refs)-1]
	}
	return &r.item
}

func (t *refTable) rename(from, to uint32) {
	t.drop(to)
	for i := range t.refs {
		if t.refs[i].subscription == from {
			t.refs[i].subscription = to
		}
	}
}

// drop forgets a subscription.
func (t *refTable) drop(subscription uint32) {
	kept := t.refs[:0]
	for i := range t.refs {
		if t.refs[i].subscription != subscription {
			kept = append(kept, t.refs[i])
		}
	}
	t.refs = kept
}

func (t *refTable) remove(subscription, reference uint32) {
	for i := range t.refs {
		if t.refs[i].subscription == subscription && t.refs[i].reference == reference {
			t.refs = append(t.refs[:i], t.refs[i+1:]...)
			return
		}
	}
}

// references reads the list of variables of a subscription, an array of packed
// numbers: one, how many are taken out, how many are put in; the references of
// those taken out; and for each put in a number whose low half counts its way, its
// reference, one, area, checksum of the symbol, attribute and way. It returns how
// many are put in.
func (p *parser) references(w walk, subscription uint32) uint32 {
	if flags, kind := w.U8(), w.U8(); flags != flagAddressArray || kind != typeUDInt {
		return 0
	}
	w.u32() // how many numbers
	w.u32()
	out, in := w.u32(), w.u32()
	if uint64(out)+uint64(in) > uint64(w.Len()) {
		return 0
	}
	for range out {
		p.refs.remove(subscription, w.u32())
	}
	var it item
	for range in {
		n := w.u32() & 0xffff
		reference := w.u32()
		w.u32()
		area, crc := w.u32(), w.u32()
		if it.place(&w, p.own, crc, area, n); w.broken() {
			break
		}
		if to := p.refs.put(subscription, reference); to != nil {
			*to = it
		}
	}
	return in
}

// Kinds of what a notification holds.
const (
	notedValue   = 0x92 // reference (4), value
	notedNumber  = 0x9b // packed number, value
	notedOther   = 0x9c // four bytes
	notedError   = 0x03 // reference (4)
	notedError2  = 0x13
	notedPlain   = 0x83 // value
	notedObject  = 0x81
	notedEnd     = 0
	subscription = 0x0400 // a notification of variables
)

// notification reads values that a subscription sends: its object, kind, four
// bytes, a credit, a sequence number, in newer controllers a counter, and the
// values.
func (p *parser) notification(w *walk) {
	object, kind := w.U32(), w.U16()
	w.Skip(2)
	if p.version == version1 {
		look := *w
		if look.U32() == 0 {
			return
		}
		w.Skip(6)
	} else {
		if kind != subscription {
			return
		}
		w.Skip(2)
		w.Skip(1)
		if object > firstGiven {
			w.u32()
			w.counter()
		} else {
			w.Skip(1)
		}
	}
	if w.Failed() {
		p.malformed("notification ends in its header")
		return
	}
	p.noted(w, object)
}

// A time before the counter of changes counts microseconds since 1970 in eight bytes:
// these are the second bytes of 2005 to 2041. One whose clock was never set begins in 2012.
const earliest, latest = 4, 7

// counter passes over the counter of changes before the values. Newer controllers
// put a time before it, older ones have none.
func (w *walk) counter() {
	look := *w
	first, second := look.U8(), look.U8()
	switch {
	case look.Failed():
	case first == 0 && second >= earliest && second <= latest && w.Len() > 9:
		w.Skip(9)
	case first == notedValue && second == 0xff: // a reference, which older ones count down
	case first != 0:
		w.Skip(1)
	}
}

// noted reads the values of a notification.
func (p *parser) noted(w *walk, object uint32) {
	for !w.broken() {
		reference := uint32(0)
		switch w.U8() {
		case notedEnd:
			return
		case notedValue:
			reference = w.U32()
		case notedNumber:
			reference = w.u32()
		case notedOther, notedError, notedError2:
			w.Skip(4)
			continue
		case notedPlain:
		default: // objects, and what nobody knows
			return
		}
		if w.value(&p.val, p.room[:], nil); !w.broken() {
			p.sampled(object, reference)
		}
	}
	if !p.cut {
		p.malformed("notification breaks the rules")
	}
}

// sampled tells one value of a subscription.
func (p *parser) sampled(object, reference uint32) {
	it := &p.object
	*it = item{space: spaceRef, at: [4]uint32{reference}}
	if r := p.refs.find(object, reference); r != nil {
		*it = r.item
		if p.val.values = p.shown(it); p.val.values.Type == firedoor.NoValue {
			return
		}
	} else if p.val.values.Count != 1 {
		return
	}
	p.sample = firedoor.Sample{Function: "notification", Code: opNotification, Object: it.object(), Values: p.val.values}
	p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	p.emit(&p.event)
}
