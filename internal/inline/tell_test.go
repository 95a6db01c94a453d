package inline_test

import (
	"encoding/binary"
	"testing"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
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

// TestToldOfWhatWaited holds that a request which waited is told with its own frame and
// ends, though it is judged when a frame of its server comes.
func TestToldOfWhatWaited(t *testing.T) {
	write := []byte{0, 1, 0, 0, 0, 6, 1, 6, 1, 0xf4, 0, 1} // register 500, which nobody may write
	asked := trial.TCP(trial.HMI, trial.PLC, 1000, 9000, trial.ACK, write)
	var told []string
	gate := inline.New(trial.Guarded(t, func(p *policy.Policy) { p.Hosts[1].Refuses = nil }), []*protocol.Protocol{modbus.Protocol}, func(s *inline.Stopped) {
		if string(s.Frame) != string(asked) || s.From != inline.Inside || s.Done != firedoor.Drop {
			t.Errorf("told of %x from %d: %s, want the request %x", s.Frame, s.From, s.Done, asked)
		}
		told = append(told, s.Client.IP.String()+" > "+s.Server.IP.String())
	})
	out := func(inline.Port, []byte) {}
	now := 1772323200 * second
	gate.Frame(now, inline.Inside, append([]byte(nil), asked...), out)
	if gate.Counts.Held != 1 {
		t.Fatalf("a request of a connection that nobody saw begin does not wait: %+v", gate.Counts)
	}
	gate.Frame(now+1, inline.Outside, trial.TCP(trial.PLC, trial.HMI, 9000, 1000, trial.ACK, nil), out)
	if len(told) != 2 || told[0] != "10.0.1.1 > 10.0.2.1" || told[1] != told[0] { // the request, and its frame
		t.Errorf("told %q", told)
	}
}

// TestToldOfAConnection holds that a connection which the policy refuses is told as
// dropped, for that is what becomes of it: only requests can be declined.
func TestToldOfAConnection(t *testing.T) {
	var done []firedoor.Action
	gate := inline.New(trial.Guarded(t, func(p *policy.Policy) { p.Conduits[0].Rules = p.Conduits[0].Rules[:0] }), []*protocol.Protocol{modbus.Protocol}, func(s *inline.Stopped) {
		done = append(done, s.Done)
	})
	out := func(inline.Port, []byte) { t.Error("a frame goes on") }
	gate.Frame(1772323200*second, inline.Inside, trial.TCP(trial.HMI, trial.PLC, 999, 0, trial.SYN, nil), out)
	if len(done) != 1 || done[0] != firedoor.Drop || gate.Counts.Dropped != 1 {
		t.Errorf("done %v, %+v", done, gate.Counts)
	}
}

// TestToldInOrder holds that what waited in vain is told in the order in which it came.
func TestToldInOrder(t *testing.T) {
	var told []uint16
	gate := inline.New(trial.Guarded(t, nil), []*protocol.Protocol{modbus.Protocol}, func(s *inline.Stopped) { told = append(told, s.Client.Port) })
	out := func(inline.Port, []byte) {}
	now := 1772323200 * second
	const clients = 50
	for i := range clients { // two each come at the same time
		b := trial.TCP(trial.HMI, trial.PLC, 1000, 9000, trial.ACK, []byte{0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1})
		binary.BigEndian.PutUint16(b[34:], uint16(60000-i))
		gate.Frame(now+int64(i/2), inline.Inside, b, out)
	}
	gate.Frame(now+60*second, inline.Inside, trial.TCP(trial.HMI, trial.PLC, 999, 0, trial.SYN, nil), out)
	if len(told) != clients || gate.Counts.Held != 0 {
		t.Fatalf("told of %d, %d wait", len(told), gate.Counts.Held)
	}
	for i := range told {
		if want := uint16(60000 - (i ^ 1)); told[i] != want { // of two the lower port goes first
			t.Errorf("line %d is of port %d, want %d", i, told[i], want)
		}
	}
}
