package judge

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// mqttPorts are the brokers' in the captures; but for the first the judge is told.
var mqttPorts = []int{1883, 17501}

// sparkplugSchema is what the judge needs to read the metrics of Sparkplug B: the
// fields that hold names and values, under the name that it looks for.
const sparkplugSchema = `syntax = "proto2";
package com.cirruslink.sparkplug.protobuf;
message Payload {
  message Metric {
    optional string name = 1;
    optional uint64 alias = 2;
    optional uint32 datatype = 4;
    optional bool is_null = 7;
    optional uint32 int_value = 10;
    optional uint64 long_value = 11;
    optional float float_value = 12;
    optional double double_value = 13;
    optional bool boolean_value = 14;
    optional string string_value = 15;
    optional bytes bytes_value = 16;
  }
  repeated Metric metrics = 2;
}
`

// mqttBirth is what a birth told of a metric.
type mqttBirth struct {
	name string
	code int
}

// mqttJudge derives operations and samples from the judge's fields. A sample is an
// operation whose outcome is "sample".
type mqttJudge struct {
	all     []*judged
	waiting map[string][]*judged
	alias   map[string]string // of topics
	births  map[string]mqttBirth
}

func (j *mqttJudge) frame(f *pdmlFrame) {
	op := judged{protocol: "mqtt"}
	var ip, tcp, about *pdml
	for i := range f.Protos {
		switch p := &f.Protos[i]; p.Name {
		case "frame":
			about = p
		case "ip", "ipv6":
			ip = p
		case "tcp":
			tcp = p
		case "mqtt":
			seconds, nanos, _ := strings.Cut(about.at("frame.time_epoch").Show, ".")
			op.nanos = int64(asNumber(seconds))*1e9 + int64(asNumber("1"+nanos)) - 1e9
			op.time = time.Unix(0, op.nanos).UTC().Format("2006-01-02T15:04:05.000000000Z")
			src, dst := asNumber(tcp.at("tcp.srcport").Show), asNumber(tcp.at("tcp.dstport").Show)
			op.flow = flowName(ip.at(ip.Name+".src").Show, src, ip.at(ip.Name+".dst").Show, dst)
			var metrics []*pdml
			if i+1 < len(f.Protos) && f.Protos[i+1].Name == "sparkplugb" {
				metrics = f.Protos[i+1].every("metrics", nil)
			}
			j.packet(p, metrics, op, asNumber(about.at("frame.number").Show), slices.Contains(mqttPorts, dst))
		}
	}
}

// every collects the fields of a protocol buffer that have a name.
func (f *pdml) every(name string, all []*pdml) []*pdml {
	for i := range f.Fields {
		c := &f.Fields[i]
		if c.at("protobuf.field.name").Show == name {
			all = append(all, c)
			continue
		}
		all = c.every(name, all)
	}
	return all
}

// named returns a field of a metric, nil if it has none.
func (f *pdml) named(name string) *pdml {
	if all := f.every(name, nil); len(all) > 0 {
		return all[0].at("protobuf.field.value")
	}
	return nil
}

var mqttReason = regexp.MustCompile(`: (?:Connection Refused: )?(.*) \((?:0x)?[0-9a-fA-F]+\)$`)

// mqttOutcome turns the judge's words for a reason into ours.
func mqttOutcome(f *pdml) string {
	code := asNumber(f.Show)
	five := strings.HasSuffix(f.Name, "reason_code")
	switch {
	case five && code < 0x80, f.Name == "mqtt.suback.qos" && code < 3, f.Name == "mqtt.conack.val" && code == 0, f.Name == "":
		return "ok"
	case f.Name == "mqtt.suback.qos" && code == 0x80:
		return "error:failure"
	}
	m := mqttReason.FindStringSubmatch(f.Said)
	if m == nil || strings.Contains(m[1], "Unknown") || strings.Contains(m[1], "Reserved") {
		return fmt.Sprintf("error:0x%02x", code)
	}
	return "error:" + strings.ReplaceAll(strings.ToLower(m[1]), " ", "-")
}

// mqttPlain gives the bits of a number or truth value in text.
func mqttPlain(payload []byte) string {
	var v any
	if len(payload) <= 64 && json.Unmarshal(payload, &v) == nil {
		switch v := v.(type) {
		case float64:
			return fmt.Sprintf("[%d]", math.Float64bits(v))
		case bool:
			return mqttTruth(v)
		}
	}
	if s := string(payload); s == "" || len(s) > 256 || !utf8.ValidString(s) || mqttUntold.MatchString(s) {
		return ""
	}
	return textList([]string{string(payload)})
}

// mqttUntold is in payloads that are not told: no text, or one that speaks of a secret.
var mqttUntold = regexp.MustCompile(`[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|(?i:passw|passphrase|pwd|token|secret)|:#`)

func mqttTruth(v bool) string {
	if v {
		return "[1]"
	}
	return "[0]"
}

// ask tells an operation; it waits under the key, unless nothing answers.
func (j *mqttJudge) ask(op judged, frame int, key string) {
	op.frame, op.outcome = frame, "ok"
	j.all = append(j.all, &op)
	if key != "" {
		op.outcome = "no-response"
		j.waiting[key] = append(j.waiting[key], &op)
	}
}

// answer gives all operations that wait under a key their outcomes, in order.
func (j *mqttJudge) answer(key string, frame int, outcomes ...string) {
	for i, op := range j.waiting[key] {
		op.response, op.outcome = frame, outcomes[min(i, len(outcomes)-1)]
	}
	delete(j.waiting, key)
}

// told is all fields of a name, at any depth.
func (f *pdml) told(name string) []*pdml {
	var all []*pdml
	for i := range f.Fields {
		if c := &f.Fields[i]; c.Name == name {
			all = append(all, c)
		} else {
			all = append(all, c.told(name)...)
		}
	}
	return all
}

// packet reads one packet.
func (j *mqttJudge) packet(m *pdml, metrics []*pdml, op judged, frame int, client bool) {
	kind := asNumber(m.deep("mqtt.msgtype").Show)
	op.code = kind
	key := func(kind int) string { return fmt.Sprint(op.flow, " ", kind, " ", m.deep("mqtt.msgid").Show) }
	reason := func(names ...string) *pdml {
		for _, n := range names {
			if f := m.deep(n); f.Show != "" {
				return f
			}
		}
		return &pdml{}
	}
	switch {
	case kind == 1 && client:
		op.object = "client:" + m.at("mqtt.clientid").Show
		for _, g := range []string{"mosq-", "paho/"} {
			if strings.HasPrefix(op.object, "client:"+g) {
				op.object = "client:" + g
			}
		}
		if op.object == "client:" {
			op.object = ""
		}
		if will := m.at("mqtt.willtopic"); will.Show != "" {
			op.item = 1
			j.ask(op, frame, key(1))
			op.item, op.object, op.values = 2, "topic:"+will.Show, mqttPlain(m.at("mqtt.willmsg").octets())
		}
		j.ask(op, frame, key(1))
	case kind == 2:
		outcome := mqttOutcome(reason("mqtt.connack.reason_code", "mqtt.conack.val"))
		j.answer(key(15), frame, outcome)
		j.answer(key(1), frame, outcome)
	case kind == 3:
		j.publish(m, metrics, op, frame, client)
	case kind == 5 && client, kind == 6, client && (kind == 4 || kind == 7):
	case kind == 4, kind == 7, kind == 5:
		outcome := mqttOutcome(reason("mqtt.puback.reason_code", "mqtt.pubrec.reason_code", "mqtt.pubcomp.reason_code"))
		if kind != 5 || outcome != "ok" {
			j.answer(key(3), frame, outcome)
		}
	case kind == 8, kind == 10:
		for i, f := range m.told("mqtt.topic") {
			if op.object = "filter:" + f.Show; len(m.told("mqtt.topic")) > 1 {
				op.item = i + 1
			}
			j.ask(op, frame, key(kind))
		}
	case kind == 9, kind == 11:
		outcomes := []string{}
		for _, name := range []string{"mqtt.suback.qos", "mqtt.suback.reason_code", "mqtt.unsuback.reason_code"} {
			for _, f := range m.told(name) {
				outcomes = append(outcomes, mqttOutcome(f))
			}
		}
		if len(outcomes) == 0 {
			outcomes = []string{"ok"}
		}
		j.answer(key(kind-1), frame, outcomes...)
	case kind == 12:
		j.ask(op, frame, key(12))
	case kind == 13:
		j.answer(key(12), frame, "ok")
	case kind == 14 && client:
		j.ask(op, frame, "")
	case kind == 14:
		f := m.deep("mqtt.disconnect.reason_code")
		j.answer(key(15), frame, mqttOutcome(f))
		op.frame, op.outcome, op.values = frame, "sample", fmt.Sprintf("[%d]", asNumber(f.Show))
		j.all = append(j.all, &op)
	case kind == 15 && client:
		op.object = "method:" + m.deep("mqtt.prop_string").Show
		j.ask(op, frame, key(15))
	case kind == 15:
		j.answer(key(15), frame, mqttOutcome(m.deep("mqtt.auth.reason_code")))
	}
}

// publish reads a PUBLISH and the metrics in it.
func (j *mqttJudge) publish(m *pdml, metrics []*pdml, op judged, frame int, client bool) {
	topic := m.at("mqtt.topic").Show
	if a := m.deep("mqtt.property.topic_alias").Show; a != "" {
		key := fmt.Sprint(op.flow, client, a)
		if topic == "" {
			topic = j.alias[key]
		}
		j.alias[key] = topic
	}
	payload := m.at("mqtt.msg").octets()
	op.object = "topic:" + topic
	key := ""
	if m.deep("mqtt.qos").Show != "0" {
		key = fmt.Sprint(op.flow, " 3 ", m.deep("mqtt.msgid").Show)
		delete(j.waiting, key) // it is published again
	}
	parts := strings.Split(topic, "/")
	if parts[0] != "spBv1.0" || parts[1] == "STATE" {
		if op.values = mqttPlain(payload); mqttUntold.MatchString(topic) {
			op.values = ""
		}
		if parts[0] == "STATE" || parts[0] == "spBv1.0" {
			op.values = mqttTruth(bytes.Equal(payload, []byte("ONLINE")) || bytes.Contains(payload, []byte(`: true`)))
		}
		if client {
			j.ask(op, frame, key)
			return
		}
		op.frame, op.outcome = frame, "sample"
		j.all = append(j.all, &op)
		return
	}
	place := strings.Join(append(parts[1:2:2], parts[3:]...), "/")
	command := strings.HasSuffix(parts[2], "CMD")
	if client && (!command || len(metrics) == 0) {
		j.ask(op, frame, key)
	}
	if !client && len(metrics) == 0 {
		op.frame, op.outcome = frame, "sample"
		j.all = append(j.all, &op)
		return
	}
	for i, f := range metrics {
		one := op
		name, code := j.name(f, op.flow+" "+place, strings.HasSuffix(parts[2], "BIRTH"))
		one.object, one.values = "metric:"+place+":"+name, mqttMetric(f, code)
		if mqttUntold.MatchString(one.object) && strings.Contains(one.values, `"`) {
			one.values = ""
		}
		switch {
		case client && command && name[0] == '#': // of which nobody told
			op.response, op.partial, op.outcome = frame, true, "ok"
			j.all = append(j.all, &op)
			return
		case client && command:
			if len(metrics) > 1 {
				one.item = i + 1
			}
			j.ask(one, frame, key)
		default:
			one.frame, one.outcome = frame, "sample"
			j.all = append(j.all, &one)
		}
	}
}

// name gives a metric the name and type that it has or was born with.
func (j *mqttJudge) name(f *pdml, place string, birth bool) (string, int) {
	name, alias, code := "", "", 0
	if v := f.named("name"); v != nil {
		name = v.at("protobuf.field.value.string").Show
	}
	if v := f.named("alias"); v != nil {
		alias = v.at("protobuf.field.value.uint64").Show
	}
	if v := f.named("datatype"); v != nil {
		code = asNumber(v.at("protobuf.field.value.uint32").Show)
	}
	if birth {
		b := mqttBirth{name, code}
		j.births[place+" #"+alias], j.births[place+" "+name] = b, b
		return name, code
	}
	b, known := j.births[place+" "+name]
	if name == "" {
		b, known = j.births[place+" #"+alias]
	}
	switch {
	case known && code == 0:
		return b.name, b.code
	case known:
		return b.name, code
	case name == "":
		return "#" + alias, code
	}
	return name, code
}

// mqttWidths are the bits of the types with a sign, singly and in arrays.
var mqttWidths = map[int]int{1: 8, 2: 16, 3: 32, 4: 64}

// mqttMetric gives the value of a metric of a type.
func mqttMetric(f *pdml, code int) string {
	for _, name := range []string{"int_value", "long_value"} {
		if v := f.named(name); v != nil && code < 14 {
			shown := v.at("protobuf.field.value.uint32").Show + v.at("protobuf.field.value.uint64").Show
			n, _ := strconv.ParseUint(shown, 10, 64)
			if w := mqttWidths[code]; w != 0 {
				return fmt.Sprintf("[%d]", int64(n)<<(64-w)>>(64-w))
			}
			return fmt.Sprintf("[%d]", n)
		}
	}
	if v := f.named("float_value"); v != nil {
		return fmt.Sprintf("[%d]", int32(binary.LittleEndian.Uint32(v.octets())))
	}
	if v := f.named("double_value"); v != nil {
		return fmt.Sprintf("[%d]", binary.LittleEndian.Uint64(v.octets()))
	}
	if v := f.named("boolean_value"); v != nil {
		return mqttTruth(v.Value == "01")
	}
	if v := f.named("string_value"); v != nil {
		return textList([]string{v.at("protobuf.field.value.string").Show})
	}
	if v := f.named("bytes_value"); v != nil {
		var all []string
		if code == 32 {
			return textList(strings.Split(strings.TrimSuffix(string(v.octets()), "\x00"), "\x00"))
		}
		for b := v.octets(); code == 23 && len(b) >= 2; b = b[2:] {
			all = append(all, fmt.Sprint(int16(binary.LittleEndian.Uint16(b))))
		}
		for b := v.octets(); code == 30 && len(b) >= 4; b = b[4:] {
			all = append(all, fmt.Sprint(int32(binary.LittleEndian.Uint32(b))))
		}
		if len(all) > 0 {
			return "[" + strings.Join(all, ",") + "]"
		}
	}
	return ""
}

// mqttByJudge reads a capture with the judge.
func mqttByJudge(path, schema string) ([]*judged, error) {
	args := []string{"-n", "-r", path, "-Y", "mqtt", "-T", "pdml", "-o", fmt.Sprintf(`uat:protobuf_search_paths:"%s","TRUE"`, schema)}
	for _, port := range mqttPorts[1:] {
		args = append(args, "-d", fmt.Sprintf("tcp.port==%d,mqtt", port))
	}
	out, err := exec.Command("tshark", args...).Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	// What is nested in another protocol is a field of it, under another name.
	out = bytes.ReplaceAll(out, []byte(`    <proto name="protobuf"`), []byte(`    <field name="protobuf"`))
	out = bytes.ReplaceAll(out, []byte("    </proto>"), []byte("    </field>"))
	var all struct {
		Packets []pdmlFrame `xml:"packet"`
	}
	if err := xml.Unmarshal(out, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	j := mqttJudge{waiting: map[string][]*judged{}, alias: map[string]string{}, births: map[string]mqttBirth{}}
	for i := range all.Packets {
		j.frame(&all.Packets[i])
	}
	return j.all, nil
}

// TestJudgeMQTT compares every operation and sample of MQTT with what tshark reads.
func TestJudgeMQTT(t *testing.T) {
	root := judgeCorpus(t)
	schema := t.TempDir()
	if err := os.WriteFile(filepath.Join(schema, "sparkplug.proto"), []byte(sparkplugSchema), 0o600); err != nil {
		t.Fatal(err)
	}
	var corpora, own score
	counts := make([]int, len(mqttExcuses))
	eachJudged(t, root, "", func(path string, b []byte) {
		if bytes.Contains(b, []byte("MQTT")) || bytes.Contains(b, []byte("MQIsdp")) || mayHold(b, 1883) && strings.Contains(path, "mqtt") {
			judgeMQTT(t, path, schema, &corpora, counts)
		}
	})
	// The corpus has hardly a value and no Sparkplug. The product's own captures have.
	for _, name := range []string{"poll", "sessions", "topics", "five", "sparkplug", "long"} {
		judgeMQTT(t, filepath.Join("..", "..", "internal", "protocol", "mqtt", "testdata", name+".pcap"), schema, &own, counts)
	}
	for i, n := range counts {
		t.Logf("%6d of at most %d: %s (%s)", n, mqttExcuses[i].most, mqttExcuses[i].name, mqttExcuses[i].reason)
		if n > mqttExcuses[i].most {
			t.Errorf("%q: %d differences, at most %d are known", mqttExcuses[i].name, n, mqttExcuses[i].most)
		}
	}
	for _, s := range []score{corpora, own} {
		if s.operations == 0 {
			t.Fatal("nothing to compare")
		}
		t.Logf("operations and samples %d  agree %d  differ %d  missing %d  extra %d", s.operations, s.agree, s.differ, s.missing, s.extra)
	}
	demandShare(t, "mqtt", &corpora)
	keepWithOwn(t, "mqtt", &corpora, &own, judgedFields)
}

func judgeMQTT(t *testing.T, path, schema string, total *score, counts []int) {
	t.Helper()
	lines, err := replayLines(path, "mqtt")
	if err != nil {
		t.Fatal(err)
	}
	var got []*judged
	for i := range lines {
		j := lines[i].judged()
		if lines[i].Kind == "sample" {
			j.outcome = "sample"
		}
		got = append(got, j)
	}
	want, err := mqttByJudge(path, schema)
	if err != nil {
		t.Fatal(err)
	}
	agree, all := compare(filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path), want, got)
	t.Logf("%-50s operations and samples %4d  agree %4d", filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path), len(want), len(agree))
	total.add(path, &score{operations: len(want), agree: len(agree)})
	for i := range all {
		total.count(&all[i])
		class := slices.IndexFunc(mqttExcuses, func(e excuse) bool { return e.fits(&all[i]) })
		if class < 0 {
			t.Errorf("a difference of no known class: %v", &all[i])
			continue
		}
		counts[class]++
	}
}
