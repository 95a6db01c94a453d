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

// TestUnitsLetCalls holds that the units allow the system calls without which what they start cannot do its work: the gateway starts
// processes, which take a pipe, and leaves the next program a file in memory.
func TestUnitsLetCalls(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("needs systemd-analyze")
	}
	all := []string{"capset", "prctl", "landlock_create_ruleset", "landlock_restrict_self", "openat", "renameat", "ftruncate", "flock", "fallocate", "epoll_pwait", "eventfd2", "socket", "getsockopt", "recvmsg"}
	gateway := []string{"bpf", "execve", "clone", "clone3", "pipe2", "memfd_create", "waitid", "pidfd_open", "sched_setattr", "sched_getattr", "sched_setaffinity", "setpriority", "mkdirat", "unlinkat", "kill", "tgkill"}
	units, err := filepath.Glob("../../deploy/*.service")
	if err != nil {
		t.Fatal(err)
	}
	for _, unit := range units {
		text, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		want := all
		if strings.Contains(unit, "gateway") {
			want = append(want, gateway...)
		}
		let := callsOf(t, string(text))
		for _, call := range want {
			if !let[call] {
				t.Errorf("%s: does not let %s", filepath.Base(unit), call)
			}
		}
	}
}

// callsOf is what a unit's filters let, one after the other (systemd.exec(5), SystemCallFilter=).
func callsOf(t *testing.T, unit string) map[string]bool {
	t.Helper()
	let := map[string]bool{}
	var put func(name string, allow bool)
	put = func(name string, allow bool) {
		if !strings.HasPrefix(name, "@") {
			let[name] = allow
			return
		}
		out, err := exec.Command("systemd-analyze", "syscall-filter", "--no-pager", name).Output()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, line := range strings.Split(string(out), "\n")[1:] {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				put(line, allow)
			}
		}
	}
	for _, line := range strings.Split(unit, "\n") {
		given, ok := strings.CutPrefix(line, "SystemCallFilter=")
		if !ok {
			continue
		}
		given, deny := strings.CutPrefix(given, "~")
		for _, name := range strings.Fields(given) {
			put(name, !deny)
		}
	}
	return let
}
