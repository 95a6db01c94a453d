package policy

import "bytes"

// Modules of MELSEC by their numbers: "unit:0x3/100" is the octet 100 of module 3. Where in it the words of its buffer
// memory ("U3/G:50") lie, and which of several numbers a module has, differs from one to the next.

// unitAt is where in the area the memory of a module begins, by its number; maxUnit is behind all of them.
const (
	unitAt  = 1 << 32
	maxUnit = maxBit / 64 / unitAt
)

// unitOf reads the number of a module.
func unitOf(text []byte) (n uint64, ok bool) {
	if len(text) > 8 || len(text) > 1 && text[0] == '0' {
		return 0, false
	}
	for _, c := range text {
		d := digitOf(c)
		if c >= 'a' {
			d = digitOf(c - 'a' + 'A')
		}
		if d > 15 || c >= 'A' && c <= 'F' {
			return 0, false
		}
		n = n<<4 | d
	}
	return n, len(text) > 0
}

// readUnit reads number and octet. Where a number leads that no module has nobody knows.
func readUnit(at *place, text []byte) (ok bool) {
	cut := bytes.IndexByte(text, '/')
	if cut < 0 {
		return false
	}
	module, ok := unitOf(text[:cut])
	n, rest, also := digitsOf(text[cut+1:], 10)
	if module >= maxUnit || n >= unitAt {
		at.loose = anywhere
	}
	at.from = module*unitAt + n
	return ok && also && len(rest) == 0
}

// beginsUnit appends where the octets lie whose texts begin with some of a number, or of an octet behind it.
func beginsUnit(to []stretch, at place, text []byte) []stretch {
	number, octet, whole := bytes.Cut(text, []byte("/"))
	module, ok := unitOf(number)
	if !ok || module >= maxUnit {
		return to
	}
	put := func(low, high uint64) {
		one := at
		one.from = low
		s := one.stretch("", high)
		s.open = true
		to = append(to, s)
	}
	begins := module * unitAt
	switch n, behind, ok := digitsOf(octet, 10); {
	case !whole: // all modules whose numbers begin so
		numbersFrom(module, 16, func(low, high uint64) { put(low*unitAt, min(high, maxUnit-1)*unitAt+unitAt-1) })
	case len(octet) == 0:
		put(begins, begins+unitAt-1)
	case ok && len(behind) == 0 && n < unitAt:
		numbersFrom(n, 10, func(low, high uint64) {
			if low < unitAt {
				put(begins+low, begins+min(high, unitAt-1))
			}
		})
	}
	return to
}
