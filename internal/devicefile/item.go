package devicefile

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
)

// MaxFile is the largest file that is read, in bytes, and maxItems how many values
// of it are named.
const (
	MaxFile  = 16 << 20
	maxItems = 10_000
)

// Item is a value in a device's cyclic data.
type Item struct {
	Object  string // with the byte it begins at, as points name it
	Name    string
	Type    string // as in the map
	Order   string
	Scale   float64
	Offset  float64
	Measure string
}

// Write writes a map of the items of one device, the line of names first.
func Write(w io.Writer, server string, items []Item) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"server", "object", "name", "type", "order", "scale", "offset", "measure"}); err != nil {
		return err
	}
	for _, i := range items {
		if err := out.Write([]string{server, i.Object, i.Name, i.Type, i.Order, number(i.Scale, 1), number(i.Offset, 0), i.Measure}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// number is empty for what goes without saying.
func number(x, plain float64) string {
	if x == plain {
		return ""
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

// at is the object of the element n bytes behind the first.
func at(object string, n int) string {
	if n == 0 {
		return object
	}
	return fmt.Sprintf("%s[%d]", object, n)
}
