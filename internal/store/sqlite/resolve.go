package sqlite

import (
	"database/sql"
	"slices"
	"strings"
)

// resolve finds the assets of both ends and what to call them.
func (w *writing) resolve(e *ends) error {
	for _, x := range []*end{&e.client, &e.server} {
		if err := w.resolveEnd(e, x); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) resolveEnd(e *ends, x *end) error {
	x.asset, x.name = "", x.at
	if x.at == "" {
		return nil
	}
	candidates, err := w.at(e.sensor, e.segment, x.at)
	if err != nil || len(candidates) == 0 {
		return err
	}
	var same []address
	if x.mac != "" && x.mac != x.at {
		if same, err = w.at(e.sensor, e.segment, x.mac); err != nil {
			return err
		}
	}
	if x.asset = choose(candidates, same, e.time); x.asset == "" {
		return nil
	}
	var name string
	if _, err := w.row(`SELECT shown FROM assets WHERE sensor = ? AND id = ?`, []any{e.sensor, x.asset}, &name); err != nil {
		return err
	}
	if name != "" {
		x.name = name
	}
	return nil
}

// at gives who had an address, in one segment or in all.
func (w *writing) at(sensor, segment, value string) ([]address, error) {
	var out []address
	err := w.rows(`SELECT value, segment, asset, bond, since, until FROM addresses WHERE sensor = ? AND value = ?`, []any{sensor, value}, func(rows *sql.Rows) error {
		var a address
		err := rows.Scan(&a.value, &a.segment, &a.asset, &a.bond, &a.since, &a.until)
		if segment == "" || a.segment == segment {
			out = append(out, a)
		}
		return err
	})
	return out, err
}

// choose tells which of those who had an address had it at a time: first who
// has the MAC as well, then by the bond, then who got it last. An address of
// several segments, of which nothing tells the right one, is nobody's: no name
// is better than a wrong one.
func choose(candidates, mac []address, at int64) string {
	candidates = narrow(candidates, func(a *address) bool { return a.since <= at && (a.until == 0 || at <= a.until) })
	candidates = narrow(candidates, func(a *address) bool {
		return slices.ContainsFunc(mac, func(m address) bool { return m.asset == a.asset })
	})
	for i := range candidates {
		if candidates[i].segment != candidates[0].segment {
			return ""
		}
	}
	best := slices.MaxFunc(candidates, func(a, b address) int {
		if d := bondRank(a.bond) - bondRank(b.bond); d != 0 {
			return d
		}
		if a.since != b.since {
			if a.since < b.since {
				return -1
			}
			return 1
		}
		return -strings.Compare(a.asset, b.asset)
	})
	return best.asset
}

// narrow keeps those that fit, or all where none does.
func narrow(list []address, fits func(*address) bool) []address {
	var out []address
	for i := range list {
		if fits(&list[i]) {
			out = append(out, list[i])
		}
	}
	if len(out) == 0 {
		return list
	}
	return out
}

func bondRank(bond string) int {
	switch bond {
	case "virtual":
		return 0
	case "claimed":
		return 1
	}
	return 2
}

// settle looks again at what was seen at addresses that changed their asset or
// its name.
func (w *writing) settle() error {
	seen := map[string]bool{}
	for p := range w.moved {
		for _, t := range []table{alertsTable, conversationsTable} {
			for _, side := range []string{"client_at", "server_at"} {
				if err := w.settleAt(t, side, p, seen); err != nil {
					return err
				}
			}
		}
		for _, t := range []string{"point_records", "programs"} {
			if err := w.settleServers(t, p); err != nil {
				return err
			}
		}
	}
	clear(w.moved)
	return nil
}

// table names what differs between alerts and conversations.
type table struct{ name, key, segment, time string }

var (
	alertsTable        = table{"alerts", "id", "coalesce(json_extract(CAST(body AS TEXT), '$.segment'), '')", "time"}
	conversationsTable = table{"conversations", "key", "segment", "last"}
)

func (w *writing) settleAt(t table, side string, p place, seen map[string]bool) error {
	type row struct {
		ends
		key    string
		search string
	}
	var found []row
	err := w.rows(`SELECT `+t.key+`, `+t.segment+`, `+t.time+`, client_at, client_mac, client_asset, client_name,
			server_at, server_mac, server_asset, server_name, search FROM `+t.name+` WHERE sensor = ? AND `+side+` = ?`,
		[]any{p.sensor, p.at}, func(rows *sql.Rows) error {
			r := row{ends: ends{sensor: p.sensor}}
			c, s := &r.client, &r.server
			err := rows.Scan(&r.key, &r.segment, &r.time, &c.at, &c.mac, &c.asset, &c.name, &s.at, &s.mac, &s.asset, &s.name, &r.search)
			found = append(found, r)
			return err
		})
	if err != nil {
		return err
	}
	for i := range found {
		r := &found[i]
		if mark := t.name + " " + p.sensor + " " + r.key; seen[mark] {
			continue
		} else {
			seen[mark] = true
		}
		before := r.ends
		if err := w.resolve(&r.ends); err != nil {
			return err
		}
		if before == r.ends {
			continue
		}
		if err := w.exec(`UPDATE `+t.name+` SET client_asset = ?, client_name = ?, server_asset = ?, server_name = ?, search = ?
			WHERE sensor = ? AND `+t.key+` = ?`, r.client.asset, r.client.name, r.server.asset, r.server.name,
			renamed(r.search, &before, &r.ends), p.sensor, r.key); err != nil {
			return err
		}
	}
	return nil
}

// settleServers does the same for a table whose rows have only a server.
func (w *writing) settleServers(table string, p place) error {
	type row struct {
		ends
		key string
	}
	var found []row
	err := w.rows(`SELECT key, segment, last, server_at, server_mac, server_asset, server_name FROM `+table+` WHERE sensor = ? AND server_at = ?`,
		[]any{p.sensor, p.at}, func(rows *sql.Rows) error {
			r := row{ends: ends{sensor: p.sensor}}
			s := &r.server
			err := rows.Scan(&r.key, &r.segment, &r.time, &s.at, &s.mac, &s.asset, &s.name)
			found = append(found, r)
			return err
		})
	if err != nil {
		return err
	}
	for i := range found {
		r := &found[i]
		before := r.server
		if err := w.resolveEnd(&r.ends, &r.server); err != nil {
			return err
		}
		if before == r.server {
			continue
		}
		if err := w.exec(`UPDATE `+table+` SET server_asset = ?, server_name = ? WHERE sensor = ? AND key = ?`, r.server.asset, r.server.name, p.sensor, r.key); err != nil {
			return err
		}
	}
	return nil
}

// renamed puts the new names into what a search looks through: it ends with
// them.
func renamed(search string, before, after *ends) string {
	old := "\n" + searchText(before.client.text(), before.server.text())
	return strings.TrimSuffix(search, old) + "\n" + searchText(after.client.text(), after.server.text())
}
