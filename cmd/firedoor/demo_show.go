package main

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"firedoor/internal/api"
	"firedoor/internal/packet"
	"firedoor/internal/plant/factory"
	"firedoor/internal/plant/physics"
	"firedoor/internal/plant/scenario"
)

// show is the virtual factory as a sensor watches it and a page shows it: it goes
// as fast as it can while it is learned, and then at a pace.
type show struct {
	speed float64
	fast  time.Duration // of the plant's time, without a pace

	mu     sync.Mutex // around everything of the plant, which knows no goroutines
	f      *factory.Factory
	stream *factory.Stream
	paced  bool
	wall   time.Time // when the plant's time was since
	since  time.Duration
	told   time.Time
	events []api.SimEvent
	past   map[string]*past
	times  []int64 // of the values in past, a ring
	next   int

	latest    atomic.Pointer[api.SimulationState]
	scenarios []api.SimScenario
}

// past is the last minutes of one value.
type past struct {
	tag    *physics.Tag
	values []float64
}

const (
	// keepPoints is how many values of a tag are kept, one for each second of the
	// plant's time.
	keepPoints = 1800
	// tellPlant is how often what pages see is renewed.
	tellPlant = 200 * time.Millisecond
	// longestFill is how long the sensor waits for a frame that is not due yet.
	longestFill = 100 * time.Millisecond
)

func newShow(f *factory.Factory, fast time.Duration, speed float64) *show {
	s := &show{f: f, fast: fast, speed: speed, past: map[string]*past{}, times: make([]int64, 0, keepPoints)}
	for _, c := range f.Physics().Controllers() {
		for _, t := range c.Tags {
			s.past[c.Name+"/"+t.Name] = &past{tag: t, values: make([]float64, 0, keepPoints)}
		}
	}
	for _, x := range scenario.Builtin() {
		s.scenarios = append(s.scenarios, api.SimScenario{Name: x.Name, Title: x.Title, Words: x.Words, Class: x.Class,
			Techniques: slices.Clone(x.Techniques), Lasts: scenario.FormatDuration(x.Lasts)})
	}
	f.Noticed, f.Stepped = s.noticed, s.sample
	s.stream = f.Stream("virtual factory", 0)
	s.tell()
	return s
}

// noticed keeps what happened in the processes, the newest first.
func (s *show) noticed(e physics.Event) {
	s.events = slices.Insert(s.events, 0, api.SimEvent{Time: stamped(e.At), Cell: e.Cell.String(), Kind: string(e.Kind), Words: e.Words})
	if len(s.events) > api.MaxSimEvents {
		s.events = s.events[:api.MaxSimEvents]
	}
}

// sample keeps the values of this second.
func (s *show) sample() {
	keep := func(n int) bool { return n < keepPoints }
	if keep(len(s.times)) {
		s.times = append(s.times, 0)
	}
	s.times[s.next] = s.f.PlantTime() / int64(time.Millisecond)
	for _, p := range s.past {
		if keep(len(p.values)) {
			p.values = append(p.values, 0)
		}
		p.values[s.next] = p.tag.Value
	}
	s.next = (s.next + 1) % keepPoints
}

// Name is the source's.
func (s *show) Name() string { return s.stream.Name() }

// Skip lets the plant run until n frames have passed.
func (s *show) Skip(ctx context.Context, n uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stream.Skip(ctx, n)
}

// Fill hands over frames that are due; none when it has waited for long enough.
func (s *show) Fill(ctx context.Context, dst []packet.Frame, buf []byte) (int, error) {
	for end := time.Now().Add(longestFill); ; {
		n, over := s.due(dst, buf)
		if over {
			return n, io.EOF
		}
		if n > 0 || time.Now().After(end) {
			return n, nil
		}
		pause := time.NewTimer(5 * time.Millisecond)
		select {
		case <-ctx.Done():
			end = time.Time{} // whoever waits is told that nothing came
		case <-pause.C:
		}
		pause.Stop()
	}
}

// due hands over what is due now.
func (s *show) due(dst []packet.Frame, buf []byte) (n int, over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit := s.fast
	if s.f.Now() >= s.fast {
		if !s.paced {
			s.paced, s.wall, s.since = true, time.Now(), s.f.Now()
		}
		limit = s.since + time.Duration(float64(time.Since(s.wall))*s.speed)
	}
	n, over = s.stream.Until(max(limit, 1), dst, buf)
	if now := time.Now(); now.Sub(s.told) >= tellPlant {
		s.told = now
		s.tell()
	}
	return n, over
}

// tell makes what pages see until the next time.
func (s *show) tell() {
	p := s.f.Physics()
	st := &api.SimulationState{Time: stamped(s.f.PlantTime()), Speed: s.speed, Running: true, GoodPerHour: p.GoodPerHour(), Good: p.Good(), Bad: p.Bad(),
		Scenarios: s.scenarios, Events: slices.Clone(s.events), Acts: []api.SimAct{}}
	for _, c := range factory.Cells() {
		st.Cells = append(st.Cells, s.cell(&c))
	}
	acts := s.f.Acts()
	for i := len(acts) - 1; i >= 0 && len(st.Acts) < api.MaxSimActs; i-- {
		a := &acts[i]
		st.Acts = append(st.Acts, api.SimAct{ID: a.ID, Scenario: a.Scenario, Title: a.Title, Class: string(a.Class),
			Began: stamped(a.Began), Ended: stamped(a.Ended), Hosts: a.Hosts})
	}
	s.latest.Store(st)
}

// roleWords are the roles as pages write them.
var roleWords = map[physics.Role]string{physics.Setpoint: "SP", physics.Measure: "PV", physics.Output: "CV"}

func (s *show) cell(c *factory.Cell) api.SimCell {
	p := s.f.Physics()
	out := api.SimCell{Name: c.Cell.String(), Words: c.Words, State: api.SimPaused, Utility: c.Cell >= physics.Boiler}
	switch production := p.Production(); {
	case !production.Powered():
		out.State = api.SimNoPower
	case production.Stopped(c.Cell):
		out.State = api.SimStopped
	case !p.Controller(c.Controllers[0]).Running():
		out.State = "controller stopped"
	case production.Running(c.Cell):
		out.State = api.SimProducing
	}
	for _, name := range c.Tags {
		kept := s.past[name]
		if kept == nil {
			continue
		}
		controller, _, _ := strings.Cut(name, "/")
		t := kept.tag
		role := roleWords[t.Role]
		if role == "" {
			role = t.Role.String()
		}
		out.Values = append(out.Values, api.SimValue{Controller: controller, Tag: t.Name, Words: t.Words, Unit: t.Unit, Role: role, Value: t.Value, Low: t.Low, High: t.High})
	}
	return out
}

// State gives what the plant does now.
func (s *show) State() api.SimulationState { return *s.latest.Load() }

// Series gives the last minutes of one value.
func (s *show) Series(controller, tag string) (api.Series, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.past[controller+"/"+tag]
	if p == nil {
		return api.Series{}, false
	}
	out := api.Series{Controller: controller, Tag: tag, Words: p.tag.Words, Unit: p.tag.Unit, Low: p.tag.Low, High: p.tag.High}
	from := 0
	if len(s.times) == keepPoints {
		from = s.next
	}
	for i := range s.times {
		k := (from + i) % len(s.times)
		out.Times, out.Values = append(out.Times, s.times[k]), append(out.Values, p.values[k])
	}
	return out, true
}

// Begin starts a scenario of the list now.
func (s *show) Begin(name string) (string, error) {
	for _, x := range scenario.Builtin() {
		if x.Name == name {
			return s.begin(x)
		}
	}
	return "", &api.SimulationError{Text: "no scenario is called " + strconv.Quote(name)}
}

// beginText starts the scenario that a file describes.
func (s *show) beginText(file string, text []byte) (string, error) {
	x, err := scenario.Parse(file, text)
	if err != nil {
		return "", &api.SimulationError{Text: err.Error()}
	}
	return s.begin(x)
}

func (s *show) begin(x *scenario.Scenario) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.f.UnderWay(x.Name) {
		return "", &api.SimulationError{Text: x.Name + " is under way already"}
	}
	id, err := s.f.Begin(factory.Planned{Scenario: x})
	if err != nil {
		return "", &api.SimulationError{Text: err.Error()}
	}
	return id, nil
}
