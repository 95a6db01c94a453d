package inline_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/modbus"
)

const second = int64(1e9)

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
	id     uint16 // of the last transaction
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
		if want := trial.Sum(out); binary.BigEndian.Uint16(out[50:]) != want {
			b.t.Fatalf("a frame with checksum %#x went on, want %#x", binary.BigEndian.Uint16(out[50:]), want)
		}
		if to == inline.Outside {
			b.toPLC = append(b.toPLC, out)
		} else {
			b.toHMI = append(b.toHMI, out)
		}
	})
}

func (b *bench) connect() {
	b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client-1, 0, trial.SYN, nil))
	b.frame(inline.Outside, trial.TCP(trial.PLC, trial.HMI, b.server-1, b.client, trial.SYN|trial.ACK, nil))
	b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client, b.server, trial.ACK, nil))
	b.toPLC, b.toHMI = nil, nil
}

// say sends bytes of hmi's stream.
func (b *bench) say(payload []byte) {
	b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client, b.server, trial.ACK, payload))
	b.client += uint32(len(payload))
}

func (b *bench) acknowledge() {
	b.frame(inline.Outside, trial.TCP(trial.PLC, trial.HMI, b.server, b.client, trial.ACK, nil))
}

// TestLate holds that a request that waited too long goes no further and that it is judged
// when it is sent again; and that what is only watched goes on.
func TestLate(t *testing.T) {
	for _, mode := range []policy.Mode{policy.Enforce, policy.Test} {
		b := newBench(t, trial.Guarded(t, func(p *policy.Policy) { p.Conduits[0].Mode = mode }))
		b.connect()
		request := trial.TCP(trial.HMI, trial.PLC, b.client, b.server, trial.ACK, trial.ReadSome(1))
		out := func(to inline.Port, f []byte) { b.toPLC = append(b.toPLC, f) }
		b.gate.Late(b.now, b.now, inline.Inside, request, out)
		if passed := len(b.toPLC) == 1; passed != (mode == policy.Test) {
			t.Errorf("%v: a late request passes: %v", mode, passed)
		}
		b.toPLC = nil
		b.say(trial.ReadSome(1))
		if len(b.toPLC) != 1 {
			t.Errorf("%v: sent again it passes %d times", mode, len(b.toPLC))
		}
		if c := b.gate.Counts; c.In != c.Passed+c.Changed+c.Dropped+c.Held {
			t.Errorf("%v: counts: %+v", mode, c)
		}
	}
}

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
		"an end": func(b *bench) {
			b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client+1e6, b.server, trial.RST, nil))
		},
		"a SYN": func(b *bench) {
			b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client-1, 0, trial.SYN, nil))
			challenge(b)
		},
		"an end and a SYN": func(b *bench) {
			b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client+1e6, b.server, trial.RST, nil))
			b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client-500, 0, trial.SYN, nil))
			challenge(b)
		},
		"ends of both, one forged": func(b *bench) {
			b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client+1e6, b.server, trial.FIN|trial.ACK, nil))
			b.frame(inline.Inside, trial.TCP(trial.PLC, trial.HMI, b.server, b.client, trial.RST, nil))
			b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client-1, 0, trial.SYN, nil))
		},
		"its own answer to its own SYN": func(b *bench) {
			b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client-1, 0, trial.SYN, nil))
			b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, 77, b.client, trial.SYN|trial.ACK, nil))
		},
	} {
		b := newBench(t, trial.Guarded(t, nil))
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
		b := newBench(t, trial.Guarded(t, nil))
		b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client-1, 0, trial.SYN, nil))
		b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client-1+off, 0, trial.SYN, nil)) // the server does not take this one
		b.frame(inline.Outside, trial.TCP(trial.PLC, trial.HMI, b.server-1, b.client, trial.SYN|trial.ACK, nil))
		b.toPLC = nil
		b.say(trial.WriteOne(1, 40, 1))
		if got := payloads(b.toPLC); len(got) != 12 || binary.BigEndian.Uint16(got[8:]) != 0xffff {
			t.Errorf("two SYNs %d apart: % x went on", off, got)
		}
	}
}

// TestConnectsAnew holds that a client whose connection was stopped, or that begins again
// from the same port, gets its new connection as soon as its server takes it.
func TestConnectsAnew(t *testing.T) {
	for name, ending := range map[string]func(b *bench){
		"nothing": func(*bench) {},
		"an end": func(b *bench) {
			b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client, b.server, trial.RST, nil))
		},
		"it is stopped": func(b *bench) { b.say(trial.Request(9, 200, 1, 2, 3)); b.say([]byte("what is no request")) },
	} {
		b := newBench(t, trial.Guarded(t, func(p *policy.Policy) { p.Hosts[1].Refuses = nil }))
		b.connect()
		b.say(trial.ReadSome(1))
		b.acknowledge()
		ending(b)
		b.client += 70_000
		b.server += 5_000
		b.connect()
		b.say(trial.ReadSome(2))
		if got := payloads(b.toPLC); string(got) != string(trial.ReadSome(2)) {
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
	b := newBench(t, trial.Guarded(t, nil))
	b.connect()
	allowed, forbidden, read := trial.WriteOne(1, 5, 50), trial.WriteOne(2, 20, 50), trial.ReadSome(3)
	high := trial.WriteOne(4, 5, 101)
	stream := append(append(append(append([]byte(nil), allowed...), forbidden...), read...), high...)
	b.say(stream)
	got := payloads(b.toPLC)
	if len(got) != len(stream) {
		t.Fatalf("%d bytes went on, want %d", len(got), len(stream))
	}
	spoiled := append([]byte(nil), stream...)
	binary.BigEndian.PutUint16(spoiled[len(allowed)+8:], 0xffff)
	binary.BigEndian.PutUint16(spoiled[len(stream)-len(high)+8:], 0xffff)
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

// TestSplitRefusal holds where a request that comes in two segments is refused still: where its
// address is whole in the second one. Else a part of the address is with the device already,
// and what the policy says instead holds.
func TestSplitRefusal(t *testing.T) {
	const address = 8 // where it begins in the request
	forbidden := trial.WriteOne(2, 20, 1)
	for cut := 1; cut < len(forbidden); cut++ {
		b := newBench(t, trial.Guarded(t, nil))
		b.connect()
		b.say(forbidden[:cut])
		b.say(forbidden[cut:])
		got, want := payloads(b.toPLC), append([]byte(nil), forbidden...)
		binary.BigEndian.PutUint16(want[address:], 0xffff)
		done := "refuse"
		if cut > address {
			want, done = forbidden[:cut], "drop"
		}
		if string(got) != string(want) {
			t.Errorf("cut behind %d bytes: went on % x, want % x", cut, got, want)
		}
		if len(b.told) == 0 || b.told[0] != "write single register: "+done+", says refuse because of default" {
			t.Errorf("cut behind %d bytes: told %q", cut, b.told)
		}
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
		b := newBench(t, trial.Guarded(t, c.change))
		b.connect()
		b.say(trial.ReadSome(1))
		b.say(trial.WriteOne(2, 20, 1))
		if got := payloads(b.toPLC); string(got) != string(trial.ReadSome(1)) {
			t.Errorf("%s: went on: % x", c.name, got)
		}
	}
	b := newBench(t, trial.Guarded(t, func(p *policy.Policy) { p.Hosts[1].Refuses = nil; p.Conduits[0].Instead = firedoor.Reset }))
	b.connect()
	b.say(trial.WriteOne(2, 20, 1))
	if len(b.toPLC) != 1 || b.toPLC[0][47] != trial.RST|trial.ACK || binary.BigEndian.Uint32(b.toPLC[0][38:]) != 1000 || len(b.toHMI) != 1 || b.toHMI[0][47] != trial.RST|trial.ACK {
		t.Errorf("a reset sends %d frames to the device and %d back", len(b.toPLC), len(b.toHMI))
	}
}

// TestNoRequest holds that what no request is does not pass as one.
func TestNoRequest(t *testing.T) {
	for _, code := range []byte{0, 0x86, 0xff} {
		b := newBench(t, trial.Guarded(t, func(p *policy.Policy) { p.Conduits[0].Unjudged = policy.Open }))
		b.connect()
		b.say(trial.Request(1, code, 0, 20, 0, 1))
		if len(payloads(b.toPLC)) != 0 || len(b.told) != 1 {
			t.Errorf("code %#x: went on % x, told %q", code, payloads(b.toPLC), b.told)
		}
	}
}

// TestModesLetPass holds that a conduit that tests changes nothing and says what it would do.
func TestModesLetPass(t *testing.T) {
	b := newBench(t, trial.Guarded(t, func(p *policy.Policy) { p.Conduits[0].Mode = policy.Test }))
	b.connect()
	b.say(trial.WriteOne(2, 20, 1))
	if string(payloads(b.toPLC)) != string(trial.WriteOne(2, 20, 1)) || len(b.told) != 1 || b.told[0] != "write single register: pass, says refuse because of default" {
		t.Errorf("went on % x, told %q", payloads(b.toPLC), b.told)
	}
}

// TestOtherConnections holds what becomes of connections that no rule is about.
func TestOtherConnections(t *testing.T) {
	b := newBench(t, trial.Guarded(t, nil))
	shell := trial.PLC.At(22)
	b.frame(inline.Inside, trial.TCP(trial.HMI, shell, 1, 0, trial.SYN, nil))
	b.frame(inline.Outside, trial.TCP(trial.PLC, trial.HMI, 1, 0, trial.SYN, nil)) // towards the office there is no conduit
	if len(b.toPLC)+len(b.toHMI) != 0 || len(b.told) != 2 {
		t.Errorf("%d frames went on, told %q", len(b.toPLC)+len(b.toHMI), b.told)
	}
	b = newBench(t, trial.Guarded(t, nil))
	b.connect()
	b.say([]byte("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"))
	if len(payloads(b.toPLC)) != 0 {
		t.Errorf("another protocol went on: %q, told %q", payloads(b.toPLC), b.told)
	}
}

// TestForgedSYN holds that a SYN in the name of a client does not end its connection.
func TestForgedSYN(t *testing.T) {
	b := newBench(t, trial.Guarded(t, nil))
	b.connect()
	b.say(trial.ReadSome(1))
	b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, 777, 0, trial.SYN, nil))
	b.toPLC = nil
	b.say(trial.ReadSome(2))
	b.say(trial.WriteOne(3, 20, 1))
	if got := payloads(b.toPLC); len(got) != 24 || string(got[:12]) != string(trial.ReadSome(2)) || binary.BigEndian.Uint16(got[20:]) != 0xffff {
		t.Errorf("after a forged SYN: % x", got)
	}
	// And where the device answers, it was a new connection.
	b.client, b.server = 5001, 7001
	b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, 5000, 0, trial.SYN, nil))
	b.frame(inline.Outside, trial.TCP(trial.PLC, trial.HMI, 7000, 5001, trial.SYN|trial.ACK, nil))
	b.toPLC = nil
	b.say(trial.ReadSome(4))
	if string(payloads(b.toPLC)) != string(trial.ReadSome(4)) {
		t.Errorf("a new connection on the same ports: % x", payloads(b.toPLC))
	}
}

// TestKeepAlive holds that the byte of a keep-alive goes on.
func TestKeepAlive(t *testing.T) {
	b := newBench(t, trial.Guarded(t, nil))
	b.connect()
	b.say(trial.ReadSome(1))
	b.acknowledge()
	b.toPLC = nil
	b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client-1, b.server, trial.ACK, []byte{0}))
	if len(b.toPLC) != 1 {
		t.Errorf("a keep-alive was stopped: %q", b.told)
	}
}

// TestMidstream holds that a connection that was there before is judged from now on: its
// server is asked where it is, and until it says so nothing of the client goes on.
func TestMidstream(t *testing.T) {
	b := newBench(t, trial.Guarded(t, nil))
	b.say(trial.ReadSome(1))
	if got := payloads(b.toPLC); len(got) != 1 || int32(binary.BigEndian.Uint32(b.toPLC[0][38:])-b.client) > -1<<20 {
		t.Fatalf("the server is asked: % x", got)
	}
	b.toPLC = nil
	b.frame(inline.Outside, trial.TCP(trial.PLC, trial.HMI, b.server, b.client-12, trial.ACK, nil))
	b.say(trial.WriteOne(2, 20, 1))
	if got := payloads(b.toPLC); len(got) != 24 || binary.BigEndian.Uint16(got[20:]) != 0xffff {
		t.Errorf("went on: % x, told %q", got, b.told)
	}
}

// TestReload holds that another policy holds from the next request on, on a connection
// that goes on.
func TestReload(t *testing.T) {
	b := newBench(t, trial.Guarded(t, nil))
	b.connect()
	b.say(trial.WriteOne(1, 20, 1))
	b.gate.SetPlan(trial.Guarded(t, func(p *policy.Policy) { p.Conduits[0].Rules[1].Match.Objects[0].To = 30 }))
	b.say(trial.WriteOne(2, 20, 1))
	if got := payloads(b.toPLC); len(got) != 24 || binary.BigEndian.Uint16(got[8:]) != 0xffff || binary.BigEndian.Uint16(got[20:]) != 20 {
		t.Errorf("went on: % x", got)
	}
}

// TestPassedBy holds that a connection goes on behind requests that the kernel let pass
// by itself while the worker was away.
func TestPassedBy(t *testing.T) {
	b := newBench(t, trial.Guarded(t, nil))
	b.connect()
	b.say(trial.ReadSome(1))
	b.client += 24 // two polls that never came by
	b.frame(inline.Outside, trial.TCP(trial.PLC, trial.HMI, b.server, b.client, trial.ACK, nil))
	b.toPLC = nil
	b.say(trial.ReadSome(4))
	b.say(trial.WriteOne(5, 20, 1))
	if got := payloads(b.toPLC); len(got) != 24 || binary.BigEndian.Uint16(got[20:]) != 0xffff {
		t.Errorf("went on: % x, told %q", got, b.told)
	}
}

// line is a gate alone, and another one after it that finds what the first one left.
type line struct {
	*bench
	plan    *policy.Plan
	streams *streams
}

func newLine(t rapid.TB, plan *policy.Plan) *line {
	l := &line{bench: newBench(t, plan), plan: plan, streams: &streams{}}
	l.streams.now = &l.now
	l.gate.Share(l.streams)
	return l
}

func (l *line) Client(f []byte) [][]byte {
	l.toPLC = nil
	l.frame(inline.Inside, f)
	return l.toPLC
}

func (l *line) Server(f []byte) [][]byte {
	if l.streams.passesBy(f) {
		return nil
	}
	l.toPLC = nil
	l.frame(inline.Outside, f)
	return l.toPLC
}

func (l *line) Restart(inside bool) {
	if inside {
		l.streams.at.Left = false
	}
	l.gate = inline.New(l.plan, []*protocol.Protocol{modbus.Protocol}, nil)
	l.gate.Share(l.streams)
}

func (l *line) Silence(bool) {}

func (l *line) Reload() { l.gate.SetPlan(l.plan) }

// streams is what a gate and the next one know of the one connection of these tests.
type streams struct {
	at       inline.Position
	said     []byte
	heard    uint32
	passedBy int // answers
	full     bool
	lost     int64 // when a connection found no place
	behind   bool  // frames may have passed that nobody saw since
	now      *int64
	left     int64 // when it was left last
}

// passesBy does with an answer what the kernel's program does where the gate need not hear it.
func (s *streams) passesBy(f []byte) bool {
	if !s.at.Known || s.at.Hears || f[47] != trial.ACK {
		return false
	}
	s.heard = binary.BigEndian.Uint32(f[42:])
	s.passedBy++
	return true
}

func (s *streams) Enter(k *inline.Stream) (int, inline.Position, bool) {
	if k.Port != int(inline.Inside) { // of nobody here
		return 1, inline.Position{}, true
	}
	if s.full {
		s.lost = *s.now
		return 0, inline.Position{}, false
	}
	p := s.at
	p.Answered = p.Answered && *s.now-s.left < 10*second
	p.Current = p.Known && !s.behind
	if p.Known && int32(s.heard-p.Acked) > 0 {
		p.Acked = s.heard
	}
	return 0, p, true
}

func (s *streams) Leave(place int, p *inline.Position, kernel bool) {
	if place != 0 {
		return
	}
	s.said, s.left = append(s.said[:0], p.Said...), *s.now
	if !s.at.Known || p.Answered && (s.at.Opens && !p.Opens || p.Answer != s.at.Answer || p.First != s.at.First) {
		s.heard = p.Acked
	}
	s.at, s.behind = *p, false
	s.at.Said, s.at.Left = s.said, !kernel
}

func (s *streams) Full(within int64) bool { return s.lost != 0 && *s.now-s.lost < within }

func (s *streams) Opens(_ *inline.Stream, first uint32) {
	s.at.Opens, s.at.Opening = true, first
}

func (s *streams) Listen(int) { s.at.Hears = true }

func (s *streams) Return(int) { s.at.Left = true }

func (s *streams) Over(int) {}

// TestNoPlace holds that a connection that nobody could write down ends with whoever knew it:
// the next one cannot tell the rest of a message from a beginning, whoever speaks first. One
// that begins anew goes on; while what its server says at its beginning can be a late word of
// another, it is asked where it is before anything passes.
func TestNoPlace(t *testing.T) {
	for _, server := range []bool{false, true} {
		l := newLine(t, trial.Guarded(t, nil))
		l.connect()
		l.now += 11e9
		l.streams.full = true
		l.connect()
		l.toPLC = nil
		if l.say(twofold[:7]); len(l.toPLC) != 1 {
			t.Fatalf("%d frames went on of one that began", len(l.toPLC))
		}
		l.Restart(false)
		l.toPLC = nil
		if server {
			l.acknowledge()
		}
		l.say(twofold[7:])
		for _, f := range l.toPLC {
			if f[47]&trial.RST == 0 {
				t.Errorf("the server spoke %v: % x went on", server, f[54:])
			}
		}
		for _, c := range []struct {
			later int64
			at    uint32 // where its server is, from the beginning
			goes  bool
		}{{0, 0, true}, {0, 12, false}, {11e9, 0, true}} {
			if l.now += c.later; c.later == 0 {
				l.Restart(false)
			}
			l.connect()
			begins, request := l.client, trial.ReadSome(1)
			l.say(request)
			if c.later == 0 {
				l.frame(inline.Outside, trial.TCP(trial.PLC, trial.HMI, l.server, begins+c.at, trial.ACK, nil))
			}
			goes := slices.ContainsFunc(l.toPLC, func(f []byte) bool { return string(f[54:]) == string(request) })
			if goes != c.goes {
				t.Errorf("%d s later, with a server that has %d bytes, a request goes on: %v", c.later/1e9, c.at, goes)
			}
		}
	}
}

// TestNoForbiddenWritePasses draws attackers; a device of either manner must never read a
// forbidden write, and every frame is accounted for.
func TestNoForbiddenWritePasses(t *testing.T) {
	executed, refused := 0, 0
	for range 5 { // seven frames are changed in the middle, and once in some hundred runs none
		forbiddenWrites(t, &executed, &refused)
		if t.Failed() || executed > 0 && refused > 0 {
			return
		}
	}
	t.Errorf("%d bytes arrived, %d frames were changed: the attackers drawn show nothing", executed, refused)
}

func forbiddenWrites(t *testing.T, executed, refused *int) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		l := newLine(t, trial.Guarded(t, func(p *policy.Policy) {
			p.Conduits[0].Unjudged = policy.Unjudged(rapid.IntRange(0, 2).Draw(t, "unjudged"))
			if rapid.Bool().Draw(t, "more") {
				trial.More(p)
			}
			if rapid.Bool().Draw(t, "unarmed") {
				p.Hosts[1].Refuses = nil
			}
		}))
		device := trial.Attack(t, l, rapid.Bool().Draw(t, "restarts"))
		if n := device.Harm(); n > 0 {
			t.Fatalf("%d forbidden writes passed: % x", n, device.Got)
		}
		*executed += len(device.Got)
		*refused += int(l.gate.Counts.Changed)
		c := l.gate.Counts
		if c.In != c.Passed+c.Changed+c.Dropped+c.Held {
			t.Fatalf("counts: %+v", c)
		}
	})
}

// TestHonestClient holds that a client that sends again what was lost gets all of it to the
// device, whatever befalls the gate.
func TestHonestClient(t *testing.T) {
	passedBy := 0
	rapid.Check(t, func(t *rapid.T) {
		l := newLine(t, trial.Guarded(t, func(p *policy.Policy) { p.Conduits[0].Rules[1].Match = policy.Match{Protocols: []string{"modbus"}} }))
		if device, asked, done := trial.Converse(t, l, true); !done {
			t.Fatalf("of %d bytes %d arrived: % x", len(asked), len(device.Got), asked)
		}
		passedBy += l.streams.passedBy
	})
	if passedBy == 0 && !t.Failed() {
		t.Error("no answer passed by the gate")
	}
}

// TestFrameAllocatesNothing holds that judging costs no memory once a connection is known.
func TestFrameAllocatesNothing(t *testing.T) {
	b := newBench(t, trial.Guarded(t, nil))
	b.connect()
	poll := trial.ReadSome(1)
	frame := trial.TCP(trial.HMI, trial.PLC, b.client, b.server, trial.ACK, poll)
	out := func(inline.Port, []byte) {}
	seq := b.client
	if n := testing.AllocsPerRun(1000, func() {
		binary.BigEndian.PutUint32(frame[38:], seq)
		binary.BigEndian.PutUint16(frame[50:], trial.Sum(frame))
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
	x := newBench(b, trial.Guarded(b, nil))
	x.connect()
	poll := trial.ReadSome(1)
	frame := trial.TCP(trial.HMI, trial.PLC, x.client, x.server, trial.ACK, poll)
	out := func(inline.Port, []byte) {}
	seq := x.client
	b.ReportAllocs()
	for b.Loop() {
		binary.BigEndian.PutUint32(frame[38:], seq)
		binary.BigEndian.PutUint16(frame[50:], trial.Sum(frame))
		seq += uint32(len(poll))
		x.now += 1000
		x.gate.Frame(x.now, inline.Inside, frame, out)
	}
}

func FuzzFrame(f *testing.F) {
	f.Add(trial.TCP(trial.HMI, trial.PLC, 1, 1, trial.ACK, trial.ReadSome(1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		x := newBench(t, trial.Guarded(t, nil))
		for i := range 3 {
			x.gate.Frame(x.now+int64(i), inline.Port(i%2), append([]byte(nil), b...), func(inline.Port, []byte) {})
		}
		c := x.gate.Counts
		if c.In != c.Passed+c.Changed+c.Dropped+c.Held {
			t.Fatalf("counts: %+v", c)
		}
	})
}
