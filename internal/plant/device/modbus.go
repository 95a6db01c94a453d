package device

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"firedoor/internal/plant"
)

// Limits of the Modbus specification (Application Protocol V1.1b3, 4.1 and 6).
const (
	modbusHeader    = 6   // up to and with the length
	modbusMaxLength = 254 // unit and PDU
	modbusMaxRead   = 125 // registers
	modbusMaxWrite  = 123
	modbusMaxRW     = 121
	modbusMaxBits   = 2000
	modbusMaxCoils  = 1968
)

// Exceptions beside those of internal/plant.
const modbusNoTarget = 0x0b // gateway target device failed to respond

// defaultConnections is how many clients a device serves at once when its
// configuration does not say.
const defaultConnections = 8

// ModbusConfig describes a Modbus server. Addresses count from 0 as on the wire.
// A value of 32 bits takes its address and the next, the high word first. Coils
// and Discrete hold Bools; a Bool in a register is 0 or 1.
type ModbusConfig struct {
	// Units are the unit ids it answers for; others get "gateway target failed to
	// respond". None: it answers for all, as most devices on TCP do.
	Units    []uint8
	Coils    map[uint16]*Value
	Discrete map[uint16]*Value
	Holding  map[uint16]*Value
	Input    map[uint16]*Value
	// Identity answers function 43/14: vendor name, product code, revision, and
	// further in the order of the specification; function 17 gives the first two.
	// None: both functions are illegal.
	Identity []string
	// Running is what function 17 says of the controller; without it it runs.
	Running func() bool
	// Connections is how many clients it serves at once; 0 is eight. One more is
	// refused.
	Connections int
}

// Modbus is a Modbus server (Server).
type Modbus struct {
	units                           []uint8
	coils, discrete, holding, input bank
	identity                        []string
	running                         func() bool
	places                          places
}

// cell is one address: the value there and which of its words.
type cell struct {
	value *Value
	word  int
}

// bank is one table of a Modbus device, dense from its lowest address on.
type bank struct {
	base  int
	cells []cell
}

// at is what lies at an address; its value is nil where nothing does.
func (k *bank) at(address int) cell {
	if i := address - k.base; i >= 0 && i < len(k.cells) {
		return k.cells[i]
	}
	return cell{}
}

// has tells whether all of a range is there, and whether all may be written.
func (k *bank) has(address, quantity int) (there, writable bool) {
	writable = true
	for i := range quantity {
		v := k.at(address + i).value
		if v == nil {
			return false, false
		}
		writable = writable && v.Store != nil
	}
	return true, writable
}

// NewModbus checks a description: values that overlap, lie beyond 65535 or do
// not fit their table are errors.
func NewModbus(c ModbusConfig) (*Modbus, error) {
	m := &Modbus{units: c.Units, identity: c.Identity, running: c.Running, places: newPlaces(c.Connections)}
	if n := len(c.Identity); n > 0 && n < 3 {
		return nil, errors.New("device: a Modbus identity has at least vendor, product code and revision")
	}
	for _, t := range []struct {
		name string
		bits bool
		from map[uint16]*Value
		to   *bank
	}{
		{"coils", true, c.Coils, &m.coils},
		{"discrete inputs", true, c.Discrete, &m.discrete},
		{"holding registers", false, c.Holding, &m.holding},
		{"input registers", false, c.Input, &m.input},
	} {
		if err := t.to.fill(t.from, t.bits); err != nil {
			return nil, fmt.Errorf("device: Modbus %s: %w", t.name, err)
		}
	}
	return m, nil
}

func (k *bank) fill(from map[uint16]*Value, bits bool) error {
	addresses := slices.Sorted(maps.Keys(from))
	if len(addresses) == 0 {
		return nil
	}
	k.base = int(addresses[0])
	last := addresses[len(addresses)-1]
	k.cells = make([]cell, int(last)+from[last].Kind.words()-k.base)
	if k.base+len(k.cells) > 1<<16 {
		return fmt.Errorf("%q reaches beyond the last address", from[last].Name)
	}
	for _, a := range addresses {
		v := from[a]
		if bits && v.Kind != Bool {
			return fmt.Errorf("%q at %d is no bit", v.Name, a)
		}
		for w := range v.Kind.words() {
			c := &k.cells[int(a)-k.base+w]
			if c.value != nil {
				return fmt.Errorf("%q and %q overlap at %d", c.value.Name, v.Name, int(a)+w)
			}
			*c = cell{v, w}
		}
	}
	return nil
}

// Accept implements Server.
func (m *Modbus) Accept(netip.Addr) Session {
	if !m.places.take() {
		return nil
	}
	return &modbusSession{seat: seat{&m.places}, server: m, cut: cutter{header: modbusHeader, length: modbusLength}}
}

// modbusLength reads the length of a message; the protocol id must be 0.
func modbusLength(h []byte) int {
	n := int(h[4])<<8 | int(h[5])
	if h[2] != 0 || h[3] != 0 || n < 2 || n > modbusMaxLength {
		return 0
	}
	return modbusHeader + n
}

// modbusSession is one client's connection.
type modbusSession struct {
	seat
	server *Modbus
	cut    cutter
	words  [modbusMaxRead]uint16
	packed [modbusMaxBits / 8]byte
}

// Receive implements Session: several requests in one segment are answered in
// their order.
func (s *modbusSession) Receive(_ int64, b, out []byte) ([]byte, bool) {
	for {
		message, rest, ok := s.cut.next(b)
		if !ok {
			return out, false
		}
		if message == nil {
			return out, true
		}
		out = s.answer(message, out)
		b = rest
	}
}

func (s *modbusSession) answer(message, out []byte) []byte {
	m := plant.Modbus{Transaction: uint16(message[0])<<8 | uint16(message[1]), Unit: message[6]}
	function, data := message[7], message[8:]
	if u := s.server.units; len(u) > 0 && !slices.Contains(u, m.Unit) {
		return m.Exception(out, function, modbusNoTarget)
	}
	answer, exception := s.serve(m, function, data, out)
	if exception != 0 {
		return m.Exception(out, function&0x7f, exception)
	}
	return answer
}

// serve carries out one request and appends its answer, or says the exception.
func (s *modbusSession) serve(m plant.Modbus, function uint8, data, out []byte) ([]byte, uint8) {
	d := s.server
	switch function {
	case plant.ModbusReadCoils:
		return s.readBits(m, function, data, out, &d.coils)
	case plant.ModbusReadDiscretes:
		return s.readBits(m, function, data, out, &d.discrete)
	case plant.ModbusReadHolding:
		return s.readWords(m, function, data, out, &d.holding)
	case plant.ModbusReadInput:
		return s.readWords(m, function, data, out, &d.input)
	case plant.ModbusWriteCoil:
		return s.writeCoil(m, data, out)
	case plant.ModbusWriteRegister:
		return s.writeRegister(m, data, out)
	case plant.ModbusDiagnostics:
		return s.diagnose(m, data, out)
	case plant.ModbusWriteCoils:
		return s.writeCoils(m, data, out)
	case plant.ModbusWriteRegs:
		return s.writeRegisters(m, data, out)
	case plant.ModbusServerID:
		return s.serverID(m, data, out)
	case plant.ModbusMaskWrite:
		return s.maskWrite(m, data, out)
	case plant.ModbusReadWrite:
		return s.readWrite(m, data, out)
	case plant.ModbusEncapsulated:
		return s.identify(m, data, out)
	}
	return out, plant.ModbusIllegalFunction
}

// places counts connections up to a limit.
type places struct{ limit, used int }

func newPlaces(limit int) places {
	if limit <= 0 {
		limit = defaultConnections
	}
	return places{limit: limit}
}

func (p *places) take() bool {
	if p.used >= p.limit {
		return false
	}
	p.used++
	return true
}

// seat is a session's place; closing it twice gives one place back.
type seat struct{ in *places }

// Close implements Session for those that embed a seat.
func (s *seat) Close() {
	if s.in != nil {
		s.in.used--
		s.in = nil
	}
}
