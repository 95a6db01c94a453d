package telnet

import (
	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Limits.
const (
	maxTail  = 32 // of a server's last line that are looked at
	maxUser  = 64
	maxLines = 3 // of a server behind a password that are searched for a refusal
)

type parser struct {
	voice   wire.Voice
	scan    [2]scan
	stage   stage
	tail    [maxTail]byte // the server's last line, lower case
	tailLen int
	lines   int // shown since the password
	user    [maxUser]byte
	userLen int
}

// scan is where a direction is in an escape sequence.
type scan uint8

const (
	inText scan = iota
	afterEscape
	afterRequest
	inOption // until its end mark
	afterOptionEscape
)

// stage is where a session is.
type stage uint8

const (
	idle     stage = iota
	naming         // the server asked for a name
	named          // the name is complete
	proving        // the server asked for a password
	answered       // the password was sent: the outcome may follow
)

// Parse consumes everything: text has no messages.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	for _, c := range b {
		if !p.scan[dir].text(c) {
			continue
		}
		if dir == firedoor.FromServer {
			p.shown(c, emit)
		} else {
			p.typed(c, emit)
		}
	}
	return len(b), nil
}

// text steps over commands (RFC 854, RFC 855) and tells whether c is text.
func (s *scan) text(c byte) bool {
	switch *s {
	case afterEscape:
		switch {
		case c == iac:
			*s = inText
			return true
		case c == sb:
			*s = inOption
		case isRequest(c):
			*s = afterRequest
		default:
			*s = inText
		}
	case afterRequest:
		*s = inText
	case inOption:
		if c == iac {
			*s = afterOptionEscape
		}
	case afterOptionEscape:
		*s = inOption
		if c == se {
			*s = inText
		}
	default:
		if c != iac {
			return true
		}
		*s = afterEscape
	}
	return false
}

// shown reads what the server shows: prompts end in a colon without a line end.
func (p *parser) shown(c byte, emit func(*firedoor.Event)) {
	switch {
	case c == '\n' || c == '\r':
		p.verdict(emit)
		p.tailLen = 0
		return
	case c < ' ' || c > 0x7e:
		return
	case p.tailLen == maxTail:
		copy(p.tail[:], p.tail[1:])
		p.tailLen--
	}
	if p.stage == naming && p.userLen == 0 && c != ' ' {
		p.stage = idle // the text went on ("Last login: Monday"): it was no prompt
	}
	p.tail[p.tailLen] = wire.Lower(c)
	p.tailLen++
	if c == ':' {
		p.prompt(p.tail[:p.tailLen], emit)
	}
}

// prompt tells from a line that ends in a colon what is typed next. Whatever
// could ask for a secret is taken for a password's prompt; a name that is
// followed by a prompt nobody knows is forgotten.
func (p *parser) prompt(line []byte, emit func(*firedoor.Event)) {
	for _, s := range secrets {
		if wire.HasFold(line, s) {
			p.verdict(emit)
			if p.stage == naming {
				p.userLen = 0
			}
			p.stage = proving
			return
		}
	}
	switch {
	case wire.HasSuffix(line, "login:") || wire.HasSuffix(line, "username:") || wire.HasSuffix(line, "user:") || wire.HasSuffix(line, "user name:"):
		p.verdict(emit)
		p.stage, p.userLen = naming, 0
	case p.stage == named:
		p.stage, p.userLen = idle, 0
	}
}

// secrets are parts of the words by which one is asked for.
var secrets = [...]string{"passw", "passc", "passphrase", "pin:", "secret", "code:", "token", "key:"}

// refusals are the words of a failed login.
var refusals = [...]string{"incorrect", "invalid", "denied", "fail", "bad pass", "wrong"}

// verdict looks for a refusal in the server's line behind a password.
func (p *parser) verdict(emit func(*firedoor.Event)) {
	if p.stage != answered {
		return
	}
	if p.tailLen > 0 {
		p.lines++
	}
	for _, r := range refusals {
		if wire.HasFold(p.tail[:p.tailLen], r) {
			p.stage = idle
			p.voice.Login(emit, p.user[:p.userLen], "failed")
			return
		}
	}
	if p.lines == maxLines {
		p.stage = idle
	}
}

// typed reads what the client types. Of a password only its end is noticed.
func (p *parser) typed(c byte, emit func(*firedoor.Event)) {
	end := c == '\r' || c == '\n'
	switch {
	case p.stage == naming && end:
		if p.userLen > 0 {
			p.stage = named
		}
	case p.stage == naming && (c == 8 || c == 0x7f): // backspace
		p.userLen = max(0, p.userLen-1)
	case p.stage == naming && c >= ' ' && p.userLen < maxUser:
		p.user[p.userLen] = c
		p.userLen++
	case p.stage == proving && end:
		p.stage = answered
		p.tailLen, p.lines = 0, 0
		p.voice.Login(emit, p.user[:p.userLen], "")
	case p.stage == answered && !end: // commands: what is shown now answers those
		p.stage = idle
	}
}

// Gap goes on, but forgets what was being typed: a hole may hide a prompt, and
// then a password would be taken for a name.
func (p *parser) Gap(firedoor.Direction, int64) bool {
	p.stage, p.userLen, p.tailLen = idle, 0, 0
	p.scan = [2]scan{}
	return true
}
