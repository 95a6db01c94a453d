package physics

import (
	"fmt"
	"os"
	"testing"

	"firedoor/internal/mishap"
)

const tellFingerprint = "FIREDOOR_FINGERPRINT"

// TestOtherProcessorsGiveTheSameValues compares the values of an eventful day with
// those of builds for processors on which products and sums may be fused, and for
// one with 32-bit integers.
func TestOtherProcessorsGiveTheSameValues(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the package twice more")
	}
	want := fmt.Sprintf("%016x", eventful(New(5, early)))
	for _, b := range mishap.OtherBuilds {
		t.Run(b.Name, func(t *testing.T) {
			if got := b.Told(t, "TestFingerprintForOtherBuilds", tellFingerprint); got != want {
				t.Errorf("the day gives %s, here %s: some expression depends on the processor", got, want)
			}
		})
	}
}

// TestFingerprintForOtherBuilds tells what TestOtherProcessorsGiveTheSameValues compares.
func TestFingerprintForOtherBuilds(t *testing.T) {
	if os.Getenv(tellFingerprint) == "" {
		t.Skip("only run by TestOtherProcessorsGiveTheSameValues")
	}
	fmt.Printf("%s%016x\n", mishap.OtherMark, eventful(New(5, early)))
}
