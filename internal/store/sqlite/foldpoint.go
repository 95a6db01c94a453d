package sqlite

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"firedoor"
)

// foldPoints brings the values of a record up to date, writing only those that
// changed.
func (w *writing) foldPoints(r *firedoor.Record) error {
	if r.Gone {
		return w.dropPoints(r.Sensor, r.Key)
	}
	var p firedoor.Points
	if json.Unmarshal(r.Body, &p) != nil || len(p.Values) == 0 {
		return errRefused
	}
	e := ends{sensor: r.Sensor, segment: p.Segment, server: endOf(&p.Server)}
	for i := range p.Values {
		changed, err := nanos(p.Values[i].Changed)
		if err != nil {
			return err
		}
		e.time = max(e.time, changed)
	}
	if err := w.resolveEnd(&e, &e.server); err != nil {
		return err
	}
	have, err := w.valuesOf(r.Sensor, r.Key)
	if err != nil {
		return err
	}
	kept, err := w.putValues(r, &p, have)
	if err != nil {
		return err
	}
	if kept > 0 {
		if err := w.putHead(r, &p, &e); err != nil {
			return err
		}
	}
	if err := w.dropValues(r, have); err != nil { // what the record had and has no more
		return err
	}
	w.changes.Points = noted(w.changes.Points, e.server.asset)
	return nil
}

// noted adds an asset that is known to a list that has each once.
func noted(list []string, asset string) []string {
	if asset == "" || slices.Contains(list, asset) {
		return list
	}
	return append(list, asset)
}

// valuesOf gives the values of a record by their sort keys.
func (w *writing) valuesOf(sensor, key string) (map[string][]byte, error) {
	have := map[string][]byte{}
	err := w.rows(`SELECT sort, body FROM points WHERE record = ? AND sensor = ?`, []any{key, sensor}, func(rows *sql.Rows) error {
		var sort string
		var body []byte
		err := rows.Scan(&sort, &body)
		have[sort] = body
		return err
	})
	return have, err
}

// putValues writes the values that are not in have as they are, takes all it finds
// out of it, and tells how many the record has now.
func (w *writing) putValues(r *firedoor.Record, p *firedoor.Points, have map[string][]byte) (kept int, err error) {
	for i := range p.Values {
		v := &p.Values[i]
		body, err := json.Marshal(v)
		if err != nil {
			return kept, errRefused
		}
		sort := pointSort(p, v)
		was, there := have[sort]
		delete(have, sort)
		if there && bytes.Equal(was, body) {
			kept++
			continue
		}
		if !there {
			if there, err = w.row(`SELECT 1 FROM points WHERE sort = ? AND sensor = ?`, []any{sort, r.Sensor}, new(int)); err != nil {
				return kept, err
			}
		}
		switch {
		case !there && w.counts.points >= w.limits.Points:
			w.retired.PointsNoRoom++
			continue
		case !there:
			w.counts.points++
		}
		kept++
		if err := w.exec(`INSERT INTO points (sort, sensor, record, search, body) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (sort, sensor) DO UPDATE SET record = excluded.record, search = excluded.search, body = excluded.body`,
			sort, r.Sensor, r.Key, searchText(v.Object, v.Name, v.Measure, p.Protocol), body); err != nil {
			return kept, err
		}
	}
	return kept, nil
}

// putHead writes what is the same for all values of a record.
func (w *writing) putHead(r *firedoor.Record, p *firedoor.Points, e *ends) error {
	head := *p
	head.Values = nil
	body, err := json.Marshal(&head)
	if err != nil {
		return errRefused
	}
	s := &e.server
	return w.exec(`INSERT INTO point_records (sensor, key, segment, last, server_at, server_mac, server_asset, server_name, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (key, sensor) DO UPDATE SET segment = excluded.segment, last = excluded.last, server_at = excluded.server_at,
			server_mac = excluded.server_mac, server_asset = excluded.server_asset, server_name = excluded.server_name, body = excluded.body`,
		r.Sensor, r.Key, p.Segment, e.time, s.at, s.mac, s.asset, s.name, body)
}

func (w *writing) dropValues(r *firedoor.Record, gone map[string][]byte) error {
	for sort := range gone {
		n, err := w.execCount(`DELETE FROM points WHERE sort = ? AND sensor = ? AND record = ?`, sort, r.Sensor, r.Key)
		if err != nil {
			return err
		}
		w.counts.points -= n
	}
	return nil
}

func (w *writing) dropPoints(sensor, key string) error {
	var asset string
	if _, err := w.row(`SELECT server_asset FROM point_records WHERE key = ? AND sensor = ?`, []any{key, sensor}, &asset); err != nil {
		return err
	}
	n, err := w.execCount(`DELETE FROM points WHERE record = ? AND sensor = ?`, key, sensor)
	w.counts.points -= n
	w.changes.Points = noted(w.changes.Points, asset)
	return err
}

// pointSort is the place of a value among all, and no other value of its sensor has
// it: of a device those with a name come first, and the object stands there once in
// the order of its numbers and once as it is.
func pointSort(p *firedoor.Points, v *firedoor.PointValue) string {
	unit := ""
	if p.Unit != nil {
		unit = fmt.Sprintf("%010d", *p.Unit)
	}
	named := "1"
	if v.Name == "" {
		named = "2"
	}
	server := endOf(&p.Server)
	return sortKey(segmentSort(p.Segment), addressSort(server.at), named, p.Protocol, unit, segmentSort(v.Object), v.Object, v.Name, v.Type)
}

// maxSort is how long a sort key is, in bytes: a cursor holds one, whatever stands in it.
const maxSort = 400

// sortKey puts parts together; one that is too long ends with a digest of what it is.
func sortKey(parts ...string) string {
	key := strings.Join(parts, "\x1f")
	if len(key) <= maxSort {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	digest := hex.EncodeToString(sum[:16])
	return strings.ToValidUTF8(key[:maxSort-len(digest)], "") + digest
}
