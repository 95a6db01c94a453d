package mqtt

import (
	"bytes"

	"firedoor"
)

// Limits of what is remembered of topic aliases in one direction.
const (
	maxAliases   = 1024
	maxAliasText = 1 << 16
)

// aliases are the topics that one side's numbers stand for (3.3.2.3.4). What does
// not fit is not remembered; a number is never left with a topic it lost.
type aliases struct {
	topics map[uint16][]byte
	bytes  int
}

// set gives a number its topic.
func (a *aliases) set(number uint16, topic []byte) {
	old, known := a.topics[number]
	if known && bytes.Equal(old, topic) {
		return
	}
	if !known && len(a.topics) >= maxAliases || a.bytes+len(topic)-len(old) > maxAliasText {
		if known {
			a.bytes -= len(old)
			delete(a.topics, number)
		}
		return
	}
	if a.topics == nil {
		a.topics = map[uint16][]byte{}
	}
	a.bytes += len(topic) - len(old)
	a.topics[number] = append(old[:0], topic...)
}

// publish is the PUBLISH at hand.
type publish struct {
	topic   []byte
	payload []byte // nil if it is passed over
	number  uint16 // packet identifier, 0 if nothing is acknowledged
	obscure bool   // the topic is known by an alias only, and what that means was not seen
}

// Reasons of malformed PUBLISHes.
const (
	reasonTopic   = "topic that nobody can publish to"
	reasonQoS     = "quality of service 3"
	reasonDup     = "repeated although it is not acknowledged"
	reasonUnknown = "topic alias that was never given"
)

// published reads a PUBLISH (3.3); passed if its payload is not there.
func (p *parser) published(passed bool) {
	m := &p.publish
	*m = publish{}
	r := p.body()
	m.topic = r.Bytes(int(r.U16()))
	switch qos := p.frame[0] & flagQoS; {
	case qos == qosReserved:
		p.complain(reasonQoS)
		return
	case qos != 0:
		m.number = p.number(&r)
	case p.frame[0]&flagDup != 0:
		p.complain(reasonDup)
	}
	if r.Failed() {
		if m.number == 0 && p.frame[0]&flagQoS == 0 {
			p.complain(reasonShort)
		}
		return
	}
	sound := p.block(&r, typePublish)
	if !p.topic() {
		return
	}
	if !passed && sound {
		m.payload = r.Rest()
	}
	var place place
	if place.read(m.topic) {
		if passed && sound && !m.obscure {
			p.flow(&place)
		} else {
			p.sparkplug(&place)
		}
		return
	}
	function, values := functions[typePublish].name, p.plain(m.payload)
	texts := p.words(m.topic, m.payload, &values)
	if host(m.topic) {
		function, values, texts = stateName, p.state(m.payload), nil
	}
	if p.dir == firedoor.FromClient {
		p.write(function, values, texts)
		return
	}
	p.tell(function, name(&topics, m.topic), values, texts)
	if string(m.topic) == "$SYS/broker/version" {
		p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutServer, Kind: firedoor.FactSoftware, Confidence: 90, Source: "mqtt $SYS topics", Value: m.payload})
	}
}

// topic finds out the topic of a PUBLISH, which may have a number instead; false
// if there is none.
func (p *parser) topic() bool {
	m := &p.publish
	a := &p.aliases[p.dir]
	if p.props.aliased && len(m.topic) > 0 {
		a.set(p.props.alias, m.topic)
	}
	if p.props.aliased && len(m.topic) == 0 {
		topic, known := a.topics[p.props.alias]
		m.topic, m.obscure = topic, !known
		if m.obscure && p.whole && len(a.topics) < maxAliases {
			p.complain(reasonUnknown)
		}
		return true
	}
	if !topicFits(m.topic) {
		p.complain(reasonTopic)
	}
	return len(m.topic) > 0
}

// write emits what a client publishes as an operation on the topic.
func (p *parser) write(function string, values firedoor.Values, texts [][]byte) {
	m := &p.publish
	p.begin(typePublish)
	p.op.Function, p.op.Object, p.op.Values, p.op.Texts = function, name(&topics, m.topic), values, texts
	if m.obscure {
		p.obscure()
		return
	}
	if m.number == 0 {
		p.op.NoAnswer = true
	} else {
		p.expect(m.number, 1)
	}
	p.ask()
}

// obscure emits the operation at hand as one whose request was not seen: a part of
// it is a number whose meaning was told before. If it is acknowledged, that tells.
func (p *parser) obscure() {
	if p.publish.number != 0 {
		return
	}
	p.last++
	p.op.ID, p.op.Phase, p.op.Partial, p.op.Outcome = p.last, firedoor.Answered, true, firedoor.OK
	p.emit(&p.asking)
}

// tell emits a sample.
func (p *parser) tell(function string, object firedoor.Object, values firedoor.Values, texts [][]byte) {
	p.sample = firedoor.Sample{Function: function, Code: typePublish, Object: object, Values: values, Texts: texts}
	p.emit(&p.told)
}

// acknowledged reads a PUBACK, PUBREC, PUBREL or PUBCOMP (3.4 to 3.7). Only what
// the broker says to the client's own publishing ends something.
func (p *parser) acknowledged(kind byte) {
	r := p.body()
	number := p.number(&r)
	if r.Failed() {
		return
	}
	code := byte(0)
	if r.Len() > 0 {
		code = r.U8()
		p.late(&r, kind)
	}
	if p.dir == firedoor.FromClient || kind == typePubRel || kind == typePubRec && code < failure {
		return
	}
	q := p.take(typePublish, number)
	p.replyAll(q, typePublish, outcome(code))
	for run := uint32(1); q != nil && q.more; run++ { // what followed of a long command
		if q = p.asked.Take(runOf(number, run)); q != nil {
			p.replyAll(q, typePublish, outcome(code))
		}
	}
}
