package judge

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// judgeWait is how long the program waits for an answer (docs/formats/events.md).
const judgeWait = int64(30e9)

const modbusPort = 502

// modbusNames are the words of exceptions in the Modbus Application Protocol, 7.
var modbusNames = map[int]string{
	1: "illegal-function", 2: "illegal-data-address", 3: "illegal-data-value", 4: "server-device-failure",
	5: "acknowledge", 6: "server-device-busy", 8: "memory-parity-error",
	10: "gateway-path-unavailable", 11: "gateway-target-device-failed-to-respond",
}

// modbusSpaces are what the functions with an address touch.
var modbusSpaces = map[int]string{1: "coil", 2: "discrete", 3: "holding", 4: "input", 5: "coil", 6: "holding",
	15: "coil", 16: "holding", 22: "holding", 23: "holding", 24: "fifo"}

// modbusAsk is a request that waits for its answer.
type modbusAsk struct {
	ops  []*judged
	bits int // quantity of bits asked for
}

// modbusByJudge derives the operations from the judge's fields. It tells
// requests from answers by port.
func modbusByJudge(frames []*frame, port int) []*judged {
	var all []*judged
	waiting := map[string][]*modbusAsk{}
	for _, f := range frames {
		headers, bodies := slices.Concat(f.all("mbtcp"), f.all("mbudp")), f.all("modbus")
		for i, m := range bodies {
			if i >= len(headers) || !m.has("modbus_modbus_func_code") {
				continue
			}
			h := headers[i]
			unit, code := h.text("mbtcp_mbtcp_unit_id"), m.number("modbus_modbus_func_code")
			key := fmt.Sprint(f.stream, " ", h.text("mbtcp_mbtcp_trans_id"), " ", unit, " ", code)
			base := judged{protocol: "modbus", flow: flowName(f.src, f.srcPort, f.dst, f.dstPort), time: f.time, unit: unit, code: code, nanos: f.nanos}
			umas := code == umasCode && umasAsk(&base, m, f.dstPort == port)
			if f.dstPort == port {
				base.frame, base.outcome = f.number, "no-response"
				a := &modbusAsk{ops: modbusRequest(base, m), bits: m.number("modbus_modbus_bit_cnt")}
				all = append(all, a.ops...)
				waiting[key] = append(waiting[key], a)
				continue
			}
			queue := waiting[key]
			for len(queue) > 0 && f.nanos-queue[0].ops[0].nanos > judgeWait {
				queue = queue[1:]
			}
			outcome := modbusOutcome(m)
			if umas {
				outcome = umasOutcome(m)
			}
			if len(queue) == 0 {
				base.response, base.partial, base.outcome = f.number, true, outcome
				all = append(all, modbusUnasked(base, m))
				continue
			}
			waiting[key] = queue[1:]
			for _, op := range queue[0].ops {
				op.response, op.outcome = f.number, outcome
				if outcome == "ok" && umas {
					op.values = umasRead(op.code, m)
				} else if outcome == "ok" && op.values == "" && op.item != 2 {
					op.values = modbusRead(code, m, queue[0].bits)
				}
			}
		}
	}
	return all
}

func modbusOutcome(m layer) string {
	if !m.has("modbus_modbus_exception_code") {
		return "ok"
	}
	code := m.number("modbus_modbus_exception_code")
	if name := modbusNames[code]; name != "" {
		return "error:" + name
	}
	return fmt.Sprintf("error:0x%02x", code)
}

// modbusRequest gives the operations of a request: two for function 23, one
// for each record of files.
func modbusRequest(op judged, m layer) []*judged {
	if op.protocol == "umas" {
		return []*judged{&op}
	}
	space := modbusSpaces[op.code]
	address := m.text("modbus_modbus_reference_num")
	switch op.code {
	case 1, 2, 3, 4, 15, 16:
		op.object, op.quantity = space+":"+address, m.text("modbus_modbus_bit_cnt")+m.text("modbus_modbus_word_cnt")
	case 5, 6, 22:
		op.object, op.quantity = space+":"+address, "1"
	case 24:
		op.object = space + ":" + address
	case 20, 21: // the judge of one record; the corpus has none of several
		if file := m.number("modbus_modbus_reference_num_32"); file >= 0 {
			op.object, op.quantity = fmt.Sprintf("file:%d/record:%d", file>>16, file&0xffff), m.text("modbus_modbus_word_cnt")
		}
	case 8:
		op.object = "diagnostic:" + m.text("modbus_modbus_diagnostic_code")
	case 43:
		if m.has("modbus_modbus_object_id") {
			op.object = "device-id:" + m.text("modbus_modbus_object_id")
		}
	case 23:
		write := op
		op.object, op.quantity, op.item = space+":"+m.text("modbus_modbus_read_reference_num"), m.text("modbus_modbus_read_word_cnt"), 1
		write.object, write.quantity, write.item = space+":"+m.text("modbus_modbus_write_reference_num"), m.text("modbus_modbus_write_word_cnt"), 2
		write.values = wordList(octets(m.text("modbus_modbus_data")))
		return []*judged{&op, &write}
	}
	op.values = modbusWritten(op.code, m)
	return []*judged{&op}
}

// modbusWritten gives the values of a write, in its request or repeated in its
// answer.
func modbusWritten(code int, m layer) string {
	data := octets(m.text("modbus_modbus_data"))
	switch code {
	case 5:
		if len(data) > 0 {
			return bitList(data[:1], 1)
		}
	case 6, 21:
		return wordList(data)
	case 15:
		return bitList(data, m.number("modbus_modbus_bit_cnt"))
	case 16:
		return list(m.texts("modbus_modbus_regval_uint16"))
	case 22:
		return fmt.Sprintf("[%d,%d]", m.number("modbus_modbus_and_mask"), m.number("modbus_modbus_or_mask"))
	case 8:
		switch m.number("modbus_modbus_diagnostic_code") {
		case 0:
			return wordList(octets(m.text("modbus_modbus_diagnostic_return_query_data_request")))
		case 1:
			return fmt.Sprintf("[%d]", m.number("modbus_modbus_diagnostic_restart_communication_option"))
		}
	}
	return ""
}

// modbusRead gives what an answer brings back; bits is how many were asked for,
// negative if that is not known.
func modbusRead(code int, m layer, bits int) string {
	data := octets(m.text("modbus_modbus_data"))
	switch code {
	case 1, 2:
		all := m.texts("modbus_modbus_bitval")
		if bits >= 0 && bits < len(all) {
			all = all[:bits]
		}
		return list(all)
	case 3, 4:
		return list(m.texts("modbus_modbus_regval_uint16"))
	case 7:
		return bitList(data, 8)
	case 20, 23, 24:
		return wordList(data)
	case 8:
		if sub := m.number("modbus_modbus_diagnostic_code"); sub == 2 || sub >= 11 && sub <= 18 {
			for field := range m {
				if strings.HasPrefix(field, "modbus_modbus_diagnostic_") && field != "modbus_modbus_diagnostic_code" {
					return fmt.Sprintf("[%d]", m.number(field))
				}
			}
		}
	}
	return ""
}

// modbusUnasked is an answer whose request nobody saw: it says what it can.
func modbusUnasked(op judged, m layer) *judged {
	space := modbusSpaces[op.code]
	if op.code == 23 {
		op.item = 0
	}
	if op.outcome != "ok" || op.protocol == "umas" {
		return &op
	}
	switch op.code {
	case 5, 6, 22:
		op.object, op.quantity = space+":"+m.text("modbus_modbus_reference_num"), "1"
		op.values = modbusWritten(op.code, m)
	case 15, 16:
		op.object = space + ":" + m.text("modbus_modbus_reference_num")
		op.quantity = m.text("modbus_modbus_bit_cnt") + m.text("modbus_modbus_word_cnt")
	case 8:
		op.object = "diagnostic:" + m.text("modbus_modbus_diagnostic_code")
		op.values = modbusRead(op.code, m, -1)
	default:
		op.values = modbusRead(op.code, m, -1)
	}
	return &op
}

func list(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return "[" + strings.Join(all, ",") + "]"
}

// bitList gives the first n bits, least significant first.
func bitList(b []byte, n int) string {
	var all []string
	for i := 0; i < n && i < 8*len(b); i++ {
		all = append(all, fmt.Sprint(b[i/8]>>(i%8)&1))
	}
	return list(all)
}

func wordList(b []byte) string {
	var all []string
	for i := 0; i+1 < len(b); i += 2 {
		all = append(all, fmt.Sprint(binary.BigEndian.Uint16(b[i:])))
	}
	return list(all)
}
