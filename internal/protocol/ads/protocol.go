package ads

import (
	"encoding/binary"
	"strconv"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is ADS.
var Protocol = &protocol.Protocol{
	Name:       "ads",
	TCP:        []uint16{48898},
	UDP:        []uint16{48899},
	Sealed:     []uint16{8016},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "Beckhoff ADS over AMS/TCP, and its discovery", Depth: protocol.Deep,
		By:    "Beckhoff's AMS/ADS specification and published ADS library",
		Holds: "for each of 64 requests of either side that wait 512 items of 48 bytes and 8 KB of names; 512 handles, 512 notifications and 512 types with names of 128 bytes; 8 files",
		Unread: []string{"symbol and type tables (0xf00b, 0xf00e): operation only", "values of structures: octets", "texts of 16-bit characters and lists of texts: octets",
			"values in messages of more than 64 KB", "secure ADS (8016): told as TLS"}},
	Functions: listFunctions,
	Further:   []string{otherService},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&groups, &memory, &bits, &symbols, &elements, &handles, &notifications, &files, &fileHandles, &registry, &routes},
	Events: []firedoor.EventKind{
		firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity, firedoor.EventLogin,
		firedoor.EventFileTransfer, firedoor.EventMalformed,
	},
}

// Header of AMS/TCP, and that of AMS behind it.
const (
	tcpHeader   = 6
	amsHeader   = 32
	headSize    = tcpHeader + amsHeader
	atLength    = 2 // in the header of TCP
	atTarget    = tcpHeader
	atTargetAMS = atTarget + 6 // its port
	atSource    = tcpHeader + 8
	atSourceAMS = atSource + 6
	atCommand   = tcpHeader + 16
	atFlags     = tcpHeader + 18
	atSize      = tcpHeader + 20
	atError     = tcpHeader + 24
	atInvoke    = tcpHeader + 28
)

// Flags of the state.
const (
	flagAnswer   = 0x0001
	flagNoAnswer = 0x0002
	flagADS      = 0x0004
	flagsKnown   = 0x81ff
)

// maxMessage is the longest message that is believed: symbol tables have megabytes.
const maxMessage = 1 << 26

// head tells whether b begins with the header of an ADS message, and how long the
// message is. More: what is there fits.
func head(b []byte) (size int, match protocol.Match) {
	for i, c := range b[:min(len(b), 2)] {
		if c != 0 || i > 1 {
			return 0, protocol.No
		}
	}
	if len(b) < tcpHeader {
		return 0, protocol.More
	}
	length := binary.LittleEndian.Uint32(b[atLength:])
	if length < amsHeader || length > maxMessage {
		return 0, protocol.No
	}
	if len(b) >= atSize {
		command, flags := binary.LittleEndian.Uint16(b[atCommand:]), binary.LittleEndian.Uint16(b[atFlags:])
		if flags&flagADS == 0 || flags&^flagsKnown != 0 || command == 0 || command > maxCommand {
			return 0, protocol.No
		}
	}
	if len(b) < headSize {
		return 0, protocol.More
	}
	if binary.LittleEndian.Uint32(b[atSize:]) != length-amsHeader {
		return 0, protocol.No
	}
	return tcpHeader + int(length), protocol.Yes
}

// probe wants the header of a message, or a datagram of the router with its magic
// number and items that fill it.
func probe(b []byte) protocol.Match {
	if n := min(len(b), len(magic)); n > 0 && string(b[:n]) == magic[:n] {
		return probeDatagram(b)
	}
	_, match := head(b)
	return match
}

// orient takes who asks for the client; only servers notify.
func orient(b []byte) protocol.Orientation {
	if len(b) >= datagramHead && string(b[:len(magic)]) == magic {
		if b[atService+3]&0x80 != 0 {
			return protocol.SentByServer
		}
		return protocol.SentByClient
	}
	if _, match := head(b); match != protocol.Yes {
		return protocol.OrientUnknown
	}
	answers := b[atFlags]&flagAnswer != 0
	if answers != (b[atCommand] == cmdNotification) {
		return protocol.SentByServer
	}
	return protocol.SentByClient
}

// atTheirs marks, in the numbers of an object, those of the client that the flow's
// server asks for.
const atTheirs = 3

// Objects. Memory lies octet by octet, bits bit by bit; what another group and offset
// stand for only the server knows.
var (
	memory        = firedoor.Space{Name: "memory", Axis: 2, Bytes: 2, Append: appendPlace}
	bits          = firedoor.Space{Name: "bits", Axis: 2, Append: appendPlace}
	groups        = firedoor.Space{Name: "group", Append: appendPlace}
	symbols       = firedoor.Space{Name: "symbol", Append: appendSymbol, Place: placeSymbol}
	elements      = firedoor.Space{Name: "symbol-element", Axis: 1, Append: appendElement} // for points only
	handles       = firedoor.Space{Name: "handle", Passing: true, Append: appendNumber("handle:")}
	notifications = firedoor.Space{Name: "notification", Passing: true, Append: appendNumber("notification:")}
	files         = firedoor.Space{Name: "file", Append: appendName("file:")}
	fileHandles   = firedoor.Space{Name: "file-handle", Passing: true, Append: appendNumber("file-handle:")}
	registry      = firedoor.Space{Name: "registry", Append: appendName("registry:")}
	routes        = firedoor.Space{Name: "route", Append: appendName("route:")}
)

var appendSymbol = appendName("")

func whose(dst []byte, o *firedoor.Object) []byte {
	if o.At[atTheirs] != 0 {
		return append(dst, "client/"...)
	}
	return dst
}

func appendPlace(dst []byte, o *firedoor.Object) []byte {
	dst = strconv.AppendUint(append(whose(dst, o), "0x"...), uint64(o.At[0]), 16)
	return strconv.AppendUint(append(dst, ":0x"...), uint64(o.At[1]), 16)
}

func appendNumber(word string) func([]byte, *firedoor.Object) []byte {
	return func(dst []byte, o *firedoor.Object) []byte {
		return strconv.AppendUint(append(append(whose(dst, o), word...), "0x"...), uint64(o.At[0]), 16)
	}
}

// placeSymbol is where the value of a symbol stands. Of what nobody gave a type, and of a text,
// each octet is told.
func placeSymbol(o *firedoor.Object, v *firedoor.Values) firedoor.Object {
	at := [4]uint32{1: o.At[atTheirs]}
	if v.Each != 0 {
		at[2] = 1
	}
	return firedoor.Object{Space: &elements, At: at, Text: o.Text}
}

// appendElement writes the place of an element in a list or among octets: its index only the
// project knows, which may begin at any number.
func appendElement(dst []byte, o *firedoor.Object) []byte {
	symbol := firedoor.Object{Text: o.Text, At: [4]uint32{atTheirs: o.At[1]}}
	if dst = appendSymbol(dst, &symbol); o.At[0] == 0 {
		return dst
	}
	word := "/element:"
	if o.At[2] != 0 {
		word = "/byte:"
	}
	return strconv.AppendUint(append(dst, word...), uint64(o.At[0]), 10)
}

// appendName writes a name; the key and the value of the registry have a zero between.
func appendName(word string) func([]byte, *firedoor.Object) []byte {
	return func(dst []byte, o *firedoor.Object) []byte {
		dst = append(whose(dst, o), word...)
		if len(o.Text) == 0 && word == "" { // asked for by an empty name
			return append(dst, "symbol:"...)
		}
		for _, c := range o.Text {
			if c == 0 {
				c = '\\'
			}
			dst = append(dst, c)
		}
		return dst
	}
}
