package judge

import (
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// pniocmPort is where the judge looks for the endpoint mapper; what else it reads it
// tells by its interface.
const pniocmPort = 34964

// pniocmBytes are how many bytes of a record are told.
const pniocmBytes = 512

// Words of the objects of a connect, by number.
var (
	pniocmRelations      = map[int]string{1: "iocar-single", 6: "iosar", 16: "iocar-single-rt-class-3", 32: "iocar-sr"}
	pniocmCommunications = map[int]string{1: "input-cr", 2: "output-cr", 3: "multicast-provider-cr", 4: "multicast-consumer-cr"}
)

// pniocmErrors are the words of statuses that captures show.
var pniocmErrors = map[string]string{
	"81/64/0": "args-length-invalid", "81/64/1": "unknown-blocks", "81/64/4": "out-of-ar-resources", "81/64/5": "ar-uuid-unknown",
	"81/64/6": "state-conflict", "80/176/0": "invalid-index", "80/178/0": "invalid-slot-subslot", "80/181/0": "state-conflict",
	"80/182/0": "access-denied", "80/169/0": "feature-not-supported",
}

// pniocmJudge derives the operations from the judge's trees.
type pniocmJudge struct {
	all     []*judged
	waiting map[string][][]*judged
	seen    map[string]int64 // datagrams by what makes them themselves
	doubled int
}

// pniocmFlow names a flow by its addresses alone: a device may answer from another
// port than it was asked at, and frames say which message is meant.
func pniocmFlow(flow string) string {
	ends := strings.Split(flow, "-")
	for i, e := range ends {
		ends[i] = e[:strings.LastIndexByte(e, ':')]
	}
	return strings.Join(ends, "-")
}

// double tells whether a datagram was captured twice: on its way in and out of a
// switch.
func (j *pniocmJudge) double(ip, udp *pdmlField, m *pniocmSight) bool {
	it := fmt.Sprint(m.base.flow, udp.find("udp.srcport").Show, ip.find("ip.id").Show, udp.find("udp.checksum").Show, hex.EncodeToString(m.bytes))
	before, ok := j.seen[it]
	j.seen[it] = m.base.nanos
	if ok = ok && m.base.nanos-before <= 20e6; ok {
		j.doubled++
	}
	return ok
}

// pniocmSight is one message.
type pniocmSight struct {
	base   judged
	body   *pdmlField
	bytes  []byte
	blocks []*pdmlField // of the outermost kind
}

func (j *pniocmJudge) packet(p *pdmlPacket) {
	about, ip, udp, rpc := p.proto("frame"), p.proto("ip"), p.proto("udp"), p.proto("dcerpc")
	if ip == nil || udp == nil || rpc == nil {
		return
	}
	m := pniocmSight{body: p.proto("pn_io_device")}
	if m.body == nil {
		m.body = p.proto("pn_io_controller")
	}
	kind := rpc.number("dcerpc.pkt_type")
	if m.body == nil || kind != 0 && kind != 2 {
		return
	}
	seconds, nanos, _ := strings.Cut(about.find("frame.time_epoch").Show, ".")
	s, _ := strconv.ParseInt(seconds, 10, 64)
	n, _ := strconv.ParseInt((nanos + "000000000")[:9], 10, 64)
	from, to := ip.find("ip.src").Show, ip.find("ip.dst").Show
	fromPort, toPort := udp.number("udp.srcport"), udp.number("udp.dstport")
	m.base = judged{
		protocol: "pniocm", flow: pniocmFlow(flowName(from, fromPort, to, toPort)), frame: about.number("frame.number"), code: rpc.number("dcerpc.opnum"),
		time: time.Unix(s, n).UTC().Format("2006-01-02T15:04:05.000000000Z"), nanos: s*1e9 + n,
	}
	for i := range rpc.Fields {
		if f := &rpc.Fields[i]; strings.HasPrefix(f.Show, "Complete stub data") {
			m.bytes, _ = hex.DecodeString(f.Value)
		}
	}
	if j.double(ip, udp, &m) {
		return
	}
	for i := range m.body.Fields {
		if f := &m.body.Fields[i]; f.Name == "pn_io.block" {
			m.blocks = append(m.blocks, f)
		}
	}
	asks := fmt.Sprint(from, ":", fromPort, ">", to)
	if kind == 2 {
		asks = fmt.Sprint(to, ":", toPort, ">", from)
	}
	key := fmt.Sprint(asks, rpc.find("dcerpc.dg_act_id").Show, rpc.number("dcerpc.dg_seqnum"), m.base.code)
	if kind == 0 {
		ops := j.request(&m)
		j.waiting[key] = append(j.waiting[key], ops)
		j.all = append(j.all, ops...)
		return
	}
	var ops []*judged
	if queue := j.waiting[key]; len(queue) > 0 {
		ops, j.waiting[key] = queue[0], queue[1:]
		if m.base.nanos-ops[0].nanos > judgeWait {
			ops = nil
		}
	}
	j.answer(&m, ops)
}

// hexNumber is the number of a field that the judge shows as words.
func hexNumber(f *pdmlField) int {
	n, _ := strconv.ParseUint(f.Value, 16, 64)
	return int(n)
}

// record gives object and length of a record's header, and its bytes.
func (m *pniocmSight) record(block *pdmlField) (object string, size int, values string) {
	api := ""
	if a := block.find("pn_io.api").Value; a != "00000000" && a != "ffffffff" {
		api = fmt.Sprintf("api:%#x/", hexNumber(block.find("pn_io.api")))
	}
	object = fmt.Sprintf("%sslot:%d/subslot:%#x/index:%#x", api, hexNumber(block.find("pn_io.slot_nr")),
		hexNumber(block.find("pn_io.subslot_nr")), hexNumber(block.find("pn_io.index")))
	size = hexNumber(block.find("pn_io.record_data_length"))
	at := block.Pos + 64 - m.body.Pos
	data := m.bytes[min(at, len(m.bytes)):min(at+size, len(m.bytes))]
	return object, size, octetList(data[:min(len(data), pniocmBytes)])
}

// pniocmKind is the type of a block.
func pniocmKind(block *pdmlField) int { return hexNumber(block.find("pn_io.block_type")) }

func (j *pniocmJudge) request(m *pniocmSight) []*judged {
	m.base.outcome = "no-response"
	var ops []*judged
	add := func(object, quantity, values string) {
		op := m.base
		op.object, op.quantity, op.values = object, quantity, values
		ops = append(ops, &op)
	}
	for _, b := range m.blocks {
		switch pniocmKind(b) {
		case 0x0101:
			kind := hexNumber(b.find("pn_io.artype_req"))
			add("ar:"+pniocmRelations[kind], "", "")
		case 0x0102:
			add(fmt.Sprintf("iocr:%s/%d", pniocmCommunications[hexNumber(b.find("pn_io.iocr_type"))], hexNumber(b.find("pn_io.iocr_reference"))), "",
				list([]string{b.find("pn_io.data_length").Show, fmt.Sprint(hexNumber(b.find("pn_io.frame_id"))),
					b.find("pn_io.send_clock_factor").Show, b.find("pn_io.reduction_ratio").Show}))
		case 0x0009:
			object, size, _ := m.record(b)
			add(object, fmt.Sprint(size), "")
		case 0x0008:
			if object, size, values := m.record(b); !strings.HasSuffix(object, ":0xe040") {
				add(object, fmt.Sprint(size), values)
			}
		}
	}
	if len(ops) == 0 {
		add("", "", "")
	}
	pniocmNumber(ops)
	return ops
}

// pniocmNumber numbers the operations of one request.
func pniocmNumber(ops []*judged) {
	for i := range ops {
		if len(ops) > 1 {
			ops[i].item = i + 1
		}
	}
}

// pniocmOutcome reads the first status in a tree.
func pniocmOutcome(f *pdmlField) string {
	s := f.find("pn_io.status")
	if s == nil {
		return "ok"
	}
	var v [4]int
	for i, name := range []string{"error_code", "error_decode", "error_code1", "error_code2"} {
		v[i] = hexNumber(s.find("pn_io." + name))
	}
	if v == [4]int{} {
		return "ok"
	}
	decode := fmt.Sprintf("%x/%d/", v[1], v[2])
	name := pniocmErrors[decode+fmt.Sprint(v[3])]
	if name == "" && v[1] == 0x80 {
		name = pniocmErrors[decode+"0"]
	}
	if name != "" {
		return "error:" + name
	}
	return fmt.Sprintf("error:%#x", v[0]<<24|v[1]<<16|v[2]<<8|v[3])
}

func (j *pniocmJudge) answer(m *pniocmSight, ops []*judged) {
	outcome := pniocmOutcome(&pdmlField{Fields: slices.Clone(m.body.Fields)[:min(3, len(m.body.Fields))]})
	seen := ops != nil
	var told []*judged
	for _, b := range m.blocks {
		op := m.base
		op.outcome = outcome
		switch pniocmKind(b) {
		case 0x8009:
			op.object, _, op.values = m.record(b)
			op.quantity = fmt.Sprint(hexNumber(b.find("pn_io.record_data_length")))
			if outcome != "ok" {
				op.values = ""
			}
		case 0x8008:
			op.object, _, _ = m.record(b)
			if strings.HasSuffix(op.object, ":0xe040") {
				continue
			}
			op.quantity = fmt.Sprint(hexNumber(b.find("pn_io.record_data_length")))
			if outcome == "ok" {
				op.outcome = pniocmOutcome(b)
			}
		default:
			continue
		}
		told = append(told, &op)
	}
	if seen {
		for i, op := range ops {
			op.response, op.outcome = m.base.frame, outcome
			if i < len(told) {
				op.outcome = told[i].outcome
				if told[i].values != "" {
					op.values = told[i].values
				}
				if m.base.code == 3 {
					op.values = ops[i].values
				}
			}
		}
		return
	}
	if len(told) == 0 {
		op := m.base
		op.outcome = outcome
		told = append(told, &op)
	}
	for _, op := range told {
		op.frame, op.response, op.partial = 0, m.base.frame, true
		if op.quantity == "0" {
			op.quantity = ""
		}
		if op.code == 3 {
			op.values = ""
		}
	}
	pniocmNumber(told)
	j.all = append(j.all, told...)
}

// pniocmByJudge runs the judge over a capture.
func pniocmByJudge(path string) (all []*judged, doubled int, err error) {
	if holdsNone(path, pniocmFilter) {
		return nil, 0, nil
	}
	cmd := exec.Command("tshark", "-n", "-r", path, "-Y", pniocmFilter, "-T", "pdml")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, 0, err
	}
	if err := cmd.Start(); err != nil {
		return nil, 0, err
	}
	j := pniocmJudge{waiting: map[string][][]*judged{}, seen: map[string]int64{}}
	d := xml.NewDecoder(plainReader{out})
	for err == nil {
		var t xml.Token
		t, err = d.Token()
		if s, ok := t.(xml.StartElement); ok && s.Name.Local == "packet" {
			var p pdmlPacket
			if err = d.DecodeElement(&p, &s); err == nil {
				j.packet(&p)
			}
		}
	}
	if _, drained := io.Copy(io.Discard, out); drained != nil { // or it would wait for ever
		return nil, 0, drained
	}
	wait := cmd.Wait()
	var exit *exec.ExitError
	if wait != nil && !(errors.As(wait, &exit) && exit.ExitCode() == 2) {
		return nil, 0, fmt.Errorf("%s: %w", path, wait)
	}
	if !errors.Is(err, io.EOF) {
		return nil, 0, fmt.Errorf("%s: %w", path, err)
	}
	return j.all, j.doubled, nil
}

// TestJudgePniocm compares every operation of PROFINET's context management with
// what tshark reads.
func TestJudgePniocm(t *testing.T) {
	root := judgeCorpus(t)
	a := alone{protocol: "pniocm", excuses: pniocmExcuses}
	twice := 0
	eachJudged(t, root, "", func(path string, b []byte) {
		if !mayHold(b, pniocmPort) {
			return
		}
		want, doubled, err := pniocmByJudge(path)
		if err != nil {
			t.Error(err)
			return
		}
		twice += doubled
		got := a.ours(t, path)
		for _, o := range got {
			o.flow = pniocmFlow(o.flow)
		}
		a.compare(t, path, want, got)
	})
	t.Logf("%d datagrams came twice and are counted once", twice)
	a.settle(t, judgedFields)
}
