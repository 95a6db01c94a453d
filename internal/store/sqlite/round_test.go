package sqlite

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/store"
)

func round(sensor, key string) firedoor.Record {
	return firedoor.Record{Sensor: sensor, Kind: firedoor.RecordRound, Key: key}
}

func of(sensor string, r firedoor.Record) firedoor.Record { r.Sensor = sensor; return r }

// held gives the assets and conversations of a sensor, as names and keys.
func held(t testing.TB, s *Store, sensor string) string {
	t.Helper()
	var out []string
	for _, query := range []string{`SELECT name FROM assets WHERE sensor = ? ORDER BY id`, `SELECT key FROM conversations WHERE sensor = ? ORDER BY key`} {
		rows, err := s.readers.QueryContext(t.Context(), query, sensor)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				t.Fatal(err)
			}
			out = append(out, name)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
	}
	return fmt.Sprint(out)
}

// told is a sensor's first life: three assets, two conversations, an alert.
func told(t testing.TB, s *Store) {
	t.Helper()
	apply(t, s, asset(t, 1, "10.0.0.1"), asset(t, 2, "10.0.0.2"), asset(t, 3, "10.0.0.3", func(a *firedoor.Asset) { a.Aliases = []firedoor.AssetID{assetID(33)} }))
	apply(t, s, conversation(t, "c1", "10.0.0.1", "10.0.0.2"), conversation(t, "c2", "10.0.0.3", "10.0.0.2"))
	apply(t, s, alert(t, 1, firedoor.High, "10.0.0.3", "10.0.0.2"))
	apply(t, s, of("line2", asset(t, 3, "10.0.0.3")), of("line2", conversation(t, "c2", "10.0.0.3", "10.0.0.2")))
}

const all = "[PLC-1 PLC-2 PLC-3 c1 c2]"

// TestRoundSweepsGhosts: a sensor that went on from an older state no longer
// knows of the third asset and the second conversation.
func TestRoundSweepsGhosts(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, DefaultLimits)
	told(t, s)
	if _, err := s.Acknowledge(t.Context(), alertID(1), store.Acknowledgement{By: "me", Comment: "x"}); err != nil {
		t.Fatal(err)
	}
	apply(t, s, round("line1", firedoor.RoundBegin))
	apply(t, s, asset(t, 1, "10.0.0.1")) // as it was
	// The console may be started again in between.
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, DefaultLimits)
	apply(t, s, asset(t, 2, "10.0.0.2", func(a *firedoor.Asset) { a.Packets++ }), asset(t, 4, "10.0.0.4"))
	apply(t, s, conversation(t, "c1", "10.0.0.1", "10.0.0.2"))
	if got := held(t, s, "line1"); got != "[PLC-1 PLC-2 PLC-3 PLC-4 c1 c2]" {
		t.Errorf("before the end there are %s", got)
	}
	changes := apply(t, s, round("line1", firedoor.RoundEnd))
	if got := held(t, s, "line1"); got != "[PLC-1 PLC-2 PLC-4 c1]" {
		t.Errorf("after the end there are %s", got)
	}
	if !slices.Equal(changes.Assets, []string{assetID(3).String()}) || !slices.Equal(changes.Conversations, []string{"c2"}) || changes.Alerts != nil {
		t.Errorf("pages are told of %+v", changes)
	}
	if got := held(t, s, "line2"); got != "[PLC-3 c2]" {
		t.Errorf("of the other sensor there are %s", got)
	}
	a, err := s.Alert(t.Context(), alertID(1))
	if err != nil || a.Acknowledged == nil || a.ClientAsset != "" || a.ClientName != "10.0.0.3" {
		t.Errorf("the alert is %+v, %v", a, err)
	}
	if _, err := s.Asset(t.Context(), assetID(33).String()); err == nil {
		t.Error("the alias of what is gone leads somewhere")
	}
	if st := s.Stats(); st.Assets != 4 || st.Conversations != 2 || st.SweptAssets != 1 || st.SweptConversations != 1 || st.BrokenRounds != 0 || st.Refused != 0 {
		t.Errorf("stats: %+v", st)
	}
	// What comes after the end is told as ever, and a second end finds nothing.
	apply(t, s, asset(t, 3, "10.0.0.3"), round("line1", firedoor.RoundEnd))
	if got := held(t, s, "line1"); got != "[PLC-1 PLC-2 PLC-3 PLC-4 c1]" {
		t.Errorf("after another end there are %s", got)
	}
}

// TestRoundsThatSweepNothing: where it is not sure that a thing was not told,
// it stays.
func TestRoundsThatSweepNothing(t *testing.T) {
	begin, end := round("line1", firedoor.RoundBegin), round("line1", firedoor.RoundEnd)
	for _, c := range []struct {
		name   string
		broken uint64
		play   func(s *Store)
	}{
		{"an end without a begin", 0, func(s *Store) { apply(t, s, end) }},
		{"a begin without an end", 0, func(s *Store) { apply(t, s, begin); apply(t, s, alert(t, 2, firedoor.High, "10.0.0.1", "10.0.0.2")) }},
		{"the end of another", 0, func(s *Store) { apply(t, s, begin); apply(t, s, round("line3", firedoor.RoundEnd)) }},
		{"another stream between", 1, func(s *Store) { apply(t, s, begin); applyAt(t, s, "new", 1, end) }},
		{"another stream that counts on", 1, func(s *Store) { apply(t, s, begin); applyAt(t, s, "new", 6, end) }},
		{"messages that are missing", 1, func(s *Store) { apply(t, s, begin); applyAt(t, s, "s", 7, end) }},
		{"a message that nobody could read", 1, func(s *Store) { apply(t, s, begin); apply(t, s); apply(t, s, end) }},
		{"records that make no sense here", 0, func(s *Store) {
			apply(t, s, begin)
			for _, r := range []firedoor.Record{asset(t, 1, ""), asset(t, 2, ""), asset(t, 3, ""), conversation(t, "c1", "", ""), conversation(t, "c2", "", "")} {
				r.Body = []byte(`{"first_seen":7,"first":7}`)
				apply(t, s, r)
			}
			apply(t, s, end)
		}},
		{"a begin that comes again and all after it", 0, func(s *Store) {
			apply(t, s, begin)
			apply(t, s, asset(t, 1, "10.0.0.1"))
			apply(t, s, begin)
			told(t, s)
			apply(t, s, end)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := fresh(t)
			told(t, s)
			c.play(s)
			if got := held(t, s, "line1"); got != all {
				t.Errorf("there are %s, want %s", got, all)
			}
			if st := s.Stats(); st.SweptAssets != 0 || st.SweptConversations != 0 || st.BrokenRounds != c.broken {
				t.Errorf("stats: %+v", st)
			}
		})
	}
}

func applyAt(t testing.TB, s *Store, stream string, seq uint64, records ...firedoor.Record) {
	t.Helper()
	if _, err := s.Apply(t.Context(), store.Position{Stream: stream, Seq: seq}, begin, records); err != nil {
		t.Fatal(err)
	}
}

// TestRoundAfterAnother: a broken round does not keep the next from sweeping,
// and what was told in the first counts for nothing in the second.
func TestRoundAfterAnother(t *testing.T) {
	s := fresh(t)
	told(t, s)
	apply(t, s, round("line1", firedoor.RoundBegin))
	apply(t, s, asset(t, 1, "10.0.0.1"), asset(t, 2, "10.0.0.2"))
	applyAt(t, s, "new", 1, round("line1", firedoor.RoundEnd))
	for i, r := range []firedoor.Record{round("line1", firedoor.RoundBegin), asset(t, 3, "10.0.0.3"), round("line1", firedoor.RoundEnd)} {
		applyAt(t, s, "new", uint64(2+i), r)
	}
	if got := held(t, s, "line1"); got != "[PLC-3]" {
		t.Errorf("there are %s", got)
	}
}

// TestUntoldIsBounded: what goes for another reason leaves the list of an open
// round as well.
func TestUntoldIsBounded(t *testing.T) {
	s := open(t, t.TempDir(), Limits{Alerts: 10, Assets: 3, Conversations: 3, Sensors: 1, Acknowledgements: 3})
	untold := func() (n int) {
		if err := s.readers.QueryRowContext(t.Context(), `SELECT count(*) FROM untold`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for i := range 3 {
		strange := of("line1", asset(t, 1+i, fmt.Sprint("10.0.0.", 1+i), func(a *firedoor.Asset) { a.Known = false }))
		apply(t, s, strange, conversation(t, fmt.Sprint("c", i), "10.0.0.1", "10.0.0.2", func(c *firedoor.Conversation) { c.Learned = false }))
	}
	apply(t, s, round("line1", firedoor.RoundBegin))
	if n := untold(); n != 6 {
		t.Fatalf("%d are noted, want 6", n)
	}
	for i := range 3 {
		apply(t, s, of("line2", asset(t, 11+i, fmt.Sprint("10.0.1.", i))), of("line2", conversation(t, fmt.Sprint("d", i), "10.0.1.1", "10.0.1.2")))
	}
	if n := untold(); n != 0 || held(t, s, "line2") != "[PLC-11 PLC-12 PLC-13 d0 d1 d2]" {
		t.Errorf("%d are noted though all made room; the other has %s", n, held(t, s, "line2"))
	}
	apply(t, s, round("line1", firedoor.RoundEnd))
	if st := s.Stats(); st.SweptAssets != 0 || st.RetiredAssets != 3 || st.Assets != 3 {
		t.Errorf("stats: %+v", st)
	}
	for _, bad := range []firedoor.Record{round("line1", "middle"), {Sensor: "line1", Kind: firedoor.RecordRound, Key: firedoor.RoundEnd, Gone: true}} {
		apply(t, s, bad)
	}
	if st := s.Stats(); st.Refused != 2 {
		t.Errorf("%d records were refused, want 2", st.Refused)
	}
}

// BenchmarkRound tells a large plant again as it was: the log says how long
// its parts took.
func BenchmarkRound(b *testing.B) {
	s := large(b)
	var records []firedoor.Record
	for i := 1; i <= 5000; i++ {
		records = append(records, asset(b, i, ip(i)))
		for j := range 4 {
			records = append(records, conversation(b, fmt.Sprint(i, "-", j), ip(i), ip(1+(i+j*37)%5000)))
		}
	}
	for b.Loop() {
		start := time.Now()
		apply(b, s, round("line1", firedoor.RoundBegin))
		began := time.Since(start)
		for rest := records; len(rest) > 0; {
			n := min(256, len(rest))
			apply(b, s, rest[:n]...)
			rest = rest[n:]
		}
		told := time.Since(start)
		apply(b, s, round("line1", firedoor.RoundEnd))
		b.Logf("begin %s, told %s, end %s", began, told-began, time.Since(start)-told)
	}
	if st := s.Stats(); st.SweptAssets != 0 || st.Assets != 5000 {
		b.Errorf("stats: %+v", st)
	}
}
