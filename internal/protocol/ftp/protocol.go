package ftp

import (
	"bytes"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Protocol is FTP's control connection.
var Protocol = &protocol.Protocol{
	Name:   "ftp",
	TCP:    []uint16{21},
	Sealed: []uint16{989, 990},
	Probe:  probe,
	Orient: orient,
	Sheet: protocol.Sheet{Title: "File Transfer Protocol", Depth: protocol.Recognised, By: "RFC 959, RFC 4217",
		Unread: []string{"content of files"}},
	New:    func() protocol.Parser { return &parser{} },
	Events: []firedoor.EventKind{firedoor.EventLogin, firedoor.EventFileTransfer, firedoor.EventIdentity, firedoor.EventHandOver},
}

// words are commands that no other protocol of lines begins with. USER alone
// would also be POP3's.
var words = [...]string{"auth tls\r", "auth ssl\r", "opts utf8 on\r", "feat\r", "syst\r", "user anonymous\r", "user ftp\r"}

// probe asks for a server's greeting that names FTP (mail servers greet with
// the same number), or for a client's first line that only FTP has.
func probe(b []byte) protocol.Match {
	if len(b) == 0 {
		return protocol.More
	}
	if b[0] == '2' {
		return probeGreeting(b)
	}
	for _, w := range words {
		n := min(len(b), len(w))
		if !wire.EqualFold(b[:n], w[:n]) {
			continue
		}
		if n == len(w) {
			return protocol.Yes
		}
		return protocol.More
	}
	return protocol.No
}

// probeGreeting looks at whole lines: one that names FTP, or the text of the
// specification's own example (RFC 959, 5.4).
func probeGreeting(b []byte) protocol.Match {
	const code = "220"
	for i := range min(len(b), len(code)) {
		if b[i] != code[i] {
			return protocol.No
		}
	}
	if len(b) > len(code) && b[3] != ' ' && b[3] != '-' {
		return protocol.No
	}
	end := bytes.LastIndexByte(b, '\n')
	if end < 0 {
		if len(b) > maxLine {
			return protocol.No
		}
		return protocol.More
	}
	lines := b[:end]
	switch {
	case wire.HasFold(lines, "smtp") || wire.HasFold(lines, "mail"):
		return protocol.No
	case wire.HasFold(lines, "ftp") || wire.HasFold(lines, "service ready"):
		return protocol.Yes
	case b[3] == '-' && len(b) < protocol.MaxProbe:
		return protocol.More
	}
	return protocol.No
}

func orient(b []byte) protocol.Orientation {
	if len(b) > 0 && b[0] == '2' {
		return protocol.SentByServer
	}
	return protocol.SentByClient
}
