package judge

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

// s7 is one S7 message as the judge reads it. Fields are named without the
// prefix they all have.
type s7 struct{ layer }

func (m s7) text(field string) string       { return m.layer.text("s7comm_s7comm_" + field) }
func (m s7) texts(field string) []string    { return m.layer.texts("s7comm_s7comm_" + field) }
func (m s7) number(field string) int        { return m.layer.number("s7comm_s7comm_" + field) }
func (m s7) numbers(field string) []int     { return m.layer.numbers("s7comm_s7comm_" + field) }
func (m s7) has(field string) bool          { return m.layer.has("s7comm_s7comm_" + field) }
func (m s7) is(field string, n int) bool    { return m.number(field) == n }
func (m s7) code() int                      { return m.header("errcls")<<8 | m.header("errcod") }
func (m s7) header(field string) int        { return max(0, m.number("header_"+field)) }
func (m s7) userdata(field string) int      { return m.number("param_userdata_" + field) }
func (m s7) nth(field string, i int) string { return nth(m.texts(field), i) }

func nth(all []string, i int) string {
	if i < len(all) {
		return all[i]
	}
	return ""
}

// s7Item is a variable of a request.
type s7Item struct {
	object, quantity string
	size, count      int
	shared           bool // its data stand with those of the next item
}

// s7Ask is a request that waits for its answer.
type s7Ask struct {
	code  int
	ops   []*judged
	items []s7Item
}

// s7Judge derives the operations of S7 from the judge's fields.
type s7Judge struct {
	all     []*judged
	slots   map[string]string
	waiting map[string][]*s7Ask
}

func s7ByJudge(frames []*frame) []*judged {
	j := s7Judge{slots: map[string]string{}, waiting: map[string][]*s7Ask{}}
	for _, f := range frames {
		for _, c := range f.all("cotp") {
			if b := octets(c.text("cotp_cotp_dst-tsap-bytes")); len(b) > 0 {
				j.slots[f.stream] = ""
				if len(b) == 2 {
					j.slots[f.stream] = fmt.Sprint(b[1] & 0x1f)
				}
			}
		}
		for _, m := range f.all("s7comm") {
			j.message(f, s7{m})
		}
	}
	return j.all
}

func (j *s7Judge) message(f *frame, m s7) {
	op := judged{protocol: "s7comm", flow: flowName(f.src, f.srcPort, f.dst, f.dstPort), time: f.time, unit: j.slots[f.stream], nanos: f.nanos}
	asks, user := m.is("header_rosctr", 1), m.is("header_rosctr", 7)
	if user {
		if m.is("param_userdata_type", 0) || !m.has("param_userdata_type") {
			return // a push: nobody asked
		}
		asks = m.is("param_userdata_type", 4)
		op.code = 0x7000 + m.userdata("funcgroup")<<8 + m.userdata("subfunc")
	} else {
		op.code = m.number("param_func")
	}
	side := f.src + ":" + strconv.Itoa(f.srcPort)
	if !asks {
		side = f.dst + ":" + strconv.Itoa(f.dstPort)
	}
	key := fmt.Sprint(f.stream, side, user, m.number("header_pduref"))
	if asks {
		op.frame, op.outcome = f.number, "no-response"
		a := s7Request(op, m)
		j.all = append(j.all, a.ops...)
		j.waiting[key] = append(j.waiting[key], a)
		return
	}
	j.answer(f, m, op, key)
}

func (j *s7Judge) answer(f *frame, m s7, op judged, key string) {
	queue := j.waiting[key]
	for len(queue) > 0 && f.nanos-queue[0].ops[0].nanos > judgeWait {
		queue = queue[1:]
	}
	var a *s7Ask
	if len(queue) > 0 {
		a = queue[0]
		queue = queue[1:]
	}
	j.waiting[key] = queue
	if a == nil && op.code < 0 {
		return // a bare acknowledgement says nothing by itself
	}
	if a != nil && op.code >= 0 && a.code != op.code {
		a = nil
	}
	code := m.code()
	if m.is("header_rosctr", 7) {
		code = max(0, m.number("param_errcod"))
	}
	if a == nil {
		op.response, op.partial, op.outcome = f.number, true, s7Outcome(code)
		j.unasked(m, op)
		return
	}
	for _, o := range a.ops {
		o.response, o.outcome = f.number, s7Outcome(code)
	}
	if code == 0 && len(a.items) > 0 {
		s7Answer(a, m)
	}
}

// unasked tells of an answer whose request was not seen.
func (j *s7Judge) unasked(m s7, op judged) {
	if op.code != 4 && op.code != 5 || op.outcome != "ok" {
		j.all = append(j.all, &op)
		return
	}
	codes := m.numbers("data_returncode")
	data := s7Data(m, codes)
	for i, code := range codes {
		one := op
		one.outcome = s7ItemOutcome(code)
		if len(codes) > 1 {
			one.item = i + 1
		}
		one.values = s7Values(0, 0, asNumber(m.nth("data_transportsize", i)), data[i])
		j.all = append(j.all, &one)
	}
}

// s7Data gives each item its data: items that were refused have none.
func s7Data(m s7, codes []int) [][]byte {
	all, next := make([][]byte, len(codes)), 0
	texts := m.texts("resp_data")
	for i, code := range codes {
		if (code == 0xff || code == 0) && asNumber(m.nth("data_length", i)) > 0 && next < len(texts) {
			all[i] = octets(texts[next])
			next++
		}
	}
	return all
}

// s7Answer gives each operation its outcome and values.
func s7Answer(a *s7Ask, m s7) {
	codes := m.numbers("data_returncode")
	sizes := m.numbers("data_transportsize")
	if a.code == 5 {
		for i, o := range a.ops {
			if i < len(codes) {
				o.outcome = s7ItemOutcome(codes[i])
			}
		}
		return
	}
	if a.code>>8 == 0x71 {
		return // data come later, unasked
	}
	data := s7Data(m, codes)
	k := 0
	for i := range codes {
		if k >= len(a.ops) {
			return
		}
		if a.items[k].shared {
			k = s7Shared(a, k, codes[i], data[i])
			continue
		}
		a.ops[k].outcome = s7ItemOutcome(codes[i])
		size := 0
		if i < len(sizes) {
			size = sizes[i]
		}
		a.ops[k].values = s7Values(a.items[k].size, a.items[k].count, size, data[i])
		k++
	}
}

// s7Shared reads one record that answers several areas: a code and bytes each.
func s7Shared(a *s7Ask, k, code int, b []byte) int {
	for ; k < len(a.ops); k++ {
		one := code
		if code == 0xff && len(b) > 0 {
			one, b = int(b[0]), b[1:]
		}
		a.ops[k].outcome = s7ItemOutcome(one)
		if one == 0xff {
			n := min(len(b), a.items[k].count)
			a.ops[k].values = s7Values(2, a.items[k].count, 4, b[:n])
			b = b[n:]
		}
	}
	return k
}

// s7Request gives the operations of a request.
func s7Request(op judged, m s7) *s7Ask {
	a := &s7Ask{code: op.code}
	switch op.code {
	case 4, 5, 0x7201, 0x7205, 0x7207:
		a.items = s7Items(m)
	case 0x7102, 0x7108:
		a.items = s7Table(m)
	case 0x28:
		if blocks := m.texts("data_blockcontrol_block_number"); len(blocks) > 0 {
			for i := range blocks {
				a.items = append(a.items, s7Item{object: s7Block(m, i)})
			}
		}
	}
	if len(a.items) == 0 {
		op.object = s7Object(op.code, m)
		a.ops = []*judged{&op}
		return a
	}
	data := s7Data(m, m.numbers("data_returncode"))
	for i, it := range a.items {
		one := op
		one.object, one.quantity = it.object, it.quantity
		if len(a.items) > 1 {
			one.item = i + 1
		}
		if (op.code == 5 || op.code == 0x7108) && i < len(data) {
			one.values = s7Values(it.size, it.count, asNumber(m.nth("data_transportsize", i)), data[i])
		}
		a.ops = append(a.ops, &one)
	}
	if op.code == 0x28 {
		a.items = nil
	}
	return a
}

// s7Object names what a request that is one operation is about.
func s7Object(code int, m s7) string {
	switch code {
	case 0x1a, 0x1b, 0x1c, 0x1d:
		if m.has("data_blockcontrol_block_number") {
			return s7Block(m, 0)
		}
		return "file:" + m.text("param_blockcontrol_filename")
	case 0x1e, 0x1f:
		return fmt.Sprint("upload:", m.number("data_blockcontrol_uploadid"))
	case 0x28, 0x29:
		return "pi:" + m.text("param_pistart_servicename")
	case 0x7401:
		if m.has("data_userdata_szl_id") {
			return fmt.Sprintf("szl:%s/index:%s", m.text("data_userdata_szl_id"), m.text("data_userdata_szl_index"))
		}
	case 0x7402:
		if m.has("cpu_msg_events") {
			return "events:" + m.text("cpu_msg_events")
		}
	case 0x7407, 0x7408, 0x740b:
		if m.has("alarm_event_id") || m.has("cpu_alarm_message_obj_eventid") {
			return "alarm:" + m.text("alarm_event_id")
		}
	case 0x7204:
		return "job:" + m.text("cyclic_job_id")
	case 0x7302:
		if m.has("blockinfo_blocktype") {
			return "block:" + s7Types[m.text("blockinfo_blocktype")]
		}
	case 0x7303:
		if n, err := strconv.Atoi(m.text("data_blockinfo_block_number")); err == nil {
			return fmt.Sprintf("block:%s%d/%s", s7Types[m.text("blockinfo_blocktype")], n, m.text("data_blockinfo_filesys"))
		}
	}
	return ""
}

var s7Types = map[string]string{"08": "OB", "0A": "DB", "0B": "SDB", "0C": "FC", "0D": "SFC", "0E": "FB", "0F": "SFB"}

func s7Block(m s7, i int) string {
	n, _ := strconv.Atoi(m.nth("data_blockcontrol_block_number", i))
	return fmt.Sprintf("block:%s%d/%s", s7Types[m.nth("data_blockcontrol_block_type", i)], n, m.nth("data_blockcontrol_dest_filesys", i))
}

// s7Areas are the letters of memory areas.
var s7Areas = map[string]string{"0x03": "SI", "0x05": "SF", "0x06": "AI", "0x07": "AQ", "0x80": "P", "0x81": "I", "0x82": "Q",
	"0x83": "M", "0x84": "DB", "0x85": "DI", "0x86": "L", "0x87": "V", "0x1c": "C", "0x1d": "T", "0x1e": "IEC-C", "0x1f": "IEC-T"}

// s7Memory names memory: "DB1.DBX0.0", "MB4", "T5".
func s7Memory(area, db string, size, byteAt, bit int) string {
	name := s7Areas[area]
	letter := "B"
	switch size {
	case 1:
		letter = "X"
	case 4, 5, 9, 0x0c, 0x1c, 0x1d, 0x1f:
		letter = "W"
	case 6, 7, 8, 0x0a, 0x0b, 0x1e, 0x20:
		letter = "D"
	}
	switch name {
	case "C", "T", "IEC-C", "IEC-T":
		return fmt.Sprint(name, byteAt<<3|bit)
	case "DB", "DI":
		name += db + "." + name + letter
	default:
		if letter != "X" {
			name += letter
		}
	}
	name += strconv.Itoa(byteAt)
	if letter == "X" || bit != 0 {
		name += "." + strconv.Itoa(bit)
	}
	return name
}

// s7Items reads the variables of a request. Each way to address has fields of
// its own, so that they are counted apart.
func s7Items(m s7) []s7Item {
	var all []s7Item
	plain, symbols, areas := 0, 0, 0
	for i, syntax := range m.texts("param_item_syntaxid") {
		switch syntax {
		case "0x10":
			size, at := asNumber(m.nth("param_item_transp_size", plain)), asNumber(m.nth("param_item_address", plain))
			count := asNumber(m.nth("param_item_length", plain))
			quantity := count
			if size == 0x0f { // a date and time is eight octets, and named as such
				quantity *= 8
			}
			all = append(all, s7Item{size: size, count: count, quantity: strconv.Itoa(quantity),
				object: s7Memory(m.nth("param_item_area", plain), m.nth("param_item_db", plain), size, at>>3, at&7)})
			plain++
		case "0xb2":
			all = append(all, s7Item{object: fmt.Sprintf("sym:0x%02x/crc:%s/lid:%s", asNumber(m.nth("tiap_item_area2", symbols)),
				m.nth("tiap_item_crc", symbols), m.nth("tiap_item_value", symbols))})
			symbols++
		case "0xb0":
			n := asNumber(m.nth("param_item_dbread_numareas", i))
			for range n {
				count := m.nth("param_item_dbread_length", areas)
				all = append(all, s7Item{size: 2, count: asNumber(count), quantity: count, shared: true,
					object: s7Memory("0x84", m.nth("param_item_dbread_db", areas), 2, asNumber(m.nth("param_item_dbread_startaddress", areas)), 0)})
				areas++
			}
		default:
			all = append(all, s7Item{object: "syntax:" + syntax})
		}
	}
	return all
}

// s7TableAreas are the areas of variable tables by their upper half, and the
// sizes by their lower half.
var s7TableAreas = map[int]string{0: "0x83", 1: "0x81", 2: "0x82", 3: "0x80", 5: "0x1d", 6: "0x1c", 7: "0x84"}

// s7Table reads a variable table: bits have a position, the others a count.
func s7Table(m s7) []s7Item {
	var all []s7Item
	bits, rest := 0, 0
	for i, kind := range m.numbers("varstat_req_memory_area") {
		it := s7Item{size: map[int]int{0: 1, 1: 2, 2: 4, 3: 6, 4: 4}[kind&0xf], count: 1}
		bit, at := 0, asNumber(m.nth("varstat_req_startaddress", i))
		if kind&0xf == 0 {
			bit = asNumber(m.nth("varstat_req_bitpos", bits))
			bits++
		} else {
			it.count = asNumber(m.nth("varstat_req_repetition_factor", rest))
			rest++
		}
		it.quantity = strconv.Itoa(it.count)
		it.object = s7Memory(s7TableAreas[kind>>4], m.nth("varstat_req_db_number", i), it.size, at, bit)
		all = append(all, it)
	}
	return all
}

// s7Values decodes data by the size its request names, else by its own.
func s7Values(size, count, transport int, b []byte) string {
	width, signed := 1, false
	switch size {
	case 1, 2, 3:
	case 4, 9, 0x0c, 0x1c, 0x1d, 0x1f:
		width = 2
	case 5:
		width, signed = 2, true
	case 6, 8, 0x0a, 0x1e, 0x20:
		width = 4
	case 7, 0x0b:
		width, signed = 4, true
	case 0x0f:
		count *= 8
	default:
		count = math.MaxInt
		switch transport {
		case 5:
			width, signed = 2, true
		case 7:
			width = 4
		}
	}
	var all []string
	for ; len(b) >= width && len(all) < count; b = b[width:] {
		var v int64
		switch width {
		case 1:
			v = int64(b[0])
			if v > 0 && (size == 1 || size == 0 && transport == 3) {
				v = 1
			}
		case 2:
			v = int64(binary.BigEndian.Uint16(b))
			if signed {
				v = int64(int16(v))
			}
		default:
			v = int64(binary.BigEndian.Uint32(b))
			if signed {
				v = int64(int32(v))
			}
		}
		all = append(all, strconv.FormatInt(v, 10))
	}
	return list(all)
}

// s7ItemOutcome is what a return code means.
func s7ItemOutcome(code int) string {
	switch code {
	case 0xff, 0:
		return "ok"
	case 0x01:
		return "error:hardware-error"
	case 0x03:
		return "error:accessing-the-object-not-allowed"
	case 0x05:
		return "error:invalid-address"
	case 0x06:
		return "error:data-type-not-supported"
	case 0x07:
		return "error:data-type-inconsistent"
	case 0x0a:
		return "error:object-does-not-exist"
	}
	return fmt.Sprintf("error:0x%02x", code)
}

// s7Outcome is what an error class and code mean.
func s7Outcome(code int) string {
	names := map[int]string{0: "ok", 0x8305: "error:function-not-available", 0x8703: "error:access-to-object-refused",
		0xd081: "error:function-not-permitted-in-current-mode", 0xd0a1: "error:function-not-permitted-in-current-protection-level",
		0xd210: "error:invalid-block-number", 0xd252: "error:checksum-error", 0xd401: "error:information-function-unavailable",
		0xd402: "error:information-function-unavailable", 0xd602: "error:incorrect-password-entered",
		0x8100: "error:service-unknown-to-remote-module", 0x8104: "error:service-not-implemented-or-frame-error",
		0x8204: "error:type-specification-of-the-object-inconsistent", 0x8301: "error:insufficient-memory", 0x8302: "error:too-few-resources",
		0x8401: "error:invalid-service-sequence", 0x8402: "error:service-cannot-execute-in-status-of-the-object", 0x8404: "error:function-cannot-be-performed", 0x8500: "error:wrong-frames",
		0x8503: "error:service-canceled-prematurely", 0x8701: "error:error-addressing-the-object", 0x8702: "error:service-not-supported",
		0x8704: "error:object-damaged", 0xd041: "error:illegal-status-list-id", 0xd042: "error:illegal-tag-address", 0xd209: "error:block-not-found",
		0xd241: "error:function-not-permitted-in-current-protection-level", 0xd404: "error:maximum-number-of-nodes-reached",
		0xd805: "error:no-more-cyclic-read-jobs", 0xdc01: "error:date-or-time-invalid"}
	if name := names[code]; name != "" {
		return name
	}
	return fmt.Sprintf("error:0x%02x", code)
}
