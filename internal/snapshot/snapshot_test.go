package snapshot

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

type static struct{ name string }

var (
	left  = &static{"left"}
	right = &static{"right"}
)

var codec = Codec{Names: []Names{{
	Type: reflect.TypeFor[*static](),
	Name: func(p any) (string, bool) { s := p.(*static); return s.name, s == left || s == right },
	Find: func(name string) (any, bool) {
		for _, s := range []*static{left, right} {
			if s.name == name {
				return s, true
			}
		}
		return nil, false
	},
}}}

type leaf struct {
	n    int32
	text string
}

type fold struct {
	flag    bool
	small   int8
	count   uint64
	share   float64
	name    string
	raw     []byte
	list    []leaf
	fixed   [3]uint16
	byKey   map[leaf]uint32
	where   *static
	mine    map[string]*leaf
	order   []*leaf
	again   *leaf
	scratch chan int `snapshot:"-"`
}

func leaves(t *rapid.T, name string) leaf {
	return leaf{rapid.Int32().Draw(t, name), rapid.String().Draw(t, name+" text")}
}

func drawn(t *rapid.T) *fold {
	f := &fold{flag: rapid.Bool().Draw(t, "flag"), small: rapid.Int8().Draw(t, "small"), count: rapid.Uint64().Draw(t, "count"),
		share: rapid.Float64().Draw(t, "share"), name: rapid.String().Draw(t, "name"), fixed: [3]uint16{1, 0, 65535}}
	for range rapid.IntRange(0, 5).Draw(t, "bytes") {
		f.raw = append(f.raw, rapid.Byte().Draw(t, "byte"))
	}
	for range rapid.IntRange(0, 5).Draw(t, "leaves") {
		f.list = append(f.list, leaves(t, "leaf"))
	}
	if rapid.Bool().Draw(t, "map") {
		f.byKey, f.mine = map[leaf]uint32{}, map[string]*leaf{}
		for range rapid.IntRange(0, 5).Draw(t, "entries") {
			l := leaves(t, "entry")
			f.byKey[l] = rapid.Uint32().Draw(t, "value")
			f.mine[l.text] = &leaf{l.n, "shared"}
			f.order = append(f.order, f.mine[l.text])
			f.again = f.mine[l.text]
		}
	}
	f.where = []*static{nil, left, right}[rapid.IntRange(0, 2).Draw(t, "where")]
	return f
}

// TestRoundTrip: what was stored comes back, what two pointers shared is shared
// again, and what is not data is left alone.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawn(t)
		b, err := codec.Append([]byte("before"), f)
		if err != nil {
			t.Fatal(err)
		}
		again, err := codec.Append(nil, f)
		if err != nil || string(again) != string(b[6:]) {
			t.Fatalf("the same data gave other bytes (%v)", err)
		}
		got := &fold{name: "old", list: make([]leaf, 9), byKey: map[leaf]uint32{{1, ""}: 2}, scratch: make(chan int)}
		kept := got.scratch
		used, err := codec.Load(append(b[6:], "behind"...), got)
		if err != nil || used != len(b)-6 {
			t.Fatalf("%v, %d bytes of %d", err, used, len(b)-6)
		}
		if got.scratch != kept {
			t.Fatal("what is no data was touched")
		}
		if len(got.order) > 0 && got.again != got.order[len(got.order)-1] {
			t.Fatal("what was shared is not any more")
		}
		for name, l := range got.mine {
			if name == got.again.text && l != got.again {
				t.Fatal("the map has copies")
			}
		}
		got.scratch = nil
		if !same(f, got) {
			t.Fatalf("stored %+v\nread   %+v", f, got)
		}
	})
}

// same compares; nothing and a slice or map of nothing are the same.
func same(a, b *fold) bool {
	x, y := *a, *b
	for _, f := range []*fold{&x, &y} {
		if len(f.byKey) == 0 {
			f.byKey = nil
		}
		if len(f.mine) == 0 {
			f.mine = nil
		}
		if f.share != f.share {
			f.share = 0
		}
	}
	return reflect.DeepEqual(x, y)
}

// TestFieldsComeAndGo: older data lacks a field, newer data has one more.
func TestFieldsComeAndGo(t *testing.T) {
	type before struct {
		gone []map[string]*leaf
		raw  []byte
		kept string
		n    int8
	}
	type after struct {
		added uint32
		n     int64
		kept  string
	}
	shared := &leaf{1, "x"}
	b, err := codec.Append(nil, &before{gone: []map[string]*leaf{{"a": shared, "b": shared}}, raw: []byte{200, 255}, kept: "kept", n: -3})
	if err != nil {
		t.Fatal(err)
	}
	got := after{added: 7}
	if _, err := codec.Load(b, &got); err != nil || got != (after{7, -3, "kept"}) {
		t.Errorf("%+v, %v", got, err)
	}
	var wrong struct{ kept int }
	if _, err := codec.Load(b, &wrong); err == nil || !strings.Contains(err.Error(), "kept") {
		t.Errorf("text as a number: %v", err)
	}
}

func TestWhatIsNoData(t *testing.T) {
	var f struct{ inner struct{ hook func() } }
	if _, err := codec.Append(nil, &f); err == nil || !strings.Contains(err.Error(), "inner.hook") {
		t.Errorf("a callback: %v", err)
	}
	unknown := struct{ where *static }{&static{"third"}}
	if _, err := codec.Append(nil, &unknown); err == nil {
		t.Error("something static without a name was stored")
	}
}

// FuzzLoad: hostile bytes give an error, no panic, no hang and no memory beyond them.
func FuzzLoad(f *testing.F) {
	leafs := &leaf{3, "abc"}
	b, err := codec.Append(nil, &fold{name: "n", list: []leaf{{1, "a"}}, byKey: map[leaf]uint32{{2, "b"}: 3}, where: left,
		order: []*leaf{leafs, leafs}, mine: map[string]*leaf{"z": leafs}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Add([]byte("\x1e[{\"k\":7,\"e\":0,\"n\":1000000000}]"))
	f.Fuzz(func(_ *testing.T, b []byte) {
		var got fold
		_, _ = codec.Load(b, &got)
	})
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	if _, _, _, err := Read(path, 1); !errors.Is(err, ErrNone) {
		t.Fatalf("nothing there: %v", err)
	}
	for i, text := range []string{"first", "second"} {
		if err := Write(path, uint32(i)+1, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	body, version, damaged, err := Read(path, 2)
	if string(body) != "second" || version != 2 || damaged != nil || err != nil {
		t.Fatalf("%q %d %v %v", body, version, damaged, err)
	}
	var unknown *VersionError
	if _, _, _, err := Read(path, 1); !errors.As(err, &unknown) || unknown.Version != 2 {
		t.Errorf("a newer version: %v", err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range b {
		bent := append([]byte(nil), b...)
		bent[i] ^= 1
		if err := os.WriteFile(path, bent, 0o600); err != nil {
			t.Fatal(err)
		}
		if body, _, damaged, err := Read(path, 2); err == nil && (string(body) != "first" || damaged == nil) {
			t.Fatalf("byte %d bent: %q %v", i, body, damaged)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if body, _, damaged, err := Read(path, 2); string(body) != "first" || damaged != nil || err != nil {
		t.Errorf("stopped between the moves: %q %v %v", body, damaged, err)
	}
}
