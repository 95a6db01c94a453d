package truth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"
	"strings"
)

// MaxFile is the size up to which a file is read, in bytes; a larger one is
// refused.
const MaxFile = 256 << 20

// maxDepth is how deep brackets may stand in one another.
const maxDepth = 32

// ReadStrict reads a file of JSON into the value that into points to. Unlike the
// standard library it refuses members that are not known or stand twice, and
// anything behind the value; every error names file, line and member.
func ReadStrict(path string, into any) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return Strict(path, b, into)
}

// Strict is ReadStrict on bytes; name is what errors call them.
func Strict(name string, b []byte, into any) error {
	if len(b) > MaxFile {
		return fmt.Errorf("%s: is larger than %d MiB, which no such file is", name, MaxFile>>20)
	}
	s := strict{name: name, b: b, dec: json.NewDecoder(bytes.NewReader(b))}
	s.dec.UseNumber()
	if err := s.value(reflect.TypeOf(into).Elem(), "", 0); err != nil {
		return err
	}
	if _, err := s.dec.Token(); !errors.Is(err, io.EOF) {
		return s.at("", "something stands behind the end")
	}
	err := json.Unmarshal(b, into)
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return fmt.Errorf("%s:%d: %s: is a JSON %s, which does not fit", name, s.line(kind.Offset), kind.Field, kind.Value)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// strict walks over JSON beside the type that it is to fill.
type strict struct {
	name string
	b    []byte
	dec  *json.Decoder
}

// line is the line of an offset; lines count from 1.
func (s *strict) line(offset int64) int {
	return 1 + bytes.Count(s.b[:min(max(offset, 0), int64(len(s.b)))], []byte("\n"))
}

// at is an error at the place where the decoder stands.
func (s *strict) at(path, text string) error {
	if path != "" {
		text = path + ": " + text
	}
	return fmt.Errorf("%s:%d: %s", s.name, s.line(s.dec.InputOffset()), text)
}

func (s *strict) token(path string) (json.Token, error) {
	t, err := s.dec.Token()
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("%s:%d: %sis not JSON: %w", s.name, s.line(syntax.Offset), prefix(path), syntax)
	case err != nil:
		return nil, s.at(path, "ends too early: it was not written to its end")
	}
	return t, nil
}

func prefix(path string) string {
	if path == "" {
		return ""
	}
	return path + ": "
}

// value reads one value of type t, which is nil where the type has no more to say.
func (s *strict) value(t reflect.Type, path string, depth int) error {
	token, err := s.token(path)
	if err != nil {
		return err
	}
	if depth > maxDepth {
		return s.at(path, "brackets stand too deep in one another")
	}
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch token {
	case json.Delim('{'):
		return s.members(t, path, depth)
	case json.Delim('['):
		return s.elements(t, path, depth)
	}
	if text, ok := token.(string); ok && t == reflect.TypeFor[Moment]() {
		if _, err := ParseMoment(text); err != nil {
			return s.at(path, err.Error())
		}
	}
	return nil
}

func (s *strict) elements(t reflect.Type, path string, depth int) error {
	if t != nil && t.Kind() == reflect.Slice {
		t = t.Elem()
	} else {
		t = nil
	}
	for i := 0; s.dec.More(); i++ {
		if err := s.value(t, path+"["+strconv.Itoa(i)+"]", depth+1); err != nil {
			return err
		}
	}
	_, err := s.token(path)
	return err
}

func (s *strict) members(t reflect.Type, path string, depth int) error {
	seen := map[string]bool{}
	for s.dec.More() {
		token, err := s.token(path)
		if err != nil {
			return err
		}
		name, _ := token.(string)
		where := strings.TrimPrefix(path+"."+shown(name), ".")
		if seen[name] {
			return s.at(where, "stands twice")
		}
		seen[name] = true
		var of reflect.Type
		if t != nil && t.Kind() == reflect.Struct {
			field, ok := member(t, name)
			if !ok {
				return s.at(where, "unknown member; known here: "+strings.Join(memberNames(t), ", "))
			}
			of = field
		}
		if err := s.value(of, where, depth+1); err != nil {
			return err
		}
	}
	_, err := s.token(path)
	return err
}

// shown keeps what a file calls its members from reaching a terminal as it is.
func shown(name string) string {
	const most = 40
	if len(name) > most {
		name = name[:most] + "..."
	}
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return strconv.QuoteToASCII(name)
	}
	return name
}

func member(t reflect.Type, name string) (reflect.Type, bool) {
	for i := range t.NumField() {
		if memberName(t.Field(i)) == name {
			return t.Field(i).Type, true
		}
	}
	return nil, false
}

func memberName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

func memberNames(t reflect.Type) (out []string) {
	for i := range t.NumField() {
		out = append(out, memberName(t.Field(i)))
	}
	return out
}
