package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firedoor/internal/plant/scenario"
	scoring "firedoor/internal/plant/score"
	"firedoor/internal/plant/truth"
)

func published(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "DETECTION.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// between is what stands between the marks of a page.
func between(t *testing.T, page string) string {
	t.Helper()
	_, rest, began := strings.Cut(page, markBegin)
	tables, _, ended := strings.Cut(rest, markEnd)
	if !began || !ended {
		t.Fatal("docs/DETECTION.md has lost its marks")
	}
	return tables
}

// TestPageIsOfTheseRuns: whoever changes the runs or adds an attack must measure
// again.
func TestPageIsOfTheseRuns(t *testing.T) {
	written := between(t, published(t))
	if !strings.Contains(written, words(turns)) {
		t.Errorf("docs/DETECTION.md was written from other runs than\n%s\nRun make score.", words(turns))
	}
	for _, s := range scenario.Builtin() {
		if s.Class == string(truth.Malicious) && !strings.Contains(written, "| `"+s.Name+"` |") {
			t.Errorf("docs/DETECTION.md does not say what became of %s. Run make score.", s.Name)
		}
	}
	for line := range strings.Lines(written) {
		name, ok := strings.CutPrefix(line, "| `")
		name, _, _ = strings.Cut(name, "`")
		if _, err := scenario.Load(name); ok && err != nil {
			t.Errorf("docs/DETECTION.md tells of %s, which is no scenario: %v", name, err)
		}
	}
}

// TestPageNamesHonestScenarios: those that are no attack are in no table; the prose
// says so.
func TestPageNamesHonestScenarios(t *testing.T) {
	page := published(t)
	for _, name := range scenario.Names() {
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("docs/DETECTION.md does not name %s", name)
		}
	}
}

func TestSpliced(t *testing.T) {
	page := "before\n" + markBegin + "\nold\n" + markEnd + "\nafter\n"
	got, err := spliced(page, "new\n")
	if want := "before\n" + markBegin + "\nnew\n" + markEnd + "\nafter\n"; err != nil || got != want {
		t.Errorf("got %q, %v", got, err)
	}
	again, err := spliced(got, "new\n")
	if err != nil || again != got {
		t.Errorf("a second time it is another page: %q, %v", again, err)
	}
	for _, broken := range []string{"", markBegin, markEnd, markEnd + markBegin} {
		if _, err := spliced(broken, "new"); err == nil {
			t.Errorf("a page without marks is taken: %q", broken)
		}
	}
}

// TestTables holds the tables against a report that can be counted by hand.
func TestTables(t *testing.T) {
	start := truth.At(time.Date(2026, 3, 2, 5, 0, 0, 0, time.UTC))
	found := func(after time.Duration, kind, severity string) *scoring.Caught {
		return &scoring.Caught{ID: "a", Time: start.Add(after), Kind: kind, Severity: severity, Sentence: "Something."}
	}
	finding := func(name string, first, worst *scoring.Caught, named ...string) scoring.Finding {
		return scoring.Finding{Scenario: name, Techniques: []string{"T0836"}, Start: start, First: first, Worst: worst, Named: named, Cut: first == nil}
	}
	r := &scoring.Report{
		Seeds: []uint64{1, 2, 3}, Days: 4, Assets: 50, AssetDays: 200, Alerts: 12, True: 4, Informational: 1, False: 8,
		Findings: []scoring.Finding{
			finding("write", found(90*time.Second, "new-writer", "low"), found(2*time.Minute, "new-writer", "high"), "T0836"),
			finding("write", found(30*time.Second, "new-device", "low"), found(30*time.Second, "new-device", "low")),
			finding("write", found(25*time.Hour, "new-writer", "low"), found(25*time.Hour, "new-writer", "high")),
			finding("drift", nil, nil),
		},
		FalseKinds: []scoring.KindCount{{Kind: "new-object", Reason: scoring.ReasonRoutine, Count: 8, Example: "A | B <c>"}},
	}
	got := tables(r, "Runs: three.")
	for _, want := range []string{
		"**3 of 4 attacks were found** (30-95 % with 95 %)",
		"| a day | 8 | 4 | 2 | 0.86 .. 3.94 |",
		"| a day and 100 devices | 8 | 4 | 4 | 1.73 .. 7.88 |",
		"| `write` | 3/3 | 44-100 % | 1 min 30 s (30 s .. 1 d 1 h) | new-writer (low) 2x, new-device (low) | new-writer (high) 2x, new-device (low) |  |",
		"| `drift` | 0/1 | 0-79 % | - | missed | - | 1 not over when the run ended |",
		"| T0836 | 3/4 | 30-95 % | 1/4 | 5-70 % |",
		"| 8 | 2 | 0.86 .. 3.94 | new-object | routine | A \\| B &lt;c> |",
	} {
		if !strings.Contains(got, want+"\n") && !strings.Contains(got, want) {
			t.Errorf("the tables do not say\n%s\nbut\n%s", want, got)
		}
	}
}

// TestWords: runs of one length stand together, in their order.
func TestWords(t *testing.T) {
	day := scenario.Day
	got := words([]turn{{1, 4, 2 * day}, {2, 4, 2 * day}, {3, 9, 5 * day}, {4, 4, 2 * day}})
	want := "Runs: seed 1, 2: 4 days each, the first 2d learned; seed 3: 9 days, the first 5d learned; seed 4: 4 days, the first 2d learned."
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestTurns: seeds are told apart, and every run leaves time to watch.
func TestTurns(t *testing.T) {
	seen := map[uint64]bool{}
	for _, turn := range turns {
		if seen[turn.seed] {
			t.Errorf("seed %d runs twice", turn.seed)
		}
		seen[turn.seed] = true
		if turn.learn <= 0 || turn.learn >= time.Duration(turn.days)*scenario.Day {
			t.Errorf("seed %d: %s of %d days are learned", turn.seed, turn.learn, turn.days)
		}
	}
}

func TestFingerprint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "program")
	marks := map[string]bool{}
	for _, text := range []string{"one", "two"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		mark, err := fingerprint(path)
		if err != nil {
			t.Fatal(err)
		}
		marks[mark] = true
	}
	if len(marks) != 2 {
		t.Error("two programs have one name")
	}
	if _, err := fingerprint(path + "-not-there"); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("a program that is missing: %v", err)
	}
}
