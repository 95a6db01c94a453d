package amqp

import (
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is AMQP on TCP. On 5671 it is inside TLS, which has a probe of its own.
var Protocol = &protocol.Protocol{
	Name:   "amqp",
	TCP:    []uint16{5672},
	Sealed: []uint16{5671},
	Probe:  probe,
	Orient: orient,
	Sheet: protocol.Sheet{Title: "AMQP 0-9-1 and 1.0", Depth: protocol.Recognised, By: "AMQP 0-9-1 (2008), OASIS AMQP 1.0",
		Unread: []string{"what is in messages", "AMQP 0-10", "AMQP 1.0: links, addresses, outcomes and logins", "AMQP over WebSocket", "confirms of publishing"}},
	Functions: listFunctions,
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&queues, &exchanges, &keys, &hosts, &channels},
	Events: []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity, firedoor.EventLogin,
		firedoor.EventMalformed, firedoor.EventHandOver},
}

// A frame of 0-9-1 has type, channel (2), size (4), payload, end (4.2.3). One of 1.0
// has size (4), offset of the body in words, type, channel (2) (2.3.1).
const (
	frameMethod    = 1
	frameHeader    = 2
	frameBody      = 3
	frameHeartbeat = 8
	headSize       = 7
	frameEnd       = 0xce
	maxMethod      = 1 << 14 // bytes of a method that are waited for
	greetSize      = 8
)

// greeting reads the header with which a connection begins (4.2.2; 2.2): the version
// that it asks for, 0 for one that is not read.
func greeting(b []byte) (version byte, m protocol.Match) {
	const magic = "AMQP"
	if n := min(len(b), 4); string(b[:n]) != magic[:n] {
		return 0, protocol.No
	}
	if len(b) < greetSize {
		return 0, protocol.More
	}
	switch g := [4]byte(b[4:8]); {
	case g == [4]byte{0, 0, 9, 1}, g == [4]byte{1, 1, 0, 9}, g == [4]byte{1, 1, 9, 1}, g == [4]byte{1, 1, 8, 0}:
		return nine, protocol.Yes
	case g[0] <= 3 && g[0] != 1 && g[1] == 1 && g[2] == 0 && g[3] == 0:
		return one, protocol.Yes
	case g == [4]byte{1, 1, 0, 10}:
		return 0, protocol.Yes
	}
	return 0, protocol.No
}

// probe wants the greeting, or a method that exists in a frame with its end.
func probe(b []byte) protocol.Match {
	if _, m := greeting(b); m != protocol.No {
		return m
	}
	if len(b) > 0 && b[0] != frameMethod {
		return protocol.No
	}
	if len(b) < headSize+4 {
		return protocol.More
	}
	size := binary.BigEndian.Uint32(b[3:])
	if size < 4 || size > protocol.MaxProbe-headSize-1 || find(binary.BigEndian.Uint16(b[headSize:]), binary.BigEndian.Uint16(b[headSize+2:])) == nil {
		return protocol.No
	}
	if len(b) < headSize+int(size)+1 {
		return protocol.More
	}
	if b[headSize+size] != frameEnd {
		return protocol.No
	}
	return protocol.Yes
}

// orient goes by the greeting and by who may send a method.
func orient(b []byte) protocol.Orientation {
	if _, m := greeting(b); m == protocol.Yes {
		return protocol.SentByClient
	}
	if len(b) < headSize+4 || b[0] != frameMethod {
		return protocol.OrientUnknown
	}
	if w := find(binary.BigEndian.Uint16(b[headSize:]), binary.BigEndian.Uint16(b[headSize+2:])); w != nil {
		switch w.from {
		case client:
			return protocol.SentByClient
		case server:
			return protocol.SentByServer
		}
	}
	return protocol.OrientUnknown
}
