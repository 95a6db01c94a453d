package cip

import (
	"strconv"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Spaces of the objects that samples name.
var (
	assembly = firedoor.Space{Name: "assembly"}
	tag      = firedoor.Space{Name: "tag", Append: func(dst []byte, o *firedoor.Object) []byte {
		return append(dst, o.Text...)
	}, Place: func(o *firedoor.Object, _ *firedoor.Values) firedoor.Object {
		return firedoor.Object{Space: &tagBytes, Text: o.Text}
	}}
	// tagBytes are those of a tag on its way, one by one: what they are nothing tells.
	tagBytes = firedoor.Space{Name: "tag-byte", Axis: 1, Append: func(dst []byte, o *firedoor.Object) []byte {
		if dst = append(dst, o.Text...); o.At[0] == 0 {
			return dst
		}
		return strconv.AppendUint(append(dst, "/byte:"...), uint64(o.At[0]), 10)
	}}
	connection = firedoor.Space{Name: "connection", Passing: true, Append: func(dst []byte, o *firedoor.Object) []byte {
		return strconv.AppendUint(append(dst, "connection:0x"...), uint64(o.At[0]), 16)
	}}
)

// maxTables is how many sessions' connections one flow is told of; a further
// one replaces the oldest.
const maxTables = 4

type parser struct {
	tables []*wire.CIPConnections
	text   []byte // the tag of the sample at hand
	packet wire.CIPPacket
	sample firedoor.Sample
	event  firedoor.Event
	bad    firedoor.Malformed
	badE   firedoor.Event
}

func newParser() *parser {
	p := &parser{}
	p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	p.badE = firedoor.Event{Kind: firedoor.EventMalformed, Malformed: &p.bad}
	return p
}

// Receive takes the connections of a session that expects this flow.
func (p *parser) Receive(state any) {
	t, ok := state.(*wire.CIPConnections)
	if !ok {
		return
	}
	for _, have := range p.tables {
		if have == t {
			return
		}
	}
	if len(p.tables) == maxTables {
		p.tables = append(p.tables[:0], p.tables[1:]...)
	}
	p.tables = append(p.tables, t)
}

// Gap cannot happen to datagrams; what follows is whole anyway.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }

// Parse reads one datagram.
func (p *parser) Parse(_ firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	k := &p.packet
	if !wire.ReadCIPPacket(b, k) || k.Address != wire.CIPSequencedAddress || k.Type != wire.CIPConnectedData {
		p.bad = firedoor.Malformed{Reason: "no sequenced address and connected data"}
		emit(&p.badE)
		return len(b), nil
	}
	s := &p.sample
	*s = firedoor.Sample{
		Function: "class 1 data",
		Object:   firedoor.Object{Space: &connection, At: [4]uint32{k.Connection}},
		Values:   firedoor.Values{Type: firedoor.U8, Count: len(k.Data), Raw: k.Data},
	}
	for i := len(p.tables) - 1; i >= 0; i-- { // the newest session first
		if c := p.tables[i].ByTO(k.Connection); c != nil {
			p.known(c, &c.Input, words(c, &inputs))
			break
		}
		if c := p.tables[i].ByOT(k.Connection); c != nil {
			p.known(c, &c.Output, words(c, &outputs))
			break
		}
	}
	emit(&p.event)
	return len(b), nil
}

// Function words by transport class and direction, and of safety connections.
var (
	inputs  = [3]string{"class 0 input", "class 1 input", "safety input"}
	outputs = [3]string{"class 0 output", "class 1 output", "safety output"}
)

// words picks the function. What a safety connection carries, data or the time
// coordination of the other direction, is not told apart.
func words(c *wire.CIPConnection, of *[3]string) string {
	if c.Safety {
		return of[2]
	}
	return of[c.Class&1]
}

// known fills in what the Forward Open said; class 1 data starts with a
// sequence count (CIP volume 1, 3-6.1).
func (p *parser) known(c *wire.CIPConnection, end *wire.CIPPoint, function string) {
	s := &p.sample
	s.Function, s.HasUnit, s.Unit = function, c.HasSlot, c.Slot
	switch {
	case end.HasAssembly:
		s.Object = firedoor.Object{Space: &assembly, At: [4]uint32{end.Assembly}}
	case end.Tag != "":
		p.text = append(p.text[:0], end.Tag...)
		s.Object = firedoor.Object{Space: &tag, Text: p.text}
	}
	const count = 2
	if c.Class == 1 && len(s.Values.Raw) >= count {
		s.Values.Raw = s.Values.Raw[count:]
		s.Values.Count -= count
	}
}
