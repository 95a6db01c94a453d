package console_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/console"
	"firedoor/internal/uplink"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func alertRecord(t testing.TB, n int) firedoor.Record {
	t.Helper()
	body, err := json.Marshal(firedoor.AlertLine{
		ID: fmt.Sprintf("%016x", n), Time: fmt.Sprintf("2026-03-04T05:%02d:%02d.000000000Z", n/60%60, n%60), Kind: "new-writer", Severity: "high",
		Sentence: fmt.Sprintf("Unknown device wrote holding:%d.", n), Client: &firedoor.Address{IP: "10.0.0.99"}, Server: &firedoor.Address{IP: "10.0.0.7", Port: 502},
		Protocol: "modbus", Techniques: []string{"T0855"}, Capture: "a.pcap", Frames: []uint32{7},
	})
	if err != nil {
		t.Fatal(err)
	}
	return firedoor.Record{Sensor: "line 1", Kind: firedoor.RecordAlert, Key: fmt.Sprintf("%016x", n), Body: body}
}

func sensorRecord(t testing.TB) firedoor.Record {
	t.Helper()
	body, err := json.Marshal(firedoor.SensorState{Name: "line 1", Stage: firedoor.Watching, Traffic: "2026-03-04T05:06:07.000000000Z", Statements: 5, Learned: 4})
	if err != nil {
		t.Fatal(err)
	}
	return firedoor.Record{Sensor: "line 1", Kind: firedoor.RecordSensor, Key: "line 1", Body: body}
}

// running is a console that runs until the test ends or stop is called.
type running struct {
	*console.Console
	stop func()
	base string
}

func run(t *testing.T, cfg console.Config, up *uplink.Uplink) *running {
	t.Helper()
	cfg.Listen = "127.0.0.1:0"
	c, err := console.Open(t.Context(), cfg, up, quiet())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	stopped := false
	r := &running{Console: c, base: "http://" + c.Address()}
	r.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(r.stop)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return r
}

func openUplink(t *testing.T, cfg uplink.Config) *uplink.Uplink {
	t.Helper()
	up, err := uplink.Open(t.Context(), cfg, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := up.Close(); err != nil {
			t.Error(err)
		}
	})
	return up
}

func get(t *testing.T, url string, into any) int {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if into != nil && resp.StatusCode == http.StatusOK {
		if err := json.Unmarshal(b, into); err != nil {
			t.Fatalf("%s: %v\n%s", url, err, b)
		}
	}
	return resp.StatusCode
}

type page struct {
	Alerts []struct {
		ID           string
		Acknowledged *struct{ By, Comment string }
	}
	Total int
}

// until asks again and again, for what happens in another goroutine; the test
// binary's own limit ends a wait for ever.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	for !f() {
		if t.Context().Err() != nil {
			t.Fatal(what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestFromRecordToPage(t *testing.T) {
	dir := t.TempDir()
	up := openUplink(t, uplink.Config{Dir: filepath.Join(dir, "stream")})
	c := run(t, console.Config{Site: "Dairy", Data: dir}, up)

	// A page listens before anything happens.
	live, err := http.Get(c.base + "/api/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer live.Body.Close()
	events := bufio.NewScanner(live.Body)
	waitEvent(t, events, "hello")

	if status := get(t, c.base+"/readyz", nil); status != http.StatusServiceUnavailable {
		t.Errorf("ready before any sensor was heard: status %d", status)
	}
	if _, err := up.Publish(t.Context(), "Dairy", []firedoor.Record{sensorRecord(t), alertRecord(t, 1), alertRecord(t, 2)}); err != nil {
		t.Fatal(err)
	}
	if data := waitEvent(t, events, "alert"); !strings.Contains(data, `"id":"0000000000000001"`) {
		t.Errorf("the first alert event says %s", data)
	}
	// What was told is there to be read.
	var p page
	if get(t, c.base+"/api/alerts", &p); p.Total != 2 || p.Alerts[0].ID != "0000000000000002" {
		t.Errorf("alerts: %+v", p)
	}
	var o struct {
		Site, Stage string
		Needs       []struct{ ID string }
	}
	until(t, "the overview never had the sensor", func() bool { get(t, c.base+"/api/overview", &o); return o.Stage == "watching" })
	if o.Site != "Dairy" || len(o.Needs) != 2 {
		t.Errorf("overview: %+v", o)
	}
	if status := get(t, c.base+"/readyz", nil); status != http.StatusOK {
		t.Errorf("not ready with a sensor heard: status %d", status)
	}
	stats := c.Stats()
	if stats.Store.Messages != 2 || stats.Store.Alerts != 2 || stats.Store.Refused != 0 {
		t.Errorf("stats: %+v", stats.Store)
	}
}

func waitEvent(t *testing.T, s *bufio.Scanner, name string) string {
	t.Helper()
	for s.Scan() {
		if s.Text() == "event: "+name {
			if !s.Scan() {
				break
			}
			return strings.TrimPrefix(s.Text(), "data: ")
		}
	}
	t.Fatalf("the stream ended before a %s event: %v", name, s.Err())
	return ""
}

// TestRestart: what was acknowledged, by stream or person, is there after the
// console and the stream started again; what was published in between arrives.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	open := func() *uplink.Uplink {
		up, err := uplink.Open(t.Context(), uplink.Config{Dir: filepath.Join(dir, "stream")}, quiet())
		if err != nil {
			t.Fatal(err)
		}
		return up
	}
	up := open()
	c := run(t, console.Config{Data: dir}, up)
	if _, err := up.Publish(t.Context(), "", []firedoor.Record{alertRecord(t, 1)}); err != nil {
		t.Fatal(err)
	}
	var p page
	until(t, "the alert never came", func() bool { get(t, c.base+"/api/alerts", &p); return p.Total == 1 })
	acknowledge(t, c)
	c.stop()
	if _, err := up.Publish(t.Context(), "", []firedoor.Record{alertRecord(t, 2)}); err != nil {
		t.Fatal(err)
	}
	if err := up.Close(); err != nil {
		t.Fatal(err)
	}
	up = open()
	defer up.Close()
	c = run(t, console.Config{Data: dir}, up)
	defer c.stop()
	until(t, "the second alert never came", func() bool { get(t, c.base+"/api/alerts", &p); return p.Total == 2 })
	if a := p.Alerts[1].Acknowledged; a == nil || a.Comment != "it was me" || a.By == "" {
		t.Errorf("the acknowledgement after a restart: %+v", a)
	}
	until(t, "nothing counts as folded in", func() bool { return c.Stats().Store.Messages > 0 }) // it is counted behind the last of it
	if got := c.Stats().Store.Messages; got != 1 {
		t.Errorf("%d messages were folded in after the restart, want only the new one", got)
	}
}

func acknowledge(t *testing.T, c *running) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(c.Link())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	resp, err = client.Post(c.base+"/api/alerts/0000000000000001/acknowledge", "application/json", strings.NewReader(`{"comment":"it was me"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		t.Fatalf("acknowledge: %s\n%s", resp.Status, b)
	}
}

// TestAnotherStream: a stream that was made anew counts from one again; its
// messages must not be taken for old ones.
func TestAnotherStream(t *testing.T) {
	dir := t.TempDir()
	var p page
	for round := 1; round <= 2; round++ {
		up, err := uplink.Open(t.Context(), uplink.Config{Dir: filepath.Join(dir, fmt.Sprint("stream", round))}, quiet())
		if err != nil {
			t.Fatal(err)
		}
		c := run(t, console.Config{Data: dir}, up)
		if _, err := up.Publish(t.Context(), "", []firedoor.Record{alertRecord(t, round)}); err != nil {
			t.Fatal(err)
		}
		until(t, "an alert of the new stream never came", func() bool { get(t, c.base+"/api/alerts", &p); return p.Total == round })
		c.stop()
		if err := up.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRefusesOtherMachines(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "192.168.1.5:80", "example.com:80", "127.0.0.1"} {
		c, err := console.Open(t.Context(), console.Config{Listen: address, Data: t.TempDir()}, nil, quiet())
		if err == nil {
			c.Close()
			t.Errorf("it listens on %q", address)
		} else if !strings.Contains(err.Error(), address) {
			t.Errorf("the error for %q does not name it: %v", address, err)
		}
	}
}

// text gives the status and the lines of an answer.
func text(t *testing.T, url string) (int, []string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, strings.Split(strings.TrimSpace(string(b)), "\n")
}

// TestReady: what is wrong with the process is told beside what is wrong with
// the console, each on a line.
func TestReady(t *testing.T) {
	dir := t.TempDir()
	up := openUplink(t, uplink.Config{Dir: filepath.Join(dir, "stream")})
	var problems atomic.Pointer[[]string]
	problems.Store(&[]string{"Interface eth1 is down.", "The journal cannot be written:\nno space left."})
	c := run(t, console.Config{Data: dir, Ready: func() []string { return *problems.Load() }}, up)
	want := []string{"not ready:", "No sensor was heard yet.", "Interface eth1 is down.", "The journal cannot be written: no space left."}
	if status, lines := text(t, c.base+"/readyz"); status != http.StatusServiceUnavailable || !slices.Equal(lines, want) {
		t.Errorf("status %d, %q", status, lines)
	}
	if _, err := up.Publish(t.Context(), "", []firedoor.Record{sensorRecord(t)}); err != nil {
		t.Fatal(err)
	}
	until(t, "the sensor was never heard", func() bool { return c.Stats().Store.Sensors == 1 })
	want = append(want[:1], want[2:]...)
	if status, lines := text(t, c.base+"/readyz"); status != http.StatusServiceUnavailable || !slices.Equal(lines, want) {
		t.Errorf("with a sensor: status %d, %q", status, lines)
	}
	problems.Store(new([]string))
	if status, lines := text(t, c.base+"/readyz"); status != http.StatusOK || !slices.Equal(lines, []string{"ready"}) {
		t.Errorf("with all well: status %d, %q", status, lines)
	}
}

func assetRecord(t testing.TB, n int) firedoor.Record {
	t.Helper()
	id := firedoor.AssetID(n)
	body, err := json.Marshal(firedoor.Asset{ID: id, Name: fmt.Sprint("PLC-", n), Segment: "untagged"})
	if err != nil {
		t.Fatal(err)
	}
	return firedoor.Record{Sensor: "line 1", Kind: firedoor.RecordAsset, Key: id.String(), Body: body}
}

// TestRound: through a real stream, what a sensor no longer holds leaves the
// store, and the page is told.
func TestRound(t *testing.T) {
	dir := t.TempDir()
	up := openUplink(t, uplink.Config{Dir: filepath.Join(dir, "stream")})
	c := run(t, console.Config{Data: dir}, up)
	publish := func(records ...firedoor.Record) {
		if _, err := up.Publish(t.Context(), "", records); err != nil {
			t.Fatal(err)
		}
	}
	round := func(key string) firedoor.Record {
		return firedoor.Record{Sensor: "line 1", Kind: firedoor.RecordRound, Key: key}
	}
	publish(assetRecord(t, 1), assetRecord(t, 2), alertRecord(t, 1))
	until(t, "the assets never came", func() bool { return c.Stats().Store.Assets == 2 && c.Stats().Store.Alerts == 1 })
	live, err := http.Get(c.base + "/api/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer live.Body.Close()
	events := bufio.NewScanner(live.Body)
	waitEvent(t, events, "hello")
	publish(round(firedoor.RoundBegin))
	publish(assetRecord(t, 2))
	publish(round(firedoor.RoundEnd))
	if data := waitEvent(t, events, "asset"); !strings.Contains(data, firedoor.AssetID(1).String()) {
		t.Errorf("the page is told of %s", data)
	}
	var p struct{ Assets []struct{ Name string } }
	if get(t, c.base+"/api/assets", &p); len(p.Assets) != 1 || p.Assets[0].Name != "PLC-2" {
		t.Errorf("assets: %+v", p.Assets)
	}
	if st := c.Stats(); st.Store.Alerts != 1 || st.Store.SweptAssets != 1 || st.Store.Refused != 0 || st.API.StreamsOpen != 1 {
		t.Errorf("stats: %+v", st)
	}
}

// TestNewLink: another browser may acknowledge while the console runs.
func TestNewLink(t *testing.T) {
	dir := t.TempDir()
	c := run(t, console.Config{Data: dir}, openUplink(t, uplink.Config{Dir: filepath.Join(dir, "stream")}))
	another := c.NewLink()
	if another == c.Link() {
		t.Fatal("the new link is the old one")
	}
	for _, link := range []string{another, c.Link()} {
		if status := get(t, link, nil); status != http.StatusOK {
			t.Errorf("following %s gets %d", link, status)
		}
	}
	if st := c.Stats().API; st.SessionsOpen != 2 || st.LinksUnused != 0 {
		t.Errorf("stats: %+v", st)
	}
}
