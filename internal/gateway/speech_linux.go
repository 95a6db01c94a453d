package gateway

import (
	"encoding/binary"
	"encoding/json"
	"net"
	"os"

	"firedoor/internal/guardian"
)

// speech is how a worker hears orders and tells what it did.
type speech struct{ link *guardian.Link }

// newSpeech takes over the connection that the worker was started with.
func newSpeech() (*speech, error) {
	f := os.NewFile(fdControl, "guardian")
	conn, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	_ = f.Close() // conn has its own
	return &speech{guardian.NewLink(conn, guardian.MaxMessage)}, nil
}

// Decode waits for the next order.
func (s *speech) Decode(to *order) error {
	kind, body, err := s.link.Receive()
	if err != nil {
		return err
	}
	*to = order{}
	switch kind {
	case guardian.KindBegin:
		if to.Begin = true; len(body) == 0 { // an earlier program's
			return nil
		}
		return json.Unmarshal(body, &to.Turn)
	case guardian.KindEnd:
		to.End = true
	case guardian.KindOrder:
		if len(body) < 4 {
			return errStrange
		}
		if err := json.Unmarshal(body[4:], to); err != nil {
			return err
		}
		to.MTU = int(binary.LittleEndian.Uint32(body))
	default:
		return errStrange
	}
	return nil
}

// Encode says something: to the guardian that an order is in force, to control all else.
func (s *speech) Encode(w word) error {
	if w.Number > 0 {
		if err := s.link.Send(guardian.KindReady, binary.LittleEndian.AppendUint32(nil, w.Number)); err != nil {
			return err
		}
	}
	return s.link.SendJSON(guardian.KindTold, w)
}
