package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"

	"firedoor/internal/plant/factory"
	"firedoor/internal/point"
)

// plantNames is the map of process values that the plant's people would write of
// it (docs/formats/points.md): words, unit of measure, and how a number is scaled.
func plantNames(f *factory.Factory) (*point.Names, error) {
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	lines := [][]string{{"server", "object", "name", "type", "scale", "measure"}}
	seen := map[string]bool{} // both lines are alike, and have the same addresses
	for _, v := range f.Values() {
		kind := v.Type
		if kind == "bool" {
			kind = "bit.0"
		}
		line := []string{v.IP.String(), v.Object, fmt.Sprintf("%s (%s)", v.Words, v.Tag), kind, strconv.FormatFloat(1/v.Scale, 'g', -1, 64), v.Unit}
		if at := line[0] + " " + line[1]; !seen[at] {
			seen[at] = true
			lines = append(lines, line)
		}
	}
	if err := w.WriteAll(lines); err != nil {
		return nil, err
	}
	return point.ReadNames("the plant's map", &text)
}
