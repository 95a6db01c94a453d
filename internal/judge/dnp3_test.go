package judge

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayHoldDNP3 tells whether a link header with a right check stands anywhere in
// the bytes: the port number is too common in text.
func mayHoldDNP3(b []byte) bool {
	for {
		i := bytes.Index(b, []byte{0x05, 0x64})
		if i < 0 || len(b)-i < 10 {
			return false
		}
		c := uint16(0)
		for _, x := range b[i : i+8] {
			c ^= uint16(x)
			for range 8 {
				c = c>>1 ^ 0xa6bc*(c&1)
			}
		}
		if ^c == binary.LittleEndian.Uint16(b[i+8:]) {
			return true
		}
		b = b[i+1:]
	}
}

// dnp3Points names what the groups with numbered points hold, and which of them
// are events.
var (
	dnp3Points = map[int]string{1: "binary-input", 2: "binary-input", 3: "double-bit-input", 4: "double-bit-input", 10: "binary-output",
		11: "binary-output", 12: "binary-output", 13: "binary-output", 20: "counter", 21: "frozen-counter", 22: "counter", 23: "frozen-counter",
		30: "analog-input", 31: "frozen-analog-input", 32: "analog-input", 33: "frozen-analog-input", 34: "analog-input-deadband",
		40: "analog-output", 41: "analog-output", 42: "analog-output", 43: "analog-output", 80: "internal-indication", 101: "bcd",
		102: "unsigned-integer", 110: "octet-string", 111: "octet-string", 112: "virtual-terminal", 113: "virtual-terminal"}
	dnp3Events = map[int]string{2: "binary-input-event", 4: "double-bit-input-event", 11: "binary-output-event", 13: "binary-output-command-event",
		22: "counter-event", 23: "frozen-counter-event", 32: "analog-input-event", 33: "frozen-analog-input-event",
		42: "analog-output-event", 43: "analog-output-command-event", 111: "octet-string-event", 113: "virtual-terminal-event"}
	dnp3Single = map[int]string{50: "time", 51: "common-time", 52: "time-delay", 70: "file", 90: "application"}

	dnp3Controls = []string{"ok", "timeout", "no-select", "format-error", "not-supported", "already-active", "hardware-error", "local", "too-many-ops", "not-authorized"}
	dnp3Files    = []string{"ok", "permission-denied", "invalid-mode", "file-not-found", "file-locked", "too-many-open", "invalid-handle"}
)

// dnp3 is one link frame, with the fragment that it completes, as the judge
// reads it. Fields are named without the prefix they all have.
type dnp3 struct{ layer }

func (m dnp3) text(field string) string    { return m.layer.text("dnp3_dnp3_" + field) }
func (m dnp3) texts(field string) []string { return m.layer.texts("dnp3_dnp3_" + field) }
func (m dnp3) number(field string) int     { return m.layer.number("dnp3_dnp3_" + field) }
func (m dnp3) on(field string) bool        { return m.text(field) == "1" }

// dnp3Unit is what an operation or a sample is about.
type dnp3Unit struct {
	group, variation int
	prefix, code     int
	first, count     int
	object           string
	values           []string
	status           int // of a control; -1: none
}

// dnp3Reader takes values out of the judge's lists, which hold those of all
// objects of a fragment one after the other.
type dnp3Reader struct {
	m     dnp3
	lists map[string][]string // of m, as they are asked for: some hold 65,536 points
	used  map[string]int
	said  []string // what it says of each point
}

func (r *dnp3Reader) next(field string) string {
	all, known := r.lists[field]
	if !known {
		all = r.m.texts(field)
		r.lists[field] = all
	}
	i := r.used[field]
	r.used[field]++
	return nth(all, i)
}

// units reads the objects of a fragment; with data tells that they have some.
func (m dnp3) units(data bool) []dnp3Unit {
	r := dnp3Reader{m: m, lists: map[string][]string{}, used: map[string]int{}}
	for _, line := range m.layer.texts("text") {
		if strings.HasPrefix(line, "Point Number") {
			r.said = append(r.said, line)
		}
	}
	var all []dnp3Unit
	for _, o := range m.texts("al_obj") {
		u := dnp3Unit{group: asNumber(o) >> 8, variation: asNumber(o) & 0xff, prefix: asNumber(r.next("al_objq_prefix")), code: asNumber(r.next("al_objq_range")), status: -1}
		switch {
		case u.code <= 5:
			u.first = asNumber(r.next("al_range_start"))
			u.count = asNumber(r.next("al_range_stop")) - u.first + 1
		case u.code == 6:
		case u.prefix == 5: // the judge does not show the number of objects
			u.count = 1
		default:
			u.count = asNumber(r.next("al_range_quantity"))
		}
		single := data && (u.group == 12 && u.variation != 3 || u.group == 41)
		if u.prefix == 0 && !single {
			u.object = u.name(data)
			for i := 0; data && i < u.count; i++ {
				u.values = append(u.values, r.value(&u)...)
			}
			all = append(all, u)
			continue
		}
		for i := range u.count {
			one := u
			one.first, one.count = u.first+i, 1
			if u.prefix >= 1 && u.prefix <= 3 {
				index := r.next("al_index")
				if index == "" { // the fragment ended
					break
				}
				one.first = asNumber(index)
			}
			if data {
				one.values = r.value(&one)
			}
			if single {
				one.status = asNumber(r.next("al_ctrlstatus"))
			}
			one.object = one.name(data)
			all = append(all, one)
		}
	}
	return all
}

// bare reads the objects of functions that the judge knows by name only, and of
// writes of strings without length, where it stops at the first: from the bytes,
// as headers without data.
func (m dnp3) bare() []dnp3Unit {
	b, err := hex.DecodeString(m.text("al_fragments_raw"))
	var all []dnp3Unit
	for b = b[min(2, len(b)):]; err == nil && len(b) >= 3; {
		u := dnp3Unit{group: int(b[0]), variation: int(b[1]), prefix: int(b[2] >> 4), code: int(b[2] & 15), status: -1}
		b = b[3:]
		switch {
		case u.code == 1 && len(b) >= 4:
			u.first = int(binary.LittleEndian.Uint16(b))
			u.count = int(binary.LittleEndian.Uint16(b[2:])) - u.first + 1
			b = b[4:]
		case u.code == 11 && u.prefix == 5 && len(b) >= 3:
			u.count = 1
			b = b[min(3+int(binary.LittleEndian.Uint16(b[1:])), len(b)):]
		case u.code == 7 && len(b) >= 1: // the number of a user behind it
			u.count, b = 1, nil
		case u.code != 6:
			return all
		}
		u.object = u.name(false)
		all = append(all, u)
	}
	return all
}

// name names a unit.
func (u *dnp3Unit) name(data bool) string {
	switch indexed := u.code <= 5 || u.prefix >= 1 && u.prefix <= 3; {
	case u.group == 0:
		return fmt.Sprint("attribute:", u.variation)
	case u.group == 120:
		return fmt.Sprint("authentication:", u.variation)
	case u.group == 60 && u.variation >= 1 && u.variation <= 4:
		return fmt.Sprint("class:", u.variation-1)
	case dnp3Single[u.group] != "":
		return dnp3Single[u.group]
	case dnp3Points[u.group] == "":
		return fmt.Sprintf("group:%d/variation:%d", u.group, u.variation)
	case !indexed && dnp3Events[u.group] != "":
		return dnp3Events[u.group]
	case indexed || data && u.code != 6:
		return fmt.Sprintf("%s:%d", dnp3Points[u.group], u.first)
	}
	return dnp3Points[u.group] + ":all"
}

// value takes the value of one point.
func (r *dnp3Reader) value(u *dnp3Unit) []string {
	said := nth(r.said, r.used["said"])
	r.used["said"]++
	number := func(field string) []string {
		s := r.next(field)
		if s == "" {
			return nil
		}
		return []string{strconv.Itoa(asNumber(s))}
	}
	bits := func(field string) []string { // of a real number, whose text is rounded
		b, err := hex.DecodeString(r.next(field + "_raw"))
		switch {
		case err == nil && len(b) == 4:
			return []string{fmt.Sprint(binary.LittleEndian.Uint32(b))}
		case err == nil && len(b) == 8:
			return []string{fmt.Sprint(binary.LittleEndian.Uint64(b))}
		}
		return nil
	}
	real32, real64 := u.variation == 5 || u.variation == 7, u.variation == 6 || u.variation == 8
	if u.group == 40 || u.group == 41 {
		real32, real64 = u.variation == 3, u.variation == 4
	}
	if u.group == 31 {
		real32, real64 = u.variation == 7, u.variation == 8
	}
	switch u.group {
	case 1, 10, 80:
		if u.variation == 1 {
			return number("al_bit")
		}
		if u.group == 10 {
			return number("al_boq_b7")
		}
		return number("al_biq_b7")
	case 2:
		return number("al_biq_b7")
	case 11:
		return number("al_boq_b7")
	case 3, 4:
		if u.group == 3 && u.variation == 1 {
			return number("al_2bit")
		}
		if _, value, ok := strings.Cut(said, "Value: "); ok { // has no field of its own
			value, _, _ = strings.Cut(value, ",")
			return []string{value}
		}
	case 12:
		code := asNumber(r.next("ctl_op")) | asNumber(r.next("ctl_clr"))<<4 | asNumber(r.next("ctl_trip"))<<6
		return []string{fmt.Sprint(code), r.next("al_count"), r.next("al_on_time"), r.next("al_off_time")}
	case 20, 21, 22, 23:
		return number("al_cnt")
	case 30, 31, 32, 33, 40, 41, 42, 43:
		field := "al_ana_"
		if u.group >= 40 {
			field = "al_anaout_"
		}
		switch {
		case real32:
			return bits(field + "float")
		case real64:
			return bits(field + "double")
		}
		return number(field + "int")
	case 34:
		if u.variation == 3 {
			return bits("al_ana_float")
		}
		return number("al_ana_int")
	case 52:
		return number("al_time_delay")
	case 110, 111:
		var all []string
		for _, b := range octets(r.next("al_octet_string")) {
			all = append(all, fmt.Sprint(b))
		}
		return all
	}
	return nil
}

// dnp3Data tells whether a request of a function brings objects with data.
func dnp3Data(code, group int) bool {
	return code >= 2 && code <= 6 || code >= 25 || (code == 11 || code == 12) && group == 50
}

// dnp3NoAnswer tells whether a request has none.
func dnp3NoAnswer(code, destination int) bool {
	return slices.Contains([]int{0, 6, 8, 10, 12, 33}, code) || destination >= 0xfffd
}

// dnp3Ask is a request that waits for its answer.
type dnp3Ask struct {
	ops   []*judged
	units []dnp3Unit
}

type dnp3Judge struct {
	all     []*judged
	waiting map[string]*dnp3Ask
	begun   map[string][]byte // first segments of responses that are not whole
}

func dnp3ByJudge(frames []*frame) []*judged {
	j := dnp3Judge{waiting: map[string]*dnp3Ask{}, begun: map[string][]byte{}}
	for _, f := range frames {
		for _, l := range f.all("dnp3") {
			m := dnp3{l}
			if m.text("ctl_prm") == "" {
				continue
			}
			j.link(f, m)
			// Only these carry user data (IEEE 1815, 9.2.6), whatever others bring along.
			if link := m.number("ctl_prifunc"); link != 3 && link != 4 {
				continue
			}
			if head := j.mixed(f, m); head != nil {
				j.headOnly(f, m, head)
			} else if m.has("dnp3_dnp3_al_func") {
				if code := m.number("al_func"); code < 129 || code > 131 {
					j.request(f, m, code)
				} else {
					j.response(f, m, code)
				}
			}
		}
	}
	return j.all
}

// mixed tells whether the judge lost a response because it mixed its segments
// with those of others of the same numbers: it gives the fragment's beginning.
func (j *dnp3Judge) mixed(f *frame, m dnp3) []byte {
	key := fmt.Sprint(f.stream, m.text("src"), m.text("dst"))
	chunk := octets(m.layer.text("dnp3_dnp_data_chunk"))
	if m.on("tr_fir") && len(chunk) > 1 {
		j.begun[key] = chunk[1:]
	}
	head := j.begun[key]
	if !m.on("tr_fin") {
		return nil
	}
	delete(j.begun, key)
	if len(head) < 4 || head[1] < 129 || m.number("al_func") == int(head[1]) && m.number("al_ctl") == int(head[0]) {
		return nil
	}
	return head
}

// headOnly takes from a response its function, sequence number and indications.
func (j *dnp3Judge) headOnly(f *frame, m dnp3, head []byte) {
	if head[1] != 129 {
		return
	}
	a := j.take(f, fmt.Sprint(f.stream, " ", m.text("src"), m.text("dst"), " ", fmt.Sprint(head[0]&15), false))
	if a == nil || head[0]&0x80 == 0 {
		return
	}
	for _, op := range a.ops {
		op.response, op.outcome = f.number, "ok"
		if head[3]&0x17 != 0 {
			op.outcome = "an error"
		}
	}
}

func (j *dnp3Judge) begin(f *frame, unit string, code int) judged {
	return judged{protocol: "dnp3", flow: flowName(f.src, f.srcPort, f.dst, f.dstPort), time: f.time, unit: unit, code: code, nanos: f.nanos}
}

// link reads a link service and what answers it.
func (j *dnp3Judge) link(f *frame, m dnp3) {
	function := m.number("ctl_prifunc")
	if m.on("ctl_prm") {
		if m.on("ctl_dir") && slices.Contains([]int{0, 1, 2, 9}, function) {
			op := j.begin(f, m.text("dst"), 0x100+function)
			op.frame, op.outcome = f.number, "no-response"
			j.all = append(j.all, &op)
			j.waiting[fmt.Sprint(f.stream, " link ", m.text("dst"), m.text("src"))] = &dnp3Ask{ops: []*judged{&op}}
		}
		return
	}
	if m.on("ctl_dir") {
		return
	}
	outcome := map[int]string{0: "ok", 1: "error:nack", 11: "ok", 14: "error:link-service-not-functioning", 15: "error:link-service-not-used"}[m.number("ctl_secfunc")]
	key := fmt.Sprint(f.stream, " link ", m.text("src"), m.text("dst"))
	if a := j.take(f, key); a != nil {
		a.ops[0].response, a.ops[0].outcome = f.number, outcome
	} else if m.number("ctl_secfunc") == 11 {
		op := j.begin(f, m.text("src"), 0x109)
		op.response, op.partial, op.outcome = f.number, true, outcome
		j.all = append(j.all, &op)
	}
}

// take finds the request with a key that still waits.
func (j *dnp3Judge) take(f *frame, key string) *dnp3Ask {
	a := j.waiting[key]
	delete(j.waiting, key)
	if a != nil && f.nanos-a.ops[0].nanos > judgeWait {
		return nil
	}
	return a
}

func (j *dnp3Judge) request(f *frame, m dnp3, code int) {
	a := &dnp3Ask{}
	none := dnp3NoAnswer(code, m.number("dst"))
	key := fmt.Sprint(f.stream, " ", m.text("dst"), m.text("src"), " ", m.text("al_seq"), code == 32)
	switch {
	case code >= 15 && code <= 18, code >= 32 && code <= 33, m.text("al_obj") == "0x7000":
		a.units = m.bare()
	case code <= 33:
		a.units = m.units(dnp3Data(code, asNumber(m.text("al_obj"))>>8))
	}
	for i, u := range a.units {
		op := j.begin(f, m.text("dst"), code)
		op.object = u.object
		none = none || code == 32 && u.group == 120 && u.variation == 2
		if _, points := dnp3Points[u.group]; points && u.code != 6 || u.group == 60 && u.code >= 7 && u.code <= 9 {
			op.quantity = fmt.Sprint(u.count)
		}
		if len(u.values) > 0 && u.group != 110 && u.group != 112 && u.group != 113 {
			op.values = list(u.values)
		}
		if name := m.text("al_file_name"); u.group == 70 && u.variation != 2 && name != "" {
			op.object = "file:" + name
		}
		if len(a.units) > 1 {
			op.item = i + 1
		}
		a.ops = append(a.ops, &op)
	}
	if len(a.ops) == 0 {
		op := j.begin(f, m.text("dst"), code)
		a.ops = []*judged{&op}
	}
	for _, op := range a.ops {
		op.frame, op.outcome = f.number, "no-response"
		if none {
			op.outcome = "ok"
		}
	}
	j.all = append(j.all, a.ops...)
	if !none {
		j.waiting[key] = a
	}
}

// dnp3Indicated reads the second byte of the internal indications.
func dnp3Indicated(m dnp3) string {
	for _, bit := range []struct{ field, name string }{{"fcni", "no-func-code-support"}, {"obju", "object-unknown"}, {"pioor", "parameter-error"}, {"oae", "already-executing"}} {
		if m.on("al_iin_" + bit.field) {
			return "error:" + bit.name
		}
	}
	return "ok"
}

func dnp3Status(names []string, status int) string {
	switch {
	case status == 0:
		return "ok"
	case status < len(names):
		return "error:" + names[status]
	}
	return fmt.Sprintf("error:0x%02x", status)
}

func (j *dnp3Judge) response(f *frame, m dnp3, code int) {
	if code == 130 || !m.on("al_fir") {
		return
	}
	a := j.take(f, fmt.Sprint(f.stream, " ", m.text("src"), m.text("dst"), " ", m.text("al_seq"), code == 131))
	units, outcome := m.units(true), dnp3Indicated(m)
	if a == nil {
		if code == 129 {
			j.unasked(f, m, units, outcome)
		}
		return
	}
	for _, op := range a.ops {
		op.response, op.outcome = f.number, outcome
	}
	echoes := 0
	for _, u := range units {
		switch {
		case u.status >= 0:
			for echoes < len(a.units) && a.units[echoes].group != u.group {
				echoes++
			}
			if echoes < len(a.ops) {
				a.ops[echoes].outcome = dnp3Status(dnp3Controls, u.status&0x7f)
				echoes++
			}
		case u.group == 70:
			if status := m.number("al_file_status"); status > 0 {
				a.ops[0].outcome = dnp3Status(dnp3Files, status)
			}
		case u.group == 52 && len(a.units) == 0:
			a.ops[0].values = list(u.values)
		default:
			for i, asked := range a.units {
				if asked.group == u.group && asked.object == u.object && asked.count == u.count && a.ops[i].values == "" {
					a.ops[i].values = list(u.values)
					break
				}
			}
		}
	}
}

// unasked tells of a response whose request was not seen.
func (j *dnp3Judge) unasked(f *frame, m dnp3, units []dnp3Unit, outcome string) {
	op := j.begin(f, m.text("src"), 129)
	op.response, op.partial = f.number, true
	echoed := 0
	for _, u := range units {
		if u.status < 0 {
			continue
		}
		one := op
		one.object, one.quantity, one.values, one.outcome = u.object, "1", list(u.values), dnp3Status(dnp3Controls, u.status&0x7f)
		if len(units) > 1 {
			one.item = echoed + 1
		}
		echoed++
		j.all = append(j.all, &one)
	}
	if echoed == 0 {
		op.outcome = outcome
		j.all = append(j.all, &op)
	}
}

// TestJudgeDNP3Points compares every value that outstations report, whether
// they were asked for it or not, with what tshark reads, frame by frame.
func TestJudgeDNP3Points(t *testing.T) {
	root := judgeCorpus(t)
	// The judge does not know group 51, variation 2, and stops there, and mixes
	// segments of responses that follow each other.
	const mostUnread = 14
	points, differ, unread := 0, 0, 0
	eachJudged(t, root, "", func(path string, b []byte) {
		if !mayHoldDNP3(b) {
			return
		}
		lines, err := replayLines(path, "dnp3")
		if err != nil {
			t.Error(err)
			return
		}
		got := map[int][]string{}
		for i := range lines {
			e := &lines[i]
			name, _, _ := strings.Cut(e.Object, ":")
			if string(e.Values) == "" || name == "flags" || name == "time-delay" || e.Object == "" {
				continue
			}
			at := e.Frame
			if e.Kind == "operation" {
				if at = e.ResponseFrame; e.Code != 1 || at == 0 {
					continue
				}
			}
			got[at] = append(got[at], e.Object+"="+string(e.Values))
		}
		if len(got) == 0 {
			return
		}
		frames, err := askKept(path, judgeFilter, judgeLayers, "-x", "-o", outOfOrder+":TRUE")
		if err != nil {
			t.Error(err)
			return
		}
		j := dnp3Judge{begun: map[string][]byte{}}
		for _, f := range frames {
			var want []string
			for _, l := range f.all("dnp3") {
				m := dnp3{l}
				mixed := j.mixed(f, m) != nil
				if code := m.number("al_func"); code != 129 && code != 130 && !mixed {
					continue
				}
				if mixed || m.has("dnp3_dnp3_al_unknown_data_chunk") {
					unread++
					want, got[f.number] = nil, nil
					break
				}
				for _, u := range m.units(true) {
					if len(u.values) > 0 && u.group != 52 && u.status < 0 {
						want = append(want, u.object+"="+list(u.values))
						points += u.count
					}
				}
			}
			have := got[f.number]
			slices.Sort(want)
			slices.Sort(have)
			if !slices.Equal(want, have) {
				if differ++; differ <= maxExamples {
					t.Errorf("%s frame %d:\n\ttshark:   %.600s\n\tfiredoor: %.600s", path, f.number, want, have)
				}
			}
		}
	})
	t.Logf("%d points, %d frames differ, %d the judge cannot read", points, differ, unread)
	if points == 0 || unread > mostUnread {
		t.Errorf("%d points in the corpus, %d frames that the judge cannot read, at most %d are known", points, unread, mostUnread)
	}
}
