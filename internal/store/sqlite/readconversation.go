package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"firedoor"
	"firedoor/internal/store"
)

// withEnd keeps what has the asset at one of its ends; "" keeps all.
func (s *Store) withEnd(ctx context.Context, f *filter, asset string) error {
	if asset == "" {
		return nil
	}
	ids, err := s.current(ctx, asset)
	if err != nil {
		return err
	}
	in := ` IN (` + marks(len(ids)) + `)`
	f.and(`(t.client_asset`+in+` OR t.server_asset`+in+`)`, append(append([]any{}, ids...), ids...)...)
	return nil
}

func (s *Store) conversationFilter(ctx context.Context, q *store.ConversationQuery) (*filter, error) {
	f := &filter{}
	if q.Protocol != "" {
		f.and(`t.protocol = ?`, q.Protocol)
	}
	if err := s.withEnd(ctx, f, q.Asset); err != nil {
		return nil, err
	}
	f.words(q.Text)
	return f, nil
}

// Conversations gives a page by segment, client, server, protocol and port.
func (s *Store) Conversations(ctx context.Context, q store.ConversationQuery) (*store.ConversationPage, error) {
	page, err := s.conversations(ctx, &q)
	if err != nil {
		return nil, fmt.Errorf("store: conversations: %w", typed(err))
	}
	return page, nil
}

var conversationList = list[store.ConversationRow]{table: "conversations", order: `t.sort, t.key, t.sensor`,
	columns: `t.sort, t.sensor, t.key, t.client_asset, t.server_asset, t.client_name, t.server_name, t.protocol, t.segment, t.learned,
		t.first, t.last, t.operations, t.errors, t.no_response, t.samples, t.packets, t.bytes, t.changes, t.statements
		FROM conversations t`,
	behind: func(f *filter, c cursor) { f.and(`(t.sort, t.key, t.sensor) > (?, ?, ?)`, c.Sort, c.ID, c.Sensor) },
	scan: func(rows *sql.Rows) (r store.ConversationRow, c cursor, err error) {
		var first, last int64
		err = rows.Scan(&c.Sort, &c.Sensor, &r.Key, &r.ClientAsset, &r.ServerAsset, &r.ClientName, &r.ServerName, &r.Protocol, &r.Segment, &r.Learned,
			&first, &last, &r.Operations, &r.Errors, &r.NoResponse, &r.Samples, &r.Packets, &r.Bytes, &r.Changes, &r.Statements)
		c.ID = r.Key
		r.First, r.Last = stamp(first), stamp(last)
		return r, c, err
	}}

func (s *Store) conversations(ctx context.Context, q *store.ConversationQuery) (*store.ConversationPage, error) {
	f, err := s.conversationFilter(ctx, q)
	if err != nil {
		return nil, err
	}
	page := &store.ConversationPage{}
	page.Conversations, page.Total, page.Next, err = conversationList.page(ctx, s, f, q.Cursor, q.Limit)
	return page, err
}

// Conversation gives one.
func (s *Store) Conversation(ctx context.Context, key string) (*store.Conversation, error) {
	c := store.Conversation{Key: key}
	var body []byte
	err := s.readers.QueryRowContext(ctx, `SELECT client_asset, server_asset, client_name, server_name, body FROM conversations
		WHERE key = ? ORDER BY last DESC, sensor LIMIT 1`, key).Scan(&c.ClientAsset, &c.ServerAsset, &c.ClientName, &c.ServerName, &body)
	if errors.Is(err, sql.ErrNoRows) {
		err = store.ErrNotFound
	}
	if err == nil {
		err = json.Unmarshal(body, &c.Conversation)
	}
	if err != nil {
		return nil, fmt.Errorf("store: conversation %q: %w", key, typed(err))
	}
	if c.Verbs == nil {
		c.Verbs = []string{}
	}
	if c.Statements == nil {
		c.Statements = []firedoor.Statement{}
	}
	return &c, nil
}
