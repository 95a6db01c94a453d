package gateway

import (
	"net/netip"
	"slices"

	"firedoor"
	"firedoor/internal/policy"
)

// Effect is one thing that was done while learning and would be stopped.
type Effect struct {
	Client   string `json:"client"`
	Server   string `json:"server"`
	Protocol string `json:"protocol"`
	Verb     string `json:"verb,omitempty"`
	Function string `json:"function,omitempty"`
	Object   string `json:"object,omitempty"`
	Count    uint32 `json:"count"` // how often it was done
	Period   int64  `json:"period_ns,omitempty"`
	Verdict  string `json:"verdict"`
}

// MaxEffects is how many effects a preview names.
const MaxEffects = 200

// Preview says what of that which was learned is stopped by after and passes by before;
// more is how many effects are not named.
func Preview(before, after *policy.Plan, learned []firedoor.Conversation) (out []Effect, more int) {
	for i := range learned {
		c := &learned[i]
		for _, e := range effects(before, after, c) {
			if len(out) >= MaxEffects {
				more++
				continue
			}
			out = append(out, e)
		}
	}
	return out, more
}

func effects(before, after *policy.Plan, c *firedoor.Conversation) (out []Effect) {
	was, is := requests(before, c), requests(after, c)
	base := Effect{Client: nameOf(before, was[0].Client, &c.Client), Server: nameOf(before, was[0].Server, &c.Server), Protocol: c.Protocol, Count: c.Flows}
	add := func(e Effect) {
		for i := range was { // over any transport that it may have come over
			if a, b := says(before, was[i]), says(after, is[i]); a.Action == firedoor.Pass && b.Action != firedoor.Pass {
				e.Verdict = b.Action.String()
				out = append(out, e)
				return
			}
		}
	}
	if len(c.Statements) == 0 {
		if nameless(c.Protocol) {
			base.Function = "what nobody can read"
		}
		add(base)
	}
	for k := range c.Statements {
		s := &c.Statements[k]
		for _, list := range [][]policy.Request{was, is} {
			for i := range list {
				ask(&list[i], c, s)
			}
		}
		e := base
		e.Verb, e.Function, e.Object, e.Count, e.Period = s.Verb, s.Function, s.Object, s.Count, s.Period
		add(e)
	}
	return out
}

// says is what a plan says of what was learned. What is of no protocol that anybody knows may change something.
func says(plan *policy.Plan, r policy.Request) firedoor.Verdict {
	if r.Level == policy.OfFlow && nameless(r.Protocol) {
		return plan.Unread(&r)
	}
	return policy.Decide(plan, &r)
}

// nameless tells whether a conversation has the name of what carried it, for nobody knows its protocol.
func nameless(protocol string) bool { return protocol == "tcp" || protocol == "udp" }

// ask makes a request of a learned statement.
func ask(r *policy.Request, c *firedoor.Conversation, s *firedoor.Statement) {
	r.Level, r.Function, r.Code, r.Object = policy.OfOperation, s.Function, s.Code, []byte(s.Object)
	r.HasUnit, r.HasQty, r.Unit, r.Quantity, r.Verb, r.Rate = s.Unit != nil, s.Quantity != nil, 0, 0, 0, 0
	if s.Unit != nil {
		r.Unit = *s.Unit
	}
	if s.Quantity != nil {
		r.Quantity = *s.Quantity
	}
	if r.Protocol = c.Protocol; s.Protocol != "" {
		r.Protocol = s.Protocol
	}
	for v := firedoor.VerbSession; v <= firedoor.VerbProgram; v++ {
		if v.String() == s.Verb {
			r.Verb = v
		}
	}
	if s.Period > 0 {
		r.Rate = uint32(max(1, int64(1e9)/s.Period))
	}
}

// requests are a conversation as a plan sees it, over each transport that its protocol may
// have come over: which it was is not kept.
func requests(plan *policy.Plan, c *firedoor.Conversation) (out []policy.Request) {
	for _, transport := range plan.Transports(c.Protocol, c.Server.Port) {
		port := c.Server.Port
		if transport == policy.Link {
			port = plan.FrameType(c.Protocol, port)
		}
		route := plan.Route(placeOf(plan, c.Segment, &c.Client), placeOf(plan, c.Segment, &c.Server), transport, port)
		out = append(out, policy.Request{Route: &route, Level: policy.OfFlow, Protocol: c.Protocol})
	}
	return out
}

func placeOf(plan *policy.Plan, segment string, a *firedoor.Address) policy.Place {
	ip, _ := netip.ParseAddr(a.IP) // none gives the place of its MAC
	var mac firedoor.MAC
	if b, err := parseMAC(a.MAC); err == nil {
		mac = b
	}
	return plan.Place(segment, firedoor.IPFrom(ip), mac)
}

func nameOf(plan *policy.Plan, at policy.Place, a *firedoor.Address) string {
	if plan.IsHost(at) {
		return plan.PlaceName(at)
	}
	if a.IP != "" {
		return a.IP
	}
	return a.MAC
}

// ClientsOf are the hosts that were learned to ask whatever a scope means.
func ClientsOf(plan *policy.Plan, learned []firedoor.Conversation, i policy.Isolation) (out []string) {
	scoped, _ := plan.With([]policy.Isolation{{Verb: policy.Quarantine, Host: i.Host, Other: i.Other, Conduit: i.Conduit}})
	for k := range learned {
		c := &learned[k]
		r := requests(scoped, c)[0] // by the two ends alone
		if v := policy.Decide(scoped, &r); v.Reason != firedoor.ReasonQuarantine || !c.Learned || !scoped.IsHost(r.Client) {
			continue
		}
		if name := scoped.PlaceName(r.Client); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
