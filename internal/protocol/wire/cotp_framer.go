package wire

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// MaxTSDU bounds a transport message over several DT TPDUs, headers included: it waits in the
// bytes at hand. A longer one is reported and passed over, to its end. One of 64 KiB fits, however short
// the TPDUs are that class 0 allows (128 bytes).
const MaxTSDU = protocol.MaxMessage - 1<<13

// keptTSDU is the capacity of the joining buffer that is kept between messages.
const keptTSDU = 1 << 12

// FrameStatus is what COTPFramer.Next found.
type FrameStatus uint8

// What can be found.
const (
	FrameMore    FrameStatus = iota // nothing whole
	FrameData                       // a whole TSDU
	FrameControl                    // a TPDU that carries none
	FrameBad                        // a packet that breaks the rules: Reason
	FrameLost                       // no packet starts here
)

// COTPFramer cuts both directions of a connection into transport messages. A
// message over several TPDUs stays unconsumed until its last one is in, so that
// its span is in the bytes at hand; what was joined of it is not joined again.
type COTPFramer struct {
	// First is the first byte a TSDU must have to be taken up after a gap, 0 for any.
	First byte

	// What Next found: the TPDU, for FrameData the TSDU (borrowed: it is valid
	// until the next call), and where it stands in b. Joined tells that the TSDU
	// came in several TPDUs.
	COTP       COTP
	TSDU       []byte
	Start, End int
	Joined     bool
	Reason     string // static

	sides [2]framerSide
}

type framerSide struct {
	held   int // bytes of b whose TPDUs are in joined
	joined []byte
	lost   bool
	over   bool // the rest of a TSDU is passed over
}

// Gap says that bytes of a direction are missing: Next looks for the next
// packet that can be trusted.
func (f *COTPFramer) Gap(dir firedoor.Direction) {
	s := &f.sides[dir]
	s.forget()
	s.lost, s.over = true, false
}

func (s *framerSide) forget() {
	s.held = 0
	if cap(s.joined) > keptTSDU {
		s.joined = nil
	}
	s.joined = s.joined[:0]
}

// Missed tells whether FrameBad was a message that is whole to its receiver.
func (f *COTPFramer) Missed(dir firedoor.Direction) bool { return f.sides[dir].over }

// Next finds the next message in b, from offset from on. It returns the offset
// where to go on: with FrameMore and FrameLost that is what can be consumed.
func (f *COTPFramer) Next(dir firedoor.Direction, b []byte, from int) (int, FrameStatus) {
	s := &f.sides[dir]
	if s.lost {
		skipped, found := resync(b[from:], f.First)
		from += skipped
		if !found {
			return from, FrameMore
		}
		s.lost = false
	}
	for {
		at := from + s.held
		size, ok := TPKT(b[at:])
		if !ok {
			s.forget()
			return from, FrameLost
		}
		if s.held > 0 && s.held+size > MaxTSDU {
			s.forget()
			s.over = true
			f.Start, f.End, f.Joined, f.Reason = from, at, true, "TSDU longer than the limit"
			return at, FrameBad
		}
		if size == 0 || len(b)-at < size {
			return from, FrameMore
		}
		f.Start, f.End, f.Joined = from, at+size, s.held > 0
		if !ReadCOTP(b[at+TPKTHeader:at+size], &f.COTP) {
			s.forget()
			f.Reason = "TPDU breaks the rules of class 0"
			return f.End, FrameBad
		}
		if s.over && f.COTP.Type == COTPData {
			s.over = !f.COTP.EOT
			from += size
			continue
		}
		if f.COTP.Type != COTPData {
			s.over = false
			s.forget()
			f.Start = at
			return f.End, FrameControl
		}
		if f.COTP.EOT {
			f.take(s)
			return f.End, FrameData
		}
		if s.held == 0 && len(f.COTP.Data) == 0 { // a keep-alive of newer controllers and their tools
			from += size
			continue
		}
		s.joined = append(s.joined, f.COTP.Data...)
		s.held += size
	}
}

func (f *COTPFramer) take(s *framerSide) {
	f.TSDU = f.COTP.Data
	if f.Joined {
		s.joined = append(s.joined, f.COTP.Data...)
		f.TSDU = s.joined
		s.forget()
	}
}

// resync finds the first packet in b that can be trusted: bytes before it can
// be thrown away.
func resync(b []byte, first byte) (skip int, found bool) {
	for skip = range b {
		switch trust(b[skip:], first) {
		case trustYes:
			return skip, true
		case trustMore:
			return skip, false
		}
	}
	return len(b), false
}

type trusted uint8

const (
	trustNo trusted = iota
	trustMore
	trustYes
)

// trust asks for a packet whose lengths agree. With first set, what it carries
// must be a whole S7 message: nothing else is unmistakable enough.
func trust(b []byte, first byte) trusted {
	size, ok := TPKT(b)
	if !ok {
		return trustNo
	}
	const head = TPKTHeader + 3
	if len(b) < head {
		return trustMore
	}
	switch {
	case b[5] == COTPData && b[4] == 2 && b[6]&0x7f == 0:
		if first == 0 {
			return trustYes
		}
		return trustS7(b, size, first)
	case (b[5] == COTPConnect || b[5] == COTPConfirm || b[5] == COTPDisconnect) && int(b[4])+TPKTHeader+1 == size:
		return trustYes
	}
	return trustNo
}

func trustS7(b []byte, size int, first byte) trusted {
	const head = TPKTHeader + 3
	if b[6] == 0 || size < head+leastS7 || len(b) > head && b[head] != first {
		return trustNo
	}
	if len(b) < head+leastS7 {
		return trustMore
	}
	if S7Length(b[head:]) != size-head {
		return trustNo
	}
	return trustYes
}
