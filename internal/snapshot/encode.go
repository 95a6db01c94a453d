package snapshot

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"unsafe"
)

// Append appends the data v points to. Equal data gives equal bytes, but for maps
// that hold pointers to one thing several times. The error names a field that
// cannot be stored.
func (c *Codec) Append(dst []byte, v any) ([]byte, error) {
	val := reflect.ValueOf(v)
	if val.Kind() != reflect.Pointer || val.IsNil() {
		return dst, fmt.Errorf("snapshot: %T is no pointer to data", v)
	}
	s := shapes{codec: c, known: map[reflect.Type]int{}}
	root, err := s.of(val.Type().Elem(), val.Type().Elem().String())
	if err != nil {
		return dst, err
	}
	head, err := json.Marshal(s.list)
	if err != nil {
		return dst, err
	}
	dst = binary.AppendUvarint(dst, uint64(len(head)))
	dst = append(dst, head...)
	e := encoder{codec: c, shapes: s.list, out: dst, seen: map[pointed]uint64{}}
	e.value(root, val.Elem())
	return e.out, e.err
}

// pointed tells pointers apart: a struct and its first field share an address.
type pointed struct {
	at  unsafe.Pointer
	typ reflect.Type
}

type encoder struct {
	codec  *Codec
	shapes []shape
	out    []byte
	seen   map[pointed]uint64
	err    error
}

func (e *encoder) uint(n uint64) { e.out = binary.AppendUvarint(e.out, n) }

func (e *encoder) value(at int, v reflect.Value) {
	sh := &e.shapes[at]
	switch sh.Kind {
	case kindBool:
		b := byte(0)
		if v.Bool() {
			b = 1
		}
		e.out = append(e.out, b)
	case kindInt:
		e.out = binary.AppendVarint(e.out, v.Int())
	case kindUint:
		e.uint(v.Uint())
	case kindFloat:
		e.out = binary.LittleEndian.AppendUint64(e.out, math.Float64bits(v.Float()))
	case kindString:
		s := v.String()
		e.uint(uint64(len(s)))
		e.out = append(e.out, s...)
	case kindBytes:
		e.uint(uint64(v.Len()))
		e.out = append(e.out, v.Bytes()...)
	case kindSlice:
		e.uint(uint64(v.Len()))
		for i := range v.Len() {
			e.value(sh.Elem, v.Index(i))
		}
	case kindArray:
		for i := range sh.Len {
			e.value(sh.Elem, v.Index(i))
		}
	case kindMap:
		e.dictionary(sh, v)
	case kindStruct:
		for i := range sh.Fields {
			f := &sh.Fields[i]
			e.value(f.Shape, v.Field(f.index))
		}
	case kindPointer:
		e.pointer(sh, v)
	case kindNamed:
		e.named(v)
	}
}

// dictionary writes a map in the order of its encoded keys, so that the same
// data gives the same bytes.
func (e *encoder) dictionary(sh *shape, v reflect.Value) {
	type entry struct {
		key   string
		value reflect.Value
	}
	entries := make([]entry, 0, v.Len())
	start := len(e.out)
	for it := v.MapRange(); it.Next(); {
		e.value(sh.Key, it.Key())
		entries = append(entries, entry{string(e.out[start:]), it.Value()})
		e.out = e.out[:start]
	}
	slices.SortFunc(entries, func(a, b entry) int {
		switch {
		case a.key < b.key:
			return -1
		case a.key > b.key:
			return 1
		}
		return 0
	})
	e.uint(uint64(len(entries)))
	for i := range entries {
		e.out = append(e.out, entries[i].key...)
		e.value(sh.Elem, entries[i].value)
	}
}

// pointer writes 0 for nil, else the number of what is pointed to, and that
// itself the first time: what two pointers share stays shared.
func (e *encoder) pointer(sh *shape, v reflect.Value) {
	if v.IsNil() {
		e.uint(0)
		return
	}
	p := pointed{v.UnsafePointer(), v.Type()}
	n, known := e.seen[p]
	if !known {
		n = uint64(len(e.seen)) + 1
		e.seen[p] = n
	}
	e.uint(n)
	if !known {
		e.value(sh.Elem, v.Elem())
	}
}

func (e *encoder) named(v reflect.Value) {
	if v.IsNil() {
		e.uint(0)
		return
	}
	name, ok := e.codec.names(v.Type()).Name(reflect.NewAt(v.Type().Elem(), v.UnsafePointer()).Interface())
	if !ok && e.err == nil {
		e.err = fmt.Errorf("snapshot: a %s has no name to be stored by", v.Type())
	}
	e.uint(uint64(len(name)) + 1)
	e.out = append(e.out, name...)
}
