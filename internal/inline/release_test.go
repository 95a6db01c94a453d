package inline_test

import (
	"strings"
	"testing"

	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
)

// TestRateIsOfTheClient holds that a client gets no more requests through by asking on
// several connections, and that the next second is a new one.
func TestRateIsOfTheClient(t *testing.T) {
	plan, _ := trial.Guarded(t, nil).With([]policy.Isolation{{ID: 1, Verb: policy.RateCap, Host: "plc", Cap: 5}})
	b := newBench(t, plan)
	b.now -= b.now % second
	passed := func(port uint16, requests int) (n int) {
		hmi := trial.HMI.At(port)
		b.client, b.server = 1000, 9000
		b.frame(inline.Inside, trial.TCP(hmi, trial.PLC, b.client, 0, trial.SYN, nil))
		b.frame(inline.Outside, trial.TCP(trial.PLC, hmi, b.server, b.client+1, trial.SYN|trial.ACK, nil))
		b.client, b.server = b.client+1, b.server+1
		for i := range requests {
			r := trial.ReadSome(uint16(i))
			at := len(b.toPLC)
			b.frame(inline.Inside, trial.TCP(hmi, trial.PLC, b.client, b.server, trial.ACK, r))
			b.client += uint32(len(r))
			for _, f := range b.toPLC[at:] {
				if f[len(f)-4] == 0 && f[len(f)-5] == 3 {
					n++ // with the address that was asked for
				}
			}
		}
		return n
	}
	first, other := passed(40001, 4), passed(40002, 4)
	if first != 4 || other != 1 {
		t.Errorf("%d and %d of 4 requests on two connections passed, want 4 and 1:\n%v", first, other, b.told)
	}
	b.now += second
	if n := passed(40003, 7); n != 5 {
		t.Errorf("%d of 7 requests passed in another second, want 5", n)
	}
}

// TestQueuedTrafficIsReset holds that a write which was sent in quarantine is not done
// when the quarantine is released, however often it is sent again: the connection is
// reset, and a new one works.
func TestQueuedTrafficIsReset(t *testing.T) {
	for name, seen := range map[string]bool{"the worker dropped it": true, "the kernel dropped it": false} {
		base := trial.Guarded(t, nil)
		held := policy.Isolation{ID: 7, Verb: policy.Quarantine, Host: "plc"}
		b := newBench(t, base)
		b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client, 0, trial.SYN, nil))
		b.frame(inline.Outside, trial.TCP(trial.PLC, trial.HMI, b.server, b.client+1, trial.SYN|trial.ACK, nil))
		b.client, b.server = b.client+1, b.server+1
		ask := trial.ReadSome(1)
		b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client, b.server, trial.ACK, ask))
		b.client += uint32(len(ask))
		plan, _ := base.With([]policy.Isolation{held})
		b.gate.SetPlan(plan)
		late := trial.TCP(trial.HMI, trial.PLC, b.client, b.server, trial.ACK, trial.WriteOne(2, 3, 50))
		b.toPLC, b.toHMI = nil, nil
		if seen {
			b.frame(inline.Inside, append([]byte(nil), late...))
		}
		if len(b.toPLC) > 0 {
			t.Fatalf("%s: a write passes in quarantine", name)
		}
		held.Testing = true
		plan, _ = base.With([]policy.Isolation{held})
		b.gate.SetPlan(plan)
		b.frame(inline.Inside, append([]byte(nil), late...))
		if len(b.toPLC) != 1 || b.toPLC[0][47]&trial.RST == 0 || len(b.toHMI) != 1 || b.toHMI[0][47]&trial.RST == 0 {
			t.Fatalf("%s: after the release the device got % x, the client % x", name, b.toPLC, b.toHMI)
		}
		if told := strings.Join(b.told, "\n"); !strings.Contains(told, "reset, says drop because of quarantine") {
			t.Errorf("%s: told %s", name, told)
		}
		b.toPLC = nil
		b.client, b.server = 70000, 90000
		b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client, 0, trial.SYN, nil))
		b.frame(inline.Outside, trial.TCP(trial.PLC, trial.HMI, b.server, b.client+1, trial.SYN|trial.ACK, nil))
		b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client+1, b.server+1, trial.ACK, trial.WriteOne(3, 3, 60)))
		b.gate.SetPlan(plan) // which ends no connection that began after the release
		b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client+13, b.server+1, trial.ACK, trial.ReadSome(4)))
		if len(b.toPLC) != 3 || b.toPLC[1][47]&trial.RST != 0 || b.toPLC[2][47]&trial.RST != 0 {
			t.Errorf("%s: of a new connection the device got % x", name, b.toPLC)
		}
	}
}

// TestRelievedConnectionEnds holds that a connection on which a quarantine stopped a request, and which
// it left open for what is never blocked, is reset at both ends once the quarantine is gone, with a
// release that is tried first or without, and not before.
func TestRelievedConnectionEnds(t *testing.T) {
	for name, tried := range map[string]bool{"released": true, "released at once": false} {
		base := trial.Guarded(t, func(p *policy.Policy) {
			p.Conduits[0].NeverBlock = []policy.Rule{{Match: policy.Match{Protocols: []string{"modbus"}, Objects: []policy.Object{{Text: "coil:", Row: true, From: 17, To: 17}}}}}
		})
		held := policy.Isolation{ID: 7, Verb: policy.Quarantine, Host: "plc"}
		b := newBench(t, base)
		b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC, b.client, 0, trial.SYN, nil))
		b.frame(inline.Outside, trial.TCP(trial.PLC, trial.HMI, b.server, b.client+1, trial.SYN|trial.ACK, nil))
		b.client, b.server = b.client+1, b.server+1
		plan, _ := base.With([]policy.Isolation{held})
		b.gate.SetPlan(plan)
		b.toPLC, b.toHMI = nil, nil
		late := trial.TCP(trial.HMI, trial.PLC, b.client, b.server, trial.ACK, trial.ReadSome(2))
		for range 2 {
			b.frame(inline.Inside, append([]byte(nil), late...))
		}
		if len(b.toPLC)+len(b.toHMI) > 0 {
			t.Fatalf("%s: in quarantine the device got % x, the client % x", name, b.toPLC, b.toHMI)
		}
		plan = base
		if held.Testing = true; tried {
			plan, _ = base.With([]policy.Isolation{held})
		}
		b.gate.SetPlan(plan)
		b.frame(inline.Inside, append([]byte(nil), late...))
		if len(b.toPLC) != 1 || b.toPLC[0][47]&trial.RST == 0 || len(b.toHMI) != 1 || b.toHMI[0][47]&trial.RST == 0 {
			t.Errorf("%s: the device got % x, the client % x", name, b.toPLC, b.toHMI)
		}
	}
}
