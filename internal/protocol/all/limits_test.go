package all

import (
	"encoding/binary"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/ads"
	"firedoor/internal/protocol/bacnet"
	"firedoor/internal/protocol/c1222"
	"firedoor/internal/protocol/fins"
	"firedoor/internal/protocol/hartip"
	"firedoor/internal/protocol/melsec"
	"firedoor/internal/protocol/snmp"
)

// TestWritesBehindTheLimitAreSaid holds that a request which writes more objects than are told says so: a
// gateway judges what is told, and must not let the rest go by.
func TestWritesBehindTheLimitAreSaid(t *testing.T) {
	little, big := binary.LittleEndian, binary.BigEndian
	for _, c := range []struct {
		of    *protocol.Protocol
		limit int
		write func(n int) string
	}{
		{bacnet.Protocol, 512, func(n int) string { // write property multiple, out of service
			b := "\x01\x04\x00\x05\x01\x10\x0c\x00\x00\x00\x05\x1e" + strings.Repeat("\x09\x51\x2e\x10\x2f", n) + "\x1f"
			return string(big.AppendUint16([]byte("\x81\x0a"), uint16(4+len(b)))) + b
		}},
		{ads.Protocol, 512, func(n int) string { // sum write, an octet each
			list := strings.Repeat("\x20\x40\x00\x00\x08\x00\x00\x00\x01\x00\x00\x00", n) + strings.Repeat("\x07", n)
			head := little.AppendUint32(little.AppendUint32(nil, 0xf081), uint32(n))
			head = little.AppendUint32(little.AppendUint32(head, uint32(4*n)), uint32(len(list)))
			body := string(head) + list
			ams := little.AppendUint32([]byte("\x05\x01\x02\x03\x01\x01\x53\x03"+"\x05\x01\x02\x09\x01\x01\x89\x80"+"\x09\x00\x04\x00"), uint32(len(body)))
			ams = append(ams, "\x00\x00\x00\x00\x07\x00\x00\x00"...)
			return string(little.AppendUint32([]byte{0, 0}, uint32(len(ams)+len(body)))) + string(ams) + body
		}},
		{fins.Protocol, 192, func(n int) string { // forced set
			b := "\x80\x00\x02\x00\x01\x00\x00\x02\x00\x07\x23\x01"
			return b + string(big.AppendUint16(nil, uint16(n))) + strings.Repeat("\x00\x01\x30\x00\x05\x01", n)
		}},
		{melsec.Protocol, 192, func(n int) string { // random write of bits
			b := "\x04\x00\x02\x14\x01\x00" + string([]byte{byte(n)}) + strings.Repeat("\x05\x00\x00\x90\x01", n)
			return "\x50\x00\x00\xff\xff\x03\x00" + string(little.AppendUint16(nil, uint16(len(b)))) + b
		}},
		{hartip.Protocol, 16, func(n int) string { // a direct PDU
			b := "\x00\x00" + strings.Repeat("\x00\x22\x04\x41\x20\x00\x00", n)
			return string(big.AppendUint16([]byte("\x01\x00\x04\x00\x00\x07"), uint16(8+len(b)))) + b
		}},
		{snmp.Protocol, 64, func(n int) string { // set request
			list := element(0x30, strings.Repeat("\x30\x0c\x06\x07\x2b\x06\x01\x02\x01\x01\x06\x04\x01a", n))
			return element(0x30, "\x02\x01\x01\x04\x01p"+element(0xa3, "\x02\x01\x07\x02\x01\x00\x02\x01\x00"+list))
		}},
		{c1222.Protocol, 32, func(n int) string { // full write
			services := "\x80" + strings.Repeat("\x07\x40\x00\x08\x00\x01\x05\xfb", n)
			user := element(0xbe, element(0x28, element(0x81, services)))
			return element(0x60, "\xa2\x05\x80\x03\x01\x02\x03\xa6\x04\x80\x02\x09\x08\xa8\x04\x02\x02\x00\x07"+user)
		}},
	} {
		for n, want := range map[int]int{c.limit: 0, c.limit + 1: 1} {
			asked, said := 0, 0
			_, err := c.of.New().Parse(firedoor.FromClient, []byte(c.write(n)), func(e *firedoor.Event) {
				switch e.Kind {
				case firedoor.EventOperation:
					asked++
				case firedoor.EventMalformed:
					said++
				}
			})
			if err != nil || asked != c.limit || said != want {
				t.Errorf("%s, %d objects: %d told and %d malformed, want %d and %d (%v)", c.of.Name, n, asked, said, c.limit, want, err)
			}
		}
	}
}

// element is a value in BER with a length of two bytes.
func element(tag byte, content string) string {
	return string([]byte{tag, 0x82, byte(len(content) >> 8), byte(len(content))}) + content
}
