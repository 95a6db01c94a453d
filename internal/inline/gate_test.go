package inline_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/modbus"
)

var be = binary.BigEndian

const (
	syn, rst, ack, fin = 2, 4, 16, 1
	second             = int64(1e9)
)

// end is a host of these tests.
type end struct {
	mac  byte
	ip   [4]byte
	port uint16
}

var (
	hmi = end{1, [4]byte{10, 0, 1, 1}, 50000}
	plc = end{2, [4]byte{10, 0, 2, 1}, 502}
)

// tcp makes a frame; sums are right.
func tcp(from, to end, seq, acked uint32, flags byte, payload []byte) []byte {
	b := make([]byte, 54, 54+len(payload))
	b[5], b[11] = to.mac, from.mac
	be.PutUint16(b[12:], 0x0800)
	ip := b[14:]
	ip[0], ip[8], ip[9] = 0x45, 64, 6
	be.PutUint16(ip[2:], uint16(40+len(payload)))
	copy(ip[12:], from.ip[:])
	copy(ip[16:], to.ip[:])
	be.PutUint16(ip[10:], sum(0, ip[:20]))
	t := b[34:]
	be.PutUint16(t, from.port)
	be.PutUint16(t[2:], to.port)
	be.PutUint32(t[4:], seq)
	be.PutUint32(t[8:], acked)
	t[12], t[13] = 5<<4, flags
	be.PutUint16(t[14:], 8192)
	b = append(b, payload...)
	be.PutUint16(b[50:], tcpSum(b))
	return b
}

func sum(start uint32, b []byte) uint16 {
	for i := 0; i+1 < len(b); i += 2 {
		start += uint32(be.Uint16(b[i:]))
	}
	if len(b)%2 == 1 {
		start += uint32(b[len(b)-1]) << 8
	}
	for start>>16 != 0 {
		start = start&0xffff + start>>16
	}
	return ^uint16(start)
}

// tcpSum is what the checksum of a frame of tcp must be.
func tcpSum(b []byte) uint16 {
	was := be.Uint16(b[50:])
	be.PutUint16(b[50:], 0)
	start := uint32(6) + uint32(len(b)-34)
	for i := 26; i < 34; i += 2 {
		start += uint32(be.Uint16(b[i:]))
	}
	s := sum(start, b[34:])
	be.PutUint16(b[50:], was)
	return s
}

// request is a Modbus request.
func request(id uint16, function byte, data ...byte) []byte {
	b := be.AppendUint16(nil, id)
	b = append(b, 0, 0)
	b = be.AppendUint16(b, uint16(2+len(data)))
	return append(append(b, 1, function), data...)
}

func writeOne(id, register, value uint16) []byte {
	return request(id, 6, byte(register>>8), byte(register), byte(value>>8), byte(value))
}

func readSome(id uint16) []byte { return request(id, 3, 0, 0, 0, 4) }

// guarded is a policy under which hmi may read, and write registers 0 to 9.
func guarded(t rapid.TB, change func(*policy.Policy)) *policy.Plan {
	t.Helper()
	p := &policy.Policy{
		Hosts: []policy.Host{{Name: "hmi", Addresses: []netip.Addr{netip.AddrFrom4(hmi.ip)}}, {Name: "plc", Addresses: []netip.Addr{netip.AddrFrom4(plc.ip)}, Refuses: []string{"modbus"}}},
		Zones: []policy.Zone{{Name: "office", Hosts: []string{"hmi"}}, {Name: "cell", Hosts: []string{"plc"}}},
		Conduits: []policy.Conduit{{Name: "down", From: "office", To: "cell", Mode: policy.Enforce, Default: firedoor.Refuse, Instead: firedoor.Drop, Closed: true, Reviewed: policy.Review{By: "A", On: "2026-11-26"},
			Rules: []policy.Rule{
				{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"modbus"}, Verbs: []firedoor.Verb{firedoor.VerbRead}}},
				{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"modbus"}, Codes: []uint32{6}, Objects: []policy.Object{{Text: "holding:", Row: true, From: 0, To: 9}}, Values: &policy.Span{Min: 0, Max: 100}}},
			}}},
		Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop},
	}
	if change != nil {
		change(p)
	}
	plan, faults := policy.Compile(p, policy.Known{Ports: func(string) []policy.Port { return []policy.Port{{Transport: 6, Number: 502}} }, Protocols: []string{"modbus"}})
	if len(faults) > 0 {
		t.Fatalf("%+v", faults)
	}
	return plan
}

// bench is a Gate with hmi inside and plc outside.
type bench struct {
	t      rapid.TB
	gate   *inline.Gate
	now    int64
	toPLC  [][]byte
	toHMI  [][]byte
	told   []string
	client uint32 // next sequence number of hmi
	server uint32
}

func newBench(t rapid.TB, plan *policy.Plan) *bench {
	b := &bench{t: t, now: 1772323200 * second, client: 1000, server: 9000}
	b.gate = inline.New(plan, []*protocol.Protocol{modbus.Protocol}, func(s *inline.Stopped) {
		what := "frame"
		if s.Operation != nil {
			what = s.Operation.Function
		}
		b.told = append(b.told, fmt.Sprintf("%s: %s, says %s because of %s", what, s.Done, s.Verdict.Says, s.Verdict.Reason))
	})
	return b
}

func (b *bench) frame(from inline.Port, f []byte) {
	b.now += 1e6
	b.gate.Frame(b.now, from, f, func(to inline.Port, f []byte) {
		out := append([]byte(nil), f...)
		if want := tcpSum(out); be.Uint16(out[50:]) != want {
			b.t.Fatalf("a frame with checksum %#x went on, want %#x", be.Uint16(out[50:]), want)
		}
		if to == inline.Outside {
			b.toPLC = append(b.toPLC, out)
		} else {
			b.toHMI = append(b.toHMI, out)
		}
	})
}

func (b *bench) connect() {
	b.frame(inline.Inside, tcp(hmi, plc, b.client-1, 0, syn, nil))
	b.frame(inline.Outside, tcp(plc, hmi, b.server-1, b.client, syn|ack, nil))
	b.frame(inline.Inside, tcp(hmi, plc, b.client, b.server, ack, nil))
	b.toPLC, b.toHMI = nil, nil
}

// say sends bytes of hmi's stream.
func (b *bench) say(payload []byte) {
	b.frame(inline.Inside, tcp(hmi, plc, b.client, b.server, ack, payload))
	b.client += uint32(len(payload))
}

func (b *bench) acknowledge() { b.frame(inline.Outside, tcp(plc, hmi, b.server, b.client, ack, nil)) }

// twofold is a stream of which the second part alone reads as a read, and all of it, as
// the server sees it, is a write by mask.
var twofold = []byte{0, 1, 0, 0, 0, 8, 1, 22, 0, 0, 0, 0, 6, 1, 3, 0, 0, 0, 4}

// TestNoFalseBeginning holds that nothing a server ignores makes the gate look for the
// beginning of a message within one: an end or SYNs with numbers that are wrong, however the
// server answers them; and that what a server takes is where its stream begins.
func TestNoFalseBeginning(t *testing.T) {
	const first = 7
	challenge := func(b *bench) { b.acknowledge() }
	for name, trick := range map[string]func(b *bench){
		"an end": func(b *bench) { b.frame(inline.Inside, tcp(hmi, plc, b.client+1e6, b.server, rst, nil)) },
		"a SYN":  func(b *bench) { b.frame(inline.Inside, tcp(hmi, plc, b.client-1, 0, syn, nil)); challenge(b) },
		"an end and a SYN": func(b *bench) {
			b.frame(inline.Inside, tcp(hmi, plc, b.client+1e6, b.server, rst, nil))
			b.frame(inline.Inside, tcp(hmi, plc, b.client-500, 0, syn, nil))
			challenge(b)
		},
		"ends of both, one forged": func(b *bench) {
			b.frame(inline.Inside, tcp(hmi, plc, b.client+1e6, b.server, fin|ack, nil))
			b.frame(inline.Inside, tcp(plc, hmi, b.server, b.client, rst, nil))
			b.frame(inline.Inside, tcp(hmi, plc, b.client-1, 0, syn, nil))
		},
		"its own answer to its own SYN": func(b *bench) {
			b.frame(inline.Inside, tcp(hmi, plc, b.client-1, 0, syn, nil))
			b.frame(inline.Inside, tcp(hmi, plc, 77, b.client, syn|ack, nil))
		},
	} {
		b := newBench(t, guarded(t, nil))
		b.connect()
		b.say(twofold[:first])
		b.acknowledge()
		trick(b)
		b.toPLC = nil
		b.say(twofold[first:])
		if got := payloads(b.toPLC); len(got) > 0 && got[0] == 22 && string(got) == string(twofold[first:]) {
			t.Errorf("%s: the rest of a forbidden write went on: % x", name, got)
		}
	}
	for _, off := range []uint32{1, 1000, 1 << 20, 1<<32 - 1000} {
		b := newBench(t, guarded(t, nil))
		b.frame(inline.Inside, tcp(hmi, plc, b.client-1, 0, syn, nil))
		b.frame(inline.Inside, tcp(hmi, plc, b.client-1+off, 0, syn, nil)) // the server does not take this one
		b.frame(inline.Outside, tcp(plc, hmi, b.server-1, b.client, syn|ack, nil))
		b.toPLC = nil
		b.say(writeOne(1, 40, 1))
		if got := payloads(b.toPLC); len(got) != 12 || be.Uint16(got[8:]) != 0xffff {
			t.Errorf("two SYNs %d apart: % x went on", off, got)
		}
	}
}

// TestConnectsAnew holds that a client whose connection was stopped, or that begins again
// from the same port, gets its new connection as soon as its server takes it.
func TestConnectsAnew(t *testing.T) {
	for name, ending := range map[string]func(b *bench){
		"nothing":       func(*bench) {},
		"an end":        func(b *bench) { b.frame(inline.Inside, tcp(hmi, plc, b.client, b.server, rst, nil)) },
		"it is stopped": func(b *bench) { b.say(request(9, 200, 1, 2, 3)); b.say([]byte("what is no request")) },
	} {
		b := newBench(t, guarded(t, func(p *policy.Policy) { p.Hosts[1].Refuses = nil }))
		b.connect()
		b.say(readSome(1))
		b.acknowledge()
		ending(b)
		b.client += 70_000
		b.server += 5_000
		b.connect()
		b.say(readSome(2))
		if got := payloads(b.toPLC); string(got) != string(readSome(2)) {
			t.Errorf("after %s: % x went on", name, got)
		}
	}
}

func payloads(frames [][]byte) (out []byte) {
	for _, f := range frames {
		out = append(out, f[54:]...)
	}
	return out
}

// TestRefusedWrite holds that a forbidden write arrives as one that the device declines,
// with everything else as it was, and that the connection goes on.
func TestRefusedWrite(t *testing.T) {
	b := newBench(t, guarded(t, nil))
	b.connect()
	allowed, forbidden, read := writeOne(1, 5, 50), writeOne(2, 20, 50), readSome(3)
	high := writeOne(4, 5, 101)
	stream := append(append(append(append([]byte(nil), allowed...), forbidden...), read...), high...)
	b.say(stream)
	got := payloads(b.toPLC)
	if len(got) != len(stream) {
		t.Fatalf("%d bytes went on, want %d", len(got), len(stream))
	}
	spoiled := append([]byte(nil), stream...)
	be.PutUint16(spoiled[len(allowed)+8:], 0xffff)
	be.PutUint16(spoiled[len(stream)-len(high)+8:], 0xffff)
	if string(got) != string(spoiled) {
		t.Errorf("went on:\n% x\nwant:\n% x", got, spoiled)
	}
	want := "write single register: refuse, says refuse because of default"
	if len(b.told) != 2 || b.told[0] != want || b.told[1] != want {
		t.Errorf("told: %q", b.told)
	}
	b.toPLC = nil
	b.client -= uint32(len(stream)) // sent once more, as it was
	b.say(stream)
	if string(payloads(b.toPLC)) != string(spoiled) {
		t.Error("what was sent again is not what was sent before")
	}
	if b.gate.Counts.In != b.gate.Counts.Passed+b.gate.Counts.Changed+b.gate.Counts.Dropped+b.gate.Counts.Held {
		t.Errorf("counts: %+v", b.gate.Counts)
	}
}

// TestNotArmed holds that a device that was not seen to refuse is not made to.
func TestNotArmed(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*policy.Policy)
	}{
		{"not seen to refuse", func(p *policy.Policy) { p.Hosts[1].Refuses = nil }},
		{"never rewrite", func(p *policy.Policy) { p.Conduits[0].NeverRewrite = true }},
	} {
		b := newBench(t, guarded(t, c.change))
		b.connect()
		b.say(readSome(1))
		b.say(writeOne(2, 20, 1))
		if got := payloads(b.toPLC); string(got) != string(readSome(1)) {
			t.Errorf("%s: went on: % x", c.name, got)
		}
	}
	b := newBench(t, guarded(t, func(p *policy.Policy) { p.Hosts[1].Refuses = nil; p.Conduits[0].Instead = firedoor.Reset }))
	b.connect()
	b.say(writeOne(2, 20, 1))
	if len(b.toPLC) != 1 || b.toPLC[0][47] != rst|ack || be.Uint32(b.toPLC[0][38:]) != 1000 || len(b.toHMI) != 1 || b.toHMI[0][47] != rst|ack {
		t.Errorf("a reset sends %d frames to the device and %d back", len(b.toPLC), len(b.toHMI))
	}
}

// TestModesLetPass holds that a conduit that tests changes nothing and says what it would do.
func TestModesLetPass(t *testing.T) {
	b := newBench(t, guarded(t, func(p *policy.Policy) { p.Conduits[0].Mode = policy.Test }))
	b.connect()
	b.say(writeOne(2, 20, 1))
	if string(payloads(b.toPLC)) != string(writeOne(2, 20, 1)) || len(b.told) != 1 || b.told[0] != "write single register: pass, says refuse because of default" {
		t.Errorf("went on % x, told %q", payloads(b.toPLC), b.told)
	}
}

// TestOtherConnections holds what becomes of connections that no rule is about.
func TestOtherConnections(t *testing.T) {
	b := newBench(t, guarded(t, nil))
	shell := plc
	shell.port = 22
	b.frame(inline.Inside, tcp(hmi, shell, 1, 0, syn, nil))
	b.frame(inline.Outside, tcp(plc, hmi, 1, 0, syn, nil)) // towards the office there is no conduit
	if len(b.toPLC)+len(b.toHMI) != 0 || len(b.told) != 2 {
		t.Errorf("%d frames went on, told %q", len(b.toPLC)+len(b.toHMI), b.told)
	}
	b = newBench(t, guarded(t, nil))
	b.connect()
	b.say([]byte("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"))
	if len(payloads(b.toPLC)) != 0 {
		t.Errorf("another protocol went on: %q, told %q", payloads(b.toPLC), b.told)
	}
}

// TestForgedSYN holds that a SYN in the name of a client does not end its connection.
func TestForgedSYN(t *testing.T) {
	b := newBench(t, guarded(t, nil))
	b.connect()
	b.say(readSome(1))
	b.frame(inline.Inside, tcp(hmi, plc, 777, 0, syn, nil))
	b.toPLC = nil
	b.say(readSome(2))
	b.say(writeOne(3, 20, 1))
	if got := payloads(b.toPLC); len(got) != 24 || string(got[:12]) != string(readSome(2)) || be.Uint16(got[20:]) != 0xffff {
		t.Errorf("after a forged SYN: % x", got)
	}
	// And where the device answers, it was a new connection.
	b.client, b.server = 5001, 7001
	b.frame(inline.Inside, tcp(hmi, plc, 5000, 0, syn, nil))
	b.frame(inline.Outside, tcp(plc, hmi, 7000, 5001, syn|ack, nil))
	b.toPLC = nil
	b.say(readSome(4))
	if string(payloads(b.toPLC)) != string(readSome(4)) {
		t.Errorf("a new connection on the same ports: % x", payloads(b.toPLC))
	}
}

// TestKeepAlive holds that the byte of a keep-alive goes on.
func TestKeepAlive(t *testing.T) {
	b := newBench(t, guarded(t, nil))
	b.connect()
	b.say(readSome(1))
	b.acknowledge()
	b.toPLC = nil
	b.frame(inline.Inside, tcp(hmi, plc, b.client-1, b.server, ack, []byte{0}))
	if len(b.toPLC) != 1 {
		t.Errorf("a keep-alive was stopped: %q", b.told)
	}
}

// TestMidstream holds that a connection that was there before is judged from now on.
func TestMidstream(t *testing.T) {
	b := newBench(t, guarded(t, nil))
	b.say(readSome(1))
	b.say(writeOne(2, 20, 1))
	if got := payloads(b.toPLC); len(got) != 24 || be.Uint16(got[20:]) != 0xffff {
		t.Errorf("went on: % x, told %q", got, b.told)
	}
}

// TestReload holds that another policy holds from the next request on, on a connection
// that goes on.
func TestReload(t *testing.T) {
	b := newBench(t, guarded(t, nil))
	b.connect()
	b.say(writeOne(1, 20, 1))
	b.gate.SetPlan(guarded(t, func(p *policy.Policy) { p.Conduits[0].Rules[1].Match.Objects[0].To = 30 }))
	b.say(writeOne(2, 20, 1))
	if got := payloads(b.toPLC); len(got) != 24 || be.Uint16(got[8:]) != 0xffff || be.Uint16(got[20:]) != 20 {
		t.Errorf("went on: % x", got)
	}
}

// TestPassedBy holds that a connection goes on behind requests that the kernel let pass
// by itself while the worker was away.
func TestPassedBy(t *testing.T) {
	b := newBench(t, guarded(t, nil))
	b.connect()
	b.say(readSome(1))
	b.client += 24 // two polls that never came by
	b.frame(inline.Outside, tcp(plc, hmi, b.server, b.client, ack, nil))
	b.toPLC = nil
	b.say(readSome(4))
	b.say(writeOne(5, 20, 1))
	if got := payloads(b.toPLC); len(got) != 24 || be.Uint16(got[20:]) != 0xffff {
		t.Errorf("went on: % x, told %q", got, b.told)
	}
}

// receiver is the TCP of a device: it takes bytes in order, and of bytes that come twice
// before they are in order the first or the last.
type receiver struct {
	next  uint32
	last  bool
	early map[uint32]byte
	got   []byte
	reset bool
}

func (r *receiver) take(f []byte) {
	if f[47]&rst != 0 {
		r.reset = true
	}
	seq := be.Uint32(f[38:])
	for i, c := range f[54:] {
		at := seq + uint32(i)
		if int32(at-r.next) < 0 || int32(at-r.next) > 1<<16 {
			continue
		}
		if _, there := r.early[at]; !there || r.last {
			r.early[at] = c
		}
	}
	for {
		c, there := r.early[r.next]
		if !there {
			return
		}
		delete(r.early, r.next)
		r.got = append(r.got, c)
		r.next++
	}
}

// harm counts the forbidden writes among the requests a device reads.
func harm(stream []byte) (n int) {
	for len(stream) >= 8 {
		size := 6 + int(be.Uint16(stream[4:]))
		if size > len(stream) || size < 8 {
			return n
		}
		switch function, data := stream[7], stream[8:size]; {
		case function == 6 && len(data) == 4 && (be.Uint16(data) > 9 && be.Uint16(data) != 0xffff || be.Uint16(data) <= 9 && be.Uint16(data[2:]) > 100),
			function == 16 && len(data) > 4 && be.Uint16(data) != 0xffff,
			function == 5 && len(data) == 4 && be.Uint16(data) != 0xffff:
			n++
		}
		stream = stream[size:]
	}
	return n
}

// TestNoForbiddenWritePasses draws attackers who cut, repeat, change, overlap and
// reorder what they send; a device of either manner must never read a forbidden write,
// and every frame is accounted for.
func TestNoForbiddenWritePasses(t *testing.T) {
	executed, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		plan := guarded(t, func(p *policy.Policy) {
			p.Conduits[0].Closed = rapid.Bool().Draw(t, "closed")
			if rapid.Bool().Draw(t, "unarmed") {
				p.Hosts[1].Refuses = nil
			}
		})
		b := newBench(t, plan)
		b.connect()
		restarts := rapid.Bool().Draw(t, "restarts") // other workers, which know nothing of the connection
		device := &receiver{next: b.client, last: rapid.Bool().Draw(t, "last wins"), early: map[uint32]byte{}}
		start := b.client
		var stream []byte
		var ends []int
		for i := range rapid.IntRange(1, 8).Draw(t, "requests") {
			id := uint16(i)
			stream = append(stream, rapid.SampledFrom([][]byte{readSome(id), writeOne(id, 5, 50), writeOne(id, 20, 1), writeOne(id, 5, 5000), request(id, 16, 0, 30, 0, 1, 2, 0, 9), request(id, 5, 0, 3, 0xff, 0),
				request(id, 43, 14, 1, 0), {byte(id), 0, 0, 9, 0, 3, 1, 1, 1}}[:map[bool]int{true: 7, false: 8}[restarts]]).Draw(t, "request")...)
			ends = append(ends, len(stream))
		}
		seen := 0
		for range rapid.IntRange(1, 60).Draw(t, "segments") {
			from := rapid.IntRange(max(0, len(device.got)-8), len(stream)-1).Draw(t, "from")
			if restarts { // who splits a request over a restart is not told from who begins one
				from, _ = slices.BinarySearch(ends, from)
				from = append([]int{0}, ends...)[from]
			}
			to := min(len(stream), from+rapid.SampledFrom([]int{1, 2, 7, 8, 9, 10, 12, 24, 40}).Draw(t, "bytes"))
			if restarts {
				k, _ := slices.BinarySearch(ends, to)
				to = ends[k]
			}
			piece := append([]byte(nil), stream[from:to]...)
			if !restarts && rapid.IntRange(0, 3).Draw(t, "other") == 0 {
				piece[rapid.IntRange(0, len(piece)-1).Draw(t, "place")] ^= byte(rapid.IntRange(1, 255).Draw(t, "change"))
			}
			if restarts && rapid.IntRange(0, 5).Draw(t, "restart") == 0 {
				b.gate = inline.New(plan, []*protocol.Protocol{modbus.Protocol}, nil)
			}
			b.frame(inline.Inside, tcp(hmi, plc, start+uint32(from), b.server, ack, piece))
			for ; seen < len(b.toPLC); seen++ {
				device.take(b.toPLC[seen])
			}
			if rapid.Bool().Draw(t, "acknowledge") {
				b.frame(inline.Outside, tcp(plc, hmi, b.server, device.next, ack, nil))
			}
		}
		if n := harm(device.got); n > 0 {
			t.Fatalf("%d forbidden writes passed: % x", n, device.got)
		}
		executed += len(device.got)
		refused += int(b.gate.Counts.Changed)
		c := b.gate.Counts
		if c.In != c.Passed+c.Changed+c.Dropped+c.Held {
			t.Fatalf("counts: %+v", c)
		}
	})
	if !t.Failed() && (executed == 0 || refused == 0) {
		t.Errorf("%d bytes arrived, %d frames were changed: the attackers drawn show nothing", executed, refused)
	}
}

// TestFrameAllocatesNothing holds that judging costs no memory once a connection is known.
func TestFrameAllocatesNothing(t *testing.T) {
	b := newBench(t, guarded(t, nil))
	b.connect()
	poll := readSome(1)
	frame := tcp(hmi, plc, b.client, b.server, ack, poll)
	out := func(inline.Port, []byte) {}
	seq := b.client
	if n := testing.AllocsPerRun(1000, func() {
		be.PutUint32(frame[38:], seq)
		seq += uint32(len(poll))
		b.now += 1000
		b.gate.Frame(b.now, inline.Inside, frame, out)
	}); n > 0 {
		t.Errorf("%g allocations a frame", n)
	}
	if b.gate.Counts.Dropped > 0 {
		t.Errorf("polls were dropped: %+v", b.gate.Counts)
	}
}

func BenchmarkFrame(b *testing.B) {
	x := newBench(b, guarded(b, nil))
	x.connect()
	poll := readSome(1)
	frame := tcp(hmi, plc, x.client, x.server, ack, poll)
	out := func(inline.Port, []byte) {}
	seq := x.client
	b.ReportAllocs()
	for b.Loop() {
		be.PutUint32(frame[38:], seq)
		seq += uint32(len(poll))
		x.now += 1000
		x.gate.Frame(x.now, inline.Inside, frame, out)
	}
}

func FuzzFrame(f *testing.F) {
	f.Add(tcp(hmi, plc, 1, 1, ack, readSome(1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		x := newBench(t, guarded(t, nil))
		for i := range 3 {
			x.gate.Frame(x.now+int64(i), inline.Port(i%2), append([]byte(nil), b...), func(inline.Port, []byte) {})
		}
		c := x.gate.Counts
		if c.In != c.Passed+c.Changed+c.Dropped+c.Held {
			t.Fatalf("counts: %+v", c)
		}
	})
}
