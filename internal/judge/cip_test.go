package judge

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const enipPort = 44818

// Services and classes of CIP that are read further.
const (
	cipMultiple    = 0x0a
	cipUnconnected = 0x52
	cipManager     = "class:0x6/instance:1"
)

// cipItem is one service of a request, in the order of the bytes.
type cipItem struct {
	op      *judged
	service int
	path    cipPath
	inner   []*cipItem
}

// all lists an item and what it holds, depth first.
func (it *cipItem) all() []*cipItem {
	list := []*cipItem{it}
	for _, in := range it.inner {
		list = append(list, in.all()...)
	}
	return list
}

// count numbers what stands in a Multiple Service Packet: the services themselves, no envelopes.
func (it *cipItem) count(packed bool, n *int) {
	if packed && len(it.inner) == 0 {
		*n++
		it.op.item = *n
	}
	for _, in := range it.inner {
		in.count(packed || it.service == cipMultiple, n)
	}
}

// cipJudge derives the operations of EtherNet/IP and CIP from the judge's
// fields and, where those are only names, from its bytes of the same layer.
type cipJudge struct {
	all      []*judged
	requests map[string]*cipItem // by stream and frame, which tshark names in the answer
	commands map[string][]*judged
	pccc     []layer // of the frame at hand, those not looked at yet
}

func cipByJudge(frames []*frame) []*judged {
	j := cipJudge{requests: map[string]*cipItem{}, commands: map[string][]*judged{}}
	for _, f := range frames {
		services, raw := f.all("cip"), f.layers.texts("cip_raw")
		cm, next := f.all("cipcm"), 0
		j.pccc = f.all("cippccc")
		for _, e := range f.all("enip") {
			command := e.number("enip_enip_command")
			switch {
			case command < 0: // cyclic data
			case command != 0x6f && command != 0x70:
				j.command(f, e, command)
			case next < len(services) && next < len(raw):
				j.message(f, e, services[next], cm, raw[next])
				next++
			}
		}
	}
	return j.all
}

func (j *cipJudge) op(f *frame, protocol string, code int) judged {
	return judged{protocol: protocol, flow: flowName(f.src, f.srcPort, f.dst, f.dstPort), time: f.time, code: code, nanos: f.nanos}
}

// command is an encapsulation command of its own.
func (j *cipJudge) command(f *frame, e layer, code int) {
	op := j.op(f, "enip", code)
	key := fmt.Sprint(f.stream, " ", code)
	oneWay := code == 0 || code == 0x66 || code == 0x72 || code == 0x73
	if f.dstPort == enipPort {
		op.frame, op.outcome = f.number, "no-response"
		if oneWay {
			op.outcome = "ok"
		} else {
			j.commands[key] = append(j.commands[key], &op)
		}
		j.all = append(j.all, &op)
		return
	}
	if oneWay {
		return
	}
	queue := j.commands[key]
	for len(queue) > 0 && f.nanos-queue[0].nanos > judgeWait {
		queue = queue[1:]
	}
	outcome := enipOutcome(e.number("enip_enip_status"))
	if len(queue) == 0 {
		op.response, op.partial, op.outcome = f.number, true, outcome
		j.all = append(j.all, &op)
		return
	}
	queue[0].response, queue[0].outcome = f.number, outcome
	j.commands[key] = queue[1:]
}

// message is a CIP request or answer in its carrier.
func (j *cipJudge) message(f *frame, e, m layer, cm []layer, raw string) {
	unit := ""
	if ports, links := e.texts("cip_cip_port"), e.texts("cip_cip_linkaddress_byte"); len(ports) > 0 && ports[len(ports)-1] == "1" && len(links) > 0 {
		unit = links[len(links)-1]
	}
	if m.number("cip_cip_rr") == 0 {
		top := j.request(f, m, cm, raw, unit)
		j.pcccRequest(f, top, raw)
		n := 0
		top.count(false, &n)
		for _, it := range top.all() {
			j.all = append(j.all, it.op)
		}
		j.requests[fmt.Sprint(f.stream, " ", f.number)] = top
		return
	}
	key := fmt.Sprint(f.stream, " ", e.number("enip_enip_response_to"))
	if top := j.requests[key]; top != nil && f.nanos-top.op.nanos <= judgeWait {
		delete(j.requests, key)
		cipAnswer(f, top, m, raw)
		j.pcccAnswer(f, top)
		return
	}
	n := 0
	j.unasked(f, m, raw, unit).count(false, &n)
}

// request reads one service and what it holds.
func (j *cipJudge) request(f *frame, m layer, cm []layer, raw, unit string) *cipItem {
	b, _ := hex.DecodeString(raw)
	op := j.op(f, "cip", m.number("cip_cip_sc"))
	op.frame, op.outcome, op.unit = f.number, "no-response", unit
	it := &cipItem{op: &op, service: op.code, path: readCIPPath(octets(m.text("cip_cip_epath")))}
	op.object = it.path.text
	data := b[min(len(b), 2+2*m.number("cip_cip_request_path_size")):]
	cipWritten(it, data)
	if values := cipFields(it, m); values != "" && it.service == 0x10 {
		it.op.values = values
	}
	switch {
	case it.service == cipMultiple:
		inner, bytes := m.inner("cip"), m.texts("cip_raw")
		for i := range min(len(inner), len(bytes)) {
			it.inner = append(it.inner, j.request(f, inner[i], inner[i].inner("cipcm"), bytes[i], unit))
		}
	case op.object == cipManager && it.service == cipUnconnected && len(cm) > 0:
		route := readCIPPath(octets(last(cm[0].texts("cip_cip_epath"))))
		op.unit = route.slot
		inner, bytes := cm[0].inner("cip"), cm[0].texts("cip_raw")
		for i := range min(len(inner), len(bytes)) {
			it.inner = append(it.inner, j.request(f, inner[i], inner[i].inner("cipcm"), bytes[i], route.slot))
		}
	}
	return it
}

func last(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}

// cipAnswer spreads an answer over the services of its request.
func cipAnswer(f *frame, it *cipItem, m layer, raw string) {
	service := m.number("cip_cip_sc")
	outcome := cipOutcome(m)
	if it.service == cipUnconnected && len(it.inner) > 0 {
		if service == cipUnconnected { // not delivered
			for _, one := range it.all() {
				one.op.response, one.op.outcome = f.number, outcome
			}
			return
		}
		it.op.response, it.op.outcome = f.number, "ok"
		cipAnswer(f, it.inner[0], m, raw)
		return
	}
	it.op.response, it.op.outcome = f.number, outcome
	if it.service == cipMultiple {
		inner, bytes := m.inner("cip"), m.texts("cip_raw")
		if outcome != "ok" && !strings.HasPrefix(outcome, "error:embedded-service-error") {
			for _, one := range it.all() {
				one.op.response, one.op.outcome = f.number, outcome
			}
			return
		}
		for i := range min(len(it.inner), len(inner), len(bytes)) {
			cipAnswer(f, it.inner[i], inner[i], bytes[i])
		}
		return
	}
	if outcome == "ok" && it.op.values == "" {
		if it.op.values = cipFields(it, m); it.op.values == "" {
			it.op.values = cipRead(it, cipReply(m, raw))
		}
	}
}

// cipReply is what follows the status of an answer.
func cipReply(m layer, raw string) []byte {
	b, _ := hex.DecodeString(raw)
	return b[min(len(b), 4+2*max(0, m.number("cip_cip_addstat_size"))):]
}

// unasked tells of an answer whose request was not seen.
func (j *cipJudge) unasked(f *frame, m layer, raw, unit string) *cipItem {
	op := j.op(f, "cip", m.number("cip_cip_sc"))
	op.response, op.partial, op.unit, op.outcome = f.number, true, unit, cipOutcome(m)
	if op.outcome == "ok" {
		op.values = cipRead(&cipItem{service: op.code}, cipReply(m, raw))
	}
	j.all = append(j.all, &op)
	it := &cipItem{op: &op, service: op.code}
	if op.code == cipMultiple {
		inner, bytes := m.inner("cip"), m.texts("cip_raw")
		for i := range min(len(inner), len(bytes)) {
			it.inner = append(it.inner, j.unasked(f, inner[i], bytes[i], unit))
		}
	}
	return it
}

// cipPath is a path in words.
type cipPath struct {
	text  string
	slot  string // where a route leads in the rack
	kinds string // a letter for each segment
	class int    // -1 if the path does not begin with one
	at    []int
}

func (p *cipPath) tag() bool { return strings.HasPrefix(p.kinds, "s") || p.class == 0x6b }

// readCIPPath reads a path (CIP volume 1, appendix C).
func readCIPPath(b []byte) cipPath {
	p := cipPath{class: -1}
	open := false
	for len(b) >= 2 {
		kind, value, used := byte(0), 0, 2
		name := ""
		switch b[0] >> 5 {
		case 0: // a port
			used = 2
			p.slot = ""
			if b[0]&0x1f == 1 {
				p.slot = strconv.Itoa(int(b[1]))
			}
			if b[0]&0x10 != 0 { // a link address in bytes
				used = 2 + int(b[1]) + int(b[1])&1
			}
		case 1:
			kind = "cimpax"[min(5, b[0]>>2&7)]
			switch {
			case b[0]>>2&7 == 5: // a key
				kind, used = 0, 10
			case b[0]&3 == 0:
				value = int(b[1])
			case b[0]&3 == 1 && len(b) >= 4:
				value, used = int(binary.LittleEndian.Uint16(b[2:])), 4
			case b[0]&3 == 2 && len(b) >= 6:
				value, used = int(binary.LittleEndian.Uint32(b[2:])), 6
			}
		case 2: // a network segment
			if b[0]&0x10 != 0 {
				used = 2 + 2*int(b[1])
			}
		case 4:
			used = 2 + 2*int(b[1])
			if b[0] == 0x91 {
				kind, used = 's', 2+int(b[1])+int(b[1])&1
				name = string(b[2:min(len(b), 2+int(b[1]))])
			}
		default:
			return p
		}
		b = b[min(len(b), used):]
		if kind == 0 {
			continue
		}
		open = p.append(kind, value, name, open)
	}
	if open {
		p.text += "]"
	}
	return p
}

// append adds a segment to the text; members of tags stand in brackets.
func (p *cipPath) append(kind byte, value int, name string, open bool) bool {
	first := p.kinds == ""
	if first && kind == 'c' {
		p.class = value
	}
	p.kinds += string(kind)
	p.at = append(p.at, value)
	if p.kinds[0] == 's' {
		switch {
		case kind == 'm' && open:
			p.text += "," + strconv.Itoa(value)
			return true
		case kind == 'm':
			p.text += "[" + strconv.Itoa(value)
			return true
		case open:
			p.text += "]"
		}
		if kind == 's' {
			if !first {
				p.text += "."
			}
			p.text += name
			return false
		}
	}
	if !first {
		p.text += "/"
	}
	switch kind {
	case 's':
		p.text += name
	case 'c':
		p.text += fmt.Sprintf("class:0x%x", value)
	default:
		p.text += map[byte]string{'i': "instance:", 'm': "member:", 'p': "point:", 'a': "attribute:", 'x': "extended:"}[kind] + strconv.Itoa(value)
	}
	return false
}

// cipWritten fills in what a request carries.
func cipWritten(it *cipItem, data []byte) {
	switch {
	case it.path.class == 6 && (it.service == 0x54 || it.service == 0x5b):
		at := 35 // of the size of the path
		if it.service == 0x5b {
			at = 39
		}
		if len(data) > at {
			path := data[at+1 : min(len(data), at+1+2*int(data[at]))]
			it.op.values, it.op.unit = byteList(path), readCIPPath(path).slot
		}
	case it.path.class == 0x6c && it.service == 0x4c && len(data) >= 6:
		it.op.quantity = fmt.Sprint(binary.LittleEndian.Uint16(data[4:]))
		it.part(data)
	case !it.path.tag():
		if slices.Contains([]int{0x02, 0x04, 0x10, 0x19, 0x1a}, it.service) {
			it.op.values = byteList(data)
		}
	case (it.service == 0x4c || it.service == 0x52) && len(data) >= 2:
		it.op.quantity = fmt.Sprint(binary.LittleEndian.Uint16(data))
		if it.service == 0x52 {
			it.part(data[2:])
		}
	case it.service == 0x4d || it.service == 0x53:
		kind, rest := cipType(data)
		if len(rest) < 2 {
			return
		}
		it.op.quantity = fmt.Sprint(binary.LittleEndian.Uint16(rest))
		rest = rest[2:]
		if it.service == 0x53 {
			it.part(rest)
			rest = rest[min(len(rest), 4):]
		}
		it.op.values = cipTyped(kind, rest)
	case it.service == 0x4e && len(data) >= 2:
		it.op.values = byteList(data[2:])
	}
}

// cipRead gives what the answer to a service brings back.
func cipRead(it *cipItem, data []byte) string {
	switch {
	case it.path.tag() && (it.service == 0x4c || it.service == 0x52):
		kind, rest := cipType(data)
		return cipTyped(kind, rest)
	case slices.Contains([]int{0x01, 0x03, 0x0e, 0x18}, it.service),
		it.service == 0x4c && (it.path.class == 0xb2 || it.path.class == 0x6c),
		it.service == 0x55 && it.path.tag():
		return byteList(data)
	}
	return ""
}

// cipType takes the data type off the data of a tag; structures are bytes.
func cipType(b []byte) (kind int, rest []byte) {
	if len(b) < 2 {
		return 0, nil
	}
	kind = int(binary.LittleEndian.Uint16(b))
	if kind == 0x02a0 {
		return 0xc6, b[min(len(b), 4):]
	}
	return kind, b[2:]
}

// cipTyped decodes elements of a data type (CIP volume 1, C-6.1); real numbers
// stay bits.
func cipTyped(kind int, b []byte) string {
	width := map[int]int{0xc3: 2, 0xc7: 2, 0xd2: 2, 0xc4: 4, 0xc8: 4, 0xca: 4, 0xd3: 4, 0xc5: 8, 0xc9: 8, 0xcb: 8, 0xd4: 8}[kind]
	var all []string
	for width = max(1, width); len(b) >= width; b = b[width:] {
		var wide [8]byte
		copy(wide[:], b[:width])
		v := binary.LittleEndian.Uint64(wide[:])
		switch kind {
		case 0xc1:
			v = min(v, 1)
		case 0xc2:
			v = uint64(int8(v))
		case 0xc3:
			v = uint64(int16(v))
		case 0xc4:
			v = uint64(int32(v))
		}
		if kind >= 0xc2 && kind <= 0xc5 {
			all = append(all, strconv.FormatInt(int64(v), 10))
		} else {
			all = append(all, strconv.FormatUint(v, 10))
		}
	}
	return list(all)
}

func byteList(b []byte) string { return cipTyped(0xc6, b) }

// cipNames are general status codes (CIP volume 1, table B-1.1).
var cipNames = strings.Fields(`- connection-failure resource-unavailable invalid-parameter-value path-segment-error
	path-destination-unknown - connection-lost service-not-supported invalid-attribute-value attribute-list-error
	already-in-requested-mode object-state-conflict object-already-exists attribute-not-settable privilege-violation
	device-state-conflict reply-data-too-large fragmentation-of-a-primitive-value not-enough-data attribute-not-supported
	too-much-data object-does-not-exist`)

// cipDetails are extended status codes: of the connection manager (CIP volume 1, table 3-5.33), and of tags
// (publication 1756-PM020).
var cipDetails = map[int]map[int]string{
	1: {0x0100: "connection-in-use-or-duplicate-forward-open", 0x0106: "ownership-conflict", 0x0107: "target-connection-not-found",
		0x0109: "invalid-connection-size", 0x0115: "device-type-mismatch", 0x0204: "unconnected-request-timed-out",
		0x0312: "link-address-not-valid", 0x0315: "invalid-segment-in-connection-path"},
	0xff: {0x2104: "offset-is-beyond-the-end-of-the-tag", 0x2105: "access-beyond-the-end-of-the-object",
		0x2107: "data-type-does-not-match-that-of-the-tag"},
}

// cipOutcome is the general status of an answer, and its first additional word.
func cipOutcome(m layer) string {
	status := m.number("cip_cip_genstat")
	text := cipGeneral(status)
	words := m.texts("cip_cip_addstat")
	if text == "ok" || len(words) == 0 {
		return text
	}
	n, _ := strconv.ParseInt(words[0], 0, 32)
	return withDetail(text, int(n), cipDetails[status][int(n)])
}

// withDetail adds a second code to an outcome, as its line shows it.
func withDetail(outcome string, code int, name string) string {
	if code == 0 {
		return outcome
	}
	if name == "" {
		name = fmt.Sprintf("0x%02x", code)
	}
	return outcome + " " + name
}

func cipGeneral(status int) string {
	switch {
	case status == 0 || status == 6:
		return "ok"
	case status > 0 && status < len(cipNames):
		return "error:" + cipNames[status]
	case status == 0x1e:
		return "error:embedded-service-error"
	case status == 0x1f:
		return "error:vendor-specific-error"
	case status == 0x20:
		return "error:invalid-parameter"
	case status == 0x26:
		return "error:path-size-invalid"
	}
	return fmt.Sprintf("error:0x%02x", status)
}

func enipOutcome(status int) string {
	names := map[int]string{0: "ok", 1: "error:invalid-or-unsupported-command", 2: "error:insufficient-memory", 3: "error:incorrect-data",
		0x64: "error:invalid-session-handle", 0x65: "error:invalid-length", 0x69: "error:unsupported-protocol-revision"}
	if name := names[status]; name != "" {
		return name
	}
	return fmt.Sprintf("error:0x%02x", status)
}
