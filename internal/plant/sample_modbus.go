package plant

import (
	"encoding/binary"
	"math"
	"time"
)

// master polls one Modbus device over one connection.
type master struct {
	f      *factory
	conn   *Conn
	device *modbusDevice
	number uint16
}

// connect opens a connection to a device. Half of the plant's connections are
// older than the capture.
func (f *factory) connect(client string, d *modbusDevice, old bool) *master {
	m := &master{f: f, device: d, number: uint16(f.rnd.N(3000))}
	c := f.host(client)
	if old {
		m.conn = f.net.Midstream(c, d.host, f.ephemeral(), PortModbus)
	} else {
		m.conn = f.net.Dial(c, d.host, f.ephemeral(), PortModbus)
	}
	return m
}

// next is the header of the next request.
func (m *master) next() Modbus {
	m.number++
	return Modbus{Transaction: m.number, Unit: m.device.unit}
}

// ask sends a request; the device answers when it is ready, with the values it
// has then.
func (m *master) ask(request []byte) {
	m.conn.Client(request)
	m.f.after(m.f.latency(), func() {
		if a := m.device.answer(request); a != nil {
			m.conn.Server(a)
		}
		if m.number%8 == 0 {
			m.conn.AckClient()
		}
	})
}

// poll reads registers again and again.
func (m *master) poll(first, period time.Duration, function uint8, address, quantity uint16) {
	m.f.every(first, period, func() { m.ask(m.next().Words(nil, function, address, quantity)) })
}

func (f *factory) device(host string, unit uint8, inputs, holdings int, identity ...string) *modbusDevice {
	d := &modbusDevice{host: f.host(host), unit: unit, input: make([]uint16, inputs), holding: make([]uint16, holdings), identity: identity}
	f.devices = append(f.devices, d)
	return d
}

// deviceOf is the Modbus device on a host.
func (f *factory) deviceOf(host string) *modbusDevice {
	for _, d := range f.devices {
		if d.host.Name == host {
			return d
		}
	}
	panic("plant: no Modbus device on " + host) // a mistake in this package, found by its tests
}

// Registers of a mixer's controller.
const (
	mixerTemperatureSP = 40
	mixerSpeedSP       = 41
	mixerRecipe        = 42
)

// lines are the two mixing lines: the panel polls the controller and sets it, the
// controller polls its drive and its terminals.
func (f *factory) lines() {
	for i := range f.mixers {
		f.line(i, "mixer-"+string(rune('1'+i))+"-")
	}
}

func (f *factory) line(i int, prefix string) {
	mix := &f.mixers[i]
	plc := f.device(prefix+"plc", 1, 16, 64, "Schneider Electric", "BMX P34 2020", "v3.20")
	drive := f.device(prefix+"drive", 248, 8, 16, "Schneider Electric", "ATV630U75N4", "V2.2IE31")
	io := f.device(prefix+"io", 1, 8, 8, "WAGO", "750-352", "FW15")
	plc.holding[mixerTemperatureSP], plc.holding[mixerSpeedSP] = uint16(mix.temperatureSP), uint16(mix.speedSP)
	plc.holding[mixerRecipe] = uint16(mix.recipe)
	plc.wrote = func(int) {
		mix.temperatureSP, mix.speedSP = int(plc.holding[mixerTemperatureSP]), int(plc.holding[mixerSpeedSP])
		mix.recipe = int(plc.holding[mixerRecipe])
	}
	shift := time.Duration(i) * 130 * time.Millisecond
	f.every(10*time.Millisecond, time.Second, func() {
		copy(plc.input, []uint16{uint16(mix.level), uint16(mix.temperature), uint16(mix.speed), uint16(mix.current), uint16(mix.batches)})
		copy(drive.input, []uint16{0x0637, uint16(mix.speed * 12), uint16(mix.current), uint16(mix.speed * 3 / 2)})
		copy(io.input, []uint16{uint16(mix.temperature), uint16(mix.level * 27), 0x0fff})
	})
	f.at(50*time.Millisecond+shift, func() {
		hmi := f.connect(prefix+"hmi", plc, i == 0)
		hmi.poll(200*time.Millisecond+shift, time.Second, ModbusReadInput, 0, 5)
		hmi.poll(600*time.Millisecond+shift, 2*time.Second, ModbusReadHolding, mixerTemperatureSP, 3)
		f.recipes(hmi, i)
		toDrive := f.connect(prefix+"plc", drive, true)
		toDrive.poll(300*time.Millisecond+shift, 2*time.Second, ModbusReadInput, 0, 4)
		f.every(800*time.Millisecond+shift, 10*time.Second, func() {
			toDrive.ask(toDrive.next().WriteRegisters(nil, 0, []uint16{0x000f, uint16(mix.speedSP * 12)}))
		})
		toIO := f.connect(prefix+"plc", io, i == 1)
		toIO.poll(400*time.Millisecond+shift, 2*time.Second, ModbusReadInput, 0, 3)
	})
}

// recipes are the operator's settings at a mixer's panel.
func (f *factory) recipes(hmi *master, line int) {
	temperatures := []uint16{620, 580, 650, 680, 600, 640}
	speeds := []uint16{120, 140, 95, 110, 130, 125}
	k := line
	f.every(time.Duration(20+9*line)*time.Second, 40*time.Second, func() {
		k++
		hmi.ask(hmi.next().WriteRegisters(nil, mixerTemperatureSP, []uint16{temperatures[k%6], speeds[k%6]}))
		f.after(700*time.Millisecond, func() {
			hmi.ask(hmi.next().Words(nil, ModbusWriteRegister, mixerRecipe, uint16(1+k%4)))
		})
	})
}

const boilerPressureSP = 10

// boilerHouse is the boiler's controller, its safety controller and meter.
func (f *factory) boilerHouse() {
	plc := f.device("boiler-plc", 1, 24, 32, "Beckhoff Automation", "CX5140", "3.1.4024.35")
	safety := f.device("boiler-safety", 1, 12, 4, "HIMA", "F35", "V11.30")
	meter := f.device("power-meter", 1, 64, 64, "Schneider Electric", "METSEPM5560", "V2.3.4")
	plc.holding[boilerPressureSP], plc.holding[boilerPressureSP+1] = uint16(f.boiler.pressureSP), uint16(f.boiler.levelSP)
	plc.wrote = func(int) { f.boiler.pressureSP = int(plc.holding[boilerPressureSP]) }
	f.every(15*time.Millisecond, time.Second, func() {
		b := &f.boiler
		copy(plc.input, []uint16{uint16(b.pressure), uint16(b.level), uint16(b.temperature), uint16(b.burner), uint16(b.flow)})
		copy(safety.input, []uint16{uint16(b.pressure), 1, 1, 0, uint16(b.temperature)})
		power := math.Float32bits(float32(8200+90*b.burner) / 100)
		meter.holding[20], meter.holding[21] = uint16(power>>16), uint16(power)
		meter.holding[22], meter.holding[23] = 0x4366, uint16(f.rnd.N(4096))
	})
	f.at(70*time.Millisecond, func() {
		hmi := f.connect("boiler-hmi", plc, false)
		hmi.poll(250*time.Millisecond, time.Second, ModbusReadInput, 0, 5)
		hmi.poll(750*time.Millisecond, 5*time.Second, ModbusReadHolding, boilerPressureSP, 2)
		f.boilerPanel(hmi)
		f.connect("boiler-plc", safety, true).poll(450*time.Millisecond, 2*time.Second, ModbusReadInput, 0, 5)
		f.connect("scada", plc, true).poll(550*time.Millisecond, 5*time.Second, ModbusReadInput, 0, 5)
		f.connect("scada", meter, false).poll(650*time.Millisecond, 5*time.Second, ModbusReadHolding, 20, 4)
		f.connect("historian", plc, true).poll(850*time.Millisecond, 10*time.Second, ModbusReadInput, 0, 3)
	})
}

// boilerPanel is the operator at the boiler: small corrections, and once, late,
// a very large one.
func (f *factory) boilerPanel(hmi *master) {
	k := 0
	f.every(33*time.Second, 45*time.Second, func() {
		if time.Duration(f.net.now-f.start) > pressureAt-20*time.Second {
			return // nobody corrects it any more
		}
		k++
		hmi.ask(hmi.next().Words(nil, ModbusWriteRegister, boilerPressureSP, []uint16{850, 830, 870, 820, 880}[k%5]))
	})
	f.at(pressureAt, func() {
		hmi.ask(hmi.next().Words(nil, ModbusWriteRegister, boilerPressureSP, 2400))
	})
}

// float is a 32-bit number as controllers send it, big-endian.
func float(tenths int) []byte {
	return binary.BigEndian.AppendUint32(nil, math.Float32bits(float32(tenths)/10))
}
