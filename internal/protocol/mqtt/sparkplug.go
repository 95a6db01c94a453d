package mqtt

import (
	"bytes"
	"slices"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// Topics of Sparkplug B (4): spBv1.0/group/type/node, for devices behind a node with
// one level more; and whether a host is there (4.3), before 3.0 without the first
// level.
const (
	sparkplug  = "spBv1.0/"
	hostState  = "spBv1.0/STATE/"
	hostState2 = "STATE/"
	stateName  = "host state"
)

// report is what a type of Sparkplug message is.
type report struct {
	word     string // in the topic
	name     string
	device   bool
	birth    bool
	commands bool
}

var reports = [...]report{
	{word: "NBIRTH", name: "node birth", birth: true},
	{word: "NDEATH", name: "node death"},
	{word: "NDATA", name: "node data"},
	{word: "NCMD", name: "node command", commands: true},
	{word: "DBIRTH", name: "device birth", device: true, birth: true},
	{word: "DDEATH", name: "device death", device: true},
	{word: "DDATA", name: "device data", device: true},
	{word: "DCMD", name: "device command", device: true, commands: true},
}

// isReport tells whether words are a Sparkplug message's.
func isReport(words string) bool {
	return words == stateName || slices.ContainsFunc(reports[:], func(r report) bool { return r.name == words })
}

// place is what a Sparkplug topic says.
type place struct {
	report              *report
	group, node, device []byte
}

// read takes a topic apart; false if it is not Sparkplug's.
func (s *place) read(topic []byte) bool {
	if len(topic) < len(sparkplug) || string(topic[:len(sparkplug)]) != sparkplug {
		return false
	}
	group, rest, _ := bytes.Cut(topic[len(sparkplug):], slash)
	kind, rest, ok := bytes.Cut(rest, slash)
	node, device, behind := bytes.Cut(rest, slash)
	if !ok || len(group) == 0 || len(node) == 0 || behind && (len(device) == 0 || bytes.IndexByte(device, '/') >= 0) {
		return false
	}
	for i := range reports {
		if string(kind) == reports[i].word && reports[i].device == behind {
			*s = place{report: &reports[i], group: group, node: node, device: device}
			return true
		}
	}
	return false
}

var slash = []byte{'/'}

// host tells whether a topic is that of a host's state.
func host(topic []byte) bool {
	return bytes.HasPrefix(topic, []byte(hostState)) || bytes.HasPrefix(topic, []byte(hostState2))
}

// state reads whether a host says that it is there: 3.0 in JSON, with a member
// "online" (6.4.26), and before in a word.
func (p *parser) state(payload []byte) firedoor.Values {
	switch string(payload) {
	case "ONLINE":
		return p.truth(true)
	case "OFFLINE":
		return p.truth(false)
	}
	_, rest, found := bytes.Cut(payload, []byte(`"online"`))
	rest = bytes.TrimLeft(rest, " \t\r\n")
	if !found || len(rest) == 0 || rest[0] != ':' {
		return firedoor.Values{}
	}
	rest = bytes.TrimLeft(rest[1:], " \t\r\n")
	switch {
	case bytes.HasPrefix(rest, []byte("true")):
		return p.truth(true)
	case bytes.HasPrefix(rest, []byte("false")):
		return p.truth(false)
	}
	return firedoor.Values{}
}

// prefix writes what the names of a place's metrics begin with.
func (p *parser) prefix(s *place) int {
	b := append(p.text[:0], s.group[:min(len(s.group), maxPart)]...)
	b = append(append(b, '/'), s.node[:min(len(s.node), maxPart)]...)
	if len(s.device) > 0 {
		b = append(append(b, '/'), s.device[:min(len(s.device), maxPart)]...)
	}
	return len(append(b, ':'))
}

// maxPart is how much of a group, node or device goes into the name of a metric.
const maxPart = 120

// Reasons of malformed Sparkplug payloads.
const reasonPayload = "Sparkplug payload is no protocol buffer"

// sparkplug reads what is published on a Sparkplug topic.
func (p *parser) sparkplug(s *place) {
	m := &p.publish
	count, sound := metricsOf(m.payload)
	client := p.dir == firedoor.FromClient
	if client && s.report.commands && count > 0 {
		p.command(s, count)
	} else if client {
		p.write(s.report.name, firedoor.Values{}, nil)
	}
	if !client || !s.report.commands {
		p.report(s)
	}
	if client && s.report.birth && !s.report.device {
		p.identify(s)
	}
	if !sound && m.payload != nil {
		p.complain(reasonPayload)
	}
}

// report tells each metric of a message as a sample, and what births say of names
// and types is learned. A message without metrics is told by its topic.
func (p *parser) report(s *place) {
	at := p.prefix(s)
	w := walk{b: p.publish.payload}
	told := false
	for p.metric.next(&w) {
		m := &p.metric
		if s.report.birth {
			p.learn(at, m)
		}
		object, named := p.nameOf(at, m)
		p.tell(s.report.name, object, p.typed(m), p.worded(&object, named, m))
		told = true
	}
	if !told && p.dir == firedoor.FromServer {
		p.tell(s.report.name, name(&topics, p.publish.topic), firedoor.Values{}, nil)
	}
}

// command emits each metric of a command as an operation of its own. What acts on
// the node or device itself is control, any other value is written. A command that
// cannot be read without a birth that was not seen is obscure: a metric without a
// name, a number that is negative or large.
func (p *parser) command(s *place, count int) {
	at := p.prefix(s)
	for w := (walk{b: p.publish.payload}); p.metric.next(&w); {
		m := &p.metric
		bare := m.code == 0
		if _, named := p.nameOf(at, m); !named || bare && m.code == 0 && m.signed() {
			p.publish.obscure = true
		}
	}
	if p.publish.obscure {
		p.write(s.report.name, firedoor.Values{}, nil)
		return
	}
	item := uint16(0)
	var q *request
	for w := (walk{b: p.publish.payload}); int(item) < count && p.metric.next(&w); {
		p.ordered(s.report, at, &p.metric)
		control := p.op.Verb == firedoor.VerbControl
		switch {
		case p.publish.number == 0:
			p.op.NoAnswer = true
		case item == 0:
			q = p.expect(p.publish.number, count)
		}
		if control && q != nil && item < 64 {
			q.controls |= 1 << item
		}
		if item++; count > 1 {
			p.op.Item = item
		}
		p.ask()
	}
}

// ordered begins an operation with a metric of a command; false if the metric has no name.
func (p *parser) ordered(of *report, at int, m *metric) (named bool) {
	p.begin(typePublish)
	p.op.Function = of.name
	bare := m.code == 0
	p.op.Object, named = p.nameOf(at, m)
	if controls(p.op.Object.Text[at:]) {
		p.op.Verb = firedoor.VerbControl
	}
	if p.op.Values = p.typed(m); bare {
		p.widen(&p.op.Values)
	}
	p.op.Texts = p.worded(&p.op.Object, named, m)
	return named
}

// controls tells metrics that make a node or device do something (6.4.19, 6.4.22).
func controls(metric []byte) bool {
	return bytes.HasPrefix(metric, []byte("Node Control/")) || bytes.HasPrefix(metric, []byte("Device Control/"))
}

// facts are the names by which nodes tell what they are (6.4.19), behind their
// first level and in lower case.
var facts = [...]struct {
	name string
	kind firedoor.FactKind
}{
	{"hardware make", firedoor.FactVendor},
	{"hardware model", firedoor.FactModel},
	{"hardware version", firedoor.FactHardware},
	{"firmware version", firedoor.FactFirmware},
	{"serial number", firedoor.FactSerial},
	{"os", firedoor.FactSystem},
}

// identify tells what the birth of a node says of it.
func (p *parser) identify(s *place) {
	p.born(firedoor.FactName, s.node)
	for w := (walk{b: p.publish.payload}); p.metric.next(&w); {
		p.property(&p.metric)
	}
}

// born is a fact that a node's birth says of it.
func (p *parser) born(kind firedoor.FactKind, value []byte) {
	p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutClient, Confidence: 90, Source: "sparkplug birth", Kind: kind, Value: value})
}

// property tells what a metric of a node's birth says of it.
func (p *parser) property(m *metric) {
	of, property, ok := bytes.Cut(m.name, slash)
	if !ok || m.field != fieldText || string(of) != "Properties" && string(of) != "Node Info" {
		return
	}
	for i := range facts {
		if wire.EqualFold(property, facts[i].name) {
			p.born(facts[i].kind, m.data)
		}
	}
}
