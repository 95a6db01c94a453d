package melsec

import (
	"strconv"

	"firedoor"
)

// device is one kind of device (SLMP reference manual, 5.2).
type device struct {
	code  uint16 // in binary
	bit   bool
	hex   bool // counted in hexadecimal digits
	space *firedoor.Space
}

// atTheirs is the place in an object's At that is not 0 if the flow's client has it.
const atTheirs = 3

func kind(name string, code uint16, bit, hex bool) device {
	base := 10
	if hex {
		base = 16
	}
	return device{code: code, bit: bit, hex: hex, space: &firedoor.Space{Name: name, Axis: 1, Place: placeDevice, Append: func(dst []byte, o *firedoor.Object) []byte {
		if o.At[atTheirs] != 0 {
			dst = append(dst, "client/"...)
		}
		dst = append(append(appendWhose(dst, o), name...), ':')
		return appendModification(appendUpper(dst, uint64(o.At[0]), base), o.At[atModified])
	}}}
}

// devices are all kinds.
var devices = [...]device{
	kind("SM", 0x91, true, false), kind("SD", 0xa9, false, false), kind("X", 0x9c, true, true), kind("Y", 0x9d, true, true),
	kind("M", 0x90, true, false), kind("L", 0x92, true, false), kind("F", 0x93, true, false), kind("V", 0x94, true, false),
	kind("B", 0xa0, true, true), kind("D", 0xa8, false, false), kind("W", 0xb4, false, true), kind("TS", 0xc1, true, false),
	kind("TC", 0xc0, true, false), kind("TN", 0xc2, false, false), kind("SS", 0xc7, true, false), kind("SC", 0xc6, true, false),
	kind("SN", 0xc8, false, false), kind("CS", 0xc4, true, false), kind("CC", 0xc3, true, false), kind("CN", 0xc5, false, false),
	kind("SB", 0xa1, true, true), kind("SW", 0xb5, false, true), kind("S", 0x98, true, false), kind("DX", 0xa2, true, true),
	kind("DY", 0xa3, true, true), kind("Z", 0xcc, false, false), kind("LZ", 0x62, false, false), kind("R", 0xaf, false, false),
	kind("ZR", 0xb0, false, true), kind("RD", 0x2c, false, false), kind("G", 0xab, false, false), kind("HG", 0x2e, false, false),
	kind("LTS", 0x51, true, false), kind("LTC", 0x50, true, false), kind("LTN", 0x52, false, false),
	kind("LCS", 0x55, true, false), kind("LCC", 0x54, true, false), kind("LCN", 0x56, false, false),
	kind("LSTS", 0x59, true, false), kind("LSTC", 0x58, true, false), kind("LSTN", 0x5a, false, false),
}

// long are the devices of 32 bits.
var long = map[string]bool{"LZ": true, "LTN": true, "LCN": true, "LSTN": true}

// byCode finds a device by the octet that stands for it in binary: 1 + its place.
var byCode = func() (all [256]uint8) {
	for i := range devices {
		all[devices[i].code] = uint8(i + 1)
	}
	return all
}()

// Spaces of everything else.
var (
	buffers = &firedoor.Space{Name: "buffer", Axis: 1}
	units   = &firedoor.Space{Name: "unit", Axis: 2, Append: appendNumbered("unit")}
	files   = &firedoor.Space{Name: "file", Append: appendFile}
	handles = &firedoor.Space{Name: "open-file", Passing: true}
	drives  = &firedoor.Space{Name: "drive"}
	areas   = &firedoor.Space{Name: "melsoft-area", Axis: 2, Append: appendNumbered("melsoft-area")}
	others  = &firedoor.Space{Name: "device", Axis: 2, Append: appendNumbered("device")}
	blocks  = &firedoor.Space{Name: "R-block", Axis: 2, Append: appendBlock}
	direct  = &firedoor.Space{Name: "R-direct", Axis: 1}
)

func spaces() []*firedoor.Space {
	all := []*firedoor.Space{buffers, units, files, handles, drives, areas, labels, labelElements, others, blocks, direct}
	for i := range devices {
		all = append(all, devices[i].space)
	}
	return all
}

// appendFile writes "drive:0/MAIN.QPG".
func appendFile(dst []byte, o *firedoor.Object) []byte {
	dst = strconv.AppendUint(append(dst, "drive:"...), uint64(o.At[0]), 10)
	return append(append(dst, '/'), o.Text...)
}

// appendBlock writes "R-block:2/70".
func appendBlock(dst []byte, o *firedoor.Object) []byte {
	dst = strconv.AppendUint(append(dst, "R-block:"...), uint64(o.At[0]), 10)
	return strconv.AppendUint(append(dst, '/'), uint64(o.At[1]), 10)
}

// appendNumbered writes "unit:0x3/100": a number nobody has a name for, and the
// place of the first element.
func appendNumbered(name string) func(dst []byte, o *firedoor.Object) []byte {
	return func(dst []byte, o *firedoor.Object) []byte {
		dst = strconv.AppendUint(append(append(dst, name...), ":0x"...), uint64(o.At[0]), 16)
		return strconv.AppendUint(append(dst, '/'), uint64(o.At[1]), 10)
	}
}

// place is a device of a request.
type place struct {
	space *firedoor.Space
	at    [4]uint32
	bit   bool
	long  bool // of 32 bits: two words are one of it
}

// at is the place of a device by its number.
func (d *device) at(number uint32) place {
	return place{space: d.space, at: [4]uint32{number}, bit: d.bit, long: long[d.space.Name]}
}

// device reads a device in the form of its subcommand: a number of three octets and
// a code of one, or of four and two (bit 1: the iQ-R series). In ASCII the code
// stands first, as letters, and the number in the digits that the device counts in.
func (f *fields) device(sub uint32) place {
	wide := sub&2 != 0
	switch {
	case sub&extended != 0:
		return f.extendedDevice(wide)
	case f.ascii && wide:
		return f.asciiDevice(4, 8)
	case f.ascii:
		return f.asciiDevice(2, 6)
	}
	return placeOf(f.deviceNumber(wide))
}

// deviceNumber reads number and code in binary.
func (f *fields) deviceNumber(wide bool) (number, code uint32) {
	if wide {
		return f.u32(), f.u16()
	}
	return f.number(3), f.u8()
}

func placeOf(number, code uint32) place {
	if code < 256 && byCode[code] > 0 {
		d := &devices[byCode[code]-1]
		return d.at(number)
	}
	return place{space: others, at: [4]uint32{code, number}}
}

func (f *fields) asciiDevice(letters, digits int) place {
	name, number := f.take(letters), f.take(digits)
	if f.failed {
		return place{}
	}
	for len(name) > 0 && (name[len(name)-1] == '*' || name[len(name)-1] == ' ') {
		name = name[:len(name)-1]
	}
	for i := range devices {
		d := &devices[i]
		if d.space.Name != string(name) {
			continue
		}
		base := uint64(10)
		if d.hex {
			base = 16
		}
		v := uint64(0)
		for _, c := range number {
			n, ok := digit(c)
			if c == ' ' {
				n, ok = 0, true
			}
			if !ok || uint64(n) >= base {
				f.failed = true
			}
			v = v*base + uint64(n)
		}
		return d.at(uint32(v))
	}
	f.failed = true
	return place{}
}

// oldDevice reads a device of 1E: a number of four octets, and two letters; in ASCII the letters,
// each as two digits, and the number.
func (f *fields) oldDevice() place {
	var number, code uint32
	if f.ascii {
		code, number = f.u16(), f.u32()
	} else {
		number, code = f.u32(), f.u16()
	}
	letters := [2]byte{byte(code >> 8), byte(code)}
	name := letters[:]
	if name[1] == ' ' {
		name = name[:1]
	}
	for i := range devices {
		if d := &devices[i]; d.space.Name == string(name) {
			return d.at(number)
		}
	}
	return place{space: others, at: [4]uint32{code, number}}
}

// blocked tells whether a command of 1E names the block of extended file registers that it is
// about, direct whether it counts them through all blocks (SH-080008, 18.5).
func (c *command) blocked() bool { return c.code >= 0x17 && c.code <= 0x1b }
func (c *command) direct() bool  { return c.code >= 0x3b }

// words tells whether a command of 1E is about words; bits else.
func (c *command) words() bool { return c.code&1 != 0 || c.blocked() || c.direct() }

// oldPlace reads a device of a command of 1E, with its block.
func (f *fields) oldPlace(c *command) place {
	at := f.oldDevice()
	switch {
	case c.blocked():
		return place{space: blocks, at: [4]uint32{f.u16(), at.at[0]}}
	case c.direct():
		return place{space: direct, at: at.at}
	}
	return at
}
