package main

import (
	"encoding/binary"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

// What BACnet says in UDP (135-2020, annex J and clause 20): a read, its answer and a write.
const (
	bacnetReads  = "\x81\x0a\x00\x11\x01\x04\x00\x05\x01\x0c\x0c\x00\x80\x00\x05\x19\x55"
	bacnetValue  = "\x81\x0a\x00\x17\x01\x00\x30\x01\x0c\x0c\x00\x80\x00\x05\x19\x55\x3e\x44\x42\x96\x00\x00\x3f"
	bacnetWrites = "\x81\x0a\x00\x18\x01\x04\x00\x05\x02\x0f\x0c\x00\x80\x00\x05\x19\x55\x3e\x44\x42\x96\x00\x00\x3f"
)

// listenTo has the victim take what comes to a UDP port for a forbidden write.
func (a *assault) listenTo(port int) {
	a.t.Helper()
	var c net.PacketConn
	err := a.bed.Server.Do(func() (err error) {
		c, err = net.ListenUDP("udp4", &net.UDPAddr{IP: a.bed.Server.IP4.AsSlice(), Port: port})
		return err
	})
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { _ = c.Close() })
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			a.kept([]string{"datagram from " + from.String() + ": " + string(b[:n])})
		}
	}()
}

// unasked sends writes that nobody asked for from ports that the controller may ask and from others, also
// with the mark of the gateway's own by which the worker knows answers, and once a worker died.
func (a *assault) unasked() {
	to := []uint16{47808, 161, 9600}
	for _, port := range to {
		a.listenTo(int(port))
	}
	all := func() {
		for _, from := range []uint16{123, 47809, 50000} {
			a.fromHMI2(from, to)
			for _, port := range to {
				a.forgedDatagram(netip.AddrPortFrom(addrEng, from), port)
			}
		}
	}
	all()
	if a.bridge {
		return
	}
	a.replaced()
	all()
}

// fromHMI2 sends a write from a port of the second panel to ports of the controller.
func (a *assault) fromHMI2(port uint16, to []uint16) {
	a.t.Helper()
	c := udpOf(a.t, a.bed.Client.Do, netip.AddrPortFrom(addrHMI2, port))
	defer c.Close()
	for _, p := range to {
		_, _ = c.WriteToUDPAddrPort([]byte(bacnetWrites), netip.AddrPortFrom(a.bed.Server.IP4, p))
	}
}

// forgedDatagram sends a write whose sender's address at the link is one of a group.
func (a *assault) forgedDatagram(from netip.AddrPort, port uint16) {
	a.t.Helper()
	r := newRaw(a.t, a.bed)
	defer r.close()
	r.own = append(net.HardwareAddr{macEng[0] | 1}, macEng[1:]...)
	be := binary.BigEndian
	u := be.AppendUint16(be.AppendUint16(nil, from.Port()), port)
	u = append(be.AppendUint16(u, uint16(8+len(bacnetWrites))), 0, 0) // no checksum (RFC 768)
	s := &segment{from: from, to: netip.AddrPortFrom(a.bed.Server.IP4, port), ttl: 64}
	b := s.packet(append(u, bacnetWrites...), 0, 0, false)
	b[9] = 17
	be.PutUint16(b[10:], 0)
	be.PutUint16(b[10:], ^uint16(onesSum(0, b[:20])))
	r.put(r.ethernet(s, b))
}

func udpOf(t *testing.T, within func(func() error) error, at netip.AddrPort) (c *net.UDPConn) {
	t.Helper()
	if err := within(func() (err error) { c, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(at)); return err }); err != nil {
		t.Fatal(err)
	}
	return c
}

// replaced kills the worker and waits until another one judges: what the controller asks must be judged.
func (a *assault) replaced() {
	a.t.Helper()
	answer := a.asks(47809, 51000)
	_ = syscall.Kill(a.worker(), syscall.SIGKILL)
	for end, port := time.Now().Add(proven), uint16(51001); ; port++ {
		if time.Now().After(end) {
			a.t.Fatalf("no other worker judges\n%s", a.log)
		}
		if fresh := a.asks(47809, port); fresh != nil && fresh() {
			break
		}
	}
	if answer == nil || !answer() {
		a.t.Errorf("what the controller asked before a worker died was not answered behind it\n%.2000s", a.log)
	}
}

// asks has the controller ask the second panel for a value, from a port. It gives how that answers, and whether it
// came; nil where the question did not come.
func (a *assault) asks(panel, port uint16) (answer func() bool) {
	a.t.Helper()
	here, there := netip.AddrPortFrom(a.bed.Server.IP4, port), netip.AddrPortFrom(addrHMI2, panel)
	c, s := udpOf(a.t, a.bed.Server.Do, here), udpOf(a.t, a.bed.Client.Do, there)
	b := make([]byte, 1500)
	comes := func(c *net.UDPConn) bool {
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		_, _, err := c.ReadFromUDPAddrPort(b)
		return err == nil
	}
	_, _ = c.WriteToUDPAddrPort([]byte(bacnetReads), there)
	came := comes(s)
	_ = s.Close() // the next one listens there
	if !came {
		_ = c.Close()
		return nil
	}
	return func() bool {
		defer c.Close()
		s := udpOf(a.t, a.bed.Client.Do, there)
		defer s.Close()
		_, _ = s.WriteToUDPAddrPort([]byte(bacnetValue), here)
		return comes(c)
	}
}
