package devicefile

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
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
		name := cmp.Or(short(i.Name), i.Object) // a map has no line without a name
		if err := out.Write([]string{server, i.Object, name, i.Type, i.Order, number(i.Scale, 1), number(i.Offset, 0), short(i.Measure)}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// maxText is how long a name may be in a map, in bytes.
const maxText = 200

// short is a text as far as a map has room, cut between characters, on one line.
func short(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	for len(text) > maxText {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return strings.TrimSpace(text)
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
