package sqlite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"firedoor"
	"firedoor/internal/store"
)

func (w *writing) foldConversation(r *firedoor.Record) error {
	if r.Gone {
		return w.dropConversation(r.Sensor, r.Key)
	}
	var c firedoor.Conversation
	if json.Unmarshal(r.Body, &c) != nil {
		return errRefused
	}
	first, err1 := nanos(c.First)
	last, err2 := nanos(c.Last)
	if err1 != nil || err2 != nil {
		return errRefused
	}
	var before []byte
	there, err := w.row(`SELECT body FROM conversations WHERE sensor = ? AND key = ?`, []any{r.Sensor, r.Key}, &before)
	if err != nil || there && bytes.Equal(before, r.Body) {
		return err
	}
	e := ends{sensor: r.Sensor, segment: c.Segment, time: last, client: endOf(&c.Client), server: endOf(&c.Server)}
	if err := w.resolve(&e); err != nil {
		return err
	}
	if !there {
		w.counts.conversations++
	}
	w.changes.Conversations = append(w.changes.Conversations, r.Key)
	changes := false
	for _, v := range c.Verbs {
		changes = changes || store.Changing(v)
	}
	sort := fmt.Sprintf("%s %s %s %s %05d", segmentSort(c.Segment), addressSort(e.client.at), addressSort(e.server.at), c.Protocol, c.Server.Port)
	return w.exec(`INSERT INTO conversations (sensor, key, sort, segment, protocol, client_at, client_mac, client_asset, client_name,
			server_at, server_mac, server_asset, server_name, learned, first, last, operations, errors, no_response, samples,
			packets, bytes, changes, statements, search, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (key, sensor) DO UPDATE SET sort = excluded.sort, segment = excluded.segment, protocol = excluded.protocol,
			client_at = excluded.client_at, client_mac = excluded.client_mac, client_asset = excluded.client_asset, client_name = excluded.client_name,
			server_at = excluded.server_at, server_mac = excluded.server_mac, server_asset = excluded.server_asset, server_name = excluded.server_name,
			learned = excluded.learned, first = excluded.first, last = excluded.last, operations = excluded.operations, errors = excluded.errors,
			no_response = excluded.no_response, samples = excluded.samples, packets = excluded.packets, bytes = excluded.bytes,
			changes = excluded.changes, statements = excluded.statements, search = excluded.search, body = excluded.body`,
		r.Sensor, r.Key, sort, c.Segment, c.Protocol, e.client.at, e.client.mac, e.client.asset, e.client.name,
		e.server.at, e.server.mac, e.server.asset, e.server.name, c.Learned, first, last, whole(c.Operations), whole(c.Errors), whole(c.NoResponse), whole(c.Samples),
		sum(c.Packets), sum(c.Bytes), changes, len(c.Statements), conversationText(r.Key, c.Protocol, c.Segment, &e), []byte(r.Body))
}

func (w *writing) dropConversation(sensor, key string) error {
	n, err := w.execCount(`DELETE FROM conversations WHERE sensor = ? AND key = ?`, sensor, key)
	if n > 0 {
		w.counts.conversations -= n
		w.changes.Conversations = append(w.changes.Conversations, key)
	}
	return err
}

func conversationText(key, protocol, segment string, e *ends) string {
	return searchText(key, protocol, segment, e.client.text(), e.server.text())
}

// whole makes a count one that SQLite holds.
func whole(n uint64) int64 { return int64(min(n, math.MaxInt64)) }

func sum(n [2]uint64) int64 {
	return whole(min(n[0], math.MaxInt64/2) + min(n[1], math.MaxInt64/2))
}

func (w *writing) foldSensor(r *firedoor.Record) error {
	if r.Gone {
		n, err := w.execCount(`DELETE FROM sensors WHERE name = ?`, r.Key)
		w.counts.sensors -= n
		w.changes.Sensors = append(w.changes.Sensors, r.Key)
		return err
	}
	var state firedoor.SensorState
	if json.Unmarshal(r.Body, &state) != nil || state.Name != r.Key {
		return errRefused
	}
	there, err := w.row(`SELECT 1 FROM sensors WHERE name = ?`, []any{r.Key}, new(int))
	if err != nil {
		return err
	}
	if !there {
		if w.counts.sensors >= w.limits.Sensors {
			return errRefused
		}
		w.counts.sensors++
	}
	w.changes.Sensors = append(w.changes.Sensors, r.Key)
	return w.exec(`INSERT INTO sensors (name, heard, body) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET heard = max(heard, excluded.heard), body = excluded.body`, r.Key, w.heard, []byte(r.Body))
}
