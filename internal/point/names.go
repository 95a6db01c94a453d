package point

import (
	"bufio"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"firedoor"
	"firedoor/internal/written"
)

// Limits of a map.
const (
	MaxNames     = 100_000
	maxNamesPage = 4 * perPage // that begin in one page; further ones have no value
	maxNameText  = 200
)

// Names say what places in devices are called and how what stands there is read:
// a person's map of a plant. The zero Names and nil are empty.
type Names struct {
	entries map[spot][]*entry
	Len     int
	said    map[title]said // while a map is read
}

// title is a name at a place, of whatever unit.
type title struct {
	server       firedoor.IP
	object, name string
}

// said is for which units it was given.
type said struct{ one, any bool }

// spot is where a named value begins.
type spot struct {
	server  firedoor.IP // or a MAC in the low word
	hasUnit bool
	unit    uint32
	object  string
}

// entry is one line of a map.
type entry struct {
	name, measure, kind string
	read                reading
	scale, offset       float64
}

// reading is how elements become a number: Size bytes, in the order of letters.
type reading struct {
	size  int // bytes; 0: bit of the first element
	bit   uint
	signs bool
	real  bool
	order string // "abcd", "cdab", "badc", "dcba"
}

// columns are those of a map; the first three and the type must be there.
var columns = []string{"server", "object", "name", "type", "unit", "order", "scale", "offset", "measure"}

const needed = 4

// ReadNames reads a map: CSV with a line of column names (docs/formats/points.md).
// Its error is written.Problems where a line is at fault.
func ReadNames(file string, from io.Reader) (*Names, error) {
	r := csv.NewReader(unmarked(from))
	r.Comment = '#'
	r.TrimLeadingSpace = true
	r.FieldsPerRecord = -1
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, written.Problems{{File: file, Text: "is empty: the first line names the columns, " + strings.Join(columns, ",")}}
	}
	if err != nil {
		return nil, broken(file, err)
	}
	at, problem := header(head)
	if problem != "" {
		return nil, written.Problems{{File: file, Line: 1, Text: problem}}
	}
	n := &Names{entries: map[spot][]*entry{}, said: map[title]said{}}
	var problems written.Problems
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, append(problems, broken(file, err)...)
		}
		line, _ := r.FieldPos(0)
		if err := n.add(at, fields); err != nil {
			var p written.Problem
			if !errors.As(err, (*fieldError)(&p)) {
				p.Text = err.Error()
			}
			p.File, p.Line = file, line
			if problems = append(problems, p); len(problems) >= maxProblems {
				break
			}
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	n.said = nil
	return n, nil
}

// unmarked passes over the mark that some table calculations put before UTF-8.
func unmarked(from io.Reader) io.Reader {
	const mark = "\ufeff"
	b := bufio.NewReader(from)
	if head, err := b.Peek(len(mark)); err == nil && string(head) == mark {
		_, _ = b.Discard(len(mark)) // they are in the buffer
	}
	return b
}

// maxProblems is how many problems of a map are told at once.
const maxProblems = 20

func broken(file string, err error) written.Problems {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		text := fmt.Sprintf("byte %d of the line: %v", parse.Column, parse.Err)
		return written.Problems{{File: file, Line: parse.Line, Column: parse.Column, Text: text}}
	}
	return written.Problems{{File: file, Text: err.Error()}}
}

// header tells at which place each of the columns stands, -1 where it does not.
func header(head []string) (at []int, problem string) {
	at = slices.Repeat([]int{-1}, len(columns))
	for i, name := range head {
		c := slices.Index(columns, strings.ToLower(strings.TrimSpace(name)))
		switch {
		case c < 0:
			return nil, fmt.Sprintf("%q is no column: there are %s", name, strings.Join(columns, ", "))
		case at[c] >= 0:
			return nil, fmt.Sprintf("column %s stands there twice", columns[c])
		}
		at[c] = i
	}
	for c := range needed {
		if at[c] < 0 {
			return nil, fmt.Sprintf("column %s is missing", columns[c])
		}
	}
	return at, ""
}

// fieldError is a problem with one column of a line.
type fieldError written.Problem

func (f fieldError) Error() string { return f.Key + ": " + f.Text }

func wrong(column, format string, args ...any) error {
	return fieldError{Key: column, Text: fmt.Sprintf(format, args...)}
}

func (n *Names) add(at []int, fields []string) error {
	if len(fields) > len(columns) {
		return fmt.Errorf("has %d fields: there are %d columns", len(fields), len(columns))
	}
	for c, i := range at {
		if i >= 0 && i < len(fields) && !utf8.ValidString(fields[i]) {
			return wrong(columns[c], "%q is not UTF-8: save the map with that encoding", fields[i])
		}
	}
	field := func(name string) string {
		if i := at[slices.Index(columns, name)]; i >= 0 && i < len(fields) {
			return strings.TrimSpace(fields[i])
		}
		return ""
	}
	if n.Len >= MaxNames {
		return fmt.Errorf("is one too many: a map has at most %d lines", MaxNames)
	}
	s := spot{object: field("object")}
	if s.object == "" {
		return wrong("object", "is empty: give it as event lines do, like holding:40 or DB1.DBB4")
	}
	var ok bool
	if s.server, ok = server(field("server")); !ok {
		return wrong("server", "%q is neither an IP nor a MAC address", field("server"))
	}
	if u := field("unit"); u != "" {
		v, err := strconv.ParseUint(u, 10, 32)
		if err != nil {
			return wrong("unit", "%q is no number from 0 to 4294967295", u)
		}
		s.unit, s.hasUnit = uint32(v), true
	}
	e, err := newEntry(field)
	if err != nil {
		return err
	}
	for _, o := range n.entries[s] {
		if o.name == e.name {
			return wrong("name", "%q stands at this place already", e.name)
		}
	}
	c := title{s.server, s.object, e.name}
	before := n.said[c]
	if before.any || before.one && !s.hasUnit {
		return wrong("name", "%q stands at this place already, once for any unit", e.name)
	}
	n.said[c] = said{one: before.one || s.hasUnit, any: !s.hasUnit}
	n.entries[s] = append(n.entries[s], e)
	n.Len++
	return nil
}

// IsServer tells whether a map may have the text for a server.
func IsServer(text string) bool {
	_, ok := server(text)
	return ok
}

func server(text string) (firedoor.IP, bool) {
	if a, err := netip.ParseAddr(text); err == nil {
		return firedoor.IPFrom(a.Unmap()), true
	}
	mac, err := net.ParseMAC(text)
	if err != nil || len(mac) != 6 {
		return firedoor.IP{}, false
	}
	var b [8]byte
	copy(b[2:], mac)
	return firedoor.IP{Lo: binary.BigEndian.Uint64(b[:])}, true
}

func newEntry(field func(string) string) (*entry, error) {
	e := &entry{name: field("name"), measure: field("measure"), kind: strings.ToLower(field("type")), scale: 1}
	if e.name == "" || len(e.name) > maxNameText || len(e.measure) > maxNameText {
		return nil, wrong("name", "must be 1 to %d bytes long, and so must measure", maxNameText)
	}
	var ok bool
	if e.read, ok = readings(e.kind); !ok {
		return nil, wrong("type", "%q is none of u8 i8 u16 i16 u32 i32 u64 i64 f32 f64 bit.0 to bit.63", field("type"))
	}
	switch e.read.order = strings.ToLower(field("order")); e.read.order {
	case "":
		e.read.order = "abcd"
	case "abcd", "cdab", "badc", "dcba":
	default:
		return nil, wrong("order", "%q is none of abcd (as it stands), cdab (words swapped), badc (bytes of words swapped), dcba (backwards)", field("order"))
	}
	for _, f := range []struct {
		column string
		to     *float64
	}{{"scale", &e.scale}, {"offset", &e.offset}} {
		text := field(f.column)
		if text == "" {
			continue
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, wrong(f.column, "%q is no number", text)
		}
		if v == 0 && f.to == &e.scale {
			return nil, wrong(f.column, "is 0: every number would be the same")
		}
		*f.to = v
	}
	return e, nil
}

func readings(kind string) (reading, bool) {
	if bit, ok := strings.CutPrefix(kind, "bit."); ok {
		n, err := strconv.ParseUint(bit, 10, 8)
		return reading{bit: uint(n)}, err == nil && n < 64
	}
	switch kind {
	case "u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "f32", "f64":
		bits, _ := strconv.Atoi(kind[1:])
		return reading{size: bits / 8, signs: kind[0] == 'i', real: kind[0] == 'f'}, true
	}
	return reading{}, false
}

// named is a value that a map names, in the page of its first element.
type named struct {
	Name  string
	slot  uint8
	entry *entry `snapshot:"-"`
	cell
}

// look binds what the map says of the elements from low to high of a page.
func (n *Names) look(p *page, low, high int) {
	before := p.named
	p.named = nil
	if n == nil || n.Len == 0 {
		return
	}
	for slot := low; slot < high; slot++ {
		at := spot{server: p.server, unit: p.unit, hasUnit: p.hasUnit, object: p.objectText(slot)}
		entries := n.entries[at]
		if at.hasUnit { // a map may leave the unit out
			entries = append(slices.Clip(entries), n.entries[spot{server: at.server, object: at.object}]...)
		}
		for _, e := range entries {
			if len(p.named) >= maxNamesPage {
				return
			}
			fresh := named{Name: e.name, slot: uint8(slot), entry: e}
			for i := range before {
				if b := &before[i]; b.Name == e.name && b.slot == fresh.slot {
					fresh.cell = b.cell
				}
			}
			p.named = append(p.named, fresh)
		}
	}
}

// seeNamed makes named values of count elements from slot on, which stand in the
// message from i on.
func (p *page) seeNamed(v *firedoor.Values, slot, i, count int, now int64, written bool) {
	for k := range p.named {
		n := &p.named[k]
		if n.entry == nil || int(n.slot) < slot || int(n.slot) >= slot+count {
			continue
		}
		number, ok := n.entry.value(v, i+int(n.slot)-slot)
		if written && ok {
			n.written++
		}
		if value := int64(math.Float64bits(number)); ok && (!n.used || n.value != value) {
			n.set(value, number, now)
		}
	}
}

// value reads what stands at the i-th element; false where it is not all there.
func (e *entry) value(v *firedoor.Values, i int) (float64, bool) {
	element := max(1, v.Type.Size())
	r := &e.read
	if r.size == 0 {
		if r.bit >= uint(8*element) {
			return 0, false
		}
		return e.scaled(float64(uint64(v.Int(i)) >> r.bit & 1)), true
	}
	elements := (r.size + element - 1) / element
	if i+elements > v.Len() {
		return 0, false
	}
	if elements == 1 && r.size < element {
		return 0, false // a part of a wider element is nobody's number
	}
	var b [8]byte
	for k := range elements { // the bytes with the highest first, as the elements stand
		word := uint64(v.Int(i + k))
		for j := range element {
			b[k*element+j] = byte(word >> (8 * (element - 1 - j)))
		}
	}
	return e.scaled(r.number(b[:r.size])), true
}

func (e *entry) scaled(x float64) float64 { return float64(x*e.scale) + e.offset }

// number reads bytes in the reading's order.
func (r *reading) number(b []byte) float64 {
	if r.order == "cdab" || r.order == "dcba" { // the last word first
		for i, j := 0, len(b)-2; i < j && len(b) >= 4; i, j = i+2, j-2 {
			b[i], b[i+1], b[j], b[j+1] = b[j], b[j+1], b[i], b[i+1]
		}
	}
	if r.order == "badc" || r.order == "dcba" {
		for i := 0; i+1 < len(b); i += 2 {
			b[i], b[i+1] = b[i+1], b[i]
		}
	}
	var wide [8]byte
	copy(wide[8-len(b):], b)
	u := binary.BigEndian.Uint64(wide[:])
	switch shift := 64 - 8*len(b); {
	case r.real && len(b) == 4:
		return float64(math.Float32frombits(uint32(u)))
	case r.real:
		return math.Float64frombits(u)
	case r.signs:
		return float64(int64(u<<shift) >> shift)
	default:
		return float64(u)
	}
}
