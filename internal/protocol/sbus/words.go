package sbus

import "firedoor"

// vendor is who makes what speaks S-Bus: hearsay, no telegram says it.
const vendor = "Saia-Burgess"

// Media. Registers, timers and counters have 32 bits; flags, inputs and outputs one.
var (
	registers  = firedoor.Space{Name: "register", Axis: 1}
	timers     = firedoor.Space{Name: "timer", Axis: 1}
	counters   = firedoor.Space{Name: "counter", Axis: 1}
	flags      = firedoor.Space{Name: "flag", Axis: 1}
	inputs     = firedoor.Space{Name: "input", Axis: 1}
	outputs    = firedoor.Space{Name: "output", Axis: 1}
	userMemory = firedoor.Space{Name: "memory"} // lines or words of the program
	lines      = firedoor.Space{Name: "line"}
	addresses  = firedoor.Space{Name: "address", Axis: 1} // bytes of the processor
	spaces     = []*firedoor.Space{&registers, &timers, &counters, &flags, &inputs, &outputs, &userMemory, &lines, &addresses}
)

// medium is what a command reads or writes: a count, an address of so many bytes,
// and values where their type is known.
type medium struct {
	space   *firedoor.Space
	address int
	of      firedoor.ValueType
	write   bool
}

func mediumOf(command byte) *medium {
	if int(command) < len(media) {
		return &media[command]
	}
	return &media[firmwareVersion] // none
}

var media = [...]medium{
	0x00: {&counters, 2, firedoor.I32, false}, 0x02: {&flags, 2, firedoor.Bit, false}, 0x03: {&inputs, 2, firedoor.Bit, false},
	0x05: {&outputs, 2, firedoor.Bit, false}, 0x06: {&registers, 2, firedoor.I32, false}, 0x07: {&timers, 2, firedoor.I32, false},
	0x0a: {&counters, 2, firedoor.I32, true}, 0x0b: {&flags, 2, firedoor.Bit, true}, 0x0d: {&outputs, 2, firedoor.Bit, true},
	0x0e: {&registers, 2, firedoor.I32, true}, 0x0f: {&timers, 2, firedoor.I32, true},
	0x1e: {&userMemory, 3, firedoor.NoValue, false}, 0x1f: {&lines, 3, firedoor.NoValue, false},
	0x23: {&userMemory, 3, firedoor.NoValue, true}, 0x24: {&lines, 3, firedoor.NoValue, true},
	0x47: {&addresses, 3, firedoor.NoValue, false}, 0x51: {&addresses, 3, firedoor.NoValue, true},
}

// wordless are the answers to requests that were not seen.
var wordless = [...]struct {
	name string
	code uint32
}{response: {"answer", 0x101}, acknowledge: {"acknowledgement", 0x102}}

// word is a command and what it is for.
type word struct {
	name string
	verb firedoor.Verb
}

func wordOf(command byte) word {
	if int(command) < len(commands) && commands[command].name != "" {
		return commands[command]
	}
	return word{"unassigned command", configure}
}

const firmwareVersion = 0x20

const (
	identify  = firedoor.VerbIdentify
	diagnose  = firedoor.VerbDiagnose
	fetch     = firedoor.VerbRead
	write     = firedoor.VerbWrite
	configure = firedoor.VerbConfigure
	control   = firedoor.VerbControl
	program   = firedoor.VerbProgram
)

// commands by their code.
var commands = [...]word{
	0x00: {"read counters", fetch}, 0x01: {"read display register", fetch}, 0x02: {"read flags", fetch}, 0x03: {"read inputs", fetch},
	0x04: {"read real-time clock", diagnose}, 0x05: {"read outputs", fetch}, 0x06: {"read registers", fetch}, 0x07: {"read timers", fetch},
	0x0a: {"write counters", write}, 0x0b: {"write flags", write}, 0x0c: {"write real-time clock", configure},
	0x0d: {"write outputs", write}, 0x0e: {"write registers", write}, 0x0f: {"write timers", write},
	0x13: {"read and write multi-media", write},
	0x14: {"read status of cpu 0", diagnose}, 0x15: {"read status of cpu 1", diagnose}, 0x16: {"read status of cpu 2", diagnose},
	0x17: {"read status of cpu 3", diagnose}, 0x18: {"read status of cpu 4", diagnose}, 0x19: {"read status of cpu 5", diagnose},
	0x1a: {"read status of cpu 6", diagnose}, 0x1b: {"read status of own cpu", diagnose}, 0x1d: {"read station number", identify},
	0x1e: {"read user memory", fetch}, 0x1f: {"read program line", fetch}, 0x20: {"read firmware version", identify},
	0x21: {"read text", fetch}, 0x22: {"read active transition", diagnose},
	0x23: {"write user memory", program}, 0x24: {"write program line", program}, 0x25: {"write text", program},
	0x28: {"run cpu 0", control}, 0x29: {"run cpu 1", control}, 0x2a: {"run cpu 2", control}, 0x2b: {"run cpu 3", control},
	0x2c: {"run cpu 4", control}, 0x2d: {"run cpu 5", control}, 0x2e: {"run cpu 6", control}, 0x2f: {"run own cpu", control},
	0x30: {"run all cpus", control},
	0x32: {"restart cold cpu 1", control}, 0x33: {"restart cold cpu 2", control}, 0x34: {"restart cold cpu 3", control},
	0x35: {"restart cold cpu 4", control}, 0x36: {"restart cold cpu 5", control}, 0x37: {"restart cold cpu 6", control},
	0x38: {"restart cold own cpu", control}, 0x39: {"restart cold all cpus", control},
	0x3c: {"stop cpu 0", control}, 0x3d: {"stop cpu 1", control}, 0x3e: {"stop cpu 2", control}, 0x3f: {"stop cpu 3", control},
	0x40: {"stop cpu 4", control}, 0x41: {"stop cpu 5", control}, 0x42: {"stop cpu 6", control}, 0x43: {"stop own cpu", control},
	0x44: {"stop all cpus", control},
	0x46: {"read arithmetic status and accumulator", diagnose}, 0x47: {"read byte", fetch}, 0x48: {"read halt failure register", diagnose},
	0x49: {"read index register", diagnose}, 0x4a: {"read instruction pointer", diagnose}, 0x4b: {"find history", diagnose},
	0x50: {"write arithmetic status and accumulator", control}, 0x51: {"write byte", write}, 0x52: {"write index register", control},
	0x53: {"write instruction pointer", control},
	0x5a: {"clear all media", write}, 0x5b: {"clear flags", write}, 0x5c: {"clear outputs", write}, 0x5d: {"clear registers", write},
	0x5e: {"clear timers", write},
	0x64: {"restart warm cpu 1", control}, 0x65: {"restart warm cpu 2", control}, 0x66: {"restart warm cpu 3", control},
	0x67: {"restart warm cpu 4", control}, 0x68: {"restart warm cpu 5", control}, 0x69: {"restart warm cpu 6", control},
	0x6a: {"restart warm own cpu", control}, 0x6b: {"restart warm all cpus", control},
	0x6e: {"change block", program}, 0x6f: {"clear history failure", control}, 0x70: {"delete program line", program},
	0x71: {"go conditional", control}, 0x72: {"insert program line", program}, 0x73: {"local cycles", control},
	0x74: {"all cycles", control}, 0x75: {"make text", program}, 0x76: {"execute single instruction", control}, 0x77: {"single step", control},
	0x82: {"xob 17 interrupt", control}, 0x83: {"xob 18 interrupt", control}, 0x84: {"xob 19 interrupt", control},
	0x91: {"read hang-up timeout", diagnose},
	0x96: {"read data block", fetch}, 0x97: {"write data block", write}, 0x98: {"make data block", program}, 0x99: {"clear data block", write},
	0x9a: {"clear text", program}, 0x9b: {"read block address", diagnose}, 0x9c: {"read block sizes", diagnose},
	0x9d: {"read current block", diagnose}, 0x9e: {"read call stack", diagnose}, 0x9f: {"read dbx", fetch},
	0xa1: {"read user eeprom register", fetch}, 0xa3: {"write user eeprom register", configure}, 0xa5: {"erase flash", program},
	0xa6: {"restart cold flag", control}, 0xa7: {"write system buffer", configure}, 0xa8: {"read system buffer", diagnose},
	0xa9: {"read or write block data", program}, 0xaa: {"get diagnostic", diagnose}, 0xab: {"read system information", identify},
	0xac: {"change blocks on run", program}, 0xad: {"flash card telegram", program}, 0xae: {"download firmware", program},
	0xaf: {"web server access", write}, // a page may write media
}

// refusals are what an acknowledgement that is none says.
var refusals = [...]string{1: "not-acknowledged", 2: "password", 3: "reduced-protocol", 4: "port-in-use"}

func acknowledged(code uint16) firedoor.Outcome {
	switch {
	case code == 0:
		return firedoor.OK
	case int(code) < len(refusals):
		return firedoor.Failed(uint32(code), refusals[code])
	default:
		return firedoor.Failed(uint32(code), "")
	}
}
