package datapath

import (
	"encoding/binary"
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// loop is a control loop: a numbered request every millisecond, echoed by the server.
type loop struct {
	t    testing.TB
	c    net.Conn
	stop chan struct{}
	done sync.WaitGroup
	sent uint32

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
	if !echoes(c, 64, patience) { // neighbours know each other from here on
		b.t.Fatal("no echo before the loop begins")
	}
	_ = c.SetDeadline(time.Time{})
	l := &loop{t: b.t, c: c, stop: make(chan struct{})}
	l.done.Go(l.send)
	l.done.Go(l.receive)
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
			l.sent++
			binary.BigEndian.PutUint32(buf, l.sent)
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
		l.numbers = append(l.numbers, binary.BigEndian.Uint32(buf))
		l.slowest = max(l.slowest, time.Since(time.Unix(0, int64(binary.BigEndian.Uint64(buf[4:])))))
	}
}

// end stops the loop and holds that nothing was lost and all came in order.
func (l *loop) end(least uint32) {
	l.t.Helper()
	close(l.stop)
	time.Sleep(200 * time.Millisecond) // what is on its way comes
	_ = l.c.Close()
	l.done.Wait()
	if l.sent < least {
		l.t.Errorf("only %d requests were sent: that shows little", l.sent)
	}
	if lost := int(l.sent) - len(l.numbers); lost != 0 {
		l.t.Errorf("%d of %d were lost", lost, l.sent)
	}
	if !slices.IsSorted(l.numbers) {
		l.t.Error("answers came in another order than requests went")
	}
	l.t.Logf("%d requests, a millisecond apart: %d lost; longest gap between answers %v, the slowest took %v, with what else this machine does", l.sent, int(l.sent)-len(l.numbers), l.gap, l.slowest)
}
