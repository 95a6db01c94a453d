package ftp

import (
	"bytes"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Limits.
const (
	maxLine = 512 // of a line the rest is passed over
	maxUser = 64
	maxName = 256
)

// sure: the server speaks for itself.
const sure = 90

type parser struct {
	voice    wire.Voice
	rest     [2]bool // the rest of an overlong line is passed over
	greeted  bool
	named    bool // a user was named and waits for the answer
	password bool // a password was sent and waits for its answer
	secure   bool // the client asked for TLS
	moving   bool // a transfer was asked for
	upload   bool
	several  bool // inside a reply of several lines
	user     [maxUser]byte
	userLen  int
	name     [maxName]byte
	nameLen  int
}

// Parse reads whole lines.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	used := 0
	for used < len(b) {
		rest := b[used:]
		i := bytes.IndexByte(rest[:min(len(rest), maxLine)], '\n')
		if i < 0 && len(rest) < maxLine {
			break
		}
		n := i + 1
		if i < 0 {
			n = maxLine
		}
		used += n
		skip := p.rest[dir]
		p.rest[dir] = i < 0
		switch {
		case skip:
		case dir == firedoor.FromClient:
			p.command(rest[:n])
		case p.reply(rest[:n], emit):
			return used, nil
		}
	}
	return used, nil
}

// command reads a client's line (RFC 959, 4.1). Of PASS and ACCT only that
// they were sent is kept.
func (p *parser) command(line []byte) {
	line = wire.Text(line)
	verb, argument := line, []byte(nil)
	if i := bytes.IndexByte(line, ' '); i >= 0 {
		verb, argument = line[:i], line[i+1:]
	}
	p.named = wire.EqualFold(verb, "user")
	switch {
	case p.named:
		p.userLen = copy(p.user[:], argument)
	case wire.EqualFold(verb, "pass"):
		p.password = true
	case wire.EqualFold(verb, "auth"):
		p.secure = true
	case wire.EqualFold(verb, "retr"):
		p.transfer(argument, true)
	case wire.EqualFold(verb, "stor"), wire.EqualFold(verb, "appe"), wire.EqualFold(verb, "stou"):
		p.transfer(argument, false)
	}
}

func (p *parser) transfer(name []byte, upload bool) {
	p.moving, p.upload = true, upload
	p.nameLen = copy(p.name[:], name)
}

// reply reads a server's line (RFC 959, 4.2) and tells whether TLS follows.
func (p *parser) reply(line []byte, emit func(*firedoor.Event)) (secure bool) {
	if len(line) < 4 || line[0] < '1' || line[0] > '5' || line[3] != ' ' {
		if len(line) > 4 && line[3] == '-' && !p.several {
			p.several = true
		}
		if p.several && len(line) > 4 && wire.HasFold(line, "ftp") {
			p.greeting(line, emit)
		}
		return false // a line in the middle of a reply
	}
	p.several = false
	p.greeting(line, emit)
	code := int(line[0]-'0')*100 + int(line[1]-'0')*10 + int(line[2]-'0')
	switch {
	case code == 234 && p.secure:
		p.voice.HandOver(emit, "tls")
		return true
	case code == 230 && p.userLen > 0: // also without a password
		p.login("ok", emit)
	case code == 530 && (p.password || p.named): // some servers refuse the name alone
		p.login("failed", emit)
	case p.moving && (code == 150 || code == 125):
		p.file(false, emit)
	case p.moving && (code == 226 || code == 250):
		p.file(true, emit)
		p.moving = false
	case p.moving && code >= 400:
		p.moving = false
	}
	return false
}

// greeting tells what the server says it is: the first line of the greeting
// that names FTP, or its last.
func (p *parser) greeting(line []byte, emit func(*firedoor.Event)) {
	if p.greeted || string(line[:3]) != "220" {
		return
	}
	p.greeted = true
	p.voice.Fact(emit, firedoor.Identity{
		About: firedoor.AboutServer, Kind: firedoor.FactSoftware, Confidence: sure, Source: "ftp greeting", Value: line[4:],
	})
}

func (p *parser) login(outcome string, emit func(*firedoor.Event)) {
	p.password, p.named = false, false
	p.voice.Login(emit, p.user[:p.userLen], outcome)
}

func (p *parser) file(done bool, emit func(*firedoor.Event)) {
	p.voice.File(emit, firedoor.FileTransfer{Name: p.name[:p.nameLen], Upload: p.upload, Done: done})
}

// Gap gives up: what is missing may be a login.
func (p *parser) Gap(firedoor.Direction, int64) bool { return false }
