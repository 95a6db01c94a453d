package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/store"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func open(t testing.TB, dir string, limits Limits) *Store {
	t.Helper()
	s, err := OpenLimited(context.Background(), dir, limits, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func fresh(t testing.TB) *Store { t.Helper(); return open(t, t.TempDir(), DefaultLimits) }

var begin = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func at(seconds int) string { return begin.Add(time.Duration(seconds) * time.Second).Format(layout) }

func recordOf(t testing.TB, sensor string, kind firedoor.RecordKind, key string, body any) firedoor.Record {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return firedoor.Record{Sensor: sensor, Kind: kind, Key: key, Body: b}
}

func alertID(n int) string { return fmt.Sprintf("%016x", n) }

// alert n is n seconds after begin, from client to server.
func alert(t testing.TB, n int, severity firedoor.Severity, client, server string) firedoor.Record {
	t.Helper()
	return recordOf(t, "line1", firedoor.RecordAlert, alertID(n), firedoor.AlertLine{
		ID: alertID(n), Time: at(n), Kind: "new-writer", Severity: severity.String(), Sentence: fmt.Sprintf("Alert %d: somebody wrote holding:%d.", n, n),
		Client: &firedoor.Address{IP: client}, Server: &firedoor.Address{IP: server, Port: 502}, Protocol: "modbus", Techniques: []string{"T0855"}, Capture: "a.pcap", Frames: []uint32{1, 2}})
}

func assetID(n int) firedoor.AssetID { return firedoor.AssetID(n) }

type assetOption func(*firedoor.Asset)

func asset(t testing.TB, n int, ip string, options ...assetOption) firedoor.Record {
	t.Helper()
	a := firedoor.Asset{ID: assetID(n), Known: true, Segment: "untagged", Name: fmt.Sprintf("PLC-%d", n), Role: firedoor.RolePLC, Level: "L1", Vendor: "Siemens",
		FirstSeen: at(0), LastSeen: at(100 + n), Packets: uint64(n),
		Identifiers: []firedoor.Identifier{
			{Kind: "mac", Value: fmt.Sprintf("00:80:f4:00:%02x:%02x", n>>8&255, n&255), From: at(0), LastSeen: at(0)},
			{Kind: "ip", Value: ip, Bond: "seen", From: at(0), LastSeen: at(0)},
		}}
	for _, o := range options {
		o(&a)
	}
	return recordOf(t, "line1", firedoor.RecordAsset, a.ID.String(), a)
}

func conversation(t testing.TB, key, client, server string, options ...func(*firedoor.Conversation)) firedoor.Record {
	t.Helper()
	c := firedoor.Conversation{Segment: "untagged", Client: firedoor.Address{IP: client}, Server: firedoor.Address{IP: server, Port: 502}, Protocol: "modbus", Learned: true,
		First: at(0), Last: at(10), Packets: [2]uint64{10, 12}, Bytes: [2]uint64{1000, 1200}, Operations: 5, Verbs: []string{"read"},
		Statements: []firedoor.Statement{{Verb: "read", Function: "read holding registers", First: at(0), Last: at(10)}}}
	for _, o := range options {
		o(&c)
	}
	return recordOf(t, "line1", firedoor.RecordConversation, key, c)
}

// apply folds records in as the next message of a stream.
func apply(t testing.TB, s *Store, records ...firedoor.Record) store.Changes {
	t.Helper()
	p, err := s.Position(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	changes, err := s.Apply(t.Context(), store.Position{Stream: "s", Seq: p.Seq + 1}, begin, records)
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

func alerts(t testing.TB, s *Store, q store.AlertQuery) *store.AlertPage {
	t.Helper()
	p, err := s.Alerts(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestApplyTwiceIsOnce(t *testing.T) {
	s := fresh(t)
	one := []firedoor.Record{alert(t, 1, firedoor.High, "10.0.0.1", "10.0.0.2")}
	for range 2 {
		if _, err := s.Apply(t.Context(), store.Position{Stream: "s", Seq: 7}, begin, one); err != nil {
			t.Fatal(err)
		}
	}
	// An older message must not put back what a newer one changed.
	if _, err := s.Apply(t.Context(), store.Position{Stream: "s", Seq: 8}, begin, []firedoor.Record{{Sensor: "line1", Kind: firedoor.RecordAlert, Key: alertID(1), Gone: true}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Apply(t.Context(), store.Position{Stream: "s", Seq: 7}, begin, one); err != nil {
		t.Fatal(err)
	}
	if p := alerts(t, s, store.AlertQuery{}); p.Total != 0 {
		t.Errorf("an old message was folded in again: %+v", p)
	}
	if st := s.Stats(); st.Messages != 2 || st.Repeated != 2 || st.Position.Seq != 8 || st.Alerts != 0 {
		t.Errorf("stats: %+v", st)
	}
}

func TestAlertGrowsAndKeepsWhatPeopleSaid(t *testing.T) {
	s := fresh(t)
	shown := begin.Add(time.Hour)
	s.wall = func() time.Time { return shown }
	if c := apply(t, s, alert(t, 1, firedoor.Low, "10.0.0.1", "10.0.0.2")); len(c.Alerts) != 1 || c.Alerts[0].ID != alertID(1) {
		t.Errorf("changes: %+v", c)
	}
	s.wall = func() time.Time { return shown.Add(time.Hour) }
	if _, err := s.Acknowledge(t.Context(), alertID(1), store.Acknowledgement{By: "me", Comment: "fine"}); err != nil {
		t.Fatal(err)
	}
	if c := apply(t, s, alert(t, 1, firedoor.Low, "10.0.0.1", "10.0.0.2")); len(c.Alerts) != 0 {
		t.Errorf("the same again is news: %+v", c)
	}
	if c := apply(t, s, alert(t, 1, firedoor.High, "10.0.0.1", "10.0.0.2")); len(c.Alerts) != 1 || c.Alerts[0].Severity != "high" {
		t.Errorf("changes when it grew: %+v", c)
	}
	a, err := s.Alert(t.Context(), alertID(1))
	if err != nil {
		t.Fatal(err)
	}
	if a.Severity != "high" || a.FirstShown != shown.Format(layout) || a.Acknowledged == nil || a.Acknowledged.Comment != "fine" || a.Acknowledged.Wall != shown.Add(time.Hour).Format(layout) {
		t.Errorf("it is %+v, acknowledged %+v", a, a.Acknowledged)
	}
	if _, err := s.Acknowledge(t.Context(), alertID(1), store.Acknowledgement{By: "other", Comment: "no"}); !errors.Is(err, store.ErrAcknowledged) {
		t.Errorf("a second acknowledgement: %v", err)
	}
	if _, err := s.Acknowledge(t.Context(), alertID(2), store.Acknowledgement{By: "me", Comment: "fine"}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("acknowledging nothing: %v", err)
	}
	// It goes and comes again: what people said stays.
	apply(t, s, firedoor.Record{Sensor: "line1", Kind: firedoor.RecordAlert, Key: alertID(1), Gone: true})
	apply(t, s, alert(t, 1, firedoor.High, "10.0.0.1", "10.0.0.2"))
	if p := alerts(t, s, store.AlertQuery{State: store.Acknowledged}); p.Total != 1 {
		t.Error("an alert that came again is no longer acknowledged")
	}
}

func TestNonsenseIsLeftOut(t *testing.T) {
	s := fresh(t)
	good := alert(t, 1, firedoor.Low, "10.0.0.1", "10.0.0.2")
	bad := []firedoor.Record{
		{Sensor: "line1", Kind: "poem", Key: "k", Body: json.RawMessage(`{}`)},
		{Sensor: "", Kind: firedoor.RecordAlert, Key: "k", Body: json.RawMessage(`{}`)},
		{Sensor: "line1", Kind: firedoor.RecordAlert, Key: "", Body: json.RawMessage(`{}`)},
		{Sensor: "line1", Kind: firedoor.RecordAlert, Key: "k", Body: json.RawMessage(`{`)},
		{Sensor: "line1", Kind: firedoor.RecordAlert, Key: "other", Body: good.Body},
		{Sensor: "line1", Kind: firedoor.RecordAlert, Key: strings.Repeat("x", store.MaxKey+1), Body: good.Body},
		{Sensor: "line1", Kind: firedoor.RecordAlert, Key: alertID(2), Body: json.RawMessage(strings.ReplaceAll(strings.ReplaceAll(string(good.Body), alertID(1), alertID(2)), at(1), "0001-01-01T00:00:00Z"))},
		{Sensor: "line1", Kind: firedoor.RecordAlert, Key: alertID(1), Body: json.RawMessage(strings.ReplaceAll(string(good.Body), `"low"`, `"catastrophic"`))},
		{Sensor: "line1", Kind: firedoor.RecordAsset, Key: "a-1", Body: json.RawMessage(`{"id":"a-000000000001"}`)},
		{Sensor: "line1", Kind: firedoor.RecordConversation, Key: "c", Body: json.RawMessage(`{"first":"yesterday"}`)},
		{Sensor: "line1", Kind: firedoor.RecordSensor, Key: "line1", Body: json.RawMessage(`{"name":"another"}`)},
	}
	apply(t, s, append(bad, good)...)
	if st := s.Stats(); st.Refused != uint64(len(bad)) || st.Records != 1 || st.Alerts != 1 {
		t.Errorf("stats: %+v", st)
	}
}

// TestEveryAlertOnce walks 10,000 alerts page by page while others come and go.
func TestEveryAlertOnce(t *testing.T) {
	s := fresh(t)
	const n = 10_000
	for i := 0; i < n; i += 250 {
		var batch []firedoor.Record
		for j := i; j < i+250; j++ {
			// Four alerts share each moment.
			r := alert(t, j, firedoor.Severity(j%4), "10.0.0.1", "10.0.0.2")
			r.Body = json.RawMessage(strings.Replace(string(r.Body), at(j), at(j/4), 1))
			batch = append(batch, r)
		}
		apply(t, s, batch...)
	}
	var seen []string
	q := store.AlertQuery{Limit: 999}
	for {
		p := alerts(t, s, q)
		for i := range p.Alerts {
			seen = append(seen, p.Alerts[i].Time+" "+p.Alerts[i].ID)
		}
		apply(t, s, alert(t, 1_000_000+len(seen), firedoor.High, "10.0.0.1", "10.0.0.2")) // newer than all
		if q.Cursor = p.Next; q.Cursor == "" {
			break
		}
	}
	if len(seen) != n {
		t.Fatalf("saw %d alerts, want %d", len(seen), n)
	}
	if !slices.IsSortedFunc(seen, func(a, b string) int { return strings.Compare(b, a) }) {
		t.Error("they do not come newest first")
	}
	if slices.Sort(seen); len(slices.Compact(seen)) != n {
		t.Error("some came twice")
	}
	if p := alerts(t, s, store.AlertQuery{Severities: []firedoor.Severity{firedoor.Info, firedoor.High}, Limit: 10}); p.Total != n/2+11 || len(p.Alerts) != 10 {
		t.Errorf("by severity: %d, a page of %d", p.Total, len(p.Alerts))
	}
	if p := alerts(t, s, store.AlertQuery{Text: "HOLDING:4321. alert"}); p.Total != 1 || p.Alerts[0].ID != alertID(4321) {
		t.Errorf("by words: %+v", p)
	}
	for _, cursor := range []string{"nonsense", "e30", strings.Repeat("A", 5000)} {
		if _, err := s.Alerts(t.Context(), store.AlertQuery{Cursor: cursor}); !errors.Is(err, store.ErrCursor) {
			t.Errorf("cursor %.10q: %v", cursor, err)
		}
	}
}

func TestOverview(t *testing.T) {
	s := fresh(t)
	o, err := s.Overview(t.Context(), begin)
	if err != nil {
		t.Fatal(err)
	}
	if o.Stage != "unknown" || o.Needs == nil || o.Assets.Levels == nil {
		t.Errorf("of nothing: %+v", o)
	}
	var records []firedoor.Record
	for i := range 12 {
		records = append(records, alert(t, i, firedoor.Severity(i%4), "10.0.0.1", "10.0.0.2"))
	}
	records = append(records, asset(t, 1, "10.0.0.1"), asset(t, 2, "10.0.0.2", func(a *firedoor.Asset) { a.Known, a.Level = false, "" }), conversation(t, "c", "10.0.0.1", "10.0.0.2"))
	for i, stage := range []firedoor.Stage{firedoor.Watching, firedoor.Learning} {
		name := fmt.Sprint("sensor", i)
		records = append(records, recordOf(t, name, firedoor.RecordSensor, name, firedoor.SensorState{Name: name, Stage: stage, StageSince: at(i), Traffic: at(50 + i), Statements: 10, Learned: 4,
			Sources: []firedoor.SourceState{{Name: "eth0", State: []string{"running", "down"}[i]}}}))
	}
	apply(t, s, records...)
	if _, err := s.Acknowledge(t.Context(), alertID(11), store.Acknowledgement{By: "me", Comment: "x"}); err != nil {
		t.Fatal(err)
	}
	if o, err = s.Overview(t.Context(), begin.Add(10*time.Second)); err != nil {
		t.Fatal(err)
	}
	if o.Alerts.Open != (store.Severities{Info: 3, Low: 3, Medium: 3, High: 2}) || o.Alerts.Acknowledged != 1 || o.Alerts.Total != 12 {
		t.Errorf("alerts: %+v", o.Alerts)
	}
	if o.Assets.Known != 1 || o.Assets.New != 1 || o.Assets.Total != 2 || o.Assets.Levels["L1"] != 1 || o.Assets.Levels[""] != 1 {
		t.Errorf("assets: %+v", o.Assets)
	}
	if o.Stage != "learning" || o.StageSince != at(1) || o.Traffic != at(51) || o.Statements != 20 || o.Learned != 8 || o.Conversations != 1 {
		t.Errorf("overview: %+v", o)
	}
	if o.Sensors != (store.SensorCounts{Total: 2, Running: 2, Troubled: 1}) {
		t.Errorf("sensors: %+v", o.Sensors)
	}
	var needs []string
	for i := range o.Needs {
		needs = append(needs, o.Needs[i].ID[14:])
	}
	if fmt.Sprint(needs) != "[07 03 0a 06 02 09 05 01]" {
		t.Errorf("needs, gravest and newest first: %v", needs)
	}
	if o, _ = s.Overview(t.Context(), begin.Add(store.Silence+time.Second)); o.Sensors.Running != 0 || o.Sensors.Troubled != 2 {
		t.Errorf("silent sensors: %+v", o.Sensors)
	}
}

func TestKnownGoesLast(t *testing.T) {
	s := open(t, t.TempDir(), Limits{Alerts: 10, Assets: 10, Conversations: 10, Sensors: 1, Acknowledgements: 3})
	strange := func(a *firedoor.Asset) { a.Known = false }
	for i := range 8 {
		apply(t, s, asset(t, 1+i, fmt.Sprint("10.0.0.", 1+i)), conversation(t, fmt.Sprint("k", i), "10.0.0.1", "10.0.0.2"), alert(t, i, firedoor.High, "10.0.0.1", "10.0.0.2"))
	}
	if _, err := s.Acknowledge(t.Context(), alertID(7), store.Acknowledgement{By: "me", Comment: "x"}); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		apply(t, s, asset(t, 100+i, fmt.Sprint("10.0.1.", i), strange), alert(t, 100+i, firedoor.High, "10.0.0.1", "10.0.0.2"),
			conversation(t, fmt.Sprint("n", i), "10.0.0.1", "10.0.0.2", func(c *firedoor.Conversation) { c.Learned, c.Last = false, at(i) }))
	}
	assets, err := s.Assets(t.Context(), store.AssetQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range assets.Assets {
		names = append(names, assets.Assets[i].Name)
	}
	if fmt.Sprint(names) != "[PLC-1 PLC-2 PLC-3 PLC-4 PLC-5 PLC-6 PLC-7 PLC-8 PLC-103 PLC-104]" {
		t.Errorf("kept are %v", names)
	}
	conversations, err := s.Conversations(t.Context(), store.ConversationQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for i := range conversations.Conversations {
		keys = append(keys, conversations.Conversations[i].Key)
	}
	if fmt.Sprint(keys) != "[k0 k1 k2 k3 k4 k5 k6 k7 n3 n4]" {
		t.Errorf("kept are %v", keys)
	}
	var ids []string
	for _, a := range alerts(t, s, store.AlertQuery{}).Alerts {
		ids = append(ids, a.ID[14:])
	}
	// The acknowledged seventh went first, then the oldest.
	if fmt.Sprint(ids) != "[68 67 66 65 64 06 05 04 03 02]" {
		t.Errorf("kept are %v", ids)
	}
	if st := s.Stats(); st.Alerts != 10 || st.RetiredAlerts != 3 || st.RetiredAssets != 3 || st.RetiredConversations != 3 {
		t.Errorf("stats: %+v", st)
	}
	// Known ones only: the newest finds no room, nobody makes any.
	for i := range 4 {
		apply(t, s, asset(t, 200+i, fmt.Sprint("10.0.2.", i), func(a *firedoor.Asset) { a.FirstSeen = at(50 + i) }))
	}
	if _, err := s.Asset(t.Context(), assetID(1).String()); err != nil {
		t.Errorf("the first known asset made room: %v", err)
	}
	if _, err := s.Asset(t.Context(), assetID(203).String()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the newest found room: %v", err)
	}
	for i := range 4 {
		if _, err := s.Acknowledge(t.Context(), alertID(100+i), store.Acknowledgement{By: "me", Comment: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	if st := s.Stats(); st.Acknowledgements != 3 || st.RetiredAcknowledgements != 2 {
		t.Errorf("acknowledgements: %+v", st)
	}
}

func TestNewerVersionIsRefused(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, DefaultLimits).Close()
	setVersion(t, dir, "99")
	_, err := Open(t.Context(), dir, quiet())
	if !errors.Is(err, store.ErrNewer) || !strings.Contains(err.Error(), "99") || !strings.Contains(err.Error(), dir) {
		t.Errorf("a store of version 99: %v", err)
	}
}

// TestVersionsLoad: an upgrade never loses what was kept. Each file was written
// by the version in its name, and is never written again once there is a later
// one. Those from version 2 on are in the midst of a round.
func TestVersionsLoad(t *testing.T) {
	if os.Getenv("FIREDOOR_WRITE_FIXTURE") != "" {
		writeFixture(t, fmt.Sprintf("testdata/version%d.db", Version))
	}
	for version := 1; version <= Version; version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) { loads(t, fmt.Sprintf("testdata/version%d.db", version), version) })
	}
}

func loads(t *testing.T, fixture string, version int) {
	b, err := os.ReadFile(fixture)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, File), b, 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir, DefaultLimits)
	p, err := s.Position(t.Context())
	if err != nil || p != (store.Position{Stream: "s", Seq: uint64(version)}) {
		t.Errorf("position %+v, %v", p, err)
	}
	a, err := s.Alert(t.Context(), alertID(1))
	if err != nil || a.Acknowledged == nil || a.Acknowledged.Comment != "it was me" || a.ServerName != "PLC-2" {
		t.Errorf("alert %+v, %v", a, err)
	}
	if x, err := s.Asset(t.Context(), assetID(9).String()); err != nil || x.Name != "PLC-2" {
		t.Errorf("asset by its alias: %+v, %v", x, err)
	}
	if c, err := s.Conversation(t.Context(), "c"); err != nil || c.ClientName != "PLC-1" {
		t.Errorf("conversation: %+v, %v", c, err)
	}
	if x, err := s.Sensors(t.Context(), begin); err != nil || len(x) != 1 || x[0].Stage != firedoor.Watching {
		t.Errorf("sensors: %+v, %v", x, err)
	}
	apply(t, s, alert(t, 5, firedoor.High, "10.0.0.1", "10.0.0.2"))
	if st := s.Stats(); st.Alerts != 2 {
		t.Errorf("after one more alert: %+v", st)
	}
	// A store of before rounds gets along with them; one in the midst of one ends it.
	if version == 1 {
		apply(t, s, round("line1", firedoor.RoundBegin))
		apply(t, s, asset(t, 1, "10.0.0.1"))
	}
	if got := pointsOf(t, s, 2, "").Total; version >= 3 && got != 2 {
		t.Errorf("%d process values, want 2", got)
	}
	apply(t, s, round("line1", firedoor.RoundEnd))
	if got := held(t, s, "line1"); got != "[PLC-1]" {
		t.Errorf("after a round there are %s", got)
	}
	if st := s.Stats(); st.Points != 0 || st.Programs != min(1, max(0, version-2)) {
		t.Errorf("after a round there are %d process values and %d programs", st.Points, st.Programs)
	}
}

func writeFixture(t *testing.T, path string) {
	t.Helper()
	dir := t.TempDir()
	s := open(t, dir, DefaultLimits)
	s.wall = func() time.Time { return begin.Add(time.Hour) }
	apply(t, s, asset(t, 1, "10.0.0.1"), asset(t, 2, "10.0.0.2", func(a *firedoor.Asset) { a.Aliases = []firedoor.AssetID{assetID(9)} }),
		conversation(t, "c", "10.0.0.1", "10.0.0.2"), alert(t, 1, firedoor.High, "10.0.0.1", "10.0.0.2"),
		recordOf(t, "line1", firedoor.RecordSensor, "line1", firedoor.SensorState{Name: "line1", Stage: firedoor.Watching}))
	if _, err := s.Acknowledge(t.Context(), alertID(1), store.Acknowledgement{By: "operator", Comment: "it was me"}); err != nil {
		t.Fatal(err)
	}
	apply(t, s, values(t, "p-1-0", "10.0.0.2", "holding:1", "holding:2"), program(t, "r-1", "10.0.0.1", "OB1", "aa"))
	apply(t, s, round("line1", firedoor.RoundBegin), asset(t, 1, "10.0.0.1"), program(t, "r-1", "10.0.0.1", "OB1", "aa"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}
