package scenario

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

	"firedoor/internal/written"
)

// MaxProblems is how many problems of one file are told; one more says that
// there are others.
const MaxProblems = 50

// Parse reads a scenario; file is what problems call it. All that is wrong is
// returned as written.Problems, with file, line and key; the scenario is then nil. Whether
// hosts and tags exist in a plant is for Check.
func Parse(file string, b []byte) (*Scenario, error) {
	d := decoder{file: file}
	s := Scenario{File: file, Class: Malicious}
	if root := d.document(b); root != nil {
		d.scenario(root, &s)
	}
	if len(d.problems) == 0 {
		d.problems = append(d.problems, s.together()...)
	}
	if len(d.problems) == 0 {
		return &s, nil
	}
	slices.SortStableFunc(d.problems, func(a, b written.Problem) int { return cmp.Compare(a.Line, b.Line) })
	if len(d.problems) > MaxProblems {
		last := d.problems[MaxProblems].Line
		d.problems = append(d.problems[:MaxProblems], written.Problem{File: file, Line: last, Text: "there are more problems from here on"})
	}
	return nil, d.problems
}

// document returns the one value a file consists of, or nil.
func (d *decoder) document(b []byte) *yaml.Node {
	switch {
	case len(b) > MaxFile:
		d.add(0, "", "is larger than %d KiB, which no scenario is", MaxFile>>10)
		return nil
	case !utf8.Valid(b):
		d.add(0, "", "is no UTF-8 text")
		return nil
	}
	var doc, second yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(b))
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		d.add(0, "", "holds no scenario")
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
		d.add(second.Line, "", "a second document begins here; a scenario is one")
		return nil
	}
	if len(doc.Content) != 1 {
		d.add(1, "", "holds no scenario")
		return nil
	}
	return doc.Content[0]
}

var yamlLine = regexp.MustCompile(`^line (\d+): `)

// syntax tells where and why a file is not YAML.
func (d *decoder) syntax(b []byte, err error) {
	text, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	if lines := bytes.Split(b, []byte("\n")); line <= len(lines) {
		if l := lines[line-1]; bytes.ContainsRune(l[:len(l)-len(bytes.TrimLeft(l, " \t"))], '\t') {
			text = "is indented with a tab; YAML wants spaces"
		}
	}
	d.add(line, "", "is not YAML: %s", text)
}

var topKeys = []string{"name", "title", "words", "class", "techniques", "lasts", "during", "work-order", "hosts", "steps"}

func (d *decoder) scenario(n *yaml.Node, s *Scenario) {
	has := d.mapping(n, "", "a scenario", topKeys, func(key, path string, v *yaml.Node) {
		switch key {
		case "name":
			set(d, &s.Name, v, path, nameOf)
		case "title":
			set(d, &s.Title, v, path, textOf)
		case "words":
			set(d, &s.Words, v, path, textOf)
		case "work-order":
			set(d, &s.WorkOrder, v, path, textOf)
		case "class":
			set(d, &s.Class, v, path, words(Malicious, Notable, Routine))
		case "during":
			var during string
			set(d, &during, v, path, words("learning", "watching"))
			s.Learning = during == "learning"
		case "lasts":
			set(d, &s.Lasts, v, path, lengthOf)
		case "techniques":
			if v.Kind != yaml.SequenceNode || len(v.Content) > 0 { // none is an answer too
				setList(d, &s.Techniques, v, path, true, techniqueOf)
			}
		case "hosts":
			d.items(v, path, MaxHosts, false, func(path string, v *yaml.Node) { s.Hosts = append(s.Hosts, d.host(v, path)) })
		case "steps":
			d.items(v, path, MaxSteps, false, func(path string, v *yaml.Node) {
				if step, ok := d.step(v, path); ok {
					s.Steps = append(s.Steps, step)
				}
			})
		}
	})
	for _, k := range []string{"name", "title", "words", "lasts", "steps"} {
		if n.Kind == yaml.MappingNode && !slices.Contains(has, k) {
			d.add(n.Line, k, "is missing")
		}
	}
}

func (d *decoder) host(n *yaml.Node, path string) Host {
	h := Host{Line: n.Line}
	known := []string{"name", "kind", "network", "address", "mac"}
	has := d.mapping(n, path, "a host", known, func(key, path string, v *yaml.Node) {
		switch key {
		case "name":
			set(d, &h.Name, v, path, nameOf)
		case "kind":
			set(d, &h.Kind, v, path, words(Kinds()...))
		case "network":
			set(d, &h.Network, v, path, nameOf)
		case "address":
			set(d, &h.Address, v, path, addressOf)
		case "mac":
			set(d, &h.MAC, v, path, macOf)
		}
	})
	for _, k := range known {
		if n.Kind == yaml.MappingNode && !slices.Contains(has, k) {
			d.add(n.Line, join(path, k), "is missing")
		}
	}
	return h
}

// way is the key of step i in problems.
func way(i int, key string) string { return fmt.Sprintf("steps[%d].%s", i, key) }
