package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPlantUsageErrors holds that what makes no sense ends with status 2 and names the thing.
func TestPlantUsageErrors(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing.yaml")
	note := write(t, "notes.txt", []byte("no scenario, but a note to somebody\n"))
	empty := write(t, "empty.json", nil)
	broken := write(t, "broken.yaml", []byte("name: broken\ntitle: Nothing that could happen\nclass: sinister\n"))
	stranger := write(t, "stranger.json", []byte(`{"format": 1, "plant": "standard", "weather": "fine"}`))
	truth := plantMinute(t).truth
	alerts := write(t, "alerts.json", []byte("[]\n"))
	record := []string{"plant", "record", "--duration", "1m", "--out", filepath.Join(dir, "out")}
	runs := []string{"plant", "run", "--days", "0.001", "--data", filepath.Join(dir, "data")}
	demo := []string{"demo", "--listen", "127.0.0.1:0"}
	for _, c := range []struct {
		args  []string
		words []string // the last is what the message must name
	}{
		{[]string{"plant"}, []string{"record"}},
		{[]string{"plant"}, []string{"frobnicate", "frobnicate"}},
		{[]string{"plant"}, []string{"list", "extra", "extra"}},
		{[]string{"plant"}, []string{"record", "--out", dir, "--duration"}},
		{[]string{"plant"}, []string{"record", "--duration", "1m", "--out"}},
		{record, []string{"--frobnicate", "--frobnicate"}},
		{record, []string{"extra", "extra"}},
		{record, []string{"--duration", "0s", "--duration 0s"}},
		{record, []string{"--duration=-5m", "--duration -5m"}},
		{record, []string{"--duration", "soon", "--duration soon"}},
		{record, []string{"--duration", "10", "--duration 10"}},
		{record, []string{"--duration=", "--duration"}},
		{record, []string{"--seed", "many", "--seed"}},
		{record, []string{"--seed=-1", "--seed"}},
		{record, []string{"--hosts=-1", "--hosts -1"}},
		{record, []string{"--hosts", "40001", "--hosts 40001"}},
		{record, []string{"--hosts", "some", "--hosts"}},
		{record, []string{"--start", "tomorrow", "--start tomorrow"}},
		{record, []string{"--start", "2026-03-02", "--start 2026-03-02"}},
		{record, []string{"--scenario", "frobnicate", "frobnicate"}},
		{record, []string{"--scenario=", "--scenario"}},
		{record, []string{"--scenario", "setpoint-write@", "setpoint-write@"}},
		{record, []string{"--scenario", "setpoint-write@noon", "setpoint-write@noon"}},
		{record, []string{"--scenario", "setpoint-write@-1m", "setpoint-write@-1m"}},
		{record, []string{"--scenario", "setpoint-write@1m", "setpoint-write@1m"}},
		{record, []string{"--scenario", "setpoint-write@2d", "setpoint-write@2d"}},
		{record, []string{"--scenario", missing, missing}},
		{record, []string{"--scenario", note, note}},
		{record, []string{"--scenario", dir, dir}},
		{record, []string{"--scenario", broken, broken + ":3"}},
		{record, []string{"--scenario", broken + "@10s", "sinister"}},
		{record, []string{"--learn", "0%", "--learn 0%"}},
		{record, []string{"--learn", "1m", "--learn 1m"}},
		{record, []string{"--policy", missing, missing}},
		{record, []string{"--out", note, note}},
		{record, []string{"--out", filepath.Join(note, "below"), note}},
		{record, []string{"--out=", "--out"}},
		{runs, []string{"--days", "0", "--days 0"}},
		{runs, []string{"--days=-1", "--days -1"}},
		{runs, []string{"--days", "NaN", "--days NaN"}},
		{runs, []string{"--days", "401", "--days 401"}},
		{runs, []string{"--days", "some", "--days"}},
		{runs, []string{"--learn", "0%", "--learn 0%"}},
		{runs, []string{"--learn", "100%", "--learn 100%"}},
		{runs, []string{"--learn", "NaN%", "--learn NaN%"}},
		{runs, []string{"--learn", "2d", "--learn 2d"}},
		{runs, []string{"--learn", "20", "--learn 20"}},
		{runs, []string{"--learn", "a lot", "--learn a lot"}},
		{runs, []string{"--json", "--json"}},
		{runs, []string{"--shards", "0", "--shards 0"}},
		{runs, []string{"--shards", "17", "--shards 17"}},
		{runs, []string{"--shards", "some", "--shards"}},
		{runs, []string{"--scenario", "frobnicate", "frobnicate"}},
		{runs, []string{"--scenario", "too-hot@3m", "too-hot@3m"}},
		{runs, []string{"--out", note, note}},
		{runs, []string{"--data", note, note}},
		{[]string{"plant", "serve"}, []string{"--listen", "localhost", "--listen localhost"}},
		{[]string{"plant", "serve"}, []string{"--listen", "127.0.0.1:502", "--listen 127.0.0.1:502"}},
		{[]string{"plant", "serve"}, []string{"--listen", "198.51.100.1", "198.51.100.1"}},
		{[]string{"plant", "serve"}, []string{"--speed", "0", "--speed 0"}},
		{[]string{"plant", "serve"}, []string{"--speed", "NaN", "--speed NaN"}},
		{[]string{"plant", "serve"}, []string{"--speed", "1e9", "--speed"}},
		{[]string{"plant", "serve"}, []string{"--shift", "65000", "--shift 65000"}},
		{[]string{"plant", "serve"}, []string{"--shift", "65536", "--shift"}},
		{[]string{"plant", "score"}, []string{"--alerts", alerts, "--truth"}},
		{[]string{"plant", "score"}, []string{"--truth", truth, "--alerts"}},
		{[]string{"plant", "score"}, []string{"--truth", missing, "--alerts", alerts, missing}},
		{[]string{"plant", "score"}, []string{"--truth", empty, "--alerts", alerts, empty}},
		{[]string{"plant", "score"}, []string{"--truth", stranger, "--alerts", alerts, "weather"}},
		{[]string{"plant", "score"}, []string{"--truth", truth, "--alerts", missing, missing}},
		{[]string{"plant", "score"}, []string{"--truth", truth, "--alerts", note, note}},
		{[]string{"plant", "score"}, []string{"--truth", truth, "--alerts", stranger, stranger}},
		{[]string{"plant", "score"}, []string{"--truth", truth, "--alerts", alerts, "--grace", "soon", "--grace"}},
		{[]string{"plant", "score"}, []string{"--truth", truth, "--alerts", alerts, "--grace=-1m", "--grace"}},
		{[]string{"plant", "start"}, []string{"setpoint-write", "--data"}},
		{[]string{"plant", "start"}, []string{"--data", dir, "scenario"}},
		{[]string{"plant", "start"}, []string{"setpoint-write", "--data", dir, dir}},
		{demo, []string{"extra", "extra"}},
		{demo, []string{"--learn", "0s", "--learn 0s"}},
		{demo, []string{"--learn", "50%", "--learn 50%"}},
		{demo, []string{"--speed", "0", "--speed 0"}},
		{demo, []string{"--speed", "1001", "--speed 1001"}},
		{demo, []string{"--speed", "NaN", "--speed NaN"}},
		{demo, []string{"--hosts", "40001", "--hosts 40001"}},
		{demo, []string{"--scenario", "frobnicate", "frobnicate"}},
		{demo, []string{"--start", "tomorrow", "--start tomorrow"}},
		{demo, []string{"--data", note, note}},
		{[]string{"demo"}, []string{"--listen", "nowhere", "nowhere"}},
		{[]string{"demo"}, []string{"--listen", "198.51.100.1:80", "198.51.100.1:80"}},
	} {
		args := append(c.args[:len(c.args):len(c.args)], c.words[:len(c.words)-1]...)
		names := c.words[len(c.words)-1]
		o := stopped(t, args...)
		if o.status != 2 || !strings.Contains(o.err, names) || !strings.HasPrefix(o.err, "firedoor: ") {
			t.Errorf("firedoor %s: exit status %d, want 2, naming %q:\n%.600s%.300s", strings.Join(args, " "), o.status, names, o.err, o.stdout)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "out")); err == nil {
		t.Error("plant record wrote something though its words made no sense")
	}
}

// stopped runs the program and tells it to stop before it can go on for long: what is wrong with its words
// is told before.
func stopped(t testing.TB, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), hangLimit)
	defer cancel()
	var stdout, stderr bytes.Buffer
	m := Main{Args: args, Stdout: &stdout, Stderr: &stderr}
	status := m.Run(ctx)
	return outcome{status, stdout.String(), stderr.String()}
}

// plantMinute is a recording of a minute.
func plantMinute(t testing.TB) recording { return recorded(t, "--seed", "2", "--duration", "1m") }
