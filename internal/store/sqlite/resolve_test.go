package sqlite

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"firedoor"
	"firedoor/internal/store"

	sqlite "modernc.org/sqlite"
)

func setVersion(t *testing.T, dir, version string) {
	t.Helper()
	connector, err := sqlite.NewConnector("file:" + filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `UPDATE meta SET value = ? WHERE key = 'version'`, version); err != nil {
		t.Fatal(err)
	}
}

func find(t *testing.T, s *Store, n int) *store.Alert {
	t.Helper()
	a, err := s.Alert(t.Context(), alertID(n))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestEndsFollowTheirAssets: whichever comes first, alert or asset, and whatever
// becomes of the asset, an end names who it is.
func TestEndsFollowTheirAssets(t *testing.T) {
	s := fresh(t)
	apply(t, s, alert(t, 1, firedoor.High, "10.0.0.1", "10.0.0.2"), conversation(t, "c", "10.0.0.1", "10.0.0.2"))
	if a := find(t, s, 1); a.ClientAsset != "" || a.ClientName != "10.0.0.1" {
		t.Errorf("without assets the client is %q, %q", a.ClientAsset, a.ClientName)
	}
	apply(t, s, asset(t, 1, "10.0.0.1"), asset(t, 2, "10.0.0.2"))
	if a := find(t, s, 1); a.ClientAsset != assetID(1).String() || a.ClientName != "PLC-1" || a.ServerName != "PLC-2" {
		t.Errorf("with assets the client is %q, %q", a.ClientAsset, a.ClientName)
	}
	apply(t, s, asset(t, 1, "10.0.0.1", func(a *firedoor.Asset) { a.Name = "Filler HMI" }))
	if a := find(t, s, 1); a.ClientName != "Filler HMI" {
		t.Errorf("a new name does not show: %q", a.ClientName)
	}
	for _, q := range []struct {
		text string
		want int
	}{{"filler", 1}, {"PLC-1", 0}, {"plc-2 holding", 1}} {
		if got := alerts(t, s, store.AlertQuery{Text: q.text}).Total; got != q.want {
			t.Errorf("search %q finds %d alerts, want %d", q.text, got, q.want)
		}
	}
	if p, err := s.Conversations(t.Context(), store.ConversationQuery{Text: "filler"}); err != nil || p.Total != 1 || p.Conversations[0].ClientName != "Filler HMI" {
		t.Errorf("search among conversations: %+v, %v", p, err)
	}
	// Asset 1 turns out to be asset 2: the old id goes and resolves.
	apply(t, s, firedoor.Record{Sensor: "line1", Kind: firedoor.RecordAsset, Key: assetID(1).String(), Gone: true},
		asset(t, 2, "10.0.0.2", func(a *firedoor.Asset) {
			a.Aliases = []firedoor.AssetID{assetID(1)}
			a.Identifiers = append(a.Identifiers, firedoor.Identifier{Kind: "ip", Value: "10.0.0.1", Bond: "seen", From: at(0)})
		}))
	if a := find(t, s, 1); a.ClientAsset != assetID(2).String() {
		t.Errorf("after the merge the client is %q", a.ClientAsset)
	}
	for _, id := range []int{1, 2} {
		x, err := s.Asset(t.Context(), assetID(id).String())
		if err != nil || x.ID != assetID(2) || x.OpenAlerts.High != 1 {
			t.Errorf("asset %d: %+v, %v", id, x, err)
		}
		if got := alerts(t, s, store.AlertQuery{Asset: assetID(id).String()}).Total; got != 1 {
			t.Errorf("alerts of asset %d: %d", id, got)
		}
		if p, err := s.Conversations(t.Context(), store.ConversationQuery{Asset: assetID(id).String()}); err != nil || p.Total != 1 {
			t.Errorf("conversations of asset %d: %+v, %v", id, p, err)
		}
	}
	apply(t, s, firedoor.Record{Sensor: "line1", Kind: firedoor.RecordAsset, Key: assetID(2).String(), Gone: true})
	if a := find(t, s, 1); a.ClientAsset != "" || a.ClientName != "10.0.0.1" {
		t.Errorf("of an asset that is no more: %q, %q", a.ClientAsset, a.ClientName)
	}
}

// TestWhoHadTheAddressThen: an address that moved is whoever had it when it was
// seen; of two segments the MAC tells; where nothing tells it is nobody.
func TestWhoHadTheAddressThen(t *testing.T) {
	s := fresh(t)
	until := func(seconds int) assetOption {
		return func(a *firedoor.Asset) { a.Identifiers[1].To = at(seconds) }
	}
	from := func(seconds int) assetOption {
		return func(a *firedoor.Asset) { a.Identifiers[1].From = at(seconds) }
	}
	segment := func(name string) assetOption { return func(a *firedoor.Asset) { a.Segment = name } }
	bond := func(name string) assetOption { return func(a *firedoor.Asset) { a.Identifiers[1].Bond = name } }
	apply(t, s,
		asset(t, 1, "10.0.0.9", until(100)), asset(t, 2, "10.0.0.9", from(101)),
		asset(t, 3, "192.168.0.1", segment("vlan:3")), asset(t, 4, "192.168.0.1", segment("vlan:4")),
		asset(t, 5, "10.0.0.50", bond("virtual")), asset(t, 6, "10.0.0.50", bond("seen")),
		alert(t, 50, firedoor.Low, "10.0.0.9", "192.168.0.1"), alert(t, 150, firedoor.Low, "10.0.0.9", "10.0.0.50"))
	withMAC := firedoor.AlertLine{ID: alertID(7), Time: at(7), Severity: "low", Server: &firedoor.Address{IP: "192.168.0.1", MAC: "00:80:f4:00:00:04"}}
	apply(t, s, recordOf(t, "line1", firedoor.RecordAlert, alertID(7), withMAC),
		conversation(t, "c", "10.0.0.9", "192.168.0.1", func(c *firedoor.Conversation) { c.Segment = "vlan:3" }))
	if a := find(t, s, 50); a.ClientAsset != assetID(1).String() || a.ServerAsset != "" || a.ServerName != "192.168.0.1" {
		t.Errorf("early: client %q, server %q", a.ClientAsset, a.ServerAsset)
	}
	if a := find(t, s, 150); a.ClientAsset != assetID(2).String() || a.ServerAsset != assetID(6).String() {
		t.Errorf("late: client %q, server %q", a.ClientAsset, a.ServerAsset)
	}
	if a := find(t, s, 7); a.ServerAsset != assetID(4).String() || a.Client != nil || a.ClientName != "" {
		t.Errorf("with a MAC: server %q, client %q", a.ServerAsset, a.ClientName)
	}
	if c, err := s.Conversation(t.Context(), "c"); err != nil || c.ServerAsset != assetID(3).String() || c.ClientAsset != "" {
		t.Errorf("of a segment: %+v, %v", c, err)
	}
}

func TestOrderOfAssets(t *testing.T) {
	s := fresh(t)
	in := func(segment string) assetOption { return func(a *firedoor.Asset) { a.Segment = segment } }
	apply(t, s, asset(t, 1, "10.0.0.10"), asset(t, 2, "10.0.0.9"), asset(t, 3, "fe80::1"), asset(t, 4, "10.0.0.1", in("vlan:10")), asset(t, 5, "10.0.0.1", in("vlan:9")),
		asset(t, 6, "10.0.0.1", func(a *firedoor.Asset) { a.Identifiers = nil }))
	var got []string
	q := store.AssetQuery{Limit: 4}
	for {
		p, err := s.Assets(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if p.Total != 6 {
			t.Errorf("total %d", p.Total)
		}
		for i := range p.Assets {
			got = append(got, p.Assets[i].Segment+" "+p.Assets[i].Addresses)
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			break
		}
	}
	want := []string{"untagged ", "untagged 10.0.0.9, 00:80:f4:00:00:02", "untagged 10.0.0.10, 00:80:f4:00:00:01", "untagged fe80::1, 00:80:f4:00:00:03",
		"vlan:9 10.0.0.1, 00:80:f4:00:00:05", "vlan:10 10.0.0.1, 00:80:f4:00:00:04"}
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Fatalf("they come as %q, want %q", got, want)
		}
	}
}

func TestMap(t *testing.T) {
	s := fresh(t)
	write := func(c *firedoor.Conversation) {
		c.Protocol, c.Verbs, c.Learned = "s7comm", []string{"read", "write"}, false
	}
	apply(t, s, asset(t, 1, "10.0.0.1"), asset(t, 2, "10.0.0.2", func(a *firedoor.Asset) { a.Level = "L2" }), asset(t, 3, "10.0.0.3"),
		conversation(t, "a", "10.0.0.2", "10.0.0.1"), conversation(t, "b", "10.0.0.2", "10.0.0.1", write), conversation(t, "c", "10.0.0.2", "10.0.0.77"),
		conversation(t, "d", "10.0.0.3", "10.0.0.1"), alert(t, 1, firedoor.Medium, "10.0.0.2", "10.0.0.1"))
	m, err := s.Map(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	one, two, three := assetID(1).String(), assetID(2).String(), assetID(3).String()
	if len(m.Edges) != 2 || m.Edges[0] != (store.Edge{Key: two + ">" + one, From: two, To: one, Protocols: "modbus, s7comm", Operations: 10, Changes: true, Severity: "medium"}) ||
		m.Edges[1] != (store.Edge{Key: three + ">" + one, From: three, To: one, Protocols: "modbus", Operations: 5, Learned: true}) {
		t.Errorf("edges: %+v", m.Edges)
	}
	if len(m.Nodes) != 3 || m.Nodes[0].Severity != "medium" || m.Nodes[2].Severity != "" || m.Nodes[1].Zone != "untagged/L2" {
		t.Errorf("nodes: %+v", m.Nodes)
	}
	if len(m.Zones) != 2 || m.Zones[0] != (store.Zone{ID: "untagged/L1", Name: "Line network, control", Level: "L1"}) {
		t.Errorf("zones: %+v", m.Zones)
	}
	if m.LeftOut != (store.LeftOut{}) {
		t.Errorf("left out: %+v", m.LeftOut)
	}
}

// TestMapHasRoomForAlerts: of more assets than a map shows, one with an alert is
// shown however quiet it is, and the others are counted.
func TestMapHasRoomForAlerts(t *testing.T) {
	s := fresh(t)
	const n = store.MaxNodes + 100
	var records []firedoor.Record
	for i := 1; i <= n; i++ {
		records = append(records, asset(t, i, ip(i)))
		if i > 1 {
			records = append(records, conversation(t, ip(i), ip(i), ip(1)))
		}
	}
	apply(t, s, append(records, alert(t, 1, firedoor.High, ip(1), ip(50)))...)
	m, err := s.Map(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Nodes) != store.MaxNodes || m.LeftOut.Nodes != 100 {
		t.Errorf("%d nodes, %d left out", len(m.Nodes), m.LeftOut.Nodes)
	}
	// Asset 1 and 50 have the least traffic of all.
	if m.Nodes[0].ID != assetID(1).String() || m.Nodes[0].Severity != "high" {
		t.Errorf("the quiet one with an alert is not there: %+v", m.Nodes[0])
	}
	if len(m.Edges)+m.LeftOut.Edges != n-1 || len(m.Edges) != store.MaxNodes-1 {
		t.Errorf("%d edges, %d left out", len(m.Edges), m.LeftOut.Edges)
	}
}

func ip(n int) string { return fmt.Sprintf("10.1.%d.%d", n/250, n%250+1) }
