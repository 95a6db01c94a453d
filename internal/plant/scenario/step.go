package scenario

import (
	"firedoor/internal/written"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// step reads one step. The verb is looked for first, for it decides what the
// other keys may be.
func (d *decoder) step(n *yaml.Node, path string) (Step, bool) {
	s := Step{Line: n.Line, Repeat: 1}
	before := len(d.Problems)
	r := d.verb(n, path)
	if r == nil {
		return s, false
	}
	s.Do = r.verb
	has := d.Mapping(n, path, "a step that does "+string(r.verb), r.keys(), func(key, path string, v *yaml.Node) {
		d.stepKey(&s, key, path, v)
	})
	if !slices.Contains(has, "at") {
		d.Add(n.Line, path, "has no at: say when it happens, as in at: 30s")
	}
	missing, extra := r.missing(has)
	if missing != "" {
		d.Add(n.Line, path, "%s needs %s", r.verb, missing)
	}
	if extra != "" {
		d.Add(n.Line, written.Join(path, extra), "does not go with the other keys of this step")
	}
	if len(d.Problems) == before {
		d.fits(&s, has, path)
	}
	return s, len(d.Problems) == before
}

// verb finds the rule of a step, or tells why there is none.
func (d *decoder) verb(n *yaml.Node, path string) *rule {
	if n.Kind != yaml.MappingNode {
		d.Add(n.Line, path, "must be a step, as in {at: 0s, do: join, host: laptop}")
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != "do" {
			continue
		}
		v := n.Content[i+1]
		if r := ruleOf(Verb(v.Value)); r != nil && v.Kind == yaml.ScalarNode {
			return r
		}
		words := make([]string, 0, len(rules))
		for _, v := range Verbs() {
			words = append(words, string(v))
		}
		d.Add(v.Line, path+".do", "%s is no verb; verbs are: %s", written.Printable(v.Value), strings.Join(words, ", "))
		return nil
	}
	d.Add(n.Line, path, "has no do: say what happens, as in do: write")
	return nil
}

// stepKey reads the value of one key.
func (d *decoder) stepKey(s *Step, key, path string, v *yaml.Node) {
	switch key {
	case "do": // read already
	case "at":
		written.Set(&d.Tree, &s.At, v, path, durationOf)
	case "every":
		written.Set(&d.Tree, &s.Every, v, path, lengthOf)
	case "for":
		written.Set(&d.Tree, &s.For, v, path, lengthOf)
	case "over":
		written.Set(&d.Tree, &s.Over, v, path, lengthOf)
	case "pace":
		written.Set(&d.Tree, &s.Pace, v, path, lengthOf)
	case "replay":
		written.Set(&d.Tree, &s.Replay, v, path, lengthOf)
	case "host":
		written.Set(&d.Tree, &s.Host, v, path, written.Name)
	case "from":
		written.Set(&d.Tree, &s.From, v, path, written.Name)
	case "to":
		written.Set(&d.Tree, &s.To, v, path, written.Name)
	case "network":
		written.Set(&d.Tree, &s.Network, v, path, written.Name)
	case "controller":
		written.Set(&d.Tree, &s.Controller, v, path, written.Name)
	case "breakage":
		written.Set(&d.Tree, &s.Breakage, v, path, written.Name)
	case "tag":
		written.Set(&d.Tree, &s.Tag, v, path, tagOf)
	case "block":
		written.Set(&d.Tree, &s.Block, v, path, tagOf)
	case "tags":
		written.SetList(&d.Tree, &s.Tags, v, path, true, tagOf)
	default:
		d.amountKey(s, key, path, v)
	}
}

// amountKey reads the keys that are numbers, words of a short list, or bytes.
func (d *decoder) amountKey(s *Step, key, path string, v *yaml.Node) {
	switch key {
	case "value":
		written.Set(&d.Tree, &s.Value, v, path, written.Number)
	case "values":
		written.SetList(&d.Tree, &s.Values, v, path, false, written.Number)
	case "begin":
		var begin float64
		written.Set(&d.Tree, &begin, v, path, written.Number)
		s.Begin = &begin
	case "by":
		written.Set(&d.Tree, &s.By, v, path, amountOf)
	case "repeat":
		written.Set(&d.Tree, &s.Repeat, v, path, func(n *yaml.Node) (int, error) { return written.Count(n, 1, MaxRepeat) })
	case "rate":
		written.Set(&d.Tree, &s.Rate, v, path, func(n *yaml.Node) (int, error) { return written.Count(n, 1, MaxRate) })
	case "program":
		var number int
		written.Set(&d.Tree, &number, v, path, func(n *yaml.Node) (int, error) { return written.Count(n, 0, 1<<16-1) })
		s.Program = uint32(number)
	case "port":
		written.Set(&d.Tree, &s.Port, v, path, portOf)
	case "ports":
		written.SetList(&d.Tree, &s.Ports, v, path, true, portOf)
	case "method":
		written.Set(&d.Tree, &s.Method, v, path, words("arp", "ping", "tcp"))
	case "mode":
		written.Set(&d.Tree, &s.Mode, v, path, words(Modes()...))
	case "with":
		written.Set(&d.Tree, &s.With, v, path, words("connections", "requests"))
	case "protocol":
		written.Set(&d.Tree, &s.Protocol, v, path, words("tcp", "udp"))
	case "fault":
		var fault string
		written.Set(&d.Tree, &fault, v, path, words(string(Stuck), string(Zero), string(Junk), string(Offset), string(Drift), string(Gain)))
		s.Fault = Fault(fault)
	case "state":
		var state string
		written.Set(&d.Tree, &state, v, path, words("on", "off"))
		s.On = state == "on"
	case "honest":
		written.Set(&d.Tree, &s.Honest, v, path, written.Bool)
	case "by-hand":
		written.Set(&d.Tree, &s.ByHand, v, path, written.Bool)
	case "messages":
		d.Items(v, path, MaxList, true, func(path string, v *yaml.Node) {
			var b []byte
			written.Set(&d.Tree, &b, v, path, messageOf)
			s.Messages = append(s.Messages, b)
		})
	case "between":
		d.between(s, path, v)
	}
}

func (d *decoder) between(s *Step, path string, v *yaml.Node) {
	var names []string
	written.SetList(&d.Tree, &names, v, path, true, written.Name)
	if len(names) == len(s.Between) {
		s.Between = [2]string(names)
		return
	}
	d.Add(v.Line, path, "must be two different hosts")
}

func words(of ...string) func(*yaml.Node) (string, error) {
	return func(n *yaml.Node) (string, error) { return written.OneOf(n, of...) }
}
