package judge

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const adsPort = 48898

// adsNames are the words of return codes, as far as the captures have them.
var adsNames = map[int]string{0x01: "internal", 0x06: "target-port-not-found", 0x07: "target-machine-not-found", 0x18: "invalid-ams-port",
	0x506: "router-port-already-in-use", 0x701: "service-not-supported", 0x702: "invalid-index-group", 0x703: "invalid-index-offset",
	0x704: "invalid-access", 0x708: "busy", 0x70c: "not-found", 0x710: "symbol-not-found", 0x712: "invalid-state",
	0x714: "notification-handle-invalid", 0x745: "client-sync-timeout"}

// adsTypes are the types of values by the number that a symbol's description gives.
var adsTypes = map[uint32]struct {
	size   int
	signed bool
}{2: {2, true}, 3: {4, true}, 4: {4, false}, 5: {8, false}, 16: {1, true}, 17: {1, false}, 18: {2, false}, 19: {4, false}, 20: {8, true}, 21: {8, false}, 33: {1, false}}

// adsMessage is one message as the judge reads it. Fields are named without the
// prefix they all have.
type adsMessage struct{ layer }

func (m adsMessage) text(name string) string { return m.layer.text("ams_ams_" + name) }
func (m adsMessage) number(name string) int  { return m.layer.number("ams_ams_" + name) }

func (m adsMessage) raw(name string) []byte {
	b, _ := hex.DecodeString(m.text(name + "_raw"))
	return b
}

// unit is the port of an end, with the last numbers of its NetId where it is no router.
func (m adsMessage) unit(end string) string {
	var n [6]int
	fmt.Sscanf(m.text(end+"netid"), "%d.%d.%d.%d.%d.%d", &n[0], &n[1], &n[2], &n[3], &n[4], &n[5])
	if n[4] == 1 && n[5] == 1 {
		return m.text(end + "port")
	}
	return fmt.Sprint(n[4]<<24 | n[5]<<16 | m.number(end+"port"))
}

// body is what stands behind the header of a message; of one of a few octets the judge
// reads no fields, and shows the octets.
func (m adsMessage) body() []byte {
	for _, name := range []string{"readdinfo", "read", "write", "readstate", "writectrl", "adddn", "deldn", "readwrite"} {
		for _, side := range []string{"_req", "_res"} {
			if b := m.raw("ads_" + name + side); len(b) > 0 {
				return b
			}
		}
	}
	return nil
}

// data is the body without its first octets.
func (m adsMessage) data(front int) []byte {
	b := m.body()
	return b[min(len(b), front):]
}

func (m adsMessage) result() int {
	if code := m.number("errorcode"); code != 0 {
		return code
	}
	if b := m.body(); len(b) >= 4 {
		return int(binary.LittleEndian.Uint32(b))
	}
	return 0
}

// adsJudge derives the operations of a capture from the judge's fields.
type adsJudge struct {
	all     []*judged
	waiting map[string]*adsAsked
	names   map[string]string // of handles and notifications
	types   map[string]uint32 // of names
}

type adsAsked struct {
	*judged
	name, place, kind string
	group             int
	hidden            bool // it goes by a number that nobody saw given out
}

// place names what a request touches.
func (j *adsJudge) place(m adsMessage, q *adsAsked, unit string) {
	data := m.data(map[int]int{3: 12, 9: 16}[q.code])
	q.group = m.number("ads_indexgroup")
	offset := m.number("ads_indexoffset")
	q.object = fmt.Sprintf("0x%x:0x%x", q.group, offset)
	system := strings.TrimPrefix(unit, "10000") == ""
	handle := -1
	switch {
	case system && q.code == 9 && q.group >= 121 && q.group <= 130 || system && q.group == 120 && q.code == 9:
		q.kind = "file"
	case system && (q.group == 200 || q.group == 201):
		parts := strings.SplitN(string(data), "\x00", 3)
		q.object = "registry:" + parts[0] + `\` + parts[1]
	case system:
		q.kind = "opaque"
	case q.group == 0xf005:
		handle = offset
	case q.group == 0xf006 && len(data) >= 4:
		handle = int(binary.LittleEndian.Uint32(data))
		q.kind = "release"
	case q.code == 9 && (q.group == 0xf003 || q.group == 0xf004 || q.group == 0xf007 || q.group == 0xf009):
		q.object, q.name = strings.TrimRight(string(data), "\x00"), strings.TrimRight(string(data), "\x00")
	}
	if handle >= 0 {
		q.place = fmt.Sprint(unit, " handle ", handle)
		q.object, q.name, q.hidden = j.names[q.place], j.names[q.place], j.names[q.place] == ""
		if q.hidden {
			q.object = fmt.Sprintf("handle:0x%x", handle)
		}
	}
}

// values reads octets by the type of a name. A text stands beside its octets.
func (j *adsJudge) values(name string, b []byte) string {
	texts := ""
	if name == "GVL.text" && j.types[name] == 30 { // the only one that is one string
		text, _, _ := strings.Cut(string(b), "\x00")
		texts = textList([]string{text})
	} else if name == "GVL.password" {
		return ""
	}
	t := adsTypes[j.types[name]]
	if name == "" || t.size == 0 || len(b)%t.size != 0 {
		t.size, t.signed = 1, false
	}
	var all []string
	for ; len(b) >= t.size; b = b[t.size:] {
		v := uint64(0)
		for i := t.size - 1; i >= 0; i-- {
			v = v<<8 | uint64(b[i])
		}
		if shift := 64 - 8*t.size; t.signed {
			all = append(all, fmt.Sprint(int64(v<<shift)>>shift))
		} else {
			all = append(all, fmt.Sprint(v))
		}
	}
	if len(all) == 0 {
		return ""
	}
	return list(all) + texts
}

func (j *adsJudge) message(f *frame, m adsMessage) {
	code := m.number("cmdid")
	if code == 8 {
		return
	}
	base := judged{protocol: "ads", flow: flowName(f.src, f.srcPort, f.dst, f.dstPort), time: f.time, nanos: f.nanos, code: code}
	if m.text("state_response") == "0" {
		base.unit, base.frame, base.outcome = m.unit("target"), f.number, "no-response"
		q := &adsAsked{judged: &base}
		switch code {
		case 2, 3, 6, 9:
			j.place(m, q, base.unit)
			base.quantity = m.text("ads_cblength")
			if code == 9 {
				base.quantity = m.text("ads_cbreadlength")
			}
			if code == 3 && q.kind == "" && !strings.HasPrefix(base.object, "registry:") {
				base.values = j.values(q.name, m.data(12))
			}
			if code == 9 && q.kind == "" && q.name == "" && !q.hidden && q.group != 200 { // what is written comes first
				base.values = j.values("", m.data(16))
			}
		case 5:
			base.values = list([]string{fmt.Sprint(m.number("ads_state")), fmt.Sprint(m.number("ads_devicestate"))})
		case 7:
			q.place = fmt.Sprint(base.unit, " note ", m.number("ads_notificationhandle"))
			base.object, q.hidden = j.names[q.place], j.names[q.place] == ""
			if q.hidden {
				base.object = fmt.Sprintf("notification:0x%x", m.number("ads_notificationhandle"))
			}
		}
		if f.srcPort == adsPort && base.object != "" {
			base.object = "client/" + base.object
		}
		if m.text("state_noreturn") == "1" {
			base.outcome = "ok"
		} else {
			j.waiting[fmt.Sprint(f.stream, f.srcPort, m.unit("target"), m.text("senderport"), m.text("invokeid"))] = q
		}
		if !q.hidden {
			j.all = append(j.all, &base)
		}
		return
	}
	key := fmt.Sprint(f.stream, f.dstPort, m.unit("sender"), m.text("targetport"), m.text("invokeid"))
	q := j.waiting[key]
	delete(j.waiting, key)
	if q == nil {
		base.partial, base.unit = true, m.unit("sender")
		q = &adsAsked{judged: &base, kind: "opaque"}
		j.all = append(j.all, &base)
	} else if q.hidden {
		q.partial, q.frame, q.time = true, 0, f.time
		j.all = append(j.all, q.judged)
	}
	q.response, q.outcome = f.number, "ok"
	if r := m.result(); r != 0 {
		name := adsNames[r]
		if name == "" || r < 0x500 && m.number("errorcode") == 0 && q.unit == "10000" {
			name = fmt.Sprintf("0x%02x", r)
		}
		q.outcome = "error:" + name
		return
	}
	j.accepted(m, q)
}

// accepted reads an answer that says yes.
func (j *adsJudge) accepted(m adsMessage, q *adsAsked) {
	switch q.code {
	case 2:
		hides := q.group >= 0xf00a && q.group <= 0xf00b || q.group == 0xf00e
		if q.kind == "" && !hides {
			q.judged.values = j.values(q.name, m.data(8))
		}
	case 4:
		q.judged.values = list([]string{fmt.Sprint(m.number("ads_state")), fmt.Sprint(m.number("ads_devicestate"))})
	case 6:
		j.names[fmt.Sprint(q.unit, " note ", m.number("ads_notificationhandle"))] = q.object
	case 7:
		delete(j.names, q.place)
	case 3:
		if q.kind == "release" {
			delete(j.names, q.place)
		}
	case 9:
		b := m.data(8)
		switch {
		case q.judged.values != "":
		case q.kind != "" || strings.HasPrefix(q.object, "registry:") || q.group == 0xf007:
		case q.group == 0xf003 && len(b) >= 4:
			j.names[fmt.Sprint(q.unit, " handle ", binary.LittleEndian.Uint32(b))] = q.name
		case q.group == 0xf009 && len(b) >= 20:
			j.types[q.name] = binary.LittleEndian.Uint32(b[16:])
		default:
			q.judged.values = j.values(q.name, b)
		}
	}
}

func adsByJudge(frames []*frame) []*judged {
	j := adsJudge{waiting: map[string]*adsAsked{}, names: map[string]string{}, types: map[string]uint32{}}
	for _, f := range frames {
		for _, l := range f.all("ams") {
			j.message(f, adsMessage{l})
		}
	}
	return j.all
}

// TestJudgeADS compares every operation of ADS over TCP with what tshark reads; of the
// datagrams of discovery it reads nothing.
func TestJudgeADS(t *testing.T) {
	root := judgeCorpus(t)
	a := alone{protocol: "ads", mine: func(e *eventLine) bool { return e.Code < 0x10000 }}
	judge := func(path string, b []byte) {
		if !mayHold(b, adsPort) {
			return
		}
		frames, err := askTshark(path, adsFilter, "frame ip ipv6 tcp ams", "-x")
		if err != nil {
			t.Error(err)
			return
		}
		a.compare(t, path, adsByJudge(frames), a.ours(t, path))
	}
	eachJudged(t, root, "", judge)
	// The corpus has no write and no symbol. The product's own captures have; lists and
	// files, which the judge does not read, stand apart.
	a.own = true
	for _, name := range []string{"symbols", "notifications", "controls"} {
		path := filepath.Join("../../internal/protocol/ads/testdata", name+".pcap")
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		judge(path, b)
	}
	a.settle(t, judgedFields)
}
