package fox

import (
	"bytes"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Protocol is Niagara Fox.
var Protocol = &protocol.Protocol{
	Name:       "fox",
	TCP:        []uint16{1911},
	Sealed:     []uint16{4911},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "Niagara Fox", Depth: protocol.Recognised, By: "open tools and published captures; there is no public specification", Golden: "the dissector foxdissector and a published reading of Niagara 4's classes",
		Unread: []string{"bodies of commands", "circuits (files on their way)", "requests of the server's side", "Fox behind TLS"}, Holds: "name of the user, at most 64 bytes"},
	Functions: listFunctions,
	Further:   []string{"keep alive"},
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&commands},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity, firedoor.EventLogin, firedoor.EventMalformed},
}

// Types of message.
const (
	oneWay = 'a'
	asks   = 's'
	reply  = 'r'
	fails  = 'e'
	alive  = 'k'
	none   = 'n' // a reply that holds nothing
	closes = 'c'
)

const (
	magic      = "fox "
	maxLine    = 256      // of a header
	maxMessage = 96 << 10 // with its body
)

// header is the first line of a message.
type header struct {
	kind             byte
	number, reply    int
	channel, command []byte
	size             int // with the end of the line
}

// first reads the line that b begins with: More when b ends before it does.
func first(b []byte) (h header, m protocol.Match) {
	n := min(len(b), len(magic))
	if string(b[:n]) != magic[:n] {
		return h, protocol.No
	}
	end := bytes.IndexByte(b[:min(len(b), maxLine)], '\n')
	line := b
	if end >= 0 {
		line = b[:end]
	} else if len(b) >= maxLine {
		return h, protocol.No
	}
	if len(line) > 4 && kindless(line[4]) || len(line) > 5 && line[5] != ' ' {
		return h, protocol.No
	}
	if end < 0 {
		if len(line) > 6 && line[6] != '-' && (line[6] < '0' || line[6] > '9') {
			return h, protocol.No
		}
		return h, protocol.More
	}
	if len(line) < 7 {
		return h, protocol.No
	}
	h.kind, h.size = line[4], end+1
	rest := line[6:]
	var okNumber, okReply bool
	h.number, rest, okNumber = number(rest)
	h.reply, rest, okReply = number(rest)
	space := bytes.IndexByte(rest, ' ')
	if !okNumber || !okReply || space < 1 || space == len(rest)-1 {
		return h, protocol.No
	}
	h.channel, h.command = rest[:space], rest[space+1:]
	for _, c := range rest {
		if c < ' ' || c > '~' {
			return h, protocol.No
		}
	}
	return h, protocol.Yes
}

func kindless(c byte) bool {
	switch c {
	case oneWay, asks, reply, fails, alive, none, closes:
		return false
	}
	return true
}

// number reads a whole number and the space behind it.
func number(b []byte) (v int, rest []byte, ok bool) {
	i, sign := 0, 1
	if len(b) > 0 && b[0] == '-' {
		i, sign = 1, -1
	}
	start := i
	for i < len(b) && b[i] >= '0' && b[i] <= '9' && i-start < 10 {
		v = v*10 + int(b[i]-'0')
		i++
	}
	if i == start || i >= len(b) || b[i] != ' ' {
		return 0, nil, false
	}
	return sign * v, b[i+1:], true
}

// probe wants a header line.
func probe(b []byte) protocol.Match {
	_, m := first(b)
	return m
}

// orient: requests and replies tell; of a hello its number, which a client counts from 1
// and a server from 0, or what kind of program sends it.
func orient(b []byte) protocol.Orientation {
	h, m := first(b)
	hello := m == protocol.Yes && string(h.command) == "hello"
	switch {
	case m != protocol.Yes:
		return protocol.OrientUnknown
	case hello && h.number == 0:
		return protocol.SentByServer
	case hello && h.number == 1:
		return protocol.SentByClient
	case h.kind == asks, wire.HasFold(b, "app.name=s:workbench"):
		return protocol.SentByClient
	case h.kind == reply, h.kind == none, h.kind == fails, wire.HasFold(b, "app.name=s:station"):
		return protocol.SentByServer
	}
	return protocol.OrientUnknown
}
