package console_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/api"
	"firedoor/internal/console"
	"firedoor/internal/uplink"
	"firedoor/web"
)

// bottling is a simulated plant in memory whose clock goes on a minute each time
// somebody looks.
type bottling struct {
	mu    sync.Mutex
	now   time.Time
	acts  []api.SimAct
	begun func(api.SimAct) // is told of each act
}

func openBottling() *bottling {
	b := &bottling{now: time.Date(2026, 3, 4, 6, 0, 0, 0, time.UTC)}
	b.acts = []api.SimAct{{ID: "act-0", Scenario: "scan", Title: "A laptop looks for controllers", Class: api.SimMalicious, Began: stamp(b.now.Add(-20 * time.Minute)), Ended: stamp(b.now.Add(-18 * time.Minute)), Hosts: []string{"10.0.0.99"}}}
	return b
}

func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05.000000000Z") }

// wave goes from -1 to 1 and back once in n steps.
func wave(step, n int) float64 {
	at := step % n
	if at > n/2 {
		at = n - at
	}
	return float64(4*at)/float64(n) - 1
}

func (b *bottling) values(cell int, minute int) []api.SimValue {
	plc := fmt.Sprintf("PLC-%d", cell+1)
	v := func(tag, words, unit, role string, low, high, swing float64) api.SimValue {
		middle := (low + high) / 2
		return api.SimValue{Controller: plc, Tag: tag, Words: words, Unit: unit, Role: role, Low: low, High: high, Value: middle + swing*(high-low)/2*wave(minute+7*cell, 60)}
	}
	all := []api.SimValue{
		v("TT-101", "Temperature", "°C", "PV", 68, 75, 0.8), v("TIC-101.SP", "Temperature wanted", "°C", "SP", 70, 74, 0), v("LT-101", "Level", "%", "PV", 20, 90, 1.4),
		v("SIC-101.CV", "Agitator speed", "rpm", "CV", 110, 130, 0.5), v("FT-101", "Flow into the tank", "l/min", "PV", 0, 420, 0.9), v("PT-101", "Pressure", "bar", "PV", 1.9, 2.4, 0.7),
		v("XT-101", "Vibration", "mm/s", "PV", 0, 2.8, 0.3),
	}
	return all[:min(len(all), 3+cell)]
}

var bottlingCells = []struct {
	name, words, state string
	utility            bool
}{
	{"Mixer 1", "Mixes and heats syrup", api.SimProducing, false}, {"Mixer 2", "Mixes and heats syrup", api.SimPaused, false}, {"Filler", "Fills bottles, 24 valves", api.SimProducing, false},
	{"Capper", "Puts caps on and tightens them", api.SimProducing, false}, {"Vision", "Looks at every bottle", api.SimStopped, false}, {"Robot", "Packs 12 bottles into a box", api.SimProducing, false},
	{"Boiler", "Steam for the mixers", api.SimProducing, true}, {"Compressed air", "Air for valves and grippers", api.SimNoPower, true},
}

func (b *bottling) State() api.SimulationState {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(time.Minute)
	minute := int(b.now.Unix() / 60 % 10_000)
	s := api.SimulationState{Time: stamp(b.now), Speed: 60, Running: true, GoodPerHour: 2213, Good: 18_422, Bad: 131, Acts: append([]api.SimAct(nil), b.acts...), Scenarios: bottlingScenarios}
	for i, c := range bottlingCells {
		s.Cells = append(s.Cells, api.SimCell{Name: c.name, Words: c.words, State: c.state, Utility: c.utility, Values: b.values(i, minute)})
	}
	for i := range 30 {
		s.Events = append(s.Events, api.SimEvent{Time: stamp(b.now.Add(-time.Duration(i*7) * time.Minute)), Cell: bottlingCells[i%len(bottlingCells)].name, Kind: []string{"batch", "trip", "recipe"}[i%3],
			Words: []string{"Batch 4711 is mixed and waits for the filler.", "Stopped by itself: no air.", "Recipe 3 is loaded."}[i%3]})
	}
	return s
}

func (b *bottling) Series(controller, tag string) (api.Series, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	last := int(b.now.Unix() / 60 % 10_000)
	for cell := range bottlingCells {
		for i, v := range b.values(cell, last) {
			if v.Controller != controller || v.Tag != tag {
				continue
			}
			s := api.Series{Controller: controller, Tag: tag, Words: bottlingCells[cell].name + ": " + v.Words, Unit: v.Unit, Low: v.Low, High: v.High}
			for back := 119; back >= 0; back-- {
				s.Times = append(s.Times, b.now.Add(-time.Duration(back)*time.Minute).UnixMilli())
				s.Values = append(s.Values, b.values(cell, last-back)[i].Value)
			}
			return s, true
		}
	}
	return api.Series{}, false
}

func (b *bottling) Begin(scenario string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range bottlingScenarios {
		if s.Name == scenario {
			act := api.SimAct{ID: fmt.Sprint("act-", len(b.acts)), Scenario: s.Name, Title: s.Title, Class: s.Class, Began: stamp(b.now), Hosts: []string{"10.0.0.99", "10.0.0.7"}}
			b.acts = append([]api.SimAct{act}, b.acts...)
			b.begun(act)
			return act.ID, nil
		}
	}
	return "", &api.SimulationError{Text: "There is no such scenario."}
}

var bottlingScenarios = []api.SimScenario{
	{Name: "setpoint", Title: "A laptop writes the mixer's setpoint", Words: "An unknown laptop on the line network writes a temperature that the recipe does not have. The mixer overheats within minutes.", Class: api.SimMalicious, Techniques: []string{"T0855", "T0836"}, Lasts: "10 minutes"},
	{Name: "scan", Title: "A laptop looks for controllers", Words: "An unknown laptop asks every address for its identity.", Class: api.SimMalicious, Techniques: []string{"T0846", "T0888"}, Lasts: "2 minutes"},
	{Name: "drift", Title: "A sensor drifts", Words: "A temperature sensor reads half a sigma more every 30 days.", Class: api.SimMalicious, Techniques: []string{"T0856"}},
	{Name: "update", Title: "A planned firmware update", Words: "The vendor updates a controller; there is a work order.", Class: api.SimNotable, Lasts: "half an hour"},
	{Name: "clean", Title: "Cleaning in place", Words: "The mixers are rinsed with hot lye.", Class: api.SimRoutine, Lasts: "an hour"},
}

// told is an alert about a host at a time, as a sensor sends it.
func told(t *testing.T, n int, at, ip, sentence string) firedoor.Record {
	t.Helper()
	id := fmt.Sprintf("%016x", n)
	body, err := json.Marshal(firedoor.AlertLine{ID: id, Time: at, Kind: "new-writer", Severity: "high", Sentence: sentence, Client: &firedoor.Address{IP: ip}, Server: &firedoor.Address{IP: "10.0.0.7", Port: 502},
		Protocol: "modbus", Techniques: []string{"T0855"}, Capture: "live", Frames: []uint32{7}})
	if err != nil {
		t.Fatal(err)
	}
	return firedoor.Record{Sensor: "line 1", Kind: firedoor.RecordAlert, Key: id, Body: body}
}

// simulated is a console of the bottling plant. An act that begins is told of by
// an alert, as a sensor would.
func simulated(t *testing.T) *running {
	t.Helper()
	dir := t.TempDir()
	up := openUplink(t, uplink.Config{Dir: filepath.Join(dir, "stream")})
	plant := openBottling()
	plant.begun = func(act api.SimAct) {
		began, err := time.Parse(time.RFC3339Nano, act.Began)
		if err != nil {
			t.Error(err)
		}
		records := []firedoor.Record{told(t, 100, stamp(began.Add(11*time.Second)), "10.0.0.99", "Unknown device 10.0.0.99 wrote a new value to the temperature setpoint of Mixer 1 - Modbus FC 6, holding:40."),
			told(t, 101, stamp(began.Add(14*time.Second)), "10.0.0.50", "HMI-2 asked the filler something it never asked - S7 read of DB 12.")}
		if _, err := up.Publish(t.Context(), "Bottling", records); err != nil {
			t.Error(err)
		}
	}
	files, built := web.Files()
	c := run(t, console.Config{Site: "Bottling", Data: dir, Files: files, HasFiles: built, Simulation: plant}, up)
	records := []firedoor.Record{sensorRecord(t), told(t, 1, stamp(plant.now.Add(-19*time.Minute)), "10.0.0.99", "Unknown device 10.0.0.99 asked 40 addresses who they are.")}
	if _, err := up.Publish(t.Context(), "Bottling", records); err != nil {
		t.Fatal(err)
	}
	var o struct{ Alerts struct{ Total int } }
	until(t, "the overview never had the alert", func() bool { get(t, c.base+"/api/overview", &o); return o.Alerts.Total == 1 })
	return c
}

// TestSimulation: what the console was given is what its pages get.
func TestSimulation(t *testing.T) {
	c := simulated(t)
	var s struct{ Simulation bool }
	if get(t, c.base+"/api/session", &s); !s.Simulation {
		t.Error("the session does not tell of the simulated plant")
	}
	var state api.SimulationState
	if status := get(t, c.base+"/api/simulation", &state); status != http.StatusOK || len(state.Cells) != len(bottlingCells) || state.Speed != 60 {
		t.Errorf("%d, %d cells", status, len(state.Cells))
	}
	var series api.Series
	if status := get(t, c.base+"/api/simulation/series?controller=PLC-1&tag=TT-101", &series); status != http.StatusOK || len(series.Values) != 120 {
		t.Errorf("%d, %d values", status, len(series.Values))
	}
	plain := run(t, console.Config{Data: t.TempDir()}, openUplink(t, uplink.Config{Dir: filepath.Join(t.TempDir(), "stream")}))
	if status := get(t, plain.base+"/api/simulation", nil); status != http.StatusNotFound {
		t.Errorf("a console without a simulated plant answers %d", status)
	}
}

// TestFactoryInABrowser walks the room of the simulated plant in Chromium: reads
// it, opens a chart, starts a scenario and sees the alert beside it; at three
// widths and in both themes, judged by axe. The pictures stay in bin/shots/factory.
func TestFactoryInABrowser(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, built := web.Files(); !built {
		t.Skip("the console's page is not built (make web): nothing to show a browser")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("there is no node to drive a browser with")
	}
	if _, err := os.Stat("/usr/bin/chromium"); err != nil {
		t.Skip("chromium is not installed: the factory is not tried in a browser")
	}
	if _, err := os.Stat(filepath.Join(root, "web", "node_modules", "playwright-core")); err != nil {
		t.Skip("web/node_modules is not installed (make web): the factory is not tried in a browser")
	}
	c := simulated(t)
	cmd := exec.Command("node", "test/walk-factory.mjs", "--base", c.base, "--link", c.Link(), "--out", filepath.Join(root, "bin", "shots", "factory"))
	cmd.Dir = filepath.Join(root, "web")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), " passed, 0 failed") {
		t.Fatalf("the walk through the factory failed: %v\n%s", err, out)
	}
}
