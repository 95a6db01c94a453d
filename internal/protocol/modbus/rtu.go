package modbus

import (
	"bytes"
	"encoding/binary"

	"firedoor"
	"firedoor/internal/protocol"
)

// framing is how the messages of a flow are told apart.
type framing uint8

const (
	unframed  framing = iota // not known yet
	framedTCP                // by a header (Modbus Messaging on TCP/IP)
	framedRTU                // by their form and a checksum (Modbus over Serial Line V1.02)
)

const reasonSum = "frame whose checksum does not fit"

// What a server is called whose frames are those of a serial line.
const (
	sourceRTU = "modbus framing"
	nameRTU   = "modbus-rtu"
)

// probeRTU wants a whole frame of a public function, with its form and its
// checksum, and behind it nothing or what may be another frame. What another
// protocol may have sent is left for a later message to tell.
func probeRTU(b []byte) protocol.Match {
	m := protocol.No
	for _, dir := range [...]firedoor.Direction{firedoor.FromClient, firedoor.FromServer} {
		switch beginsRTU(dir, b) {
		case protocol.Yes:
			return protocol.Yes
		case protocol.More:
			m = protocol.More
		}
	}
	return m
}

// beginsRTU is probeRTU for one side. Behind frames that may be of ROC Plus it wants another
// that is not.
func beginsRTU(dir firedoor.Direction, b []byte) protocol.Match {
	for {
		if len(b) >= 2 && functions[b[1]&^exceptionBit].form == formOther || rtuSize(dir, b) == sizeBySum {
			return protocol.No
		}
		n, one := rtuFrame(dir, b)
		switch {
		case one == protocol.More:
			return protocol.More
		case one == protocol.No || !fitsRTU(dir, b[:n]) || likeGenisys(b, n) || !mayFollow(b[n:]):
			return protocol.No
		case !likeROC(b[:n]):
			return protocol.Yes
		}
		b = b[n:]
	}
}

// echoed knows a frame that is answered by itself, as most writes are. ROC Plus turns the
// addresses round in its answers.
func echoed(request, answer []byte) bool {
	n, one := rtuFrame(firedoor.FromClient, request)
	return one == protocol.Yes && n == len(request) && fitsRTU(firedoor.FromClient, request) && bytes.Equal(request, answer)
}

// fitsRTU tells whether a frame has the form that its function wants of its side.
func fitsRTU(dir firedoor.Direction, frame []byte) bool {
	code, data := frame[1], frame[2:len(frame)-sumRTU]
	if dir == firedoor.FromClient {
		return asksFor(code, data)
	}
	return answers(code, data)
}

// likeROC tells whether a frame may be one of ROC Plus, which has the same
// checksum: both addresses (4), opcode, length of the data. A coil that is switched is none:
// its value would be opcode 255 or 0, which never come without data.
func likeROC(frame []byte) bool {
	const header, lengthAt, switched = 6, 5, 5
	if len(frame) == header+sumRTU && frame[1] == switched && (frame[4] == 0 || frame[4] == 0xff) {
		return false
	}
	return len(frame) > header && len(frame) == header+int(frame[lengthAt])+sumRTU
}

// likeGenisys tells whether the n bytes that b begins with may be a frame of Genisys,
// which has the same checksum: a header from 0xf1 to 0xfe in front, and 0xf6 behind
// that may be yet to come. So units from 241 on need a second frame.
func likeGenisys(b []byte, n int) bool {
	const firstHeader, end = 0xf1, 0xf6
	return b[0] >= firstHeader && (len(b) == n || b[n] == end)
}

func mayFollow(b []byte) bool {
	return len(b) == 0 || b[0] <= maxUnit && (len(b) == 1 || known(b[1]))
}

// sentRTU tells whether the side can have sent the frame that b begins with.
func sentRTU(dir firedoor.Direction, b []byte) bool {
	n, m := rtuFrame(dir, b)
	return m == protocol.Yes && fitsRTU(dir, b[:n])
}

// other reads b if it is not, or not surely, framed by a header; done is false
// if it may be.
func (p *parser) other(dir firedoor.Direction, b []byte) (n int, done bool) {
	if p.frames == unframed {
		switch p.unknown(dir, b) {
		case protocol.No:
			return 0, false
		case protocol.More:
			return 0, true
		}
		p.frames = framedRTU
		p.fact(firedoor.FactService, sourceRTU, 90, []byte(nameRTU))
	}
	return p.parseRTU(dir, b), true
}

// unknown tells whether b, the first that is seen of a flow, is frames of a
// serial line. No leaves it to the reader of headers, who may find none either.
func (p *parser) unknown(dir firedoor.Direction, b []byte) protocol.Match {
	m := probeRTU(b)
	switch {
	case m == protocol.Yes:
		return m
	case !p.lost[dir] && m == protocol.More && sentRTU(dir, b) && probeTCP(b) != protocol.Yes:
		return protocol.Yes // it is known that this is no ROC Plus
	case p.lost[dir]:
		if _, found := resumeRTU(dir, b); found && probeTCP(b) != protocol.Yes {
			return protocol.Yes
		}
		return protocol.No
	case m == protocol.More && !mayBeHeader(b) && !p.guarded: // who is guarded sends no beginning that may be of either
		return m
	}
	return protocol.No
}

// mayBeHeader tells whether b begins like a header, whatever is asked behind it.
func mayBeHeader(b []byte) bool {
	if len(b) < lengthEnds {
		return len(b) <= 2 || b[2] == 0
	}
	n := messageSize(b) - lengthEnds
	return b[2] == 0 && b[3] == 0 && n >= minLength && n <= maxTolerated
}

// parseRTU consumes whole frames. One whose checksum does not fit was spoiled on
// the line or is none: the next that fits goes on.
func (p *parser) parseRTU(dir firedoor.Direction, b []byte) int {
	pos := 0
	for {
		if p.lost[dir] {
			skip, found := resumeRTU(dir, b[pos:])
			pos += skip
			if !found {
				return pos
			}
			p.lost[dir] = false
		}
		n, m := rtuFrame(dir, b[pos:])
		switch m {
		case protocol.More:
			return pos
		case protocol.No:
			p.at = pos
			p.complain(reasonSum)
			p.lost[dir] = true
			pos++
		default:
			p.frame(dir, b[pos:pos+n], pos)
			pos += n
		}
	}
}

// resumeRTU looks for the first frame whose checksum fits; skip bytes before it,
// or before what may become one, are of no use.
func resumeRTU(dir firedoor.Direction, b []byte) (skip int, found bool) {
	skip = len(b)
	for i := range b {
		switch n, m := rtuFrame(dir, b[i:]); {
		case m == protocol.Yes && fitsRTU(dir, b[i:i+n]):
			return i, true
		case m == protocol.More:
			skip = min(skip, i)
		}
	}
	return skip, false
}

// frame reads a frame as if it had come behind a header. A line carries one
// request at a time: a new one ends the waiting for the answer to another like it.
func (p *parser) frame(dir firedoor.Direction, frame []byte, at int) {
	n := copy(p.rtu[lengthEnds:], frame[:len(frame)-sumRTU])
	binary.BigEndian.PutUint16(p.rtu[4:], uint16(n))
	p.adu, p.at = p.rtu[:lengthEnds+n], at
	if dir == firedoor.FromServer {
		p.answer()
		return
	}
	for p.asked.Take(p.key()) != nil {
	}
	p.op.NoAnswer = frame[0] == 0 // to all
	p.request()
	if p.op.NoAnswer {
		p.asked.Take(p.key())
		p.op.NoAnswer = false
	}
}

// asRTU makes the operation at hand one of a serial line. What refuses it would
// have to change the checksum too, and that is elsewhere.
func (p *parser) asRTU() {
	p.op.Span.End = int64(p.at + len(p.adu) - lengthEnds + sumRTU)
	p.op.Refusals = nil
}
