package config

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"firedoor/internal/written"
)

// TestWrittenIsRead: what is shown can be written into a file.
func TestWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(maxDays*written.Day)).Draw(t, "duration"))
		if rapid.Bool().Draw(t, "whole") {
			d = d.Truncate([]time.Duration{time.Second, time.Minute, time.Hour, written.Day}[rapid.IntRange(0, 3).Draw(t, "unit")])
		}
		if got, err := ParseDuration(written.FormatDuration(d)); err != nil || got != d {
			t.Fatalf("%v is written %s and read as %v, %v", d, written.FormatDuration(d), got, err)
		}
		s := Size(rapid.Int64Min(0).Draw(t, "size"))
		if got, err := ParseSize(s.String()); err != nil || got != s {
			t.Fatalf("%d bytes are written %s and read as %d, %v", int64(s), s, got, err)
		}
		for _, l := range []Learning{{}, {UntilTold: true}, {Time: d}, {Percent: rapid.Float64Range(0.0001, 100).Draw(t, "percent")}} {
			if got, err := ParseLearning(l.String()); err != nil || got != l {
				t.Fatalf("%+v is written %q and read as %+v, %v", l, l, got, err)
			}
		}
	})
}

func TestFormatDuration(t *testing.T) {
	for want, d := range map[string]time.Duration{"0s": 0, "5s": 5 * time.Second, "10m": 10 * time.Minute, "1m30s": 90 * time.Second,
		"12h": 12 * time.Hour, "36h": 36 * time.Hour, "1d": written.Day, "30d": 30 * written.Day, "1.5s": 1500 * time.Millisecond, "1h0m1s": time.Hour + time.Second} {
		if got := written.FormatDuration(d); got != want {
			t.Errorf("%v is written %s, want %s", d, got, want)
		}
	}
}

func TestNoTimesAndSizes(t *testing.T) {
	for _, text := range []string{"", "-5s", "+5s", "5", "5 m", "d", "1.5d", "-1d", "1d-1h", "1d1d", "9999999d", "36600d1s", "inf", "nan", "1e3s", "5min", "99999999999999999999s"} {
		if d, err := ParseDuration(text); err == nil {
			t.Errorf("%q is read as %v", text, d)
		}
	}
	for _, text := range []string{"", "5", "MiB", "-5MiB", "1.5GiB", "5MB", "5mib", "5 MiB", "9223372036854775808B", "8388608TiB", "5KiBB"} {
		if s, err := ParseSize(text); err == nil {
			t.Errorf("%q is read as %v", text, s)
		}
	}
	for _, text := range []string{"0%", "-1%", "101%", "nan%", "%", "0s", "until", "a,b"} {
		if l, err := ParseLearning(text); err == nil {
			t.Errorf("%q is read as %v", text, l)
		}
	}
}
