package codesys

import (
	"bytes"
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

const (
	source  = "codesys"
	maxKept = 48 // bytes of a user's or a file's name that are kept for the answer
)

// request is what an answer needs to know of its request.
type request struct {
	id    uint32
	name  [maxKept]byte // of the user or the file
	nname uint8
	kind  uint16 // of a naming message
	sized bool
	size  uint32 // of the file
}

type parser struct {
	asked     protocol.Asked[request]
	last      uint32
	lost      [2]bool
	stream    bool // blocks over TCP
	packets   bool // datagrams over UDP
	encrypted bool // was told
	parts     [2]parts
	file      transfer

	emit    func(*firedoor.Event)
	at      int // where the message at hand starts
	end     int
	voice   wire.Voice
	op      firedoor.Operation
	opEvent firedoor.Event
	text    [4 * maxName]byte
}

func newParser() *parser {
	p := &parser{}
	p.opEvent = firedoor.Event{Kind: firedoor.EventOperation, Operation: &p.op}
	return p
}

const errBlock = protocol.Broken("no block of CODESYS where one should start")

// Parse reads whole blocks, or a datagram.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit = emit
	if !p.stream && (p.packets || len(b) > 0 && b[0] == 0xc5) {
		p.packets = true
		p.at, p.end = 0, len(b)
		p.datagram(dir, b)
		return len(b), nil
	}
	p.stream = true
	pos := 0
	if p.lost[dir] {
		skip, found := resume(b)
		if !found {
			return skip, nil
		}
		p.lost[dir], pos = false, skip
	}
	for pos < len(b) {
		n, ok := block(b[pos:])
		if !ok {
			return pos, errBlock
		}
		if n == 0 || len(b)-pos < n {
			break
		}
		p.at, p.end = pos, pos+n
		pos += n
		p.datagram(dir, b[p.at+blockSize:p.end])
	}
	return pos, nil
}

// Gap: a block can be found again by its magic.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.lost[dir] = true
	p.loseParts()
	return true
}

func resume(b []byte) (skip int, found bool) {
	for i := range b {
		switch n, ok := block(b[i:]); {
		case ok && n > 0:
			return i, true
		case ok:
			return i, false
		}
	}
	return len(b), false
}

func (p *parser) malformed(reason string) { p.voice.Malformed(p.emit, reason, p.at) }

func (p *parser) datagram(dir firedoor.Direction, b []byte) {
	d, ok := readDatagram(b)
	if !ok {
		p.malformed("broken datagram header")
		return
	}
	switch d.service {
	case addressAsk:
		p.op = firedoor.Operation{}
		*p.asked.Put(keyAddress) = request{id: p.last + 1}
		p.ask(addressWord, codeAddress)
	case addressAnswer:
		p.reply(p.asked.Take(keyAddress), addressWord, codeAddress, firedoor.OK)
	case namingAsk, namingAnswer:
		p.naming(d.service, d.body)
	case channels:
		p.channel(dir, d.body)
	}
}

// ask emits the operation of a word as asked.
func (p *parser) ask(w word, code uint32) {
	p.last++
	p.op.ID, p.op.Phase, p.op.Function, p.op.Verb, p.op.Code = p.last, firedoor.Asked, w.name, w.verb, code
	p.op.Span = firedoor.Span{Start: int64(p.at), End: int64(p.end)}
	p.emit(&p.opEvent)
}

func (p *parser) reply(q *request, w word, code uint32, o firedoor.Outcome) {
	p.op = firedoor.Operation{Phase: firedoor.Answered, Function: w.name, Verb: w.verb, Code: code, Outcome: o}
	if q != nil {
		p.op.ID = q.id
	} else {
		p.last++
		p.op.ID, p.op.Partial = p.last, true
	}
	p.emit(&p.opEvent)
}

// Keys of requests: services by channel, group and command; the others by the
// number of their message.
const (
	keyNaming  = 1 << 62
	keyChannel = 1 << 61
	keyAddress = 1 << 60
	codeBits   = 24 // of a group and a command
)

// codeAddress is that of a search for addresses: nodes ask with it where in the network they stand, with
// nothing but their own address in its eight octets.
const codeAddress = 0x101

var addressWord = word{"address request", identify}

// naming reads a question for a device, or the answer with what it is.
func (p *parser) naming(service byte, b []byte) {
	if len(b) < namingSize {
		p.malformed("naming message too short")
		return
	}
	kind := binary.LittleEndian.Uint16(b)
	w, known := namingWord(kind)
	if !known {
		return
	}
	key := keyNaming | uint64(binary.LittleEndian.Uint32(b[4:]))
	if service == namingAsk {
		p.op = firedoor.Operation{}
		*p.asked.Put(key) = request{id: p.last + 1, kind: kind}
		p.ask(w, uint32(kind))
		return
	}
	q := p.asked.Take(key)
	if q != nil { // the answer has a kind of its own
		kind = q.kind
		w, _ = namingWord(kind)
	}
	p.reply(q, w, uint32(kind), firedoor.OK)
	if binary.LittleEndian.Uint16(b) == namingDevice {
		p.device(b)
	}
}

// channel reads what opens, closes and fills channels.
func (p *parser) channel(dir firedoor.Direction, b []byte) {
	if len(b) == 0 || len(b) < sizeOf(b[0]) {
		p.malformed("channel message too short")
		return
	}
	switch b[0] {
	case channelOpen:
		p.op = firedoor.Operation{}
		*p.asked.Put(keyChannel | uint64(binary.LittleEndian.Uint32(b[8:]))) = request{id: p.last + 1}
		p.ask(word{"open channel", session}, channelOpen)
	case channelOpened:
		q := p.asked.Take(keyChannel | uint64(binary.LittleEndian.Uint32(b[8:])))
		p.reply(q, word{"open channel", session}, channelOpen, outcome(uint32(binary.LittleEndian.Uint16(b[12:]))))
	case channelClose:
		if dir == firedoor.FromClient {
			p.op = firedoor.Operation{NoAnswer: true}
			p.ask(word{"close channel", session}, channelClose)
		}
	case channelBlock:
		if len(b) < blockHeader {
			p.malformed("channel message too short")
			return
		}
		if b[1]&flagFirst != 0 {
			p.service(dir, b)
		} else {
			p.nextBlock(dir, b)
		}
	}
}

func (p *parser) service(dir firedoor.Direction, b []byte) {
	c, ok := readService(b)
	switch {
	case !ok:
		p.malformed("broken service header")
	case c.protocol == secureServices:
		if !p.encrypted {
			p.encrypted = true
			p.voice.Encrypted(p.emit, "codesys", "")
		}
	case c.answer != (dir == firedoor.FromServer):
		p.malformed("service of the other side")
	case c.answer:
		p.answer(&c)
	default:
		p.request(&c)
	}
	if ok && c.whole && c.protocol == plainServices && !sound(c.tags) {
		p.malformed("tags do not fill their service")
	}
	if ok {
		p.firstBlock(dir, &c, b)
	}
}

func (c *call) code() uint32 { return uint32(c.group)<<16 | uint32(c.command) }

func (c *call) logsIn() bool { return c.group == groupDevice && c.command == deviceLogin }

func (c *call) startsFile() bool {
	switch c.command {
	case fileStartDownload, fileRestartDownload, fileStartUpload, fileRestartUpload:
		return c.group == groupFile
	}
	return false
}

func (c *call) key() uint64 { return uint64(c.channel)<<codeBits | uint64(c.code()) }

// Tags that are read: user in credentials, result in a login's answer, name of a
// file, result and its place in a file's answer, result of a control.
const (
	tagCredentials = 0x81
	tagUser        = 0x10
	tagLoginReply  = 0x82
	tagLoginResult = 0x20
	tagFileName    = 0x01
	tagFileReply   = 0x84
	tagFileResult  = 0x08
	tagError       = 0x01
	tagStatus      = 0xff7f // result of a service of the trace manager
	tagClient      = 0x83   // what a client says of itself
	tagClientHost  = 0x43
	tagClientTool  = 0x44
)

// askKey is the result of a login's first step: the controller sends its key and a
// challenge, and the next step proves the password.
const askKey = 10

func (p *parser) request(c *call) {
	q := p.asked.Put(c.key())
	*q = request{id: p.last + 1}
	p.op = firedoor.Operation{}
	var name []byte
	switch {
	case c.startsFile():
		if name = wire.Text(find(c.tags, tagFileName)); len(name) > 0 {
			p.op.Object = firedoor.Object{Space: &files, Text: name}
		}
		q.size, q.sized = sizeOfFile(find(c.tags, tagFileInfo))
	case c.logsIn():
		name = wire.Text(find(find(c.tags, tagCredentials), tagUser))
	case c.group == groupDevice && c.command == deviceSession:
		p.client(find(c.tags, tagClient))
	}
	q.nname = uint8(copy(q.name[:], name))
	p.ask(serviceWord(c.group, c.command), c.code())
}

func (p *parser) answer(c *call) {
	q := p.asked.Take(c.key())
	o, half := firedoor.OK, false
	switch {
	case c.logsIn():
		o = result(find(find(c.tags, tagLoginReply), tagLoginResult))
		if half = o.Code == askKey; half {
			o = firedoor.OK
		}
	case c.group == groupTrace:
		o = result(find(c.tags, tagStatus))
	case c.startsFile():
		o = result(find(find(c.tags, tagFileReply), tagFileResult))
	case c.group == groupApp && c.command >= appStart && c.command <= appReset:
		o = result(find(c.tags, tagError))
	}
	p.reply(q, serviceWord(c.group, c.command), c.code(), o)
	if q == nil || half {
		return
	}
	ok, name := o.Kind == firedoor.OutcomeOK, q.name[:q.nname]
	switch {
	case c.logsIn() && ok:
		p.voice.Login(p.emit, name, "ok")
	case c.logsIn():
		p.voice.Login(p.emit, name, "failed")
	case c.startsFile() && ok:
		p.started(c, q)
	}
}

// client tells what a client says of itself when it asks for a session.
func (p *parser) client(b []byte) {
	tell := func(kind firedoor.FactKind, value []byte) {
		p.voice.Fact(p.emit, firedoor.Identity{About: firedoor.AboutClient, Kind: kind, Confidence: 90, Source: source, Value: value})
	}
	tell(firedoor.FactName, bytes.TrimSuffix(wire.Text(find(b, tagClientHost)), []byte(".")))
	tell(firedoor.FactSoftware, wire.Text(find(b, tagClientTool)))
}

// result reads a result of two or four bytes; none says that nothing went wrong.
func result(b []byte) firedoor.Outcome {
	switch len(b) {
	case 2:
		return outcome(uint32(binary.LittleEndian.Uint16(b)))
	case 4:
		return outcome(binary.LittleEndian.Uint32(b))
	}
	return firedoor.OK
}
