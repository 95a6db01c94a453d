package plant

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the protocols' test captures")

// TestCaptures keeps the captures in the protocols' folders equal to what the
// list writes; with -update it writes them.
func TestCaptures(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range cases {
		name := c.Protocol + "/" + c.Name
		if seen[name] {
			t.Errorf("the list in cases.go names %s twice", name)
		}
		seen[name] = true
		t.Run(name, func(t *testing.T) { checkCapture(t, c) })
	}
}

func checkCapture(t *testing.T, c Case) {
	var b, again bytes.Buffer
	if err := c.WriteCapture(&b); err != nil {
		t.Fatal(err)
	}
	if err := c.WriteCapture(&again); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), again.Bytes()) {
		t.Fatal("written twice, the capture differs: its Write keeps state or iterates over a map")
	}
	path := filepath.Join("..", "protocol", c.Protocol, "testdata", c.Name+".pcap")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, b.Bytes()) {
			return
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: run go test ./internal/plant -run TestCaptures -update", err)
	}
	if !bytes.Equal(old, b.Bytes()) {
		t.Fatalf("%s is not what case_%s.go writes: run go test ./internal/plant -run TestCaptures -update", path, c.Protocol)
	}
}
