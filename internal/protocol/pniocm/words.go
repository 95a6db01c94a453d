package pniocm

import (
	"strconv"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Operation numbers of PROFINET's interfaces, and what is added to those of the
// endpoint mapper.
const (
	opConnect      = 0
	opRelease      = 1
	opRead         = 2
	opWrite        = 3
	opControl      = 4
	opReadImplicit = 5
	mapperBase     = 0x100
	opLookup       = mapperBase + 2
)

// relations are what a connect asks for: kinds of application relation.
var relations = firedoor.Space{Name: "ar", Append: func(dst []byte, o *firedoor.Object) []byte {
	return appendWord(append(dst, "ar:"...), relationWords[:], o.At[0])
}}

// relationWords are coding of the field ARType.
var relationWords = [...]string{1: "iocar-single", 6: "iosar", 16: "iocar-single-rt-class-3", 32: "iocar-sr"}

// communications are the cyclic channels of a relation: kind and reference.
var communications = firedoor.Space{Name: "iocr", Append: func(dst []byte, o *firedoor.Object) []byte {
	dst = appendWord(append(dst, "iocr:"...), communicationWords[:], o.At[0])
	return strconv.AppendUint(append(dst, '/'), uint64(o.At[1]), 10)
}}

// communicationWords are coding of the field IOCRType.
var communicationWords = [...]string{1: "input-cr", 2: "output-cr", 3: "multicast-provider-cr", 4: "multicast-consumer-cr"}

func appendWord(dst []byte, words []string, n uint32) []byte {
	if n < uint32(len(words)) && words[n] != "" {
		return append(dst, words[n]...)
	}
	return wire.AppendHex(dst, n)
}

// noAPI and noSlot are what a header says that means no application or place.
const (
	noAPI  = 0xffffffff
	noSlot = 0xffff
)

// records are what is read and written: application (where it is not the first),
// slot, subslot, index.
var records = firedoor.Space{Name: "record", Append: func(dst []byte, o *firedoor.Object) []byte {
	if o.At[0] != 0 && o.At[0] != noAPI {
		dst = append(wire.AppendHex(append(dst, "api:"...), o.At[0]), '/')
	}
	dst = strconv.AppendUint(append(dst, "slot:"...), uint64(o.At[1]), 10)
	dst = wire.AppendHex(append(dst, "/subslot:"...), o.At[2])
	return wire.AppendHex(append(dst, "/index:"...), o.At[3])
}}

// Indexes (coding of the field Index). Those below firstOwn are the device's.
const (
	firstOwn = 0x8000
	indexIM0 = 0xaff0
	indexIM  = 0xafff
)

const safetyFunction = "write profisafe f-parameters"

type words struct {
	name string
	verb firedoor.Verb
}

// controls are the words of controls by type of block, counted from blockControl.
var controls = [...]words{
	{"parameter end", firedoor.VerbSession},
	{"parameter end after plug", firedoor.VerbSession},
	{"application ready", firedoor.VerbSession},
	{"application ready after plug", firedoor.VerbSession},
	{"release", firedoor.VerbSession},
	5: {"control", firedoor.VerbSession},
	6: {"ready for companion", firedoor.VerbSession},
	7: {"ready for rt class 3", firedoor.VerbSession},
	8: {"parameter begin", firedoor.VerbConfigure},
}

// mapperWords are the words of the endpoint mapper (C706, appendix O).
var mapperWords = [...]words{
	{"endpoint insert", firedoor.VerbConfigure},
	{"endpoint delete", firedoor.VerbConfigure},
	{"endpoint lookup", firedoor.VerbIdentify},
	{"endpoint map", firedoor.VerbIdentify},
	{"endpoint lookup handle free", firedoor.VerbSession},
	{"endpoint inquire object", firedoor.VerbIdentify},
	{"endpoint management delete", firedoor.VerbConfigure},
}

// wordsOf says what an operation is for.
func wordsOf(c *call, it *item) words {
	index := it.object.At[3]
	switch c.opnum {
	case opConnect:
		return words{"connect", firedoor.VerbSession}
	case opRelease:
		return words{"release", firedoor.VerbSession}
	case opRead:
		return words{"read", readVerb(index)}
	case opReadImplicit:
		return words{"read implicit", readVerb(index)}
	case opWrite:
		if it.safety {
			return words{safetyFunction, firedoor.VerbConfigure}
		}
		return writeWords(index)
	case opControl:
		if n := int(c.control) - blockControl; n >= 0 && n < len(controls) {
			return controls[n]
		}
		return words{"control", firedoor.VerbSession}
	}
	if n := int(c.opnum) - mapperBase; n >= 0 && n < len(mapperWords) {
		return mapperWords[n]
	}
	return words{"unknown", firedoor.VerbControl}
}

// readVerb tells what a record says: what there is, how it does, or data.
func readVerb(index uint32) firedoor.Verb {
	switch index {
	case 0x800a, 0x800b, 0x800c, 0x8010, 0x8011, 0x8012, 0x8013, // a subslot
		0xc00a, 0xc00b, 0xc00c, 0xc010, 0xc011, 0xc012, 0xc013, // a slot
		0xe00a, 0xe00b, 0xe00c, 0xe010, 0xe011, 0xe012, 0xe013, // a relation
		0xf00a, 0xf00b, 0xf00c, 0xf010, 0xf011, 0xf012, 0xf013, // an application
		0xf80c, 0xf830: // the device; its log
		return firedoor.VerbDiagnose
	case 0x8000, 0x8001, 0xc000, 0xc001, 0xe000, 0xe001, 0xf000, 0xf001, // expected and real identification
		0xe002, 0xf020, 0xf820, 0xf821, // differences, relations, applications
		0x802a, 0xf840, 0xf841, 0xf842: // real ports, filter of I&M0, real and expected physical device
		return firedoor.VerbIdentify
	}
	if index >= indexIM0 && index <= indexIM {
		return firedoor.VerbIdentify
	}
	return firedoor.VerbRead
}

// writeWords tells what writing a record does: those of the specification set the
// device up, those of the device's own are parameters or commands.
func writeWords(index uint32) words {
	if index >= firstOwn {
		return words{"write", firedoor.VerbConfigure}
	}
	return words{"write", firedoor.VerbWrite}
}
