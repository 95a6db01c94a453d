package refusal

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

//go:embed models.csv
var seen string

// Model is a model that was seen to refuse.
type Model struct {
	Vendor, Model string
	From, To      string // firmware, both included
	Protocol      string
	How           string // what is spoiled
	OnlyIf        string // what must hold of the device besides
	Seen          string // on what, with what, when
}

// Models are all that were seen.
type Models []Model

// columns are those of the file.
var columns = []string{"vendor", "model", "firmware_from", "firmware_to", "protocol", "how", "only_if", "seen"}

// Seen reads the product's own list.
func Seen() (Models, error) { return read(strings.NewReader(seen)) }

func read(r io.Reader) (out Models, err error) {
	lines := csv.NewReader(r)
	lines.Comment = '#'
	lines.FieldsPerRecord = len(columns)
	for n := 0; ; n++ {
		f, err := lines.Read()
		line, _ := lines.FieldPos(0)
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, err
		case n == 0:
			if !slices.Equal(f, columns) {
				return nil, fmt.Errorf("line %d: the columns must be %s", line, strings.Join(columns, ","))
			}
			continue
		}
		m := Model{f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7]}
		if m.Vendor == "" || m.Model == "" || m.From == "" || m.Protocol == "" || m.How == "" || m.Seen == "" || compare(m.From, m.To) > 0 {
			return nil, fmt.Errorf("line %d: all but only_if must be there, and firmware_from must not be newer than firmware_to", line)
		}
		out = append(out, m)
	}
}

// Find gives the line of a device; why says in words what is missing where there is none.
func (ms Models) Find(vendor, model, firmware, protocol string) (m *Model, why string) {
	if vendor == "" || model == "" {
		return nil, "its maker and model are not known"
	}
	name := strings.TrimSpace(vendor + " " + model)
	why = fmt.Sprintf("%s was never seen to refuse %s", name, protocol)
	for i := range ms {
		m := &ms[i]
		if !strings.EqualFold(m.Vendor, vendor) || !strings.EqualFold(m.Model, model) || m.Protocol != protocol {
			continue
		}
		switch {
		case firmware == "":
			why = fmt.Sprintf("%s was seen to refuse %s with firmware %s, and its firmware is not known", name, protocol, m.firmwares())
		case compare(firmware, m.From) < 0 || compare(firmware, m.To) > 0:
			why = fmt.Sprintf("%s was seen to refuse %s with firmware %s, and it has %s", name, protocol, m.firmwares(), firmware)
		default:
			return m, ""
		}
	}
	return nil, why
}

// Protocols are those that a device was seen to refuse.
func (ms Models) Protocols(vendor, model, firmware string) (out []string) {
	for i := range ms {
		if p := ms[i].Protocol; !slices.Contains(out, p) {
			if m, _ := ms.Find(vendor, model, firmware, p); m != nil {
				out = append(out, p)
			}
		}
	}
	return out
}

func (m *Model) firmwares() string {
	if m.From == m.To {
		return m.From
	}
	return m.From + " to " + m.To
}

// compare compares firmware by its numbers and letters: V4.10 is newer than v4.9.
func compare(a, b string) int {
	x, y := parts(a), parts(b)
	for i := range max(len(x), len(y)) {
		if i >= len(x) {
			return -1
		}
		if i >= len(y) {
			return 1
		}
		n, errN := strconv.ParseUint(x[i], 10, 64)
		k, errK := strconv.ParseUint(y[i], 10, 64)
		switch {
		case errN == nil && errK == nil && n != k:
			if n < k {
				return -1
			}
			return 1
		case errN == nil && errK == nil:
		case x[i] != y[i]:
			return strings.Compare(x[i], y[i])
		}
	}
	return 0
}

// parts are the runs of digits and of letters in a text, but for a leading V.
func parts(text string) (out []string) {
	text = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(text)), "v")
	kind := func(r rune) int {
		switch {
		case r >= '0' && r <= '9':
			return 1
		case r >= 'a' && r <= 'z':
			return 2
		}
		return 0
	}
	was := 0
	for _, r := range text {
		k := kind(r)
		if k != 0 && k != was {
			out = append(out, "")
		}
		if was = k; k != 0 {
			out[len(out)-1] += string(r)
		}
	}
	return out
}
