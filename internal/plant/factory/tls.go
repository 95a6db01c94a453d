package factory

import (
	"net/netip"
	"time"

	"firedoor/internal/plant"
	"firedoor/internal/plant/lan"
)

// Encrypted conversations: what they say is noise, but their handshake, the length
// of their records and their rhythm are as in life.

// TLS record types (RFC 8446, 5.1).
const (
	recordHandshake = 22
	recordData      = 23
)

// errand of a browser or a program: how often it asks on one connection, and how
// much it gets.
type visit struct {
	name   string // of the server, in the clear
	hello  plant.TLSHello
	asks   int
	bytes  int // of each answer, about
	pause  time.Duration
	closed func() // may be nil
}

// tlsClient is one connection of a visit.
type tlsClient struct {
	f     *Factory
	visit visit
	rnd   *plant.Random
	asked int
	got   int
	out   []byte
	over  bool
}

// visitTLS opens a connection and asks for what the visit says.
func (f *Factory) visitTLS(from *lan.Host, to netip.AddrPort, v visit) {
	c := &tlsClient{f: f, visit: v, rnd: &f.rnd}
	v.hello.Server = v.name
	c.visit = v
	from.DialTCP(to, 0, c)
}

// Opened says hello.
func (c *tlsClient) Opened(conn *lan.Conn) {
	c.out = c.visit.hello.Client(c.out[:0], c.rnd)
	conn.Send(c.out)
}

// Received asks on when an answer seems to be there.
func (c *tlsClient) Received(conn *lan.Conn, b []byte) {
	c.got += len(b)
	if c.over || c.got < answerSize(c.asked, c.visit.bytes) {
		return
	}
	c.got = 0
	if c.asked == c.visit.asks {
		c.over = true
		conn.Close()
		return
	}
	c.asked++
	c.f.after(c.pause(), func() {
		if c.over {
			return
		}
		c.out = plant.TLSData(c.out[:0], c.rnd, requestSize(c.visit.bytes))
		conn.Send(c.out)
	})
}

func (c *tlsClient) pause() time.Duration {
	if c.asked == 1 {
		return time.Millisecond
	}
	return c.visit.pause + c.f.about(c.visit.pause)
}

// Closed ends the visit.
func (c *tlsClient) Closed(*lan.Conn, error) {
	c.over = true
	if c.visit.closed != nil {
		c.visit.closed()
	}
}

// requestSize tells the server in its length how much is asked for: 100 bytes and
// one more for each 256.
func requestSize(bytes int) int { return 100 + bytes/256 }

// answerSize is how many bytes an answer has at least; the first is the server's
// part of the handshake.
func answerSize(asked, bytes int) int {
	if asked == 0 {
		return 1
	}
	return bytes &^ 255
}

// tlsServer answers whoever comes.
type tlsServer struct {
	f     *Factory
	hello plant.TLSHello
	conn  *lan.Conn
	have  []byte
	out   []byte
}

// serveTLS puts an encrypted server behind a port.
func (f *Factory) serveTLS(h *lan.Host, port uint16, modern bool) {
	h.ListenTCP(port, func(c *lan.Conn) lan.Handler {
		return &tlsServer{f: f, hello: plant.TLSHello{Modern: modern}, conn: c}
	})
}

// Opened waits.
func (s *tlsServer) Opened(*lan.Conn) {}

// maxRecord is the longest record (RFC 8446, 5.1), with its header.
const maxRecord = 5 + 16384 + 256

// Received answers whole records.
func (s *tlsServer) Received(c *lan.Conn, b []byte) {
	s.have = append(s.have, b...)
	for len(s.have) >= 5 {
		n := 5 + int(s.have[3])<<8 + int(s.have[4])
		if n > maxRecord {
			c.Reset()
			return
		}
		if len(s.have) < n {
			return
		}
		switch s.have[0] {
		case recordHandshake:
			s.out = s.hello.ServerAnswer(s.out[:0], &s.f.rnd)
			s.out = plant.TLSData(s.out, &s.f.rnd, 1200+s.f.rnd.N(900)) // the certificate, sealed
		case recordData:
			s.out = plant.TLSData(s.out[:0], &s.f.rnd, max(64, 256*(n-5-100)))
		}
		s.have = append(s.have[:0], s.have[n:]...)
		if len(s.out) > 0 {
			c.Send(s.out)
		}
		s.out = s.out[:0]
	}
}

// Closed has nothing to tidy up.
func (s *tlsServer) Closed(*lan.Conn, error) {}

// tunnel is an encrypted connection over which somebody works for a while.
func (f *Factory) tunnel(from, to *unit, length time.Duration) {
	f.visitTLS(from.host, netip.AddrPortFrom(f.addressFrom(from, to), 443), visit{name: "remote.example", hello: plant.TLSHello{Modern: true},
		asks: int(length / (4 * time.Second)), bytes: 1500, pause: 2 * time.Second})
}
