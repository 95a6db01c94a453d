package scenario

import (
	"embed"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// builtin names the scenarios that are built in, in the order in which they are
// shown. Each is files/NAME.yaml; a new one is a file and a line here.
var builtin = []string{
	// Looking around
	"address-scan",
	"function-scan",
	"program-upload",
	// Changing values
	"setpoint-write",
	"out-of-range-write",
	"fast-toggle",
	"machine-speed",
	"boiling-frog",
	// Commanding controllers
	"controller-stop",
	"mode-change",
	"program-download",
	"controller-flood",
	// Pretending to be somebody
	"rogue-master",
	"rogue-device",
	"man-in-the-middle",
	// Sensors and machines
	"calibration-drift",
	"junk-sensor",
	"stuck-sensor",
	"zeroed-sensor",
	"too-hot",
	"safety-bypass",
	"frozen-vision",
	// Honest exercises
	"planned-download",
	"planned-scan",
}

//go:embed files/*.yaml
var files embed.FS

// Names are the names of the scenarios that are built in, in their order.
func Names() []string { return append([]string(nil), builtin...) }

// Builtin are the scenarios that are built in, in their order, each call with
// fresh ones. They are right: a test reads them all.
func Builtin() []*Scenario {
	out := make([]*Scenario, 0, len(builtin))
	for _, name := range builtin {
		s, err := load(name)
		if err != nil {
			panic(fmt.Sprintf("scenario: built in: %v", err))
		}
		out = append(out, s)
	}
	return out
}

func load(name string) (*Scenario, error) {
	file := name + ".yaml"
	b, err := files.ReadFile("files/" + file)
	if err != nil {
		return nil, err
	}
	return Parse(file, b)
}

// List writes the scenarios that are built in as a table.
func List(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SCENARIO\tCLASS\tLASTS\tTECHNIQUES\tWHAT HAPPENS")
	for _, s := range Builtin() {
		techniques := strings.Join(s.Techniques, " ")
		if techniques == "" {
			techniques = "-"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", s.Name, s.Class, FormatDuration(s.Lasts), techniques, s.Title)
	}
	return t.Flush()
}
