package inline_test

import (
	"encoding/binary"
	"testing"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
)

// TestTunnelGoesByItsEnds holds that what is in a tunnel goes by who sends it to whom, and not by whom its content names:
// two between whom all passes, or neighbours.
func TestTunnelGoesByItsEnds(t *testing.T) {
	inner := trial.TCP(trial.PLC, trial.PLC.Near(9), 1, 1, trial.ACK, trial.WriteOne(1, 1, 1))[14:]
	neighbour := append([]byte{0x60, 0, 0, 0, 0, 4, 58, 255}, make([]byte, 36)...)
	neighbour[40] = 135
	ip := func(proto byte, content ...byte) []byte {
		b := append(append([]byte{}, trial.TCP(trial.HMI, trial.PLC, 1, 1, 0, nil)[:34]...), content...)
		b[23] = proto
		binary.BigEndian.PutUint16(b[16:], uint16(len(b)-14))
		return b
	}
	gre := func(kind uint16, content []byte) []byte {
		return append(binary.BigEndian.AppendUint16([]byte{0, 0}, kind), content...)
	}
	for _, isolated := range []bool{true, false} {
		plan := bothWays(t, policy.Enforce, false)
		if isolated {
			plan, _ = plan.With([]policy.Isolation{{ID: 1, Verb: policy.NoWrite, Host: "plc"}})
		}
		for name, frame := range map[string][]byte{
			"IP in IP":          ip(4, inner...),
			"GRE":               ip(47, gre(0x0800, inner)...),
			"a neighbour in IP": ip(41, neighbour...),
			"broken IP in IP":   ip(4, 0x41, 0, 0, 0),
		} {
			g, passed := inline.New(plan, nil, nil), 0
			g.Frame(1772323200*second, inline.Inside, frame, func(inline.Port, []byte) { passed++ })
			if (passed == 0) != isolated || isolated && g.Counts.Reasons[firedoor.ReasonUnjudged] != 1 {
				t.Errorf("%s, isolated %v: %d passed; %v", name, isolated, passed, g.Counts.Reasons)
			}
		}
	}
}

// TestBridgesSpeakTheirTypes holds that no address has process data pass as what bridges say to each other.
func TestBridgesSpeakTheirTypes(t *testing.T) {
	for _, c := range []struct {
		kind   uint16
		passes bool
	}{{38, true}, {0x8809, true}, {0x88a4, false}, {0x8892, false}, {0x8847, false}} {
		frame := append([]byte{0x01, 0x80, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 1, byte(c.kind >> 8), byte(c.kind)}, make([]byte, 46)...)
		g, passed := inline.New(trial.Guarded(t, nil), nil, nil), 0
		g.Frame(1772323200*second, inline.Inside, frame, func(inline.Port, []byte) { passed++ })
		if (passed == 1) != c.passes {
			t.Errorf("type %#x: %d passed", c.kind, passed)
		}
	}
}
