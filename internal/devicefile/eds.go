package devicefile

import (
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"

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
	entries, problem := edsEntries(string(b))
	if problem != nil {
		problem.File = file
		return nil, written.Problems{*problem}
	}
	params := map[string]*entry{}
	for i := range entries {
		if e := &entries[i]; e.section == "params" {
			params[e.name] = e
		}
	}
	var items []Item
	for i := range entries {
		if e := &entries[i]; e.section == "assembly" && strings.HasPrefix(e.name, "assem") {
			items = append(items, assembly(e, params)...)
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
func assembly(e *entry, params map[string]*entry) []Item {
	number, ok := instance(e.field(assemblyPath))
	if !ok {
		n, err := strconv.ParseUint(strings.TrimPrefix(e.name, "assem"), 10, 32)
		if err != nil {
			return nil
		}
		number = n
	}
	object, bit := fmt.Sprintf("assembly:%d", number), 0
	var items []Item
	for n := assemblyMembers; n < len(e.fields) && len(items) <= maxItems; n += 2 {
		p := params[strings.ToLower(e.field(n+1))]
		size, err := strconv.ParseUint(e.field(n), 0, 16)
		if err != nil && p != nil { // a member may leave its size to the parameter
			size, err = strconv.ParseUint(p.field(paramType+1), 0, 8)
			size *= 8
		}
		if err != nil {
			return items // where the next one begins is not known
		}
		if p != nil {
			if item, ok := member(object, bit, int(size), p); ok {
				items = append(items, item)
			}
		}
		bit += int(size)
	}
	return items
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
	kind, err := strconv.ParseUint(p.field(paramType), 0, 16)
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
	if scaled[1] != 0 {
		i.Scale = scaled[0] * scaled[2] / scaled[1]
		i.Offset = scaled[3] * i.Scale
	}
	return i, true
}
