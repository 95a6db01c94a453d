package factory

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"firedoor"
	"firedoor/internal/plant/device"
	"firedoor/internal/plant/lan"
	"firedoor/internal/plant/scenario"
	"firedoor/internal/plant/truth"
)

// act is one scenario under way, or planned.
type act struct {
	f        *Factory
	s        *scenario.Scenario
	begin    int64
	entry    *truth.Entry        // nil until it begins
	honest   *truth.Entry        // what people of the plant do about it; nil until then
	own      map[string]*unit    // devices that came with it
	undo     []func()            // what must be as before when it is over
	sessions map[string]*session // "client>server"
	over     bool
}

// Plan puts a scenario on the calendar: its steps happen from so long after the
// start on. What is wrong with it for this plant is told now.
func (f *Factory) Plan(p Planned) (id string, err error) {
	if err := p.Scenario.Check(f); err != nil {
		return "", err
	}
	for i := range p.Scenario.Hosts {
		h := &p.Scenario.Hosts[i]
		if n := f.networkOf(h.Network); !netip.MustParsePrefix(n.prefix).Contains(h.Address) {
			return "", fmt.Errorf("scenario %s: %s: address %s does not belong to network %s, %s", p.Scenario.Name, h.Name, h.Address, n.name, n.prefix)
		}
	}
	begin := f.start + int64(p.At)
	if begin < f.world.Now() {
		return "", fmt.Errorf("scenario %s: %s after the start is over", p.Scenario.Name, p.At)
	}
	if len(f.acts) >= MaxPlanned {
		return "", fmt.Errorf("scenario %s: there are %d already, no more fit", p.Scenario.Name, MaxPlanned)
	}
	a := &act{f: f, s: p.Scenario, begin: begin, own: map[string]*unit{}, sessions: map[string]*session{}}
	for _, other := range f.acts {
		if other.s.Name == a.s.Name && !other.over && begin < other.begin+int64(other.s.Lasts) && other.begin < begin+int64(a.s.Lasts) {
			return "", fmt.Errorf("scenario %s: it is under way already at that time, and lasts %s", a.s.Name, scenario.FormatDuration(a.s.Lasts))
		}
	}
	f.acts = append(f.acts, a)
	f.world.At(begin, a.start)
	before := begin
	for i := range a.s.Steps {
		step := &a.s.Steps[i]
		for n := range step.Times() {
			at := begin + int64(step.When(n)+f.about(hesitation))
			if n == 0 { // the order of steps holds
				at = max(at, before)
				before = at + 1
			}
			f.world.At(at, func() { a.do(step) })
		}
	}
	return fmt.Sprintf("%s@%s", a.s.Name, p.At), nil
}

// hesitation is how much later than its time a step may happen: nobody acts on the
// second, and a measure must not be won by looking at the clock.
const hesitation = 900 * time.Millisecond

// start begins the entry of the truth.
func (a *act) start() {
	a.entry = a.f.truth.Begin(truth.Entry{Scenario: a.s.Name, Kind: a.s.Name, Class: truth.Class(a.s.Class), Words: a.s.Title,
		Start: truth.Moment(a.f.world.Now()), Techniques: a.s.Techniques, WorkOrder: a.s.WorkOrder})
	for _, p := range a.s.Parts() {
		if h := a.s.Host(p.Name); h != nil {
			a.f.truth.Involve(a.entry, truth.HostOf(h.Name, p.Role, []netip.Addr{h.Address}, []firedoor.MAC{h.MAC}))
		} else {
			a.involve(a.f.device(p.Name), p.Role)
		}
	}
	for _, t := range a.s.Touches() {
		a.witnesses(t.Controller)
	}
	last := int64(0)
	for i := range a.s.Steps {
		last = max(last, int64(a.s.Steps[i].End(a.s.Lasts)))
	}
	end := min(int64(a.s.Lasts), last+int64(hesitation))
	if a.s.Changes() { // what was changed stays so
		end = int64(a.s.Lasts)
	}
	a.f.world.At(a.begin+end, a.finish)
}

// witnesses puts those into the entry who are shown what a controller says.
func (a *act) witnesses(controller string) {
	for _, p := range pollings() {
		if p.server == controller {
			a.involve(a.f.device(p.client), truth.Witness)
		}
	}
	if slices.Contains(supervised, controller) {
		a.involve(a.f.device(a.f.inService), truth.Witness)
	}
}

// finish ends the entry, and what the act left running.
func (a *act) finish() {
	a.over = true
	for _, undo := range a.undo {
		undo()
	}
	for _, name := range sortedKeys(a.sessions) {
		s := a.sessions[name]
		s.once = true
		s.next()
	}
	a.f.truth.End(a.entry, truth.Moment(a.f.world.Now()))
}

// until undoes something after a while, or when the act is over if length is 0; in
// any case once.
func (a *act) until(length time.Duration, undo func()) {
	done := false
	once := func() {
		if !done {
			done = true
			undo()
		}
	}
	a.undo = append(a.undo, once)
	if length > 0 {
		a.f.after(length, once)
	}
}

// doers say how each verb is done.
var doers = map[scenario.Verb]func(*act, *scenario.Step){
	scenario.Join: (*act).join, scenario.Leave: (*act).leave,
	scenario.ScanAddresses: (*act).scanAddresses, scenario.ScanPorts: (*act).scanPorts, scenario.ScanFunctions: (*act).scanFunctions,
	scenario.Identify: (*act).identify, scenario.Read: (*act).read, scenario.Write: (*act).write, scenario.Toggle: (*act).toggle,
	scenario.Poll: (*act).poll, scenario.Ramp: (*act).ramp, scenario.Stop: (*act).simple, scenario.Start: (*act).simple, scenario.Mode: (*act).simple,
	scenario.Download: (*act).download, scenario.Upload: (*act).upload, scenario.Flood: (*act).flood, scenario.Spoof: (*act).spoof,
	scenario.Replace: (*act).replace, scenario.Forge: (*act).forge, scenario.Sensor: (*act).sensor, scenario.Break: (*act).breakage,
	scenario.Bypass: (*act).bypass, scenario.Freeze: (*act).freeze, scenario.Wait: func(*act, *scenario.Step) {},
}

func (a *act) do(step *scenario.Step) {
	if do := doers[step.Do]; do != nil && !a.over {
		do(a, step)
	}
}

// unit is a device that the scenario names: one of its own or of the plant's.
func (a *act) unit(name string) *unit {
	if u := a.own[name]; u != nil {
		return u
	}
	if u := a.f.devices[name]; u != nil {
		return u
	}
	return a.appear(name, "")
}

// appear makes a device that came with the scenario.
func (a *act) appear(name, network string) *unit {
	h := a.s.Host(name)
	if network == "" {
		network = h.Network
	}
	key := a.s.Name + "/" + name
	u := a.f.devices[key]
	if u == nil {
		var err error
		u, err = a.f.hang(asset{network: network, name: key, mac: h.MAC, ip: h.Address.String(), undeclared: true},
			lan.KindNamed(strings.ReplaceAll(h.Kind, "-", " ")))
		if err != nil { // Plan has looked at all of it
			panic("factory: " + err.Error())
		}
	}
	a.own[name] = u // it may have been here before
	a.f.outcome.strangers[h.MAC] = a
	return u
}

func (a *act) join(step *scenario.Step) {
	u := a.own[step.Host]
	if u == nil && a.s.Host(step.Host) != nil {
		u = a.appear(step.Host, step.Network)
	} else if u == nil {
		u = a.unit(step.Host)
	}
	u.host.Plug()
}

func (a *act) leave(step *scenario.Step) { a.unit(step.Host).host.Unplug() }

// involve puts a device into the entry.
func (a *act) involve(u *unit, role string) {
	a.f.truth.Involve(a.entry, a.f.hostTruth(u, role))
}

// pair gives the two ends of a step.
func (a *act) pair(step *scenario.Step) (from, to *unit) { return a.unit(step.From), a.unit(step.To) }

// book is the entry that a step belongs to: what people of the plant do about an
// attack is no act of it.
func (a *act) book(step *scenario.Step) *truth.Entry {
	if !step.Honest {
		return a.entry
	}
	if a.honest == nil {
		a.honest = a.f.begin(a.s.Name+"-answered", truth.Notable, "what people of the plant do about: "+a.s.Title, "", a.unit(step.From))
		a.f.truth.Involve(a.honest, a.f.hostTruth(a.unit(step.To), truth.Target))
		a.until(0, func() { a.f.truth.End(a.honest, truth.Moment(a.f.world.Now())) })
	}
	return a.honest
}

// session is the act's own connection for a step, from one device to a controller.
func (a *act) session(step *scenario.Step) *session {
	from, to := a.pair(step)
	key := from.name + ">" + to.name
	if step.Honest {
		key += ", honest"
	}
	s := a.sessions[key]
	if s == nil || s.over {
		s = a.f.sessionTo(from, to)
		e := a.book(step)
		s.entry = e
		s.told = func(t *task) { a.f.tell(e, from, to, s, &t.ask) }
		a.sessions[key] = s
	}
	return s
}

func (a *act) identify(step *scenario.Step) {
	if _, to := a.pair(step); to.image != nil {
		a.session(step).ask(device.Request{Verb: device.Identify}, nil)
	}
}

// request is about the tags of a step.
func (a *act) request(verb device.Verb, to *unit, step *scenario.Step, values []float64) device.Request {
	tags := step.Tags
	if step.Tag != "" {
		tags = []string{step.Tag}
	}
	r := device.Request{Verb: verb, Values: values}
	for _, name := range tags {
		if p, _, ok := to.image.find(name); ok {
			r.Points = append(r.Points, p)
		}
	}
	return r
}

func (a *act) read(step *scenario.Step) {
	_, to := a.pair(step)
	a.session(step).ask(a.request(device.Read, to, step, nil), nil)
}

func (a *act) write(step *scenario.Step) {
	_, to := a.pair(step)
	values := step.Values
	if len(values) == 0 {
		values = []float64{step.Value}
	}
	a.affect(to, step.Tag, values[0])
	a.session(step).ask(a.request(device.Write, to, step, values), nil)
}

// affect writes down what a tag is and becomes.
func (a *act) affect(to *unit, tag string, value float64) {
	if _, t, ok := to.image.find(tag); ok {
		a.variable(truth.Variable{Controller: to.name, Tag: tag, Words: t.Words,
			Effect: fmt.Sprintf("%g instead of %g %s", value, t.Value, t.Unit)})
	}
}

// variable puts a value into the entry, once.
func (a *act) variable(v truth.Variable) {
	for i := range a.entry.Variables {
		if a.entry.Variables[i].Controller == v.Controller && a.entry.Variables[i].Tag == v.Tag {
			return
		}
	}
	a.entry.Variables = append(a.entry.Variables, v)
}

// probe writes down an act that is no operation of a protocol of the floor.
func (a *act) probe(from *unit, to netip.AddrPort, protocol, function string) {
	if protocol == "" {
		protocol = "arp"
	}
	a.f.truth.Operation(a.entry, truth.Operation{Time: truth.Moment(a.f.world.Now()), Protocol: protocol, Verb: "identify", Function: function,
		Client: firedoor.Address{IP: from.ip().String(), MAC: from.mac.String()}, Server: firedoor.Address{IP: to.Addr().String(), Port: to.Port()}})
}

// repeat does something every so often for the time of a step.
func (a *act) repeat(step *scenario.Step, do func(n int)) {
	every := max(step.Every, time.Millisecond)
	end := a.f.world.Now() + int64(step.For)
	n := 0
	var again func()
	again = func() {
		if a.over || a.f.world.Now() > end {
			return
		}
		do(n)
		n++
		a.f.after(a.f.unsteady(every), again)
	}
	again()
}

func (a *act) toggle(step *scenario.Step) {
	_, to := a.pair(step)
	a.affect(to, step.Tag, step.Values[0])
	var asks [2]device.Request
	for i := range asks {
		asks[i] = a.request(device.Write, to, step, step.Values[i:i+1])
	}
	a.repeat(step, func(n int) { a.session(step).ask(asks[n%2], nil) })
}

func (a *act) poll(step *scenario.Step) {
	_, to := a.pair(step)
	ask := a.request(device.Read, to, step, nil)
	a.repeat(step, func(int) { a.session(step).ask(ask, nil) })
}

// ramp writes a setpoint in steps too small for a limit to see.
func (a *act) ramp(step *scenario.Step) {
	_, to := a.pair(step)
	_, t, ok := to.image.find(step.Tag)
	if !ok {
		return
	}
	begin := t.Value
	if step.Begin != nil {
		begin = *step.Begin
	}
	a.affect(to, step.Tag, step.Value)
	turns := max(1, int(step.Over/max(step.Every, time.Millisecond)))
	turn := 0
	var again func()
	again = func() {
		if a.over || turn > turns {
			return
		}
		share := float64(turn) / float64(turns)
		v := begin + float64((step.Value-begin)*share)
		a.session(step).ask(a.request(device.Write, to, step, []float64{v}), nil)
		turn++
		a.f.after(a.f.unsteady(step.Every), again)
	}
	again()
}

// simple is a step that is one order to a controller.
func (a *act) simple(step *scenario.Step) {
	a.session(step).ask(orderOf(step), nil)
}

func orderOf(step *scenario.Step) device.Request {
	switch {
	case step.Do == scenario.Stop || step.Mode == "stop":
		return device.Request{Verb: device.Stop}
	case step.Do == scenario.Start:
		return device.Request{Verb: device.Start}
	case step.Mode == "run":
		return device.Request{Verb: device.Mode, Code: 1}
	}
	return device.Request{Verb: device.Mode, Code: 0}
}

func (a *act) scanAddresses(step *scenario.Step) {
	from := a.unit(step.From)
	name := step.Network
	if name == "" {
		name = from.network
	}
	prefix := netip.MustParsePrefix(a.f.networkOf(name).prefix)
	ip := prefix.Addr().Next()
	var again func()
	again = func() {
		if a.over || !prefix.Contains(ip.Next()) { // the last one is the broadcast address
			return
		}
		if ip != from.ip() {
			switch step.Method {
			case "ping":
				from.host.Ping(ip, 32, nil)
			case "tcp":
				for _, p := range step.Ports {
					a.dial(from, netip.AddrPortFrom(ip, p), knock{})
				}
			default:
				from.host.SendARP(opARPRequest, from.mac, from.ip(), 0, ip, broadcastMAC)
			}
		}
		if ip != from.ip() {
			a.probe(from, netip.AddrPortFrom(ip, 0), step.Method, "looks for a device")
		}
		ip = ip.Next()
		a.f.after(a.f.unsteady(step.Pace), again)
	}
	again()
}

// knock opens a connection and closes it: what a scan of ports does.
type knock struct{}

func (knock) Opened(c *lan.Conn)             { c.Close() }
func (knock) Received(c *lan.Conn, _ []byte) {}
func (knock) Closed(*lan.Conn, error)        {}

func (a *act) scanPorts(step *scenario.Step) {
	from, to := a.pair(step)
	for i, p := range step.Ports {
		a.f.after(time.Duration(i)*step.Pace+a.f.about(step.Pace/10), func() {
			target := netip.AddrPortFrom(a.f.addressFrom(from, to), p)
			a.probe(from, target, "tcp", "connects")
			a.dial(from, target, knock{})
		})
	}
}

// scanFunctions tries what a controller can do.
func (a *act) scanFunctions(step *scenario.Step) {
	_, to := a.pair(step)
	if to.image == nil {
		return
	}
	for i, r := range to.image.dialect.trials() {
		a.f.after(time.Duration(i)*step.Pace+a.f.about(step.Pace/10), func() { a.session(step).ask(r, nil) })
	}
}
