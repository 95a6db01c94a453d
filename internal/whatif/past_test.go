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
