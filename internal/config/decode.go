package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"firedoor/internal/written"
)

// decoder takes a tree of YAML apart. It does not use the decoder of the YAML
// library, which stops at the first problems, knows no dotted key and follows
// aliases.
type decoder struct {
	file     string
	problems []written.Problem
	// at is where each key's value stands, and bad the keys that have a problem
	// already, so that what follows from it is not told as well.
	at         map[string]*yaml.Node
	bad        map[string]bool
	unreadable bool
}

func (d *decoder) add(n *yaml.Node, key, format string, args ...any) {
	d.bad[key] = true
	d.problems = append(d.problems, written.Problem{File: d.file, Line: n.Line, Column: n.Column, Key: key, Text: fmt.Sprintf(format, args...)})
}

// combination records a problem between several keys, the first of which is
// named. It is placed where the first of them that the file has stands.
func (d *decoder) combination(text string, keys ...string) {
	for _, k := range keys {
		section, _, _ := strings.Cut(k, ".")
		if d.bad[k] || d.bad[section] {
			return
		}
	}
	for _, k := range keys {
		if n := d.at[k]; n != nil {
			d.add(n, keys[0], "%s", text)
			return
		}
	}
	d.add(&yaml.Node{Line: 1, Column: 1}, keys[0], "%s", text)
}

// field is one key of a section.
type field struct {
	key   string
	tag   reflect.StructTag
	value reflect.Value
}

// sectionOf are the keys of a section in the order of the struct; section is a
// pointer to it.
func sectionOf(section any) (out []field) {
	v := reflect.ValueOf(section).Elem()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		out = append(out, field{f.Tag.Get("yaml"), f.Tag, v.Field(i)})
	}
	return out
}

// isSection tells a section from a value. Learning is written as one word.
func (f field) isSection() bool {
	_, word := f.value.Interface().(Learning)
	return f.value.Kind() == reflect.Struct && !word
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// section reads a mapping into the fields of a section.
func (d *decoder) section(n *yaml.Node, fields []field, path string) {
	if !d.plain(n, path) || n.Tag == "!!null" {
		return // a section whose keys are all commented out
	}
	if n.Kind != yaml.MappingNode {
		d.add(n, path, "must be a section: keys below it, each as \"key: value\"")
		return
	}
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content) && len(d.problems) <= MaxProblems; i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode {
			d.add(k, path, "a key must be one word")
			continue
		}
		name := join(path, word(k.Value))
		if line, ok := first[k.Value]; ok {
			d.add(k, name, "stands twice; first in line %d", line)
			continue
		}
		first[k.Value] = k.Line
		if f := find(fields, k.Value); f != nil {
			d.at[name] = v
			d.field(v, *f, name)
			continue
		}
		d.add(k, name, "unknown key%s", didYouMean(k.Value, fields, path))
	}
}

func find(fields []field, key string) *field {
	for i := range fields {
		if fields[i].key == key {
			return &fields[i]
		}
	}
	return nil
}

// word keeps what a file calls its keys from reaching a terminal as it is.
func word(s string) string {
	const most = 40
	if len(s) > most {
		s = s[:most] + "..."
	}
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return strconv.QuoteToASCII(s)
	}
	return s
}

// plain refuses what YAML offers beyond values: what is written is what is meant.
func (d *decoder) plain(n *yaml.Node, key string) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		d.add(n, key, "aliases (*) are not allowed: write the value out")
	case n.Anchor != "":
		d.add(n, key, "anchors (&) are not allowed: write the value out where it is needed")
	case n.Style&yaml.TaggedStyle != 0:
		d.add(n, key, "tags (!) are not allowed: leave it out")
	default:
		return true
	}
	return false
}

func (d *decoder) field(n *yaml.Node, f field, key string) {
	if f.isSection() {
		d.section(n, sectionOf(f.value.Addr().Interface()), key)
		return
	}
	if !d.plain(n, key) {
		return
	}
	if list, ok := f.value.Addr().Interface().(*[]string); ok {
		d.list(n, list, f, key)
		return
	}
	if n.Kind != yaml.ScalarNode {
		d.add(n, key, "must be one value: %s", Kind(f.value.Interface()))
		return
	}
	if n.Tag == "!!null" {
		d.add(n, key, "has no value: give %s, or leave the line out", Kind(f.value.Interface()))
		return
	}
	if err := setValue(f.value.Addr().Interface(), n); err != nil {
		d.add(n, key, "%s %v", shown(n), err)
		return
	}
	if err := allowed(f); err != nil {
		d.add(n, key, "%s %v", shown(n), err)
	}
}

// list reads words; a list whose items are all commented out is empty.
func (d *decoder) list(n *yaml.Node, out *[]string, f field, key string) {
	if n.Tag == "!!null" {
		*out = nil
		return
	}
	if n.Kind != yaml.SequenceNode {
		d.add(n, key, "must be a list: put what belongs to it between [ and ]")
		return
	}
	*out = nil
	most, oneof := mostItems(f), f.tag.Get("oneof")
	for i, item := range n.Content {
		if i >= most {
			d.add(item, key, "is too long a list: at most %d", most)
			return
		}
		at := fmt.Sprintf("%s[%d]", key, i)
		d.at[at] = item
		before := len(d.problems)
		var text string
		switch {
		case !d.plain(item, at):
		case item.Kind != yaml.ScalarNode || item.Tag == "!!null":
			d.add(item, at, "must be one word")
		default:
			if err := setText(&text, item); err != nil {
				d.add(item, at, "%s %v", shown(item), err)
			} else if err := oneOf(text, oneof); err != nil {
				d.add(item, at, "%s %v", shown(item), err)
			}
		}
		if len(d.problems) > before {
			d.bad[key] = true
		}
		*out = append(*out, text)
	}
}

// shown is a value as a problem shows it.
func shown(n *yaml.Node) string {
	const most = 60
	v := n.Value
	if len(v) > most {
		v = v[:most] + "..."
	}
	return strconv.QuoteToASCII(v)
}

// Kind says in words what a key's value must be.
func Kind(value any) string {
	switch value.(type) {
	case string:
		return "text"
	case bool:
		return "true or false"
	case int:
		return "a whole number"
	case float64:
		return "a number"
	case []string:
		return "a list"
	case time.Duration:
		return "a time (30s, 10m, 36h, 7d)"
	case Size:
		return "a size (512KiB, 64MiB, 2GiB)"
	case Learning:
		return "a time, a share, or " + untilTold
	}
	panic(fmt.Sprintf("config: no key is a %T", value))
}

// setValue sets one value; errors say what is wrong with it and do not repeat it.
func setValue(to any, n *yaml.Node) (err error) {
	switch to := to.(type) {
	case *string:
		return setText(to, n)
	case *bool:
		if n.Tag != "!!bool" {
			return fmt.Errorf("must be true or false%s", unquote(n))
		}
		*to = n.Value == "true" || n.Value == "True" || n.Value == "TRUE"
	case *int:
		if *to, err = strconv.Atoi(n.Value); err != nil || n.Tag != "!!int" {
			return fmt.Errorf("must be a whole number%s", unquote(n))
		}
	case *float64:
		*to, err = strconv.ParseFloat(n.Value, 64)
		if err != nil || n.Tag != "!!int" && n.Tag != "!!float" || *to-*to != 0 {
			return fmt.Errorf("must be a number%s", unquote(n))
		}
	case *time.Duration:
		*to, err = ParseDuration(n.Value)
	case *Size:
		*to, err = ParseSize(n.Value)
	case *Learning:
		*to, err = ParseLearning(n.Value)
	}
	return err
}

// setText takes text. A number or a yes is refused: YAML would read 010 and 1e3
// as something else than was written.
func setText(to *string, n *yaml.Node) error {
	if n.Tag != "!!str" {
		return fmt.Errorf("must be text: put it in quotes")
	}
	*to = n.Value
	return nil
}

func unquote(n *yaml.Node) string {
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		return ", without quotes"
	}
	return ""
}
