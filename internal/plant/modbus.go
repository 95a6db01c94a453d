package plant

import "encoding/binary"

// PortModbus is the registered port (Modbus Messaging on TCP/IP, 4.3.1.1).
const PortModbus = 502

// Function codes (Modbus Application Protocol V1.1b3, 6).
const (
	ModbusReadCoils     = 1
	ModbusReadDiscretes = 2
	ModbusReadHolding   = 3
	ModbusReadInput     = 4
	ModbusWriteCoil     = 5
	ModbusWriteRegister = 6
	ModbusDiagnostics   = 8
	ModbusWriteCoils    = 15
	ModbusWriteRegs     = 16
	ModbusServerID      = 17
	ModbusMaskWrite     = 22
	ModbusReadWrite     = 23
	ModbusEncapsulated  = 43
)

// Exception codes (7).
const (
	ModbusIllegalFunction = 1
	ModbusIllegalAddress  = 2
	ModbusIllegalValue    = 3
	ModbusServerFailure   = 4
)

// Modbus is what the header of a message says. Every method appends one whole
// message, header included, to b.
type Modbus struct {
	Transaction uint16
	Unit        uint8
}

func (m Modbus) begin(b []byte, function uint8) []byte {
	b = binary.BigEndian.AppendUint16(b, m.Transaction)
	return append(b, 0, 0, 0, 0, m.Unit, function)
}

// end fills in the length of the message that starts at at.
func (m Modbus) end(b []byte, at int) []byte {
	binary.BigEndian.PutUint16(b[at+4:], uint16(len(b)-at-6))
	return b
}

// Raw is a message with any function code and data.
func (m Modbus) Raw(b []byte, function uint8, data ...byte) []byte {
	at := len(b)
	return m.end(append(m.begin(b, function), data...), at)
}

// Words is a message whose data are 16-bit words: the requests of functions 1-6
// and 8, the answers of 5, 6, 8, 15 and 16.
func (m Modbus) Words(b []byte, function uint8, words ...uint16) []byte {
	at := len(b)
	b = m.begin(b, function)
	for _, w := range words {
		b = binary.BigEndian.AppendUint16(b, w)
	}
	return m.end(b, at)
}

// Registers answers a read of registers (functions 3, 4 and 23).
func (m Modbus) Registers(b []byte, function uint8, values []uint16) []byte {
	at := len(b)
	b = append(m.begin(b, function), byte(2*len(values)))
	for _, v := range values {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return m.end(b, at)
}

// Bits answers a read of coils or discrete inputs: bit 0 of the first byte is
// the first of them.
func (m Modbus) Bits(b []byte, function uint8, packed ...byte) []byte {
	at := len(b)
	b = append(m.begin(b, function), byte(len(packed)))
	return m.end(append(b, packed...), at)
}

// WriteRegisters asks for function 16.
func (m Modbus) WriteRegisters(b []byte, address uint16, values []uint16) []byte {
	at := len(b)
	b = m.begin(b, ModbusWriteRegs)
	b = binary.BigEndian.AppendUint16(b, address)
	b = binary.BigEndian.AppendUint16(b, uint16(len(values)))
	b = append(b, byte(2*len(values)))
	for _, v := range values {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return m.end(b, at)
}

// WriteCoils asks for function 15.
func (m Modbus) WriteCoils(b []byte, address, quantity uint16, packed ...byte) []byte {
	at := len(b)
	b = m.begin(b, ModbusWriteCoils)
	b = binary.BigEndian.AppendUint16(b, address)
	b = binary.BigEndian.AppendUint16(b, quantity)
	b = append(b, byte(len(packed)))
	return m.end(append(b, packed...), at)
}

// ReadWrite asks for function 23.
func (m Modbus) ReadWrite(b []byte, read, quantity, write uint16, values []uint16) []byte {
	at := len(b)
	b = m.begin(b, ModbusReadWrite)
	b = binary.BigEndian.AppendUint16(b, read)
	b = binary.BigEndian.AppendUint16(b, quantity)
	b = binary.BigEndian.AppendUint16(b, write)
	b = binary.BigEndian.AppendUint16(b, uint16(len(values)))
	b = append(b, byte(2*len(values)))
	for _, v := range values {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return m.end(b, at)
}

// Exception refuses a request.
func (m Modbus) Exception(b []byte, function, code uint8) []byte {
	return m.Raw(b, function|0x80, code)
}

// Identify asks for device identification (function 43, MEI type 14): level 1
// basic, 2 regular, 3 extended, 4 one object.
func (m Modbus) Identify(b []byte, level, object uint8) []byte {
	return m.Raw(b, ModbusEncapsulated, 14, level, object)
}

// Identity answers Identify with all objects, numbered from 0: vendor name,
// product code, revision, URL, product name, model name, application name.
func (m Modbus) Identity(b []byte, level uint8, objects ...string) []byte {
	at := len(b)
	conformity := 0x80 | min(level, 3)
	b = append(m.begin(b, ModbusEncapsulated), 14, level, conformity, 0, 0, byte(len(objects)))
	for i, o := range objects {
		b = append(b, byte(i), byte(len(o)))
		b = append(b, o...)
	}
	return m.end(b, at)
}

// IdentityPart answers Identify with objects numbered from first; conformity is
// the level the device claims, 0x80 set where single objects may be asked for.
// What does not fit one message is announced as following (6.21).
func (m Modbus) IdentityPart(b []byte, level, conformity uint8, first int, objects ...string) []byte {
	const room = 253 - 7 // a PDU without what stands before the objects
	at := len(b)
	b = append(m.begin(b, ModbusEncapsulated), 14, level, conformity, 0, 0, 0)
	for i, o := range objects {
		if len(b)-at-14+2+len(o) > room {
			b[at+11], b[at+12] = 0xff, byte(first+i)
			break
		}
		b = append(b, byte(first+i), byte(len(o)))
		b = append(b, o...)
		b[at+13]++
	}
	return m.end(b, at)
}
