package baseline

import (
	"hash/maphash"
	"math"
	"unsafe"

	"firedoor"
	"firedoor/internal/near"
)

// Limits bound a Table. At a limit nothing known is dropped: what is new is
// refused and counted.
type Limits struct {
	Conversations int
	Statements    int
	Ranges        int // written elements whose range is learned
	// Unproven bounds the statements of conversations in which only one end was
	// ever seen: anybody can forge those by the million. 0 is no bound of its own.
	Unproven int
}

// Table is one lane's learned behaviour.
type Table struct {
	limits Limits       `snapshot:"-"`
	seed   maphash.Seed `snapshot:"-"`

	pairs         map[Pair]int32 `snapshot:"-"`
	conversations []Conversation
	hand          int32

	within  [maxWithin]string // protocols that travel inside others, by first sight
	index   []int32           `snapshot:"-"` // open-addressed: statement + 1, 0 is empty
	rows    []row
	details []detail
	text    []byte // tags and other names of objects, end to end
	ranges  []Range

	unproven         int
	learned          int    // statements first seen while learning
	Refused          uint64 // conversations for which there was no room
	Forgotten        uint64 // conversations without operations that made room
	StatementsNoRoom uint64 // operations for which there was no row
}

// New returns an empty Table.
func New(l Limits) *Table {
	l.Conversations = min(l.Conversations, MaxConversations)
	if l.Unproven == 0 {
		l.Unproven = l.Statements
	}
	return &Table{limits: l, seed: maphash.MakeSeed(), pairs: map[Pair]int32{}, index: make([]int32, 256)}
}

// key is what makes an operation the same as another: everything the request
// says but the values it writes.
type key struct {
	space    *firedoor.Space
	text     uint64 // hash of the object's text, 0 without one
	at       [4]uint32
	owner    uint32 // conversation, verb, protocol, and whether it is one of several objects
	code     uint32
	unit     uint32
	quantity uint32
}

// row is what counting an operation reads and writes: one cache line.
type row struct {
	key
	last  int64
	count uint32
	next  int32 // statement asked after this one, last time
}

// How owner is packed: MaxConversations is below 1<<24, there are fewer than 16
// verbs, and three bits name the protocol.
const (
	verbAt   = 24
	verbBits = 0xf
	withinAt = 28
	oneOfAt  = 31
)

// maxWithin is how many protocols inside others are told apart; further ones
// count as the last.
const maxWithin = 7

// owner packs who asks for what.
func (t *Table) owner(conv int32, op *firedoor.Operation) uint32 {
	o := uint32(conv) | uint32(op.Verb)<<verbAt
	if op.Item > 0 {
		o |= 1 << oneOfAt
	}
	if op.Protocol != "" {
		o |= t.inside(op.Protocol) << withinAt
	}
	return o
}

// inside is the number of a protocol that is not the conversation's own, from 1:
// its codes mean something else.
func (t *Table) inside(protocol string) uint32 {
	for i := range t.within {
		if t.within[i] == "" {
			t.within[i] = protocol
		}
		if t.within[i] == protocol {
			return uint32(i) + 1
		}
	}
	return maxWithin
}

func (k *key) verb() firedoor.Verb { return firedoor.Verb(k.owner >> verbAt & verbBits) }

// noUnit is the unit in the key of a request that names none: another one than unit 0 (of CIP, a
// service for the device itself and one that it hands on to slot 0), which a rule tells apart.
const noUnit = math.MaxUint32

// unitOf is the part of a key that stands for the unit: what the request itself
// says.
func unitOf(op *firedoor.Operation) uint32 {
	if op.UnitAgreed || !op.HasUnit {
		return noUnit
	}
	return op.Unit
}

// MaxConversations is the highest limit of conversations a Table takes.
const MaxConversations = 1<<24 - 1

// Statement is one line of what is normal: how often an operation was asked,
// and what became of it.
type Statement struct {
	First, Last int64
	Count       uint32
	Errors      uint32
	NoResponse  uint32
	Partial     uint32 // of Count: only the answer was seen
	Learned     bool
	NewVerb     bool // its conversation did not learn its verb
	Covered     bool // the last word of Table.Covered
}

// detail is the part of a statement that is needed seldom.
type detail struct {
	function   string
	protocol   string
	first      int64
	textStart  uint32
	textLen    uint32
	tail       uint64 // stands for the rest of a text that was cut
	gapLeast   int64  // between two askings, of those looked at since Jitter was asked
	gapMost    int64
	gaps       uint32
	errors     uint32
	noResponse uint32
	partial    uint32
	older      int32 // next in the conversation's chain
	ranges     int32 // first Range of what it writes, -1
	nRanges    uint8
	outside    uint8 // values outside the learned range already told
	learned    bool
	hasUnit    bool
	hasQty     bool
	covered    bool
	loose      bool  // something was written that the ranges do not have
	outcomes   uint8 // kinds of outcome a changing one had: 1 << OutcomeKind
}

// gapSample: of every sixteenth asking the time since the one before is looked at.
// Looking each time would cost a cache miss for each.
const gapSample = 15

// gap takes note of the time between two askings.
func (d *detail) gap(g int64) {
	if g < 0 { // a later file may be older
		return
	}
	if d.gaps == 0 || g < d.gapLeast {
		d.gapLeast = g
	}
	d.gapMost = max(d.gapMost, g)
	d.gaps++
}

// Jitter is how far the times between two askings of a statement lay apart, as far
// as they were looked at since Jitter was asked last, and how many were looked at.
func (t *Table) Jitter(st int32) (spread int64, looked uint32) {
	d := &t.details[st]
	spread, looked = d.gapMost-d.gapLeast, d.gaps
	d.gapLeast, d.gapMost, d.gaps = 0, 0, 0
	return spread, looked
}

// MaxText is how much of an object's name is kept.
const MaxText = 256

// Ask finds the statement of an asked operation, or admits it (fresh), and
// counts it. It returns -1 when there is no room.
func (t *Table) Ask(conv int32, op *firedoor.Operation, now int64, learning bool) (st int32, fresh bool) {
	c := &t.conversations[conv]
	own := t.owner(conv, op)
	st = c.guess
	// Polling repeats itself: what followed last time mostly follows again, and
	// costs no hash. It is compared in place: building a key costs as much as
	// finding it.
	if st < 0 || !t.rows[st].is(own, op) || t.rows[st].text != t.textOf(op) {
		k := key{space: op.Object.Space, text: t.textOf(op), at: op.Object.At, owner: own, code: op.Code,
			unit: unitOf(op), quantity: op.Quantity}
		if st, fresh = t.find(&k); fresh {
			if st = t.admit(c, &k, op, now, learning); st < 0 {
				return -1, false
			}
		}
		if c.asked >= 0 {
			t.rows[c.asked].next = st
		}
	}
	c.asked = st
	c.Operations++
	c.Verbs |= 1 << op.Verb
	if learning {
		c.LearnedVerbs |= 1 << op.Verb
	}
	r := &t.rows[st]
	if r.count++; r.count&gapSample == 0 {
		t.details[st].gap(now - r.last)
	}
	r.last = max(r.last, now)
	if c.guess = r.next; c.guess >= 0 {
		near.Line(unsafe.Pointer(&t.rows[c.guess]))
	}
	return st, fresh
}

// is compares all of a key but the text.
func (k *key) is(owner uint32, op *firedoor.Operation) bool {
	return k.owner == owner && k.code == op.Code && k.unit == unitOf(op) && k.quantity == op.Quantity &&
		k.space == op.Object.Space && k.at == op.Object.At
}

// textOf is the part of a key that stands for an object's text, 0 without one.
func (t *Table) textOf(op *firedoor.Operation) uint64 {
	if len(op.Object.Text) == 0 {
		return 0
	}
	return maphash.Bytes(t.seed, op.Object.Text[:min(len(op.Object.Text), MaxText)]) ^ tailOf(op.Object.Text)
}

// tailOf stands for what is not kept of a long text: 0 if all of it is. It has no
// seed, as it is stored.
func tailOf(text []byte) uint64 {
	if len(text) <= MaxText {
		return 0
	}
	sum := uint64(14695981039346656037) // FNV-1a
	for _, b := range text[MaxText:] {
		sum = (sum ^ uint64(b)) * 1099511628211
	}
	return sum
}

func (t *Table) find(k *key) (st int32, missing bool) {
	mask := uint64(len(t.index) - 1)
	for h := maphash.Comparable(t.seed, *k); ; h++ {
		i := t.index[h&mask]
		if i == 0 {
			return -1, true
		}
		if t.rows[i-1].key == *k {
			return i - 1, false
		}
	}
}

func (t *Table) admit(c *Conversation, k *key, op *firedoor.Operation, now int64, learning bool) int32 {
	if len(t.rows) >= t.limits.Statements || !c.Proven && t.unproven >= t.limits.Unproven {
		t.StatementsNoRoom++
		return -1
	}
	if 4*len(t.rows) >= 3*len(t.index) {
		t.rehash()
	}
	if !c.Proven {
		t.unproven++
	}
	if learning {
		t.learned++
	}
	st := int32(len(t.rows))
	t.rows = append(t.rows, row{key: *k, next: -1})
	text := op.Object.Text[:min(len(op.Object.Text), MaxText)]
	t.details = append(t.details, detail{function: op.Function, protocol: op.Protocol, first: now, learned: learning,
		hasUnit: op.HasUnit && !op.UnitAgreed, hasQty: op.HasQty, textStart: uint32(len(t.text)), textLen: uint32(len(text)), tail: tailOf(op.Object.Text),
		older: c.newest, ranges: -1})
	c.newest = st
	t.text = append(t.text, text...)
	t.insert(st)
	return st
}

// Restored makes anew what is not stored, after the rest of an empty Table was
// read back: the index, whose hash has another seed now, and the flows, of which
// none is left.
func (t *Table) Restored() {
	for i := range t.conversations {
		t.conversations[i].live = 0
	}
	t.reindex()
}

func (t *Table) reindex() {
	t.learned = 0
	for i := range t.details {
		if t.details[i].learned {
			t.learned++
		}
	}
	size := 256
	for 4*len(t.rows) >= 3*size {
		size *= 2
	}
	t.index = make([]int32, size)
	for st := range t.rows {
		d := &t.details[st]
		if !d.hasUnit {
			t.rows[st].unit = noUnit // an earlier version had 0 there
		}
		if d.textLen > 0 {
			t.rows[st].text = maphash.Bytes(t.seed, t.text[d.textStart:d.textStart+d.textLen]) ^ d.tail
		}
		t.insert(int32(st))
	}
	t.pairs = make(map[Pair]int32, len(t.conversations))
	for i := range t.conversations {
		t.pairs[t.conversations[i].Pair] = int32(i)
	}
}

func (t *Table) insert(st int32) {
	mask := uint64(len(t.index) - 1)
	h := maphash.Comparable(t.seed, t.rows[st].key)
	for t.index[h&mask] != 0 {
		h++
	}
	t.index[h&mask] = st + 1
}

func (t *Table) rehash() {
	t.index = make([]int32, 2*len(t.index))
	for st := range t.rows {
		t.insert(int32(st))
	}
}

// Statement tells what was counted.
func (t *Table) Statement(st int32) Statement {
	r, d := &t.rows[st], &t.details[st]
	conv := &t.conversations[r.owner&MaxConversations]
	return Statement{First: d.first, Last: r.last, Count: r.count, Errors: d.errors, NoResponse: d.noResponse, Partial: d.partial, Learned: d.learned,
		NewVerb: conv.LearnedVerbs&(1<<r.verb()) == 0, Covered: d.covered}
}

// Owner is the conversation that a statement belongs to.
func (t *Table) Owner(st int32) int32 { return int32(t.rows[st].owner & MaxConversations) }

// LearnedStatements is how many of them were first seen while learning.
func (t *Table) LearnedStatements() int { return t.learned }

// Statements is how many there are.
func (t *Table) Statements() int { return len(t.rows) }

// Answer counts what became of an asked operation; st may be -1. It returns
// whether that alters what is known of a statement that changes a device: the
// first refusal, the first silence if nothing else came before, and the first
// success after one of them. again tells that it had another outcome before.
func (t *Table) Answer(conv, st int32, outcome firedoor.OutcomeKind) (news, again bool) {
	c := &t.conversations[conv]
	switch outcome {
	case firedoor.OutcomeError:
		c.Errors++
		if st >= 0 {
			t.details[st].errors++
		}
	case firedoor.OutcomeNoResponse:
		c.NoResponse++
		if st >= 0 {
			t.details[st].noResponse++
		}
	}
	if st < 0 || !t.rows[st].verb().Changes() {
		return false, false
	}
	d := &t.details[st]
	before := d.outcomes
	d.outcomes |= 1 << outcome
	switch {
	case before&(1<<outcome) != 0:
	case outcome == firedoor.OutcomeError:
		news = true
	case outcome == firedoor.OutcomeNoResponse:
		news = before == 0
	case outcome == firedoor.OutcomeOK:
		news = before != 0
	}
	return news, before != 0
}

// Partial counts an operation of which only the answer was seen; st may be -1.
func (t *Table) Partial(conv, st int32) {
	t.conversations[conv].Partial++
	if st >= 0 {
		t.details[st].partial++
	}
}

// Operation rebuilds what a statement says, without values and without a unit
// that was agreed on when the connection began. Object.Text is a
// view that is valid as long as the Table.
func (t *Table) Operation(st int32) firedoor.Operation {
	k, n := &t.rows[st].key, &t.details[st]
	op := firedoor.Operation{Verb: k.verb(), Protocol: n.protocol, Function: n.function, Code: k.code,
		HasUnit: n.hasUnit, HasQty: n.hasQty, Quantity: k.quantity,
		Object: firedoor.Object{Space: k.space, At: k.at, Text: t.text[n.textStart : n.textStart+n.textLen]}}
	if op.HasUnit {
		op.Unit = k.unit
	}
	return op
}

// Each calls f for the statements of a conversation, oldest first.
func (t *Table) Each(conv int32, f func(st int32)) {
	var chain []int32
	for st := t.conversations[conv].newest; st >= 0; st = t.details[st].older {
		chain = append(chain, st)
	}
	for i := len(chain) - 1; i >= 0; i-- {
		f(chain[i])
	}
}

// Covered looks at maxCovered statements, and not at all any more when it found
// maxStrange of a conversation to be new: that conversation is strange anyhow.
const (
	maxCovered = 1024
	maxStrange = 64
)

// Covered tells whether learned statements of the same conversation, unit and
// function already touch every element of the range that st touches: part of a
// block that is read anyway is nothing new. It holds for objects that lie in a
// row (Space.Axis).
func (t *Table) Covered(st int32) bool {
	k := &t.rows[st].key
	if k.space == nil || k.space.Axis == 0 || k.quantity == 0 || !t.details[st].hasQty {
		return false
	}
	conv := &t.conversations[k.owner&MaxConversations]
	if conv.strange >= maxStrange {
		return false
	}
	axis := int(k.space.Axis) - 1
	from, to := uint64(k.at[axis]), uint64(k.at[axis])+uint64(k.quantity)
	for range 8 { // each pass lengthens what is covered from the left
		before := from
		seen := 0
		for o := t.details[st].older; o >= 0 && seen < maxCovered; o = t.details[o].older {
			seen++
			ok := &t.rows[o].key
			if !t.details[o].learned || !k.sameBut(ok, axis) {
				continue
			}
			a, b := uint64(ok.at[axis]), uint64(ok.at[axis])+uint64(ok.quantity)
			if a <= from && b > from {
				from = b
			}
		}
		if from >= to {
			t.details[st].covered = true
			return true
		}
		if from == before {
			break
		}
	}
	conv.strange++
	return false
}

func (k *key) sameBut(o *key, axis int) bool {
	a, b := *k, *o
	a.at[axis], b.at[axis], a.quantity, b.quantity = 0, 0, 0, 0
	a.owner, b.owner = a.owner&^(1<<oneOfAt), b.owner&^(1<<oneOfAt)
	return a == b
}

// Bytes is roughly the memory the table holds.
func (t *Table) Bytes() int {
	return 4*cap(t.index) + 64*cap(t.rows) + 104*cap(t.details) + cap(t.text) + 24*cap(t.ranges) + 264*cap(t.conversations)
}
