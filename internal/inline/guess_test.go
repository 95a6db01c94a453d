package inline_test

import (
	"slices"
	"testing"

	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/enip"
	"firedoor/internal/protocol/modbus"
)

// TestPortOfTheServerTells holds that where a port is open for any, a client does not choose by its own port how its requests
// are read: what is asked at a known port is read as what is known there.
func TestPortOfTheServerTells(t *testing.T) {
	plan, _ := bothWays(t, policy.Enforce, false).With([]policy.Isolation{{ID: 1, Verb: policy.NoWrite, Host: "plc"}})
	// The end of a session of EtherNet/IP, or two writes of Modbus; to a server that looks at no length, with a false one.
	both := slices.Concat([]byte{0x66, 0, 0, 0, 0, 6, 1, 5, 0, 0, 0, 0}, []byte{0, 1, 0, 0, 0, 6, 1, 5, 0, 0, 0, 0})
	for _, list := range [][]*protocol.Protocol{{enip.Protocol, modbus.Protocol}, {modbus.Protocol, enip.Protocol}} {
		for _, port := range []uint16{44818, 50000} {
			for _, length := range []byte{6, 99} {
				c := newCrowd(t)
				c.gate = inline.New(plan, list, nil)
				k := c.connect(trial.HMI.At(port), trial.PLC)
				device := &trial.Device{Next: k.seq}
				b := slices.Clone(both)
				b[5] = length
				c.toPLC = nil
				k.say(b)
				if reach(device, c.toPLC); device.Harm() > 0 {
					t.Errorf("from port %d, length %d: a write passed: % x", port, length, device.Got)
				}
				c.toPLC = nil
				k = c.connect(trial.HMI.At(port+1), trial.PLC)
				device = &trial.Device{Next: k.seq}
				k.say(trial.ReadSome(1))
				if reach(device, c.toPLC); len(device.Got) != 12 {
					t.Errorf("from port %d: a read does not pass", port)
				}
			}
		}
	}
}
