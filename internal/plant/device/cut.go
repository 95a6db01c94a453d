package device

// cutter makes whole messages of bytes that come however they are cut. It holds
// at most one incomplete message.
type cutter struct {
	held []byte
	// header is how many bytes tell a message's length; length reads it from
	// them, and is 0 or less for what cannot be a message.
	header int
	length func(header []byte) int
}

// next takes one message off b. message is nil when it is not complete yet (the
// rest is empty then); ok is false when this is no message of the protocol.
// A message is good until the next call.
func (c *cutter) next(b []byte) (message, rest []byte, ok bool) {
	if len(c.held) == 0 && len(b) >= c.header {
		n := c.length(b[:c.header])
		if n < c.header {
			return nil, nil, false
		}
		if n <= len(b) {
			return b[:n], b[n:], true
		}
	}
	if missing := c.header - len(c.held); missing > 0 {
		missing = min(missing, len(b))
		c.held = append(c.held, b[:missing]...)
		b = b[missing:]
		if len(c.held) < c.header {
			return nil, nil, true
		}
	}
	n := c.length(c.held[:c.header])
	if n < c.header {
		return nil, nil, false
	}
	missing := min(n-len(c.held), len(b))
	c.held = append(c.held, b[:missing]...)
	b = b[missing:]
	if len(c.held) < n {
		return nil, nil, true
	}
	message = c.held
	c.held = c.held[:0]
	return message, b, true
}
