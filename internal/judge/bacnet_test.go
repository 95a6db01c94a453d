package judge

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const bacnetPort = 47808

// Services of BACnet that are read in a way of their own.
var (
	bacnetReports   = []int{1, 2, 31, 32}         // confirmed notifications: samples
	bacnetUnasked   = []int{0, 1, 2, 3, 11, 12}   // unconfirmed ones, and announcements
	bacnetFiles     = []int{6, 7}                 //
	bacnetNoObjects = []int{3, 4, 13, 17, 20}     // and what follows says nothing about one
	bacnetWrites    = []int{8, 9, 15, 16}         //
	bacnetOneObject = []int{0, 5, 10, 11, 27, 29} //
)

// pdmlField is a field as `tshark -T pdml` writes it: its tree is that of the
// message, which the flat lists of other formats are not.
type pdmlField struct {
	Name     string      `xml:"name,attr"`
	Show     string      `xml:"show,attr"`
	ShowName string      `xml:"showname,attr"`
	Value    string      `xml:"value,attr"`
	Pos      int         `xml:"pos,attr"` // in the frame, or in what was put together
	Fields   []pdmlField `xml:"field"`
}

type pdmlPacket struct {
	Protos []pdmlField `xml:"proto"`
}

func (f *pdmlField) label() string {
	if f.ShowName != "" {
		return f.ShowName
	}
	return f.Show
}

// find returns the first field of the name in the tree.
func (f *pdmlField) find(name string) *pdmlField {
	for i := range f.Fields {
		if f.Fields[i].Name == name {
			return &f.Fields[i]
		}
		if g := f.Fields[i].find(name); g != nil {
			return g
		}
	}
	return nil
}

func (f *pdmlField) number(name string) int {
	if g := f.find(name); g != nil {
		return asNumber(g.Show)
	}
	return -1
}

func (p *pdmlPacket) proto(name string) *pdmlField {
	for i := range p.Protos {
		if p.Protos[i].Name == name {
			return &p.Protos[i]
		}
	}
	return nil
}

// bacnetToken is one tag of a message as the judge reads it.
type bacnetToken struct {
	kind   byte // o object, p property, i array index, ( and ) enclose, a application, c context
	number int
	label  string
	head   string // of its tag
	text   string // of an object or property
	value  []byte
}

var bacnetLabel = regexp.MustCompile(`^(.*) \((\d+)\)$`)

// bacnetTokens flattens the tree.
func bacnetTokens(fields []pdmlField, all []bacnetToken) []bacnetToken {
	for i := range fields {
		f := &fields[i]
		label := f.label()
		if strings.HasPrefix(label, "{[") || strings.HasPrefix(label, "}[") {
			kind := byte('(')
			if label[0] == '}' {
				kind = ')'
			}
			all = append(all, bacnetToken{kind: kind, number: f.number("bacapp.context_tag_number")})
			continue
		}
		if t, ok := bacnetTag(f); ok {
			all = append(all, t)
			continue
		}
		all = bacnetTokens(f.Fields, all)
	}
	return all
}

// bacnetTag reads a field that stands for a tag; the tag itself is its first part.
func bacnetTag(f *pdmlField) (t bacnetToken, ok bool) {
	for i := range f.Fields {
		head := &f.Fields[i]
		switch {
		case strings.HasPrefix(head.label(), "Context Tag:"):
			t = bacnetToken{kind: 'c', number: head.number("bacapp.context_tag_number")}
		case strings.HasPrefix(head.label(), "Application Tag:"):
			t = bacnetToken{kind: 'a', number: head.number("bacapp.application_tag_number")}
		default:
			continue
		}
		t.label, t.head = f.label(), head.label()
		whole, _ := hex.DecodeString(f.Value)
		tag, _ := hex.DecodeString(head.Value)
		t.value = whole[min(len(whole), len(tag)):]
		if len(whole) == len(tag) {
			t.value = tag[len(tag):]
			if t.number == 1 && t.kind == 'a' && len(tag) == 1 {
				t.value = tag // a boolean's value is in its tag
			}
		}
		if set := f.find("bacapp.string_character_set"); set != nil && t.kind == 'a' {
			t.text = bacnetText(set.Show, tag, whole)
		}
		if id := f.find("bacapp.objectType"); id != nil && f.find("bacapp.instance_number") != nil {
			t.kind = 'o'
			t.text = bacnetWord(id.ShowName, "Object Type: ", 128, "type-") + ":" + f.find("bacapp.instance_number").Show
		}
		if p := f.find("bacapp.property_identifier"); p != nil {
			t.kind = 'p'
			t.text = bacnetWord(p.ShowName, "Property Identifier: ", 512, "property-")
		}
		if strings.HasPrefix(t.label, "property Array Index") {
			t.kind = 'i'
		}
		return t, true
	}
	return t, false
}

// bacnetWord takes the word out of "... = Object Type: device (8)".
func bacnetWord(label, before string, private int, prefix string) string {
	_, label, _ = strings.Cut(label, before)
	m := bacnetLabel.FindStringSubmatch(label)
	if m == nil {
		return label
	}
	if n := asNumber(m[2]); n >= private && n < 4194304 || strings.HasPrefix(m[1], "Unknown") {
		return prefix + m[2]
	}
	return strings.ReplaceAll(strings.ToLower(m[1]), " - ", "-")
}

// bacnetRef is one object of a message, with what is said of it.
type bacnetRef struct {
	object string
	values string
	failed string // the error of this one
}

// bacnetRefs reads objects with their properties and values. A value stands
// between the tags of the number given.
func bacnetRefs(tokens []bacnetToken, valueIn int) []bacnetRef {
	var all []bacnetRef
	object, property := "", ""
	for i := 0; i < len(tokens); i++ {
		t := &tokens[i]
		switch {
		case t.kind == 'o':
			object, property = t.text, ""
		case t.kind == 'p':
			property = t.text
			all = append(all, bacnetRef{object: object + "/" + property})
		case t.kind == 'i' && len(all) > 0:
			all[len(all)-1].object += fmt.Sprintf("[%d]", bacnetUint(t.value))
		case t.kind == '(' && property != "" && (t.number == valueIn || t.number == 5) && len(all) > 0:
			end := bacnetEnd(tokens, i)
			if t.number == valueIn {
				all[len(all)-1].values = bacnetValues(tokens[i+1 : end])
			} else if valueIn == 4 {
				all[len(all)-1].failed = bacnetErrorIn(tokens[i+1 : end])
			}
			i = end
		}
	}
	return all
}

// bacnetEnd finds where what opens at i closes.
func bacnetEnd(tokens []bacnetToken, i int) int {
	depth := 0
	for ; i < len(tokens); i++ {
		switch tokens[i].kind {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(tokens)
}

func bacnetErrorIn(tokens []bacnetToken) string {
	for i := range tokens {
		if strings.HasPrefix(tokens[i].label, "Error Code:") {
			return "error:" + bacnetWord(tokens[i].label, "Error Code: ", 256, "0x")
		}
	}
	return ""
}

func bacnetUint(b []byte) (v uint64) {
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v
}

// bacnetValues gives the numbers of a list of one type.
func bacnetValues(tokens []bacnetToken) string {
	var all, texts []string
	for i := range tokens {
		t := &tokens[i]
		number := t.number
		if t.kind == 'o' && len(t.value) >= 4 { // an object identifier as a value
			all, number = append(all, fmt.Sprint(binary.BigEndian.Uint32(t.value[len(t.value)-4:]))), 12
		} else if t.kind != 'a' && t.kind != 'p' && t.kind != 'i' {
			return ""
		} else {
			switch number {
			case 1:
				all = append(all, fmt.Sprint(t.value[0]&1))
			case 2, 9, 4, 5:
				all = append(all, strconv.FormatUint(bacnetUint(t.value), 10))
			case 3:
				shift := 64 - 8*len(t.value)
				all = append(all, strconv.FormatInt(int64(bacnetUint(t.value)<<shift)>>shift, 10))
			case 8:
				if len(tokens) != 1 || len(t.value) < 2 {
					return ""
				}
				b := slices.Clone(t.value[1:])
				for k := range b {
					b[k] = bits.Reverse8(b[k])
				}
				return bitList(b, 8*len(b)-int(t.value[0]))
			case 7:
				texts = append(texts, t.text)
			default:
				return ""
			}
		}
		if number != tokens[0].number {
			return ""
		}
	}
	return list(all) + textList(texts)
}

// bacnetText is a text, with its tag and character set before it or, as the judge shows
// some, without.
func bacnetText(set string, tag, b []byte) string {
	if bytes.HasPrefix(b, tag) && len(tag) > 0 {
		b = b[min(len(b), len(tag)+1):]
	}
	var all []rune
	switch set {
	case "4":
		for ; len(b) >= 2; b = b[2:] {
			all = append(all, rune(binary.BigEndian.Uint16(b)))
		}
	case "5":
		for _, c := range b {
			all = append(all, rune(c))
		}
	default:
		return string(b)
	}
	return string(all)
}

// bacnetAsk is a request that waits.
type bacnetAsk struct {
	service int
	silent  bool
	ops     []*judged
	nanos   int64
}

// bacnetJudge derives the operations from the judge's trees.
type bacnetJudge struct {
	all     []*judged
	waiting map[string]*bacnetAsk
}

// bacnetSight is one message and who sent it.
type bacnetSight struct {
	base     judged
	src, dst string
	to, from string // units
	app      *pdmlField
	tokens   []bacnetToken
}

func (j *bacnetJudge) packet(p *pdmlPacket) {
	about, ip, udp := p.proto("frame"), p.proto("ip"), p.proto("udp")
	if ip == nil || udp == nil || p.proto("icmp") != nil {
		return // Ethernet with LLC, and quotations
	}
	seconds, nanos, _ := strings.Cut(about.find("frame.time_epoch").Show, ".")
	s, _ := strconv.ParseInt(seconds, 10, 64)
	n, _ := strconv.ParseInt((nanos + "000000000")[:9], 10, 64)
	from, to := ip.find("ip.src").Show, ip.find("ip.dst").Show
	fromPort, toPort := udp.number("udp.srcport"), udp.number("udp.dstport")
	base := judged{
		protocol: "bacnet", flow: flowName(from, fromPort, to, toPort), frame: about.number("frame.number"),
		time: time.Unix(s, n).UTC().Format("2006-01-02T15:04:05.000000000Z"), nanos: s*1e9 + n,
	}
	m := &bacnetSight{base: base, src: fmt.Sprint(from, ":", fromPort), dst: fmt.Sprint(to, ":", toPort), app: p.proto("bacapp")}
	if net := p.proto("bacnet"); net != nil {
		m.to, m.from = bacnetUnit(net, "d"), bacnetUnit(net, "s")
	}
	if m.app != nil {
		m.tokens = bacnetTokens(m.app.Fields, nil)
		j.application(m)
		return
	}
	if net := p.proto("bacnet"); net != nil && net.number("bacnet.mesgtyp") >= 0 {
		j.network(m, net)
	}
}

// bacnetUnit is a device behind a router, "" for none.
func bacnetUnit(net *pdmlField, end string) string {
	number := net.number("bacnet." + end + "net")
	if number < 0 || number == 0xffff {
		return ""
	}
	octet := uint64(0)
	if a := net.find("bacnet." + end + "adr_mstp"); a != nil {
		octet = uint64(asNumber(a.Show))
	} else if a := net.find("bacnet." + end + "adr_tmp"); a != nil {
		for _, c := range octets(a.Show) {
			octet ^= uint64(c)
		}
	}
	return fmt.Sprint(uint64(number)<<8 | octet)
}

// network is a message between routers.
func (j *bacnetJudge) network(m *bacnetSight, net *pdmlField) {
	kind := net.number("bacnet.mesgtyp")
	if slices.Contains([]int{1, 2, 3, 0x13}, kind) {
		return
	}
	op := m.base
	op.code, op.outcome = 0x300+kind, "ok"
	j.all = append(j.all, &op)
}

func (j *bacnetJudge) application(m *bacnetSight) {
	kind, invoke := m.app.number("bacapp.type"), m.app.number("bacapp.invoke_id")
	service := m.app.number("bacapp.confirmed_service")
	if m.app.number("bacapp.more_segments") == 1 && (kind == 0 || kind == 3) {
		return // not the last part
	}
	switch kind {
	case 0:
		key := fmt.Sprint(m.src, " ", m.dst, " ", invoke)
		a := &bacnetAsk{service: service, silent: slices.Contains(bacnetReports, service), nanos: m.base.nanos}
		j.waiting[key] = a
		if a.silent {
			return
		}
		op := m.base
		op.code, op.outcome, op.unit = service, "no-response", m.to
		a.ops = bacnetRequest(op, m.tokens)
		j.all = append(j.all, a.ops...)
	case 1:
		service = m.app.number("bacapp.unconfirmed_service")
		if !slices.Contains(bacnetUnasked, service) {
			op := m.base
			op.code, op.outcome, op.unit = 0x100+service, "ok", m.to
			j.all = append(j.all, bacnetCall(op, service, m)...)
		}
	case 2, 3, 5, 6, 7:
		j.answer(m, kind, service, fmt.Sprint(m.dst, " ", m.src, " ", invoke))
	}
}

// bacnetRequest gives the operations of a confirmed request.
func bacnetRequest(op judged, tokens []bacnetToken) []*judged {
	one := func(object string) []*judged { op.object = object; return []*judged{&op} }
	object := ""
	for i := range tokens {
		if tokens[i].kind == 'o' {
			object = tokens[i].text
			break
		}
	}
	context := func(label string) string {
		for i := range tokens {
			if strings.HasPrefix(tokens[i].label, label) {
				return fmt.Sprint(bacnetUint(tokens[i].value))
			}
		}
		return ""
	}
	switch {
	case op.code == 18:
		return one("vendor:" + context("Vendor ID") + "/service:" + context("service Number"))
	case op.code == 19:
		return one(object)
	case op.code == 17:
		op.values = list([]string{context("enable")})
		return one("")
	case op.code == 20:
		op.values = list([]string{context("reinitialized")})
		return one("")
	case op.code == 0:
		op.values = list([]string{context("event State Ack")})
		return one(object)
	case op.code == 27:
		op.values = list([]string{context("request:")})
		return one(object)
	case slices.Contains(bacnetFiles, op.code):
		op.quantity = bacnetFileSize(tokens)
		return one(object)
	case slices.Contains(bacnetOneObject, op.code):
		return one(object)
	case slices.Contains(bacnetNoObjects, op.code):
		return one("")
	}
	valueIn := 3
	if op.code == 16 {
		valueIn = 2
	}
	refs := bacnetRefs(tokens, valueIn)
	if len(refs) == 0 {
		return one("")
	}
	var all []*judged
	for i := range refs {
		this := op
		this.object = refs[i].object
		if slices.Contains(bacnetWrites, op.code) {
			this.values = refs[i].values
		}
		if op.code == 26 {
			this.quantity = bacnetRange(tokens)
		}
		if len(refs) > 1 {
			this.item = i + 1
		}
		all = append(all, &this)
	}
	return all
}

// bacnetFileSize is how much of a file is asked for or written.
func bacnetFileSize(tokens []bacnetToken) string {
	size := regexp.MustCompile(`Length/Value/Type: (\d+)`)
	for i := range tokens {
		t := &tokens[i]
		if t.kind == 'a' && t.number == 2 {
			return fmt.Sprint(bacnetUint(t.value))
		}
		if t.kind == 'a' && t.number == 6 {
			if m := size.FindStringSubmatch(t.head); m != nil {
				return m[1]
			}
			return fmt.Sprint(len(t.value))
		}
	}
	return ""
}

// bacnetRange is how many records are asked for: the last number in the brackets.
func bacnetRange(tokens []bacnetToken) string {
	for i := len(tokens) - 1; i >= 0; i-- {
		if t := &tokens[i]; t.kind == 'a' && t.number == 3 {
			shift := 64 - 8*len(t.value)
			n := int64(bacnetUint(t.value)<<shift) >> shift
			return fmt.Sprint(max(n, -n))
		}
	}
	return ""
}

// bacnetCall gives the operations of an unconfirmed message.
func bacnetCall(op judged, service int, m *bacnetSight) []*judged {
	switch service {
	case 8, 7:
		low, high := m.app.number("bacapp.who_is.low_limit"), m.app.number("bacapp.who_is.high_limit")
		if service == 8 && low >= 0 && high >= low {
			op.object, op.quantity = fmt.Sprint("devices:", low), fmt.Sprint(high-low+1)
		}
		if name := m.app.find("bacapp.object_name"); service == 7 && name != nil {
			op.object = "name:" + name.Show
		} else if service == 7 {
			code := op.code
			op.code = 11
			all := bacnetRequest(op, m.tokens)
			all[0].code = code
			return all
		}
	case 4, 5, 14:
		as := map[int]int{4: 18, 5: 19, 14: 11}[service]
		code := op.code
		op.code = as
		all := bacnetRequest(op, m.tokens)
		all[0].code = code
		return all
	case 10:
		return bacnetGroup(op, m.tokens)
	}
	return []*judged{&op}
}

func bacnetGroup(op judged, tokens []bacnetToken) []*judged {
	var all []*judged
	group := uint64(0)
	for i := range tokens {
		switch t := &tokens[i]; {
		case strings.HasPrefix(t.label, "Group number"):
			group = bacnetUint(t.value)
		case strings.HasPrefix(t.label, "Channel"):
			this := op
			this.object = fmt.Sprintf("group:%d/channel:%d", group, bacnetUint(t.value))
			all = append(all, &this)
		case t.kind == 'a' && len(all) > 0:
			all[len(all)-1].values = bacnetValues(tokens[i : i+1])
		}
	}
	for i := range all {
		if len(all) > 1 {
			all[i].item = i + 1
		}
	}
	return all
}

// answer joins an answer to the newest request of its number.
func (j *bacnetJudge) answer(m *bacnetSight, kind, service int, key string) {
	a := j.waiting[key]
	delete(j.waiting, key)
	if a != nil && (kind < 6 && a.service != service) {
		a = nil
	}
	if a != nil && a.silent || a == nil && slices.Contains(bacnetReports, service) {
		return
	}
	outcome := "ok"
	switch kind {
	case 5:
		outcome = bacnetErrorIn(m.tokens)
	case 6:
		outcome = "error:" + bacnetWord(m.app.find("bacapp.reject_reason").ShowName, "Reject Reason: ", 64, "0x")
		service = 255
	case 7:
		outcome = "error:" + bacnetWord(m.app.find("bacapp.abort_reason").ShowName, "Abort Reason: ", 64, "0x")
		service = 255
	}
	valueIn := 3
	if service == 14 {
		valueIn = 4
	}
	var refs []bacnetRef
	if kind == 3 && slices.Contains([]int{12, 14, 26}, service) {
		refs = bacnetRefs(m.tokens, valueIn)
	}
	if a == nil || m.base.nanos-a.nanos > judgeWait {
		j.unasked(m, service, outcome, refs)
		return
	}
	if service == 12 && len(refs) == 1 && refs[0].object != a.ops[0].object {
		j.unasked(m, service, outcome, refs)
		return
	}
	for _, op := range a.ops {
		op.response, op.outcome = m.base.frame, outcome
		if service == 14 && kind == 3 {
			op.outcome = "no-response"
		}
		for i := range refs {
			if refs[i].object == op.object && service != 26 {
				if op.outcome, op.values = "ok", refs[i].values; refs[i].failed != "" {
					op.outcome = refs[i].failed
				}
				break
			}
		}
	}
}

// unasked is an answer whose request nobody saw.
func (j *bacnetJudge) unasked(m *bacnetSight, service int, outcome string, refs []bacnetRef) {
	op := m.base
	op.frame, op.response, op.partial, op.code, op.outcome, op.unit = 0, m.base.frame, true, service, outcome, m.from
	if len(refs) == 0 {
		j.all = append(j.all, &op)
		return
	}
	for i := range refs {
		this := op
		this.object, this.values = refs[i].object, refs[i].values
		if refs[i].failed != "" {
			this.outcome = refs[i].failed
		}
		if len(refs) > 1 {
			this.item = i + 1
		}
		j.all = append(j.all, &this)
	}
}

// plainReader replaces what XML must not hold: the judge writes texts as they came.
type plainReader struct{ r io.Reader }

func (p plainReader) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	for i, c := range b[:n] {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c > '~' {
			b[i] = '?'
		}
	}
	return n, err
}

// bacnetByJudge runs the judge over a capture.
func bacnetByJudge(path string) ([]*judged, error) {
	j := bacnetJudge{waiting: map[string]*bacnetAsk{}}
	err := askTrees(path, bacnetFilter, j.packet)
	return j.all, err
}

// askTrees asks the judge for the trees of messages.
func askTrees(path, filter string, take func(*pdmlPacket)) error {
	if holdsNone(path, filter) {
		return nil
	}
	cmd := exec.Command("tshark", "-n", "-r", path, "-Y", filter, "-T", "pdml")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	d := xml.NewDecoder(plainReader{out})
	for err == nil {
		var t xml.Token
		t, err = d.Token()
		if s, ok := t.(xml.StartElement); ok && s.Name.Local == "packet" {
			var p pdmlPacket
			if err = d.DecodeElement(&p, &s); err == nil {
				take(&p)
			}
		}
	}
	if _, drained := io.Copy(io.Discard, out); drained != nil { // or it would wait for ever
		return drained
	}
	wait := cmd.Wait()
	var exit *exec.ExitError
	if wait != nil && !(errors.As(wait, &exit) && exit.ExitCode() == 2) {
		return fmt.Errorf("%s: %w", path, wait)
	}
	if !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// TestJudgeBACnet compares every operation of BACnet with what tshark reads.
func TestJudgeBACnet(t *testing.T) {
	root := judgeCorpus(t)
	a := alone{protocol: "bacnet", mine: func(e *eventLine) bool { return e.Code < 0x200 || e.Code >= 0x300 }}
	eachJudged(t, root, "", func(path string, b []byte) {
		got := a.ours(t, path)
		if !mayHold(b, bacnetPort) && len(got) == 0 {
			return
		}
		want, err := bacnetByJudge(path)
		if err != nil {
			t.Error(err)
			return
		}
		a.compare(t, path, want, got)
	})
	a.settle(t, judgedFields)
}
