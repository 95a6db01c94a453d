package scenario

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"firedoor/internal/written"
)

// decoder takes a tree of YAML apart. The YAML library's own decoder knows no
// way to a value, stops early and speaks of Go's types.
type decoder struct {
	file     string
	problems written.Problems
}

func (d *decoder) add(line int, key, format string, args ...any) {
	if len(d.problems) > MaxProblems {
		return
	}
	d.problems = append(d.problems, written.Problem{File: d.file, Line: line, Key: key, Text: fmt.Sprintf(format, args...)})
}

// plain refuses what YAML offers beyond values: what is written is what is meant.
func (d *decoder) plain(n *yaml.Node, key string) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		d.add(n.Line, key, "aliases (*) are not allowed: write the value out")
	case n.Anchor != "":
		d.add(n.Line, key, "anchors (&) are not allowed: write the value out where it is needed")
	case n.Style&yaml.TaggedStyle != 0:
		d.add(n.Line, key, "tags of YAML (!) are not allowed: leave it out")
	case n.Tag == "!!null":
		d.add(n.Line, key, "has no value: give one, or leave the key out")
	default:
		return true
	}
	return false
}

// join is the way to a key below another one.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// shownKey is a key of a file as a problem may show it.
func shownKey(k string) string {
	if k == "" || len(k) > maxName || strings.ContainsFunc(k, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return printable(k)
	}
	return k
}

// mapping calls do for every key of a mapping that is one of known, once each,
// and tells those that are not. It returns the keys that are there.
func (d *decoder) mapping(n *yaml.Node, path, what string, known []string, do func(key, path string, v *yaml.Node)) (has []string) {
	if !d.plain(n, path) {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		d.add(n.Line, path, "must be %s: keys and values", what)
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		way := join(path, shownKey(k.Value))
		switch {
		case k.Kind != yaml.ScalarNode:
			d.add(k.Line, path, "a key must be one word")
		case slices.Contains(has, k.Value):
			d.add(k.Line, way, "stands twice")
		case !slices.Contains(known, k.Value):
			d.add(k.Line, way, "unknown key; %s has: %s", what, strings.Join(known, ", "))
		default:
			has = append(has, k.Value)
			do(k.Value, way, v)
		}
	}
	return has
}

// items calls do for every element of a list of at most most; one scalar is a list
// of one where alone is set.
func (d *decoder) items(n *yaml.Node, path string, most int, alone bool, do func(path string, v *yaml.Node)) {
	if !d.plain(n, path) {
		return
	}
	if alone && n.Kind == yaml.ScalarNode {
		do(path, n)
		return
	}
	if n.Kind != yaml.SequenceNode {
		d.add(n.Line, path, "must be a list: put it between [ and ]")
		return
	}
	if len(n.Content) > most {
		d.add(n.Line, path, "is too long a list: at most %d", most)
		return
	}
	if len(n.Content) == 0 {
		d.add(n.Line, path, "is an empty list: leave the key out")
	}
	for i, v := range n.Content {
		do(fmt.Sprintf("%s[%d]", path, i), v)
	}
}

// set reads one scalar with read; what is wrong is told with the value.
func set[T any](d *decoder, to *T, n *yaml.Node, path string, read func(*yaml.Node) (T, error)) {
	if !d.plain(n, path) {
		return
	}
	if n.Kind != yaml.ScalarNode {
		d.add(n.Line, path, "must be one value")
		return
	}
	v, err := read(n)
	if err != nil {
		d.add(n.Line, path, "%s %v", printable(n.Value), err)
		return
	}
	*to = v
}

// setList reads a list of scalars, none of which may stand twice if unlike is set.
func setList[T any](d *decoder, to *[]T, n *yaml.Node, path string, unlike bool, read func(*yaml.Node) (T, error)) {
	var seen []string
	d.items(n, path, MaxList, false, func(path string, v *yaml.Node) {
		if unlike && slices.Contains(seen, v.Value) {
			d.add(v.Line, path, "%s stands twice", printable(v.Value))
			return
		}
		seen = append(seen, v.Value)
		var one T
		set(d, &one, v, path, read)
		*to = append(*to, one)
	})
}
