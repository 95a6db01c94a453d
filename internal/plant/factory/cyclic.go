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
	var scanners []device.Datagrams
	for i, r := range remoteIO {
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
		scanner := device.NewCIPScanner(device.CIPScan{Peer: u.ip(), Configuration: 1, Output: uint8(r.taken), Input: uint8(r.produced),
			Out: valuesOf(plc.image, r.outputs), In: taken(plc.image, r.inputs), Interval: r.every, Originator: uint32(plc.mac), Serial: uint16(i + 1)})
		scanners = append(scanners, scanner.Consumer())
		f.scan(plc, u, scanner)
	}
	f.serveUDP(plc.host, portCyclic, all(scanners))
	return nil
}

// all hands a datagram to several, each of which knows its own.
type all []device.Datagrams

// Receive lets all of them look.
func (a all) Receive(now int64, from netip.AddrPort, b, out []byte) []byte {
	for _, d := range a {
		out = d.Receive(now, from, b, out)
	}
	return out
}

// reconnect is how often a controller looks whether its cyclic connections stand.
const reconnect = 10 * time.Second

// scan lets a controller open a cyclic connection, and open it again when it broke.
func (f *Factory) scan(plc, station *unit, scanner *device.CIPScanner) {
	s := f.session(plc.host, netip.AddrPortFrom(station.ip(), logix.port()), func() device.Client { return scanner })
	f.every(f.about(time.Second), reconnect, func() {
		if !scanner.Connected() {
			s.ask(device.Request{Verb: device.Connect}, nil)
		}
	})
	f.operator[plc.name+">"+station.name] = s
	f.produce(plc, scanner)
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
