package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"firedoor"
)

// simulation is the plant's state as the API gives it.
type simulation struct {
	Time    string
	Speed   float64
	Running bool
	Cells   []struct {
		Name, Words, State string
		Values             []struct {
			Controller, Tag, Unit, Role string
			Value                       float64
		}
	}
	Scenarios []struct{ Name, Title, Class string }
	Acts      []struct{ ID, Scenario, Began string }
}

// shownDemo is a demo under way, as a process of its own: it gives up rights that a test needs.
type shownDemo struct {
	*live
	data string
}

var dataWord = regexp.MustCompile(`--data (\S+)`)

// startDemo starts firedoor demo and waits until it says where its console and its folder are.
func startDemo(t *testing.T, args ...string) *shownDemo {
	t.Helper()
	l := &live{t: t, log: &bytes.Buffer{}}
	l.cmd = exec.Command(program(t), append([]string{"demo", "--listen", "127.0.0.1:0"}, args...)...)
	both, in, err := os.Pipe() // what is said on both outputs, in its order
	if err != nil {
		t.Fatal(err)
	}
	l.cmd.Stdout, l.cmd.Stderr = in, in
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.kill)
	_ = in.Close() // the demo has its own
	d, lines := &shownDemo{live: l}, bufio.NewScanner(both)
	for lines.Scan() {
		text := lines.Text()
		fmt.Fprintln(l.log, text)
		if url, ok := strings.CutPrefix(text, "Console: "); ok {
			l.url = strings.TrimSuffix(url, "/")
		}
		if _, link, ok := strings.Cut(text, "open this link once: "); ok {
			l.link = link
		}
		if m := dataWord.FindStringSubmatch(text); m != nil {
			d.data = m[1]
		}
		if strings.HasPrefix(text, "Stop with") {
			break
		}
	}
	if l.url == "" || l.link == "" || d.data == "" {
		t.Fatalf("the demo says neither where its console nor where its folder is:\n%s", l.log)
	}
	go func() { _, _ = io.Copy(io.Discard, both) }()
	return d
}

// state is the plant's present state.
func (d *shownDemo) state() (s simulation) {
	d.get("/api/simulation", &s)
	return s
}

// underWay tells whether a scenario has begun.
func (d *shownDemo) underWay(name string) bool {
	for _, a := range d.state().Acts {
		if a.Scenario == name && a.Began != "" {
			return true
		}
	}
	return false
}

// post asks the console for something with the session of the one-time link.
func (d *shownDemo) post(t *testing.T, client *http.Client, cookies []*http.Cookie, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, d.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for _, c := range cookies {
		req.AddCookie(c)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// TestPlantDemo: the demo learns, shows the processes, begins a scenario from the page and one from the command line,
// tells of both, ends in good order, and begins anew the next time.
func TestPlantDemo(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	d := startDemo(t, "--learn", "10m", "--speed", "100")
	if _, err := os.Stat(d.data); err != nil {
		t.Fatal(err)
	}
	var first simulation
	d.until("the plant is learned and shown", func() bool {
		first = d.state()
		return d.sensor().Stage == firedoor.Watching && len(first.Cells) > 0
	})
	values, producing := 0, 0
	for _, c := range first.Cells {
		values += len(c.Values)
		if c.State == "producing" {
			producing++
		}
		if c.Name == "" || c.Words == "" || c.State == "" {
			t.Errorf("a cell without words: %+v", c)
		}
	}
	if !first.Running || first.Speed != 100 || len(first.Cells) < 6 || values < 20 || producing < 3 || len(first.Scenarios) < 20 {
		t.Errorf("running %v at %g, %d cells with %d values, %d producing, %d scenarios", first.Running, first.Speed, len(first.Cells), values, producing, len(first.Scenarios))
	}
	d.until("time and values go on", func() bool {
		now := d.state()
		return now.Time > first.Time && otherValues(&first, &now)
	})

	// From the page: nobody without a session.
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if status, _ := d.post(t, client, nil, "/api/simulation/acts", `{"scenario":"machine-speed"}`); status < 400 {
		t.Errorf("somebody without a session begins a scenario: %d", status)
	}
	resp, err := client.Get(d.link)
	if err != nil || len(resp.Cookies()) == 0 {
		t.Fatalf("the one-time link gives no session: %v", err)
	}
	resp.Body.Close()
	if status, text := d.post(t, client, resp.Cookies(), "/api/simulation/acts", `{"scenario":"machine-speed"}`); status >= 300 {
		t.Fatalf("beginning from the page: %d %s", status, text)
	}
	if status, text := d.post(t, client, resp.Cookies(), "/api/simulation/acts", `{"scenario":"frobnicate"}`); status < 400 || status >= 500 || !strings.Contains(text, "frobnicate") {
		t.Errorf("a scenario that nobody knows: %d %s", status, text)
	}
	d.until("the scenario from the page is under way", func() bool { return d.underWay("machine-speed") })

	// From the command line.
	if o := run(t, "plant", "start", "controller-stop", "--data", d.data); o.status != exitOK || !strings.Contains(o.stdout, "controller-stop") {
		t.Errorf("plant start says %q %q", o.stdout, o.err)
	}
	d.until("the scenario from the command line is under way", func() bool { return d.underWay("controller-stop") })
	if o := run(t, "plant", "start", "frobnicate", "--data", d.data); o.status == 0 || !strings.Contains(o.err, "frobnicate") {
		t.Errorf("plant start of a scenario that nobody knows: %d %s", o.status, o.err)
	}
	if o := run(t, "plant", "start", "controller-stop", "--data", d.data); o.status == 0 || !strings.Contains(o.err, "under way") {
		t.Errorf("plant start of what is under way: %d %s", o.status, o.err)
	}
	d.until("both are told", func() bool {
		jump, visitor := false, false
		for _, a := range d.alerts() {
			jump = jump || strings.Contains(a.Sentence, "10.20.35.10")
			visitor = visitor || strings.Contains(a.Sentence, "10.20.30.188") || strings.Contains(a.Sentence, "stop")
		}
		return jump && visitor
	})
	if o := run(t, "demo"); o.status != exitUsage || !strings.Contains(o.err, "--data") {
		t.Errorf("a second demo: %d %s", o.status, o.err)
	}
	d.stop()
	if err := os.WriteFile(filepath.Join(d.data, "left"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	again := startDemo(t, "--learn", "10m")
	if _, err := os.Stat(filepath.Join(again.data, "left")); again.data != d.data || err == nil {
		t.Errorf("the next demo goes on in %s with what was left in %s", again.data, d.data)
	}
	again.stop()
}

// TestDemoValues: the demo shows the plant's process values by their names, as the
// plant itself says they are, and they go on.
func TestDemoValues(t *testing.T) {
	d := startDemo(t, "--data", t.TempDir(), "--learn", "10m", "--speed", "100")
	pressure := func() (p firedoor.Point) {
		var assets struct{ Assets []struct{ ID string } }
		d.get("/api/assets?q=10.20.30.30", &assets)
		for _, a := range assets.Assets {
			var page struct{ Points []firedoor.Point }
			if d.get("/api/assets/"+a.ID+"/points?q=steam+pressure+pic301.pv", &page) && len(page.Points) == 1 {
				return page.Points[0]
			}
		}
		return p
	}
	var first firedoor.Point
	d.until("the boiler's pressure is there", func() bool { first = pressure(); return first.Changes > 0 })
	if first.Name != "steam pressure (PIC301.PV)" || first.Measure != "bar" || first.Type != "f32" || *first.Value < *first.Min || *first.Value > *first.Max || *first.Min < 1 || *first.Max > 20 {
		t.Errorf("%+v, value %v of %v to %v", first, *first.Value, *first.Min, *first.Max)
	}
	d.until("it goes on", func() bool { return pressure().Changed > first.Changed })
	d.stop()
}

// otherValues tells whether any value of the plant is another one.
func otherValues(a, b *simulation) bool {
	for i := range a.Cells {
		for k := range a.Cells[i].Values {
			if i < len(b.Cells) && k < len(b.Cells[i].Values) && a.Cells[i].Values[k].Value != b.Cells[i].Values[k].Value {
				return true
			}
		}
	}
	return false
}
