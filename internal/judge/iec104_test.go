package judge

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const iecPort = 2404

// iecCommand lists the types that a controlling station sends and sees confirmed:
// commands, and what is for the station as a whole.
func iecCommand(code int) bool {
	return code >= 45 && code <= 51 || code >= 58 && code <= 64 || code >= 100 && code <= 107 || code >= 110 && code <= 113
}

// iecTerminates tells whether a type's confirmation is followed by a termination.
func iecTerminates(code int) bool {
	return code >= 45 && code <= 64 || code == 100 || code == 101
}

// iecNames are the words of refusing causes (IEC 60870-5-101, 7.2.3).
var iecNames = map[int]string{44: "unknown-type-identification", 45: "unknown-cause-of-transmission",
	46: "unknown-common-address-of-asdu", 47: "unknown-information-object-address"}

// iec is one ASDU as the judge reads it. Fields are named without the prefix
// they all have.
type iec struct{ layer }

func (m iec) field(name string) string      { return "iec60870_asdu_iec60870_asdu_" + name }
func (m iec) texts(name string) []string    { return m.layer.texts(m.field(name)) }
func (m iec) number(name string) int        { return m.layer.number(m.field(name)) }
func (m iec) nth(name string, i int) string { return nth(m.texts(name), i) }

// value gives the value of object i; "" where it has none.
func (m iec) value(i int) string {
	for _, name := range []string{"siq_spi", "diq_dpi", "vti_v", "bcr_count", "scalval", "sco_on", "dco_on", "rco_up", "qoi", "qcc", "qrp"} {
		if s := m.nth(name, i); s != "" {
			return fmt.Sprintf("[%d]", asNumber(s))
		}
	}
	if s := m.nth("normval", i); s != "" {
		x, _ := strconv.ParseFloat(s, 64)
		return fmt.Sprintf("[%d]", int(math.Round(x*32768)))
	}
	// As text real numbers are rounded, and bit strings have their first octet
	// highest, where the standard counts bits from the first octet on (7.2.6.13).
	for _, name := range []string{"float_raw", "bitstring_raw"} {
		if b, err := hex.DecodeString(m.nth(name, i)); err == nil && len(b) == 4 {
			return fmt.Sprintf("[%d]", binary.LittleEndian.Uint32(b))
		}
	}
	return ""
}

// addresses are those of all objects; a row has one address on the wire.
func (m iec) addresses() []string {
	all := m.texts("ioa")
	if m.number("sq") == 1 && len(all) == 1 {
		for i := 1; i < m.number("numix"); i++ {
			all = append(all, fmt.Sprint(asNumber(all[0])+i))
		}
	}
	return all
}

// variant tells selecting, deactivating and doing apart.
func (m iec) variant(i int) string {
	if cause := m.number("causetx"); cause == 8 || cause == 9 {
		return "deactivate"
	}
	for _, name := range []string{"sco_se", "dco_se", "rco_se", "qos_se"} {
		if m.nth(name, i) == "1" {
			return "select"
		}
	}
	return "execute"
}

func (m iec) outcome() string {
	cause := m.number("causetx")
	switch {
	case iecNames[cause] != "":
		return "error:" + iecNames[cause]
	case m.texts("nega")[0] == "1":
		return "error:negative-confirm"
	}
	return "ok"
}

// iecJudge derives the operations from the judge's fields.
type iecJudge struct {
	all       []*judged
	waiting   map[string][]*judged
	confirmed map[string]int
}

func iecByJudge(frames []*frame) []*judged {
	j := iecJudge{waiting: map[string][]*judged{}, confirmed: map[string]int{}}
	for _, f := range frames {
		data := f.all("iec60870_asdu")
		for _, h := range f.all("iec60870_104") {
			switch h.number("iec60870_104_iec60870_104_type") {
			case 0:
				if len(data) > 0 {
					j.data(f, iec{data[0]})
					data = data[1:]
				}
			case 3:
				j.control(f, h.number("iec60870_104_iec60870_104_utype"))
			}
		}
	}
	return j.all
}

func (j *iecJudge) begin(f *frame, code int) judged {
	return judged{protocol: "iec104", flow: flowName(f.src, f.srcPort, f.dst, f.dstPort), time: f.time, code: code, nanos: f.nanos}
}

func (j *iecJudge) ask(f *frame, op judged, key string) {
	op.frame, op.outcome = f.number, "no-response"
	j.all = append(j.all, &op)
	j.waiting[key] = append(j.waiting[key], &op)
}

// take finds the oldest request of a key that still waits.
func (j *iecJudge) take(f *frame, key string) *judged {
	queue := j.waiting[key]
	for len(queue) > 0 && f.nanos-queue[0].nanos > judgeWait {
		queue = queue[1:]
	}
	if len(queue) == 0 {
		j.waiting[key] = nil
		return nil
	}
	j.waiting[key] = queue[1:]
	return queue[0]
}

func (j *iecJudge) answer(f *frame, op judged, q *judged) {
	if q != nil {
		q.response, q.outcome = f.number, op.outcome
		if q.values == "" && q.code == 102 {
			q.values = op.values
		}
		return
	}
	op.response, op.partial = f.number, true
	j.all = append(j.all, &op)
}

// control reads a frame that starts, stops or tests; the functions are numbered
// by bit: 1 and 2 start, 4 and 8 stop, 16 and 32 test.
func (j *iecJudge) control(f *frame, function int) {
	act := function == 1 || function == 4 || function == 16
	if act != (f.dstPort == iecPort) {
		return // the controlled station tests, and is answered
	}
	asks := function
	if !act {
		asks /= 2
	}
	op := j.begin(f, 0x100+(asks<<2|3))
	key := fmt.Sprint(f.stream, " control ", asks)
	if act {
		j.waiting[key] = nil // only the newest is remembered
		j.ask(f, op, key)
		return
	}
	op.outcome = "ok"
	j.answer(f, op, j.take(f, key))
}

// data reads an ASDU.
func (j *iecJudge) data(f *frame, m iec) {
	code, cause := m.number("typeid"), m.number("causetx")
	asking := f.dstPort == iecPort
	addresses := m.addresses()
	reads := !asking && cause == 5 && code < 45
	if !iecCommand(code) && !reads {
		return
	}
	if !asking && !reads && !slices.Contains([]int{7, 9, 10, 44, 45, 46, 47}, cause) {
		return
	}
	for i, address := range addresses {
		op := j.begin(f, code)
		if reads {
			op.code = 102
		}
		op.unit, op.object, op.values = m.nth("addr", 0), "ioa:"+address, m.value(i)
		key := fmt.Sprint(f.stream, " ", op.code, " ", op.unit, " ", address, " ", m.variant(i))
		if asking && len(addresses) > 1 {
			op.item = i + 1
		}
		if asking {
			j.ask(f, op, key)
			continue
		}
		op.outcome = m.outcome()
		if cause == 10 && j.confirmed[key] > 0 {
			if j.confirmed[key]--; op.outcome != "ok" {
				j.answer(f, op, nil)
			}
			continue
		}
		if cause == 7 && op.outcome == "ok" && iecTerminates(code) && m.variant(i) == "execute" {
			j.confirmed[key]++
		}
		q := j.take(f, key)
		if q == nil { // asked of all stations
			q = j.take(f, fmt.Sprint(f.stream, " ", op.code, " 65535 ", address, " ", m.variant(i)))
		}
		if q == nil && len(addresses) > 1 {
			op.item = i + 1
		}
		j.answer(f, op, q)
	}
}

// iecSample is one value as either side tells it.
type iecSample struct {
	flow                 string
	frame, code          int
	unit, object, values string
}

// iecTold counts the values of a capture that a station tells unasked, as our
// lines have them.
func iecTold(path string) (map[iecSample]int, error) {
	lines, err := replayLines(path, "iec104")
	told := map[iecSample]int{}
	for i := range lines {
		e := &lines[i]
		if e.Kind == "sample" && !strings.HasPrefix(e.Object, "quality:") {
			told[iecSample{e.flow(), e.Frame, e.Code, fmt.Sprint(*e.Unit), e.Object, string(e.Values)}]++
		}
	}
	return told, err
}

// TestJudgeSamples compares every value that a station tells unasked, one by one.
// Where segments are lost or out of order the judge reads in two ways, see
// judgeCapture: what it sees in either is there.
func TestJudgeSamples(t *testing.T) {
	root := judgeCorpus(t)
	all, valued := 0, 0
	eachJudged(t, root, "", func(path string, b []byte) {
		if !mayHold(b, iecPort) {
			return
		}
		got, err := iecTold(path)
		want := map[iecSample]int{}
		for _, ordered := range []string{"TRUE", "FALSE"} {
			if err != nil || len(got) == 0 { // what is missing altogether TestJudge tells
				break
			}
			var frames []*frame
			frames, err = askTshark(path, iecFilter, judgeLayers, "-x", "-o", outOfOrder+":"+ordered)
			for s, n := range iecToldByJudge(frames) {
				want[s] = max(want[s], n)
			}
		}
		if err != nil {
			t.Error(err)
		}
		for s, n := range got {
			all += n
			bare := s
			bare.values = "" // of some types the judge reads no value
			if want[s] == n {
				valued += n
			} else if s = bare; want[s] != n {
				t.Errorf("%s: %d times, the judge says %d: %+v", path, n, want[s], s)
			}
			delete(want, s)
		}
		for s, n := range want {
			t.Errorf("%s: the judge alone says, %d times: %+v", path, n, s)
		}
	})
	t.Logf("%d values told; of %d the judge reads the value, too", all, valued)
}

// iecToldByJudge counts the values of monitored types but for those that reads
// asked for.
func iecToldByJudge(frames []*frame) map[iecSample]int {
	all := map[iecSample]int{}
	for _, f := range frames {
		for _, l := range f.all("iec60870_asdu") {
			m := iec{l}
			code, cause := m.number("typeid"), m.number("causetx")
			if f.srcPort != iecPort || code > 41 && code != 70 || cause == 5 || cause >= 44 {
				continue
			}
			for i, address := range m.addresses() {
				all[iecSample{flowName(f.src, f.srcPort, f.dst, f.dstPort), f.number, code, m.nth("addr", 0), "ioa:" + address, m.value(i)}]++
			}
		}
	}
	return all
}
