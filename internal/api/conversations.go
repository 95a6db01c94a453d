package api

import (
	"context"
	"net/http"

	"firedoor/internal/store"

	"github.com/danielgtaylor/huma/v2"
)

type conversationsInput struct {
	Limit    int    `query:"limit" minimum:"1" maximum:"1000" default:"1000"`
	Cursor   string `query:"cursor" maxLength:"4096"`
	Asset    string `query:"asset" maxLength:"100" doc:"Id of an asset that is client or server"`
	Protocol string `query:"protocol" maxLength:"100"`
	Text     string `query:"q" maxLength:"200" doc:"Words that all occur"`
}

func (a *API) registerConversations(h huma.API) {
	huma.Register(h, huma.Operation{OperationID: "conversations", Method: http.MethodGet, Path: "/api/conversations", Tags: []string{"conversations"},
		Summary: "Conversations by segment, client, server and protocol"}, a.listConversations)
	huma.Register(h, huma.Operation{OperationID: "conversation", Method: http.MethodGet, Path: "/api/conversations/{key}", Tags: []string{"conversations"},
		Summary: "One conversation and what is asked in it", Errors: []int{http.StatusNotFound}}, a.oneConversation)
}

func (a *API) listConversations(ctx context.Context, in *conversationsInput) (*answer[*store.ConversationPage], error) {
	page, err := a.store.Conversations(ctx, store.ConversationQuery{Limit: in.Limit, Cursor: in.Cursor, Asset: in.Asset, Protocol: in.Protocol, Text: in.Text})
	if err != nil {
		return nil, a.fault("conversation", err)
	}
	return &answer[*store.ConversationPage]{page}, nil
}

type keyInput struct {
	Key string `path:"key" maxLength:"256"`
}

func (a *API) oneConversation(ctx context.Context, in *keyInput) (*answer[*store.Conversation], error) {
	c, err := a.store.Conversation(ctx, in.Key)
	if err != nil {
		return nil, a.fault("conversation", err)
	}
	return &answer[*store.Conversation]{c}, nil
}
