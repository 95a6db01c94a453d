package datapath

import (
	"encoding/binary"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// loop is a control loop: a numbered request every millisecond, echoed by the server.
type loop struct {
	t                  testing.TB
	c                  net.Conn
	stop               chan struct{}
	sending, receiving sync.WaitGroup
	sent               atomic.Uint32
	back               atomic.Uint32

	numbers []uint32
	slowest time.Duration
	gap     time.Duration // the longest between two answers
}

func (b *bed) loop() *loop {
	b.t.Helper()
	c, err := b.dial("udp", b.Server.IP4, echoPort, patience)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := roomy(c.(*net.UDPConn)); err != nil {
		b.t.Fatal(err)
	}
	if !echoes(c, 64, patience) { // neighbours know each other from here on
		b.t.Fatal("no echo before the loop begins")
	}
	_ = c.SetDeadline(time.Time{})
	l := &loop{t: b.t, c: c, stop: make(chan struct{})}
	l.sending.Go(l.send)
	l.receiving.Go(l.receive)
	return l
}

func (l *loop) send() {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	buf := make([]byte, 64)
	for {
		select {
		case <-l.stop:
			return
		case <-tick.C:
			binary.BigEndian.PutUint32(buf, l.sent.Add(1))
			binary.BigEndian.PutUint64(buf[4:], uint64(time.Now().UnixNano()))
			if _, err := l.c.Write(buf); err != nil {
				l.t.Error(err)
				return
			}
		}
	}
}

func (l *loop) receive() {
	buf := make([]byte, 64)
	last := time.Now()
	for {
		if _, err := l.c.Read(buf); err != nil {
			return
		}
		now := time.Now()
		l.gap, last = max(l.gap, now.Sub(last)), now
		l.back.Add(1)
		l.numbers = append(l.numbers, binary.BigEndian.Uint32(buf))
		l.slowest = max(l.slowest, time.Since(time.Unix(0, int64(binary.BigEndian.Uint64(buf[4:])))))
	}
}

// end stops the loop, once so many requests went as show something, and holds that nothing was
// lost and all came in order.
func (l *loop) end(least uint32) {
	l.t.Helper()
	for l.sent.Load() < least {
		time.Sleep(time.Millisecond)
	}
	close(l.stop)
	l.sending.Wait()
	for end := time.Now().Add(patience); l.back.Load() < l.sent.Load() && time.Now().Before(end); {
		time.Sleep(time.Millisecond) // what is on its way comes
	}
	_ = l.c.Close()
	l.receiving.Wait()
	sent := int(l.sent.Load())
	if lost := sent - len(l.numbers); lost != 0 {
		l.t.Errorf("%d of %d were lost", lost, sent)
	}
	if !slices.IsSorted(l.numbers) {
		l.t.Error("answers came in another order than requests went")
	}
	l.t.Logf("%d requests, a millisecond apart: %d lost; longest gap between answers %v, the slowest took %v, with what else this machine does", sent, sent-len(l.numbers), l.gap, l.slowest)
}
