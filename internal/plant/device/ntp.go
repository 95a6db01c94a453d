package device

import (
	"encoding/binary"
	"net/netip"
)

// PortNTP is the time's registered port (RFC 5905).
const PortNTP = 123

// ntpLength is a message without extensions.
const ntpLength = 48

// ntpEpoch is how many seconds 1900 is before 1970.
const ntpEpoch = 2208988800

// NTP is a time server (Datagrams).
type NTP struct {
	Stratum   uint8      // 0 is 2
	Reference netip.Addr // where it has its own time from
	// Offset is how far its time is from the true one, in nanoseconds.
	Offset int64
}

// Receive implements Datagrams: it answers clients (mode 3) of versions 1 to 4.
func (n *NTP) Receive(now int64, _ netip.AddrPort, b, out []byte) []byte {
	if len(b) < ntpLength || b[0]&7 != 3 || b[0]>>3&7 == 0 || b[0]>>3&7 > 4 {
		return out
	}
	stratum := n.Stratum
	if stratum == 0 {
		stratum = 2
	}
	t := now + n.Offset
	out = append(out, b[0]&0x38|4, stratum, b[2], 0xec) // precision 2^-20 s
	out = append(out, 0, 0, 1, 0x20, 0, 0, 2, 0x80)     // root delay and dispersion
	ref := [4]byte{127, 127, 1, 0}
	if n.Reference.Is4() {
		ref = n.Reference.As4()
	}
	out = append(out, ref[:]...)
	out = appendNTP(out, t-t%64e9) // when it was last set
	out = append(out, b[40:48]...) // what the client sent as its time
	return appendNTP(appendNTP(out, t), t+20_000)
}

// appendNTP appends a time in seconds since 1900 and their fraction.
func appendNTP(b []byte, t int64) []byte {
	seconds, rest := t/1e9, uint64(t%1e9)
	b = binary.BigEndian.AppendUint32(b, uint32(seconds+ntpEpoch))
	return binary.BigEndian.AppendUint32(b, uint32(rest<<32/1e9))
}

// AppendNTPRequest appends a client's question at a time.
func AppendNTPRequest(b []byte, now int64) []byte {
	b = append(b, 0x23, 0, 6, 0xec)
	b = append(b, make([]byte, 36)...)
	return appendNTP(b, now)
}
