package device

import (
	"encoding/binary"
	"strconv"
	"strings"

	"firedoor/internal/plant"
)

// takeUser takes the answer to a userdata request, or a part of one, which is
// collected in data until it is whole.
func (c *S7Client) takeUser(m s7Message, out []byte) ([]byte, []Reply) {
	if m.kind != plant.S7Userdata || len(m.param) != 12 || len(m.data) < 4 {
		return out, c.fail(0, "answer of the wrong length")
	}
	if len(c.data)+len(m.data) > MaxBlockSize {
		return out, c.fail(0, "answer too long")
	}
	if m.data[0] == s7OK {
		c.data = append(c.data, m.data[4:]...)
	}
	if more := m.param[9]; more != 0 {
		u := plant.S7User{Group: m.param[5] & 0xf, Sub: m.param[6], Sequence: m.param[7], Unit: max(m.param[8], 1)}
		return c.next().UserAsk(out, u, nil), nil
	}
	switch c.reply.Request.Verb {
	case Identify:
		return c.identity(out)
	case ListBlocks:
		return c.blocks(out)
	case ReadClock:
		t, ok := s7Clock(c.data)
		if !ok {
			return out, c.fail(0, "no time")
		}
		c.reply.Time = t
	}
	return out, c.done()
}

// identity takes one of the two lists that say who the CPU is: the texts of
// their records, order number first.
func (c *S7Client) identity(out []byte) ([]byte, []Reply) {
	d := c.data
	if len(d) < 8 {
		return out, c.fail(0, "answer of the wrong length")
	}
	size := int(binary.BigEndian.Uint16(d[4:]))
	for d = d[8:]; size >= 22 && len(d) >= size; d = d[size:] {
		text := d[2:size]
		if size == 28 { // modules: what follows the order number is the version
			text = d[2:22]
		}
		if t := strings.TrimRight(string(text), " \x00"); t != "" {
			c.texts = append(c.texts, t)
		}
	}
	c.data = c.data[:0]
	if c.stage++; c.stage == 1 {
		return c.next().SZL(out, 0x001c, 0), nil
	}
	return out, c.done()
}

// blocks takes the numbers of blocks of each kind, then the lists of the kinds
// that have any.
func (c *S7Client) blocks(out []byte) ([]byte, []Reply) {
	if c.stage == 0 {
		for d := c.data; len(d) >= 4; d = d[4:] {
			if d[2]|d[3] != 0 && len(c.kinds) < len(s7BlockKinds) {
				c.kinds = append(c.kinds, d[1])
			}
		}
	} else {
		for d := c.data; len(d) >= 4; d = d[4:] {
			for _, k := range s7BlockKinds {
				if k.letter == c.kind {
					c.texts = append(c.texts, k.name+strconv.Itoa(int(binary.BigEndian.Uint16(d))))
				}
			}
		}
	}
	c.data = c.data[:0]
	if c.stage == len(c.kinds) {
		return out, c.done()
	}
	c.kind = c.kinds[c.stage]
	c.stage++
	return c.next().UserAsk(out, plant.S7User{Group: s7GroupBlocks, Sub: 2}, []byte{'0', c.kind}), nil
}

// takeUpload goes through start, parts and end.
func (c *S7Client) takeUpload(m s7Message, out []byte) ([]byte, []Reply) {
	if m.kind != plant.S7Ack || len(m.param) == 0 {
		return out, c.fail(0, "answer of the wrong length")
	}
	switch m.param[0] {
	case s7FnUpload:
		if len(m.param) < 8 {
			return out, c.fail(0, "answer of the wrong length")
		}
		c.transfer = binary.BigEndian.Uint32(m.param[4:])
		return c.next().Upload(out, c.transfer), nil
	case s7FnUploadBlock:
		if len(m.param) != 2 || len(m.data) < 4 || len(c.data)+len(m.data) > MaxBlockSize+4 {
			return out, c.fail(0, "answer of the wrong length")
		}
		c.data = append(c.data, m.data[4:]...)
		if m.param[1]&1 != 0 {
			return c.next().Upload(out, c.transfer), nil
		}
		return c.next().EndUpload(out, c.transfer), nil
	}
	return out, c.done()
}

// takeDownload takes the answers to the request and, at last, to the insertion.
func (c *S7Client) takeDownload(m s7Message, out []byte) ([]byte, []Reply) {
	if len(m.param) > 0 && m.param[0] == s7FnInvoke {
		return out, c.done()
	}
	return out, nil
}

// asked serves the jobs that a CPU gives its client during a download: a part
// of the block, and its end, after which the client has the block inserted.
func (c *S7Client) asked(m s7Message, out []byte) []byte {
	if !c.busy || c.reply.Request.Verb != Download || len(m.param) == 0 {
		return out
	}
	switch m.param[0] {
	case s7FnDownloadBlock:
		rest := c.reply.Request.Program[c.sent:]
		n := min(len(rest), c.pdu-18)
		c.sent += n
		return m.DownloadBlockAnswer(out, rest[:n], n < len(rest))
	case s7FnDownloadEnd:
		out = m.DownloadEndAnswer(out)
		return c.next().Insert(out, c.file)
	}
	return out
}
