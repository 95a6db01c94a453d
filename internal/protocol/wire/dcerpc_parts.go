package wire

// MaxRPCBody is how long a message of several fragments may be; a longer one is
// not read.
const MaxRPCBody = 1 << 16

// RPCParts puts the fragments of one direction together. They come in order, and
// a fragment that came already is passed over; when one is missed the message is
// not read. The zero RPCParts is ready.
type RPCParts struct {
	activity UUID
	sequence uint32
	kind     uint8
	next     uint16
	open     bool
	body     []byte
}

// Join takes a message. It returns the whole body, valid until the next call, or
// nil while fragments are missing.
func (p *RPCParts) Join(m *RPC) []byte {
	if !m.Part {
		return m.Body
	}
	if m.Fragment == 0 {
		*p = RPCParts{activity: m.Activity, sequence: m.Sequence, kind: m.Kind, open: true, body: p.body[:0]}
	}
	switch {
	case !p.open || p.activity != m.Activity || p.sequence != m.Sequence || p.kind != m.Kind || m.Fragment < p.next:
		return nil
	case m.Fragment > p.next || m.Short || len(p.body)+len(m.Body) > MaxRPCBody:
		p.open = false
		return nil
	}
	p.body = append(p.body, m.Body...)
	p.next++
	if !m.Last {
		return nil
	}
	p.open = false
	return p.body
}

// Lose forgets what is under way.
func (p *RPCParts) Lose() { p.open = false }
