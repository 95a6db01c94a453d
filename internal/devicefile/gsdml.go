package devicefile

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"firedoor/internal/written"
)

// gsdmlTypes are the data types of data items (GSDML, DataItem/@DataType) that have a
// size of their own, in bytes, and what those are that are numbers.
var gsdmlTypes = map[string]struct {
	kind string
	size int
}{
	"Integer8": {"i8", 1}, "Integer16": {"i16", 2}, "Integer32": {"i32", 4}, "Integer64": {"i64", 8},
	"Unsigned8": {"u8", 1}, "Unsigned16": {"u16", 2}, "Unsigned32": {"u32", 4}, "Unsigned64": {"u64", 8},
	"Float32": {"f32", 4}, "Float64": {"f64", 8}, "Unsigned8+Unsigned8": {"", 2}, "Float32+Unsigned8": {"f32", 5}, "Float32+Status8": {"f32", 5},
	"Boolean": {"", 1}, "F_MessageTrailer4Byte": {"", 4}, "F_MessageTrailer5Byte": {"", 5}, "OctetString2+Unsigned8": {"", 3},
	"Date": {"", 7}, "TimeOfDay with date indication": {"", 6}, "TimeOfDay without date indication": {"", 4},
	"TimeDifference with date indication": {"", 6}, "TimeDifference without date indication": {"", 4},
	"NetworkTime": {"", 8}, "NetworkTimeDifference": {"", 8}, "N2": {"", 2}, "N4": {"", 4}, "V2": {"", 2}, "L2": {"", 2}, "R2": {"", 2},
	"T2": {"", 2}, "T4": {"", 4}, "D2": {"", 2}, "E2": {"", 2}, "C4": {"", 4}, "X2": {"", 2}, "X4": {"", 4}, "Unipolar2.16": {"", 2},
}

type gsdml struct {
	Modules    []gsdmlModule    `xml:"ProfileBody>ApplicationProcess>ModuleList>ModuleItem"`
	Devices    []gsdmlModule    `xml:"ProfileBody>ApplicationProcess>DeviceAccessPointList>DeviceAccessPointItem"`
	Submodules []gsdmlSubmodule `xml:"ProfileBody>ApplicationProcess>SubmoduleList>SubmoduleItem"`
	Texts      []struct {
		ID    string `xml:"TextId,attr"`
		Value string `xml:"Value,attr"`
	} `xml:"ProfileBody>ApplicationProcess>ExternalTextList>PrimaryLanguage>Text"`
}

type gsdmlModule struct {
	ID         string           `xml:"ID,attr"`
	Submodules []gsdmlSubmodule `xml:"VirtualSubmoduleList>VirtualSubmoduleItem"`
}

type gsdmlSubmodule struct {
	ID     string     `xml:"ID,attr"`
	Input  *gsdmlData `xml:"IOData>Input"`
	Output *gsdmlData `xml:"IOData>Output"`
}

type gsdmlData struct {
	Items []struct {
		Type   string `xml:"DataType,attr"`
		Length int    `xml:"Length,attr"`
		Bits   bool   `xml:"UseAsBits,attr"`
		Text   string `xml:"TextId,attr"`
		Bit    []struct {
			Offset int    `xml:"BitOffset,attr"`
			Text   string `xml:"TextId,attr"`
		} `xml:"BitDataItem"`
	} `xml:"DataItem"`
}

// Cyclic says where a submodule's data stands, which its file cannot know.
type Cyclic struct {
	Submodule string // its ID in the file
	Output    bool   // what the controller sends instead of what the device sends
	Object    string // frame:0x8001
	From      int    // its first byte in the frame's data
}

// GSDML names the values of one submodule. A file that cannot be read, or has no
// such submodule, gives written.Problems.
func GSDML(file string, from io.Reader, c Cyclic) ([]Item, error) {
	var g gsdml
	x := xml.NewDecoder(io.LimitReader(from, MaxFile))
	x.CharsetReader = charset
	if err := x.Decode(&g); err != nil {
		p := written.Problem{File: file, Text: err.Error()}
		var syntax *xml.SyntaxError
		if errors.As(err, &syntax) {
			p.Line, p.Text = syntax.Line, syntax.Msg
		}
		return nil, written.Problems{p}
	}
	submodules := g.Submodules
	for _, m := range slices.Concat(g.Devices, g.Modules) {
		submodules = append(submodules, m.Submodules...)
	}
	var known []string
	for i := range submodules {
		s := &submodules[i]
		data := s.Input
		if c.Output {
			data = s.Output
		}
		switch {
		case data == nil:
		case s.ID == c.Submodule:
			return g.items(data, c), nil
		default:
			known = append(known, s.ID)
		}
	}
	direction := "input"
	if c.Output {
		direction = "output"
	}
	if len(known) > 20 {
		known = append(known[:20], "...")
	}
	return nil, written.Problems{{File: file, Text: fmt.Sprintf("has no submodule %q with %s data; it has: %s", c.Submodule, direction, strings.Join(known, ", "))}}
}

// charset reads the encodings of one byte a character that such files are often
// written in; the two differ in signs that no name has.
func charset(name string, from io.Reader) (io.Reader, error) {
	switch strings.ToLower(name) {
	case "iso-8859-1", "windows-1252", "us-ascii":
		return &latin{from: bufio.NewReader(from)}, nil
	}
	return nil, fmt.Errorf("the encoding %q is not read: save the file as UTF-8", name)
}

// latin turns ISO 8859-1 into UTF-8.
type latin struct {
	from *bufio.Reader
	rest []byte // of a character that found no room
	two  [utf8.UTFMax]byte
}

func (l *latin) Read(b []byte) (n int, err error) {
	for n < len(b) {
		if len(l.rest) == 0 {
			c, err := l.from.ReadByte()
			if err != nil {
				return n, err
			}
			l.rest = utf8.AppendRune(l.two[:0], rune(c))
		}
		k := copy(b[n:], l.rest)
		n, l.rest = n+k, l.rest[k:]
	}
	return n, nil
}

func (g *gsdml) text(id string) string {
	for i := range g.Texts {
		if t := &g.Texts[i]; t.ID == id && strings.TrimSpace(t.Value) != "" {
			return t.Value
		}
	}
	return id
}

func (g *gsdml) items(data *gsdmlData, c Cyclic) []Item {
	var items []Item
	byteAt := c.From
	for _, d := range data.Items {
		t := gsdmlTypes[d.Type]
		if t.size == 0 {
			t.size = min(d.Length, 1440) // octets and texts: only their room counts
		}
		if t.size <= 0 {
			return items // where the next one begins is not known
		}
		switch {
		case d.Bits:
			for _, b := range d.Bit {
				if b.Offset < 0 || b.Offset >= 8*t.size {
					continue
				}
				// Bit 0 is the lowest of the last byte: numbers have the high byte first.
				items = append(items, Item{Object: at(c.Object, byteAt+t.size-1-b.Offset/8), Name: g.text(b.Text), Type: fmt.Sprintf("bit.%d", b.Offset%8), Scale: 1})
			}
		case t.kind != "":
			items = append(items, Item{Object: at(c.Object, byteAt), Name: g.text(d.Text), Type: t.kind, Scale: 1})
		}
		if byteAt += t.size; len(items) > maxItems {
			return items[:maxItems]
		}
	}
	return items
}
