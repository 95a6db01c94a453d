package codesys

import (
	"encoding/binary"
	"strconv"
	"unicode/utf8"

	"firedoor"
)

// Naming: kind (2), version (2), number of the message (4).
const (
	namingSize    = 8
	namingAddress = 0xc201
	namingName    = 0xc202
	namingDevice  = 0xc280 // the answer with what the device is
)

func namingWord(kind uint16) (word, bool) {
	switch kind {
	case namingAddress:
		return word{"resolve address", identify}, true
	case namingName:
		return word{"resolve name", identify}, true
	case namingDevice:
		return word{"device information", identify}, true
	}
	return word{}, false
}

// Lengths in a device information, in characters of two bytes, and where texts begin.
const (
	infoTexts    = 48 // and as many more as stand at infoSkip
	infoSkip     = 12
	infoNode     = 14
	infoDevice   = 16
	infoVendor   = 18
	infoFirmware = 28 // four numbers, the last first
	infoSerial   = 36 // length in bytes
)

// device tells what a device says of itself.
func (p *parser) device(b []byte) {
	if len(b) < infoTexts {
		return
	}
	p.fact(firedoor.FactFirmware, version(p.text[:0], b[infoFirmware:]))
	at := infoTexts + int(binary.LittleEndian.Uint16(b[infoSkip:]))
	for _, f := range [...]struct {
		at   int
		kind firedoor.FactKind
	}{{infoNode, firedoor.FactName}, {infoDevice, firedoor.FactModel}, {infoVendor, firedoor.FactVendor}} {
		n := 2 * int(binary.LittleEndian.Uint16(b[f.at:]))
		if len(b) < at+n {
			p.malformed("device information ends too early")
			return
		}
		p.fact(f.kind, wide(p.text[:0], b[at:at+n]))
		at += n + 2
	}
	if n := int(b[infoSerial]); len(b) >= at+n {
		p.fact(firedoor.FactSerial, b[at:at+n])
	}
}

func (p *parser) fact(kind firedoor.FactKind, value []byte) {
	p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutServer, Kind: kind, Confidence: 90, Source: source, Value: value})
}

func version(dst, b []byte) []byte {
	for i := 3; i >= 0; i-- {
		if dst = strconv.AppendUint(dst, uint64(b[i]), 10); i > 0 {
			dst = append(dst, '.')
		}
	}
	return dst
}

// maxName is how many characters of a name are told.
const maxName = 64

// wide turns UTF-16, least byte first, into UTF-8. Halves of pairs become the
// replacement character.
func wide(dst, b []byte) []byte {
	for i := 0; i+1 < len(b) && i < 2*maxName; i += 2 {
		dst = utf8.AppendRune(dst, rune(binary.LittleEndian.Uint16(b[i:])))
	}
	return dst
}
