package opcua

import (
	"encoding/binary"

	"firedoor/internal/protocol/wire"
)

// walk reads messages in the binary encoding.
type walk struct{ wire.UA }

func read(b []byte) walk { return walk{wire.ReadUA(b)} }

func (r *walk) statuses() {
	n := r.List()
	if n > r.Len()/4 {
		r.Fail()
		return
	}
	r.Skip(4 * n)
}

// serviceCode reads the type of a message: a NodeId that is a number of the
// specification's own namespace.
func (r *walk) serviceCode() (uint32, bool) {
	n := r.NodeID()
	return n.Number, !r.Failed() && n.Kind == wire.UANumber && n.Namespace == 0
}

// half tells a question from an answer.
type half uint8

const (
	neither half = iota
	asks
	answers
)

// serviceAt looks which known service a body begins with.
func serviceAt(b []byte) (code uint32, h half, ok bool) {
	if len(b) < 4 || b[0] != 1 || b[1] != 0 { // all of them are written in four bytes
		return 0, neither, false
	}
	code = uint32(binary.LittleEndian.Uint16(b[2:]))
	if code == codeFault {
		return code, answers, true
	}
	_, h = find(code)
	return code, h, h != neither
}

// requestHeader reads a request's header (OPC 10000-4, 7.33). The session's token
// is a secret: only the place is told where spoiling four bytes makes it another.
func (r *walk) requestHeader() (token int, ok bool) {
	at := r.Pos()
	session := r.NodeID()
	switch {
	case session.Kind == wire.UANumber && r.Pos()-at == 7: // the full form: four bytes of number
		token = at + 3
	case session.Kind == wire.UAGUID:
		token = at + 3
	case session.Kind == wire.UAOpaque && len(session.Text) >= 4:
		token = at + 7
	}
	r.Skip(16) // time, handle, diagnostics wanted
	r.Text()   // audit entry
	r.Skip(4)  // time-out
	r.Extension()
	return token, !r.Failed()
}

// responseHeader reads an answer's header (7.34).
func (r *walk) responseHeader() (status uint32, ok bool) {
	r.Skip(12) // time, handle
	status = r.U32LE()
	r.Diagnostics()
	r.Texts()
	r.Extension()
	return status, !r.Failed()
}
