package sqlite

import (
	"bytes"
	"encoding/json"
	"strings"

	"firedoor"
	"firedoor/internal/store"
)

// ends are the two ends of an alert or a conversation and who they are.
type ends struct {
	sensor, segment string // segment: empty where it is not known
	time            int64  // when they were seen
	client, server  end
}

type end struct{ at, mac, asset, name string }

func endOf(a *firedoor.Address) end {
	if a == nil {
		return end{}
	}
	e := end{at: a.IP, mac: a.MAC}
	if e.at == "" {
		e.at = a.MAC
	}
	return e
}

func (w *writing) foldAlert(r *firedoor.Record) error {
	if r.Gone {
		n, err := w.execCount(`DELETE FROM alerts WHERE sensor = ? AND id = ?`, r.Sensor, r.Key)
		w.counts.alerts -= n
		return err
	}
	var line struct {
		firedoor.AlertLine
		Segment string // of both ends; records of older sensors do not tell
	}
	if err := json.Unmarshal(r.Body, &line); err != nil || line.ID != r.Key {
		return errRefused
	}
	severity, ok := store.ParseSeverity(line.Severity)
	at, err := nanos(line.Time)
	if !ok || err != nil {
		return errRefused
	}
	var before []byte
	there, err := w.row(`SELECT body FROM alerts WHERE sensor = ? AND id = ?`, []any{r.Sensor, r.Key}, &before)
	if err != nil || there && bytes.Equal(before, r.Body) {
		return err
	}
	e := ends{sensor: r.Sensor, segment: line.Segment, time: at, client: endOf(line.Client), server: endOf(line.Server)}
	if err := w.resolve(&e); err != nil {
		return err
	}
	acknowledged, err := w.row(`SELECT 1 FROM acknowledgements WHERE id = ?`, []any{r.Key}, new(int))
	if err != nil {
		return err
	}
	if !there {
		w.counts.alerts++
	}
	w.changes.Alerts = append(w.changes.Alerts, store.AlertNews{ID: line.ID, Severity: line.Severity, Time: line.Time, Sentence: line.Sentence})
	return w.exec(`INSERT INTO alerts (sensor, id, time, severity, kind, client_at, client_mac, client_asset, client_name,
			server_at, server_mac, server_asset, server_name, acknowledged, first_shown, search, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id, sensor) DO UPDATE SET time = excluded.time, severity = excluded.severity, kind = excluded.kind,
			client_at = excluded.client_at, client_mac = excluded.client_mac, client_asset = excluded.client_asset, client_name = excluded.client_name,
			server_at = excluded.server_at, server_mac = excluded.server_mac, server_asset = excluded.server_asset, server_name = excluded.server_name,
			search = excluded.search, body = excluded.body`,
		r.Sensor, line.ID, at, int(severity), line.Kind, e.client.at, e.client.mac, e.client.asset, e.client.name,
		e.server.at, e.server.mac, e.server.asset, e.server.name, acknowledged, w.now, alertText(&line.AlertLine, &e), []byte(r.Body))
}

// alertText is what a search looks through.
func alertText(line *firedoor.AlertLine, e *ends) string {
	return searchText(line.Kind, line.Protocol, line.Sentence, strings.Join(line.Techniques, " "), e.client.text(), e.server.text())
}

func (e *end) text() string { return e.name + " " + e.at + " " + e.mac }

// searchText is lower case, so that a search finds a word however it is written.
func searchText(parts ...string) string { return strings.ToLower(strings.Join(parts, "\n")) }
