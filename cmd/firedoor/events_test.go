package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/plant"
)

// The sentences of docs/formats/events.md.

var exchangeStart = time.Date(2026, time.May, 4, 5, 6, 7, 0, time.UTC)

// writeExchange writes a connection on which a register is read n times.
func writeExchange(t *testing.T, w io.Writer, n int) {
	t.Helper()
	net, err := plant.NewNetNano(w, exchangeStart)
	if err != nil {
		t.Fatal(err)
	}
	client := &plant.Host{Name: "panel", MAC: 0x00a0f8112233, IP: netip.MustParseAddr("10.1.1.9")}
	server := &plant.Host{Name: "controller", MAC: 0x0080f4445566, IP: netip.MustParseAddr("10.1.1.2")}
	c := net.Dial(client, server, 50000, plant.PortModbus)
	for i := range n {
		m := plant.Modbus{Transaction: uint16(i + 1), Unit: 7}
		c.Client(m.Words(nil, plant.ModbusReadHolding, 40, 1))
		net.Wait(1234567 * time.Nanosecond)
		c.Server(m.Registers(nil, plant.ModbusReadHolding, []uint16{800}))
		net.Wait(time.Second)
	}
	c.Close()
	if err := net.Close(); err != nil {
		t.Fatal(err)
	}
}

// member is what a member of an event line may be.
type member struct {
	must bool
	ok   func(v any) bool
}

func isText(v any) bool { s, ok := v.(string); return ok && s != "" }

func isCount(v any) bool {
	n, ok := v.(json.Number)
	if !ok {
		return false
	}
	i, err := n.Int64()
	return err == nil && i >= 0
}

func isPositive(v any) bool { return isCount(v) && v.(json.Number) != "0" }

func isFrame(v any) bool { return v == nil || isPositive(v) }

func isOneOf(words ...string) func(any) bool {
	return func(v any) bool { s, ok := v.(string); return ok && slices.Contains(words, s) }
}

func isTime(v any) bool {
	s, ok := v.(string)
	if !ok || len(s) != len("2006-01-02T15:04:05.000000000Z") {
		return false
	}
	_, err := time.Parse("2006-01-02T15:04:05.000000000Z", s)
	return err == nil
}

func isOutcome(v any) bool {
	s, ok := v.(string)
	if !ok {
		return false
	}
	name, failed := strings.CutPrefix(s, "error:")
	if !failed {
		return s == "ok" || s == "no-response"
	}
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// isEnd tells {ip, port, mac}: an address of IP has a port, one of Ethernet not.
func isEnd(v any) bool {
	m, ok := v.(map[string]any)
	if !ok || len(m) == 0 {
		return false
	}
	for name, v := range m {
		switch name {
		case "ip":
			s, _ := v.(string)
			a, err := netip.ParseAddr(s)
			if err != nil || a.Zone() != "" || !isCount(m["port"]) {
				return false
			}
		case "port":
			if m["ip"] == nil || !isCount(v) {
				return false
			}
		case "mac":
			if s, _ := v.(string); len(s) != 17 || strings.Trim(s, "0123456789abcdef:") != "" {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// isValues tells integers and nothing else: no text, no real number.
func isValues(v any) bool {
	list, ok := v.([]any)
	for _, x := range list {
		n, number := x.(json.Number)
		if !number || strings.ContainsAny(n.String(), ".eE") {
			return false
		}
	}
	return ok
}

// isTexts tells texts and nothing else, within their limits.
func isTexts(v any) bool {
	list, ok := v.([]any)
	for _, x := range list {
		s, text := x.(string)
		if !text || len([]rune(s)) > firedoor.MaxText {
			return false
		}
	}
	return ok && len(list) > 0 && len(list) <= firedoor.MaxTexts
}

func isTrue(v any) bool { return v == true }

// isWords is the protocol's words, lower case.
func isWords(v any) bool { s, ok := v.(string); return ok && s != "" && s == strings.ToLower(s) }

var verbs = []string{"session", "identify", "diagnose", "read", "write", "configure", "control", "program"}

var types = []string{"bit", "bool", "u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64"}

var operationMembers = map[string]member{
	"time": {true, isTime}, "kind": {true, isOneOf("operation")}, "protocol": {true, isWords},
	"client": {true, isEnd}, "server": {true, isEnd}, "sent_to": {false, isText}, "unit": {false, isCount},
	"verb": {true, isOneOf(verbs...)}, "function": {true, isWords}, "code": {true, isCount},
	"object": {false, isText}, "quantity": {false, isCount}, "item": {false, isPositive},
	"values": {false, isValues}, "type": {false, isOneOf(types...)}, "texts": {false, isTexts}, "texts_cut": {false, isTrue}, "outcome": {true, isOutcome}, "detail": {false, isWords},
	"partial": {false, isTrue}, "frame": {true, isFrame}, "response_frame": {true, isFrame},
}

var sampleMembers = map[string]member{
	"time": {true, isTime}, "kind": {true, isOneOf("sample")}, "protocol": {true, isWords},
	"client": {true, isEnd}, "server": {true, isEnd}, "sent_to": {false, isText}, "unit": {false, isCount},
	"function": {true, isWords}, "code": {true, isCount}, "object": {false, isText},
	"values": {false, isValues}, "type": {false, isOneOf(types...)}, "texts": {false, isTexts}, "texts_cut": {false, isTrue}, "frame": {true, isPositive},
}

// checkLine holds one event line against the tables of docs/formats/events.md.
func checkLine(line string, several bool) error {
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	var e map[string]any
	if err := d.Decode(&e); err != nil {
		return err
	}
	members := operationMembers
	if e["kind"] == "sample" {
		members = sampleMembers
	}
	for name, m := range members {
		v, is := e[name]
		if m.must && !is {
			return fmt.Errorf("lacks %s", name)
		}
		if is && !m.ok(v) {
			return fmt.Errorf("%s is %v", name, v)
		}
	}
	for name, v := range e {
		if _, known := members[name]; !known && (name != "capture" || !several || !isText(v)) {
			return fmt.Errorf("has %s, which the contract does not know there", name)
		}
	}
	if several && e["capture"] == nil {
		return fmt.Errorf("does not name its capture")
	}
	if (e["values"] == nil) != (e["type"] == nil) {
		return fmt.Errorf("has one of values and type without the other")
	}
	if e["kind"] == "sample" {
		return nil
	}
	partial := e["partial"] == true
	switch {
	case partial && (e["frame"] != nil || e["response_frame"] == nil):
		return fmt.Errorf("is partial: frame null, response_frame set")
	case !partial && e["frame"] == nil:
		return fmt.Errorf("is not partial and has no frame")
	case e["detail"] != nil && !strings.HasPrefix(e["outcome"].(string), "error:"):
		return fmt.Errorf("has a detail and no error")
	case e["outcome"] == "no-response" && e["response_frame"] != nil:
		return fmt.Errorf("has an answer and is no-response")
	case e["outcome"] != "no-response" && e["outcome"] != "ok" && e["response_frame"] == nil:
		return fmt.Errorf("failed without an answer")
	}
	return nil
}

// ownCaptures is what the product can make itself: its sample and the captures
// of its protocols.
func ownCaptures(t testing.TB) []string {
	t.Helper()
	list, err := filepath.Glob("../../internal/protocol/*/testdata/*.pcap")
	if err != nil || len(list) < 20 {
		t.Fatalf("the protocols' captures are not there: %v %v", list, err)
	}
	return append([]string{sample(t)}, list...)
}

// TestEventLines holds every line of all own captures against the contract: its
// members, and that its time is the time of its frame with nine decimals.
func TestEventLines(t *testing.T) {
	for _, path := range ownCaptures(t) {
		rs := records(read(t, path))
		o := run(t, "replay", "--events", "-", path)
		wrong := 0
		for i, l := range lines(o.stdout) {
			err := checkLine(l, false)
			if err == nil {
				err = checkTime(l, rs)
			}
			if err != nil {
				t.Errorf("%s: line %d %v:\n%s", path, i+1, err, l)
				if wrong++; wrong == 3 {
					break
				}
			}
		}
	}
}

func checkTime(line string, rs []record) error {
	var e struct {
		Time     time.Time
		Frame    int
		Response int `json:"response_frame"`
	}
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		return err
	}
	at := e.Frame
	if at == 0 {
		at = e.Response
	}
	if at > len(rs) || e.Response > len(rs) {
		return fmt.Errorf("names a frame behind the last")
	}
	if got, want := e.Time.UnixNano(), rs[at-1].time; got != want {
		return fmt.Errorf("has the time %d, its frame %d", got, want)
	}
	return nil
}

// TestNanoseconds holds that a capture's own resolution is kept.
func TestNanoseconds(t *testing.T) {
	path := write(t, "nano.pcap", exchange(t, 2))
	text := run(t, "replay", "--events", "-", path).stdout
	if len(lines(text)) != 2 {
		t.Fatalf("want two lines:\n%s", text)
	}
	var e struct{ Time string }
	if err := json.Unmarshal([]byte(lines(text)[1]), &e); err != nil || !strings.HasSuffix(e.Time, "567Z") {
		t.Errorf("time %s, want the nanoseconds: %v", e.Time, err)
	}
}

// TestCompletionOrder holds that an operation stands where its answer came.
func TestCompletionOrder(t *testing.T) {
	for _, path := range ownCaptures(t) {
		before := 0
		for _, l := range lines(run(t, "replay", "--events", "-", path).stdout) {
			var e struct {
				Kind     string
				Frame    int
				Response int `json:"response_frame"`
				Outcome  string
			}
			if err := json.Unmarshal([]byte(l), &e); err != nil {
				t.Fatal(err)
			}
			at := e.Response
			if e.Outcome == "no-response" { // stands where it was clear that none would come
				continue
			}
			if at == 0 {
				at = e.Frame
			}
			if at < before {
				t.Errorf("%s: frame %d is told behind frame %d:\n%s", path, at, before, l)
				break
			}
			before = at
		}
	}
}

// TestCaptureMember holds that lines name their file only when there are several.
func TestCaptureMember(t *testing.T) {
	path := write(t, "nano.pcap", exchange(t, 3))
	if text := run(t, "replay", "--events", "-", path).stdout; strings.Contains(text, `"capture"`) {
		t.Error("with one capture its name stands in the lines")
	}
	if text := run(t, "replay", "--events", "-", "--learn", sample(t), path).stdout; strings.Contains(text, `"capture"`) {
		t.Error("a file to learn from is no capture: with one capture its name stands in the lines")
	}
	all := lines(run(t, "replay", "--events", "-", path, sample(t)).stdout)
	names := map[string]int{}
	for _, l := range all {
		if err := checkLine(l, true); err != nil {
			t.Fatalf("%v: %s", err, l)
		}
		var e struct{ Capture string }
		_ = json.Unmarshal([]byte(l), &e)
		names[e.Capture]++
	}
	if names["nano.pcap"] != 3 || names["nano.pcap"]+names["sample.pcap"] != len(all) {
		t.Errorf("captures of the lines: %v", names)
	}
}

// TestSides drops one side's packets: requests without answer are told as such,
// answers without request as partial.
func TestSides(t *testing.T) {
	capture := exchange(t, 5)
	rs := records(capture)
	for name, c := range map[string]struct {
		drop bool // the client's segments with bytes
		want string
	}{
		"no-response": {false, `"outcome":"no-response"`},
		"partial":     {true, `"partial":true`},
	} {
		path := write(t, name+".pcap", only(capture, func(i int) bool { return !carries(capture[rs[i].offset:rs[i].end], c.drop) }))
		o := run(t, "replay", "--events", "-", path)
		got := lines(o.stdout)
		if len(got) != 5 {
			t.Fatalf("%s: %d lines, want 5:\n%s", name, len(got), o.stdout)
		}
		for _, l := range got {
			if !strings.Contains(l, c.want) {
				t.Errorf("%s: %s", name, l)
			}
			if err := checkLine(l, false); err != nil {
				t.Errorf("%s: %v: %s", name, err, l)
			}
		}
	}
}

// TestLinesAreLines holds that every line ends, stands alone and is UTF-8.
func TestLinesAreLines(t *testing.T) {
	for _, path := range ownCaptures(t) {
		text := run(t, "replay", "--events", "-", path).stdout
		if text != "" && !strings.HasSuffix(text, "}\n") {
			t.Errorf("%s: the last line does not end", path)
		}
		if !bytes.Equal([]byte(text), bytes.ToValidUTF8([]byte(text), []byte("?"))) {
			t.Errorf("%s: not UTF-8", path)
		}
	}
}
