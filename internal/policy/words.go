package policy

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"firedoor"
)

// Sentence says a rule in words that a plant engineer reads without the format at hand.
func (p *Plan) Sentence(rule int32) string {
	r, c := &p.rules[rule], &p.conduits[p.of[rule]]
	if p.NeverBlocks(rule) {
		return "Never blocked: " + r.Match.words(c.From, c.To) + "."
	}
	what := map[firedoor.Action]string{firedoor.Pass: "Passes", firedoor.Refuse: "Is refused by the device itself", firedoor.Drop: "Is dropped", firedoor.Reset: "Ends the connection"}
	return what[r.Verdict] + ": " + r.Match.words(c.From, c.To) + "."
}

// SafetySentence says what safety traffic is.
func (p *Plan) SafetySentence(i int) string {
	return "Always passes: " + p.Policy.Safety[i].words("any zone", "any zone") + "."
}

// doing is what somebody does who uses a verb.
var doing = map[firedoor.Verb]string{firedoor.VerbSession: "opens sessions", firedoor.VerbIdentify: "asks who is there", firedoor.VerbDiagnose: "diagnoses",
	firedoor.VerbRead: "reads", firedoor.VerbWrite: "writes", firedoor.VerbConfigure: "configures", firedoor.VerbControl: "controls", firedoor.VerbProgram: "programs"}

// words says what a match means, between two zones.
func (m *Match) words(from, to string) string {
	who := orOf(m.Clients, "anybody in "+from)
	whom := orOf(m.Servers, "anything in "+to)
	var does []string
	for _, v := range m.Verbs {
		does = append(does, doing[v])
	}
	words := []string{who, orOf(does, "asks")}
	if len(m.Functions) > 0 {
		words = append(words, "by "+orOf(m.Functions, ""))
	}
	if len(m.Codes) > 0 {
		words = append(words, "(code "+orOf(texts(m.Codes), "")+")")
	}
	if len(m.Objects) > 0 {
		words = append(words, orOf(objectWords(m.Objects), ""))
	}
	if m.Values != nil {
		words = append(words, fmt.Sprintf("with values from %g to %g", m.Values.Min, m.Values.Max))
	}
	if m.As != AsWritten {
		words = append(words, "read as "+m.As.String())
	}
	if m.Step > 0 {
		words = append(words, fmt.Sprintf("in steps of at most %g", m.Step))
	}
	if m.Rate.Most > 0 {
		words = append(words, "by at most "+m.Rate.words())
	}
	words = append(words, "of "+whom)
	if len(m.Units) > 0 {
		words = append(words, "unit "+orOf(texts(m.Units), ""))
	}
	if len(m.Protocols) > 0 {
		words = append(words, "in "+orOf(m.Protocols, ""))
	}
	if len(m.Ports) > 0 {
		var ports []string
		for _, p := range m.Ports {
			ports = append(ports, p.Words())
		}
		words = append(words, "at port "+orOf(ports, ""))
	}
	if m.When != nil {
		words = append(words, m.When.String())
	}
	return strings.Join(words, " ")
}

// PortOf reads a port as Words has it.
func PortOf(text string) (p Port, err error) {
	switch text {
	case "icmp":
		return Port{Transport: ICMP}, nil
	case "icmp6":
		return Port{Transport: ICMP6}, nil
	case "ethernet":
		return Port{Transport: Link}, nil
	case "ethernet/llc":
		return Port{Link, LLC}, nil
	}
	if rest, ok := strings.CutPrefix(text, "ethernet"); ok {
		digits, ok := strings.CutPrefix(rest, "/")
		v, err := strconv.ParseUint(digits, 0, 16)
		if !ok || err != nil || v < firstEtherType {
			return p, errors.New("is no type of frames: write it like ethernet/0x88b8, or ethernet/llc for frames with a length; ethernet alone is all without IP")
		}
		return Port{Link, uint16(v)}, nil
	}
	if rest, ok := strings.CutPrefix(text, "tcp/"); ok {
		p.Transport, text = 6, rest
	} else if rest, ok := strings.CutPrefix(text, "udp/"); ok {
		p.Transport, text = 17, rest
	}
	v, err := strconv.ParseUint(text, 10, 16)
	if err != nil || v == 0 {
		return p, errors.New("is no port: write it like 502, tcp/502, udp/47808 or ethernet/0x88b8; or icmp, icmp6")
	}
	p.Number = uint16(v)
	return p, nil
}

// Words is how a policy has a port: "502", "tcp/502", "icmp", "ethernet/0x88b8",
// "ethernet/llc".
func (p Port) Words() string {
	switch {
	case p.Transport == ICMP:
		return "icmp"
	case p.Transport == ICMP6:
		return "icmp6"
	case p.Transport == Link && p.Number == 0:
		return "ethernet"
	case p.Transport == Link && p.Number == LLC:
		return "ethernet/llc"
	case p.Transport == Link:
		return fmt.Sprintf("ethernet/0x%04x", p.Number)
	}
	return map[uint8]string{6: "tcp/", 17: "udp/"}[p.Transport] + strconv.Itoa(int(p.Number))
}

func texts[T any](list []T) (out []string) {
	for _, v := range list {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

func orOf(list []string, none string) string {
	switch n := len(list); n {
	case 0:
		return none
	case 1:
		return list[0]
	default:
		return strings.Join(list[:n-1], ", ") + " or " + list[n-1]
	}
}

// String says when a window is open.
func (w *Window) String() string {
	var days []string
	for d := range 7 {
		if w.Days>>d&1 == 1 {
			days = append(days, time.Weekday(d).String())
		}
	}
	text := "on " + strings.Join(days, ", ")
	if w.Days == 0 {
		text = "every day"
	}
	if w.From != w.Until {
		text += fmt.Sprintf(" from %02d:%02d to %02d:%02d", w.From/60, w.From%60, w.Until/60, w.Until%60)
	}
	return text
}

// Why says in words how Decide came to a verdict.
func (p *Plan) Why(r *Request, v firedoor.Verdict) string {
	switch v.Reason {
	case firedoor.ReasonRule:
		return p.RuleName(v.Rule) + " says so: " + p.Sentence(v.Rule)
	case firedoor.ReasonNeverBlock:
		return p.RuleName(v.Rule) + " is on the list of what is never blocked."
	case firedoor.ReasonDefault:
		return "no rule of " + p.ConduitName(v.Conduit) + " matches, and its default is " + p.conduits[v.Conduit].Default.String() + "." + p.nearMiss(r)
	case firedoor.ReasonOtherwise:
		return fmt.Sprintf("no conduit joins %s and %s; otherwise is %s.", p.zoneName(r.Client), p.zoneName(r.Server), p.Policy.Otherwise.Default)
	case firedoor.ReasonInside:
		return "both are in zone " + p.zoneName(r.Client) + ", and no conduit is about what happens inside it."
	case firedoor.ReasonSafety:
		return "it is safety traffic, which always passes."
	case firedoor.ReasonWrongSide:
		return "its sender is not at the side from which it comes, and it is neither safety traffic nor never blocked."
	case firedoor.ReasonProtocol:
		if rule := p.atOtherTimes(r); rule >= 0 {
			return p.RuleName(rule) + " lets it pass, but not at this time: " + p.Sentence(rule)
		}
		return "the port is open for another protocol."
	}
	return "it is isolated: " + v.Reason.String() + "."
}

// atOtherTimes is a rule that would let a flow pass if it were its time, -1 for none.
func (p *Plan) atOtherTimes(r *Request) int32 {
	x := p.conduits[r.Conduit].rules
	for i := range x.entries {
		e := &x.entries[i]
		if e.action == firedoor.Pass && !e.when.holds(r.Time, p.zone) && e.speaks(r) && p.meets(e.client, r.Client) && p.meets(e.server, r.Server) {
			return e.rule
		}
	}
	return -1
}

func (p *Plan) zoneName(at Place) string {
	if z := p.ZoneOf(at); z >= 0 {
		return p.Policy.Zones[z].Name
	}
	return "an address of no zone"
}

// relaxations are what a rule may miss a request by, the likeliest mistake first.
var relaxations = []struct {
	name string
	drop func(*entry)
}{
	{"the value", func(e *entry) { e.values, e.step, e.rate = nil, 0, Rate{} }},
	{"the object", func(e *entry) { e.hasObject = false }},
	{"the time", func(e *entry) { e.when = nil }},
	{"the unit", func(e *entry) { e.hasUnit = false }},
	{"the function", func(e *entry) { e.hasCode, e.function = false, 0 }},
	{"the port", func(e *entry) { e.ports = nil }},
	{"the verb", func(e *entry) { e.verb = 0 }},
}

// nearMiss names a rule that would let the request pass but for one thing.
func (p *Plan) nearMiss(r *Request) string {
	if r.Level != OfOperation || r.Conduit < 0 {
		return ""
	}
	x := p.conduits[r.Conduit].rules
	for _, thing := range relaxations {
		for i := range x.entries {
			near := x.entries[i]
			if near.action != firedoor.Pass || !p.meets(near.client, r.Client) || !p.meets(near.server, r.Server) {
				continue
			}
			if thing.drop(&near); near.matches(p, r) {
				return " " + capital(p.RuleName(near.rule)) + " would let it pass but for " + thing.name + "."
			}
		}
	}
	return ""
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// ConduitSentence says what a conduit is.
func (p *Plan) ConduitSentence(n int32) string {
	c := &p.conduits[n]
	budget := DefaultBudget.String() + ", as usual,"
	if c.Budget != 0 {
		budget = c.Budget.String()
	}
	text := fmt.Sprintf("Conduit %s, from %s to %s, mode %s: what no rule matches: %s; what cannot be judged in time: %s. A gateway may take %s over a frame.", c.Name, c.From, c.To, c.Mode, c.Default, c.Unjudged.words(), budget)
	if c.Reviewed.Done() {
		text += fmt.Sprintf(" What is never blocked was reviewed by %s on %s.", c.Reviewed.By, c.Reviewed.On)
	}
	return text
}

// StopsNothing says why a verdict is not acted on.
func (p *Plan) StopsNothing(v firedoor.Verdict) string {
	if v.Conduit >= 0 {
		c := &p.conduits[v.Conduit]
		return fmt.Sprintf("conduit %s has mode %s", c.Name, c.Mode)
	}
	return "what no conduit joins has mode " + p.Policy.Otherwise.Mode.String()
}

// portWord is a port in a sentence.
func portWord(p Port) string {
	switch p.Transport {
	case ICMP:
		return "ICMP"
	case ICMP6:
		return "ICMPv6"
	case Link:
		return p.Words()
	}
	return strconv.Itoa(int(p.Number))
}

// words says what becomes of what cannot be judged.
func (u Unjudged) words() string {
	return [...]string{Reads: "plain reads pass, what may change something is dropped", Open: "passes", Closed: "is dropped"}[u]
}
