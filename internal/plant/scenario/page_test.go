package scenario

import (
	"os"
	"strings"
	"testing"
	"time"
)

func page(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../../../docs/formats/scenario.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// row is a verb as the format's page must describe it.
func row(r *rule) string {
	var keys []string
	for _, k := range r.needs {
		keys = append(keys, "**`"+k+"`**")
	}
	var groups []string
	for _, group := range r.either {
		groups = append(groups, "**`"+strings.Join(group, "` `")+"`**")
	}
	if len(groups) > 0 {
		keys = append(keys, strings.Join(groups, " or "))
	}
	for _, k := range r.allows {
		keys = append(keys, "`"+k+"`")
	}
	if r.again {
		keys = append(keys, "`repeat`", "`every`")
	}
	return "| `" + string(r.verb) + "` | " + strings.Join(keys, " ") + " | " + r.words + " |"
}

func TestThePageDescribesEveryVerbAndKey(t *testing.T) {
	text := page(t)
	for i := range rules {
		if want := row(&rules[i]); !strings.Contains(text, want+"\n") {
			t.Errorf("docs/formats/scenario.md has no line:\n%s", want)
		}
	}
	_, table, _ := strings.Cut(text, "| key | meaning |\n|---|---|\n| `host` |")
	for i := range rules {
		for _, k := range rules[i].keys() {
			if k != "at" && k != "do" && k != "host" && k != "repeat" && !strings.Contains(table, "`"+k+"`") {
				t.Errorf("docs/formats/scenario.md does not explain the key %s of %s", k, rules[i].verb)
			}
		}
	}
	for _, k := range append(append([]string{}, topKeys...), Kinds()...) {
		if !strings.Contains(text, "`"+k+"`") {
			t.Errorf("docs/formats/scenario.md does not name %s", k)
		}
	}
}

func TestTheExampleOfThePageIsRight(t *testing.T) {
	_, rest, _ := strings.Cut(page(t), "```yaml\n")
	example, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the page has no example")
	}
	s, err := Parse("night-visit.yaml", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	if s.Name != "night-visit" || len(s.Steps) != 8 || s.Steps[4].When(4) != 160*time.Second || s.Steps[7].By != (Amount{3, Sigma}) {
		t.Errorf("%+v", s)
	}
}
