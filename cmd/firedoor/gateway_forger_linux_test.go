package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"firedoor/internal/testbed"
)

// Flags of TCP.
const (
	flagFIN = 1 << iota
	flagSYN
	flagRST
	flagPSH
	flagACK
	flagURG
)

// raw puts frames on the wire of the client and sees what comes.
type raw struct {
	fd, index int
	own       net.HardwareAddr
	to        net.HardwareAddr // of the server's port
}

func newRaw(t *testing.T, b *testbed.Bed) *raw {
	t.Helper()
	r := &raw{own: macEng, to: b.Server.MAC}
	err := b.Client.Do(func() error {
		wire, err := net.InterfaceByName(testbed.Wire)
		if err != nil {
			return err
		}
		r.index = wire.Index
		const ip = unix.ETH_P_IP&0xff<<8 | unix.ETH_P_IP>>8 // in the order of the wire
		if r.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, ip); err != nil {
			return err
		}
		wait := unix.NsecToTimeval((20 * time.Millisecond).Nanoseconds())
		return errors.Join(unix.Bind(r.fd, &unix.SockaddrLinklayer{Protocol: ip, Ifindex: wire.Index}),
			unix.SetsockoptTimeval(r.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait),
			unix.SetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20))
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *raw) close() { _ = unix.Close(r.fd) }

func (r *raw) put(frame []byte) {
	for range 1000 { // the queue may be full in a flood
		err := unix.Sendto(r.fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: r.index, Halen: 6})
		if err == nil || !errors.Is(err, unix.ENOBUFS) && !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
			return
		}
		time.Sleep(50 * time.Microsecond)
	}
}

// segment is a TCP segment that somebody makes by hand.
type segment struct {
	from, to         netip.AddrPort
	seq, ack         uint32
	flags            byte
	data             []byte
	ttl              byte
	urgent           uint16
	ipOptions        []byte
	tcpOptions       []byte
	tag              []byte // in front of the EtherType
	dst              net.HardwareAddr
	badSum, badIPSum bool
	longer           int // by how much the IP header lies about the length
}

func onesSum(start uint32, b []byte) uint32 {
	for ; len(b) > 1; b = b[2:] {
		start += uint32(b[0])<<8 | uint32(b[1])
	}
	if len(b) == 1 {
		start += uint32(b[0]) << 8
	}
	for start>>16 != 0 {
		start = start&0xffff + start>>16
	}
	return start
}

// tcp is the segment without its IP header, with its checksum.
func (s *segment) tcp() []byte {
	t := make([]byte, 20, 20+len(s.tcpOptions)+len(s.data))
	be := binary.BigEndian
	be.PutUint16(t, s.from.Port())
	be.PutUint16(t[2:], s.to.Port())
	be.PutUint32(t[4:], s.seq)
	be.PutUint32(t[8:], s.ack)
	t[12], t[13] = byte(20+len(s.tcpOptions))/4<<4, s.flags
	be.PutUint16(t[14:], 16_000)
	be.PutUint16(t[18:], s.urgent)
	t = append(append(t, s.tcpOptions...), s.data...)
	start := onesSum(uint32(6+len(t)), s.from.Addr().AsSlice())
	sum := ^uint16(onesSum(onesSum(start, s.to.Addr().AsSlice()), t))
	if s.badSum {
		sum ^= 0x1234
	}
	be.PutUint16(t[16:], sum)
	return t
}

// packet puts an IPv4 header before part of a packet's content.
func (s *segment) packet(content []byte, id uint16, offset int, more bool) []byte {
	be := binary.BigEndian
	ip := make([]byte, 20, 20+len(s.ipOptions)+len(content))
	ip[0] = 0x40 | byte(20+len(s.ipOptions))/4
	be.PutUint16(ip[2:], uint16(20+len(s.ipOptions)+len(content)+s.longer))
	be.PutUint16(ip[4:], id)
	field := uint16(offset / 8)
	if more {
		field |= 0x2000
	}
	be.PutUint16(ip[6:], field)
	ip[8], ip[9] = s.ttl, 6
	copy(ip[12:], s.from.Addr().AsSlice())
	copy(ip[16:], s.to.Addr().AsSlice())
	ip = append(ip, s.ipOptions...)
	sum := ^uint16(onesSum(0, ip))
	if s.badIPSum {
		sum ^= 0x1234
	}
	be.PutUint16(ip[10:], sum)
	return append(ip, content...)
}

func (r *raw) ethernet(s *segment, packet []byte) []byte {
	dst := r.to
	if s.dst != nil {
		dst = s.dst
	}
	b := append(append([]byte(nil), dst...), r.own...)
	b = append(append(b, s.tag...), 8, 0)
	b = append(b, packet...)
	for len(b) < 60 {
		b = append(b, 0)
	}
	return b
}

func (r *raw) send(s *segment) { r.put(r.ethernet(s, s.packet(s.tcp(), 0, 0, false))) }

// forger speaks TCP by hand, so that it can break its rules.
type forger struct {
	t  *testing.T
	r  *raw
	me netip.AddrPort
	it netip.AddrPort

	base   uint32 // sequence number of the first byte of its stream
	stamps bool   // with time stamps
	quiet  bool   // it acknowledges nothing by itself

	mu      sync.Mutex
	ack     uint32 // next byte of the server
	heard   bool   // the server took the connection
	got     []byte
	acked   uint32 // what the server has
	taken   int    // how often the server took the connection
	reset   bool
	stopped chan struct{}
	done    chan struct{}
}

// newForger begins to listen for one connection; it does not connect.
func newForger(t *testing.T, b *testbed.Bed, me, it netip.AddrPort) *forger {
	t.Helper()
	f := &forger{t: t, r: newRaw(t, b), me: me, it: it, base: rand.Uint32()>>1 + 1<<20, stopped: make(chan struct{}), done: make(chan struct{})}
	go f.listen()
	return f
}

func (f *forger) close() {
	close(f.stopped)
	<-f.done
	f.r.close()
}

// segment is one of its stream: data that begins some bytes behind its start.
func (f *forger) segment(at int, data []byte) *segment {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &segment{from: f.me, to: f.it, seq: f.base + uint32(at), ack: f.ack, flags: flagACK | flagPSH, data: data, ttl: 64}
	if f.stamps {
		s.tcpOptions = stamp(uint32(time.Now().UnixMilli()))
	}
	return s
}

func stamp(at uint32) []byte {
	b := []byte{1, 1, 8, 10}
	b = binary.BigEndian.AppendUint32(b, at)
	return append(b, 0, 0, 0, 0)
}

func (f *forger) say(at int, data []byte) { f.r.send(f.segment(at, data)) }

// connect does the handshake.
func (f *forger) connect() error {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		s := f.segment(-1, nil)
		s.flags, s.ack = flagSYN, 0
		f.r.send(s)
		if f.until(200*time.Millisecond, func() bool { return f.heard }) {
			return nil
		}
	}
	return fmt.Errorf("%v cannot connect to %v", f.me, f.it)
}

// until waits for something that it may hear.
func (f *forger) until(wait time.Duration, what func() bool) bool {
	for end := time.Now().Add(wait); ; time.Sleep(500 * time.Microsecond) {
		f.mu.Lock()
		ok := what()
		f.mu.Unlock()
		if ok || time.Now().After(end) {
			return ok
		}
	}
}

// has waits until the server has so many bytes of its stream.
func (f *forger) has(n int, wait time.Duration) bool {
	return f.until(wait, func() bool { return int32(f.acked-(f.base+uint32(n))) >= 0 })
}

// listen acknowledges what the server sends.
func (f *forger) listen() {
	defer close(f.done)
	b := make([]byte, 2048)
	for {
		select {
		case <-f.stopped:
			return
		default:
		}
		n, err := unix.Read(f.r.fd, b)
		if err != nil {
			continue // nothing came
		}
		if f.hear(b[:n]) {
			s := f.segment(0, nil)
			f.mu.Lock()
			s.flags, s.seq = flagACK, f.acked
			f.mu.Unlock()
			f.r.send(s)
		}
	}
}

// hear takes one frame and says whether it is to be acknowledged.
func (f *forger) hear(b []byte) bool {
	if len(b) < 54 || b[14] != 0x45 || b[23] != 6 || !bytes.Equal(b[26:30], f.it.Addr().AsSlice()) || !bytes.Equal(b[30:34], f.me.Addr().AsSlice()) {
		return false
	}
	be := binary.BigEndian
	t := b[34:min(len(b), 14+int(be.Uint16(b[16:])))]
	if be.Uint16(t) != f.it.Port() || be.Uint16(t[2:]) != f.me.Port() || int(t[12]>>4)*4 > len(t) {
		return false
	}
	data, seq := t[int(t[12]>>4)*4:], be.Uint32(t[4:])
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case t[13]&flagRST != 0:
		f.reset = true
		return false
	case t[13]&flagSYN != 0:
		f.ack, f.heard, f.acked = seq+1, true, be.Uint32(t[8:])
		f.taken++
		return !f.quiet
	}
	if a := be.Uint32(t[8:]); int32(a-f.acked) > 0 {
		f.acked = a
	}
	if len(data) > 0 && int32(seq-f.ack) <= 0 && int32(seq+uint32(len(data))-f.ack) > 0 {
		f.got = append(f.got, data[f.ack-seq:]...)
		f.ack = seq + uint32(len(data))
	}
	return len(data) > 0 && !f.quiet
}
