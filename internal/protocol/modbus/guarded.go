package modbus

import "encoding/binary"

// Servers differ in how they find the end of a request. Most take the length in the header;
// others, libmodbus among them, look neither at it nor at the protocol identifier: they
// know the size of a request by its function. A request that decides what passes must end
// in the same place for both.

const (
	countAt      = 12 // byte count of functions 15 and 16
	secondBytes  = 16 // and its byte count
	recordsAt    = 8  // byte count of functions 20 and 21
	minEcho      = 10 // function 8: a header, a function and a sub-function
	sizeDeviceID = 11
)

// size is how long a request is by its function; rest is all of a request that is here,
// at least a function. known is false where too little is here; own is false where
// the function leaves it to the header.
func size(rest []byte) (n int, known, own bool) {
	count := func(at int) (int, bool, bool) {
		if len(rest) <= at {
			return 0, false, true
		}
		return at + 1 + int(rest[at]), true, true
	}
	switch functions[rest[functionAt]].form {
	case formRead, formWriteOne:
		return dataAt + 4, true, true
	case formWriteMany:
		return count(countAt)
	case formReadWrite:
		return count(secondBytes)
	case formReadFile, formWriteFile:
		return count(recordsAt)
	case formMask:
		return dataAt + 6, true, true
	case formQueue:
		return dataAt + 2, true, true
	case formStatus, formCounter, formLog, formServerID:
		return dataAt, true, true
	case formEncapsulated:
		if len(rest) > dataAt && rest[dataAt] == meiDeviceID {
			return sizeDeviceID, true, true
		}
	}
	return 0, true, false
}

// shared tells whether servers that know no more than what they serve find the size of a
// request by its function; they take others for a header and a function.
func shared(code byte) bool {
	switch functions[code].form {
	case formRead, formWriteOne, formWriteMany, formReadWrite, formMask, formStatus, formCounter, formLog, formServerID:
		return true
	}
	return false
}

// lies tells what is wrong with how long a client's request says it is: n bytes, of which
// rest is here.
func lies(rest []byte, n int) error {
	if len(rest) <= functionAt {
		return nil
	}
	code := rest[functionAt]
	if code == 0 || code >= exceptionBit {
		return errFunction // nobody knows what a device takes it for
	}
	own, known, has := size(rest)
	switch {
	case n > lengthEnds+maxLength && functions[code].form != formUmas,
		has && known && own != n,
		has && !known && n < dataAt+5, // too short for a count
		functions[code].form == formDiagnostics && (n < minEcho || n%2 != 0):
		return errSize
	case has && known && !counts(rest):
		return errSize
	case len(rest) < n && !shared(code) && n <= lengthEnds+maxLength:
		return errParts // what is behind the function would be a request of its own
	}
	return nil
}

// counts tells whether a quantity and the byte count behind it say the same; a server
// may go by either.
func counts(rest []byte) bool {
	at, space := countAt, functions[rest[functionAt]].space
	switch functions[rest[functionAt]].form {
	case formWriteMany:
	case formReadWrite:
		at = secondBytes
	default:
		return true
	}
	return int(rest[at]) == sizeOf(space, uint32(binary.BigEndian.Uint16(rest[at-2:])))
}

// served tells whether every server knows a function, or does nothing where it does not.
func served(code byte) bool {
	switch functions[code].form {
	case formRead, formWriteOne, formWriteMany, formReadWrite, formStatus, formServerID:
		return true
	}
	return false
}

// maxDoubts is how many requests are counted that put a server in doubt; with more it is so
// until the connection ends.
const maxDoubts = 4

// doubts are requests that a server may not know: then some wait, throw away all that has
// come meanwhile, and answer. What they threw away the beginning of, they take the rest of
// for a request.
type doubts struct {
	keys [maxDoubts]uint64
	n    uint8
	many bool
	last uint32 // id of the newest
}

// doubt counts the request at hand.
func (p *parser) doubt() {
	if p.doubts == nil {
		p.doubts = &doubts{}
	}
	d := p.doubts
	if d.last = p.last; d.n == maxDoubts {
		d.many = true
		return
	}
	d.keys[d.n] = p.key()
	d.n++
}

// settle takes the answer at hand, to q if that is known, for what it says of doubts: the oldest of its
// key is over, and all are where it was asked behind them.
func (p *parser) settle(q *request) {
	d := p.doubts
	if q != nil && q.settles && q.id > d.last {
		p.doubts = nil
		return
	}
	if d.many {
		return
	}
	key := p.key()
	for i := range d.n {
		if d.keys[i] != key {
			continue
		}
		copy(d.keys[i:d.n], d.keys[i+1:d.n])
		if d.n--; d.n == 0 {
			p.doubts = nil
		}
		return
	}
}
