package gateway

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"firedoor"
	"firedoor/internal/datapath"
	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/modbus"
	"firedoor/internal/testbed"
)

// whole is the kernel's program and a worker's gate behind it, as they stand in a
// gateway: what the kernel asks about the gate judges.
type whole struct {
	t       rapid.TB
	path    *datapath.Datapath
	streams inline.Streams
	plan    *policy.Plan
	gate    *inline.Gate

	functions []policy.Function
	silent    bool
	late      bool     // for a short time: what the floor would stop waits
	ring      []waited // for whoever judges next
	rung      int      // how many waited
	now       int64
	kernel    int // requests that passed in the kernel
	coils     int // of them, those of function 5 while nobody answers
	asked     int
	port      uint16 // of the client in this trial
}

func (w *whole) begin(t rapid.TB) {
	w.t, w.silent, w.ring, w.port = t, false, nil, w.port+1
	w.gate = inline.New(w.plan, []*protocol.Protocol{modbus.Protocol}, nil)
	w.gate.Share(w.streams)
}

// waited is a frame in a ring that nobody reads.
type waited struct {
	frame []byte
	from  inline.Port
}

// judged gives what the worker sends to the device for a frame.
func (w *whole) judged(f []byte, from inline.Port) (out [][]byte) {
	w.gate.Frame(w.now, from, f, func(to inline.Port, f []byte) {
		if to == inline.Outside {
			out = append(out, append([]byte(nil), f...))
		}
	})
	return out
}

// frame gives what leaves at the other port.
func (w *whole) frame(f []byte, from inline.Port) (out [][]byte) {
	w.now += 1e6
	if !w.silent {
		for _, r := range w.ring {
			out = append(out, w.judged(r.frame, r.from)...)
		}
		w.ring = nil
	}
	at := 34 // each trial has a connection of its own
	if from == inline.Outside {
		at = 36
	}
	f = trial.Ported(f, at, w.port)
	try := w.path.Test
	switch {
	case w.silent && w.late:
		try = w.path.TestLate
	case w.silent:
		try = w.path.TestUnanswered
	}
	d, err := try(f, int(from))
	if err != nil {
		w.t.Fatalf("% x: %v", f, err)
	}
	if w.silent && d.Action == datapath.Ask { // by its floor
		d.Action = d.Unanswered
	}
	switch {
	case d.Action == datapath.Pass:
		if from == inline.Inside && len(f) > 54 {
			if w.kernel++; w.silent && len(f) == 66 && f[61] == 5 {
				w.coils++
			}
		}
		return append(out, f)
	case d.Action != datapath.Ask:
		return out
	case w.silent && w.late:
		w.rung++
		w.ring = append(w.ring, waited{append([]byte(nil), f...), from})
		return nil
	case w.silent:
		w.t.Fatalf("the kernel asks although nobody answers: reason %d", d.Reason)
	}
	w.asked++
	return append(out, w.judged(f, from)...)
}

func (w *whole) Client(f []byte) [][]byte { return w.frame(f, inline.Inside) }

func (w *whole) Server(f []byte) [][]byte {
	var out [][]byte
	for _, f := range w.frame(f, inline.Outside) {
		if f[36] == 502>>8 && f[37] == 502&0xff { // what waited for it
			out = append(out, f)
		}
	}
	return out
}

func (w *whole) Restart(inside bool) {
	if inside {
		k := inline.Stream{Client: firedoor.IPv4(0x0a000101), Server: firedoor.IPv4(0x0a000201), ClientPort: w.port, ServerPort: 502, Port: int(inline.Inside)}
		w.streams.Enter(&k) // and it never leaves
	}
	w.gate = inline.New(w.plan, []*protocol.Protocol{modbus.Protocol}, nil)
	w.gate.Share(w.streams)
}

func (w *whole) Reload() {
	w.isolate(w.plan.Isolations()...)
	w.gate.SetPlan(w.plan)
}

func (w *whole) Silence(on bool) {
	w.silent = on
	if on {
		w.late = w.port%2 == 0
	}
	if on && w.port%4 != 0 { // else the same worker goes on
		w.Restart(false)
	}
}

// newPath opens a datapath between two hosts.
func newPath(t testing.TB) *datapath.Datapath {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: it loads a program into the kernel")
	}
	name := fmt.Sprintf("fw%d", os.Getpid()%100_000)
	bed, err := testbed.New(name)
	if errors.Is(err, testbed.ErrUnable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(bed.Close)
	pins := t.TempDir()
	unmount, err := testbed.MountPins(pins)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(unmount)
	path, err := datapath.Open(datapath.Options{Inside: bed.Client.Port, Outside: bed.Server.Port, Pins: pins, Name: name})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = path.Remove() })
	return path
}

// newWhole loads the program under the policy that a change makes.
func newWhole(t *testing.T, change func(*policy.Policy)) *whole {
	w := &whole{t: t, path: newPath(t), plan: trial.Guarded(t, change), now: 1772323200e9, port: 20000}
	functions := []policy.Function{{Code: 3, Verb: firedoor.VerbRead, Words: "read holding registers"}, {Code: 5, Verb: firedoor.VerbWrite, Words: "write single coil"},
		{Code: 6, Verb: firedoor.VerbWrite, Words: "write single register"}, {Code: 16, Verb: firedoor.VerbWrite, Words: "write multiple registers"}}
	w.functions = functions
	w.isolate()
	pulse, err := w.path.Pulse()
	if err != nil {
		t.Fatal(err)
	}
	streams, err := w.path.StreamFile()
	if err != nil {
		t.Fatal(err)
	}
	p, err := datapath.OpenPulse(int(pulse.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	s, err := datapath.OpenStreams(int(streams.Fd()), p)
	if err != nil {
		t.Fatal(err)
	}
	w.streams = &shared{s}
	return w
}

// isolate puts the policy into force with isolations.
func (w *whole) isolate(list ...policy.Isolation) {
	w.plan, _ = w.plan.With(list)
	if err := w.path.Install(Tables(w.plan, w.functions)); err != nil {
		w.t.Fatal(err)
	}
}

// TestFloorOfKernelAndWorker does the same where all requests go to the worker and the floor
// is by codes: with a step, with isolations, and by default for what cannot be judged.
func TestFloorOfKernelAndWorker(t *testing.T) {
	w := newWhole(t, func(p *policy.Policy) {
		p.Conduits[0].Unjudged, p.Conduits[0].Rules[1].Match.Step = policy.Reads, 100 // no less than the range
	})
	for name, list := range map[string][]policy.Isolation{
		"a step":     nil,
		"a rate cap": {{Verb: policy.RateCap, Host: "plc", Cap: 1 << 20}},
		"no program": {{Verb: policy.NoProgram, Host: "hmi", Other: "plc"}},
		"released":   {{Verb: policy.Quarantine, Host: "plc", Testing: true}},
	} {
		t.Run(name, func(t *testing.T) {
			w.isolate(list...)
			w.kernel, w.asked, w.rung = 0, 0, 0
			for range 10 { // few of those drawn come by the floor
				rapid.Check(t, func(t *rapid.T) {
					w.begin(t)
					if device := trial.Attack(t, w, true); device.Harm() > 0 {
						t.Fatalf("a forbidden write passed: % x", device.Got)
					}
				})
				if w.kernel > 0 && w.rung > 0 {
					break
				}
			}
			if (w.kernel == 0) != (name == "released") || w.asked == 0 || w.rung == 0 { // then nothing passes while nobody judges
				t.Errorf("%d requests passed by the floor, %d were asked about and %d frames waited: one of them is not tried", w.kernel, w.asked, w.rung)
			}
		})
	}
}

// TestPutAside holds that a worker which was only put aside, and goes on, knows what the kernel let pass in its turn
// meanwhile: of a stream that the kernel left to it with the next request, it would judge by what it remembers itself.
func TestPutAside(t *testing.T) {
	w := newWhole(t, func(p *policy.Policy) { p.Conduits[0].Unjudged = policy.Reads })
	w.isolate(policy.Isolation{Verb: policy.NoProgram, Host: "hmi", Other: "plc"}) // so all goes to the worker
	w.begin(t)
	trial.Connect(w)
	sent := trial.ClientBegins
	client := func(b []byte) int {
		f := trial.TCP(trial.HMI, trial.PLC, sent, trial.ServerBegins, trial.ACK, b)
		sent += uint32(len(b))
		return len(w.Client(f))
	}
	if client(trial.ReadSome(1)) != 1 || w.asked == 0 {
		t.Fatal("the worker let no read pass")
	}
	w.silent, w.late = true, true
	if client(trial.ReadSome(2)) != 1 || w.kernel != 1 {
		t.Fatal("the kernel let no read pass")
	}
	if client(trial.WriteOne(3, 5, 50)) != 0 || len(w.ring) != 1 {
		t.Fatal("a write does not wait")
	}
	w.silent = false
	if n := client(trial.ReadSome(4)); n != 2 {
		t.Errorf("%d requests went on, want the write that waited and the next one", n)
	}
}

// TestNeverBlockedByTheFloor does the same where one coil is never blocked: while nobody judges
// that passes, and nobody hides a forbidden write behind it, or in it.
func TestNeverBlockedByTheFloor(t *testing.T) {
	w := newWhole(t, func(p *policy.Policy) {
		p.Conduits[0].Unjudged = policy.Reads
		p.Conduits[0].NeverBlock = []policy.Rule{{Match: policy.Match{Protocols: []string{"modbus"}, Functions: []string{"write single coil"}, Objects: []policy.Object{{Text: "coil:", Row: true, From: 3, To: 3}}}}}
	})
	for name, list := range map[string][]policy.Isolation{
		"as it is":   nil,
		"no write":   {{Verb: policy.NoWrite, Host: "plc"}},
		"two people": {{Verb: policy.Quarantine, Host: "plc", Both: true}},
	} {
		t.Run(name, func(t *testing.T) {
			w.isolate(list...)
			w.coils, w.asked = 0, 0
			for range 10 {
				rapid.Check(t, func(t *rapid.T) {
					w.begin(t)
					device := trial.Attack(t, w, true)
					device.Never = func(r []byte) bool { return r[0] == 5 && r[1] == 0 && r[2] == 3 }
					if device.Harm() > 0 {
						t.Fatalf("a forbidden write passed: % x", device.Got)
					}
				})
				if w.coils > 0 {
					break
				}
			}
			if (w.coils == 0) != (name == "two people") {
				t.Errorf("%d requests that are never blocked passed by the floor", w.coils)
			}
		})
	}
}

// anyRequest draws a request of Modbus that is whole, and mostly right.
func anyRequest(t *rapid.T) []byte {
	code := rapid.SampledFrom([]byte{1, 2, 3, 4, 5, 6, 7, 15, 16, 22, 23}).Draw(t, "code")
	second := rapid.SampledFrom([]uint16{0, 1, 2, 3, 9, 10, 11, 0xff00, 0xffff}).Draw(t, "second")
	r := trial.Request(1, code, 0, byte(rapid.IntRange(0, 12).Draw(t, "address")), byte(second>>8), byte(second))
	switch code {
	case 7:
		r = r[:8]
	case 15, 16:
		n := (int(second) + 7) / 8
		if code == 16 {
			n = 2 * int(second)
		}
		n = min(n, 200) + rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(t, "more")
		r = append(append(r, byte(n)), make([]byte, n)...)
	case 22:
		r = append(r, 0, 0)
	case 23:
		r = append(r, 0, 5, 0, 1, 2, 0, 0)
	}
	r[6] = rapid.SampledFrom([]byte{1, 3}).Draw(t, "unit")
	r[5] = byte(len(r) - 6)
	return r
}

// TestKernelPassesWhatWorkersDo holds that of what is never blocked the kernel passes by itself
// what a worker does, parser and Decide and all, and nothing else; but for functions that it
// cannot read, of which it passes none.
func TestKernelPassesWhatWorkersDo(t *testing.T) {
	w := newWhole(t, func(p *policy.Policy) {
		row := func(space string, from, to uint64) []policy.Object {
			return []policy.Object{{Text: space, Row: true, From: from, To: to}}
		}
		never := func(m policy.Match) {
			m.Protocols = []string{"modbus"}
			p.Conduits[0].NeverBlock = append(p.Conduits[0].NeverBlock, policy.Rule{Match: m})
		}
		p.Hosts[1].Refuses, p.Conduits[0].Rules, p.Conduits[0].NeverBlock = nil, nil, nil
		never(policy.Match{Objects: row("coil:", 3, 6)})
		never(policy.Match{Units: []uint32{3}, Objects: row("holding:", 4, 7)})
		never(policy.Match{Codes: []uint32{6}, Objects: row("holding:", 2, 2), Values: &policy.Span{Min: 2.5, Max: 10}})
		never(policy.Match{Codes: []uint32{5}, Objects: row("coil:", 9, 9), Values: &policy.Span{Min: 1, Max: 1}})
	})
	passed, stopped := map[byte]int{}, 0
	codes := []byte{1, 3, 5, 6, 15, 16}
	missing := func() bool {
		return stopped == 0 || slices.ContainsFunc(codes, func(code byte) bool { return passed[code] == 0 })
	}
	for round := 0; round < 10 || missing() && round < 200; round++ { // few of those drawn pass
		rapid.Check(t, func(t *rapid.T) {
			r := anyRequest(t)
			frame := trial.TCP(trial.HMI, trial.PLC, trial.ClientBegins, trial.ServerBegins, trial.ACK, r)
			w.begin(t)
			trial.Connect(w)
			judged := len(w.Client(frame)) > 0
			w.begin(t)
			trial.Connect(w)
			w.silent = true
			alone := len(w.Client(frame)) > 0
			if judged && !alone && w.streams.Full(1e9) {
				return // it found no place, so nobody knows where it begins
			}
			if alone != judged && (alone || r[7] <= 6 || r[7] == 15 || r[7] == 16) {
				t.Fatalf("% x: the worker passes it %t, the kernel %t", r, judged, alone)
			}
			if alone {
				passed[r[7]]++
			} else {
				stopped++
			}
		})
	}
	if missing() {
		t.Errorf("of a function among % x nothing passes: %v, and %d were stopped", codes, passed, stopped)
	}
}

// TestKernelAndWorker draws attackers against the kernel's program and the worker's gate
// together, while workers die, die in the middle of a frame, and are not there: no
// forbidden write gets through.
func TestKernelAndWorker(t *testing.T) {
	for _, armed := range []bool{true, false} {
		t.Run(fmt.Sprintf("refuses %v", armed), func(t *testing.T) {
			w := newWhole(t, func(p *policy.Policy) {
				if !armed {
					p.Hosts[1].Refuses = nil
				}
			})
			rapid.Check(t, func(t *rapid.T) {
				w.begin(t)
				if device := trial.Attack(t, w, true); device.Harm() > 0 {
					t.Fatalf("a forbidden write passed: % x", device.Got)
				}
			})
			if w.kernel == 0 || w.asked == 0 {
				t.Errorf("%d requests passed in the kernel and %d were asked about: one of them is not tried", w.kernel, w.asked)
			}
		})
	}
}

// TestHonestThroughBoth holds that an honest client gets all its requests through, whatever
// befalls the worker, and that polling passes in the kernel.
func TestHonestThroughBoth(t *testing.T) {
	w := newWhole(t, func(p *policy.Policy) {
		p.Conduits[0].Rules = append(p.Conduits[0].Rules, policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"modbus"}, Objects: []policy.Object{{Text: "holding:", Row: true, From: 0, To: 100}, {Text: "coil:", Row: true, From: 0, To: 100}}}},
			policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"modbus"}, Codes: []uint32{43}}})
	})
	rapid.Check(t, func(t *rapid.T) {
		w.begin(t)
		if device, asked, done := trial.Converse(t, w, true); !done {
			t.Fatalf("of %d bytes %d arrived: % x", len(asked), len(device.Got), asked)
		}
	})
	w.begin(t)
	trial.Connect(w)
	w.kernel, w.asked = 0, 0
	seq, ack := trial.ClientBegins, trial.ServerBegins
	for i := range uint16(1000) {
		request, answer := trial.ReadSome(i), make([]byte, 17)
		if i%100 == 0 { // a setpoint now and then
			request = trial.WriteOne(i, 5, 50)
		}
		w.Client(trial.TCP(trial.HMI, trial.PLC, seq, ack, trial.ACK, request))
		seq += uint32(len(request))
		w.Server(trial.TCP(trial.PLC, trial.HMI, ack, seq, trial.ACK, answer))
		ack += uint32(len(answer))
	}
	if w.asked > 20 {
		t.Errorf("of 2,000 frames of a client that polls and writes every hundredth time %d were asked about", w.asked)
	}
	t.Logf("of 2,000 frames of a client that polls and writes every hundredth time %d were asked about", w.asked)
}

// TestPartBehindTwoReloads holds that the rest of a write goes nowhere whose beginning went on under a policy that
// two others came after, where who judged it is gone: its server can say how far it is, and not within which message.
func TestPartBehindTwoReloads(t *testing.T) {
	w := newWhole(t, nil)
	w.begin(t)
	trial.Connect(w)
	say := func(from int, data []byte) (on int) {
		for _, f := range w.Client(trial.TCP(trial.HMI, trial.PLC, trial.ClientBegins+uint32(from), trial.ServerBegins, trial.ACK, data)) {
			on += len(f) - 54
		}
		return on
	}
	has := func(bytes int) {
		w.Server(trial.TCP(trial.PLC, trial.HMI, trial.ServerBegins, trial.ClientBegins+uint32(bytes), trial.ACK, nil))
	}
	allowed, forbidden := trial.WriteOne(0, 5, 50), trial.WriteOne(0, 5, 5000)
	if say(0, allowed[:10]) != 10 {
		t.Fatal("the beginning of an allowed write did not go on")
	}
	has(10)
	w.Silence(true)
	w.Reload()
	w.Reload()
	w.Silence(false)
	say(9, allowed[9:10]) // which its server has
	has(10)
	has(10)
	if on := say(10, forbidden[10:]); on > 0 {
		t.Errorf("%d bytes of the rest went on", on)
	}
}
