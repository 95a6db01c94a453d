package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestREADMEShowsTheDemo: what the README prints as the output of make demo is
// what it prints, line by line and in order; "..." stands for lines left out.
func TestREADMEShowsTheDemo(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	shown, shortened := "", false
	for i, block := range strings.Split(string(text), "```") {
		if i%2 == 1 && strings.Contains(block, "WHAT NEEDS A PERSON") {
			shown = block
		}
	}
	if shown == "" {
		t.Fatal("README.md does not show what the demo prints")
	}
	demo := works(t, "replay", "--learn", "60%", filepath.Join(root, "samples", "plant.pcap.xz")).stdout
	rest := strings.Split(demo, "\n")
	for line := range strings.Lines(strings.TrimPrefix(shown, "\n")) {
		line = strings.TrimSuffix(line, "\n")
		if strings.TrimSpace(line) == "..." {
			shortened = true
			continue
		}
		for shortened && len(rest) > 0 && rest[0] != line {
			rest = rest[1:]
		}
		if len(rest) == 0 || rest[0] != line {
			t.Fatalf("the demo does not print (here) what README.md shows:\n%s\nRun make demo and put its output, shortened, into README.md.", line)
		}
		rest, shortened = rest[1:], false
	}
}
