package policy

import (
	"encoding/binary"
	"slices"
)

// pairKey is who asks whom in an index; 0 is anybody.
type pairKey struct{ client, server Place }

// index finds the first entry that matches a request: its cost hangs on how
// requests differ, not on how many rules there are.
type index struct {
	entries []entry             // in order
	spread  int                 // how many list places the rows of all buckets take: nested ranges make more of them than there are entries
	buckets map[pairKey]*bucket // with all alone, for whoever holds rules against each other
	ways    map[pairKey]*bucket // the first bucket of its kind, in which requests are looked up
}

// bucket holds the entries of one client and server.
type bucket struct {
	all    []int32 // in order
	plain  []int32 // of them, those that settle what is asked at their ports
	shapes uint32  // a bit for each shape of leafKey there is
	leaves map[leafKey]*leaf
	spread int   // of its rows
	kind   int32 // from 1: it stands for all whose entries differ from its own in client and server alone
}

// leafKey is the part of a request in which entries are looked up. Kind says what
// value is.
type leafKey struct {
	protocol uint16
	kind     kind
	hasUnit  bool
	value    uint32
	unit     uint32
}

type kind uint8

const (
	anyOperation kind = iota
	byVerb
	byFunction
	byCode
	kinds
)

// shape numbers what a key leaves open: a request is looked up once for each
// shape in use.
func (k *leafKey) shape() uint8 {
	s := uint8(k.kind)
	if k.protocol != 0 {
		s |= 4
	}
	if k.hasUnit {
		s |= 8
	}
	return s
}

const shapes = 16

// leaf holds entries that differ only in the object, and in what is looked at one by one.
type leaf struct {
	any    []int32 // in order, as all lists
	text   map[string][]int32
	open   []int32
	rows   map[string]*rows // by what stands before the number
	rowAll []int32
	memory map[region]*rows // in bits, of what lies somewhere
	lieAll []int32          // all of those
}

// rows parts a row of numbers where entries begin and end: lists[i] are those that
// cover the numbers from bounds[i] to below bounds[i+1].
type rows struct {
	bounds []uint64
	lists  [][]int32
}

func newIndex(entries []entry) *index {
	x := &index{entries: entries, buckets: map[pairKey]*bucket{}, ways: map[pairKey]*bucket{}}
	var keys []pairKey // in order
	for i := range entries {
		e := &entries[i]
		e.number = int32(i)
		k := pairKey{e.client, e.server}
		b := x.buckets[k]
		if b == nil {
			b = &bucket{}
			x.buckets[k] = b
			keys = append(keys, k)
		}
		b.all = append(b.all, int32(i))
	}
	x.sort(keys)
	return x
}

// sort gives buckets their kinds, and makes one of each ready: it serves all of its kind. A rule's
// entries are the same for each of its clients and servers, in the same order, so how many there
// are of each rule tells buckets apart; and of the buckets that a pair of places looks into no two
// have entries of one rule, so which of the same entries they are does not change what comes first.
func (x *index) sort(keys []pairKey) {
	kinds, runs := map[string]*bucket{}, []byte(nil)
	for _, k := range keys {
		b := x.buckets[k]
		runs = x.runs(b, runs[:0])
		first := kinds[string(runs)]
		if first == nil {
			first = x.ready(b)
			first.kind = int32(len(kinds) + 1)
			kinds[string(runs)] = first
		}
		x.spread += first.spread
		x.ways[k] = first
	}
}

// ready makes a bucket in which requests can be looked up.
func (x *index) ready(of *bucket) *bucket {
	b := &bucket{leaves: map[leafKey]*leaf{}}
	for _, i := range of.all {
		b.add(&x.entries[i], i)
	}
	for _, l := range b.leaves {
		b.spread += l.arrange(x.entries, maxSpread-x.spread-b.spread)
	}
	return b
}

// runs appends each rule of a bucket with the number of its entries.
func (x *index) runs(b *bucket, out []byte) []byte {
	for at := 0; at < len(b.all); {
		rule, from := x.entries[b.all[at]].rule, at
		for at < len(b.all) && x.entries[b.all[at]].rule == rule {
			at++
		}
		out = binary.LittleEndian.AppendUint32(out, uint32(rule))
		out = binary.LittleEndian.AppendUint32(out, uint32(at-from))
	}
	return out
}

func (b *bucket) add(e *entry, i int32) {
	b.all = append(b.all, i)
	if e.settles() {
		b.plain = append(b.plain, i)
	}
	k := leafKey{protocol: e.protocol, hasUnit: e.hasUnit, unit: e.unit}
	switch {
	case e.hasCode:
		k.kind, k.value = byCode, e.code
	case e.function != 0:
		k.kind, k.value = byFunction, e.function
	case e.verb != 0:
		k.kind, k.value = byVerb, uint32(e.verb)
	}
	b.shapes |= 1 << k.shape()
	l := b.leaves[k]
	if l == nil {
		l = &leaf{}
		b.leaves[k] = l
	}
	if len(e.memory) > 0 && !e.object.Open {
		l.lieAll = append(l.lieAll, i)
	}
	switch {
	case !e.hasObject:
		l.any = append(l.any, i)
	case e.object.Row:
		l.rowAll = append(l.rowAll, i)
	case e.object.Open:
		l.open = append(l.open, i)
	default:
		if l.text == nil {
			l.text = map[string][]int32{}
		}
		l.text[e.object.Text] = append(l.text[e.object.Text], i)
	}
}

// arrange builds the rows of a leaf and returns how many list places they take; with more
// than room it gives up.
func (l *leaf) arrange(entries []entry, room int) (spread int) {
	by := map[string][]numbers{}
	for _, i := range l.rowAll {
		o := &entries[i].object
		by[o.Text] = append(by[o.Text], numbers{i, o.From, o.To})
	}
	l.rows, spread = rowsOf(by, room)
	l.rowAll = nil
	return spread + l.arrangeMemory(entries, room-spread)
}

// numbers is an entry with a row of numbers that it is about.
type numbers struct {
	entry    int32
	from, to uint64
}

// arrangeMemory builds the rows of bits.
func (l *leaf) arrangeMemory(entries []entry, room int) (spread int) {
	by := map[region][]numbers{}
	for _, i := range l.lieAll {
		for _, s := range entries[i].memory {
			by[s.region] = append(by[s.region], numbers{i, s.from, s.to})
		}
	}
	l.memory, spread = rowsOf(by, room)
	return spread
}

// rowsOf builds the rows of each list, nil of none, as newRows does.
func rowsOf[K comparable](by map[K][]numbers, room int) (all map[K]*rows, spread int) {
	if len(by) == 0 {
		return nil, 0
	}
	all = make(map[K]*rows, len(by))
	for k, list := range by {
		var taken int
		all[k], taken = newRows(list, room-spread)
		spread += taken
	}
	return all, spread
}

func newRows(list []numbers, room int) (r *rows, spread int) {
	r = &rows{}
	for _, n := range list {
		r.bounds = append(r.bounds, n.from, n.to+1)
	}
	slices.Sort(r.bounds)
	r.bounds = slices.Compact(r.bounds)
	r.lists = make([][]int32, len(r.bounds))
	for _, n := range list {
		for at, _ := slices.BinarySearch(r.bounds, n.from); at < len(r.bounds) && r.bounds[at] <= n.to; at++ {
			if spread++; spread > room {
				return r, spread
			}
			r.lists[at] = append(r.lists[at], n.entry)
		}
	}
	return r, spread
}

// maxBuckets: client and server each by itself or as anybody.
const maxBuckets = 4

// reach are the buckets that a pair of places looks into.
type reach struct {
	buckets [maxBuckets]*bucket
	n       int
}

func (x *index) reach(client, server Place) (r reach) {
	if x == nil {
		return r
	}
	for _, k := range [maxBuckets]pairKey{{client, server}, {client, 0}, {0, server}, {0, 0}} {
		b := x.ways[k]
		if b == nil || slices.Contains(r.buckets[:r.n], b) {
			continue
		}
		r.buckets[r.n] = b
		r.n++
	}
	return r
}

// settled gives the first entry that decides whatever is asked on a route, -1 for none.
func (x *index) settled(to *reach, r *Route) int32 {
	best := int32(-1)
	for i := range to.n {
		for _, n := range to.buckets[i].plain {
			if x.entries[n].onPort(r.Transport, r.Port) {
				if best < 0 || n < best {
					best = n
				}
				break
			}
		}
	}
	return best
}

// some tells whether f says so of an entry on a route, of those before end; -1 is all.
func (x *index) some(to *reach, r *Route, end int32, f func(*entry) bool) bool {
	for i := range to.n {
		for _, n := range to.buckets[i].all {
			if end >= 0 && n >= end {
				break
			}
			if e := &x.entries[n]; e.onPort(r.Transport, r.Port) && f(e) {
				return true
			}
		}
	}
	return false
}

// first gives the first entry that matches an operation, -1 for none.
func (x *index) first(p *Plan, to *reach, r *Request) int32 {
	best := int32(-1)
	for i := range to.n {
		b := to.buckets[i]
		for shape := range uint8(shapes) {
			if b.shapes>>shape&1 == 0 {
				continue
			}
			k := leafKey{kind: kind(shape % uint8(kinds))}
			if shape&4 != 0 {
				if k.protocol = r.protocol; k.protocol == 0 {
					continue
				}
			}
			if shape&8 != 0 {
				if k.hasUnit, k.unit = true, r.Unit; !r.HasUnit {
					continue
				}
			}
			switch k.kind {
			case byVerb:
				k.value = uint32(r.Verb)
			case byFunction:
				k.value = r.function
			case byCode:
				k.value = r.Code
			}
			if l := b.leaves[k]; l != nil {
				best = l.first(x, p, r, best)
			}
		}
	}
	return best
}

// first looks for an entry of the leaf that comes before best.
func (l *leaf) first(x *index, p *Plan, r *Request, best int32) int32 {
	best = x.earliest(p, l.any, r, best)
	if l.text != nil {
		best = x.earliest(p, l.text[string(r.Object)], r, best)
	}
	if len(r.Object) == 0 {
		return best
	}
	best = x.earliest(p, l.open, r, best)
	if r.lies.loose == anywhere {
		best = x.earliest(p, l.lieAll, r, best)
	}
	if l.memory != nil && r.lies.layout != 0 {
		r.lies.asked(r.Object, func(at region, from, to uint64) {
			best = x.inRows(p, l.memory[at], from, to, r, best)
		})
	}
	if l.rows == nil {
		return best
	}
	if cut, ok := lettered(r.Object); ok {
		var key [4]byte // an area of two letters
		rows := l.rows[string(append(append(key[:0], r.Object[:cut]...), hexMark...))]
		from := hexNumber(r.Object[cut:])
		best = x.inRows(p, rows, from, from+max(r.quantity(), 1)-1, r, best)
	}
	cut := rowPrefix(r.Object)
	from, to, ok := reached(r.Object[:cut], r.Object[cut:], r.quantity(), false)
	if !ok {
		return best
	}
	return x.inRows(p, l.rows[string(r.Object[:cut])], from, to, r, best)
}

// inRows looks for an entry of some rows that is about numbers.
func (x *index) inRows(p *Plan, rows *rows, from, to uint64, r *Request, best int32) int32 {
	if rows == nil {
		return best
	}
	at, exact := slices.BinarySearch(rows.bounds, from)
	if !exact {
		at--
	}
	for at = max(at, 0); at < len(rows.bounds) && rows.bounds[at] <= to; at++ {
		best = x.earliest(p, rows.lists[at], r, best)
	}
	return best
}

// earliest gives the first entry of a list that matches, or best where that comes before.
func (x *index) earliest(p *Plan, list []int32, r *Request, best int32) int32 {
	for _, i := range list {
		if best >= 0 && i >= best {
			return best
		}
		if x.entries[i].matches(p, r) {
			return i
		}
	}
	return best
}

// matches looks at all that the way to the entry did not.
func (e *entry) matches(p *Plan, r *Request) bool {
	switch {
	case e.protocol != 0 && e.protocol != r.protocol,
		e.hasCode && e.code != r.Code,
		e.function != 0 && e.function != r.function,
		e.verb != 0 && e.verb != r.Verb,
		e.hasUnit && (!r.HasUnit || e.unit != r.Unit),
		e.hasObject && !e.covers(r.Object, r.quantity(), &r.lies):
		return false
	}
	return e.onPort(r.Transport, r.Port) && e.when.holds(r.Time, p.zone) && e.fits(r)
}
