package detecttest

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/detect"
)

var update = flag.Bool("update", false, "write the golden files of detectors anew")

// Run judges every detector of the list by the scenarios in its folder, and the
// list as a whole by those beside the test. It must run in internal/detect/all.
func Run(t *testing.T, list []detect.Detector) {
	t.Run("list", func(t *testing.T) { checkList(t, list) })
	for _, d := range list {
		t.Run(d.Name, func(t *testing.T) { runFolder(t, filepath.Join("..", d.Name), []detect.Detector{d}) })
	}
	t.Run("together", func(t *testing.T) { runFolder(t, ".", list) })
}

func checkList(t *testing.T, list []detect.Detector) {
	names, kinds := map[string]bool{}, map[string]string{}
	for _, d := range list {
		if names[d.Name] {
			t.Errorf("%s stands twice in the list", d.Name)
		}
		names[d.Name] = true
		if d.Doc == "" || d.New == nil || len(d.Kinds) == 0 {
			t.Errorf("%s: Doc, Kinds and New must be set", d.Name)
		}
		for _, k := range d.Kinds {
			if kinds[k] != "" {
				t.Errorf("%s and %s both raise the kind %q: an alert's kind names its detector", kinds[k], d.Name, k)
			}
			kinds[k] = d.Name
		}
	}
}

func runFolder(t *testing.T, dir string, list []detect.Detector) {
	files, err := filepath.Glob(filepath.Join(dir, "testdata", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("no scenario: add internal/detect/%s/testdata/CASE.txt and run with -update", filepath.Base(dir))
	}
	raised := map[string]bool{}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			for _, a := range runFile(t, file, list) {
				raised[a.Kind] = true
			}
		})
	}
	for _, d := range list {
		for _, k := range d.Kinds {
			if !raised[k] {
				t.Errorf("%s raises %q in none of its scenarios: add one, or take it from Kinds", d.Name, k)
			}
		}
	}
}

func runFile(t *testing.T, file string, list []detect.Detector) []firedoor.Alert {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse(string(text))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	alerts := s.Play(list)
	got := Text(alerts)
	golden := strings.TrimSuffix(file, ".txt") + ".golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("no golden file: run with -update, then read it as a reviewer would: %v", err)
	}
	if got != string(want) {
		t.Errorf("the alerts differ from %s:\n%s", golden, got)
	}
	if again := Text(s.Play(list)); again != got {
		t.Errorf("a second run gives other alerts: nothing may depend on the order of a map, a clock or a random number\n%s", again)
	}
	if quiet := s.learning().Play(list); len(quiet) > 0 {
		t.Errorf("while learning nothing may be raised:\n%s", Text(quiet))
	}
	checkAlerts(t, list, alerts)
	return alerts
}

var (
	technique = regexp.MustCompile(`^T0[0-9]{3}$`)
	kindWords = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
)

// checkAlerts looks at what every alert owes to its reader.
func checkAlerts(t *testing.T, list []detect.Detector, alerts []firedoor.Alert) {
	var kinds []string
	for _, d := range list {
		kinds = append(kinds, d.Kinds...)
	}
	ids := map[string]bool{}
	for _, a := range alerts {
		if !slices.Contains(kinds, a.Kind) || !kindWords.MatchString(a.Kind) {
			t.Errorf("the kind %q is not among Kinds, or not in lower case with hyphens", a.Kind)
		}
		s := a.Sentence
		if s == "" || s[0] >= 'a' && s[0] <= 'z' || !strings.ContainsAny(s[len(s)-1:], ".?") || strings.ContainsAny(s, "\n%") || strings.Contains(s, "  ") {
			t.Errorf("%s: not a sentence: %q", a.Kind, s)
		}
		if len(s) > 600 {
			t.Errorf("%s: nobody reads %d characters: %q", a.Kind, len(s), s)
		}
		if ids[a.ID] {
			t.Errorf("the id %s stands twice", a.ID)
		}
		ids[a.ID] = true
		for _, x := range a.Techniques {
			if !technique.MatchString(x) {
				t.Errorf("%s: %q is no technique of ATT&CK for ICS", a.Kind, x)
			}
		}
		if len(a.Frames) == 0 {
			t.Errorf("%s: an alert without evidence: %q", a.Kind, s)
		}
	}
}
