package physics

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// TestOtherProcessorsGiveTheSameValues builds this package's test for processors
// on which the compiler may fuse multiplication and addition (GOAMD64=v3), and
// for one with 32-bit integers, and compares the values of an eventful day.
func TestOtherProcessorsGiveTheSameValues(t *testing.T) {
	if runtime.GOARCH != "amd64" || runtime.GOOS != "linux" {
		t.Skip("the other builds run on linux/amd64 only")
	}
	if testing.Short() {
		t.Skip("builds the package twice more")
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go tool to build with")
	}
	flags, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		t.Skip("cannot tell what this processor knows")
	}
	fuses := strings.Contains(string(flags), " fma ") && strings.Contains(string(flags), " bmi2 ")
	want := fmt.Sprintf("%016x", eventful(New(5, early)))
	for _, build := range []struct {
		name  string
		env   []string
		fuses bool
	}{
		{"fused", []string{"GOAMD64=v3"}, true},
		{"32 bit", []string{"GOARCH=386"}, false},
	} {
		t.Run(build.name, func(t *testing.T) {
			if build.fuses && !fuses {
				t.Skip("this processor knows no fused multiply-add")
			}
			got := otherFingerprint(t, goTool, build.env)
			if got != want {
				t.Errorf("built with %s the day gives %s, here %s: some expression depends on the processor", build.env, got, want)
			}
		})
	}
}

func otherFingerprint(t *testing.T, goTool string, env []string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "physics.test")
	cmd := exec.Command(goTool, "test", "-c", "-o", binary, ".")
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	cmd = exec.Command(binary, "-test.run", "^TestFingerprintForOtherBuilds$")
	cmd.Env = append(os.Environ(), "FIREDOOR_FINGERPRINT=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("run: %v\n%s", err, out)
	}
	m := regexp.MustCompile(`fingerprint ([0-9a-f]{16})`).FindSubmatch(out)
	if m == nil {
		t.Fatalf("no fingerprint in %q", out)
	}
	return string(m[1])
}
