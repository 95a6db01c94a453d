package dtls

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is DTLS on UDP.
var Protocol = &protocol.Protocol{
	Name:   "dtls",
	UDP:    []uint16{2221, 5684},
	Probe:  probe,
	Orient: orient,
	Sheet: protocol.Sheet{Title: "Datagram TLS", Depth: protocol.Names, By: "RFC 6347, RFC 9147",
		Holds:  "a chain of certificates, 16 KiB, each way, until it is whole",
		Unread: []string{"what is encrypted"}},
	New:    func() protocol.Parser { return &parser{} },
	Events: []firedoor.EventKind{firedoor.EventIdentity, firedoor.EventEncrypted, firedoor.EventMalformed},
}

// The record and handshake headers (RFC 6347, 4.1 and 4.2.2).
const (
	recordHeader    = 13
	handshakeHeader = 12

	recordChange      = 20
	recordHandshake   = 22
	recordApplication = 23
	recordHeartbeat   = 24

	clientHello = 1
	serverHello = 2
	helloVerify = 3
	certificate = 11

	extVersions = 0x002b
)

// maxRecord is how many bytes a record holds at most (RFC 6347, 4.1).
const maxRecord = 1<<14 + 2048

// record reads a record's header: the size of what follows, and whether type,
// version and size are those of DTLS.
func record(b []byte) (size int, ok bool) {
	if len(b) < recordHeader || b[0] < recordChange || b[0] > recordHeartbeat || versionOf(b[1:]) == "" || b[2] == 0xfc {
		return 0, false
	}
	size = int(binary.BigEndian.Uint16(b[11:]))
	return size, size > 0 && size <= maxRecord
}

// versionOf names a version on the wire, "" for one that is none.
func versionOf(b []byte) string {
	switch binary.BigEndian.Uint16(b) {
	case 0xfeff:
		return "1.0"
	case 0xfefd:
		return "1.2"
	case 0xfefc:
		return "1.3"
	}
	return ""
}

// probe wants a datagram of whole records and nothing else, the first of them a
// hello or encrypted.
func probe(b []byte) protocol.Match {
	if len(b) < recordHeader+1 {
		return protocol.No
	}
	epoch := binary.BigEndian.Uint16(b[3:])
	switch {
	case b[0] == recordHandshake && epoch == 0:
		if k := b[recordHeader]; k < clientHello || k > helloVerify {
			return protocol.No
		}
	case b[0] == recordApplication && epoch > 0:
	default:
		return protocol.No
	}
	if !whole(b) {
		return protocol.No
	}
	return protocol.Yes
}

// whole tells whether b is records from beginning to end.
func whole(b []byte) bool {
	for len(b) > 0 {
		size, ok := record(b)
		if !ok || recordHeader+size > len(b) {
			return false
		}
		b = b[recordHeader+size:]
	}
	return true
}

func orient(b []byte) protocol.Orientation {
	if len(b) <= recordHeader || b[0] != recordHandshake {
		return protocol.OrientUnknown
	}
	switch b[recordHeader] {
	case clientHello:
		return protocol.SentByClient
	case serverHello, helloVerify:
		return protocol.SentByServer
	}
	return protocol.OrientUnknown
}
