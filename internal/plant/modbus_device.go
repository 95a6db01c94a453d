package plant

import "encoding/binary"

// modbusDevice answers as a small Modbus server does: registers it has, exceptions
// for what it has not.
type modbusDevice struct {
	host     *Host
	unit     uint8
	input    []uint16
	holding  []uint16
	identity []string // as Modbus.Identity takes them; none: function 43 is illegal
	wrote    func(address int)
}

// answer is the device's answer to one whole request, nil where it keeps silent.
func (d *modbusDevice) answer(request []byte) []byte {
	if len(request) < 8 || int(binary.BigEndian.Uint16(request[4:])) != len(request)-6 {
		return nil
	}
	m := Modbus{Transaction: binary.BigEndian.Uint16(request), Unit: request[6]}
	function, data := request[7], request[8:]
	switch function {
	case ModbusReadHolding:
		return d.read(m, function, data, d.holding)
	case ModbusReadInput:
		return d.read(m, function, data, d.input)
	case ModbusWriteRegister, ModbusWriteRegs:
		return d.write(m, function, data)
	case ModbusEncapsulated:
		if len(data) == 3 && data[0] == 14 && len(d.identity) > 0 {
			return m.Identity(nil, data[1], d.identity...)
		}
	}
	return m.Exception(nil, function, ModbusIllegalFunction)
}

func (d *modbusDevice) read(m Modbus, function uint8, data []byte, from []uint16) []byte {
	if len(data) != 4 {
		return m.Exception(nil, function, ModbusIllegalValue)
	}
	address, quantity := int(binary.BigEndian.Uint16(data)), int(binary.BigEndian.Uint16(data[2:]))
	switch {
	case quantity == 0 || quantity > 125:
		return m.Exception(nil, function, ModbusIllegalValue)
	case address+quantity > len(from):
		return m.Exception(nil, function, ModbusIllegalAddress)
	}
	return m.Registers(nil, function, from[address:address+quantity])
}

func (d *modbusDevice) write(m Modbus, function uint8, data []byte) []byte {
	if len(data) < 4 {
		return m.Exception(nil, function, ModbusIllegalValue)
	}
	address, second := int(binary.BigEndian.Uint16(data)), binary.BigEndian.Uint16(data[2:])
	values := data[2:4]
	if function == ModbusWriteRegs {
		if len(data) < 5 || int(data[4]) != len(data)-5 || int(second)*2 != len(data)-5 {
			return m.Exception(nil, function, ModbusIllegalValue)
		}
		values = data[5:]
	}
	if address+len(values)/2 > len(d.holding) {
		return m.Exception(nil, function, ModbusIllegalAddress)
	}
	for i := 0; i < len(values); i += 2 {
		d.holding[address+i/2] = binary.BigEndian.Uint16(values[i:])
		if d.wrote != nil {
			d.wrote(address + i/2)
		}
	}
	return m.Words(nil, function, uint16(address), second)
}
