package policy

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"firedoor"
)

// Never is Modbus requests that are never blocked and can be told without a parser: by what
// stands at fixed places of a request.
type Never struct {
	Rule      int32
	Codes     uint32 // a bit for each function code, of those below
	HasUnit   bool   // else any unit
	Unit      uint8
	From, To  uint16 // all elements lie between these addresses
	Low, High uint16 // what functions 5 and 6 write; a coil is 0 or 1
}

// MaxNevers is how many are told apart between two ends at a port. What is beyond, in the
// order of the policy, goes by its code.
const MaxNevers = 64

// placed are the objects of functions whose address, quantity and value stand at fixed places.
var placed = map[uint32]string{1: "coil:", 2: "discrete:", 3: "holding:", 4: "input:", 5: "coil:", 6: "holding:", 15: "coil:", 16: "holding:"}

// unplaced are those of others that may be about the same objects.
var unplaced = map[uint32]string{22: "holding:", 23: "holding:"}

// Nevers are the requests on a route that are never blocked and are not told by their code
// alone, in the order of rules: Decide passes each of them, whatever else it says.
func (p *Plan) Nevers(r *Route, functions []Function) (list []Never) {
	functions = slices.DeleteFunc(slices.Clone(functions), func(f Function) bool { return placed[f.Code] == "" })
	p.eachNever(r, func(e *entry) bool {
		n, _ := p.fixed(e, functions)
		for i := range functions {
			if f := &functions[i]; n.Codes>>f.Code&1 == 1 && !p.neverBlocked(r, f, &n) {
				n.Codes &^= 1 << f.Code
			}
		}
		if n.Codes != 0 {
			list = append(list, n)
		}
		return len(list) < MaxNevers
	})
	return list
}

// eachNever calls f, in order and until it says no, with what is never blocked in Modbus on
// a route and is not told by its code alone.
func (p *Plan) eachNever(r *Route, f func(e *entry) bool) {
	if r.Conduit < 0 || r.Transport != 6 {
		return
	}
	x, all := p.conduits[r.Conduit].never, []int32(nil)
	for i := range r.never.n {
		all = append(all, r.never.buckets[i].all...)
	}
	slices.Sort(all)
	for _, n := range all {
		if e := &x.entries[n]; !e.decides() && e.onPort(r.Transport, r.Port) && (e.protocol == 0 || e.protocol == p.protocols["modbus"]) && !f(e) {
			return
		}
	}
}

// fixed is what can be told of an entry at fixed places; more says that it matches other
// requests too.
func (p *Plan) fixed(e *entry, functions []Function) (n Never, more bool) {
	n = Never{Rule: e.rule, HasUnit: e.hasUnit, Unit: uint8(e.unit), To: math.MaxUint16, High: math.MaxUint16}
	if e.when != nil || e.moves() || e.values != nil && e.as != AsWritten || e.unit > math.MaxUint8 || !n.within(e) {
		return n, true
	}
	for i := range functions {
		f := &functions[i]
		if !e.mayMatch(&Request{Verb: f.Verb, Code: f.Code, protocol: p.protocols["modbus"], function: p.functions[f.Words]}) {
			continue
		}
		space, at := placed[f.Code]
		switch writes := f.Code > 4; {
		case at && !e.touches(space), at && e.values != nil && !writes:
		case at && (e.values == nil || f.Code <= 6):
			n.Codes |= 1 << f.Code
		default:
			more = more || at || !e.hasObject || unplaced[f.Code] != "" && e.touches(unplaced[f.Code])
		}
	}
	return n, more
}

// within takes over the addresses and values of an entry; not ok where they are no range of
// numbers.
func (n *Never) within(e *entry) bool {
	switch o := &e.object; {
	case !e.hasObject, o.Open && !strings.Contains(o.Text, ":"), o.Open && strings.HasSuffix(o.Text, ":"):
	case o.Row && o.From <= math.MaxUint16:
		n.From, n.To = uint16(o.From), uint16(min(o.To, math.MaxUint16))
	default:
		return false
	}
	if e.values == nil {
		return true
	}
	low, high := max(0, math.Ceil(e.values.Min)), min(math.MaxUint16, math.Floor(e.values.Max))
	if !(low <= high) {
		return false
	}
	n.Low, n.High = uint16(low), uint16(high)
	return true
}

// touches tells whether an entry is about objects whose text begins so.
func (e *entry) touches(space string) bool {
	return !e.hasObject || e.object.Row && e.object.Text == space || e.object.Open && strings.HasPrefix(space, e.object.Text)
}

// neverBlocked asks Decide of both ends of what n says, for isolations have a say too.
func (p *Plan) neverBlocked(r *Route, f *Function, n *Never) bool {
	for _, end := range [][2]uint16{{n.From, n.Low}, {n.To, n.High}} {
		q := Request{Route: r, Level: OfOperation, Protocol: "modbus", Verb: f.Verb, Code: f.Code, Function: f.Words, HasUnit: true, Unit: uint32(n.Unit), HasQty: true, Quantity: 1,
			Object: strconv.AppendUint([]byte(placed[f.Code]), uint64(end[0]), 10)}
		switch f.Code {
		case 5:
			q.Values = &firedoor.Values{Type: firedoor.Bit, Count: 1, Raw: []byte{byte(min(end[1], 1))}}
		case 6:
			q.Values = &firedoor.Values{Type: firedoor.U16, Count: 1, Raw: []byte{byte(end[1] >> 8), byte(end[1])}}
		}
		if v := Decide(p, &q); v.Action != firedoor.Pass || v.Reason != firedoor.ReasonNeverBlock {
			return false
		}
	}
	return true
}

const notEither = ": while no worker judges it does not pass either"

// unpassed says why what is never blocked does not pass while nobody judges, or not all of it,
// by rule. Pairs are Pairs.
func (p *Plan) unpassed(c *conduit, pairs func() [][2]Place) map[int32]string {
	out, apart, some := map[int32]string{}, map[*entry]bool{}, map[int32]bool{}
	functions, ports := p.modbusFunctions(), []uint16(nil)
	for i := range c.never.entries {
		e := &c.never.entries[i]
		if e.decides() {
			continue
		}
		at := e.byTCP()
		ports = append(ports, at...)
		n, more := p.fixed(e, functions)
		apart[e] = n.Codes != 0 && (e.protocol == 0 || e.protocol == p.protocols["modbus"])
		some[e.rule] = some[e.rule] || apart[e]
		switch {
		case some[e.rule] && (more || !apart[e] || out[e.rule] != ""):
			out[e.rule] = "passes while no worker judges only by functions 1 to 6, 15 and 16, with values by 5 and 6"
		case !apart[e]:
			out[e.rule] = "is not told from others by its code, nor by unit, address and value at their places in a request of Modbus" + notEither
		case len(at) == 0:
			out[e.rule] = "is at no port of TCP" + notEither
		}
	}
	slices.Sort(ports)
	for _, port := range slices.Compact(ports) {
		for _, ends := range pairs() {
			if r := p.Route(ends[0], ends[1], 6, port); r.Conduit >= 0 && &p.conduits[r.Conduit] == c {
				p.unpassedOn(&r, apart, out)
			}
		}
	}
	return out
}

// unpassedOn adds to out what does not pass on a route though its requests could be told.
func (p *Plan) unpassedOn(r *Route, apart map[*entry]bool, out map[int32]string) {
	n, alone := 0, p.modbusAlone(r)
	p.eachNever(r, func(e *entry) bool {
		if apart[e] {
			n++
		}
		switch {
		case out[e.rule] != "":
		case !alone:
			out[e.rule] = fmt.Sprintf("is at port %d, which is open for more than Modbus", r.Port) + notEither
		case n > MaxNevers:
			out[e.rule] = fmt.Sprintf("is one of more than %d such between two ends, their lists written out", MaxNevers) + notEither
		}
		return true
	})
}

// byTCP are the ports of an entry, those of TCP.
func (e *entry) byTCP() (out []uint16) {
	for _, port := range e.ports {
		if (port.Transport == 6 || port.Transport == 0) && !port.Portless() {
			out = append(out, port.Number)
		}
	}
	return out
}

// modbusFunctions are those that are known, and codes of which nothing is.
func (p *Plan) modbusFunctions() (out []Function) {
	if p.known.Functions != nil {
		out = slices.Clone(p.known.Functions("modbus"))
	}
	for code := range uint32(256) {
		if !slices.ContainsFunc(out, func(f Function) bool { return f.Code == code }) {
			out = append(out, Function{Code: code})
		}
	}
	return out
}
