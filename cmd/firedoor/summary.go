package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"firedoor"
	"firedoor/internal/sensor"
)

// How much of long lists the readable summary shows; files have all of it.
const (
	alertsShown   = 20
	alikeShown    = 5 // of one kind and severity
	capturesShown = 10
	unknownShown  = 5
	width         = 100
)

// printSummary writes what a tired operator wants to know: first what needs a
// person, then what is there, then what could not be seen.
func printSummary(w io.Writer, r *sensor.Result) error {
	var b strings.Builder
	s := &r.Summary
	printCaptures(&b, s)
	printAlerts(&b, r.Alerts(), s)
	printPlant(&b, s)
	printSight(&b, s)
	_, err := io.WriteString(w, printable(b.String()))
	return err
}

func printCaptures(b *strings.Builder, s *sensor.Summary) {
	printFiles(b, "Learned from ", s.LearnedFrom)
	printFiles(b, "", s.Captures)
	switch {
	case s.LearnedFrames == 0:
		b.WriteString("Nothing was learned (--learn): only what is suspicious by itself is told.\n")
	case len(s.LearnedFrom) == 0:
		fmt.Fprintf(b, "Learned from the first %s.\n", count(s.LearnedFrames, "frame", "frames"))
	}
}

// printFiles lists files; of many only the first ones and those that are damaged.
func printFiles(b *strings.Builder, before string, files []sensor.CaptureSummary) {
	var rest, frames uint64
	for i, c := range files {
		if i >= capturesShown && c.Damaged == "" {
			rest++
			frames += c.Frames
			continue
		}
		fmt.Fprintf(b, "%s%s: %s", before, c.Name, count(c.Frames, "frame", "frames"))
		if c.First != "" {
			fmt.Fprintf(b, ", %s", interval(c.First, c.Last))
		}
		if c.Damaged != "" {
			fmt.Fprintf(b, "\n  DAMAGED, only the part before was read: %s", wrap(c.Damaged, 2, width))
		}
		b.WriteByte('\n')
	}
	if rest > 0 {
		fmt.Fprintf(b, "%s%s more with %s\n", before, count(rest, "file", "files"), count(frames, "frame", "frames"))
	}
}

func printAlerts(b *strings.Builder, alerts []firedoor.Alert, s *sensor.Summary) {
	b.WriteString("\nWHAT NEEDS A PERSON")
	all := len(alerts)
	alerts = slices.DeleteFunc(slices.Clone(alerts), func(a firedoor.Alert) bool { return a.Severity == firedoor.Info })
	switch {
	case learnedAll(s):
		b.WriteString("\n  Nothing was judged: every frame was learned from. Learn from a smaller part.\n")
	case len(alerts) == 0:
		b.WriteString("\n  Nothing.\n")
	default:
		printUrgent(b, alerts, s.Captures)
	}
	if n := all - len(alerts); n > 0 {
		fmt.Fprintf(b, "\n  For information only: %s (--out DIR writes all to alerts.json)\n", count(uint64(n), "finding", "findings"))
	}
}

// learnedAll tells whether no frame was left to be judged: silence then says
// nothing about the plant.
func learnedAll(s *sensor.Summary) bool {
	return len(s.LearnedFrom) == 0 && s.LearnedFrames > 0 && s.LearnedFrames >= s.Sight.Frames
}

// printUrgent lists alerts, gravest first.
func printUrgent(b *strings.Builder, alerts []firedoor.Alert, captures []sensor.CaptureSummary) {
	fmt.Fprintf(b, ": %s\n", severities(alerts))
	slices.SortStableFunc(alerts, func(a, c firedoor.Alert) int { return cmp.Compare(c.Severity, a.Severity) })
	shown := 0
	for len(alerts) > 0 && shown < alertsShown {
		same, others := alike(alerts)
		listed := same[:min(len(same), alikeShown, alertsShown-shown)]
		for _, a := range listed {
			fmt.Fprintf(b, "  %-6s %s\n         %s\n", strings.ToUpper(a.Severity.String()), wrap(a.Sentence, 9, width), wrap(evidence(a, captures), 9, width))
		}
		if n := len(same) - len(listed); n > 0 {
			fmt.Fprintf(b, "         and %s more %s\n", grouped(uint64(n)), same[0].Kind)
		}
		shown, alerts = shown+len(listed), others
	}
	if len(alerts) > 0 {
		fmt.Fprintf(b, "  ... and %s (--out DIR writes all of them to alerts.json)\n", severities(alerts))
	}
}

// alike parts the alerts that are of the first one's kind and severity from the others.
func alike(alerts []firedoor.Alert) (same, others []firedoor.Alert) {
	for _, a := range alerts {
		if a.Kind == alerts[0].Kind && a.Severity == alerts[0].Severity {
			same = append(same, a)
		} else {
			others = append(others, a)
		}
	}
	return same, others
}

// severities counts alerts in words: "3 high, 1 low".
func severities(alerts []firedoor.Alert) string {
	var counts [firedoor.High + 1]int
	for _, a := range alerts {
		counts[a.Severity]++
	}
	var parts []string
	for s := len(counts) - 1; s >= 0; s-- {
		if counts[s] > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", grouped(uint64(counts[s])), firedoor.Severity(s)))
		}
	}
	return strings.Join(parts, ", ")
}

// evidence says when it was and where to look, and which techniques it may be.
func evidence(a firedoor.Alert, captures []sensor.CaptureSummary) string {
	parts := []string{time.Unix(0, a.Time).UTC().Format("2006-01-02 15:04:05")}
	if len(a.Frames) > 0 {
		f := a.Frames[0]
		at := fmt.Sprintf("frame %d", f.Frame)
		if len(captures) > 1 && int(f.Capture) < len(captures) {
			at += " of " + captures[f.Capture].Name
		}
		parts = append(parts, at)
	}
	if len(a.Techniques) > 0 {
		parts = append(parts, "ATT&CK "+strings.Join(a.Techniques, " "))
	}
	return strings.Join(parts, " · ")
}

func printPlant(b *strings.Builder, s *sensor.Summary) {
	b.WriteString("\nWHAT IS THERE\n")
	line := count(uint64(s.Assets), "device", "devices")
	if len(s.Segments) > 1 {
		line += fmt.Sprintf(" in %d network segments", len(s.Segments))
	}
	if len(s.Roles) > 0 {
		line += ": " + roles(s.Roles)
	}
	fmt.Fprintf(b, "  %s\n", wrap(line, 2, width))
	line = count(uint64(s.Conversations), "conversation", "conversations") + ", " +
		count(uint64(s.Statements.Total), "distinct operation", "distinct operations")
	if s.LearnedFrames > 0 {
		line += fmt.Sprintf(", %s of them learned", grouped(uint64(s.Statements.Learned)))
	}
	fmt.Fprintf(b, "  %s\n", line)
	printProtocols(b, s.Protocols)
}

// roleOrder is the order of roles for people: what runs the process first. The
// words are for one and for many.
var roleOrder = []struct {
	role      firedoor.Role
	one, many string
}{
	{firedoor.RoleSafetyController, "safety controller", "safety controllers"},
	{firedoor.RolePLC, "PLC", "PLCs"},
	{firedoor.RoleRTU, "RTU", "RTUs"},
	{firedoor.RoleIED, "IED", "IEDs"},
	{firedoor.RoleRobot, "robot", "robots"},
	{firedoor.RoleDrive, "drive", "drives"},
	{firedoor.RoleRemoteIO, "remote I/O", "remote I/Os"},
	{firedoor.RoleHMI, "HMI", "HMIs"},
	{firedoor.RoleEngineering, "engineering workstation", "engineering workstations"},
	{firedoor.RoleSCADAServer, "SCADA server", "SCADA servers"},
	{firedoor.RoleHistorian, "historian", "historians"},
	{firedoor.RoleOPCServer, "OPC server", "OPC servers"},
	{firedoor.RoleDataGateway, "data gateway", "data gateways"},
	{firedoor.RoleJumpHost, "jump host", "jump hosts"},
	{firedoor.RoleSwitch, "switch", "switches"},
	{firedoor.RoleRouter, "router", "routers"},
	{firedoor.RoleFirewall, "firewall", "firewalls"},
	{firedoor.RoleDomainController, "domain controller", "domain controllers"},
	{firedoor.RoleDNSServer, "DNS server", "DNS servers"},
	{firedoor.RoleDHCPServer, "DHCP server", "DHCP servers"},
	{firedoor.RoleServer, "server", "servers"},
	{firedoor.RoleWorkstation, "workstation", "workstations"},
	{firedoor.RolePrinter, "printer", "printers"},
	{firedoor.RoleCamera, "camera", "cameras"},
	{firedoor.RoleExternal, "host outside", "hosts outside"},
}

// roles lists how many there are of each role; those that a device named itself
// and those nobody could tell come last.
func roles(list []sensor.Named) string {
	counts := map[string]int{}
	for _, r := range list {
		counts[r.Name] = r.Count
	}
	var parts []string
	for _, o := range roleOrder {
		if n := counts[string(o.role)]; n > 0 {
			parts = append(parts, count(uint64(n), o.one, o.many))
			delete(counts, string(o.role))
		}
	}
	unknown := counts["unknown"]
	delete(counts, "unknown")
	for _, r := range list {
		if n := counts[r.Name]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", grouped(uint64(n)), strings.ReplaceAll(r.Name, "-", " ")))
		}
	}
	if unknown > 0 {
		parts = append(parts, grouped(uint64(unknown))+" of unknown role")
	}
	return strings.Join(parts, ", ")
}

// printProtocols is a table, busiest in operations first. A column that is empty
// for all is left out.
func printProtocols(b *strings.Builder, list []sensor.ProtocolSummary) {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(x, y sensor.ProtocolSummary) int {
		return cmp.Or(cmp.Compare(y.Operations+y.Samples, x.Operations+x.Samples), cmp.Compare(y.Packets, x.Packets))
	})
	columns := []struct {
		head string
		of   func(p *sensor.ProtocolSummary) uint64
	}{
		{"conversations", func(p *sensor.ProtocolSummary) uint64 { return p.Conversations }},
		{"packets", func(p *sensor.ProtocolSummary) uint64 { return p.Packets }},
		{"operations", func(p *sensor.ProtocolSummary) uint64 { return p.Operations }},
		{"samples", func(p *sensor.ProtocolSummary) uint64 { return p.Samples }},
		{"errors", func(p *sensor.ProtocolSummary) uint64 { return p.Errors }},
		{"unanswered", func(p *sensor.ProtocolSummary) uint64 { return p.NoResponse }},
		{"malformed", func(p *sensor.ProtocolSummary) uint64 { return p.Malformed }},
	}
	if len(list) == 0 {
		return
	}
	rows := make([]strings.Builder, len(list)+1)
	fmt.Fprintf(&rows[0], "%-12s", "protocol")
	for i, p := range list {
		fmt.Fprintf(&rows[i+1], "%-12s", p.Protocol)
	}
	for _, c := range columns {
		wide, some := len(c.head), false
		for i := range list {
			n := c.of(&list[i])
			wide, some = max(wide, len(grouped(n))), some || n > 0
		}
		if !some {
			continue
		}
		fmt.Fprintf(&rows[0], "  %*s", wide, c.head)
		for i := range list {
			text := "-"
			if n := c.of(&list[i]); n > 0 {
				text = grouped(n)
			}
			fmt.Fprintf(&rows[i+1], "  %*s", wide, text)
		}
	}
	b.WriteByte('\n')
	for i := range rows {
		fmt.Fprintf(b, "  %s\n", rows[i].String())
	}
}

func printSight(b *strings.Builder, s *sensor.Summary) {
	b.WriteString("\nWHAT COULD NOT BE SEEN\n")
	before := b.Len()
	for _, l := range []struct {
		n         uint64
		one, many string
	}{
		{s.Sight.Duplicates, "frame came twice and was counted once: the mirror shows both ports, or the network is redundant",
			"frames came twice and were counted once: the mirror shows both ports, or the network is redundant"},
		{s.Sight.AckedUnseen, "byte was acknowledged but never captured: the mirror drops frames",
			"bytes were acknowledged but never captured: the mirror drops frames"},
		{s.Sight.MissingBytes, "byte is missing from conversations", "bytes are missing from conversations"},
		{s.Sight.MidStream, "connection began before the capture", "connections began before the capture"},
		{s.OneWay, "connection was seen in one direction only", "connections were seen in one direction only"},
		{s.Sight.StrippedVLANs, "connection lost its VLAN tag in one direction: the mirror strips it",
			"connections lost their VLAN tag in one direction: the mirror strips it"},
		{s.Sight.Truncated, "frame was cut short by the capture", "frames were cut short by the capture"},
		{s.Sight.Undecoded, "frame could not be decoded", "frames could not be decoded"},
		{s.Sight.FragmentsLost, "fragmented packet was never complete", "fragmented packets were never complete"},
		{s.Sight.LateAnswers, "answer came without its request", "answers came without their request"},
		{s.Encrypted, "session is encrypted: who speaks is known, what is said is not" + insideText(s.Protocols),
			"sessions are encrypted: who speaks is known, what is said is not" + insideText(s.Protocols)},
		{s.Clock.Odd, "frame carries a time that those around it contradict", "frames carry a time that those around them contradict"},
		{s.Clock.Jumps, "time the clock of a capture jumped", "times the clock of a capture jumped"},
	} {
		if l.n > 0 {
			fmt.Fprintf(b, "  %12s  %s\n", grouped(l.n), plural(l.n, l.one, l.many))
		}
	}
	unknown := slices.Clone(s.Unknown) // machines first: of a large transfer there is nothing to do
	machines := slices.DeleteFunc(slices.Clone(unknown), func(u sensor.Unknown) bool { return u.Regular == nil })
	unknown = append(machines, slices.DeleteFunc(unknown, func(u sensor.Unknown) bool { return u.Regular != nil })...)
	for _, u := range unknown[:min(len(unknown), unknownShown)] {
		fmt.Fprintf(b, "  %12s  %s of an unknown protocol: %s%s\n", grouped(u.Packets), plural(u.Packets, "packet", "packets"), portText(u), regularText(u.Regular))
	}
	if n := len(s.Unknown) - unknownShown; n > 0 {
		fmt.Fprintf(b, "  %12d  more unknown %s (summary.json lists them)\n", n, plural(uint64(n), "protocol", "protocols"))
	}
	for _, l := range s.Limits {
		fmt.Fprintf(b, "  %12s  %s a table was full and something was left out: %s%s\n", grouped(l.Times), plural(l.Times, "time", "times"), l.Name, suffers(l.Name))
	}
	if b.Len() == before {
		b.WriteString("  No blind spot was noticed.\n")
	}
}

// insideShown is how many of the protocols that are presumably encrypted are named.
const insideShown = 6

// insideText names what encrypted sessions presumably hold.
func insideText(all []sensor.ProtocolSummary) string {
	var names []string
	for i := range all {
		for _, in := range all[i].Inside {
			if name := in.Protocol + " (" + in.By + ")"; !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return ""
	}
	text := "; presumably " + strings.Join(names[:min(len(names), insideShown)], ", ")
	if n := len(names) - insideShown; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}

// suffers says what is worth less when a table was full, "" where its name says it.
func suffers(table string) string {
	what := map[string]string{
		"flows":                            "a connection that was silent longest counts as over: its open requests as unanswered, and what it says later is read from the middle",
		"conversations":                    "what new ones ask is in no file and no alert",
		"conversations without operations": "they are in no file",
		"distinct operations":              "new ones are counted, and no alert tells of them one by one",
		"callers of everybody":             "their next call counts as one that nobody answers",
		"unanswered operations":            "their answers count as answers without a request",
		"process values":                   "new ones are not kept",
		"programs":                         "new ones are not compared",
		"assets":                           "new devices are in no file",
		"segments":                         "what is in further ones counts as one",
		"alerts":                           "the later ones are only counted",
	}[table]
	if what == "" {
		return ""
	}
	return " (" + what + ")"
}

// regularText tells what can be said of an unknown machine's protocol.
func regularText(r *firedoor.Rhythm) string {
	if r == nil {
		return ""
	}
	text := ", a machine's: every " + time.Duration(r.Period).Round(time.Millisecond).String()
	for sender, who := range []string{"the client sends ", "the server "} {
		if len(r.Lengths[sender]) == 0 {
			continue
		}
		if sender == 1 && len(r.Lengths[0]) == 0 {
			who += "sends "
		}
		var lengths []string
		for _, n := range r.Lengths[sender] {
			lengths = append(lengths, fmt.Sprint(n))
		}
		text += ", " + who + strings.Join(lengths, " or ") + " bytes"
	}
	return text
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

func plural(n uint64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// count is a number and what it counts.
func count(n uint64, one, many string) string { return grouped(n) + " " + plural(n, one, many) }

// grouped writes n with commas.
func grouped(n uint64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// interval is a time from and to, down to the second; the date once if it is
// the same day.
func interval(first, last string) string {
	from, to := shortTime(first), shortTime(last)
	if from == to {
		return from + " UTC"
	}
	const date = len("2006-01-02 ")
	if from[:date] == to[:date] {
		to = to[date:]
	}
	return from + " to " + to + " UTC"
}

// shortTime is an RFC 3339 time down to the second, without the T.
func shortTime(t string) string { return strings.Replace(t[:19], "T", " ", 1) }

// wrap breaks text at words; lines after the first are indented.
func wrap(text string, indent, width int) string {
	var b strings.Builder
	column := indent
	for i, word := range strings.Fields(text) {
		long := len([]rune(word))
		if i > 0 {
			if column+1+long > width {
				b.WriteString("\n" + strings.Repeat(" ", indent))
				column = indent
			} else {
				b.WriteByte(' ')
				column++
			}
		}
		b.WriteString(word)
		column += long
	}
	return b.String()
}
