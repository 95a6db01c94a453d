package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/uplink"
	"firedoor/web"
)

// browser skips a test where there is no browser to walk with.
func browser(t *testing.T) {
	t.Helper()
	if _, built := web.Files(); !built {
		t.Skip("the console's page is not built (make web): nothing to show a browser")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("there is no node to drive a browser with")
	}
	if _, err := os.Stat("/usr/bin/chromium"); err != nil {
		t.Skip("chromium is not installed: the console is not tried in a browser")
	}
	if _, err := os.Stat(filepath.Join(root, "web", "node_modules", "playwright-core")); err != nil {
		t.Skip("web/node_modules is not installed (make web): the console is not tried in a browser")
	}
}

// walk walks every room of a console and gives what the walk printed. The
// pictures stay in bin/shots.
func walk(t *testing.T, l *live, shots string) string {
	t.Helper()
	cmd := exec.Command("node", "test/walk.mjs", "--base", l.url, "--link", l.link, "--out", absolute(t, filepath.Join(root, "bin", "shots", shots)))
	cmd.Dir = filepath.Join(root, "web")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the walk through the console failed: %v\n%s", err, out)
	}
	t.Logf("%s", out)
	return string(out)
}

// TestConsoleInABrowser walks through the console of the sample, with a gateway beside
// it, in Chromium: every room, at three widths and in both themes, by mouse and keyboard, judged by axe.
func TestConsoleInABrowser(t *testing.T) {
	t.Parallel() // it mostly waits
	browser(t)
	l := startRun(t, runArgs(t.TempDir(), sampleGateway(t)...)...)
	l.played()
	out := walk(t, l, "sample")
	if !strings.Contains(out, " passed, 0 failed") {
		t.Errorf("the walk does not say how it ended:\n%s", out)
	}
	for _, step := range []string{"process values: all are there", "programs: each content has its sum"} {
		if !strings.Contains(out, "ok    "+step) {
			t.Errorf("the walk came by no device with %s:\n%s", step, out)
		}
	}
	l.stop()
}

// Size of the large plant.
const (
	largeAssets = 5_000
	largeAlerts = 10_000
)

// TestConsoleOfALargePlant sends the records of a large plant the way a sensor
// does, and pages through all of them. With FIREDOOR_LARGE_WALK it walks through
// the rooms too and prints how long a person waits.
func TestConsoleOfALargePlant(t *testing.T) {
	port := freePort(t)
	dir := t.TempDir()
	config := filepath.Join(dir, "console.yaml")
	if err := os.WriteFile(config, fmt.Appendf(nil, "roles: [console]\nuplink:\n  listen: 127.0.0.1:%d\nconsole:\n  listen: 127.0.0.1:0\ndata:\n  dir: %s\n", port, filepath.Join(dir, "data")), 0o600); err != nil {
		t.Fatal(err)
	}
	l := startRun(t, "--config", config)
	up, err := uplink.Open(t.Context(), uplink.Config{URL: fmt.Sprintf("nats://127.0.0.1:%d", port)}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	records := largePlant(t)
	for len(records) > 0 {
		n := min(256, len(records))
		if _, err := up.Publish(t.Context(), "plant", records[:n]); err != nil {
			t.Fatal(err)
		}
		records = records[n:]
	}
	if err := up.Close(); err != nil {
		t.Fatal(err)
	}
	l.until("all is there", func() bool {
		return l.count("/api/assets?limit=1") == largeAssets && l.count("/api/alerts?limit=1") == largeAlerts
	})
	for path, want := range map[string]int{"alerts": largeAlerts, "assets": largeAssets} {
		seen := map[string]bool{}
		for next := ""; ; {
			page := map[string]json.RawMessage{}
			if !l.get("/api/"+path+"?cursor="+next, &page) {
				t.Fatalf("no page of %s behind %q", path, next)
			}
			var rows []struct{ ID string }
			if err := json.Unmarshal(page[path], &rows); err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				seen[r.ID] = true
			}
			if err := json.Unmarshal(page["next"], &next); err != nil || next == "" {
				break
			}
		}
		if len(seen) != want {
			t.Errorf("the pages of %s hold %d, want %d", path, len(seen), want)
		}
	}
	if os.Getenv("FIREDOOR_LARGE_WALK") != "" {
		browser(t)
		t.Log(walk(t, l, "large"))
	}
	l.stop()
}

// largePlant is the sample plant many times over.
func largePlant(t *testing.T) (records []firedoor.Record) {
	t.Helper()
	alerts, assets := replayed(t)
	add := func(kind firedoor.RecordKind, key string, v any) {
		body, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, firedoor.Record{Sensor: "large", Kind: kind, Key: key, Body: body})
	}
	for i := range largeAssets {
		a := assets[i%len(assets)]
		a.ID = firedoor.AssetID(i + 1)
		a.Segment = fmt.Sprintf("line %03d", i/len(assets))
		a.Relations = nil
		add(firedoor.RecordAsset, a.ID.String(), &a)
	}
	for i := range largeAlerts {
		a := alerts[i%len(alerts)]
		a.ID = fmt.Sprintf("%016x", i+1)
		a.Time = fmt.Sprintf("2026-03-%02dT%02d:%02d:%02d.000000000Z", 1+i/1000, i/60%24, i%60, i%59)
		add(firedoor.RecordAlert, a.ID, &a)
	}
	return records
}
