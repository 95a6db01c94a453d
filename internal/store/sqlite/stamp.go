package sqlite

import "time"

const layout = "2006-01-02T15:04:05.000000000Z"

// stamp writes nanoseconds since 1970 as files do; nothing for 0.
func stamp(ns int64) string {
	if ns == 0 {
		return ""
	}
	return time.Unix(0, ns).UTC().Format(layout)
}

// nanos reads what stamp wrote. Times that nanoseconds since 1970 cannot hold
// are errRefused.
func nanos(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() < 1970 || t.Year() > 2261 {
		return 0, errRefused
	}
	return t.UnixNano(), nil
}
