package snapshot

import (
	"fmt"
	"reflect"
)

// kind is what a value is in the bytes. The numbers are stored: they never change.
type kind uint8

const (
	kindBool    kind = 1
	kindInt     kind = 2
	kindUint    kind = 3
	kindFloat   kind = 4
	kindString  kind = 5
	kindSlice   kind = 6
	kindArray   kind = 7
	kindMap     kind = 8
	kindStruct  kind = 9
	kindPointer kind = 10
	kindNamed   kind = 11 // a pointer to something static, stored as its name
	kindBytes   kind = 12 // a slice of bytes
)

// shape describes a type in the header. Elem, Key and Shape are places in the
// list of shapes.
type shape struct {
	Kind   kind    `json:"k"`
	Elem   int     `json:"e,omitempty"`
	Key    int     `json:"m,omitempty"`
	Len    int     `json:"n,omitempty"`
	Fields []field `json:"f,omitempty"`
}

type field struct {
	Name  string `json:"n"`
	Shape int    `json:"s"`

	index int // in the Go struct, when encoding
}

// tag marks fields that are not stored.
const tag = "snapshot"

// Names says how pointers to static things are stored: Name gives the stored
// name of one, false if it has none; Find is the way back. Both are given and
// give values of Type, a pointer.
type Names struct {
	Type reflect.Type
	Name func(p any) (string, bool)
	Find func(name string) (any, bool)
}

// Codec stores values. The zero Codec knows no static things.
type Codec struct{ Names []Names }

func (c *Codec) names(t reflect.Type) *Names {
	for i := range c.Names {
		if c.Names[i].Type == t {
			return &c.Names[i]
		}
	}
	return nil
}

// shapes lists the shapes of a type and of all it is made of.
type shapes struct {
	codec *Codec
	list  []shape
	known map[reflect.Type]int
}

// of gives the place of a type's shape; path names it in errors.
func (s *shapes) of(t reflect.Type, path string) (int, error) {
	if i, ok := s.known[t]; ok {
		return i, nil
	}
	at := len(s.list)
	s.known[t] = at
	s.list = append(s.list, shape{})
	sh, err := s.describe(t, path)
	s.list[at] = sh
	return at, err
}

func (s *shapes) describe(t reflect.Type, path string) (sh shape, err error) {
	if s.codec.names(t) != nil {
		return shape{Kind: kindNamed}, nil
	}
	switch t.Kind() {
	case reflect.Bool:
		sh.Kind = kindBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		sh.Kind = kindInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		sh.Kind = kindUint
	case reflect.Float32, reflect.Float64:
		sh.Kind = kindFloat
	case reflect.String:
		sh.Kind = kindString
	case reflect.Slice, reflect.Array, reflect.Pointer:
		if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
			return shape{Kind: kindBytes}, nil
		}
		sh.Kind = map[reflect.Kind]kind{reflect.Slice: kindSlice, reflect.Array: kindArray, reflect.Pointer: kindPointer}[t.Kind()]
		if t.Kind() == reflect.Array {
			sh.Len = t.Len()
		}
		sh.Elem, err = s.of(t.Elem(), path+"[]")
	case reflect.Map:
		sh.Kind = kindMap
		if sh.Key, err = s.of(t.Key(), path+".key"); err == nil {
			sh.Elem, err = s.of(t.Elem(), path+"[]")
		}
	case reflect.Struct:
		sh.Kind = kindStruct
		sh.Fields, err = s.fields(t, path)
	default:
		err = fmt.Errorf("snapshot: %s is a %s, which is no data: mark it `snapshot:\"-\"`", path, t)
	}
	return sh, err
}

func (s *shapes) fields(t reflect.Type, path string) (out []field, err error) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag.Get(tag) == "-" || f.Name == "_" {
			continue
		}
		n, err := s.of(f.Type, path+"."+f.Name)
		if err != nil {
			return nil, err
		}
		out = append(out, field{Name: f.Name, Shape: n, index: i})
	}
	return out, nil
}
