package guardian

import (
	"net/netip"
	"testing"
	"time"
)

// TestBlameOfHangs holds that hangs bar a client only where one follows the other at once.
func TestBlameOfHangs(t *testing.T) {
	var b blame
	now := time.Date(2026, 11, 26, 6, 0, 0, 0, time.UTC)
	client := netip.MustParseAddr("10.0.0.1")
	for range 5 {
		if _, bar, _ := b.died(now, now, client, hangsLast); bar {
			t.Fatal("barred for pauses of the machine")
		}
		now = now.Add(hangsLast + time.Second)
	}
	b.died(now, now, client, hangsLast)
	if _, bar, _ := b.died(now.Add(time.Second), now.Add(time.Minute), client, hangsLast); !bar {
		t.Error("two hangs at once do not bar")
	}
}

// TestBlame holds whom deaths of workers bar, for how long they count, and what happens at
// the limit.
func TestBlame(t *testing.T) {
	var b blame
	now := time.Date(2026, 11, 26, 6, 0, 0, 0, time.UTC)
	first, second := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	died := func(client netip.Addr) bool {
		_, bar, room := b.died(now, now, client, deathsLast)
		if !room {
			t.Errorf("no room for %v among %d", client, len(b.all))
		}
		return bar
	}
	if died(first) || died(second) || len(b.barred()) > 0 {
		t.Errorf("barred by one death: %+v", b.barred())
	}
	now = now.Add(deathsLast)
	if !died(first) {
		t.Error("a second death does not bar")
	}
	now = now.Add(time.Second)
	if died(second) {
		t.Error("a death of long ago counts")
	}
	if died(first) {
		t.Error("barred twice")
	}
	now = now.Add(10 * deathsLast)
	died(second)
	if all := b.barred(); len(all) != 1 || all[0].Client != first || all[0].Deaths != 3 {
		t.Errorf("barred: %+v", all)
	}
	if b.release(second) || !b.release(first) || b.release(first) || len(b.barred()) > 0 {
		t.Errorf("after the release: %+v", b.barred())
	}
	b.found(now, []netip.Addr{first})
	if all := b.barred(); len(all) != 1 || all[0].Client != first {
		t.Errorf("taken up: %+v", all)
	}
	for a := netip.MustParseAddr("10.1.0.0"); len(b.all) < maxBlamed; a = a.Next() {
		died(a)
	}
	if _, bar, room := b.died(now, now, netip.MustParseAddr("10.9.0.0"), deathsLast); bar || room || len(b.all) > maxBlamed {
		t.Errorf("beyond the limit: barred %v, room %v, %d", bar, room, len(b.all))
	}
	if !died(netip.MustParseAddr("10.1.0.7")) {
		t.Error("at the limit who is counted is not barred")
	}
}
