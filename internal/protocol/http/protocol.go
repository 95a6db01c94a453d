package http

import (
	"bytes"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is HTTP/1.
var Protocol = &protocol.Protocol{
	Name:   "http",
	TCP:    []uint16{80, 3128, 8000, 8008, 5000, 8080, 8081, 8088},
	Sealed: []uint16{443, 8443},
	Probe:  probe,
	Orient: orient,
	Sheet: protocol.Sheet{Title: "HTTP/1.x", Depth: protocol.Names, By: "RFC 9112", Holds: "4,096 bytes of an XML answer",
		Unread: []string{"bodies but those of MTConnect agents", "HTTP/2 and HTTP/3"}},
	Functions: listFunctions,
	New:       func() protocol.Parser { return newParser() },
	Events:    []firedoor.EventKind{firedoor.EventLookup, firedoor.EventIdentity, firedoor.EventLogin, firedoor.EventMalformed, firedoor.EventOperation},
}

// longTarget is how much of a request line without an end is enough.
const longTarget = 512

// probe asks for a whole first line that names HTTP/1, or for the start of one
// whose target is longer than anybody else's first line.
func probe(b []byte) protocol.Match {
	line, whole := b, false
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		line, whole = trimEnd(b[:i+1]), true
	} else {
		line = bytes.TrimSuffix(line, cr)
	}
	for _, c := range line {
		if c < ' ' && c != '\t' || c == 0x7f {
			return protocol.No
		}
	}
	if status, ok := readStatus(line); ok {
		if status >= 100 && status <= 599 {
			return protocol.Yes
		}
		return protocol.No
	}
	if whole {
		if _, _, ok := readRequest(line); ok {
			return protocol.Yes
		}
		return protocol.No
	}
	n := methodLen(line)
	switch {
	case n == len(line) && n <= maxMethod: // so far a method, or the start of "HTTP/1.1 200"
		return protocol.More
	case bytes.HasPrefix([]byte("HTTP/1."), line[:min(len(line), 7)]) && len(line) < statusLine:
		return protocol.More
	case n < minMethod || n > maxMethod || line[n] != ' ':
		return protocol.No
	case len(line) >= longTarget && line[n+1] == '/':
		return protocol.Yes
	}
	return protocol.More
}

func orient(b []byte) protocol.Orientation {
	if _, ok := readStatus(b); ok {
		return protocol.SentByServer
	}
	return protocol.SentByClient
}
