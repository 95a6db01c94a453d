package whatif

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"firedoor"
	"firedoor/internal/policy"
	"firedoor/internal/recent"
)

// Limits. What is beyond MaxStopped is counted and not listed; of a value beyond
// MaxRemembered nothing is remembered, so that a step from it is undecided.
const (
	MaxStopped    = 10_000
	MaxRemembered = 1 << 20
	maxRoutes     = 1 << 18
)

// Judge holds traffic that is over against a policy.
type Judge struct {
	plan     *policy.Plan
	journal  bool
	routes   map[routeKey]policy.Route
	past     map[pastKey]value
	most     int               // values in past
	full     bool              // past took no more
	captures map[string]uint32 // numbers of those in which values were read or written
	paced    map[pacedKey]*recent.Span

	report  Report
	stopped map[stoppedKey]int
	used    []uint64        // by rule
	unsure  []bool          // by rule: it was met and could not be decided
	why     []string        // by rule: why not
	unkept  map[string]bool // protocols in which something was sent to a group of Ethernet that nobody kept, and the policy names some

	text, raw, element []byte
	looked             []pastKey          // by the request at hand
	forgotten          bool               // it looked at what nobody knows
	moving             []byte             // the element of the last pastKey, if a rule asks how far it goes
	traces             map[string][]trace // of what past has, by server
	writes             uint32             // number of the one at hand
}

type routeKey struct {
	segment        string
	client, server string
	clientMAC      string
	serverMAC      string
	transport      uint8
	port           uint16
}

type stoppedKey struct {
	reason, protocol, verb, function, object string
	rule                                     int32
	client, server                           string
}

// New returns a Judge of a plan. Of a journal it knows that reads stand as runs and
// that connections without operations do not stand at all.
func New(plan *policy.Plan, journal bool) *Judge {
	n := plan.Rules()
	return &Judge{plan: plan, journal: journal, routes: map[routeKey]policy.Route{}, past: map[pastKey]value{}, captures: map[string]uint32{}, paced: map[pacedKey]*recent.Span{}, traces: map[string][]trace{}, most: MaxRemembered,
		stopped: map[stoppedKey]int{}, used: make([]uint64, n), unsure: make([]bool, n), why: make([]string, n), unkept: map[string]bool{}}
}

// Remember bounds how many values are remembered, where MaxRemembered is too many.
func (j *Judge) Remember(most int) { j.most = min(most, MaxRemembered) }

// Write takes whole event lines; it is where a replay writes them.
func (j *Judge) Write(b []byte) (int, error) {
	for l := range bytes.Lines(b) {
		if err := j.Line(bytes.TrimSuffix(l, []byte("\n"))); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// Line judges one event line; samples and transfers are no requests.
func (j *Judge) Line(b []byte) error {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return fmt.Errorf("an event line cannot be read: %w", err)
	}
	if l.Kind != "operation" {
		return nil
	}
	l.Server = onTheWire(l.Server, l.SentTo)
	if j.own(&l.Client, &l.Server, 1) || j.keepsLink(l.Protocol, &l.Client, &l.Server) {
		return nil
	}
	r, err := j.request(l.Segment, l.Protocol, &l.Client, &l.Server)
	if err != nil {
		return err
	}
	if r.Time, err = nanoseconds(l.Time); err != nil {
		return err
	}
	r.Level, r.Protocol, r.Verb, r.Function, r.Code = policy.OfOperation, l.Protocol, verbs[l.Verb], l.Function, l.Code
	r.unit(l.Unit, l.Quantity)
	j.text = append(j.text[:0], l.Object...)
	r.Object = j.text
	values, raw, err := l.values(j.raw)
	if err != nil {
		return err
	}
	if j.raw = raw; firedoor.Fills(r.Protocol, r.Code) && r.Quantity != 1 {
		values.Each = firedoor.Filled
	}
	if r.Verb != firedoor.VerbRead && !firedoor.Masks(r.Protocol, r.Code) {
		r.Values = &values
	}
	j.recall(&l, &r, &values)
	v, sure := j.decide(&r)
	if l.Partial && l.Frame == nil { // an answer: what was asked was not seen
		sure = j.answered(&l, &r, v) && sure
	}
	if sure {
		j.count(&r, v, 1, l.Frame, l.Capture)
	} else {
		j.unjudged(1)
	}
	if j.judgedBy(&r, v.Rule); j.forgotten {
		j.undecided(v.Rule, "what was there before the first write is not known")
	}
	j.remember(&l, &r, &values)
	return nil
}

// Run judges reads that a journal holds as one.
func (j *Judge) Run(b []byte) error {
	var x run
	if err := json.Unmarshal(b, &x); err != nil {
		return fmt.Errorf("a run cannot be read: %w", err)
	}
	client, server := x.ends()
	if j.own(&client, &server, x.Count) || j.keepsLink(x.Protocol, &client, &server) {
		return nil
	}
	r, err := j.request(x.Segment, x.Protocol, &client, &server)
	if err != nil {
		return err
	}
	r.Level, r.Protocol, r.Verb, r.Function, r.Code = policy.OfOperation, x.Protocol, firedoor.VerbRead, x.Function, x.Code
	r.unit(x.Unit, x.Quantity)
	r.Object = []byte(x.Object)
	start, err := nanoseconds(x.Start)
	if err != nil {
		return err
	}
	end, err := nanoseconds(x.End)
	if err != nil {
		return err
	}
	r.Time = start
	v, sure := j.decide(&r)
	if !sure || j.turns(&r, v, end) {
		j.unjudged(x.Count)
		return nil
	}
	r.Time = start
	seen := x.Count
	if v.Says != firedoor.Pass {
		switch {
		case server.IP+server.MAC == "": // a group of Ethernet
			j.undecided(v.Rule, whichGroup)
			seen = 0
		case x.Partial > 0:
			j.undecided(v.Rule, onlyAnswers)
			seen -= min(x.Partial, seen)
		}
	}
	j.unjudged(x.Count - seen)
	if seen > 0 {
		j.count(&r, v, seen, nil, "")
	}
	return nil
}

// whichGroup is why it is not known what a rule does to what was sent to a group.
const whichGroup = "it is not known to which group of Ethernet something was sent"

// onlyAnswers is why a request that nobody saw is not told as stopped.
const onlyAnswers = "of some requests only the answer was seen"

// answered tells whether a verdict is that on the request of an answer whose request nobody saw. Many answers
// do not say what was asked for: then it is one only where the function alone decides.
func (j *Judge) answered(l *line, r *asked, v firedoor.Verdict) bool {
	if v.Says != firedoor.Pass {
		j.undecided(v.Rule, onlyAnswers)
		return false
	}
	if l.Object != "" {
		return true
	}
	sure, function := true, []policy.Function{{Code: r.Code, Verb: r.Verb, Words: r.Function}}
	for i := range r.routes {
		if f := j.plan.Codes(&r.routes[i], r.Protocol, function)[0]; !f.Certain {
			j.undecided(f.Verdict.Rule, onlyAnswers)
			j.undecided(v.Rule, onlyAnswers)
			sure = false
		}
	}
	return sure
}

// unjudged counts operations that could not be judged.
func (j *Judge) unjudged(n uint64) {
	j.report.Operations += n
	j.report.Undecided += n
}

// turns tells whether the verdict on a request changes between its time and the end of its run,
// by the time of a rule. The time of r is another one then.
func (j *Judge) turns(r *asked, v firedoor.Verdict, end int64) bool {
	for _, at := range append(j.plan.Turns(r.Route, r.Time, end), end) {
		r.Time = at
		w, sure := j.decide(r)
		if sure && w == v {
			continue
		}
		for _, rule := range []int32{v.Rule, w.Rule} {
			j.undecided(rule, "the journal holds reads as runs, and one lies across the time of the rule")
		}
		return true
	}
	return false
}

// Conversation judges the connections of a conversation that has no operations, and counts what
// broke the rules of its protocol.
func (j *Judge) Conversation(c *firedoor.Conversation) error {
	if c.Protocol == "arp" || c.Protocol == "lldp" || c.Operations > 0 && c.Malformed == 0 {
		return nil
	}
	flows := uint64(c.Flows)
	if c.Operations > 0 { // they are judged one by one
		flows = 0
	}
	server := onTheWire(c.Server, c.SentTo)
	if j.own(&c.Client, &server, flows) || len(c.Groups) == 0 && j.keepsLink(c.Protocol, &c.Client, &server) {
		return nil
	}
	if c.Protocol == "icmp" {
		return j.icmp(c)
	}
	if len(c.Groups) > 0 {
		return j.published(c)
	}
	r, err := j.request(c.Segment, c.Protocol, &c.Client, &server)
	if err != nil {
		return err
	}
	if j.judges(&r) {
		j.report.Malformed += uint64(c.Malformed)
	}
	if c.Operations > 0 {
		return nil
	}
	if r.Time, err = nanoseconds(c.First); err != nil {
		return err
	}
	r.Level, r.Protocol = policy.OfFlow, c.Protocol
	if c.Protocol == "tcp" || c.Protocol == "udp" || c.Protocol == "ip" || c.Protocol == "ethernet" {
		r.Level, r.Protocol = policy.OfConnection, ""
	}
	v, sure := j.decide(&r)
	r.shown = c.Protocol
	j.report.Connections += uint64(c.Flows)
	nameless := c.Server.IP+c.Server.MAC == "" || c.Client.IP+c.Client.MAC == "" // a group of Ethernet, and nobody kept which
	// Of IP that is neither TCP nor UDP nobody kept what it was; to a group it may be what
	// says who belongs to it, which passes.
	some := c.Protocol == "ip" && toGroup(c.Server.IP)
	if !sure || (nameless || some) && v.Says != firedoor.Pass || v.Says == firedoor.Pass && j.unread(c, &r) {
		j.report.UndecidedConnections += uint64(c.Flows)
		return nil
	}
	j.count(&r, v, uint64(c.Flows), nil, "")
	return nil
}

// judges tells whether a gateway looks into what is said where a request came.
func (j *Judge) judges(r *asked) bool {
	return slices.ContainsFunc(r.routes, func(r policy.Route) bool { return j.plan.Judges(&r) })
}

// unread tells whether a connection may come to be, and nobody here can say whether what is said on
// it passes: where requests are judged, nothing was recognised, it is encrypted, or whatever cannot be
// judged is dropped.
func (j *Judge) unread(c *firedoor.Conversation, r *asked) bool {
	if !j.judges(r) {
		return false
	}
	if c.Encrypted > 0 || slices.ContainsFunc(r.routes, func(r policy.Route) bool { return j.plan.Closed(&r) }) {
		return true
	}
	if c.Protocol != "tcp" && c.Protocol != "udp" {
		return false
	}
	nothing := r.Request
	return slices.ContainsFunc(r.routes, func(r policy.Route) bool {
		nothing.Route = &r
		return j.plan.Unread(&nothing).Says != firedoor.Pass
	})
}

func toGroup(address string) bool {
	ip, err := netip.ParseAddr(address)
	return err == nil && ip.IsMulticast()
}

// own tells whether a device talks to itself, which no gateway sees, and counts it.
func (j *Judge) own(client, server *firedoor.Address, n uint64) bool {
	if !policy.Loops(client) && !policy.Loops(server) {
		return false
	}
	j.report.Own += n
	return true
}

// asked is a request with what a report says of it.
type asked struct {
	policy.Request
	routes         []policy.Route // by transport
	client, server string
	shown          string // protocol as the report has it
	unkept         bool   // it went to a group of Ethernet whose address nobody kept, and the policy names some
}

func (r *asked) unit(unit, quantity *uint32) {
	if unit != nil {
		r.HasUnit, r.Unit = true, *unit
	}
	if quantity != nil {
		r.HasQty, r.Quantity = true, *quantity
	}
}

// request finds who asks whom. A line does not say over which transport, so there is a
// route for each that the protocol may have come over.
func (j *Judge) request(segment, protocol string, client, server *firedoor.Address) (r asked, err error) {
	for _, transport := range j.plan.Transports(protocol, server.Port) {
		route, err := j.route(routeKey{segment, client.IP, server.IP, client.MAC, server.MAC, transport, server.Port}, protocol, client, server)
		if err != nil {
			return r, err
		}
		r.routes = append(r.routes, route)
	}
	r.Route = &r.routes[0]
	r.unkept = server.IP+server.MAC == "" && j.plan.HasGroups()
	r.client, r.server = j.name(r.Route.Client, client), j.name(r.Route.Server, server)
	return r, nil
}

func (j *Judge) route(k routeKey, protocol string, client, server *firedoor.Address) (policy.Route, error) {
	if k.transport == policy.Link {
		k.port = j.plan.FrameType(protocol, k.port)
	}
	route, ok := j.routes[k]
	if ok {
		return route, nil
	}
	clientIP, clientMAC, err := endpoint(client)
	if err != nil {
		return route, err
	}
	serverIP, serverMAC, err := endpoint(server)
	if err != nil {
		return route, err
	}
	route = j.plan.Route(j.plan.Place(k.segment, clientIP, clientMAC), j.plan.Place(k.segment, serverIP, serverMAC), k.transport, k.port)
	if len(j.routes) >= maxRoutes {
		clear(j.routes) // what is forgotten is looked up again
	}
	j.routes[k] = route
	return route, nil
}

// decide judges a request over each transport that it may have come over; not sure where
// one would let it pass and another would not.
func (j *Judge) decide(r *asked) (v firedoor.Verdict, sure bool) {
	if v = j.eitherWay(&r.Request); r.unkept {
		j.undecided(v.Rule, whichGroup)
		j.unkept[r.Protocol] = true
		return v, false
	}
	for i := range r.routes[1:] {
		other := r.Request
		other.Route = &r.routes[1+i]
		if w := j.eitherWay(&other); (w.Says == firedoor.Pass) != (v.Says == firedoor.Pass) {
			for _, rule := range []int32{v.Rule, w.Rule} {
				j.undecided(rule, "it is not known whether some of it came over TCP or UDP")
			}
			return v, false
		}
	}
	return v, true
}

// eitherWay judges a request; one of frames without IP passes as well where what comes the other way
// does, for a gateway finds no client in them.
func (j *Judge) eitherWay(r *policy.Request) firedoor.Verdict {
	v := policy.Decide(j.plan, r)
	if r.Transport != policy.Link || v.Says == firedoor.Pass {
		return v
	}
	route := j.plan.Route(r.Server, r.Client, r.Transport, r.Port)
	back := *r
	back.Route = &route
	w := policy.Decide(j.plan, &back)
	if j.plan.IsGroup(r.Server) && w.Reason != firedoor.ReasonSafety { // nothing comes from one, as policy.Frame has it
		return v
	}
	if milder := w.Says == firedoor.Pass || w.Action == firedoor.Pass && v.Action != firedoor.Pass; milder && policy.EitherWay(v.Reason, w.Reason) {
		return w
	}
	return v
}

// name is what a report calls an end.
func (j *Judge) name(at policy.Place, a *firedoor.Address) string {
	address := a.IP
	if address == "" {
		address = a.MAC
	}
	if name := j.plan.PlaceName(at); name != "" && j.plan.IsHost(at) {
		return name
	}
	return address
}

func (j *Judge) count(r *asked, v firedoor.Verdict, n uint64, frame *uint32, capture string) {
	if r.Level == policy.OfOperation {
		j.report.Operations += n
	}
	if v.Rule >= 0 {
		j.used[v.Rule] += n
	}
	if v.Says == firedoor.Pass {
		return
	}
	if r.Level == policy.OfOperation {
		j.report.StoppedOperations += n
	} else {
		j.report.StoppedConnections += n
	}
	if v.Action != firedoor.Pass {
		j.report.Enforced += n
	}
	protocol := r.Protocol
	if r.shown != "" {
		protocol = r.shown
	}
	k := stoppedKey{reason: v.Reason.String(), protocol: protocol, function: r.Function, object: string(r.Object), rule: v.Rule, client: r.client, server: r.server}
	if r.Level == policy.OfOperation {
		k.verb = r.Verb.String()
	}
	at, known := j.stopped[k]
	if !known {
		if len(j.report.Stopped) >= MaxStopped {
			j.report.NotListed += n
			return
		}
		at = len(j.report.Stopped)
		j.stopped[k] = at
		s := Stopped{Verdict: v.Says.String(), Reason: k.reason, Rule: j.ruleName(v.Rule), Conduit: j.plan.ConduitName(v.Conduit), Client: k.client, Server: k.server,
			Protocol: protocol, Verb: k.verb, Function: k.function, Object: k.object, First: eventTime(r.Time), Capture: capture}
		if frame != nil {
			s.Frame = *frame
		}
		j.report.Stopped = append(j.report.Stopped, s)
	}
	j.report.Stopped[at].Count += n
}

func (j *Judge) ruleName(rule int32) string {
	if rule < 0 {
		return ""
	}
	return j.plan.RuleName(rule)
}

func (j *Judge) undecided(rule int32, why string) {
	if rule >= 0 {
		j.unsure[rule], j.why[rule] = true, why
	}
}

func parseIP(text string) (firedoor.IP, error) {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return firedoor.IP{}, fmt.Errorf("%q is no address", text)
	}
	return firedoor.IPFrom(a), nil
}

func parseMAC(text string) (firedoor.MAC, error) {
	n, err := strconv.ParseUint(strings.ReplaceAll(text, ":", ""), 16, 64)
	if err != nil || n > math.MaxUint64>>16 {
		return 0, fmt.Errorf("%q is no MAC", text)
	}
	return firedoor.MAC(n), nil
}
