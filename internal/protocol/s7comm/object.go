package s7comm

import (
	"strconv"

	"firedoor"
)

// Spaces of variables: At is {data block, byte, bit, letter}. The letter is X
// for bits, B, W or D for bytes, words and double words.
var (
	spaceI  = area("I")
	spaceQ  = area("Q")
	spaceM  = area("M")
	spaceP  = area("P")
	spaceL  = area("L")
	spaceV  = area("V")
	spaceSI = area("SI") // system information, S7-200
	spaceSF = area("SF") // system flags, S7-200
	spaceAI = area("AI") // analogue inputs, S7-200
	spaceAQ = area("AQ") // analogue outputs, S7-200
	spaceDR = area("DR") // data records
	spaceDB = block("DB", "DB")
	spaceDI = block("DI", "DI")
	spaceC  = number("C")
	spaceT  = number("T")
	spaceHC = number("IEC-C") // IEC counters, S7-200
	spaceHT = number("IEC-T") // IEC timers, S7-200
	// spaceArea is an area nobody named: At[0] is its number.
	spaceArea = &firedoor.Space{Name: "area", Append: appendUnnamed, Place: func(o *firedoor.Object, _ *firedoor.Values) firedoor.Object {
		return firedoor.Object{Space: spaceMemory, At: o.At}
	}}
	spaceMemory = &firedoor.Space{Name: "area-memory", Bytes: 2, Append: appendUnnamed} // its bytes, for points only
)

// area is a space without blocks: "I0.0", "IB4", "MD8".
func area(name string) *firedoor.Space {
	return &firedoor.Space{Name: name, Bytes: 2, Append: func(dst []byte, o *firedoor.Object) []byte {
		dst = append(dst, name...)
		if o.At[3] != 'X' {
			dst = append(dst, byte(o.At[3]))
		}
		return appendAddress(dst, o)
	}}
}

// block is a space of numbered blocks: "DB1.DBX0.0", "DI2.DIW4".
func block(name, unit string) *firedoor.Space {
	return &firedoor.Space{Name: name, Bytes: 2, Append: func(dst []byte, o *firedoor.Object) []byte {
		dst = strconv.AppendUint(append(dst, name...), uint64(o.At[0]), 10)
		dst = append(append(dst, '.'), unit...)
		return appendAddress(append(dst, byte(o.At[3])), o)
	}}
}

// number is a space of numbered elements: "C5", "T5".
func number(name string) *firedoor.Space {
	text := func(dst []byte, o *firedoor.Object) []byte {
		return strconv.AppendUint(append(dst, name...), uint64(o.At[1]), 10)
	}
	row := &firedoor.Space{Name: name + "-row", Axis: 2, Append: text} // for points only
	rows = append(rows, row)
	return &firedoor.Space{Name: name, Append: text, Place: func(o *firedoor.Object, _ *firedoor.Values) firedoor.Object {
		return firedoor.Object{Space: row, At: o.At}
	}}
}

// rows are where elements stand whose objects do not say that they lie in a row.
var rows []*firedoor.Space

// appendAddress writes byte and bit; a bit that is not zero is written for
// larger elements too, as they then do not begin at a byte.
func appendAddress(dst []byte, o *firedoor.Object) []byte {
	dst = strconv.AppendUint(dst, uint64(o.At[1]), 10)
	if o.At[3] == 'X' || o.At[2] != 0 {
		dst = strconv.AppendUint(append(dst, '.'), uint64(o.At[2]), 10)
	}
	return dst
}

func appendUnnamed(dst []byte, o *firedoor.Object) []byte {
	dst = append(appendHex(append(dst, "area:"...), o.At[0], 2), '/', byte(o.At[3]))
	return appendAddress(dst, o)
}

// Spaces of variables that are not plain memory.
var (
	// spaceNCK is a variable of a numerical control: area and unit, module,
	// column, line.
	spaceNCK = &firedoor.Space{Name: "nck", Append: appendNCK, Place: placeNCK}
	// spaceLines is variables of several lines, one behind the other, for points only.
	spaceLines = &firedoor.Space{Name: "nck-line", Axis: 4, Append: appendNCK}
	// spaceSymbol is a variable of an S7-1200/1500 by its checksum: At is {area,
	// checksum, first identifier, last identifier}.
	spaceSymbol = &firedoor.Space{Name: "sym", Append: appendSymbol}
	// spaceSyntax is a way to address that is not decoded: At[0] is its number.
	spaceSyntax = &firedoor.Space{Name: "syntax", Append: hexed("syntax", 2)}
)

// placeNCK is where a variable of a numerical control stands: a value in each line. Of what has
// several nothing tells where one line ends.
func placeNCK(o *firedoor.Object, v *firedoor.Values) firedoor.Object {
	switch {
	case v.Each == firedoor.Unmeasured:
		return firedoor.Object{}
	case v.Each != 0: // the octets of one line
		return *o
	}
	return firedoor.Object{Space: spaceLines, At: o.At}
}

func appendNCK(dst []byte, o *firedoor.Object) []byte {
	dst = strconv.AppendUint(append(dst, "nck:"...), uint64(o.At[0]>>5), 10)
	dst = strconv.AppendUint(append(dst, '/'), uint64(o.At[0]&0x1f), 10)
	dst = appendHex(append(dst, '/'), o.At[1], 2)
	dst = strconv.AppendUint(append(dst, '/'), uint64(o.At[2]), 10)
	return strconv.AppendUint(append(dst, '/'), uint64(o.At[3]), 10)
}

func appendSymbol(dst []byte, o *firedoor.Object) []byte {
	dst = append(dst, "sym:"...)
	if o.At[0]>>16 == symbolDB {
		dst = strconv.AppendUint(append(dst, "DB"...), uint64(o.At[0]&0xffff), 10)
	} else {
		dst = appendHex(dst, o.At[0]&0xffff, 2)
	}
	dst = appendHex(append(dst, "/crc:"...), o.At[1], 8)
	dst = strconv.AppendUint(append(dst, "/lid:"...), uint64(o.At[2]), 10)
	if o.At[3] != 0 {
		dst = strconv.AppendUint(append(dst, '.'), uint64(o.At[3]), 10)
	}
	return dst
}

// Spaces of everything else.
var (
	spaceSZL    = &firedoor.Space{Name: "szl", Append: appendSZL}
	spaceBlock  = &firedoor.Space{Name: "block", Append: appendBlock}
	spaceFile   = &firedoor.Space{Name: "file"}
	spaceUpload = &firedoor.Space{Name: "upload", Passing: true} // the CPU counts uploads
	spacePI     = &firedoor.Space{Name: "pi"}
	spaceMode   = &firedoor.Space{Name: "mode", Append: func(dst []byte, _ *firedoor.Object) []byte {
		return append(dst, "mode"...)
	}}
	spaceAlarm  = &firedoor.Space{Name: "alarm", Append: hexed("alarm", 8)}
	spaceEvent  = &firedoor.Space{Name: "event", Append: hexed("event", 4)}
	spaceEvents = &firedoor.Space{Name: "events", Append: hexed("events", 2)}
	spaceJob    = &firedoor.Space{Name: "job"}
	spaceRID    = &firedoor.Space{Name: "rid", Append: hexed("rid", 8)}
)

func hexed(name string, digits int) func([]byte, *firedoor.Object) []byte {
	return func(dst []byte, o *firedoor.Object) []byte {
		return appendHex(append(append(dst, name...), ':'), o.At[0], digits)
	}
}

func appendSZL(dst []byte, o *firedoor.Object) []byte {
	dst = appendHex(append(dst, "szl:"...), o.At[0], 4)
	return appendHex(append(dst, "/index:"...), o.At[1], 4)
}

// appendBlock writes a block: At is {type, number, file system}. "block:DB1/P"
// is a block loaded but not yet in use (passive), A one in use.
func appendBlock(dst []byte, o *firedoor.Object) []byte {
	dst = append(dst, "block:"...)
	return appendBlockName(dst, o)
}

func appendBlockName(dst []byte, o *firedoor.Object) []byte {
	if name := blockType(o.At[0]); name != "" {
		dst = append(dst, name...)
	} else {
		dst = append(appendHex(append(dst, "type:"...), o.At[0], 2), '/')
	}
	if o.At[1] != noNumber {
		dst = strconv.AppendUint(dst, uint64(o.At[1]), 10)
	}
	if fs := byte(o.At[2]); fs >= 'A' && fs <= 'Z' {
		dst = append(dst, '/', fs)
	}
	return dst
}

// noNumber is the number of a block object that means all blocks of the type.
const noNumber = ^uint32(0)

func blockType(t uint32) string {
	switch t {
	case 0x08:
		return "OB"
	case 0x0a:
		return "DB"
	case 0x0b:
		return "SDB"
	case 0x0c:
		return "FC"
	case 0x0d:
		return "SFC"
	case 0x0e:
		return "FB"
	case 0x0f:
		return "SFB"
	}
	return ""
}

func appendHex(dst []byte, v uint32, digits int) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, "0x"...)
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		dst = append(dst, hex[v>>shift&0xf])
	}
	return dst
}
