package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/mishap"
)

// patience is how long something that must happen may take on a slow machine.
const patience = 2 * time.Minute

// live is a firedoor run that is under way.
type live struct {
	t       testing.TB
	cmd     *exec.Cmd
	url     string // of the console, "" without one
	link    string
	log     *bytes.Buffer
	stopped bool
}

// startRun starts the built program and waits until it says where it is.
func startRun(t testing.TB, args ...string) *live {
	t.Helper()
	l := &live{t: t, log: &bytes.Buffer{}}
	l.cmd = exec.Command(program(t), append([]string{"run"}, args...)...)
	l.cmd.Stderr = l.log
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.kill)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		text := lines.Text()
		if url, ok := strings.CutPrefix(text, "Console: "); ok {
			l.url = strings.TrimSuffix(url, "/")
		}
		if _, link, ok := strings.Cut(text, "open this link once: "); ok {
			l.link = link
		}
		if strings.HasPrefix(text, "Stop with") {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return l
		}
	}
	_ = l.cmd.Wait()
	l.stopped = true
	t.Fatalf("firedoor run %s ended at once:\n%s", strings.Join(args, " "), l.log)
	return nil
}

func (l *live) kill() {
	if !l.stopped {
		l.stopped = true
		_ = l.cmd.Process.Kill()
		_ = l.cmd.Wait()
	}
}

// stop ends the program as a service manager does, and expects exit status 0.
func (l *live) stop() {
	l.t.Helper()
	if err := l.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		l.t.Fatal(err)
	}
	l.stopped = true
	if err := l.cmd.Wait(); err != nil {
		l.t.Fatalf("stopping: %v\n%s", err, l.log)
	}
}

// get reads a page of the API; false if nobody answers yet.
func (l *live) get(path string, into any) bool {
	resp, err := http.Get(l.url + path)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK && json.NewDecoder(resp.Body).Decode(into) == nil
}

// until waits for something to be so.
func (l *live) until(what string, is func() bool) {
	l.t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			l.t.Fatalf("%s: not within %s\n%s", what, patience, l.log)
		}
	}
}

// shownAlert is an alert as the console shows it.
type shownAlert struct {
	firedoor.AlertLine
	Acknowledged *struct{ Comment string }
}

func (l *live) alerts() (out []shownAlert) {
	var page struct{ Alerts []shownAlert }
	l.get("/api/alerts", &page)
	return page.Alerts
}

func (l *live) sensor() (s firedoor.SensorState) {
	var page struct{ Sensors []firedoor.SensorState }
	if l.get("/api/sensors", &page) && len(page.Sensors) == 1 {
		s = page.Sensors[0]
	}
	return s
}

// played waits until the capture was played to its end and all that is known is
// shown.
func (l *live) played() {
	l.t.Helper()
	l.until("the capture is played", func() bool {
		s := l.sensor()
		return len(s.Sources) > 0 && s.Sources[0].State == "finished" && s.Alerts == len(l.alerts()) && s.Assets == l.count("/api/assets")
	})
}

func (l *live) count(path string) int {
	var page struct{ Total int }
	l.get(path, &page)
	return page.Total
}

// acknowledge uses the one-time link and acknowledges an alert.
func (l *live) acknowledge(id, comment string) {
	l.t.Helper()
	jar := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := jar.Get(l.link)
	if err != nil || len(resp.Cookies()) == 0 {
		l.t.Fatalf("the one-time link gives no session: %v", err)
	}
	resp.Body.Close()
	req, err := http.NewRequest(http.MethodPost, l.url+"/api/alerts/"+id+"/acknowledge", strings.NewReader(fmt.Sprintf(`{"comment":%q}`, comment)))
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for _, c := range resp.Cookies() {
		req.AddCookie(c)
	}
	resp, err = jar.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(resp.Body)
		l.t.Fatalf("acknowledging: %s %s", resp.Status, b)
	}
}

// sample is the product's own capture, and what a replay tells of it.
const sampleFile = "../../samples/plant.pcap.xz"

func replayed(t *testing.T) (alerts []firedoor.AlertLine, assets []firedoor.Asset) {
	t.Helper()
	dir := t.TempDir()
	works(t, "replay", "--learn", "60%", "--out", dir, sampleFile)
	f := readFolder(t, dir)
	for name, into := range map[string]any{"alerts.json": &alerts, "assets.json": &assets} {
		if err := json.Unmarshal(f[name], into); err != nil {
			t.Fatal(err)
		}
	}
	slices.Reverse(alerts) // the console shows the newest first
	return alerts, assets
}

func alertLines(shown []shownAlert) (out []firedoor.AlertLine) {
	for _, a := range shown {
		out = append(out, a.AlertLine)
	}
	return out
}

func runArgs(dir string, more ...string) []string {
	return append([]string{"--capture", sampleFile, "--learn", "60%", "--data", dir, "--listen", "127.0.0.1:0"}, more...)
}

// TestRunShowsWhatReplayTells: the console shows the alerts of alerts.json, at the
// capture's own pace or as fast as it goes; a capture that was played is not
// played again; what was acknowledged stays so.
func TestRunShowsWhatReplayTells(t *testing.T) {
	want, assets := replayed(t)
	for _, pace := range []string{"0", "400"} {
		dir := t.TempDir()
		l := startRun(t, runArgs(dir, "--speed", pace)...)
		l.played()
		if got := alertLines(l.alerts()); !reflect.DeepEqual(got, want) {
			t.Fatalf("at speed %s the console shows %d alerts, a replay tells %d:\n%s", pace, len(got), len(want), firstDifferent(got, want))
		}
		if n := l.count("/api/assets"); n != len(assets) {
			t.Errorf("%d assets, a replay tells %d", n, len(assets))
		}
		l.acknowledge(want[0].ID, "seen")
		l.stop()
		l = startRun(t, runArgs(dir)...)
		l.until("it went on", func() bool { return l.sensor().Restarts == 1 })
		l.played()
		shown := l.alerts()
		if got := alertLines(shown); !reflect.DeepEqual(got, want) {
			t.Errorf("after a restart: %s", firstDifferent(got, want))
		}
		if a := shown[0].Acknowledged; a == nil || a.Comment != "seen" {
			t.Errorf("after a restart the acknowledgement is %+v", a)
		}
		if s := l.sensor(); s.Sources[0].Frames != 32403 {
			t.Errorf("after a restart: %d frames", s.Sources[0].Frames)
		}
		l.stop()
	}
}

func firstDifferent(got, want []firedoor.AlertLine) string {
	for i := range want {
		if i >= len(got) || !reflect.DeepEqual(got[i], want[i]) {
			a, _ := json.Marshal(want[i])
			var b []byte
			if i < len(got) {
				b, _ = json.Marshal(got[i])
			}
			return fmt.Sprintf("number %d\nwant %s\ngot  %s", i, a, b)
		}
	}
	return "more than wanted"
}

// kills is how often TestKilled kills; FIREDOOR_KILLS says more.
func kills(t *testing.T) int {
	if text := os.Getenv("FIREDOOR_KILLS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return 5
}

// TestKilled kills the program at random instants while a capture is played. Each
// time it starts again and goes on; nothing that was shown or acknowledged is
// lost, nothing is told twice, and in the end it knows what an undisturbed run
// knows, but for bytes of flows that were cut.
func TestKilled(t *testing.T) {
	want, assets := replayed(t)
	dir := t.TempDir()
	config := filepath.Join(dir, "c.yaml")
	if err := os.WriteFile(config, []byte("data:\n  snapshot_every: 1s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := startRun(t, runArgs(filepath.Join(dir, "whole"))...)
	whole.played()
	whole.until("all conversations are told", func() bool { return whole.sensor().Conversations == len(whole.conversations()) })
	undisturbed := whole.conversations()
	whole.stop()
	n := kills(t)
	// So slow that the kills fall within it.
	args := runArgs(filepath.Join(dir, "data"), "--config", config, "--speed", fmt.Sprint(max(20, 1300/n)))
	shown := map[string]string{}
	acknowledged := map[string]string{}
	seed := rand.New(rand.NewPCG(uint64(n), 7))
	for i := range n {
		l := startRun(t, args...)
		for end := time.Now().Add(time.Duration(300+seed.IntN(2200)) * time.Millisecond); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			for _, a := range l.alerts() {
				shown[a.ID] = a.Kind
			}
		}
		if open := l.alerts(); len(open) > 0 && acknowledged[open[0].ID] == "" {
			acknowledged[open[0].ID] = fmt.Sprint("kill ", i)
			l.acknowledge(open[0].ID, acknowledged[open[0].ID])
		}
		l.kill()
	}
	l := startRun(t, append(args, "--speed", "0")...)
	l.played()
	final := map[string]shownAlert{}
	for _, a := range l.alerts() {
		final[a.ID] = a
	}
	for id, kind := range shown {
		if _, ok := final[id]; !ok {
			t.Errorf("%s alert %s was shown and is gone", kind, id)
		}
	}
	for id, comment := range acknowledged {
		if a := final[id].Acknowledged; a == nil || a.Comment != comment {
			t.Errorf("the acknowledgement %q of %s is %+v", comment, id, a)
		}
	}
	if len(final) != len(want) {
		t.Errorf("%d alerts, an undisturbed run has %d", len(final), len(want))
	}
	for id, a := range final {
		if !slices.ContainsFunc(want, func(w firedoor.AlertLine) bool { return w.ID == id }) {
			t.Errorf("undisturbed there is no %s: %s", a.Kind, a.Sentence)
		}
	}
	for _, w := range want {
		if a, ok := final[w.ID]; !ok || a.Kind != w.Kind || a.Severity != w.Severity || a.Time != w.Time {
			t.Errorf("%s (%s): %+v", w.ID, w.Sentence, a)
		}
	}
	if n := l.count("/api/assets"); n != len(assets) {
		t.Errorf("%d assets, an undisturbed run has %d", n, len(assets))
	}
	l.until("all conversations are told", func() bool { return l.sensor().Conversations == len(l.conversations()) })
	got := l.conversations()
	for key := range maps.Keys(got) {
		if _, ok := undisturbed[key]; !ok {
			t.Errorf("conversation %s is %+v, undisturbed there is none", key, got[key])
		}
	}
	more := 0 // what a cut flow says without its beginning may stand beside what it said
	for key, want := range undisturbed {
		if has := got[key]; has.what != want.what || has.statements < want.statements {
			t.Errorf("conversation %s is %+v, undisturbed %+v", key, has, want)
		} else {
			more += has.statements - want.statements
		}
	}
	s := l.sensor()
	if more > 2*int(s.Restarts) {
		t.Errorf("%d statements more than undisturbed, after %d restarts", more, s.Restarts)
	}
	t.Logf("%d kills, %d restarts from a stored state, %d alerts shown before the end, %d acknowledged, %d gaps counted", n, s.Restarts, len(shown), len(acknowledged), s.Sources[0].Gaps)
	l.stop()
}

// TestTwoProcesses: sensor and console apart, over a NATS connection on this
// machine, come to what one process comes to.
func TestTwoProcesses(t *testing.T) {
	want, assets := replayed(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	token := write("token", "a secret of this test\n")
	port := freePort(t)
	c := startRun(t, "--config", write("console.yaml", fmt.Sprintf(
		"roles: [console]\nuplink:\n  listen: 127.0.0.1:%d\n  token_file: %s\nconsole:\n  listen: 127.0.0.1:0\ndata:\n  dir: %s\n", port, token, filepath.Join(dir, "console"))))
	s := startRun(t, "--config", write("sensor.yaml", fmt.Sprintf(
		"roles: [sensor]\nsensor:\n  name: line-3\nuplink:\n  url: nats://127.0.0.1:%d\n  token_file: %s\ncapture:\n  files: [%s]\nlearn:\n  for: 60%%\ndata:\n  dir: %s\n",
		port, token, absolute(t, sampleFile), filepath.Join(dir, "sensor"))))
	if s.url != "" {
		t.Errorf("a process without the role has a console at %s", s.url)
	}
	c.played()
	if got := alertLines(c.alerts()); !reflect.DeepEqual(got, want) {
		t.Errorf("apart: %s", firstDifferent(got, want))
	}
	if n := c.count("/api/assets"); n != len(assets) {
		t.Errorf("%d assets apart, %d together", n, len(assets))
	}
	if name := c.sensor().Name; name != "line-3" {
		t.Errorf("the sensor is called %q", name)
	}
	s.stop()
	c.stop()
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// learnedOf is what is known of a conversation.
type learnedOf struct {
	what       string
	statements int
}

// conversations are all of them by key: what was learned of each.
func (l *live) conversations() map[string]learnedOf {
	var page struct {
		Conversations []struct {
			Key        string
			Protocol   string
			ClientName string `json:"client_name"`
			ServerName string `json:"server_name"`
			Learned    bool
			Statements int
		}
	}
	l.get("/api/conversations", &page)
	out := map[string]learnedOf{}
	for _, c := range page.Conversations {
		out[c.Key] = learnedOf{fmt.Sprintf("%s > %s %s learned %v", c.ClientName, c.ServerName, c.Protocol, c.Learned), c.Statements}
	}
	return out
}

// freePort is a port that nobody listens on at the moment.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// program is the path of the built program.
func program(t testing.TB) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// ordered gives an order to a running firedoor through the command line.
func ordered(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command(program(t), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("firedoor %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestBaselineOrders: a person ends learning, exports and imports what was
// learned, pauses and forgets, and each shows in the status.
func TestBaselineOrders(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "one")
	l := startRun(t, "--capture", sampleFile, "--learn", "until-told", "--data", data, "--listen", "127.0.0.1:0")
	l.played()
	if n := len(l.alerts()); n != 0 {
		t.Errorf("%d alerts while learning", n)
	}
	learned := l.sensor().Learned
	if learned < 100 {
		t.Errorf("learned %d statements of all traffic", learned)
	}
	exported := filepath.Join(data, "plant.baseline")
	for _, c := range []struct{ order, says, stage string }{
		{"watch", "watching", "watching"},
		{"export " + exported, "exported", "watching"},
		{"pause --reason new_pump", "maintenance window", "paused"},
		{"resume", "over", "watching"},
		{"learn --for 10m", "10m0s", "learning"},
		{"watch", "watching", "watching"},
		{"forget --all", fmt.Sprint(l.sensor().Statements), "watching"},
	} {
		args := append([]string{"baseline"}, strings.Fields(c.order)...)
		if out := ordered(t, append(args, "--data", data)...); !strings.Contains(out, c.says) {
			t.Errorf("%s: says %q, want %q in it", c.order, out, c.says)
		}
		status := parse[processStatus](t, []byte(ordered(t, "status", "--json", "--data", data)))
		if string(status.Sensor.Stage) != c.stage {
			t.Errorf("after %s the stage is %s, want %s", c.order, status.Sensor.Stage, c.stage)
		}
	}
	l.until("forgotten", func() bool { return l.sensor().Statements == 0 })

	other := filepath.Join(dir, "two")
	if err := os.MkdirAll(other, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(other, "plant.baseline")
	b, err := os.ReadFile(exported)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	second := startRun(t, "--capture", sampleFile, "--speed", "0.01", "--data", other, "--listen", "127.0.0.1:0")
	ordered(t, "baseline", "import", file, "--data", other)
	second.until("taken over", func() bool { s := second.sensor(); return s.Learned == learned && s.Stage == firedoor.Watching })
	second.stop()
	l.stop()
}

// TestFullDiskWhileRunning: on a disk that is full detection goes on, the status
// says what is wrong, and what was found is shown once there is room.
func TestFullDiskWhileRunning(t *testing.T) {
	want, _ := replayed(t)
	dir := mishap.Disk(t, "48m")
	config := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(config, []byte("data:\n  min_free: 1MiB\n  snapshot_every: 1s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	l := startRun(t, runArgs(data, "--config", config, "--speed", "120")...)
	l.until("it runs", func() bool { return l.sensor().Sources != nil })
	free := mishap.Fill(t, dir)
	l.until("the status says so", func() bool {
		out, err := exec.Command(program(t), "status", "--data", data).CombinedOutput()
		return err != nil && strings.Contains(string(out), "NOT WELL")
	})
	l.until("the capture is played on a full disk", func() bool {
		var status processStatus
		out, _ := exec.Command(program(t), "status", "--json", "--data", data).Output()
		return json.Unmarshal(out, &status) == nil && status.Sensor.Sources[0].State == "finished" && status.Sensor.Alerts == len(want)
	})
	free()
	l.played()
	if got := alertLines(l.alerts()); !reflect.DeepEqual(got, want) {
		t.Errorf("with room again: %s", firstDifferent(got, want))
	}
	l.stop()
}
