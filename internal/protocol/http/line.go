package http

import "bytes"

// Sizes of the parts of a first line. Registered methods have 3 to 17 letters.
const (
	minMethod  = 3
	maxMethod  = 20
	statusLine = len("HTTP/1.1 200")
)

// methodLen counts the letters of a method at the start of a line.
func methodLen(b []byte) int {
	for i, c := range b {
		if (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return i
		}
	}
	return len(b)
}

// readRequest splits a request line (RFC 9112, 3) without its end.
func readRequest(line []byte) (method, target []byte, ok bool) {
	n := methodLen(line)
	if n < minMethod || n > maxMethod || n >= len(line) || line[n] != ' ' {
		return nil, nil, false
	}
	const version = " HTTP/1.x"
	rest := line[n+1:]
	at := len(rest) - len(version)
	if at < 1 || string(rest[at:at+8]) != version[:8] || !digit(rest[at+8]) {
		return nil, nil, false
	}
	return line[:n], rest[:at], true
}

// readStatus reads a status line (RFC 9112, 4), which need not be whole.
func readStatus(line []byte) (status int, ok bool) {
	if len(line) < statusLine || string(line[:7]) != "HTTP/1." || !digit(line[7]) || line[8] != ' ' ||
		!digit(line[9]) || !digit(line[10]) || !digit(line[11]) {
		return 0, false
	}
	return int(line[9]-'0')*100 + int(line[10]-'0')*10 + int(line[11]-'0'), true
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// trimEnd cuts LF or CR LF.
func trimEnd(b []byte) []byte {
	b = bytes.TrimSuffix(b, lf)
	return bytes.TrimSuffix(b, cr)
}

var lf, cr = []byte{'\n'}, []byte{'\r'}

// readDecimal reads a Content-Length; false when it is no number below 2^60.
func readDecimal(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	var v int64
	for _, c := range b {
		if !digit(c) {
			return 0, false
		}
		v = v*10 + int64(c-'0')
	}
	return v, true
}

// readHex reads a chunk's size, behind which extensions may stand (RFC 9112, 7.1).
func readHex(b []byte) (int64, bool) {
	var v int64
	n := 0
	for ; n < len(b); n++ {
		c := b[n]
		switch {
		case digit(c):
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return v, n > 0 && (c == ';' || c == ' ' || c == '\t')
		}
		if n == 15 {
			return 0, false
		}
		v = v<<4 | int64(c)
	}
	return v, n > 0
}

// basicUser decodes the user's name of Basic credentials (RFC 7617, 2) into
// dst and stops at the colon: the password is never decoded but for the one or
// two bytes that share its group of letters, and those are not kept.
func basicUser(dst, b []byte) []byte {
	for len(b) >= 4 && len(dst)+3 <= cap(dst) {
		var v uint32
		for _, c := range b[:4] {
			v = v<<6 | uint32(base64Value(c))
		}
		for shift := 16; shift >= 0; shift -= 8 {
			c := byte(v >> shift)
			if c == ':' {
				return dst
			}
			dst = append(dst, c)
		}
		b = b[4:]
	}
	return dst[:0] // no colon: no user, and what it was instead may be a secret
}

func base64Value(c byte) byte {
	switch {
	case c >= 'A' && c <= 'Z':
		return c - 'A'
	case c >= 'a' && c <= 'z':
		return c - 'a' + 26
	case digit(c):
		return c - '0' + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return 0
}

// digestUser appends the user's name of Digest credentials (RFC 7616, 3.4).
func digestUser(dst, b []byte) []byte {
	const key = `username="`
	for i := 0; i+len(key) <= len(b); i++ {
		if string(b[i:i+len(key)]) != key {
			continue
		}
		b = b[i+len(key):]
		end := bytes.IndexByte(b, '"')
		if end < 0 || end > cap(dst) {
			return dst
		}
		return append(dst, b[:end]...)
	}
	return dst
}
