package inline_test

import (
	"testing"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
)

// reach gives what of the frames towards plc a device takes that stands at next.
func reach(d *trial.Device, frames [][]byte) {
	for _, f := range frames {
		if f[47]&(trial.SYN|trial.RST) == 0 {
			d.Take(f)
		}
	}
}

func (b *bench) syn(seq uint32) {
	b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, seq, 0, trial.SYN, nil))
}

func (b *bench) taken(seq, ack uint32) {
	b.frame(inline.Outside, trial.TCP(trial.PLC, trial.HMI, seq, ack, trial.SYN|trial.ACK, nil))
}

// straddling is a write of registers that are allowed where it begins a message, and a write of
// one that is not to who has its first twelve bytes already.
func straddling() []byte {
	const values = 14
	hidden := trial.WriteOne(7, 200, 999)
	data := append(hidden[1:], make([]byte, values+1-len(hidden))...)
	return trial.Request(2, 16, append([]byte{0, 0, 0, values / 2, values}, data...)...)
}

// TestTakenTwice holds that nothing has the gate forget where a connection stands but that it begins
// anew: its server's SYN-ACK may come twice, or late, for the client sent its SYN twice; and that after it
// neither the gate nor the one that comes after it judges other bytes in the place of those that went on.
func TestTakenTwice(t *testing.T) {
	for name, c := range map[string]struct {
		acked   bool // the server has the read before
		restart bool
		seq     uint32 // of the SYN-ACK, beside the one that began the connection
	}{
		"twice":                              {},
		"twice, to another gate":             {restart: true},
		"behind an answer":                   {acked: true},
		"behind an answer, to another gate":  {acked: true, restart: true},
		"with another number":                {seq: 500},
		"with another, behind an answer":     {seq: 500, acked: true},
		"with another number, to a new gate": {seq: 500, restart: true},
	} {
		l := newLine(t, trial.Guarded(t, trial.More))
		first := l.client
		device := &trial.Device{Next: first}
		l.syn(first - 1)
		l.taken(l.server-1, first)
		l.syn(first - 1)
		if c.seq != 0 { // or it would be a connection that begins
			l.syn(first + 99)
		}
		l.toPLC = nil
		l.say(trial.ReadSome(1))
		reach(device, l.toPLC)
		if len(device.Got) != 12 {
			t.Fatalf("%s: %d bytes of a read went on", name, len(device.Got))
		}
		if c.acked {
			l.acknowledge()
		}
		if c.restart {
			l.Restart(false)
		}
		l.taken(l.server-1+c.seq, first)
		l.toPLC = nil
		l.client = first
		l.say(straddling())
		reach(device, l.toPLC)
		if n := device.Harm(); n > 0 {
			t.Errorf("%s: a forbidden write passed: % x; %v", name, device.Got, l.told)
		}
		if c.acked || c.seq != 0 {
			continue
		}
		l.client, l.toPLC = first+12, nil
		l.say(trial.ReadSome(2))
		if reach(device, l.toPLC); len(device.Got) < 24 {
			t.Errorf("%s: an honest client's connection does not go on: %v", name, l.told)
		}
	}
}

// TestSameNumbers holds that a connection that begins with the client's number of the last one is judged
// from its beginning, by this gate and by the next, and nothing of it passes as what is old; also where the server's
// number is the same, as devices have it that always begin with one: there after a reset, and a while.
func TestSameNumbers(t *testing.T) {
	for name, c := range map[string]struct {
		restart bool
		server  uint32 // by how much its number differs
		decoy   bool   // a SYN that the server does not take comes behind the one that it takes
		resets  bool
	}{
		"another of the server":                {server: 7777},
		"another, to another gate":             {server: 7777, restart: true},
		"the same":                             {resets: true},
		"the same, to another gate":            {resets: true, restart: true},
		"another, and a decoy":                 {server: 7777, decoy: true, resets: true},
		"another, and a decoy, and a new gate": {server: 7777, decoy: true, restart: true, resets: true},
	} {
		l := newLine(t, trial.Guarded(t, nil))
		first := l.client
		begin := func() {
			l.syn(first - 1)
			if c.decoy {
				l.syn(first + 4999)
			}
			l.taken(l.server-1, first)
			l.client, l.toPLC, l.toHMI = first, nil, nil
		}
		l.connect()
		for i := range uint16(3) {
			l.say(trial.ReadSome(i))
			l.acknowledge()
		}
		l.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, l.client, l.server, trial.RST, nil))
		if c.restart {
			l.Restart(false)
		}
		l.server += c.server
		begin()
		device := &trial.Device{Next: first}
		l.say(trial.WriteOne(2, 200, 999))
		if reach(device, l.toPLC); device.Harm() > 0 {
			t.Errorf("%s: a forbidden write passed as what was sent before", name)
		}
		if reset := len(l.toHMI) > 0 && l.toHMI[0][47]&trial.RST != 0; reset != c.resets {
			t.Errorf("%s: the connection is reset: %v", name, reset)
		}
		c.decoy = false
		l.server += c.server
		l.now += 20 * second
		begin()
		l.say(trial.WriteOne(2, 5, 5))
		if got := payloads(l.toPLC); string(got) != string(trial.WriteOne(2, 5, 5)) {
			t.Errorf("%s: of the next connection went on: % x; %v", name, got, l.told)
		}
	}
}

// TestEndThatNobodyTakes holds that a client that says within a message that its connection ends, in a
// frame that its server never gets, does not have the rest of that message judged as a beginning once
// the gate has forgotten the connection: nor where the server lacks a part of what went on. Who ended behind
// all of it may go on, as one that was there before the gate.
func TestEndThatNobodyTakes(t *testing.T) {
	for name, c := range map[string]struct {
		said  []byte
		acked uint32 // of it
		goes  bool
	}{
		"within a message":        {twofold[:7], 7, false},
		"the server lacks a part": {trial.ReadSome(1), 7, false},
		"finished":                {trial.ReadSome(1), 12, true},
	} {
		for _, shares := range []bool{true, false} {
			var b *bench
			if shares {
				b = newLine(t, trial.Guarded(t, nil)).bench
			} else {
				b = newBench(t, trial.Guarded(t, nil))
			}
			b.connect()
			first := b.client
			b.say(c.said)
			b.client = first + c.acked
			b.acknowledge()
			b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, first+uint32(len(c.said)), b.server, trial.RST, nil))
			b.now += 30 * second
			b.frame(inline.Inside, trial.TCP(trial.HMI.At(9), trial.PLC, 1, 0, trial.SYN, nil)) // and it looks for idle ones
			b.toPLC = nil
			rest := trial.ReadSome(3)
			b.say(rest)
			b.client = first + c.acked
			b.acknowledge()
			if goes := string(payloads(b.toPLC)) == string(rest) || len(b.toPLC) > 1 && string(payloads(b.toPLC[1:])) == string(rest); goes != c.goes {
				t.Errorf("%s, shares %v: what comes behind it goes on: %v; % x", name, shares, goes, payloads(b.toPLC))
			}
		}
	}
}

// TestWorstOfTwo holds that a request that could be refused does not hide that its frame is
// stopped for another one.
func TestWorstOfTwo(t *testing.T) {
	b := newBench(t, trial.Guarded(t, func(p *policy.Policy) { p.Conduits[0].Instead = firedoor.Reset }))
	b.connect()
	w := trial.WriteOne(1, 200, 7)
	b.say(w[:9])
	b.toPLC, b.told = nil, nil
	b.say(append(append([]byte{}, w[9:]...), trial.WriteOne(2, 201, 7)...))
	for to, frames := range map[string][][]byte{"plc": b.toPLC, "hmi": b.toHMI} {
		if len(frames) != 1 || frames[0][47]&trial.RST == 0 {
			t.Errorf("to %s: % x, want a reset", to, frames)
		}
	}
	if len(b.told) == 0 {
		t.Error("nothing was told")
	}
	for _, line := range b.told {
		if want := ": reset, says refuse because of default"; len(line) < len(want) || line[len(line)-len(want):] != want {
			t.Errorf("told: %q", line)
		}
	}
}
