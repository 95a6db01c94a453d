package physics

import (
	"testing"
	"time"
)

// early is a Monday morning: the start of all plants in these tests.
var early = time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)

func BenchmarkStep(b *testing.B) {
	p := New(1, early)
	b.ReportAllocs()
	for b.Loop() {
		p.Step()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "x-real-time")
}

func TestStepAllocatesNothing(t *testing.T) {
	p := New(1, early)
	r := p.Production()
	for _, state := range []struct {
		name string
		do   func()
	}{
		{"production", func() {}},
		{"cleaning and another format", func() { _, _, _ = r.Format(2), r.Clean(Mixer1, true), r.Clean(Filler, true) }},
		{"a lying sensor", func() { p.Sensor("PIC301.PV").Fail(Fault{Kind: Junk}) }},
		{"no power", r.PowerOff},
		{"cold start", r.PowerOn},
	} {
		state.do()
		if n := testing.AllocsPerRun(10000, func() { p.Step(); p.Events() }); n != 0 {
			t.Errorf("%s: a step allocates %v times: a factory of weeks would live in the collector", state.name, n)
		}
	}
}
