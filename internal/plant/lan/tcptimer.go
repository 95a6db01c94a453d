package lan

// The timers of a connection. Each has at most one event that counts: an event that
// comes too early (the timer was put off since) asks to be called again, one that
// comes for a timer that was set to an earlier time in between is stale.
const (
	timerAck  = iota // a delayed acknowledgement
	timerSend        // repetition, probing a shut window, TIME-WAIT
	timerIdle        // keep-alive
)

const persistMost = 60 * 1000000000

type timer struct {
	due    int64 // 0: not running
	queued int64 // the event that counts; 0: none
}

func (c *Conn) arm(slot int, at int64) {
	t := &c.timers[slot]
	t.due = at
	if t.queued == 0 || at < t.queued {
		t.queued = at
		c.h.w.queue.push(false, at, &event{kind: eventTimer, conn: c, slot: uint8(slot)})
	}
}

func (c *Conn) wake(slot int) {
	t := &c.timers[slot]
	now := c.h.w.now
	if t.queued != now {
		return
	}
	t.queued = 0
	if t.due == 0 || c.state == closed {
		return
	}
	if t.due > now {
		due := t.due
		c.arm(slot, due)
		return
	}
	t.due = 0
	switch slot {
	case timerAck:
		if c.owed > 0 {
			c.segment(flagACK, c.nxt, nil)
		}
	case timerSend:
		c.sendAgain()
	case timerIdle:
		c.keepAlive()
	}
}

// sendAgain is due when an acknowledgement did not come in time.
func (c *Conn) sendAgain() {
	m := c.h.manners
	switch c.state {
	case synSent, synReceived:
		if c.tries++; c.tries > m.SYNRetries {
			c.end(ErrTimeout)
			return
		}
		c.timing = false
		c.backOff(int64(m.RTOMax))
		c.h.w.stats.Retries++
		c.sendSYN()
		return
	case finWait2:
		c.end(ErrTimeout)
		return
	case timeWait:
		c.end(nil)
		return
	}
	if c.tries++; c.tries > m.Retries {
		c.end(ErrTimeout)
		return
	}
	if c.nxt == c.una && c.wnd == 0 {
		c.probeWindow()
		return
	}
	c.backOff(int64(m.RTOMax))
	c.timing = false
	c.slow = max((c.nxt-c.una)>>1, c.mss<<1)
	c.cwnd = c.mss
	c.recovering, c.doubles = false, 0
	c.nxt = c.una // everything again, from here
	c.push()
}

func (c *Conn) backOff(most int64) { c.rto = min(c.rto<<1, most) }

// probeWindow sends one byte into a shut window (RFC 9293 section 3.8.6.1).
func (c *Conn) probeWindow() {
	done := int(c.nxt - c.base)
	if c.from+done >= len(c.out) {
		return
	}
	at := c.from + done
	if end := c.nxt + 1; after(end, c.top) {
		c.top = end
	}
	c.segment(flagACK, c.nxt, c.out[at:at+1])
	c.backOff(persistMost)
	c.arm(timerSend, c.h.w.now+c.rto)
}

// keepAlive is due when the other side was silent for a while.
func (c *Conn) keepAlive() {
	m := c.h.manners
	now := c.h.w.now
	if quiet := c.heardAt + c.idle; quiet > now {
		c.arm(timerIdle, quiet)
		return
	}
	if c.probes++; c.probes > m.KeepAliveTries {
		c.segment(flagRST|flagACK, c.nxt, nil)
		c.end(ErrTimeout)
		return
	}
	if c.nxt == c.una { // what is under way asks as well
		var b [1]byte
		n := 0
		if m.KeepAliveByte {
			n = 1
		}
		c.segment(flagACK, c.nxt-1, b[:n])
	}
	c.arm(timerIdle, now+int64(m.KeepAliveEvery))
}

// measure takes in the time of a round trip (RFC 6298 section 2).
func (c *Conn) measure(r int64) {
	if c.rtt == 0 {
		c.rtt, c.rttVar = r, r>>1
	} else {
		off := c.rtt - r
		if off < 0 {
			off = -off
		}
		c.rttVar += (off - c.rttVar) / 4
		c.rtt += (r - c.rtt) / 8
	}
	c.settle()
}

// settle takes the timeout back to what the round trips say, after backing off.
func (c *Conn) settle() {
	m := c.h.manners
	if c.rtt == 0 {
		c.rto = int64(m.RTOInitial)
		return
	}
	c.rto = min(c.rtt+max(c.rttVar<<2, int64(m.RTOMin)), int64(m.RTOMax))
}
