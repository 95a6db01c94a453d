package written

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// MaxProblems is how many problems of one file are told; one more says that
// there are others.
const MaxProblems = 50

// MaxList is how many items a list of a Tree has where nothing else is said.
const MaxList = 64

// Tree takes a file of YAML apart and keeps all that is wrong with it. The YAML
// library's own decoder knows no way to a value, stops early and speaks of Go's types.
type Tree struct {
	File string
	// What is what the file holds, "scenario"; Most its largest size in bytes.
	What     string
	Most     int
	Problems Problems
}

// Add tells a problem.
func (d *Tree) Add(line int, key, format string, args ...any) {
	if len(d.Problems) > MaxProblems {
		return
	}
	d.Problems = append(d.Problems, Problem{File: d.File, Line: line, Key: key, Text: fmt.Sprintf(format, args...)})
}

// Told are all problems in the order of the file, nil where there is none; the last
// says that there are more, where there are.
func (d *Tree) Told() Problems {
	slices.SortStableFunc(d.Problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	if len(d.Problems) > MaxProblems {
		last := d.Problems[MaxProblems].Line
		d.Problems = append(d.Problems[:MaxProblems], Problem{File: d.File, Line: last, Text: "there are more problems from here on"})
	}
	return d.Problems
}

// Document returns the one value a file consists of, or nil and a problem.
func (d *Tree) Document(b []byte) *yaml.Node {
	switch {
	case len(b) > d.Most:
		d.Add(0, "", "is larger than %d KiB, which no %s is", d.Most>>10, d.What)
		return nil
	case !utf8.Valid(b):
		d.Add(0, "", "is no UTF-8 text")
		return nil
	}
	var doc, second yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(b))
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		d.Add(0, "", "holds no %s", d.What)
		return nil
	case err != nil:
		d.syntax(b, err)
		return nil
	}
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			d.syntax(b, err)
			return nil
		}
		d.Add(second.Line, "", "a second document begins here; a %s is one", d.What)
		return nil
	}
	if len(doc.Content) != 1 {
		d.Add(1, "", "holds no %s", d.What)
		return nil
	}
	return doc.Content[0]
}

var yamlLine = regexp.MustCompile(`^line (\d+): `)

// syntax tells where and why a file is not YAML.
func (d *Tree) syntax(b []byte, err error) {
	text, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		if text = text[len(m[0]):]; strings.HasPrefix(text, "did not find expected") {
			line++ // the library counts from 0 there
		}
	}
	if lines := bytes.Split(b, []byte("\n")); line <= len(lines) {
		if l := lines[line-1]; bytes.ContainsRune(l[:len(l)-len(bytes.TrimLeft(l, " \t"))], '\t') {
			text = "is indented with a tab; YAML wants spaces"
		}
	}
	d.Add(line, "", "is not YAML: %s", text)
}

// Plain refuses what YAML offers beyond values: what is written is what is meant.
func (d *Tree) Plain(n *yaml.Node, key string) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		d.Add(n.Line, key, "aliases (*) are not allowed: write the value out")
	case n.Anchor != "":
		d.Add(n.Line, key, "anchors (&) are not allowed: write the value out where it is needed")
	case n.Style&yaml.TaggedStyle != 0:
		d.Add(n.Line, key, "tags of YAML (!) are not allowed: leave it out")
	case n.Tag == "!!null":
		d.Add(n.Line, key, "has no value: give one, or leave the key out")
	default:
		return true
	}
	return false
}

// Join is the way to a key below another one.
func Join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// shownKey is a key of a file as a problem may show it.
func shownKey(k string) string {
	if k == "" || len(k) > MaxName || strings.ContainsFunc(k, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return Printable(k)
	}
	return k
}

// Mapping calls do for every key of a mapping that is one of known, once each,
// and tells those that are not. It returns the keys that are there.
func (d *Tree) Mapping(n *yaml.Node, path, what string, known []string, do func(key, path string, v *yaml.Node)) (has []string) {
	d.Keys(n, path, what, func(key, way string, k, v *yaml.Node) {
		if !slices.Contains(known, key) {
			d.Add(k.Line, way, "unknown key; %s has: %s", what, strings.Join(known, ", "))
			return
		}
		has = append(has, key)
		do(key, way, v)
	})
	return has
}

// Keys calls do for every key of a mapping whose keys the writer chooses, once each.
func (d *Tree) Keys(n *yaml.Node, path, what string, do func(key, path string, k, v *yaml.Node)) {
	if !d.Plain(n, path) {
		return
	}
	if n.Kind != yaml.MappingNode {
		d.Add(n.Line, path, "must be %s: keys and values", what)
		return
	}
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		way := Join(path, shownKey(k.Value))
		switch {
		case k.Kind != yaml.ScalarNode:
			d.Add(k.Line, path, "a key must be one word")
		case seen[k.Value]:
			d.Add(k.Line, way, "stands twice")
		default:
			seen[k.Value] = true
			do(k.Value, way, k, v)
		}
	}
}

// Items calls do for every element of a list of at most most; one scalar is a list
// of one where alone is set.
func (d *Tree) Items(n *yaml.Node, path string, most int, alone bool, do func(path string, v *yaml.Node)) {
	if !d.Plain(n, path) {
		return
	}
	if alone && n.Kind == yaml.ScalarNode {
		do(path, n)
		return
	}
	if n.Kind != yaml.SequenceNode {
		d.Add(n.Line, path, "must be a list: put it between [ and ]")
		return
	}
	if len(n.Content) > most {
		d.Add(n.Line, path, "is too long a list: at most %d", most)
		return
	}
	if len(n.Content) == 0 {
		d.Add(n.Line, path, "is an empty list: leave the key out")
	}
	for i, v := range n.Content {
		do(fmt.Sprintf("%s[%d]", path, i), v)
	}
}

// Set reads one scalar with read; what is wrong is told with the value.
func Set[T any](d *Tree, to *T, n *yaml.Node, path string, read func(*yaml.Node) (T, error)) {
	if !d.Plain(n, path) {
		return
	}
	if n.Kind != yaml.ScalarNode {
		d.Add(n.Line, path, "must be one value")
		return
	}
	v, err := read(n)
	if err != nil {
		d.Add(n.Line, path, "%s %v", Printable(n.Value), err)
		return
	}
	*to = v
}

// SetList reads a list of scalars, none of which may stand twice if unlike is set.
func SetList[T any](d *Tree, to *[]T, n *yaml.Node, path string, unlike bool, read func(*yaml.Node) (T, error)) {
	d.setList(n, path, MaxList, false, unlike, func(v *yaml.Node, path string) {
		var one T
		Set(d, &one, v, path, read)
		*to = append(*to, one)
	})
}

// SetWords is SetList for lists of up to most in which nothing may stand twice, and
// where one value may stand without brackets.
func SetWords[T any](d *Tree, to *[]T, n *yaml.Node, path string, most int, read func(*yaml.Node) (T, error)) {
	d.setList(n, path, most, true, true, func(v *yaml.Node, path string) {
		var one T
		Set(d, &one, v, path, read)
		*to = append(*to, one)
	})
}

func (d *Tree) setList(n *yaml.Node, path string, most int, alone, unlike bool, add func(v *yaml.Node, path string)) {
	seen := map[string]bool{}
	d.Items(n, path, most, alone, func(path string, v *yaml.Node) {
		if unlike && seen[v.Value] {
			d.Add(v.Line, path, "%s stands twice", Printable(v.Value))
			return
		}
		seen[v.Value] = true
		add(v, path)
	})
}
