package point

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"firedoor"
)

// Words turn numbers into what files show.
type Words struct {
	Segment func(firedoor.Segment) string
	Time    func(int64) string
}

// objectText is the object of the element in a slot, as event lines write it; of
// what does not lie in a row all but the first have their index behind.
func (p *page) objectText(slot int) string {
	o := firedoor.Object{Space: p.space, At: p.at, Text: p.label}
	element := p.part*perPage + uint32(slot)
	n, size := steps(p.space, p.kind)
	if n >= 0 {
		o.At[n] = element*size + p.skew
	}
	text := o.AppendTo(nil)
	if n < 0 && element > 0 {
		text = append(strconv.AppendUint(append(text, '['), uint64(element), 10), ']')
	}
	return string(text)
}

// line is a value of some lane on its way out.
type line struct {
	page *page
	slot int
	name *named // nil: the cell at slot itself
}

func (l *line) cell() *cell {
	if l.name != nil {
		return &l.name.cell
	}
	return &l.page.cells[l.slot-int(l.page.from)]
}

// Each gives the values of all tables to f, named ones behind the place where they
// begin: by segment, server, protocol, unit, object, type. One that several lanes saw is one.
func Each(tables []*Table, w Words, f func(*firedoor.Point) error) error {
	var all []line
	for _, t := range tables {
		for i := range t.pages {
			all = t.pages[i].lines(all)
		}
	}
	return merge(all, w, f)
}

// merge gives lines in their order to f, those of the same value as one.
func merge(all []line, w Words, f func(*firedoor.Point) error) error {
	slices.SortStableFunc(all, compare)
	for i := 0; i < len(all); {
		j := i + 1
		for j < len(all) && compare(all[i], all[j]) == 0 {
			j++
		}
		p := merged(all[i:j], w)
		if err := f(&p); err != nil {
			return err
		}
		i = j
	}
	return nil
}

func (p *page) lines(all []line) []line {
	for i := range p.cells {
		if p.cells[i].used {
			all = append(all, line{page: p, slot: int(p.from) + i})
		}
	}
	for i := range p.named {
		if n := &p.named[i]; n.used && n.entry != nil {
			all = append(all, line{page: p, slot: int(n.slot), name: n})
		}
	}
	return all
}

func compare(a, b line) int {
	c := comparePages(a.page, b.page)
	if c == 0 {
		c = cmp.Compare(a.slot, b.slot)
	}
	if c != 0 || a.name == nil && b.name == nil {
		return c
	}
	if a.name == nil || b.name == nil {
		return cmp.Compare(b2i(a.name != nil), b2i(b.name != nil))
	}
	return strings.Compare(a.name.Name, b.name.Name)
}

// comparePages is 0 for pages of the same places, which several lanes may have.
func comparePages(p, q *page) int {
	if c := compareDevices(p, q); c != 0 {
		return c
	}
	return cmp.Or(strings.Compare(p.space.Name, q.space.Name), slices.Compare(p.label, q.label), slices.Compare(p.at[:], q.at[:]),
		cmp.Compare(p.kind, q.kind), cmp.Compare(p.skew, q.skew), cmp.Compare(p.part, q.part))
}

func compareDevices(p, q *page) int {
	return cmp.Or(cmp.Compare(p.segment, q.segment), cmp.Compare(p.server.Hi, q.server.Hi), cmp.Compare(p.server.Lo, q.server.Lo),
		strings.Compare(p.protocol, q.protocol), cmp.Compare(p.unit, q.unit), cmp.Compare(b2i(p.hasUnit), b2i(q.hasUnit)))
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// merged is what all lanes saw of one value.
func merged(same []line, w Words) firedoor.Point {
	p, all := same[0].page, *same[0].cell()
	latest := &same[0]
	for i := range same[1:] {
		l := &same[1+i]
		c := l.cell()
		all.changes += c.changes
		all.written += c.written
		all.first = min(all.first, c.first)
		all.min, all.max = lesser(all.min, c.min), greater(all.max, c.max)
		if c.changed > all.changed {
			latest, all.changed, all.value = l, c.changed, c.value
		}
	}
	out := firedoor.Point{Segment: w.Segment(p.segment), Server: latest.page.address(), Protocol: p.protocol, Unit: p.unitNumber(),
		PointValue: firedoor.PointValue{Object: p.objectText(same[0].slot), Type: p.kind.String(), Value: number(latest.number()),
			Min: number(all.min), Max: number(all.max), Changes: all.changes, Written: all.written, First: w.Time(all.first), Changed: w.Time(all.changed)}}
	if n := same[0].name; n != nil {
		out.Name, out.Measure, out.Type = n.entry.name, n.entry.measure, n.entry.kind
	}
	return out
}

// unitNumber is nil where there is no unit.
func (p *page) unitNumber() *uint32 {
	if !p.hasUnit {
		return nil
	}
	unit := p.unit
	return &unit
}

func (p *page) address() firedoor.Address {
	a := firedoor.Address{Port: p.port, MAC: p.mac.String()}
	if p.ethernet {
		a.MAC = firedoor.MAC(p.server.Lo).String()
		return a
	}
	a.IP = p.server.String()
	return a
}

// number is the latest value as the number that it stands for.
func (l *line) number() float64 {
	c := l.cell()
	if l.name != nil {
		return math.Float64frombits(uint64(c.value))
	}
	switch l.page.kind {
	case firedoor.F32:
		return float64(math.Float32frombits(uint32(c.value)))
	case firedoor.F64:
		return math.Float64frombits(uint64(c.value))
	case firedoor.U64:
		return float64(uint64(c.value))
	default:
		return float64(c.value)
	}
}

// number is nil for what JSON has no number for.
func number(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}
