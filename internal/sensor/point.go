package sensor

import (
	"firedoor"
	"firedoor/internal/point"
)

// lookEvery is how far apart in traffic time a statement's answers are whose values
// are looked at: processes are slower than polling, and looking costs as much as
// all that is done with a packet otherwise. What was written is always looked at.
// It is a little less than a second, for that is what many poll at, give or take.
const lookEvery = int64(800e6)

// glance is when an answer's values are looked at again, by statement.
type glance struct {
	due     int64
	page    int32 // of the first value, -1 while not known
	element uint32
}

// valued tells whether the values of an operation are what stands at its object. Those of commands
// say how and for how long (a pulse, a qualifier, who ordered it), and a command that was
// selected or called off was not carried out.
func valued(c *conn, op *firedoor.Operation) bool {
	if op.Selects {
		return false
	}
	switch op.Verb {
	case firedoor.VerbRead:
		return true
	case firedoor.VerbWrite:
		return !firedoor.Masks(protocolOf(c, op.Protocol), op.Code)
	default:
		return false
	}
}

// factory tells whether a flow's values are of the factory floor.
func (c *conn) factory() bool {
	p := c.run.Protocol()
	return p != nil && p.Industrial
}

// read takes the values of an answer to the statement st, which may be -1.
func (l *lane) read(c *conn, st int32, op *firedoor.Operation) {
	if st < 0 || l.points == nil || op.Values.Type == firedoor.NoValue {
		return
	}
	g, now := l.glanceAt(st), l.item.Time
	if g.page >= 0 && now < g.due && now > g.due-lookEvery { // a later file may be older
		return
	}
	g.due = now + lookEvery
	if g.page >= 0 && l.points.Again(g.page, g.element, &op.Values, now) {
		return
	}
	if c.factory() && valued(c, op) {
		l.values(c, st, op, &op.Values, g)
	}
}

// wrote takes the values of a change that was made. What a read sends along says what is read.
func (l *lane) wrote(c *conn, st int32, op *firedoor.Operation, v *firedoor.Values) {
	if op.Verb.Changes() && st >= 0 && l.points != nil && v.Type != firedoor.NoValue && c.factory() && valued(c, op) {
		l.values(c, st, op, v, l.glanceAt(st))
	}
}

func (l *lane) glanceAt(st int32) *glance {
	for int(st) >= len(l.glances) {
		l.glances = append(l.glances, glance{page: -1})
	}
	return &l.glances[st]
}

// values gives values to the points. What the request said of their place counts:
// an answer need not repeat it.
func (l *lane) values(c *conn, st int32, op *firedoor.Operation, v *firedoor.Values, g *glance) {
	asked := l.table.Operation(st)
	if asked.Object.Space == nil || asked.Object.Space.Passing {
		return
	}
	if len(op.Object.Text) > len(asked.Object.Text) { // statements keep less of long names
		asked.Object.Text = op.Object.Text
	}
	if v.Each == firedoor.Filled {
		v = l.fill(v, asked.Quantity)
	}
	l.whence(c, protocolOf(c, asked.Protocol))
	l.seen = point.Seen{Unit: asked.Unit, HasUnit: asked.HasUnit, Object: &asked.Object, Values: v, Written: op.Verb.Changes(), Time: l.item.Time}
	g.page, g.element = l.points.See(&l.from, &l.seen), point.Element(&asked.Object, v)
}

// fill is one value as so many elements have it then.
func (l *lane) fill(v *firedoor.Values, elements uint32) *firedoor.Values {
	n, size := int(min(elements, point.MaxElements+1)), v.Type.Size()
	if v.Len() == 0 || size == 0 {
		return &firedoor.Values{}
	}
	l.filled = firedoor.Values{Type: v.Type, Little: v.Little, Count: n, Raw: l.filled.Raw[:0]}
	for range n {
		l.filled.Raw = append(l.filled.Raw, v.Raw[:size]...)
	}
	return &l.filled
}

// sampled takes values that nobody asked for.
func (l *lane) sampled(c *conn, s *firedoor.Sample) {
	if l.points == nil || s.Object.Space == nil || s.Object.Space.Passing || s.Values.Type == firedoor.NoValue || !c.factory() {
		return
	}
	l.whence(c, protocolOf(c, s.Protocol))
	l.seen = point.Seen{Unit: s.Unit, HasUnit: s.HasUnit, Object: &s.Object, Values: &s.Values, Time: l.item.Time}
	l.points.See(&l.from, &l.seen)
}

// whence notes whose the values at hand are: the server's. What goes to all stations of
// a group on Ethernet has none; it is whose who sends it.
func (l *lane) whence(c *conn, protocol string) {
	server := c.server()
	if server.IP.IsZero() && server.MAC == 0 {
		server = c.client()
	}
	l.from = point.Origin{Server: endOf(server), Segment: server.Segment, MAC: server.MAC, Port: server.Port, Protocol: protocol,
		Ethernet: server.IP.IsZero(), Proven: c.twoSided()}
}
