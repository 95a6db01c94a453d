package datapath

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"firedoor/internal/testbed"
)

// bed is two hosts with a gateway between them.
type bed struct {
	t testing.TB
	*testbed.Bed
	pins string
	name string
}

func newBed(t testing.TB) *bed {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: it makes network namespaces and loads programs into the kernel")
	}
	b := &bed{t: t, name: fmt.Sprintf("fg%d", os.Getpid()%100_000), pins: t.TempDir()}
	made, err := testbed.New(b.name)
	if errors.Is(err, testbed.ErrUnable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	b.Bed = made
	t.Cleanup(b.Close)
	unmount, err := testbed.MountPins(b.pins)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(unmount)
	return b
}

func (b *bed) options() Options {
	return Options{Inside: b.Client.Port, Outside: b.Server.Port, Pins: b.pins, Name: b.name}
}

// open opens the gateway and puts tables in force.
func (b *bed) open(o Options, t *Tables) *Datapath {
	b.t.Helper()
	d, err := Open(o)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = d.Remove() })
	if t != nil {
		b.install(d, t)
	}
	return d
}

func (b *bed) install(d *Datapath, t *Tables) {
	b.t.Helper()
	if err := d.Install(t); err != nil {
		b.t.Fatalf("%+v", err)
	}
}

// echo answers on the server's port, by UDP and TCP.
func (b *bed) echo(port uint16) {
	b.t.Helper()
	err := b.Server.Do(func() error {
		u, err := net.ListenUDP("udp", &net.UDPAddr{Port: int(port)})
		if err != nil {
			return err
		}
		l, err := net.ListenTCP("tcp", &net.TCPAddr{Port: int(port)})
		if err != nil {
			return err
		}
		b.t.Cleanup(func() { u.Close(); l.Close() })
		if err := roomy(u); err != nil {
			return err
		}
		go echoUDP(u)
		go echoTCP(l)
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// roomy has a socket keep what comes while whoever reads it stands still.
func roomy(u *net.UDPConn) error {
	raw, err := u.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	err = raw.Control(func(fd uintptr) { set = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20) })
	return errors.Join(err, set)
}

func echoUDP(u *net.UDPConn) {
	buf := make([]byte, 65536)
	for {
		n, from, err := u.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		_, _ = u.WriteToUDPAddrPort(buf[:n], from)
	}
}

func echoTCP(l *net.TCPListener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			_, _ = io.Copy(c, c)
		}()
	}
}

// dial connects the client to an address.
func (b *bed) dial(network string, to netip.Addr, port uint16, wait time.Duration) (c net.Conn, err error) {
	err = b.Client.Do(func() error {
		c, err = (&net.Dialer{Timeout: wait}).Dial(network, netip.AddrPortFrom(to, port).String())
		return err
	})
	return c, err
}

// patience is for what must come, on a busy machine too; moment for what must not.
const (
	patience = time.Minute
	moment   = 150 * time.Millisecond
)

// answers tells whether what the client sends comes back.
func (b *bed) answers(network string, to netip.Addr, size int) bool {
	return b.exchange(network, to, size, patience)
}

// leaks tells whether it comes back though it should not.
func (b *bed) leaks(network string, to netip.Addr, size int) bool {
	return b.exchange(network, to, size, moment)
}

func (b *bed) exchange(network string, to netip.Addr, size int, wait time.Duration) bool {
	c, err := b.dial(network, to, echoPort, wait)
	if err != nil {
		return false
	}
	defer c.Close()
	return echoes(c, size, wait)
}

func echoes(c net.Conn, size int, wait time.Duration) bool {
	out, in := make([]byte, size), make([]byte, size)
	for i := range out {
		out[i] = byte(i)
	}
	_ = c.SetDeadline(time.Now().Add(wait))
	if _, err := c.Write(out); err != nil {
		return false
	}
	_, err := io.ReadFull(c, in)
	return err == nil && string(in) == string(out)
}

// ping tells whether an echo request over IPv4 is answered.
func (b *bed) ping(wait time.Duration) bool {
	b.t.Helper()
	var answered bool
	err := b.Client.Do(func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		patience := unix.NsecToTimeval(wait.Nanoseconds())
		_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &patience)
		m := []byte{8, 0, 0, 0, 0x12, 0x34, 0, 1}
		binary.BigEndian.PutUint16(m[2:], ^uint16(0x0800+0x1234+1))
		if err := unix.Sendto(fd, m, 0, &unix.SockaddrInet4{Addr: b.Server.IP4.As4()}); err != nil {
			return err
		}
		buf := make([]byte, 1500)
		n, _, err := unix.Recvfrom(fd, buf, 0)
		answered = err == nil && n >= 28 && buf[20] == 0
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return answered
}

func prefixNet(s string) *net.IPNet {
	p := netip.MustParsePrefix(s)
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
