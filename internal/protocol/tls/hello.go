package tls

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"firedoor"
	"firedoor/internal/protocol"
)

// Extensions (IANA, TLS ExtensionType Values).
const (
	extName       = 0x0000
	extSignatures = 0x000d
	extALPN       = 0x0010
	extVersions   = 0x002b
)

// maxListed is how many ciphers, extensions or signature algorithms a hello
// may have to be fingerprinted.
const maxListed = 256

// helloRetry is the random by which a ServerHello asks for another
// ClientHello (RFC 8446, 4.1.3): SHA-256 of "HelloRetryRequest".
var helloRetry = func() string {
	s := sha256.Sum256([]byte("HelloRetryRequest"))
	return string(s[:])
}()

// hello is what a ClientHello says. It lives on the stack: a flow says hello
// once, and its parser stays.
type hello struct {
	version    uint16
	hasName    bool
	overflow   bool
	name       []byte
	alpn       []byte
	ciphers    [maxListed]uint16
	extensions [maxListed]uint16
	signatures [maxListed]uint16
	nCiphers   int
	nExt       int
	nSig       int
	listed     int // extensions counted, those that are not hashed included
}

// client reads a ClientHello (RFC 8446, 4.1.2) and tells the name it asks for
// and its fingerprint.
func (p *parser) client(b []byte, emit func(*firedoor.Event)) {
	if p.retry {
		return // the second hello of a retry says the same again
	}
	var h hello
	r := protocol.Read(b)
	h.version = r.U16()
	r.Skip(32)
	r.Skip(int(r.U8()))
	ciphers := r.Bytes(int(r.U16()))
	r.Skip(int(r.U8())) // compression
	if r.Failed() || len(ciphers)%2 != 0 {
		p.voice.Malformed(emit, "client hello shorter than its fields", 0)
		return
	}
	h.nCiphers = h.list(h.ciphers[:], ciphers)
	if r.Len() > 0 && !h.readExtensions(r.Bytes(int(r.U16()))) || r.Failed() {
		p.voice.Malformed(emit, "extension longer than the hello", 0)
		return
	}
	p.presume(h.alpn, "alpn offered")
	if len(h.name) > 0 {
		p.voice.Lookup(emit, firedoor.Lookup{Kind: "tls-sni", Name: h.name})
	}
	if !h.overflow {
		p.voice.Fact(emit, firedoor.Identity{
			About: firedoor.AboutClient, Kind: firedoor.FactSoftware, Confidence: 50,
			Source: "tls client hello", Value: h.fingerprint(p.ja4[:0]),
		})
	}
}

// list reads 16-bit values but GREASE into a fixed table.
func (h *hello) list(to []uint16, b []byte) (n int) {
	for ; len(b) >= 2; b = b[2:] {
		v := binary.BigEndian.Uint16(b)
		if grease(v) {
			continue
		}
		if n == len(to) {
			h.overflow = true
			return n
		}
		to[n] = v
		n++
	}
	return n
}

// grease tells the values that clients send to keep servers tolerant (RFC 8701).
func grease(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }

// readExtensions walks the extensions; false when one overruns.
func (h *hello) readExtensions(b []byte) bool {
	for len(b) > 0 {
		if len(b) < 4 {
			return false
		}
		kind, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if n > len(b)-4 {
			return false
		}
		if !grease(kind) {
			h.extension(kind, b[4:4+n])
		}
		b = b[4+n:]
	}
	return true
}

// extension notes one extension. The name and the application protocol are not
// hashed, so that a client has one fingerprint whomever it talks to.
func (h *hello) extension(kind uint16, data []byte) {
	h.listed++
	switch kind {
	case extName:
		h.hasName = true
		h.name = serverName(data)
		return
	case extALPN:
		if len(data) >= 3 && int(data[2]) <= len(data)-3 {
			h.alpn = data[3 : 3+int(data[2])]
		}
		return
	case extSignatures:
		if len(data) >= 2 {
			h.nSig = h.list(h.signatures[:], data[2:])
		}
	case extVersions:
		if len(data) > 0 {
			h.highest(data[1:])
		}
	}
	if h.nExt == len(h.extensions) {
		h.overflow = true
		return
	}
	h.extensions[h.nExt] = kind
	h.nExt++
}

// highest takes the highest of the supported versions instead of the hello's.
func (h *hello) highest(b []byte) {
	var top uint16
	for ; len(b) >= 2; b = b[2:] {
		if v := binary.BigEndian.Uint16(b); !grease(v) && v > top {
			top = v
		}
	}
	if top != 0 {
		h.version = top
	}
}

// serverName is the first host name of the extension (RFC 6066, 3); lower case
// is the receiver's work, since the bytes are borrowed.
func serverName(b []byte) []byte {
	if len(b) < 5 || b[2] != 0 {
		return nil
	}
	n := int(binary.BigEndian.Uint16(b[3:]))
	if n > len(b)-5 {
		return nil
	}
	return b[5 : 5+n]
}

// fingerprint appends "ja4:" and the JA4 of the hello, as FoxIO describes it in
// technical_details/JA4.md (BSD 3-Clause).
func (h *hello) fingerprint(b []byte) []byte {
	b = append(b, "ja4:t"...)
	b = append(b, ja4Version(h.version)...)
	if h.hasName {
		b = append(b, 'd')
	} else {
		b = append(b, 'i')
	}
	b = appendTwo(b, h.nCiphers)
	b = appendTwo(b, h.listed)
	b = appendALPN(b, h.alpn)
	b = append(b, '_')
	slices.Sort(h.ciphers[:h.nCiphers])
	b = appendHash(b, h.ciphers[:h.nCiphers], nil)
	b = append(b, '_')
	slices.Sort(h.extensions[:h.nExt])
	return appendHash(b, h.extensions[:h.nExt], h.signatures[:h.nSig])
}

func ja4Version(v uint16) string {
	switch v {
	case 0x0304:
		return "13"
	case 0x0303:
		return "12"
	case 0x0302:
		return "11"
	case 0x0301:
		return "10"
	case 0x0300:
		return "s3"
	case 0x0002:
		return "s2"
	}
	return "00"
}

func appendTwo(b []byte, n int) []byte {
	n = min(n, 99)
	return append(b, byte('0'+n/10), byte('0'+n%10))
}

// appendALPN appends first and last character of the first protocol, or of its
// hexadecimal form when one of them is no letter or digit.
func appendALPN(b, alpn []byte) []byte {
	if len(alpn) == 0 {
		return append(b, '0', '0')
	}
	first, last := alpn[0], alpn[len(alpn)-1]
	if alphanumeric(first) && alphanumeric(last) {
		return append(b, first, last)
	}
	return append(b, hexDigits[first>>4], hexDigits[last&0xf])
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

const hexDigits = "0123456789abcdef"

// appendHash appends the first twelve digits of the hash of the values, or
// zeros where there are none. The tail is joined by an underscore.
func appendHash(b []byte, values, tail []uint16) []byte {
	if len(values) == 0 {
		return append(b, "000000000000"...)
	}
	var text [5 * 2 * maxListed]byte
	t := appendList(text[:0], values)
	if len(tail) > 0 {
		t = appendList(append(t, '_'), tail)
	}
	sum := sha256.Sum256(t)
	for _, c := range sum[:6] {
		b = append(b, hexDigits[c>>4], hexDigits[c&0xf])
	}
	return b
}

func appendList(b []byte, values []uint16) []byte {
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, hexDigits[v>>12], hexDigits[v>>8&0xf], hexDigits[v>>4&0xf], hexDigits[v&0xf])
	}
	return b
}
