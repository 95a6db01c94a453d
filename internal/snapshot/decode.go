package snapshot

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"unsafe"
)

// Limits of what is believed of stored bytes.
const (
	maxHeader = 1 << 20
	maxShapes = 1 << 12
	maxDepth  = 64
	// maxEmpty is how many values without any bytes of their own may be claimed.
	maxEmpty = 1 << 16
)

var errShort = errors.New("snapshot: the bytes end too early")

// Load sets what v points to from bytes that Append wrote, and tells how many it
// took. Fields marked `snapshot:"-"`, and those the bytes do not know, keep their
// value; what v does not know any more is passed over. On an error v is in part
// overwritten and must be thrown away.
func (c *Codec) Load(b []byte, v any) (used int, err error) {
	val := reflect.ValueOf(v)
	if val.Kind() != reflect.Pointer || val.IsNil() {
		return 0, fmt.Errorf("snapshot: %T is no pointer to data", v)
	}
	d := decoder{codec: c, in: b, texts: map[string]string{}, plans: map[planned][]int{}, work: len(b) + maxEmpty}
	if err := d.header(); err != nil {
		return 0, err
	}
	if err := d.value(0, val.Elem(), 0); err != nil {
		return 0, err
	}
	return len(b) - len(d.in), nil
}

type decoder struct {
	codec  *Codec
	shapes []shape
	in     []byte
	seen   []reflect.Value // pointers by number, from 1
	texts  map[string]string
	plans  map[planned][]int
	work   int // values that may still be read: those without bytes are bounded by it
}

// planned is a stored struct and the Go struct it is read into.
type planned struct {
	shape int
	typ   reflect.Type
}

func (d *decoder) header() error {
	n, err := d.uint()
	if err != nil {
		return err
	}
	if n > maxHeader || n > uint64(len(d.in)) {
		return errShort
	}
	if err := json.Unmarshal(d.in[:n], &d.shapes); err != nil {
		return fmt.Errorf("snapshot: description of the data: %w", err)
	}
	d.in = d.in[n:]
	if len(d.shapes) == 0 || len(d.shapes) > maxShapes {
		return fmt.Errorf("snapshot: %d descriptions of data", len(d.shapes))
	}
	for i := range d.shapes {
		sh := &d.shapes[i]
		bad := sh.Elem < 0 || sh.Elem >= len(d.shapes) || sh.Key < 0 || sh.Key >= len(d.shapes) || sh.Len < 0
		for _, f := range sh.Fields {
			bad = bad || f.Shape < 0 || f.Shape >= len(d.shapes)
		}
		if bad {
			return fmt.Errorf("snapshot: description %d of the data points nowhere", i)
		}
	}
	return nil
}

func (d *decoder) uint() (uint64, error) {
	n, size := binary.Uvarint(d.in)
	if size <= 0 {
		return 0, errShort
	}
	d.in = d.in[size:]
	return n, nil
}

func (d *decoder) bytes(n uint64) ([]byte, error) {
	if n > uint64(len(d.in)) {
		return nil, errShort
	}
	b := d.in[:n]
	d.in = d.in[n:]
	return b, nil
}

// count reads how many elements follow; each takes a byte at least, but for
// those that hold nothing.
func (d *decoder) count() (int, error) {
	n, err := d.uint()
	if err != nil {
		return 0, err
	}
	if n > uint64(len(d.in)) && n > maxEmpty {
		return 0, errShort
	}
	return int(n), nil
}

func mismatch(sh *shape, v reflect.Value) error {
	return fmt.Errorf("snapshot: stored as kind %d, to be read as %s", sh.Kind, v.Type())
}

// value reads one value into v; an invalid v passes over it.
func (d *decoder) value(at int, v reflect.Value, depth int) error {
	if d.work--; depth > maxDepth || d.work < 0 {
		return errors.New("snapshot: the data is nested too deeply, or holds too much of nothing")
	}
	sh := &d.shapes[at]
	switch sh.Kind {
	case kindBool, kindInt, kindUint, kindFloat:
		return d.number(sh, v)
	case kindString:
		return d.text(sh, v)
	case kindBytes:
		return d.blob(sh, v)
	case kindSlice:
		return d.slice(sh, v, depth)
	case kindArray:
		return d.array(sh, v, depth)
	case kindMap:
		return d.dictionary(sh, v, depth)
	case kindStruct:
		return d.structure(at, v, depth)
	case kindPointer:
		return d.pointer(sh, v, depth)
	case kindNamed:
		return d.named(sh, v)
	}
	return fmt.Errorf("snapshot: unknown kind %d of data", sh.Kind)
}

func (d *decoder) number(sh *shape, v reflect.Value) error {
	var raw uint64
	var err error
	switch sh.Kind {
	case kindBool:
		var b []byte
		if b, err = d.bytes(1); err == nil {
			raw = uint64(b[0])
		}
	case kindInt:
		n, size := binary.Varint(d.in)
		if size <= 0 {
			return errShort
		}
		d.in = d.in[size:]
		raw = uint64(n)
	case kindUint:
		raw, err = d.uint()
	case kindFloat:
		var b []byte
		if b, err = d.bytes(8); err == nil {
			raw = binary.LittleEndian.Uint64(b)
		}
	}
	if err != nil || !v.IsValid() {
		return err
	}
	return setNumber(sh, v, raw)
}

func setNumber(sh *shape, v reflect.Value, raw uint64) error {
	switch k := v.Kind(); {
	case sh.Kind == kindBool && k == reflect.Bool:
		v.SetBool(raw != 0)
	case sh.Kind == kindInt && v.CanInt():
		if v.OverflowInt(int64(raw)) {
			return fmt.Errorf("snapshot: %d is too large for a %s", int64(raw), v.Type())
		}
		v.SetInt(int64(raw))
	case sh.Kind == kindUint && v.CanUint():
		if v.OverflowUint(raw) {
			return fmt.Errorf("snapshot: %d is too large for a %s", raw, v.Type())
		}
		v.SetUint(raw)
	case sh.Kind == kindFloat && v.CanFloat():
		v.SetFloat(math.Float64frombits(raw))
	default:
		return mismatch(sh, v)
	}
	return nil
}

// maxInterned is the longest text of which equal ones share their memory.
const maxInterned = 64

func (d *decoder) string() (string, error) {
	n, err := d.uint()
	if err != nil {
		return "", err
	}
	b, err := d.bytes(n)
	if err != nil || len(b) > maxInterned {
		return string(b), err
	}
	s, ok := d.texts[string(b)]
	if !ok {
		s = string(b)
		d.texts[s] = s
	}
	return s, nil
}

func (d *decoder) text(sh *shape, v reflect.Value) error {
	s, err := d.string()
	if err != nil || !v.IsValid() {
		return err
	}
	if v.Kind() != reflect.String {
		return mismatch(sh, v)
	}
	v.SetString(s)
	return nil
}

func (d *decoder) slice(sh *shape, v reflect.Value, depth int) error {
	n, err := d.count()
	if err != nil {
		return err
	}
	if v.IsValid() && v.Kind() != reflect.Slice {
		return mismatch(sh, v)
	}
	if v.IsValid() {
		v.SetZero()
	}
	for i := range n {
		var to reflect.Value
		if v.IsValid() { // grows only as elements arrive: the count may lie
			v.Grow(1)
			v.SetLen(i + 1)
			to = v.Index(i)
		}
		if err := d.value(sh.Elem, to, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) blob(sh *shape, v reflect.Value) error {
	n, err := d.uint()
	if err != nil {
		return err
	}
	b, err := d.bytes(n)
	if err != nil || !v.IsValid() {
		return err
	}
	if v.Kind() != reflect.Slice || v.Type().Elem().Kind() != reflect.Uint8 {
		return mismatch(sh, v)
	}
	if v.SetZero(); n > 0 {
		v.SetBytes(append([]byte(nil), b...))
	}
	return nil
}

func (d *decoder) array(sh *shape, v reflect.Value, depth int) error {
	if v.IsValid() && (v.Kind() != reflect.Array || v.Len() != sh.Len) {
		return mismatch(sh, v)
	}
	for i := range sh.Len {
		var to reflect.Value
		if v.IsValid() {
			to = v.Index(i)
		}
		if err := d.value(sh.Elem, to, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) dictionary(sh *shape, v reflect.Value, depth int) error {
	n, err := d.count()
	if err != nil {
		return err
	}
	if v.IsValid() {
		if v.Kind() != reflect.Map {
			return mismatch(sh, v)
		}
		v.Set(reflect.MakeMapWithSize(v.Type(), min(n, 1<<16)))
	}
	for range n {
		var key, value reflect.Value
		if v.IsValid() {
			key, value = reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		}
		if err := d.value(sh.Key, key, depth+1); err != nil {
			return err
		}
		if err := d.value(sh.Elem, value, depth+1); err != nil {
			return err
		}
		if v.IsValid() {
			v.SetMapIndex(key, value)
		}
	}
	return nil
}

func (d *decoder) structure(at int, v reflect.Value, depth int) error {
	sh := &d.shapes[at]
	if v.IsValid() && v.Kind() != reflect.Struct {
		return mismatch(sh, v)
	}
	var plan []int
	if v.IsValid() {
		plan = d.plan(at, v.Type())
	}
	for i := range sh.Fields {
		var to reflect.Value
		if plan != nil && plan[i] >= 0 {
			own := v.Field(plan[i]) // also those that are not exported
			to = reflect.NewAt(own.Type(), unsafe.Pointer(own.UnsafeAddr())).Elem()
		}
		if err := d.value(sh.Fields[i].Shape, to, depth+1); err != nil {
			return fmt.Errorf("%w (in %s)", err, sh.Fields[i].Name)
		}
	}
	return nil
}

// plan tells for each stored field which of the Go struct it is, -1 if that has
// none of its name or does not store it any more.
func (d *decoder) plan(at int, t reflect.Type) []int {
	key := planned{at, t}
	if p, ok := d.plans[key]; ok {
		return p
	}
	plan := make([]int, len(d.shapes[at].Fields))
	for i := range plan {
		plan[i] = -1
		f, ok := t.FieldByName(d.shapes[at].Fields[i].Name)
		if ok && len(f.Index) == 1 && f.Tag.Get(tag) != "-" {
			plan[i] = f.Index[0]
		}
	}
	d.plans[key] = plan
	return plan
}

func (d *decoder) pointer(sh *shape, v reflect.Value, depth int) error {
	n, err := d.uint()
	if err != nil {
		return err
	}
	if v.IsValid() && v.Kind() != reflect.Pointer {
		return mismatch(sh, v)
	}
	switch {
	case n == 0:
		if v.IsValid() {
			v.SetZero()
		}
		return nil
	case n <= uint64(len(d.seen)):
		to := d.seen[n-1]
		if !v.IsValid() {
			return nil
		}
		if !to.IsValid() || to.Type() != v.Type() {
			return fmt.Errorf("snapshot: a %s points to something else", v.Type())
		}
		v.Set(to)
		return nil
	case n != uint64(len(d.seen))+1:
		return errors.New("snapshot: a pointer to what is not there")
	}
	var to, elem reflect.Value
	if v.IsValid() {
		to = reflect.New(v.Type().Elem())
		elem = to.Elem()
		v.Set(to)
	}
	d.seen = append(d.seen, to)
	return d.value(sh.Elem, elem, depth+1)
}

func (d *decoder) named(sh *shape, v reflect.Value) error {
	n, err := d.uint()
	if err != nil || n == 0 {
		if err == nil && v.IsValid() {
			v.SetZero()
		}
		return err
	}
	b, err := d.bytes(n - 1)
	if err != nil || !v.IsValid() {
		return err
	}
	names := d.codec.names(v.Type())
	if names == nil {
		return mismatch(sh, v)
	}
	p, ok := names.Find(string(b))
	if !ok {
		return fmt.Errorf("snapshot: there is no %s named %q", v.Type(), b)
	}
	v.Set(reflect.ValueOf(p))
	return nil
}
