package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"firedoor"
	"firedoor/internal/store"
)

// ofAsset gives the ids under which an asset is known, for a query; ErrNotFound
// where there is no such asset.
func (s *Store) ofAsset(ctx context.Context, id string) ([]any, error) {
	ids, err := s.current(ctx, id)
	if err != nil {
		return nil, err
	}
	var there bool
	err = s.readers.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM assets WHERE id IN (`+marks(len(ids))+`))`, ids...).Scan(&there)
	if err == nil && !there {
		err = store.ErrNotFound
	}
	return ids, err
}

// Points gives a page of an asset's process values.
func (s *Store) Points(ctx context.Context, q store.OfAsset) (*store.PointPage, error) {
	page := &store.PointPage{}
	f := &filter{}
	ids, err := s.ofAsset(ctx, q.Asset)
	if err == nil {
		f.and(`(t.record, t.sensor) IN (SELECT key, sensor FROM point_records WHERE server_asset IN (`+marks(len(ids))+`))`, ids...)
		f.words(q.Text)
		page.Points, page.Total, page.Next, err = pointList.page(ctx, s, f, q.Cursor, q.Limit)
	}
	if err != nil {
		return nil, fmt.Errorf("store: process values of %q: %w", q.Asset, typed(err))
	}
	return page, nil
}

var pointList = list[firedoor.Point]{table: "points", order: `t.sort, t.sensor`,
	columns: `t.sort, t.sensor, t.body, r.body FROM points t JOIN point_records r ON r.key = t.record AND r.sensor = t.sensor`,
	behind:  func(f *filter, c cursor) { f.and(`(t.sort, t.sensor) > (?, ?)`, c.Sort, c.Sensor) },
	scan: func(rows *sql.Rows) (p firedoor.Point, c cursor, err error) {
		var value, head []byte
		if err := rows.Scan(&c.Sort, &c.Sensor, &value, &head); err != nil {
			return p, c, err
		}
		c.ID = "p" // sort and sensor tell values apart
		if err := json.Unmarshal(head, &p); err != nil {
			return p, c, err
		}
		return p, c, json.Unmarshal(value, &p.PointValue)
	}}

// Programs gives a page of an asset's programs.
func (s *Store) Programs(ctx context.Context, q store.OfAsset) (*store.ProgramPage, error) {
	page := &store.ProgramPage{}
	f := &filter{}
	ids, err := s.ofAsset(ctx, q.Asset)
	if err == nil {
		f.and(`t.server_asset IN (`+marks(len(ids))+`)`, ids...)
		f.words(q.Text)
		page.Programs, page.Total, page.Next, err = programList.page(ctx, s, f, q.Cursor, q.Limit)
	}
	if err != nil {
		return nil, fmt.Errorf("store: programs of %q: %w", q.Asset, typed(err))
	}
	return page, nil
}

var programList = list[store.Program]{table: "programs", order: `t.sort, t.key, t.sensor`,
	columns: `t.sort, t.key, t.sensor, t.body FROM programs t`,
	behind:  func(f *filter, c cursor) { f.and(`(t.sort, t.key, t.sensor) > (?, ?, ?)`, c.Sort, c.ID, c.Sensor) },
	scan: func(rows *sql.Rows) (p store.Program, c cursor, err error) {
		var body []byte
		if err := rows.Scan(&c.Sort, &c.ID, &c.Sensor, &body); err != nil {
			return p, c, err
		}
		err = json.Unmarshal(body, &p.Program)
		p.Key, p.Sensor = c.ID, c.Sensor
		if p.Contents == nil {
			p.Contents = []firedoor.ProgramContent{}
		}
		return p, c, err
	}}
