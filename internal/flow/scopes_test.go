package flow

import (
	"testing"

	"firedoor"
	"firedoor/internal/packet"
)

func vlan(i int) packet.Scope {
	return packet.Scope{Vlans: [2]uint16{uint16(i & 0xfff), uint16(i >> 12)}}
}

func TestScopesInOrderOfFirstSight(t *testing.T) {
	var s Scopes
	for _, c := range []struct {
		vlan int
		want firedoor.Segment
	}{{0, 0}, {0, 0}, {7, 1}, {3, 2}, {7, 1}, {0, 0}, {3, 2}, {3, 2}} {
		if got := s.Segment(vlan(c.vlan)); got != c.want {
			t.Fatalf("VLAN %d: segment %d, want %d", c.vlan, got, c.want)
		}
	}
	if s.Len() != 3 || s.Scope(1) != vlan(7) || s.Name(1) != packet.ScopeName(vlan(7)) {
		t.Fatalf("%d scopes, segment 1 is %+v %q", s.Len(), s.Scope(1), s.Name(1))
	}
}

func TestScopesBeyondTheLimitShareOne(t *testing.T) {
	var s Scopes
	for i := range MaxScopes {
		if got := s.Segment(vlan(i + 1)); got != firedoor.Segment(i) {
			t.Fatalf("scope %d: segment %d", i, got)
		}
	}
	for i := range 3 {
		for range 2 {
			if got := s.Segment(vlan(MaxScopes + 1 + i)); got != Other {
				t.Fatalf("segment %d, want Other", got)
			}
		}
	}
	if s.Segment(vlan(1)) != 0 || s.Len() != MaxScopes || s.Beyond() != 6 {
		t.Fatalf("%d scopes, %d beyond", s.Len(), s.Beyond())
	}
	if s.Name(Other) != "other" || s.Scope(Other) != (packet.Scope{}) || s.Name(1<<31) != "other" {
		t.Fatalf("Other is named %q", s.Name(Other))
	}
}

func BenchmarkScopesSame(b *testing.B) {
	var s Scopes
	var sum firedoor.Segment
	for range b.N {
		sum += s.Segment(packet.Scope{Vlans: [2]uint16{7, 0}})
	}
	hashSum = uint64(sum)
}
