package mishap

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// OtherBuild is how a package is built for another machine than this one.
type OtherBuild struct {
	Name string
	Env  []string
	// Needs are words that /proc/cpuinfo must have for it to run here.
	Needs []string
}

// OtherBuilds are those that run on this kind of machine all the same: one on which
// the compiler may fuse products and sums, one with integers of 32 bits.
var OtherBuilds = []OtherBuild{
	{"fused", []string{"GOAMD64=v3"}, []string{" fma ", " bmi2 "}},
	{"32 bit", []string{"GOARCH=386"}, nil},
}

// OtherMark stands before what a test of another build tells.
const OtherMark = "told: "

// Told builds the tests of the package at hand for another machine, runs one of
// them, which sees toldBy in its environment, and returns what it printed behind
// OtherMark. It skips the test where that cannot be done.
func (b OtherBuild) Told(t *testing.T, test, toldBy string) string {
	t.Helper()
	if runtime.GOARCH != "amd64" || runtime.GOOS != "linux" {
		t.Skip("other builds run on linux/amd64 only")
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go tool to build with")
	}
	cpu, err := os.ReadFile("/proc/cpuinfo")
	for _, word := range b.Needs {
		if err != nil || !strings.Contains(string(cpu), word) {
			t.Skipf("this processor lacks%s", word)
		}
	}
	binary := filepath.Join(t.TempDir(), "other.test")
	build := exec.CommandContext(t.Context(), goTool, "test", "-c", "-o", binary, ".")
	build.Env = append(append(os.Environ(), "CGO_ENABLED=0"), b.Env...)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	run := exec.CommandContext(t.Context(), binary, "-test.run", "^"+test+"$", "-test.v")
	run.Env = append(os.Environ(), toldBy+"=1")
	out, err := run.CombinedOutput()
	if errors.Is(err, syscall.ENOEXEC) {
		t.Skipf("this kernel runs no programs of such machines (%s)", b.Name)
	}
	if err != nil {
		t.Fatalf("run: %v\n%s", err, out)
	}
	_, told, found := strings.Cut(string(out), OtherMark)
	if !found {
		t.Fatalf("it told nothing: %s", out)
	}
	told, _, _ = strings.Cut(told, "\n")
	return told
}
