package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// dairy is a small simulated plant in memory: one act at a time.
type dairy struct {
	mu    sync.Mutex
	state SimulationState
	asked []string
}

func (d *dairy) State() SimulationState {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state
}

func (d *dairy) Series(controller, tag string) (Series, bool) {
	if controller != "PLC-1" || tag != "TT-101 +%" {
		return Series{}, false
	}
	s := Series{Controller: controller, Tag: tag, Words: "Tank temperature", Unit: "°C", Low: 70, High: 75}
	for i := range MaxSimPoints + 10 {
		s.Times, s.Values = append(s.Times, int64(i)), append(s.Values, float64(i))
	}
	s.Values[len(s.Values)-2] = math.NaN()
	return s, true
}

func (d *dairy) Begin(scenario string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, scenario)
	switch {
	case scenario == "broken":
		return "", errors.New("the pump's database is at /var/secret")
	case scenario != "stop":
		return "", fmt.Errorf("begin: %w", &SimulationError{Text: "There is no such scenario."})
	case len(d.state.Acts) > 0:
		return "", &SimulationError{Text: "It is under way already."}
	}
	d.state.Acts = []SimAct{{ID: "act-1", Scenario: scenario, Title: "Stop", Class: SimMalicious, Began: at(5)}}
	return "act-1", nil
}

func TestNoSimulation(t *testing.T) {
	s := serve(t, nil)
	if read[map[string]any](s, "/api/session")["simulation"] != false {
		t.Error("the session of a real plant tells of a simulated one")
	}
	for _, path := range []string{"/api/simulation", "/api/simulation/series?controller=a&tag=b"} {
		if status, body := s.get(path); status != http.StatusNotFound || !strings.Contains(body, "no simulated plant") {
			t.Errorf("%s gets %d %s", path, status, body)
		}
	}
	if status, body := s.do(s.browser(), http.MethodPost, "/api/simulation/acts", `{"scenario":"stop"}`); status != http.StatusNotFound {
		t.Errorf("starting a scenario gets %d %s", status, body)
	}
}

func TestSimulation(t *testing.T) {
	d := &dairy{state: SimulationState{Time: at(1), Speed: 60, Running: true, Good: 7, Cells: []SimCell{{Name: "Mixer", State: SimProducing, Values: []SimValue{
		{Controller: "PLC-1", Tag: "TT-101", Value: 72.5, Low: 70, High: 75}, {Tag: "junk", Value: math.NaN()}, {Tag: "endless", High: math.Inf(1)}}}},
		Scenarios: []SimScenario{{Name: "stop", Class: SimMalicious, Techniques: []string{"T0858", "T9999"}}}}}
	s := serve(t, nil)
	s.cfg.Simulation = d
	if read[map[string]any](s, "/api/session")["simulation"] != true {
		t.Error("the session does not tell of the simulated plant")
	}
	got := read[SimulationState](s, "/api/simulation")
	if got.Time != at(1) || got.Speed != 60 || !got.Running || got.Good != 7 || got.Acts == nil || got.Events == nil {
		t.Errorf("state: %+v", got)
	}
	if v := got.Cells[0].Values; len(v) != 1 || v[0].Tag != "TT-101" || v[0].Value != 72.5 {
		t.Errorf("only what is a number is told: %+v", v)
	}
	if named := got.Scenarios[0].Named; len(named) != 2 || named[0] != (Technique{"T0858", "Change Operating Mode"}) || named[1].Name != "" {
		t.Errorf("techniques: %+v", named)
	}
	if len(d.state.Cells[0].Values) != 3 || d.state.Scenarios[0].Named != nil {
		t.Error("the plant's own snapshot was changed")
	}
	_, body := s.get("/api/simulation")
	if strings.Contains(body, "null") {
		t.Errorf("a list is null: %s", body)
	}
}

// TestSimulationIsBounded: a plant that tells too much is cut, from the end.
func TestSimulationIsBounded(t *testing.T) {
	many := SimulationState{}
	for i := range 500 {
		many.Cells = append(many.Cells, SimCell{Name: fmt.Sprint(i), Values: make([]SimValue, 500)})
		many.Scenarios = append(many.Scenarios, SimScenario{Name: fmt.Sprint(i), Techniques: slices.Repeat([]string{"T0858"}, 500)})
		many.Acts = append(many.Acts, SimAct{ID: fmt.Sprint(i), Hosts: make([]string, 500)})
		many.Events = append(many.Events, SimEvent{Kind: fmt.Sprint(i)})
	}
	got := told(many)
	if len(got.Cells) != MaxSimCells || len(got.Cells[0].Values) != MaxSimValues || len(got.Scenarios) != MaxSimScenarios || len(got.Scenarios[0].Named) != maxSimTechniques ||
		len(got.Acts) != MaxSimActs || len(got.Acts[0].Hosts) != MaxSimHosts || len(got.Events) != MaxSimEvents || got.Acts[0].ID != "0" {
		t.Errorf("it tells %d cells, %d scenarios, %d acts, %d events", len(got.Cells), len(got.Scenarios), len(got.Acts), len(got.Events))
	}
}

func TestSeries(t *testing.T) {
	s := serve(t, nil)
	s.cfg.Simulation = &dairy{}
	got := read[Series](s, "/api/simulation/series?controller=PLC-1&tag=TT-101+%2B%25")
	if n := len(got.Values); n != MaxSimPoints-1 || len(got.Times) != n || got.Values[0] != 10 || got.Values[n-1] != MaxSimPoints+9 || got.Times[n-1] != MaxSimPoints+9 {
		t.Errorf("%d values at %d times", len(got.Values), len(got.Times))
	}
	if status, body := s.get("/api/simulation/series?controller=PLC-1&tag=none"); status != http.StatusNotFound || !strings.Contains(body, "no such value") {
		t.Errorf("of no value: %d %s", status, body)
	}
	if status, _ := s.get("/api/simulation/series?controller=PLC-1"); status != http.StatusUnprocessableEntity {
		t.Errorf("without a tag: %d", status)
	}
	if x := toldSeries(Series{Times: []int64{1, 2, 3}, Values: []float64{1}}); len(x.Times) != 1 || len(x.Values) != 1 {
		t.Errorf("a series with more times than values: %+v", x)
	}
}

// TestBegin: only who followed the link, and only from this page, starts something.
func TestBegin(t *testing.T) {
	d := &dairy{}
	s := serve(t, nil)
	s.cfg.Simulation = d
	const path, body = "/api/simulation/acts", `{"scenario":"stop"}`
	if status, text := s.do(http.DefaultClient, http.MethodPost, path, body); status != http.StatusUnauthorized || !strings.Contains(text, "one-time link") {
		t.Errorf("without a session: %d %s", status, text)
	}
	client := s.browser()
	for name, header := range map[string][]string{"another origin": {"Origin", "https://evil.example"}, "another port": {"Origin", "http://127.0.0.1:1"}, "another site's page": {"Sec-Fetch-Site", "cross-site"}} {
		if status, text := s.do(client, http.MethodPost, path, body, header...); status != http.StatusForbidden {
			t.Errorf("from %s: %d %s", name, status, text)
		}
	}
	for name, wrong := range map[string]string{"empty": `{"scenario":""}`, "long": `{"scenario":"` + strings.Repeat("x", 201) + `"}`, "missing": `{}`, "not JSON": `stop`} {
		if status, text := s.do(client, http.MethodPost, path, wrong); status/100 != 4 {
			t.Errorf("a scenario that is %s: %d %s", name, status, text)
		}
	}
	if len(d.asked) != 0 {
		t.Fatalf("the plant was asked for %q", d.asked)
	}
	status, text := s.do(client, http.MethodPost, path, body, "Origin", s.base, "Sec-Fetch-Site", "same-origin")
	var answer struct{ ID string }
	if err := json.Unmarshal([]byte(text), &answer); status != http.StatusOK || err != nil || answer.ID != "act-1" {
		t.Errorf("from the page: %d %s", status, text)
	}
	if acts := read[SimulationState](s, "/api/simulation").Acts; len(acts) != 1 || acts[0].ID != "act-1" || acts[0].Ended != "" {
		t.Errorf("acts: %+v", acts)
	}
	for scenario, want := range map[string]string{"stop": "under way already", "unknown": "no such scenario"} {
		if status, text := s.do(client, http.MethodPost, path, `{"scenario":"`+scenario+`"}`); status != http.StatusConflict || !strings.Contains(text, want) {
			t.Errorf("%s: %d %s", scenario, status, text)
		}
	}
	if status, text := s.do(client, http.MethodPost, path, `{"scenario":"broken"}`); status != http.StatusInternalServerError || strings.Contains(text, "secret") {
		t.Errorf("a fault: %d %s", status, text)
	}
}
