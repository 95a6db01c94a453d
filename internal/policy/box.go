package policy

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"strings"
	"time"

	"firedoor"
)

// What a rule matches is a box: a set on each dimension of a request. Sets are over
// stand-ins: for every value that the rules at hand name there is one, and one for all
// that none names. Rules that treat stand-ins alike treat all requests alike, so what
// holds of the boxes holds of the rules.

// dimension of a request.
type dimension uint8

const (
	byClient dimension = iota
	byServer
	byPort
	byProtocol
	byItsVerb
	byItsFunction
	byItsCode
	byUnit
	byObject
	byValue
	byTime
	dimensions
)

// set is a set of stand-ins.
type set []uint64

func newSet(n int) set { return make(set, (n+63)/64) }

func (s set) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s set) has(i int) bool { return s[i/64]>>(i%64)&1 == 1 }

func (s set) empty() bool {
	for _, w := range s {
		if w != 0 {
			return false
		}
	}
	return true
}

func (s set) first() int {
	for i, w := range s {
		if w != 0 {
			return i*64 + bits.TrailingZeros64(w)
		}
	}
	return -1
}

func both(a, b set) set {
	out := slices.Clone(a)
	for i := range out {
		out[i] &= b[i]
	}
	return out
}

func without(a, b set) set {
	out := slices.Clone(a)
	for i := range out {
		out[i] &^= b[i]
	}
	return out
}

// box is what an entry matches.
type box [dimensions]set

// standIn is one value of a request on every dimension; which of them counts hangs
// on the dimension.
type standIn struct {
	place    Place
	port     Port
	protocol uint16
	verb     firedoor.Verb
	number   uint32 // function, code or unit
	none     bool   // the request has no such thing
	object   []byte
	quantity uint64
	lies     lying // where that is, as a protocol with a layout reads it
	value    float64
	other    *float64 // a second value that is written too
	as       Form     // how they lie in what is written: in another form it says nothing of them
	minute   int      // of the week
}

// space are the stand-ins on every dimension.
type space struct {
	p    *Plan
	dims [dimensions][]standIn
	// short: of requests with several elements or values not all that differ have a
	// stand-in. What passes at all passes for one of them alone, so a proof needs none.
	short bool
}

// newSpace makes stand-ins for all that some entries name, for a client and a server zone.
func newSpace(p *Plan, from, to int32, entries []*entry) *space {
	s := &space{p: p}
	s.places(byClient, from, entries, func(e *entry) Place { return e.client })
	s.places(byServer, to, entries, func(e *entry) Place { return e.server })
	s.dims[byItsVerb] = append(s.dims[byItsVerb], standIn{})
	for v := firedoor.VerbSession; v <= firedoor.VerbProgram; v++ {
		s.dims[byItsVerb] = append(s.dims[byItsVerb], standIn{verb: v})
	}
	s.dims[byPort] = []standIn{{}, {port: Port{Transport: Link}}}
	s.dims[byProtocol], s.dims[byItsFunction] = []standIn{{}}, []standIn{{}}
	s.dims[byUnit] = []standIn{{none: true}}
	s.dims[byObject], s.dims[byValue] = []standIn{{none: true}, {object: []byte("\x00")}}, []standIn{{none: true}}
	codes, units, minutes := map[uint32]bool{}, map[uint32]bool{}, map[int]bool{0: true}
	bounds := map[Form]map[float64]bool{AsWritten: {0: true}}
	for _, e := range entries {
		s.named(e)
		if e.hasCode {
			codes[e.code] = true
		}
		if e.hasUnit {
			units[e.unit] = true
		}
		if e.values != nil {
			if bounds[e.as] == nil {
				bounds[e.as] = map[float64]bool{0: true}
			}
			e.values.bounds(bounds[e.as])
		}
		e.when.edges(minutes)
	}
	s.numbers(byItsCode, codes)
	s.numbers(byUnit, units)
	for _, as := range sorted(bounds) {
		s.valued(as, sorted(bounds[as]))
	}
	s.rows(entries)
	s.memories(entries)
	for _, m := range sorted(minutes) {
		s.dims[byTime] = append(s.dims[byTime], standIn{minute: m})
	}
	return s
}

func sorted[K cmp.Ordered, V any](m map[K]V) (out []K) {
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// places: those named, and one more of the zone. A zone of nothing but hosts has none.
func (s *space) places(d dimension, zone int32, entries []*entry, of func(*entry) Place) {
	if zone < 0 {
		s.dims[d] = []standIn{{}}
		return
	}
	s.dims[d] = append(s.dims[d], standIn{place: Place(zone) + 1})
	seen := map[Place]bool{0: true}
	for _, e := range entries {
		if at := of(e); !seen[at] {
			seen[at] = true
			s.dims[d] = append(s.dims[d], standIn{place: at})
		}
	}
}

// named adds what an entry names of ports, protocols, functions and objects.
func (s *space) named(e *entry) {
	put := func(d dimension, v standIn, same func(standIn) bool) {
		if !slices.ContainsFunc(s.dims[d], same) {
			s.dims[d] = append(s.dims[d], v)
		}
	}
	for _, p := range e.ports {
		if p.Transport == Link {
			put(byPort, standIn{port: p}, func(o standIn) bool { return o.port == p })
		}
		for _, t := range []uint8{6, 17, ICMP, ICMP6} {
			if p.Transport == 0 && t != ICMP && t != ICMP6 || p.Transport == t {
				one := Port{t, p.Number}
				put(byPort, standIn{port: one}, func(o standIn) bool { return o.port == one })
			}
		}
	}
	if e.protocol != 0 {
		put(byProtocol, standIn{protocol: e.protocol}, func(o standIn) bool { return o.protocol == e.protocol })
	}
	if e.function != 0 {
		put(byItsFunction, standIn{number: e.function}, func(o standIn) bool { return o.number == e.function })
	}
	if !e.hasObject {
		return
	}
	text := e.object.Text
	if e.object.Open {
		text += "\x00"
	}
	if v := []byte(text); !e.object.Row {
		put(byObject, standIn{object: v, quantity: 1}, func(o standIn) bool { return bytes.Equal(o.object, v) })
	}
}

// maxPairs is of how many cells of a row, or ends of values, all spans have a stand-in.
const maxPairs = 24

// bounds are the ends of a range and the numbers beside them, of those that need eight bytes and of
// those that four are enough for.
func (v *Span) bounds(at map[float64]bool) {
	for _, end := range []float64{v.Min, v.Max} {
		at[end] = true
		for _, way := range []float64{math.Inf(1), math.Inf(-1)} {
			at[math.Nextafter(end, way)] = true
			at[float64(math.Nextafter32(float32(end), float32(way)))] = true
		}
	}
}

// valued: a value on each side of every end of a range, and two of them written at once. A rule says
// nothing of values in another form than its own, so each form has stand-ins of its own.
func (s *space) valued(as Form, bounds []float64) {
	for _, v := range bounds {
		s.dims[byValue] = append(s.dims[byValue], standIn{value: v, as: as})
	}
	if len(bounds) > maxPairs {
		s.short = true
		return
	}
	for i, v := range bounds {
		for j := range bounds[:i] {
			s.dims[byValue] = append(s.dims[byValue], standIn{value: v, other: &bounds[j], as: as})
		}
	}
}

// rows are the objects whose last number counts. Every entry treats the elements of a
// cell, from one edge to the next, alike: there is a stand-in for each cell, and for each
// span of them.
func (s *space) rows(entries []*entry) {
	edges := map[string]map[uint64]bool{}
	for _, e := range entries {
		cut, _ := counted([]byte(e.object.Text + "0"))
		if text := e.object.Text[:min(cut, len(e.object.Text))]; e.hasObject && (e.object.Row || e.object.Open) {
			if e.object.Row {
				text = e.object.Text
			}
			if edges[text] == nil {
				edges[text] = map[uint64]bool{0: true}
			}
			e.object.edges(text, edges[text])
		}
	}
	for _, text := range sorted(edges) {
		cells, words := sorted(edges[text]), apart([]byte(text)) > 1 || inWord([]byte(text)) || strings.HasSuffix(text, ":"+hexMark)
		if len(cells) > maxPairs || words { // a word may begin at each byte, so its spans are too many
			s.short = true
		}
		for i, from := range cells {
			below := uint64(math.MaxUint64)
			if i+1 < len(cells) {
				below = cells[i+1]
			}
			object := []byte(numbered(text, standingFor(text, from, below)))
			s.dims[byObject] = append(s.dims[byObject], standIn{object: object, quantity: 1})
			if len(cells) > maxPairs || words {
				continue
			}
			for _, to := range cells[i+1:] {
				s.dims[byObject] = append(s.dims[byObject], standIn{object: object, quantity: to - from + 1})
			}
		}
	}
}

// edges are the numbers behind text at which an object begins to mean elements, or ends to.
func (o *Object) edges(text string, at map[uint64]bool) {
	if o.Row {
		over := apart([]byte(text)) - 1 // what is stopped is so from its first byte on that is touched
		for _, edge := range []uint64{o.From - min(o.From, over), o.From, o.To + 1, o.To + 1 + over} {
			at[edge] = true
		}
		return
	}
	first, _, ok := elements([]byte(o.Text[len(text):]), 1)
	if !ok {
		return
	}
	for scale, n := uint64(1), len(o.Text)-len(text); n <= maxDigits; scale, n = scale*10, n+1 {
		at[first*scale], at[first*scale+scale] = true, true
		if first == 0 {
			return
		}
	}
}

// numbers: those named, and one that is not.
func (s *space) numbers(d dimension, named map[uint32]bool) {
	other := uint32(0)
	for named[other] {
		other++
	}
	s.dims[d] = append(s.dims[d], standIn{number: other})
	for _, n := range sorted(named) {
		s.dims[d] = append(s.dims[d], standIn{number: n})
	}
}

// edges are the minutes of the week at which a window may change, and those before.
func (w *Window) edges(at map[int]bool) {
	if w == nil {
		return
	}
	for day := range 7 {
		at[day*minutesOfDay] = true
		at[day*minutesOfDay+int(w.From)] = true
		at[day*minutesOfDay+int(w.Until)] = true
	}
}

// inWeek tells whether the window is open at a minute of the week, Sunday first.
func (w *Window) inWeek(minute int) bool {
	if w == nil {
		return true
	}
	return w.open(minute/minutesOfDay%7, uint16(minute%minutesOfDay))
}

// box is what an entry matches. A stop with a step does not stop every request that
// looks so, so it takes nothing away: certain asks for what is matched for sure.
func (s *space) box(e *entry, certain bool) (b box) {
	for d := range dimensions {
		b[d] = newSet(len(s.dims[d]))
		for i := range s.dims[d] {
			if s.in(e, d, &s.dims[d][i]) {
				b[d].add(i)
			}
		}
	}
	if certain && e.moves() {
		b[byValue] = newSet(len(s.dims[byValue]))
	}
	return b
}

func (s *space) in(e *entry, d dimension, v *standIn) bool {
	switch d {
	case byClient:
		return e.client == 0 || e.client == v.place
	case byServer:
		return e.server == 0 || e.server == v.place
	case byPort:
		return e.onPort(v.port.Transport, v.port.Number)
	case byProtocol:
		return e.protocol == 0 || e.protocol == v.protocol
	case byItsVerb:
		return e.verb == 0 || e.verb == v.verb
	case byItsFunction:
		return e.function == 0 || e.function == v.number
	case byItsCode:
		return !e.hasCode || e.code == v.number
	case byUnit:
		return !e.hasUnit || !v.none && e.unit == v.number
	case byObject:
		return !e.hasObject || s.names(e, v)
	case byValue:
		if e.values == nil {
			return !e.moves() || !v.none || e.action != firedoor.Pass
		}
		if v.none {
			return e.action != firedoor.Pass
		}
		if e.as != v.as {
			return false
		}
		inside := v.value >= e.values.Min && v.value <= e.values.Max
		if v.other == nil {
			return inside
		}
		too := *v.other >= e.values.Min && *v.other <= e.values.Max
		if e.action == firedoor.Pass {
			return inside && too
		}
		return inside || too
	default:
		return e.when.inWeek(v.minute)
	}
}

// maxBoxes is how many pieces a question may fall into before it is left undecided.
const maxBoxes = 4096

// minus takes what cut matches out of every box; not ok when there are too many pieces.
func minus(boxes []box, cut box) (out []box, ok bool) {
	for _, b := range boxes {
		out = appendMinus(out, b, cut)
		if len(out) > maxBoxes {
			return nil, false
		}
	}
	return out, true
}

func appendMinus(out []box, b, cut box) []box {
	var common box
	for d := range dimensions {
		if common[d] = both(b[d], cut[d]); common[d].empty() {
			return append(out, b)
		}
	}
	for d := range dimensions {
		if rest := without(b[d], cut[d]); !rest.empty() {
			piece := b
			piece[d] = rest
			out = append(out, piece)
		}
		b[d] = common[d]
	}
	return out
}

// overlap tells whether two boxes have a request in common, and within whether all of
// a lies in b.
func overlap(a, b box) (some, within bool) {
	within = true
	for d := range dimensions {
		if both(a[d], b[d]).empty() {
			return false, false
		}
		within = within && without(a[d], b[d]).empty()
	}
	return true, within
}

// values are those of a stand-in as an operation would carry them.
func (v *standIn) values() *firedoor.Values {
	numbers := []float64{v.value}
	if v.other != nil {
		numbers = append(numbers, *v.other)
	}
	out, small := &firedoor.Values{Type: firedoor.F64, Count: len(numbers)}, v.as != AsWritten
	var elements []byte
	for _, n := range numbers {
		out.Raw = binary.BigEndian.AppendUint64(out.Raw, math.Float64bits(n))
		var has bool
		elements, has = v.as.write(elements, n)
		small = small && has
	}
	if small {
		return &firedoor.Values{Type: firedoor.U16, Count: len(elements) / 2, Raw: elements}
	}
	return out
}

// minuteTime is a moment at a minute of the week in a plan's time zone.
func minuteTime(minute int, p *Plan) int64 {
	sunday := time.Date(2026, time.March, 1, 0, 0, 0, 0, p.zone)
	return sunday.Add(time.Duration(minute) * time.Minute).UnixNano()
}
