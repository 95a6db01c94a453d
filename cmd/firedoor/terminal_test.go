package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"firedoor/internal/gateway"
	"firedoor/internal/whatif"
)

// evil has what clears a terminal, writes to its title, and begins a line and a column of its own.
const evil = "a\x1b[2Jb\x1b]0;x\x07\u009b31m\nNothing\tis isolated."

// shown fails where an escape reached the terminal, or a line of its own was begun.
func shown(t *testing.T, what, text string) {
	t.Helper()
	if strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && unicode.IsControl(r) }) || strings.Contains(text, "\nNothing") {
		t.Errorf("%s shows %q", what, text)
	}
	if !strings.Contains(text, "a?[2Jb?]0;x??31m?Nothing?is isolated.") {
		t.Errorf("%s does not show it at all: %q", what, text)
	}
}

// answering is a data folder behind whose control socket answers stand, by path.
func answering(t *testing.T, answers map[string]any) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fd") // short, for a socket
	if err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "unix", filepath.Join(dir, controlSocket))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { //nolint:gosec // of a test
		if err, wrong := answers[r.URL.Path].(error); wrong {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		_ = json.NewEncoder(w).Encode(answers[r.URL.Path])
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = errors.Join(server.Close(), os.RemoveAll(dir)) })
	return dir
}

// TestNothingReachesTheTerminal holds that no control character of what traffic or another person
// gave reaches a terminal, by whatever command it is shown; JSON has it as it is.
func TestNothingReachesTheTerminal(t *testing.T) {
	one := decisionLine{ID: 1, Verb: "no-write", Scope: "plc", Reason: evil, By: "jo", State: "active", Until: "2026-11-26T08:00:00Z"}
	named := one
	named.Scope = evil
	st := gatewayStatus(&gateway.Status{Policy: evil})
	dir := answering(t, map[string]any{"/isolations": []decisionLine{one}, "/status": st, "/gateway": map[string]any{}, "/reload": done{evil}, "/release": errors.New(evil),
		"/isolate": isolation{Learned: true, Effects: []effectLine{{Client: "hmi", Server: "plc", Object: evil}}}, "/confirm": named})
	stop := gateway.StoppedRecord{Time: "2026-11-26T08:00:00Z", Done: "drop", Says: "drop", Reason: "rule", Conduit: evil}
	line, err := json.Marshal(stop)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "stopped.jsonl"), append(line, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"list"}, {"status"}, {"stopped"}, {"confirm", "1"}, {"isolate", "plc", "--verb", "no-write", "--for", "1m", "--reason", "x"}} {
		shown(t, args[0], run(t, append(args, "--data", dir)...).stdout)
	}
	if o := works(t, "reload", "--data", dir).stdout; !strings.HasPrefix(o, "A?[2J") {
		t.Errorf("reload says %q", o)
	}
	if o := run(t, "release", "1", "--data", dir); o.status != exitDamaged || strings.ContainsRune(o.err, 0x1b) {
		t.Errorf("an error: status %d, %q", o.status, o.err)
	}
	var report strings.Builder
	if err := tellReport(&report, &whatif.Report{StoppedOperations: 1, Stopped: []whatif.Stopped{{Count: 1, Client: "hmi", Server: "broker", Protocol: "mqtt", Object: evil}}}); err != nil {
		t.Fatal(err)
	}
	shown(t, "policy replay", report.String())
	var list []decisionLine
	if err := json.Unmarshal([]byte(works(t, "list", "--json", "--data", dir).stdout), &list); err != nil || list[0].Reason != evil {
		t.Errorf("JSON has %+v, %v", list, err)
	}
}

// TestPeopleReadThroughSay holds that no such command writes for people by another way.
func TestPeopleReadThroughSay(t *testing.T) {
	for _, name := range []string{"gateway.go", "gateway_confirm.go", "gateway_status.go", "gateway_stopped.go", "policy_replay.go", "status.go"} {
		if text := string(read(t, name)); strings.Contains(text, "fmt.Fprint") || !strings.Contains(text, "say(") && !strings.Contains(text, "sayf(") {
			t.Errorf("%s writes by fmt", name)
		}
	}
}

// TestCapitalised holds that only a letter becomes a capital.
func TestCapitalised(t *testing.T) {
	for text, want := range map[string]string{"": "", "drop": "Drop", "/etc/p.yaml is in force": "/etc/p.yaml is in force", "Drop": "Drop", "3 things": "3 things", "{": "{", "öl": "öl"} {
		if got := capitalised(text); got != want {
			t.Errorf("%q becomes %q", text, got)
		}
	}
	dir := answering(t, map[string]any{"/reload": done{"/etc/p.yaml is in force"}})
	if o := works(t, "reload", "--data", dir).stdout; o != "/etc/p.yaml is in force.\n" {
		t.Errorf("reload says %q", o)
	}
}
