package lan

import (
	"fmt"
	"time"

	"firedoor/internal/plant/chance"
)

// World is a network and its time. It belongs to one goroutine; everything that
// happens in it happens inside Run.
type World struct {
	now      int64
	seed     uint64
	queue    queue
	random   chance.Random
	taps     []func(at int64, frame []byte)
	scratch  [frameRoom + 4]byte
	pool     *frame
	underWay int
	names    map[string]bool
	stats    Stats
}

// Stats counts what happened in a world.
type Stats struct {
	Frames     uint64 // sent by hosts, routers and switches
	Mirrored   uint64 // seen by mirror ports
	Lost       uint64 // on lossy cables
	Overflow   uint64 // dropped: the memory of a switch, an adapter or MaxFrames was full
	Starved    uint64 // dropped by hosts whose processor was busy
	Retries    uint64 // TCP segments sent again
	Unresolved uint64 // packets dropped because an address did not answer
	Filtered   uint64 // packets a router's filter dropped
	Swallowed  uint64 // frames dropped by a gateway on a cable
}

// New returns an empty world whose time begins at start.
func New(start time.Time, seed uint64) *World {
	return &World{
		now:    start.UnixNano(),
		seed:   seed,
		random: chance.Named(seed, "world"),
		names:  map[string]bool{},
	}
}

// Now is the time in nanoseconds since 1970.
func (w *World) Now() int64 { return w.now }

// Stats returns the counts so far.
func (w *World) Stats() Stats { return w.stats }

// Random is the generator of the world itself; hosts have their own.
func (w *World) Random() *chance.Random { return &w.random }

// At calls do at a time, or now when it has passed. Calls of one time happen in the
// order in which they were asked for.
func (w *World) At(t int64, do func()) {
	w.queue.push(false, max(t, w.now), &event{kind: eventDo, do: do})
}

// After calls do when d has passed.
func (w *World) After(d time.Duration, do func()) { w.At(w.now+int64(d), do) }

// Every calls do after first and then again and again, until do returns false.
func (w *World) Every(first, period time.Duration, do func() bool) {
	var again func()
	again = func() {
		if do() {
			w.After(max(period, 1), again)
		}
	}
	w.After(first, again)
}

// Run lets everything happen that is due before until; Now is until afterwards.
func (w *World) Run(until int64) {
	var e event
	for {
		at, ok := w.queue.pop(until, &e)
		if !ok {
			break
		}
		w.now = at
		w.step(&e)
	}
	w.now = max(w.now, until)
}

func (w *World) step(e *event) {
	switch e.kind {
	case eventDo:
		e.do()
	case eventSwitch:
		e.port.arrived(e.frame)
	case eventHost:
		if e.nic.up() {
			e.nic.owner.frameIn(e.nic, e.frame)
		}
		w.release(e.frame)
	case eventTimer:
		e.conn.wake(int(e.slot))
	case eventAsk:
		e.nic.askAgain(e.hop)
	}
}

// Tap adds a listener to what all mirror ports together see: each frame once, in
// the order of time, with its 802.1Q tag when its VLAN is not 0, without a frame
// check sequence. frame is borrowed.
func (w *World) Tap(fn func(at int64, frame []byte)) { w.taps = append(w.taps, fn) }

// record shows a frame to the taps.
func (w *World) record(f *frame) {
	f.seen = true
	w.stats.Mirrored++
	if len(w.taps) == 0 {
		return
	}
	b := f.bytes()
	if f.vlan != 0 {
		t := w.scratch[:f.n+4]
		copy(t, b[:12])
		t[12], t[13], t[14], t[15] = 0x81, 0x00, byte(f.vlan>>8), byte(f.vlan)
		copy(t[16:], b[12:])
		b = t
	}
	for _, tap := range w.taps {
		tap(w.now, b)
	}
}

// claim takes a name; names are unique, for numbers are derived from them.
func (w *World) claim(name string) error {
	if name == "" {
		return fmt.Errorf("a station has no name")
	}
	if w.names[name] {
		return fmt.Errorf("%s: the name is taken", name)
	}
	w.names[name] = true
	return nil
}
