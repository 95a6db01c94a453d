package s7comm

import "encoding/binary"

const (
	protocolID  = 0x32
	leastHeader = 10
)

// Kinds of message (ROSCTR).
const (
	kindJob      = 1
	kindAck      = 2
	kindAckData  = 3
	kindUserdata = 7
)

// message is one S7 message: a header, parameters and data.
type message struct {
	kind  byte
	ref   uint16 // joins question and answer
	err   uint16 // error class and code of an answer
	head  int
	plen  int
	dlen  int
	param []byte
	data  []byte
}

func (m *message) size() int { return m.head + m.plen + m.dlen }

// header reads the fixed part.
func (m *message) header(b []byte) bool {
	if len(b) < leastHeader || b[0] != protocolID {
		return false
	}
	*m = message{
		kind: b[1], ref: binary.BigEndian.Uint16(b[4:]), head: leastHeader,
		plen: int(binary.BigEndian.Uint16(b[6:])), dlen: int(binary.BigEndian.Uint16(b[8:])),
	}
	switch m.kind {
	case kindJob, kindUserdata:
		return true
	case kindAck, kindAckData:
		m.head += 2
		if len(b) < m.head {
			return false
		}
		m.err = binary.BigEndian.Uint16(b[10:])
		return true
	}
	return false
}

// read reads a whole message and returns what stands behind it.
func (m *message) read(b []byte) (rest []byte, ok bool) {
	if !m.header(b) || m.size() > len(b) {
		return nil, false
	}
	m.param = b[m.head : m.head+m.plen]
	m.data = b[m.head+m.plen : m.size()]
	return b[m.size():], true
}

// function is the first byte of the parameters, 0 if there are none.
func (m *message) function() byte {
	if len(m.param) == 0 {
		return 0
	}
	return m.param[0]
}
