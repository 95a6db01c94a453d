package factory

import (
	"net/netip"
	"time"

	"firedoor/internal/plant/device"
	"firedoor/internal/plant/lan"
	"firedoor/internal/plant/truth"
)

// What a client does when things go wrong, as panels and servers do.
const (
	answerWithin = 3 * time.Second // then the connection is given up
	tryAgain     = 5 * time.Second // after the first failure; doubled to tryAtMost
	tryAtMost    = 60 * time.Second
	maxTasks     = 32 // that wait for one session; more are dropped and counted
)

// task is one request that waits for its turn. done may be nil; ok is false when
// the session broke before the answer came, and reply then says nothing. sent, which
// may be nil too, is called when the request leaves.
type task struct {
	ask  device.Request
	done func(reply *device.Reply, ok bool)
	sent func()

	entry   *truth.Entry // what it belongs to; nil: what the session does, or a poll
	attempt *Attempt     // nil unless it would change a controller
}

// session is one client's connection to one server: it is opened when there is
// something to ask, kept, and opened again when it broke.
type session struct {
	f      *Factory
	from   *lan.Host
	to     netip.AddrPort
	make   func() device.Client
	client device.Client
	conn   *lan.Conn
	once   bool // closed when nothing waits any more, and not tried again
	over   bool
	queue  []task
	busy   bool
	asked  int64 // when the request under way was sent
	pause  time.Duration
	shut   bool // between a failure and the next try
	out    []byte
	wake   func() // bound once: try again
	late   func() // bound once: is the answer late?

	told func(t *task) // may be nil: told of every request that is sent

	server  *unit        // the controller; nil for what is none
	entry   *truth.Entry // what all of it belongs to; nil: each task for itself, or polls
	stopped string       // what a gateway did to the connection at hand

	// What became of it all: requests that found no room, that were sent, that were
	// answered and that were answered with an error; connections that broke.
	dropped, sent, answered, refused, broken uint64
}

func (f *Factory) session(from *lan.Host, to netip.AddrPort, client func() device.Client) *session {
	s := &session{f: f, from: from, to: to, make: client, pause: tryAgain}
	s.wake = func() {
		s.shut = false
		s.next()
	}
	s.late = func() {
		if s.busy && f.world.Now()-s.asked >= int64(answerWithin) {
			s.conn.Reset() // and so it broke
		}
	}
	return s
}

// ask puts a request in the queue.
func (s *session) ask(r device.Request, done func(*device.Reply, bool)) {
	s.put(task{ask: r, done: done})
}

// put puts a task in the queue.
func (s *session) put(t task) {
	s.attempt(&t)
	if s.over || len(s.queue) >= maxTasks {
		s.dropped++
		s.ended(&t, nil, false)
		if t.done != nil {
			t.done(nil, false)
		}
		return
	}
	s.queue = append(s.queue, t)
	s.next()
}

// next sends what waits, or opens the connection for it.
func (s *session) next() {
	if s.busy || s.shut || s.over || len(s.queue) == 0 {
		if s.once && s.conn != nil && !s.busy && len(s.queue) == 0 && s.client.Ready() {
			s.end()
		}
		return
	}
	if s.conn == nil {
		s.client = s.make()
		s.stopped = ""
		s.conn = s.from.DialTCP(s.to, 0, s)
		s.dialled()
		return
	}
	if !s.conn.Open() || !s.client.Ready() {
		return
	}
	out, err := s.client.Ask(s.queue[0].ask, s.out[:0])
	s.out = out
	if err != nil {
		s.finish(nil, false)
		s.next()
		return
	}
	s.sentOut(&s.queue[0])
	if s.told != nil {
		s.told(&s.queue[0])
	}
	if sent := s.queue[0].sent; sent != nil {
		sent()
	}
	s.busy, s.asked = true, s.f.world.Now()
	s.sent++
	s.conn.Send(out)
	s.f.world.After(answerWithin, s.late)
}

// finish takes the first task out of the queue and tells how it ended.
func (s *session) finish(reply *device.Reply, ok bool) {
	t := s.queue[0]
	s.ended(&t, reply, s.busy)
	n := copy(s.queue, s.queue[1:])
	s.queue[n] = task{}
	s.queue, s.busy = s.queue[:n], false
	if t.done != nil {
		t.done(reply, ok)
	}
}

// Opened says what the protocol says first.
func (s *session) Opened(c *lan.Conn) {
	if c != s.conn {
		return
	}
	s.out = s.client.Open(s.out[:0])
	if len(s.out) > 0 {
		c.Send(s.out)
	}
	s.next()
}

// Received takes an answer, or a part of one.
func (s *session) Received(c *lan.Conn, b []byte) {
	if c != s.conn {
		return
	}
	out, replies, err := s.client.Receive(b, s.out[:0])
	s.out = out
	if len(out) > 0 {
		s.asked = s.f.world.Now() // a long request goes on
		c.Send(out)
	}
	if err != nil {
		c.Reset() // and so it broke
		return
	}
	for i := range replies {
		if s.busy {
			s.pause = tryAgain
			s.answered++
			if !replies[i].OK {
				s.refused++
			}
			s.finish(&replies[i], true)
		}
	}
	if c == s.conn {
		s.next()
	}
}

// Closed is the end of the connection, whoever ended it.
func (s *session) Closed(c *lan.Conn, _ error) {
	if c == s.conn {
		s.broke()
	}
}

// broke forgets the connection; what was under way failed, the rest is tried again.
func (s *session) broke() {
	s.hungUp()
	s.conn, s.shut = nil, true
	s.broken++
	if s.server != nil && !s.guilty() {
		s.f.outcome.honest.Broken++
	}
	if len(s.queue) > 0 {
		s.finish(nil, false)
	}
	if s.once {
		s.over = true
		for len(s.queue) > 0 {
			s.finish(nil, false)
		}
		return
	}
	s.f.world.After(s.pause, s.wake)
	s.pause = min(2*s.pause, tryAtMost)
}

// end closes the connection in good order.
func (s *session) end() {
	if s.conn != nil {
		c := s.conn
		s.hungUp()
		s.conn = nil
		c.Close()
	}
	s.over = s.over || s.once
}
