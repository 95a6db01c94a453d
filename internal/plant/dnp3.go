package plant

import "encoding/binary"

// PortDNP3 is the registered port (IEEE 1815, 13.2.2.1).
const PortDNP3 = 20000

// DNP3 function codes (IEEE 1815, 4.2.2.5).
const (
	DNP3Confirm     = 0
	DNP3Read        = 1
	DNP3Write       = 2
	DNP3Select      = 3
	DNP3Operate     = 4
	DNP3Direct      = 5
	DNP3ColdRestart = 13
	DNP3Response    = 129
	DNP3Unsolicited = 130
)

// DNP3 is a station's end of a conversation: who it is, whom it speaks to, and
// how it counts. Every method appends whole link frames to b.
type DNP3 struct {
	From, To  uint16
	Master    bool
	Transport byte // sequence number of the next segment
	Sequence  byte // of the application layer
}

// Link functions of primary and secondary frames (9.2.4.1.3).
const (
	dnp3Primary = 0x40
	dnp3Status  = 9
	dnp3User    = 4
)

// Link is one link frame with its checks.
func (d *DNP3) Link(b []byte, control byte, user ...byte) []byte {
	if d.Master {
		control |= 0x80
	}
	at := len(b)
	b = append(b, 0x05, 0x64, byte(5+len(user)), control)
	b = binary.LittleEndian.AppendUint16(b, d.To)
	b = binary.LittleEndian.AppendUint16(b, d.From)
	b = dnp3Check(b, at)
	for len(user) > 0 {
		n := min(16, len(user))
		at = len(b)
		b = dnp3Check(append(b, user[:n]...), at)
		user = user[n:]
	}
	return b
}

// Segment is a link frame with a segment of the transport function; marks are 0x40 for
// the first of a fragment, 0x80 for the last.
func (d *DNP3) Segment(b []byte, marks byte, content ...byte) []byte {
	b = d.Link(b, dnp3Primary|dnp3User, append([]byte{marks | d.Transport&0x3f}, content...)...)
	d.Transport++
	return b
}

// dnp3Segment is the most that a segment holds beside its own byte.
const dnp3Segment = 249

// Fragment is an application fragment in as many segments as it takes. It ends
// the counting of a request: the next one has another sequence number.
func (d *DNP3) Fragment(b []byte, fragment ...byte) []byte {
	for first := byte(0x40); ; first = 0 {
		n := min(len(fragment), dnp3Segment)
		marks := first
		if n == len(fragment) {
			marks |= 0x80
		}
		b = d.Segment(b, marks, fragment[:n]...)
		if fragment = fragment[n:]; len(fragment) == 0 {
			return b
		}
	}
}

// Ask is a request with its objects.
func (d *DNP3) Ask(b []byte, function byte, objects ...byte) []byte {
	d.Sequence = (d.Sequence + 1) & 0x0f
	return d.Fragment(b, append([]byte{0xc0 | d.Sequence, function}, objects...)...)
}

// Answer is a response to the request with a sequence number, with both bytes of
// internal indications.
func (d *DNP3) Answer(b []byte, sequence byte, indications uint16, objects ...byte) []byte {
	return d.Fragment(b, append([]byte{0xc0 | sequence, DNP3Response, byte(indications >> 8), byte(indications)}, objects...)...)
}

// Report is an unsolicited response, which wants to be confirmed.
func (d *DNP3) Report(b []byte, sequence byte, indications uint16, objects ...byte) []byte {
	return d.Fragment(b, append([]byte{0xf0 | sequence, DNP3Unsolicited, byte(indications >> 8), byte(indications)}, objects...)...)
}

// dnp3Check appends the check over what was appended since at (9.2.4.2).
func dnp3Check(b []byte, at int) []byte {
	c := uint16(0)
	for _, x := range b[at:] {
		c ^= uint16(x)
		for range 8 {
			low := c & 1
			if c >>= 1; low != 0 {
				c ^= 0xa6bc
			}
		}
	}
	return binary.LittleEndian.AppendUint16(b, ^c)
}

// DNP3Relay is a control relay output block: code, count, on and off time in
// milliseconds, status.
func DNP3Relay(b []byte, code, count byte, on, off uint32, status byte) []byte {
	b = append(b, code, count)
	b = binary.LittleEndian.AppendUint32(b, on)
	b = binary.LittleEndian.AppendUint32(b, off)
	return append(b, status)
}
