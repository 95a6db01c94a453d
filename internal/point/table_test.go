package point

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/snapshot"
)

var (
	holding = &firedoor.Space{Name: "holding", Axis: 1}
	memory  = &firedoor.Space{Name: "M", Bytes: 2, Append: func(dst []byte, o *firedoor.Object) []byte {
		return fmt.Appendf(dst, "M%d.%d", o.At[0], o.At[1])
	}}
	tag = &firedoor.Space{Name: "tag"}

	plc = Origin{Server: firedoor.IPv4(0x0a000001), MAC: 0x0080f4000001, Port: 502, Protocol: "modbus", Proven: true}
)

func words16(values ...uint16) *firedoor.Values {
	v := &firedoor.Values{Type: firedoor.U16, Count: len(values)}
	for _, x := range values {
		v.Raw = binary.BigEndian.AppendUint16(v.Raw, x)
	}
	return v
}

func at(space *firedoor.Space, numbers ...uint32) *firedoor.Object {
	o := &firedoor.Object{Space: space}
	copy(o.At[:], numbers)
	return o
}

func table(t *testing.T, limits Limits, csv string) *Table {
	t.Helper()
	var names *Names
	if csv != "" {
		var err error
		if names, err = ReadNames("map.csv", strings.NewReader(csv)); err != nil {
			t.Fatal(err)
		}
	}
	return New(limits, names)
}

// shown is every point as "object type value min max changes written".
func shown(t *testing.T, tables ...*Table) []string {
	t.Helper()
	var out []string
	w := Words{Segment: func(firedoor.Segment) string { return "untagged" }, Time: func(n int64) string { return fmt.Sprint(n) }}
	err := Each(tables, w, func(p *firedoor.Point) error {
		show := func(x *float64) string {
			if x == nil {
				return "null"
			}
			return fmt.Sprint(*x)
		}
		name := p.Object
		if p.Name != "" {
			name = p.Name + p.Measure
		}
		if p.Unit != nil {
			name = fmt.Sprint(*p.Unit, "/", name)
		}
		out = append(out, fmt.Sprint(name, " ", p.Type, " ", show(p.Value), " ", show(p.Min), " ", show(p.Max), " ", p.Changes, " ", p.Written))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

var wide = Limits{Points: 1000}

// What one read calls the third register of ten is the same point as what another
// reads alone, on both sides of the border between two pages.
func TestRangesMeet(t *testing.T) {
	c := table(t, wide, "")
	c.See(&plc, &Seen{Object: at(holding, 62), Values: words16(1, 2, 3, 4), Time: 1})
	c.See(&plc, &Seen{Object: at(holding, 64), Values: words16(30), Time: 2})
	c.See(&plc, &Seen{Object: at(holding, 60), Values: words16(9, 9, 1), Time: 3})
	same(t, shown(t, c), "holding:60 u16 9 9 9 0 0", "holding:61 u16 9 9 9 0 0", "holding:62 u16 1 1 1 0 0", "holding:63 u16 2 2 2 0 0",
		"holding:64 u16 30 3 30 1 0", "holding:65 u16 4 4 4 0 0")
}

func TestAgain(t *testing.T) {
	c := table(t, wide, "")
	o := at(holding, 62)
	page := c.See(&plc, &Seen{Object: o, Values: words16(1, 2, 3, 4), Time: 1})
	element := Element(o, words16(1))
	if !c.Again(page, element, words16(1, 2, 3, 5), 2) {
		t.Fatal("the same message again was not known")
	}
	for _, other := range []*firedoor.Values{words16(1, 2, 3, 4, 5), {Type: firedoor.I16, Count: 1, Raw: []byte{0, 1}}} {
		if c.Again(page, element, other, 3) {
			t.Errorf("%v is another message", other)
		}
	}
	if c.Again(-1, 0, words16(1), 3) {
		t.Error("no page, and yet known")
	}
	same(t, shown(t, c), "holding:62 u16 1 1 1 0 0", "holding:63 u16 2 2 2 0 0", "holding:64 u16 3 3 3 0 0", "holding:65 u16 5 4 5 1 0")
}

// Memory is counted in bytes: a word further is two bytes further, and words that
// begin at an odd byte are others.
func TestMemoryInBytes(t *testing.T) {
	c := table(t, wide, "")
	c.See(&plc, &Seen{Object: at(memory, 1, 126), Values: words16(7, 8), Time: 1})
	c.See(&plc, &Seen{Object: at(memory, 1, 128), Values: words16(9), Time: 2})
	c.See(&plc, &Seen{Object: at(memory, 1, 127), Values: words16(5), Time: 3})
	same(t, shown(t, c), "M1.126 u16 7 7 7 0 0", "M1.128 u16 9 8 9 1 0", "M1.127 u16 5 5 5 0 0")
}

func TestArraysAndWrites(t *testing.T) {
	c := table(t, wide, "")
	o := &firedoor.Object{Space: tag, Text: []byte("Speed")}
	c.See(&plc, &Seen{Object: o, Values: words16(1, 2), Time: 1})
	c.See(&plc, &Seen{Object: o, Values: words16(4), Time: 2, Written: true})
	c.See(&plc, &Seen{Object: o, Values: words16(4), Time: 3, Written: true})
	c.See(&plc, &Seen{Object: o, Values: &firedoor.Values{Type: firedoor.F32, Count: 1, Raw: []byte{0x7f, 0xc0, 0, 0}}, Unit: 3, HasUnit: true, Time: 3})
	same(t, shown(t, c), "tag:Speed u16 4 1 4 1 2", "tag:Speed[1] u16 2 2 2 0 0", "3/tag:Speed f32 null null null 0 0")
}

func TestLanesMeet(t *testing.T) {
	a, b := table(t, wide, ""), table(t, wide, "")
	a.See(&plc, &Seen{Object: at(holding, 1), Values: words16(5), Time: 1})
	b.See(&plc, &Seen{Object: at(holding, 1), Values: words16(2), Time: 2})
	a.See(&plc, &Seen{Object: at(holding, 1), Values: words16(6), Time: 3})
	want := "holding:1 u16 6 2 6 1 0"
	same(t, shown(t, a, b), want)
	same(t, shown(t, b, a), want)
}

const plant = `server,object,name,type,unit,order,scale,offset,measure
# the mixer
10.0.0.1,holding:10,Level,u16,,,0.1,-5,%
10.0.0.1,holding:11,Flow,f32,,abcd,,,m3/h
10.0.0.1,holding:13,Swapped,f32,1,cdab,,,
10.0.0.1,holding:15,Total,u32,,dcba,,,
10.0.0.1,holding:17,Below,i16,,,,,C
10.0.0.1,holding:18,Pump,bit.3,,,,,
10.0.0.1,holding:18,Valve,bit.4,,,,,
`

func TestNames(t *testing.T) {
	c := table(t, wide, plant)
	bits := math.Float32bits(12.5)
	hi, lo := uint16(bits>>16), uint16(bits)
	c.See(&plc, &Seen{Object: at(holding, 10), Unit: 1, HasUnit: true, Time: 1,
		Values: words16(600, hi, lo, lo, hi, 0x7856, 0x3412, 0xfffe, 0x0010)})
	var named []string
	for _, line := range shown(t, c) {
		if !strings.Contains(line, "holding:") {
			named = append(named, line)
		}
	}
	same(t, named, "1/Level% u16 55 55 55 0 0", "1/Flowm3/h f32 12.5 12.5 12.5 0 0", "1/Swapped f32 12.5 12.5 12.5 0 0",
		"1/Total u32 3.05419896e+08 3.05419896e+08 3.05419896e+08 0 0", "1/BelowC i16 -2 -2 -2 0 0", "1/Pump bit.3 0 0 0 0 0", "1/Valve bit.4 1 1 1 0 0")
	// Half of a number is none.
	c.See(&plc, &Seen{Object: at(holding, 11), Unit: 1, HasUnit: true, Values: words16(0), Time: 2})
	for _, line := range shown(t, c) {
		if strings.Contains(line, "Flow") && line != "1/Flowm3/h f32 12.5 12.5 12.5 0 0" {
			t.Error(line)
		}
	}
}

func TestWrongMaps(t *testing.T) {
	for _, k := range []struct{ csv, want string }{
		{"", "map.csv: is empty"},
		{"server,object,name\n", "map.csv:1: column type is missing"},
		{"server,object,name,type,colour\n", `map.csv:1: "colour" is no column`},
		{"server,object,name,type,type\n", "stands there twice"},
		{"server,object,name,type\nplc,holding:1,A,u16\n", `map.csv:2: server: "plc" is neither`},
		{"server,object,name,type\n10.0.0.1,,A,u16\n", "map.csv:2: object: is empty"},
		{"server,object,name,type\n10.0.0.1,holding:1,,u16\n", "map.csv:2: name: "},
		{"server,object,name,type\n10.0.0.1,holding:1,A,u12\n", `map.csv:2: type: "u12" is none of`},
		{"server,object,name,type,order\n10.0.0.1,holding:1,A,u16,acbd\n", `map.csv:2: order: "acbd"`},
		{"server,object,name,type,scale\n10.0.0.1,holding:1,A,u16,1.5.2\n", `map.csv:2: scale: "1.5.2" is no number`},
		{"server,object,name,type,unit\n10.0.0.1,holding:1,A,u16,-1\n", `map.csv:2: unit: "-1"`},
		{"server,object,name,type\n\"10.0.0.1,holding:1\n", "map.csv:"},
		{"server,object,name,type\n10.0.0.1,holding:1,A\"b,u16\n", "map.csv:2: byte 21 of the line: bare"},
		{"server,object,name,type\n10.0.0.1,holding:1,Fl\xe4che,u16\n", `map.csv:2: name: "Fl\xe4che" is not UTF-8`},
		{"server,object,name,type\n10.0.0.1,holding:1,A,u16\n10.0.0.1,holding:1,A,i16\n", "map.csv:3: name: \"A\" stands at this place already"},
		{"server,object,name,type,unit\n10.0.0.1,holding:1,A,u16,1\n10.0.0.1,holding:1,A,u16,2\n10.0.0.1,holding:1,A,u16,\n", "map.csv:4: name: \"A\" stands at this place already, once for any unit"},
		{"server,object,name,type,unit\n10.0.0.1,holding:1,A,u16,\n10.0.0.1,holding:1,A,u16,2\n", "map.csv:3: name: \"A\" stands at this place already"},
		{"server,object,name,type,scale\n10.0.0.1,holding:1,A,u16,0.0\n", "map.csv:2: scale: is 0"},
	} {
		_, err := ReadNames("map.csv", strings.NewReader(k.csv))
		if err == nil || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%q: %v, want %q", k.csv, err, k.want)
		}
	}
}

// TestMarkedMap: a map that a table calculation saved as "CSV UTF-8" begins with a mark.
func TestMarkedMap(t *testing.T) {
	names, err := ReadNames("map.csv", strings.NewReader("\ufeffserver,object,name,type\r\n10.0.0.1,holding:1,Fläche,u16\r\n"))
	if err != nil || names.Len != 1 {
		t.Errorf("%v, %v", names, err)
	}
}

func TestLimits(t *testing.T) {
	c := table(t, Limits{Points: 10, Unproven: 3}, "")
	forger := plc
	forger.Proven = false
	c.See(&plc, &Seen{Object: at(holding, 0), Values: words16(1, 2), Time: 1})
	for i := range uint32(20) {
		c.See(&forger, &Seen{Object: at(holding, 1000*(i+1)), Values: words16(1), Time: 2})
	}
	c.See(&plc, &Seen{Object: at(holding, 0), Values: words16(5, 6), Time: 3})
	c.See(&plc, &Seen{Object: at(holding, 4), Values: words16(7, 8, 9, 1, 2, 3), Time: 3})
	if c.Len() > 10 || c.NoRoom == 0 {
		t.Errorf("%d points, %d without room", c.Len(), c.NoRoom)
	}
	same(t, shown(t, c)[:2], "holding:0 u16 5 1 5 1 0", "holding:1 u16 6 2 6 1 0")
	many := words16(make([]uint16, MaxElements+10)...)
	big := table(t, Limits{Points: 1 << 20}, "")
	big.See(&plc, &Seen{Object: at(holding, 0), Values: many, Time: 1})
	if big.Len() != MaxElements || big.NoRoom != 1 {
		t.Errorf("%d points of one message, %d without room", big.Len(), big.NoRoom)
	}
}

func TestStored(t *testing.T) {
	codec := snapshot.Codec{Names: []snapshot.Names{spaceNames()}}
	c := table(t, wide, plant)
	feed := func(c *Table, from, to int64) {
		for n := from; n < to; n++ {
			c.See(&plc, &Seen{Object: at(holding, 10), Values: words16(uint16(n), 3, uint16(n*n)), Unit: 1, HasUnit: true, Time: n})
			c.See(&plc, &Seen{Object: &firedoor.Object{Space: tag, Text: []byte("Speed")}, Values: words16(uint16(n / 2)), Time: n})
		}
	}
	feed(c, 0, 10)
	b, err := codec.Append(nil, c)
	if err != nil {
		t.Fatal(err)
	}
	back := table(t, wide, plant)
	if _, err := codec.Load(b, back); err != nil {
		t.Fatal(err)
	}
	back.Restored()
	feed(c, 10, 20)
	feed(back, 10, 20)
	same(t, shown(t, back), shown(t, c)...)
}

// tags places a tag by its first letter, the element behind it: "a3" is a[3]; "?" is nowhere.
func tags(o *firedoor.Object, v *firedoor.Values) firedoor.Object {
	switch {
	case v.Each != 0, o.Text[0] == '?':
		return firedoor.Object{}
	case len(o.Text) == 1:
		return firedoor.Object{Space: row, Text: o.Text}
	}
	return firedoor.Object{Space: row, Text: o.Text[:1], At: [4]uint32{uint32(o.Text[1] - '0')}}
}

var (
	placed = &firedoor.Space{Name: "tag", Place: tags}
	row    = &firedoor.Space{Name: "row", Axis: 1, Append: func(dst []byte, o *firedoor.Object) []byte {
		return fmt.Appendf(dst, "%s[%d]", o.Text, o.At[0])
	}}
)

func called(space *firedoor.Space, text string) *firedoor.Object {
	return &firedoor.Object{Space: space, Text: []byte(text)}
}

// Where a space says where values stand, two names of one place are one point, seen again or anew.
func TestPlaces(t *testing.T) {
	c := table(t, wide, "")
	c.See(&plc, &Seen{Object: called(placed, "a"), Values: words16(1, 2, 3), Time: 1})
	element := Element(called(placed, "a1"), words16(1))
	page := c.See(&plc, &Seen{Object: called(placed, "a1"), Values: words16(7), Time: 2})
	if element != 1 || !c.Again(page, element, words16(8), 3) {
		t.Errorf("element %d of page %d is not known again", element, page)
	}
	if at := c.See(&plc, &Seen{Object: called(placed, "?"), Values: words16(9), Time: 4}); at != -1 {
		t.Errorf("what stands nowhere has page %d", at)
	}
	octets := words16(1, 2)
	octets.Each = 2
	if c.See(&plc, &Seen{Object: called(placed, "b"), Values: octets, Time: 4}) != -1 || c.Again(page, element, octets, 4) {
		t.Error("the octets of a structure have a place that nobody gave them")
	}
	same(t, shown(t, c), "a[0] u16 1 1 1 0 0", "a[1] u16 8 2 8 2 0", "a[2] u16 3 3 3 0 0")
}

// A bit is one whether it was read packed or in an octet of its own.
func TestBitsMeet(t *testing.T) {
	c := table(t, wide, "")
	page := c.See(&plc, &Seen{Object: at(holding, 3), Values: &firedoor.Values{Type: firedoor.Bit, Count: 2, Raw: []byte{0b10}}, Time: 1})
	c.See(&plc, &Seen{Object: at(holding, 3), Values: &firedoor.Values{Type: firedoor.Bool, Count: 1, Raw: []byte{0xff}}, Time: 2})
	if !c.Again(page, 3, &firedoor.Values{Type: firedoor.Bool, Count: 2, Raw: []byte{1, 0}}, 3) {
		t.Error("the same places as octets are not known again")
	}
	same(t, shown(t, c), "holding:3 bit 1 0 1 1 0", "holding:4 bit 0 0 1 1 0")
}

// A space whose objects two protocols speak of has its points in one of them.
func TestProtocolsMeet(t *testing.T) {
	coils := &firedoor.Space{Name: "coil", Axis: 1, Of: "modbus"}
	c, other := table(t, wide, ""), plc
	other.Protocol = "umas"
	c.See(&other, &Seen{Object: at(coils, 3), Values: words16(1), Time: 1})
	err := Each([]*Table{c}, Words{Segment: func(firedoor.Segment) string { return "" }, Time: func(int64) string { return "" }}, func(p *firedoor.Point) error {
		if p.Protocol != "modbus" {
			t.Errorf("%s of %s", p.Object, p.Protocol)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What an earlier version kept under several names is forgotten when it is read back: who polls
// it finds its place anew.
func TestOldNames(t *testing.T) {
	old := table(t, wide, "")
	page := old.See(&plc, &Seen{Object: called(tag, "a1"), Values: words16(7), Time: 1})
	old.See(&plc, &Seen{Object: at(holding, 1), Values: words16(5), Time: 1})
	old.See(&plc, &Seen{Object: called(tag, "a"), Values: words16(1, 2), Time: 1})
	codec := snapshot.Codec{Names: []snapshot.Names{spaceNames()}}
	b, err := codec.Append(nil, old)
	if err != nil {
		t.Fatal(err)
	}
	now := spaceNames()
	find := now.Find
	now.Find = func(name string) (any, bool) {
		if name == "tag" {
			return placed, true
		}
		return find(name)
	}
	c := table(t, wide, "")
	if _, err := (&snapshot.Codec{Names: []snapshot.Names{now}}).Load(b, c); err != nil {
		t.Fatal(err)
	}
	c.Restored()
	if c.Len() != 1 || c.Again(page, 0, words16(8), 2) {
		t.Errorf("%d values are left, and the old name is still known", c.Len())
	}
	c.See(&plc, &Seen{Object: called(placed, "a1"), Values: words16(8), Time: 2})
	same(t, shown(t, c), "holding:1 u16 5 5 5 0 0", "a[1] u16 8 8 8 0 0")
}

func TestPollingAllocatesNothing(t *testing.T) {
	c := table(t, wide, plant)
	o := at(holding, 10)
	page := c.See(&plc, &Seen{Object: o, Values: words16(1, 2, 3, 4), Unit: 1, HasUnit: true, Time: 1})
	v, now := words16(1, 2, 3, 4), int64(1)
	if n := testing.AllocsPerRun(100, func() {
		now++
		v.Raw[1]++
		c.Again(page, Element(o, v), v, now)
	}); n != 0 {
		t.Errorf("%v allocations a message", n)
	}
}

func spaceNames() snapshot.Names {
	known := map[string]*firedoor.Space{"holding": holding, "tag": tag, "M": memory}
	return snapshot.Names{
		Type: reflect.TypeFor[*firedoor.Space](),
		Name: func(p any) (string, bool) { s := p.(*firedoor.Space); return s.Name, true },
		Find: func(name string) (any, bool) { s, ok := known[name]; return s, ok },
	}
}
