package api

import (
	"context"
	"errors"
	"math"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

type seriesInput struct {
	Controller string `query:"controller" required:"true" minLength:"1" maxLength:"200"`
	Tag        string `query:"tag" required:"true" minLength:"1" maxLength:"200"`
}

type beginInput struct {
	Body struct {
		Scenario string `json:"scenario" minLength:"1" maxLength:"200" doc:"Name of one of the scenarios"`
	}
}

type begun struct {
	ID string `json:"id" doc:"Of the act, as the simulation lists it"`
}

func (a *API) registerSimulation(h huma.API) {
	tags := []string{"simulation"}
	huma.Register(h, huma.Operation{OperationID: "simulation", Method: http.MethodGet, Path: "/api/simulation", Tags: tags,
		Summary:     "The simulated plant as it is now",
		Description: "404 where the console has none, which the session tells too.",
		Errors:      []int{http.StatusNotFound}}, a.simulation)
	huma.Register(h, huma.Operation{OperationID: "series", Method: http.MethodGet, Path: "/api/simulation/series", Tags: tags,
		Summary: "The last minutes of one value of the simulated plant", Errors: []int{http.StatusNotFound}}, a.series)
	huma.Register(h, huma.Operation{OperationID: "begin", Method: http.MethodPost, Path: "/api/simulation/acts", Tags: tags,
		Summary: "Start a scenario in the simulated plant", DefaultStatus: http.StatusOK, MaxBodyBytes: maxBody,
		Description: "Needs the session that the one-time link gives. 409 says why it cannot be started now.",
		Errors:      []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict}}, a.begin)
}

// errNoSimulation is what a console without a simulated plant answers.
func errNoSimulation() error { return huma.Error404NotFound("this console shows no simulated plant") }

func (a *API) simulation(context.Context, *struct{}) (*answer[SimulationState], error) {
	if a.cfg.Simulation == nil {
		return nil, errNoSimulation()
	}
	return &answer[SimulationState]{told(a.cfg.Simulation.State())}, nil
}

func (a *API) series(_ context.Context, in *seriesInput) (*answer[Series], error) {
	if a.cfg.Simulation == nil {
		return nil, errNoSimulation()
	}
	s, ok := a.cfg.Simulation.Series(in.Controller, in.Tag)
	if !ok {
		return nil, huma.Error404NotFound("the simulated plant has no such value")
	}
	return &answer[Series]{toldSeries(s)}, nil
}

func (a *API) begin(ctx context.Context, in *beginInput) (*answer[begun], error) {
	if a.cfg.Simulation == nil {
		return nil, errNoSimulation()
	}
	if sessionOf(ctx) == "" {
		return nil, huma.Error401Unauthorized("starting a scenario needs a one-time link, such as the one that was printed when the console started")
	}
	id, err := a.cfg.Simulation.Begin(in.Body.Scenario)
	if mendable := (*SimulationError)(nil); errors.As(err, &mendable) {
		return nil, huma.Error409Conflict(mendable.Text)
	} else if err != nil {
		a.log.Error("api: a scenario was not started", "error", err)
		return nil, huma.Error500InternalServerError("the simulated plant could not start it; the console's log says why")
	}
	return &answer[begun]{begun{ID: id}}, nil
}

// head is at most n of a list, and never null in JSON. It is a copy, as the list
// belongs to the plant.
func head[T any](list []T, n int) []T { return append([]T{}, list[:min(n, len(list))]...) }

func finite(numbers ...float64) bool {
	for _, f := range numbers {
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return false
		}
	}
	return true
}

// told is a state within its limits, with nothing that JSON cannot say.
func told(s SimulationState) SimulationState {
	if !finite(s.Speed) {
		s.Speed = 0
	}
	s.Cells, s.Scenarios = head(s.Cells, MaxSimCells), head(s.Scenarios, MaxSimScenarios)
	s.Acts, s.Events = head(s.Acts, MaxSimActs), head(s.Events, MaxSimEvents)
	for i := range s.Cells {
		values := []SimValue{}
		for _, v := range s.Cells[i].Values {
			if len(values) < MaxSimValues && finite(v.Value, v.Low, v.High) {
				values = append(values, v)
			}
		}
		s.Cells[i].Values = values
	}
	for i := range s.Scenarios {
		x := &s.Scenarios[i]
		x.Techniques, x.Named = head(x.Techniques, maxSimTechniques), []Technique{}
		for _, id := range x.Techniques {
			x.Named = append(x.Named, Technique{id, techniqueName(id)})
		}
	}
	for i := range s.Acts {
		s.Acts[i].Hosts = head(s.Acts[i].Hosts, MaxSimHosts)
	}
	return s
}

// toldSeries is the latest of a series, with a time for each value.
func toldSeries(s Series) Series {
	n := min(len(s.Times), len(s.Values))
	times, values := []int64{}, []float64{}
	for i := max(0, n-MaxSimPoints); i < n; i++ {
		if finite(s.Values[i]) {
			times, values = append(times, s.Times[i]), append(values, s.Values[i])
		}
	}
	s.Times, s.Values = times, values
	if !finite(s.Low, s.High) {
		s.Low, s.High = 0, 0
	}
	return s
}
