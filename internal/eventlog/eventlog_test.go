package eventlog

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"firedoor"

	"pgregory.net/rapid"
)

// hostile draws text as an attacker would choose it.
func hostile(t *rapid.T, label string) []byte {
	return rapid.OneOf(
		rapid.SliceOfN(rapid.Byte(), 0, 60),
		rapid.Map(rapid.StringN(0, 20, 80), func(s string) []byte { return []byte(s) }),
		rapid.SampledFrom([][]byte{[]byte("\"},{\"a\":\""), []byte("\\"), []byte("\\u0000\\"), []byte("a\nb\r\x00\x7f\x1b[2J"), []byte("\xff\xfe\xc3"),
			[]byte("\xed\xa0\x80"), []byte("\u2028\u2029</script>"), []byte("\xf0\x9f\x92")}),
	).Draw(t, label)
}

// clean is what a reader gets of hostile text: every byte that is no UTF-8
// becomes the replacement character.
func clean(b []byte) string { return string([]rune(string(b))) }

func TestStringsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := hostile(t, "text")
		before := []byte("kept")
		out := AppendString(before, in)
		if !bytes.HasPrefix(out, before) {
			t.Fatal("what was there is gone")
		}
		if again := AppendString([]byte("kept"), string(in)); !bytes.Equal(again, out) {
			t.Fatalf("%q as a string, %q as bytes", again, out)
		}
		var got string
		if err := json.Unmarshal(out[len(before):], &got); err != nil {
			t.Fatalf("%v in %q", err, out)
		}
		if got != clean(in) {
			t.Fatalf("%q, want %q", got, clean(in))
		}
		for _, b := range out {
			if b < 0x20 || b == 0x7f {
				t.Fatalf("a control character in %q", out)
			}
		}
	})
}

// tag is a space of objects that are named by text on the wire.
var tag = &firedoor.Space{Name: "tag", Append: func(dst []byte, o *firedoor.Object) []byte { return append(dst, o.Text...) }}

var holding = &firedoor.Space{Name: "holding", Axis: 1}

func TestAnyLineIsOneJSONObject(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := firedoor.Operation{Verb: firedoor.Verb(rapid.IntRange(1, 8).Draw(t, "verb")), Function: "read tag", Code: rapid.Uint32().Draw(t, "code"),
			HasUnit: rapid.Bool().Draw(t, "has unit"), Unit: rapid.Uint32().Draw(t, "unit"), HasQty: rapid.Bool().Draw(t, "has quantity"),
			Quantity: rapid.Uint32().Draw(t, "quantity"), Item: rapid.Uint16().Draw(t, "item"),
			Object: firedoor.Object{Space: tag, Text: hostile(t, "tag")}}
		raw := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "raw")
		values := firedoor.Values{Type: firedoor.ValueType(rapid.IntRange(0, 12).Draw(t, "type")), Little: rapid.Bool().Draw(t, "little"),
			Count: rapid.IntRange(-1, 100).Draw(t, "count"), Raw: raw}
		if rapid.Bool().Draw(t, "written") {
			op.Values = values
		}
		capture := string(hostile(t, "capture"))
		var c Clock
		line := AppendStart(nil, &c, rapid.Int64().Draw(t, "time"), "operation", "cip")
		line = append(line, Head(nil, &firedoor.Endpoint{IP: firedoor.IP{Hi: rapid.Uint64().Draw(t, "hi"), Lo: rapid.Uint64().Draw(t, "lo")}, Port: 7},
			&firedoor.Endpoint{MAC: firedoor.MAC(rapid.Uint64Range(0, 1<<48-1).Draw(t, "mac"))})...)
		line = AppendAsked(line, &op)
		texts := make([][]byte, rapid.IntRange(0, firedoor.MaxTexts+1).Draw(t, "texts"))
		for i := range texts {
			texts[i] = hostile(t, "text")
		}
		var read *firedoor.Operation
		if op.Values.Type == firedoor.NoValue {
			read = &firedoor.Operation{Values: values, Texts: texts}
		} else {
			texts = nil
		}
		line = AppendAnswered(line, read, firedoor.Failed(rapid.Uint32().Draw(t, "error"), ""), rapid.Bool().Draw(t, "partial"),
			Frames{Request: rapid.Uint32().Draw(t, "frame")}, capture)
		if bytes.Count(line, []byte("\n")) != 1 || line[len(line)-1] != '\n' {
			t.Fatalf("not one line: %q", line)
		}
		var got map[string]any
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		if err := d.Decode(&got); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if got["object"] != clean(op.Object.Text) {
			t.Fatalf("object %q, want %q", got["object"], clean(op.Object.Text))
		}
		if name, ok := got["capture"]; ok != (capture != "") || ok && name != clean([]byte(capture)) {
			t.Fatalf("capture %q, want %q", name, capture)
		}
		if v, ok := got["values"].([]any); ok && len(v) != values.Len() {
			t.Fatalf("%d values, want %d", len(v), values.Len())
		}
		checkTexts(t, got, texts)
	})
}

// checkTexts holds the texts of a line against those it was made of.
func checkTexts(t *rapid.T, got map[string]any, texts [][]byte) {
	shown, _ := got["texts"].([]any)
	if len(shown) != min(len(texts), firedoor.MaxTexts) {
		t.Fatalf("%d texts, want those of %d", len(shown), len(texts))
	}
	for i := range shown {
		if shown[i] != clean(texts[i]) {
			t.Fatalf("text %q, want %q", shown[i], clean(texts[i]))
		}
	}
	if cut := got["texts_cut"] == true; cut != (len(texts) > firedoor.MaxTexts) {
		t.Fatalf("cut: %v, of %d texts", cut, len(texts))
	}
}

// TestLongTextsAreCut: between characters, and said.
func TestLongTextsAreCut(t *testing.T) {
	for _, c := range []struct {
		text, want string
		cut        bool
	}{
		{strings.Repeat("a", firedoor.MaxText), strings.Repeat("a", firedoor.MaxText), false},
		{strings.Repeat("a", firedoor.MaxText+1), strings.Repeat("a", firedoor.MaxText), true},
		{strings.Repeat("a", firedoor.MaxText-1) + "ß", strings.Repeat("a", firedoor.MaxText-1), true},
		{strings.Repeat("a", firedoor.MaxText-2) + "\U0001f600", strings.Repeat("a", firedoor.MaxText-2), true},
		{strings.Repeat("a", firedoor.MaxText-2) + "ßa", strings.Repeat("a", firedoor.MaxText-2) + "ß", true},
	} {
		want := `"texts":["` + c.want + `"],`
		if c.cut {
			want += `"texts_cut":true,`
		}
		if got := string(appendTexts(nil, [][]byte{[]byte(c.text)})); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	}
}

func TestTimesAreThoseOfTheCalendar(t *testing.T) {
	var shared Clock
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-5e9, 5e9), rapid.Int64Range(1.7e18, 1.7e18+3e9)).Draw(t, "time")
		want := time.Unix(0, at).UTC().Format("2006-01-02T15:04:05.000000000Z")
		if got := string(shared.Append(nil, at)); got != want {
			t.Fatalf("%d is %s, want %s", at, got, want)
		}
		if got := Time(at); got != want {
			t.Fatalf("%d is %s, want %s", at, got, want)
		}
	})
	for _, at := range []int64{0, -1, math.MaxInt64, math.MinInt64, 999_999_999, 1_000_000_000, 951_782_400_000_000_000} {
		if got, want := Time(at), time.Unix(0, at).UTC().Format("2006-01-02T15:04:05.000000000Z"); got != want {
			t.Errorf("%d is %s, want %s", at, got, want)
		}
	}
}

var (
	client = firedoor.Endpoint{IP: firedoor.IPv4(0x0a010010), Port: 50001, MAC: 0x00d0c9000010}
	server = firedoor.Endpoint{IP: firedoor.IPv4(0x0a010020), Port: 502, MAC: 0x0080f4000020}
)

const stamp = int64(1_777_874_400_123_456_789)

// TestLines are lines as people and programs read them: a change here is a
// change of the contract in docs/formats/events.md.
func TestLines(t *testing.T) {
	read := firedoor.Values{Type: firedoor.U16, Count: 2, Raw: []byte{0, 7, 0xff, 0xff}}
	asked := firedoor.Operation{HasUnit: true, Unit: 1, Verb: firedoor.VerbRead, Function: "read holding registers", Code: 3,
		Object: firedoor.Object{Space: holding, At: [4]uint32{40}}, HasQty: true, Quantity: 2}
	written := asked
	written.Verb, written.Function, written.Code, written.Values, written.Item = firedoor.VerbWrite, "write multiple registers", 16, read, 2
	const head = `{"time":"2026-05-04T06:00:00.123456789Z","kind":"operation","protocol":"modbus",` +
		`"client":{"ip":"10.1.0.16","port":50001,"mac":"00:d0:c9:00:00:10"},"server":{"ip":"10.1.0.32","port":502,"mac":"00:80:f4:00:00:20"},`
	start := func() []byte {
		var c Clock
		return append(AppendStart(nil, &c, stamp, "operation", "modbus"), Head(nil, &client, &server)...)
	}
	for _, c := range []struct{ name, got, want string }{
		{"read", string(AppendAnswered(AppendAsked(start(), &asked), &firedoor.Operation{Values: read}, firedoor.OK, false, Frames{4, 5}, "")),
			head + `"unit":1,"verb":"read","function":"read holding registers","code":3,"object":"holding:40","quantity":2,` +
				`"values":[7,65535],"type":"u16","outcome":"ok","frame":4,"response_frame":5}` + "\n"},
		{"written", string(AppendAnswered(AppendAsked(start(), &written), nil, firedoor.Failed(2, "illegal-data-address"), false, Frames{4, 5}, "a.pcap")),
			head + `"unit":1,"verb":"write","function":"write multiple registers","code":16,"object":"holding:40","quantity":2,"item":2,` +
				`"values":[7,65535],"type":"u16","outcome":"error:illegal-data-address","frame":4,"response_frame":5,"capture":"a.pcap"}` + "\n"},
		{"no answer", string(AppendAnswered(AppendAsked(start(), &asked), nil, firedoor.Outcome{Kind: firedoor.OutcomeNoResponse}, false, Frames{Request: 4}, "")),
			head + `"unit":1,"verb":"read","function":"read holding registers","code":3,"object":"holding:40","quantity":2,` +
				`"outcome":"no-response","frame":4,"response_frame":null}` + "\n"},
		{"partial", string(AppendAnswered(AppendAsked(start(), &firedoor.Operation{Verb: firedoor.VerbRead, Function: "read tag", Code: 76}), &firedoor.Operation{Values: read},
			firedoor.Failed(11, ""), true, Frames{Response: 5}, "")),
			head + `"verb":"read","function":"read tag","code":76,"values":[7,65535],"type":"u16","outcome":"error:0x0b","partial":true,` +
				`"frame":null,"response_frame":5}` + "\n"},
		{"refused with a detail", string(AppendAnswered(AppendAsked(start(), &asked), nil,
			firedoor.Outcome{Kind: firedoor.OutcomeError, Name: "connection-failure", Code: 1, Detail: "ownership-conflict", DetailCode: 0x106}, false, Frames{4, 5}, "")),
			head + `"unit":1,"verb":"read","function":"read holding registers","code":3,"object":"holding:40","quantity":2,` +
				`"outcome":"error:connection-failure","detail":"ownership-conflict","frame":4,"response_frame":5}` + "\n"},
		{"refused with a detail that has no name", string(AppendAnswered(AppendAsked(start(), &asked), nil,
			firedoor.Outcome{Kind: firedoor.OutcomeError, Code: 0xff, DetailCode: 0x2105}, false, Frames{4, 5}, "")),
			head + `"unit":1,"verb":"read","function":"read holding registers","code":3,"object":"holding:40","quantity":2,` +
				`"outcome":"error:0xff","detail":"0x2105","frame":4,"response_frame":5}` + "\n"},
		{"sample", string(AppendSample(start(), &firedoor.Sample{Function: "class 1 input", Object: firedoor.Object{Space: tag, Text: []byte("a\"b")},
			Values: firedoor.Values{Type: firedoor.Bool, Count: 2, Raw: []byte{9, 0}}}, 6, "")),
			head + `"function":"class 1 input","code":0,"object":"a\"b","values":[1,0],"type":"bool","frame":6}` + "\n"},
	} {
		if c.got != c.want {
			t.Errorf("%s\n%s\nwant\n%s", c.name, c.got, c.want)
		}
	}
}

func TestEndpoints(t *testing.T) {
	for want, e := range map[string]firedoor.Endpoint{
		`{}`:                          {},
		`{"mac":"00:80:f4:00:00:20"}`: {MAC: server.MAC, Port: 9},
		`{"ip":"10.1.0.32","port":0}`: {IP: server.IP},
		`{"ip":"fe80::1","port":7}`:   {IP: firedoor.IP{Hi: 0xfe80 << 48, Lo: 1}, Port: 7},
	} {
		if got := string(AppendEndpoint(nil, &e)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestLinesTakeNoMemory(t *testing.T) {
	op := firedoor.Operation{HasUnit: true, Verb: firedoor.VerbRead, Function: "read tag", Code: 76, HasQty: true, Quantity: 1,
		Object: firedoor.Object{Space: tag, Text: []byte(strings.Repeat("Tag\"", 20))}}
	read := firedoor.Operation{Values: firedoor.Values{Type: firedoor.F32, Count: 3, Raw: make([]byte, 12)}, Texts: [][]byte{op.Object.Text, nil}}
	var c Clock
	buf := make([]byte, 0, 4096)
	at := stamp
	if n := testing.AllocsPerRun(100, func() {
		at += 3e8
		b := AppendStart(buf[:0], &c, at, "operation", "cip")
		b = AppendAsked(b, &op)
		AppendAnswered(b, &read, firedoor.OK, false, Frames{1, 2}, "a.pcap")
	}); n != 0 {
		t.Errorf("%.0f allocations a line", n)
	}
}
