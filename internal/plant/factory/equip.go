package factory

import (
	"fmt"
	"time"

	"firedoor/internal/plant/device"
	"firedoor/internal/plant/physics"
)

// speakers are the dialects of the controllers, by the name that the processes
// know them by.
var speakers = []struct {
	name    string
	dialect dialect
	think   time.Duration // until an answer is ready; as much again by chance
}{
	{"mixer-1-plc", modbus, 1500 * time.Microsecond},
	{"mixer-1-drive", modbus, 900 * time.Microsecond},
	{"mixer-2-plc", modbus, 1500 * time.Microsecond},
	{"mixer-2-drive", modbus, 900 * time.Microsecond},
	{"filler-plc", step7, 2 * time.Millisecond},
	{"capper-plc", step7, 2500 * time.Microsecond},
	{"robot-plc", logix, 1200 * time.Microsecond},
	{"boiler-plc", modbusReals, 800 * time.Microsecond},
	{"boiler-safety", modbus, 4 * time.Millisecond},
	{"vision-box", modbus, 600 * time.Microsecond},
	{"power-meter", modbus, 5 * time.Millisecond},
	{"utility-plc", modbus, 8 * time.Millisecond},
}

// equip puts everything behind the ports of the devices that they answer on.
func (f *Factory) equip() error {
	for _, s := range speakers {
		c := f.physics.Controller(s.name)
		if c == nil {
			return fmt.Errorf("the processes have no controller %s", s.name)
		}
		u := f.device(s.name)
		u.image, u.think = newImage(c, s.dialect), s.think
		u.image.changed = func() { f.changed(u.name) }
		if err := f.equipAs(u, u); err != nil {
			return err
		}
	}
	for i, name := range []string{"mixer-1-io", "mixer-2-io"} {
		u := f.device(name)
		u.image = outputsOf(f.physics.Controller([]string{"mixer-1-plc", "mixer-2-plc"}[i]))
		u.think = 500 * time.Microsecond
		if err := f.equipAs(u, u); err != nil {
			return err
		}
	}
	return nil
}

// outputsOf is an I/O station: it shows what its controller tells the actuators.
func outputsOf(c *physics.Controller) *image {
	m := &image{of: c, dialect: modbus, next: map[slot]uint32{}}
	for _, t := range c.Tags {
		if t.Role == physics.Output {
			m.tags = append(m.tags, t)
			m.points = append(m.points, m.place(t))
		}
	}
	return m
}

// equipAs lets a device answer as another one does: with its memory, under an
// identity of its own.
func (f *Factory) equipAs(u, as *unit) error {
	server, err := f.serverOf(u, as)
	if err != nil {
		return fmt.Errorf("%s: %w", u.name, err)
	}
	u.server = server
	f.serve(u.host, as.image.dialect.port(), server, as.think)
	return nil
}

// serverOf makes what answers for a controller.
func (f *Factory) serverOf(u, as *unit) (device.Server, error) {
	switch as.image.dialect {
	case step7:
		return f.step7Server(u, as)
	case logix:
		return f.logixServer(u, as)
	}
	c := device.ModbusConfig{}
	if u.vendor != "" {
		c.Identity = []string{u.vendor, u.model, u.firmware}
	}
	as.image.modbus(&c)
	return device.NewModbus(c)
}

// step7Server is a CPU of the 300 family.
func (f *Factory) step7Server(u, as *unit) (device.Server, error) {
	m := as.image
	blocks := map[uint16]map[device.Place]*device.Value{}
	for i, v := range m.values() {
		p := m.points[i]
		if blocks[p.Number] == nil {
			blocks[p.Number] = map[device.Place]*device.Value{}
		}
		blocks[p.Number][device.Place{Byte: p.Address, Bit: p.Bit}] = v
	}
	u.program = f.programFor(as)
	var firmware [3]byte
	_, _ = fmt.Sscanf(u.firmware, "V%d.%d.%d", &firmware[0], &firmware[1], &firmware[2])
	return device.NewS7(device.S7Config{Slot: 2, PDU: 480, Blocks: blocks, Machine: u.program, Identity: device.S7Identity{
		Order: u.model, Hardware: 4, Firmware: firmware, Station: "SIMATIC 300", Module: u.name, Plant: "bottling",
		Copyright: "Original Siemens Equipment", Serial: serialOf(u), Type: "CPU 315-2 PN/DP", Card: "MMC " + serialOf(u)}})
}

// logixServer is a controller with named tags.
func (f *Factory) logixServer(u, as *unit) (device.Server, error) {
	u.program = f.programFor(as)
	return device.NewCIP(device.CIPConfig{Identity: device.CIPIdentity{Vendor: 1, Type: 14, Code: 92, Major: 20, Minor: 11, Serial: uint32(u.mac), Name: u.model},
		Tags: as.image.values(), Machine: u.program})
}

// serialOf is a device's serial number, made of its hardware address.
func serialOf(u *unit) string { return fmt.Sprintf("S C-%08X", uint32(u.mac)) }
