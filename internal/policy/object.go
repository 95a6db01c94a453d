package policy

import (
	"bytes"
	"strconv"
	"strings"
)

// covers tells whether the object of a request is one that o means. What passes must
// lie in o with all its elements; what is stopped is so for any of them.
func (o *Object) covers(text []byte, quantity uint64, all bool) bool {
	switch {
	case len(text) == 0:
		return *o == Object{}
	case o.Row:
		from, to, ok := o.row(text, quantity, all)
		if !ok {
			return false
		}
		if all {
			return from >= o.From && to <= o.To
		}
		return from <= o.To && to >= o.From
	case o.Open:
		return o.begins(text, quantity, all)
	default:
		return string(text) == o.Text
	}
}

// row reads the number behind o.Text: the first and last one asked for, as reached has it.
func (o *Object) row(text []byte, quantity uint64, all bool) (from, to uint64, ok bool) {
	if o.array() {
		text, _ = bytes.CutSuffix(text, []byte("]"))
	}
	if o.hexed() {
		cut, ok := lettered(text)
		if !ok || string(text[:cut]) != o.Text[:len(o.Text)-len(hexMark)] {
			return 0, 0, false
		}
		from = hexNumber(text[cut:])
		return from, from + max(quantity, 1) - 1, true
	}
	if len(text) <= len(o.Text) || string(text[:len(o.Text)]) != o.Text {
		return 0, 0, false
	}
	return reached(text[:len(o.Text)], text[len(o.Text):], quantity, all)
}

// reached gives the numbers of the first and the last element of a request. Memory that is counted in bytes
// has words at every second number: with all it is those that are named, else all whose bytes are
// touched too, for a word may lie across two others.
func reached(area, digits []byte, quantity uint64, all bool) (from, to uint64, ok bool) {
	from, to, ok = elements(trimmed(area, digits), quantity)
	switch apart := apart(area); {
	case apart == 1:
		return from, to, ok
	case all:
		return from, from + (to-from)*apart, ok
	default:
		return from - min(from, apart-1), from + (to-from+1)*apart - 1, ok
	}
}

// inBytes are areas of memory whose words are numbered by their first byte (S7).
var inBytes = []string{"DB", "DI", "I", "Q", "M", "P", "L", "V", "SI", "SF", "AI", "AQ", "DR"}

// apart is how far the numbers of two elements lie apart that follow each other, by what stands
// before the number: "DB1.DBW" and "MW" are words, "DB1.DBD" and "MD" double words.
func apart(area []byte) uint64 {
	name := area[bytes.LastIndexByte(area, '.')+1:]
	if len(name) < 2 {
		return 1
	}
	last := len(name) - 1
	blocks := len(name) < len(area)
	for i, a := range inBytes {
		if string(name[:last]) != a || blocks != (i < 2) {
			continue
		}
		switch name[last] {
		case 'W':
			return 2
		case 'D':
			return 4
		}
	}
	return 1
}

// maxDigits keeps a number within 64 bits, with room for a quantity on top.
const maxDigits = 12

// begins tells whether what is asked for begins with o.Text. Where that ends within a
// number, the elements behind the first are looked at by their own numbers.
func (o *Object) begins(text []byte, quantity uint64, all bool) bool {
	cut, counts := counted(text)
	if all && quantity > 1 && counts && inWord(text[:cut]) && bytes.IndexByte(text, ':')+1 < len(o.Text) { // of one word, or a few
		if from, to, _ := reached(text[:cut], text[cut:], quantity, all); to >= wordBits && from < wordBits {
			return false
		}
	}
	if _, hexed := lettered(text); all && hexed && quantity > 1 && bytes.IndexByte(text, ':')+1 < len(o.Text) {
		return false // how far it reaches stands in no decimal number
	}
	if quantity <= 1 || !counts || len(o.Text) <= cut {
		return bytes.HasPrefix(text, []byte(o.Text))
	}
	digits := []byte(o.Text[cut:])
	first, _, ok := elements(digits, 1)
	from, to, okText := reached(text[:cut], text[cut:], quantity, all)
	if !ok || !okText || string(text[:cut]) != o.Text[:cut] {
		return false
	}
	for scale, n := uint64(1), len(digits); n <= maxDigits; scale, n = scale*10, n+1 { // 12, 120-129, 1200-1299
		low, high := first*scale, first*scale+scale-1
		if all && from >= low && to <= high || !all && from <= high && to >= low {
			return true
		}
		if first == 0 {
			break
		}
	}
	return false
}

// elements reads a decimal number and counts quantity elements on from it. What begins
// with a needless 0 is a name and no number.
func elements(digits []byte, quantity uint64) (from, to uint64, ok bool) {
	if len(digits) > 1 && digits[0] == '0' {
		return 0, 0, false
	}
	from, ok = decimal(digits)
	return from, from + max(quantity, 1) - 1, ok
}

func decimal(digits []byte) (n uint64, ok bool) {
	if len(digits) == 0 || len(digits) > maxDigits {
		return 0, false
	}
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = n*10 + uint64(d-'0')
	}
	return n, true
}

// maxArea is the longest name of a memory area that ends where a number begins: "D",
// "DBB", "ZR". What is longer is a name that happens to end with a digit.
const maxArea = 4

// inBlocks begins memory whose elements are counted behind the number of a block: "R-block:2/70" of MELSEC.
var inBlocks = []byte("R-block:")

// inUnits begins that of modules, whose octets are counted behind a number: "unit:0x3/70".
var inUnits = []byte("unit:0x")

// counted tells whether the last number of an object's text counts elements, as that of
// "holding:40", "D100", "DB1.DBB0" and "DB1.DBX0.3" does and that of "Motor1" does not,
// and where it begins.
func counted(text []byte) (cut int, ok bool) {
	cut = rowPrefix(text)
	if _, _, number := elements(trimmed(text[:cut], text[cut:]), 1); !number || cut == 0 {
		return cut, false
	}
	if text[cut-1] == ':' || text[cut-1] == '/' && (bytes.Contains(text[:cut], inBlocks) || bytes.HasPrefix(text, inUnits)) {
		return cut, true
	}
	area := text[bytes.LastIndexByte(text[:cut], '.')+1 : cut]
	for _, c := range area {
		if c < 'A' || c > 'Z' {
			return cut, false
		}
	}
	return cut, len(area) <= maxArea
}

// counting gives an object whose last number counts elements as a row of one; others as
// they are.
func (o Object) counting() Object {
	if o.Row || o.Open {
		return o
	}
	if row, ok := hexRow([]byte(o.Text), 1); ok {
		return row
	}
	cut, ok := counted([]byte(o.Text))
	if !ok {
		return o
	}
	n, _ := decimal([]byte(o.Text[cut:])) // counted saw it
	return Object{Text: o.Text[:cut], Row: true, From: n, To: n}
}

// Element gives the text of an element of an object, counted from the one at which it
// begins: of "holding:0" number 4 is "holding:4", of "DB1.DBW0" it is "DB1.DBW8", of
// "Motor1" "Motor1+4". It is appended to to.
func Element(to, object []byte, element uint64) []byte {
	cut, ok := counted(object)
	if !ok {
		if to = append(to, object...); element > 0 {
			to = strconv.AppendUint(append(to, '+'), element, 10)
		}
		return to
	}
	from, _ := decimal(object[cut:]) // counted saw it
	return strconv.AppendUint(append(to, object[:cut]...), from+element*apart(object[:cut]), 10)
}

// rowPrefix cuts an object's text in front of its last number.
func rowPrefix(text []byte) int {
	n := len(text)
	for n > 0 && text[n-1] >= '0' && text[n-1] <= '9' {
		n--
	}
	return n
}

// words is an object in a sentence.
func (o Object) words() string {
	if o == (Object{}) {
		return "no object"
	}
	return o.String()
}

// String writes an object as a policy has it.
func (o Object) String() string {
	switch {
	case o.Row && o.From == o.To:
		return numbered(o.Text, o.From)
	case o.hexed():
		return numbered(o.Text, o.From) + "-" + strings.ToUpper(strconv.FormatUint(o.To, 16))
	case o.array():
		return o.Text + strconv.FormatUint(o.From, 10) + "-" + strconv.FormatUint(o.To, 10) + "]"
	case o.Row:
		return o.Text + strconv.FormatUint(o.From, 10) + "-" + strconv.FormatUint(o.To, 10)
	case o.Open:
		return o.Text + "*"
	default:
		return o.Text
	}
}

// array tells whether the numbers of a row are indexes: "Counts[2-9]".
func (o *Object) array() bool {
	return o.Row && (strings.HasSuffix(o.Text, "[") || strings.HasSuffix(o.Text, ","))
}

// arrayRange reads "Counts[2-9]", and "Grid[1,2-9]".
func arrayRange(text string) (o Object, ok bool) {
	front, closed := strings.CutSuffix(text, "]")
	at := strings.LastIndexAny(front, "[,") + 1
	if !closed || at < 2 {
		return o, false
	}
	first, last, dash := strings.Cut(front[at:], "-")
	o = Object{Text: front[:at], Row: true}
	var from, to bool
	o.From, _, from = elements([]byte(first), 1)
	o.To, _, to = elements([]byte(last), 1)
	return o, dash && from && to
}

// RowOf reads an object that ends with a range of numbers, "holding:0-40" or "D0-99",
// or with one number behind a colon, "holding:40"; not ok for other texts. What ends
// with a number otherwise may be a name ("Motor1"), whose number counts nothing.
func RowOf(text string) (o Object, ok bool) {
	if o, ok := hexRange(text); ok {
		return o, true
	}
	if o, ok := arrayRange(text); ok {
		return o, true
	}
	b := []byte(text)
	cut := rowPrefix(b)
	last, ok := decimal(b[cut:])
	if !ok {
		return o, false
	}
	if front, dash := strings.CutSuffix(text[:cut], "-"); dash {
		at, counts := counted([]byte(front)) // the end of a GUID is no range
		if first, ok := decimal([]byte(front[at:])); ok && counts {
			return Object{Text: front[:at], Row: true, From: first, To: last}, true
		}
	}
	if cut == 0 || text[cut-1] != ':' {
		return o, false
	}
	return Object{Text: text[:cut], Row: true, From: last, To: last}, true
}
