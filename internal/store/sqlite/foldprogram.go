package sqlite

import (
	"bytes"
	"encoding/json"
	"strconv"

	"firedoor"
)

func (w *writing) foldProgram(r *firedoor.Record) error {
	if r.Gone {
		return w.dropProgram(r.Sensor, r.Key)
	}
	var p firedoor.Program
	if json.Unmarshal(r.Body, &p) != nil {
		return errRefused
	}
	e := ends{sensor: r.Sensor, segment: p.Segment, server: endOf(&p.Server)}
	words := []string{p.Kind, p.Name, p.Protocol}
	for i := range p.Contents {
		last, err := nanos(p.Contents[i].Last)
		if err != nil {
			return err
		}
		e.time = max(e.time, last)
		words = append(words, p.Contents[i].Sum)
	}
	var before []byte
	there, err := w.row(`SELECT body FROM programs WHERE key = ? AND sensor = ?`, []any{r.Key, r.Sensor}, &before)
	if err != nil || there && bytes.Equal(before, r.Body) {
		return err
	}
	if !there {
		if w.counts.programs >= w.limits.Programs {
			return errRefused
		}
		w.counts.programs++
	}
	s := &e.server
	if err := w.resolveEnd(&e, s); err != nil {
		return err
	}
	w.changes.Programs = noted(w.changes.Programs, s.asset)
	unit := ""
	if p.Unit != nil {
		unit = strconv.FormatUint(uint64(*p.Unit), 10)
	}
	sort := sortKey(p.Protocol, p.Kind, segmentSort(p.Name), unit)
	return w.exec(`INSERT INTO programs (sensor, key, sort, segment, last, server_at, server_mac, server_asset, server_name, search, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (key, sensor) DO UPDATE SET sort = excluded.sort, segment = excluded.segment, last = excluded.last,
			server_at = excluded.server_at, server_mac = excluded.server_mac, server_asset = excluded.server_asset,
			server_name = excluded.server_name, search = excluded.search, body = excluded.body`,
		r.Sensor, r.Key, sort, p.Segment, e.time, s.at, s.mac, s.asset, s.name, searchText(words...), []byte(r.Body))
}

func (w *writing) dropProgram(sensor, key string) error {
	var asset string
	if _, err := w.row(`SELECT server_asset FROM programs WHERE key = ? AND sensor = ?`, []any{key, sensor}, &asset); err != nil {
		return err
	}
	n, err := w.execCount(`DELETE FROM programs WHERE key = ? AND sensor = ?`, key, sensor)
	w.counts.programs -= n
	w.changes.Programs = noted(w.changes.Programs, asset)
	return err
}
