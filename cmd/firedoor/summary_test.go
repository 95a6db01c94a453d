package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/sensor"
)

func said(tell func(b *strings.Builder)) string {
	var b strings.Builder
	tell(&b)
	return b.String()
}

func TestSummaryCaptures(t *testing.T) {
	file := sensor.CaptureSummary{Name: "a.pcap", Frames: 1, First: "2026-03-02T06:00:00.050000000Z", Last: "2026-03-02T06:17:59.000000000Z"}
	over := file
	over.Name, over.Frames, over.Last, over.Damaged = "b.pcap", 32403, "2026-03-03T00:00:01.000000000Z", "the capture ends inside a record header"
	many := &sensor.Summary{LearnedFrames: 1000}
	for range 14 {
		many.Captures = append(many.Captures, sensor.CaptureSummary{Name: "x.pcap", Frames: 100})
	}
	many.Captures = append(many.Captures, over)
	for name, c := range map[string]struct {
		s    *sensor.Summary
		want string
	}{
		"one": {&sensor.Summary{Captures: []sensor.CaptureSummary{file}}, "a.pcap: 1 frame, 2026-03-02 06:00:00 to 06:17:59 UTC\n" +
			"Nothing was learned (--learn): only what is suspicious by itself is told.\n"},
		"damaged": {&sensor.Summary{Captures: []sensor.CaptureSummary{over}, LearnedFrames: 1}, "b.pcap: 32,403 frames, 2026-03-02 06:00:00 to 2026-03-03 00:00:01 UTC\n" +
			"  DAMAGED, only the part before was read: the capture ends inside a record header\nLearned from the first 1 frame.\n"},
		"teacher": {&sensor.Summary{Captures: []sensor.CaptureSummary{{Name: "empty.pcap"}}, LearnedFrom: []sensor.CaptureSummary{file}, LearnedFrames: 1},
			"Learned from a.pcap: 1 frame, 2026-03-02 06:00:00 to 06:17:59 UTC\nempty.pcap: 0 frames\n"},
		"many": {many, strings.Repeat("x.pcap: 100 frames\n", 10) + "b.pcap: 32,403 frames, 2026-03-02 06:00:00 to 2026-03-03 00:00:01 UTC\n" +
			"  DAMAGED, only the part before was read: the capture ends inside a record header\n4 files more with 400 frames\nLearned from the first 1,000 frames.\n"},
	} {
		if got := said(func(b *strings.Builder) { printCaptures(b, c.s) }); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

func TestSummaryAlerts(t *testing.T) {
	alert := func(s firedoor.Severity, sentence string, techniques ...string) firedoor.Alert {
		return firedoor.Alert{Severity: s, Sentence: sentence, Time: 1772432000e9, Techniques: techniques, Frames: []firedoor.FrameRef{{Capture: 1, Frame: 7}, {Capture: 1, Frame: 9}}}
	}
	alerts := []firedoor.Alert{alert(firedoor.Low, "A new device."), alert(firedoor.High, strings.Repeat("word ", 25), "T0855", "T0836")}
	two := []sensor.CaptureSummary{{Name: "a.pcap"}, {Name: "b.pcap"}}
	want := `
WHAT NEEDS A PERSON: 1 high, 1 low
  HIGH   word word word word word word word word word word word word word word word word word word
         word word word word word word word
         2026-03-02 06:13:20 · frame 7 of b.pcap · ATT&CK T0855 T0836
  LOW    A new device.
         2026-03-02 06:13:20 · frame 7 of b.pcap
`
	if got := said(func(b *strings.Builder) { printAlerts(b, alerts, &sensor.Summary{Captures: two}) }); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := said(func(b *strings.Builder) { printAlerts(b, alerts[:1], &sensor.Summary{Captures: two[:1]}) }); !strings.Contains(got, "· frame 7\n") {
		t.Errorf("with one capture its name is no news:\n%s", got)
	}
	if got := said(func(b *strings.Builder) { printAlerts(b, nil, &sensor.Summary{Captures: two}) }); got != "\nWHAT NEEDS A PERSON\n  Nothing.\n" {
		t.Errorf("got %q", got)
	}
	quiet := []firedoor.Alert{alert(firedoor.Info, "x")}
	if got := said(func(b *strings.Builder) { printAlerts(b, quiet, &sensor.Summary{Captures: two}) }); got != "\nWHAT NEEDS A PERSON\n  Nothing.\n"+
		"\n  For information only: 1 finding (--out DIR writes all to alerts.json)\n" {
		t.Errorf("got %q", got)
	}
	same := slices.Clone(alerts)
	for range 104 {
		same = append(same, alert(firedoor.Medium, "z"))
		same[len(same)-1].Kind = "new-operation"
	}
	if got := said(func(b *strings.Builder) { printAlerts(b, same, &sensor.Summary{Captures: two}) }); strings.Count(got, "MEDIUM z") != 5 ||
		!strings.Contains(got, "         and 99 more new-operation\n  LOW    A new device.") || strings.Contains(got, "...") {
		t.Errorf("alerts of a kind are a wall:\n%s", got)
	}
	for i := range 30 {
		alerts = append(alerts, alert(firedoor.Low, "y"), alert(firedoor.Info, "x"))
		alerts[len(alerts)-2].Kind = fmt.Sprint("kind ", i)
	}
	got := said(func(b *strings.Builder) { printAlerts(b, alerts, &sensor.Summary{Captures: two}) })
	if !strings.Contains(got, "1 high, 31 low\n") || !strings.Contains(got, "... and 12 low (--out DIR") || !strings.Contains(got, "\n  For information only: 30 findings") {
		t.Errorf("of many alerts the rest is not told:\n%s", got)
	}
	if strings.Contains(got, "INFO") {
		t.Errorf("what nobody needs to look at is listed:\n%s", got)
	}
}

func TestSummaryPlant(t *testing.T) {
	s := &sensor.Summary{Assets: 8, Conversations: 1, LearnedFrames: 5, Segments: []string{"untagged", "vlan:10"},
		Roles: []sensor.Named{{Name: "engineering-workstation", Count: 1}, {Name: "hmi", Count: 2}, {Name: "plc", Count: 1}, {Name: "smart-sensor", Count: 3}, {Name: "unknown", Count: 1}},
		Protocols: []sensor.ProtocolSummary{{Protocol: "arp", Conversations: 2, Packets: 9000000},
			{Protocol: "modbus", Conversations: 1, Packets: 7, Operations: 3, NoResponse: 1}}}
	s.Statements.Total, s.Statements.Learned = 1234, 1
	want := `
WHAT IS THERE
  8 devices in 2 network segments: 1 PLC, 2 HMIs, 1 engineering workstation, 3 smart sensor, 1 of
  unknown role
  1 conversation, 1,234 distinct operations, 1 of them learned

  protocol      conversations    packets  operations  unanswered
  modbus                    1          7           3           1
  arp                       2  9,000,000           -           -
`
	if got := said(func(b *strings.Builder) { printPlant(b, s) }); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := said(func(b *strings.Builder) { printPlant(b, &sensor.Summary{}) }); got != "\nWHAT IS THERE\n  0 devices\n  0 conversations, 0 distinct operations\n" {
		t.Errorf("an empty capture:\n%s", got)
	}
}

func TestSummarySight(t *testing.T) {
	s := &sensor.Summary{OneWay: 1, Encrypted: 2}
	for port := range uint16(7) {
		s.Unknown = append(s.Unknown, sensor.Unknown{Transport: "tcp", Port: 4000 + port, Packets: 1})
	}
	s.Unknown[0] = sensor.Unknown{Transport: "ethernet", Port: 0x88e1, Packets: 1500}
	s.Unknown[1] = sensor.Unknown{Transport: "ip", Port: 50, Packets: 2}
	s.Limits = []firedoor.Limit{{Name: "flows", Times: 2}}
	want := `
WHAT COULD NOT BE SEEN
             1  connection was seen in one direction only
             2  sessions are encrypted: who speaks is known, what is said is not
         1,500  packets of an unknown protocol: Ethernet type 0x88e1
             2  packets of an unknown protocol: IP protocol 50
             1  packet of an unknown protocol: TCP port 4002
             1  packet of an unknown protocol: TCP port 4003
             1  packet of an unknown protocol: TCP port 4004
             2  more unknown protocols (summary.json lists them)
             2  times a table was full and something was left out: flows (a connection that was silent longest counts as over: its open requests as unanswered, and what it says later is read from the middle)
`
	if got := said(func(b *strings.Builder) { printSight(b, s) }); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := said(func(b *strings.Builder) { printSight(b, &sensor.Summary{}) }); !strings.Contains(got, "No blind spot was noticed.") {
		t.Error(got)
	}
}

// TestSummaryIsPlainText holds that names of files and devices move no cursor.
func TestSummaryIsPlainText(t *testing.T) {
	path := write(t, "evil\x1b[2J\r.pcap", read(t, sample(t)))
	if o := works(t, "replay", path); strings.ContainsAny(o.stdout, "\x1b\r") {
		t.Error("a file's name sends control characters to the terminal")
	}
	if got := printable("a\x1b\u009b\n\u007fö"); got != "a??\n?ö" {
		t.Errorf("%q", got)
	}
}

// TestSummaryWidth holds that no line of the sample's summary needs a wide screen.
func TestSummaryWidth(t *testing.T) {
	for _, line := range strings.Split(works(t, "replay", "--learn", "60%", sample(t)).stdout, "\n") {
		if n := len([]rune(line)); n > width+15 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// TestNothingJudgedIsNotNothingFound: where all was learned, silence is no all-clear.
func TestNothingJudgedIsNotNothingFound(t *testing.T) {
	all := &sensor.Summary{LearnedFrames: 100}
	all.Sight.Frames = 100
	if got := said(func(b *strings.Builder) { printAlerts(b, nil, all) }); !strings.Contains(got, "Nothing was judged: every frame was learned from") {
		t.Errorf("everything was learned from, and the summary says %q", got)
	}
	all.Sight.Frames = 101
	if got := said(func(b *strings.Builder) { printAlerts(b, nil, all) }); strings.Contains(got, "judged") {
		t.Errorf("one frame was judged, and the summary says %q", got)
	}
}
