package device

import (
	"encoding/binary"

	"firedoor/internal/plant"
)

// ModbusClient asks one unit over one connection. It knows the verbs Read,
// Write, Identify and Raw (Code is the function, Data what follows it; the reply
// has what follows the function in the answer).
//
// Points of a request that follow each other without a gap are read and written
// in one go, up to what a message carries. A single coil or register is written
// by functions 5 and 6, more by 15 and 16.
type ModbusClient struct {
	asking
	cut         cutter
	unit        uint8
	transaction uint16
	function    uint8
	words       [modbusMaxRead]uint16
	packed      [modbusMaxBits / 8]byte
}

// NewModbusClient returns a client of a unit.
func NewModbusClient(unit uint8) *ModbusClient {
	return &ModbusClient{unit: unit, cut: cutter{header: modbusHeader, length: modbusLength}}
}

// SetUnit changes the unit asked from the next request on: what a scanner of a
// gateway does.
func (c *ModbusClient) SetUnit(unit uint8) { c.unit = unit }

// Open implements Client; Modbus has no session.
func (c *ModbusClient) Open(out []byte) []byte { return out }

// Ready implements Client.
func (c *ModbusClient) Ready() bool { return !c.busy }

// Ask implements Client.
func (c *ModbusClient) Ask(r Request, out []byte) ([]byte, error) {
	if c.busy {
		return out, ErrBusy
	}
	if err := c.possible(&r); err != nil {
		return out, err
	}
	c.begin(r)
	switch r.Verb {
	case Identify:
		return c.next(plant.ModbusEncapsulated).Identify(out, modbusRegular, 0), nil
	case Raw:
		return c.next(r.Code).Raw(out, r.Code, r.Data...), nil
	}
	return c.part(out), nil
}

// possible tells why a request cannot be asked.
func (c *ModbusClient) possible(r *Request) error {
	switch r.Verb {
	case Identify:
		return nil
	case Raw:
		if len(r.Data) > modbusMaxLength-2 {
			return ErrRequest
		}
		return nil
	case Read:
		return c.addresses(r, Coil, Discrete, Holding, Register)
	case Write:
		return c.addresses(r, Coil, Holding)
	}
	return ErrUnsupported
}

func (c *ModbusClient) addresses(r *Request, areas ...Area) error {
	if err := consistent(r, areas...); err != nil {
		return err
	}
	for i := range r.Points {
		p := &r.Points[i]
		if p.Address > 0xffff || bits(p.Area) && p.Kind != Bool {
			return ErrRequest
		}
	}
	return nil
}

// bits tells whether an area is of bits.
func bits(a Area) bool { return a == Coil || a == Discrete }

// next is the header of the next message.
func (c *ModbusClient) next(function uint8) plant.Modbus {
	c.transaction++
	c.function = function
	return plant.Modbus{Transaction: c.transaction, Unit: c.unit}
}

// part appends the message for as many of the remaining points as lie in a row.
func (c *ModbusClient) part(out []byte) []byte {
	r := &c.reply.Request
	c.from = c.until
	first := r.Points[c.from]
	limit := modbusMaxRead
	switch {
	case bits(first.Area) && r.Verb == Read:
		limit = modbusMaxBits
	case bits(first.Area):
		limit = modbusMaxCoils
	case r.Verb == Write:
		limit = modbusMaxWrite
	}
	quantity := 0
	for c.until < len(r.Points) {
		p := &r.Points[c.until]
		n := p.Kind.words()
		if p.Area != first.Area || p.Address != first.Address+uint32(quantity) || quantity+n > limit {
			break
		}
		quantity += n
		c.until++
	}
	if r.Verb == Write {
		return c.write(out, uint16(first.Address), quantity)
	}
	function := [...]uint8{
		Coil: plant.ModbusReadCoils, Discrete: plant.ModbusReadDiscretes,
		Holding: plant.ModbusReadHolding, Register: plant.ModbusReadInput,
	}[first.Area]
	return c.next(function).Words(out, function, uint16(first.Address), uint16(quantity))
}

func (c *ModbusClient) write(out []byte, address uint16, quantity int) []byte {
	points, values := c.points(), c.reply.Request.Values[c.from:c.until]
	if bits(points[0].Area) {
		return c.writeBits(out, address, values)
	}
	words := c.words[:0]
	for i := range points {
		raw := rawOf(points[i].Kind, points[i].Scale, values[i])
		if points[i].Kind.words() == 2 {
			words = append(words, uint16(raw>>16))
		}
		words = append(words, uint16(raw))
	}
	if quantity == 1 {
		return c.next(plant.ModbusWriteRegister).Words(out, plant.ModbusWriteRegister, address, words[0])
	}
	return c.next(plant.ModbusWriteRegs).WriteRegisters(out, address, words)
}

func (c *ModbusClient) writeBits(out []byte, address uint16, values []float64) []byte {
	if len(values) == 1 {
		word := uint16(rawOf(Bool, 0, values[0])) * 0xff00
		return c.next(plant.ModbusWriteCoil).Words(out, plant.ModbusWriteCoil, address, word)
	}
	packed := c.packed[:(len(values)+7)/8]
	clear(packed)
	for i, v := range values {
		packed[i/8] |= byte(rawOf(Bool, 0, v)) << (i % 8)
	}
	return c.next(plant.ModbusWriteCoils).WriteCoils(out, address, uint16(len(values)), packed...)
}

// Receive implements Client. Answers to what was abandoned are passed over.
func (c *ModbusClient) Receive(b, out []byte) ([]byte, []Reply, error) {
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
		if !c.busy || binary.BigEndian.Uint16(message) != c.transaction {
			continue
		}
		var done []Reply
		out, done = c.take(message[7], message[8:], out)
		if done != nil {
			replies = done
		}
	}
}

// take looks at the answer to the part under way: another part, or the reply.
func (c *ModbusClient) take(function uint8, data, out []byte) ([]byte, []Reply) {
	if c.reply.Request.Verb == Raw {
		c.data = append(c.data, data...)
	}
	switch {
	case function == c.function|0x80 && len(data) == 1:
		return out, c.fail(uint32(data[0]), modbusException(data[0]))
	case function != c.function:
		return out, c.fail(0, "answer to another function")
	}
	switch c.reply.Request.Verb {
	case Identify:
		return c.identity(data, out)
	case Read:
		if !c.decode(data) {
			return out, c.fail(0, "answer of the wrong length")
		}
	case Raw:
		return out, c.done()
	}
	if c.until < len(c.reply.Request.Points) {
		return c.part(out), nil
	}
	return out, c.done()
}

// decode takes the values of the part under way.
func (c *ModbusClient) decode(data []byte) bool {
	if len(data) < 1 || int(data[0]) != len(data)-1 {
		return false
	}
	data = data[1:]
	points := c.points()
	if bits(points[0].Area) {
		if len(data) != (len(points)+7)/8 {
			return false
		}
		for i := range points {
			c.values = append(c.values, float64(data[i/8]>>(i%8)&1))
		}
		return true
	}
	for i := range points {
		n := 2 * points[i].Kind.words()
		if len(data) < n {
			return false
		}
		raw := uint32(binary.BigEndian.Uint16(data))
		if n == 4 {
			raw = binary.BigEndian.Uint32(data)
		}
		c.values = append(c.values, engineering(points[i].Kind, points[i].Scale, raw))
		data = data[n:]
	}
	return len(data) == 0
}

// identity takes objects and asks for those that follow.
func (c *ModbusClient) identity(data, out []byte) ([]byte, []Reply) {
	if len(data) < 6 || data[0] != 14 {
		return out, c.fail(0, "answer of the wrong length")
	}
	more, following, objects := data[3], data[4], data[6:]
	for range data[5] {
		if len(objects) < 2 || len(objects) < 2+int(objects[1]) {
			return out, c.fail(0, "answer of the wrong length")
		}
		n := 2 + int(objects[1])
		c.texts = append(c.texts, string(objects[2:n]))
		objects = objects[n:]
	}
	if more != 0 && int(following) == len(c.texts) && len(c.texts) < modbusRegularObjects {
		return c.next(plant.ModbusEncapsulated).Identify(out, modbusRegular, following), nil
	}
	return out, c.done()
}

// modbusException is the specification's name of an exception (7).
func modbusException(code uint8) string {
	names := [...]string{
		1: "illegal function", 2: "illegal data address", 3: "illegal data value", 4: "server device failure",
		5: "acknowledge", 6: "server device busy", 8: "memory parity error", 10: "gateway path unavailable",
		11: "gateway target device failed to respond",
	}
	if int(code) < len(names) && names[code] != "" {
		return names[code]
	}
	return "unknown exception"
}
