package plant

import (
	"fmt"
	"net/netip"
	"time"
)

// When things go wrong, since the start.
const (
	scanAt     = SampleQuiet + 5*time.Second
	overheatAt = SampleQuiet + 60*time.Second
	stopAt     = SampleQuiet + 110*time.Second
	pressureAt = SampleQuiet + 170*time.Second
	firmwareAt = SampleQuiet + 210*time.Second
	rogueAt    = SampleQuiet + 250*time.Second
	brokenAt   = SampleQuiet + 290*time.Second
)

// strangers are the devices that do not belong there.
func strangers() []*Host {
	return []*Host{
		{Name: "laptop", MAC: 0x8c1645e2a977, IP: addr("192.168.0.77"), VLAN: 10, TTL: 64},
		{Name: "intruder", MAC: 0x54ee7519f099, IP: addr("10.20.30.99"), VLAN: 30, TTL: 128},
		{Name: "rogue", MAC: 0xb827eb6d5a78, IP: addr("10.20.30.78"), VLAN: 30, TTL: 64},
	}
}

// goWrong plans what SamplePlanted lists, except for the panel's own write, which
// is the boiler panel's, and the visit that finds the changes, which is
// engineering's.
func (f *factory) goWrong() {
	f.hosts = append(f.hosts, strangers()...)
	f.at(scanAt, func() { f.sweep(f.host("laptop")) })
	f.at(overheatAt, f.overheat)
	f.at(stopAt, f.stopFiller)
	f.at(firmwareAt-10*time.Second, func() {
		f.capper = [4]byte{'V', 3, 3, 19}
		f.deviceOf("power-meter").identity[2] = "V9.0.1"
	})
	f.at(rogueAt, f.writeTag)
	f.at(brokenAt, f.breakFrames)
}

// sweep asks for every address of the line and tries out what answers.
func (f *factory) sweep(laptop *Host) {
	f.net.ARP(laptop, laptop.IP)
	for i := 1; i <= 40; i++ {
		target := addr(fmt.Sprintf("192.168.0.%d", i))
		f.after(time.Duration(i)*30*time.Millisecond, func() {
			f.net.ARP(laptop, target)
			if h := f.hostAtLine(target); h != nil {
				f.net.ARPAnswer(h, laptop)
			}
		})
	}
	for i, name := range []string{"mixer-1-plc", "mixer-1-drive", "mixer-1-io"} {
		f.after(time.Duration(3+8*i)*time.Second, func() { f.tryOut(name) })
	}
	f.after(28*time.Second, func() {
		c := f.net.Dial(laptop, f.host("mixer-1-hmi"), f.ephemeral(), PortModbus)
		c.ResetServer()
	})
}

func (f *factory) hostAtLine(a netip.Addr) *Host {
	for _, h := range f.hosts {
		if h.VLAN == 10 && h.IP == a && h.Name != "laptop" {
			return h
		}
	}
	return nil
}

// tryOut asks a controller who it is, which functions it knows and which
// registers it has.
func (f *factory) tryOut(name string) {
	m := f.connect("laptop", f.deviceOf(name), false)
	step := 0
	plan := func(request func(h Modbus) []byte) {
		step++
		f.after(time.Duration(step)*110*time.Millisecond, func() { m.ask(request(m.next())) })
	}
	plan(func(h Modbus) []byte { return h.Identify(nil, 1, 0) })
	plan(func(h Modbus) []byte { return h.Identify(nil, 3, 0) })
	plan(func(h Modbus) []byte { return h.Raw(nil, ModbusServerID) })
	for _, function := range []uint8{1, 2, 3, 4, 7, 11, 12, 17, 65, 90, 100} {
		plan(func(h Modbus) []byte {
			if function > 4 {
				return h.Raw(nil, function)
			}
			return h.Words(nil, function, 0, 1)
		})
	}
	for a := uint16(0); a < 160; a += 10 {
		plan(func(h Modbus) []byte { return h.Words(nil, ModbusReadHolding, a, 10) })
	}
	f.after(time.Duration(step+2)*110*time.Millisecond, m.conn.Close)
}

// overheat writes the mixer's temperature setpoint as no operator would.
func (f *factory) overheat() {
	m := f.connect("laptop", f.deviceOf("mixer-1-plc"), false)
	m.ask(m.next().Words(nil, ModbusReadHolding, mixerTemperatureSP, 3))
	f.after(900*time.Millisecond, func() { m.ask(m.next().Words(nil, ModbusWriteRegister, mixerTemperatureSP, 1500)) })
	f.after(2*time.Second, m.conn.Close)
}

// stopFiller stops the filler's controller, replaces its main block and starts it
// again.
func (f *factory) stopFiller() {
	intruder, plc := f.host("intruder"), f.host("filler-plc")
	f.net.ARP(intruder, intruder.IP)
	f.net.ARP(intruder, plc.IP)
	f.net.ARPAnswer(plc, intruder)
	f.openS7(intruder, plc, 1, 2, func(l *s7Link) {
		list := l.identity("6ES7 315-2EH14-0AB0", "FILLER", "S C-X4U421302009", [4]byte{'V', 3, 2, 6})
		stop, start := l.next(), S7{}
		list = append(list, exchange{stop.Stop(nil), stop.StopAnswer(nil)})
		f.talk(l.conn, 700*time.Millisecond, list, func() {
			f.filler.running = false
			l.download("0800001", organisationBlock(730), func() {
				start = l.next()
				f.after(6*time.Second, func() {
					f.filler.running = true
					f.talk(l.conn, time.Second, []exchange{{start.Start(nil), start.ProgramAnswer(nil)}}, l.conn.Close)
				})
			})
		})
	})
}

// writeTag sets the conveyor's speed from a device nobody knows.
func (f *factory) writeTag() {
	rogue, plc := f.host("rogue"), f.host("robot-plc")
	f.net.ARP(rogue, plc.IP)
	f.net.ARPAnswer(plc, rogue)
	f.openCIP(rogue, plc, 0x99, func(l *cipLink) {
		l.ask(CIPRead(nil, "Conveyor_Speed", 1), func() []byte { return CIPReadAnswer(nil, CIPTypeDint, dint(f.robot.conveyor)) })
		f.after(2*time.Second, func() {
			l.ask(CIPWrite(nil, "Conveyor_Speed", CIPTypeDint, 1, dint(950)), func() []byte {
				f.robot.conveyorSP = 950
				return CIPAnswer(nil, CIPWriteTag, 0)
			})
		})
		f.after(4*time.Second, func() {
			f.talk(l.conn, 5*time.Millisecond, []exchange{
				{l.e.Unconnected(nil, l.open.Close(nil)), l.e.Unconnected(nil, l.open.CloseAnswer(nil))},
				{l.e.Unregister(nil), nil},
			}, l.conn.Close)
		})
	})
}

// breakFrames sends what the specification forbids.
func (f *factory) breakFrames() {
	m := f.connect("laptop", f.deviceOf("mixer-1-drive"), false)
	send := func(i int, b []byte) {
		f.after(time.Duration(i)*600*time.Millisecond, func() { m.ask(b) })
	}
	h := Modbus{Transaction: 1, Unit: 248}
	send(1, h.Words(nil, ModbusReadHolding, 0, 0))      // quantity 0
	send(2, h.Words(nil, ModbusReadHolding, 0, 2000))   // more than 125
	send(3, h.Raw(nil, ModbusReadHolding, 0))           // half an address
	send(4, h.Raw(nil, ModbusWriteRegs, 0, 0, 0, 2, 9)) // promises nine bytes, has none
	long := h.Raw(nil, ModbusWriteRegs, make([]byte, 400)...)
	send(5, long) // longer than any Modbus message
	f.after(5*time.Second, m.conn.Reset)
}
