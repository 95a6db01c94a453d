package tls

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is TLS on TCP.
var Protocol = &protocol.Protocol{
	Name:   "tls",
	TCP:    []uint16{443, 465, 636, 802, 853, 989, 990, 992, 993, 995, 2221, 3269, 3782, 4843, 5671, 8443, 8883, 19998, 19999},
	Probe:  probe,
	Orient: orient,
	Sheet: protocol.Sheet{Title: "Transport Layer Security", Depth: protocol.Names, By: "RFC 8446, RFC 5246; JA4",
		Holds:  "a message of the handshake, 64 KiB, each way",
		Unread: []string{"what is encrypted"}},
	New:    func() protocol.Parser { return newParser() },
	Events: []firedoor.EventKind{firedoor.EventLookup, firedoor.EventIdentity, firedoor.EventEncrypted, firedoor.EventMalformed},
}

// probe takes a stream that begins with a hello, or, where a capture begins in
// the middle, with two records in a row that fit.
func probe(b []byte) protocol.Match {
	if len(b) > 0 && (b[0] < recordChange || b[0] > recordHeartbeat) || len(b) > 1 && b[1] != 3 {
		return protocol.No
	}
	if len(b) < recordHeader+1 {
		return protocol.More
	}
	size, ok := record(b)
	if !ok {
		return protocol.No
	}
	if b[0] != recordHandshake {
		return probeMiddle(b, size)
	}
	if b[5] != clientHello && b[5] != serverHello {
		return protocol.No
	}
	const session = recordHeader + messageHeader + 2 + 32 // where the session identifier's length stands
	if len(b) < session+1 {
		return protocol.More
	}
	message := int(b[6])<<16 | int(b[7])<<8 | int(b[8])
	version := binary.BigEndian.Uint16(b[9:])
	if message < 38 || message > maxMessage || version < 0x0300 || version > 0x0303 || b[session] > 32 {
		return protocol.No
	}
	return protocol.Yes
}

// probeMiddle asks for a second record header right behind the first record.
func probeMiddle(b []byte, size int) protocol.Match {
	if size == 0 || b[1] != 3 || b[2] == 0 {
		return protocol.No
	}
	end := recordHeader + size
	switch {
	case end+recordHeader <= len(b):
		if _, ok := record(b[end:]); ok && b[end+2] == b[2] {
			return protocol.Yes
		}
		return protocol.No
	case end+recordHeader <= protocol.MaxProbe:
		return protocol.More
	}
	return protocol.No
}

// record reads a record's header: the size of what follows, and whether type,
// version and size are those of TLS (RFC 5246, 6.2).
func record(b []byte) (size int, ok bool) {
	size = int(binary.BigEndian.Uint16(b[3:]))
	return size, b[0] >= recordChange && b[0] <= recordHeartbeat && b[1] == 3 && b[2] <= 4 && size <= maxRecord
}

func orient(b []byte) protocol.Orientation {
	if len(b) > recordHeader && b[0] == recordHandshake {
		switch b[5] {
		case clientHello:
			return protocol.SentByClient
		case serverHello:
			return protocol.SentByServer
		}
	}
	return protocol.OrientUnknown
}
