package gateway

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"firedoor"
	"firedoor/internal/datapath"
	"firedoor/internal/policy"
)

// Tables makes of a plan what the kernel can decide: who may speak with whom at which
// port. Where verdicts hang on requests it says ask.
//
// functions are those of Modbus, whose code stands where the kernel can read it; of a
// port that is open for Modbus alone they give a table by code.
func Tables(plan *policy.Plan, functions []policy.Function) *datapath.Tables {
	t := newTables(plan, functions)
	t.otherwise()
	t.places()
	t.joined()
	t.quarantine()
	return t.out
}

// Fits says why there is no room for the pairs of a plan with its isolations; nil: there is. An order is asked about
// before it is written down: one that is written down is to come into force.
func Fits(plan *policy.Plan) error {
	const most, counted = datapath.MaxPairs, 2 * datapath.MaxPairs
	if n := plan.MostPairs(); n <= most && (n <= most/2 || !plan.Far()) {
		return nil // with one for each way back (wayBack)
	}
	pairs := newTables(plan, nil).wayBack(plan.PairsUpTo(counted))
	if len(pairs) <= most {
		return nil
	}
	n := fmt.Sprint(len(pairs))
	if len(pairs) >= counted {
		n = fmt.Sprint(counted, " or more")
	}
	return fmt.Errorf("with what is isolated %s pairs of a client and a server are told apart, and a gateway holds at most %d: a host that is isolated makes one with every other host, and so does each client that is known to known-clients-only. Release what is not needed any more, isolate a zone or a conduit in place of many hosts, or choose another verb", n, most)
}

func newTables(plan *policy.Plan, functions []policy.Function) *tables {
	t := &tables{plan: plan, out: &datapath.Tables{}, codes: map[codesKey]uint16{}, far: map[policy.Alike]bool{}}
	for i := range t.functions {
		t.functions[i] = policy.Function{Code: uint32(i)}
	}
	for _, f := range functions {
		if f.Code < uint32(len(t.functions)) {
			t.functions[f.Code] = f
		}
	}
	for _, code := range several {
		t.functions[code].Several = true
	}
	return t
}

// otherwise makes the pair that holds where no other does.
func (t *tables) otherwise() {
	r := t.plan.Route(0, 0, 0, 0)
	t.out.Pairs = []datapath.Pair{{Default: t.sided(t.whole(&r), 0, 0), EtherTypes: t.etherType(0, 0, 0)}}
}

type tables struct {
	plan  *policy.Plan
	out   *datapath.Tables
	codes map[codesKey]uint16
	far   map[policy.Alike]bool // of whom it was asked: whether a server may answer elsewhere

	functions [256]policy.Function
}

// codesKey is what makes a code table another one.
type codesKey struct {
	of     datapath.CodeTable
	nevers [policy.MaxNevers]datapath.Never
}

var _ [datapath.MaxNevers - policy.MaxNevers]struct{} // there is room for all

// several are codes of Modbus whose requests are not told apart by the code: diagnostics
// by sub-function, a read and a write in one, encapsulated transport, and what carries
// another protocol.
var several = [...]uint8{8, 23, 43, 90}

// vlanOf reads a segment's name; a segment that is no VLAN is never on this wire.
func vlanOf(segment string) (v datapath.VLAN, ok bool) {
	switch segment {
	case "":
		return v, true
	case "untagged":
		return datapath.VLAN{Only: true}, true
	}
	text, ok := strings.CutPrefix(segment, "vlan:")
	if !ok {
		return v, false
	}
	outer, inner, two := strings.Cut(text, ".")
	a, errA := strconv.ParseUint(outer, 10, 12)
	v = datapath.VLAN{Only: true, Outer: uint16(a)}
	if two {
		b, errB := strconv.ParseUint(inner, 10, 12)
		v.Inner, ok = uint16(b), errB == nil
	}
	return v, ok && errA == nil
}

func (t *tables) places() {
	p := t.plan.Policy
	for i := range p.Zones {
		z := &p.Zones[i]
		at, _ := t.plan.Named(z.Name)
		if vlan, ok := vlanOf(z.Segment); ok {
			for _, prefix := range z.Prefixes {
				t.out.Places = append(t.out.Places, datapath.Place{VLAN: vlan, Prefix: prefix, Place: uint32(at), Zone: uint32(at), Bound: t.bound(at)})
			}
		}
	}
	for i := range p.Hosts {
		h := &p.Hosts[i]
		at, _ := t.plan.Named(h.Name)
		zone := uint32(t.plan.ZoneOf(at) + 1)
		vlan, ok := vlanOf(h.Segment)
		if !ok {
			continue
		}
		for _, a := range h.Addresses {
			t.out.Places = append(t.out.Places, datapath.Place{VLAN: vlan, Prefix: netip.PrefixFrom(a, a.BitLen()), Place: uint32(at), Zone: zone, Bound: t.bound(at)})
		}
		if h.MAC != 0 {
			t.out.Stations = append(t.out.Stations, datapath.Station{VLAN: vlan, MAC: h.MAC, Place: uint32(at), Zone: zone, Bare: len(h.Addresses) == 0 && !h.MAC.IsGroup(), Bound: t.bound(at)})
		}
	}
}

// bound says at which port whoever is in a place is.
func (t *tables) bound(at policy.Place) datapath.Bound {
	return datapath.Bound{At: [...]datapath.Side{policy.Anywhere: datapath.AtEither, policy.Inside: datapath.AtInside, policy.Outside: datapath.AtOutside}[t.plan.At(at)],
		Spared: t.plan.SpareNeighbours(at)}
}

// sided is what becomes of frames between two places that come from the wrong side.
type sided struct {
	astray datapath.Action
	joined bool
}

func (t *tables) sidedOf(a, b policy.Place) (s sided) {
	if !t.plan.Sided() {
		return s
	}
	mode, joined := t.plan.SideMode(a, b)
	return sided{[...]datapath.Action{policy.Observe: datapath.Pass, policy.Test: datapath.Ask, policy.Enforce: datapath.Drop}[mode], joined}
}

// sided is the gate of a pair, with what becomes of what comes from the wrong side.
func (t *tables) sided(g datapath.Gate, a, b policy.Place) datapath.Gate {
	s := t.sidedOf(a, b)
	g.Astray, g.Joined = s.astray, s.joined
	return g
}

// alike is all that the gates of two places hang on: what holds between them, whether the
// client may answer from another port what the server asks, and what comes from the wrong side.
type alike struct {
	there policy.Alike
	back  bool
	sided sided
}

// joined joins each two zones that a conduit joins, and each two hosts of which a rule speaks
// by name, to a pair. Those between which the same holds have one pair: it is made once, and
// lies once in the kernel.
func (t *tables) joined() {
	pairs := map[alike]uint32{}
	for _, ends := range t.wayBack(t.plan.Pairs()) {
		key := alike{t.plan.Alike(ends[0], ends[1]), t.answersElsewhere(ends[1], ends[0]), t.sidedOf(ends[0], ends[1])}
		n, known := pairs[key]
		if !known {
			n = t.pair(ends[0], ends[1])
			pairs[key] = n
		}
		t.out.Joined = append(t.out.Joined, datapath.Joined{Client: uint32(ends[0]), Server: uint32(ends[1]), Pair: n})
	}
}

// pair makes the pair of two places, with its gates.
func (t *tables) pair(client, server policy.Place) uint32 {
	route, back := t.plan.Route(client, server, 0, 0), t.plan.Route(server, client, 0, 0)
	n := uint32(len(t.out.Pairs))
	t.out.Pairs = append(t.out.Pairs, datapath.Pair{Default: t.sided(t.elsewhere(&route, &back), client, server), EtherTypes: t.etherType(client, server, 0)})
	seen := map[policy.Port]bool{}
	for _, port := range t.plan.PortsOf(&route) {
		if port.Transport == policy.Link {
			if port.Number != 0 { // that of any is the pair's
				t.out.Gates = append(t.out.Gates, datapath.PortGate{Pair: n, Transport: datapath.EtherType, Port: kernelType(port.Number), Gate: t.etherType(client, server, port.Number)})
			}
			continue
		}
		for _, one := range port.Apart() {
			if seen[one] {
				continue
			}
			seen[one] = true
			r := t.plan.Route(client, server, one.Transport, one.Number)
			t.out.Gates = append(t.out.Gates, datapath.PortGate{Pair: n, Transport: one.Transport, Port: one.Number, Gate: t.gate(&r)})
		}
	}
	return n
}

// wayBack adds a pair for what comes back where a server may answer from a port of which no rule
// speaks: what else it sends is to have a floor that drops.
func (t *tables) wayBack(pairs [][2]policy.Place) [][2]policy.Place {
	if !t.plan.Far() {
		return pairs
	}
	there := make(map[[2]policy.Place]bool, len(pairs))
	for _, ends := range pairs {
		there[ends] = true
	}
	for _, ends := range pairs {
		if back := [2]policy.Place{ends[1], ends[0]}; t.answersElsewhere(ends[0], ends[1]) && !there[back] {
			there[back] = true
			pairs = append(pairs, back)
		}
	}
	return pairs
}

// answersElsewhere tells whether a server may answer a client from a port of which no rule speaks.
func (t *tables) answersElsewhere(client, server policy.Place) bool {
	if !t.plan.Far() {
		return false
	}
	key := t.plan.Alike(client, server)
	may, known := t.far[key]
	if !known {
		r := t.plan.Route(client, server, 0, 0)
		may = t.plan.Elsewhere(&r)
		t.far[key] = may
	}
	return may
}

// elsewhere is whole where a server may answer from another port than it was asked at: the worker
// knows what it was asked. While nobody answers nothing of it passes, for anything may look
// like an answer.
func (t *tables) elsewhere(r, back *policy.Route) datapath.Gate {
	g := t.whole(r)
	if g.Action != datapath.Drop {
		return g
	}
	there := t.plan.Elsewhere(r)
	if there {
		g.Action = datapath.Ask
	}
	if there || t.plan.Elsewhere(back) {
		g.Floor = datapath.FloorDrop
	}
	return g
}

// whole says what becomes of frames of a route whose ports are not known.
func (t *tables) whole(r *policy.Route) datapath.Gate {
	g := t.gate(r)
	g.Enforced = t.plan.Enforces(r)
	return g
}

// gate says what becomes of frames of a route.
func (t *tables) gate(r *policy.Route) datapath.Gate {
	request := policy.Request{Route: r, Level: policy.OfConnection}
	v := policy.Decide(t.plan, &request)
	g := datapath.Gate{Rule: uint32(v.Rule + 1), Reason: uint16(v.Reason), Conduit: uint32(r.Conduit + 1)}
	switch {
	case v.Reason == firedoor.ReasonSafety:
		g.Safety = true
	case t.plan.Judges(r) && t.plan.Watches(r):
		g.Action = datapath.Ask
		if t.plan.Drops(r) {
			g.Floor = datapath.FloorDrop
		}
		t.byCode(r, &g)
	case v.Action == firedoor.Reset: // the worker knows best which numbers both ends believe
		g.Action, g.Floor = datapath.Ask, datapath.FloorReset
	case v.Action != firedoor.Pass:
		g.Action = datapath.Drop
	case v.Says != firedoor.Pass && t.plan.Watches(r):
		g.Action = datapath.Ask // passes, and is told of
	}
	return g
}

// byCode lets the kernel judge requests of Modbus by their function code, where that
// alone decides; the others it asks about, and about all where more is looked at than a
// request. While nobody answers it goes on by codes for all, or lets all pass where
// nothing is enforced.
//
// Where something that cut connections is being released the worker must see which begin, so
// the kernel does not follow them, and cannot tell a request from the rest of one: there
// the floor is that of the route.
func (t *tables) byCode(r *policy.Route, g *datapath.Gate) {
	released := t.plan.Releases(r)
	if !t.plan.ByCodes(r) || t.plan.Shut(r) || released && g.Floor == datapath.FloorDrop {
		return
	}
	n, ok := t.codesOf(r)
	if !ok {
		return // the worker judges all of it
	}
	g.Action, g.Codes, g.Mute, g.Floor = datapath.Codes, n, t.plan.Coded(r), datapath.FloorPass
	if t.plan.Enforces(r) {
		g.Floor = datapath.FloorCodes
	}
	if released {
		g.Action = datapath.Ask
	}
}

// codesOf is the number of a route's table of codes, with what is never blocked beside them;
// not ok where there are too many.
func (t *tables) codesOf(r *policy.Route) (n uint16, ok bool) {
	key := codesKey{of: t.table(r)}
	nevers := t.nevers(r)
	copy(key.nevers[:], nevers)
	if n, known := t.codes[key]; known {
		return n, true
	}
	if len(t.out.Codes) >= datapath.MaxCodes {
		return 0, false
	}
	n = uint16(len(t.out.Codes))
	t.codes[key] = n
	if t.out.Codes = append(t.out.Codes, key.of); len(nevers) > 0 {
		t.out.Nevers = append(t.out.Nevers, make([][]datapath.Never, int(n)+1-len(t.out.Nevers))...)
		t.out.Nevers[n] = nevers
	}
	return n, true
}

// nevers are requests of a route that pass while nobody judges though their code alone would
// not let them.
func (t *tables) nevers(r *policy.Route) (out []datapath.Never) {
	if !t.plan.Enforces(r) || t.plan.Releases(r) {
		return nil // no request is stopped then, or nobody knows where one begins
	}
	for _, n := range t.plan.Nevers(r, t.functions[:]) {
		out = append(out, datapath.Never{Codes: n.Codes, HasUnit: n.HasUnit, Unit: n.Unit, From: n.From, To: n.To, Low: n.Low, High: n.High,
			Reason: uint16(firedoor.ReasonNeverBlock), Rule: uint32(n.Rule + 1)})
	}
	return out
}

// table says what becomes of each function code. What is stopped, or would be, the
// worker stops: it can refuse or reset, and tells of it.
func (t *tables) table(r *policy.Route) (table datapath.CodeTable) {
	coded := t.plan.Coded(r)
	for i, fate := range t.plan.Codes(r, "modbus", t.functions[:]) {
		v := &fate.Verdict
		c := datapath.Code{Action: datapath.Ask, Reason: uint16(v.Reason), Rule: uint32(v.Rule + 1)}
		switch {
		case coded && fate.Certain && v.Says == firedoor.Pass:
			c.Action = datapath.Pass
		case fate.Drop && fate.Certain && v.Action == firedoor.Reset:
			c.Floor = datapath.FloorReset
		case fate.Drop:
			c.Floor = datapath.FloorDrop
		}
		table[i] = c
	}
	return table
}

// kernelType is how gates have the number of a type of frames: a length is 0 there.
func kernelType(number uint16) uint16 {
	if number == policy.LLC {
		return 0
	}
	return number
}

// etherType is the gate of frames without IP, which user space never delays: 0 is for
// types of which no rule speaks.
func (t *tables) etherType(client, server policy.Place, number uint16) datapath.Gate {
	r := t.plan.Route(client, server, policy.Link, number)
	request := policy.Request{Route: &r, Level: policy.OfConnection}
	v := policy.Decide(t.plan, &request)
	g := datapath.Gate{Rule: uint32(v.Rule + 1), Reason: uint16(v.Reason), Safety: v.Reason == firedoor.ReasonSafety}
	switch {
	case v.Action != firedoor.Pass:
		g.Action = datapath.Drop
	case v.Says != firedoor.Pass:
		g.Told = t.plan.Watches(&r)
	}
	return g
}
