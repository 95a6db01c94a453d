package modbus

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is Modbus over TCP and UDP, in either of its framings.
var Protocol = &protocol.Protocol{
	Name:       "modbus",
	TCP:        []uint16{502},
	UDP:        []uint16{502},
	Sealed:     []uint16{802, 502},
	Industrial: true,
	Declines:   true,
	Probe:      probe,
	Exchange:   echoed,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "Modbus/TCP, RTU over TCP, and both over UDP", Holds: "of UMAS 304 bytes and two sums", Depth: protocol.Deep,
		By:     "Modbus Application Protocol V1.1b3, Messaging on TCP/IP Implementation Guide V1.0b, and Modbus over Serial Line V1.02",
		Unread: []string{"sub-functions of 43 other than device identification and CANopen", "functions the specification leaves to users: number and length only", "Modbus ASCII"},
		Peers:  []string{"libmodbus", "modbus-serial", "pymodbus"},
		Inside: []protocol.Inner{{Name: "umas", Sheet: protocol.Sheet{Title: "Schneider UMAS, Modbus function 90", Depth: protocol.Deep,
			By:     "published descriptions of the protocol, which has no public specification",
			Unread: []string{"contents of memory blocks, which hold fingerprints of passwords", "which coils and registers UMAS itself writes, of which no layout is published", "which variables are monitored: that it is no more than monitoring", "data dictionaries"}}}}},
	Functions: listFunctions,
	Whole:     true,
	Further:   []string{nameDeviceID, nameCANopen},
	Units:     0xff,
	New:       func() protocol.Parser { return newParser() },
	Spaces: []*firedoor.Space{
		&coils, &discretes, &holding, &inputs, &queues, &diagnostics, &deviceIDs, &files, &records,
		&umasMemory, &umasVariables, &umasElements, &umasBlocks, &umasProjects,
	},
	Events: []firedoor.EventKind{firedoor.EventOperation, firedoor.EventIdentity, firedoor.EventFileTransfer, firedoor.EventMalformed},
}

// The header (Modbus Messaging on TCP/IP, 3.1.3): transaction 2, protocol 2
// (always 0), length 2, unit 1; the length counts from the unit on.
const (
	lengthEnds = 6 // header bytes that the length does not count
	functionAt = 7
	dataAt     = 8
	minLength  = 2   // unit and function
	maxLength  = 254 // unit and the longest PDU (Application Protocol, 4.1)
	// maxTolerated is the longest length read: some devices count the whole
	// message of 260 bytes.
	maxTolerated = 260
	// maxUmas is the longest length of function 90, whose sides agree on more than
	// Modbus allows: blocks of 1,022 bytes were seen.
	maxUmas = 2048
)

// plausible tells whether b, complete or not, can be the beginning of a message
// with a length of at most limit.
func plausible(b []byte, limit int) bool {
	if len(b) > 2 && b[2] != 0 || len(b) > 3 && b[3] != 0 {
		return false
	}
	switch {
	case len(b) <= 4:
		return true
	case len(b) == 5:
		return int(b[4]) <= maxUmas>>8
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	if n < minLength || n > limit && !mayBeUmas(b, lengthEnds+n) {
		return false
	}
	return len(b) <= functionAt || known(b[functionAt])
}

// known tells whether a function code, or the exception of one, is worth taking
// bytes for Modbus: the public ones, the ranges for users (Application Protocol,
// 4.2) and 90, which one vendor's whole engineering runs in.
func known(code byte) bool {
	code &^= exceptionBit
	return functions[code].form != formOther || userDefined(code)
}

func userDefined(code byte) bool {
	return code >= 65 && code <= 72 || code >= 100 && code <= 110
}

// probe takes either framing. A checksum that fits says more than a header: read
// two registers from 0 of unit 1, and the frame begins like a header too.
func probe(b []byte) protocol.Match {
	rtu := probeRTU(b)
	if rtu == protocol.Yes {
		return rtu
	}
	if m := probeTCP(b); m != protocol.No {
		return m
	}
	return rtu
}

// probeTCP wants one whole message with a function code it knows, and behind it
// nothing or another header. Whether the data of a write fit is left to the
// parser: a connection that begins with a broken write is the last one to
// overlook. Reads must fit, because BER with a length of four bytes (LDAP) looks
// like the header of one, and so must codes that are not public.
func probeTCP(b []byte) protocol.Match {
	if !plausible(b, maxLength) {
		return protocol.No
	}
	if len(b) < dataAt {
		return protocol.More
	}
	n := messageSize(b)
	switch {
	case n > protocol.MaxProbe:
		return protocol.No
	case len(b) < n:
		return protocol.More
	}
	code, data := b[functionAt], b[dataAt:n]
	form := functions[code].form
	lenient := code < exceptionBit && form != formOther && form != formRead && form != formUmas
	if !lenient && !asksFor(code, data) && !answers(code, data) || !plausible(b[n:], maxLength) {
		return protocol.No
	}
	return protocol.Yes
}

// messageSize is the size of the message that starts with the six bytes of b.
func messageSize(b []byte) int { return lengthEnds + int(binary.BigEndian.Uint16(b[4:])) }

// orient tells who sent a message when only one of the two can have sent it:
// most messages do not look the same in both directions.
func orient(b []byte) protocol.Orientation {
	var asked, answered bool
	if probeRTU(b) != protocol.Yes && probeTCP(b) == protocol.Yes {
		code, data := b[functionAt], b[dataAt:messageSize(b)]
		asked, answered = asksFor(code, data), answers(code, data)
	} else {
		asked, answered = sentRTU(firedoor.FromClient, b), sentRTU(firedoor.FromServer, b)
	}
	switch {
	case asked == answered:
		return protocol.OrientUnknown
	case asked:
		return protocol.SentByClient
	default:
		return protocol.SentByServer
	}
}

// asksFor tells whether data has the form of a request for a function. Forms
// only: a write of a bad value is a request all the same.
func asksFor(code byte, data []byte) bool {
	if code >= exceptionBit {
		return false
	}
	n := len(data)
	switch f := &functions[code]; f.form {
	case formRead:
		if n != 4 {
			return false
		}
		q := binary.BigEndian.Uint16(data[2:])
		return q >= 1 && q <= f.limit
	case formWriteOne:
		return n == 4
	case formWriteMany:
		return n >= 6 && int(data[4]) == n-5
	case formStatus, formCounter, formLog, formServerID:
		return n == 0
	case formDiagnostics:
		return n >= 4 && n%2 == 0
	case formReadFile:
		return n >= 8 && int(data[0]) == n-1 && (n-1)%7 == 0
	case formWriteFile:
		return n >= 10 && int(data[0]) == n-1 && data[1] == fileReference
	case formMask:
		return n == 6
	case formReadWrite:
		return n >= 11 && int(data[8]) == n-9
	case formQueue:
		return n == 2
	case formEncapsulated:
		return n == 3 && data[0] == meiDeviceID || n >= 2 && data[0] == meiCANopen
	case formUmas:
		return n >= umasBodyAt && data[umasCodeAt] < umasError
	default:
		return n >= 1 && userDefined(code)
	}
}

// answers tells whether data has the form of an answer of a function.
func answers(code byte, data []byte) bool {
	n := len(data)
	if code >= exceptionBit {
		// some devices add a byte
		return (n == 1 || n == 2) && data[0] != 0 && int(data[0]) < len(exceptions)
	}
	switch f := &functions[code]; f.form {
	case formRead, formReadWrite:
		return n >= 2 && int(data[0]) == n-1 && (f.space == &coils || f.space == &discretes || n%2 == 1)
	case formWriteOne, formWriteMany, formCounter:
		return n == 4
	case formStatus:
		return n == 1
	case formDiagnostics:
		return n >= 4 && n%2 == 0
	case formLog:
		return n >= 7 && int(data[0]) == n-1
	case formServerID, formReadFile:
		return n >= 2 && int(data[0]) == n-1
	case formWriteFile:
		return n >= 10 && int(data[0]) == n-1 && data[1] == fileReference
	case formMask:
		return n == 6
	case formQueue:
		return n >= 4 && int(binary.BigEndian.Uint16(data)) == n-2 && 2*int(binary.BigEndian.Uint16(data[2:])) == n-4
	case formEncapsulated:
		return n >= 6 && data[0] == meiDeviceID || n >= 2 && data[0] == meiCANopen
	case formUmas:
		return n >= umasBodyAt && (data[umasCodeAt] == umasOK || data[umasCodeAt] == umasError)
	default:
		return n >= 1 && userDefined(code)
	}
}
