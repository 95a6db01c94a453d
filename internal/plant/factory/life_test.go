package factory

import (
	"testing"
	"time"

	"firedoor/internal/plant/physics"
	"firedoor/internal/plant/truth"
)

// wall is a time on the plant's clock.
func wall(day, hour, minute int) time.Time {
	return time.Unix(0, moment(time.Date(2026, time.March, day, hour, minute, 0, 0, time.UTC))).UTC()
}

// TestLife: everything honest happens when the calendar says so, is written down
// with the class it should have, and has its effect.
func TestLife(t *testing.T) {
	for _, c := range []struct {
		kind   string
		class  truth.Class
		start  time.Time
		length time.Duration
		check  func(t *testing.T, f *Factory, e *truth.Entry)
	}{
		{"shift-change", truth.Routine, wall(3, 13, 55), time.Hour, operations(1)},
		{"recipe-change", truth.Routine, wall(3, 8, 0), 3 * time.Hour, operations(1)},
		{"format-change", truth.Routine, wall(3, 9, 50), time.Hour, func(t *testing.T, f *Factory, e *truth.Entry) {
			operations(1)(t, f, e)
			if v := f.physics.Controller("filler-plc").Tag("FORMAT").Value; v != 2 {
				t.Errorf("the format is %g", v)
			}
		}},
		{"weekend", truth.Routine, wall(7, 5, 50), time.Hour, func(t *testing.T, f *Factory, e *truth.Entry) {
			operations(8)(t, f, e)
			for _, c := range []physics.Cell{physics.Mixer1, physics.Filler, physics.Robot, physics.Boiler} {
				if f.physics.Production().Running(c) {
					t.Errorf("%s is still meant to produce", c)
				}
			}
		}},
		{"start-of-week", truth.Routine, wall(9, 4, 20), 90 * time.Minute, operations(6)},
		{"backup", truth.Routine, wall(4, 2, 20), 30 * time.Minute, operations(8)},
		{"diagnosis", truth.Routine, wall(4, 9, 30), 40 * time.Minute, operations(6)},
		{"clock-change", truth.Routine, wall(29, 1, 30), 3 * time.Hour, operations(2)},
		{"emergency-stop", truth.Routine, wall(5, 15, 10), 40 * time.Minute, operations(1)},
		{"vendor-visit", truth.Notable, wall(4, 12, 55), time.Hour, operations(5)},
		{"switch-over", truth.Notable, wall(6, 10, 55), 2 * time.Hour, func(t *testing.T, f *Factory, e *truth.Entry) {
			if s := f.operator["scada-2>mixer-1-plc"]; s.answered < 1000 || s.answered+3 < s.sent || f.inService != "scada-1" {
				t.Errorf("the second server asked %d times and got %d answers; %s serves in the end", s.sent, s.answered, f.inService)
			}
		}},
		{"firmware-update", truth.Notable, wall(10, 20, 50), time.Hour, func(t *testing.T, f *Factory, e *truth.Entry) {
			operations(5)(t, f, e)
			if u := f.device("capper-plc"); u.firmware != "V3.3.12" || !u.image.of.Running() {
				t.Errorf("firmware %s, running %v", u.firmware, u.image.of.Running())
			}
		}},
		{"device-replaced", truth.Notable, wall(12, 9, 20), 2 * time.Hour, func(t *testing.T, f *Factory, e *truth.Entry) {
			if u := f.device("mixer-2-io"); u.host.MAC() == 0x0030de0a1d12 || len(e.Hosts) != 1 || len(e.Hosts[0].MACs) != 2 {
				t.Errorf("its MAC is %s, hosts %v: both MACs belong to it", u.host.MAC(), e.Hosts)
			}
		}},
		{"power-failure", truth.Notable, wall(13, 3, 0), time.Hour, func(t *testing.T, f *Factory, e *truth.Entry) {
			s := f.operator["mixer-1-hmi>mixer-1-plc"]
			before := s.answered
			f.Run(f.Now() + time.Minute)
			if s.broken == 0 || s.answered < before+100 || e.End == 0 {
				t.Errorf("the panel's connection broke %d times; %d answers in the minute after", s.broken, s.answered-before)
			}
		}},
	} {
		t.Run(c.kind, func(t *testing.T) {
			t.Parallel()
			f, err := New(Options{Seed: 5, Start: c.start})
			if err != nil {
				t.Fatal(err)
			}
			f.Run(c.length)
			for _, e := range f.Truth().Entries {
				if e.Kind != c.kind {
					continue
				}
				if e.Class != c.class || e.Class == truth.Notable && c.kind != "power-failure" && e.WorkOrder == "" {
					t.Errorf("%+v", e)
				}
				c.check(t, f, e)
				return
			}
			t.Fatal("it did not happen")
		})
	}
}

// operations wants so many operations written down at least, each complete.
func operations(least int) func(*testing.T, *Factory, *truth.Entry) {
	return func(t *testing.T, _ *Factory, e *truth.Entry) {
		t.Helper()
		if e.OperationsTotal < least {
			t.Errorf("%d operations, want %d", e.OperationsTotal, least)
		}
		for _, op := range e.Operations {
			if op.Verb == "" || op.Protocol == "" || op.Client.IP == "" || op.Server.IP == "" || op.Time < e.Start {
				t.Errorf("%+v", op)
			}
		}
	}
}

// TestQuietWeekend: nobody trims machines on Sunday, and the office is dark.
func TestQuietWeekend(t *testing.T) {
	f, err := New(Options{Seed: 5, Start: wall(8, 13, 30)})
	if err != nil {
		t.Fatal(err)
	}
	f.Run(2 * time.Hour)
	for _, e := range f.Truth().Entries {
		if e.Kind == "shift-change" {
			t.Errorf("%+v", e)
		}
	}
	if f.device("office-9").host.Powered() || !f.device("office-1").host.Powered() {
		t.Error("office-9 is on, or office-1 is off, on a Sunday")
	}
}

// TestSummerTime: the wall shows what it shows in central Europe.
func TestSummerTime(t *testing.T) {
	for _, c := range []struct{ utc, shows string }{
		{"2026-03-02T05:00:00Z", "Mon 06:00"}, {"2026-03-29T00:59:59Z", "Sun 01:59"}, {"2026-03-29T01:00:00Z", "Sun 03:00"},
		{"2026-07-01T10:00:00Z", "Wed 12:00"}, {"2026-10-25T00:59:59Z", "Sun 02:59"}, {"2026-10-25T01:00:00Z", "Sun 02:00"},
		{"2027-03-28T01:00:00Z", "Sun 03:00"}, {"2025-12-31T23:30:00Z", "Thu 00:30"},
	} {
		at, err := time.Parse(time.RFC3339, c.utc)
		if err != nil {
			t.Fatal(err)
		}
		if got := local(at.UnixNano()).Format("Mon 15:04"); got != c.shows {
			t.Errorf("%s: the wall shows %s, want %s", c.utc, got, c.shows)
		}
	}
	if got := weekOf(wall(1, 23, 59).UnixNano()); got != -1 {
		t.Errorf("the Sunday before is in week %d", got)
	}
	if got := weekOf(wall(30, 0, 0).UnixNano()); got != 4 {
		t.Errorf("30 March is in week %d", got)
	}
}

// dropper is a gateway that lets nothing of one VLAN host out.
type dropper struct{ seen, dropped int }

func (d *dropper) Pass(towards bool, frame []byte) []byte {
	d.seen++
	if towards {
		return frame
	}
	d.dropped++
	return nil
}

// TestInline: a gateway in a controller's cable that lets no answer out silences it.
func TestInline(t *testing.T) {
	f, err := New(Options{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	var d dropper
	if _, err := f.Inline("mixer-1-plc", &d); err != nil {
		t.Fatal(err)
	}
	f.Run(10 * time.Minute)
	if s := f.operator["mixer-1-hmi>mixer-1-plc"]; d.dropped == 0 || s.answered != 0 {
		t.Errorf("%d frames seen, %d dropped, %d answers came through", d.seen, d.dropped, s.answered)
	}
	if _, err := f.Inline("nobody", &d); err == nil {
		t.Error("a device that is not there")
	}
}
