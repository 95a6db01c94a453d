package ecat

import (
	"strconv"

	"firedoor"
)

// Ways of a command to say whom it is for.
const (
	byNobody = iota
	byPosition
	byStation
	byAll
	byLogical
)

// What a command does.
const (
	reads  = 1
	writes = 2
)

// commands by their number (ETG.1000.4, 5.4).
var commands = [...]struct {
	name     string
	whom, do byte
}{
	{"nop", byNobody, 0}, {"aprd", byPosition, reads}, {"apwr", byPosition, writes}, {"aprw", byPosition, reads | writes},
	{"fprd", byStation, reads}, {"fpwr", byStation, writes}, {"fprw", byStation, reads | writes},
	{"brd", byAll, reads}, {"bwr", byAll, writes}, {"brw", byAll, reads | writes},
	{"lrd", byLogical, reads}, {"lwr", byLogical, writes}, {"lrw", byLogical, reads | writes},
	{"armw", byPosition, reads | writes}, {"frmw", byStation, reads | writes},
}

const (
	identify  = firedoor.VerbIdentify
	diagnose  = firedoor.VerbDiagnose
	configure = firedoor.VerbConfigure
	control   = firedoor.VerbControl
)

// Registers that decide something.
const (
	regStation   = 0x0010
	regALControl = 0x0120
	regEEPROM    = 0x0502
	regMemory    = 0x1000 // process data and mailboxes
)

// areas are the registers by their purpose (ETG.1000.4, clause 6), in order; each
// ends where the next begins.
var areas = [...]struct {
	first     uint16
	get, set  string
	read, put firedoor.Verb
}{
	{0x0000, "read slave information", "write slave information", identify, configure},
	{regStation, "read station address", "write station address", identify, configure},
	{0x0020, "read write protection", "write write protection", diagnose, configure},
	{0x0040, "read reset", "write reset", diagnose, control},
	{0x0100, "read dl control", "write dl control", diagnose, configure},
	{0x0110, "read dl status", "write dl status", diagnose, configure},
	{regALControl, "read al control", "write al control", diagnose, control},
	{0x0130, "read al status", "write al status", diagnose, configure},
	{0x0140, "read pdi control", "write pdi control", diagnose, configure},
	{0x0200, "read interrupts", "write interrupts", diagnose, configure},
	{0x0300, "read error counters", "clear error counters", diagnose, diagnose},
	{0x0400, "read watchdogs", "write watchdogs", diagnose, configure},
	{0x0500, "read eeprom interface", "write eeprom interface", identify, identify},
	{0x0510, "read mii interface", "write mii interface", diagnose, configure},
	{0x0600, "read fmmu", "write fmmu", diagnose, configure},
	{0x0800, "read sync manager", "write sync manager", diagnose, configure},
	{0x0900, "read distributed clock", "write distributed clock", diagnose, configure},
	{0x0e00, "read vendor registers", "write vendor registers", diagnose, configure},
	{0x0f00, "read digital output", "write digital output", firedoor.VerbRead, firedoor.VerbWrite},
	{regMemory, "read memory", "write memory", firedoor.VerbRead, firedoor.VerbWrite},
}

// EEPROM commands in the register 0x0502 (ETG.1000.4, 6.4.3).
const (
	eepromRead   = 0x0100
	eepromWrite  = 0x0200
	eepromReload = 0x0400
)

// word is what a command on an address of a slave is for.
func word(d *datagram) (string, firedoor.Verb) {
	i := 0
	for i+1 < len(areas) && d.offset >= areas[i+1].first {
		i++
	}
	a := &areas[i]
	if commands[d.command].do&writes == 0 {
		return a.get, a.read
	}
	if d.command >= 13 && a.first == 0x0900 { // read from one, written to the others: the clocks follow each other
		return "distribute clock", firedoor.VerbSession
	}
	if d.offset == regEEPROM && len(d.data) >= 2 {
		switch c := uint16(d.data[0]) | uint16(d.data[1])<<8; {
		case c&eepromWrite != 0:
			return "write eeprom", firedoor.VerbProgram
		case c&eepromReload != 0:
			return "reload eeprom", control
		case c&eepromRead != 0:
			return "read eeprom", identify
		}
	}
	return a.set, a.put
}

// Objects. A slave is At[0] (how it is told) and At[1].
var (
	registers = firedoor.Space{Name: "register", Bytes: 3, Append: func(dst []byte, o *firedoor.Object) []byte {
		return hex(append(slave(dst, o), "/register:0x"...), uint64(o.At[2]), 4)
	}}
	objects = firedoor.Space{Name: "object", Append: func(dst []byte, o *firedoor.Object) []byte {
		dst = hex(append(slave(dst, o), "/object:0x"...), uint64(o.At[2]), 4)
		if o.At[3] == wholeObject {
			return append(dst, ":all"...)
		}
		return strconv.AppendUint(append(dst, ':'), uint64(o.At[3]), 10)
	}}
	mailboxes = firedoor.Space{Name: "mailbox", Append: func(dst []byte, o *firedoor.Object) []byte {
		dst = append(slave(dst, o), "/mailbox"...)
		if len(o.Text) > 0 {
			dst = append(append(dst, '/'), o.Text...)
		}
		return dst
	}}
	logical = firedoor.Space{Name: "logical", Bytes: 1, Append: func(dst []byte, o *firedoor.Object) []byte {
		return hex(append(dst, "logical:0x"...), uint64(o.At[0]), 8)
	}}
	variables = firedoor.Space{Name: "variable"}
)

// wholeObject stands for the subindex of an object that is moved as a whole.
const wholeObject = 256

func slave(dst []byte, o *firedoor.Object) []byte {
	switch o.At[0] {
	case byPosition:
		return strconv.AppendUint(append(dst, "position:"...), uint64(-uint16(o.At[1])), 10)
	case byStation:
		return strconv.AppendUint(append(dst, "station:"...), uint64(o.At[1]), 10)
	case byNobody:
		return append(dst, "slave"...)
	}
	return append(dst, "all"...)
}

// hex writes a number in so many digits.
func hex(dst []byte, n uint64, digits int) []byte {
	const set = "0123456789abcdef"
	for digits--; digits >= 0; digits-- {
		dst = append(dst, set[n>>(4*digits)&15])
	}
	return dst
}

// vendor is the name of some makers by the number that the EtherCAT Technology Group gave them.
func vendor(id uint32) string {
	switch id {
	case 0x02:
		return "Beckhoff"
	case 0x1d:
		return "Festo"
	case 0x21:
		return "WAGO"
	case 0x83:
		return "Omron"
	case 0x9a:
		return "Elmo"
	case 0x1dd:
		return "Delta"
	case 0x539:
		return "Yaskawa"
	case 0x66f:
		return "Panasonic"
	}
	return ""
}

// abort is the word for an SDO abort code (ETG.1000.6, 5.6.2.7.2).
func abort(code uint32) string {
	switch code {
	case 0x05030000:
		return "toggle-bit-not-changed"
	case 0x05040000:
		return "sdo-protocol-timeout"
	case 0x05040001:
		return "command-specifier-not-valid"
	case 0x06010000:
		return "unsupported-access"
	case 0x06010001:
		return "read-of-a-write-only-object"
	case 0x06010002:
		return "write-to-a-read-only-object"
	case 0x06020000:
		return "object-does-not-exist"
	case 0x06040041:
		return "object-cannot-be-mapped"
	case 0x06060000:
		return "hardware-error"
	case 0x06070010:
		return "data-type-does-not-match"
	case 0x06090011:
		return "subindex-does-not-exist"
	case 0x06090030:
		return "value-range-exceeded"
	case 0x08000000:
		return "general-error"
	case 0x08000020:
		return "data-cannot-be-transferred"
	case 0x08000021:
		return "local-control"
	case 0x08000022:
		return "present-state"
	}
	return ""
}
