package scenario

import (
	"firedoor/internal/written"
	"slices"
	"time"
)

// MaxRequests is how many requests one step may come to; what asks for more is
// surely a slip of the unit.
const MaxRequests = 10_000_000

// BypassTag is the tag that overrides a safety controller where a step names none.
const BypassTag = "BYPASS"

// fits tells what does not go together in a step whose keys are right by
// themselves. It also fills in what is meant by default.
func (d *decoder) fits(s *Step, has []string, path string) {
	tell := func(key, format string, args ...any) { d.Add(s.Line, written.Join(path, key), format, args...) }
	given := func(key string) bool { return slices.Contains(has, key) }
	r := ruleOf(s.Do)
	switch {
	case r.again && s.Repeat > 1 && s.Every == 0:
		tell("repeat", "needs every: say how long from one time to the next")
	case r.again && s.Repeat == 1 && s.Every > 0:
		tell("every", "needs repeat: say how often")
	case r.again && s.Repeat > 1 && s.For > s.Every:
		tell("for", "is longer than every: one time would begin before the one before is over")
	}
	if s.From != "" && s.From == s.To {
		tell("to", "is the same host as from")
	}
	switch s.Do {
	case ScanAddresses:
		d.fitsScan(s, tell)
	case Write:
		if len(s.Tags) != len(s.Values) {
			tell("values", "are %d for %d tags", len(s.Values), len(s.Tags))
		}
	case Toggle:
		if len(s.Values) != 2 || s.Values[0] == s.Values[1] {
			tell("values", "must be two different ones")
		}
		paced(tell, "every", s.For, s.Every)
	case Poll:
		paced(tell, "every", s.For, s.Every)
	case Ramp:
		paced(tell, "every", s.Over, s.Every)
		if s.Begin != nil && *s.Begin == s.Value {
			tell("begin", "is the same as value: nothing would change")
		}
	case Flood:
		paced(tell, "rate", s.For, time.Second/time.Duration(s.Rate))
	case Spoof:
		if slices.Contains(s.Between[:], s.From) {
			tell("between", "must be two other hosts than from")
		}
		if s.For > 0 && s.Replay >= s.For {
			tell("replay", "is not shorter than for: it would never answer")
		}
	case Replace:
		if s.Host == s.To {
			tell("to", "is the same host")
		}
	case Sensor:
		d.fitsSensor(s, tell, given)
	case Bypass:
		if s.Tag == "" {
			s.Tag = BypassTag
		}
		if given("by-hand") && !s.ByHand {
			tell("by-hand", "must be true, or use from and to")
		}
	}
}

func (d *decoder) fitsScan(s *Step, tell func(key, format string, args ...any)) {
	switch {
	case s.Method == "" && len(s.Ports) > 0:
		s.Method = "tcp"
	case s.Method == "":
		s.Method = "arp"
	case s.Method == "tcp" && len(s.Ports) == 0:
		tell("method", "tcp needs ports to knock at")
	case s.Method != "tcp" && len(s.Ports) > 0:
		tell("ports", "go with method: tcp only")
	}
}

func (d *decoder) fitsSensor(s *Step, tell func(key, format string, args ...any), given func(string) bool) {
	sized := s.Fault == Offset || s.Fault == Drift || s.Fault == Gain
	switch {
	case sized && !given("by"):
		tell("by", `is missing: say how far, as in by: "0.5 sigma"`)
	case !sized && given("by"):
		tell("by", "does not go with fault: %s", s.Fault)
	case s.Fault == Drift && !given("over"):
		tell("over", "is missing: say in what time it drifts that far")
	case !sized && given("over"):
		tell("over", "does not go with fault: %s", s.Fault)
	case s.Fault == Gain && s.By.Unit == Sigma, s.Fault != Gain && s.By.Unit == Percent:
		tell("by", "gain is in percent, offset and drift are not")
	}
}

// paced tells when a step comes to more requests than anybody means.
func paced(tell func(key, format string, args ...any), key string, length, pace time.Duration) {
	switch {
	case pace > 0 && length/pace > MaxRequests:
		tell(key, "makes more than %d requests in all", MaxRequests)
	case key == "every" && length > 0 && pace > length:
		tell(key, "is longer than the whole step")
	}
}
