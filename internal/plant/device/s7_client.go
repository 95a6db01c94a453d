package device

import (
	"encoding/binary"

	"firedoor/internal/plant"
)

// Links of an S7 connection: what kind of client calls.
const (
	LinkPG    = 1 // programming device
	LinkOP    = 2 // operator panel
	LinkBasic = 3
)

// S7Client asks one CPU over one connection. It knows every verb but
// Connect and Disconnect; Mode 0 is Stop and 1 is Start. Raw sends Data as the parameters of a job, the first
// byte its function; with Code 7 it sends userdata: a group, a subfunction and
// content. The reply has the parameters and data of the answer.
//
// Points of a request are items of one message each way as long as they fit the
// agreed size, then the next message follows. Download stops at nothing: whoever
// wants the CPU stopped before asks for that.
type S7Client struct {
	asking
	cut              cutter
	rack, slot, link uint8
	step             int
	pdu              int
	ref              uint16
	stage            int // of a request in several exchanges
	file             string
	transfer         uint32
	kinds            []byte // of blocks that are still to be listed
	kind             byte
	sent             int // bytes of Program
	items            [s7MaxItems]plant.S7Item
}

// s7MaxItems is how many variables one message asks for at most: what the CPUs
// of the family take.
const s7MaxItems = 20

// NewS7Client returns a client of the CPU in a slot.
func NewS7Client(rack, slot, link uint8) *S7Client {
	return &S7Client{rack: rack, slot: slot, link: link, pdu: 480, cut: cutter{header: 4, length: tpktLength}}
}

// Open implements Client.
func (c *S7Client) Open(out []byte) []byte {
	c.step = s7Closed
	return plant.COTPConnect(out, 0x0001, c.link, c.rack, c.slot)
}

// Ready implements Client.
func (c *S7Client) Ready() bool { return c.step == s7Talking && !c.busy }

// next is the header of the next message.
func (c *S7Client) next() plant.S7 {
	c.ref++
	if c.ref >= 0x8000 { // those are the CPU's own
		c.ref = 1
	}
	return plant.S7{Ref: c.ref}
}

// Ask implements Client.
func (c *S7Client) Ask(r Request, out []byte) ([]byte, error) {
	if !c.Ready() {
		return out, ErrBusy
	}
	if err := c.possible(&r); err != nil {
		return out, err
	}
	c.begin(r)
	c.stage = 0
	verb := r.Verb
	if verb == Mode {
		verb = Stop + Verb(min(r.Code, 1)) // Start is the next
	}
	switch verb {
	case Read, Write:
		return c.part(out), nil
	case Identify:
		return c.next().SZL(out, 0x0011, 0), nil
	case Stop:
		return c.next().Stop(out), nil
	case Start:
		return c.next().Start(out), nil
	case Download:
		c.sent = 0
		return c.next().RequestDownload(out, c.file, len(r.Program)), nil
	case Upload:
		return c.next().StartUpload(out, c.file), nil
	case ListBlocks:
		c.kinds = c.kinds[:0]
		return c.next().UserAsk(out, plant.S7User{Group: s7GroupBlocks, Sub: 1}, nil), nil
	case ReadClock:
		return c.next().UserAsk(out, plant.S7User{Group: s7GroupClock, Sub: 1}, nil), nil
	case SetClock:
		return c.next().UserAsk(out, plant.S7User{Group: s7GroupClock, Sub: 2}, appendS7Clock(nil, r.Time)), nil
	}
	if r.Code == plant.S7Userdata {
		return c.next().UserAsk(out, plant.S7User{Group: r.Data[0] & 0xf, Sub: r.Data[1]}, r.Data[2:]), nil
	}
	at := len(out)
	out = append(c.next().Begin(out, plant.S7Job), r.Data...)
	return plant.S7End(out, at, len(out)), nil
}

// possible tells why a request cannot be asked.
func (c *S7Client) possible(r *Request) error {
	switch r.Verb {
	case Read, Write:
		if err := consistent(r, Block, Inputs, Outputs, Flags); err != nil {
			return err
		}
		for i := range r.Points {
			if p := &r.Points[i]; p.Bit > 7 || p.Address >= maxRegion {
				return ErrRequest
			}
		}
	case Download:
		c.file = S7FileName(r.Block)
		if c.file == "" || len(r.Program) < s7BlockHeader || len(r.Program) > MaxBlockSize {
			return ErrRequest
		}
	case Upload:
		if c.file = S7FileName(r.Block); c.file == "" {
			return ErrRequest
		}
	case Raw:
		if len(r.Data) == 0 || len(r.Data) > c.pdu-26 || r.Code == plant.S7Userdata && len(r.Data) < 2 {
			return ErrRequest
		}
	case Identify, Stop, Start, Mode, ListBlocks, ReadClock, SetClock:
	default:
		return ErrUnsupported
	}
	return nil
}

// s7ItemOf is the item of a point.
func s7ItemOf(p *Point) plant.S7Item {
	it := plant.S7Item{Count: 1, DB: p.Number, Byte: p.Address}
	it.Area = [...]uint8{Block: plant.S7Block, Inputs: plant.S7Inputs, Outputs: plant.S7Outputs, Flags: plant.S7Flags}[p.Area]
	if p.Area != Block {
		it.DB = 0
	}
	it.Type = [...]uint8{
		Bool: plant.S7TypeBit, Int16: plant.S7TypeInt, Uint16: plant.S7TypeWord,
		Int32: plant.S7TypeDInt, Float32: plant.S7TypeReal,
	}[p.Kind]
	if p.Kind == Bool {
		it.Bit = p.Bit
	}
	return it
}

// part asks for as many of the remaining points as one message carries.
func (c *S7Client) part(out []byte) []byte {
	r := &c.reply.Request
	c.from = c.until
	request, answer := 12, 14 // headers, function and number of items
	items := c.items[:0]
	for c.until < len(r.Points) && len(items) < s7MaxItems {
		value := 4 + (r.Points[c.until].Kind.Size()+1)&^1
		request += s7ItemLength
		if r.Verb == Write {
			request += value
			answer++
		} else {
			answer += value
		}
		if (request > c.pdu || answer > c.pdu) && len(items) > 0 {
			break
		}
		items = append(items, s7ItemOf(&r.Points[c.until]))
		c.until++
	}
	if r.Verb == Read {
		return c.next().Read(out, items...)
	}
	return c.write(out, items)
}

func (c *S7Client) write(out []byte, items []plant.S7Item) []byte {
	var bytes [s7MaxItems * 4]byte
	var values [s7MaxItems][]byte
	rest := bytes[:]
	for i, p := range c.points() {
		n := p.Kind.Size()
		raw := rawOf(p.Kind, p.Scale, c.reply.Request.Values[c.from+i])
		switch n {
		case 1:
			rest[0] = byte(raw)
		case 2:
			binary.BigEndian.PutUint16(rest, uint16(raw))
		default:
			binary.BigEndian.PutUint32(rest, raw)
		}
		values[i], rest = rest[:n:n], rest[n:]
	}
	return c.next().Write(out, items, values[:len(items)]...)
}

// Receive implements Client.
func (c *S7Client) Receive(b, out []byte) ([]byte, []Reply, error) {
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
		if out, done, err = c.transport(message[4:], out); err != nil {
			return out, replies, err
		}
		if done != nil {
			replies = done
		}
	}
}

func (c *S7Client) transport(t, out []byte) ([]byte, []Reply, error) {
	const confirm, refuse, data = 0xd0, 0x80, 0xf0
	switch {
	case t[1]&0xf0 == confirm && c.step == s7Closed:
		c.step = s7Silent
		return c.next().Setup(out, uint16(c.pdu)), nil, nil
	case t[1]&0xf0 == refuse:
		return out, nil, ErrRefused
	case t[1] != data || c.step == s7Closed:
		return out, nil, ErrProtocol
	case len(t) == 3:
		return out, nil, nil
	}
	m, ok := parseS7(t[3:])
	if !ok {
		return out, nil, ErrProtocol
	}
	if c.step == s7Silent {
		if m.kind != plant.S7Ack || m.code != 0 || len(m.param) != 8 || m.param[0] != s7FnSetup {
			return out, nil, ErrRefused
		}
		c.pdu = min(max(int(binary.BigEndian.Uint16(m.param[6:])), s7MinPDU), s7MaxPDU)
		c.step = s7Talking
		return out, nil, nil
	}
	if m.kind == plant.S7Job {
		return c.asked(m, out), nil, nil
	}
	if !c.busy || m.Ref != c.ref {
		return out, nil, nil
	}
	out, done := c.take(m, out)
	return out, done, nil
}

// take looks at the answer to what was asked last.
func (c *S7Client) take(m s7Message, out []byte) ([]byte, []Reply) {
	verb := c.reply.Request.Verb
	if verb == Raw {
		c.data = append(append(c.data, m.param...), m.data...)
	}
	code := m.code
	if m.kind == plant.S7Userdata && len(m.param) == 12 {
		code = binary.BigEndian.Uint16(m.param[10:])
	}
	if code != 0 {
		return out, c.fail(uint32(code), s7Error(code))
	}
	switch verb {
	case Read, Write:
		return c.takeItems(m, out)
	case Identify, ListBlocks, ReadClock, SetClock:
		return c.takeUser(m, out)
	case Upload:
		return c.takeUpload(m, out)
	case Download:
		return c.takeDownload(m, out)
	}
	return out, c.done()
}

// takeItems takes the values or codes of the points of the part under way.
func (c *S7Client) takeItems(m s7Message, out []byte) ([]byte, []Reply) {
	points, d := c.points(), m.data
	if len(m.param) != 2 || int(m.param[1]) != len(points) {
		return out, c.fail(0, "answer of the wrong length")
	}
	for i := range points {
		if len(d) < 1 {
			return out, c.fail(0, "answer of the wrong length")
		}
		if d[0] != s7OK {
			return out, c.fail(uint32(d[0]), s7ItemError(d[0]))
		}
		if c.reply.Request.Verb == Write {
			d = d[1:]
			continue
		}
		value, _, rest, ok := s7Value(d)
		if !ok || len(value) != points[i].Kind.Size() {
			return out, c.fail(0, "answer of the wrong length")
		}
		var raw uint32
		for _, x := range value {
			raw = raw<<8 | uint32(x)
		}
		c.values = append(c.values, engineering(points[i].Kind, points[i].Scale, raw))
		d = rest
	}
	if c.until < len(c.reply.Request.Points) {
		return c.part(out), nil
	}
	return out, c.done()
}

// s7ItemError is the meaning of an item's code.
func s7ItemError(code uint8) string {
	switch code {
	case s7Denied:
		return "accessing the object not allowed"
	case s7OutOfRange:
		return "invalid address"
	case s7BadType:
		return "data type not supported"
	case 7:
		return "data type inconsistent"
	case s7NoObject:
		return "object does not exist"
	}
	return "unknown item error"
}

// s7Error is the meaning of a job's error.
func s7Error(code uint16) string {
	switch code {
	case s7Unknown:
		return "function not implemented"
	case s7BadSize:
		return "wrong PDU size"
	case s7Protected:
		return "function not permitted in the current protection level"
	case s7NoBlock, s7NoBlocks:
		return "block does not exist"
	case s7NoSZL, s7NoSZLIndex:
		return "information function unavailable"
	}
	return "unknown error"
}
