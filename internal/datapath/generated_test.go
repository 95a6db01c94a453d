package datapath

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestGeneratedIsCurrent compiles the kernel's program as doc.go says and compares
// it with what is committed, so that building the product needs no clang.
func TestGeneratedIsCurrent(t *testing.T) {
	if _, err := exec.LookPath("clang-19"); err != nil {
		t.Skip("clang-19 is not installed (apt-get install clang-19 llvm-19): whether the compiled program is that of bpf/gateway.c is not looked at")
	}
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, line, found := strings.Cut(string(doc), "//go:generate go ")
	line, _, _ = strings.Cut(line, "\n")
	if !found || !strings.Contains(line, "bpf2go ") {
		t.Fatal("doc.go does not say how the program is compiled")
	}
	folder := t.TempDir()
	args := strings.Fields(strings.Replace(line, "bpf2go ", "bpf2go -output-dir "+folder+" ", 1))
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	for _, name := range []string{"gateway_bpfel.go", "gateway_bpfel.o"} {
		fresh, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		committed, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(fresh, committed) {
			t.Errorf("%s is not what bpf/gateway.c gives: go generate ./internal/datapath, and commit it", name)
		}
	}
}
