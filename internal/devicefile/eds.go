package devicefile

import (
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"firedoor/internal/written"
)

// edsTypes are the elementary data types of CIP (volume 1, C-6.1) as maps write them.
var edsTypes = map[uint64]string{
	0xc2: "i8", 0xc3: "i16", 0xc4: "i32", 0xc5: "i64", 0xc6: "u8", 0xc7: "u16", 0xc8: "u32", 0xc9: "u64",
	0xca: "f32", 0xcb: "f64", 0xd1: "u8", 0xd2: "u16", 0xd3: "u32", 0xd4: "u64",
}

// Places of fields in entries of EDS files (volume 1, 7-3.6).
const (
	paramType, paramName, paramMeasure = 4, 6, 7
	paramMultiplier                    = 12 // then divisor, base, offset
	assemblyName, assemblyPath         = 0, 1
	assemblyMembers                    = 6 // size in bits and what it is, in turn
	connectionParams                   = 1
	connectionOT, connectionTO         = 4, 7 // what it carries from the client and to it
)

// entry is "Name = field, field;".
type entry struct {
	section, name string
	line          int
	fields        []string
}

// EDS names the values of every assembly whose members the file describes. A file
// that cannot be read gives written.Problems.
func EDS(file string, from io.Reader) ([]Item, error) {
	b, err := io.ReadAll(io.LimitReader(from, MaxFile+1))
	if err != nil {
		return nil, err
	}
	if len(b) > MaxFile {
		return nil, written.Problems{{File: file, Text: fmt.Sprintf("is larger than %d bytes", MaxFile)}}
	}
	entries, problem := edsEntries(edsText(b))
	if problem != nil {
		problem.File = file
		return nil, written.Problems{*problem}
	}
	d := described(entries)
	var items []Item
	for i := range entries {
		if e := &entries[i]; e.section == "assembly" && strings.HasPrefix(e.name, "assem") {
			items = append(items, d.assembly(e)...)
		}
		if len(items) > maxItems {
			return nil, written.Problems{{File: file, Text: fmt.Sprintf("describes more than %d values", maxItems)}}
		}
	}
	if len(items) == 0 {
		return nil, written.Problems{{File: file, Text: "describes no member of an assembly: there is nothing to name"}}
	}
	return items, nil
}

// edsText is a file as UTF-8: it is also met in ISO 8859-1.
func edsText(b []byte) string {
	text := strings.TrimPrefix(string(b), "\ufeff")
	if utf8.ValidString(text) {
		return text
	}
	wide := make([]rune, len(text))
	for i := range len(text) {
		wide[i] = rune(text[i])
	}
	return string(wide)
}

// description is what a file says of parameters and assemblies, by the names of entries.
type description struct {
	params, assemblies map[string]*entry
	header             map[string]int // bits before an assembly's data in what a connection carries
}

func described(entries []entry) *description {
	d := &description{params: map[string]*entry{}, assemblies: map[string]*entry{}, header: map[string]int{}}
	for i := range entries {
		switch e := &entries[i]; e.section {
		case "params":
			d.params[e.name] = e
		case "assembly":
			d.assemblies[e.name] = e
		case "connection manager":
			d.connection(e)
		}
	}
	return d
}

// connection notes which assemblies have the run/idle header of 32 bits before them: the
// format of real time data in the connection's parameters (volume 1, 7-3.6.10), where it
// is 4, of each direction.
func (d *description) connection(e *entry) {
	const withHeader, headerBits = 4, 32
	formats, err := edsNumber(e.field(connectionParams), 32)
	if err != nil || !strings.HasPrefix(e.name, "connection") {
		return
	}
	if formats>>8&7 == withHeader {
		d.header[strings.ToLower(e.field(connectionOT))] = headerBits
	}
	if formats>>12&7 == withHeader {
		d.header[strings.ToLower(e.field(connectionTO))] = headerBits
	}
}

// edsNumber reads a number: decimal, whatever zeros it begins with, or hex.
func edsNumber(text string, bits int) (uint64, error) {
	if hex, ok := strings.CutPrefix(strings.ToLower(text), "0x"); ok {
		return strconv.ParseUint(hex, 16, bits)
	}
	return strconv.ParseUint(text, 10, bits)
}

// edsEntries cuts a file into its entries. Comments go from a dollar to the end of
// the line; text stands in quotes.
func edsEntries(text string) ([]entry, *written.Problem) {
	var all []entry
	section, line := "", 1
	var cur *entry
	var field strings.Builder
	quoted := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\n' {
			line++
		}
		switch {
		case quoted:
			if quoted = c != '"'; quoted {
				field.WriteByte(c)
			}
		case c == '$':
			for i+1 < len(text) && text[i+1] != '\n' {
				i++
			}
		case c == '"':
			quoted = true
		case c == '[' && cur == nil:
			end := strings.IndexByte(text[i:], ']')
			if end < 0 {
				return nil, &written.Problem{Line: line, Text: "a section's name has no end"}
			}
			section, field = strings.ToLower(strings.TrimSpace(text[i+1:i+end])), strings.Builder{}
			i += end
		case c == '=' && cur == nil:
			cur = &entry{section: section, name: strings.ToLower(strings.TrimSpace(field.String())), line: line}
			field.Reset()
		case (c == ',' || c == ';') && cur != nil:
			cur.fields = append(cur.fields, strings.TrimSpace(field.String()))
			field.Reset()
			if c == ';' {
				all = append(all, *cur)
				cur = nil
			}
		default:
			field.WriteByte(c)
		}
	}
	if cur != nil {
		return nil, &written.Problem{Line: cur.line, Key: cur.name, Text: "has no end: a semicolon is missing"}
	}
	return all, nil
}

func (e *entry) field(n int) string {
	if n < len(e.fields) {
		return e.fields[n]
	}
	return ""
}

// assembly names the members of one assembly; those of which nothing is said only
// take their room.
func (d *description) assembly(e *entry) []Item {
	number, ok := instance(e.field(assemblyPath))
	if !ok {
		n, err := strconv.ParseUint(strings.TrimPrefix(e.name, "assem"), 10, 32)
		if err != nil {
			return nil
		}
		number = n
	}
	m := members{description: d, object: fmt.Sprintf("assembly:%d", number), bit: d.header[e.name]}
	m.walk(e, 0)
	return m.items
}

// members are those of one assembly, in their order.
type members struct {
	*description
	object string
	bit    int // where the next one begins
	items  []Item
}

// maxNested is how deep assemblies in assemblies are followed.
const maxNested = 4

// walk takes the members of an assembly, and of assemblies that are members of it. It
// returns false where the next one begins nobody knows.
func (m *members) walk(e *entry, depth int) bool {
	for n := assemblyMembers; n < len(e.fields) && len(m.items) <= maxItems; n += 2 {
		name := strings.ToLower(e.field(n + 1))
		p, inner, from := m.params[name], m.assemblies[name], m.bit
		if inner != nil && depth >= maxNested || inner != nil && !m.walk(inner, depth+1) {
			return false
		}
		text := e.field(n)
		size, err := edsNumber(text, 16)
		switch {
		case text == "" && inner != nil: // as long as its members
			continue
		case err != nil && p != nil: // a member may leave its size to the parameter
			size, err = edsNumber(p.field(paramType+1), 8)
			size *= 8
		}
		if err != nil {
			return false
		}
		if p != nil {
			if item, ok := member(m.object, from, int(size), p); ok {
				m.items = append(m.items, item)
			}
		}
		m.bit = from + int(size)
	}
	return true
}

// instance reads the instance from a path to an assembly: "20 04 24 64 30 03".
func instance(path string) (uint64, bool) {
	b, err := hex.DecodeString(strings.ReplaceAll(path, " ", ""))
	switch {
	case err != nil || len(b) < 4 || b[0] != 0x20 || b[1] != 0x04:
		return 0, false
	case b[2] == 0x24:
		return uint64(b[3]), true
	case b[2] == 0x25 && len(b) >= 6 && b[3] == 0:
		return uint64(b[4]) | uint64(b[5])<<8, true
	}
	return 0, false
}

func member(object string, bit, size int, p *entry) (Item, bool) {
	i := Item{Object: at(object, bit/8), Name: p.field(paramName), Measure: p.field(paramMeasure), Scale: 1}
	kind, err := edsNumber(p.field(paramType), 16)
	if err != nil || i.Name == "" {
		return Item{}, false
	}
	if size == 1 {
		i.Type = fmt.Sprintf("bit.%d", bit%8)
		return i, true
	}
	i.Type = edsTypes[kind]
	if i.Type == "" || bit%8 != 0 || strconv.Itoa(size) != i.Type[1:] {
		return Item{}, false
	}
	if size > 8 {
		i.Order = "dcba" // CIP's numbers have the low byte first
	}
	scaled := [4]float64{1, 1, 1, 0}
	for k := range scaled {
		if v, err := strconv.ParseFloat(p.field(paramMultiplier+k), 64); err == nil {
			scaled[k] = v
		}
	}
	// Engineering value = (actual + offset) * multiplier * base / divisor (volume 1, 7-3.6.4).
	if scaled[0]*scaled[1]*scaled[2] != 0 { // a zero is nobody's scale
		i.Scale = scaled[0] * scaled[2] / scaled[1]
		i.Offset = scaled[3] * i.Scale
	}
	return i, true
}
