package whatif_test

import (
	"fmt"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/policy"
)

// TestStepFromAWriteThatMayNotBeDone holds that after a write that was declined or not answered, and
// after one that masks, a step is counted as a gateway counts it: from all that the device may hold.
func TestStepFromAWriteThatMayNotBeDone(t *testing.T) {
	step := []policy.Rule{{Verdict: firedoor.Pass, Match: policy.Match{Codes: []uint32{3, 22}}},
		{Verdict: firedoor.Pass, Match: policy.Match{Objects: []policy.Object{{Text: "holding:", Row: true, To: 99}}, Step: 20}}}
	frame := 0
	said := func(code, value int, outcome string) string {
		frame += 2
		verb := map[int]string{3: "read"}[code]
		if verb == "" {
			verb = "write"
		}
		values, answer := fmt.Sprintf(`"values":[%d],"type":"u16",`, value), fmt.Sprint(frame+1)
		if code == 22 {
			values = ""
		}
		if outcome == "no-response" {
			answer = "null"
		}
		return strings.Replace(operation("modbus", 502, fmt.Sprintf(`"verb":%q,"code":%d,"object":"holding:4",%s"frame":%d,"response_frame":%s`, verb, code, values, frame, answer)),
			`"outcome":"ok"`, fmt.Sprintf(`"outcome":%q`, outcome), 1)
	}
	const declined, lost = "error:illegal-data-value", "no-response"
	for name, c := range map[string]struct {
		lines   []string
		stopped uint64
	}{
		"done":                   {[]string{said(3, 100, "ok"), said(6, 115, "ok"), said(6, 130, "ok")}, 0},
		"declined, down":         {[]string{said(3, 100, "ok"), said(6, 115, declined), said(6, 85, "ok")}, 1},
		"declined, on":           {[]string{said(3, 100, "ok"), said(6, 115, declined), said(6, 130, "ok")}, 1},
		"declined, read since":   {[]string{said(3, 100, "ok"), said(6, 115, declined), said(3, 100, "ok"), said(6, 85, "ok")}, 0},
		"not answered":           {[]string{said(3, 100, "ok"), said(6, 115, lost), said(6, 85, "ok")}, 1},
		"masked":                 {[]string{said(3, 100, "ok"), said(22, 0, "ok"), said(6, 101, "ok")}, 1},
		"masked, and read since": {[]string{said(3, 100, "ok"), said(22, 0, "ok"), said(3, 100, "ok"), said(6, 101, "ok")}, 0},
	} {
		if r := judged(t, step, c.lines...); r.StoppedOperations != c.stopped {
			t.Errorf("%s: %d stopped, want %d: %+v", name, r.StoppedOperations, c.stopped, r.Stopped)
		}
	}
}

// TestStepOfOneElement holds that a step is counted from what was there by whatever name it was read, and that elements of
// an array are those that their indexes name.
func TestStepOfOneElement(t *testing.T) {
	rules := func(object policy.Object) []policy.Rule {
		return []policy.Rule{{Verdict: firedoor.Pass, Match: policy.Match{Verbs: []firedoor.Verb{firedoor.VerbRead}}}, {Verdict: firedoor.Pass, Match: policy.Match{Objects: []policy.Object{object}, Step: 5}}}
	}
	said := func(protocol, verb, object, values string) string {
		return operation(protocol, 102, fmt.Sprintf(`"verb":%q,"object":%q,"values":%s,"type":"u16"`, verb, object, values))
	}
	array := policy.Object{Text: "Counts[", Row: true, To: 9}
	for _, c := range []struct {
		name, protocol  string
		object          policy.Object
		read, had       string
		written, values string
		stopped         uint64
		unsure          bool
	}{
		{"the data block by its other name", "s7comm", policy.Object{Text: "DB1.DBW10"}, "DB1.DBW10", "[100]", "DI1.DIW10", "[103]", 0, false},
		{"and too far", "s7comm", policy.Object{Text: "DB1.DBW10"}, "DB1.DBW10", "[100]", "DI1.DIW10", "[110]", 1, false},
		{"elements of an array", "cip", array, "Counts", "[7,8,9,100]", "COUNTS[2]", "[9,103]", 0, false},
		{"and too far", "cip", array, "Counts", "[7,8,9,100]", "COUNTS[2]", "[9,110]", 1, false},
		{"the first by no index", "cip", array, "Counts", "[100]", "counts[0]", "[110]", 1, false},
		{"a fill", "fins", policy.Object{Text: "DM:", Row: true, To: 9}, "DM:3", "[100]", "DM:3", `[103],"code":259,"quantity":3`, 1, false},
		{"a fill of one", "fins", policy.Object{Text: "DM:", Row: true, To: 9}, "DM:3", "[100]", "DM:3", `[103],"code":259,"quantity":1`, 0, false},
		{"a part of it", "cip", array, "Counts", "[100]", "Counts/offset:4", "[103]", 0, true},
	} {
		r := judged(t, rules(c.object), said(c.protocol, "read", c.read, c.had), said(c.protocol, "write", c.written, c.values))
		if unsure := r.Rules[1].Undecided != ""; r.StoppedOperations != c.stopped || unsure != c.unsure {
			t.Errorf("%s: %d stopped, unsure: %t, want %d and %t: %+v", c.name, r.StoppedOperations, unsure, c.stopped, c.unsure, r.Rules)
		}
	}
}

// TestStepBesideOtherWidths holds that a what-if, like a gateway, knows nothing of an element over which something was written
// in another width, or as another kind of number, until it is read.
func TestStepBesideOtherWidths(t *testing.T) {
	rules := []policy.Rule{{Verdict: firedoor.Pass, Match: policy.Match{Verbs: []firedoor.Verb{firedoor.VerbRead}}},
		{Verdict: firedoor.Pass, Match: policy.Match{Objects: []policy.Object{{Text: "DB1.DBW10"}, {Text: "DB1.DBD20"}}, Step: 5}},
		{Verdict: firedoor.Pass, Match: policy.Match{Objects: []policy.Object{{Text: "DB1.DBB", Row: true, From: 10, To: 19}}, Values: &policy.Span{Max: 255}}}}
	said := func(verb, object, kind string, quantity int, values string) string {
		return operation("s7comm", 102, fmt.Sprintf(`"verb":%q,"object":%q,"quantity":%d,"values":[%s],"type":%q`, verb, object, quantity, values, kind))
	}
	read, on := said("read", "DB1.DBW10", "u16", 1, "10"), said("write", "DB1.DBW10", "u16", 1, "12")
	for name, c := range map[string]struct {
		lines   []string
		stopped uint64
	}{
		"in its own width":     {[]string{read, on}, 0},
		"by its bytes":         {[]string{read, said("write", "DB1.DBB10", "u8", 2, "2,0"), on}, 1},
		"by one of them":       {[]string{read, said("write", "DB1.DBB11", "u8", 1, "2"), on}, 1},
		"beside it":            {[]string{read, said("write", "DB1.DBB12", "u8", 1, "2"), on}, 0},
		"by a byte, then read": {[]string{read, said("write", "DB1.DBB11", "u8", 1, "2"), read, on}, 0},
	} {
		if r := judged(t, rules, c.lines...); r.StoppedOperations != c.stopped {
			t.Errorf("%s: %d stopped, want %d: %+v", name, r.StoppedOperations, c.stopped, r.Stopped)
		}
	}
	lines := []string{said("read", "DB1.DBD20", "f32", 1, "10"), said("read", "DB1.DBD20", "u32", 1, "10"), said("write", "DB1.DBD20", "u32", 1, "12"), said("write", "DB1.DBD20", "f32", 1, "12")}
	if r := judged(t, rules, lines[0], lines[3]); r.StoppedOperations != 0 {
		t.Errorf("of one kind: %+v", r.Stopped)
	}
	if r := judged(t, rules, lines...); r.StoppedOperations != 1 {
		t.Errorf("floating point is counted from what was there before a whole number: %+v", r.Stopped)
	}
}
