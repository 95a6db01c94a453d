package device

import (
	"encoding/binary"

	"firedoor/internal/plant"
)

// two reads the two words most requests begin with.
func two(data []byte) (a, b int) {
	return int(binary.BigEndian.Uint16(data)), int(binary.BigEndian.Uint16(data[2:]))
}

func (s *modbusSession) readBits(m plant.Modbus, function uint8, data, out []byte, k *bank) ([]byte, uint8) {
	if len(data) != 4 {
		return out, plant.ModbusIllegalValue
	}
	address, quantity := two(data)
	if quantity == 0 || quantity > modbusMaxBits {
		return out, plant.ModbusIllegalValue
	}
	if there, _ := k.has(address, quantity); !there {
		return out, plant.ModbusIllegalAddress
	}
	packed := s.packed[:(quantity+7)/8]
	clear(packed)
	for i := range quantity {
		packed[i/8] |= byte(k.at(address+i).value.raw()) << (i % 8)
	}
	return m.Bits(out, function, packed...), 0
}

func (s *modbusSession) readWords(m plant.Modbus, function uint8, data, out []byte, k *bank) ([]byte, uint8) {
	if len(data) != 4 {
		return out, plant.ModbusIllegalValue
	}
	address, quantity := two(data)
	if quantity == 0 || quantity > modbusMaxRead {
		return out, plant.ModbusIllegalValue
	}
	if there, _ := k.has(address, quantity); !there {
		return out, plant.ModbusIllegalAddress
	}
	return m.Registers(out, function, s.load(k, address, quantity)), 0
}

// load reads registers that are there. Both words of a value come from one
// load, so they belong together.
func (s *modbusSession) load(k *bank, address, quantity int) []uint16 {
	words := s.words[:quantity]
	for i := 0; i < quantity; {
		c := k.at(address + i)
		raw := c.value.raw()
		if c.value.Kind.words() == 1 {
			words[i] = uint16(raw)
			i++
			continue
		}
		if c.word == 0 {
			words[i] = uint16(raw >> 16)
			i++
			if i == quantity {
				break
			}
		}
		words[i] = uint16(raw)
		i++
	}
	return words
}

// save writes registers that are there and writable. Who writes half of a value
// changes that half.
func (k *bank) save(address int, data []byte) {
	for i := 0; 2*i < len(data); i++ {
		c := k.at(address + i)
		word := uint32(binary.BigEndian.Uint16(data[2*i:]))
		switch {
		case c.value.Kind.words() == 1:
			c.value.store(word)
		case c.word == 0 && 2*i+4 <= len(data):
			c.value.store(word<<16 | uint32(binary.BigEndian.Uint16(data[2*i+2:])))
			i++
		case c.word == 0:
			c.value.store(word<<16 | c.value.raw()&0xffff)
		default:
			c.value.store(c.value.raw()&0xffff0000 | word)
		}
	}
}

func (s *modbusSession) writeCoil(m plant.Modbus, data, out []byte) ([]byte, uint8) {
	if len(data) != 4 {
		return out, plant.ModbusIllegalValue
	}
	address, value := two(data)
	if value != 0 && value != 0xff00 {
		return out, plant.ModbusIllegalValue
	}
	k := &s.server.coils
	if _, writable := k.has(address, 1); !writable {
		return out, plant.ModbusIllegalAddress
	}
	k.at(address).value.store(uint32(value))
	return m.Words(out, plant.ModbusWriteCoil, uint16(address), uint16(value)), 0
}

func (s *modbusSession) writeRegister(m plant.Modbus, data, out []byte) ([]byte, uint8) {
	if len(data) != 4 {
		return out, plant.ModbusIllegalValue
	}
	address, value := two(data)
	k := &s.server.holding
	if _, writable := k.has(address, 1); !writable {
		return out, plant.ModbusIllegalAddress
	}
	k.save(address, data[2:])
	return m.Words(out, plant.ModbusWriteRegister, uint16(address), uint16(value)), 0
}

// diagnose answers sub-function 0 alone: the request comes back.
func (s *modbusSession) diagnose(m plant.Modbus, data, out []byte) ([]byte, uint8) {
	if len(data) < 4 {
		return out, plant.ModbusIllegalValue
	}
	if data[0] != 0 || data[1] != 0 {
		return out, plant.ModbusIllegalFunction
	}
	return m.Raw(out, plant.ModbusDiagnostics, data...), 0
}

func (s *modbusSession) writeCoils(m plant.Modbus, data, out []byte) ([]byte, uint8) {
	if len(data) < 5 {
		return out, plant.ModbusIllegalValue
	}
	address, quantity := two(data)
	if quantity == 0 || quantity > modbusMaxCoils || int(data[4]) != (quantity+7)/8 || len(data) != 5+int(data[4]) {
		return out, plant.ModbusIllegalValue
	}
	k := &s.server.coils
	if _, writable := k.has(address, quantity); !writable {
		return out, plant.ModbusIllegalAddress
	}
	for i := range quantity {
		k.at(address + i).value.store(uint32(data[5+i/8]>>(i%8)) & 1)
	}
	return m.Words(out, plant.ModbusWriteCoils, uint16(address), uint16(quantity)), 0
}

func (s *modbusSession) writeRegisters(m plant.Modbus, data, out []byte) ([]byte, uint8) {
	if len(data) < 5 {
		return out, plant.ModbusIllegalValue
	}
	address, quantity := two(data)
	if quantity == 0 || quantity > modbusMaxWrite || int(data[4]) != 2*quantity || len(data) != 5+2*quantity {
		return out, plant.ModbusIllegalValue
	}
	k := &s.server.holding
	if _, writable := k.has(address, quantity); !writable {
		return out, plant.ModbusIllegalAddress
	}
	k.save(address, data[5:])
	return m.Words(out, plant.ModbusWriteRegs, uint16(address), uint16(quantity)), 0
}

func (s *modbusSession) maskWrite(m plant.Modbus, data, out []byte) ([]byte, uint8) {
	if len(data) != 6 {
		return out, plant.ModbusIllegalValue
	}
	address, and := two(data)
	or := int(binary.BigEndian.Uint16(data[4:]))
	k := &s.server.holding
	if _, writable := k.has(address, 1); !writable {
		return out, plant.ModbusIllegalAddress
	}
	word := int(s.load(k, address, 1)[0])
	word = word&and | or&^and
	k.save(address, []byte{byte(word >> 8), byte(word)})
	return m.Words(out, plant.ModbusMaskWrite, uint16(address), uint16(and), uint16(or)), 0
}

// readWrite writes before it reads (6.17).
func (s *modbusSession) readWrite(m plant.Modbus, data, out []byte) ([]byte, uint8) {
	if len(data) < 9 {
		return out, plant.ModbusIllegalValue
	}
	read, wanted := two(data)
	write, quantity := two(data[4:])
	if wanted == 0 || wanted > modbusMaxRead || quantity == 0 || quantity > modbusMaxRW ||
		int(data[8]) != 2*quantity || len(data) != 9+2*quantity {
		return out, plant.ModbusIllegalValue
	}
	k := &s.server.holding
	there, _ := k.has(read, wanted)
	if _, writable := k.has(write, quantity); !there || !writable {
		return out, plant.ModbusIllegalAddress
	}
	k.save(write, data[9:])
	return m.Registers(out, plant.ModbusReadWrite, s.load(k, read, wanted)), 0
}

// serverID tells who this is and whether it runs (6.13): a count of bytes, a
// number, 0xff or 0, and text.
func (s *modbusSession) serverID(m plant.Modbus, data, out []byte) ([]byte, uint8) {
	objects := s.server.identity
	switch {
	case len(objects) == 0:
		return out, plant.ModbusIllegalFunction
	case len(data) != 0:
		return out, plant.ModbusIllegalValue
	}
	run := byte(0xff)
	if s.server.running != nil && !s.server.running() {
		run = 0
	}
	answer := append(s.packed[:0], 0, m.Unit, run)
	answer = append(append(append(answer, objects[0]...), ' '), objects[1]...)
	answer = answer[:min(len(answer), len(s.packed))]
	answer[0] = byte(len(answer) - 1)
	return m.Raw(out, plant.ModbusServerID, answer...), 0
}

// Levels of device identification (6.21).
const (
	modbusBasic    = 1
	modbusRegular  = 2
	modbusExtended = 3
	modbusOne      = 4

	modbusBasicObjects   = 3
	modbusRegularObjects = 7
)

func (s *modbusSession) identify(m plant.Modbus, data, out []byte) ([]byte, uint8) {
	objects := s.server.identity
	if len(data) < 1 || data[0] != 14 || len(objects) == 0 {
		return out, plant.ModbusIllegalFunction
	}
	if len(data) != 3 {
		return out, plant.ModbusIllegalValue
	}
	level, first := data[1], int(data[2])
	switch level {
	case modbusBasic:
		objects = objects[:min(len(objects), modbusBasicObjects)]
	case modbusRegular:
		objects = objects[:min(len(objects), modbusRegularObjects)]
	case modbusExtended:
	case modbusOne:
		if first >= len(objects) {
			return out, plant.ModbusIllegalAddress
		}
		return m.IdentityPart(out, level, 0x82, first, objects[first]), 0
	default:
		return out, plant.ModbusIllegalValue
	}
	if first >= len(objects) { // an unknown object: from the beginning (6.21)
		first = 0
	}
	return m.IdentityPart(out, level, 0x82, first, objects[first:]...), 0
}
