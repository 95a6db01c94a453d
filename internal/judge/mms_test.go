package judge

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

// mmsContext tells the judge what context 3 is where a capture begins inside an
// association: it is MMS by custom.
const mmsContext = `uat:pres_context_list:"3","1.0.9506.2.1"`

// mmsScreen is what mmsContext may make MMS of, too.
const mmsScreen = "mms||pres"

// TestJudgeMMS compares every operation of MMS with what tshark reads. What only
// the session says (release, abort) the judge is not asked for.
func TestJudgeMMS(t *testing.T) {
	root := judgeCorpus(t)
	a := alone{protocol: "mms", excuses: mmsExcuses, mine: func(e *eventLine) bool { return e.Code < 0x200 }}
	eachJudged(t, root, "", func(path string, b []byte) {
		if !mayHold(b, judgePorts[0]) {
			return
		}
		want, err := mmsByJudge(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		got := a.ours(t, path)
		for _, j := range got {
			j.time = "" // the judge's tree has none
		}
		a.compare(t, path, want, got)
	})
	a.settle(t, "frames, function, object, quantity, item, values, outcome")
}

// mmsJudge derives the operations from the judge's tree.
type mmsJudge struct {
	all     []*judged
	waiting map[string][]*judged // all items of a request
}

func mmsByJudge(path string) ([]*judged, error) {
	if holdsNone(path, mmsScreen) {
		return nil, nil
	}
	cmd := exec.Command("tshark", "-n", "-r", path, "-Y", "mms", "-T", "pdml", "-o", mmsContext)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	j := mmsJudge{waiting: map[string][]*judged{}}
	in := xml.NewDecoder(out)
	for {
		token, err := in.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "packet" {
			var p pdmlPacket
			if err := in.DecodeElement(&p, &start); err != nil {
				return nil, err
			}
			j.packet(&p)
		}
	}
	_ = cmd.Wait() // a capture that is cut short: what came before counts
	return j.all, nil
}

func (p *pdmlPacket) text(proto, field string) string {
	if l := p.proto(proto); l != nil {
		if f := l.find(field); f != nil {
			return f.Show
		}
	}
	return ""
}

func (j *mmsJudge) packet(p *pdmlPacket) {
	src, dst := p.text("ip", "ip.src"), p.text("ip", "ip.dst")
	from, to := asNumber(p.text("tcp", "tcp.srcport")), asNumber(p.text("tcp", "tcp.dstport"))
	base := judged{protocol: "mms", flow: flowName(src, from, dst, to), frame: asNumber(p.text("geninfo", "num"))}
	asking, answering := fmt.Sprint(base.flow, from), fmt.Sprint(base.flow, to)
	for i := range p.Protos {
		m := &p.Protos[i]
		if m.Name != "mms" || len(m.Fields) == 0 {
			continue
		}
		unit := &m.Fields[0]
		invoke := fmt.Sprint(" ", unit.number("mms.invokeID"))
		switch unit.Name {
		case "mms.initiate_RequestPDU_element":
			op := base
			op.code, op.object = 0x108, mmsAssociation(p)
			j.ask(asking+" initiate", &op)
		case "mms.initiate_ResponsePDU_element":
			j.answer(base, answering+" initiate", 0x108, []judged{{outcome: "ok"}})
		case "mms.conclude_RequestPDU_element":
			op := base
			op.code = 0x10b
			j.ask(asking+" conclude", &op)
		case "mms.conclude_ResponsePDU_element":
			j.answer(base, answering+" conclude", 0x10b, []judged{{outcome: "ok"}})
		case "mms.confirmed_RequestPDU_element":
			j.request(base, asking+invoke, unit)
		case "mms.confirmed_ResponsePDU_element":
			j.response(base, answering+invoke, unit)
		case "mms.confirmed_ErrorPDU_element":
			if f := unit.find("mms.errorClass"); f != nil && len(f.Fields) > 0 && len(j.waiting[answering+invoke]) > 0 {
				j.answer(base, answering+invoke, -1, []judged{{outcome: "error:" + mmsWord(f.Fields[0].ShowName)}})
			}
		}
	}
}

var mmsWords = regexp.MustCompile(`: (.*) \(\d+\)$`)

func mmsWord(label string) string {
	if m := mmsWords.FindStringSubmatch(label); m != nil {
		return m[1]
	}
	return label
}

// mmsAssociation is whom an association is asked of.
func mmsAssociation(p *pdmlPacket) string {
	a := p.proto("acse")
	if a == nil {
		return ""
	}
	title := a.find("acse.called_AP_title")
	if title == nil {
		return ""
	}
	name := ""
	if f := title.find("acse.ap_title_form2"); f != nil {
		name, _, _ = strings.Cut(f.Show, " ")
	}
	if f := a.find("acse.called_AE_qualifier"); f != nil {
		if g := f.find("acse.aso_qualifier_form2"); g != nil {
			name += "/" + g.Show
		}
	}
	return "association:" + name
}

func (j *mmsJudge) ask(key string, ops ...*judged) {
	for _, op := range ops {
		op.outcome = "no-response"
	}
	j.all = append(j.all, ops...)
	j.waiting[key] = ops
}

// answer joins answers with the items of their request; one answers all.
func (j *mmsJudge) answer(base judged, key string, code int, answers []judged) {
	ops := j.waiting[key]
	delete(j.waiting, key)
	if len(ops) == 0 {
		for i, a := range answers {
			op := base
			op.frame, op.response, op.partial, op.code = 0, base.frame, true, code
			op.values, op.outcome = a.values, a.outcome
			if strings.HasPrefix(op.values, `["`) { // texts of what nobody knows are not told
				op.values = ""
			}
			if len(answers) > 1 {
				op.item = i + 1
			}
			j.all = append(j.all, &op)
		}
		return
	}
	for i, op := range ops {
		a := answers[min(i, len(answers)-1)]
		op.response, op.outcome = base.frame, a.outcome
		if a.values != "" && (!strings.HasPrefix(a.values, `["`) || !wire.Secretive([]byte(op.object))) {
			op.values = a.values
		}
	}
}

// mmsObjectName reads a name; "" if there is none.
func mmsObjectName(f *pdmlField) string {
	if f == nil {
		return ""
	}
	if d, i := f.find("mms.domainId"), f.find("mms.itemId"); d != nil && i != nil {
		return d.Show + "/" + i.Show
	}
	if v := f.find("mms.vmd_specific"); v != nil {
		return v.Show
	}
	if v := f.find("mms.aa_specific"); v != nil {
		return "@" + v.Show
	}
	return ""
}

// children are the direct fields of a name.
func (f *pdmlField) children(name string) (all []*pdmlField) {
	for i := range f.Fields {
		if f.Fields[i].Name == name {
			all = append(all, &f.Fields[i])
		}
	}
	return all
}

func (j *mmsJudge) request(base judged, key string, unit *pdmlField) {
	base.code = unit.number("mms.confirmedServiceRequest")
	if base.code != 4 && base.code != 5 {
		op := base
		op.object = mmsObject(base.code, unit)
		j.ask(key, &op)
		return
	}
	var values []string
	if base.code == 5 {
		if data := unit.find("mms.listOfData"); data != nil {
			for _, d := range data.children("mms.Data") {
				values = append(values, mmsValues([]*pdmlField{d}))
			}
		}
	}
	list := unit.find("mms.listOfVariable")
	if list == nil {
		op := base
		op.object = "list:" + mmsObjectName(unit.find("mms.variableListName"))
		j.ask(key, &op)
		return
	}
	var ops []*judged
	items := list.children("mms.listOfVariable_item_element")
	for i, item := range items {
		op := base
		op.object, op.values = mmsObjectName(item), nth(values, i)
		if len(items) > 1 {
			op.item = i + 1
		}
		ops = append(ops, &op)
	}
	j.ask(key, ops...)
}

func (j *mmsJudge) response(base judged, key string, unit *pdmlField) {
	code := unit.number("mms.confirmedServiceResponse")
	answers := []judged{{outcome: "ok"}}
	var results []*pdmlField
	switch code {
	case 4:
		if list := unit.find("mms.listOfAccessResult"); list != nil {
			results = list.children("mms.AccessResult")
		}
		answers = nil
		for _, r := range results {
			a := judged{outcome: "ok"}
			if f := r.find("mms.failure"); f != nil {
				a.outcome = "error:" + mmsWord(f.ShowName)
			} else {
				a.values = mmsValues([]*pdmlField{r})
			}
			answers = append(answers, a)
		}
		if ops := j.waiting[key]; len(ops) == 1 && strings.HasPrefix(ops[0].object, "list:") {
			answers = []judged{{outcome: "ok", values: mmsNumbers(results)}}
			for _, r := range results {
				if f := r.find("mms.failure"); f != nil {
					answers[0] = judged{outcome: "error:" + mmsWord(f.ShowName)}
					break
				}
			}
		}
	case 5:
		if w := unit.find("mms.write"); w != nil {
			answers = nil
			for _, r := range w.children("mms.Write_Response_item") {
				a := judged{outcome: "ok"}
				if f := r.find("mms.failure"); f != nil {
					a.outcome = "error:" + mmsWord(f.ShowName)
				}
				answers = append(answers, a)
			}
		}
	}
	if len(answers) > 0 {
		j.answer(base, key, code, answers)
	}
}

// mmsObject is what a service that is no read or write is about.
func mmsObject(code int, unit *pdmlField) string {
	show := func(name string) string {
		if f := unit.find(name); f != nil {
			return f.Show
		}
		return ""
	}
	switch code {
	case 1:
		classes := []string{"named-variable", "scattered-access", "named-variable-list", "named-type", "semaphore", "event-condition",
			"event-action", "event-enrollment", "journal", "domain", "program-invocation", "operator-station"}
		name := "names:" + classes[unit.number("mms.objectClass")]
		if d := show("mms.domainSpecific"); d != "" {
			name += "/" + d
		}
		return name
	case 6:
		return mmsObjectName(unit)
	case 12:
		return "list:" + mmsObjectName(unit)
	case 19, 20:
		return "semaphore:" + mmsObjectName(unit)
	case 26:
		return "domain:" + show("mms.domainName")
	case 29:
		return "domain:" + show("mms.initiateUploadSequence")
	case 31:
		return "upload:" + show("mms.terminateUploadSequence")
	case 39, 42:
		for _, name := range []string{"mms.programInvocationName", "mms.deleteProgramInvocation"} {
			if s := show(name); s != "" {
				return "program:" + s
			}
		}
	}
	return ""
}

// mmsElement is a value as the judge reads it.
type mmsElement struct {
	kind string
	raw  []byte
	bits int
}

// mmsElements lists the values of a tree in order.
func mmsElements(f *pdmlField, all []mmsElement) []mmsElement {
	padding := 0
	for i := range f.Fields {
		g := &f.Fields[i]
		raw, _ := hex.DecodeString(g.Value)
		switch g.Name {
		case "ber.bitstring.padding":
			padding = asNumber(g.Show)
		case "mms.data.visible-string", "mms.mMSString":
			all = append(all, mmsElement{"text", raw, 0})
		case "mms.data_bit-string", "mms.boolean", "mms.integer", "mms.unsigned", "mms.floating_point", "mms.utc_time":
			all = append(all, mmsElement{g.Name[4:], raw, 8*len(raw) - padding})
		default:
			all = mmsElements(g, all)
		}
	}
	return all
}

// mmsValues gives the numbers of a variable as they are to stand in an event, or its
// texts where it has nothing but texts.
func mmsValues(trees []*pdmlField) string {
	if numbers := mmsNumbers(trees); numbers != "" {
		return numbers
	}
	var texts []string
	for _, f := range trees {
		for _, e := range mmsElements(f, nil) {
			if e.kind == "text" {
				texts = append(texts, string(e.raw))
			}
		}
	}
	return textList(texts[:min(len(texts), firedoor.MaxTexts)])
}

// mmsNumbers gives the numbers of a variable, or of all members of a list.
func mmsNumbers(trees []*pdmlField) string {
	var all []mmsElement
	nested := len(trees) > 1
	for _, f := range trees {
		all = mmsElements(f, all)
		nested = nested || f.find("mms.structure") != nil || f.find("mms.array") != nil
	}
	if len(all) == 1 && all[0].kind == "utc_time" && !nested {
		return fmt.Sprintf("[%d,%d]", binary.BigEndian.Uint32(all[0].raw), binary.BigEndian.Uint32(all[0].raw[4:]))
	}
	kinds := map[string]int{}
	var values []mmsElement
	for _, e := range all {
		if e.kind == "utc_time" || e.kind == "text" {
			continue
		}
		if e.kind == "floating_point" {
			e.kind = fmt.Sprint("f", len(e.raw))
		}
		kinds[e.kind]++
		values = append(values, e)
	}
	if len(values) == 0 {
		return ""
	}
	if len(values) == 1 && values[0].kind == "data_bit-string" {
		var texts []string
		for i := range values[0].bits {
			texts = append(texts, fmt.Sprint(bits.Reverse8(values[0].raw[i/8])>>(i%8)&1))
		}
		return "[" + strings.Join(texts, ",") + "]"
	}
	asReal := len(kinds) > 1 && kinds["f5"]+kinds["f9"] > 0
	var texts []string
	for _, e := range values {
		texts = append(texts, mmsNumber(e, asReal))
	}
	return "[" + strings.Join(texts, ",") + "]"
}

// mmsNumber writes one element: with asReal set, as the bits of a real number.
func mmsNumber(e mmsElement, asReal bool) string {
	u := uint64(0)
	for _, c := range e.raw[max(0, len(e.raw)-8):] {
		u = u<<8 | uint64(c)
	}
	n := int64(u)
	switch e.kind {
	case "f5":
		if asReal {
			return fmt.Sprint(math.Float64bits(float64(math.Float32frombits(uint32(u)))))
		}
		return fmt.Sprint(int32(uint32(u)))
	case "f9":
		return fmt.Sprint(u)
	case "boolean":
		n = min(n, 1)
	case "integer":
		n = n << (64 - 8*len(e.raw)) >> (64 - 8*len(e.raw))
	case "data_bit-string":
		n = int64(u >> (8*len(e.raw) - e.bits))
	}
	if asReal {
		return fmt.Sprint(math.Float64bits(float64(n)))
	}
	return fmt.Sprint(n)
}
