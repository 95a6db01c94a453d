package config

import (
	"os"
	"strings"
	"testing"
)

// FuzzParse holds what must be true of any file: it is read or it is wrong, every
// problem names a line that exists, and nothing in a problem can move a terminal.
func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("../../docs/firedoor.example.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{string(DefaultFile()), string(example), "", "a: &a [*a]", "<<: *x", "? {a: b}\n: c", "\xff", "\ufeffsite: a", "site: !!binary aGk=",
		"capture:\n  interfaces:\n  - a\n  - &x a\n", "learn: {for: 1d12h}", "- - - -", "%YAML 9.9\n---\n", "site: |\n a\n b\n", "site: >-\n\n a", "'\x1b[2J': 1", "data: {journal: {keep: 9999999d}}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, problems := Parse("f", b)
		if (c == nil) != (len(problems) > 0) {
			t.Fatalf("configuration %v with problems %v", c, problems)
		}
		if c != nil {
			if again := c.Check(); len(again) > 0 {
				t.Fatalf("read without a problem, and yet %v", again)
			}
		}
		lines := strings.Count(string(b), "\n") + strings.Count(string(b), "\r") + strings.Count(string(b), "\u0085") +
			strings.Count(string(b), "\u2028") + strings.Count(string(b), "\u2029") + 1
		for _, p := range problems {
			if p.Line < 0 || p.Line > lines+1 || p.Text == "" {
				t.Fatalf("problem %+v in a file of %d lines", p, lines)
			}
			if strings.ContainsFunc(p.String(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Fatalf("problem %q holds a control character", p.String())
			}
		}
	})
}
