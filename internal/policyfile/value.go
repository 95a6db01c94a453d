package policyfile

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"firedoor"
	"firedoor/internal/policy"
)

func modeOf(n *yaml.Node) (policy.Mode, error) {
	for m := policy.Observe; m <= policy.Enforce; m++ {
		if n.Value == m.String() {
			return m, nil
		}
	}
	return 0, fmt.Errorf("must be one of observe, test, enforce")
}

func sideOf(n *yaml.Node) (policy.Side, error) {
	s, ok := policy.SideOf(n.Value)
	if !ok {
		return 0, fmt.Errorf("must be %s or %s; without it the zone is at either", policy.Inside, policy.Outside)
	}
	return s, nil
}

// levels are those of the Purdue model, as assets.json has them.
var levels = []string{"L0", "L1", "L2", "L3", "L3.5", "L4", "L5"}

// levelOf is a level as it stands in levels. People write it without the letter, too.
func levelOf(n *yaml.Node) (string, error) {
	for _, l := range levels {
		if strings.EqualFold(n.Value, l) || n.Value == l[1:] {
			return l, nil
		}
	}
	return "", fmt.Errorf("must be one of %s: a level of the Purdue model, L3.5 the zone between plant and office (a DMZ)", strings.Join(levels, ", "))
}

func unjudgedOf(n *yaml.Node) (policy.Unjudged, error) {
	u, ok := policy.UnjudgedOf(n.Value)
	if !ok {
		return 0, fmt.Errorf("must be one of %s, %s, %s", policy.Reads, policy.Open, policy.Closed)
	}
	return u, nil
}

// actionOf reads one of some verdicts.
func actionOf(allowed ...firedoor.Action) func(n *yaml.Node) (firedoor.Action, error) {
	return func(n *yaml.Node) (firedoor.Action, error) {
		var words []string
		for _, a := range allowed {
			if n.Value == a.String() {
				return a, nil
			}
			words = append(words, a.String())
		}
		return 0, fmt.Errorf("must be one of %s", strings.Join(words, ", "))
	}
}

func dayOf(n *yaml.Node) (string, error) {
	if _, err := time.Parse(time.DateOnly, n.Value); err != nil {
		return "", fmt.Errorf("is no day: write it like 2026-11-26")
	}
	return n.Value, nil
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func dayOfWeek(n *yaml.Node) (int, error) {
	if i := slices.Index(weekdays, n.Value); i >= 0 {
		return i, nil
	}
	return 0, fmt.Errorf("must be one of %s", strings.Join(weekdays, ", "))
}

func minuteOf(n *yaml.Node) (uint16, error) {
	t, err := time.Parse("15:04", n.Value)
	if err != nil {
		return 0, fmt.Errorf(`is no time of the day: write it like "06:30"`)
	}
	return uint16(t.Hour()*60 + t.Minute()), nil
}

func protocolOf(n *yaml.Node) (string, error) {
	if n.Value == "" || len(n.Value) > 31 {
		return "", fmt.Errorf("is no name of a protocol")
	}
	return n.Value, nil
}

func portOf(n *yaml.Node) (policy.Port, error) { return policy.PortOf(n.Value) }

func verbOf(n *yaml.Node) (firedoor.Verb, error) {
	var words []string
	for v := firedoor.VerbSession; v <= firedoor.VerbProgram; v++ {
		if n.Value == v.String() {
			return v, nil
		}
		words = append(words, v.String())
	}
	return 0, fmt.Errorf("must be one of %s", strings.Join(words, ", "))
}

func numberOf(n *yaml.Node) (uint32, error) {
	if len(n.Value) > 1 && n.Value[0] == '0' && n.Value[1] >= '0' && n.Value[1] <= '9' { // octal to some, and decimal to others
		return 0, fmt.Errorf("begins with a needless 0")
	}
	v, err := strconv.ParseUint(n.Value, 0, 32)
	if err != nil {
		return 0, fmt.Errorf("must be a whole number from 0 to %d", uint32(math.MaxUint32))
	}
	return uint32(v), nil
}

const maxObject = 256

// objectOf reads "holding:0-40", "DB1.*" or an object's whole text.
func objectOf(n *yaml.Node) (policy.Object, error) {
	text := n.Value
	if len(text) > maxObject {
		return policy.Object{}, fmt.Errorf("is no object: write it as event lines have it, like holding:40; or holding:0-40, or DB1.*")
	}
	if rest, ok := strings.CutSuffix(text, "*"); ok {
		return policy.Object{Text: rest, Open: true}, nil
	}
	if o, ok := policy.RowOf(text); ok {
		if o.From > o.To {
			return policy.Object{}, fmt.Errorf("ends before it begins")
		}
		return o, nil
	}
	return policy.Object{Text: text}, nil
}

func spanOf(n *yaml.Node) (policy.Span, error) {
	low, high, ok := strings.Cut(n.Value, "..")
	if !ok {
		high = low
	}
	a, errA := strconv.ParseFloat(strings.TrimSpace(low), 64)
	b, errB := strconv.ParseFloat(strings.TrimSpace(high), 64)
	switch {
	case errA != nil || errB != nil || a != a || b != b:
		return policy.Span{}, fmt.Errorf("is no range of values: write it like 0..100, or 1 for one value")
	case a > b:
		return policy.Span{}, fmt.Errorf("ends before it begins")
	}
	return policy.Span{Min: a, Max: b}, nil
}

func formOf(n *yaml.Node) (policy.Form, error) {
	f, ok := policy.FormOf(n.Value)
	if !ok || n.Value == "" {
		return 0, fmt.Errorf("must be one of %s: how a number lies in elements of 16 bits", strings.Join(policy.FormWords(), ", "))
	}
	return f, nil
}

func stepOf(n *yaml.Node) (float64, error) {
	v, err := strconv.ParseFloat(n.Value, 64)
	if err != nil || !(v > 0) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("must be a number above 0: the largest change from one value to the next")
	}
	return v, nil
}

func rateOf(n *yaml.Node) (policy.Rate, error) {
	r, ok := policy.RateOf(n.Value)
	if !ok {
		return r, fmt.Errorf("must be the largest change within a second, a minute or an hour: write it like 5/s, 30/min or 100/h")
	}
	return r, nil
}

// addressOf reads an address that stands in a header: that of a device, of a group, or
// of a device that has none yet.
func addressOf(n *yaml.Node) (netip.Addr, error) {
	a, err := netip.ParseAddr(n.Value)
	if err != nil || a.Zone() != "" || a.Is4In6() {
		return netip.Addr{}, fmt.Errorf("is no IP address: write it like 192.168.0.77")
	}
	if a.IsLoopback() {
		return netip.Addr{}, fmt.Errorf("never leaves its device")
	}
	return a, nil
}
