package policy

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"firedoor/internal/spelling"
)

// Extent is what requests of a protocol can name, as far as that is sure.
type Extent struct {
	// Whole says that no request has words that Told denies, nor a code above Widest.
	Whole  bool
	Told   func(words string) bool
	Widest uint32
	// Units is the largest unit, 0 where nobody says.
	Units uint32
	// Spaces are the beginnings of all objects up to their first colon, each with the largest
	// number behind it, 0 where nobody says; nil where objects are called as their makers like.
	Spaces map[string]uint32
}

// exists tells of what a rule names and no request of its protocols can have: the rule would never
// match, and what it was to stop or to protect goes on without it. What may be a mistake and is not
// sure to be one is a doubt, which Study tells.
func (c *compiler) exists(m *Match, line int, key string) {
	c.signed(m, line, key+".value")
	if c.known.Extent == nil || len(m.Functions)+len(m.Codes)+len(m.Units)+len(m.Objects) == 0 {
		return
	}
	extents := make([]Extent, len(m.Protocols))
	for i, p := range m.Protocols {
		x, asked := c.extents[p]
		if !asked {
			x = c.known.Extent(p)
			c.extents[p] = x
		}
		extents[i] = x
	}
	c.functionsExist(m, extents, line, key+".function")
	if len(extents) == 0 {
		return // some protocol has such codes, units and objects
	}
	c.together(m, extents, line, key+".function")
	has := orOf(m.Protocols, "")
	widest, units := uint32(0), uint32(0)
	for i := range extents {
		x := &extents[i]
		widest, units = max(widest, orAny(x.Widest, x.Whole)), max(units, orAny(x.Units, x.Units > 0))
	}
	for _, n := range m.Codes {
		if n > widest {
			c.fault(line, key+".code", "%d is no code of %s: they end at %d", n, has, widest)
		}
	}
	for _, n := range m.Units {
		if n > units {
			c.fault(line, key+".unit", "%d is no unit of %s: they end at %d", n, has, units)
		}
	}
	c.objectsExist(m, extents, line, key+".object")
}

// orAny is a bound, or the largest number where there is none.
func orAny(n uint32, sure bool) uint32 {
	if !sure {
		return 1<<32 - 1
	}
	return n
}

// functionsExist holds words against those that protocols are known to have; without a protocol
// against those of all.
func (c *compiler) functionsExist(m *Match, extents []Extent, line int, key string) {
	protocols := m.Protocols
	if len(protocols) == 0 {
		protocols = c.known.Protocols
	}
	for _, words := range m.Functions {
		whole, told := len(extents) > 0, false
		for i := range extents {
			whole, told = whole && extents[i].Whole, told || extents[i].Told(words)
		}
		for _, p := range protocols {
			told = told || c.words(p)[words]
		}
		if told || !whole && digitsEnd(words) {
			continue
		}
		text := fmt.Sprintf("%s has no function %q", orOf(m.Protocols, ""), words)
		if len(extents) == 0 {
			text = fmt.Sprintf("no protocol has a function %q", words)
		}
		var all []string
		for _, p := range protocols {
			for w := range c.words(p) {
				all = append(all, w)
			}
		}
		switch near := nearest(words, all); {
		case near != "":
			c.fault(line, key, "%s: did you mean %q?", text, near)
		case whole:
			c.fault(line, key, "%s", text)
		default:
			c.doubts = append(c.doubts, Finding{line, "unknown", fmt.Sprintf("%s: %s that is known: a rule that names one by mistake never decides", key, text)})
		}
	}
}

// together tells of functions that are all known, and of which none has a code that the rule names
// beside them. Of verbs nobody can say that: what a function does may hang on what it is asked of.
func (c *compiler) together(m *Match, extents []Extent, line int, key string) {
	if len(m.Functions) == 0 || len(m.Codes) == 0 || c.known.Functions == nil {
		return
	}
	var are []string
	for _, words := range m.Functions {
		one := len(are)
		for i, p := range m.Protocols {
			if !extents[i].Whole {
				return
			}
			for _, f := range c.known.Functions(p) {
				if f.Words != words {
					continue
				}
				if f.Several || slices.Contains(m.Codes, f.Code) {
					return
				}
				are = append(are, fmt.Sprintf("%s of %s has code %d", words, p, f.Code))
			}
		}
		if len(are) != one+1 {
			return // one that a number calls, or that is told by no code or by several, may be anything
		}
	}
	c.doubts = append(c.doubts, Finding{line, "never", fmt.Sprintf("%s: no request matches: %s", key, strings.Join(are, ", "))})
}

// signed tells of a range below nothing of what has no sign: a register that has one is read as i16.
func (c *compiler) signed(m *Match, line int, key string) {
	if m.Values == nil || m.As != AsWritten || m.Values.Min >= 0 || math.IsInf(m.Values.Min, -1) || !slices.Equal(m.Protocols, []string{"modbus"}) {
		return
	}
	c.doubts = append(c.doubts, Finding{line, "signed", key + ": registers of modbus are numbers from 0 to 65535, so nothing below 0 is ever written: where they have a sign say how they lie (as: i16, or i32 in two of them)"})
}

// words are what the functions of a protocol are called.
func (c *compiler) words(protocol string) map[string]bool {
	if set, known := c.wordsOf[protocol]; known {
		return set
	}
	set := map[string]bool{}
	if c.known.Functions != nil {
		for _, f := range c.known.Functions(protocol) {
			if f.Words != "" {
				set[f.Words] = true
			}
		}
	}
	c.wordsOf[protocol] = set
	return set
}

// objectsExist holds objects against the spaces of protocols, where all of them are closed.
func (c *compiler) objectsExist(m *Match, extents []Extent, line int, key string) {
	spaces := map[string]uint32{}
	for i := range extents {
		if extents[i].Spaces == nil {
			return
		}
		for head, last := range extents[i].Spaces {
			if was, twice := spaces[head]; !twice || was != 0 && (last == 0 || last > was) {
				spaces[head] = last
			}
		}
	}
	heads := make([]string, 0, len(spaces))
	for head := range spaces {
		heads = append(heads, head)
	}
	slices.Sort(heads)
	for _, o := range m.Objects {
		head, rest, colon := strings.Cut(o.Text, ":")
		last, known := spaces[head]
		if o.Open && !colon {
			known = slices.ContainsFunc(heads, func(h string) bool { return strings.HasPrefix(h, o.Text) })
		}
		switch near := nearest(head, heads); {
		case o == (Object{}) || known && (!o.Row || rest != "" || last == 0 || o.To <= uint64(last)):
		case known:
			c.fault(line, key, "%q goes beyond %s:%d, the last there is", o, head, last)
		case near != "" && colon:
			meant := o
			meant.Text = near + ":" + rest
			c.fault(line, key, "%s has no object %q: did you mean %q?", orOf(m.Protocols, ""), o, meant)
		default:
			c.fault(line, key, "%s has no object %q: they begin with %s", orOf(m.Protocols, ""), o, orOf(texts(heads), "")+", and a colon")
		}
	}
}

// digitsEnd tells whether words end with a number, as those do that nobody gave a name.
func digitsEnd(words string) bool {
	last := words[strings.LastIndexByte(words, ' ')+1:]
	return last != "" && last[0] >= '0' && last[0] <= '9'
}

// maxSlips is how many letters a word may be off to be taken for another, and minSlipped how
// long it is then.
const (
	maxSlips   = 2
	minSlipped = 4
)

// nearest is the word of a list that text is most likely to mean, "" for none.
func nearest(text string, list []string) (found string) {
	best := maxSlips + 1
	if len(text) < minSlipped {
		return ""
	}
	for _, w := range list {
		if len(w) < minSlipped {
			continue
		}
		if n := spelling.Slips(text, w, maxSlips); n < best || n == best && n <= maxSlips && w < found {
			best, found = n, w
		}
	}
	return found
}
