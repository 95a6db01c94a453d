package policy

import "testing"

// TestNext holds that a protocol and verb stand at most once in the list, that what is
// not in it is unknown, and that only what keeps a machine's own cycle trips or falls back.
func TestNext(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range outcomes {
		for _, v := range o.verbs {
			if k := o.protocol + " " + v.String(); seen[k] {
				t.Errorf("%s stands twice", k)
			} else {
				seen[k] = true
			}
			if o.why == "" || v < Quarantine && v != KnownClients && (o.next == Trips || o.next == FallsBack) {
				t.Errorf("%s %s: %s because of %q", o.protocol, v, o.next, o.why)
			}
		}
	}
	for verb := RateCap; verb <= Quarantine; verb++ {
		if next, why := NextOf("nobody-knows", verb); next != Unknown || why == "" {
			t.Errorf("%s: %s", verb, next)
		}
	}
	if next, _ := NextOf("modbus", Quarantine); next != Unknown {
		t.Errorf("modbus in quarantine: %s", next)
	}
}
