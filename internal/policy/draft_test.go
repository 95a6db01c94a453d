package policy_test

import (
	"testing"

	"firedoor"
	"firedoor/internal/policy"
)

// TestDraftOfPings holds that who pinged whom may do it again, either way, and nothing
// else for it.
func TestDraftOfPings(t *testing.T) {
	d := policy.Draft(nil, []firedoor.Conversation{
		{Segment: "untagged", Protocol: "icmp", Learned: true, Client: firedoor.Address{IP: "10.0.1.1"}, Server: firedoor.Address{IP: "10.0.2.1"}, Packets: [2]uint64{5, 5}},
		{Segment: "untagged", Protocol: "icmp", Learned: true, Client: firedoor.Address{IP: "fe80::1"}, Server: firedoor.Address{IP: "ff02::16"}, Packets: [2]uint64{1, 0}},
		{Segment: "untagged", Protocol: "icmp", Client: firedoor.Address{IP: "10.0.1.1"}, Server: firedoor.Address{IP: "10.0.2.2"}, Packets: [2]uint64{5, 5}},
	}, policy.DraftOptions{})
	d.Policy.Otherwise.Mode = policy.Enforce
	for i := range d.Policy.Conduits {
		d.Policy.Conduits[i].Mode, d.Policy.Conduits[i].Reviewed = policy.Enforce, policy.Review{By: "A", On: "2026-11-26"}
	}
	plan := compile(t, &d.Policy)
	for _, c := range []struct {
		client, server string
		transport      uint8
		port           uint16
		want           firedoor.Action
	}{
		{"10.0.1.1", "10.0.2.1", policy.ICMP, 0, firedoor.Pass},
		{"10.0.2.1", "10.0.1.1", policy.ICMP, 0, firedoor.Pass},
		{"10.0.1.1", "10.0.2.1", 6, 502, firedoor.Drop},
		{"10.0.1.1", "10.0.2.2", policy.ICMP, 0, firedoor.Drop},
		{"fe80::1", "ff02::16", policy.ICMP6, 0, firedoor.Pass},
		{"ff02::16", "fe80::1", policy.ICMP6, 0, firedoor.Drop},
	} {
		route := plan.Route(place(plan, c.client), place(plan, c.server), c.transport, c.port)
		if v := policy.Decide(plan, &policy.Request{Route: &route, Level: policy.OfConnection}); v.Action != c.want {
			t.Errorf("%+v: %s", c, v.Action)
		}
	}
}
