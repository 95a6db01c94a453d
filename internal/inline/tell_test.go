package inline_test

import (
	"testing"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/modbus"
)

// TestToldOfAFrameWithoutPorts holds that what is told of a frame without ports has the
// ends of that frame, whatever connection was judged before it.
func TestToldOfAFrameWithoutPorts(t *testing.T) {
	var told []string
	gate := inline.New(trial.Guarded(t, nil), []*protocol.Protocol{modbus.Protocol}, func(s *inline.Stopped) {
		told = append(told, s.Client.IP.String()+" > "+s.Server.IP.String())
	})
	out := func(inline.Port, []byte) {}
	now := 1772323200 * second
	gate.Frame(now, inline.Inside, trial.TCP(trial.HMI, trial.PLC, 999, 0, trial.SYN, nil), out)
	gate.Frame(now+1, inline.Outside, trial.TCP(trial.PLC, trial.HMI, 8999, 1000, trial.SYN|trial.ACK, nil), out)
	ping := trial.TCP(trial.PLC, trial.HMI, 0, 0, 0, nil)
	ping[23], ping[33] = 1, 9 // ICMP, to 10.0.1.9
	ping[24], ping[25] = 0, 0 // nobody looks at the sum
	gate.Frame(now+2, inline.Outside, ping, out)
	if len(told) != 1 || told[0] != "10.0.2.1 > 10.0.1.9" {
		t.Errorf("told %q", told)
	}
	if gate.Counts.Reasons[firedoor.ReasonOtherwise] != 1 {
		t.Errorf("%+v", gate.Counts)
	}
}
