package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"firedoor/internal/testbed"
)

// siegePolicy lets three clients read and write few registers of a controller with two
// addresses, one of them behind a router; of what is forbidden the controller declines.
const siegePolicy = `policy: 1
name: siege
otherwise: {mode: enforce, default: drop}
hosts:
  hmi: {address: 10.97.0.1}
  hmi-2: {address: 10.97.0.3}
  eng: {address: 10.97.0.5}
  plc: {address: [10.97.0.2, 10.98.0.2], refuses: modbus}
  guard-a: {mac: "02:00:00:61:00:0a"}
  guard-b: {mac: "02:00:00:61:00:0b"}
zones:
  office: {hosts: [hmi, hmi-2, eng, guard-a]}
  cell: {hosts: [plc, guard-b]}
safety:
  - {client: hmi, server: plc, port: udp/2222}
  - {client: guard-a, server: guard-b}
conduits:
  down:
    from: office
    to: cell
    mode: enforce
    default: refuse
    unjudged: closed
    never-block:
      reviewed: {by: Jo, on: 2026-11-26}
      rules:
        - {name: emergency stop, protocol: modbus, function: write single coil, object: "coil:17"}
    rules:
      - {protocol: modbus, verb: read, verdict: pass}
      - {protocol: modbus, function: write single register, object: "holding:0-9", value: 0..100, verdict: pass}
      - {port: udp/7001, verdict: pass}
  up:
    from: cell
    to: office
    mode: enforce
    default: drop
    never-block: {reviewed: {by: Jo, on: 2026-11-26}}
    rules:
      - {client: plc, port: udp/123, verdict: pass}
      - {client: plc, server: hmi-2, protocol: bacnet, port: udp/47809, verb: read, verdict: pass}
`

var (
	addrHMI  = netip.MustParseAddr("10.97.0.1")
	addrHMI2 = netip.MustParseAddr("10.97.0.3")
	addrEng  = netip.MustParseAddr("10.97.0.5") // no host has it: its frames are made by hand
	macEng   = net.HardwareAddr{2, 0, 0, 97, 0, 5}
)

// victim is a controller that does what it is asked, as the kernel's TCP brings it, and
// notes what the policy forbids.
type victim struct {
	mu        sync.Mutex
	holding   [512]uint16
	coils     [512]bool
	forbidden []string
	stops     int // presses of the emergency stop

	watch   atomic.Int64 // a register
	watched atomic.Int64 // when it was written last, in ns since 1970
}

// done is what forbidden writes were done since the last call.
func (v *victim) done() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	list := v.forbidden
	v.forbidden = nil
	return list
}

func (v *victim) serve(t *testing.T, h *testbed.Host, address string) {
	t.Helper()
	var l net.Listener
	err := h.Do(func() (err error) { l, err = net.Listen("tcp", address); return err })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go v.answer(c)
		}
	}()
}

func (v *victim) answer(c net.Conn) {
	defer c.Close()
	b := make([]byte, 260)
	for {
		if _, err := io.ReadFull(c, b[:7]); err != nil {
			return
		}
		n := int(binary.BigEndian.Uint16(b[4:]))
		if n < 2 || n > 254 || binary.BigEndian.Uint16(b[2:]) != 0 {
			return
		}
		if _, err := io.ReadFull(c, b[7:6+n]); err != nil {
			return
		}
		answer := v.do(b[7 : 6+n])
		out := append([]byte{b[0], b[1], 0, 0, 0, byte(1 + len(answer)), b[6]}, answer...)
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}

// do does one request and gives its answer; what is no request of its kind gets an
// exception (illegal function, address or value).
func (v *victim) do(q []byte) []byte {
	v.mu.Lock()
	defer v.mu.Unlock()
	exception := func(code byte) []byte { return []byte{q[0] | 0x80, code} }
	word := func(at int) int { return int(binary.BigEndian.Uint16(q[at:])) }
	least := map[byte]int{3: 5, 5: 5, 6: 5, 15: 7, 16: 8, 22: 7, 23: 12}[q[0]]
	if least == 0 {
		return exception(1)
	}
	if len(q) < least {
		return exception(3)
	}
	at := word(1)
	if at >= len(v.holding) {
		return exception(2)
	}
	switch q[0] {
	case 3:
		return v.words(q[0], at, word(3))
	case 5:
		v.coil(at, word(3) == 0xff00)
	case 6:
		v.register(at, word(3), q[0])
	case 15:
		v.coil(at, q[6]&1 != 0)
	case 16:
		v.register(at, word(6), q[0])
	case 22:
		v.register(at, int(v.holding[at])&word(3)|word(5)&^word(3), q[0])
	case 23:
		if word(5) >= len(v.holding) {
			return exception(2)
		}
		v.register(word(5), word(10), q[0])
		return v.words(q[0], at, word(3))
	}
	return q[:min(5, len(q))]
}

func (v *victim) words(function byte, at, n int) []byte {
	if n == 0 || n > 125 || at+n > len(v.holding) {
		return []byte{function | 0x80, 3}
	}
	out := []byte{function, byte(2 * n)}
	for _, w := range v.holding[at : at+n] {
		out = binary.BigEndian.AppendUint16(out, w)
	}
	return out
}

func (v *victim) register(at, value int, function byte) {
	if v.holding[at] = uint16(value); int64(at) == v.watch.Load() {
		v.watched.Store(time.Now().UnixNano())
	}
	if function != 6 || at > 9 || value > 100 {
		v.forbidden = append(v.forbidden, fmt.Sprintf("function %d, register %d := %d", function, at, value))
	}
}

func (v *victim) coil(at int, on bool) {
	v.coils[at] = on
	if at == 17 {
		v.stops++
		return
	}
	v.forbidden = append(v.forbidden, fmt.Sprintf("coil %d := %v", at, on))
}

// siege is a controller and its clients with a gateway in between, or with a bridge
// for comparison.
type siege struct {
	*line
	victim victim
	panels []*panel
	bridge bool
}

// newSiege builds a siege; the gateway stands in it or, with bridge, nothing that judges.
func newSiege(t *testing.T, bridge bool) *siege {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: a gateway works in the kernel, and its peers live in network namespaces")
	}
	kind := "g"
	if bridge {
		kind = "b"
	}
	s := &siege{line: newBareLine(t, "fs"+kind), bridge: bridge}
	s.policy = write(t, "policy.yaml", []byte(siegePolicy))
	farHost, err := s.bed.Behind()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.bed.Client.Also(addrHMI2), s.bed.Server.Knows(addrEng, macEng)); err != nil {
		t.Fatal(err)
	}
	if bridge {
		free, err := s.bed.Bridge(s.name + "x")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(free)
	} else {
		unmount, err := testbed.MountPins(s.pins)
		if err != nil {
			t.Skip(err)
		}
		t.Cleanup(unmount)
		s.start()
		t.Cleanup(s.takeAway)
	}
	s.victim.serve(t, s.bed.Server, ":502")
	s.victim.serve(t, farHost, ":502")
	for _, from := range []netip.Addr{addrHMI, addrHMI2} {
		p := &panel{siege: s, from: from}
		s.panels = append(s.panels, p)
		p.start(t)
	}
	return s
}

// panel is an operator's screen, which polls and writes what it may on one connection.
type panel struct {
	siege *siege
	from  netip.Addr

	mu      sync.Mutex
	polls   int
	wrong   []string // what an operator would see
	longest time.Duration
	conn    net.Conn
}

func (p *panel) dial(ctx context.Context) (c net.Conn, err error) {
	d := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: p.from.AsSlice()}}
	err = p.siege.bed.Client.Do(func() error {
		c, err = d.DialContext(ctx, "tcp", p.siege.bed.Server.IP4.String()+":502")
		return err
	})
	return c, err
}

func (p *panel) start(t *testing.T) {
	t.Helper()
	c, err := p.dial(t.Context())
	if err != nil {
		t.Fatalf("%v cannot connect: %v\n%s", p.from, err, p.siege.log)
	}
	p.conn = c
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	t.Cleanup(func() {
		stop()
		p.mu.Lock()
		_ = p.conn.Close() // it may wait for an answer that an isolation stopped
		p.mu.Unlock()
		<-done
	})
	go func() {
		defer close(done)
		for id := uint16(1); ; id++ {
			select {
			case <-ctx.Done():
				return
			case <-time.After(4 * time.Millisecond):
				p.poll(ctx, id)
			}
		}
	}()
}

// poll asks once and notes how it went.
func (p *panel) poll(ctx context.Context, id uint16) {
	began := time.Now()
	request := []byte{3, 0, 40, 0, 4}
	if id%8 == 0 {
		request = []byte{6, 0, byte(id / 8 % 9), 0, byte(id % 100)}
	}
	answer, err := askModbus(p.conn, id, patience, request...)
	took := time.Since(began)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.polls++
	p.longest = max(p.longest, took)
	switch {
	case ctx.Err() != nil: // the test ends
	case err != nil:
		p.wrong = append(p.wrong, fmt.Sprintf("%v is cut off after %d polls: %v", p.from, p.polls, err))
		_ = p.conn.Close()
		if c, err := p.dial(ctx); err == nil {
			p.conn = c
		} else {
			p.wrong = append(p.wrong, fmt.Sprintf("%v cannot connect again: %v", p.from, err))
		}
	case answer[0] != request[0]:
		p.wrong = append(p.wrong, fmt.Sprintf("%v is answered % x to % x", p.from, answer, request))
	}
}

// seen is how polls went since the last call.
func (p *panel) seen() (polls int, longest time.Duration, wrong []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	polls, longest, wrong = p.polls, p.longest, p.wrong
	p.polls, p.longest, p.wrong = 0, 0, nil
	return polls, longest, wrong
}
