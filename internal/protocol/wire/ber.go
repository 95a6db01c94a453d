package wire

// BER walks a sequence of tag-length-value elements with definite lengths and
// one-byte tags (ITU-T X.690, 8.1): what SNMP, LDAP and certificates use. Some
// of its users write lengths longer than needed, so only DER's meaning is kept.
type BER struct {
	b    []byte
	pos  int
	base int // of b in what the outermost walk began with
	bad  bool
}

// Universal tags.
const (
	TagInteger     = 0x02
	TagOctetString = 0x04
	TagNull        = 0x05
	TagOID         = 0x06
	TagSequence    = 0x30
	TagSet         = 0x31
)

// ReadBER returns a walk over b.
func ReadBER(b []byte) BER { return BER{b: b} }

// ReadBERAt returns a walk over b, which stands at an offset of something larger:
// At counts from there.
func ReadBERAt(b []byte, base int) BER { return BER{b: b, base: base} }

// At is the offset of the next element.
func (r *BER) At() int { return r.base + r.pos }

// Rest is what is left, nil after a failure.
func (r *BER) Rest() []byte {
	if r.bad {
		return nil
	}
	return r.b[r.pos:]
}

// Failed tells whether any element broke the rules or was not what was asked for.
func (r *BER) Failed() bool { return r.bad }

// Len is the number of bytes left.
func (r *BER) Len() int { return len(r.b) - r.pos }

// Pos is how many bytes were read.
func (r *BER) Pos() int { return r.pos }

// Any reads the next element, whatever it is; tag 0 and nil past the end.
func (r *BER) Any() (tag byte, content []byte) {
	if r.bad {
		return 0, nil
	}
	tag, head, size, ok := BERHeader(r.b[r.pos:])
	if !ok || size > len(r.b)-r.pos-head {
		r.bad = true
		return 0, nil
	}
	at := r.pos + head
	r.pos = at + size
	return tag, r.b[at:r.pos:r.pos]
}

// Take reads the next element, which must have the tag.
func (r *BER) Take(tag byte) []byte {
	got, content := r.Any()
	if got != tag {
		r.bad = true
		return nil
	}
	return content
}

// Into reads the next element, which must have the tag, and walks its content.
func (r *BER) Into(tag byte) BER {
	content := r.Take(tag)
	return BER{b: content, base: r.base + r.pos - len(content), bad: r.bad}
}

// Enter reads the next element, whatever it is, and walks its content.
func (r *BER) Enter() (tag byte, in BER) {
	tag, content := r.Any()
	return tag, BER{b: content, base: r.base + r.pos - len(content), bad: r.bad}
}

// EnterLong is Enter for elements whose tag may take several bytes: tag is its
// first byte, number what it counts (X.690, 8.1.2.4).
func (r *BER) EnterLong() (tag byte, number uint32, in BER) {
	const long, most = 0x1f, 2 // 16,383: no protocol counts further
	b := r.Rest()
	if len(b) == 0 || b[0]&long != long {
		tag, in = r.Enter()
		return tag, uint32(tag & long), in
	}
	tag = b[0]
	for i := 1; i <= most && i < len(b); i++ {
		number = number<<7 | uint32(b[i]&0x7f)
		if b[i]&0x80 == 0 {
			_, head, size, ok := berLength(b[i:])
			if !ok || size > len(b)-i-head {
				break
			}
			at := r.pos + i + head
			r.pos = at + size
			return tag, number, BER{b: r.b[at:r.pos:r.pos], base: r.base + at}
		}
	}
	r.bad = true
	return 0, 0, BER{bad: true}
}

// Int reads the next element, an INTEGER of at most eight bytes.
func (r *BER) Int() int64 {
	v, ok := BERInt(r.Take(TagInteger))
	if !ok {
		r.bad = true
	}
	return v
}

// BERInt is the value of an integer's content; false when it is empty or
// longer than eight bytes.
func BERInt(content []byte) (int64, bool) {
	if len(content) == 0 || len(content) > 8 {
		return 0, false
	}
	v := int64(int8(content[0]))
	for _, c := range content[1:] {
		v = v<<8 | int64(c)
	}
	return v, true
}

// BERHeader reads a tag and a length: head bytes of header, size bytes of
// content behind it, which need not be in b. ok is false when b ends in the
// header, or the tag or length has a form that BER does not walk.
func BERHeader(b []byte) (tag byte, head, size int, ok bool) {
	if len(b) < 2 || b[0]&0x1f == 0x1f {
		return 0, 0, 0, false
	}
	return berLength(b)
}

// berLength reads the length behind the byte that b begins with, a tag's last.
func berLength(b []byte) (tag byte, head, size int, ok bool) {
	if len(b) < 2 {
		return 0, 0, 0, false
	}
	n := int(b[1])
	if n < 0x80 {
		return b[0], 2, n, true
	}
	n &= 0x7f
	if n == 0 || n > 4 || len(b) < 2+n {
		return 0, 0, 0, false
	}
	for _, c := range b[2 : 2+n] {
		size = size<<8 | int(c)
	}
	return b[0], 2 + n, size, true
}

// ValidOID tells whether an object identifier's content is well formed (X.690,
// 8.19): not empty, at most MaxOID bytes, arcs of at most 32 bits, the last one whole.
func ValidOID(oid []byte) bool {
	if len(oid) == 0 || len(oid) > MaxOID || oid[len(oid)-1]&0x80 != 0 {
		return false
	}
	run := 0
	for _, c := range oid {
		if run++; run > 5 {
			return false
		}
		if c&0x80 == 0 {
			run = 0
		}
	}
	return true
}

// MaxOID is how many bytes of content an object identifier may have: SNMP
// allows 128 arcs (RFC 3416, 4.1), rarely of more than two bytes.
const MaxOID = 256

// AppendOID appends the dotted form of an object identifier's content.
func AppendOID(dst, oid []byte) []byte {
	var arc uint64
	first := true
	for _, c := range oid {
		arc = arc<<7 | uint64(c&0x7f)
		if c&0x80 != 0 {
			continue
		}
		if first {
			top := min(arc/40, 2)
			dst = appendDecimal(dst, top)
			arc -= 40 * top
			first = false
		}
		dst = appendDecimal(append(dst, '.'), arc)
		arc = 0
	}
	return dst
}

func appendDecimal(dst []byte, v uint64) []byte {
	var b [20]byte
	i := len(b)
	for {
		i--
		b[i] = byte('0' + v%10)
		if v /= 10; v == 0 {
			return append(dst, b[i:]...)
		}
	}
}
