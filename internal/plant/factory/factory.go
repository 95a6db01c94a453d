package factory

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"firedoor"
	"firedoor/internal/plant"
	"firedoor/internal/plant/chance"
	"firedoor/internal/plant/device"
	"firedoor/internal/plant/lan"
	"firedoor/internal/plant/physics"
	"firedoor/internal/plant/scenario"
	"firedoor/internal/plant/truth"
)

// Limits of what can be asked for.
const (
	// MaxHosts bounds Options.Hosts.
	MaxHosts = 40_000
	// MaxPlanned bounds the scenarios of one run.
	MaxPlanned = 1000
)

// DefaultStart is a Monday at six in the morning, local time: the early shift
// comes in.
var DefaultStart = time.Date(2026, time.March, 2, 5, 0, 0, 0, time.UTC)

// Options say what plant is simulated.
type Options struct {
	Seed  uint64
	Start time.Time // zero: DefaultStart
	// Hosts is how many devices the plant has at least: beyond the standard plant
	// come simple ones. 0: the standard plant.
	Hosts     int
	Scenarios []Planned
}

// Planned is a scenario and when it begins, counted from the start.
type Planned struct {
	Scenario *scenario.Scenario
	At       time.Duration
}

// Factory is the plant at work.
type Factory struct {
	o       Options
	start   int64
	world   *lan.World
	physics *physics.Plant
	rnd     chance.Random
	truth   *truth.Recorder

	nets      []network
	switches  map[string]*lan.Switch
	firewall  *lan.Router
	lines     [2]*lan.Router
	devices   map[string]*unit    // by name
	order     []*unit             // as they were made
	acts      []*act              // scenarios under way or planned
	operator  map[string]*session // connections that are kept, "client>server"
	links     uint16              // connections of CIP clients so far
	inService string              // the SCADA server that polls
	outcome   outcome             // what became of what was asked
	// Stepped, if set, is called after every step of the processes.
	Stepped func()
	// Noticed, if set, is told what happens in the processes.
	Noticed func(physics.Event)
}

// unit is a device of the plant: what it is, where it hangs, what it answers.
type unit struct {
	asset
	host    *lan.Host
	seen    netip.Addr    // the address under which other networks know it; its own if invalid
	image   *image        // of a controller's memory; nil for everything else
	server  device.Server // of a controller
	program *device.CPU   // of a controller that can be programmed
	think   time.Duration // until an answer is ready; as much again by chance
	lease   *plant.Lease  // of a device that gets its address; nil for others
}

// ip is the address it has at present.
func (u *unit) ip() netip.Addr { return u.host.Addr().Addr() }

// New builds the plant; nothing has happened in it yet.
func New(o Options) (*Factory, error) {
	if o.Start.IsZero() {
		o.Start = DefaultStart
	}
	if o.Hosts > MaxHosts {
		return nil, fmt.Errorf("%d hosts: at most %d", o.Hosts, MaxHosts)
	}
	if len(o.Scenarios) > MaxPlanned {
		return nil, fmt.Errorf("%d scenarios: at most %d", len(o.Scenarios), MaxPlanned)
	}
	f := &Factory{
		o: o, start: o.Start.UnixNano(), world: lan.New(o.Start, o.Seed), physics: physics.New(o.Seed, o.Start),
		rnd: chance.New(o.Seed ^ 0x66616374), switches: map[string]*lan.Switch{}, devices: map[string]*unit{}, operator: map[string]*session{}, inService: "scada-1",
		outcome: newOutcome(),
	}
	for _, step := range []func() error{f.wire, f.equip, f.record, f.poll, f.gossip, f.live} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	for _, p := range o.Scenarios {
		if _, err := f.Plan(p); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// Tap gives every frame that the mirror ports see, once, in the order of time. The
// bytes are borrowed. A packet that crosses the firewall is seen on the side that is
// nearer to the floor: the mirrors of the others leave out what it has.
func (f *Factory) Tap(see func(at int64, frame []byte)) {
	f.world.Tap(func(at int64, frame []byte) {
		if !seenBelow(frame) {
			see(at, frame)
		}
	})
}

// seenBelow tells whether a frame is a packet that a mirror nearer to the floor has
// too: one of DMZ or office for the control network, or of the office for the DMZ.
func seenBelow(frame []byte) bool {
	const ip = 18 // where the IP header begins, behind a VLAN tag
	if len(frame) < ip+20 || frame[12] != 0x81 || frame[16] != 0x08 || frame[17] != 0 || frame[15] != vlanDMZ && frame[15] != vlanOffice {
		return false
	}
	src, dst := [3]byte(frame[ip+12:]), [3]byte(frame[ip+16:])
	below := func(net [3]byte) bool { return src == net || dst == net }
	return below(controlNet3) || frame[15] == vlanOffice && below(dmzNet3)
}

// Run lets everything happen until so long after the start.
func (f *Factory) Run(until time.Duration) { f.world.Run(f.start + int64(until)) }

// Now is how long the plant has run.
func (f *Factory) Now() time.Duration { return time.Duration(f.world.Now() - f.start) }

// Time is the plant's time in ns since 1970.
func (f *Factory) Time() int64 { return f.world.Now() }

// Physics is the processes and the memory of their controllers.
func (f *Factory) Physics() *physics.Plant { return f.physics }

// Truth is what really happened so far.
func (f *Factory) Truth() *truth.File {
	file := f.truth.File(truth.Moment(f.world.Now()))
	file.Hosts = f.hosts() // with the addresses that they got since
	return file
}

// hosts are the plant's own, with all their addresses.
func (f *Factory) hosts() []truth.Host {
	var list []truth.Host
	for _, u := range f.order {
		list = append(list, f.hostTruth(u, u.role()))
	}
	return append(list, f.routersTruth()...)
}

// record opens the book of what really happens.
func (f *Factory) record() error {
	head := truth.File{Plant: "standard", Seed: f.o.Seed, Start: truth.Moment(f.start), Assets: len(f.order)}
	for _, n := range f.nets {
		if n.mirrored {
			head.Mirrors = append(head.Mirrors, n.name)
		}
	}
	head.Hosts = f.hosts()
	f.truth = truth.NewRecorder(head)
	return nil
}

// Assets is how many devices belong to the plant.
func (f *Factory) Assets() int { return len(f.order) }

// after plans something for a time from now.
func (f *Factory) after(d time.Duration, do func()) { f.world.After(d, do) }

// at plans something for a time since the start; nothing that is past.
func (f *Factory) at(d time.Duration, do func()) {
	if t := f.start + int64(d); t >= f.world.Now() {
		f.world.At(t, do)
	}
}

// At plans something for a time since the start; nothing that is past. It happens
// between two events of the plant.
func (f *Factory) At(d time.Duration, do func()) { f.at(d, do) }

// every repeats something. A share of two thousandths of the period is left to
// chance, as in every real polling loop.
func (f *Factory) every(first, period time.Duration, do func()) {
	due := f.world.Now() + int64(first)
	var again func()
	again = func() {
		do()
		due += int64(period)
		f.world.At(max(f.world.Now(), due+int64(f.about(period/500)-period/1000)), again)
	}
	f.world.At(due, again)
}

// about is a duration in [0, d).
func (f *Factory) about(d time.Duration) time.Duration { return time.Duration(f.rnd.N64(int64(d))) }

// unsteady is a pause of about that length: programs keep their pace to a percent.
func (f *Factory) unsteady(d time.Duration) time.Duration { return d - d/200 + f.about(d/100) }

// device is a device of that name; a mistake in this package if there is none.
func (f *Factory) device(name string) *unit {
	u := f.devices[name]
	if u == nil {
		panic("factory: there is no device " + name)
	}
	return u
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Border is the name of the firewall's cable into the control network, for Inline.
const Border = "firewall"

// Inline puts a gateway into a device's cable: it sees every frame in both
// directions, and may drop or change it.
func (f *Factory) Inline(device string, g lan.Gateway) (*lan.Place, error) {
	if device == Border {
		return f.firewall.Inline(0, g), nil
	}
	u := f.devices[device]
	if u == nil {
		return nil, fmt.Errorf("the plant has no device %s", device)
	}
	return u.host.Inline(g), nil
}

// Cable is where a gateway may stand.
type Cable struct {
	Name    string // for Inline
	Network string
	VLAN    uint16
	Owns    func(firedoor.MAC) bool // whether an address is that of the device on it
}

// Guarded are the cables where gateways stand that let no request reach a controller
// unseen: that of the firewall into the control network, and that of each device which
// answers a protocol of the floor. One in front of a whole cell would not see who is
// plugged into the cell's own switch.
func (f *Factory) Guarded() []Cable {
	vlan := f.networkOf("control").vlan
	list := []Cable{{Border, "control", vlan, func(m firedoor.MAC) bool { return m == firewallMAC+firedoor.MAC(vlan) }}}
	for _, u := range f.order {
		if u.server != nil && f.networkOf(u.network) != nil {
			list = append(list, Cable{u.name, u.network, f.networkOf(u.network).vlan, func(m firedoor.MAC) bool { return m == u.host.MAC() }})
		}
	}
	return list
}
