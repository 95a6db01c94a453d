package factory

import (
	"net/netip"
	"time"

	"firedoor/internal/plant"
	"firedoor/internal/plant/device"
)

// visit is an encrypted conversation: nobody can read it, but its handshake, the
// lengths of its records and its rhythm are as in life.
type visit struct {
	name  string // of the server, in the clear
	hello plant.TLSHello
	asks  int // how often it asks on one connection
	bytes int // of each question
	pause time.Duration
}

// question is what visits send: only its length counts.
var question [1400]byte

// visit opens a connection and asks for what the visit says.
func (f *Factory) visit(from *unit, to netip.AddrPort, v visit) {
	v.hello.Server = v.name
	seed := f.rnd.Next()
	s := f.session(from.host, to, func() device.Client { return device.NewTLSClient(v.hello, seed) })
	ask := device.Request{Verb: device.Raw, Data: question[:min(max(1, v.bytes), len(question))]}
	var again func(*device.Reply, bool)
	left := v.asks
	again = func(_ *device.Reply, ok bool) {
		left--
		if left <= 0 || !ok {
			s.once = true
			s.next()
			return
		}
		f.after(v.pause+f.about(v.pause), func() { s.ask(ask, again) })
	}
	s.ask(ask, again)
}

// serveTLS puts an encrypted service behind a device's port.
func (f *Factory) serveTLS(u *unit, port uint16) {
	f.serve(u.host, port, device.NewTLS(device.TLSConfig{Seed: f.rnd.Next(), Connections: 64}), 2*time.Millisecond)
}

const portTLS = 443

// tunnel is an encrypted connection over which somebody works for a while.
func (f *Factory) tunnel(from, to *unit, length time.Duration) {
	f.visit(from, netip.AddrPortFrom(f.addressFrom(from, to), portTLS), visit{name: "remote.example", hello: plant.TLSHello{Modern: true},
		asks: int(length / (3 * time.Second)), bytes: 180, pause: 2 * time.Second})
}
