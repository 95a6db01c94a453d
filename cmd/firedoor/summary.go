package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"firedoor"
	"firedoor/internal/sensor"
)

// alertsShown is how many alerts the readable summary lists; the rest is in
// alerts.json.
const alertsShown = 20

// printSummary writes what a tired operator wants to know: first what needs a
// person, then what is there, then what could not be seen.
func printSummary(w io.Writer, r *sensor.Result) error {
	var b strings.Builder
	s := &r.Summary
	printCaptures(&b, s)
	printAlerts(&b, r)
	printPlant(&b, s)
	printSight(&b, s)
	_, err := io.WriteString(w, b.String())
	return err
}

func printCaptures(b *strings.Builder, s *sensor.Summary) {
	for _, c := range s.LearnedFrom {
		fmt.Fprintf(b, "Learned from %s: %s frames\n", c.Name, grouped(c.Frames))
	}
	for _, c := range s.Captures {
		fmt.Fprintf(b, "%s: %s frames", c.Name, grouped(c.Frames))
		if c.First != "" {
			fmt.Fprintf(b, ", %s to %s UTC", shortTime(c.First), shortTime(c.Last))
		}
		if c.Damaged != "" {
			fmt.Fprintf(b, " - DAMAGED: %s", c.Damaged)
		}
		b.WriteByte('\n')
	}
	if len(s.LearnedFrom) == 0 && s.LearnedFrames > 0 {
		fmt.Fprintf(b, "Learned from the first %s frames.\n", grouped(s.LearnedFrames))
	}
	if s.LearnedFrames == 0 {
		b.WriteString("Nothing was learned (--learn): only what is suspicious by itself is told.\n")
	}
}

func printAlerts(b *strings.Builder, r *sensor.Result) {
	alerts := slices.Clone(r.Alerts())
	b.WriteString("\nWHAT NEEDS A PERSON\n")
	if len(alerts) == 0 {
		b.WriteString("  Nothing.\n")
		return
	}
	slices.SortStableFunc(alerts, func(a, c firedoor.Alert) int { return int(c.Severity) - int(a.Severity) })
	for i, a := range alerts {
		if i == alertsShown {
			fmt.Fprintf(b, "  ... and %d more (--out DIR writes all of them to alerts.json)\n", len(alerts)-i)
			break
		}
		fmt.Fprintf(b, "  %-6s %s\n", strings.ToUpper(a.Severity.String()), wrap(a.Sentence, 9, 100))
		if len(a.Techniques) > 0 {
			fmt.Fprintf(b, "         %s, frame %d\n", strings.Join(a.Techniques, " "), firstFrame(a))
		} else {
			fmt.Fprintf(b, "         frame %d\n", firstFrame(a))
		}
	}
}

func firstFrame(a firedoor.Alert) uint32 {
	if len(a.Frames) == 0 {
		return 0
	}
	return a.Frames[0].Frame
}

func printPlant(b *strings.Builder, s *sensor.Summary) {
	b.WriteString("\nWHAT IS THERE\n")
	var roles []string
	for _, r := range s.Roles {
		roles = append(roles, fmt.Sprintf("%d %s", r.Count, r.Name))
	}
	fmt.Fprintf(b, "  %s\n", wrap(fmt.Sprintf("%s devices: %s", grouped(uint64(s.Assets)), strings.Join(roles, ", ")), 2, 100))
	fmt.Fprintf(b, "  %s conversations, %s distinct operations, of which %s learned\n",
		grouped(uint64(s.Conversations)), grouped(uint64(s.Statements.Total)), grouped(uint64(s.Statements.Learned)))
	if len(s.Protocols) == 0 {
		return
	}
	fmt.Fprintf(b, "\n  %-10s %13s %12s %12s %9s %11s %10s\n", "protocol", "conversations", "packets", "operations", "errors", "no response", "malformed")
	for _, p := range s.Protocols {
		fmt.Fprintf(b, "  %-10s %13s %12s %12s %9s %11s %10s\n", p.Protocol, grouped(p.Conversations), grouped(p.Packets),
			grouped(p.Operations), grouped(p.Errors), grouped(p.NoResponse), grouped(p.Malformed))
	}
}

func printSight(b *strings.Builder, s *sensor.Summary) {
	b.WriteString("\nWHAT COULD NOT BE SEEN\n")
	before := b.Len()
	for _, l := range []struct {
		n    uint64
		text string
	}{
		{s.Sight.Duplicates, "frames came twice and were counted once (the mirror shows both ways, or a redundant network)"},
		{s.Sight.AckedUnseen, "bytes were acknowledged but never captured: the mirror drops frames"},
		{s.Sight.MissingBytes, "bytes are missing from conversations"},
		{s.OneWay, "connections were seen in one direction only"},
		{s.Sight.StrippedVLANs, "connections lost their VLAN tag in one direction"},
		{s.Sight.Truncated, "frames were cut short by the capture"},
		{s.Sight.Undecoded, "frames could not be decoded"},
		{s.Sight.FragmentsLost, "fragmented packets were never complete"},
		{s.Sight.LateAnswers, "answers had no request"},
		{s.Encrypted, "sessions are encrypted: peers are known, content is not"},
		{s.Clock.Odd, "frames carry a time that the frames around them contradict"},
	} {
		if l.n > 0 {
			fmt.Fprintf(b, "  %12s  %s\n", grouped(l.n), l.text)
		}
	}
	for i, u := range s.Unknown {
		if i == 5 {
			fmt.Fprintf(b, "  %12d  more unknown protocols (summary.json lists them)\n", len(s.Unknown)-i)
			break
		}
		fmt.Fprintf(b, "  %12s  packets of an unknown protocol: %s\n", grouped(u.Packets), portText(u))
	}
	for _, l := range s.Limits {
		fmt.Fprintf(b, "  %12s  times a limit was reached: %s\n", grouped(l.Times), l.Name)
	}
	if b.Len() == before {
		b.WriteString("  No blind spot was noticed.\n")
	}
}

func portText(u sensor.Unknown) string {
	switch u.Transport {
	case "ethernet":
		return fmt.Sprintf("Ethernet type 0x%04x", u.Port)
	case "ip":
		return fmt.Sprintf("IP protocol %d", u.Port)
	default:
		return fmt.Sprintf("%s port %d", strings.ToUpper(u.Transport), u.Port)
	}
}

// grouped writes n with commas.
func grouped(n uint64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// shortTime is an RFC 3339 time down to the second, without the T.
func shortTime(t string) string { return strings.Replace(t[:19], "T", " ", 1) }

// wrap breaks text at words; lines after the first are indented.
func wrap(text string, indent, width int) string {
	var b strings.Builder
	column := indent
	for i, word := range strings.Fields(text) {
		if i > 0 {
			if column+1+len(word) > width {
				b.WriteString("\n" + strings.Repeat(" ", indent))
				column = indent
			} else {
				b.WriteByte(' ')
				column++
			}
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}
