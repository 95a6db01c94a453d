package device

import (
	"encoding/binary"
	"fmt"
	"strings"

	"firedoor/internal/plant"
)

// CIPClient asks one EtherNet/IP device over one connection: it registers a
// session and opens a message connection (class 3), unless it is to ask without.
// It knows every verb but Connect and Disconnect, which CIPScanner adds. Raw
// sends Code as the service and Data as all behind it (size of the path in words,
// path, data); the reply has what follows the status.
//
// Points of one request go together as a multiple service packet, as many as fit
// 480 bytes. Stop, Start and Mode are the services 0x07 and 0x06 of class 0x8e.
// Download and Upload are transfers of the file object (class 0x37); a Block
// that is not in the directory is created. ListBlocks lists tags.
type CIPClient struct {
	asking
	cut        cutter
	direct     bool // asks without a connection
	known      bool // Known was called
	step       int
	handle     uint32
	context    uint64
	sequence   uint16
	connection plant.CIPConnection
	message    []byte
	path       []byte
	starts     []int // of requests in a packet
	next       int   // where a list goes on
	file       int   // the number of the file
	number     uint8
	sent       int
	service    uint8 // asked last
}

// Steps of a client's session.
const (
	cipRegistering = iota
	cipOpening
	cipReady
)

// NewCIPClient returns a client that keeps a message connection to the controller
// in slot 0.
func NewCIPClient() *CIPClient {
	c := &CIPClient{cut: cutter{header: enipHeader, length: enipLength}}
	c.connection = plant.CIPConnection{
		Vendor: 1, Class: 3,
		SizeToTarget: 504, SizeToOriginator: 504, Interval: 2_000_000, Path: []byte{1, 0, 0x20, cipRouter, 0x24, 1},
	}
	return c
}

// NewCIPTool returns a client that asks outside of any connection, as scanners do.
func NewCIPTool() *CIPClient {
	c := NewCIPClient()
	c.direct = true
	return c
}

// Known sets what makes a client's connections its own: the serial number of the
// device it runs on and a number that is different for each of its connections.
// A target refuses two alike. Without it they follow from the number of the
// session that the target gives.
func (c *CIPClient) Known(originator uint32, serial uint16) {
	c.known = true
	c.connection.Originator, c.connection.Serial = originator, serial
	c.connection.ToOriginator = 0x00510000 | uint32(serial)
}

// Open implements Client.
func (c *CIPClient) Open(out []byte) []byte {
	c.step, c.handle, c.sequence = cipRegistering, 0, 0
	return plant.ENIP{}.Register(out)
}

// Ready implements Client.
func (c *CIPClient) Ready() bool { return c.step == cipReady && !c.busy }

// header is that of the next message.
func (c *CIPClient) header() plant.ENIP {
	c.context++
	return plant.ENIP{Session: c.handle, Context: c.context}
}

// send wraps the message in the making.
func (c *CIPClient) send(out []byte) []byte {
	c.service = c.message[0]
	if c.direct {
		return c.header().Unconnected(out, c.message)
	}
	c.sequence++
	return plant.ENIP{Session: c.handle}.Connected(out, c.connection.ToTarget, c.sequence, c.message)
}

// request makes a message for an object.
func (c *CIPClient) request(service, class uint8, instance int, attribute uint8, data ...byte) {
	p := append(c.path[:0], 0x20, class)
	if instance > 0xff {
		p = append(p, 0x25, 0, byte(instance), byte(instance>>8))
	} else {
		p = append(p, 0x24, byte(instance))
	}
	if attribute != 0 {
		p = append(p, 0x30, attribute)
	}
	c.path = p
	c.message = plant.CIPRequest(c.message[:0], service, p, data...)
}

// Ask implements Client.
func (c *CIPClient) Ask(r Request, out []byte) ([]byte, error) {
	if !c.Ready() {
		return out, ErrBusy
	}
	if err := c.possible(&r); err != nil {
		return out, err
	}
	c.begin(r)
	c.next, c.file = 0, 0
	switch r.Verb {
	case Read, Write:
		c.part()
	case Identify:
		c.request(plant.CIPGetAll, cipIdentity, 1, 0)
	case Stop:
		c.request(cipStop, cipModeOf, 1, 0)
	case Start:
		c.request(cipStart, cipModeOf, 1, 0)
	case Mode:
		c.request(cipStop-min(r.Code, 1), cipModeOf, 1, 0) // Start is the one before
	case ListBlocks:
		c.list()
	case Upload, Download:
		c.request(plant.CIPGetSingle, cipFileOf, 0, cipDirectory)
	case ReadClock:
		c.request(cipGetList, cipClockOf, 1, 0, 1, 0, cipTimeUTC, 0)
	case SetClock:
		c.request(cipSetList, cipClockOf, 1, 0, 1, 0, cipTimeSet, 0)
		c.message = binary.LittleEndian.AppendUint64(c.message, uint64(r.Time/1000))
	case Raw:
		c.message = append(append(c.message[:0], r.Code&0x7f), r.Data...)
	}
	return c.send(out), nil
}

// possible tells why a request cannot be asked.
func (c *CIPClient) possible(r *Request) error {
	switch r.Verb {
	case Read, Write:
		if err := consistent(r, Tag); err != nil {
			return err
		}
		for i := range r.Points {
			if n := len(r.Points[i].Name); n == 0 || n > 40 {
				return ErrRequest
			}
		}
	case Download:
		if r.Block == "" || len(r.Block) > 64 || len(r.Program) == 0 || len(r.Program) > MaxBlockSize {
			return ErrRequest
		}
	case Upload:
		if r.Block == "" {
			return ErrRequest
		}
	case Raw:
		if len(r.Data) == 0 || len(r.Data) > cipRoom {
			return ErrRequest
		}
	case Identify, Stop, Start, Mode, ListBlocks, ReadClock, SetClock:
	default:
		return ErrUnsupported
	}
	return nil
}

// list asks for tags from a number on.
func (c *CIPClient) list() {
	c.request(cipInstances, cipSymbolOf, c.next, 0, 1, 0, 1, 0)
}

// one appends the request for a point.
func (c *CIPClient) one(b []byte, i int) []byte {
	r := &c.reply.Request
	p := &r.Points[i]
	c.path = c.path[:0]
	for part := range strings.SplitSeq(p.Name, ".") {
		c.path = plant.AppendCIPSymbol(c.path, part)
	}
	if r.Verb == Read {
		return plant.CIPRequest(b, plant.CIPReadTag, c.path, 1, 0)
	}
	kind := cipType(p.Kind)
	b = plant.CIPRequest(b, plant.CIPWriteTag, c.path, byte(kind), byte(kind>>8), 1, 0)
	return appendLow(b, p.Kind, rawOf(p.Kind, p.Scale, r.Values[i]))
}

// part makes the message for as many of the remaining points as one carries.
func (c *CIPClient) part() {
	r := &c.reply.Request
	c.from = c.until
	if c.from == len(r.Points)-1 {
		c.until++
		c.message = c.one(c.message[:0], c.from)
		return
	}
	// Requests are appended behind room for the offsets of all that may come;
	// then they move to their place.
	c.path = append(c.path[:0], 0x20, cipRouter, 0x24, 1)
	b := plant.CIPRequest(c.message[:0], plant.CIPMultiple, c.path)
	head := len(b)
	c.starts = c.starts[:0]
	answer := 6
	for c.until < len(r.Points) {
		at := len(b)
		b = c.one(b, c.until)
		answer += 2 + 6 + r.Points[c.until].Kind.Size()
		full := len(b)+2+2*(len(c.starts)+1) > cipRoom || answer > cipRoom
		if full && len(c.starts) > 0 {
			b = b[:at]
			break
		}
		c.starts = append(c.starts, at-head)
		c.until++
	}
	n := len(c.starts)
	table := 2 + 2*n
	end := len(b)
	for range table {
		b = append(b, 0)
	}
	copy(b[head+table:], b[head:end])
	binary.LittleEndian.PutUint16(b[head:], uint16(n))
	for i, s := range c.starts {
		binary.LittleEndian.PutUint16(b[head+2+2*i:], uint16(table+s))
	}
	c.message = b
}

// Receive implements Client.
func (c *CIPClient) Receive(b, out []byte) ([]byte, []Reply, error) {
	var replies []Reply
	for {
		message, rest, ok := c.cut.next(b)
		if !ok {
			return out, replies, ErrProtocol
		}
		if message == nil {
			return out, replies, nil
		}
		b = rest
		var done []Reply
		var err error
		if out, done, err = c.take(parseENIP(message), out); err != nil {
			return out, replies, err
		}
		if done != nil {
			replies = done
		}
	}
}

// take looks at one encapsulation message.
func (c *CIPClient) take(m enipMessage, out []byte) ([]byte, []Reply, error) {
	if c.step == cipRegistering {
		return c.registered(m, out)
	}
	if m.status != 0 {
		if !c.busy {
			return out, nil, ErrRefused
		}
		return out, c.fail(m.status, "the encapsulation refused"), nil
	}
	if m.command != enipUnconnected && m.command != enipConnected || len(m.body) < cpfPrefix {
		return out, nil, nil
	}
	_, kind, data, ok := cpf(m.body[cpfPrefix:])
	switch {
	case !ok:
		return out, nil, ErrProtocol
	case kind == cpfConnected && !c.direct && len(data) >= 2:
		if binary.LittleEndian.Uint16(data) != c.sequence {
			return out, nil, nil
		}
		data = data[2:]
	case kind != cpfData || m.Context != c.context:
		return out, nil, nil
	}
	if len(data) < 4 || data[0]&0x80 == 0 || len(data) < 4+2*int(data[3]) {
		return out, nil, ErrProtocol
	}
	if c.step == cipOpening {
		return c.opened(data, out)
	}
	if !c.busy || data[0]&0x7f != c.service {
		return out, nil, nil
	}
	out, replies := c.answered(data, out)
	return out, replies, nil
}

func (c *CIPClient) registered(m enipMessage, out []byte) ([]byte, []Reply, error) {
	if m.command != enipRegister || m.status != 0 || m.Session == 0 {
		return out, nil, ErrRefused
	}
	c.handle = m.Session
	if c.direct {
		c.step = cipReady
		return out, nil, nil
	}
	c.step = cipOpening
	c.connection.ToTarget = 0
	if !c.known { // what the target numbered differently for each of its clients
		c.connection.Serial = uint16(c.handle)
		c.connection.Originator = 0x00a10000 | c.handle&0xffff
		c.connection.ToOriginator = 0x00510000 | c.handle&0xffff
	}
	c.message = c.connection.Open(c.message[:0])
	return c.header().Unconnected(out, c.message), nil, nil
}

func (c *CIPClient) opened(data, out []byte) ([]byte, []Reply, error) {
	if data[0]&0x7f != plant.CIPForwardOpen || data[2] != cipOK || len(data) < 8 {
		return out, nil, ErrRefused
	}
	c.connection.ToTarget = binary.LittleEndian.Uint32(data[4:])
	c.step = cipReady
	return out, nil, nil
}

// answered takes the answer to what was asked last.
func (c *CIPClient) answered(d, out []byte) ([]byte, []Reply) {
	status, body := d[2], d[4+2*int(d[3]):]
	switch verb := c.reply.Request.Verb; {
	case verb == Connect:
		if status != cipOK {
			return out, c.fail(uint32(status), cipError(status))
		}
		c.data = append(c.data, body...)
		return out, c.done()
	case verb == Raw:
		c.data = append(c.data, d[3:]...)
		if status != cipOK && status != cipPartial {
			return out, c.fail(uint32(status), cipError(status))
		}
		return out, c.done()
	case (verb == Read || verb == Write) && c.service == plant.CIPMultiple:
		return c.takePacket(status, body, out)
	case status != cipOK && status != cipPartial:
		return out, c.fail(uint32(status), cipError(status))
	case verb == Read || verb == Write:
		if !c.takeValue(c.from, body) {
			return out, c.fail(0, "answer of the wrong length")
		}
		return c.further(out)
	case verb == Identify:
		return c.identity(body, out)
	case verb == ListBlocks:
		return c.takeList(status, body, out)
	case verb == Upload || verb == Download:
		return c.takeFile(body, out)
	case verb == ReadClock:
		if len(body) < 14 {
			return out, c.fail(0, "answer of the wrong length")
		}
		c.reply.Time = int64(binary.LittleEndian.Uint64(body[6:])) * 1000
	}
	return out, c.done()
}

// further asks for the remaining points, or ends.
func (c *CIPClient) further(out []byte) ([]byte, []Reply) {
	if c.until < len(c.reply.Request.Points) {
		c.part()
		return c.send(out), nil
	}
	return out, c.done()
}

// takeValue takes the value of point i, where values were asked for.
func (c *CIPClient) takeValue(i int, body []byte) bool {
	if c.reply.Request.Verb == Write {
		return true
	}
	p := &c.reply.Request.Points[i]
	if len(body) != 2+p.Kind.Size() {
		return false
	}
	c.values = append(c.values, engineering(p.Kind, p.Scale, rawLow(body[2:])))
	return true
}

// takePacket takes the answers of a multiple service packet.
func (c *CIPClient) takePacket(status uint8, body, out []byte) ([]byte, []Reply) {
	if status != cipOK && status != cipEmbedded {
		return out, c.fail(uint32(status), cipError(status))
	}
	n := c.until - c.from
	if len(body) < 2+2*n || int(binary.LittleEndian.Uint16(body)) != n {
		return out, c.fail(0, "answer of the wrong length")
	}
	for i := range n {
		from, to := int(binary.LittleEndian.Uint16(body[2+2*i:])), len(body)
		if i+1 < n {
			to = int(binary.LittleEndian.Uint16(body[4+2*i:]))
		}
		if from > to || to > len(body) || to-from < 4 || to-from < 4+2*int(body[from+3]) {
			return out, c.fail(0, "answer of the wrong length")
		}
		d := body[from:to]
		if d[2] != cipOK {
			return out, c.fail(uint32(d[2]), cipError(d[2]))
		}
		if !c.takeValue(c.from+i, d[4+2*int(d[3]):]) {
			return out, c.fail(0, "answer of the wrong length")
		}
	}
	return c.further(out)
}

func (c *CIPClient) identity(body, out []byte) ([]byte, []Reply) {
	if len(body) < 15 || len(body) < 15+int(body[14]) {
		return out, c.fail(0, "answer of the wrong length")
	}
	c.texts = append(c.texts, string(body[15:15+int(body[14])]),
		fmt.Sprintf("vendor %d, type %d, code %d", binary.LittleEndian.Uint16(body), binary.LittleEndian.Uint16(body[2:]), binary.LittleEndian.Uint16(body[4:])),
		fmt.Sprintf("%d.%d", body[6], body[7]), fmt.Sprintf("%08x", binary.LittleEndian.Uint32(body[10:])))
	return out, c.done()
}

// maxListed is how many tags a client takes; the rest is not asked for.
const maxListed = 10000

func (c *CIPClient) takeList(status uint8, body, out []byte) ([]byte, []Reply) {
	before := len(c.texts)
	for len(body) >= 6 {
		n := int(binary.LittleEndian.Uint16(body[4:]))
		if len(body) < 6+n {
			return out, c.fail(0, "answer of the wrong length")
		}
		c.next = int(binary.LittleEndian.Uint32(body)) + 1
		c.texts = append(c.texts, string(body[6:6+n]))
		body = body[6+n:]
	}
	if status == cipPartial && len(c.texts) > before && len(c.texts) < maxListed {
		c.list()
		return c.send(out), nil
	}
	return out, c.done()
}

// cipError is the meaning of a general status.
func cipError(status uint8) string {
	switch status {
	case cipConnectionFail:
		return "connection failure"
	case cipPathSegment:
		return "path segment error"
	case cipPathUnknown:
		return "path destination unknown"
	case cipNoService:
		return "service not supported"
	case cipBadValue:
		return "invalid attribute value"
	case cipConflict:
		return "object state conflict"
	case cipNotSettable:
		return "attribute not settable"
	case cipPrivilege:
		return "privilege violation"
	case cipNotEnough:
		return "not enough data"
	case cipNoAttribute:
		return "attribute not supported"
	case cipTooMuch:
		return "too much data"
	case cipNoObject:
		return "object does not exist"
	case cipBadParameter:
		return "invalid parameter"
	case cipTagError:
		return "general error"
	}
	return "unknown status"
}
