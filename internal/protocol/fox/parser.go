package fox

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

const source = "fox hello"

// maxUser is how much of a user's name is kept until he is welcome.
const maxUser = 64

// question is what a reply needs to know of its request.
type question struct {
	id   uint32
	word *word
	text []byte
}

type parser struct {
	asked protocol.Asked[question]
	last  uint32
	lost  [2]bool
	user  []byte
	login bool // somebody is about to log in

	emit    func(*firedoor.Event)
	h       header
	at      int
	size    int
	body    []byte // tuples
	text    [96]byte
	clear   [96]byte // a value without escapes
	voice   wire.Voice
	op      firedoor.Operation
	opEvent firedoor.Event
	sample  firedoor.Sample
	event   firedoor.Event
}

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	return p
}

const (
	errHeader = protocol.Broken("no header line where a message should start")
	errBody   = protocol.Broken("no body behind a header line")
	errLong   = protocol.Broken("message longer than 96 KB")
)

// helloKey is where a hello waits for that of the other side; numbers of messages
// have at most ten digits.
const helloKey = 1 << 40

// Parse reads whole messages.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit = emit
	pos := 0
	if p.lost[dir] {
		skip, found := resume(b)
		if !found {
			return skip, nil
		}
		p.lost[dir], pos = false, skip
	}
	for pos < len(b) {
		var m protocol.Match
		switch p.h, m = first(b[pos:]); m {
		case protocol.No:
			return pos, errHeader
		case protocol.More:
			return pos, nil
		}
		n, m := p.measure(b[pos+p.h.size:])
		switch {
		case m == protocol.No:
			return pos, errBody
		case m == protocol.More && len(b)-pos > maxMessage:
			return pos, errLong
		case m == protocol.More:
			return pos, nil
		}
		p.at, p.size = pos, p.h.size+n
		pos += p.size
		p.message(dir)
	}
	return pos, nil
}

// Gap: a message can be found again by its header line.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.lost[dir] = true
	return true
}

func resume(b []byte) (skip int, found bool) {
	for i := range b {
		if b[i] != magic[0] {
			continue
		}
		switch _, m := first(b[i:]); m {
		case protocol.Yes:
			return i, true
		case protocol.More:
			return i, false
		}
	}
	return len(b), false
}

// measure finds the end of a body: "};;" in a line of its own, where a line is a
// tuple with all bytes its value has. No body at all is ";;".
func (p *parser) measure(b []byte) (n int, m protocol.Match) {
	const open, shut, empty = "{\n", "};;\n", ";;\n"
	p.body = nil
	switch {
	case starts(b, empty):
		return len(empty), protocol.Yes
	case !starts(b, open):
		if k := min(len(b), 2); string(b[:k]) == open[:k] || string(b) == empty[:min(len(b), len(empty))] {
			return 0, protocol.More
		}
		return 0, protocol.No
	}
	at := len(open)
	for at < len(b) && at < maxMessage {
		if starts(b[at:], shut) {
			p.body = b[len(open):at]
			return at + len(shut), protocol.Yes
		}
		size := tuple(b[at:])
		if size == 0 {
			break
		}
		at += size
	}
	return 0, protocol.More
}

func starts(b []byte, with string) bool { return len(b) >= len(with) && string(b[:len(with)]) == with }

// tuple is how many bytes the line takes that b begins with, 0 if it is not whole.
// A blob "N[...]" and an object "name N[...]" may have line ends in them.
func tuple(b []byte) int {
	end := bytes.IndexByte(b, '\n')
	line := b
	if end >= 0 {
		line = b[:end]
	}
	equal := bytes.IndexByte(line, '=')
	if equal < 0 || len(line) < equal+3 || line[equal+1] != 'b' && line[equal+1] != 'o' || line[equal+2] != ':' {
		return end + 1
	}
	bracket := bytes.IndexByte(line, '[')
	if bracket < 0 {
		return end + 1
	}
	n, digits := 0, 0
	for scale, i := 1, bracket-1; i > equal && line[i] >= '0' && line[i] <= '9' && digits < 6; i-- {
		n += scale * int(line[i]-'0')
		scale *= 10
		digits++
	}
	stop := bracket + 1 + n // where its bracket stands
	switch {
	case digits == 0, stop+1 < len(b) && (b[stop] != ']' || b[stop+1] != '\n'):
		return end + 1 // it is none
	case stop+1 >= len(b):
		return 0
	}
	return stop + 2
}

func (p *parser) malformed(reason string) { p.voice.Malformed(p.emit, reason, p.at) }

func (p *parser) message(dir firedoor.Direction) {
	fox := string(p.h.channel) == "fox"
	hello := fox && string(p.h.command) == "hello"
	client := dir == firedoor.FromClient
	switch {
	case hello:
		p.hello(client)
	case client && (p.h.kind == oneWay || p.h.kind == asks || p.h.kind == closes):
		p.request()
	case client && p.h.kind == alive:
		p.op = firedoor.Operation{Function: "keep alive", Verb: session, NoAnswer: true}
		p.ask()
	case !client && (p.h.kind == reply || p.h.kind == none || p.h.kind == fails):
		p.answer()
	case !client && p.h.kind == oneWay && !fox:
		p.told()
	}
	if fox && client {
		p.who()
	}
	if fox && !client {
		p.verdict()
	}
}

func (p *parser) begin(w *word, text []byte) {
	p.op = firedoor.Operation{Function: w.name, Verb: w.verb, Object: firedoor.Object{Space: &commands, Text: text}}
}

// say is channel and command in one text.
func (p *parser) say() []byte {
	b := append(p.text[:0], p.h.channel[:min(len(p.h.channel), 47)]...)
	return append(append(b, ' '), p.h.command[:min(len(p.h.command), 47)]...)
}

func (p *parser) ask() {
	p.last++
	p.op.ID, p.op.Phase = p.last, firedoor.Asked
	p.op.Span = firedoor.Span{Start: int64(p.at), End: int64(p.at + p.size)}
	p.emit(&p.opEvent)
}

func (p *parser) put(key uint64, w *word) {
	q := p.asked.Put(key)
	*q = question{id: p.last + 1, word: w, text: append(q.text[:0], p.say()...)}
}

func (p *parser) request() {
	w := wordOf(p.h.channel, p.h.command)
	if p.h.kind == asks {
		key := p.h.reply // whoever answers repeats it
		if key < 0 {
			key = p.h.number
		}
		p.put(uint64(uint32(key)), w)
	}
	p.begin(w, p.say())
	p.op.NoAnswer = p.h.kind != asks
	p.ask()
}

func (p *parser) answer() {
	o, key := firedoor.OK, uint64(uint32(p.h.reply))
	if p.h.kind == fails {
		o = firedoor.Failed(0, "error")
		if p.h.reply < 0 { // a station that is busy refuses a hello
			key = helloKey
		}
	}
	p.reply(p.asked.Take(key), o)
}

func (p *parser) reply(q *question, o firedoor.Outcome) {
	if q == nil {
		p.begin(wordOf(p.h.channel, p.h.command), p.say())
		p.last++
		p.op.ID, p.op.Partial = p.last, true
	} else {
		p.begin(q.word, q.text)
		p.op.ID = q.id
	}
	p.op.Phase, p.op.Outcome = firedoor.Answered, o
	p.emit(&p.opEvent)
}

// told tells that a station said something unasked.
func (p *parser) told() {
	p.sample = firedoor.Sample{Function: wordOf(p.h.channel, p.h.command).name, Object: firedoor.Object{Space: &commands, Text: p.say()}}
	p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	p.emit(&p.event)
}

// hello of the client is answered by that of the server, which may come first.
func (p *parser) hello(client bool) {
	w := wordOf(p.h.channel, p.h.command)
	about := firedoor.AboutServer
	switch {
	case client:
		about = firedoor.AboutClient
		p.put(helloKey, w)
		p.begin(w, p.say())
		p.ask()
	default:
		if q := p.asked.Take(helloKey); q != nil {
			p.reply(q, firedoor.OK)
		}
	}
	p.facts(about)
}

// value is that of a tuple of texts or numbers; nil if there is none.
func (p *parser) value(key string) []byte {
	for b := p.body; len(b) > 0; {
		n := tuple(b)
		if n == 0 {
			return nil
		}
		if line := b[:n-1]; starts(line, key) && len(line) > len(key)+2 && line[len(key)] == '=' && line[len(key)+2] == ':' {
			return line[len(key)+3:]
		}
		b = b[n:]
	}
	return nil
}

// plain takes the escapes out of a text: "#", a character's number in hexadecimal, ";".
// No text at all is "#null;". What is not short is cut.
func (p *parser) plain(b []byte) []byte {
	if bytes.IndexByte(b, '#') < 0 {
		return b
	}
	if string(b) == "#null;" {
		return nil
	}
	out := p.clear[:0]
	for len(b) > 0 && len(out)+utf8.UTFMax <= cap(out) {
		end := bytes.IndexByte(b, ';')
		if b[0] == '#' && end > 1 && end < 8 {
			if c, err := strconv.ParseUint(string(b[1:end]), 16, 21); err == nil {
				out, b = utf8.AppendRune(out, rune(c)), b[end+1:]
				continue
			}
		}
		out, b = append(out, b[0]), b[1:]
	}
	return out
}

// facts tells what a hello says of its sender.
func (p *parser) facts(about firedoor.Subject) {
	for b := p.body; len(b) > 0; {
		n := tuple(b)
		if n == 0 {
			break
		}
		if bytes.IndexByte(b[:n], '=') < 1 && string(b[:n]) != "}\n" { // that ends a message in it
			p.malformed("line of a hello is no tuple")
			return
		}
		b = b[n:]
	}
	if host := p.value("hostName"); !bytes.Equal(host, p.value("hostAddress")) {
		p.fact(about, firedoor.FactName, p.plain(host))
	}
	p.fact(about, firedoor.FactName, p.plain(p.value("station.name")))
	p.fact(about, firedoor.FactVendor, p.plain(p.value("brandId")))
	p.fact(about, firedoor.FactSerial, p.plain(p.value("hostId")))
	p.pair(about, firedoor.FactSoftware, "app.name", "app.version")
	p.pair(about, firedoor.FactSoftware, "vm.name", "vm.version")
	p.pair(about, firedoor.FactSystem, "os.name", "os.version")
}

// pair tells a name and its version as one fact.
func (p *parser) pair(about firedoor.Subject, kind firedoor.FactKind, name, version string) {
	a := p.plain(p.value(name))
	if len(a) == 0 {
		return
	}
	b := append(p.text[:0], a[:min(len(a), 47)]...)
	v := p.plain(p.value(version))
	p.fact(about, kind, append(append(b, ' '), v[:min(len(v), 47)]...))
}

func (p *parser) fact(about firedoor.Subject, kind firedoor.FactKind, value []byte) {
	p.voice.Fact(p.emit, firedoor.Identity{About: about, Kind: kind, Confidence: 90, Source: source, Value: value})
}

// who keeps the name of who logs in, and nothing that comes with it.
func (p *parser) who() {
	if user := p.plain(p.value("username")); user != nil {
		p.user = append(p.user[:0], user[:min(len(user), maxUser)]...)
		p.login = true
	}
}

// verdict tells whether he may.
func (p *parser) verdict() {
	switch {
	case !p.login:
	case string(p.h.command) == "welcome":
		p.voice.Login(p.emit, p.user, "ok")
		p.login = false
	case wire.HasFold(p.h.command, "reject"), wire.HasFold(p.h.command, "fail"), p.h.kind == fails:
		p.voice.Login(p.emit, p.user, "failed")
		p.login = false
	}
}
