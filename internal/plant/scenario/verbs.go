package scenario

import (
	"slices"
	"strings"
)

// rule says which keys a verb has besides at and do. All that have from may also
// have honest.
type rule struct {
	verb   Verb
	needs  []string
	allows []string
	// either are groups of which exactly one must be there, whole.
	either [][]string
	// again allows repeat and every around the step.
	again bool
	// goesOn: without for it is over when the scenario is.
	goesOn bool
	words  string // for the format's page, which a test holds against this table
}

// rules are all verbs, in the order in which they are documented.
var rules = []rule{
	{verb: Join, needs: []string{"host"}, allows: []string{"network"}, words: "plugs the host in"},
	{verb: Leave, needs: []string{"host"}, words: "pulls its cable out"},
	{verb: ScanAddresses, needs: []string{"from"}, allows: []string{"network", "pace", "method", "ports"}, again: true, words: "asks every address of a network"},
	{verb: ScanPorts, needs: []string{"from", "to", "ports"}, allows: []string{"pace"}, again: true, words: "knocks at ports"},
	{verb: ScanFunctions, needs: []string{"from", "to"}, allows: []string{"pace"}, again: true, words: "tries one function of the device's protocol after the other, and every unit behind it; changes nothing"},
	{verb: Identify, needs: []string{"from", "to"}, again: true, words: "asks the device who it is"},
	{verb: Read, needs: []string{"from", "to"}, either: [][]string{{"tag"}, {"tags"}}, again: true, words: "reads once"},
	{verb: Write, needs: []string{"from", "to"}, either: [][]string{{"tag", "value"}, {"tags", "values"}}, again: true, words: "writes once"},
	{verb: Toggle, needs: []string{"from", "to", "tag", "values", "every", "for"}, words: "writes two values in turn"},
	{verb: Poll, needs: []string{"from", "to", "every"}, allows: []string{"for"}, either: [][]string{{"tag"}, {"tags"}}, goesOn: true, words: "reads over and over, as a master does"},
	{verb: Ramp, needs: []string{"from", "to", "tag", "value", "over", "every"}, allows: []string{"begin"}, words: "writes from `begin`, or from what it finds, to `value` in equal steps"},
	{verb: Stop, needs: []string{"from", "to"}, again: true, words: "stops the controller"},
	{verb: Start, needs: []string{"from", "to"}, again: true, words: "starts it"},
	{verb: Mode, needs: []string{"from", "to", "mode"}, again: true, words: "asks for an operating mode"},
	{verb: Download, needs: []string{"from", "to", "program"}, allows: []string{"block"}, again: true, words: "loads a program into the controller"},
	{verb: Upload, needs: []string{"from", "to"}, allows: []string{"block"}, again: true, words: "reads the program, or one block, out of it"},
	{verb: Flood, needs: []string{"from", "to", "with", "rate", "for"}, allows: []string{"port"}, again: true, words: "sends more than the device can serve"},
	{verb: Spoof, needs: []string{"from", "between"}, allows: []string{"replay", "for"}, goesOn: true, words: "stands between two hosts by forged ARP and passes on what they say; with `replay` it listens that long and then answers itself with what it heard"},
	{verb: Replace, needs: []string{"host", "to"}, allows: []string{"for"}, goesOn: true, words: "the host takes the place and the addresses of a device, whose cable is pulled; at the end the device comes back"},
	{verb: Forge, needs: []string{"from", "to", "port", "protocol", "messages"}, allows: []string{"pace"}, again: true, words: "sends bytes as they are given"},
	{verb: Sensor, needs: []string{"controller", "tag", "fault"}, allows: []string{"by", "over", "for"}, goesOn: true, words: "a sensor fails"},
	{verb: Break, needs: []string{"breakage"}, allows: []string{"for"}, goesOn: true, words: "a machine fails"},
	{verb: Bypass, needs: []string{"state"}, allows: []string{"tag", "for"}, either: [][]string{{"from", "to"}, {"controller", "by-hand"}}, goesOn: true, words: "overrides a safety controller, or ends that"},
	{verb: Freeze, needs: []string{"controller"}, allows: []string{"for"}, goesOn: true, words: "a vision box keeps saying what it said last"},
	{verb: Wait, allows: []string{"for"}, words: "nothing; the scenario goes on"},
}

// Verbs are all verbs in the order in which they are documented.
func Verbs() []Verb {
	out := make([]Verb, len(rules))
	for i := range rules {
		out[i] = rules[i].verb
	}
	return out
}

func ruleOf(v Verb) *rule {
	for i := range rules {
		if rules[i].verb == v {
			return &rules[i]
		}
	}
	return nil
}

func goesOn(v Verb) bool {
	r := ruleOf(v)
	return r != nil && r.goesOn
}

// keys are all that a step of this verb may have, in the order for people.
func (r *rule) keys() []string {
	out := append([]string{"at", "do"}, r.needs...)
	for _, group := range r.either {
		out = append(out, group...)
	}
	out = append(out, r.allows...)
	if r.again {
		out = append(out, "repeat", "every")
	}
	if slices.Contains(out, "from") {
		out = append(out, "honest")
	}
	return out
}

// missing names what a step with these keys lacks, in words; empty if nothing.
// extra is a key that does not go with the others.
func (r *rule) missing(has []string) (missing, extra string) {
	for _, k := range r.needs {
		if !slices.Contains(has, k) {
			return k, ""
		}
	}
	if len(r.either) == 0 {
		return "", ""
	}
	// The group that was meant is the one that is there by its first key that is.
	meant := -1
	for i, group := range r.either {
		if !slices.ContainsFunc(group, func(k string) bool { return slices.Contains(has, k) }) {
			continue
		}
		if meant >= 0 {
			return "", group[slices.IndexFunc(group, func(k string) bool { return slices.Contains(has, k) })]
		}
		meant = i
	}
	if meant < 0 {
		groups := make([]string, len(r.either))
		for i, group := range r.either {
			groups[i] = strings.Join(group, " with ")
		}
		return strings.Join(groups, ", or "), ""
	}
	for _, k := range r.either[meant] {
		if !slices.Contains(has, k) {
			return k, ""
		}
	}
	return "", ""
}
