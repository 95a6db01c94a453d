package judge

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"firedoor/internal/corpus"
	"firedoor/internal/protocol/protocoltest"
)

// asker is how tshark is asked for a protocol that is recognised: what it reads of a
// capture is matched one by one with what the product tells, samples included.
type asker struct {
	protocol   string
	folder     string               // of the protocols' captures; "": all of them
	everywhere bool                 // in the captures of attacks and of broken packets, too
	filter     string               // of the frames
	whole      bool                 // one operation for all objects of a request
	options    []string             // of tshark
	layers     string               // that it shows beside the protocol's
	likely     func(b []byte) bool  // whether a capture is worth asking for
	read       func(a *answers)     // turns frames into operations
	own        []string             // captures of the product, judged too and by themselves
	none       bool                 // no capture of the corpus has it
	values     func(j *judged) bool // whose values the judge shows; nil: of none
	skips      func(j *judged) bool // samples that it does not show one by one
	fields     string               // what is compared
	excuses    []excuse
}

const recognisedFields = "time, frames, function, object, outcome"

var askers = []asker{
	{protocol: "amqp", filter: "amqp", read: amqpByJudge, likely: onPort(5672), own: []string{"poll", "methods", "one", "open", "midstream"},
		fields: recognisedFields, excuses: amqpExcuses},
	{protocol: "coap", filter: "coap && !icmp && !icmpv6 && !(udp.srcport == 17500 && udp.dstport == 17500)", options: []string{"-d", "udp.port==17500,coap"}, read: coapByJudge, likely: onPort(5683), own: []string{"poll", "methods", "options"},
		layers: " data-text-lines data", values: texted, fields: recognisedFields + ", texts; without messages that it finds broken: those of a draft before RFC 7252", excuses: coapExcuses},
	{protocol: "hsms", filter: "hsms", options: []string{"-d", "tcp.port==5000,hsms"}, read: hsmsByJudge, likely: onPort(5000),
		own: []string{"poll", "messages"}, none: true, values: texted, skips: hsmsValue,
		fields: "time, frames, unit, function, outcome, texts; without the numbers in reports and traces, of which it loses the order"},
	{protocol: "rtps", filter: "rtps", read: rtpsByJudge, likely: func(b []byte) bool { return strings.Contains(string(b), "RTPS") },
		own: []string{"poll", "discovery"}, none: true, excuses: rtpsExcuses, fields: recognisedFields},
	{protocol: "sbus", filter: "sbus", read: sbusByJudge, likely: onPort(5050), own: []string{"poll", "commands", "midstream"},
		values: sbusValued, excuses: sbusExcuses, fields: "time, frames, unit, function, object, quantity, values, outcome"},
	{protocol: "roc_plus", folder: "icsnpp-roc-plus", filter: "tcp.port == 4000 && tcp.len > 0", read: rocByBytes, likely: onPort(4000),
		whole: true, own: []string{"poll", "opcodes"}, fields: "time, frames, unit, function" + byBytes},
	{protocol: "fox", folder: "iti/fox", filter: "tcp.port == 1911 && tcp.len > 0", read: foxByBytes, likely: onPort(1911),
		own: []string{"poll", "commands"}, fields: "time, frames, function, object, outcome" + byBytes},
	{protocol: "snmp", everywhere: true, filter: "snmp", read: snmpByJudge, likely: onPort(161), own: []string{"poll", "system", "three"},
		values: snmpValued, fields: "time, frames, function, object, item, values, outcome"},
	{protocol: "cotp", everywhere: true, filter: cotpFilter, read: cotpByJudge, likely: onPort(cotpPort), own: []string{"sessions", "midstream"},
		fields: recognisedFields + "; without connects that name no selector: those of remote desktops"},
}

// cotpFilter picks what connects and disconnects.
const cotpFilter = "cotp.type==0x07||cotp.type==0x08||cotp.type==0x0d||cotp.type==0x0e"

// byBytes says that tshark only takes the capture apart.
const byBytes = "; " + protocoltest.Anew

// sbusExcuses are those of S-Bus.
var sbusExcuses = []excuse{
	{"sbus: writing program lines", "the judge shows nothing of the request but its command", 1,
		func(d *disagreement) bool {
			return d.member == "object+quantity" && d.want.code == 0x24 && d.want.object == ""
		}},
}

// rtpsExcuses are those of RTPS.
var rtpsExcuses = []excuse{
	{"rtps: data of another participant", "INFO_SRC names whose data follow (8.3.7.9); the judge looks for the topic of the sender's own writer", 1,
		func(d *disagreement) bool {
			return d.member == "object" && d.want.object == "topic:arm/pose" && d.got.object == "writer:0x00000102"
		}},
}

// amqpExcuses are those of AMQP.
var amqpExcuses = []excuse{
	{"amqp: a frame longer than what is kept", "it is told when its performative is in, not with the last of its content", 2,
		func(d *disagreement) bool {
			const transfer = 0x14
			long := d.member == "missing" && d.want.code == transfer || d.member == "extra" && d.got.code == transfer
			return long && strings.HasSuffix(d.capture, "testdata/one.pcap")
		}},
}

// coapExcuses are those of CoAP.
var coapExcuses = []excuse{
	{"coap: a server asks", "what a server asks its client is passed over", 1,
		func(d *disagreement) bool {
			return d.member == "missing" && d.want.object == "resource:/rd" && strings.HasSuffix(d.capture, "testdata/methods.pcap")
		}},
	{"coap: a critical option that nobody assigned", "who does not know it must refuse the message (RFC 7252, 5.4.1), and a flow is not taken by it", 1,
		func(d *disagreement) bool {
			return d.member == "missing" && d.want.object == "resource:/a" && strings.HasSuffix(d.capture, "testdata/options.pcap")
		}},
}

func onPort(port uint16) func([]byte) bool {
	return func(b []byte) bool { return mayHold(b, port) }
}

// TestJudgeRequests compares what is told of protocols that are recognised with what
// tshark reads, over the corpus and over the product's own captures.
func TestJudgeRequests(t *testing.T) {
	root := judgeCorpus(t)
	for i := range askers {
		t.Run(askers[i].protocol, func(t *testing.T) { askers[i].judge(t, root) })
	}
}

func (k *asker) judge(t *testing.T, root string) {
	a := alone{protocol: k.protocol, excuses: k.excuses}
	judge := func(path string, b []byte) {
		if k.likely(b) || k.everywhere && k.told(t, path) {
			k.capture(t, &a, path)
		}
	}
	switch {
	case k.everywhere:
		corpus.Each(t, root, judge)
	case k.folder != "":
		corpus.Each(t, filepath.Join(root, "protocols", k.folder), judge)
	default:
		eachJudged(t, root, "", judge)
	}
	if k.none && a.total.operations > 0 {
		t.Errorf("%d operations in the corpus: it has some after all", a.total.operations)
	}
	a.own = true
	for _, name := range k.own {
		k.capture(t, &a, filepath.Join("..", "..", "internal", "protocol", strings.ReplaceAll(k.protocol, "_", ""), "testdata", name+".pcap"))
	}
	if a.ownTotal.operations == 0 {
		t.Error("nothing to compare in the product's own captures")
	}
	a.settle(t, k.fields)
}

// told says whether the product tells anything of the protocol, on whatever port.
func (k *asker) told(t *testing.T, path string) bool {
	t.Helper()
	r, err := replay(path)
	if err != nil {
		t.Error(err)
	}
	return err == nil && r.protocols[k.protocol]
}

// capture compares both sides of one.
func (k *asker) capture(t *testing.T, a *alone, path string) {
	t.Helper()
	frames, err := askTshark(path, k.filter, "frame ip ipv6 tcp udp "+k.protocol+k.layers, k.options...)
	if err != nil && k.everywhere && filepath.Base(filepath.Dir(filepath.Dir(path))) == "malformed" {
		t.Log(err) // what stands before the damage is compared
	} else if err != nil {
		t.Error(err)
		return
	}
	lines, err := replayLines(path, k.protocol)
	if err != nil {
		t.Error(err)
		return
	}
	var got []*judged
	for i := range lines {
		if e := &lines[i]; (e.Kind == "operation" || e.Kind == "sample") && !(k.whole && e.Item > 1) {
			j := e.judged()
			if e.Kind == "sample" {
				if j.outcome = "sample"; k.skips != nil && k.skips(j) {
					continue
				}
			}
			got = append(got, j)
		}
	}
	w := answers{protocol: k.protocol, frames: frames, waiting: map[string]*judged{}, known: map[string]string{}}
	k.read(&w)
	for _, j := range slices.Concat(w.all, got) {
		k.blank(j)
	}
	a.compare(t, path, w.all, got)
}

// texted tells whether there are texts among the values, and keeps those alone.
func texted(j *judged) bool {
	at := strings.Index(j.values, `["`)
	if at > 0 {
		j.values = j.values[at:]
	}
	return at >= 0
}

// blank takes out what the judge does not show.
func (k *asker) blank(j *judged) {
	if !strings.Contains(k.fields, "unit") {
		j.unit = ""
	}
	if !strings.Contains(k.fields, "object") {
		j.object = ""
	}
	if !strings.Contains(k.fields, "outcome") && j.outcome != "no-response" {
		j.outcome = "ok"
	}
	if k.whole {
		j.item = 0
	}
	if !strings.Contains(k.fields, "quantity") {
		j.quantity = ""
	}
	if k.values == nil || !k.values(j) {
		j.values = ""
	}
}

// answers joins what the judge shows of requests with what it shows of answers.
type answers struct {
	protocol string
	frames   []*frame
	all      []*judged
	waiting  map[string]*judged
	known    map[string]string // names that were told before
}

func (a *answers) op(f *frame, code int) *judged {
	return &judged{protocol: a.protocol, flow: flowName(f.src, f.srcPort, f.dst, f.dstPort), time: f.time, nanos: f.nanos, code: code}
}

// ask tells an operation; without a key nothing answers it.
func (a *answers) ask(op *judged, f *frame, key string) {
	op.frame, op.outcome = f.number, "ok"
	if key != "" {
		op.outcome = "no-response"
		a.waiting[key] = op
	}
	a.all = append(a.all, op)
}

// answer tells what became of the operation that waits under a key; nil if none does.
func (a *answers) answer(key string, f *frame, outcome string) *judged {
	op := a.waiting[key]
	if op != nil {
		op.response, op.outcome = f.number, outcome
		delete(a.waiting, key)
	}
	return op
}

// partial tells an answer whose request was not seen.
func (a *answers) partial(op *judged, f *frame, outcome string) {
	op.response, op.outcome, op.partial = f.number, outcome, true
	a.all = append(a.all, op)
}

// sample tells what came unasked.
func (a *answers) sample(op *judged, f *frame) {
	op.frame, op.outcome = f.number, "sample"
	a.all = append(a.all, op)
}

// coded names an outcome by a table.
func coded(names map[int]string, code int) string {
	if name := names[code]; name != "" {
		return name
	}
	return fmt.Sprintf("error:0x%02x", code)
}
