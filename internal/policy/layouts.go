package policy

import (
	"bytes"
	"strconv"
)

// digitsOf reads the number at the beginning of a text, and gives what is behind it. A needless 0
// before it makes it none.
func digitsOf(text []byte, base uint64) (n uint64, rest []byte, ok bool) {
	i := 0
	for ; i < len(text) && i <= maxDigits; i++ {
		d := digitOf(text[i])
		if d >= base {
			break
		}
		n = n*base + d
	}
	if i == 0 || i > maxDigits || i > 1 && text[0] == '0' {
		return 0, text, false
	}
	return n, text[i:], true
}

// digitOf is what a digit counts; hexadecimal ones are capitals.
func digitOf(c byte) uint64 {
	switch {
	case c >= '0' && c <= '9':
		return uint64(c - '0')
	case c >= 'A' && c <= 'F':
		return uint64(c-'A') + 10
	}
	return 99
}

// numbersFrom calls f with the rows of numbers that begin with some digits: 12, 120 to 129 and so on.
func numbersFrom(first, base uint64, f func(low, high uint64)) {
	for scale := uint64(1); ; scale *= base {
		f(first*scale, first*scale+scale-1)
		if first == 0 || (first+1)*scale*base >= maxBit/64 {
			return
		}
	}
}

// area is a memory with a name.
type area struct {
	name string
	base uint64 // of its numbers
	unit uint64 // bits of an element
}

// named finds the area that a text begins with, the longest name first.
func areaAt(areas []area, text []byte) (number uint8, rest []byte, ok bool) {
	best := 0
	for i := range areas {
		if name := areas[i].name; len(name) > best && len(text) >= len(name) && string(text[:len(name)]) == name {
			number, best = uint8(i), len(name)
		}
	}
	return number, text[best:], best > 0
}

// S7: "DB1.DBX0.3", "DB1.DBW4", "M0.0", "MD8". DI is another way to a data block. P is inputs and outputs
// beside their images; V of an S7-200 is what others call DB1.
var s7 = layout{protocol: "s7comm", begins: beginsS7, write: writeS7, shares: []share{
	{s7P, s7I, -1, 0}, {s7I, s7P, -1, 0}, {s7P, s7Q, -1, 0}, {s7Q, s7P, -1, 0}, {s7DB, s7V, 1, 0}, {s7V, s7DB, 1, 0}}}

// Areas of S7, as s7Areas numbers them.
const (
	s7DB = iota
	s7DI
	s7P
	s7I
	s7Q
	s7V
)

var s7Areas = []area{s7DB: {name: "DB"}, s7DI: {name: "DI"}, s7P: {name: "P"}, s7I: {name: "I"}, s7Q: {name: "Q"}, s7V: {name: "V"},
	{name: "M"}, {name: "L"}, {name: "SI"}, {name: "SF"}, {name: "AI"}, {name: "AQ"}, {name: "DR"}}

// s7Letters are the widths of elements, in bits.
func s7Letter(c byte) (unit uint64, ok bool) {
	switch c {
	case 'X':
		return 1, true
	case 'B':
		return 8, true
	case 'W':
		return 16, true
	case 'D':
		return 32, true
	}
	return 1, false
}

// areaS7 reads what stands before the letter of the width: whole tells that there is a place for one.
func areaS7(text []byte) (at place, rest []byte, whole bool) {
	var ok bool
	if at.area, rest, ok = areaAt(s7Areas, text); !ok {
		return at, text, false
	}
	if at.area > s7DI {
		return at, rest, true
	}
	n, rest, ok := digitsOf(rest, 10)
	name := s7Areas[at.area].name
	if !ok || n > 0xffffffff || len(rest) == 0 || rest[0] != '.' {
		return at, text, false
	}
	at.block, at.area = uint32(n), s7DB
	rest = rest[1:]
	for i := 0; i < len(name) && len(rest) > 0; i++ {
		if rest[0] != name[i] {
			return at, text, false
		}
		rest = rest[1:]
	}
	return at, rest, true
}

func readS7(text []byte) (at place, ok bool) {
	at, rest, ok := areaS7(text)
	if !ok || len(rest) == 0 {
		return at, false
	}
	unit, lettered := s7Letter(rest[0])
	if lettered {
		rest = rest[1:]
	}
	if lettered == (at.area != s7DB && unit == 1) { // "M0.0" and "DB1.DBX0.0"
		return at, false
	}
	at.unit = unit
	n, rest, ok := digitsOf(rest, 10)
	at.from = n * 8
	if len(rest) > 0 && rest[0] == '.' && ok {
		n, rest, ok = digitsOf(rest[1:], 10)
		at.from += n
	} else if unit == 1 {
		return at, false
	}
	return at, ok && len(rest) == 0
}

func beginsS7(to []stretch, text []byte) []stretch {
	at, rest, ok := areaS7(text)
	if !ok {
		return to
	}
	put := func(from, last uint64) {
		one := at
		one.from = from
		s := one.stretch("", last)
		s.open = true
		to = append(to, s)
	}
	lettered := false
	if len(rest) > 0 { // else the elements are of any width
		if at.unit, lettered = s7Letter(rest[0]); lettered {
			rest = rest[1:]
		}
	}
	n, behind, ok := digitsOf(rest, 10)
	switch {
	case lettered == (at.area != s7DB && at.unit == 1) && (lettered || len(rest) > 0):
	case len(rest) == 0:
		put(0, maxBit)
	case !ok:
	case len(behind) == 0:
		numbersFrom(n, 10, func(low, high uint64) { put(low*8, high*8+max(at.unit, 8)-1) })
	case len(behind) == 1 && behind[0] == '.':
		put(n*8, n*8+7+at.unit-1)
	default:
		if one, ok := readS7(text); ok {
			put(one.from, one.from+one.unit-1)
		}
	}
	return to
}

func writeS7(to []byte, at *place, _ string) []byte {
	to = append(to, s7Areas[at.area].name...)
	if at.area == s7DB {
		to = append(strconv.AppendUint(to, uint64(at.block), 10), ".DB"...)
	}
	switch {
	case at.unit == 8:
		to = append(to, 'B')
	case at.unit == 16:
		to = append(to, 'W')
	case at.unit == 32:
		to = append(to, 'D')
	case at.area == s7DB:
		to = append(to, 'X')
	}
	to = strconv.AppendUint(to, at.from/8, 10)
	if at.unit == 1 || at.from%8 != 0 {
		to = strconv.AppendUint(append(to, '.'), at.from%8, 10)
	}
	return to
}

// theirs begins what a flow's client has.
var theirs = []byte("client/")

// own takes that mark off a text.
func own(text []byte) (rest []byte, block uint32) {
	if rest, marked := bytes.CutPrefix(text, theirs); marked {
		return rest, 1
	}
	return text, 0
}

// MELSEC: "D:100", "B:1A". Requests count the bits of bit devices, however they are asked for. R are the
// file registers of the block that is set, ZR all of them; DX and DY are X and Y beside their images.
var melsec = layout{protocol: "melsec", begins: beginsMelsec, write: writeMelsec, shares: []share{
	{melsecR, melsecZR, -1, fileBlock}, {melsecZR, melsecR, -1, fileBlock}, {melsecR, melsecDirect, -1, fileBlock}, {melsecDirect, melsecR, -1, fileBlock},
	{melsecZR, melsecDirect, -1, 0}, {melsecDirect, melsecZR, -1, 0}, {melsecX, melsecDX, -1, 0}, {melsecDX, melsecX, -1, 0}, {melsecY, melsecDY, -1, 0}, {melsecDY, melsecY, -1, 0},
	{melsecG, melsecUnit, -1, 1}, {melsecUnit, melsecG, -1, 1}, {melsecG, melsecBuffer, -1, 0}, {melsecBuffer, melsecG, -1, 0}, {melsecBuffer, melsecUnit, -1, 1}, {melsecUnit, melsecBuffer, -1, 1}}}

// Areas of MELSEC, as melsecAreas numbers them.
const (
	melsecX = iota
	melsecY
	melsecDX
	melsecDY
	melsecR
	melsecZR
	melsecDirect // file registers by 1E, counted through all blocks
	melsecBlock  // and by block and number: the same
	melsecG      // buffer memory of a module that is named
	melsecBuffer // that of the one that is asked
	melsecUnit   // that of one by its number, in octets from where only its manual says: any of it may be any other
)

var melsecAreas = []area{melsecX: {"X:", 16, 1}, melsecY: {"Y:", 16, 1}, melsecDX: {"DX:", 16, 1}, melsecDY: {"DY:", 16, 1}, melsecR: {"R:", 10, 1}, melsecZR: {"ZR:", 16, 1}, melsecDirect: {"R-direct:", 10, 1}, melsecBlock: {"R-block:", 10, 1},
	melsecG: {"G:", 10, 1}, melsecBuffer: {"buffer:", 10, 1}, melsecUnit: {"unit:0x", 10, 1},
	{"B:", 16, 1}, {"W:", 16, 1}, {"SB:", 16, 1}, {"SW:", 16, 1}, {"SM:", 10, 1}, {"SD:", 10, 1}, {"M:", 10, 1}, {"L:", 10, 1}, {"F:", 10, 1}, {"V:", 10, 1}, {"D:", 10, 1}, {"S:", 10, 1},
	{"TS:", 10, 1}, {"TC:", 10, 1}, {"TN:", 10, 1}, {"SS:", 10, 1}, {"SC:", 10, 1}, {"SN:", 10, 1}, {"CS:", 10, 1}, {"CC:", 10, 1}, {"CN:", 10, 1},
	{"Z:", 10, 1}, {"LZ:", 10, 1}, {"RD:", 10, 1}, {"LTS:", 10, 1}, {"LTC:", 10, 1}, {"LTN:", 10, 1},
	{"HG:", 10, 1}, {"LCS:", 10, 1}, {"LCC:", 10, 1}, {"LCN:", 10, 1}, {"LSTS:", 10, 1}, {"LSTC:", 10, 1}, {"LSTN:", 10, 1}}

func readMelsec(text []byte) (at place, ok bool) {
	rest, block := own(text)
	rest, _ = bytes.CutPrefix(rest, indexed) // the register behind says so too
	at.block, at.unit = block, 1
	if rest, ok = whoseMelsec(&at, rest); !ok {
		return at, false
	}
	if at.area, rest, ok = areaAt(melsecAreas, rest); !ok {
		return at, false
	}
	if at.area == melsecUnit {
		ok = readUnit(&at, rest)
		return at, ok
	}
	if at.from, rest, ok = digitsOf(rest, melsecAreas[at.area].base); !ok {
		return at, false
	}
	switch {
	case len(rest) > 0 && rest[0] == '/' && at.area == melsecBlock: // block and number
		n, behind, ok := digitsOf(rest[1:], 10)
		at.area, at.from = melsecDirect, at.from*fileBlock+n
		return at, ok && len(behind) == 0
	case at.area == melsecBlock:
		return at, false
	case len(rest) > 0 && (rest[0] == 'Z' || rest[0] == 'L'): // an index register is added
		at.loose = max(at.loose, somewhere)
		return at, true
	}
	return at, len(rest) == 0
}

// indexed begins what an index register is added to.
var indexed = []byte("indexed/")

// fileBlock is how many file registers a block has.
const fileBlock = 32768

// whoseMelsec reads what stands before a device of a module or a network, "U3E0/" or "J1/": memory of its own. What
// stands where another device says (@), or in a module that an index register is added to, is anywhere.
func whoseMelsec(at *place, text []byte) (rest []byte, ok bool) {
	if len(text) > 0 && text[0] == '@' {
		at.loose, text = anywhere, text[1:]
	}
	if len(text) == 0 || text[0] != 'U' && text[0] != 'J' {
		return text, true
	}
	end := bytes.IndexByte(text, '/')
	if end < 2 {
		return text, false
	}
	whose := text[:end]
	base, mark := uint64(16), uint32(1<<20)
	if whose[0] == 'J' {
		base, mark = 10, 1<<21
	}
	n, behind, ok := digitsOf(whose[1:], base)
	if at.block += 2 * (mark + uint32(n)); len(behind) > 0 {
		at.loose = anywhere
	}
	return text[end+1:], ok
}

// hexed tells whether devices of the server are numbered in hexadecimal digits.
func (l *lying) hexed() bool {
	return l.layout != 0 && layouts[l.layout] == &melsec && l.block == 0 && melsecAreas[l.area].base == 16
}

func beginsMelsec(to []stretch, text []byte) []stretch {
	rest, block := own(text)
	at := place{block: block, unit: 1}
	rest, ok := whoseMelsec(&at, rest)
	if !ok || at.loose != fixed {
		return to
	}
	if bytes.HasPrefix(inUnits, rest) && bytes.HasPrefix(rest, inUnits[:len("unit:")]) {
		rest = inUnits
	}
	if at.area, rest, ok = areaAt(melsecAreas, rest); !ok || at.area == melsecBlock {
		return to
	}
	if at.area == melsecUnit && len(rest) > 0 {
		return beginsUnit(to, at, rest)
	}
	return beginsNumber(to, at, "", rest, melsecAreas[at.area].base)
}

// beginsNumber appends where elements lie whose numbers begin with what is behind the name of an area.
func beginsNumber(to []stretch, at place, name string, digits []byte, base uint64) []stretch {
	put := func(low, high uint64) {
		one := at
		one.from = low * at.unit
		s := one.stretch(name, high*at.unit+at.unit-1)
		s.open = true
		to = append(to, s)
	}
	if n, behind, ok := digitsOf(digits, base); len(digits) == 0 {
		put(0, maxBit/64)
	} else if ok && len(behind) == 0 {
		numbersFrom(n, base, put)
	}
	return to
}

func writeMelsec(to []byte, at *place, _ string) []byte {
	if at.block&1 != 0 {
		to = append(to, theirs...)
	}
	switch whose := at.block / 2; {
	case whose&(1<<20) != 0:
		to = append(append(to, 'U'), bytes.ToUpper(strconv.AppendUint(nil, uint64(whose&0xffff), 16))...)
		to = append(to, '/')
	case whose&(1<<21) != 0:
		to = append(strconv.AppendUint(append(to, 'J'), uint64(whose&0xffff), 10), '/')
	}
	a := &melsecAreas[at.area]
	if at.area == melsecUnit {
		to = append(strconv.AppendUint(append(to, a.name...), at.from/unitAt, 16), '/')
		return strconv.AppendUint(to, at.from%unitAt, 10)
	}
	from := len(to) + len(a.name)
	to = strconv.AppendUint(append(to, a.name...), at.from, int(a.base))
	copy(to[from:], bytes.ToUpper(to[from:]))
	return to
}

// FINS: "CIO:12", and of its bits "CIO:12.03". EM without a bank is the bank that is set.
var fins = layout{protocol: "fins", begins: beginsFins, write: writeFins, shares: []share{{finsEM, finsBank, -1, 0}, {finsBank, finsEM, -1, 0}}}

// Areas of FINS, as finsAreas numbers them. finsBank is EM with a bank.
const (
	finsEM = iota
	finsBank
)

var finsAreas = []area{finsEM: {"EM:", 10, 16}, finsBank: {"EM", 10, 16}, {"CIO:", 10, 16}, {"WR:", 10, 16}, {"HR:", 10, 16}, {"AR:", 10, 16}, {"DM:", 10, 16}, {"forced:", 10, 16}}

// areaFins reads the name of an area, with its bank.
func areaFins(text []byte) (at place, rest []byte, ok bool) {
	rest, theirs := own(text)
	if at.area, rest, ok = areaAt(finsAreas, rest); !ok {
		return at, text, false
	}
	at.unit = 16
	if at.area == finsBank {
		bank, colon := uint32(0), bytes.IndexByte(rest, ':')
		if colon < 1 || colon > 2 {
			return at, text, false
		}
		for _, c := range rest[:colon] {
			d := digitOf(c &^ ('a' - 'A'))
			if c < 'a' {
				d = digitOf(c)
			}
			if d > 15 || c >= 'A' && c <= 'F' {
				return at, text, false
			}
			bank = bank<<4 | uint32(d)
		}
		at.block, rest = 2*(bank+1), rest[colon+1:]
	}
	at.block += theirs
	return at, rest, true
}

func readFins(text []byte) (at place, ok bool) {
	at, rest, ok := areaFins(text)
	if !ok {
		return at, false
	}
	n, rest, ok := digitsOf(rest, 10)
	if at.from = n * 16; ok && len(rest) > 1 && rest[0] == '.' {
		if rest = rest[1:]; len(rest) == 2 && rest[0] == '0' {
			rest = rest[1:]
		}
		n, rest, ok = digitsOf(rest, 10)
		at.from, at.unit = at.from+n, 1
	}
	return at, ok && len(rest) == 0
}

func beginsFins(to []stretch, text []byte) []stretch {
	at, rest, ok := areaFins(text)
	if !ok {
		return to
	}
	dot := bytes.IndexByte(rest, '.')
	if dot < 0 {
		return beginsNumber(to, at, "", rest, 10)
	}
	word, behind, ok := digitsOf(rest[:dot], 10)
	if !ok || len(behind) > 0 {
		return to
	}
	low, high := uint64(0), uint64(15)
	switch rest = rest[dot+1:]; string(rest) {
	case "":
	case "0":
		high = 9
	case "1":
		low = 10
	default:
		one, ok := readFins(text)
		if !ok || len(rest) != 2 {
			return to
		}
		low, high = one.from%16, one.from%16
	}
	at.from, at.unit = word*16+low, 1
	s := at.stretch("", word*16+high)
	s.open = true
	return append(to, s)
}

func writeFins(to []byte, at *place, _ string) []byte {
	if at.block&1 != 0 {
		to = append(to, theirs...)
	}
	to = append(to, finsAreas[at.area].name...)
	if at.area == finsBank {
		to = append(strconv.AppendUint(to, uint64(at.block/2-1), 16), ':')
	}
	to = strconv.AppendUint(to, at.from/16, 10)
	if at.unit == 1 {
		bit := byte(at.from % 16)
		to = append(to, '.', '0'+bit/10, '0'+bit%10)
	}
	return to
}

// SRTP: "%I:17" is a bit, "%I.byte:2" eight of them, and "%R:0" a word.
var gesrtp = layout{protocol: "ge_srtp", begins: beginsSRTP, write: writeSRTP}

var srtpAreas = []area{{"%R", 10, 16}, {"%AI", 10, 16}, {"%AQ", 10, 16}, {"%I", 10, 1}, {"%Q", 10, 1}, {"%T", 10, 1}, {"%M", 10, 1}, {"%SA", 10, 1}, {"%SB", 10, 1}, {"%SC", 10, 1}, {"%S", 10, 1}, {"%G", 10, 1}}

// areaSRTP reads an area and how wide its elements are.
func areaSRTP(text []byte) (at place, rest []byte, ok bool) {
	if at.area, rest, ok = areaAt(srtpAreas, text); !ok {
		return at, text, false
	}
	if at.unit = srtpAreas[at.area].unit; at.unit == 1 {
		if behind, octets := bytes.CutPrefix(rest, []byte(".byte")); octets {
			at.unit, rest = 8, behind
		}
	}
	rest, ok = bytes.CutPrefix(rest, []byte(":"))
	return at, rest, ok
}

func readSRTP(text []byte) (at place, ok bool) {
	at, rest, ok := areaSRTP(text)
	if !ok {
		return at, false
	}
	n, rest, ok := digitsOf(rest, 10)
	at.from = n * at.unit
	return at, ok && len(rest) == 0
}

func beginsSRTP(to []stretch, text []byte) []stretch {
	if at, rest, ok := areaSRTP(text); ok {
		return beginsNumber(to, at, "", rest, 10)
	}
	return to
}

func writeSRTP(to []byte, at *place, _ string) []byte {
	to = append(to, srtpAreas[at.area].name...)
	if at.unit == 8 {
		to = append(to, ".byte"...)
	}
	return strconv.AppendUint(append(to, ':'), at.from/at.unit, 10)
}
