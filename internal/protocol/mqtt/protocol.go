package mqtt

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is MQTT on TCP.
var Protocol = &protocol.Protocol{
	Name:       "mqtt",
	TCP:        []uint16{1883},
	Sealed:     []uint16{8883, 1883},
	Industrial: true,
	Probe:      probe,
	Exchange:   pinged,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "MQTT 3.1, 3.1.1 and 5.0, with Sparkplug B", Holds: "1,024 topic aliases and 64 KiB of topics a direction; of Sparkplug 4,096 metrics, 4,096 aliases, 512 places, 256 KiB of names; of a payload over 128 KiB 1 KiB of its topic", Depth: protocol.Deep, Own: []protocol.OwnPart{{Name: "Sparkplug B", Has: isReport}}, By: "OASIS MQTT 3.1.1 and 5.0, Eclipse Sparkplug 3.0",
		Unread: []string{"Sparkplug data sets, templates and files: no value", "Sparkplug metrics over 64 KiB: name only", "MQTT over WebSocket, MQTT-SN", "payloads of more than 256 bytes and such as are no text: no value"},
		Peers:  []string{"mosquitto"}},
	Functions: listFunctions,
	Further:   []string{stateName, "will"},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&topics, &filters, &metrics, &clients, &methods},
	Events: []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity,
		firedoor.EventLogin, firedoor.EventMalformed},
}

// Kinds of object. A metric is named group/node:metric or group/node/device:metric.
var (
	topics  = firedoor.Space{Name: "topic"}
	filters = firedoor.Space{Name: "filter"}
	metrics = firedoor.Space{Name: "metric"}
	clients = firedoor.Space{Name: "client"}
	methods = firedoor.Space{Name: "method"} // of authentication
)

// Limits of the probe.
const (
	minTopic  = 3   // bytes of a topic that says enough by itself
	longHead  = 512 // a message longer than this is believed by its beginning
	maxWeak   = 64  // bytes of packets that say little before the answer is No
	sureAcks  = 3   // acknowledgements in a row
	afterHead = 2   // packets, one of them the answer to connecting
)

// probe wants a CONNECT by its name, or sound packets one after the other, one of
// which names a topic, or several that acknowledge.
func probe(b []byte) protocol.Match {
	if m := named(b); m != protocol.No {
		return m
	}
	acks, greeted := 0, false
	for pos := 0; ; {
		rest := b[pos:]
		if len(rest) == 0 {
			break
		}
		kind, size, m := sound(rest)
		if m == protocol.No {
			return protocol.No
		}
		if m == protocol.More {
			if kind == typePublish && size > longHead && topicOf(rest) >= minTopic {
				return protocol.Yes
			}
			break
		}
		pos += size
		switch kind {
		case typePublish, typeSubscribe, typeUnsubscribe:
			if _, _, next := sound(b[pos:]); next != protocol.No {
				return protocol.Yes
			}
			return protocol.No
		case typePingRequest, typePingAnswer, typeDisconnect:
		case typeConnAck:
			greeted = pos == size
			acks++
		default:
			acks++
		}
		if acks >= sureAcks || greeted && acks >= afterHead {
			return protocol.Yes
		}
		if pos >= maxWeak {
			return protocol.No
		}
	}
	return protocol.More
}

// named looks for the beginning of a CONNECT: its first byte, a length, and the
// protocol's name (3.1.2.1).
func named(b []byte) protocol.Match {
	if len(b) > 0 && b[0] != typeConnect<<4 {
		return protocol.No
	}
	if len(b) < 2 {
		return protocol.More
	}
	length, n := varint(b[1:])
	switch {
	case n < 0:
		return protocol.No
	case n == 0:
		return protocol.More
	}
	for _, name := range names {
		have := b[1+n : min(len(b), 1+n+len(name))]
		if string(have) != name[:len(have)] || length < len(name)+minConnect {
			continue
		}
		if len(have) == len(name) {
			return protocol.Yes
		}
		return protocol.More
	}
	return protocol.No
}

// names are the protocol's, with their lengths, from 3.1.1 on and before.
var names = [...]string{"\x00\x04MQTT", "\x00\x06MQIsdp"}

// minConnect is what follows the name at least: level, flags, keep-alive, and the
// length of a client's name.
const minConnect = 1 + 1 + 2 + 2

// pinged knows a ping and its answer: of a connection that is watched from its middle
// on they may be all there is for long. Four exact bytes in two segments of nothing
// else are as much as a magic number.
func pinged(request, answer []byte) bool {
	return string(request) == "\xc0\x00" && string(answer) == "\xd0\x00"
}

func orient(b []byte) protocol.Orientation {
	if len(b) == 0 {
		return protocol.OrientUnknown
	}
	switch b[0] >> 4 {
	case typeConnect, typeSubscribe, typeUnsubscribe, typePingRequest:
		return protocol.SentByClient
	case typeConnAck, typeSubAck, typeUnsubAck, typePingAnswer:
		return protocol.SentByServer
	}
	return protocol.OrientUnknown
}
