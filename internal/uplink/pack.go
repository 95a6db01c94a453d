package uplink

import (
	"bytes"
	"encoding/json"
	"errors"

	"firedoor"

	"github.com/klauspost/compress/s2"
)

// Limits of a message.
const (
	// MaxRecords is the most records of one message.
	MaxRecords = 256
	// MaxRecord is the most bytes of one record in JSON; larger ones are left out
	// and counted.
	MaxRecord = 8 << 20
	// fullBatch is from how many bytes of JSON on a message takes no further record.
	fullBatch = 1 << 20
	// maxPlain is the most bytes of JSON of one message.
	maxPlain = fullBatch + MaxRecord
	// maxPacked is the most bytes of a compressed message.
	maxPacked = 4 << 20
)

// version is the first byte of a message: what follows is a JSON object a line,
// each a record, compressed as one S2 block.
const version = 1

// packer makes messages of records, of at most max bytes. Its buffers are used
// again.
type packer struct {
	max           int
	plain, packed []byte
}

// pack makes one message of the first records that fit and says how many it
// took; left tells how many of these it had to leave out, because no message
// holds them or they are not JSON: they must not stop those behind them. The
// message is valid until the next call; it is empty if nothing of it was left.
func (p *packer) pack(records []firedoor.Record) (message []byte, took, left int) {
	p.plain = p.plain[:0]
	held := 0
	for took < len(records) && held < MaxRecords && len(p.plain) < fullBatch {
		line, err := json.Marshal(&records[took])
		took++
		if err != nil || len(line) >= MaxRecord {
			left++
			continue
		}
		p.plain = append(append(p.plain, line...), '\n')
		held++
	}
	if held == 0 {
		return nil, took, left
	}
	need := 1 + s2.MaxEncodedLen(len(p.plain))
	if cap(p.packed) < need {
		p.packed = make([]byte, need)
	}
	p.packed = p.packed[:need]
	p.packed[0] = version
	n := len(s2.Encode(p.packed[1:], p.plain))
	if n+1 > p.max {
		if held == 1 {
			return nil, took, left + 1
		}
		return p.pack(records[:took/2])
	}
	return p.packed[:n+1], took, left
}

var errMessage = errors.New("not a message of records")

// unpack reads what pack made. The bytes may be anybody's: every length is
// checked before it is believed.
func unpack(message []byte) ([]firedoor.Record, error) {
	if len(message) < 2 || message[0] != version || len(message) > maxPacked {
		return nil, errMessage
	}
	n, err := s2.DecodedLen(message[1:])
	if err != nil || n > maxPlain {
		return nil, errMessage
	}
	plain, err := s2.Decode(nil, message[1:])
	if err != nil {
		return nil, errMessage
	}
	var records []firedoor.Record
	for len(plain) > 0 {
		line, rest, ended := bytes.Cut(plain, []byte{'\n'})
		if !ended || len(records) == MaxRecords {
			return nil, errMessage
		}
		plain = rest
		var r firedoor.Record
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, errMessage
		}
		records = append(records, r)
	}
	return records, nil
}
