package policyfile

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"firedoor/internal/policy"
)

// Write writes a policy so that Read gives it back; note, if any, stands on top as comments.
func Write(to io.Writer, p *policy.Policy, note string) error {
	w := writer{bufio.NewWriter(to)}
	for line := range strings.Lines(note) {
		w.line(0, "# %s", strings.TrimRight(line, "\n"))
	}
	w.line(0, "policy: %d", Version)
	if p.Name != "" {
		w.line(0, "name: %s", worded(p.Name))
	}
	if p.TimeZone != "" {
		w.line(0, "time-zone: %s", worded(p.TimeZone))
	}
	w.line(0, "otherwise: {mode: %s, default: %s}", p.Otherwise.Mode, p.Otherwise.Default)
	w.hosts(p.Hosts)
	w.zones(p.Zones)
	if len(p.Safety) > 0 {
		w.line(0, "safety:")
		for i := range p.Safety {
			w.line(1, "- {%s}", strings.Join(matchWords(&p.Safety[i]), ", "))
		}
	}
	if len(p.Conduits) > 0 {
		w.line(0, "conduits:")
	}
	for i := range p.Conduits {
		w.conduit(&p.Conduits[i])
	}
	return w.Flush()
}

type writer struct{ *bufio.Writer }

func (w writer) line(depth int, format string, args ...any) {
	_, _ = w.WriteString(strings.Repeat("  ", depth)) // the first error comes back from Flush
	_, _ = fmt.Fprintf(w, format, args...)
	_ = w.WriteByte('\n')
}

func (w writer) hosts(hosts []policy.Host) {
	if len(hosts) > 0 {
		w.line(0, "hosts:")
	}
	for i := range hosts {
		h := &hosts[i]
		var words []string
		words = appendList(words, "address", h.Addresses)
		if h.MAC != 0 {
			words = append(words, "mac: "+quoted(h.MAC.String()))
		}
		if h.Segment != "" {
			words = append(words, "segment: "+quoted(h.Segment))
		}
		words = appendList(words, "refuses", h.Refuses)
		if h.Note != "" {
			words = append(words, "note: "+worded(h.Note))
		}
		w.line(1, "%s: {%s}", worded(h.Name), strings.Join(words, ", "))
	}
}

func (w writer) zones(zones []policy.Zone) {
	w.line(0, "zones:")
	for i := range zones {
		z := &zones[i]
		var words []string
		if z.Level != "" {
			words = append(words, "level: "+worded(z.Level))
		}
		if z.Target != 0 {
			words = append(words, "target: "+strconv.Itoa(z.Target))
		}
		if z.Segment != "" {
			words = append(words, "segment: "+quoted(z.Segment))
		}
		if z.At != policy.Anywhere {
			words = append(words, "at: "+z.At.String())
		}
		words = appendList(words, "addresses", z.Prefixes)
		words = appendWords(words, "hosts", z.Hosts)
		w.line(1, "%s: {%s}", worded(z.Name), strings.Join(words, ", "))
	}
}

func (w writer) conduit(c *policy.Conduit) {
	w.line(1, "%s:", worded(c.Name))
	w.line(2, "from: %s", worded(c.From))
	w.line(2, "to: %s", worded(c.To))
	w.line(2, "mode: %s", c.Mode)
	w.line(2, "default: %s", c.Default)
	w.line(2, "instead: %s", c.Instead)
	w.line(2, "unjudged: %s", c.Unjudged)
	if c.NeverRewrite {
		w.line(2, "never-rewrite: true")
	}
	if c.Budget > 0 {
		w.line(2, "budget: %s", c.Budget)
	}
	if c.Reviewed.Done() || len(c.NeverBlock) > 0 {
		w.line(2, "never-block:")
	}
	if c.Reviewed.Done() {
		w.line(3, "reviewed: {by: %s, on: %s}", worded(c.Reviewed.By), quoted(c.Reviewed.On))
	}
	if len(c.NeverBlock) > 0 {
		w.line(3, "rules:")
		w.rules(c.NeverBlock, 4, false)
	}
	if len(c.Rules) > 0 {
		w.line(2, "rules:")
		w.rules(c.Rules, 3, true)
	}
}

func (w writer) rules(rules []policy.Rule, depth int, judges bool) {
	for i := range rules {
		r := &rules[i]
		var words []string
		if r.Name != "" {
			words = append(words, "name: "+worded(r.Name))
		}
		words = append(words, matchWords(&r.Match)...)
		if r.Note != "" {
			words = append(words, "note: "+worded(r.Note))
		}
		if judges {
			words = append(words, "verdict: "+r.Verdict.String())
		}
		w.line(depth, "- {%s}", strings.Join(words, ", "))
	}
}

// matchWords writes what a rule asks for, "key: value" each.
func matchWords(m *policy.Match) (words []string) {
	words = appendWords(words, "client", m.Clients)
	words = appendWords(words, "server", m.Servers)
	words = appendList(words, "protocol", m.Protocols)
	words = appendList(words, "port", portWords(m.Ports))
	words = appendList(words, "verb", m.Verbs)
	words = appendWords(words, "function", m.Functions)
	words = appendList(words, "code", m.Codes)
	words = appendList(words, "unit", m.Units)
	words = appendList(words, "object", m.Objects)
	if m.Values != nil {
		words = append(words, "value: "+quoted(number(m.Values.Min)+".."+number(m.Values.Max)))
	}
	if m.As != policy.AsWritten {
		words = append(words, "as: "+m.As.String())
	}
	if m.Step > 0 {
		words = append(words, "step: "+number(m.Step))
	}
	if m.Rate.Most > 0 {
		words = append(words, "rate: "+m.Rate.String())
	}
	if m.When != nil {
		words = append(words, "when: {"+strings.Join(windowWords(m.When), ", ")+"}")
	}
	return words
}

func windowWords(w *policy.Window) (words []string) {
	var days []string
	for i, day := range weekdays {
		if w.Days>>i&1 == 1 {
			days = append(days, day)
		}
	}
	words = appendList(words, "days", days)
	if w.From != 0 || w.Until != 0 {
		clock := func(m uint16) string { return fmt.Sprintf(`"%02d:%02d"`, m/60, m%60) }
		words = append(words, "from: "+clock(w.From), "until: "+clock(w.Until))
	}
	return words
}

func portWords(ports []policy.Port) (words []string) {
	for _, p := range ports {
		words = append(words, p.Words())
	}
	return words
}

// appendList writes a list, one value without brackets.
func appendList[T any](words []string, key string, values []T) []string {
	return appendAll(words, key, values, func(v T) string { return quoted(fmt.Sprint(v)) })
}

// appendWords writes a list of names and other words.
func appendWords(words []string, key string, values []string) []string {
	return appendAll(words, key, values, worded)
}

func appendAll[T any](words []string, key string, values []T, write func(T) string) []string {
	switch len(values) {
	case 0:
		return words
	case 1:
		return append(words, key+": "+write(values[0]))
	}
	var all []string
	for _, v := range values {
		all = append(all, write(v))
	}
	return append(words, key+": ["+strings.Join(all, ", ")+"]")
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// worded is quoted of what must be read as text: a device may be called 4711.
func worded(text string) string {
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return strconv.Quote(text)
	}
	return quoted(text)
}

// quoted puts text in quotes where YAML would read something else; numbers stand as they are.
func quoted(text string) string {
	plain := text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/. ") == "" &&
		strings.TrimSpace(text) == text && text[0] != '-' && text[0] != '.'
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return text
	}
	switch strings.ToLower(text) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		plain = false
	}
	if plain && (text[0] < '0' || text[0] > '9') {
		return text
	}
	return strconv.Quote(text)
}
