package factory

import (
	"net/netip"

	"firedoor/internal/plant/device"
)

// Controller is a device of the plant that answers a protocol of the floor, for
// whoever puts it on a real socket.
type Controller struct {
	Name     string
	Protocol string // as event lines name it
	Port     uint16 // a port of its own, above those that need rights
	Server   device.Server
}

// Ports of controllers on real sockets: those of the protocols, moved to where no
// rights are needed, and counted on.
const (
	firstModbusPort = 5021
	firstStep7Port  = 10201
	firstLogixPort  = 44818
)

// Controllers are the devices that answer a protocol of the floor, in a fixed order.
func (f *Factory) Controllers() []Controller {
	next := map[dialect]uint16{modbus: firstModbusPort, step7: firstStep7Port, logix: firstLogixPort}
	var list []Controller
	for _, s := range speakers {
		u := f.device(s.name)
		d := s.dialect
		if d == modbusReals {
			d = modbus
		}
		list = append(list, Controller{u.name, s.dialect.protocol(), next[d], u.server})
		next[d]++
	}
	return list
}

// PlantTime is the time of the processes, in ns since 1970.
func (f *Factory) PlantTime() int64 { return f.physics.Now() }

// Value is a value of a controller with its address.
type Value struct {
	Controller, Tag, Words, Unit string
	IP                           netip.Addr // of the controller; those of the two lines are the same
	Object                       string     // as event lines write it
	Type                         string     // "bool", "i16", "i32", "f32"
	Scale                        float64
	Writable                     bool
}

// Values are those of all controllers.
func (f *Factory) Values() []Value {
	var list []Value
	for _, s := range speakers {
		u := f.device(s.name)
		m := u.image
		for i, t := range m.tags {
			p := m.points[i]
			v := Value{Controller: s.name, IP: u.ip(), Tag: t.Name, Words: t.Words, Unit: t.Unit, Object: m.object(p), Type: kindWords[p.Kind], Scale: 1, Writable: t.Role.Writable()}
			if p.Scale != 0 && p.Kind != device.Float32 && p.Kind != device.Bool {
				v.Scale = p.Scale
			}
			list = append(list, v)
		}
	}
	return list
}
