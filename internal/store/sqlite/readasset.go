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

func assetFilter(q *store.AssetQuery) *filter {
	f := &filter{}
	if q.Level != "" {
		f.and(`t.level = ?`, q.Level)
	}
	if q.Role != "" {
		f.and(`t.role = ?`, q.Role)
	}
	switch q.State {
	case store.KnownAssets:
		f.and(`t.known = 1`)
	case store.NewAssets:
		f.and(`t.known = 0`)
	}
	f.words(q.Text)
	return f
}

// Assets gives a page by segment and first address.
func (s *Store) Assets(ctx context.Context, q store.AssetQuery) (*store.AssetPage, error) {
	page, err := s.assets(ctx, &q)
	if err != nil {
		return nil, fmt.Errorf("store: assets: %w", typed(err))
	}
	return page, nil
}

var assetList = list[store.AssetRow]{table: "assets", order: `t.sort, t.id, t.sensor`,
	columns: `t.sort, t.sensor, t.id, t.name, t.role, t.level, t.vendor, t.model, t.firmware, t.segment, t.addresses,
		t.known, t.first_seen, t.last_seen, t.packets FROM assets t`,
	behind: func(f *filter, c cursor) { f.and(`(t.sort, t.id, t.sensor) > (?, ?, ?)`, c.Sort, c.ID, c.Sensor) },
	scan: func(rows *sql.Rows) (a store.AssetRow, c cursor, err error) {
		var first, seen int64
		err = rows.Scan(&c.Sort, &c.Sensor, &a.ID, &a.Name, &a.Role, &a.Level, &a.Vendor, &a.Model, &a.Firmware, &a.Segment, &a.Addresses,
			&a.Known, &first, &seen, &a.Packets)
		c.ID = a.ID
		a.FirstSeen, a.LastSeen, a.Zone = stamp(first), stamp(seen), store.ZoneOf(a.Segment, a.Level).Name
		return a, c, err
	}}

func (s *Store) assets(ctx context.Context, q *store.AssetQuery) (*store.AssetPage, error) {
	page := &store.AssetPage{}
	var err error
	if page.Assets, page.Total, page.Next, err = assetList.page(ctx, s, assetFilter(q), q.Cursor, q.Limit); err != nil {
		return nil, err
	}
	open, err := s.openByAsset(ctx, "")
	for i := range page.Assets {
		if n := open[page.Assets[i].ID]; n != nil {
			page.Assets[i].OpenAlerts = *n
		}
	}
	return page, err
}

// Asset gives one by its id or an alias; where two sensors know the id, the
// one that saw it last.
func (s *Store) Asset(ctx context.Context, id string) (*store.Asset, error) {
	a, err := s.asset(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("store: asset %q: %w", id, typed(err))
	}
	return a, nil
}

func (s *Store) asset(ctx context.Context, id string) (*store.Asset, error) {
	var a store.Asset
	var body []byte
	err := s.readers.QueryRowContext(ctx, `SELECT sensor, body FROM (
			SELECT sensor, body, last_seen, 0 AS alias FROM assets WHERE id = ?1
			UNION ALL
			SELECT t.sensor, t.body, t.last_seen, 1 FROM aliases x JOIN assets t ON t.sensor = x.sensor AND t.id = x.id WHERE x.alias = ?1
		) ORDER BY alias, last_seen DESC, sensor LIMIT 1`, id).Scan(&a.Sensor, &body)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(body, &a.Asset); err != nil {
		return nil, err
	}
	if a.Identifiers == nil {
		a.Identifiers = []firedoor.Identifier{}
	}
	if a.Facts == nil {
		a.Facts = []firedoor.Fact{}
	}
	a.Zone = store.ZoneOf(a.Segment, a.Level).Name
	open, err := s.openByAsset(ctx, a.ID.String())
	if err != nil {
		return nil, err
	}
	if n := open[a.ID.String()]; n != nil {
		a.OpenAlerts = *n
	}
	return &a, nil
}

func (s *Store) assetCounts(ctx context.Context) (store.AssetCounts, error) {
	out := store.AssetCounts{Levels: map[string]int{}}
	rows, err := s.readers.QueryContext(ctx, `SELECT known, level, count(*) FROM assets GROUP BY known, level`)
	err = each(rows, err, func(rows *sql.Rows) error {
		var known bool
		var level string
		var n int
		if err := rows.Scan(&known, &level, &n); err != nil {
			return err
		}
		out.Total += n
		out.Levels[level] += n
		if known {
			out.Known += n
		} else {
			out.New += n
		}
		return nil
	})
	return out, err
}
