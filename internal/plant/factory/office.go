package factory

import (
	"net/netip"
	"time"

	"firedoor/internal/plant"
)

// The people of the office: they come in the morning, switch their computers on,
// and off again when they go.

// workday is when the office works: from the first who comes to the last who goes.
const (
	officeOpens  = 7 * time.Hour
	officeCloses = 17*time.Hour + 30*time.Minute
)

// alwaysOn is how many of the office's computers nobody ever switches off.
const alwaysOn = 4

// staff lets people come and go.
func (f *Factory) staff() {
	n := 0
	for _, u := range f.order {
		if u.network != "office" || u.manner != windows {
			continue
		}
		f.lease(u)
		f.browse(u)
		if n++; n <= alwaysOn {
			continue
		}
		if !f.office() {
			u.host.Power(false)
		}
		comes, goes := officeOpens+f.about(100*time.Minute), officeCloses-f.about(2*time.Hour)
		f.daily(comes, func() {
			if d := local(f.world.Now()).Weekday(); d != time.Saturday && d != time.Sunday {
				u.host.Power(true)
				f.after(4*time.Second, func() { f.renewLease(u) })
			}
		})
		f.daily(goes, func() { u.host.Power(false) })
	}
}

// office tells whether the office works now.
func (f *Factory) office() bool {
	wall := local(f.world.Now())
	since := time.Duration(wall.Hour())*time.Hour + time.Duration(wall.Minute())*time.Minute
	return wall.Weekday() != time.Saturday && wall.Weekday() != time.Sunday && since >= officeOpens+100*time.Minute && since < officeCloses-2*time.Hour
}

// browse lets somebody work at a computer that is on.
func (f *Factory) browse(u *unit) {
	var again func()
	again = func() {
		if u.host.Powered() && u.host.Addr().IsValid() {
			switch {
			case f.office():
				f.open(u, f.rnd.N(len(sites)))
			case f.rnd.N(6) == 0: // programs look after themselves
				f.open(u, f.rnd.N(3))
			}
		}
		f.after(40*time.Second+f.about(2*time.Minute), again)
	}
	f.after(time.Minute+f.about(2*time.Minute), again)
}

// open asks for a name and then for what is behind it.
func (f *Factory) open(u *unit, site int) {
	s := &sites[site]
	f.resolve(u, s.name, func() {
		to := netip.AddrPortFrom(f.device(s.server).ip(), portTLS)
		f.visit(u, to, visit{name: s.name, hello: plant.TLSHello{ALPN: []string{"h2", "http/1.1"}, Modern: s.modern},
			asks: 2 + f.rnd.N(4), bytes: s.bytes, pause: 3 * time.Second})
	})
}
