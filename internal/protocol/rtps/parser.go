package rtps

import (
	"encoding/binary"
	"slices"
	"strconv"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Limits of a flow: topics and facts beyond them are not remembered, and then facts
// are not told.
const (
	maxTopics = 256
	maxTold   = 256
	maxName   = 64 // bytes of a topic's name that are kept
)

// topic is what was announced of a writer.
type topic struct {
	writer uint64 // the sum of its identifier
	length uint8
	name   [maxName]byte
}

type parser struct {
	topics    []topic
	told      []uint64 // sums of facts
	encrypted bool

	emit   func(*firedoor.Event)
	b      []byte // the datagram
	at     int    // of the submessage at hand
	order  binary.ByteOrder
	voice  wire.Voice
	sample firedoor.Sample
	event  firedoor.Event
	text   [2*wire.MaxText + 32]byte
	guid   [16]byte
}

func newParser() *parser {
	p := &parser{}
	p.event = firedoor.Event{Kind: firedoor.EventSample, Sample: &p.sample}
	return p
}

// Gap is never called: there is no stream.
func (p *parser) Gap(firedoor.Direction, int64) bool { return true }

func (p *parser) malformed(reason string) { p.voice.Malformed(p.emit, reason, p.at) }

// Parse reads one datagram.
func (p *parser) Parse(_ firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit, p.b, p.at = emit, b, 0
	switch {
	case len(b) < header-4 || string(b[:4]) != "RTPS":
		p.malformed("no RTPS header")
	case string(b[8:16]) == ping:
		p.vendor()
	case len(b) < header:
		p.malformed("shorter than its header")
	case b[4] != major:
		p.malformed("version other than 2")
	default:
		p.vendor()
		p.submessages()
	}
	return len(b), nil
}

// submessages reads all of a message. What stands before the data of another sender
// makes the prefix of the writers his.
func (p *parser) submessages() {
	copy(p.guid[:12], p.b[8:20])
	for p.at = header; p.at < len(p.b); {
		rest := p.b[p.at:]
		body, n, ok := submessage(rest)
		if !ok {
			p.malformed("submessage longer than its message")
			return
		}
		p.order = orderOf(rest[1])
		switch kind := rest[0]; {
		case kind == subData || kind == subFragment:
			p.data(kind, rest[1], body)
		case kind == subSource:
			if len(body) < 20 {
				p.malformed("source without its prefix")
				return
			}
			copy(p.guid[:12], body[8:20])
		case secured(kind) && !p.encrypted:
			p.encrypted = true
			p.voice.Encrypted(p.emit, "dds-security", "")
		case !exists(kind):
			p.malformed("kind of submessage that does not exist")
		}
		p.at += n
	}
}

// Flags of DATA (9.4.5.3.1): inline parameters, data.
const (
	flagInline = 0x02
	flagData   = 0x04
)

// data reads a DATA or DATA_FRAG submessage: flags (2), octets to inline parameters
// (2), reader (4), writer (4), sequence (8); fragments have 12 bytes more.
func (p *parser) data(kind, flags byte, body []byte) {
	least := 20
	if kind == subFragment {
		least = 32
	}
	if len(body) < least {
		p.malformed("data without their head")
		return
	}
	writer := binary.BigEndian.Uint32(body[8:])
	copy(p.guid[12:], body[8:12])
	if byte(writer)&maskUser != 0 {
		if kind == subData && flags&flagData != 0 {
			p.discovery(writer, flags, body)
		}
		return
	}
	p.sample = firedoor.Sample{Function: function(kind, flags), Code: uint32(kind), Object: firedoor.Object{Space: &writers, At: [4]uint32{writer}}}
	if t := p.topicOf(wire.Sum(p.guid[:])); t != nil {
		p.sample.Object = firedoor.Object{Space: &topics, Text: t.name[:t.length]}
	}
	p.emit(&p.event)
}

func function(kind, flags byte) string {
	switch {
	case kind == subFragment:
		return "data fragment"
	case flags&flagData != 0:
		return "data"
	}
	return "state of an instance" // disposed or unregistered: its key at most
}

func (p *parser) topicOf(writer uint64) *topic {
	for i := range p.topics {
		if p.topics[i].writer == writer {
			return &p.topics[i]
		}
	}
	return nil
}

// discovery reads what the participant itself says: a list of parameters.
func (p *parser) discovery(writer uint32, flags byte, body []byte) {
	switch writer {
	case writerParticipants, writerPublications, writerSubscriptions:
	default:
		return
	}
	at := 4 + int(p.order.Uint16(body[2:]))
	if at > len(body) {
		p.malformed("inline parameters beyond their submessage")
		return
	}
	list := body[at:]
	if flags&flagInline != 0 {
		n, ok := passed(list, p.order)
		if !ok {
			p.malformed("list of parameters without an end")
			return
		}
		list = list[n:]
	}
	if len(list) < 4 || list[0] != 0 || list[1] != 2 && list[1] != 3 { // PL_CDR (9.4.2.12)
		return
	}
	a := announcement{order: orderOf(list[1] & 1)}
	list = list[4:]
	for {
		id, value, n, ok := parameter(list, a.order)
		if !ok {
			p.malformed("list of parameters without an end")
			return
		}
		if id == paramSentinel {
			break
		}
		p.take(&a, writer, id, value)
		list = list[n:]
	}
	if writer != writerParticipants {
		p.announce(&a, writer)
	}
}

// announcement is what a list of parameters says of one reader or writer.
type announcement struct {
	order       binary.ByteOrder
	topic, kind []byte
	guid        []byte
}

// parameter takes the next one from b (9.4.2.11); the last is the sentinel.
func parameter(b []byte, order binary.ByteOrder) (id uint16, value []byte, size int, ok bool) {
	if len(b) < 4 {
		return 0, nil, 0, false
	}
	id = order.Uint16(b)
	if id == paramSentinel {
		return id, nil, 4, true
	}
	size = 4 + int(order.Uint16(b[2:]))
	if len(b) < size {
		return 0, nil, 0, false
	}
	return id, b[4:size], size, true
}

// passed is the size of a list of parameters.
func passed(b []byte, order binary.ByteOrder) (size int, ok bool) {
	for {
		id, _, n, ok := parameter(b[size:], order)
		if !ok {
			return 0, false
		}
		if size += n; id == paramSentinel {
			return size, true
		}
	}
}

// take keeps a parameter of a reader or writer, or tells one of a participant.
func (p *parser) take(a *announcement, writer uint32, id uint16, value []byte) {
	if writer != writerParticipants {
		switch {
		case id == paramTopic:
			a.topic, _ = str(value, a.order)
		case id == paramType:
			a.kind, _ = str(value, a.order)
		case id == paramGUID && len(value) == 16:
			a.guid = value
		}
		return
	}
	switch {
	case id == paramEntity:
		if name, _ := str(value, a.order); len(name) > 0 {
			p.tell(firedoor.FactService, 90, append(append(p.text[:0], "DDS participant "...), cut(name)...))
		}
	case id == paramProduct && len(value) == 4 && binary.BigEndian.Uint16(p.b[6:]) == vendorConnext:
		t := append(p.text[:0], "RTI Connext DDS "...)
		for i, n := range value {
			if i > 0 {
				t = append(t, '.')
			}
			t = strconv.AppendUint(t, uint64(n), 10)
		}
		p.tell(firedoor.FactSoftware, 90, t)
	case id == paramProperty:
		p.properties(value, a.order)
	}
}

// properties reads a list of names with their values.
func (p *parser) properties(b []byte, order binary.ByteOrder) {
	if len(b) < 4 {
		return
	}
	count := order.Uint32(b)
	b = b[4:]
	for range min(count, uint32(len(b)/8)) { // a text takes four bytes at least
		name, n := str(b, order)
		value, m := str(b[n:], order)
		if n == 0 || m == 0 {
			return
		}
		b = b[n+m:]
		for i := range properties {
			if string(name) == properties[i].name {
				p.tell(properties[i].kind, 90, value)
			}
		}
	}
}

// str takes a text from b: its length (4), with the zero behind it; size 0 if it
// is not whole.
func str(b []byte, order binary.ByteOrder) (text []byte, size int) {
	if len(b) < 4 {
		return nil, 0
	}
	n := order.Uint32(b)
	if n > uint32(len(b)-4) {
		return nil, 0
	}
	return wire.Text(b[4 : 4+n]), min(4+int(n+3)&^3, len(b))
}

func cut(b []byte) []byte { return b[:min(len(b), maxName)] }

// announce tells which topic a participant publishes or subscribes to, and remembers
// which writer does.
func (p *parser) announce(a *announcement, writer uint32) {
	if len(a.topic) == 0 {
		return
	}
	word := "subscribes to "
	if writer == writerPublications {
		word = "publishes "
		p.remember(a)
	}
	t := append(append(p.text[:0], word...), cut(a.topic)...)
	if len(a.kind) > 0 {
		t = append(append(append(t, " ("...), cut(a.kind)...), ')')
	}
	p.tell(firedoor.FactService, 90, t)
}

func (p *parser) remember(a *announcement) {
	if a.guid == nil {
		return
	}
	sum := wire.Sum(a.guid)
	t := p.topicOf(sum)
	if t == nil {
		if len(p.topics) == maxTopics {
			return
		}
		p.topics = append(p.topics, topic{writer: sum})
		t = &p.topics[len(p.topics)-1]
	}
	t.length = uint8(copy(t.name[:], a.topic))
}

// vendor tells whose software speaks.
func (p *parser) vendor() {
	if name := vendor(binary.BigEndian.Uint16(p.b[6:])); name != "" {
		p.tell(firedoor.FactSoftware, 90, append(p.text[:0], name...))
	}
}

// tell tells a fact of the sender once in a flow.
func (p *parser) tell(kind firedoor.FactKind, confidence uint8, value []byte) {
	sum := wire.Sum(value) + uint64(kind)
	if slices.Contains(p.told, sum) || len(p.told) == maxTold {
		return
	}
	p.told = append(p.told, sum)
	p.voice.Fact(p.emit, firedoor.Identity{Kind: kind, Confidence: confidence, Source: "rtps", Value: value})
}
