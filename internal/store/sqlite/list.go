package sqlite

import (
	"context"
	"database/sql"

	"firedoor/internal/store"
)

// list is how rows of a table are given page by page: each page begins behind the
// last row of the one before.
type list[T any] struct {
	table   string
	columns string
	order   string // of (sort key, id, sensor)
	behind  func(f *filter, c cursor)
	scan    func(rows *sql.Rows) (T, cursor, error)
}

// page gives what a filter lets through: how many there are in all, at most limit
// of them behind the cursor, and the cursor of the next page, "" at the end.
func (l *list[T]) page(ctx context.Context, s *Store, f *filter, after string, limit int) (out []T, total int, next string, err error) {
	out = []T{}
	if total, err = f.count(ctx, s, l.table); err != nil {
		return out, 0, "", err
	}
	if after != "" {
		c, err := parseCursor(after)
		if err != nil {
			return out, 0, "", err
		}
		l.behind(f, c)
	}
	if limit <= 0 || limit > store.MaxPage {
		limit = store.MaxPage
	}
	rows, err := s.readers.QueryContext(ctx, `SELECT `+l.columns+f.where()+` ORDER BY `+l.order+` LIMIT ?`, append(f.args, limit+1)...)
	var last cursor
	err = each(rows, err, func(rows *sql.Rows) error {
		row, c, err := l.scan(rows)
		if err != nil {
			return err
		}
		if len(out) == limit {
			next = last.String()
			return nil
		}
		out, last = append(out, row), c
		return nil
	})
	return out, total, next, err
}
