package policy

import (
	"slices"
	"time"
)

// Turns are moments after one time and not after another, both in ns since 1970, between which
// nothing that hangs on the time of a rule changes on a route. Beyond a week everything was
// there once, so it ends there. They are in order.
func (p *Plan) Turns(r *Route, after, until int64) (out []int64) {
	if r.Conduit < 0 {
		return nil
	}
	minutes := map[int]bool{}
	p.eachEntry(r, func(e *entry) { e.when.edges(minutes) })
	if len(minutes) == 0 || after >= until {
		return nil
	}
	until = min(until, after+int64(8*24*time.Hour))
	first := time.Unix(0, after).In(p.zone)
	for day := -1; day <= 9; day++ {
		for m := range minutes {
			if at := time.Date(first.Year(), first.Month(), first.Day()+day, 0, m%minutesOfDay, 0, 0, p.zone); int(at.Weekday()) == m/minutesOfDay {
				for _, shift := range []time.Duration{0, -time.Hour, time.Hour} { // in a night in which clocks change an hour comes twice, or never
					if t := at.Add(shift).UnixNano(); t > after && t <= until && !slices.Contains(out, t) {
						out = append(out, t)
					}
				}
			}
		}
	}
	slices.Sort(out)
	return out
}
