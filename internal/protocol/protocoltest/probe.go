package protocoltest

import (
	"testing"

	"firedoor/internal/protocol"
)

// probeOwn checks that a probe knows its own traffic: for the bytes a client
// sends first, however many of them are in, it says More until it says Yes.
func probeOwn(t *testing.T, sm *sample) {
	if sm.of.Probe(nil) == protocol.Yes {
		t.Error("the probe says Yes to no bytes at all")
	}
	checked := 0
	for i, st := range sm.sights {
		for _, f := range st.flows {
			if f.kind == overEthernet || f.kind == overTCP && !f.sure || sm.played[i].spokeFirst(f) != sm.of.Name {
				continue
			}
			b := opening(st, f, int(sm.played[i].runners[f].Client()))
			if len(b) == 0 || !named(sm.of, f) {
				continue
			}
			checked++
			probePrefixes(t, sm.of, st, f, b)
		}
	}
	if checked == 0 && len(sm.of.TCP)+len(sm.of.UDP) > 0 {
		t.Errorf("no capture of %s shows a flow from its beginning", sm.of.Name)
	}
}

// named tells whether the flow's ports suggest the protocol. A flow found on
// another port by an answer is fine, and its first message need not be probed.
func named(pr *protocol.Protocol, f *flow) bool {
	ports := pr.TCP
	if f.kind == overUDP {
		ports = pr.UDP
	}
	for _, p := range ports {
		if f.ends[0].Port == p || f.ends[1].Port == p {
			return true
		}
	}
	return false
}

func probePrefixes(t *testing.T, pr *protocol.Protocol, st *sight, f *flow, b []byte) {
	if f.kind == overUDP {
		if pr.Probe(b) != protocol.Yes {
			t.Errorf("%s flow %d: the probe does not know the first datagram", st.name, f.index)
		}
		return
	}
	b = b[:min(len(b), protocol.MaxProbe)]
	sure := false
	for n := 1; n <= len(b); n++ {
		switch m := pr.Probe(b[:n]); {
		case m == protocol.No:
			t.Errorf("%s flow %d: the probe says No to the first %d bytes of its own client", st.name, f.index, n)
			return
		case m == protocol.More && sure:
			t.Errorf("%s flow %d: the probe says More to %d bytes, after Yes to fewer", st.name, f.index, n)
			return
		case m == protocol.Yes:
			sure = true
		}
	}
	if !sure {
		t.Errorf("%s flow %d: the probe does not say Yes to the client's first message (%d bytes)", st.name, f.index, len(b))
	}
}

// opening is what one side sends before the other speaks again.
func opening(st *sight, f *flow, side int) []byte {
	var b []byte
	for _, c := range st.chunks {
		if c.flow != f {
			continue
		}
		if c.side != side || f.kind == overUDP && len(b) > 0 {
			if len(b) > 0 {
				break
			}
			continue
		}
		b = append(b, c.data...)
	}
	return b
}

// probeOthers shows a probe what all other protocols' captures hold, from both
// sides: a Yes there is a misidentification.
func (s *suite) probeOthers(t *testing.T, pr *protocol.Protocol) {
	for _, sm := range s.samples {
		for i, st := range sm.sights {
			for _, f := range st.flows {
				probed := f.kind == overTCP && len(pr.TCP) > 0 || f.kind == overUDP && len(pr.UDP) > 0
				if !probed || sm.played[i].speaks(f, pr.Name) {
					continue
				}
				for side := range 2 {
					probeForeign(t, pr, sm, st, f, side)
				}
			}
		}
	}
}

// maxForeign is how many datagrams of a side a probe is shown; the runner shows fewer.
const maxForeign = 16

func probeForeign(t *testing.T, pr *protocol.Protocol, sm *sample, st *sight, f *flow, side int) {
	var b []byte
	shown := 0
	for _, c := range st.chunks {
		if c.flow != f || c.side != side {
			continue
		}
		if f.kind == overUDP {
			if shown++; shown <= maxForeign && pr.Probe(c.data) == protocol.Yes {
				t.Errorf("the probe of %s says Yes to a datagram of %s/%s, flow %d", pr.Name, sm.of.Name, st.name, f.index)
				return
			}
			continue
		}
		b = append(b, c.data...)
	}
	if f.kind == overUDP {
		return
	}
	for n := 1; n <= min(len(b), protocol.MaxProbe); n++ {
		switch pr.Probe(b[:n]) {
		case protocol.No:
			return
		case protocol.Yes:
			t.Errorf("the probe of %s says Yes to the first %d bytes of side %d of %s/%s, flow %d", pr.Name, n, side, sm.of.Name, st.name, f.index)
			return
		case protocol.More:
			if n == protocol.MaxProbe {
				t.Errorf("the probe of %s still says More at MaxProbe bytes of %s/%s, flow %d", pr.Name, sm.of.Name, st.name, f.index)
			}
		}
	}
}
