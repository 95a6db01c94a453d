package mqtt

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// Flags of CONNECT (3.1.2.3).
const (
	hasUser     = 0x80
	hasPassword = 0x40
	willRetain  = 0x20
	willQoS     = 0x18
	hasWill     = 0x04
	reserved    = 0x01
)

// Levels of the protocol (3.1.2.2). Bridges mark theirs with the highest bit.
const (
	levelFive  = 5
	levelThree = 3
	bridge     = 0x80
)

// Reasons of malformed CONNECTs.
const (
	reasonName   = "protocol name is not MQTT"
	reasonFlags  = "connect flags contradict each other"
	reasonAgain  = "connects a second time"
	reasonGreets = "acknowledge flags that are reserved"
)

const functionWill = "will"

// connect reads a CONNECT (3.1): who connects, as whom, and what the broker is to
// publish when the client is gone.
func (p *parser) connect() {
	r := p.body()
	protocolName := r.Bytes(int(r.U16()))
	levelAt := p.head + r.Pos()
	level := r.U8()
	flags := r.U8()
	r.Skip(2) // keep-alive
	if p.whole {
		p.complain(reasonAgain)
	}
	if !r.Failed() && string(protocolName) != "MQTT" && string(protocolName) != "MQIsdp" {
		p.complain(reasonName)
	}
	p.speaks, p.whole, p.login = three, true, false
	if level&^bridge == levelFive {
		p.speaks = five
	}
	p.aliases = [2]aliases{}
	p.block(&r, typeConnect)
	client := r.Bytes(int(r.U16()))
	id, stable := steady(client)
	will := flags&hasWill != 0 && !r.Failed()
	p.begin(typeConnect)
	p.op.Object = name(&clients, id)
	if !r.Failed() { // a broker declines a version that nobody speaks (3.1.2.2)
		p.patch[0] = firedoor.Refusal{Name: "version", Offset: levelAt, Bytes: [4]byte{0x7f}, Len: 1}
		p.op.Refusals = p.patch[:]
	}
	operations := 1
	if will {
		operations, p.op.Item = 2, 1
	}
	p.expect(0, operations)
	p.ask()
	if will {
		p.will(&r)
	}
	p.who(&r, flags, level&^bridge)
	if r.Failed() {
		p.complain(reasonShort)
	}
	if stable {
		p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutClient, Kind: firedoor.FactName, Confidence: 50, Source: "mqtt client identifier", Value: client})
	}
}

// will reads what the broker is to publish when the client is gone (3.1.3.2): the
// second operation of a CONNECT.
func (p *parser) will(r *protocol.Reader) {
	p.block(r, typeWill)
	topic := r.Bytes(int(r.U16()))
	payload := r.Bytes(int(r.U16()))
	p.op = firedoor.Operation{Code: typeConnect, Function: functionWill, Verb: firedoor.VerbWrite, Item: 2, Object: name(&topics, topic), Selects: true}
	p.op.Values = p.plain(payload)
	p.op.Texts = p.words(topic, payload, &p.op.Values)
	p.ask()
	if !r.Failed() && !topicFits(topic) {
		p.complain(reasonTopic)
	}
}

// who reads the user's name and passes over the password (3.1.3.5, 3.1.3.6).
func (p *parser) who(r *protocol.Reader, flags, level byte) {
	switch {
	case r.Failed():
		return
	case flags&reserved != 0, flags&willQoS == willQoS, flags&hasWill == 0 && flags&(willQoS|willRetain) != 0,
		level < levelFive && flags&(hasUser|hasPassword) == hasPassword:
		p.complain(reasonFlags)
	}
	if level == levelThree && r.Len() == 0 { // in 3.1 the length wins over the flags
		return
	}
	if flags&hasUser != 0 {
		user := r.Bytes(int(r.U16()))
		p.login, p.userLen = !r.Failed(), uint8(copy(p.user[:], user))
		if level == levelThree && r.Len() == 0 {
			return
		}
	}
	if flags&hasPassword != 0 {
		r.Skip(int(r.U16()))
	}
	if !r.Failed() && r.Len() > 0 {
		p.complain(reasonMore)
	}
}

// accepted reads a CONNACK (3.2).
func (p *parser) accepted() {
	r := p.body()
	flags, code := r.U8(), r.U8()
	if r.Failed() {
		p.complain(reasonShort)
		return
	}
	if p.speaks == unknown {
		p.speaks = three
		if r.Len() > 0 {
			p.speaks = five
		}
	}
	p.block(&r, typeConnAck)
	switch {
	case flags > 1:
		p.complain(reasonGreets)
	case r.Len() > 0:
		p.complain(reasonMore)
	}
	o := connected(code)
	if p.speaks == five {
		o = outcome(code)
	}
	if q := p.take(typeAuth, 0); q != nil {
		p.replyAll(q, typeAuth, o)
	}
	p.replyAll(p.take(typeConnect, 0), typeConnect, o)
	if p.login {
		p.voice.Login(p.emit, p.user[:p.userLen], p.entered(code))
		p.login = false
	}
}

// entered tells what CONNACK says of a login: a connection may be refused for
// other reasons.
func (p *parser) entered(code byte) string {
	switch {
	case code == 0:
		return "ok"
	case p.speaks == five && code >= 0x86 && code <= 0x87, p.speaks != five && (code == 4 || code == 5):
		return "failed"
	}
	return ""
}

// ping reads a PINGREQ or PINGRESP (3.12, 3.13).
func (p *parser) ping(kind byte) {
	if len(p.frame) > p.head {
		p.complain(reasonMore)
	}
	if kind == typePingRequest {
		p.begin(typePingRequest)
		*p.asked.Put(keyOf(typePingRequest, 0)) = request{name: p.op.Function, id: p.last + 1, count: 1, verb: p.op.Verb}
		p.ask()
		return
	}
	p.replyAll(p.take(typePingRequest, 0), typePingRequest, firedoor.OK)
}

// disconnected reads a DISCONNECT (3.14): a client says that it goes, and in 5.0 a
// broker, why the client must.
func (p *parser) disconnected() {
	r := p.body()
	code := byte(0)
	if r.Len() > 0 {
		code = r.U8()
		p.late(&r, typeDisconnect)
	}
	if p.dir == firedoor.FromClient {
		p.begin(typeDisconnect)
		p.op.NoAnswer = true
		p.ask()
		return
	}
	if p.speaks == three {
		p.complain(reasonSide)
		return
	}
	if q := p.take(typeAuth, 0); q != nil {
		p.replyAll(q, typeAuth, outcome(code))
	}
	p.value[0] = code
	p.sample = firedoor.Sample{Function: "disconnect", Code: typeDisconnect, Values: firedoor.Values{Type: firedoor.U8, Count: 1, Raw: p.value[:1]}}
	p.emit(&p.told)
}

// authenticated reads an AUTH (3.15) but for its data.
func (p *parser) authenticated() {
	r := p.body()
	code := byte(0)
	if r.Len() > 0 {
		code = r.U8()
		p.late(&r, typeAuth)
	} else {
		p.props = properties{}
	}
	if p.speaks == three {
		p.complain(reasonThree)
		return
	}
	if p.dir == firedoor.FromClient {
		p.begin(typeAuth)
		p.op.Object = name(&methods, p.props.method)
		p.expect(0, 1)
		p.ask()
		return
	}
	if q := p.take(typeAuth, 0); q != nil {
		p.replyAll(q, typeAuth, outcome(code))
	}
}

// late reads the properties behind a reason, which may be left away with all that
// follows; only 5.0 has either.
func (p *parser) late(r *protocol.Reader, kind byte) {
	p.props = properties{}
	switch p.speaks {
	case three:
		p.complain(reasonMore)
		return
	case unknown:
		p.speaks = five
	}
	if r.Len() > 0 {
		if wrong := p.props.read(r, kind); wrong != "" {
			p.complain(wrong)
		}
	}
	if r.Len() > 0 {
		p.complain(reasonMore)
	}
}
