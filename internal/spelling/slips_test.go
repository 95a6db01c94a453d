package spelling

import (
	"strings"
	"testing"
)

func TestSlips(t *testing.T) {
	long := strings.Repeat("x", longest+1)
	for _, c := range []struct {
		a, b       string
		most, want int
	}{
		{"holding", "holding", 2, 0},
		{"holdng", "holding", 2, 1},
		{"holding", "holdng", 2, 1},
		{"regster", "register", 2, 1},
		{"ab", "ba", 2, 2},
		{"coil", "input", 2, 3},
		{"coil", "coil:17", 2, 3},
		{"", "ab", 2, 2},
		{"kitten", "sitting", 5, 3},
		{long, long, 2, 3},
	} {
		if got := Slips(c.a, c.b, c.most); got != c.want {
			t.Errorf("%.20q and %.20q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
