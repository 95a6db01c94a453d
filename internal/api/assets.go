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
