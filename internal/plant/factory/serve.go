package factory

import (
	"net/netip"
	"time"

	"firedoor/internal/plant/device"
	"firedoor/internal/plant/lan"
)

// answering is one connection of a device's server. What it answers leaves when
// the device has thought for a while.
type answering struct {
	f       *Factory
	session device.Session
	conn    *lan.Conn
	out     []byte // what waits to leave
	waits   bool
	keep    bool
	think   time.Duration
	send    func() // bound once
}

// serve puts a server behind a host's TCP port. think is how long it takes for
// an answer, with as much again by chance.
func (f *Factory) serve(h *lan.Host, port uint16, server device.Server, think time.Duration) {
	h.ListenTCP(port, func(c *lan.Conn) lan.Handler {
		s := server.Accept(c.Peer().Addr())
		if s == nil {
			return nil
		}
		a := &answering{f: f, session: s, conn: c, think: think, keep: true}
		a.send = func() {
			a.waits = false
			if len(a.out) > 0 {
				c.Send(a.out)
				a.out = a.out[:0]
			}
			if !a.keep {
				c.Close()
			}
		}
		return a
	})
}

// Opened has nothing to say: servers wait.
func (a *answering) Opened(*lan.Conn) {}

// Received lets the device answer.
func (a *answering) Received(_ *lan.Conn, b []byte) {
	if !a.keep {
		return
	}
	a.answer(b)
	if a.waits || len(a.out) == 0 && a.keep {
		return
	}
	a.waits = true
	a.f.world.After(a.think+a.f.about(a.think), a.send)
}

// Closed ends the session, and answers the other side's goodbye.
func (a *answering) Closed(*lan.Conn, error) {
	a.keep = false
	a.session.Close()
}

// serveUDP puts a server behind a host's UDP port.
func (f *Factory) serveUDP(h *lan.Host, port uint16, server device.Datagrams) {
	var out []byte
	h.ListenUDP(port, func(from, to netip.AddrPort, b []byte) {
		out = server.Receive(f.world.Now(), from, b, out[:0])
		if len(out) > 0 {
			h.SendUDP(to.Port(), from, out)
		}
	})
}
