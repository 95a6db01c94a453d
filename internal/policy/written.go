package policy

import "firedoor"

// Whoever remembers values by element must know, too, which of them something else was written over: a word of S7 by
// its two bytes, a member by the whole of which it is a part, a number by one that is called a REAL.

// Memory is where an element lies, in the areas that share it too. Where there is none nobody writes to it by another name.
type Memory []stretch

// MaxTraced is of how many elements of one server it is remembered what something else may be written over: a write is held against
// each, and a message has dozens of writes. The value of a further one is not known.
const MaxTraced = 1 << 12

// MemoryOf is that of an element of a protocol (ElementIn).
func MemoryOf(protocol string, element []byte) Memory {
	number := layoutOf(protocol)
	if number == 0 {
		return nil
	}
	o := Object{Text: string(element)}
	m := Memory(o.stretches(nil, number))
	if len(m) > 0 && layouts[number].tree { // without an index it is the first of an array, and not all of it
		m[0].to = m[0].from
	}
	return m
}

// Written is what a request writes to.
type Written struct {
	lies lying
	text []byte
}

// WrittenBy is where all elements of an object of a protocol lie. Not ok where they are no memory. It borrows the object.
func WrittenBy(protocol string, object []byte, quantity uint64) (w Written, ok bool) {
	w = Written{locate(layoutOf(protocol), object, quantity), object}
	return w, w.lies.layout != 0
}

// Touches tells whether what is written may change an element.
func (m Memory) Touches(w *Written) bool {
	for i := range m {
		if m[i].reached(&w.lies, w.text) {
			return true
		}
	}
	return false
}

// Quantity is how many elements an operation may change: at least those that it has values for.
func Quantity(v *firedoor.Values, has bool, quantity uint32) uint64 {
	n := uint64(max(v.Len(), 1))
	if has {
		n = max(n, uint64(quantity))
	}
	return n
}
