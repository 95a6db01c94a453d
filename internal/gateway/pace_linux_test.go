package gateway

import (
	"fmt"
	"net/netip"
	"testing"

	"firedoor"
	"firedoor/internal/policy"
)

// TestHeaviestOfEach holds that of each conduit over its budget, and of no other, the client is told
// that asked most, the lower address where two did, however many conduits and clients there are.
func TestHeaviestOfEach(t *testing.T) {
	const conduits = 500
	o := &ordered{number: 7, plan: &policy.Plan{Policy: &policy.Policy{}}}
	for i := range conduits {
		o.plan.Policy.Conduits = append(o.plan.Policy.Conduits, policy.Conduit{Name: fmt.Sprint(i)})
	}
	p := newPace()
	p.setPlan(o)
	late := int64(policy.DefaultBudget) + 1
	for i := range int32(conduits) {
		took := late
		if i%3 == 0 {
			took = 1
		}
		p.frame(i, firedoor.IPv4(uint32(20+i)), took)
		if i%2 == 0 { // another one, as often, or more often
			for range 1 + i%4/2 {
				p.frame(i, firedoor.IPv4(uint32(10_000-i)), took)
			}
		}
	}
	got := p.tell()
	want := 0
	for i := range uint32(conduits) {
		if i%3 == 0 {
			continue
		}
		if want >= len(got.Conduits) {
			t.Fatalf("%d conduits are told", len(got.Conduits))
		}
		c := got.Conduits[want]
		want++
		client, of := 20+i, uint32(1)
		if i%4 == 2 {
			client, of = 10_000-i, 2
		}
		if a := firedoor.IPv4(client).Netip(); c.Name != fmt.Sprint(i) || c.Conduit != i+1 || c.Client != a || c.Of != of || c.Order != 7 || c.Over == 0 {
			t.Errorf("conduit %d: %+v, want client %v with %d frames", i, c, a, of)
		}
	}
	if len(got.Conduits) != want {
		t.Errorf("%d conduits are told, %d are over their budget", len(got.Conduits), want)
	}
	p.look(paceEvery)
	p.frame(1, firedoor.IPv4(9), 1)
	p.frame(2, firedoor.IP{}, late)
	if got := p.tell(); len(got.Conduits) != 1 || got.Conduits[0].Conduit != 3 || got.Conduits[0].Client != (netip.Addr{}) {
		t.Errorf("after a second: %+v", got.Conduits)
	}
}
