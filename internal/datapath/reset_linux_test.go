package datapath

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestEndsConnections: what is to be reset is, by the kernel alone: who dials is refused at
// once, and of a connection that was there before both ends hear that it is over. So it is
// where nobody answers what is asked. UDP is dropped.
func TestEndsConnections(t *testing.T) {
	b := newBed(t)
	const port = 85
	open := closed(gate(unix.IPPROTO_TCP, port, pass))
	d := b.open(b.options(), open)
	var l *net.TCPListener // it would take what passes
	err := b.Server.Do(func() (err error) {
		l, err = net.ListenTCP("tcp", &net.TCPAddr{Port: port})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, g := range map[string]Gate{
		"reset":          {Action: Reset, Rule: 41, Reason: 5},
		"nobody answers": {Action: Ask, Floor: FloorReset, Rule: 42, Reason: 5},
	} {
		for _, to := range []netip.Addr{b.Server.IP4, b.Server.IP6} {
			b.install(d, open)
			client, server := b.connected(l, to, port)
			b.install(d, closed(gate(unix.IPPROTO_TCP, port, g), gate(unix.IPPROTO_UDP, echoPort, g)))
			if _, err := client.Write([]byte("what is stopped and somewhat longer than a header without options")); err != nil {
				t.Fatal(err)
			}
			for who, c := range map[string]net.Conn{"client": client, "server": server} {
				_ = c.SetDeadline(time.Now().Add(patience))
				var got [100]byte
				if n, err := c.Read(got[:]); !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("%s, %v: its %s read %d bytes, %v", name, to, who, n, err)
				}
			}
			if c, err := b.dial("tcp", to, port, patience); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("%s, %v: a new connection: %v, %v", name, to, c, err)
			}
			if b.leaks("udp", to, 64) {
				t.Errorf("%s, %v: UDP passes", name, to)
			}
		}
		if !b.lostBy(d, g.Rule, Reset) || !b.lostBy(d, g.Rule, Drop) {
			t.Errorf("%s: resets of TCP and drops of UDP are not counted", name)
		}
	}
}

// lostBy tells whether somebody lost frames to a rule, of which so much is done.
func (b *bed) lostBy(d *Datapath, rule uint32, done Action) bool {
	b.t.Helper()
	all, err := d.Counters()
	if err != nil {
		b.t.Fatal(err)
	}
	for _, e := range all {
		if e.Rule == rule && e.Action == done && e.Frames > 0 {
			return true
		}
	}
	return false
}

// connected gives both ends of a connection.
func (b *bed) connected(l *net.TCPListener, to netip.Addr, port uint16) (client, server net.Conn) {
	b.t.Helper()
	_ = l.SetDeadline(time.Now().Add(patience))
	client, err := b.dial("tcp", to, port, patience)
	if err != nil {
		b.t.Fatal(err)
	}
	server, err = l.Accept()
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}
