package judge

import (
	"encoding/binary"
	"fmt"
)

// umasCode is the function of Modbus that UMAS travels in. The judge does not read
// it, so that only the framing is the judge's: function and object are read here a
// second time from the bytes it shows, after the layouts that the captures have.
const umasCode = 90

// umasAsk makes an operation of function 90 one of UMAS: pairing key, function or
// outcome, body. It is none if that is not there.
func umasAsk(op *judged, m layer, request bool) bool {
	data := octets(m.text("modbus_modbus_data"))
	if len(data) < 2 || !request && data[1] != 0xfe && data[1] != 0xfd {
		return false
	}
	op.protocol, op.code = "umas", int(data[1])
	if !request {
		return true
	}
	little := binary.LittleEndian
	switch body := data[2:]; {
	case (op.code == 0x20 || op.code == 0x21) && len(body) >= 9:
		op.object = fmt.Sprintf("memory-block:%d/%d", little.Uint16(body[1:]), little.Uint32(body[3:]))
		if body[0] != 0 {
			op.object += fmt.Sprintf("/range:%d", body[0])
		}
		op.quantity = fmt.Sprint(little.Uint16(body[7:]))
	case op.code == 0x03 && len(body) > 0:
		op.object = fmt.Sprint("project-info:", body[0])
	case (op.code == 0x31 || op.code == 0x34) && len(body) >= 4:
		op.object = fmt.Sprintf("program-block:%d", little.Uint16(body[2:]))
	}
	return true
}

// umasOutcome is ok or the number of an error, of one byte or two.
func umasOutcome(m layer) string {
	data := octets(m.text("modbus_modbus_data"))
	switch {
	case data[1] == 0xfe:
		return "ok"
	case len(data) >= 4:
		return fmt.Sprintf("error:0x%02x", binary.LittleEndian.Uint16(data[2:]))
	case len(data) == 3:
		return fmt.Sprintf("error:0x%02x", data[2])
	}
	return "error:0x00"
}

// umasRead is what an answer brings back: of function 0x04 numbers of four bytes, behind
// three bytes and how many they are.
func umasRead(code int, m layer) string {
	data := octets(m.text("modbus_modbus_data"))
	if code != 0x04 || len(data) < 6 || len(data) < 6+4*int(data[5]) {
		return ""
	}
	var all []string
	for i := range int(data[5]) {
		all = append(all, fmt.Sprint(binary.LittleEndian.Uint32(data[6+4*i:])))
	}
	return list(all)
}
