package hsms

import (
	"strconv"

	"firedoor"
)

// Messages whose values are told (E5, 10.10).
const (
	statusAsk       = 0x103
	traceData       = 0x601
	eventReport     = 0x60b
	annotatedReport = 0x60d
)

// maxTold is how many values of one message are told.
const maxTold = 1024

// Places in an object's At behind the number of a report, trace or variable: which of its values,
// and which element of one that is several numbers.
const (
	atValue   = 1
	atElement = 2
)

// appendValue writes "report:5/value:1", and "report:5/value:1[2]" for the third of several numbers.
// Which variable that is the equipment and its host settled (S2F33); it stays the same until
// they settle it anew.
func appendValue(head string) func(dst []byte, o *firedoor.Object) []byte {
	return func(dst []byte, o *firedoor.Object) []byte {
		dst = append(appendName(append(dst, head...), o), "/value:"...)
		return appendElement(strconv.AppendUint(dst, uint64(o.At[atValue]), 10), o)
	}
}

// appendNumbered writes "variable:1010", and "variable:1010[2]".
func appendNumbered(head string) func(dst []byte, o *firedoor.Object) []byte {
	return func(dst []byte, o *firedoor.Object) []byte {
		return appendElement(appendName(append(dst, head...), o), o)
	}
}

func appendName(dst []byte, o *firedoor.Object) []byte {
	if len(o.Text) > 0 {
		return append(dst, o.Text...)
	}
	return strconv.AppendUint(dst, uint64(o.At[0]), 10)
}

func appendElement(dst []byte, o *firedoor.Object) []byte {
	if o.At[atElement] == 0 {
		return dst
	}
	return append(strconv.AppendUint(append(dst, '['), uint64(o.At[atElement]), 10), ']')
}

// list takes the head of a list that has exactly n elements; any number where n is -1.
func list(b []byte, n int) (rest []byte, count int, ok bool) {
	it, size, ok := next(b)
	if !ok || it.format != formatList || n >= 0 && it.count != n {
		return nil, 0, false
	}
	return b[size:], it.count, true
}

// over passes over one item with all that is in it.
func over(b []byte) (rest []byte, ok bool) {
	for left := 1; left > 0; left-- {
		it, size, ok := next(b)
		if !ok {
			return nil, false
		}
		b, left = b[size:], left+it.count
	}
	return b, true
}

// scalar takes an item that is no list.
func scalar(b []byte) (it item, rest []byte, ok bool) {
	it, size, ok := next(b)
	if !ok || it.format == formatList {
		return it, nil, false
	}
	return it, b[size:], true
}

// reports tells the values of an event's reports: DATAID, CEID, and a list of reports, each its
// number and its values. In an annotated one (S6F13) each value comes with its variable. Texts
// are not told: nobody says here what they are of.
func (p *parser) reports(body []byte, annotated bool) {
	b, _, ok := list(body, 3)
	for range 2 {
		if ok {
			_, b, ok = scalar(b)
		}
	}
	var n int
	if ok {
		b, n, ok = list(b, -1)
	}
	for left := maxTold; n > 0 && ok; n-- {
		if b, _, ok = list(b, 2); !ok {
			return
		}
		var id item
		if id, b, ok = scalar(b); !ok {
			return
		}
		o := id.object(&reports)
		var values int
		if b, values, ok = list(b, -1); !ok {
			return
		}
		for i := 1; i <= values && ok && left > 0; i++ {
			left--
			if annotated {
				b, ok = p.annotated(b)
				continue
			}
			o.At[atValue] = uint32(i)
			b, ok = p.value(&o, b)
		}
	}
}

// annotated tells a value that comes with its variable.
func (p *parser) annotated(b []byte) (rest []byte, ok bool) {
	if b, _, ok = list(b, 2); !ok {
		return nil, false
	}
	id, b, ok := scalar(b)
	if !ok {
		return nil, false
	}
	o := id.object(&variables)
	return p.value(&o, b)
}

// value tells a value of an object, where it is numbers.
func (p *parser) value(o *firedoor.Object, b []byte) (rest []byte, ok bool) {
	rest, ok = over(b)
	if it, _, plain := scalar(b); ok && plain && o.Space != nil {
		if p.sample.Values = it.values(); p.sample.Values.Count > 0 {
			p.sample.Object = *o
			p.emit(&p.told)
		}
	}
	return rest, ok
}

// trace tells the values of a trace: its number, the sample's number, a time, the values.
// Several samples that come together are one list: it has the values of the first, then
// those of the second, and only who began the trace knows how many of each.
func (p *parser) trace(body []byte) {
	b, _, ok := list(body, 4)
	if !ok {
		return
	}
	id, b, ok := scalar(b)
	for range 2 {
		if ok {
			_, b, ok = scalar(b)
		}
	}
	var n int
	if ok {
		b, n, ok = list(b, -1)
	}
	o := id.object(&samples)
	for i := 1; i <= min(n, maxTold) && ok; i++ {
		o.At[atValue] = uint32(i)
		b, ok = p.value(&o, b)
	}
}

// maxNumbers is how many numbers of variables or constants one request keeps for its answer.
const maxNumbers = 32

// note keeps what a request for several variables or constants asks for (S1F3, S2F13).
func (q *request) note(body []byte) {
	b, n, ok := list(body, -1)
	if q.code != statusAsk && q.code != constantAsk || !ok || n < 2 || n > maxNumbers {
		return
	}
	for i := range n {
		var it item
		if it, b, ok = scalar(b); !ok {
			return
		}
		o := it.object(&variables)
		if o.Space == nil || len(o.Text) > 0 {
			return // by names: they are not kept
		}
		q.numbers[i] = o.At[0]
	}
	q.several = uint8(n)
}

// several tells the numbers that an answer to such a request has, in its order.
func (p *parser) several(q *request, body []byte) {
	b, _, ok := list(body, int(q.several))
	if q.several == 0 || !ok {
		return
	}
	p.sample = firedoor.Sample{Function: q.meaning.name, Code: q.code, HasUnit: true, Unit: q.unit}
	for i := 0; i < int(q.several) && ok; i++ {
		o := firedoor.Object{Space: q.meaning.space, At: [4]uint32{q.numbers[i]}}
		b, ok = p.value(&o, b)
	}
}
