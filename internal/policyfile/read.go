package policyfile

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"firedoor"
	"firedoor/internal/policy"
	"firedoor/internal/written"
)

// MaxFile is the largest policy in bytes.
const MaxFile = 16 << 20

// maxListed is how many items a list of a rule has.
const maxListed = 4096

// Version is that of the format; a file says it first.
const Version = 1

// Read reads a policy and makes it ready; file is what problems call it. All that is
// wrong is returned as written.Problems.
func Read(file string, b []byte, known policy.Known) (*policy.Plan, error) {
	d := decoder{Tree: written.Tree{File: file, What: "policy", Most: MaxFile}}
	pol := &policy.Policy{Otherwise: policy.Otherwise{Default: firedoor.Pass}}
	if root := d.Document(b); root != nil {
		d.policy(root, pol)
	}
	if len(d.Problems) > 0 {
		return nil, d.Told()
	}
	plan, faults := policy.Compile(pol, known)
	for _, f := range faults {
		d.Add(f.Line, f.Key, "%s", f.Text)
	}
	if len(d.Problems) > 0 {
		return nil, d.Told()
	}
	return plan, nil
}

type decoder struct{ written.Tree }

// demand tells which keys are missing.
func (d *decoder) demand(n *yaml.Node, path string, has []string, keys ...string) {
	for _, k := range keys {
		if n.Kind == yaml.MappingNode && !slices.Contains(has, k) {
			d.Add(n.Line, written.Join(path, k), "is missing")
		}
	}
}

var policyKeys = []string{"policy", "name", "time-zone", "hosts", "zones", "conduits", "otherwise", "safety"}

func (d *decoder) policy(n *yaml.Node, p *policy.Policy) {
	has := d.Mapping(n, "", "a policy", policyKeys, func(key, path string, v *yaml.Node) {
		switch key {
		case "policy":
			var version int
			written.Set(&d.Tree, &version, v, path, func(n *yaml.Node) (int, error) { return written.Count(n, Version, Version) })
		case "name":
			written.Set(&d.Tree, &p.Name, v, path, written.Text)
		case "time-zone":
			written.Set(&d.Tree, &p.TimeZone, v, path, written.Text)
			p.TimeZoneLine = v.Line
		case "hosts":
			d.Keys(v, path, "hosts by their names", func(name, path string, k, v *yaml.Node) {
				p.Hosts = append(p.Hosts, d.host(name, path, k, v))
			})
		case "zones":
			d.Keys(v, path, "zones by their names", func(name, path string, k, v *yaml.Node) {
				p.Zones = append(p.Zones, d.zone(name, path, k, v))
			})
		case "conduits":
			d.Keys(v, path, "conduits by their names", func(name, path string, k, v *yaml.Node) {
				p.Conduits = append(p.Conduits, d.conduit(name, path, k, v))
			})
		case "otherwise":
			d.otherwise(v, path, &p.Otherwise)
		case "safety":
			d.Items(v, path, policy.MaxRules, false, func(path string, v *yaml.Node) { p.Safety = append(p.Safety, d.safety(v, path)) })
		}
	})
	d.demand(n, "", has, "policy", "zones")
	for _, of := range []struct {
		key        string
		have, most int
	}{{"hosts", len(p.Hosts), policy.MaxHosts}, {"zones", len(p.Zones), policy.MaxZones}, {"conduits", len(p.Conduits), policy.MaxConduits}} {
		if of.have > of.most {
			d.Add(n.Line, of.key, "are more than %d", of.most)
		}
	}
}

func (d *decoder) name(name, path string, k *yaml.Node) {
	if !written.NameForm(name) {
		d.Add(k.Line, path, "is no name: small letters, digits and hyphens, at most %d", written.MaxName)
	}
}

func (d *decoder) host(name, path string, k, n *yaml.Node) policy.Host {
	h := policy.Host{Name: name, Line: k.Line}
	d.name(name, path, k)
	d.Mapping(n, path, "a host", []string{"address", "mac", "segment", "refuses", "note"}, func(key, path string, v *yaml.Node) {
		switch key {
		case "address":
			written.SetWords(&d.Tree, &h.Addresses, v, path, maxListed, addressOf)
		case "mac":
			written.Set(&d.Tree, &h.MAC, v, path, written.GroupMAC)
		case "segment":
			written.Set(&d.Tree, &h.Segment, v, path, segmentOf)
		case "refuses":
			written.SetWords(&d.Tree, &h.Refuses, v, path, maxListed, protocolOf)
		case "note":
			written.Set(&d.Tree, &h.Note, v, path, written.Text)
		}
	})
	if len(h.Addresses) == 0 && h.MAC == 0 && len(d.Problems) == 0 {
		d.Add(k.Line, path, "has neither address nor mac: nothing could be told to be it")
	}
	return h
}

func (d *decoder) zone(name, path string, k, n *yaml.Node) policy.Zone {
	z := policy.Zone{Name: name, Line: k.Line}
	d.name(name, path, k)
	d.Mapping(n, path, "a zone", []string{"addresses", "hosts", "segment", "level", "target", "at"}, func(key, path string, v *yaml.Node) {
		switch key {
		case "addresses":
			written.SetWords(&d.Tree, &z.Prefixes, v, path, maxListed, prefixOf)
		case "hosts":
			written.SetWords(&d.Tree, &z.Hosts, v, path, policy.MaxHosts, written.Name)
		case "segment":
			written.Set(&d.Tree, &z.Segment, v, path, segmentOf)
		case "level":
			written.Set(&d.Tree, &z.Level, v, path, levelOf)
		case "target":
			written.Set(&d.Tree, &z.Target, v, path, func(n *yaml.Node) (int, error) { return written.Count(n, 0, 4) })
		case "at":
			written.Set(&d.Tree, &z.At, v, path, sideOf)
		}
	})
	return z
}

func (d *decoder) otherwise(n *yaml.Node, path string, o *policy.Otherwise) {
	d.Mapping(n, path, "what holds where no conduit joins", []string{"mode", "default"}, func(key, path string, v *yaml.Node) {
		switch key {
		case "mode":
			written.Set(&d.Tree, &o.Mode, v, path, modeOf)
		case "default":
			written.Set(&d.Tree, &o.Default, v, path, actionOf(firedoor.Pass, firedoor.Drop, firedoor.Reset))
		}
	})
}

func (d *decoder) safety(n *yaml.Node, path string) policy.Match {
	m := policy.Match{Line: n.Line}
	has := d.Mapping(n, path, "safety traffic", []string{"client", "server", "protocol", "port"}, func(key, path string, v *yaml.Node) {
		d.match(key, path, v, &m)
	})
	if len(has) == 0 && n.Kind == yaml.MappingNode {
		d.Add(n.Line, path, "names nothing: it would let everything pass")
	}
	return m
}

var conduitKeys = []string{"from", "to", "mode", "default", "instead", "unjudged", "never-rewrite", "budget", "never-block", "rules"}

func (d *decoder) conduit(name, path string, k, n *yaml.Node) policy.Conduit {
	c := policy.Conduit{Name: name, Line: k.Line, Default: firedoor.Drop, Instead: firedoor.Drop}
	d.name(name, path, k)
	has := d.Mapping(n, path, "a conduit", conduitKeys, func(key, path string, v *yaml.Node) {
		switch key {
		case "from":
			written.Set(&d.Tree, &c.From, v, path, written.Name)
		case "to":
			written.Set(&d.Tree, &c.To, v, path, written.Name)
		case "mode":
			written.Set(&d.Tree, &c.Mode, v, path, modeOf)
		case "default":
			written.Set(&d.Tree, &c.Default, v, path, actionOf(firedoor.Pass, firedoor.Refuse, firedoor.Drop, firedoor.Reset))
		case "instead":
			written.Set(&d.Tree, &c.Instead, v, path, actionOf(firedoor.Drop, firedoor.Reset))
		case "unjudged":
			written.Set(&d.Tree, &c.Unjudged, v, path, unjudgedOf)
		case "never-rewrite":
			written.Set(&d.Tree, &c.NeverRewrite, v, path, written.Bool)
		case "budget":
			written.Set(&d.Tree, &c.Budget, v, path, budgetOf)
		case "never-block":
			d.neverBlock(v, path, &c)
		case "rules":
			d.Items(v, path, policy.MaxRules, false, func(path string, v *yaml.Node) { c.Rules = append(c.Rules, d.rule(v, path, true)) })
		}
	})
	d.demand(n, path, has, "from", "to")
	return c
}

// Bounds of a budget. Less than the first is noise of the machine, and after more than the
// second TCP sends again.
const (
	minBudget = 100 * time.Microsecond
	maxBudget = 200 * time.Millisecond
)

func budgetOf(n *yaml.Node) (time.Duration, error) {
	b, err := time.ParseDuration(n.Value)
	if err != nil || b < minBudget || b > maxBudget {
		return 0, fmt.Errorf("must be a time from 100us to 200ms, as 2ms")
	}
	return b, nil
}

func (d *decoder) neverBlock(n *yaml.Node, path string, c *policy.Conduit) {
	d.Mapping(n, path, "what is never blocked", []string{"reviewed", "rules"}, func(key, path string, v *yaml.Node) {
		switch key {
		case "reviewed":
			has := d.Mapping(v, path, "a review", []string{"by", "on"}, func(key, path string, v *yaml.Node) {
				switch key {
				case "by":
					written.Set(&d.Tree, &c.Reviewed.By, v, path, written.Text)
				case "on":
					written.Set(&d.Tree, &c.Reviewed.On, v, path, dayOf)
				}
			})
			d.demand(v, path, has, "by", "on")
		case "rules":
			d.Items(v, path, policy.MaxRules, false, func(path string, v *yaml.Node) {
				c.NeverBlock = append(c.NeverBlock, d.rule(v, path, false))
			})
		}
	})
}

var matchKeys = []string{"client", "server", "protocol", "port", "verb", "function", "code", "unit", "object", "value", "as", "step", "rate", "when"}

func (d *decoder) rule(n *yaml.Node, path string, judges bool) policy.Rule {
	r := policy.Rule{Line: n.Line, Match: policy.Match{Line: n.Line}}
	keys := append([]string{"name", "note"}, matchKeys...)
	if judges {
		keys = append(keys, "verdict")
	}
	has := d.Mapping(n, path, "a rule", keys, func(key, path string, v *yaml.Node) {
		switch key {
		case "name":
			written.Set(&d.Tree, &r.Name, v, path, written.Text)
		case "note":
			written.Set(&d.Tree, &r.Note, v, path, written.Text)
		case "verdict":
			written.Set(&d.Tree, &r.Verdict, v, path, actionOf(firedoor.Pass, firedoor.Refuse, firedoor.Drop, firedoor.Reset))
		default:
			d.match(key, path, v, &r.Match)
		}
	})
	if judges {
		d.demand(n, path, has, "verdict")
	}
	if (r.Match.Moves() || r.Match.Values != nil) && len(r.Match.Objects) == 0 {
		d.Add(n.Line, path, "looks at values of any object: name the object")
	}
	d.formed(n, path, &r.Match)
	return r
}

// formed tells of a form of numbers where none are looked at.
func (d *decoder) formed(n *yaml.Node, path string, m *policy.Match) {
	if m.As == policy.AsWritten || m.As.One() && m.Rate.Most == 0 && (m.Values != nil || m.Step > 0) || m.Values != nil && !m.Moves() {
		return
	}
	d.Add(n.Line, written.Join(path, "as"), "says how to read a value: it goes with value, and not with step or rate; i16 goes with step too")
}

func (d *decoder) match(key, path string, v *yaml.Node, m *policy.Match) {
	switch key {
	case "client":
		written.SetWords(&d.Tree, &m.Clients, v, path, maxListed, written.Name)
	case "server":
		written.SetWords(&d.Tree, &m.Servers, v, path, maxListed, written.Name)
	case "protocol":
		written.SetWords(&d.Tree, &m.Protocols, v, path, maxListed, protocolOf)
	case "port":
		written.SetWords(&d.Tree, &m.Ports, v, path, maxListed, portOf)
	case "verb":
		written.SetWords(&d.Tree, &m.Verbs, v, path, maxListed, verbOf)
	case "function":
		written.SetWords(&d.Tree, &m.Functions, v, path, maxListed, written.Text)
	case "code":
		written.SetWords(&d.Tree, &m.Codes, v, path, maxListed, numberOf)
	case "unit":
		written.SetWords(&d.Tree, &m.Units, v, path, maxListed, numberOf)
	case "object":
		written.SetWords(&d.Tree, &m.Objects, v, path, maxListed, objectOf)
	case "value":
		var span policy.Span
		written.Set(&d.Tree, &span, v, path, spanOf)
		m.Values = &span
	case "as":
		written.Set(&d.Tree, &m.As, v, path, formOf)
	case "step":
		written.Set(&d.Tree, &m.Step, v, path, stepOf)
	case "rate":
		written.Set(&d.Tree, &m.Rate, v, path, rateOf)
	case "when":
		m.When = d.window(v, path)
	}
}

func (d *decoder) window(n *yaml.Node, path string) *policy.Window {
	w := &policy.Window{}
	has := d.Mapping(n, path, "a time of the week", []string{"days", "from", "until"}, func(key, path string, v *yaml.Node) {
		switch key {
		case "days":
			var days []int
			written.SetWords(&d.Tree, &days, v, path, 7, dayOfWeek)
			for _, day := range days {
				w.Days |= 1 << day
			}
		case "from":
			written.Set(&d.Tree, &w.From, v, path, minuteOf)
		case "until":
			written.Set(&d.Tree, &w.Until, v, path, minuteOf)
		}
	})
	if slices.Contains(has, "from") != slices.Contains(has, "until") {
		d.Add(n.Line, path, "has only one of from and until: give both")
	}
	return w
}

// segment is the form of a segment's name (packet.ScopeName): what has another one never comes by, so
// whatever is said of it would hold for nobody.
var segment = regexp.MustCompile(`^(untagged|` + tunnel + `|vlan:(0|[1-9][0-9]{0,3})(\.[1-9][0-9]{0,3})?(/` + tunnel + `)?)$`)

const tunnel = `(ip|pppoe|tzsp|(gre|erspan|vxlan|geneve|mpls):[0-9]{1,10})`

// segmentOf reads a segment's name as files have it.
func segmentOf(n *yaml.Node) (string, error) {
	return n.Value, IsSegment(n.Value)
}

// IsSegment says what is wrong with the name of a segment.
func IsSegment(name string) error {
	if !segment.MatchString(name) {
		return fmt.Errorf(`is no segment: write it as conversations.json has it, like untagged or "vlan:10"`)
	}
	tags, _, _ := strings.Cut(name, "/")
	if numbers, ok := strings.CutPrefix(tags, "vlan:"); ok {
		for number := range strings.SplitSeq(numbers, ".") {
			if v, err := strconv.Atoi(number); err != nil || v > maxVLAN {
				return fmt.Errorf("is no segment: there is no VLAN %s, they go to %d", number, maxVLAN)
			}
		}
	}
	return nil
}

// maxVLAN is the highest number of a VLAN (IEEE 802.1Q, 9.6: 4095 is reserved, and is met all the same).
const maxVLAN = 4095

func prefixOf(n *yaml.Node) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(n.Value); err == nil && a.Zone() == "" && !a.Is4In6() {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(n.Value)
	switch {
	case err != nil || p.Addr().Is4In6():
		return netip.Prefix{}, fmt.Errorf("is no network: write it like 10.3.1.0/24")
	case p.Masked() != p:
		return netip.Prefix{}, fmt.Errorf("has bits behind its length: is %s meant?", p.Masked())
	}
	return p, nil
}
