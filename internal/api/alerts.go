package api

import (
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"firedoor/internal/store"

	"github.com/danielgtaylor/huma/v2"
)

type alertsInput struct {
	Limit    int      `query:"limit" minimum:"1" maximum:"1000" default:"1000"`
	Cursor   string   `query:"cursor" maxLength:"4096" doc:"next of the page before"`
	Severity []string `query:"severity" enum:"info,low,medium,high" doc:"One or several, with commas"`
	Kind     string   `query:"kind" maxLength:"100"`
	Asset    string   `query:"asset" maxLength:"100" doc:"Id of an asset that is client or server"`
	State    string   `query:"state" enum:"open,acknowledged,all" default:"all"`
	Text     string   `query:"q" maxLength:"200" doc:"Words that all occur"`
}

// AlertDetail is an alert with why it is unusual and what to do.
type AlertDetail struct {
	store.Alert
	Why    string      `json:"why" doc:"Why this is unusual"`
	Advice string      `json:"advice" doc:"What to do, and what happens if nobody does"`
	Named  []Technique `json:"techniques_named"`
}

// Technique is one of MITRE ATT&CK for ICS.
type Technique struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (a *API) registerAlerts(h huma.API) {
	huma.Register(h, huma.Operation{OperationID: "alerts", Method: http.MethodGet, Path: "/api/alerts", Tags: []string{"alerts"},
		Summary: "Alerts, newest first"}, a.listAlerts)
	huma.Register(h, huma.Operation{OperationID: "alert", Method: http.MethodGet, Path: "/api/alerts/{id}", Tags: []string{"alerts"},
		Summary: "One alert, why it is unusual and what to do", Errors: []int{http.StatusNotFound}}, a.oneAlert)
	huma.Register(h, huma.Operation{OperationID: "acknowledge", Method: http.MethodPost, Path: "/api/alerts/{id}/acknowledge", Tags: []string{"alerts"},
		Summary: "Note that a person saw an alert", DefaultStatus: http.StatusOK, MaxBodyBytes: maxBody,
		Description: "Needs the session that the one-time link gives. The first acknowledgement stays.",
		Errors:      []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable}}, a.acknowledge)
}

func (a *API) listAlerts(ctx context.Context, in *alertsInput) (*answer[*store.AlertPage], error) {
	q := store.AlertQuery{Limit: in.Limit, Cursor: in.Cursor, Kind: in.Kind, Asset: in.Asset, State: store.AlertState(in.State), Text: in.Text}
	for _, word := range in.Severity {
		if v, ok := store.ParseSeverity(word); ok {
			q.Severities = append(q.Severities, v)
		}
	}
	page, err := a.store.Alerts(ctx, q)
	if err != nil {
		return nil, a.fault("alert", err)
	}
	return &answer[*store.AlertPage]{page}, nil
}

type idInput struct {
	ID string `path:"id" maxLength:"256"`
}

func (a *API) oneAlert(ctx context.Context, in *idInput) (*answer[*AlertDetail], error) {
	alert, err := a.store.Alert(ctx, in.ID)
	if err != nil {
		return nil, a.fault("alert", err)
	}
	why, advice := explain(alert.Kind)
	out := &AlertDetail{Alert: *alert, Why: why, Advice: advice, Named: []Technique{}}
	for _, id := range alert.Techniques {
		out.Named = append(out.Named, Technique{id, techniqueName(id)})
	}
	return &answer[*AlertDetail]{out}, nil
}

type acknowledgeInput struct {
	ID   string `path:"id" maxLength:"256"`
	Body struct {
		Comment string `json:"comment" minLength:"1" maxLength:"2000" doc:"What was found"`
	}
}

func (a *API) acknowledge(ctx context.Context, in *acknowledgeInput) (*answer[*store.Alert], error) {
	by := sessionOf(ctx)
	if by == "" {
		return nil, huma.Error401Unauthorized("acknowledging needs a one-time link, such as the one that was printed when the console started")
	}
	comment := strings.TrimSpace(in.Body.Comment)
	if comment == "" || utf8.RuneCountInString(comment) > store.MaxComment {
		return nil, huma.Error422UnprocessableEntity("a comment of 1 to 2000 characters is needed: what was found?")
	}
	alert, err := a.store.Acknowledge(ctx, in.ID, store.Acknowledgement{By: by, Comment: comment})
	if err != nil {
		return nil, a.fault("alert", err)
	}
	a.broker.acknowledged(alert.ID)
	return &answer[*store.Alert]{alert}, nil
}
