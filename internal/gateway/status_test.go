package gateway

import (
	"strings"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/policy"
)

// TestOutlook holds what a status says would happen, in each state.
func TestOutlook(t *testing.T) {
	closed := policy.Conduit{Mode: policy.Enforce, Unjudged: policy.Closed}
	open := policy.Conduit{Mode: policy.Enforce, Unjudged: policy.Open}
	reads := policy.Conduit{Mode: policy.Enforce}
	test := policy.Conduit{Mode: policy.Test}
	for name, c := range map[string]struct {
		s                 Status
		conduits          []policy.Conduit
		crash, hang, stop string
	}{
		"all well, closed": {Status{Worker: "alive", Standby: true}, []policy.Conduit{closed}, "stands by goes on at once", "after 10 ms", "is dropped (unjudged: closed)"},
		"all well, open":   {Status{Worker: "alive", Standby: true}, []policy.Conduit{open}, "none is lost", "PASSES (unjudged: open)", "PASSES (unjudged: open)"},
		"both":             {Status{Worker: "alive", Standby: true}, []policy.Conduit{open, closed, closed}, "none is lost", "on 2 of the enforcing conduits all else that a worker would have to judge is dropped", "on 1 of the enforcing conduits all else that a worker would have to judge PASSES"},
		"as usual":         {Status{Worker: "alive", Standby: true}, []policy.Conduit{reads}, "none is lost", "may change something, is dropped (unjudged: reads)", "plain reads of Modbus"},
		"nobody stands by": {Status{Worker: "alive"}, []policy.Conduit{closed}, "nobody stands by yet", "until another worker is there", "the kernel goes on alone"},
		"no worker":        {Status{Worker: "being started"}, []policy.Conduit{closed}, "it is so now", "it is so now", "the kernel goes on alone"},
		"bypass":           {Status{Worker: "alive", Standby: true, Bypass: true}, []policy.Conduit{closed}, "nothing changes", "nothing changes", "nothing changes"},
		"nothing enforces": {Status{Worker: "alive", Standby: true}, []policy.Conduit{test}, "goes on at once", "no conduit enforces", "no conduit enforces"},
	} {
		s := c.s
		s.ofPolicy(&policy.Policy{Conduits: c.conduits, Otherwise: policy.Otherwise{Mode: policy.Test, Default: firedoor.Drop}})
		s.foresee(10 * time.Millisecond)
		if !strings.Contains(s.Crash, c.crash) || !strings.Contains(s.Hang, c.hang) || !strings.Contains(s.Stop, c.stop) || !strings.Contains(s.Power, "no bypass relay") {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

// TestOutlookWithoutConduits holds what a status says where no conduit enforces and something is stopped all the same.
func TestOutlookWithoutConduits(t *testing.T) {
	enforced := policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop}
	for name, c := range map[string]struct {
		isolated, held int
		otherwise      policy.Otherwise
		stop           string
	}{
		"nothing":         {0, 0, policy.Otherwise{Mode: policy.Enforce}, "no conduit enforces, so all of it passes, and nothing is written"},
		"being released":  {1, 0, policy.Otherwise{Mode: policy.Test, Default: firedoor.Drop}, "no conduit enforces, so all of it passes, and nothing is written"},
		"between zones":   {0, 0, enforced, "what no conduit joins is stopped as before"},
		"isolated":        {1, 1, policy.Otherwise{}, "what of isolated devices a worker would have to judge is dropped, but under rate-cap, or where their conduit says unjudged: open; no conduit enforces, so all else passes"},
		"isolated, zones": {1, 1, enforced, "so all else passes where one is"},
	} {
		s := Status{Worker: "alive", Standby: true, Isolated: c.isolated, held: c.held}
		s.ofPolicy(&policy.Policy{Conduits: []policy.Conduit{{Mode: policy.Test}}, Otherwise: c.otherwise})
		s.foresee(10 * time.Millisecond)
		if !strings.Contains(s.Stop, c.stop) {
			t.Errorf("%s: %s", name, s.Stop)
		}
	}
}
