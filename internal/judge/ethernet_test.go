package judge

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math/bits"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// etherTypes are the protocols that are judged, by Ethernet type.
var etherTypes = map[string]uint16{"pnio": 0x8892, "goose": 0x88b8, "sv": 0x88ba}

const (
	etherFilter = "pn_dcp||pn_rt||goose||sv"
	etherLayers = "frame eth pn_rt pn_dcp pn_io goose sv _ws.malformed"
)

// TestJudgeEthernet compares every operation and sample of protocols on Ethernet
// with what tshark reads.
func TestJudgeEthernet(t *testing.T) {
	root := judgeCorpus(t)
	var paths []string
	eachJudged(t, root, ofEthernet, func(path string, b []byte) {
		if mayHold(b, etherTypes["pnio"], etherTypes["goose"], etherTypes["sv"]) {
			paths = append(paths, path)
		}
	})
	total := map[string]*score{}
	doubled, unread, shown := 0, 0, 0
	for _, v := range inPairs(paths, judgeEthernet) {
		if v.err != nil {
			t.Error(v.err)
			continue
		}
		doubled, unread = doubled+v.doubled, unread+v.unread
		for p, s := range v.score {
			if total[p] == nil {
				total[p] = &score{}
			}
			total[p].add(v.path, s)
			t.Logf("%-8s %6d told  %6d agree  %s", p, s.operations, s.agree, v.name)
		}
		for i := range v.all {
			total[v.all[i].protocol()].count(&v.all[i])
			if shown++; shown <= maxExamples {
				t.Errorf("a difference of no known class: %v", &v.all[i])
			}
		}
	}
	t.Logf("%d frames came twice and are counted once; of %d messages the judge itself gives up the values", doubled, unread)
	for p := range etherTypes {
		s := total[p]
		if s == nil {
			t.Errorf("%s: nothing in the corpus", p)
			continue
		}
		demandShare(t, p, s)
		keepJudged(t, p, s, judgedFields)
	}
}

// etherVerdict is what became of one capture.
type etherVerdict struct {
	verdict
	doubled, unread int
}

func judgeEthernet(path string) *etherVerdict {
	v := &etherVerdict{verdict: verdict{name: filepath.Base(path), path: path, score: map[string]*score{}}}
	frames, err := askTshark(path, etherFilter, etherLayers, "-x")
	if err != nil {
		v.err = err
		return v
	}
	j := etherJudge{states: map[string]string{}, asked: map[string][]*judged{}, seen: map[string]int64{}}
	if slices.ContainsFunc(frames, func(f *frame) bool { return f.last("pn_rt") != nil }) {
		if j.settled, v.err = pnioSettled(path); v.err != nil {
			return v
		}
	}
	for _, f := range frames {
		j.frame(f)
	}
	v.doubled, v.unread = j.doubled, len(j.unread)
	got, err := etherLines(path, &j)
	if err != nil {
		v.err = err
		return v
	}
	for p := range etherTypes {
		of := func(all []*judged) (some []*judged) {
			for _, o := range all {
				if o.protocol == p {
					some = append(some, o)
				}
			}
			return some
		}
		w, g := of(j.all), of(got)
		if len(w) == 0 && len(g) == 0 {
			continue
		}
		agree, all := compare(v.name, w, g)
		v.score[p], v.all = &score{operations: len(w), agree: len(agree)}, append(v.all, all...)
	}
	return v
}

// etherLines is what the program tells. Of the frames that the judge gives up only the state
// is kept, and the values of nested ones are numbered through.
func etherLines(path string, by *etherJudge) ([]*judged, error) {
	lines, err := replayLines(path, slices.Collect(maps.Keys(etherTypes))...)
	if err != nil {
		return nil, err
	}
	var all []*judged
	ordinal, frame := 0, 0
	for i := range lines {
		e := &lines[i]
		j := e.judged()
		j.flow = ""
		if e.Kind == "sample" {
			j.outcome = e.Function
			if ordinal++; j.frame != frame {
				ordinal, frame = -1, j.frame // the state comes first
			}
			switch isData := strings.HasSuffix(j.outcome, "data") && e.Protocol == "goose"; {
			case isData && slices.Contains(by.unread, j.frame):
				continue
			case isData && slices.Contains(by.nested, j.frame):
				j.object = fmt.Sprintf("%s[%d]", j.object[:strings.LastIndexByte(j.object, '[')], ordinal)
			}
		} else {
			j.flow = e.Client.MAC // who asked
		}
		all = append(all, j)
	}
	return all, nil
}

// etherJudge derives operations and samples from the judge's fields.
type etherJudge struct {
	all     []*judged
	states  map[string]string // what was last said, by control block or stream
	asked   map[string][]*judged
	seen    map[string]int64 // frames by their bytes
	doubled int
	settled []pnioShare
	unread  []int // frames whose values the judge gives up
	nested  []int // frames with structures or arrays
}

func (j *etherJudge) frame(f *frame) {
	raw := f.layers.text("frame_raw")
	if before, ok := j.seen[raw]; ok && f.nanos-before <= 20e6 {
		j.doubled++
		return
	}
	j.seen[raw] = f.nanos
	switch {
	case f.last("pn_dcp") != nil:
		j.dcp(f, f.last("pn_dcp"))
	case f.last("pn_rt") != nil && f.last("pn_io").number("pn_io_pn_io_pdu_type_type") == 4:
		status := unhex(f.last("pn_io").text("pn_rt_pn_io_status_raw"))
		j.tell(f, judged{protocol: "pnio", values: octetList(status), outcome: "alarm error"})
	case f.last("pn_rt") != nil:
		j.cyclic(f, f.last("pn_rt"))
	case f.last("goose") != nil:
		j.goose(f, f.last("goose"))
	case f.last("sv") != nil:
		j.sampled(f, f.last("sv"))
	}
}

func (j *etherJudge) tell(f *frame, o judged) *judged {
	o.frame, o.time = f.number, f.time
	j.all = append(j.all, &o)
	return &o
}

// dcpObjects are the words of the blocks that the corpus asks for.
var dcpObjects = map[string]string{"0102": "ip/ip-parameter", "0202": "device/name-of-station", "0502": "control/end-transaction", "ffff": "all"}

// dcp is an operation for each block of a request. The judge lists the bytes of
// each block.
func (j *etherJudge) dcp(f *frame, l layer) {
	service := l.number("pn_dcp_pn_dcp_service_id")
	client, key := f.last("eth").text("eth_eth_src"), fmt.Sprint(service, " ", l.text("pn_dcp_pn_dcp_xid"))
	if l.number("pn_dcp_pn_dcp_service_type") != 0 {
		for i, code := range l.numbers("pn_dcp_pn_dcp_block_error") {
			if ops := j.asked[key]; i < len(ops) {
				ops[i].response, ops[i].outcome = f.number, "ok"
				if code != 0 {
					ops[i].outcome = fmt.Sprintf("error:0x%02x", code)
				}
			}
		}
		return
	}
	blocks := l.texts("pn_dcp_pn_dcp_block_raw")
	j.asked[key] = nil
	for i, b := range blocks {
		o := judged{protocol: "pnio", flow: client, code: service, object: "dcp:" + dcpObjects[b[:4]], outcome: "ok"}
		if len(blocks) > 1 {
			o.item = i + 1
		}
		if name := l.text("pn_dcp_pn_dcp_suboption_device_nameofstation"); b[:4] == "0202" {
			o.object += "=" + strings.TrimSpace(name)
		}
		if ip := l.text("pn_dcp_pn_dcp_suboption_ip_ip"); service == 4 && ip != "" {
			o.values = list([]string{dotted(ip), dotted(l.text("pn_dcp_pn_dcp_suboption_ip_subnetmask")), dotted(l.text("pn_dcp_pn_dcp_suboption_ip_standard_gateway"))})
		}
		if service == 4 {
			o.outcome = "no-response"
		}
		j.asked[key] = append(j.asked[key], j.tell(f, o))
	}
}

func dotted(ip string) string {
	var v uint32
	var a, b, c, d uint32
	if n, _ := fmt.Sscanf(ip, "%d.%d.%d.%d", &a, &b, &c, &d); n == 4 {
		v = a<<24 | b<<16 | c<<8 | d
	}
	return fmt.Sprint(v)
}

// cyclic is a sample for each frame that has a data status. The corpus has data
// that are valid and primary only.
func (j *etherJudge) cyclic(f *frame, l layer) {
	if !l.has("pn_rt_pn_rt_ds") {
		return
	}
	raw := unhex(f.layers.text("pn_rt_raw"))
	words := "cyclic data"
	if l.number("pn_rt_pn_rt_ds_operate") == 0 {
		words += ", provider stopped"
	}
	o := judged{protocol: "pnio", code: l.number("pn_rt_pn_rt_ds")}
	if j.shares(f, l, o, words, raw[2:len(raw)-4]) {
		return
	}
	o.object, o.values, o.outcome = fmt.Sprintf("frame:%#x", l.number("pn_rt_pn_rt_frame_id")), octetList(raw[2:len(raw)-4]), words
	j.tell(f, o)
}

// goose is samples where a message says something new.
func (j *etherJudge) goose(f *frame, l layer) {
	field := func(name string) string { return l.text("goose_goose_" + name) }
	mark := func(name string) int { return l.number("goose_goose_" + name) }
	simulated := max(mark("simulation"), mark("reserve1_s_bit"))
	key := fmt.Sprint(f.last("eth").text("eth_eth_src"), f.last("eth").text("eth_eth_dst"), field("appid"), field("gocbRef"))
	now := fmt.Sprint(field("stNum"), field("confRev"), simulated, field("ndsCom"), field("allData_raw"))
	if !l.has("goose_goose_gocbRef") || j.states[key] == now {
		return
	}
	j.states[key] = now
	words := [2]string{"", "simulated "}[simulated]
	base := judged{protocol: "goose", unit: fmt.Sprint(l.number("goose_goose_appid")), code: mark("stNum"), object: field("gocbRef")}
	state := base
	state.outcome = words + "state"
	state.values = list([]string{field("stNum"), field("sqNum"), field("timeAllowedtoLive"), field("confRev"), fmt.Sprint(simulated), fmt.Sprint(mark("ndsCom")), field("numDatSetEntries")})
	j.tell(f, state)
	leaves := gooseLeaves{l: l, next: map[string]int{}}
	if leaves.walk(); l.has("goose_goose_structure") || l.has("goose_goose_array") {
		j.nested = append(j.nested, f.number)
	}
	if leaves.lost || f.layers.has("_ws_malformed") {
		j.unread = append(j.unread, f.number)
		return
	}
	for _, leaf := range leaves.all {
		o := base
		o.object, o.values, o.outcome = base.object+"["+leaf[0]+"]", leaf[1], words+"data"
		j.tell(f, o)
	}
}

// gooseLeaves puts the judge's lists, one for each type, in order again. It does
// not list all structures and arrays among the data: where there are any, values
// are numbered through on both sides.
type gooseLeaves struct {
	l    layer
	next map[string]int
	all  [][2]string // place and values
	lost bool
}

// take gives the next entry of a list.
func (g *gooseLeaves) take(field string) string {
	all := g.l.texts(field)
	i := g.next[field]
	if g.next[field]++; i < len(all) {
		return all[i]
	}
	g.lost = true
	return ""
}

func (g *gooseLeaves) walk() {
	for _, kind := range g.l.numbers("goose_goose_Data") {
		var values string
		switch kind {
		case 1, 2:
			continue
		case 3:
			values = g.take("goose_goose_boolean")
		case 4:
			b, padding := unhex(g.take("goose_goose_bit_string_raw")), asNumber(g.take("ber_ber_bitstring_padding"))
			for k := range b {
				b[k] = bits.Reverse8(b[k])
			}
			values = strings.Trim(bitList(b, 8*len(b)-padding), "[]")
		case 5:
			values = fmt.Sprint(signed(unhex(g.take("goose_goose_integer_raw"))))
		case 6:
			var v uint64
			for _, c := range unhex(g.take("goose_goose_unsigned_raw")) {
				v = v<<8 | uint64(c)
			}
			values = fmt.Sprint(v)
		case 7:
			b := unhex(g.take("goose_goose_float_value_raw"))
			g.lost = g.lost || len(b) != 4
			values = fmt.Sprint(signed(b))
		case 17:
			b := unhex(g.take("goose_goose_utc_time_raw"))
			if len(b) != 8 {
				g.lost = true
				return
			}
			values = fmt.Sprintf("%d,%d", binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:]))
		default:
			g.lost = true
			return
		}
		g.all = append(g.all, [2]string{fmt.Sprint(len(g.all)), "[" + values + "]"})
	}
	for field, n := range g.next {
		g.lost = g.lost || n != len(g.l.texts(field))
	}
}

func signed(b []byte) int64 {
	v := int64(0)
	for i, c := range b {
		if i == 0 {
			v = int64(int8(c))
			continue
		}
		v = v<<8 | int64(c)
	}
	return v
}

// sampled is a sample for each unit of a frame, and one where a stream says
// something new of itself.
func (j *etherJudge) sampled(f *frame, l layer) {
	ids := l.texts("sv_sv_svID")
	for i, id := range ids {
		at := func(name string) string {
			if all := l.texts("sv_sv_" + name); i < len(all) {
				return all[i]
			}
			return "0"
		}
		words := [2]string{"", "simulated "}[l.number("sv_sv_reserve1_s_bit")]
		data := octets(at("seqData"))
		o := judged{protocol: "sv", unit: fmt.Sprint(l.number("sv_sv_appid")), object: "stream:" + id}
		says := list([]string{at("confRev"), at("smpSynch"), at("smpRate"), l.text("sv_sv_noASDU"), fmt.Sprint(len(data))})
		if key := fmt.Sprint(f.last("eth").text("eth_eth_src"), words, o.unit, id); j.states[key] != says {
			j.states[key] = says
			stream := o
			stream.values, stream.outcome = says, words+"stream"
			j.tell(f, stream)
		}
		o.code, o.outcome = asNumber(at("smpCnt")), words+"sampled values"
		var values []string
		for k := 0; k+4 <= len(data); k += 4 {
			values = append(values, fmt.Sprint(int32(binary.BigEndian.Uint32(data[k:]))))
		}
		o.values = list(values)
		j.tell(f, o)
	}
}

func unhex(s string) []byte {
	b, _ := hex.DecodeString(s)
	return b
}

func octetList(b []byte) string {
	all := make([]string, len(b))
	for i := range b {
		all[i] = fmt.Sprint(b[i])
	}
	return list(all)
}
