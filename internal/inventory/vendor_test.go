package inventory

import (
	"testing"

	"firedoor"
)

// TestRecentMakers asks an inventory for makers in turns, so that they push each other
// out of their places: it says what Vendor says.
func TestRecentMakers(t *testing.T) {
	var v Inventory
	for turn := range 2 {
		for p := range uint32(8192) {
			m := firedoor.MAC(p*0x0401)<<24 | 7
			if got, want := v.vendor(m), Vendor(m); got != want {
				t.Fatalf("turn %d: %s is %q, want %q", turn, m, got, want)
			}
		}
	}
}
