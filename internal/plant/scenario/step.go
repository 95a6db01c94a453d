package scenario

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// step reads one step. The verb is looked for first, for it decides what the
// other keys may be.
func (d *decoder) step(n *yaml.Node, path string) (Step, bool) {
	s := Step{Line: n.Line, Repeat: 1}
	before := len(d.problems)
	r := d.verb(n, path)
	if r == nil {
		return s, false
	}
	s.Do = r.verb
	has := d.mapping(n, path, "a step that does "+string(r.verb), r.keys(), func(key, path string, v *yaml.Node) {
		d.stepKey(&s, key, path, v)
	})
	if !slices.Contains(has, "at") {
		d.add(n.Line, path, "has no at: say when it happens, as in at: 30s")
	}
	missing, extra := r.missing(has)
	if missing != "" {
		d.add(n.Line, path, "%s needs %s", r.verb, missing)
	}
	if extra != "" {
		d.add(n.Line, join(path, extra), "does not go with the other keys of this step")
	}
	if len(d.problems) == before {
		d.fits(&s, has, path)
	}
	return s, len(d.problems) == before
}

// verb finds the rule of a step, or tells why there is none.
func (d *decoder) verb(n *yaml.Node, path string) *rule {
	if n.Kind != yaml.MappingNode {
		d.add(n.Line, path, "must be a step, as in {at: 0s, do: join, host: laptop}")
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
		d.add(v.Line, path+".do", "%s is no verb; verbs are: %s", printable(v.Value), strings.Join(words, ", "))
		return nil
	}
	d.add(n.Line, path, "has no do: say what happens, as in do: write")
	return nil
}

// stepKey reads the value of one key.
func (d *decoder) stepKey(s *Step, key, path string, v *yaml.Node) {
	switch key {
	case "do": // read already
	case "at":
		set(d, &s.At, v, path, durationOf)
	case "every":
		set(d, &s.Every, v, path, lengthOf)
	case "for":
		set(d, &s.For, v, path, lengthOf)
	case "over":
		set(d, &s.Over, v, path, lengthOf)
	case "pace":
		set(d, &s.Pace, v, path, lengthOf)
	case "replay":
		set(d, &s.Replay, v, path, lengthOf)
	case "host":
		set(d, &s.Host, v, path, nameOf)
	case "from":
		set(d, &s.From, v, path, nameOf)
	case "to":
		set(d, &s.To, v, path, nameOf)
	case "network":
		set(d, &s.Network, v, path, nameOf)
	case "controller":
		set(d, &s.Controller, v, path, nameOf)
	case "breakage":
		set(d, &s.Breakage, v, path, nameOf)
	case "tag":
		set(d, &s.Tag, v, path, tagOf)
	case "block":
		set(d, &s.Block, v, path, tagOf)
	case "tags":
		setList(d, &s.Tags, v, path, true, tagOf)
	default:
		d.amountKey(s, key, path, v)
	}
}

// amountKey reads the keys that are numbers, words of a short list, or bytes.
func (d *decoder) amountKey(s *Step, key, path string, v *yaml.Node) {
	switch key {
	case "value":
		set(d, &s.Value, v, path, numberOf)
	case "values":
		setList(d, &s.Values, v, path, false, numberOf)
	case "begin":
		var begin float64
		set(d, &begin, v, path, numberOf)
		s.Begin = &begin
	case "by":
		set(d, &s.By, v, path, amountOf)
	case "repeat":
		set(d, &s.Repeat, v, path, func(n *yaml.Node) (int, error) { return countOf(n, 1, MaxRepeat) })
	case "rate":
		set(d, &s.Rate, v, path, func(n *yaml.Node) (int, error) { return countOf(n, 1, MaxRate) })
	case "program":
		var number int
		set(d, &number, v, path, func(n *yaml.Node) (int, error) { return countOf(n, 0, 1<<16-1) })
		s.Program = uint32(number)
	case "port":
		set(d, &s.Port, v, path, portOf)
	case "ports":
		setList(d, &s.Ports, v, path, true, portOf)
	case "method":
		set(d, &s.Method, v, path, words("arp", "ping", "tcp"))
	case "mode":
		set(d, &s.Mode, v, path, words(Modes()...))
	case "with":
		set(d, &s.With, v, path, words("connections", "requests"))
	case "protocol":
		set(d, &s.Protocol, v, path, words("tcp", "udp"))
	case "fault":
		var fault string
		set(d, &fault, v, path, words(string(Stuck), string(Zero), string(Junk), string(Offset), string(Drift), string(Gain)))
		s.Fault = Fault(fault)
	case "state":
		var state string
		set(d, &state, v, path, words("on", "off"))
		s.On = state == "on"
	case "honest":
		set(d, &s.Honest, v, path, boolOf)
	case "by-hand":
		set(d, &s.ByHand, v, path, boolOf)
	case "messages":
		d.items(v, path, MaxList, true, func(path string, v *yaml.Node) {
			var b []byte
			set(d, &b, v, path, messageOf)
			s.Messages = append(s.Messages, b)
		})
	case "between":
		d.between(s, path, v)
	}
}

func (d *decoder) between(s *Step, path string, v *yaml.Node) {
	var names []string
	setList(d, &names, v, path, true, nameOf)
	if len(names) == len(s.Between) {
		s.Between = [2]string(names)
		return
	}
	d.add(v.Line, path, "must be two different hosts")
}

func words(of ...string) func(*yaml.Node) (string, error) {
	return func(n *yaml.Node) (string, error) { return oneOf(n, of...) }
}
