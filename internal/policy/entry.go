package policy

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"

	"firedoor"
)

// entry is a rule for one client, server, protocol, operation, unit and object: what
// is left of it when its lists are written out.
type entry struct {
	rule           int32 // in the order of the policy
	action         firedoor.Action
	client, server Place  // 0 is anybody of the zone
	protocol       uint16 // 0 is any
	hasCode        bool
	hasUnit        bool
	code, unit     uint32
	verb           firedoor.Verb // 0 is any
	function       uint32        // number of the words, 0 is any
	object         Object
	hasObject      bool
	ports          []Port
	values         *Span
	as             Form
	step           float64
	when           *Window
}

// whole tells whether nothing but who asks whom is asked of a request.
func (e *entry) whole() bool {
	return !e.hasCode && !e.hasUnit && e.verb == 0 && e.function == 0 && !e.hasObject && e.values == nil && e.step == 0
}

// onPort tells whether the entry is about a port; with no port it is about all.
func (e *entry) onPort(transport uint8, number uint16) bool {
	return onPort(e.ports, transport, number)
}

func onPort(ports []Port, transport uint8, number uint16) bool {
	if len(ports) == 0 {
		return true
	}
	for _, p := range ports {
		if p.Portless() {
			if p.Transport == transport {
				return true
			}
			continue
		}
		if p.Number == number && (p.Transport == 0 || transport == 0 || p.Transport == transport) {
			return true
		}
	}
	return false
}

// covers tells whether the object of a request is one that o means. What passes must
// lie in o with all its elements; what is stopped is so for any of them.
func (o *Object) covers(text []byte, quantity uint64, all bool) bool {
	switch {
	case o.Row:
		from, to, ok := o.row(text, quantity)
		if !ok {
			return false
		}
		if all {
			return from >= o.From && to <= o.To
		}
		return from <= o.To && to >= o.From
	case o.Open:
		return bytes.HasPrefix(text, []byte(o.Text))
	default:
		return string(text) == o.Text
	}
}

// row reads the number behind o.Text: the first and last element asked for.
func (o *Object) row(text []byte, quantity uint64) (from, to uint64, ok bool) {
	if len(text) <= len(o.Text) || string(text[:len(o.Text)]) != o.Text {
		return 0, 0, false
	}
	return elements(text[len(o.Text):], quantity)
}

// maxDigits keeps a number within 64 bits, with room for a quantity on top.
const maxDigits = 12

// elements reads a decimal number and counts quantity elements on from it.
func elements(digits []byte, quantity uint64) (from, to uint64, ok bool) {
	if len(digits) == 0 || len(digits) > maxDigits {
		return 0, 0, false
	}
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0, 0, false
		}
		from = from*10 + uint64(d-'0')
	}
	return from, from + max(quantity, 1) - 1, true
}

// rowPrefix cuts an object's text in front of its last number.
func rowPrefix(text []byte) int {
	n := len(text)
	for n > 0 && text[n-1] >= '0' && text[n-1] <= '9' {
		n--
	}
	return n
}

// String writes an object as a policy has it.
func (o Object) String() string {
	switch {
	case o.Row && o.From == o.To:
		return o.Text + strconv.FormatUint(o.From, 10)
	case o.Row:
		return o.Text + strconv.FormatUint(o.From, 10) + "-" + strconv.FormatUint(o.To, 10)
	case o.Open:
		return o.Text + "*"
	default:
		return o.Text
	}
}

// fits tells whether the values written are such that the entry holds. No values are
// in no range: what was not understood passes no rule that looks at it.
func (e *entry) fits(r *Request) bool {
	if e.values == nil && e.step == 0 {
		return true
	}
	if r.Values == nil || r.Values.Len() == 0 {
		return e.action != firedoor.Pass
	}
	stop := e.action != firedoor.Pass
	n := e.as.count(r.Values)
	if n == 0 {
		return stop
	}
	for i := range n {
		v := e.as.at(r.Values, i)
		inside := e.values == nil || v >= e.values.Min && v <= e.values.Max // false for NaN
		if inside && e.step > 0 {
			before, known := r.before(i)
			inside = !known || math.Abs(v-before) <= e.step
		}
		if stop && inside {
			return true
		}
		if !stop && !inside {
			return false
		}
	}
	return !stop
}

const minutesOfDay = 24 * 60

// holds tells whether a moment lies in the window.
func (w *Window) holds(t int64, zone *time.Location) bool {
	if w == nil {
		return true
	}
	at := time.Unix(0, t).In(zone)
	return w.open(int(at.Weekday()), uint16(at.Hour()*60+at.Minute()))
}

func (w *Window) open(day int, minute uint16) bool {
	on := func(day int) bool { return w.Days == 0 || w.Days>>(day%7)&1 == 1 }
	if w.From <= w.Until {
		return on(day) && (w.From == w.Until || minute >= w.From && minute < w.Until)
	}
	return on(day) && minute >= w.From || on(day+6) && minute < w.Until
}

// RowOf reads an object that ends with a range of numbers, "holding:0-40" or "D0-99",
// or with one number behind a colon, "holding:40"; not ok for other texts. What ends
// with a number otherwise may be a name ("Motor1"), whose number counts nothing.
func RowOf(text string) (o Object, ok bool) {
	b := []byte(text)
	cut := rowPrefix(b)
	last, _, ok := elements(b[cut:], 1)
	if !ok {
		return o, false
	}
	if front, dash := strings.CutSuffix(text[:cut], "-"); dash {
		at := rowPrefix([]byte(front))
		if first, _, ok := elements([]byte(front[at:]), 1); ok && at > 0 {
			return Object{Text: front[:at], Row: true, From: first, To: last}, true
		}
	}
	if cut == 0 || text[cut-1] != ':' {
		return o, false
	}
	return Object{Text: text[:cut], Row: true, From: last, To: last}, true
}
