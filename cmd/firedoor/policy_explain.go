package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"time"

	"firedoor"
	"firedoor/internal/policy"
)

type policyExplainCommand struct {
	Client   string   `help:"Who asks: a host or zone of the policy, or an address. Without it the whole policy is explained." placeholder:"NAME|IP"`
	Server   string   `help:"Who is asked." placeholder:"NAME|IP"`
	Side     string   `help:"At which port of a gateway the client's frames come in: inside, outside (default: not looked at)." placeholder:"SIDE"`
	Segment  string   `help:"The segment both are in (vlan:10)." placeholder:"NAME"`
	Protocol string   `help:"In which protocol." placeholder:"NAME"`
	Port     string   `help:"At which port of the server, as rules have it: 502, udp/47808, ethernet/0x88b8 (default: where the protocol is usually found)." placeholder:"PORT"`
	Verb     string   `help:"Verb of the operation." placeholder:"VERB"`
	Function string   `help:"Function, in the protocol's words." placeholder:"WORDS"`
	Code     *uint32  `help:"Code of the function." placeholder:"N"`
	Unit     *uint32  `help:"Unit or slot." placeholder:"N"`
	Object   string   `help:"Object, as event lines have it." placeholder:"TEXT"`
	Quantity uint32   `help:"How many elements of it." default:"1" placeholder:"N"`
	Value    *float64 `help:"Value that is written." placeholder:"N"`
	Before   *float64 `help:"Value that was there before." placeholder:"N"`
	At       string   `help:"When (RFC 3339; default: now)." placeholder:"TIME"`
	Policy   string   `arg:"" help:"The policy file."`
}

// Run says a policy in sentences, or why a request passes or not.
func (c *policyExplainCommand) Run(m *Main) error {
	plan, err := readPolicy(m, c.Policy)
	if err != nil {
		return err
	}
	switch {
	case c.Client == "" && c.Server == "" && !c.asks():
		return c.all(m, plan)
	case c.Client == "" || c.Server == "":
		return usageError{"a question needs both ends: give --client and --server"}
	}
	r, err := c.request(plan)
	if err != nil {
		return err
	}
	v := policy.Decide(plan, r)
	fmt.Fprintf(m.Stdout, "%s: %s\n", capitalised(v.Says.String()), plan.Why(r, v))
	if v.Action != v.Says {
		fmt.Fprintf(m.Stdout, "It passes all the same: %s.\n", plan.StopsNothing(v))
	}
	if text := plan.SharedSideSentence(r.Route); text != "" {
		fmt.Fprintln(m.Stdout, text)
	}
	unread := *r
	if r.Level == policy.OfConnection && v.Says == firedoor.Pass && plan.Unread(&unread).Reason == firedoor.ReasonUnjudged {
		fmt.Fprintln(m.Stdout, "What is of no protocol that anybody knows does not pass there (unjudged): a change might be stopped, and nobody can tell that it is none.")
	}
	return nil
}

// capitalised begins with a capital, where the text begins with a letter that has one.
func capitalised(text string) string {
	if text == "" || text[0] < 'a' || text[0] > 'z' {
		return text
	}
	return string(text[0]-'a'+'A') + text[1:]
}

// asks tells whether anything is said of what is asked, which without two ends would be looked at by nobody.
func (c *policyExplainCommand) asks() bool {
	return c.Protocol+c.Port+c.Verb+c.Function+c.Object+c.At+c.Side+c.Segment != "" || c.Code != nil || c.Unit != nil || c.Value != nil || c.Before != nil
}

func (c *policyExplainCommand) all(m *Main, plan *policy.Plan) error {
	for i := range plan.Policy.Safety {
		fmt.Fprintf(m.Stdout, "Safety: %s\n", plan.SafetySentence(i))
	}
	for i := range plan.Policy.Zones {
		if text := plan.Policy.Zones[i].SideSentence(); text != "" {
			fmt.Fprintln(m.Stdout, text)
		}
	}
	last := int32(-1)
	for r := range int32(plan.Rules()) {
		if n := plan.ConduitOf(r); n != last {
			last = n
			fmt.Fprintln(m.Stdout, plan.ConduitSentence(n))
		}
		name := plan.Rule(r).Name
		if name != "" {
			name = " (" + name + ")"
		}
		fmt.Fprintf(m.Stdout, "  %d. %s%s\n", r+1, plan.Sentence(r), name)
	}
	o := plan.Policy.Otherwise
	fmt.Fprintf(m.Stdout, "Where no conduit joins two zones: %s, mode %s.\n", o.Default, o.Mode)
	return nil
}

// port is where it is asked, and over what, as far as that is said or only one is usual.
func (c *policyExplainCommand) port(plan *policy.Plan) (at policy.Port, err error) {
	if c.Port == "" {
		if usual := known().Ports(c.Protocol); len(usual) > 0 {
			at = usual[0]
		}
		return at, nil
	}
	if at, err = policy.PortOf(c.Port); err != nil {
		return at, usageError{"--port " + c.Port + ": " + err.Error()}
	}
	if over := plan.Transports(c.Protocol, at.Number); at.Transport == 0 && len(over) == 1 {
		at.Transport = over[0]
	}
	return at, nil
}

// request builds what is asked about.
func (c *policyExplainCommand) request(plan *policy.Plan) (*policy.Request, error) {
	client, server, err := c.ends(plan)
	if err != nil {
		return nil, err
	}
	if c.Protocol != "" && !contains(known().Protocols, c.Protocol) {
		return nil, usageError{fmt.Sprintf("--protocol %s: no protocol has this name", c.Protocol)}
	}
	at, err := c.port(plan)
	if err != nil {
		return nil, err
	}
	if err := c.complete(); err != nil {
		return nil, err
	}
	route, err := c.cameIn(plan, plan.Route(client, server, at.Transport, at.Number))
	if err != nil {
		return nil, err
	}
	r := &policy.Request{Route: &route, Time: time.Now().UnixNano(), Protocol: c.Protocol, Function: c.Function, Object: []byte(c.Object), Quantity: c.Quantity, HasQty: true}
	switch {
	case c.Verb != "" || c.Function != "" || c.Code != nil || c.Unit != nil || c.Object != "" || c.Value != nil || c.Before != nil:
		r.Level = policy.OfOperation
	case c.Protocol != "":
		r.Level = policy.OfFlow
	}
	if c.Verb != "" {
		if r.Verb = verbOf(c.Verb); r.Verb == 0 {
			return nil, usageError{fmt.Sprintf("--verb %s: is no verb", c.Verb)}
		}
	}
	if c.Code != nil {
		r.Code = *c.Code
	}
	if c.Unit != nil {
		r.HasUnit, r.Unit = true, *c.Unit
	}
	if c.Value != nil {
		r.Values = &firedoor.Values{Type: firedoor.F64, Count: 1, Raw: binary.BigEndian.AppendUint64(nil, math.Float64bits(*c.Value))}
	}
	if c.Before != nil {
		r.Before = func(int) (float64, bool) { return *c.Before, true }
		r.Lately = func(int, time.Duration) (low, high float64, known bool) { return *c.Before, *c.Before, true }
	}
	if c.At != "" {
		at, err := time.Parse(time.RFC3339Nano, c.At)
		if err != nil {
			return nil, usageError{"--at " + c.At + ": give a time like 2026-03-02T06:00:00Z"}
		}
		r.Time = at.UnixNano()
	}
	return r, nil
}

// cameIn is the route of what comes in at the port that is said.
func (c *policyExplainCommand) cameIn(plan *policy.Plan, r policy.Route) (policy.Route, error) {
	if c.Side == "" {
		return r, nil
	}
	side, ok := policy.SideOf(c.Side)
	if !ok {
		return r, usageError{fmt.Sprintf("--side %s: must be %s or %s", c.Side, policy.Inside, policy.Outside)}
	}
	ip := firedoor.IP{Hi: 1} // of a host or zone by its name: any address
	if a, err := netip.ParseAddr(c.Client); err == nil {
		ip = firedoor.IPFrom(a)
	}
	if plan.Astray(r.Client, ip, side) {
		return plan.FromWrongSide(r), nil
	}
	return r, nil
}
