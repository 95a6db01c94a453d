package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"firedoor"
	"firedoor/internal/store"
)

// Sensors gives all sensors by name.
func (s *Store) Sensors(ctx context.Context, now time.Time) ([]store.Sensor, error) {
	out := []store.Sensor{}
	rows, err := s.readers.QueryContext(ctx, `SELECT heard, body FROM sensors ORDER BY name`)
	err = each(rows, err, func(rows *sql.Rows) error {
		var x store.Sensor
		var heard int64
		var body []byte
		if err := rows.Scan(&heard, &body); err != nil {
			return err
		}
		if err := json.Unmarshal(body, &x.SensorState); err != nil {
			return err
		}
		if x.Sources == nil {
			x.Sources = []firedoor.SourceState{}
		}
		if x.Limits == nil {
			x.Limits = []firedoor.Limit{}
		}
		x.Heard, x.Stale = stamp(heard), now.Sub(time.Unix(0, heard)) > store.Silence
		out = append(out, x)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("store: sensors: %w", typed(err))
	}
	return out, nil
}

// Overview is what needs a person, and the counts. Site is the caller's to set.
func (s *Store) Overview(ctx context.Context, now time.Time) (*store.Overview, error) {
	o := &store.Overview{Wall: now.UTC().Format(layout), Stage: "unknown"}
	sensors, err := s.Sensors(ctx, now)
	if err != nil {
		return nil, err
	}
	tellSensors(o, sensors)
	if o.Alerts, err = s.alertCounts(ctx); err == nil {
		o.Assets, err = s.assetCounts(ctx)
	}
	if err == nil {
		err = s.readers.QueryRowContext(ctx, `SELECT count(*) FROM conversations`).Scan(&o.Conversations)
	}
	if err == nil {
		o.Needs, err = s.needs(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("store: overview: %w", typed(err))
	}
	return o, nil
}

// stages in the order of how far they are.
var stages = []firedoor.Stage{firedoor.NoBaseline, firedoor.Learning, firedoor.Paused, firedoor.Watching}

func tellSensors(o *store.Overview, sensors []store.Sensor) {
	least := len(stages)
	for i := range sensors {
		x := &sensors[i]
		o.Sensors.Total++
		if !x.Stale {
			o.Sensors.Running++
		}
		if x.Troubled() {
			o.Sensors.Troubled++
		}
		o.Traffic = max(o.Traffic, x.Traffic)
		o.Statements += x.Statements
		o.Learned += x.Learned
		if n := slices.Index(stages, x.Stage); n >= 0 && n < least {
			least = n
			o.Stage, o.StageSince, o.StageUntil = string(x.Stage), x.StageSince, x.StageUntil
		}
	}
}

// Map gives assets and who talks to whom; what has alerts and then what has
// most traffic comes first where not all finds room.
func (s *Store) Map(ctx context.Context) (*store.Map, error) {
	m := &store.Map{Nodes: []store.Node{}, Edges: []store.Edge{}, Zones: []store.Zone{}}
	err := s.nodes(ctx, m)
	if err == nil {
		err = s.edges(ctx, m)
	}
	if err != nil {
		return nil, fmt.Errorf("store: map: %w", typed(err))
	}
	return m, nil
}

func (s *Store) nodes(ctx context.Context, m *store.Map) error {
	open, err := s.openByAsset(ctx, "")
	if err != nil {
		return err
	}
	type node struct {
		store.Node
		segment string
		rank    int // of its worst open alert
	}
	var all []node
	seen := map[string]bool{}
	rows, err := s.readers.QueryContext(ctx, `SELECT id, shown, addresses, role, level, segment, known FROM assets ORDER BY packets DESC, id, last_seen DESC`)
	err = each(rows, err, func(rows *sql.Rows) error {
		var n node
		var shown, addresses string
		if err := rows.Scan(&n.ID, &shown, &addresses, &n.Role, &n.Level, &n.segment, &n.Known); err != nil {
			return err
		}
		if seen[n.ID] {
			return nil
		}
		seen[n.ID] = true
		first, _, _ := strings.Cut(addresses, ",")
		n.Name = cmp.Or(shown, first, n.ID)
		if c := open[n.ID]; c != nil {
			n.Severity = c.Worst()
			severity, _ := store.ParseSeverity(n.Severity)
			n.rank = 1 + int(severity)
		}
		all = append(all, n)
		return nil
	})
	if err != nil {
		return err
	}
	// Stable: among equals those with most traffic stay first.
	slices.SortStableFunc(all, func(a, b node) int { return cmp.Compare(b.rank, a.rank) })
	m.LeftOut.Nodes = max(0, len(all)-store.MaxNodes)
	zones := map[string]store.Zone{}
	for _, n := range all[:min(len(all), store.MaxNodes)] {
		zone := store.ZoneOf(n.segment, n.Level)
		n.Zone = zone.ID
		zones[zone.ID] = zone
		m.Nodes = append(m.Nodes, n.Node)
	}
	slices.SortFunc(m.Nodes, func(a, b store.Node) int { return cmp.Compare(a.ID, b.ID) })
	for _, z := range zones {
		m.Zones = append(m.Zones, z)
	}
	slices.SortFunc(m.Zones, func(a, b store.Zone) int { return cmp.Compare(a.ID, b.ID) })
	return nil
}

func (s *Store) edges(ctx context.Context, m *store.Map) error {
	worst, err := s.worstBetween(ctx)
	if err != nil {
		return err
	}
	shown := map[string]bool{}
	for i := range m.Nodes {
		shown[m.Nodes[i].ID] = true
	}
	type edge struct {
		store.Edge
		rank, packets int64
	}
	var all []edge
	// One row for each protocol, those of two assets one after the other.
	rows, err := s.readers.QueryContext(ctx, `SELECT client_asset, server_asset, protocol, sum(operations), max(changes), min(learned), sum(packets)
		FROM conversations WHERE client_asset > '' AND server_asset > '' AND client_asset <> server_asset GROUP BY client_asset, server_asset, protocol`)
	err = each(rows, err, func(rows *sql.Rows) error {
		var e edge
		if err := rows.Scan(&e.From, &e.To, &e.Protocols, &e.Operations, &e.Changes, &e.Learned, &e.packets); err != nil {
			return err
		}
		if n := len(all); n > 0 && all[n-1].From == e.From && all[n-1].To == e.To {
			before := &all[n-1]
			before.Protocols += ", " + e.Protocols
			before.Operations += e.Operations
			before.packets += e.packets
			before.Changes, before.Learned = before.Changes || e.Changes, before.Learned && e.Learned
			return nil
		}
		e.Key = e.From + ">" + e.To
		if severity, ok := worst[e.Key]; ok {
			e.Severity, e.rank = severity.String(), int64(severity)+1
		}
		all = append(all, e)
		return nil
	})
	if err != nil {
		return err
	}
	found := len(all)
	all = slices.DeleteFunc(all, func(e edge) bool { return !shown[e.From] || !shown[e.To] })
	slices.SortFunc(all, func(a, b edge) int {
		return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(b.packets, a.packets), cmp.Compare(a.Key, b.Key))
	})
	for _, e := range all[:min(len(all), store.MaxEdges)] {
		m.Edges = append(m.Edges, e.Edge)
	}
	m.LeftOut.Edges = found - len(m.Edges)
	return nil
}

// Contacts gives who asks whom. The port is the end of what conversations are sorted by.
func (s *Store) Contacts(ctx context.Context, client, server string, f func(*store.Contact)) error {
	query := `SELECT client_asset, server_asset, segment, protocol, client_at, client_mac, server_at, server_mac, CAST(substr(sort, -5) AS INTEGER)
		FROM conversations WHERE client_asset > '' AND server_asset > '' AND client_asset <> server_asset`
	var of []any
	if client != "" || server != "" {
		query += ` AND client_asset = ? AND server_asset = ?`
		of = []any{client, server}
	}
	var c store.Contact
	var clientAt, serverAt string
	rows, err := s.readers.QueryContext(ctx, query, of...)
	err = each(rows, err, func(rows *sql.Rows) error {
		if err := rows.Scan(&c.ClientAsset, &c.ServerAsset, &c.Segment, &c.Protocol, &clientAt, &c.Client.MAC, &serverAt, &c.Server.MAC, &c.Server.Port); err != nil {
			return err
		}
		c.Client.IP, c.Server.IP = clientAt, serverAt
		for _, a := range []*firedoor.Address{&c.Client, &c.Server} {
			if a.IP == a.MAC { // an end without an address stands under its MAC
				a.IP = ""
			}
		}
		f(&c)
		return nil
	})
	if err != nil {
		return fmt.Errorf("store: contacts: %w", typed(err))
	}
	return nil
}

// worstBetween gives the worst open alert between two assets.
func (s *Store) worstBetween(ctx context.Context) (map[string]firedoor.Severity, error) {
	out := map[string]firedoor.Severity{}
	rows, err := s.readers.QueryContext(ctx, `SELECT client_asset, server_asset, max(severity) FROM alerts
		WHERE acknowledged = 0 AND client_asset > '' AND server_asset > '' GROUP BY client_asset, server_asset`)
	err = each(rows, err, func(rows *sql.Rows) error {
		var from, to string
		var severity int
		err := rows.Scan(&from, &to, &severity)
		out[from+">"+to] = firedoor.Severity(severity)
		return err
	})
	return out, err
}
