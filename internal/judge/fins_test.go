package judge

import (
	"fmt"
	"testing"
)

const finsPort = 9600

// finsAreas are the memory areas of the corpus by their code: their name, the
// octets of an element, and whether it is a bit.
var finsAreas = map[int]struct {
	name string
	size int
	bit  bool
}{
	0x00: {"CIO", 1, true}, 0x40: {"CIO", 1, true}, 0x80: {"CIO", 2, false}, 0x01: {"TIM-CNT-flag", 1, false}, 0x81: {"TIM-CNT", 2, false},
	0x82: {"DM", 2, false}, 0x03: {"transition-flag", 1, false}, 0x04: {"step-flag", 1, false}, 0x05: {"forced", 1, true}, 0x85: {"forced", 2, false},
	0x90: {"EM0", 2, false}, 0x91: {"EM1", 2, false}, 0x92: {"EM2", 2, false}, 0x93: {"EM3", 2, false}, 0x94: {"EM4", 2, false},
	0x95: {"EM5", 2, false}, 0x96: {"EM6", 2, false}, 0x97: {"EM7", 2, false}, 0x98: {"EM", 2, false}, 0x1b: {"action-flag", 1, false},
}

// finsNames are the words of end codes, as far as the corpus has one of a kind
// whose name is not that of the judge in other letters.
var finsNames = map[int]string{
	0x0001: "service-interrupted", 0x0101: "local-node-not-in-network", 0x0102: "token-timeout", 0x0103: "retries-failed",
	0x0104: "too-many-send-frames", 0x0105: "node-address-range-error", 0x0106: "node-address-duplication",
	0x0201: "destination-node-not-in-network", 0x0202: "unit-missing", 0x0203: "third-node-missing", 0x0204: "destination-node-busy",
	0x0205: "response-timeout", 0x0301: "communications-controller-error", 0x0302: "cpu-unit-error", 0x0303: "controller-error",
	0x0304: "unit-number-error", 0x0401: "undefined-command", 0x0402: "not-supported-by-model-or-version",
	0x0501: "destination-address-setting-error", 0x0502: "no-routing-tables", 0x0503: "routing-table-error", 0x0504: "too-many-relays",
	0x1001: "command-too-long", 0x1002: "command-too-short", 0x1003: "elements-and-data-do-not-match", 0x1004: "command-format-error",
	0x1005: "header-error", 0x1101: "area-classification-missing", 0x1102: "access-size-error", 0x1103: "address-range-error",
	0x1104: "address-range-exceeded", 0x1106: "program-missing", 0x1109: "relational-error", 0x110a: "duplicate-data-access",
	0x110b: "response-too-long", 0x110c: "parameter-error", 0x2002: "protected", 0x2003: "table-missing", 0x2004: "data-missing",
	0x2005: "program-missing", 0x2006: "file-missing", 0x2007: "data-mismatch", 0x2101: "read-only", 0x2102: "protected",
	0x2103: "cannot-register", 0x2105: "program-missing", 0x2106: "file-missing", 0x2107: "file-name-already-exists",
	0x2108: "cannot-change", 0x2201: "not-possible-during-execution", 0x2202: "not-possible-while-running",
	0x2203: "wrong-plc-mode-program", 0x2204: "wrong-plc-mode-debug", 0x2205: "wrong-plc-mode-monitor", 0x2206: "wrong-plc-mode-run",
	0x2207: "specified-node-not-polling-node", 0x2208: "step-cannot-be-executed", 0x2301: "file-device-missing", 0x2302: "memory-missing",
	0x2303: "clock-missing", 0x2401: "table-missing", 0x2502: "memory-error", 0x2503: "io-setting-error", 0x2504: "too-many-io-points",
	0x2505: "cpu-bus-error", 0x2506: "io-duplication", 0x2507: "io-bus-error", 0x2509: "sysmac-bus-2-error", 0x250a: "cpu-bus-unit-error",
	0x250d: "sysmac-bus-number-duplication", 0x250f: "memory-error", 0x2510: "sysmac-bus-terminator-missing", 0x2601: "no-protection",
	0x2602: "incorrect-password", 0x2604: "protected", 0x2605: "service-already-executing", 0x2606: "service-stopped",
	0x2607: "no-execution-right", 0x2608: "settings-not-complete", 0x2609: "necessary-items-not-set", 0x260a: "number-already-defined",
	0x260b: "error-will-not-clear", 0x3001: "no-access-right", 0x4001: "service-aborted",
}

// finsMessage is one message as the judge reads it. Fields are named without the
// prefix they all have.
type finsMessage struct{ layer }

func (m finsMessage) field(name string) string   { return "omron_omron_" + name }
func (m finsMessage) texts(name string) []string { return m.layer.texts(m.field(name)) }
func (m finsMessage) text(name string) string    { return m.layer.text(m.field(name)) }
func (m finsMessage) number(name string) int     { return m.layer.number(m.field(name)) }
func (m finsMessage) has(name string) bool       { return m.layer.has(m.field(name)) }

// unit is what the addresses of an end say.
func (m finsMessage) unit(end string) string {
	network, node, unit := m.number(end+"na"), m.number(end+"a1"), m.number(end+"a2")
	if network == 0 {
		return fmt.Sprint(unit)
	}
	return fmt.Sprint(network<<16 | node<<8 | unit)
}

func (m finsMessage) outcome() string {
	code := m.number("response_code")
	switch clean := code &^ 0xc0; {
	case clean == 0:
		return "ok"
	case finsNames[clean&^0x8000] != "":
		return "error:" + finsNames[clean&^0x8000]
	default:
		return fmt.Sprintf("error:%#x", clean)
	}
}

// place names an element of memory.
func finsPlace(area, address, bit int) string {
	a := finsAreas[area]
	if a.bit {
		return fmt.Sprintf("%s:%d.%02d", a.name, address, bit&15)
	}
	return fmt.Sprintf("%s:%d", a.name, address)
}

// finsValues reads so many elements of an area.
func finsValues(area, count int, b []byte) string {
	var all []string
	for size := finsAreas[area].size; count > 0 && len(b) >= size; count-- {
		v := 0
		for _, c := range b[:size] {
			v = v<<8 | int(c)
		}
		if size == 1 {
			v = min(v, 1)
		}
		all, b = append(all, fmt.Sprint(v)), b[size:]
	}
	return list(all)
}

// objects are what a command touches: object, quantity and values of each.
func (m finsMessage) objects() []judged {
	code, count := m.number("command"), m.number("memory_numitems")
	area, address, bit := m.numbersOf("memory_area_read"), m.numbersOf("memory_address"), m.numbersOf("memory_address_bits")
	data := octets(m.text("command_data"))
	quantity := func(name string) string { return fmt.Sprint(m.number(name) &^ 0x8000) }
	file := func(counts string) []judged {
		return []judged{{object: "disk:" + m.text("disk_no") + "/" + m.text("file_data_filename"), quantity: counts}}
	}
	var all []judged
	switch code {
	case 0x0101, 0x0102, 0x0103:
		one := judged{object: finsPlace(area[0], address[0], bit[0]), quantity: fmt.Sprint(count)}
		if code == 0x0103 {
			count = 1
		}
		one.values = finsValues(area[0], count, data)
		all = append(all, one)
	case 0x0104, 0x0105:
		for i := range area {
			q := 1
			if code == 0x0105 {
				q = count
			}
			all = append(all, judged{object: finsPlace(area[i], address[i], bit[i]), quantity: fmt.Sprint(q)})
		}
	case 0x230a:
		whole := m.number("transfer_beginning_address")
		all = append(all, judged{object: finsPlace(area[0], whole>>8, whole), quantity: m.text("num_unit_uint16")})
	case 0x2301: // the judge calls word and bit a flag, and shows the last octet of its three
		for i, raw := range m.texts("bit_flag_raw") {
			at := asNumber("0x" + raw)
			all = append(all, judged{object: finsPlace(area[i], at>>8, at), quantity: "1",
				values: list([]string{fmt.Sprint(m.numbersOf("set_reset_specification")[i])})})
		}
	case 0x0201, 0x0202, 0x0203:
		one := judged{object: fmt.Sprintf("parameter:%#04x/%d", m.number("parameter_area_code"), m.number("word")), quantity: quantity("numwords")}
		if code == 0x0202 {
			one.values = finsValues(0x80, m.number("numwords"), data)
		}
		all = append(all, one)
	case 0x0304, 0x0305, 0x0308, 0x0401:
		one := judged{object: "program:" + fmt.Sprint(m.number("program_number"))}
		if m.has("mode_code") {
			one.values = list([]string{fmt.Sprint(m.number("mode_code"))})
		}
		all = append(all, one)
	case 0x0306, 0x0307:
		all = append(all, judged{object: "program:" + fmt.Sprint(m.number("program_number")), quantity: quantity("numwords")})
	case 0x2101:
		all = append(all, judged{values: list([]string{fmt.Sprint(m.number("error_reset_fals_no"))})})
	case 0x2201, 0x2204:
		all = append(all, judged{object: "disk:" + m.text("disk_no")})
	case 0x2206:
		all = append(all, judged{object: "disk:" + m.text("disk_no"), values: list([]string{fmt.Sprint(m.number("volume_parameter_code"))})})
	case 0x2202, 0x2203:
		all = file(m.text("data_length"))
	case 0x2205:
		all = file(m.text("disk_data_no_files"))
	case 0x2207, 0x2208, 0x2209:
		all = file("")
	case 0x220a, 0x220b, 0x220c:
		all = file("")
		all[0].values = list([]string{fmt.Sprint(m.number("transfer_parameter_code"))})
	default:
		all = append(all, judged{})
	}
	return all
}

func (m finsMessage) numbersOf(name string) []int { return m.layer.numbers(m.field(name)) }

// finsByJudge derives the operations from the judge's fields.
func finsByJudge(frames []*frame) []*judged {
	var all []*judged
	waiting := map[string][]*judged{}
	for _, f := range frames {
		for _, l := range f.all("omron") {
			m := finsMessage{l}
			base := judged{protocol: "fins", flow: flowName(f.src, f.srcPort, f.dst, f.dstPort), time: f.time, nanos: f.nanos}
			code, answers, outcome := m.number("command"), m.number("icf_dtb") == 1, "ok"
			if !m.has("command") { // a command of the TCP header
				tcp := m.number("tcp_command")
				code, answers = 0x10000, tcp == 1
				if tcp > 1 || m.number("tcp_error_code") != 0 {
					continue
				}
			} else {
				base.unit = m.unit("d")
			}
			base.code = code
			toServer := f.dstPort == finsPort
			key := fmt.Sprint(f.stream, " ", m.text("sid"), " ", code, " ", toServer != answers)
			if !answers {
				objects := m.objects()
				waiting[key] = nil
				for i := range objects {
					op := base
					op.frame, op.outcome = f.number, "no-response"
					op.object, op.quantity, op.values = objects[i].object, objects[i].quantity, objects[i].values
					if len(objects) > 1 {
						op.item = i + 1
					}
					if m.number("icf_rsb") == 1 {
						op.outcome = "ok"
					} else {
						waiting[key] = append(waiting[key], &op)
					}
					all = append(all, &op)
				}
				continue
			}
			if m.has("response_code") {
				outcome = m.outcome()
			}
			asked := waiting[key]
			delete(waiting, key)
			for _, op := range asked {
				op.response, op.outcome = f.number, outcome
			}
			if len(asked) == 0 {
				base.response, base.partial, base.outcome = f.number, true, outcome
				if base.unit != "" {
					base.unit = m.unit("s")
				}
				all = append(all, &base)
			}
		}
	}
	return all
}

// TestJudgeFINS compares every operation of FINS with what tshark reads.
func TestJudgeFINS(t *testing.T) {
	root := judgeCorpus(t)
	a := alone{protocol: "fins"}
	eachJudged(t, root, "", func(path string, b []byte) {
		if !mayHold(b, finsPort) {
			return
		}
		frames, err := askTshark(path, finsFilter, "frame ip ipv6 tcp udp omron", "-x")
		if err != nil {
			t.Error(err)
			return
		}
		a.compare(t, path, finsByJudge(frames), a.ours(t, path))
	})
	a.settle(t, judgedFields)
}
