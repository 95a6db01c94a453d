package factory

import (
	"net/netip"
	"time"

	"firedoor"
	"firedoor/internal/plant/device"
	"firedoor/internal/plant/truth"
)

// What engineers, vendors and servers do to the plant, all of it with a right to.

// errand is a connection for one errand, closed when it is done.
func (f *Factory) errand(e *truth.Entry, from, to *unit) *session {
	s := f.sessionTo(from, to)
	s.once, s.entry = true, e
	f.truth.Involve(e, f.hostTruth(from, truth.Actor))
	f.truth.Involve(e, f.hostTruth(to, truth.Target))
	s.told = func(t *task) { f.tell(e, from, to, s, &t.ask) }
	return s
}

// backup: the programs of the Siemens controllers are saved every night.
func (f *Factory) backup() {
	e := f.begin("backup", truth.Routine, "the backup server saves the programs of the controllers, as every night", "")
	for i, name := range []string{"filler-plc", "capper-plc"} {
		f.after(time.Duration(i)*2*time.Minute, func() {
			to := f.device(name)
			s := f.errand(e, f.device("backup-server"), to)
			s.ask(device.Request{Verb: device.ListBlocks}, nil)
			for _, b := range blocksOf(to) {
				s.ask(device.Request{Verb: device.Upload, Block: b}, nil)
			}
		})
	}
	f.end(e, 10*time.Minute)
}

// diagnose: the engineer looks after the controllers on working days.
func (f *Factory) diagnose() {
	if day := local(f.world.Now()).Weekday(); day == time.Saturday || day == time.Sunday {
		return
	}
	e := f.begin("diagnosis", truth.Routine, "the engineer looks after the controllers", "")
	for i, name := range []string{"filler-plc", "capper-plc", "robot-plc"} {
		f.after(time.Duration(i)*5*time.Minute+f.about(time.Minute), func() {
			to := f.device(name)
			s := f.errand(e, f.device("engineering"), to)
			s.ask(device.Request{Verb: device.Identify}, nil)
			for _, g := range to.image.groups(everything) {
				s.ask(device.Request{Verb: device.Read, Points: g}, nil)
			}
		})
	}
	f.end(e, 20*time.Minute)
}

// setClocks: on the day on which clocks change, panels set their controllers'.
func (f *Factory) setClocks() {
	now := time.Unix(0, f.world.Now()).UTC()
	if offset(now) == offset(now.Add(-24*time.Hour)) {
		return
	}
	e := f.begin("clock-change", truth.Routine, "clocks change between winter and summer time", "")
	for _, name := range []string{"filler-plc", "capper-plc"} {
		wall := local(f.world.Now()).UnixNano()
		f.errand(e, f.device("filler-hmi"), f.device(name)).ask(device.Request{Verb: device.SetClock, Time: wall}, nil)
	}
	f.end(e, 5*time.Minute)
}

// vendorVisit: the filler's vendor comes in over the jump host, as ordered.
func (f *Factory) vendorVisit() {
	jump, filler := f.device("jump-host"), f.device("filler-plc")
	e := f.begin("vendor-visit", truth.Notable, "the filler's vendor looks at its controller over the jump host", "WO-1041", f.device("vendor-laptop"), f.device("vendor-gateway"))
	f.tunnel(f.device("vendor-laptop"), f.device("vendor-gateway"), 40*time.Minute)
	f.after(4*time.Minute, func() {
		s := f.errand(e, jump, filler)
		s.ask(device.Request{Verb: device.Identify}, nil)
		s.ask(device.Request{Verb: device.ListBlocks}, nil)
		for _, g := range filler.image.groups(everything) {
			s.ask(device.Request{Verb: device.Read, Points: g}, nil)
		}
		s.ask(device.Request{Verb: device.Upload, Block: blocksOf(filler)[0]}, nil)
	})
	f.end(e, 45*time.Minute)
}

// updateFirmware: the capper's controller gets new firmware and a fitting program,
// by work order, in the evening.
func (f *Factory) updateFirmware() {
	from, to := f.device("engineering"), f.device("capper-plc")
	e := f.begin("firmware-update", truth.Notable, "the capper's controller gets new firmware, by work order", "WO-1057")
	s := f.errand(e, from, to)
	s.ask(device.Request{Verb: device.Identify}, nil)
	s.ask(device.Request{Verb: device.Stop}, func(_ *device.Reply, ok bool) {
		if ok {
			f.after(time.Minute, func() { to.host.Power(false) })
			f.after(4*time.Minute, func() {
				f.renew(to)
				to.host.Power(true)
			})
		}
	})
	f.after(6*time.Minute, func() {
		s := f.errand(e, from, to)
		block, code := programOf(to, "", harmless)
		s.ask(device.Request{Verb: device.Identify}, nil)
		s.ask(device.Request{Verb: device.Download, Block: block, Program: code}, nil)
		s.ask(device.Request{Verb: device.Start}, nil)
	})
	f.end(e, 15*time.Minute)
}

// replaceDevice: a broken I/O station is replaced by a new one with its address.
func (f *Factory) replaceDevice() {
	u := f.device("mixer-2-io")
	e := f.begin("device-replaced", truth.Notable, "the I/O station of mixer 2 is replaced by a new one", "WO-1062", u)
	u.host.Unplug()
	f.after(25*time.Minute, func() {
		u.mac += 0x3100
		u.host.SetMAC(u.mac)
		u.host.Plug()
		f.truth.Involve(e, f.hostTruth(u, truth.Target))
	})
	f.end(e, 40*time.Minute)
}

// switchOver: the second SCADA server takes over for an hour, as a test.
func (f *Factory) switchOver() {
	e := f.begin("switch-over", truth.Notable, "the second SCADA server takes over for an hour, as every month", "WO-1049", f.device("scada-1"), f.device("scada-2"))
	shared := addr(virtualSCADA)
	move := func(from, to string) {
		f.device(from).host.Virtual(shared, false)
		f.device(to).host.Virtual(shared, true)
		f.inService = to
	}
	move("scada-1", "scada-2")
	f.after(time.Hour, func() { move("scada-2", "scada-1") })
	f.end(e, time.Hour+5*time.Minute)
}

// tell writes down what somebody asks of a controller, in the moment in which it is sent.
func (f *Factory) tell(e *truth.Entry, from, to *unit, s *session, r *device.Request) {
	for _, op := range said(to.image, r) {
		op.Time = truth.Moment(f.world.Now())
		op.Client = firedoor.Address{IP: from.ip().String(), Port: s.conn.Local().Port(), MAC: from.mac.String()}
		op.Server = firedoor.Address{IP: s.to.Addr().String(), Port: s.to.Port(), MAC: to.mac.String()}
		f.truth.Operation(e, op)
	}
}

// hostTruth is a device as the truth names it, with all its addresses.
func (f *Factory) hostTruth(u *unit, role string) truth.Host {
	return truth.HostOf(u.name, role, []netip.Addr{u.ip(), u.seen}, []firedoor.MAC{u.mac})
}
