package mtconnect

import (
	"bytes"

	"firedoor"
	"firedoor/internal/protocol"
)

// Protocol is SHDR on TCP: the agent connects to the adapter.
var Protocol = &protocol.Protocol{
	Name:       "mtconnect",
	TCP:        []uint16{7878},
	Industrial: true,
	Probe:      probe,
	Orient:     orient,
	Sheet: protocol.Sheet{Title: "MTConnect adapters (SHDR) and agents (HTTP)", Depth: protocol.Recognised, By: "ANSI/MTC1.4 and descriptions of SHDR by the MTConnect Institute", Golden: "what comes with the MTConnect Institute's C++ agent: adapters only", Holds: "the end mark of an asset",
		Unread: []string{"values in an agent's answers", "an agent's answers in parts without end (multipart)", "requests to an agent before its first answer: that stands alone", "assets", "long time series, data sets and tables: as text, if short", "texts in quotes: with their backslashes", "times that are relative numbers, where a connection begins with them"}},
	Functions: listFunctions,
	New:       func() protocol.Parser { return newParser() },
	Spaces:    []*firedoor.Space{&items},
	Events:    []firedoor.EventKind{firedoor.EventOperation, firedoor.EventSample, firedoor.EventIdentity, firedoor.EventMalformed},
}

// items are told by the name that the adapter gives them.
var items = firedoor.Space{Name: "item"}

// Words that stand behind a star and a space.
const (
	ping = "PING"
	pong = "PONG"
)

// version is that of the lines, which go on in 2 where they ended before.
const version = "shdrversion:"

// said are the facts that an adapter tells of itself and its machine, lower case; of
// those without a kind only the name is known.
var said = [...]struct {
	name string
	kind firedoor.FactKind
}{
	{"device:", firedoor.FactName}, {"manufacturer:", firedoor.FactVendor}, {"serialnumber:", firedoor.FactSerial}, {"adapterversion:", firedoor.FactSoftware},
	{"description:", firedoor.FactComment}, {"station:", firedoor.FactComment}, {"uuid:", 0}, {"devicemodel:", 0}, {version, 0},
	{"mtconnectversion:", 0}, {"calibration:", 0}, {"conversionrequired:", 0}, {"relativetime:", 0}, {"realtime:", 0}, {"nativename:", 0},
}

// pattern is a time as ISO 8601 writes it, up to its seconds; 0 stands for a digit.
const pattern = "0000-00-00T00:00:00"

// dated tells how much of b is the beginning of a time: all of the pattern, or all
// that there is; -1 if it is none.
func dated(b []byte) int {
	n := min(len(b), len(pattern))
	for i, c := range b[:n] {
		if digit := c >= '0' && c <= '9'; pattern[i] == '0' && !digit || pattern[i] != '0' && c != pattern[i] {
			return -1
		}
	}
	return n
}

const (
	maxTime = 48 // bytes of a time with its fraction, zone and duration
	maxKey  = 128
)

// probe wants a line that begins with a time and a name, or a star and a known word.
func probe(b []byte) protocol.Match {
	if len(b) > 0 && b[0] == '*' {
		return starred(b)
	}
	switch n := dated(b); {
	case n < 0:
		return protocol.No
	case n < len(pattern):
		return protocol.More
	}
	bar := bytes.IndexByte(b[:min(len(b), maxTime)], '|')
	if bar < 0 {
		if len(b) >= maxTime || !timely(b[len(pattern):]) {
			return protocol.No
		}
		return protocol.More
	}
	if !timely(b[len(pattern):bar]) {
		return protocol.No
	}
	key := b[bar+1:]
	key = key[:min(len(key), maxKey)]
	for i, c := range key {
		switch {
		case c == '|' && i > 0:
			return protocol.Yes
		case c <= ' ' || c >= 0x7f || c == '|':
			return protocol.No
		}
	}
	if len(key) == maxKey {
		return protocol.No
	}
	return protocol.More
}

// timely tells whether b can stand behind the seconds of a time.
func timely(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && c != '.' && c != 'Z' && c != '+' && c != '-' && c != ':' && c != '@' {
			return false
		}
	}
	return true
}

// starred is the probe for lines that begin with a star.
func starred(b []byte) protocol.Match {
	if len(b) > 1 && b[1] != ' ' {
		return protocol.No
	}
	rest := b[min(len(b), 2):]
	if m := begins(rest, ping); m == protocol.More || m == protocol.Yes && len(rest) == len(ping) {
		return protocol.More
	} else if m == protocol.Yes && (rest[len(ping)] == '\r' || rest[len(ping)] == '\n') {
		return protocol.Yes
	}
	if m := begins(rest, pong+" "); m != protocol.No {
		return m
	}
	for i := range said {
		if m := beginsFold(rest, said[i].name); m != protocol.No {
			return m
		}
	}
	return protocol.No
}

func begins(b []byte, word string) protocol.Match {
	n := min(len(b), len(word))
	switch {
	case string(b[:n]) != word[:n]:
		return protocol.No
	case n < len(word):
		return protocol.More
	}
	return protocol.Yes
}

// beginsFold is begins for a lower-case word, whatever the case in b.
func beginsFold(b []byte, word string) protocol.Match {
	n := min(len(b), len(word))
	for i, c := range b[:n] {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != word[i] {
			return protocol.No
		}
	}
	if n < len(word) {
		return protocol.More
	}
	return protocol.Yes
}

func orient(b []byte) protocol.Orientation {
	switch {
	case len(b) < 6:
		return protocol.OrientUnknown
	case string(b[:6]) == "* "+ping:
		return protocol.SentByClient
	}
	return protocol.SentByServer
}
