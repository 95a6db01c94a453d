package main

import (
	"slices"
	"time"

	"github.com/vishvananda/netlink"

	"firedoor/internal/testbed"
)

// syn is the beginning of its stream.
func (f *forger) syn() *segment {
	s := f.segment(-1, nil)
	s.flags, s.ack = flagSYN, 0
	return s
}

// slowed has the controller send a mebibit in a second and no more, so that its answers wait for each
// other. It gives what ends that.
func (a *assault) slowed() (restore func()) {
	const rate, burst = 1 << 17, 1600 // bytes
	do := func(what func(q *netlink.Tbf) error) error {
		return a.bed.Server.Do(func() error {
			wire, err := netlink.LinkByName(testbed.Wire)
			if err != nil {
				return err
			}
			attrs := netlink.QdiscAttrs{LinkIndex: wire.Attrs().Index, Handle: netlink.MakeHandle(1, 0), Parent: netlink.HANDLE_ROOT}
			return what(&netlink.Tbf{QdiscAttrs: attrs, Rate: rate, Buffer: netlink.Xmittime(rate, burst), Limit: 1 << 20})
		})
	}
	if err := do(func(q *netlink.Tbf) error { return netlink.QdiscAdd(q) }); err != nil {
		a.t.Skipf("the controller cannot be slowed here: %v", err)
	}
	return func() {
		if err := do(func(q *netlink.Tbf) error { return netlink.QdiscDel(q) }); err != nil {
			a.t.Error(err)
		}
	}
}

// busy has the controller send so much that what it says next waits.
func (a *assault) busy() {
	f := a.connected()
	f.say(0, slices.Repeat(adu(8, 3, 0, 0, 0, 125), 9))
	f.until(300*time.Millisecond, func() bool { return len(f.got) > 0 })
}

// takenTwice repeats its SYN in front of requests that are allowed: the controller answers it once
// more, but behind other answers, so that by then the requests went on, and a gateway may think that the
// connection begins there. Then it sends other requests in their place, of which the controller takes what is behind
// those that it has: a write.
func (a *assault) takenTwice() {
	defer a.slowed()()
	first := slices.Concat(adu(1, 24, 0, 0), adu(2, 24, 0, 0), adu(3, 24, 0, 0))
	second := slices.Concat(aRead(), aRead(), adu(9, 3, 0, 0, 0, 8), adu(0x010f, 3, 0, 0, 0, 1), aRead())
	for range 6 {
		f := a.prepared()
		f.mu.Lock()
		f.quiet = true
		f.mu.Unlock()
		f.r.send(f.syn())
		if !f.until(time.Second, func() bool { return f.heard }) {
			a.t.Fatal("the controller does not answer")
		}
		a.busy()
		f.r.send(f.syn())
		f.say(0, first)
		f.until(300*time.Millisecond, func() bool { return f.taken > 1 })
		f.say(0, second)
		if got := a.waited(); len(got) > 0 {
			a.kept(got)
			return
		}
	}
}

// begunAnew ends a connection and begins another one with the same number; behind its SYN comes one
// that is spoilt. A gateway that believes in that goes on with the first connection, and takes a write
// for bytes that the controller has.
func (a *assault) begunAnew() {
	defer a.slowed()()
	for range 3 {
		f := a.connected()
		f.say(0, aRead())
		f.say(12, aRead())
		f.has(24, 200*time.Millisecond)
		f.mu.Lock()
		f.quiet = true
		f.mu.Unlock()
		end := f.segment(24, nil)
		end.flags = flagRST
		f.r.send(end)
		g := newForger(a.t, a.bed, f.me, f.it)
		a.rest = append(a.rest, g)
		g.base = f.base
		decoy := g.syn()
		decoy.seq, decoy.badSum = decoy.seq+5000, true
		a.busy()
		g.r.send(g.syn())
		g.r.send(decoy)
		if !g.until(time.Second, func() bool { return g.heard }) {
			a.t.Fatal("the controller does not take a second connection")
		}
		g.say(0, forbiddenWrite())
		if got := a.waited(); len(got) > 0 {
			a.kept(got)
			return
		}
	}
}

// answersItself takes its own connection in the controller's name, before that does or behind it. A gateway that believes it takes
// what it says next for answers.
func (a *assault) answersItself() {
	for _, flags := range []byte{flagSYN | flagACK, flagACK} {
		for _, first := range []bool{true, false} {
			f := a.prepared()
			its := f.syn()
			its.from, its.to, its.flags, its.ack, its.seq = f.it, f.me, flags, its.seq+1, 77
			if first {
				f.r.send(f.syn())
				f.r.send(its)
			}
			if err := f.connect(); err != nil {
				a.t.Fatalf("%v\n%s", err, a.log)
			}
			f.r.send(its)
			f.say(0, forbiddenWrite())
			f.has(12, 200*time.Millisecond)
		}
	}
}
