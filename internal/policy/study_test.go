package policy

import "testing"

// TestWhatWasNotLookedAtIsTold holds that a long list of findings leaves out none that says
// what the others are worth.
func TestWhatWasNotLookedAtIsTold(t *testing.T) {
	var found []Finding
	for i := range MaxFindings + 50 {
		found = append(found, Finding{Line: i + 1, Kind: "shadowed"})
	}
	found = append(found, Finding{Line: MaxFindings + 60, Kind: undecided, Text: "from here on"})
	kept := ordered(found)
	if n := len(kept); n != MaxFindings+2 || kept[n-2].Text != "from here on" || kept[n-1].Text != "there are 50 more findings" {
		t.Errorf("%d findings, the last %+v", n, kept[n-2:])
	}
}
