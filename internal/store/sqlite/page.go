package sqlite

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"firedoor/internal/store"
)

// maxWords is how many words of a search are looked for; further ones are not.
const maxWords = 8

// filter collects conditions that all hold.
type filter struct {
	conditions []string
	args       []any
}

func (f *filter) and(condition string, args ...any) {
	f.conditions = append(f.conditions, condition)
	f.args = append(f.args, args...)
}

// words asks for rows whose search text has all words.
func (f *filter) words(text string) {
	words := strings.Fields(strings.ToLower(text))
	for _, word := range words[:min(len(words), maxWords)] {
		f.and(`instr(t.search, ?) > 0`, word)
	}
}

func (f *filter) where() string {
	if len(f.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(f.conditions, " AND ")
}

// count counts the rows of a table that match.
func (f *filter) count(ctx context.Context, s *Store, table string) (n int, err error) {
	err = s.readers.QueryRowContext(ctx, `SELECT count(*) FROM `+table+` t`+f.where(), f.args...).Scan(&n)
	return n, typed(err)
}

// A cursor is where the page before ended: the sort key of its last row. The
// next page begins behind it, whatever came or went in between.
type cursor struct {
	Sort   string `json:"s,omitempty"` // assets, conversations
	Time   int64  `json:"t,omitempty"` // alerts
	ID     string `json:"i"`
	Sensor string `json:"n"`
}

func (c cursor) String() string {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // three strings and a number always are JSON
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// maxCursor is the longest cursor we give out, in bytes.
const maxCursor = 4096

func parseCursor(text string) (cursor, error) {
	var c cursor
	if len(text) > maxCursor {
		return c, fmt.Errorf("store: %w", store.ErrCursor)
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil || c.ID == "" {
		return c, fmt.Errorf("store: %w", store.ErrCursor)
	}
	return c, nil
}

// current gives the ids under which an asset or what it was merged into is
// known; the id itself where there is nothing else.
func (s *Store) current(ctx context.Context, id string) ([]any, error) {
	ids := []any{id}
	rows, err := s.readers.QueryContext(ctx, `SELECT DISTINCT id FROM aliases WHERE alias = ?`, id)
	err = each(rows, err, scan(func(to string) { ids = append(ids, to) }))
	return ids, typed(err)
}

// marks is one question mark for each argument, with commas.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }
