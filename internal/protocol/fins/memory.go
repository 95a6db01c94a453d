package fins

import (
	"encoding/binary"
	"strconv"

	"firedoor"
)

// area is one memory area as a code of a command names it (W342, 5-2-2; W227, 5-2).
type area struct {
	space *firedoor.Space
	kind  firedoor.ValueType
	bank  uint8 // 1 + the bank of expansion memory
	bit   bool
}

// Places in an object's At. Expansion memory says its bank before the address.
const (
	atAddress = 0 // word, or word*16 + bit
	atBank    = 1
	atTheirs  = 3 // not 0: the flow's client has it
)

// Spaces of memory: one for words and one for bits of each area.
var (
	cioWords, cioBits           = words("CIO"), bits("CIO")
	workWords, workBits         = words("WR"), bits("WR")
	holdingWords, holdingBits   = words("HR"), bits("HR")
	auxiliaryWords, auxiliaries = words("AR"), bits("AR")
	dmWords, dmBits             = words("DM"), bits("DM")
	emWords, emBits             = words("EM"), bits("EM")
	timers                      = words("TIM-CNT")
	timerFlags                  = words("TIM-CNT-flag")
	transitions                 = words("transition-flag")
	steps                       = words("step-flag")
	stepTimers                  = words("step-timer")
	forcedWords, forcedBits     = words("forced"), bits("forced")
	tasks                       = words("task-flag")
	clocks                      = words("clock-pulse")
	actions                     = words("action-flag")
	registers                   = words("register")
	indexes                     = words("IR")
	dataRegisters               = words("DR")
	interrupts                  = words("interrupt-interval")
	others                      = &firedoor.Space{Name: "area", Axis: 2, Append: appendOther}
)

// Spaces of everything else.
var (
	parameters = &firedoor.Space{Name: "parameter", Axis: 2, Append: appendParameter}
	programs   = numbered("program")
	disks      = numbered("disk")
	files      = &firedoor.Space{Name: "file", Append: appendFile}
)

func spaces() []*firedoor.Space {
	return []*firedoor.Space{
		cioWords, cioBits, workWords, workBits, holdingWords, holdingBits, auxiliaryWords, auxiliaries,
		dmWords, dmBits, emWords, emBits, timers, timerFlags, transitions, steps, stepTimers, forcedWords, forcedBits,
		tasks, clocks, actions, registers, indexes, dataRegisters, interrupts, others, parameters, programs, disks, files,
	}
}

// numbered is a kind of object that is told by its number.
func numbered(name string) *firedoor.Space {
	return &firedoor.Space{Name: name, Append: func(dst []byte, o *firedoor.Object) []byte {
		dst = append(append(appendTheirs(dst, o), name...), ':')
		return strconv.AppendUint(dst, uint64(o.At[0]), 10)
	}}
}

// appendTheirs begins the text of what a flow's client has.
func appendTheirs(dst []byte, o *firedoor.Object) []byte {
	if o.At[atTheirs] != 0 {
		dst = append(dst, "client/"...)
	}
	return dst
}

// place is where values of a memory area stand. What was read together with whether it is
// forced is not the value of a word or a bit.
func place(o *firedoor.Object, v *firedoor.Values) firedoor.Object {
	if v.Type == firedoor.U8 || v.Type == firedoor.U32 && o.Space.Name != "IR" {
		return firedoor.Object{}
	}
	return *o
}

func words(name string) *firedoor.Space {
	return &firedoor.Space{Name: name, Axis: 1 + atAddress, Place: place, Append: func(dst []byte, o *firedoor.Object) []byte {
		dst = appendArea(dst, o, name)
		return strconv.AppendUint(dst, uint64(o.At[atAddress]), 10)
	}}
}

func bits(name string) *firedoor.Space {
	return &firedoor.Space{Name: name + "-bit", Axis: 1 + atAddress, Place: place, Append: func(dst []byte, o *firedoor.Object) []byte {
		dst = appendArea(dst, o, name)
		dst = strconv.AppendUint(dst, uint64(o.At[atAddress]>>4), 10)
		bit := byte(o.At[atAddress] & 15)
		return append(dst, '.', '0'+bit/10, '0'+bit%10)
	}}
}

// appendArea writes "DM:", or with a bank "EM3:".
func appendArea(dst []byte, o *firedoor.Object, name string) []byte {
	dst = append(appendTheirs(dst, o), name...)
	if bank := o.At[atBank]; bank > 0 {
		dst = strconv.AppendUint(dst, uint64(bank-1), 16)
	}
	return append(dst, ':')
}

// appendOther writes "area:0xfd/100.03" of an area nobody described.
func appendOther(dst []byte, o *firedoor.Object) []byte {
	dst = append(appendTheirs(dst, o), "area:0x"...)
	dst = append(dst, hex(o.At[0]>>4), hex(o.At[0]), '/')
	dst = strconv.AppendUint(dst, uint64(o.At[1]>>4), 10)
	bit := byte(o.At[1] & 15)
	return append(dst, '.', '0'+bit/10, '0'+bit%10)
}

func hex(v uint32) byte { return "0123456789abcdef"[v&15] }

func appendParameter(dst []byte, o *firedoor.Object) []byte {
	dst = append(appendTheirs(dst, o), "parameter:0x"...)
	for shift := 12; shift >= 0; shift -= 4 {
		dst = append(dst, hex(o.At[0]>>shift))
	}
	return strconv.AppendUint(append(dst, '/'), uint64(o.At[1]), 10)
}

// appendFile writes "disk:0/NAME.OBJ".
func appendFile(dst []byte, o *firedoor.Object) []byte {
	dst = append(appendTheirs(dst, o), "disk:"...)
	dst = strconv.AppendUint(dst, uint64(o.At[0]), 10)
	return append(append(dst, '/'), o.Text...)
}

// areas are the memory areas by their code. With forced status a word has four
// octets and a bit says its status beside its state.
var areas = areaTable()

func areaTable() *[256]area {
	var all [256]area
	word := func(code int, s *firedoor.Space) { all[code] = area{space: s, kind: firedoor.U16} }
	bit := func(code int, s *firedoor.Space) { all[code] = area{space: s, kind: firedoor.Bool, bit: true} }
	flag := func(code int, s *firedoor.Space) { all[code] = area{space: s, kind: firedoor.Bool} }
	forced := func(code int, from int, kind firedoor.ValueType) {
		all[code] = all[from]
		all[code].kind = kind
	}
	for i, s := range [...][2]*firedoor.Space{{cioWords, cioBits}, {workWords, workBits}, {holdingWords, holdingBits}, {auxiliaryWords, auxiliaries}} {
		bit(0x30+i, s[1])
		word(0xb0+i, s[0])
		forced(0x70+i, 0x30+i, firedoor.U8)
		forced(0xf0+i, 0xb0+i, firedoor.U32)
	}
	// The CV series: CIO holds the other areas at addresses of their own.
	bit(0x00, cioBits)
	word(0x80, cioWords)
	forced(0x40, 0x00, firedoor.U8)
	forced(0xc0, 0x80, firedoor.U32)
	for _, code := range []int{0x01, 0x09} {
		flag(code, timerFlags)
		forced(0x40+code, code, firedoor.U8)
		word(0x80+code, timers)
	}
	bit(0x02, dmBits)
	word(0x82, dmWords)
	flag(0x03, transitions)
	forced(0x43, 0x03, firedoor.U8)
	flag(0x04, steps)
	forced(0x44, 0x04, firedoor.U8)
	word(0x84, stepTimers)
	bit(0x05, forcedBits)
	word(0x85, forcedWords)
	flag(0x06, tasks)
	forced(0x46, 0x06, firedoor.U8)
	flag(0x07, clocks)
	flag(0x1b, actions)
	bit(0x0a, emBits)
	word(0x98, emWords)
	bank := func(from, count, first int, put func(int, *firedoor.Space), s *firedoor.Space) {
		for i := range count {
			put(from+i, s)
			all[from+i].bank = uint8(first + i + 1)
		}
	}
	bank(0x20, 16, 0, bit, emBits)
	bank(0xe0, 9, 16, bit, emBits)
	bank(0xa0, 16, 0, word, emWords)
	bank(0x60, 9, 16, word, emWords)
	bank(0x90, 8, 0, word, emWords)
	word(0x9c, registers)
	word(0xbc, dataRegisters)
	all[0xdc] = area{space: indexes, kind: firedoor.U32}
	word(0xdd, interrupts)
	return &all
}

// memory reads an area, a word and a bit: four octets.
func memory(b []byte) (o firedoor.Object, a *area) {
	a = &areas[b[0]]
	address := uint32(binary.BigEndian.Uint16(b[1:]))
	switch {
	case a.space == nil:
		return firedoor.Object{Space: others, At: [4]uint32{uint32(b[0]), address<<4 | uint32(b[3]&15)}}, a
	case a.bit:
		address = address<<4 | uint32(b[3]&15)
	}
	return firedoor.Object{Space: a.space, At: [4]uint32{address, uint32(a.bank)}}, a
}

// values views as many elements of an area as were asked for.
func (a *area) values(b []byte, count uint32) firedoor.Values {
	if a.space == nil {
		return firedoor.Values{}
	}
	have := len(b) / a.kind.Size()
	return firedoor.Values{Type: a.kind, Count: min(have, int(count)), Raw: b}
}

// size is how many octets the elements have; -1 where the area is unknown.
func (a *area) size(count uint32) int {
	if a.space == nil {
		return -1
	}
	return a.kind.Size() * int(count)
}
