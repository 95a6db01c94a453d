package protocoltest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/protocol"
)

// wordsFile holds a protocol's table of functions.
const wordsFile = "words.golden"

// Words compares every protocol's functions, their verbs and their words with the file
// beside its captures: few of a table stand in a capture, and what is called by a
// wrong name, or taken for harmless, would go unnoticed.
func Words(t *testing.T, list []*protocol.Protocol) {
	var without []string
	for _, pr := range list {
		path := filepath.Join(folderOf(pr), "testdata", wordsFile)
		if pr.Functions == nil {
			if slices.Contains(pr.Events, firedoor.EventOperation) {
				without = append(without, pr.Name)
			}
			if _, err := os.Stat(path); err == nil {
				t.Errorf("%s has %s and no Functions", pr.Name, wordsFile)
			}
			continue
		}
		t.Run(pr.Name, func(t *testing.T) { words(t, pr, path) })
	}
	t.Logf("no table of functions, only what captures show: %s", strings.Join(without, ", "))
}

func words(t *testing.T, pr *protocol.Protocol, path string) {
	got := wordTable(pr)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("no table: run go test ./internal/protocol/all -run TestWords -update, and read %s", repoPath(folderOf(pr), "testdata/"+wordsFile))
	}
	if got != string(want) {
		t.Errorf("%s differs; if the new words are right, run go test ./internal/protocol/all -run TestWords -update\n%s",
			repoPath(folderOf(pr), "testdata/"+wordsFile), firstDifference(got, string(want)))
	}
}

// wordTable writes a table, one function a line; codes in a row that mean the same are
// one, and those that mean nothing none.
func wordTable(pr *protocol.Protocol) string {
	var b strings.Builder
	var run protocol.Function // of codes in a row
	var last uint32
	flush := func() {
		if run.Words == "" {
			return
		}
		code := fmt.Sprintf("0x%02x", run.Code)
		if last != run.Code {
			code += fmt.Sprintf("-0x%02x", last)
		}
		verb := "-"
		if run.Verb != 0 {
			verb = run.Verb.String()
		}
		fmt.Fprintf(&b, "%s %s %q", code, verb, run.Words)
		if run.Of != "" {
			fmt.Fprintf(&b, " of=%q", run.Of)
		}
		if run.Protocol != "" {
			fmt.Fprintf(&b, " protocol=%s", run.Protocol)
		}
		b.WriteByte('\n')
	}
	pr.Functions(func(f protocol.Function) {
		f = byNumber(f)
		next := f
		if next.Code = run.Code; next == run && f.Code == last+1 {
			last = f.Code
			return
		}
		flush()
		run, last = f, f.Code
	})
	flush()
	return b.String()
}

// byNumber calls a function that goes by its number alone by no number: it has no name.
func byNumber(f protocol.Function) protocol.Function {
	for _, number := range []string{fmt.Sprintf("0x%02x", f.Code&0xff), fmt.Sprint(f.Code & 0xff)} {
		if before, ok := strings.CutSuffix(f.Words, " "+number); ok {
			f.Words = before + " N"
			break
		}
	}
	return f
}
