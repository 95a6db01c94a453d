package all

import (
	"os"
	"strings"
	"testing"

	"firedoor/internal/detect"
	"firedoor/internal/detect/detecttest"
)

func TestDetectors(t *testing.T) { detecttest.Run(t, List) }

// TestKindsAreDocumented: whoever gets an alert must be able to look up what it
// means.
func TestKindsAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/formats/alerts.md")
	if err != nil {
		t.Fatal(err)
	}
	kinds := []string{detect.KindTooMany}
	for _, d := range List {
		kinds = append(kinds, d.Kinds...)
	}
	for _, k := range kinds {
		if !strings.Contains(string(doc), "\n### "+k+" ") {
			t.Errorf("docs/formats/alerts.md has no section for %q: say what it means and what to do", k)
		}
	}
}
