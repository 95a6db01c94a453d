package factory

import (
	"net/netip"
	"time"

	"firedoor/internal/plant/device"
)

// portCyclic is where cyclic data of EtherNet/IP goes (CIP volume 2, 2-2).
const portCyclic = 2222

// remoteIO are the stations that a controller exchanges cyclic data with.
var remoteIO = []struct {
	name            string
	produced, taken uint16 // assemblies
	inputs, outputs []string
	every           time.Duration
	kind, code      uint16
	major, minor    uint8
}{
	{"robot-io", 100, 150, []string{"GRIP.VACUUM", "CONVEYOR.PV"}, []string{"CONVEYOR.SP"}, 50 * time.Millisecond, 7, 140, 4, 3},
	{"robot-arm", 101, 151, []string{"COUNT.PACKED"}, []string{"RUN"}, 100 * time.Millisecond, 43, 356, 8, 30},
}

// startCyclic equips the stations and lets the controller open its connections.
func (f *Factory) startCyclic() error {
	plc := f.device("robot-plc")
	for _, r := range remoteIO {
		u := f.device(r.name)
		d, err := device.NewCIP(device.CIPConfig{Identity: device.CIPIdentity{Vendor: 1, Type: r.kind, Code: r.code, Major: r.major, Minor: r.minor, Serial: uint32(u.mac), Name: u.model},
			Address: u.ip(), Produced: []device.CIPAssembly{{Instance: r.produced, Values: valuesOf(plc.image, r.inputs)}},
			Consumed: []device.CIPAssembly{{Instance: r.taken, Values: taken(plc.image, r.outputs)}}})
		if err != nil {
			return err
		}
		u.server, u.think = d, 500*time.Microsecond
		f.serve(u.host, logix.port(), d, u.think)
		f.serveUDP(u.host, logix.port(), d.Unconnected())
		f.serveUDP(u.host, portCyclic, d.Consumer())
		f.produce(u, d)
	}
	return nil
}

// valuesOf are tags of a controller as a station has them.
func valuesOf(m *image, tags []string) []*device.Value {
	var list []*device.Value
	for i, v := range m.values() {
		for _, name := range tags {
			if m.tags[i].Name == name {
				list = append(list, v)
			}
		}
	}
	return list
}

// taken are places for what a station is told.
func taken(m *image, tags []string) []*device.Value {
	list := valuesOf(m, tags)
	for _, v := range list {
		held := new(float64)
		v.Load, v.Store = func() float64 { return *held }, func(x float64) { *held = x }
	}
	return list
}

// produce sends what a station has to send, when it is due.
func (f *Factory) produce(u *unit, c device.Cyclic) {
	const look = 10 * time.Millisecond
	out := func(to netip.AddrPort, b []byte) { u.host.SendUDP(portCyclic, to, b) }
	var again func()
	again = func() {
		now := f.world.Now()
		if u.host.Powered() && c.Next(now) <= now {
			c.Produce(now, out)
		}
		next := c.Next(now)
		if next == device.Never {
			next = now + int64(100*look)
		}
		f.world.At(max(next, now+int64(time.Millisecond)), again)
	}
	f.after(0, again)
}
