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

const alertColumns = `t.sensor, t.time, t.id, t.client_asset, t.client_name, t.server_asset, t.server_name, t.first_shown, t.body, a.by, a.comment, a.wall
	FROM alerts t LEFT JOIN acknowledgements a ON a.id = t.id`

// scan makes a row function of one text column.
func scan(f func(string)) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var s string
		err := rows.Scan(&s)
		if err == nil {
			f(s)
		}
		return err
	}
}

type scanner interface{ Scan(...any) error }

func scanAlert(row scanner) (*store.Alert, cursor, error) {
	var a store.Alert
	var c cursor
	var shown int64
	var body []byte
	var by, comment sql.NullString
	var wall sql.NullInt64
	if err := row.Scan(&a.Sensor, &c.Time, &c.ID, &a.ClientAsset, &a.ClientName, &a.ServerAsset, &a.ServerName, &shown, &body, &by, &comment, &wall); err != nil {
		return nil, c, err
	}
	if err := json.Unmarshal(body, &a.AlertLine); err != nil {
		return nil, c, fmt.Errorf("alert %q of sensor %q: %w", c.ID, a.Sensor, err)
	}
	c.Sensor = a.Sensor
	a.FirstShown = stamp(shown)
	if a.Techniques == nil {
		a.Techniques = []string{}
	}
	if a.Frames == nil {
		a.Frames = []uint32{}
	}
	if by.Valid {
		a.Acknowledged = &store.Acknowledgement{By: by.String, Comment: comment.String, Wall: stamp(wall.Int64)}
	}
	return &a, c, nil
}

func (s *Store) alertFilter(ctx context.Context, q *store.AlertQuery) (*filter, error) {
	f := &filter{}
	if len(q.Severities) > 0 {
		args := make([]any, len(q.Severities))
		for i, v := range q.Severities {
			args[i] = int(v)
		}
		f.and(`t.severity IN (`+marks(len(args))+`)`, args...)
	}
	if q.Kind != "" {
		f.and(`t.kind = ?`, q.Kind)
	}
	switch q.State {
	case store.OpenAlerts:
		f.and(`t.acknowledged = 0`)
	case store.Acknowledged:
		f.and(`t.acknowledged = 1`)
	}
	if err := s.withEnd(ctx, f, q.Asset); err != nil {
		return nil, err
	}
	f.words(q.Text)
	return f, nil
}

// Alerts gives a page, newest first.
func (s *Store) Alerts(ctx context.Context, q store.AlertQuery) (*store.AlertPage, error) {
	page, err := s.alerts(ctx, &q)
	if err != nil {
		return nil, fmt.Errorf("store: alerts: %w", typed(err))
	}
	return page, nil
}

var alertList = list[store.Alert]{table: "alerts", columns: alertColumns, order: `t.time DESC, t.id DESC, t.sensor DESC`,
	behind: func(f *filter, c cursor) { f.and(`(t.time, t.id, t.sensor) < (?, ?, ?)`, c.Time, c.ID, c.Sensor) },
	scan: func(rows *sql.Rows) (store.Alert, cursor, error) {
		a, c, err := scanAlert(rows)
		if err != nil {
			return store.Alert{}, c, err
		}
		return *a, c, nil
	}}

func (s *Store) alerts(ctx context.Context, q *store.AlertQuery) (*store.AlertPage, error) {
	f, err := s.alertFilter(ctx, q)
	if err != nil {
		return nil, err
	}
	page := &store.AlertPage{}
	page.Alerts, page.Total, page.Next, err = alertList.page(ctx, s, f, q.Cursor, q.Limit)
	return page, err
}

// Alert gives one alert.
func (s *Store) Alert(ctx context.Context, id string) (*store.Alert, error) {
	a, _, err := scanAlert(s.readers.QueryRowContext(ctx, `SELECT `+alertColumns+` WHERE t.id = ? ORDER BY t.sensor LIMIT 1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("store: alert %q: %w", id, typed(err))
	}
	return a, nil
}

// needs are the open alerts that a person should look at first.
func (s *Store) needs(ctx context.Context) ([]store.Alert, error) {
	out := []store.Alert{}
	rows, err := s.readers.QueryContext(ctx, `SELECT `+alertColumns+` WHERE t.acknowledged = 0 ORDER BY t.severity DESC, t.time DESC, t.id DESC LIMIT ?`, store.MaxNeeds)
	err = each(rows, err, func(rows *sql.Rows) error {
		a, _, err := scanAlert(rows)
		if err == nil {
			out = append(out, *a)
		}
		return err
	})
	return out, err
}

func (s *Store) alertCounts(ctx context.Context) (store.AlertCounts, error) {
	var out store.AlertCounts
	rows, err := s.readers.QueryContext(ctx, `SELECT acknowledged, severity, count(*) FROM alerts GROUP BY acknowledged, severity`)
	err = each(rows, err, func(rows *sql.Rows) error {
		var acknowledged, severity, n int
		if err := rows.Scan(&acknowledged, &severity, &n); err != nil {
			return err
		}
		out.Total += n
		if acknowledged != 0 {
			out.Acknowledged += n
		} else {
			out.Open.Add(firedoor.Severity(severity), n)
		}
		return nil
	})
	return out, err
}

// openByAsset counts the open alerts of every asset that is one of their ends;
// of one asset only, if it is named. The plus keeps the planner from the index
// of open alerts: one walk along that of the assets needs no sorting.
func (s *Store) openByAsset(ctx context.Context, asset string) (map[string]*store.Severities, error) {
	out := map[string]*store.Severities{}
	client, server := `client_asset > ''`, `server_asset > ''`
	var args []any
	if asset != "" {
		client, server = `client_asset = ?`, `server_asset = ?`
		args = []any{asset, asset}
	}
	rows, err := s.readers.QueryContext(ctx, `
		SELECT client_asset, severity, count(*) FROM alerts WHERE `+client+` AND +acknowledged = 0
			GROUP BY client_asset, acknowledged, severity
		UNION ALL
		SELECT server_asset, severity, count(*) FROM alerts WHERE `+server+` AND +acknowledged = 0 AND server_asset <> client_asset
			GROUP BY server_asset, acknowledged, severity`, args...)
	err = each(rows, err, func(rows *sql.Rows) error {
		var id string
		var severity, n int
		if err := rows.Scan(&id, &severity, &n); err != nil {
			return err
		}
		if out[id] == nil {
			out[id] = &store.Severities{}
		}
		out[id].Add(firedoor.Severity(severity), n)
		return nil
	})
	return out, err
}
