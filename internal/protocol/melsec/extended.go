package melsec

import (
	"strconv"

	"firedoor"
)

// Subcommands 0080 to 0083 say of a device more than its number (SH-080008, appendix 1): of which
// module or network it is, that an index register is added to its number or to that of the
// module, and that what stands in it is the address of what is meant.

// extended marks these subcommands.
const extended = 0x80

// Places in an object's At behind the device's number: whose it is, and how it is modified.
const (
	atWhose    = 1 // ofModule or ofNetwork, with its number in the lower 16 bits
	atModified = 2 // of the device: register, flags; of the module or network: register, flags
)

// Whose a device is, where it is not that of the station that answers.
const (
	ofModule  = 1 << 16 // U, by the upper digits of its I/O number; CPU modules begin at 3E0
	ofNetwork = 2 << 16 // J
)

// Direct memory specifications.
const (
	memoryModule  = 0xf8
	memoryNetwork = 0xf9
	memoryCPU     = 0xfa
)

// Flags of a modification, beside the number of an index register.
const (
	byZ      = 0x40
	byLZ     = 0x80
	indirect = 0x08
)

// extendedDevice reads a device with what is said of it. The order in binary is that of frames that
// controllers took (modification, device, modification of the module, module, memory).
func (f *fields) extendedDevice(wide bool) place {
	if f.ascii {
		return f.extendedASCII(wide)
	}
	own := f.u16()
	number, code := f.deviceNumber(wide)
	whose, of, memory := f.u16(), f.u16(), f.u8()
	switch memory {
	case 0:
		of = 0
	case memoryModule, memoryCPU:
		of |= ofModule
	case memoryNetwork:
		of |= ofNetwork
	default:
		return place{}
	}
	return placeOf(number, code).extend(of, own|whose<<16)
}

// extendedASCII reads the same in letters: 00 or 0@, U3E0 or J001 or 0000, Z and a number for
// it or zeros, the device, the same for the device.
func (f *fields) extendedASCII(wide bool) place {
	letters := 3
	if wide {
		letters = 4
	}
	pointer, unit := f.take(2), f.take(4)
	if f.failed {
		return place{}
	}
	modified := f.modification(letters) << 16
	digits := 6
	if wide {
		digits = 10
	}
	at := f.asciiDevice(letters&^1, digits)
	if modified |= f.modification(letters); pointer[1] == '@' {
		modified |= indirect << 8
	}
	var of uint32
	switch unit[0] {
	case 'U':
		of = ofModule | f.part(unit[1:], 16)
	case 'J':
		of = ofNetwork | f.part(unit[1:], 10)
	}
	return at.extend(of, modified)
}

// modification reads Z or LZ and the number of a register, or zeros: 0.
func (f *fields) modification(letters int) uint32 {
	b := f.take(letters)
	flags := uint32(byZ)
	if len(b) > 0 && b[0] == 'L' {
		b, flags = b[1:], byLZ
	}
	if len(b) == 0 || b[0] != 'Z' {
		return 0
	}
	return flags<<8 | f.part(b[1:], 10)
}

// part reads a few digits.
func (f *fields) part(b []byte, base uint32) uint32 {
	v := uint32(0)
	for _, c := range b {
		d, ok := digit(c)
		if !ok || d >= base {
			f.failed = true
		}
		v = v*base + d
	}
	return v
}

// extend adds to a device whose it is. Of one that has no name less is told: nothing.
func (at place) extend(of, modified uint32) place {
	switch {
	case of == 0 && modified == 0:
	case at.space == others:
		return place{}
	default:
		at.at[atWhose], at.at[atModified] = of, modified
	}
	return at
}

// appendWhose writes what stands before a device: @, U3E0\ or J1Z0\. What is indexed is said to be so
// in front: who lets pass all that begins with D:1 does not mean D:100Z4, which may be anything.
func appendWhose(dst []byte, o *firedoor.Object) []byte {
	modified := o.At[atModified]
	if (modified>>8|modified>>24)&(byZ|byLZ) != 0 {
		dst = append(dst, "indexed/"...)
	}
	if modified>>8&indirect != 0 {
		dst = append(dst, '@')
	}
	switch of := o.At[atWhose]; {
	case of&ofModule != 0:
		dst = appendUpper(append(dst, 'U'), uint64(of&0xffff), 16)
	case of&ofNetwork != 0:
		dst = strconv.AppendUint(append(dst, 'J'), uint64(of&0xffff), 10)
	default:
		return dst
	}
	return append(appendModification(dst, modified>>16), '\\')
}

// appendModification writes Z4.
func appendModification(dst []byte, modified uint32) []byte {
	switch flags := modified >> 8; {
	case flags&byZ != 0:
		dst = append(dst, 'Z')
	case flags&byLZ != 0:
		dst = append(dst, "LZ"...)
	default:
		return dst
	}
	return strconv.AppendUint(dst, uint64(modified&0xff), 10)
}

// appendUpper writes a number in capitals.
func appendUpper(dst []byte, v uint64, base int) []byte {
	from := len(dst)
	dst = strconv.AppendUint(dst, v, base)
	for i := from; i < len(dst); i++ {
		if dst[i] >= 'a' {
			dst[i] -= 'a' - 'A'
		}
	}
	return dst
}

// placeDevice is where the values of a device stand: where that is up to the program, nobody knows.
func placeDevice(o *firedoor.Object, _ *firedoor.Values) firedoor.Object {
	if o.At[atModified] != 0 {
		return firedoor.Object{}
	}
	return *o
}
