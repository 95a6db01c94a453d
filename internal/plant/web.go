package plant

import (
	"encoding/binary"
	"fmt"

	"firedoor/internal/plant/chance"
)

// TLSHello describes a ClientHello: the name asked for, the application
// protocols offered, and whether TLS 1.3 is.
type TLSHello struct {
	Server string
	ALPN   []string
	Modern bool
}

var (
	tlsOldSuites    = []uint16{0xc02b, 0xc02f, 0xc02c, 0xc030, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035}
	tlsModernSuites = []uint16{0x1301, 0x1302, 0x1303}
	tlsGroups       = []uint16{0x001d, 0x0017, 0x0018}
	tlsSignatures   = []uint16{0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601}
)

// Client appends the ClientHello record; r makes its random parts.
func (h TLSHello) Client(b []byte, r *chance.Random) []byte {
	m := []byte{3, 3}
	m = appendNoise(m, r, 32)
	m = appendNoise(append(m, 32), r, 32)
	suites := tlsOldSuites
	if h.Modern {
		suites = append(append([]uint16{}, tlsModernSuites...), tlsOldSuites...)
	}
	m = appendWords(m, suites)
	m = append(m, 1, 0)
	var e []byte
	if h.Server != "" {
		n := len(h.Server)
		name := append([]byte{byte((n + 3) >> 8), byte(n + 3), 0, byte(n >> 8), byte(n)}, h.Server...)
		e = appendExtension(e, 0, name)
	}
	e = appendExtension(e, 10, appendWords(nil, tlsGroups))
	e = appendExtension(e, 11, []byte{1, 0})
	e = appendExtension(e, 13, appendWords(nil, tlsSignatures))
	if len(h.ALPN) > 0 {
		e = appendExtension(e, 16, alpn(h.ALPN))
	}
	e = appendExtension(e, 23, nil)
	if h.Modern {
		e = appendExtension(e, 43, []byte{4, 3, 4, 3, 3})
		e = appendExtension(e, 45, []byte{1, 1})
		e = appendExtension(e, 51, appendNoise([]byte{0, 36, 0, 0x1d, 0, 32}, r, 32))
	}
	return appendHandshake(b, 1, 1, appendLong(m, e))
}

// ServerAnswer appends the ServerHello record and, for TLS 1.3, the change
// cipher spec that middleboxes want to see.
func (h TLSHello) ServerAnswer(b []byte, r *chance.Random) []byte {
	m := appendNoise([]byte{3, 3}, r, 32)
	m = appendNoise(append(m, 32), r, 32)
	var e []byte
	if h.Modern {
		m = append(m, 0x13, 0x01, 0)
		e = appendExtension(e, 43, []byte{3, 4})
		e = appendExtension(e, 51, appendNoise([]byte{0, 0x1d, 0, 32}, r, 32))
	} else {
		m = append(m, 0xc0, 0x2f, 0)
		e = appendExtension(e, 0xff01, []byte{0})
		e = appendExtension(e, 23, nil)
	}
	b = appendHandshake(b, 3, 2, appendLong(m, e))
	return append(b, 20, 3, 3, 0, 1, 1)
}

// TLSData appends one record of n opaque bytes. Only the first 32 are new: nobody
// can read them anyway, and a capture that repeats itself compresses.
func TLSData(b []byte, r *chance.Random, n int) []byte {
	b = append(b, 23, 3, 3, byte(n>>8), byte(n))
	at := len(b)
	b = appendNoise(b, r, min(n, 32))
	for len(b)-at < n {
		b = append(b, b[at:at+min(32, n-(len(b)-at))]...)
	}
	return b
}

func appendHandshake(b []byte, minor, kind uint8, m []byte) []byte {
	b = append(b, 22, 3, minor)
	b = binary.BigEndian.AppendUint16(b, uint16(4+len(m)))
	b = append(b, kind, 0, byte(len(m)>>8), byte(len(m)))
	return append(b, m...)
}

func alpn(names []string) []byte {
	var list []byte
	for _, n := range names {
		list = append(append(list, byte(len(n))), n...)
	}
	return appendLong(nil, list)
}

func appendExtension(b []byte, kind uint16, v []byte) []byte {
	return appendLong(binary.BigEndian.AppendUint16(b, kind), v)
}

// appendLong appends v behind its 16-bit length.
func appendLong(b, v []byte) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(v))), v...)
}

func appendWords(b []byte, words []uint16) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(2*len(words)))
	for _, w := range words {
		b = binary.BigEndian.AppendUint16(b, w)
	}
	return b
}

func appendNoise(b []byte, r *chance.Random, n int) []byte {
	for ; n >= 8; n -= 8 {
		b = binary.LittleEndian.AppendUint64(b, r.Next())
	}
	for ; n > 0; n-- {
		b = append(b, byte(r.Next()))
	}
	return b
}

// HTTPGet appends a request; extra are further header lines without their ends.
func HTTPGet(b []byte, host, path, agent string, extra ...string) []byte {
	b = fmt.Appendf(b, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nAccept: */*\r\n", path, host, agent)
	for _, line := range extra {
		b = append(append(b, line...), "\r\n"...)
	}
	return append(b, "\r\n"...)
}

// HTTPAnswer appends a response.
func HTTPAnswer(b []byte, status, server, kind string, body []byte) []byte {
	b = fmt.Appendf(b, "HTTP/1.1 %s\r\nServer: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n",
		status, server, kind, len(body))
	return append(b, body...)
}
