package policy

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"firedoor"
)

// sample is one request of a space.
type sample struct {
	s        *space
	at       [dimensions]*standIn
	protocol string
	verb     firedoor.Verb
	function string
	code     uint32
	meant    bool // no rule that was looked at names its function: it stands for others of its verb
}

// bare are how many stand-ins a dimension has of which no rule names anything.
var bare = [dimensions]int{byUnit: 2, byObject: 2, byValue: 2, byTime: 1, byItsCode: 1}

// asks tells whether a rule names something of a dimension, so that where a request stands in it counts.
func (s *space) asks(d dimension) bool { return len(s.dims[d]) > bare[d] }

// first is the request of a box that comes first on every dimension.
func (s *space) first(b *box) sample {
	one := sample{s: s}
	for d := range dimensions {
		one.at[d] = &s.dims[d][b[d].first()]
	}
	one.protocol, one.verb, one.code = s.p.protocolName(one.at[byProtocol].protocol), one.at[byItsVerb].verb, one.at[byItsCode].number
	for function, n := range s.p.functions {
		if n == one.at[byItsFunction].number {
			one.function = function
		}
	}
	return one
}

// asking are requests of a box as there may be: where the functions of a protocol are known, one of each of them that a
// rule names, and one of each verb that the others have, what changes most first. Else it is the first that may be.
func (s *space) asking(b *box) (out []sample) {
	for i := range s.dims[byProtocol] {
		if !b[byProtocol].has(i) {
			continue
		}
		one := *b
		one[byProtocol] = newSet(len(s.dims[byProtocol]))
		one[byProtocol].add(i)
		some := s.functionsOf(&one, i)
		if possible, ok := s.possible(one); len(some) == 0 && ok {
			some = []sample{s.first(&possible)}
		}
		out = append(out, some...)
	}
	return out
}

func (s *space) functionsOf(b *box, protocol int) (out []sample) {
	if protocol == 0 || s.p.known.Functions == nil {
		return nil
	}
	first := s.first(b)
	functions := slices.Clone(s.p.known.Functions(first.protocol))
	slices.SortStableFunc(functions, func(a, b Function) int { return cmp.Compare(b.Verb, a.Verb) })
	seen := map[[3]int]bool{}
	for _, f := range functions {
		number := s.p.functions[f.Words]
		k := [3]int{int(f.Verb), s.index(byItsFunction, func(v *standIn) bool { return number != 0 && v.number == number }),
			s.index(byItsCode, func(v *standIn) bool { return v.number == f.Code })}
		if f.Several || f.Verb == 0 || seen[k] || !b[byItsVerb].has(s.index(byItsVerb, func(v *standIn) bool { return v.verb == f.Verb })) || !b[byItsFunction].has(k[1]) || !b[byItsCode].has(k[2]) {
			continue
		}
		seen[k] = true
		one := first
		one.verb, one.function, one.code, one.meant = f.Verb, f.Words, f.Code, k[1] == 0 && k[2] == 0
		out = append(out, one)
	}
	return out
}

// index is where a stand-in stands, 0 for all that have none of their own.
func (s *space) index(d dimension, is func(*standIn) bool) int {
	for i := range s.dims[d] {
		if is(&s.dims[d][i]) {
			return i
		}
	}
	return 0
}

// usual is a request with what such have as a rule, where the box has some: reads and writes have an object, and writes a
// value.
func (r sample) usual(b *box) sample {
	set := func(d dimension) {
		for i := range r.s.dims[d] {
			if v := &r.s.dims[d][i]; r.at[d].none && b[d].has(i) && !v.none && v.other == nil {
				r.at[d] = v
			}
		}
	}
	if extent := r.s.p.known.Extent; extent != nil && r.protocol != "" && extent(r.protocol).Units > 0 {
		set(byUnit)
	}
	if r.hasObject() {
		set(byObject)
	}
	if r.verb == firedoor.VerbWrite {
		set(byValue)
		r.at[byValue] = r.rounded(r.at[byValue])[0]
	}
	return r
}

func (r sample) hasObject() bool { return r.verb == firedoor.VerbWrite || r.verb == firedoor.VerbRead }

// rounded are whole numbers beside a value, which is told for them if it is one itself.
func (r sample) rounded(v *standIn) (out []*standIn) {
	if v.none {
		return []*standIn{v}
	}
	for _, n := range []float64{math.Ceil(v.value), math.Floor(v.value)} {
		one := *v
		if one.value = n + 0; r.holds(&one) && (len(out) == 0 || out[0].value != one.value) {
			out = append(out, &one)
		}
	}
	return append(out, v)
}

// holds tells whether a value may be written at all: a register of Modbus is no number below nothing.
func (r sample) holds(v *standIn) bool {
	return v.as != AsWritten || r.protocol != "modbus" || v.value >= 0 && v.value <= math.MaxUint16
}

// decides is what a plan says of a request of a space of any plan.
func (p *Plan) decides(s sample) firedoor.Verdict {
	place := func(at Place) Place { return p.places.named[s.s.p.places.names[at]] }
	port := s.at[byPort].port
	route := p.Route(place(s.at[byClient].place), place(s.at[byServer].place), port.Transport, port.Number)
	r := Request{Route: &route, Level: OfOperation, Protocol: s.protocol, Verb: s.verb, Code: s.code, Function: s.function}
	if number := s.at[byObject].lies.layout; r.Protocol == "" && number != 0 {
		r.Protocol = layouts[number].protocol
	}
	if u := s.at[byUnit]; !u.none {
		r.HasUnit, r.Unit = true, u.number
	}
	if o := s.at[byObject]; !o.none {
		r.Object, r.HasQty, r.Quantity = o.object, true, uint32(max(o.quantity, 1))
	}
	if v := s.at[byValue]; !v.none {
		r.Values = v.values()
	}
	r.Time = minuteTime(s.at[byTime].minute, s.s.p)
	return Decide(p, &r)
}

// words says one request.
func (s *space) words(r sample) string {
	name := func(place Place) string {
		if int(place) <= len(s.p.Policy.Zones) {
			return "somebody of " + s.p.PlaceName(place)
		}
		return s.p.PlaceName(place)
	}
	what := cmp.Or(r.protocol, "any protocol")
	if port := r.at[byPort].port; port != (Port{}) {
		what += " port " + port.Words()
	}
	words := []string{what}
	if r.verb != 0 {
		words = append(words, "verb "+r.verb.String())
	}
	o := r.at[byObject]
	stranger := strings.Contains(string(o.object), "\x00")
	switch {
	case r.meant && !o.none && !stranger: // not each function has each object
	case r.function != "":
		words = append(words, strconv.Quote(r.function))
	case s.asks(byItsCode):
		words = append(words, fmt.Sprintf("code %d", r.code))
	}
	switch {
	case stranger && s.asks(byObject):
		words = append(words, "another object")
	case o.none && r.hasObject() && s.asks(byObject):
		words = append(words, "no object")
	case o.none || stranger:
	case o.quantity > 1:
		words = append(words, fmt.Sprintf("object %s and %d behind it", o.object, o.quantity-1))
	default:
		words = append(words, "object "+string(o.object))
	}
	if u := r.at[byUnit]; !u.none && s.asks(byUnit) {
		words = append(words, fmt.Sprintf("unit %d", u.number))
	}
	if v := r.at[byValue]; !v.none && s.asks(byValue) {
		words = append(words, fmt.Sprintf("value %g", v.value))
	}
	if m := r.at[byTime].minute; s.asks(byTime) {
		words = append(words, fmt.Sprintf("%s %02d:%02d", time.Weekday(m/minutesOfDay%7), m%minutesOfDay/60, m%60))
	}
	return name(r.at[byClient].place) + " to " + name(r.at[byServer].place) + ": " + strings.Join(words, ", ")
}
