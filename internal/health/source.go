package health

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// MaxSeries bounds what the sources may emit in one scrape. What is past it is
// left out, and firedoor_series_left_out says how many that were.
const MaxSeries = 20_000

// Kind is what a number does over time.
type Kind uint8

// Kinds of metrics.
const (
	Gauge   Kind = iota // goes up and down
	Counter             // only goes up; its name ends in _total
)

// Emit hands over one number. name begins with firedoor_ and ends in the unit
// (_bytes, _seconds) where there is one; labels are pairs of a name and a value.
type Emit func(name string, kind Kind, help string, value float64, labels ...string)

// Source emits the numbers of one room.
type Source func(emit Emit)

// Limit emits the two metrics that every limit has: how much there may be, and
// how often there would have been more. name is the limit's, as in summaries.
func Limit(emit Emit, name string, limit, hits float64) {
	emit("firedoor_limit", Gauge, "The most there may be of something.", limit, "name", name)
	emit("firedoor_limit_hits_total", Counter, "How often a limit was hit.", hits, "name", name)
}

// gatherer asks the sources when the registry asks it. It describes nothing
// beforehand, for what sources emit is only known when they do.
type gatherer struct{ h *Health }

// Describe sends nothing.
func (g *gatherer) Describe(chan<- *prometheus.Desc) {}

// Collect runs every source.
func (g *gatherer) Collect(out chan<- prometheus.Metric) {
	g.h.mu.Lock()
	sources := slices.Clone(g.h.sources)
	g.h.mu.Unlock()
	series, leftOut := 0, 0
	emit := func(name string, kind Kind, help string, value float64, labels ...string) {
		if series++; series > MaxSeries {
			leftOut++
			return
		}
		out <- metric(name, kind, help, value, labels)
	}
	for _, s := range sources {
		run(s, emit, out)
	}
	out <- metric("firedoor_series_left_out", Gauge, "Series that this scrape had no room for.", float64(leftOut), nil)
}

// run keeps a fault of one source from ending the program: what is asked by a
// stranger at any time must not be able to stop the watching.
func run(s Source, emit Emit, out chan<- prometheus.Metric) {
	defer func() {
		if fault := recover(); fault != nil {
			err := fmt.Errorf("a source of metrics failed: %v", fault)
			out <- prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(err), err)
		}
	}()
	s(emit)
}

var errName = errors.New("a name holds a to z, 0 to 9 and _ only")

// plain is narrower than what Prometheus allows by now: names with other letters
// must be quoted in every query.
func plain(name string) bool {
	odd := func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_') }
	return name != "" && !strings.ContainsFunc(name, odd)
}

func metric(name string, kind Kind, help string, value float64, labels []string) prometheus.Metric {
	invalid := func(err error) prometheus.Metric {
		err = fmt.Errorf("metric %q: %w", name, err)
		return prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(err), err)
	}
	switch {
	case !plain(name):
		return invalid(errName)
	case !strings.HasPrefix(name, "firedoor_"):
		return invalid(fmt.Errorf("does not begin with firedoor_"))
	case (kind == Counter) != strings.HasSuffix(name, "_total"):
		return invalid(fmt.Errorf("a counter ends in _total, and nothing else does"))
	case len(labels)%2 != 0:
		return invalid(fmt.Errorf("a label has no value"))
	}
	var names, values []string
	for pair := range slices.Chunk(labels, 2) {
		if !plain(pair[0]) {
			return invalid(fmt.Errorf("label %q: %w", pair[0], errName))
		}
		names = append(names, pair[0])
		values = append(values, strings.ToValidUTF8(pair[1], "\uFFFD"))
	}
	valueType := prometheus.GaugeValue
	if kind == Counter {
		valueType = prometheus.CounterValue
	}
	m, err := prometheus.NewConstMetric(prometheus.NewDesc(name, help, names, nil), valueType, value, values...)
	if err != nil {
		return invalid(err)
	}
	return m
}
