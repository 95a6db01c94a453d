package sqlite

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/store"
)

// values is a record of process values of which each is as long as its object's name.
func values(t testing.TB, key, server string, objects ...string) firedoor.Record {
	t.Helper()
	unit := uint32(1)
	p := firedoor.Points{Segment: "untagged", Server: firedoor.Address{IP: server, Port: 502}, Protocol: "modbus", Unit: &unit}
	for _, o := range objects {
		x := float64(len(o))
		p.Values = append(p.Values, firedoor.PointValue{Object: o, Type: "u16", Value: &x, Min: &x, Max: &x, First: at(0), Changed: at(1)})
	}
	return recordOf(t, "line1", firedoor.RecordPoints, key, p)
}

// program is a record of a program with contents of these sums.
func program(t testing.TB, key, server, name string, sums ...string) firedoor.Record {
	t.Helper()
	p := firedoor.Program{Segment: "untagged", Server: firedoor.Address{IP: server, Port: 102}, Protocol: "s7comm", Kind: "block", Name: name}
	for i, sum := range sums {
		p.Contents = append(p.Contents, firedoor.ProgramContent{Sum: sum, Whole: true, Bytes: 100, Downloads: 1, First: at(i), Last: at(i), Client: &firedoor.Address{IP: "10.0.0.9"}})
	}
	return recordOf(t, "line1", firedoor.RecordProgram, key, p)
}

func pointsOf(t testing.TB, s *Store, asset int, text string) *store.PointPage {
	t.Helper()
	p, err := s.Points(t.Context(), store.OfAsset{Asset: assetID(asset).String(), Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func programsOf(t testing.TB, s *Store, asset int) []store.Program {
	t.Helper()
	p, err := s.Programs(t.Context(), store.OfAsset{Asset: assetID(asset).String()})
	if err != nil {
		t.Fatal(err)
	}
	return p.Programs
}

func objects(p *store.PointPage) (out []string) {
	for i := range p.Points {
		out = append(out, p.Points[i].Object)
	}
	return out
}

func heads(t testing.TB, s *Store) (n int) {
	t.Helper()
	if err := s.readers.QueryRowContext(t.Context(), `SELECT count(*) FROM point_records`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestPointsOfAnAsset: values come before their asset is known, in records that are
// cut anew, and each stands once, in the order of its numbers.
func TestPointsOfAnAsset(t *testing.T) {
	s := fresh(t)
	apply(t, s, values(t, "p-1-0", "10.0.0.1", "holding:2", "holding:10"), values(t, "p-1-1", "10.0.0.1", "holding:20", "tag:Speed"))
	if _, err := s.Points(t.Context(), store.OfAsset{Asset: assetID(1).String()}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("values of an asset that is not there: %v", err)
	}
	apply(t, s, asset(t, 1, "10.0.0.1", func(a *firedoor.Asset) { a.Aliases = []firedoor.AssetID{assetID(7)} }))
	if got := objects(pointsOf(t, s, 7, "")); !slices.Equal(got, []string{"holding:2", "holding:10", "holding:20", "tag:Speed"}) {
		t.Errorf("by the alias: %v", got)
	}
	// A new value at the front moves another into the next record.
	c := apply(t, s, values(t, "p-1-0", "10.0.0.1", "holding:1", "holding:2"), values(t, "p-1-1", "10.0.0.1", "holding:10", "holding:20", "tag:Speed"))
	if got := objects(pointsOf(t, s, 1, "")); !slices.Equal(got, []string{"holding:1", "holding:2", "holding:10", "holding:20", "tag:Speed"}) {
		t.Errorf("after a value came: %v", got)
	}
	if !slices.Equal(c.Points, []string{assetID(1).String()}) {
		t.Errorf("changes: %+v", c)
	}
	if got := pointsOf(t, s, 1, "SPEED modbus"); got.Total != 1 || *got.Points[0].Value != 9 || got.Points[0].Server.IP != "10.0.0.1" || *got.Points[0].Unit != 1 || got.Points[0].Changed != at(1) {
		t.Errorf("by text: %+v", got)
	}
	var all []string
	q := store.OfAsset{Asset: assetID(1).String(), Limit: 2}
	for range 5 {
		page, err := s.Points(t.Context(), q)
		if err != nil || page.Total != 5 {
			t.Fatal(page, err)
		}
		all = append(all, objects(page)...)
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	if strings.Join(all, " ") != "holding:1 holding:2 holding:10 holding:20 tag:Speed" {
		t.Errorf("page by page: %v", all)
	}
	// All values of a record move to another one, which is as if it was not there.
	apply(t, s, values(t, "p-1-0", "10.0.0.1", "holding:1", "holding:2", "holding:10", "holding:20", "tag:Speed"))
	if n := heads(t, s); n != 1 {
		t.Errorf("%d records have values, want 1", n)
	}
	// The address is another asset's now.
	apply(t, s, asset(t, 1, "10.0.0.5"), asset(t, 2, "10.0.0.1"))
	if one, two := pointsOf(t, s, 1, "").Total, pointsOf(t, s, 2, "").Total; one != 0 || two != 5 {
		t.Errorf("%d values of the old asset, %d of the new one", one, two)
	}
	apply(t, s, firedoor.Record{Sensor: "line1", Kind: firedoor.RecordPoints, Key: "p-1-0", Gone: true})
	if st := s.Stats(); st.Points != 0 || heads(t, s) != 0 {
		t.Errorf("%d values are left", st.Points)
	}
}

func TestPointsAreBounded(t *testing.T) {
	limits := DefaultLimits
	limits.Points, limits.Programs = 3, 1
	s := open(t, t.TempDir(), limits)
	apply(t, s, asset(t, 1, "10.0.0.1"), values(t, "p-1-0", "10.0.0.1", "holding:1", "holding:2"), values(t, "p-1-1", "10.0.0.1", "holding:3", "holding:4"))
	apply(t, s, values(t, "p-2-0", "10.0.0.1", "coil:1"), values(t, "p-1-0", "10.0.0.1", "holding:2", "holding:2"))
	st := s.Stats()
	if got := objects(pointsOf(t, s, 1, "")); !slices.Equal(got, []string{"holding:2", "holding:3"}) || st.Points != 2 || st.PointsNoRoom != 2 || heads(t, s) != 2 {
		t.Errorf("%v, %d heads, %+v", got, heads(t, s), st)
	}
	apply(t, s, program(t, "r-1", "10.0.0.1", "OB1", "aa"), program(t, "r-2", "10.0.0.1", "OB2", "bb"))
	if st := s.Stats(); st.Programs != 1 || st.Refused != 1 {
		t.Errorf("%+v", st)
	}
	long := strings.Repeat("<1", 2000)
	for _, bad := range []firedoor.Record{
		{Sensor: "line1", Kind: firedoor.RecordPoints, Key: "p", Body: []byte(`{"values":[]}`)},
		{Sensor: "line1", Kind: firedoor.RecordPoints, Key: "p", Body: []byte(`{"values":[{"object":"a","changed":"yesterday"}]}`)},
		{Sensor: "line1", Kind: firedoor.RecordProgram, Key: "r", Body: []byte(`[]`)},
	} {
		before := s.Stats().Refused
		if apply(t, s, bad); s.Stats().Refused != before+1 {
			t.Errorf("%s was taken", bad.Body)
		}
	}
	// What is long has its place among the others, and a cursor.
	s = fresh(t)
	apply(t, s, asset(t, 1, "10.0.0.1"), values(t, "p-1-0", "10.0.0.1", long+"a", long+"b", "z"))
	page, err := s.Points(t.Context(), store.OfAsset{Asset: assetID(1).String(), Limit: 1})
	for n := 1; n < 3 && err == nil; n++ {
		page, err = s.Points(t.Context(), store.OfAsset{Asset: assetID(1).String(), Limit: 1, Cursor: page.Next})
	}
	if err != nil || len(page.Points) != 1 || page.Points[0].Object != "z" {
		t.Errorf("the last of long names: %.80v, %v", page, err)
	}
}

func TestProgramsOfAnAsset(t *testing.T) {
	s := fresh(t)
	apply(t, s, asset(t, 1, "10.0.0.1"), program(t, "r-1", "10.0.0.1", "FB17", "aa"), program(t, "r-2", "10.0.0.1", "FB2", "bb"))
	c := apply(t, s, program(t, "r-1", "10.0.0.1", "FB17", "aa", "cc"))
	got := programsOf(t, s, 1)
	if len(got) != 2 || got[0].Name != "FB2" || got[1].Name != "FB17" || len(got[1].Contents) != 2 || got[1].Sensor != "line1" || len(c.Programs) != 1 {
		t.Errorf("%+v, changes %+v", got, c)
	}
	apply(t, s, asset(t, 1, "10.0.0.5"), asset(t, 2, "10.0.0.1"))
	if one, two := programsOf(t, s, 1), programsOf(t, s, 2); len(one) != 0 || len(two) != 2 {
		t.Errorf("%d programs of the old asset, %d of the new one", len(one), len(two))
	}
	apply(t, s, firedoor.Record{Sensor: "line1", Kind: firedoor.RecordProgram, Key: "r-1", Gone: true})
	if got := programsOf(t, s, 2); len(got) != 1 || s.Stats().Programs != 1 {
		t.Errorf("%+v", got)
	}
}

// TestRoundSweepsValues: what a sensor went on without is gone at the end of its round.
func TestRoundSweepsValues(t *testing.T) {
	s := fresh(t)
	apply(t, s, asset(t, 1, "10.0.0.1"), values(t, "p-1-0", "10.0.0.1", "holding:1"), values(t, "p-1-1", "10.0.0.1", "holding:2"),
		program(t, "r-1", "10.0.0.1", "OB1", "aa"), program(t, "r-2", "10.0.0.1", "OB2", "aa"), of("line2", values(t, "p-9-0", "10.0.0.1", "holding:9")))
	apply(t, s, round("line1", firedoor.RoundBegin), asset(t, 1, "10.0.0.1"), values(t, "p-1-1", "10.0.0.1", "holding:2"), program(t, "r-2", "10.0.0.1", "OB2", "aa"))
	apply(t, s, round("line1", firedoor.RoundEnd))
	if got, p := objects(pointsOf(t, s, 1, "")), programsOf(t, s, 1); fmt.Sprint(got) != "[holding:2]" || len(p) != 1 || p[0].Name != "OB2" {
		t.Errorf("%v, %+v", got, p)
	}
	if st := s.Stats(); st.Points != 2 || st.Programs != 1 {
		t.Errorf("%+v", st)
	}
}
