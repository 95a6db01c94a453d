package http

import (
	"bytes"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// Limits.
const (
	maxLine    = 8192 // of a line the rest is passed over
	maxHeaders = 256  // of a message; a longer head is broken
	maxAsked   = 16   // requests without a response that are remembered
	maxUser    = 64
)

// said: both ends may be proxies that repeat what others said.
const said = 70

type parser struct {
	*scratch
	sides  [2]side
	tunnel bool // an upgrade or CONNECT: what follows is not HTTP

	asked      [maxAsked]request
	head, n    int
	user       [maxUser]byte
	userLen    int
	toldHost   uint64 // fingerprints of what was told last, so that it is told once
	toldAgent  uint64
	toldServer uint64
	toldUser   uint64

	agent            *agent // of MTConnect; nil until a body may be from one
	toldAgentVersion uint64
}

// scratch is what is needed during Parse only; all flows share it.
type scratch struct{ voice wire.Voice }

func newParser() *parser { return &parser{scratch: &scratch{}} }

// Another makes a parser that shares this one's scratch.
func (p *parser) Another() protocol.Parser { return &parser{scratch: p.scratch} }

// request is what reading the response needs.
type request struct {
	head, connect, login bool
	ask                  ask // of an MTConnect agent
	id                   uint32
	user                 uint64
}

// state is where in a message a direction is.
type state uint8

const (
	atStart state = iota
	inHeaders
	inBody
	atChunk
	inChunk
	inTrailer
	toClose // a body that ends with the connection
)

type side struct {
	state   state
	rest    bool // the rest of an overlong line is passed over
	chunked bool
	sized   bool
	xml     bool // what a response holds
	headers int
	status  int   // of a response
	left    int64 // of a body or chunk
	req     request

	headStart, headEnd int // of a request to an agent, in the bytes at hand; the end is 0 if not known
}

// Parse reads whole lines of heads and passes over bodies in whatever parts
// they come.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	s := &p.sides[dir]
	used := 0
	for used < len(b) {
		rest := b[used:]
		switch {
		case p.tunnel || s.state == toClose:
			return len(b), nil
		case s.state == inBody || s.state == inChunk:
			n := int(min(s.left, int64(len(rest))))
			s.left -= int64(n)
			used += n
			if dir == firedoor.FromServer {
				p.document(rest[:n], emit)
			}
			if s.left == 0 {
				p.bodyEnd(s, emit)
			}
		default:
			start, end, whole := p.wholeHead(dir, rest, used)
			if !whole {
				return used, nil
			}
			n, err := p.line(dir, rest, emit)
			if end > 0 && s.state == inHeaders {
				s.headStart, s.headEnd = start, end
			}
			if n == 0 || err != nil {
				return used, err
			}
			used += n
		}
	}
	return used, nil
}

// wholeHead waits for all of a request to an MTConnect agent, whose operation tells where
// it stands; end is 0 where no request begins, or one too long to wait for.
func (p *parser) wholeHead(dir firedoor.Direction, b []byte, at int) (start, end int, whole bool) {
	if dir != firedoor.FromClient || p.agent == nil || !p.agent.known || p.sides[dir].state != atStart || p.sides[dir].rest {
		return 0, 0, true
	}
	n := bytes.Index(b[:min(len(b), maxLine)], emptyLine)
	if n < 0 {
		return 0, 0, len(b) >= maxLine
	}
	return at, at + n + len(emptyLine), true
}

var emptyLine = []byte("\r\n\r\n")

func (p *parser) bodyEnd(s *side, emit func(*firedoor.Event)) {
	if s.state == inBody && s == &p.sides[firedoor.FromServer] {
		p.endDocument(emit)
	}
	if s.state == inChunk {
		s.state = atChunk // the empty line behind a chunk is passed over there
		return
	}
	s.state = atStart
}

// line reads one line, 0 when it is not whole yet.
func (p *parser) line(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	s := &p.sides[dir]
	i := bytes.IndexByte(b[:min(len(b), maxLine)], '\n')
	if i < 0 && len(b) < maxLine {
		return 0, nil
	}
	n := i + 1
	if i < 0 {
		n = maxLine
	}
	if s.rest {
		s.rest = i < 0
		return n, nil
	}
	s.rest = i < 0
	return n, p.content(dir, trimEnd(b[:n]), emit)
}

// content reads a line without its end.
func (p *parser) content(dir firedoor.Direction, line []byte, emit func(*firedoor.Event)) error {
	s := &p.sides[dir]
	switch s.state {
	case atStart:
		if len(line) == 0 {
			return nil // allowed before a request (RFC 9112, 2.2)
		}
		*s = side{state: inHeaders, rest: s.rest}
		if dir == firedoor.FromClient {
			return p.requestLine(s, line, emit)
		}
		return p.statusLine(s, line)
	case inHeaders:
		if len(line) == 0 {
			p.headEnd(dir, s, emit)
			return nil
		}
		if s.headers++; s.headers > maxHeaders {
			return protocol.Broken("more headers than any message has")
		}
		return p.header(dir, s, line, emit)
	case atChunk:
		if len(line) == 0 {
			return nil
		}
		size, ok := readHex(line)
		if !ok {
			return protocol.Broken("chunk without a size")
		}
		s.left, s.state = size, inChunk
		if size == 0 {
			s.state = inTrailer
			if dir == firedoor.FromServer {
				p.endDocument(emit)
			}
		}
	case inTrailer:
		if len(line) == 0 {
			s.state = atStart
		}
	}
	return nil
}

func (p *parser) requestLine(s *side, line []byte, emit func(*firedoor.Event)) error {
	method, target, ok := readRequest(line)
	if !ok {
		if !s.rest { // a target longer than maxLine hides the version
			return protocol.Broken("not a request line")
		}
		method = line[:methodLen(line)]
	}
	s.req.ask = askOf(method, target)
	s.req.head, s.req.connect = string(method) == "HEAD", string(method) == "CONNECT"
	if s.req.connect {
		p.host(target, emit)
	}
	return nil
}

func (p *parser) statusLine(s *side, line []byte) error {
	status, ok := readStatus(line)
	if !ok {
		return protocol.Broken("not a status line")
	}
	s.status = status
	return nil
}

// header reads one field.
func (p *parser) header(dir firedoor.Direction, s *side, line []byte, emit func(*firedoor.Event)) error {
	if line[0] == ' ' || line[0] == '\t' {
		return nil // goes on from the line before; nothing of use is that long
	}
	colon := bytes.IndexByte(line, ':')
	if colon < 1 {
		p.voice.Malformed(emit, "header without a name", 0)
		return nil
	}
	name, value := line[:colon], bytes.TrimSpace(line[colon+1:])
	switch {
	case wire.EqualFold(name, "content-length"):
		n, ok := readDecimal(value)
		if !ok || s.sized && n != s.left {
			return protocol.Broken("content length is no number")
		}
		s.left, s.sized = n, true
	case wire.EqualFold(name, "transfer-encoding"):
		s.chunked = wire.HasFold(value, "chunked")
	case dir == firedoor.FromServer:
		if wire.EqualFold(name, "server") {
			p.software(firedoor.AboutServer, "http server", value, &p.toldServer, emit)
		}
		s.xml = s.xml || wire.EqualFold(name, "content-type") && wire.HasFold(value, "/xml")
	case wire.EqualFold(name, "host"):
		p.host(value, emit)
	case wire.EqualFold(name, "user-agent"):
		p.software(firedoor.AboutClient, "http user agent", value, &p.toldAgent, emit)
	case wire.EqualFold(name, "authorization") || wire.EqualFold(name, "proxy-authorization"):
		p.credentials(s, value)
	}
	return nil
}

// host tells the host asked for, once until it changes. What stands before an
// @ would be credentials.
func (p *parser) host(value []byte, emit func(*firedoor.Event)) {
	value = value[bytes.LastIndexByte(value, '@')+1:]
	sum := wire.Sum(value)
	if len(value) == 0 || sum == p.toldHost {
		return
	}
	p.toldHost = sum
	p.voice.Lookup(emit, firedoor.Lookup{Kind: "http-host", Name: value})
}

func (p *parser) software(about firedoor.Subject, source string, value []byte, told *uint64, emit func(*firedoor.Event)) {
	sum := wire.Sum(value)
	if sum == *told {
		return
	}
	*told = sum
	p.voice.Fact(emit, firedoor.Identity{About: about, Kind: firedoor.FactSoftware, Confidence: said, Source: source, Value: value})
}

// credentials keeps the user's name until the response tells the outcome.
func (p *parser) credentials(s *side, value []byte) {
	space := bytes.IndexByte(value, ' ')
	if space < 0 {
		return
	}
	scheme, rest := value[:space], bytes.TrimSpace(value[space+1:])
	var user []byte
	switch {
	case wire.EqualFold(scheme, "basic"):
		user = basicUser(p.user[:0], rest)
	case wire.EqualFold(scheme, "digest"):
		user = digestUser(p.user[:0], rest)
	}
	if len(user) == 0 {
		return
	}
	p.userLen = len(user)
	s.req.login, s.req.user = true, wire.Sum(user)
}

// headEnd decides what follows the head (RFC 9112, 6.3).
func (p *parser) headEnd(dir firedoor.Direction, s *side, emit func(*firedoor.Event)) {
	if s.chunked && s.sized {
		p.voice.Malformed(emit, "both a content length and chunks", 0)
	}
	var req request
	if dir == firedoor.FromClient {
		p.askedAgent(s, emit)
		p.put(s.req)
	} else {
		if s.status/100 == 1 && s.status != 101 {
			s.state = atStart
			return
		}
		req = p.take()
		p.login(req, s.status, emit)
		if s.status == 101 || req.connect && s.status/100 == 2 {
			p.tunnel = true
			return
		}
	}
	switch {
	case dir == firedoor.FromServer && (req.head || s.status == 204 || s.status == 304):
		s.state = atStart
	case s.chunked:
		s.state = atChunk
	case s.sized && s.left > 0:
		s.state = inBody
	case s.sized || dir == firedoor.FromClient:
		s.state = atStart
	default:
		s.state = toClose
	}
	if dir == firedoor.FromServer {
		p.beginDocument(&req, s, s.state != atStart, emit)
	}
}

// login tells who logged in, a success once until the user changes.
func (p *parser) login(req request, status int, emit func(*firedoor.Event)) {
	if !req.login {
		return
	}
	outcome := ""
	switch {
	case status == 401 || status == 407:
		outcome = "failed"
		p.toldUser = 0
	case req.user == p.toldUser:
		return
	case status/100 == 2 || status/100 == 3:
		outcome = "ok"
		p.toldUser = req.user
	}
	p.voice.Login(emit, p.user[:p.userLen], outcome)
}

// put remembers a request; the oldest is forgotten when there are too many.
func (p *parser) put(r request) {
	if p.n == maxAsked {
		p.take()
	}
	p.asked[(p.head+p.n)%maxAsked] = r
	p.n++
}

func (p *parser) take() request {
	if p.n == 0 {
		return request{}
	}
	r := p.asked[p.head]
	p.head = (p.head + 1) % maxAsked
	p.n--
	return r
}

// Gap goes on when all that is missing is part of a body, else gives up.
func (p *parser) Gap(dir firedoor.Direction, missing int64) bool {
	s := &p.sides[dir]
	switch {
	case p.tunnel || s.state == toClose:
		return true
	case missing > 0 && s.state == inBody && missing <= s.left:
		if p.agent != nil && dir == firedoor.FromServer {
			p.agent.reading = false
		}
		if s.left -= missing; s.left == 0 {
			p.bodyEnd(s, nil)
		}
		return true
	}
	return false
}
