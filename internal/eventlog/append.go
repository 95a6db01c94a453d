package eventlog

import (
	"strconv"
	"time"
	"unicode/utf8"

	"firedoor"
)

// Clock formats times as RFC 3339, UTC, nine decimals, and remembers the
// second it wrote last: neighbouring lines share it.
type Clock struct {
	second int64
	text   [32]byte
	n      int
}

// Append appends t, nanoseconds since 1970, without quotes.
func (c *Clock) Append(dst []byte, t int64) []byte {
	second, nano := t/1e9, t%1e9
	if nano < 0 {
		second, nano = second-1, nano+1e9
	}
	if c.n == 0 || second != c.second {
		c.second = second
		c.n = len(time.Unix(second, 0).UTC().AppendFormat(c.text[:0], "2006-01-02T15:04:05."))
	}
	dst = append(dst, c.text[:c.n]...)
	for div := int64(1e8); div > 0; div /= 10 {
		dst = append(dst, byte('0'+nano/div%10))
	}
	return append(dst, 'Z')
}

// Time is Append as a string with a clock of its own.
func Time(t int64) string {
	var c Clock
	return string(c.Append(nil, t))
}

// AppendString appends s as a JSON string. Bytes that are not UTF-8 become
// U+FFFD, control characters are escaped.
func AppendString[S ~string | ~[]byte](dst []byte, s S) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		b := s[i]
		switch {
		case b == '"' || b == '\\':
			dst = append(dst, '\\', b)
		case b < 0x20 || b == 0x7f:
			dst = append(dst, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		case b < utf8.RuneSelf:
			dst = append(dst, b)
		default:
			r, n := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		}
		i++
	}
	return append(dst, '"')
}

// AppendEndpoint appends {"ip":…,"port":…,"mac":…}, leaving out what there is not.
func AppendEndpoint(dst []byte, e *firedoor.Endpoint) []byte {
	dst = append(dst, '{')
	if !e.IP.IsZero() {
		dst = append(dst, `"ip":"`...)
		dst = e.IP.AppendTo(dst)
		dst = append(dst, `","port":`...)
		dst = strconv.AppendUint(dst, uint64(e.Port), 10)
	}
	if e.MAC != 0 {
		if !e.IP.IsZero() {
			dst = append(dst, ',')
		}
		dst = append(dst, `"mac":"`...)
		dst = e.MAC.AppendTo(dst)
		dst = append(dst, '"')
	}
	return append(dst, '}')
}
