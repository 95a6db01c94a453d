package mtconnect

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

const (
	maxLine    = 32 << 10
	maxNumbers = 8  // of a data item that is a place or a direction
	maxNumber  = 32 // bytes of one
	maxMark    = 64 // bytes of the end mark of an asset
)

// Codes: lines have no numbers.
const (
	codeItem = iota
	codePing
)

type parser struct {
	asked protocol.Asked[uint32] // pings, by nothing but their order
	last  uint32
	lost  [2]bool
	mark  uint8 // bytes of the end mark of the asset that is passed over; 0: none
	goes  bool  // the adapter speaks version 2: lines go on behind what has several fields
	end   [maxMark]byte

	emit    func(*firedoor.Event)
	at      int
	size    int
	voice   wire.Voice
	texts   wire.Texts
	op      firedoor.Operation
	opEvent firedoor.Event
	sample  firedoor.Sample
	told    firedoor.Event
	numbers [8 * maxNumbers]byte
}

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	p.told = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	return p
}

const errLong = protocol.Broken("line longer than 32768 bytes")

// Parse reads whole lines.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit = emit
	pos := 0
	if p.lost[dir] {
		skip, found := protocol.Resume(b, probe)
		if !found {
			return skip, nil
		}
		p.lost[dir], pos = false, skip
	}
	for {
		n := bytes.IndexByte(b[pos:], '\n')
		if n < 0 {
			if len(b)-pos > maxLine {
				return pos, errLong
			}
			return pos, nil
		}
		if n > maxLine {
			return pos, errLong
		}
		line := bytes.TrimRight(b[pos:pos+n], "\r")
		p.at, p.size = pos, n+1
		pos += n + 1
		switch {
		case dir == firedoor.FromClient:
			p.client(line)
		case p.mark > 0:
			if string(line) == string(p.end[:p.mark]) {
				p.mark = 0
			}
		default:
			p.server(line)
		}
	}
}

// Gap: a line can be found again by its time or its word.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.lost[dir] = true
	if dir == firedoor.FromServer {
		p.mark = 0
	}
	return true
}

func (p *parser) malformed(reason string) { p.voice.Malformed(p.emit, reason, p.at) }

// client reads a line of the agent: it asks whether the adapter lives, nothing more.
func (p *parser) client(line []byte) {
	switch {
	case string(line) == "* "+ping:
		p.last++
		*p.asked.Put(0) = p.last
		p.op = firedoor.Operation{ID: p.last, Phase: firedoor.Asked, Code: codePing, Function: wordPing, Verb: firedoor.VerbDiagnose,
			Span: firedoor.Span{Start: int64(p.at), End: int64(p.at + p.size)}}
		p.emit(&p.opEvent)
	case len(line) > 0 && line[0] != '*':
		p.malformed("line of an agent without a star")
	}
}

// server reads a line of the adapter.
func (p *parser) server(line []byte) {
	switch {
	case len(line) == 0:
	case line[0] == '*':
		p.star(bytes.TrimSpace(line[1:]))
	default:
		at := bytes.IndexByte(line, '|')
		if at < 0 || !timed(line[:at]) {
			p.malformed("line without a time")
			return
		}
		p.items(line[at+1:])
	}
}

// timed tells whether b is a time: one of ISO 8601, or a number since some beginning.
func timed(b []byte) bool {
	if dated(b) == len(pattern) {
		b = b[len(pattern):]
	}
	return timely(b)
}

// star reads what an adapter says of itself, or that it lives.
func (p *parser) star(b []byte) {
	if begins(b, pong) == protocol.Yes {
		p.op = firedoor.Operation{Phase: firedoor.Answered, Code: codePing, Function: wordPing, Verb: firedoor.VerbDiagnose, Outcome: firedoor.OK}
		if id := p.asked.Take(0); id != nil {
			p.op.ID = *id
		} else {
			p.last++
			p.op.ID, p.op.Partial = p.last, true
		}
		p.emit(&p.opEvent)
		return
	}
	for i := range said {
		if s := &said[i]; s.kind != 0 && beginsFold(b, s.name) == protocol.Yes {
			p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutServer, Kind: s.kind, Confidence: 80, Source: "mtconnect adapter", Value: b[len(s.name):]})
		}
	}
	if beginsFold(b, version) == protocol.Yes {
		n := bytes.TrimSpace(b[len(version):])
		p.goes = len(n) > 0 && n[0] >= '2' && n[0] <= '9'
	}
}

func (p *parser) named(key []byte) bool {
	if len(bytes.TrimSpace(key)) == 0 {
		p.malformed("data item without a name")
		return false
	}
	return true
}

// say emits a sample; what is no number is told as text.
func (p *parser) say(function string, key []byte, v firedoor.Values, text []byte) {
	key = bytes.TrimSpace(key)
	p.sample = firedoor.Sample{Function: function, Code: codeItem, Object: firedoor.Object{Space: &items, Text: key[:min(len(key), maxKey)]}, Values: v}
	if v.Type == firedoor.NoValue && len(text) <= firedoor.MaxText && wire.Legible(text) && !wire.Secretive(text) {
		p.sample.Texts = p.texts.One(key, text)
	}
	p.emit(&p.told)
}

// Levels of a condition: 0 normal, 1 warning, 2 fault.
var levels = [...]string{"normal", "warning", "fault"}

func (p *parser) level(b []byte) firedoor.Values {
	for i, l := range levels {
		if wire.EqualFold(b, l) {
			p.numbers[0] = byte(i)
			return firedoor.Values{Type: firedoor.U8, Count: 1, Raw: p.numbers[:1]}
		}
	}
	return firedoor.Values{}
}

// values reads numbers with spaces between them; anything else has none. Behind one
// there can be a colon and why it begins anew.
func (p *parser) values(b []byte) firedoor.Values {
	if at := bytes.IndexByte(b, ':'); at > 0 && at < len(b)-1 && capitals(b[at+1:]) {
		b = b[:at]
	}
	n := 0
	for len(b) > 0 {
		word := b
		if at := bytes.IndexByte(b, ' '); at >= 0 {
			word, b = b[:at], b[at+1:]
		} else {
			b = nil
		}
		v, ok := number(word)
		if !ok || n == maxNumbers {
			return firedoor.Values{}
		}
		binary.BigEndian.PutUint64(p.numbers[8*n:], math.Float64bits(v))
		n++
	}
	if n == 0 {
		return firedoor.Values{}
	}
	return firedoor.Values{Type: firedoor.F64, Count: n, Raw: p.numbers[:8*n]}
}

func capitals(b []byte) bool {
	for _, c := range b {
		if (c < 'A' || c > 'Z') && c != '_' {
			return false
		}
	}
	return true
}

// number reads one; what cannot be one is not tried, because failing allocates.
func number(b []byte) (float64, bool) {
	digits := false
	for i, c := range b {
		switch {
		case c >= '0' && c <= '9':
			digits = true
		case c == '.', c == '-' && i == 0, (c == 'e' || c == 'E' || c == '+' || c == '-') && digits:
		default:
			return 0, false
		}
	}
	if !digits || len(b) > maxNumber {
		return 0, false
	}
	v, err := strconv.ParseFloat(string(b), 64)
	return v, err == nil && !math.IsInf(v, 0)
}
