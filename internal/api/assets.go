package api

import (
	"context"
	"net/http"

	"firedoor/internal/store"

	"github.com/danielgtaylor/huma/v2"
)

type assetsInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"1000"`
	Cursor string `query:"cursor" maxLength:"4096"`
	Text   string `query:"q" maxLength:"200" doc:"Words that all occur"`
	Level  string `query:"level" maxLength:"10" doc:"Purdue level, such as L1"`
	Role   string `query:"role" maxLength:"100"`
	State  string `query:"state" enum:"known,new,all" default:"all"`
}

func (a *API) registerAssets(h huma.API) {
	huma.Register(h, huma.Operation{OperationID: "assets", Method: http.MethodGet, Path: "/api/assets", Tags: []string{"assets"},
		Summary: "Assets by segment and first address"}, a.listAssets)
	huma.Register(h, huma.Operation{OperationID: "asset", Method: http.MethodGet, Path: "/api/assets/{id}", Tags: []string{"assets"},
		Summary: "All that is known of an asset, with its evidence", Errors: []int{http.StatusNotFound}}, a.oneAsset)
	huma.Register(h, huma.Operation{OperationID: "points", Method: http.MethodGet, Path: "/api/assets/{id}/points", Tags: []string{"assets"},
		Summary: "Process values of an asset, those with a name first, by protocol, unit and object", Errors: []int{http.StatusNotFound},
		Description: "What was read from it, written to it or told by it: the latest value, the range of all that were seen, and how often it changed. A value is at most some seconds old; of very many values some are older."}, a.listPoints)
	huma.Register(h, huma.Operation{OperationID: "programs", Method: http.MethodGet, Path: "/api/assets/{id}/programs", Tags: []string{"assets"},
		Summary: "Programs of an asset by protocol, kind and name", Errors: []int{http.StatusNotFound},
		Description: "What it was given and asked for, each content by its sum. Two contents of one name are a change."}, a.listPrograms)
}

type ofAssetInput struct {
	ID     string `path:"id" maxLength:"256"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"1000"`
	Cursor string `query:"cursor" maxLength:"4096"`
	Text   string `query:"q" maxLength:"200" doc:"Words that all occur"`
}

func (in *ofAssetInput) query() store.OfAsset {
	return store.OfAsset{Asset: in.ID, Limit: in.Limit, Cursor: in.Cursor, Text: in.Text}
}

func (a *API) listPoints(ctx context.Context, in *ofAssetInput) (*answer[*store.PointPage], error) {
	page, err := a.store.Points(ctx, in.query())
	if err != nil {
		return nil, a.fault("asset", err)
	}
	return &answer[*store.PointPage]{page}, nil
}

func (a *API) listPrograms(ctx context.Context, in *ofAssetInput) (*answer[*store.ProgramPage], error) {
	page, err := a.store.Programs(ctx, in.query())
	if err != nil {
		return nil, a.fault("asset", err)
	}
	return &answer[*store.ProgramPage]{page}, nil
}

func (a *API) listAssets(ctx context.Context, in *assetsInput) (*answer[*store.AssetPage], error) {
	page, err := a.store.Assets(ctx, store.AssetQuery{Limit: in.Limit, Cursor: in.Cursor, Text: in.Text, Level: in.Level, Role: in.Role, State: store.AssetState(in.State)})
	if err != nil {
		return nil, a.fault("asset", err)
	}
	return &answer[*store.AssetPage]{page}, nil
}

func (a *API) oneAsset(ctx context.Context, in *idInput) (*answer[*store.Asset], error) {
	asset, err := a.store.Asset(ctx, in.ID)
	if err != nil {
		return nil, a.fault("asset", err)
	}
	return &answer[*store.Asset]{asset}, nil
}
