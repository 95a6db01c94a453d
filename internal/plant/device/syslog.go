package device

import (
	"bytes"
	"fmt"
	"net/netip"
	"time"
)

// PortSyslog is the port of RFC 5426.
const PortSyslog = 514

// syslogKept is how many lines a Syslog keeps; older ones make room.
const syslogKept = 64

// Syslog is a log server (Datagrams): it answers nothing.
type Syslog struct {
	Lines uint64 // that came
	last  [syslogKept][]byte
}

// Receive implements Datagrams.
func (s *Syslog) Receive(_ int64, _ netip.AddrPort, b, out []byte) []byte {
	const longest = 2048
	at := &s.last[s.Lines%syslogKept]
	*at = append((*at)[:0], b[:min(len(b), longest)]...)
	s.Lines++
	return out
}

// Last is a copy of the line that came i lines before the last one; nil: not kept.
func (s *Syslog) Last(i int) []byte {
	if i < 0 || i >= syslogKept || uint64(i) >= s.Lines {
		return nil
	}
	return bytes.Clone(s.last[(s.Lines-1-uint64(i))%syslogKept])
}

// AppendSyslog appends a line as devices send it (RFC 3164, 4.1).
func AppendSyslog(b []byte, facility, severity uint8, now int64, host, tag, text string) []byte {
	at := time.Unix(0, now).UTC().Format(time.Stamp)
	return fmt.Appendf(b, "<%d>%s %s %s: %s", int(facility)*8+int(severity&7), at, host, tag, text)
}
