package policyfile

import (
	"go.yaml.in/yaml/v3"

	"firedoor"
	"firedoor/internal/policy"
	"firedoor/internal/written"
)

// ReadReview reads what a review found; file is what problems call it. All that is wrong
// is returned as written.Problems.
func ReadReview(file string, b []byte) (*policy.Findings, error) {
	d := decoder{Tree: written.Tree{File: file, What: "review", Most: MaxFile}}
	f := &policy.Findings{}
	if root := d.Document(b); root != nil {
		d.review(root, f)
	}
	if len(d.Problems) > 0 {
		return nil, d.Told()
	}
	return f, nil
}

// Revise puts a review into a drafted policy; what does not fit is returned as
// written.Problems of the review's file.
func Revise(p *policy.Policy, file string, f *policy.Findings) error {
	d := decoder{Tree: written.Tree{File: file, What: "review", Most: MaxFile}}
	for _, fault := range p.Revise(f) {
		d.Add(fault.Line, fault.Key, "%s", fault.Text)
	}
	if len(d.Problems) > 0 {
		return d.Told()
	}
	return nil
}

var reviewKeys = []string{"review", "by", "on", "mode", "time-zone", "default", "unjudged", "hosts", "never-block", "rules", "limits"}

func (d *decoder) review(n *yaml.Node, f *policy.Findings) {
	has := d.Mapping(n, "", "a review", reviewKeys, func(key, path string, v *yaml.Node) {
		switch key {
		case "review":
			var version int
			written.Set(&d.Tree, &version, v, path, func(n *yaml.Node) (int, error) { return written.Count(n, Version, Version) })
		case "by":
			written.Set(&d.Tree, &f.Review.By, v, path, written.Text)
		case "on":
			written.Set(&d.Tree, &f.Review.On, v, path, dayOf)
		case "mode":
			written.Set(&d.Tree, &f.Mode, v, path, modeOf)
		case "time-zone":
			written.Set(&d.Tree, &f.TimeZone, v, path, written.Text)
		case "default":
			var a firedoor.Action
			written.Set(&d.Tree, &a, v, path, actionOf(firedoor.Pass, firedoor.Refuse, firedoor.Drop, firedoor.Reset))
			f.Default = &a
		case "unjudged":
			var u policy.Unjudged
			written.Set(&d.Tree, &u, v, path, unjudgedOf)
			f.Unjudged = &u
		case "hosts":
			d.Keys(v, path, "hosts by their names", func(name, path string, k, v *yaml.Node) {
				f.Hosts = append(f.Hosts, d.foundHost(name, path, k, v))
			})
		case "never-block":
			d.Items(v, path, policy.MaxRules, false, func(path string, v *yaml.Node) { f.NeverBlock = append(f.NeverBlock, d.rule(v, path, false)) })
		case "rules":
			d.Items(v, path, policy.MaxRules, false, func(path string, v *yaml.Node) { f.Rules = append(f.Rules, d.rule(v, path, true)) })
		case "limits":
			d.Items(v, path, policy.MaxRules, false, func(path string, v *yaml.Node) { f.Limits = append(f.Limits, d.limit(v, path)) })
		}
	})
	d.demand(n, "", has, "review", "by", "on", "mode")
}

func (d *decoder) foundHost(name, path string, k, n *yaml.Node) policy.FoundHost {
	zone := ""
	rest := *n
	rest.Content = nil
	for i := 0; i+1 < len(n.Content); i += 2 { // all but the zone is as in a policy
		if n.Content[i].Value == "zone" {
			written.Set(&d.Tree, &zone, n.Content[i+1], written.Join(path, "zone"), written.Name)
			continue
		}
		rest.Content = append(rest.Content, n.Content[i], n.Content[i+1])
	}
	return policy.FoundHost{Host: d.host(name, path, k, &rest), Zone: zone}
}

func (d *decoder) limit(n *yaml.Node, path string) policy.Limit {
	l := policy.Limit{Line: n.Line}
	var m policy.Match
	has := d.Mapping(n, path, "a limit", []string{"server", "protocol", "object", "value", "as", "step", "rate", "note"}, func(key, path string, v *yaml.Node) {
		if key == "note" {
			written.Set(&d.Tree, &l.Note, v, path, written.Text)
			return
		}
		d.match(key, path, v, &m)
	})
	d.demand(n, path, has, "server", "object")
	if m.Values == nil && !m.Moves() && n.Kind == yaml.MappingNode {
		d.Add(n.Line, path, "bounds nothing: give value, step or rate")
	}
	d.formed(n, path, &m)
	l.Servers, l.Protocols, l.Objects, l.Values, l.As, l.Step, l.Rate = m.Servers, m.Protocols, m.Objects, m.Values, m.As, m.Step, m.Rate
	return l
}
