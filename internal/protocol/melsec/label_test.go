package melsec

import (
	"testing"

	"firedoor"
)

// An array is named by its first element, and the others count on from there, so that each
// has the name under which it is read alone.
func TestElementNames(t *testing.T) {
	for _, c := range []struct {
		label string
		index uint32
		want  string
	}{
		{"Level", 0, "label:Level"},
		{"Level", 2, "label:Level[2]"},
		{"Curve[0]", 0, "label:Curve[0]"},
		{"Curve[0]", 3, "label:Curve[3]"},
		{"Line[1].Curve[7]", 3, "label:Line[1].Curve[10]"},
		{"Grid[0,2]", 0, "label:Grid[0,2]"},
		{"[3]", 1, "label:[3][1]"},
		{"Odd[x]", 1, "label:Odd[x][1]"},
		{"]", 1, "label:][1]"},
	} {
		o := firedoor.Object{Space: labelElements, Text: []byte(c.label)}
		if o.At[0] = c.index; string(appendElement(nil, &o)) != c.want {
			t.Errorf("%s, %d: %s, want %s", c.label, c.index, appendElement(nil, &o), c.want)
		}
	}
}
