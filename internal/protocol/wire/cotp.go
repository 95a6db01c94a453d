package wire

import (
	"bytes"
	"encoding/binary"

	"firedoor"
)

// Codes of the TPDUs (ISO 8073, 13.1); the low four bits of CR, CC, AK and RJ
// are credit.
const (
	COTPExpedited         = 0x10
	COTPExpeditedAck      = 0x20
	COTPReject            = 0x50
	COTPAck               = 0x60
	COTPError             = 0x70
	COTPDisconnect        = 0x80
	COTPDisconnectConfirm = 0xc0
	COTPConfirm           = 0xd0
	COTPConnect           = 0xe0
	COTPData              = 0xf0
)

// Parameters of CR and CC that are read (ISO 8073, 13.3.4).
const (
	cotpTPDUSize    = 0xc0
	cotpCallingTSAP = 0xc1
	cotpCalledTSAP  = 0xc2
)

// COTP is one transport PDU of class 0, as RFC 1006 carries them.
type COTP struct {
	Type   uint8 // one of the codes, without credit
	EOT    bool  // DT: the last of its TSDU
	Reason uint8 // DR, ER: why
	Params []byte
	Data   []byte
}

// ReadCOTP reads the TPDU that fills a TPKT packet's payload; false if it breaks
// the rules of class 0.
func ReadCOTP(b []byte, c *COTP) bool {
	if len(b) < 3 {
		return false
	}
	li := int(b[0])
	if li < 2 || li+1 > len(b) {
		return false
	}
	*c = COTP{Type: b[1]}
	switch kind := c.Type & 0xf0; kind {
	case COTPConnect, COTPConfirm, COTPAck, COTPReject:
		c.Type = kind // without credit
	}
	head, rest := b[1:1+li], b[1+li:]
	var fixed int
	switch c.Type {
	case COTPData:
		c.EOT, c.Data = head[1]&0x80 != 0, rest
		return li == 2
	case COTPConnect, COTPConfirm, COTPDisconnect:
		fixed = 6
	case COTPError:
		fixed = 4
	case COTPExpedited, COTPExpeditedAck, COTPAck, COTPReject, COTPDisconnectConfirm:
		return true
	default:
		return false
	}
	if len(head) < fixed {
		return false
	}
	if c.Type == COTPDisconnect || c.Type == COTPError {
		c.Reason = head[fixed-1]
	}
	c.Params, c.Data = head[fixed:], rest
	return goodParams(c.Params)
}

func goodParams(p []byte) bool {
	for len(p) > 0 {
		if len(p) < 2 || int(p[1]) > len(p)-2 {
			return false
		}
		p = p[2+int(p[1]):]
	}
	return true
}

// Param returns the value of a parameter, nil if it is not there.
func (c *COTP) Param(code uint8) []byte {
	for p := c.Params; len(p) >= 2 && int(p[1]) <= len(p)-2; p = p[2+int(p[1]):] {
		if p[0] == code {
			return p[2 : 2+int(p[1])]
		}
	}
	return nil
}

// NamesTSAP tells whether a CR or CC names a transport selector. Control
// protocols always do; remote desktops, which use the same framing, do not.
func (c *COTP) NamesTSAP() bool {
	return len(c.Param(cotpCalledTSAP)) > 0 || len(c.Param(cotpCallingTSAP)) > 0
}

// maxTSAP is how long a transport selector can be (ISO 8073, 13.3.4 a).
const maxTSAP = 32

// TSAP is a transport selector.
type TSAP struct {
	n uint8
	b [maxTSAP]byte
}

func (t *TSAP) set(b []byte) {
	if len(b) > 0 {
		t.n = uint8(copy(t.b[:], b))
	}
}

// Bytes is the selector as on the wire; valid as long as t.
func (t *TSAP) Bytes() []byte { return t.b[:t.n] }

// SpaceTSAP holds transport selectors: "tsap:0x0102", "tsap:SIMATIC-ROOT-HMI".
var SpaceTSAP = &firedoor.Space{Name: "tsap", Append: appendTSAP}

func appendTSAP(dst []byte, o *firedoor.Object) []byte {
	dst = append(dst, "tsap:"...)
	if len(o.Text) > 2 && printable(o.Text) {
		return append(dst, o.Text...)
	}
	const hex = "0123456789abcdef"
	dst = append(dst, "0x"...)
	for _, c := range o.Text {
		dst = append(dst, hex[c>>4], hex[c&15])
	}
	return dst
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < 0x21 || c > 0x7e {
			return false
		}
	}
	return true
}

// Session is what a transport connection settled for those who carry on in it.
type Session struct {
	Calling, Called TSAP
	TPDUSize        int // bytes; 0 when it was not settled
}

// Settle takes over what a CR or CC says.
func (s *Session) Settle(c *COTP) {
	if size := c.Param(cotpTPDUSize); len(size) == 1 && size[0] >= 7 && size[0] <= 13 {
		s.TPDUSize = 1 << size[0]
	}
	if c.Type == COTPConnect || s.Called.n == 0 {
		s.Calling.set(c.Param(cotpCallingTSAP))
		s.Called.set(c.Param(cotpCalledTSAP))
	}
}

// RackSlot reads the called selector as Siemens controllers write it: two bytes,
// the second holding rack (3 bits) and slot (5 bits).
func (s *Session) RackSlot() (rack, slot uint8, ok bool) {
	if s.Called.n != 2 {
		return 0, 0, false
	}
	v := binary.BigEndian.Uint16(s.Called.b[:])
	return uint8(v) >> 5, uint8(v) & 0x1f, true
}

// Carried tells who carries on inside a transport connection.
type Carried uint8

// Those who do.
const (
	CarriesUnknown Carried = iota
	CarriesS7
	CarriesS7Plus
	CarriesOSI // an ISO session (ISO 8327): MMS, ICCP
)

// CarriesHead is how many bytes of a TSDU say what it carries.
const CarriesHead = 4

// Carries looks at the first bytes of a TSDU.
func Carries(tsdu []byte) Carried { return CarriesOf(tsdu, len(tsdu)) }

// CarriesOf is Carries for a TSDU of size bytes of which the first CarriesHead, or all,
// are at hand.
func CarriesOf(head []byte, size int) Carried {
	if len(head) == 0 {
		return CarriesUnknown
	}
	second := byte(0)
	if len(head) > 1 {
		second = head[1]
	}
	switch head[0] {
	case 0x32:
		switch second {
		case 1, 2, 3, 7:
			return CarriesS7
		}
	case 0x72:
		if second >= 1 && second <= 3 || second == 0xfe {
			return CarriesS7Plus
		}
	case 0x01:
		if second == 0 && len(head) >= CarriesHead && head[2] == 1 && head[3] == 0 { // give tokens, then data
			return CarriesOSI
		}
	case 0x0d, 0x0e, 0x0c, 0x19: // connect, accept, refuse, abort, with a length
		if size > 2 && (int(second)+2 == size || second == 0xff) {
			return CarriesOSI
		}
	}
	return CarriesUnknown
}

// S7PlusFits tells whether a TSDU is a message or fragment of S7comm-plus whose
// lengths agree: a header, as much as it says, and perhaps a trailer.
func S7PlusFits(tsdu []byte) bool {
	const header, trailer = 4, 4
	if len(tsdu) < header || Carries(tsdu) != CarriesS7Plus {
		return false
	}
	n := header + int(binary.BigEndian.Uint16(tsdu[2:]))
	return n == len(tsdu) || n+trailer == len(tsdu)
}

// TLSRecord tells whether a TSDU of so many bytes begins with TLS records (RFC 8446, 5.1):
// one that fills it, or one with another behind it. Only S7comm-plus puts them there.
func TLSRecord(b []byte, size int) bool {
	const first, last, longest = 20, 23, 1<<14 + 256
	if len(b) < 5 || b[0] < first || b[0] > last || b[1] != 3 || b[2] > 4 {
		return false
	}
	n := 5 + int(binary.BigEndian.Uint16(b[3:]))
	if n == size {
		return true
	}
	return n < size && n < 5+longest && len(b) > n+2 && b[n] >= first && b[n] <= last && b[n+1] == 3 && b[n+2] <= 4
}

// asnMMS is the beginning that the object identifiers of MMS have in common, as
// encoded: 1.0.9506.2 (ISO 9506-2).
const asnMMS = "\x28\xca\x22\x02"

// CarriesMMS tells whether a TSDU belongs to MMS: the beginning of a session that
// negotiates it, data that looks like it in a session whose beginning was not
// seen, or its initiate request where session and presentation are left out.
func CarriesMMS(tsdu []byte) bool {
	if len(tsdu) > 0 && tsdu[0] == 0xa8 {
		r := ReadBER(tsdu)
		_, in := r.Enter()
		first, _ := in.Any()
		return !in.Failed() && r.Len() == 0 && (first == 0x80 || first == 0x81)
	}
	if Carries(tsdu) != CarriesOSI {
		return false
	}
	if tsdu[0] != 0x01 {
		return bytes.Contains(tsdu, []byte(asnMMS))
	}
	_, pdu := PresentationData(tsdu[4:])
	return startsMMS(pdu)
}

// startsMMS tells whether the bytes are a PDU of MMS by its choice and by what it
// begins with: invoke ids where those belong.
func startsMMS(pdu []byte) bool {
	r := ReadBER(pdu)
	tag, in := r.Enter()
	first, content := in.Any()
	switch {
	case r.Failed() || r.Len() > 0:
		return false
	case tag == 0x8b || tag == 0x8c: // conclude
		return in.Len() == 0 && first == 0
	case in.Failed():
		return false
	case tag == 0xa0 || tag == 0xa1: // confirmed request and response
		return first == TagInteger && len(content) <= 5 && in.Len() > 0
	case tag == 0xa2: // confirmed error
		return first == 0x80 && len(content) <= 5 && in.Len() > 0
	case tag == 0xa3: // unconfirmed
		return first == 0xa0
	}
	return false
}

// PresentationData reads user data of a presentation connection that holds one
// value: the context's number and the value, nil if it is none (ISO 8823, 8.4.2).
func PresentationData(b []byte) (context uint32, value []byte) {
	const fullyEncoded, singleASN1 = 0x61, 0xa0
	r := ReadBER(b)
	all := r.Into(fullyEncoded)
	list := all.Into(TagSequence)
	id := list.Int()
	value = list.Take(singleASN1)
	if list.Failed() || all.Len() > 0 {
		return 0, nil
	}
	return uint32(id), value
}

// leastS7 is the fewest bytes of an S7comm message.
const leastS7 = 10

// S7Length is how long the S7comm message that b begins with says it is, 0 if b
// begins with none.
func S7Length(b []byte) int {
	if len(b) < leastS7 || Carries(b) != CarriesS7 {
		return 0
	}
	n := leastS7 + int(binary.BigEndian.Uint16(b[6:])) + int(binary.BigEndian.Uint16(b[8:]))
	if b[1] == 2 || b[1] == 3 { // answers have an error class and code
		n += 2
	}
	return n
}
