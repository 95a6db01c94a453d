package judge

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// judged is one operation, as either side tells it; both sides are compared
// member by member.
type judged struct {
	protocol string
	flow     string // both ends, the same for both directions
	frame    int    // of the request, 0: not seen
	response int    // of the answer, 0: not seen
	time     string
	unit     string // "" where there is none
	code     int
	object   string
	quantity string
	item     int
	values   string // "[1,2]", "" for none
	outcome  string // with its detail behind a space
	partial  bool

	nanos int64 // time, of the judge's side only
}

// at is the frame that an operation is looked up by.
func (j *judged) at() int {
	if j.partial {
		return j.response
	}
	return j.frame
}

func (j *judged) String() string {
	return fmt.Sprintf("%s %s frames %d/%d unit %s code %#x %q qty %s item %d %.120s %s partial %v",
		j.protocol, j.flow, j.frame, j.response, j.unit, j.code, j.object, j.quantity, j.item, j.values, j.outcome, j.partial)
}

// eventLine is a line of --events.
type eventLine struct {
	Time           string
	Kind           string
	Protocol       string
	Client, Server struct {
		IP   string
		Port int
		MAC  string
	}
	Verb          string
	Unit          *int
	Function      string
	Code          int
	Object        string
	Quantity      *int
	Item          int
	Values        json.RawMessage
	Texts         []string
	Type          string
	Outcome       string
	Detail        string
	Partial       bool
	Frame         int
	ResponseFrame int `json:"response_frame"`
}

// flowName names a flow the same way for both directions.
func flowName(ip1 string, port1 int, ip2 string, port2 int) string {
	a, b := fmt.Sprintf("%s:%d", ip1, port1), fmt.Sprintf("%s:%d", ip2, port2)
	if a > b {
		a, b = b, a
	}
	return a + "-" + b
}

// judgedProtocols are those in whose name an event line may be wrong.
var judgedProtocols = []string{
	"modbus",
	"umas",
	"s7comm",
	"cotp",
	"enip",
	"cip",
	"pccc",
	"iec104",
	"opcua",
	"bacnet",
	"dnp3",
	"hart_ip",
	"synphasor",
	"ge_srtp",
	"codesys",
	"cclink_ief",
	"mqtt",
	"fins",
	"melsec",
	"ads",
	"tristation",
	"genisys",
	"bsap",
	"pniocm",
	"ecat",
	"epl",
	"epl_v1",
	"egd",
	"kip",
	"lon",
	"rtps",
	"ptp",
	"coap",
	"amqp",
	"hsms",
	"mtconnect",
	"mms",
	"uadp",
	"sbus",
	"c1222",
	"s7comm-plus",
	"dlms",
	"fox",
	"roc_plus",
	"snmp",
	"goose",
	"sv",
	"pnio",
}

// stations names the flow by MAC addresses where there is no IP.
func (e *eventLine) stations() string {
	if e.Client.IP == "" && e.Server.IP == "" {
		return flowName(e.Client.MAC, 0, e.Server.MAC, 0)
	}
	return e.flow()
}

func (e *eventLine) flow() string {
	return flowName(e.Client.IP, e.Client.Port, e.Server.IP, e.Server.Port)
}

// judged turns an operation's line into what is compared.
func (e *eventLine) judged() *judged {
	j := &judged{protocol: e.Protocol, flow: e.flow(), frame: e.Frame, response: e.ResponseFrame, time: e.Time, code: e.Code,
		object: e.Object, item: e.Item, values: string(e.Values), outcome: e.Outcome, partial: e.Partial}
	if e.Unit != nil {
		j.unit = fmt.Sprint(*e.Unit)
	}
	if e.Quantity != nil {
		j.quantity = fmt.Sprint(*e.Quantity)
	}
	if j.values == "[]" {
		j.values = ""
	}
	j.values += textList(e.Texts)
	if e.Detail != "" {
		j.outcome += " " + e.Detail
	}
	return j
}

// textList is texts as they are compared, with the values.
func textList(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return fmt.Sprintf("%q", texts)
}

// disagreement is one operation on which the sides do not agree. got is nil for
// one that is missing, want for one that is extra.
type disagreement struct {
	capture   string
	member    string // "missing", "extra", or what differs
	want, got *judged
}

func (d *disagreement) String() string {
	return fmt.Sprintf("%s: %s\n\ttshark:   %v\n\tfiredoor: %v", d.capture, d.member, d.want, d.got)
}

func (d *disagreement) protocol() string {
	if d.want != nil {
		return d.want.protocol
	}
	return d.got.protocol
}

// compare matches the operations of a capture one by one.
func compare(capture string, want, got []*judged) (agree map[*judged]bool, all []disagreement) {
	agree = map[*judged]bool{}
	type place struct {
		protocol, flow string
		frame          int
		partial        bool
	}
	at := func(j *judged) place { return place{j.protocol, j.flow, j.at(), j.partial} }
	ours := map[place][]*judged{}
	for _, j := range got {
		ours[at(j)] = append(ours[at(j)], j)
	}
	paired := map[*judged]*judged{}
	taken := map[*judged]bool{}
	// The closest first: those that name the same thing, then the same function.
	for _, same := range []func(a, b *judged) bool{
		func(a, b *judged) bool {
			return a.code == b.code && a.object == b.object && a.item == b.item && a.unit == b.unit && a.response == b.response
		},
		func(a, b *judged) bool { return a.code == b.code && a.object == b.object && a.item == b.item },
		func(a, b *judged) bool { return a.code == b.code && a.item == b.item },
		func(a, b *judged) bool { return a.code == b.code },
	} {
		for _, w := range want {
			if paired[w] != nil {
				continue
			}
			for _, g := range ours[at(w)] {
				if !taken[g] && same(w, g) {
					paired[w], taken[g] = g, true
					break
				}
			}
		}
	}
	for _, w := range want {
		g := paired[w]
		if g == nil {
			all = append(all, disagreement{capture, "missing", w, nil})
			continue
		}
		if members := differs(w, g); members != "" {
			all = append(all, disagreement{capture, members, w, g})
			continue
		}
		agree[g] = true
	}
	for _, g := range got {
		if !taken[g] {
			all = append(all, disagreement{capture, "extra", nil, g})
		}
	}
	return agree, all
}

// calledMany tells whether an operation was asked of many: the judge knows no answer of it, and the program
// waits for none. Who did answer has a line of its own.
func calledMany(want, got *judged) bool {
	if want.outcome != "no-response" || got.outcome != "ok" || got.response != 0 {
		return false
	}
	for _, end := range strings.Split(got.flow, "-") {
		host, _, _ := strings.Cut(end, ":")
		if ip, err := netip.ParseAddr(host); err == nil && ip.Is4() && (ip.IsMulticast() || ip.As4()[3] == 255) {
			return true
		}
	}
	return false
}

// differs names the members in which two operations differ.
func differs(a, b *judged) string {
	var names []string
	for _, m := range []struct {
		name string
		same bool
	}{
		{"time", a.time == b.time}, {"unit", a.unit == b.unit}, {"object", a.object == b.object},
		{"quantity", a.quantity == b.quantity}, {"item", a.item == b.item}, {"values", a.values == b.values},
		{"outcome", a.outcome == b.outcome || calledMany(a, b)}, {"response", a.response == b.response},
	} {
		if !m.same {
			names = append(names, m.name)
		}
	}
	return strings.Join(names, "+")
}

// score is what a protocol reached over all captures.
type score struct {
	operations, agree, missing, extra, differ int
	of                                        map[string]int // the operations of each capture that has some, by its path
}

// add counts what a capture gave.
func (s *score) add(path string, o *score) {
	if path = original(path); o.operations > 0 {
		if s.of == nil {
			s.of = map[string]int{}
		}
		s.of[path] += o.operations
	}
	s.operations += o.operations
	s.agree += o.agree
}

func (s *score) count(d *disagreement) {
	switch d.member {
	case "missing":
		s.missing++
	case "extra":
		s.extra++
	default:
		s.differ++
	}
}

// verdict is what became of one capture.
type verdict struct {
	name  string
	path  string
	score map[string]*score
	all   []disagreement
	agree map[*judged]bool // of ours
	err   error
}

// judgeCapture compares both sides of one capture. A capture that cannot hold
// what the judge looks for is shown to it only if we found something in it.
func judgeCapture(c *candidate) *verdict {
	name, path, options := c.name, c.path, c.options
	v := &verdict{name: name, path: path, score: map[string]*score{}}
	told, err := replay(path)
	if err != nil {
		v.err = err
		return v
	}
	lines, err := replayLines(path, judgedScores...)
	if err != nil {
		v.err = err
		return v
	}
	var got []*judged
	for i := range lines {
		if lines[i].Kind == "operation" {
			got = append(got, lines[i].judged())
		}
	}
	if !c.likely && len(got) == 0 && (!told.names(judgedProtocols) || holdsNone(path, judgeFilter)) {
		return v
	}
	ask := askTshark
	if c.again {
		ask = askKept
	}
	frames, err := ask(path, judgeFilter, judgeLayers, append(options, "-o", outOfOrder+":TRUE")...)
	if err != nil {
		v.err = err
		return v
	}
	v.weigh(frames, got)
	if len(v.all) == 0 {
		return v
	}
	// Told to put segments in order, the judge waits for ever for one that was
	// not captured; told not to, it reads the bytes behind a hole, but loses
	// what came out of order. It is right in the way that it reads more, and in
	// single operations in the other.
	other := &verdict{name: name, path: path, score: map[string]*score{}}
	if frames, other.err = askTshark(path, judgeFilter, judgeLayers, append(options, "-o", outOfOrder+":FALSE")...); other.err != nil {
		return other
	}
	if other.weigh(frames, got); len(other.all) < len(v.all) {
		v, other = other, v
	}
	v.admit(other)
	return v
}

// weigh compares what the judge read with our operations.
func (v *verdict) weigh(frames []*frame, got []*judged) {
	want := slices.Concat(modbusByJudge(frames, modbusPort), s7ByJudge(frames), cipByJudge(frames), iecByJudge(frames), dnp3ByJudge(frames))
	v.agree = map[*judged]bool{}
	for _, p := range judgedScores {
		of := func(all []*judged) (some []*judged) {
			for _, j := range all {
				if j.protocol == p {
					some = append(some, j)
				}
			}
			return some
		}
		w, g := of(want), of(got)
		if len(w) == 0 && len(g) == 0 {
			continue
		}
		agree, all := compare(v.name, w, g)
		maps.Copy(v.agree, agree)
		v.score[p], v.all = &score{operations: len(w), agree: len(agree)}, append(v.all, all...)
	}
}

// admit takes out the differences over operations that agree with the judge's
// other reading.
func (v *verdict) admit(other *verdict) {
	settled := map[*judged]bool{} // what our operation was matched with, or stands in place of
	for i := range v.all {
		d := &v.all[i]
		if d.got == nil || !other.agree[d.got] {
			continue
		}
		settled[d.got] = true
		v.score[d.got.protocol].agree++
		if d.want == nil {
			for k := range v.all {
				if w := v.all[k].want; v.all[k].got == nil && !settled[w] && w.protocol == d.got.protocol && w.flow == d.got.flow &&
					w.code == d.got.code && w.object == d.got.object && w.item == d.got.item {
					settled[w] = true
					break
				}
			}
		}
	}
	v.all = slices.DeleteFunc(v.all, func(d disagreement) bool { return settled[d.got] || d.got == nil && settled[d.want] })
}

// judgedScores are the protocols whose operations are compared.
var judgedScores = []string{"modbus", "umas", "s7comm", "enip", "cip", "pccc", "iec104", "dnp3"}

// judges is how many captures are judged at a time.
const judges = 2

// TestJudge compares every operation with what tshark reads.
func TestJudge(t *testing.T) {
	root := judgeCorpus(t)
	var all []*candidate
	eachJudged(t, root, "", func(path string, b []byte) {
		name, err := filepath.Rel(root, original(path))
		if err != nil {
			t.Fatal(err)
		}
		dnp3 := mayHoldDNP3(b)
		c := &candidate{name: name, path: path, again: dnp3, likely: dnp3 || mayHold(b, judgePorts...)}
		if dnp3 || mayHold(b, enipPort, iecPort) { // the bytes are needed: of each layer for CIP, of real numbers for IEC 104 and DNP3
			c.options = []string{"-x"}
		}
		all = append(all, c)
	})
	settle(t, inPairs(all, judgeCapture))
}

// candidate is a capture to be judged.
type candidate struct {
	name, path string
	likely     bool     // it has a port that the judge looks at
	again      bool     // TestJudgeDNP3Points asks the same of it
	options    []string // for tshark
}

// inPairs calls f for all captures, a few at a time, and keeps their order.
func inPairs[T, R any](all []T, f func(T) R) []R {
	results := make([]R, len(all))
	var wait sync.WaitGroup
	next := make(chan int)
	for range judges {
		wait.Go(func() {
			for i := range next {
				results[i] = f(all[i])
			}
		})
	}
	for i := range all {
		next <- i
	}
	close(next)
	wait.Wait()
	return results
}

// settle sorts the differences into their classes and fails on what has none.
func settle(t *testing.T, verdicts []*verdict) {
	total := map[string]*score{}
	counts := make([]int, len(excuses))
	examples := 0
	for _, v := range verdicts {
		if v.err != nil {
			t.Error(v.err)
			continue
		}
		for p, s := range v.score {
			if total[p] == nil {
				total[p] = &score{}
			}
			total[p].add(v.path, s)
		}
		for i := range v.all {
			d := &v.all[i]
			total[d.protocol()].count(d)
			class := slices.IndexFunc(excuses, func(e excuse) bool { return e.fits(d) })
			if class >= 0 {
				counts[class]++
				continue
			}
			if examples++; examples <= maxExamples {
				t.Errorf("a difference of no known class: %v", d)
			}
		}
	}
	if examples > maxExamples {
		t.Errorf("... and %d more", examples-maxExamples)
	}
	for i, n := range counts {
		t.Logf("%6d of at most %d: %s (%s)", n, excuses[i].most, excuses[i].name, excuses[i].reason)
		if n > excuses[i].most {
			t.Errorf("%q: %d differences, at most %d are known", excuses[i].name, n, excuses[i].most)
		}
	}
	for _, p := range judgedScores {
		s := total[p]
		if s == nil {
			t.Errorf("%s: not one operation in the corpus", p)
			continue
		}
		demandShare(t, p, s)
		fields := judgedFields
		if p == "umas" {
			fields += byBytes
		}
		keepJudged(t, p, s, fields)
	}
}

// maxExamples is how many unexplained differences are shown.
const maxExamples = 40
