package store

import "firedoor"

// ConversationRow is a conversation in a table.
type ConversationRow struct {
	Key         string `json:"key"`
	ClientAsset string `json:"client_asset"`
	ServerAsset string `json:"server_asset"`
	ClientName  string `json:"client_name"`
	ServerName  string `json:"server_name"`
	Protocol    string `json:"protocol"`
	Segment     string `json:"segment"`
	Learned     bool   `json:"learned"`
	First       string `json:"first"`
	Last        string `json:"last"`
	Operations  uint64 `json:"operations"`
	Errors      uint64 `json:"errors"`
	NoResponse  uint64 `json:"no_response"`
	Samples     uint64 `json:"samples"`
	Packets     uint64 `json:"packets" doc:"Both directions"`
	Bytes       uint64 `json:"bytes" doc:"Both directions"`
	Changes     bool   `json:"changes" doc:"Something was written, controlled, programmed or configured"`
	Statements  int    `json:"statements" doc:"How many different things were asked"`
}

// Conversation is all that is known of a conversation.
type Conversation struct {
	firedoor.Conversation
	Key         string `json:"key"`
	ClientAsset string `json:"client_asset"`
	ServerAsset string `json:"server_asset"`
	ClientName  string `json:"client_name"`
	ServerName  string `json:"server_name"`
}

// ConversationQuery asks for a page. Empty members ask for all.
type ConversationQuery struct {
	Limit    int
	Cursor   string
	Asset    string // id or alias of client or server
	Protocol string
	Text     string
}

// ConversationPage is a page of conversations.
type ConversationPage struct {
	Conversations []ConversationRow `json:"conversations"`
	Total         int               `json:"total"`
	Next          string            `json:"next"`
}

// Changing tells whether a verb changes a device.
func Changing(verb string) bool {
	switch verb {
	case "write", "control", "program", "configure":
		return true
	}
	return false
}
