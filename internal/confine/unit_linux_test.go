package confine_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// worstExposure is systemd-analyze's figure for a unit, times ten, that the units
// must not pass: 20 of 100 is well on its scale's side of "OK". A gateway has rights in
// the kernel that no other unit has, and is as far as one can be with them.
func worstExposure(unit string) string {
	if strings.Contains(unit, "gateway") {
		return "28"
	}
	return "20"
}

// TestUnits has systemd judge the units: that it understands every line, and how
// much it leaves open.
func TestUnits(t *testing.T) {
	units, err := filepath.Glob("../../deploy/*.service")
	if err != nil || len(units) != 4 {
		t.Fatalf("units: %v, %v; want 4", units, err)
	}
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("needs systemd-analyze")
	}
	for _, unit := range units {
		t.Run(filepath.Base(unit), func(t *testing.T) {
			text, err := os.ReadFile(unit)
			if err != nil {
				t.Fatal(err)
			}
			const program = "/usr/bin/firedoor"
			if !strings.Contains(string(text), "ExecStart="+program+" run --config /etc/firedoor/") && !strings.Contains(string(text), "ExecStart="+program+" gateway --inside ") {
				t.Errorf("the unit does not start %s", program)
			}
			// systemd wants the program to be there.
			file := filepath.Join(t.TempDir(), filepath.Base(unit))
			if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), program, "/bin/true")), 0o644); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command("systemd-analyze", "verify", file).CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("systemd-analyze verify: %v\n%s", err, out)
			}
			out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold="+worstExposure(unit), file).CombinedOutput()
			if strings.Contains(string(out), "unrecognized option") {
				t.Skip("this systemd-analyze cannot judge a file")
			}
			if err != nil {
				t.Errorf("systemd-analyze security: %v\n%s", err, out)
			}
		})
	}
}

// TestGatewayLearned holds that the gateway's unit starts it with what was learned where its
// comment says to give that, and with nothing in its place else: a variable without braces is split
// into words, and one that is empty is none (systemd.service(5), command lines).
func TestGatewayLearned(t *testing.T) {
	text, err := os.ReadFile("../../deploy/firedoor-gateway.service")
	if err != nil {
		t.Fatal(err)
	}
	start, example, usual := "", "", map[string]string{}
	for _, line := range strings.Split(string(text), "\n") {
		if given, ok := strings.CutPrefix(line, `#   Environment="FIREDOOR_LEARNED=`); ok {
			example = strings.TrimSuffix(given, `"`)
		}
		if given, ok := strings.CutPrefix(line, "Environment="); ok {
			for _, word := range strings.Fields(given) {
				name, value, _ := strings.Cut(word, "=")
				usual[name] = value
			}
		}
		if given, ok := strings.CutPrefix(line, "ExecStart="); ok {
			start = given
		}
	}
	words := func(learned string) (out []string) {
		for _, word := range strings.Fields(start) {
			switch {
			case word == "$FIREDOOR_LEARNED":
				out = append(out, strings.Fields(learned)...)
			case strings.HasPrefix(word, "${"):
				out = append(out, usual[strings.Trim(word, "${}")])
			default:
				out = append(out, word)
			}
		}
		return out
	}
	const without = "/usr/bin/firedoor gateway --inside inside --outside outside --policy /etc/firedoor/policy.yaml --data /var/lib/firedoor-gateway"
	if learned, given := usual["FIREDOOR_LEARNED"]; !given || strings.Join(words(learned), " ") != without {
		t.Errorf("without: %q", words(learned))
	}
	if got := strings.Join(words(example), " "); got != without+" --learned /etc/firedoor/learned" {
		t.Errorf("as the comment says: %q", got)
	}
}
