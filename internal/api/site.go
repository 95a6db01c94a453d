package api

import (
	"context"
	"net/http"
	"time"

	"firedoor/internal/store"

	"github.com/danielgtaylor/huma/v2"
)

type sensorList struct {
	Sensors []store.Sensor `json:"sensors"`
}

type mapAnswer struct {
	Map *store.Map `json:"map"`
}

type session struct {
	MayAcknowledge bool   `json:"may_acknowledge"`
	By             string `json:"by" doc:"Under which name; empty without a session"`
	Simulation     bool   `json:"simulation" doc:"There is a simulated plant to see; who may acknowledge may start its scenarios too"`
}

func (a *API) registerSite(h huma.API) {
	tags := []string{"site"}
	huma.Register(h, huma.Operation{OperationID: "overview", Method: http.MethodGet, Path: "/api/overview", Tags: tags,
		Summary: "What needs a person, and the counts"}, a.overview)
	huma.Register(h, huma.Operation{OperationID: "map", Method: http.MethodGet, Path: "/api/map", Tags: tags,
		Summary:     "Who is there and who talks to whom",
		Description: "At most 2000 nodes and 5000 edges: those with alerts and then those with most traffic; left_out counts the others."}, a.siteMap)
	huma.Register(h, huma.Operation{OperationID: "sensors", Method: http.MethodGet, Path: "/api/sensors", Tags: tags,
		Summary: "What each sensor sees, and what it does not"}, a.sensors)
	huma.Register(h, huma.Operation{OperationID: "session", Method: http.MethodGet, Path: "/api/session", Tags: tags,
		Summary: "What this browser may do"}, a.session)
}

func (a *API) overview(ctx context.Context, _ *struct{}) (*answer[*store.Overview], error) {
	o, err := a.store.Overview(ctx, time.Now())
	if err != nil {
		return nil, a.fault("overview", err)
	}
	o.Site = a.cfg.Site
	if a.cfg.Problem != nil {
		o.Problem = a.cfg.Problem()
	}
	return &answer[*store.Overview]{o}, nil
}

func (a *API) siteMap(ctx context.Context, _ *struct{}) (*answer[mapAnswer], error) {
	m, err := a.store.Map(ctx)
	if err != nil {
		return nil, a.fault("map", err)
	}
	if err := a.putDoors(ctx, m); err != nil {
		return nil, a.fault("map", err)
	}
	return &answer[mapAnswer]{mapAnswer{m}}, nil
}

func (a *API) sensors(ctx context.Context, _ *struct{}) (*answer[sensorList], error) {
	list, err := a.store.Sensors(ctx, time.Now())
	if err != nil {
		return nil, a.fault("sensor", err)
	}
	return &answer[sensorList]{sensorList{list}}, nil
}

func (a *API) session(ctx context.Context, _ *struct{}) (*answer[session], error) {
	by := sessionOf(ctx)
	return &answer[session]{session{MayAcknowledge: by != "", By: by, Simulation: a.cfg.Simulation != nil}}, nil
}
