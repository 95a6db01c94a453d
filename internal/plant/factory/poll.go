package factory

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"firedoor/internal/plant/device"
	"firedoor/internal/plant/physics"
)

// polling is one client that reads a controller in a loop, as panels, servers and
// other controllers do all day.
type polling struct {
	client, server string
	every          time.Duration
	what           func(*physics.Tag) bool
}

// What is read.
func everything(*physics.Tag) bool { return true }
func measures(t *physics.Tag) bool {
	return t.Role == physics.Measure || t.Role == physics.State || t.Role == physics.Output
}
func production(t *physics.Tag) bool { return t.Role == physics.Measure || t.Role == physics.Counter }
func settings(t *physics.Tag) bool   { return t.Role.Writable() }

// pollings of the standard plant. The SCADA server in service polls over the
// address of its own; see standby for the other.
func pollings() []polling {
	var list []polling
	for _, n := range []string{"mixer-1-", "mixer-2-"} {
		list = append(list,
			polling{n + "hmi", n + "plc", time.Second, measures},
			polling{n + "hmi", n + "plc", 5 * time.Second, settings},
			polling{n + "plc", n + "drive", 500 * time.Millisecond, everything},
			polling{n + "plc", n + "io", 500 * time.Millisecond, everything},
			polling{n + "hmi", n + "drive", 10 * time.Second, production})
	}
	return append(list,
		polling{"filler-hmi", "filler-plc", 500 * time.Millisecond, measures},
		polling{"filler-hmi", "filler-plc", 5 * time.Second, settings},
		polling{"filler-hmi", "capper-plc", time.Second, everything},
		polling{"filler-plc", "capper-plc", 500 * time.Millisecond, production},
		polling{"robot-hmi", "robot-plc", 500 * time.Millisecond, everything},
		polling{"robot-hmi", "vision-box", 2 * time.Second, everything},
		polling{"boiler-hmi", "boiler-plc", time.Second, everything},
		polling{"boiler-hmi", "boiler-safety", 2 * time.Second, measures},
		polling{"boiler-plc", "boiler-safety", time.Second, measures},
		polling{"historian", "mixer-1-plc", 10 * time.Second, production},
		polling{"historian", "mixer-2-plc", 10 * time.Second, production},
		polling{"historian", "filler-plc", 10 * time.Second, production},
		polling{"historian", "capper-plc", 10 * time.Second, production},
		polling{"historian", "robot-plc", 10 * time.Second, production},
		polling{"historian", "boiler-plc", 10 * time.Second, production},
		polling{"historian", "vision-box", 10 * time.Second, production},
		polling{"historian", "power-meter", 10 * time.Second, production},
		polling{"historian", "utility-plc", 10 * time.Second, production},
		polling{"meter-reader", "power-meter", 30 * time.Second, production})
}

// supervised are what the SCADA server in service reads, each every two seconds.
var supervised = []string{"mixer-1-plc", "mixer-2-plc", "filler-plc", "capper-plc", "robot-plc", "boiler-plc", "boiler-safety", "utility-plc", "power-meter"}

const superviseEvery = 2 * time.Second

// poll starts the loops, not all in the same moment.
func (f *Factory) poll() error {
	for _, p := range pollings() {
		if err := f.startPolling(p, f.about(p.every), nil); err != nil {
			return err
		}
	}
	for _, name := range supervised {
		for _, server := range []string{"scada-1", "scada-2"} {
			p := polling{server, name, superviseEvery, measures}
			if err := f.startPolling(p, f.about(p.every), func() bool { return f.inService == server }); err != nil {
				return err
			}
		}
	}
	return f.startCyclic()
}

// startPolling opens a session and asks for all groups in every turn in which
// active (if given) allows.
func (f *Factory) startPolling(p polling, first time.Duration, active func() bool) error {
	client, server := f.device(p.client), f.device(p.server)
	if server.image == nil {
		return fmt.Errorf("%s polls %s, which is no controller", p.client, p.server)
	}
	s := f.operatorSession(client, server)
	var asks []device.Request
	for _, g := range server.image.groups(p.what) {
		asks = append(asks, device.Request{Verb: device.Read, Points: g})
	}
	f.every(first, p.every, func() {
		if active != nil && !active() {
			return
		}
		for _, r := range asks {
			s.ask(r, nil)
		}
	})
	return nil
}

// operatorSession is the connection that a client keeps to a controller: what it
// polls and what its operator writes go over the same.
func (f *Factory) operatorSession(client, server *unit) *session {
	key := client.name + ">" + server.name
	s := f.operator[key]
	if s == nil {
		s = f.sessionTo(client, server)
		f.operator[key] = s
	}
	return s
}

// sessionTo makes a new session from a device to a controller.
func (f *Factory) sessionTo(client, server *unit) *session {
	d := server.image.dialect
	to := netip.AddrPortFrom(f.addressFrom(client, server), d.port())
	s := f.session(client.host, to, func() device.Client { return f.speaker(client, d) })
	s.server = server
	return s
}

// speaker makes what speaks the dialect on a connection of a device.
func (f *Factory) speaker(client *unit, d dialect) device.Client {
	switch d {
	case step7:
		return device.NewS7Client(0, 2, linkOf(client))
	case logix:
		f.links++
		c := device.NewCIPClient()
		c.Known(uint32(client.mac), f.links)
		return c
	}
	return device.NewModbusClient(1)
}

// linkOf is how a device names itself to S7 CPUs.
func linkOf(client *unit) uint8 {
	switch {
	case strings.HasSuffix(client.name, "-hmi"):
		return device.LinkOP
	case client.image != nil:
		return device.LinkBasic
	}
	return device.LinkPG
}
