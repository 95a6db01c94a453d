package baseline

import (
	"encoding/binary"
	"math"
	"testing"

	"firedoor"

	"pgregory.net/rapid"
)

func words(v ...uint16) *firedoor.Values {
	var raw []byte
	for _, x := range v {
		raw = binary.BigEndian.AppendUint16(raw, x)
	}
	return &firedoor.Values{Type: firedoor.U16, Count: len(v), Raw: raw}
}

func float(v float32) *firedoor.Values {
	return &firedoor.Values{Type: firedoor.F32, Count: 1, Raw: binary.BigEndian.AppendUint32(nil, math.Float32bits(v))}
}

// writing is a table with one statement.
func writing(t testing.TB) (*Table, int32) {
	table := roomy()
	open(t, table, 1, true)
	st, _ := table.Ask(0, &firedoor.Operation{Verb: firedoor.VerbWrite}, 0, true)
	return table, st
}

func TestWrittenValuesOutside(t *testing.T) {
	settled := []uint16{100, 200, 150, 150, 150, 150} // grew last at the second of six
	growing := []uint16{100, 110, 120, 130}
	for name, c := range map[string]struct {
		learned []uint16
		got     uint16
		outside bool
	}{
		"inside":                        {settled, 130, false},
		"the least":                     {settled, 100, false},
		"within the margin":             {settled, 205, false},
		"beyond the margin":             {settled, 206, true},
		"below the margin":              {settled, 94, true},
		"a range that still grows":      {growing, 159, false},
		"far from one that still grows": {growing, 161, true},
		"always the same":               {[]uint16{7, 7, 7}, 8, true},
		"seen once":                     {[]uint16{7}, 9000, false},
		"noise":                         {[]uint16{0, 40000, 3, 5, 9}, 65535, false},
	} {
		t.Run(name, func(t *testing.T) {
			table, st := writing(t)
			for _, v := range c.learned {
				if _, outside := table.Write(st, words(v), true); outside {
					t.Fatal("learning raises nothing")
				}
			}
			got, outside := table.Write(st, words(c.got), false)
			if outside != c.outside || outside && got.Got != float64(c.got) {
				t.Errorf("%+v, want outside %v", got, c.outside)
			}
		})
	}
}

func TestEachElementHasItsRange(t *testing.T) {
	table, st := writing(t)
	for range 4 {
		table.Write(st, words(1, 100, 1000), true)
	}
	out, outside := table.Write(st, words(1, 100, 1001), false)
	if !outside || out != (Outside{Element: 2, Got: 1001, Low: 1000, High: 1000}) {
		t.Errorf("%+v %v", out, outside)
	}
	if rs := table.Ranges(st); len(rs) != 3 || rs[1] != (Range{Min: 100, Max: 100, Count: 4, Settled: 1}) {
		t.Errorf("%+v", rs)
	}
}

func TestRangesAreBounded(t *testing.T) {
	table, st := writing(t)
	many := make([]uint16, MaxRanged+9)
	for range 3 {
		table.Write(st, words(many...), true)
	}
	if n := len(table.Ranges(st)); n != MaxRanged {
		t.Errorf("%d ranges", n)
	}
	many[MaxRanged] = 5 // has no range: nothing is known of it
	if _, outside := table.Write(st, words(many...), false); outside {
		t.Error("an element without a range is outside")
	}
	small := New(Limits{Conversations: 1, Statements: 10, Ranges: 2})
	open(t, small, 1, true)
	for i := range uint32(3) {
		st, _ := small.Ask(0, &firedoor.Operation{Verb: firedoor.VerbWrite, Code: i}, 0, true)
		small.Write(st, words(1), true)
		small.Write(st, words(1), true)
		if _, outside := small.Write(st, words(9), false); outside != (i < 2) {
			t.Errorf("statement %d: outside %v", i, outside)
		}
	}
}

func TestNotANumberIsOutside(t *testing.T) {
	table, st := writing(t)
	nan := float32(math.NaN())
	for _, v := range []float32{20.5, nan, 21.5, 21, 21, 21} {
		table.Write(st, float(v), true)
	}
	if rs := table.Ranges(st); rs[0].Count != 5 || rs[0].Min != 20.5 || rs[0].Max != 21.5 {
		t.Fatalf("%+v", rs)
	}
	for _, v := range []float32{nan, float32(math.Inf(1)), 300} {
		if _, outside := table.Write(st, float(v), false); !outside {
			t.Errorf("%v is inside", v)
		}
	}
	if _, outside := table.Write(st, float(21.2), false); outside {
		t.Error("21.2 is outside")
	}
}

func TestInfinityCanBeLearned(t *testing.T) {
	table, st := writing(t)
	inf := float32(math.Inf(1))
	table.Write(st, float(inf), true)
	table.Write(st, float(inf), true)
	if _, outside := table.Write(st, float(inf), false); outside {
		t.Error("what was learned is outside")
	}
	if _, outside := table.Write(st, float(5), false); !outside {
		t.Error("5 is inside")
	}
}

func TestOutsideIsToldSeldom(t *testing.T) {
	table, st := writing(t)
	table.Write(st, words(5), true)
	table.Write(st, words(5), true)
	told := 0
	for i := range uint16(100) {
		if _, outside := table.Write(st, words(1000+i), false); outside {
			told++
		}
	}
	if told != maxOutside {
		t.Errorf("told %d times, want %d", told, maxOutside)
	}
}

func TestUnlearnedWritesHaveNoRange(t *testing.T) {
	table, st := writing(t)
	if _, outside := table.Write(st, words(5), false); outside || table.Ranges(st) != nil {
		t.Error("a range without learning")
	}
	if _, outside := table.Write(st, &firedoor.Values{}, true); outside || table.Ranges(st) != nil {
		t.Error("a range without values")
	}
}

// TestLearnedValuesAreInside: what was learned is never outside, whatever it was.
func TestLearnedValuesAreInside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := roomy()
		table.Converse(pairOf(0), 0, true)
		st, _ := table.Ask(0, &firedoor.Operation{Verb: firedoor.VerbWrite}, 0, true)
		typ := rapid.SampledFrom([]firedoor.ValueType{firedoor.Bit, firedoor.Bool, firedoor.U8, firedoor.I8, firedoor.U16, firedoor.I16,
			firedoor.U32, firedoor.I32, firedoor.U64, firedoor.I64, firedoor.F32, firedoor.F64}).Draw(t, "type")
		var all []*firedoor.Values
		for range rapid.IntRange(1, 20).Draw(t, "writes") {
			v := &firedoor.Values{Type: typ, Count: 2, Raw: rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "raw")}
			if f := [2]float64{v.Float(0), v.Float(1)}; f[0] != f[0] || f[1] != f[1] {
				continue // no number was learned
			}
			table.Write(st, v, true)
			all = append(all, v)
		}
		for _, v := range all {
			if out, outside := table.Write(st, v, false); outside {
				t.Fatalf("%+v of %v", out, table.Ranges(st))
			}
		}
	})
}

// TestLooseWrites holds that a write which is in no range is noted while learning, and one that is is not.
func TestLooseWrites(t *testing.T) {
	for name, c := range map[string]struct {
		writes   []*firedoor.Values
		learning bool
		want     bool
	}{
		"numbers":       {[]*firedoor.Values{words(1, 2), words(4, 1)}, true, false},
		"fewer":         {[]*firedoor.Values{words(1, 2), words(4)}, true, false},
		"more":          {[]*firedoor.Values{words(4), words(1, 2)}, true, true},
		"none":          {[]*firedoor.Values{words(1), {}}, true, true},
		"none at first": {[]*firedoor.Values{{}, words(1)}, true, true},
		"no number":     {[]*firedoor.Values{float(1), float(float32(math.NaN()))}, true, true},
		"watching":      {[]*firedoor.Values{words(1), {}}, false, false},
	} {
		table, st := writing(t)
		for _, v := range c.writes {
			table.Write(st, v, c.learning)
		}
		if got := table.Loose(st); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
