package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"firedoor"
	"firedoor/internal/policy"
	"firedoor/internal/policyfile"
)

// ends are the places of who asks and who is asked, which a frame may have both: it is in one segment.
func (c *policyExplainCommand) ends(plan *policy.Plan) (client, server policy.Place, err error) {
	if c.Segment != "" {
		if err := policyfile.IsSegment(c.Segment); err != nil {
			return 0, 0, usageError{fmt.Sprintf("--segment %q: %v", c.Segment, err)}
		}
	}
	segment, named := c.Segment, ""
	for _, text := range []string{c.Client, c.Server} {
		at, _ := plan.Named(text)
		switch of := plan.Segment(at); {
		case of == "" || of == segment:
		case segment == "":
			segment, named = of, text
		case named == "":
			return 0, 0, usageError{fmt.Sprintf("--segment %s: %s is in %s", segment, text, of)}
		default:
			return 0, 0, usageError{fmt.Sprintf("%s is in %s and %s in %s: no frame is of both. What a router sends on is in the segment to which it goes: ask by the address, with --segment", named, segment, text, of)}
		}
	}
	if client, err = c.place(plan, "--client", c.Client, segment); err != nil {
		return 0, 0, err
	}
	server, err = c.place(plan, "--server", c.Server, segment)
	return client, server, err
}

// place is where a host or zone is, or an address in a segment.
func (c *policyExplainCommand) place(plan *policy.Plan, flag, text, segment string) (policy.Place, error) {
	if at, ok := plan.Named(text); ok {
		return at, nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return 0, usageError{fmt.Sprintf("%s %s: is neither a host or zone of the policy nor an IP address", flag, strconv.Quote(text))}
	}
	if apart := plan.SegmentsOf(a); segment == "" && len(apart) > 0 {
		return 0, usageError{fmt.Sprintf("%s %s: the policy tells it apart by segment: say which with --segment (%s, or another one)", flag, text, strings.Join(apart, ", "))}
	}
	return plan.Place(segment, firedoor.IPFrom(a), 0), nil
}

// complete says of a function what else is known of it: its code, words and verb go together, and a rule may name any
// of the three. What no request can have is an error, as in a rule.
func (c *policyExplainCommand) complete() error {
	if err := c.exists(); err != nil || c.Protocol == "" || c.Function == "" && c.Code == nil {
		return err
	}
	var are []policy.Function
	for _, f := range known().Functions(c.Protocol) {
		if (c.Function == "" || f.Words == c.Function) && (c.Code == nil || f.Code == *c.Code) {
			are = append(are, f)
		}
	}
	if len(are) == 0 || slices.ContainsFunc(are, func(f policy.Function) bool { return f.Several }) {
		return nil
	}
	one := are[0]
	same := func(is func(f policy.Function) bool) bool {
		return !slices.ContainsFunc(are, func(f policy.Function) bool { return !is(f) })
	}
	verbs := same(func(f policy.Function) bool { return f.Verb == one.Verb && f.Verb != 0 })
	if c.Verb != "" && !slices.ContainsFunc(are, func(f policy.Function) bool { return f.Verb == 0 || f.Verb.String() == c.Verb }) && verbOf(c.Verb) != 0 {
		return usageError{fmt.Sprintf("--verb %s: %s of %s is %s", c.Verb, cmp.Or(c.Function, fmt.Sprint("code ", one.Code)), c.Protocol, one.Verb)}
	}
	if c.Verb == "" && verbs {
		c.Verb = one.Verb.String()
	}
	if c.Code == nil && same(func(f policy.Function) bool { return f.Code == one.Code }) {
		c.Code = &one.Code
	}
	if c.Function == "" && same(func(f policy.Function) bool { return f.Words == one.Words }) {
		c.Function = one.Words
	}
	return nil
}

// exists holds what is asked against what there is, as a rule about it is.
func (c *policyExplainCommand) exists() error {
	m := policy.Match{}
	if c.Protocol != "" {
		m.Protocols = []string{c.Protocol}
	}
	if c.Function != "" {
		m.Functions = []string{c.Function}
	}
	if c.Code != nil {
		m.Codes = []uint32{*c.Code}
	}
	if c.Unit != nil {
		m.Units = []uint32{*c.Unit}
	}
	if c.Object != "" {
		o, row := policy.RowOf(c.Object)
		if !row {
			o = policy.Object{Text: c.Object}
		}
		m.Objects = []policy.Object{o}
	}
	_, faults := policy.Compile(&policy.Policy{Zones: []policy.Zone{{Name: "a"}},
		Conduits: []policy.Conduit{{Name: "a", From: "a", To: "a", Rules: []policy.Rule{{Match: m, Verdict: firedoor.Pass}}}}}, known())
	if len(faults) == 0 {
		return nil
	}
	return usageError{"--" + faults[0].Key[strings.LastIndexByte(faults[0].Key, '.')+1:] + ": " + faults[0].Text}
}
