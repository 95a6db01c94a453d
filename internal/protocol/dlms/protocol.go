package dlms

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is DLMS/COSEM.
var Protocol = &protocol.Protocol{
	Name:       "dlms",
	TCP:        []uint16{4059, 4060, 4061},
	UDP:        []uint16{4059},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "DLMS/COSEM", Depth: protocol.Recognised, By: "IEC 62056-5-3, 62056-46, 62056-47",
		Golden: "the plugin wireshark-dlms and the standard's list of APDUs as open libraries have it",
		Holds:  "an answer in blocks of 4 KiB, with 64 objects of 48 bytes",
		Unread: []string{"values other than a plain number or string", "strings of octets but names, serial numbers and firmware", "content of what is written or done in blocks, of answers in blocks of more than 4 KiB, of segments", "short names (only the service is told)", "ciphered services", "requests to a meter that opened the connection"}},
	Functions: listFunctions,
	Further:   furtherWords(),
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&attributes, &methods},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity, firedoor.EventLogin, firedoor.EventEncrypted, firedoor.EventMalformed},
}

// The wrapper: version 1, source, destination, length (two bytes each).
const (
	wrapperSize = 8
	flag        = 0x7e // of HDLC
)

// packet is an APDU with whom it is for.
type packet struct {
	size     int // bytes with its frame
	body     []byte
	from, to uint16
	part     bool // more of it follows in another frame
	quiet    bool // the frame carries no APDU
}

// state of a frame's reading.
type state uint8

const (
	short state = iota // b ends too early
	bad
	spoilt // its check value is wrong: the meter takes none of it
	whole
)

// unwrap reads the frame that b begins with.
func unwrap(b []byte, k *packet) state {
	if len(b) > 0 && (b[0] == flag || b[0]&0xf0 == formatThree) {
		return unflag(b, k)
	}
	if len(b) > 0 && b[0] != 0 || len(b) > 1 && b[1] != 1 {
		return bad
	}
	if len(b) < wrapperSize {
		return short
	}
	n := int(binary.BigEndian.Uint16(b[6:]))
	if n == 0 || len(b) > wrapperSize && !known(b[wrapperSize]) {
		return bad
	}
	if len(b) < wrapperSize+n {
		return short
	}
	*k = packet{size: wrapperSize + n, body: b[wrapperSize : wrapperSize+n]}
	k.from, k.to = binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint16(b[4:])
	return whole
}

// Bits of an HDLC frame (IEC 62056-46, 6.4.2): format type 3 and length; then
// addresses whose last byte is odd, control, check values.
const (
	formatThree = 0xa0
	segmented   = 0x08
	pollFinal   = 0x10
	unnumbered  = 0x03 // control of a frame of information that nobody acknowledges: what a meter sends unasked
)

// unflag reads an HDLC frame and the flag behind it. The flag before it may have
// been that behind another.
func unflag(b []byte, k *packet) state {
	first := 0
	if b[0] == flag {
		first = 1
		if len(b) > 1 && b[1] == flag { // flags fill the time between frames
			*k = packet{size: 1, quiet: true}
			return whole
		}
	}
	if len(b) > first && b[first]&0xf0 != formatThree {
		return bad
	}
	if len(b) < first+2 {
		return short
	}
	n := int(b[first]&7)<<8 | int(b[first+1])
	if n < 7 {
		return bad
	}
	if len(b) < first+n+1 {
		return short
	}
	if b[first+n] != flag {
		return bad
	}
	return inner(b[first:first+n], first+n+1, k)
}

// inner reads a frame without its flags: two addresses, control, what it carries.
func inner(f []byte, size int, k *packet) state {
	n := len(f)
	*k = packet{size: size, part: f[0]&segmented != 0, quiet: true}
	at := 2
	for _, address := range [...]*uint16{&k.to, &k.from} {
		where, used := station(f[at:])
		if used == 0 {
			return bad
		}
		*address = where
		at += used
	}
	switch {
	case at+3 > n:
		return bad
	case check(f[:n-2]) != binary.LittleEndian.Uint16(f[n-2:]):
		return spoilt
	}
	control := f[at]
	at += 3
	if (control&1 == 0 || control&^pollFinal == unnumbered) && n-2-at > 3 { // information behind the header's check value
		if llc := f[at : at+3]; llc[0] == 0xe6 && (llc[1] == 0xe6 || llc[1] == 0xe7) {
			k.body, k.quiet = f[at+3:n-2], false
		}
	}
	return whole
}

// station reads an address of one, two or four bytes; of a server's the upper half
// is the logical device.
func station(b []byte) (address uint16, used int) {
	for i := range min(4, len(b)) {
		if b[i]&1 == 0 {
			continue
		}
		switch i {
		case 0, 1:
			return uint16(b[0] >> 1), i + 1
		case 3:
			return uint16(b[0]>>1)<<7 | uint16(b[1]>>1), 4
		}
		break
	}
	return 0, 0
}

// check is the frame check sequence of HDLC (ISO/IEC 13239, annex A).
func check(b []byte) uint16 {
	r := uint16(0xffff)
	for _, c := range b {
		r = table[byte(r)^c] ^ r>>8
	}
	return ^r
}

var table = makeTable()

func makeTable() (t [256]uint16) {
	for i := range t {
		r := uint16(i)
		for range 8 {
			if r&1 != 0 {
				r = r>>1 ^ 0x8408
			} else {
				r >>= 1
			}
		}
		t[i] = r
	}
	return t
}

// probe wants a wrapper around an APDU that is whole and shaped as its tag says, or
// an HDLC frame with its check value.
func probe(b []byte) protocol.Match {
	for len(b) > 1 && b[0] == flag && b[1] == flag {
		b = b[1:]
	}
	switch {
	case len(b) > 0 && b[0] != flag && b[0] != 0:
		return protocol.No
	case len(b) > wrapperSize && b[0] == 0 && !likely(b[wrapperSize]):
		return protocol.No
	case len(b) >= wrapperSize && b[0] == 0 && int(binary.BigEndian.Uint16(b[6:])) > protocol.MaxProbe-wrapperSize:
		return protocol.No
	}
	var k packet
	switch s := unwrap(b, &k); {
	case s == bad, s == spoilt, s == short && len(b) >= protocol.MaxProbe:
		return protocol.No
	case s == short:
		return protocol.More
	case b[0] == flag || shaped(k.body):
		return protocol.Yes
	}
	return protocol.No
}

// likely are the tags of APDUs with enough structure to find a connection by.
func likely(tag byte) bool {
	switch tag {
	case aarq, aare, getRequest, setRequest, actionRequest, getResponse, setResponse, actionResponse:
		return true
	}
	return false
}

// shaped tells whether an APDU begins as its tag says.
func shaped(a []byte) bool {
	switch a[0] {
	case aarq, aare:
		return len(a) > 4 && a[1] == byte(len(a)-2) && (a[2] == 0xa1 || a[2] == 0x80)
	case getRequest, setRequest, actionRequest:
		return len(a) >= 7 && a[1] >= 1 && a[1] <= 6 && (a[1] != 1 || len(a) >= 12)
	case getResponse, setResponse, actionResponse:
		return len(a) >= 4 && a[1] >= 1 && a[1] <= 5
	}
	return false
}

// orient tells by the tag.
func orient(b []byte) protocol.Orientation {
	var k packet
	if unwrap(b, &k) != whole || k.quiet || len(k.body) == 0 {
		return protocol.OrientUnknown
	}
	switch services[k.body[0]].kind {
	case asks:
		return protocol.SentByClient
	case answers, tells:
		return protocol.SentByServer
	}
	return protocol.OrientUnknown
}
