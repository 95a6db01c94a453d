package device

import (
	"encoding/binary"
	"net/netip"

	"firedoor/internal/plant"
	"firedoor/internal/plant/chance"
)

// tlsMaxRecord is a record's largest content, with what encryption adds.
const tlsMaxRecord = 1<<14 + 256

// tlsRecord is how much of an answer one record carries.
const tlsRecord = 1 << 14

// TLSConfig describes an encrypted service: nobody can read it, so what it says
// is made up, and only lengths matter.
type TLSConfig struct {
	Seed uint64
	// Answer is the length of the answer to a request of a length; without it
	// answers are as long as pages are, 500 bytes to 40,000.
	Answer func(request int) int
	// Connections is how many clients it serves at once; 0 is eight.
	Connections int
}

// TLS is an encrypted service (Server): it takes up sessions again (RFC 5246,
// 7.3) or speaks TLS 1.3, as the client can.
type TLS struct {
	config TLSConfig
	random chance.Random
	places places
}

// NewTLS returns an encrypted service.
func NewTLS(c TLSConfig) *TLS {
	return &TLS{config: c, random: chance.New(c.Seed), places: newPlaces(c.Connections)}
}

// Accept implements Server.
func (t *TLS) Accept(netip.Addr) Session {
	if !t.places.take() {
		return nil
	}
	return &tlsSession{seat: seat{&t.places}, server: t, cut: cutter{header: 5, length: tlsLength}}
}

// Kinds of record.
const (
	tlsChange    = 20
	tlsAlert     = 21
	tlsHandshake = 22
	tlsData      = 23
)

// tlsLength reads the length of a record.
func tlsLength(h []byte) int {
	n := int(binary.BigEndian.Uint16(h[3:]))
	if h[0] < tlsChange || h[0] > tlsData || h[1] != 3 || n > tlsMaxRecord {
		return 0
	}
	return 5 + n
}

type tlsSession struct {
	seat
	server  *TLS
	cut     cutter
	greeted bool
	heard   int // records of data; the first ends the handshake
}

// Receive implements Session.
func (s *tlsSession) Receive(_ int64, b, out []byte) ([]byte, bool) {
	for {
		record, rest, ok := s.cut.next(b)
		if !ok {
			return out, false
		}
		if record == nil {
			return out, true
		}
		b = rest
		switch {
		case record[0] == tlsAlert:
			return out, false
		case !s.greeted:
			if record[0] != tlsHandshake || len(record) < 11 || record[5] != 1 {
				return append(out, tlsAlert, 3, 3, 0, 2, 2, 10), false // unexpected message
			}
			s.greeted = true
			out = s.greet(record, out)
		case record[0] == tlsData:
			out = s.answer(len(record)-5, out)
		}
	}
}

// greet answers a ClientHello; what follows it is already encrypted.
func (s *tlsSession) greet(hello, out []byte) []byte {
	r := &s.server.random
	modern := tlsModern(hello[9:])
	out = plant.TLSHello{Modern: modern}.ServerAnswer(out, r)
	if !modern {
		return plant.TLSData(out, r, 40) // its end of the handshake
	}
	return plant.TLSData(out, r, 1800+r.N(1200)) // with a certificate
}

// answer answers a request. The first data is the client's end of the handshake.
func (s *tlsSession) answer(request int, out []byte) []byte {
	s.heard++
	if s.heard == 1 {
		return out
	}
	r := &s.server.random
	n := 500 + r.N(4000)*r.N(10)
	if s.server.config.Answer != nil {
		n = s.server.config.Answer(request)
	}
	for n > 0 {
		part := min(n, tlsRecord)
		out = plant.TLSData(out, r, part)
		n -= part
	}
	return out
}

// tlsModern tells whether a ClientHello offers version 1.3 in its extension 43.
func tlsModern(b []byte) bool {
	const fixed, versions = 34, 43 // version and random; the extension
	if len(b) < fixed {
		return false
	}
	b = b[fixed:]
	for _, width := range [...]int{1, 2, 1} { // session, suites, compressions
		var ok bool
		if _, b, ok = counted(b, width); !ok {
			return false
		}
	}
	b, _, _ = counted(b, 2)
	for len(b) >= 4 {
		kind := binary.BigEndian.Uint16(b)
		content, rest, ok := counted(b[2:], 2)
		if !ok {
			return false
		}
		b = rest
		if kind != versions {
			continue
		}
		list, _, _ := counted(content, 1)
		for ; len(list) >= 2; list = list[2:] {
			if list[0] == 3 && list[1] == 4 {
				return true
			}
		}
	}
	return false
}

// counted takes bytes behind their length of 1 or 2 bytes off b.
func counted(b []byte, width int) (content, rest []byte, ok bool) {
	if len(b) < width {
		return nil, nil, false
	}
	n := int(b[0])
	if width == 2 {
		n = int(binary.BigEndian.Uint16(b))
	}
	if len(b) < width+n {
		return nil, nil, false
	}
	return b[width : width+n], b[width+n:], true
}

// TLSClient is the client of such a service. It knows the verb Raw: Data counts
// by its length alone; the reply's Code is the length of the answer.
type TLSClient struct {
	asking
	cut    cutter
	hello  plant.TLSHello
	random chance.Random
	ready  bool
	length int
}

// NewTLSClient returns a client that asks for a name and offers what hello says.
func NewTLSClient(hello plant.TLSHello, seed uint64) *TLSClient {
	return &TLSClient{hello: hello, random: chance.New(seed), cut: cutter{header: 5, length: tlsLength}}
}

// Open implements Client.
func (c *TLSClient) Open(out []byte) []byte { return c.hello.Client(out, &c.random) }

// Ready implements Client.
func (c *TLSClient) Ready() bool { return c.ready && !c.busy }

// Ask implements Client.
func (c *TLSClient) Ask(r Request, out []byte) ([]byte, error) {
	switch {
	case !c.Ready():
		return out, ErrBusy
	case r.Verb != Raw:
		return out, ErrUnsupported
	case len(r.Data) == 0 || len(r.Data) > tlsRecord:
		return out, ErrRequest
	}
	c.begin(r)
	c.length = 0
	return plant.TLSData(out, &c.random, len(r.Data)), nil
}

// Receive implements Client. An answer ends with the first record that is not
// full.
func (c *TLSClient) Receive(b, out []byte) ([]byte, []Reply, error) {
	var replies []Reply
	for {
		record, rest, ok := c.cut.next(b)
		if !ok {
			return out, replies, ErrProtocol
		}
		if record == nil {
			return out, replies, nil
		}
		b = rest
		switch {
		case record[0] == tlsAlert:
			return out, replies, ErrRefused
		case record[0] != tlsData:
		case !c.ready:
			c.ready = true
			out = append(out, tlsChange, 3, 3, 0, 1, 1)
			out = plant.TLSData(out, &c.random, 53)
		case c.busy:
			c.length += len(record) - 5
			if len(record)-5 < tlsRecord {
				c.reply.Code = uint32(c.length)
				replies = c.done()
			}
		}
	}
}
