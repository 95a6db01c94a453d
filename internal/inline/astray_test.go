package inline_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/modbus"
)

// sided is the guarded plant with its zones at the ports where they are, and a stop that is never blocked.
func sided(t *testing.T, mode policy.Mode) *policy.Plan {
	return trial.Guarded(t, func(p *policy.Policy) {
		p.Zones[0].At, p.Zones[1].At = policy.Inside, policy.Outside
		c := &p.Conduits[0]
		c.Mode, p.Otherwise.Mode = mode, mode
		c.NeverBlock = []policy.Rule{{Match: policy.Match{Protocols: []string{"modbus"}, Codes: []uint32{5}}, Verdict: firedoor.Pass}}
	})
}

// tagged puts a frame into a VLAN.
func tagged(f []byte) []byte { return slices.Insert(slices.Clone(f), 12, 0x81, 0, 0, 7) }

// part makes of a frame of IPv4 one of a later part of its packet.
func part(f []byte) []byte {
	f = slices.Clone(f)
	f[20], f[21] = 0, 9
	return f
}

// asksFor is a question of ARP in the name of an address.
func asksFor(sender, target netip.Addr) []byte {
	b := make([]byte, 60)
	copy(b, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1})
	copy(b[28:], sender.AsSlice())
	copy(b[38:], target.AsSlice())
	return b
}

type saying struct {
	name string
	from inline.Port
	b    []byte
}

// sayings are frames between the two, honest ones and the same from the other side.
func sayings() (out []saying) {
	ask, answer := trial.TCP(trial.HMI, trial.PLC, 1000, 0, trial.SYN, nil), trial.TCP(trial.PLC, trial.HMI, 9000, 1001, trial.SYN|trial.ACK, nil)
	return []saying{{"asks", inline.Inside, ask}, {"in a VLAN", inline.Inside, tagged(ask)}, {"a part", inline.Inside, part(ask)},
		{"answers", inline.Outside, answer}}
}

func passesAlone(plan *policy.Plan, from inline.Port, b []byte) (passes bool, told []string) {
	g := inline.New(plan, []*protocol.Protocol{modbus.Protocol}, func(s *inline.Stopped) {
		told = append(told, fmt.Sprintf("%s says %s because of %s", s.Done, s.Verdict.Says, s.Verdict.Reason))
	})
	g.Frame(1772323200*second, from, slices.Clone(b), func(to inline.Port, _ []byte) { passes = passes || to == from.Other() })
	return passes, told
}

// TestWrongSide holds that what comes from the other side than its sender is at goes no further where that is enforced, is told
// and passes where it is tested, and passes where it is only observed; and that nothing is said of the same from its side.
func TestWrongSide(t *testing.T) {
	want := map[policy.Mode]string{policy.Enforce: "drop says drop because of wrong-side", policy.Test: "pass says drop because of wrong-side"}
	for mode := policy.Observe; mode <= policy.Enforce; mode++ {
		plan := trial.Guarded(t, func(p *policy.Policy) {
			p.Zones[0].At, p.Zones[1].At = policy.Inside, policy.Outside
			p.Conduits[0].Mode, p.Otherwise.Mode = mode, mode
		})
		for _, s := range sayings() {
			if _, told := passesAlone(plan, s.from, s.b); strings.Contains(strings.Join(told, " "), "wrong-side") {
				t.Errorf("%s: %s, from where it should: %v", mode, s.name, told)
			}
			passes, told := passesAlone(plan, s.from.Other(), s.b)
			if passes != (mode != policy.Enforce) || want[mode] != "" && !slices.Contains(told, want[mode]) || want[mode] == "" && strings.Contains(strings.Join(told, " "), "wrong-side") {
				t.Errorf("%s: %s, from the wrong side: passes %t, %v", mode, s.name, passes, told)
			}
		}
		passes, told := passesAlone(plan, inline.Outside, asksFor(netip.MustParseAddr("10.0.1.1"), netip.MustParseAddr("10.0.2.1")))
		if passes != (mode != policy.Enforce) {
			t.Errorf("%s: ARP in its name: passes %t, %v", mode, passes, told)
		}
	}
}

// TestWrongSideNeverBlocked holds that somebody at the wrong side, who may be where the policy is wrong, does what is never
// blocked and nothing else.
func TestWrongSideNeverBlocked(t *testing.T) {
	coil := []byte{0, 1, 0, 0, 0, 6, 1, 5, 0, 0, 0xff, 0}
	for name, c := range map[string]struct {
		request []byte
		passes  bool
	}{"never blocked": {coil, true}, "a read": {trial.ReadSome(1), false}, "a write": {trial.WriteOne(2, 200, 7), false}} {
		plan := sided(t, policy.Enforce)
		var out [2][][]byte
		var told []string
		g := inline.New(plan, []*protocol.Protocol{modbus.Protocol}, func(s *inline.Stopped) { told = append(told, s.Verdict.Reason.String()) })
		now := 1772323200 * second
		say := func(from inline.Port, f []byte) {
			now += 1e6
			g.Frame(now, from, f, func(to inline.Port, f []byte) { out[to] = append(out[to], slices.Clone(f)) })
		}
		// The client, which is bound to the inside, comes from the outside.
		say(inline.Outside, trial.TCP(trial.HMI, trial.PLC, 999, 0, trial.SYN, nil))
		if len(out[inline.Inside]) != 1 {
			t.Fatalf("%s: its SYN does not pass: %v", name, told)
		}
		say(inline.Inside, trial.TCP(trial.PLC, trial.HMI, 8999, 1000, trial.SYN|trial.ACK, nil))
		say(inline.Outside, trial.TCP(trial.HMI, trial.PLC, 1000, 9000, trial.ACK, nil))
		before := len(out[inline.Inside])
		say(inline.Outside, trial.TCP(trial.HMI, trial.PLC, 1000, 9000, trial.ACK, c.request))
		if passed := len(out[inline.Inside]) > before && hasPayload(out[inline.Inside][before], c.request); passed != c.passes {
			t.Errorf("%s: passes %t; %v", name, passed, told)
		}
		if !c.passes && !slices.Contains(told, "wrong-side") {
			t.Errorf("%s: told %v", name, told)
		}
	}
}

func hasPayload(f, payload []byte) bool {
	return len(f) > 54 && int(binary.BigEndian.Uint16(f[16:])) == 40+len(payload) && slices.Equal(f[54:], payload)
}
