package all

import (
	"encoding/binary"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/ads"
	"firedoor/internal/protocol/bacnet"
	"firedoor/internal/protocol/fins"
	"firedoor/internal/protocol/melsec"
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
