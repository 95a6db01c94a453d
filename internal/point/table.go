package point

import (
	"cmp"
	"hash/maphash"
	"math"

	"firedoor"
)

// Limits bound a Table. What finds no room is counted; what is known stays.
type Limits struct {
	Points int // values kept
	// Unproven bounds those of conversations in which only one end was ever seen:
	// anybody can forge those by the million.
	Unproven int
}

// MaxElements is how many values of one message become points; the rest of a
// longer array is counted as without room.
const MaxElements = 2048

// MaxText is how much of an object's name is kept; longer names are one as far
// as they begin the same.
const MaxText = 256

// Table is one lane's points.
type Table struct {
	limits Limits       `snapshot:"-"`
	seed   maphash.Seed `snapshot:"-"`
	names  *Names       `snapshot:"-"`
	index  []int32      `snapshot:"-"` // open-addressed: page + 1, 0 is empty

	pages    []page
	points   int
	unproven int
	NoRoom   uint64 // values for which there was no room
}

// perPage is how many neighbours stand together: they are mostly read together.
const perPage = 64

// key is what makes a page: everything of a place but the element in it.
type key struct {
	space   *firedoor.Space
	server  firedoor.IP // or a MAC in the low word
	text    uint64      `snapshot:"-"` // hash of the object's text, 0 without one
	at      [4]uint32   // the number that counts elements is 0
	part    uint32      // 64 elements each
	skew    uint32      // bytes between the elements' place and a multiple of their size
	segment firedoor.Segment
	unit    uint32
	hasUnit bool
	kind    firedoor.ValueType
}

// page is up to perPage neighbours.
type page struct {
	key
	protocol string
	mac      firedoor.MAC
	port     uint16
	ethernet bool
	label    []byte // the object's text
	from     uint8  // element of cells[0]
	seen     uint64 // bit per slot whose element was seen
	cells    []cell
	raw      []byte // the elements as they stood last, where they take whole bytes
	named    []named
	next     int32 // page with the elements behind these, as found last; -1
}

// cell is one value.
type cell struct {
	value          int64 // as Values.Int gives it
	min, max       float64
	first, changed int64
	changes        uint32
	written        uint32
	used           bool
}

// New returns an empty Table. names may be nil.
func New(l Limits, names *Names) *Table {
	if l.Unproven == 0 {
		l.Unproven = l.Points
	}
	return &Table{limits: l, seed: maphash.MakeSeed(), names: names, index: make([]int32, 64)}
}

// Origin is where values come from.
type Origin struct {
	Server   firedoor.IP // or a MAC in the low word
	Segment  firedoor.Segment
	MAC      firedoor.MAC
	Port     uint16
	Protocol string
	Ethernet bool // Server is a MAC
	Proven   bool // both ends were seen to speak
}

// Seen is a message's values and where they stand.
type Seen struct {
	Unit    uint32
	HasUnit bool
	Object  *firedoor.Object
	Values  *firedoor.Values
	Written bool
	Time    int64 // traffic time
}

// place turns an object into the key of its first page and the element in it.
func (t *Table) place(o *Origin, s *Seen, at *firedoor.Object) (k key, element uint32) {
	k = key{space: at.Space, server: o.Server, at: at.At, segment: o.Segment, unit: s.Unit, hasUnit: s.HasUnit, kind: kindOf(at.Space, s.Values.Type)}
	if len(at.Text) > 0 {
		k.text = t.hash(at.Text)
	}
	n, size := steps(k.space, k.kind)
	if n < 0 {
		return k, 0
	}
	element, k.skew = k.at[n]/size, k.at[n]%size
	k.at[n] = 0
	return k, element
}

// kindOf is the type of points of a space: a bit is one however it travels, but where it takes a
// byte of memory.
func kindOf(s *firedoor.Space, kind firedoor.ValueType) firedoor.ValueType {
	if kind == firedoor.Bool && s.Bytes == 0 {
		return firedoor.Bit
	}
	return kind
}

// steps tells which number of a space's objects counts elements of a type, and how
// far it goes on from one to the next; -1 if none does.
func steps(s *firedoor.Space, kind firedoor.ValueType) (number int, size uint32) {
	switch {
	case s.Axis > 0:
		return int(s.Axis) - 1, 1
	case s.Bytes > 0 && kind.Size() > 0:
		return int(s.Bytes) - 1, uint32(kind.Size())
	}
	return -1, 1
}

// See takes a message's values and returns the page of the first of them, for
// Again; -1 if it has none, or nobody knows where they stand.
func (t *Table) See(o *Origin, s *Seen) int32 {
	n := s.Values.Len()
	if n == 0 {
		return -1
	}
	place := s.Object.Place(s.Values)
	if place.Space == nil {
		return -1
	}
	if n > MaxElements {
		t.NoRoom++
		n = MaxElements
	}
	k, element := t.place(o, s, &place)
	first, before := int32(-1), int32(-1)
	for i := 0; i < n; {
		slot := int(element+uint32(i)) & (perPage - 1)
		count := min(perPage-slot, n-i)
		k.part = (element + uint32(i)) / perPage
		at := t.page(&k, o, place.Text)
		if at < 0 || !t.room(&t.pages[at], slot, count, o) {
			t.NoRoom++
			return -1
		}
		if before >= 0 {
			t.pages[before].next = at
		} else {
			first = at
		}
		t.pages[at].see(s.Values, slot, i, count, s.Time, s.Written)
		i, before = i+count, at
	}
	return first
}

// Again takes the values of the same message as the one for which See gave the
// page, and tells whether that is so: as many of the same type from the same
// element on. It is what polling costs, so it looks nothing up.
func (t *Table) Again(page int32, element uint32, v *firedoor.Values, now int64) bool {
	if v.Each != 0 { // their place hangs on their size
		return false
	}
	n := min(v.Len(), MaxElements)
	for i := 0; i < n; {
		slot := int(element+uint32(i)) & (perPage - 1)
		count := min(perPage-slot, n-i)
		if page < 0 {
			return false
		}
		p := &t.pages[page]
		if p.kind != kindOf(p.space, v.Type) || slot < int(p.from) || slot+count > int(p.from)+len(p.cells) {
			return false
		}
		p.see(v, slot, i, count, now, false)
		i, page = i+count, p.next
	}
	return true
}

// Element is where the values of a message begin in their row.
func Element(o *firedoor.Object, v *firedoor.Values) uint32 {
	place := o.Place(v)
	if place.Space == nil {
		return 0
	}
	if n, size := steps(place.Space, v.Type); n >= 0 {
		return place.At[n] / size
	}
	return 0
}

// page finds or makes the page of a key.
func (t *Table) page(k *key, o *Origin, text []byte) int32 {
	mask := uint64(len(t.index) - 1)
	h := maphash.Comparable(t.seed, *k)
	for ; t.index[h&mask] != 0; h++ {
		if i := t.index[h&mask] - 1; t.pages[i].key == *k {
			return i
		}
	}
	if !t.free(1, o.Proven) {
		return -1
	}
	if 4*len(t.pages) >= 3*len(t.index) {
		t.reindex(2 * len(t.index))
		return t.page(k, o, text)
	}
	t.index[h&mask] = int32(len(t.pages)) + 1
	label := text[:min(len(text), MaxText)]
	protocol := cmp.Or(k.space.Of, o.Protocol)
	t.pages = append(t.pages, page{key: *k, protocol: protocol, mac: o.MAC, port: o.Port, ethernet: o.Ethernet, label: append([]byte(nil), label...), next: -1})
	return int32(len(t.pages)) - 1
}

func (t *Table) free(n int, proven bool) bool {
	return t.points+n <= t.limits.Points && (proven || t.unproven+n <= t.limits.Unproven)
}

// room makes a page hold the elements from slot on.
func (t *Table) room(p *page, slot, count int, o *Origin) bool {
	from, to := int(p.from), int(p.from)+len(p.cells)
	if len(p.cells) == 0 {
		from, to = slot, slot
	}
	low, high := min(from, slot), max(to, slot+count)
	if low == from && high == to && to > from {
		return true
	}
	if more := high - low - len(p.cells); !t.free(more, o.Proven) {
		t.NoRoom++
		return false
	} else if t.points += more; !o.Proven {
		t.unproven += more
	}
	size := p.kind.Size()
	cells, raw := make([]cell, high-low), make([]byte, (high-low)*size)
	copy(cells[from-low:], p.cells)
	copy(raw[(from-low)*size:], p.raw)
	p.from, p.cells, p.raw = uint8(low), cells, raw
	t.names.look(p, low, high)
	return true
}

// see takes count values, from the i-th on, into the elements from slot on.
func (p *page) see(v *firedoor.Values, slot, i, count int, now int64, written bool) {
	at, size := slot-int(p.from), p.kind.Size()
	if size == 0 || written {
		for k := range count {
			p.take(at+k, v, i+k, now, written)
		}
	}
	if size > 0 {
		fresh := v.Raw[i*size : (i+count)*size]
		was := p.raw[at*size : (at+count)*size]
		all := p.seen>>slot&(1<<count-1) == 1<<count-1
		if all && string(fresh) == string(was) {
			return
		}
		for k := range count {
			if !all || differ(fresh[k*size:(k+1)*size], was[k*size:(k+1)*size]) {
				p.take(at+k, v, i+k, now, false)
			}
		}
		copy(was, fresh)
		p.seen |= (1<<count - 1) << slot
	}
	if len(p.named) > 0 {
		p.seeNamed(v, slot, i, count, now, written)
	}
}

// differ tells elements apart; they are too short to call anybody.
func differ(a, b []byte) bool {
	for i := range a {
		if a[i] != b[i] {
			return true
		}
	}
	return false
}

func (p *page) take(at int, v *firedoor.Values, i int, now int64, written bool) {
	c := &p.cells[at]
	if written {
		c.written++
	}
	if value := v.Int(i); !c.used || c.value != value {
		c.set(value, v.Float(i), now)
	}
}

// set makes a value the latest.
func (c *cell) set(value int64, number float64, now int64) {
	switch {
	case !c.used:
		c.used, c.first, c.min, c.max = true, now, number, number
	case math.IsNaN(number):
		c.changes++
	default:
		c.changes++
		c.min, c.max = lesser(c.min, number), greater(c.max, number)
	}
	c.value, c.changed = value, now
}

// lesser and greater prefer what is a number.
func lesser(a, b float64) float64 {
	if b < a || math.IsNaN(a) {
		return b
	}
	return a
}

func greater(a, b float64) float64 {
	if b > a || math.IsNaN(a) {
		return b
	}
	return a
}

// Restored makes anew what is not stored, after the rest was read back.
func (t *Table) Restored() {
	for i := range t.pages {
		p := &t.pages[i]
		if p.next = -1; len(p.label) > 0 {
			p.text = t.hash(p.label)
		}
		if !p.placed() {
			t.empty(p)
		}
		t.names.look(p, int(p.from), int(p.from)+len(p.cells))
	}
	size := 64
	for 4*len(t.pages) >= 3*size {
		size *= 2
	}
	t.reindex(size)
}

// placed tells whether a page's place is one that values have: an earlier version may
// have told several where there is one.
func (p *page) placed() bool {
	o := firedoor.Object{Space: p.space, At: p.at, Text: p.label}
	at := o.Place(&firedoor.Values{Type: p.kind})
	return at.Space == o.Space && at.At == o.At && string(at.Text) == string(o.Text) && kindOf(p.space, p.kind) == p.kind &&
		cmp.Or(p.space.Of, p.protocol) == p.protocol
}

// empty forgets the values of a page. It stays, for who asks again knows it by its number.
func (t *Table) empty(p *page) {
	t.points -= len(p.cells)
	p.from, p.seen, p.cells, p.raw, p.named = 0, 0, nil, nil, nil
}

func (t *Table) hash(text []byte) uint64 {
	return maphash.Bytes(t.seed, text[:min(len(text), MaxText)])
}

func (t *Table) reindex(size int) {
	t.index = make([]int32, size)
	mask := uint64(size - 1)
	for i := range t.pages {
		h := maphash.Comparable(t.seed, t.pages[i].key)
		for t.index[h&mask] != 0 {
			h++
		}
		t.index[h&mask] = int32(i) + 1
	}
}

// Len is how many values there are.
func (t *Table) Len() int { return t.points }
