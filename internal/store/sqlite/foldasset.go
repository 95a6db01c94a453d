package sqlite

import (
	"bytes"
	"cmp"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"

	"firedoor"
)

// address is a row of the table: value belonged to an asset for some time.
type address struct {
	value, segment, asset, bond string
	since, until                int64 // until 0: it still does
}

func (w *writing) foldAsset(r *firedoor.Record) error {
	if r.Gone {
		return w.dropAsset(r.Sensor, r.Key)
	}
	var a firedoor.Asset
	if err := json.Unmarshal(r.Body, &a); err != nil || a.ID.String() != r.Key {
		return errRefused
	}
	first, err1 := nanos(a.FirstSeen)
	last, err2 := nanos(a.LastSeen)
	addresses, err3 := addressesOf(&a)
	if err1 != nil || err2 != nil || err3 != nil {
		return errRefused
	}
	var before []byte
	var shown string
	there, err := w.row(`SELECT body, shown FROM assets WHERE sensor = ? AND id = ?`, []any{r.Sensor, r.Key}, &before, &shown)
	if err != nil || there && bytes.Equal(before, r.Body) {
		return err
	}
	if !there {
		w.counts.assets++
	}
	w.changes.Assets = append(w.changes.Assets, r.Key)
	name := cmp.Or(a.Name, a.Model)
	if err := w.putAddresses(r.Sensor, r.Key, addresses, name != shown); err != nil {
		return err
	}
	if err := w.putAliases(r.Sensor, &a); err != nil {
		return err
	}
	text := addressText(addresses)
	return w.exec(`INSERT INTO assets (sensor, id, sort, known, name, role, level, vendor, model, firmware, segment, addresses, shown,
			first_seen, last_seen, packets, search, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id, sensor) DO UPDATE SET sort = excluded.sort, known = excluded.known, name = excluded.name, role = excluded.role,
			level = excluded.level, vendor = excluded.vendor, model = excluded.model, firmware = excluded.firmware, segment = excluded.segment,
			addresses = excluded.addresses, shown = excluded.shown, first_seen = excluded.first_seen, last_seen = excluded.last_seen,
			packets = excluded.packets, search = excluded.search, body = excluded.body`,
		r.Sensor, r.Key, segmentSort(a.Segment)+" "+firstAddress(addresses), a.Known, a.Name, string(a.Role), a.Level, a.Vendor, a.Model, a.Firmware,
		a.Segment, text, name, first, last, int64(a.Packets),
		searchText(r.Key, a.Name, string(a.Role), a.Level, a.Vendor, a.Model, a.Firmware, a.Serial, a.Segment, text), []byte(r.Body))
}

// dropAsset removes an asset; its addresses may be another's from now on.
func (w *writing) dropAsset(sensor, id string) error {
	if err := w.putAddresses(sensor, id, nil, true); err != nil {
		return err
	}
	if err := w.exec(`DELETE FROM aliases WHERE sensor = ? AND id = ?`, sensor, id); err != nil {
		return err
	}
	n, err := w.execCount(`DELETE FROM assets WHERE sensor = ? AND id = ?`, sensor, id)
	if n > 0 {
		w.counts.assets -= n
		w.changes.Assets = append(w.changes.Assets, id)
	}
	return err
}

func (w *writing) putAliases(sensor string, a *firedoor.Asset) error {
	var have []string
	err := w.rows(`SELECT alias FROM aliases WHERE sensor = ? AND id = ? ORDER BY alias`, []any{sensor, a.ID.String()}, func(rows *sql.Rows) error {
		var alias string
		err := rows.Scan(&alias)
		have = append(have, alias)
		return err
	})
	if err != nil {
		return err
	}
	var want []string
	for _, alias := range a.Aliases {
		want = append(want, alias.String())
	}
	slices.Sort(want)
	if slices.Equal(have, want) {
		return nil
	}
	if err := w.exec(`DELETE FROM aliases WHERE sensor = ? AND id = ?`, sensor, a.ID.String()); err != nil {
		return err
	}
	for _, alias := range want {
		if err := w.exec(`INSERT OR REPLACE INTO aliases VALUES (?, ?, ?)`, alias, sensor, a.ID.String()); err != nil {
			return err
		}
	}
	return nil
}

// putAddresses brings the addresses of an asset up to date. Where they changed,
// or renamed is set, all that was seen at them is looked at again by settle.
func (w *writing) putAddresses(sensor, id string, want []address, renamed bool) error {
	var have []address
	err := w.rows(`SELECT value, segment, asset, bond, since, until FROM addresses WHERE sensor = ? AND asset = ?`, []any{sensor, id}, func(rows *sql.Rows) error {
		var a address
		err := rows.Scan(&a.value, &a.segment, &a.asset, &a.bond, &a.since, &a.until)
		have = append(have, a)
		return err
	})
	if err != nil {
		return err
	}
	slices.SortFunc(have, compareAddresses)
	same := slices.Equal(have, want)
	if same && !renamed {
		return nil
	}
	for _, list := range [][]address{have, want} {
		for i := range list {
			w.moved[place{sensor, list[i].value}] = struct{}{}
		}
	}
	if same {
		return nil
	}
	if err := w.exec(`DELETE FROM addresses WHERE sensor = ? AND asset = ?`, sensor, id); err != nil {
		return err
	}
	for i := range want {
		a := &want[i]
		if err := w.exec(`INSERT OR REPLACE INTO addresses (sensor, value, segment, asset, bond, since, until) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			sensor, a.value, a.segment, a.asset, a.bond, a.since, a.until); err != nil {
			return err
		}
	}
	return nil
}

// addressesOf gives the IPs and MACs of an asset, in a stable order.
func addressesOf(a *firedoor.Asset) ([]address, error) {
	var out []address
	for i := range a.Identifiers {
		x := &a.Identifiers[i]
		if x.Kind != "ip" && x.Kind != "mac" || x.Value == "" {
			continue
		}
		since, err := nanos(x.From)
		if err != nil {
			return nil, err
		}
		until, err := nanos(x.To)
		if err != nil {
			return nil, err
		}
		out = append(out, address{x.Value, a.Segment, a.ID.String(), x.Bond, since, until})
	}
	slices.SortFunc(out, compareAddresses)
	return slices.CompactFunc(out, func(x, y address) bool {
		return x.value == y.value && x.since == y.since && x.bond == y.bond
	}), nil
}

func compareAddresses(a, b address) int {
	return cmp.Or(cmp.Compare(a.value, b.value), cmp.Compare(a.since, b.since), cmp.Compare(a.bond, b.bond),
		cmp.Compare(a.segment, b.segment), cmp.Compare(a.until, b.until))
}

// addressText names the present addresses: IPs in their order, then MACs.
func addressText(addresses []address) string {
	var out []string
	for i := range addresses {
		if a := &addresses[i]; a.until == 0 && !slices.Contains(out, a.value) {
			out = append(out, a.value)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Compare(addressSort(a), addressSort(b)) })
	return strings.Join(out, ", ")
}

// firstAddress is the sort key of the lowest present IP, else of the lowest MAC.
func firstAddress(addresses []address) string {
	best := ""
	for i := range addresses {
		if a := &addresses[i]; a.until == 0 {
			if s := addressSort(a.value); best == "" || s < best {
				best = s
			}
		}
	}
	return best
}

// addressSort puts IPv4 before IPv6 before MACs, each by number.
func addressSort(value string) string {
	ip, err := netip.ParseAddr(value)
	switch {
	case err != nil:
		return "9" + value
	case ip.Is4():
		b := ip.As4()
		return "4" + hex.EncodeToString(b[:])
	default:
		b := ip.As16()
		return "6" + hex.EncodeToString(b[:])
	}
}

// segmentSort puts vlan:2 before vlan:10: numbers get leading zeros.
func segmentSort(segment string) string {
	const digits = 10
	var out strings.Builder
	for i := 0; i < len(segment); {
		j := i
		for j < len(segment) && segment[j] >= '0' && segment[j] <= '9' {
			j++
		}
		if j == i {
			out.WriteByte(segment[i])
			i++
			continue
		}
		if n := digits - (j - i); n > 0 {
			out.WriteString(strings.Repeat("0", n))
		}
		out.WriteString(segment[i:j])
		i = j
	}
	return out.String()
}
