package policy

import (
	"cmp"
	"slices"

	"firedoor"
)

// Objects that lie in memory, as a proof sees them. How a text is read hangs on the protocol, so a stand-in
// of an object is that of one layout, or of none; with protocols that read it otherwise it is no request.

// meets tells whether the objects of two entries have memory in common.
func (e *entry) meets(o *entry) bool {
	for i := range e.memory {
		for k := range o.memory {
			a, b := &e.memory[i], &o.memory[k]
			if a.layout != b.layout || a.asked != b.asked {
				continue
			}
			if a.rule != b.rule || a.region == b.region && a.from <= b.to && b.from <= a.to { // one that is shared may lie anywhere
				return true
			}
		}
	}
	return false
}

// names tells whether the object of an entry is that of a stand-in.
func (s *space) names(e *entry, v *standIn) bool {
	if e.protocol != 0 && v.lies.layout != 0 && s.p.layoutNumber(e.protocol) != v.lies.layout {
		return e.action != firedoor.Pass // it is no request
	}
	if !e.covers(v.object, v.quantity, &v.lies) {
		return false
	}
	if e.action != firedoor.Pass || e.values == nil && !e.moves() || v.lies.layout == 0 || !e.placedIn(v.lies.layout) {
		return true
	}
	_, alike := e.alike(&v.lies, v.object)
	return alike
}

// layoutNumber is the layout of a protocol by its number in the plan.
func (p *Plan) layoutNumber(protocol uint16) uint8 {
	for i := 1; i < len(layouts); i++ {
		if n, named := p.protocols[layouts[i].protocol]; named && n == protocol {
			return uint8(i)
		}
	}
	return 0
}

// memory is what requests of one area and block may name.
type memory struct {
	layout, area uint8
	block        uint32
	name         string
}

func orderMemory(a, b memory) int {
	return cmp.Or(cmp.Compare(a.layout, b.layout), cmp.Compare(a.area, b.area), cmp.Compare(a.block, b.block), cmp.Compare(a.name, b.name))
}

// memories are stand-ins in memory: for each cell of bits that entries treat alike, for each span of
// cells, and for the elements of those that look at values, which are as wide as theirs.
func (s *space) memories(entries []*entry) {
	edges, wide := map[memory]map[uint64]bool{}, map[memory][]stretch{}
	edge := func(at memory, bits ...uint64) {
		if edges[at] == nil {
			edges[at] = map[uint64]bool{0: true}
		}
		for _, b := range bits {
			edges[at][b] = true
		}
	}
	for _, e := range entries {
		for _, x := range e.memory {
			if at := (memory{x.layout, x.asked, x.block, x.name}); x.rule == x.asked || layouts[x.layout].tree {
				if edge(at, x.from, x.to+1); e.values != nil || e.moves() {
					wide[at] = append(wide[at], x)
				}
			}
		}
	}
	for _, e := range entries {
		for _, x := range e.memory {
			if x.rule != x.asked && e.action != firedoor.Pass && !layouts[x.layout].tree {
				s.sharing(x, edges, edge)
			}
		}
	}
	all := make([]memory, 0, len(edges))
	for at := range edges {
		all = append(all, at)
	}
	slices.SortFunc(all, orderMemory)
	for _, at := range all {
		cells := sorted(edges[at])
		s.cells(at, cells)
		s.elements(at, cells, wide[at])
	}
	s.trees()
}

// trees adds what objects without a place are in a protocol where all have one, and members of each that has.
func (s *space) trees() {
	number := layoutOf(logix.protocol)
	if !slices.ContainsFunc(s.dims[byObject], func(v standIn) bool { return v.lies.layout == number }) &&
		!slices.ContainsFunc(s.dims[byProtocol], func(v standIn) bool { return v.protocol != 0 && s.p.layoutNumber(v.protocol) == number }) {
		return
	}
	for _, v := range s.dims[byObject] {
		object := v.object
		switch {
		case v.none || v.lies.layout != 0 && (v.lies.layout != number || v.quantity > 1):
			continue
		case v.lies.layout == number:
			object = append(slices.Clone(object), ".\x00"...)
		}
		if l := locate(number, object, v.quantity); l.layout != 0 {
			s.dims[byObject] = append(s.dims[byObject], standIn{object: object, quantity: max(v.quantity, 1), lies: l})
		}
	}
}

// sharing adds the edges of what is stopped in an area that another one may be the same memory as: wherever
// something of that is named, and once where nothing is.
func (s *space) sharing(x stretch, edges map[memory]map[uint64]bool, edge func(memory, ...uint64)) {
	l := layouts[x.layout]
	at := slices.IndexFunc(l.shares, func(c share) bool { return c.rule == x.rule && c.asked == x.asked })
	c := &l.shares[at]
	block := x.block
	if c.block >= 0 && c.asked < c.rule { // the block is that of the other area
		block = uint32(c.block)
	}
	put := func(m memory) {
		turns := map[uint64]bool{0: true}
		for b := range edges[m] {
			if c.period > 0 {
				turns[b/c.period], turns[b/c.period+1] = true, true
				s.short = true
			}
		}
		for _, n := range sorted(turns) {
			edge(m, n*c.period+x.from, n*c.period+x.to+1)
		}
	}
	if c.asked != finsBank || l != &fins { // a bank that no rule names is like none that is
		put(memory{layout: x.layout, area: x.asked, block: block})
		return
	}
	for m := range edges {
		if m.layout == x.layout && m.area == x.asked && m.block&1 == block {
			put(m)
		}
	}
	put(memory{layout: x.layout, area: x.asked, block: 2 + block})
}

// cells adds a stand-in for each cell, and for each span of them.
func (s *space) cells(at memory, cells []uint64) {
	if len(cells) > maxPairs {
		s.short = true
	}
	for i, from := range cells {
		if from >= maxBit || layouts[at.layout].tree && from > lastElement {
			break
		}
		s.lay(at, from, 1, 1)
		if len(cells) > maxPairs {
			continue
		}
		for _, to := range cells[i+1:] {
			s.lay(at, from, 1, to-from+1)
		}
	}
}

// elements adds the elements of rows that lie at the edges of cells, and beside them.
func (s *space) elements(at memory, cells []uint64, rows []stretch) {
	seen := map[[2]uint64]bool{}
	for _, x := range rows {
		if x.unit <= 1 {
			continue
		}
		s.short = true
		for _, edge := range cells {
			for _, from := range x.around(edge) {
				if k := [2]uint64{from, x.unit}; from < maxBit && !seen[k] {
					seen[k] = true
					s.lay(at, from, x.unit, 1)
				}
			}
		}
	}
}

// around are where elements of a row begin that touch an edge, lie before it, or behind it.
func (x *stretch) around(edge uint64) (from []uint64) {
	if x.open {
		return []uint64{edge - min(edge, x.unit), edge - min(edge, x.unit-1), edge}
	}
	first := x.from % x.unit
	at := edge - min(edge, (edge-first)%x.unit)
	for _, b := range []uint64{at - min(at, x.unit), at, at + x.unit} {
		if b >= x.from && b < x.to {
			from = append(from, b)
		}
	}
	return from
}

// lay adds a stand-in for some elements from a bit on.
func (s *space) lay(at memory, from, unit, quantity uint64) {
	l := layouts[at.layout]
	object := l.write(nil, &place{area: at.area, block: at.block, from: from, unit: unit}, at.name)
	lies := locate(at.layout, object, 1)
	if lies.layout == 0 {
		return
	}
	quantity = (quantity*unit + lies.unit - 1) / lies.unit // where the smallest element has more bits
	lies.to = lies.from + quantity*lies.unit - 1
	s.dims[byObject] = append(s.dims[byObject], standIn{object: object, quantity: quantity, lies: lies})
}

// widest is what an entry may match. One that stops by a value stops all that is written to its memory in
// elements of another width, whatever that is.
func (s *space) widest(e *entry) box {
	b := s.box(e, false)
	if e.action != firedoor.Pass && e.values != nil && len(e.memory) > 0 {
		for i := range s.dims[byValue] {
			b[byValue].add(i)
		}
	}
	return b
}

// reads tells whether a request of a protocol may have an object as a stand-in is read: that of one
// that no rule names is any but those that are named.
func (s *space) reads(protocol uint16, v *standIn) bool {
	if v.none {
		return true
	}
	if protocol == 0 {
		return v.lies.layout == 0 || !slices.ContainsFunc(s.dims[byProtocol], func(o standIn) bool { return s.p.layoutNumber(o.protocol) == v.lies.layout && o.protocol != 0 })
	}
	number := s.p.layoutNumber(protocol)
	if v.lies.layout == 0 && number != 0 {
		return locate(number, v.object, 1).layout == 0
	}
	return number == v.lies.layout
}

// real leaves of boxes what may be requests.
func (s *space) real(boxes []box) (out []box) {
	if !s.layered() {
		return boxes
	}
	for _, b := range boxes {
		for i := range s.dims[byProtocol] {
			if !b[byProtocol].has(i) {
				continue
			}
			objects := newSet(len(s.dims[byObject]))
			for k := range s.dims[byObject] {
				if b[byObject].has(k) && s.reads(s.dims[byProtocol][i].protocol, &s.dims[byObject][k]) {
					objects.add(k)
				}
			}
			if !objects.empty() {
				one := b
				one[byProtocol] = newSet(len(s.dims[byProtocol]))
				one[byProtocol].add(i)
				one[byObject] = objects
				out = append(out, one)
			}
		}
	}
	return out
}

// layered tells whether what an object is hangs on the protocol.
func (s *space) layered() bool {
	return slices.ContainsFunc(s.dims[byObject], func(v standIn) bool { return v.lies.layout != 0 })
}
