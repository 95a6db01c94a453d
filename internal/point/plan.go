package point

import (
	"slices"

	"firedoor"
)

// PieceSize is from how many values on a piece of a Plan takes no further page. It
// has more only where one page has, or where values came after the plan was made.
const PieceSize = 256

// Plan cuts the values of some tables into pieces that are told by themselves. It
// stays right while values change, and must be made anew when there are more.
type Plan struct {
	tables []*Table
	points int   // of all tables when it was made
	pages  []ref // those of the same places side by side
	pieces []piece
}

type ref struct {
	table int
	page  int32
}

// piece is pages of one device, unit and protocol.
type piece struct {
	from, to int // of Plan.pages
	number   int // among those of the device
}

// Device is whose the values of a piece are.
type Device struct {
	Segment  firedoor.Segment
	Server   firedoor.IP // or a MAC in the low word
	Protocol string
	Unit     uint32
	HasUnit  bool
}

// NewPlan makes a plan of all values of the tables.
func NewPlan(tables []*Table) *Plan {
	p := &Plan{tables: tables, points: count(tables)}
	for i, t := range tables {
		for k := range t.pages {
			p.pages = append(p.pages, ref{i, int32(k)})
		}
	}
	slices.SortStableFunc(p.pages, func(a, b ref) int { return comparePages(p.page(a), p.page(b)) })
	p.cut()
	return p
}

// Right tells whether the tables still have as many values.
func (p *Plan) Right() bool { return p.points == count(p.tables) }

func count(tables []*Table) (n int) {
	for _, t := range tables {
		n += t.points
	}
	return n
}

func (p *Plan) page(r ref) *page { return &p.tables[r.table].pages[r.page] }

// cut puts pages together as long as there is room, those of the same places always.
func (p *Plan) cut() {
	held := 0
	for i := 0; i < len(p.pages); {
		j, size := p.run(i)
		last := len(p.pieces) - 1
		fresh := last < 0 || compareDevices(p.page(p.pages[i]), p.page(p.pages[p.pieces[last].from])) != 0
		switch {
		case fresh:
			p.pieces, held = append(p.pieces, piece{from: i, to: j}), 0
		case held+size > PieceSize:
			p.pieces, held = append(p.pieces, piece{from: i, to: j, number: p.pieces[last].number + 1}), 0
		default:
			p.pieces[last].to = j
		}
		held += size
		i = j
	}
}

// run tells where the pages of the same places as the i-th end, and how many values
// they have at most.
func (p *Plan) run(i int) (to, size int) {
	cells, named := 0, 0
	for to = i; to < len(p.pages) && comparePages(p.page(p.pages[to]), p.page(p.pages[i])) == 0; to++ {
		cells += len(p.page(p.pages[to]).cells)
		named = max(named, len(p.page(p.pages[to]).named))
	}
	return to, min(cells, perPage) + named
}

// Len is how many pieces there are.
func (p *Plan) Len() int { return len(p.pieces) }

// Device is whose the values of a piece are, and number which of its pieces this is.
func (p *Plan) Device(i int) (d Device, number int) {
	k := p.page(p.pages[p.pieces[i].from])
	return Device{Segment: k.segment, Server: k.server, Protocol: k.protocol, Unit: k.unit, HasUnit: k.hasUnit}, p.pieces[i].number
}

// Sum is another when something in a piece is.
func (p *Plan) Sum(i int) uint64 {
	h := uint64(1469598103934665603)
	add := func(c *cell) {
		n := uint64(c.changes)<<32 | uint64(c.written)
		if c.used {
			n ^= 1 << 63
		}
		h = (h ^ n) * 1099511628211
		h ^= h >> 29
	}
	for _, r := range p.pages[p.pieces[i].from:p.pieces[i].to] {
		page := p.page(r)
		for k := range page.cells {
			add(&page.cells[k])
		}
		for k := range page.named {
			add(&page.named[k].cell)
		}
	}
	return h
}

// Values gives the values of a piece in the order of Each. Server is the address
// at which the first of them was seen.
func (p *Plan) Values(i int, w Words) firedoor.Points {
	var all []line
	for _, r := range p.pages[p.pieces[i].from:p.pieces[i].to] {
		all = p.page(r).lines(all)
	}
	first := p.page(p.pages[p.pieces[i].from])
	out := firedoor.Points{Segment: w.Segment(first.segment), Server: first.address(), Protocol: first.protocol, Unit: first.unitNumber(),
		Values: make([]firedoor.PointValue, 0, len(all))}
	_ = merge(all, w, func(v *firedoor.Point) error { // it fails only where this does
		out.Values = append(out.Values, v.PointValue)
		return nil
	})
	return out
}
