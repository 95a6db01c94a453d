package iec104

import (
	"strconv"

	"firedoor"
)

// Objects are numbered by their information object address, qualities by that of
// their point, files by address and name (IEC 60870-5-101, 7.4.11).
var (
	objects   = firedoor.Space{Name: "ioa"}
	qualities = firedoor.Space{Name: "quality"}
	files     = firedoor.Space{Name: "file", Append: appendFile}
)

// appendFile writes "ioa:30000/file:1".
func appendFile(dst []byte, o *firedoor.Object) []byte {
	dst = strconv.AppendUint(append(dst, "ioa:"...), uint64(o.At[0]), 10)
	return strconv.AppendUint(append(dst, "/file:"...), uint64(o.At[1]), 10)
}

// group says what a type is for.
type group uint8

const (
	groupOther   group = iota // nobody assigned it
	groupMonitor              // process data
	groupCommand              // to the process
	groupSystem               // to the station
	groupFile
	groupSecurity // IEC 60870-5-7: no object address, content not read
	groupPrivate  // 128-255: makers and users agree on them
)

// element is how an information element is laid out (IEC 60870-5-101, 7.2.6).
type element uint8

const (
	elementNone      element = iota
	elementSingle            // SIQ
	elementDouble            // DIQ
	elementStep              // VTI, QDS
	elementBits              // BSI, QDS
	elementNormal            // NVA, QDS
	elementScaled            // SVA, QDS
	elementFloat             // R32, QDS
	elementCounter           // BCR
	elementEvent             // SEP
	elementStart             // SPE, QDP
	elementCircuit           // OCI, QDP
	elementPacked            // SCD, QDS
	elementBare              // NVA
	elementOn                // SCO
	elementTwo               // DCO, RCO
	elementSetNormal         // NVA and a qualifier: set points, parameters
	elementSetFloat          // R32 and a qualifier
	elementSetBits           // BSI
	elementOctet             // QOI, QCC, QRP, QPA
	elementInit              // COI
	elementDelay             // CP16Time2a
)

// kind is what is known of a type identification.
type kind struct {
	name    string
	size    uint8 // octets of an object without its address; 0 also where it varies
	group   group
	element element
	verb    firedoor.Verb // of the controlling station's messages
	fixed   bool          // size says the length
	ends    bool          // a termination follows the confirmation
	process bool          // the address is a point's: one that no point has is refused
	selects uint8         // octet of the object whose bit 7 selects, counted from 1; 0: none
	words   *[3]string    // the function: execute, select, deactivate
}

const (
	typeReadCommand   = 102
	typeCounters      = 101
	typeClock         = 103
	typeDelay         = 106
	typeFileReady     = 120
	typeSectionReady  = 121
	typeCallFile      = 122
	typeLastSection   = 123
	typeAcknowledge   = 124
	typeSegment       = 125
	typeDirectory     = 126
	typeQueryLog      = 127
	typeFirstPrivate  = 128
	typeUnassigned    = 99 // refuses: a station answers it with cause 44
	maxObjects        = 0x7f
	sequenceBit       = 0x80
	selectBit         = 0x80
	variantExecute    = 0
	variantSelect     = 1
	variantDeactivate = 2
	freezeBits        = 0xc0 // of QCC (7.2.6.23)
	maxAddress        = 0xffffff
	broadcast         = 0xffff
	broadcastOneOctet = 0xff
	nameDirectory     = "call directory"
	nameDelayLoad     = "load delay"
	suffixSelect      = ": select"
	suffixDeactivate  = ": deactivate"
	suffixTag24       = " with time tag cp24time2a"
	suffixTag56       = " with time tag cp56time2a"
)

var kinds = allKinds()

// allKinds lists the types of 7.2.1.1 of IEC 60870-5-101 and 6 of -104.
func allKinds() *[256]kind {
	all := &[256]kind{}
	monitored(all)
	commands(all)
	system(all)
	security(all)
	for i := range all {
		k := &all[i]
		if i >= typeFirstPrivate {
			k.group = groupPrivate
		}
		if k.name == "" { // may do anything: the right to it is learned for the exact client
			k.name, k.verb = "type "+strconv.Itoa(i), firedoor.VerbConfigure
		}
		k.words = &[3]string{k.name, k.name + suffixSelect, k.name + suffixDeactivate}
	}
	return all
}

// monitored are types 1-40 and 70. A controlling station that sends them itself
// tells values to the other: it writes.
func monitored(all *[256]kind) {
	put := func(i int, name string, size uint8, e element) {
		all[i] = kind{name: name, size: size, group: groupMonitor, element: e, verb: firedoor.VerbWrite, fixed: true}
	}
	for _, m := range []struct {
		plain, tag24, tag56 int
		name                string
		size                uint8
		element             element
	}{
		{1, 2, 30, "single-point information", 1, elementSingle},
		{3, 4, 31, "double-point information", 1, elementDouble},
		{5, 6, 32, "step position information", 2, elementStep},
		{7, 8, 33, "bitstring of 32 bit", 5, elementBits},
		{9, 10, 34, "measured value normalized", 3, elementNormal},
		{11, 12, 35, "measured value scaled", 3, elementScaled},
		{13, 14, 36, "measured value short floating point", 5, elementFloat},
		{15, 16, 37, "integrated totals", 5, elementCounter},
	} {
		put(m.plain, m.name, m.size, m.element)
		put(m.tag24, m.name+suffixTag24, m.size+3, m.element)
		put(m.tag56, m.name+suffixTag56, m.size+7, m.element)
	}
	put(17, "event of protection equipment"+suffixTag24, 6, elementEvent)
	put(18, "packed start events of protection equipment"+suffixTag24, 7, elementStart)
	put(19, "packed output circuit information of protection equipment"+suffixTag24, 7, elementCircuit)
	put(20, "packed single-point information with status change detection", 5, elementPacked)
	put(21, "measured value normalized without quality descriptor", 2, elementBare)
	put(38, "event of protection equipment"+suffixTag56, 10, elementEvent)
	put(39, "packed start events of protection equipment"+suffixTag56, 11, elementStart)
	put(40, "packed output circuit information of protection equipment"+suffixTag56, 11, elementCircuit)
	put(41, "integrated totals of security statistics"+suffixTag56, 12, elementCounter)
	put(70, "end of initialization", 1, elementInit)
}

// commands are types 45-51, and with a time tag 58-64.
func commands(all *[256]kind) {
	for i, c := range []struct {
		name    string
		size    uint8
		element element
		verb    firedoor.Verb
		selects uint8
	}{
		{"single command", 1, elementOn, firedoor.VerbControl, 1},
		{"double command", 1, elementTwo, firedoor.VerbControl, 1},
		{"regulating step command", 1, elementTwo, firedoor.VerbControl, 1},
		{"set point command normalized", 3, elementSetNormal, firedoor.VerbWrite, 3},
		{"set point command scaled", 3, elementSetNormal, firedoor.VerbWrite, 3},
		{"set point command short floating point", 5, elementSetFloat, firedoor.VerbWrite, 5},
		{"bitstring of 32 bit command", 4, elementSetBits, firedoor.VerbWrite, 0},
	} {
		k := kind{name: c.name, size: c.size, group: groupCommand, element: c.element, verb: c.verb,
			fixed: true, ends: true, process: true, selects: c.selects}
		all[45+i] = k
		k.name, k.size = c.name+suffixTag56, c.size+7
		all[58+i] = k
	}
}

// system are the types for the station as a whole, parameters and files.
func system(all *[256]kind) {
	const read, diagnose, configure = firedoor.VerbRead, firedoor.VerbDiagnose, firedoor.VerbConfigure
	put := func(i int, k kind) {
		k.group, k.fixed = groupSystem, true
		all[i] = k
	}
	put(100, kind{name: "interrogation command", size: 1, element: elementOctet, verb: read, ends: true})
	put(typeCounters, kind{name: "counter interrogation command", size: 1, element: elementOctet, verb: read, ends: true})
	put(typeReadCommand, kind{name: "read command", verb: read, process: true})
	put(typeClock, kind{name: "clock synchronization command", size: 7, verb: configure})
	put(104, kind{name: "test command", size: 2, verb: diagnose})
	put(105, kind{name: "reset process command", size: 1, element: elementOctet, verb: firedoor.VerbControl})
	put(typeDelay, kind{name: "delay acquisition command", size: 2, element: elementDelay, verb: configure})
	put(107, kind{name: "test command" + suffixTag56, size: 9, verb: diagnose})
	put(110, kind{name: "parameter of measured value normalized", size: 3, element: elementSetNormal, verb: configure, process: true})
	put(111, kind{name: "parameter of measured value scaled", size: 3, element: elementSetNormal, verb: configure, process: true})
	put(112, kind{name: "parameter of measured value short floating point", size: 5, element: elementSetFloat, verb: configure, process: true})
	put(113, kind{name: "parameter activation", size: 1, element: elementOctet, verb: configure, process: true})
	for i, f := range []struct {
		name string
		size uint8
		verb firedoor.Verb
	}{
		{"file ready", 6, firedoor.VerbProgram},
		{"section ready", 7, firedoor.VerbProgram},
		{nameDirectory, 4, read},
		{"last section or segment", 5, firedoor.VerbProgram},
		{"ack file or section", 4, read},
		{"segment", 0, firedoor.VerbProgram},
		{"directory", 13, read},
		{"query log", 16, read},
	} {
		all[typeFileReady+i] = kind{name: f.name, size: f.size, group: groupFile, verb: f.verb, fixed: f.size > 0}
	}
}

// security are the types of IEC 60870-5-7.
func security(all *[256]kind) {
	for i, name := range map[int]string{
		81: "authentication challenge", 82: "authentication reply", 83: "aggressive mode authentication request",
		84: "session key status request", 85: "session key status", 86: "session key change", 87: "authentication error",
		90: "user status change", 91: "update key change request", 92: "update key change reply",
		93: "update key change symmetric", 94: "update key change asymmetric", 95: "update key change confirmation",
	} {
		all[i] = kind{name: name, group: groupSecurity, verb: firedoor.VerbSession}
	}
}

// Counter interrogation by what it does to the counters (QCC, 7.2.6.23): reading
// leaves them alone, the rest stores or clears them.
var freezes = [4]struct {
	name string
	verb firedoor.Verb
}{
	{"counter interrogation command", firedoor.VerbRead},
	{"counter interrogation command: freeze without reset", firedoor.VerbControl},
	{"counter interrogation command: freeze with reset", firedoor.VerbControl},
	{"counter interrogation command: reset", firedoor.VerbControl},
}

// Calls of files and sections by the lower half of SCQ (7.2.6.30).
var calls = [...]struct {
	name string
	verb firedoor.Verb
}{
	{nameDirectory, firedoor.VerbRead},
	{"select file", firedoor.VerbRead},
	{"call file", firedoor.VerbRead},
	{"deactivate file", firedoor.VerbSession},
	{"delete file", firedoor.VerbProgram},
	{"select section", firedoor.VerbRead},
	{"call section", firedoor.VerbRead},
	{"deactivate section", firedoor.VerbSession},
}

const callFile = 2

// Reasons why a file is not sent on, by the upper half of SCQ and AFQ.
var fileErrors = [...]string{
	1: "requested-memory-space-not-available",
	2: "checksum-failed",
	3: "unexpected-communication-service",
	4: "unexpected-name-of-file",
	5: "unexpected-name-of-section",
}

// Causes of transmission (7.2.3).
const (
	causeBits     = 0x3f
	negativeBit   = 0x40
	causeSpont    = 3
	causeRequest  = 5
	causeAct      = 6
	causeActCon   = 7
	causeDeact    = 8
	causeDeactCon = 9
	causeTerm     = 10
	causeFile     = 13
	causeNoType   = 44
	causeNoObject = 47
)

func causeKnown(c byte) bool {
	return c >= 1 && c <= 16 || c >= 20 && c <= 41 || c >= causeNoType && c <= causeNoObject
}

func asks(c byte) bool { return c == causeRequest || c == causeAct || c == causeDeact }

func answers(c byte) bool {
	return c == causeActCon || c == causeDeactCon || c == causeTerm || c >= causeNoType && c <= causeNoObject
}

// outcome reads a confirmation's cause and its P/N bit.
func outcome(cause byte, negative bool) firedoor.Outcome {
	switch {
	case cause >= causeNoType && cause <= causeNoObject:
		return firedoor.Failed(uint32(cause), unknowns[cause-causeNoType])
	case negative:
		return firedoor.Failed(uint32(cause), "negative-confirm")
	}
	return firedoor.OK
}

var unknowns = [...]string{"unknown-type-identification", "unknown-cause-of-transmission",
	"unknown-common-address-of-asdu", "unknown-information-object-address"}
