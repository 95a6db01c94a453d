package inline_test

import (
	"testing"

	"firedoor/internal/inline"
)

// TestEnds holds what ends a connection of which a segment was dropped: numbers that both
// ends wait for, right sums, and nothing for what is no segment.
func TestEnds(t *testing.T) {
	forward, back := inline.Ends(tcp(hmi, plc, 1000, 0, syn, nil))
	if forward != nil || back == nil || be.Uint32(back[38:]) != 0 || be.Uint32(back[42:]) != 1001 || back[47] != rst|ack || be.Uint16(back[50:]) != tcpSum(back) {
		t.Errorf("of a SYN: % x, % x", forward, back)
	}
	long := tcp(hmi, plc, 1000, 500, ack, make([]byte, 400))
	forward, back = inline.Ends(long[:128])
	if len(forward) != 54 || be.Uint32(forward[38:]) != 1000 || be.Uint32(forward[42:]) != 500 || be.Uint16(forward[50:]) != tcpSum(forward) || be.Uint16(forward[36:]) != plc.port {
		t.Errorf("forward: % x", forward)
	}
	if len(back) != 54 || be.Uint32(back[38:]) != 500 || be.Uint32(back[42:]) != 1400 || be.Uint16(back[50:]) != tcpSum(back) || be.Uint16(back[36:]) != hmi.port || back[5] != hmi.mac {
		t.Errorf("back: % x", back)
	}
	for n := range long {
		if n < 54 {
			inline.Ends(long[:n]) // must not panic
		}
	}
	if f, b := inline.Ends(tcp(hmi, plc, 1000, 500, rst, nil)); f != nil || b != nil {
		t.Error("a reset is reset")
	}
	udp := tcp(hmi, plc, 1000, 500, ack, nil)
	udp[23] = 17
	if f, b := inline.Ends(udp); f != nil || b != nil {
		t.Error("a datagram is reset")
	}
}
