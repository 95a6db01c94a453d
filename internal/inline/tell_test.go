package inline_test

import (
	"testing"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/modbus"
)

// TestToldOfAFrameWithoutPorts holds that what is told of a frame without ports has the
// ends of that frame, whatever connection was judged before it.
func TestToldOfAFrameWithoutPorts(t *testing.T) {
	var told []string
	gate := inline.New(guarded(t, nil), []*protocol.Protocol{modbus.Protocol}, func(s *inline.Stopped) {
		told = append(told, s.Client.IP.String()+" > "+s.Server.IP.String())
	})
	out := func(inline.Port, []byte) {}
	now := 1772323200 * second
	gate.Frame(now, inline.Inside, tcp(hmi, plc, 999, 0, syn, nil), out)
	gate.Frame(now+1, inline.Outside, tcp(plc, hmi, 8999, 1000, syn|ack, nil), out)
	ping := tcp(plc, end{mac: 3, ip: [4]byte{10, 9, 9, 9}}, 0, 0, 0, nil)
	ping[23] = 1 // ICMP
	be.PutUint16(ping[24:], 0)
	be.PutUint16(ping[24:], sum(0, ping[14:34]))
	gate.Frame(now+2, inline.Outside, ping, out)
	if len(told) != 1 || told[0] != "10.0.2.1 > 10.9.9.9" {
		t.Errorf("told %q", told)
	}
	if gate.Counts.Reasons[firedoor.ReasonOtherwise] != 1 {
		t.Errorf("%+v", gate.Counts)
	}
}
