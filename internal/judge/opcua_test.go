package judge

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"math/big"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/corpus"
)

// pdml is a field of a frame as `tshark -T pdml` writes it. OPC UA is lists in
// lists, which the judge's other forms mix up.
type pdml struct {
	Name   string `xml:"name,attr"`
	Show   string `xml:"show,attr"`
	Said   string `xml:"showname,attr"`
	Value  string `xml:"value,attr"`
	Fields []pdml `xml:"field"`
}

type pdmlFrame struct {
	Protos []pdml `xml:"proto"`
}

// at returns the first field below that has the name, or whose text begins with it.
func (f *pdml) at(name string) *pdml {
	for i := range f.Fields {
		if c := &f.Fields[i]; c.Name == name || c.Name == "" && strings.HasPrefix(c.Show, name) {
			return c
		}
	}
	return &pdml{}
}

// deep is at, at any depth.
func (f *pdml) deep(name string) *pdml {
	if c := f.at(name); c.Show != "" {
		return c
	}
	for i := range f.Fields {
		if c := f.Fields[i].deep(name); c.Show != "" {
			return c
		}
	}
	return &pdml{}
}

// elements are the members of a list.
func (f *pdml) elements() []*pdml {
	var all []*pdml
	for i := range f.Fields {
		if f.Fields[i].Name != "opcua.variant.ArraySize" {
			all = append(all, &f.Fields[i])
		}
	}
	return all
}

func (f *pdml) octets() []byte {
	b, _ := hex.DecodeString(f.Value)
	return b
}

// opcuaWord turns the judge's word "NodeClass (0x2)" into ours.
func opcuaWord(said string) string {
	said, _, _ = strings.Cut(said, " ")
	var b strings.Builder
	for i, c := range said {
		if c >= 'A' && c <= 'Z' && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(c)
	}
	return strings.ToLower(b.String())
}

// opcuaID writes a NodeId.
func opcuaID(f *pdml) string {
	prefix := ""
	if ns := f.at("opcua.nodeid.nsindex").Show; ns != "" && ns != "0" {
		prefix = "ns=" + ns + ";"
	}
	for kind, name := range map[string]string{"i": "numeric", "s": "string", "g": "guid", "b": "bytestring"} {
		if v := f.at("opcua.nodeid." + name); name == "bytestring" && v.Name != "" {
			return prefix + "b=" + base64.StdEncoding.EncodeToString(v.octets())
		} else if v.Name != "" {
			return prefix + kind + "=" + v.Show
		}
	}
	return ""
}

func opcuaValueID(f *pdml) string {
	text := opcuaID(f.at("NodeId:"))
	if a := asNumber(f.at("opcua.AttributeId").Show); a != 13 {
		word := opcuaWord(strings.TrimPrefix(f.at("opcua.AttributeId").Said, "AttributeId: "))
		if word == "" || strings.HasPrefix(word, "unknown") {
			word = fmt.Sprint("attribute-", a)
		}
		text += "/" + word
	}
	if part := f.at("opcua.IndexRange").Show; part != "" {
		text += "[" + part + "]"
	}
	return text
}

func opcuaName(f *pdml) string {
	return f.at("opcua.qualname.Id").Show + ":" + f.at("opcua.qualname.Name").Show
}

func opcuaSource(f *pdml) string { return opcuaID(f.at("SourceNodeId:")) }

// opcuaLists are the lists of requests whose members are operations, and how a
// member is named.
var opcuaLists = map[int]struct {
	list   string
	object func(f *pdml) string
}{
	488: {"NodesToAdd:", func(f *pdml) string {
		if id := opcuaID(f.at("RequestedNewNodeId:")); !strings.HasSuffix(id, "i=0") {
			return id
		}
		return opcuaID(f.at("ParentNodeId:")) + "/" + opcuaName(f.at("BrowseName:"))
	}},
	494: {"ReferencesToAdd:", opcuaSource},
	506: {"ReferencesToDelete:", opcuaSource},
	560: {"NodesToRegister:", opcuaID},
	566: {"NodesToUnregister:", opcuaID},
	700: {"HistoryUpdateDetails:", func(f *pdml) string { return opcuaID(f.deep("NodeId:")) }},
	500: {"NodesToDelete:", func(f *pdml) string { return opcuaID(f.at("NodeId:")) }},
	527: {"NodesToBrowse:", func(f *pdml) string { return opcuaID(f.at("NodeId:")) }},
	533: {"ContinuationPoints:", func(*pdml) string { return "" }},
	554: {"BrowsePaths:", func(f *pdml) string {
		text := opcuaID(f.at("StartingNode:"))
		for _, e := range f.at("RelativePath:").at("Elements:").elements() {
			text += "/" + opcuaName(e.at("TargetName:"))
		}
		return text
	}},
	631: {"NodesToRead:", opcuaValueID},
	664: {"NodesToRead:", func(f *pdml) string { return opcuaID(f.at("NodeId:")) }},
	673: {"NodesToWrite:", opcuaValueID},
	712: {"MethodsToCall:", func(f *pdml) string { return opcuaID(f.at("ObjectId:")) + "/" + opcuaID(f.at("MethodId:")) }},
	751: {"ItemsToCreate:", func(f *pdml) string { return opcuaValueID(f.at("ItemToMonitor:")) }},
}

// opcuaOutcome is what a status code means, in the judge's own words.
func opcuaOutcome(f *pdml) string {
	n, err := strconv.ParseUint(f.Show, 0, 64)
	if err != nil || n&0x80000000 == 0 {
		return "ok"
	}
	if _, word, ok := strings.Cut(f.Said, "[Bad"); ok {
		return "error:bad-" + opcuaWord(strings.TrimSuffix(word, "]"))
	}
	return fmt.Sprintf("error:0x%x", n&0xffff0000)
}

// opcuaTypes are the types whose values are shown, by number.
var opcuaTypes = map[int]struct {
	field  string
	signed bool
}{
	1: {"Boolean", false}, 2: {"SByte", true}, 3: {"Byte", false}, 4: {"Int16", true}, 5: {"UInt16", false}, 6: {"Int32", true},
	7: {"UInt32", false}, 8: {"Int64", true}, 9: {"UInt64", false}, 10: {"Float", false}, 11: {"Double", false}, 13: {"DateTime", true},
	19: {"StatusCode", false},
}

// opcuaValues gives the numbers of a Variant, from the bytes the judge found them in.
func opcuaValues(v *pdml) string {
	kind := asNumber(v.at("opcua.variant.has_value").Show)
	t, ok := opcuaTypes[kind&0x3f]
	if !ok {
		return opcuaTexts(v, kind)
	}
	holder := v
	if kind&0x80 != 0 {
		holder = v.at(t.field + ":")
	}
	var all []string
	for i := range holder.Fields {
		f := &holder.Fields[i]
		if f.Name != "opcua."+t.field {
			continue
		}
		b := f.octets()
		slices.Reverse(b)
		n := new(big.Int).SetBytes(b)
		if t.signed && len(b) > 0 && b[0]&0x80 != 0 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
		all = append(all, n.String())
	}
	return list(all)
}

// opcuaTold is a value, but for texts of a name that speaks of a secret.
func opcuaTold(op *judged, v *pdml) string {
	values := opcuaValues(v)
	if lower := strings.ToLower(op.object); strings.Contains(values, `"`) && (strings.Contains(lower, "passw") || strings.Contains(lower, "pwd")) {
		return ""
	}
	return values
}

// opcuaTexts gives the texts of a Variant that is text.
func opcuaTexts(v *pdml, kind int) string {
	holder, field := v, map[int]string{12: "String", 21: "LocalizedText"}[kind&0x3f]
	if field == "" {
		return ""
	}
	if kind&0x80 != 0 {
		holder = v.at(field + ":")
	}
	var all []string
	for i := range holder.Fields {
		switch f := &holder.Fields[i]; {
		case len(all) == firedoor.MaxTexts:
		case f.Name == "opcua.String" && string(f.octets()) == "\xff\xff\xff\xff": // that there is none
			all = append(all, "")
		case f.Name == "opcua.String":
			all = append(all, string(f.octets()))
		case len(f.Fields) > 0 && field == "LocalizedText":
			all = append(all, string(f.at("opcua.loctext.Text").octets()))
		}
	}
	return textList(all)
}

// opcuaJudge derives the operations from the judge's fields.
type opcuaJudge struct {
	all     []*judged
	waiting map[string][][]*judged
}

func (j *opcuaJudge) frame(f *pdmlFrame) {
	base := judged{protocol: "opcua"}
	var ip, tcp, about *pdml
	for i := range f.Protos {
		switch p := &f.Protos[i]; p.Name {
		case "frame":
			about = p
		case "ip", "ipv6":
			ip = p
		case "tcp":
			tcp = p
		case "opcua":
			seconds, nanos, _ := strings.Cut(about.at("frame.time_epoch").Show, ".")
			base.nanos = int64(asNumber(seconds))*1e9 + int64(asNumber("1"+nanos)) - 1e9
			base.time = time.Unix(0, base.nanos).UTC().Format("2006-01-02T15:04:05.000000000Z")
			src, dst := asNumber(tcp.at("tcp.srcport").Show), asNumber(tcp.at("tcp.dstport").Show)
			base.flow = flowName(ip.at(ip.Name+".src").Show, src, ip.at(ip.Name+".dst").Show, dst)
			j.message(p, base, asNumber(about.at("frame.number").Show), dst == opcuaPort)
		}
	}
}

const opcuaPort = 4840

func (j *opcuaJudge) message(m *pdml, op judged, frame int, toServer bool) {
	kind := m.at("opcua.transport.type").Show
	service := m.at("OpcUa Service")
	if service.Show == "" {
		service = m.at("Message :")
	}
	if kind != "OPN" && kind != "MSG" && kind != "CLO" {
		return
	}
	code := asNumber(service.at("TypeId").at("opcua.servicenodeid.numeric").Show)
	key := op.flow + " " + m.at("opcua.security.rqid").Show
	if uri := m.at("opcua.security.spu").Show; kind == "OPN" && !strings.HasSuffix(uri, "#None") {
		code, key = 449, op.flow+" encrypted" // what is asked for is known by the type of message alone
		if toServer {
			code = 446
		}
	}
	if kind == "CLO" {
		code = 452
	}
	body := &pdml{}
	if len(service.Fields) > 1 {
		body = &service.Fields[1]
	}
	switch {
	case code < 0: // encrypted, or not the end of a message
	case code == 397 || slices.Contains([]int{449, 12209, 12212}, code) || code != 446 && kind != "CLO" && !strings.HasSuffix(body.Show, "Request"):
		j.answer(body, op, code, frame, key)
	default:
		op.code, op.frame, op.outcome = code, frame, "no-response"
		ops := opcuaRequest(m, body, op)
		j.all = append(j.all, ops...)
		if kind == "CLO" {
			op.outcome = "ok" // none is sent
			ops[0].outcome = "ok"
			return
		}
		j.waiting[key] = append(j.waiting[key], ops)
	}
}

// opcuaRequest gives the operations of a request.
func opcuaRequest(m, body *pdml, op judged) []*judged {
	members := opcuaLists[op.code]
	if members.list == "" {
		switch op.code {
		case 446:
			_, policy, _ := strings.Cut(m.at("opcua.security.spu").Show, "#")
			op.object = "policy:" + policy
		case 467:
			token := body.at("UserIdentityToken:").at("TypeId").at("opcua.nodeid.numeric").Show
			op.object = "user-token:" + map[string]string{"0": "anonymous", "321": "anonymous", "324": "user-name", "327": "certificate", "940": "issued"}[token]
		}
		return []*judged{&op}
	}
	var ops []*judged
	elements := body.at(members.list).elements()
	for i, e := range elements {
		one := op
		one.object = members.object(e)
		if len(elements) > 1 {
			one.item = i + 1
		}
		if op.code == 673 {
			one.values = opcuaTold(&one, e.at("Value: DataValue").at("Value: Variant"))
		}
		var arguments []string
		for _, a := range e.at("InputArguments:").elements() {
			if asNumber(a.at("opcua.variant.has_value").Show)&0x3f == 12 { // texts of calls are not told
				arguments = append(arguments, "")
				continue
			}
			arguments = append(arguments, strings.Trim(opcuaValues(a), "[]"))
		}
		if one.values == "" && !slices.Contains(arguments, "") {
			one.values = list(arguments)
		}
		ops = append(ops, &one)
	}
	if len(ops) == 0 {
		ops = []*judged{&op}
	}
	return ops
}

func (j *opcuaJudge) answer(body *pdml, op judged, code, frame int, key string) {
	queue := j.waiting[key]
	for len(queue) > 0 && op.nanos-queue[0][0].nanos > judgeWait {
		queue = queue[1:]
	}
	outcome := opcuaOutcome(body.deep("opcua.ServiceResult"))
	results := body.at("Results:").elements()
	if len(queue) == 0 {
		op.code, op.response, op.partial, op.outcome = code-3, frame, true, outcome
		if code == 397 || code > 1000 {
			op.code = code
		}
		j.all = append(j.all, &op)
		return
	}
	ops := queue[0]
	j.waiting[key] = queue[1:]
	for i, o := range ops {
		o.response, o.outcome = frame, outcome
		if outcome != "ok" || i >= len(results) || opcuaLists[o.code].list == "" && o.code != 841 {
			continue
		}
		r := results[i]
		if r.Name != "" { // the list holds nothing but codes
			o.outcome = opcuaOutcome(r)
		} else if s := r.at("opcua.StatusCode"); s.Show != "" {
			o.outcome = opcuaOutcome(s)
		}
		if o.code == 631 && o.outcome == "ok" {
			o.values = opcuaTold(o, r.at("Value: Variant"))
		}
	}
}

// opcuaByJudge reads a capture with the judge.
func opcuaByJudge(path string) ([]*judged, error) {
	if holdsNone(path, opcuaFilter) {
		return nil, nil
	}
	cmd := exec.Command("tshark", "-n", "-r", path, "-Y", opcuaFilter, "-T", "pdml")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var all struct {
		Packets []pdmlFrame `xml:"packet"`
	}
	if err := xml.Unmarshal(out, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	j := opcuaJudge{waiting: map[string][][]*judged{}}
	for i := range all.Packets {
		j.frame(&all.Packets[i])
	}
	return j.all, nil
}

// TestJudgeOPCUA compares every operation of OPC UA with what tshark reads.
func TestJudgeOPCUA(t *testing.T) {
	root := judgeCorpus(t)
	a := alone{protocol: "opcua"}
	judge := func(path string, b []byte) {
		if !mayHold(b, opcuaPort) || !bytes.Contains(b, []byte("MSGF")) {
			return
		}
		want, err := opcuaByJudge(path)
		if err != nil {
			t.Error(err)
			return
		}
		a.compare(t, path, want, a.ours(t, path))
	}
	eachJudged(t, root, "", judge)
	// The corpus has a third of the services. The product's own captures have all.
	a.own = true
	for _, name := range []string{"poll", "services"} {
		path := filepath.Join("..", "..", "internal", "protocol", "opcua", "testdata", name+".pcap")
		b, err := corpus.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		judge(path, b)
	}
	a.settle(t, judgedFields)
}
