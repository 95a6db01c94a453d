package protocol

import (
	"bytes"
	"strings"

	"firedoor"
)

// Extent is what requests of a protocol can name, as far as that is sure. Whoever writes a rule
// about anything else wrote it for nothing.
type Extent struct {
	// Whole says that Functions tells all words and the width of all codes, with Further.
	Whole   bool
	Further []string
	// Units is the largest unit, 0 where nobody says.
	Units uint32
	// Spaces are the beginnings of the texts of all objects, up to their first colon; nil
	// where some are called as their makers like.
	Spaces map[string]Row
}

// Row is how far the numbers behind a beginning go; 0 where nobody says.
type Row struct{ Last uint32 }

// Extent tells how far a protocol goes.
func (p *Protocol) Extent() Extent {
	return Extent{Whole: p.Whole && p.Functions != nil, Further: p.Further, Units: p.Units, Spaces: p.heads()}
}

// Told tells whether words are among those that functions, or further ones, are known by. Words
// that end with a number are: so parsers call what nobody gave a name.
func (x *Extent) Told(words string, functions map[string]bool) bool {
	if functions[words] || strings.HasSuffix(words, "asked of the client") {
		return true
	}
	for _, w := range x.Further {
		if w == words {
			return true
		}
	}
	last := words[strings.LastIndexByte(words, ' ')+1:]
	return last != "" && (last[0] >= '0' && last[0] <= '9')
}

// heads asks each space how it writes objects. One that writes them all with the same beginning
// and a colon has no others.
func (p *Protocol) heads() map[string]Row {
	out := map[string]Row{}
	for _, s := range p.Spaces {
		head, ok := headOf(s)
		if !ok {
			return nil
		}
		row := Row{Last: s.Last}
		if was, twice := out[head]; twice && (was.Last == 0 || row.Last == 0) {
			row.Last = 0
		} else if twice {
			row.Last = max(row.Last, was.Last)
		}
		out[head] = row
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// headOf is the beginning of all texts of a space; not ok where it hangs on the object.
func headOf(s *firedoor.Space) (head string, ok bool) {
	if s.Append == nil {
		return s.Name, true
	}
	var text []byte
	ok = true
	try := func(o *firedoor.Object) {
		text = s.Append(text[:0], o)
		h, _, colon := bytes.Cut(text, []byte(":"))
		if head == "" {
			head = string(h)
		}
		ok = ok && colon && len(h) > 0 && string(h) == head
	}
	for _, free := range []string{"a", "b:c"} {
		try(&firedoor.Object{Space: s, Text: []byte(free)})
	}
	for _, others := range []uint32{0, 1} {
		for at := range 4 {
			for n := uint32(0); ok && n < 1<<9; n++ {
				for _, number := range []uint32{n, n << 8, n << 22, ^n} {
					o := firedoor.Object{Space: s, At: [4]uint32{others, others, others, others}}
					o.At[at] = number
					try(&o)
				}
			}
		}
	}
	return head, ok
}

// Widest is the largest number of as many bytes as a code has.
func Widest(code uint32) uint32 {
	most := uint32(0xff)
	for most < code {
		most = most<<8 | 0xff
	}
	return most
}
