package scenario

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"firedoor/internal/written"
)

// Parse reads a scenario; file is what problems call it. All that is wrong is
// returned as written.Problems, with file, line and key; the scenario is then nil. Whether
// hosts and tags exist in a plant is for Check.
func Parse(file string, b []byte) (*Scenario, error) {
	d := decoder{written.Tree{File: file, What: "scenario", Most: MaxFile}}
	s := Scenario{File: file, Class: Malicious}
	if root := d.Document(b); root != nil {
		d.scenario(root, &s)
	}
	if len(d.Problems) == 0 {
		d.Problems = append(d.Problems, s.together()...)
	}
	if len(d.Problems) == 0 {
		return &s, nil
	}
	return nil, d.Told()
}

var topKeys = []string{"name", "title", "words", "class", "techniques", "lasts", "during", "work-order", "hosts", "steps"}

func (d *decoder) scenario(n *yaml.Node, s *Scenario) {
	has := d.Mapping(n, "", "a scenario", topKeys, func(key, path string, v *yaml.Node) {
		switch key {
		case "name":
			written.Set(&d.Tree, &s.Name, v, path, written.Name)
		case "title":
			written.Set(&d.Tree, &s.Title, v, path, written.Text)
		case "words":
			written.Set(&d.Tree, &s.Words, v, path, written.Text)
		case "work-order":
			written.Set(&d.Tree, &s.WorkOrder, v, path, written.Text)
		case "class":
			written.Set(&d.Tree, &s.Class, v, path, words(Malicious, Notable, Routine))
		case "during":
			var during string
			written.Set(&d.Tree, &during, v, path, words("learning", "watching"))
			s.Learning = during == "learning"
		case "lasts":
			written.Set(&d.Tree, &s.Lasts, v, path, lengthOf)
		case "techniques":
			if v.Kind != yaml.SequenceNode || len(v.Content) > 0 { // none is an answer too
				written.SetList(&d.Tree, &s.Techniques, v, path, true, techniqueOf)
			}
		case "hosts":
			d.Items(v, path, MaxHosts, false, func(path string, v *yaml.Node) { s.Hosts = append(s.Hosts, d.host(v, path)) })
		case "steps":
			d.Items(v, path, MaxSteps, false, func(path string, v *yaml.Node) {
				if step, ok := d.step(v, path); ok {
					s.Steps = append(s.Steps, step)
				}
			})
		}
	})
	for _, k := range []string{"name", "title", "words", "lasts", "steps"} {
		if n.Kind == yaml.MappingNode && !slices.Contains(has, k) {
			d.Add(n.Line, k, "is missing")
		}
	}
}

func (d *decoder) host(n *yaml.Node, path string) Host {
	h := Host{Line: n.Line}
	known := []string{"name", "kind", "network", "address", "mac"}
	has := d.Mapping(n, path, "a host", known, func(key, path string, v *yaml.Node) {
		switch key {
		case "name":
			written.Set(&d.Tree, &h.Name, v, path, written.Name)
		case "kind":
			written.Set(&d.Tree, &h.Kind, v, path, words(Kinds()...))
		case "network":
			written.Set(&d.Tree, &h.Network, v, path, written.Name)
		case "address":
			written.Set(&d.Tree, &h.Address, v, path, written.Address)
		case "mac":
			written.Set(&d.Tree, &h.MAC, v, path, written.MAC)
		}
	})
	for _, k := range known {
		if n.Kind == yaml.MappingNode && !slices.Contains(has, k) {
			d.Add(n.Line, written.Join(path, k), "is missing")
		}
	}
	return h
}

// way is the key of step i in problems.
func way(i int, key string) string { return fmt.Sprintf("steps[%d].%s", i, key) }
