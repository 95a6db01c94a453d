package policy

import (
	"bytes"
	"strconv"
	"strings"
)

// Tags of Logix: "Counts[2]", "Program:Main.Motor[3].Speed". A request for several elements of an array goes
// on from the one that it names, and a tag without an index is its first one, or all of it in a rule.
// What stops a tag stops its members, and what would write them with it. Letters are the same in both cases.
var logix = layout{protocol: "cip", begins: beginsTag, write: writeTag, tree: true}

// treePart says of a stretch that a part of it is meant: who asks for a whole of which it is a part reaches it.
const treePart = 1

// lastElement is behind all arrays.
const lastElement = 1<<32 - 1

// offsetMark stands before the octet from which on a tag is moved in parts.
var offsetMark = []byte("/offset:")

// readTag reads a tag with the last of its indexes; those of more dimensions are a part of its name.
func readTag(text []byte) (at place, ok bool) {
	if i := bytes.LastIndex(text, offsetMark); i > 0 { // in octets, within the elements that are asked for
		text = text[:i]
	}
	at.unit, at.cut = 1, len(text)
	if n := len(text); n > 0 && text[n-1] == ']' {
		cut := rowPrefix(text[:n-1])
		if cut < 2 || text[cut-1] != '[' && text[cut-1] != ',' {
			return at, false
		}
		if at.from, _, ok = elements(text[cut:n-1], 1); !ok || at.from > lastElement {
			return at, false
		}
		if at.cut = cut; text[cut-1] == '[' {
			at.cut = cut - 1
		}
	}
	at.block = foldHash(text[:at.cut])
	return at, at.cut > 0
}

func beginsTag(to []stretch, text []byte) []stretch {
	cut := rowPrefix(text)
	if cut < 2 || text[cut-1] != '[' || bytes.IndexByte(text[:cut-1], '[') >= 0 && text[cut-2] == ']' {
		return to
	}
	at := place{unit: 1, cut: cut - 1, block: foldHash(text[:cut-1])}
	return beginsNumber(to, at, string(text), text[cut:], 10)
}

func writeTag(to []byte, at *place, name string) []byte {
	to = append(to, name...)
	if !strings.HasSuffix(name, ",") {
		to = append(to, '[')
	}
	return append(strconv.AppendUint(to, at.from, 10), ']')
}

// appendTree appends where a tag of a rule lies: itself, which is all of it where there is no index, and what it
// is a part of.
func appendTree(to []stretch, at *place, text string) []stretch {
	own := at.stretch(text, at.from)
	if text[len(text)-1] != ']' {
		own.to, own.open = lastElement, true
	}
	return appendAbove(append(to, own), text[:at.cut])
}

// appendAbove appends what a tag is a part of.
func appendAbove(to []stretch, name string) []stretch {
	for cut := parent([]byte(name)); cut > 0; cut = parent([]byte(name[:cut])) {
		if above, ok := readTag([]byte(name[:cut])); ok {
			s := above.stretch(name, above.from)
			if s.rule = treePart; name[cut-1] != ']' {
				s.to = lastElement
			}
			to = append(to, s)
		}
	}
	return to
}

// parent cuts a name behind what it is a part of; 0 is nothing. One index is read with the name before it, of several
// that name is what they are a part of.
func parent(name []byte) int {
	several := false
	for cut := len(name) - 1; cut > 0; cut-- {
		switch name[cut] {
		case ',':
			several = true
		case '[':
			if several {
				return cut
			}
		case '.':
			return cut
		}
	}
	return 0
}

// above calls f with the regions that a tag lies in: its own, that of its members, and those that it is a member
// of.
func (l *lying) above(text []byte, f func(r region, from, to uint64)) {
	f(region{l.layout, treePart, 0, l.block}, l.from, l.to)
	for cut := parent(text[:l.cut]); cut > 0; cut = parent(text[:cut]) {
		if at, ok := readTag(text[:cut]); ok {
			f(region{l.layout, 0, 0, at.block}, at.from, at.to(text[cut-1]))
		}
	}
}

// to is the last element of what a name stands for.
func (at *place) to(last byte) uint64 {
	if last == ']' {
		return at.from
	}
	return lastElement
}

// touched tells whether a request for a tag reaches a stretch.
func (s *stretch) touched(l *lying, text []byte) bool {
	if foldEqual(s.name, text[:l.cut]) {
		return s.from <= l.to && s.to >= l.from
	}
	for cut := parent(text[:l.cut]); cut > 0 && s.rule != treePart; cut = parent(text[:cut]) {
		if at, ok := readTag(text[:cut]); ok && foldEqual(s.name, text[:at.cut]) && s.from <= at.to(text[cut-1]) && s.to >= at.from {
			return true
		}
	}
	return false
}

// foldHash makes a number of a name, the same for letters of both cases.
func foldHash(name []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range name {
		h = (h ^ uint32(lower(c))) * 16777619
	}
	return h
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func foldEqual(a string, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range b {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}
