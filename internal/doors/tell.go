package doors

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"firedoor"
	"firedoor/internal/policy"
)

// Limits of what is told at once.
const (
	maxShownRules    = 3_000
	maxShownConduits = 500
	maxShownZones    = 500
	maxFindings      = 100
	// MaxPage is the most stops of a page.
	MaxPage = 500
)

// Gateway is what is known of a gateway.
type Gateway struct {
	Name       string      `json:"name" doc:"Of its data folder"`
	Folder     string      `json:"folder"`
	Heard      string      `json:"heard_wall" doc:"When it last answered; empty: never"`
	Away       bool        `json:"away" doc:"It does not answer; what is shown is what it said last"`
	Problem    string      `json:"problem" doc:"Why what is shown may be old or not all; empty: nothing"`
	Status     Status      `json:"status"`
	Isolations []Isolation `json:"isolations" doc:"In force, oldest first"`
	Barred     []Barred    `json:"barred" doc:"Clients that no worker judges until a person releases them (firedoor release ADDRESS); at most 256"`
	Shed       []Shed      `json:"shed" doc:"Clients and conduits that no worker judges for a while; at most 256"`
	Policy     Policy      `json:"policy"`
	Since      string      `json:"since_wall" doc:"Since when is counted: another policy begins anew"`
	Stopped    uint64      `json:"stopped"`
	Tested     uint64      `json:"tested" doc:"That would have been stopped"`
	Findings   []Found     `json:"findings" doc:"What was stopped or would have been, by kind, the latest first; at most 100 of each"`
	More       int         `json:"more_findings" doc:"Kinds that are not listed"`
	Unsorted   uint64      `json:"unsorted" doc:"Stops of kinds for which there was no room: they stand in the list and the sums"`
	Unread     uint64      `json:"unread" doc:"Lines of what was stopped that could not be read"`
}

// Policy is a policy in sentences.
type Policy struct {
	Known     bool         `json:"known" doc:"False until the gateway told it"`
	Name      string       `json:"name"`
	Otherwise string       `json:"otherwise" doc:"What holds where no conduit joins two zones"`
	Zones     []PolicyZone `json:"zones"`
	Conduits  []Conduit    `json:"conduits"`
	LeftOut   int          `json:"left_out" doc:"Rules that found no room; firedoor policy explain says all"`
	Reasons   []Reason     `json:"reasons" doc:"What was stopped where no conduit is"`
}

// PolicyZone groups what is to be protected alike.
type PolicyZone struct {
	Name      string `json:"name"`
	Level     string `json:"level"`
	Target    int    `json:"target" doc:"Security level that it is to have, SL-T"`
	At        string `json:"at" doc:"Port of the gateway at which its devices are: inside, outside; empty: either"`
	Hosts     int    `json:"hosts" doc:"That it names"`
	Addresses string `json:"addresses"`
}

// Conduit joins two zones.
type Conduit struct {
	Name       string   `json:"name"`
	From       string   `json:"from"`
	To         string   `json:"to"`
	Mode       string   `json:"mode" enum:"observe,test,enforce"`
	Default    string   `json:"default" doc:"What becomes of what no rule matches"`
	Unjudged   string   `json:"unjudged" enum:"reads,open,closed" doc:"What cannot be judged in time: plain reads pass and what may change something is dropped, all passes, all is dropped"`
	ReviewedBy string   `json:"reviewed_by" doc:"Who looked at what must never be blocked; empty: nobody"`
	ReviewedOn string   `json:"reviewed_on"`
	Rules      []Rule   `json:"rules" doc:"What is never blocked first; then the first that matches decides"`
	Reasons    []Reason `json:"reasons" doc:"What was stopped without a rule"`
}

// Rule is one rule in a sentence.
type Rule struct {
	ID       string `json:"id" doc:"As the list of stops names it"`
	Line     int    `json:"line" doc:"In the policy's file"`
	Name     string `json:"name"`
	Sentence string `json:"sentence"`
	Verdict  string `json:"verdict" enum:"pass,refuse,drop,reset"`
	Never    bool   `json:"never_block" doc:"It is never blocked"`
	Times
}

// Reason is why something was stopped that no rule speaks of.
type Reason struct {
	Reason   string `json:"reason"`
	Sentence string `json:"sentence"`
	Times
}

// Times is how often something was stopped.
type Times struct {
	Stopped uint64 `json:"stopped"`
	Tested  uint64 `json:"tested" doc:"Times that it would have been"`
	Last    string `json:"last_wall" doc:"Empty: never"`
}

// Found is a kind of request that was stopped, or would have been.
type Found struct {
	Sentence string `json:"sentence"`
	Why      string `json:"why"`
	Test     bool   `json:"test" doc:"It passed, and is only told"`
	Says     string `json:"says"`
	Conduit  string `json:"conduit"`
	Rule     string `json:"rule"`
	Count    uint64 `json:"count"`
	First    string `json:"first_wall"`
	Last     string `json:"last_wall"`
}

// shown is what a plan says in sentences, made once.
type shown struct{ policy Policy }

func show(plan *policy.Plan) shown {
	pol := plan.Policy
	o := pol.Otherwise
	out := Policy{Known: true, Name: pol.Name, Zones: []PolicyZone{}, Conduits: []Conduit{}, Reasons: []Reason{},
		Otherwise: fmt.Sprintf("Where no conduit joins two zones: %s, mode %s.", o.Default, o.Mode)}
	for i := range pol.Zones[:min(len(pol.Zones), maxShownZones)] {
		z := &pol.Zones[i]
		var nets []string
		for _, p := range z.Prefixes[:min(len(z.Prefixes), 8)] {
			nets = append(nets, p.String())
		}
		if len(z.Prefixes) > len(nets) {
			nets = append(nets, fmt.Sprintf("%d more", len(z.Prefixes)-len(nets)))
		}
		out.Zones = append(out.Zones, PolicyZone{z.Name, z.Level, z.Target, z.At.String(), len(z.Hosts), strings.Join(nets, ", ")})
	}
	for n := range int32(min(plan.Conduits(), maxShownConduits)) {
		c := plan.Conduit(n)
		out.Conduits = append(out.Conduits, Conduit{Name: c.Name, From: c.From, To: c.To, Mode: c.Mode.String(), Default: c.Default.String(), Unjudged: c.Unjudged.String(),
			ReviewedBy: c.Reviewed.By, ReviewedOn: c.Reviewed.On, Rules: []Rule{}, Reasons: []Reason{}})
	}
	for r := range int32(plan.Rules()) {
		n := int(plan.ConduitOf(r))
		if int(r) >= maxShownRules || n >= len(out.Conduits) {
			out.LeftOut++
			continue
		}
		rule := plan.Rule(r)
		out.Conduits[n].Rules = append(out.Conduits[n].Rules, Rule{ID: plan.RuleName(r), Line: rule.Line, Name: rule.Name, Sentence: plan.Sentence(r),
			Verdict: rule.Verdict.String(), Never: plan.NeverBlocks(r)})
	}
	return shown{policy: out}
}

// with gives the policy with what was counted.
func (s *shown) with(counts map[decider]*counted) Policy {
	out := s.policy
	if !out.Known {
		out.Zones, out.Conduits, out.Reasons = []PolicyZone{}, []Conduit{}, []Reason{}
	}
	reasons := map[string]map[string]*Reason{} // by conduit
	for d, c := range counts {
		if d.Rule != "" {
			continue
		}
		of := reasons[d.Conduit]
		if of == nil {
			of = map[string]*Reason{}
			reasons[d.Conduit] = of
		}
		if of[d.Reason] == nil {
			of[d.Reason] = &Reason{Reason: d.Reason, Sentence: reasonWords(d.Reason)}
		}
		of[d.Reason].add(d.Test, c)
	}
	out.Conduits = slices.Clone(out.Conduits)
	for i := range out.Conduits {
		c := &out.Conduits[i]
		c.Rules = slices.Clone(c.Rules)
		for k := range c.Rules {
			for _, test := range []bool{false, true} {
				if n := counts[decider{Conduit: c.Name, Rule: c.Rules[k].ID, Test: test}]; n != nil {
					c.Rules[k].add(test, n)
				}
			}
		}
		c.Reasons = inOrder(reasons[c.Name])
	}
	out.Reasons = inOrder(reasons[""])
	return out
}

func (t *Times) add(test bool, c *counted) {
	if test {
		t.Tested += c.Count
	} else {
		t.Stopped += c.Count
	}
	t.Last = max(t.Last, c.Last)
}

func inOrder(m map[string]*Reason) []Reason {
	out := []Reason{}
	for _, r := range m {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b Reason) int { return cmp.Compare(a.Reason, b.Reason) })
	return out
}

// Gateways tells all that is known, in the order in which they were named.
func (d *Doors) Gateways() []Gateway {
	out := []Gateway{}
	for _, g := range d.gateways {
		out = append(out, g.view(d.now()))
	}
	return out
}

func (g *gateway) view(now time.Time) Gateway {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := &g.stops
	out := Gateway{Name: g.name, Folder: g.dir, Heard: stamp(g.heard), Away: now.Sub(g.heard) > awayAfter, Problem: g.problem, Status: g.status,
		Isolations: append([]Isolation{}, g.isolations...), Barred: append([]Barred{}, g.barred...), Shed: append([]Shed{}, g.shed...), Policy: g.shown.with(s.rules), Since: s.since, Stopped: s.total, Tested: s.tested,
		Findings: []Found{}, Unsorted: s.uncut, Unread: s.odd + g.tail.tooLong}
	for i := range out.Barred {
		out.Barred[i].Name = g.named(out.Barred[i].Client)
	}
	for i := range out.Shed {
		out.Shed[i].Name = g.named(out.Shed[i].Client)
	}
	for _, test := range []bool{true, false} {
		list := s.lately(test)
		out.More += max(0, len(list)-maxFindings)
		for _, k := range list[:min(len(list), maxFindings)] {
			out.Findings = append(out.Findings, g.found(k, s.kinds[k]))
		}
	}
	slices.SortStableFunc(out.Findings, func(a, b Found) int { return cmp.Compare(b.Last, a.Last) })
	return out
}

func (g *gateway) found(k kind, c *counted) Found {
	return Found{Sentence: sentence(k.Test, c.Count, k.Reason, k.Verb, g.called(k.Segment, k.Client), g.called(k.Segment, k.Server), k.Protocol, k.Object),
		Why: because(k.Reason, k.Rule, k.Conduit), Test: k.Test, Says: k.Says, Conduit: k.Conduit, Rule: k.Rule, Count: c.Count, First: c.First, Last: c.Last}
}

// called is the name of an address in the policy, else the address.
func (g *gateway) called(segment, address string) string {
	if g.plan == nil {
		return address
	}
	ip, mac, ok := parseEnd(address)
	if !ok {
		return address
	}
	if at := g.plan.Place(segment, ip, mac); g.plan.IsHost(at) {
		return g.plan.PlaceName(at)
	}
	return address
}

// named is the name of an address in the policy, in whichever segment; "" where it has none.
func (g *gateway) named(address string) string {
	if g.plan == nil {
		return ""
	}
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	for i := range g.plan.Policy.Hosts {
		if h := &g.plan.Policy.Hosts[i]; slices.Contains(h.Addresses, ip.Unmap()) {
			return h.Name
		}
	}
	return ""
}

// nouns say what was asked, one and several.
var nouns = map[string][2]string{
	"session": {"request for a session", "requests for a session"}, "identify": {"question who is there", "questions who is there"}, "diagnose": {"diagnosis", "diagnoses"},
	"read": {"read", "reads"}, "write": {"write", "writes"}, "configure": {"configuration", "configurations"}, "control": {"command", "commands"}, "program": {"program transfer", "program transfers"},
}

// sentence says what happened as a person would. What comes from the wrong side is not of the client whose address it has.
func sentence(test bool, n uint64, reason, verb, client, server, protocol, object string) string {
	words, known := nouns[verb]
	switch {
	case !known && protocol != "":
		words = [2]string{"frame of " + protocol, "frames of " + protocol}
	case !known:
		words = [2]string{"frame", "frames"}
	}
	what, of, toward := words[1], "of", "to"
	if n == 1 {
		what = words[0]
	}
	if verb == "read" {
		toward = "from"
	}
	begin := "Stopped"
	if test {
		begin = "Would have stopped"
	}
	astray := reason == firedoor.ReasonWrongSide.String()
	if astray {
		of = "in the name of"
	}
	text := fmt.Sprintf("%s %s %s %s %s %s %s", begin, grouped(n), what, of, client, toward, server)
	if object != "" {
		text += ", " + object
	}
	if astray {
		text += ", from the wrong side"
	}
	return text + "."
}

// grouped writes a number with commas, as people read large ones.
func grouped(n uint64) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

func because(reason, rule, conduit string) string {
	switch {
	case rule != "":
		return rule
	case conduit != "":
		return conduit + ": " + reasonWords(reason)
	}
	return reasonWords(reason)
}

func reasonWords(reason string) string {
	if text := reasons[reason]; text != "" {
		return text
	}
	return reason
}

var reasons = map[string]string{
	firedoor.ReasonDefault.String():    "no rule matches, so its default holds",
	firedoor.ReasonOtherwise.String():  "no conduit joins the two zones",
	firedoor.ReasonProtocol.String():   "another protocol than the port is open for",
	firedoor.ReasonMalformed.String():  "it breaks the rules of its protocol",
	firedoor.ReasonQuarantine.String(): "isolated: quarantine, nothing passes",
	firedoor.ReasonNoWrite.String():    "isolated: no-write, nothing may be changed",
	firedoor.ReasonNoProgram.String():  "isolated: no-program, no programs, firmware or configuration",
	firedoor.ReasonStranger.String():   "isolated: known-clients-only, this one was not known",
	firedoor.ReasonRate.String():       "isolated: rate-cap, more requests than are allowed",
	firedoor.ReasonHeld.String():       "a message was held back for longer than is allowed",
	firedoor.ReasonUnjudged.String():   "nobody could judge it in time",
	firedoor.ReasonWrongSide.String():  "it came in at the other port than its sender is at",
}
