package dnp3

import (
	"firedoor"
	"firedoor/internal/protocol"
)

// Reasons of malformed frames and segments.
const (
	reasonStart    = "no start bytes where a link frame should begin"
	reasonLength   = "link length shorter than the header"
	reasonCheck    = "check of a link header does not fit"
	reasonBlock    = "check of a data block does not fit"
	reasonSegment  = "segment out of sequence"
	reasonTooLong  = "fragment longer than 16384 bytes"
	reasonShort    = "fragment shorter than its header"
	reasonNoData   = "link frame of user data has none"
	reasonFunction = "link function that is none"
	reasonService  = "link service with user data"
)

// The transport byte (8.2.1) and limits of what is joined.
const (
	transportFinal = 0x80
	transportFirst = 0x40
	transportBits  = 0x3f
	applicationAt  = 1 // behind the transport byte

	// maxFragment bounds a fragment in several segments. Devices are advised to
	// send 2048 bytes at most (4.1.1); this holds all points of a packed kind.
	maxFragment = 16384
	// keptFragment is the capacity of a joining buffer that is kept.
	keptFragment = 2048
)

// joining is the fragment of one direction whose segments come in.
type joining struct {
	open    bool // a first segment is in
	known   bool // where fragments begin is known: a first segment was seen
	next    byte // sequence number of the next segment
	from    uint32
	content []byte
}

func (j *joining) forget() {
	j.open = false
	if j.content = j.content[:0]; cap(j.content) > keptFragment {
		j.content = nil
	}
}

// Parse consumes whole link frames. Where none begins it complains once, and
// looks for the next one by itself: start and check of a header make sure, and a
// connection that stays for months must not be given up for a few bad bytes.
func (p *parser) Parse(dir firedoor.Direction, b []byte, emit func(*firedoor.Event)) (int, error) {
	p.emit, p.dir = emit, dir
	pos := 0
	for pos < len(b) {
		if p.lost[dir] {
			skip, found := protocol.Resume(b[pos:], probe)
			if pos += skip; !found {
				return pos, nil
			}
			p.lost[dir] = false
		}
		size, reason := frame(b[pos:])
		p.at = pos
		switch {
		case reason != "":
			p.complain(reason)
			p.Gap(dir, 0)
			pos++
		case size == 0:
			return pos, nil
		default:
			p.frame = b[pos : pos+size]
			p.link()
			pos += size
		}
	}
	return pos, nil
}

// frame finds the first link frame of b; size 0 if it is not complete. A reason
// says why none can begin here.
func frame(b []byte) (size int, reason string) {
	switch {
	case b[0] != start0 || len(b) > 1 && b[1] != start1:
		return 0, reasonStart
	case len(b) > lengthAt && b[lengthAt] < lengthCounts:
		return 0, reasonLength
	case len(b) < headerSize:
		return 0, ""
	case !checked(b, headerChecked):
		return 0, reasonCheck
	}
	if size = frameSize(b); len(b) < size {
		return 0, ""
	}
	return size, ""
}

// Gap keeps the flow: a link frame is found again by its start and check.
func (p *parser) Gap(dir firedoor.Direction, _ int64) bool {
	p.lost[dir] = true
	p.joins[dir].forget()
	p.joins[dir].known = false
	return true
}

// link reads the link frame at hand.
func (p *parser) link() {
	control := p.frame[controlAt]
	if control&bitPrimary == 0 {
		p.linkAnswer(control)
		return
	}
	switch f := control & linkBits; f {
	case linkUser, linkConfirmed:
		user, ok := p.unblock()
		switch {
		case !ok:
			p.joins[p.dir].forget()
			p.complain(reasonBlock)
		case len(user) == 0:
			p.complain(reasonNoData)
		default:
			p.segment(user)
		}
	case linkReset, linkResetUser, linkTest, linkStatus:
		if control&bitFromMaster != 0 {
			p.linkRequest(f)
		}
		if len(p.frame) > headerSize {
			p.complain(reasonService)
		}
	default:
		p.complain(reasonFunction)
	}
}

// unblock takes the checks out of the user data of the frame at hand; ok is
// false if one does not fit.
func (p *parser) unblock() (user []byte, ok bool) {
	user = p.user[:0]
	for rest := p.frame[headerSize:]; len(rest) > checkSize; {
		n := min(blockSize, len(rest)-checkSize)
		if !checked(rest, n) {
			return nil, false
		}
		user = append(user, rest[:n]...)
		rest = rest[n+checkSize:]
	}
	return user, true
}

// segment reads a transport segment (8.2): alone or as part of a fragment.
func (p *parser) segment(user []byte) {
	j := &p.joins[p.dir]
	head, content := user[0], user[applicationAt:]
	from := uint32(source(p.frame))<<16 | uint32(destination(p.frame))
	first, final := head&transportFirst != 0, head&transportFinal != 0
	switch {
	case first: // what was begun before is given up (8.2.2.2)
		if j.known = true; final {
			j.forget()
			p.whole = true
			p.fragment(content)
			return
		}
		j.open, j.from, j.content = true, from, j.content[:0]
	case !j.open || from != j.from || head&transportBits != j.next:
		if j.open && from == j.from && head&transportBits == (j.next-1)&transportBits {
			return // sent again
		}
		if j.known {
			p.complain(reasonSegment)
		}
		j.forget()
		j.known = false // one complaint for the rest of the fragment
		return
	}
	if len(j.content)+len(content) > maxFragment {
		p.complain(reasonTooLong)
		j.forget()
		j.known = false
		return
	}
	j.content = append(j.content, content...)
	j.next = (head + 1) & transportBits
	if final {
		p.whole = false
		p.fragment(j.content)
		j.forget()
	}
}

// linkRequest tells of a link service that a master asks for (9.2.6).
func (p *parser) linkRequest(f byte) {
	p.begin(destination(p.frame))
	p.op.Code, p.op.Function, p.op.Verb = linkCode+uint32(f), linkNames[f], firedoor.VerbSession
	if f == linkTest || f == linkStatus {
		p.op.Verb = firedoor.VerbDiagnose
	}
	if p.op.NoAnswer = broadcast(destination(p.frame)); !p.op.NoAnswer {
		q := p.remember(linkKey(destination(p.frame), source(p.frame)))
		q.code, q.count, q.verb = p.op.Code, 1, p.op.Verb
	}
	p.ask()
}

// linkAnswer joins what an outstation's link layer answers; acknowledgements of
// user data are left alone.
func (p *parser) linkAnswer(control byte) {
	if control&bitFromMaster != 0 {
		return
	}
	f := control & linkBits
	q := p.asked.Take(linkKey(source(p.frame), destination(p.frame)))
	if q == nil && f != linkStatusIs {
		return
	}
	p.begin(source(p.frame))
	code := uint32(linkCode + linkStatus)
	p.op.Verb = firedoor.VerbDiagnose
	if q != nil {
		code, p.op.Verb = q.code, q.verb
	}
	p.op.Code, p.op.Function = code, linkNames[code&linkBits]
	p.op.Outcome = firedoor.OK
	switch f {
	case linkNack:
		p.op.Outcome = firedoor.Failed(linkNack, "nack")
	case linkNotWorking:
		p.op.Outcome = firedoor.Failed(linkNotWorking, "link-service-not-functioning")
	case linkUnsupported:
		p.op.Outcome = firedoor.Failed(linkUnsupported, "link-service-not-used")
	}
	if q == nil {
		p.partial()
		return
	}
	p.answer(q, 0)
}
