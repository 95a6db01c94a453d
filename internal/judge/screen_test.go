package judge

import (
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// screens are the display filters that captures are screened by: most captures hold
// nothing of most protocols, and starting the judge costs more than its work.
func screens() []string {
	all := []string{"frame", judgeFilter, etherFilter, adsFilter, finsFilter, bacnetFilter, mmsScreen, opcuaFilter, pniocmFilter}
	for i := range recognisedRows {
		all = append(all, recognisedRows[i].filter)
	}
	for i := range askers {
		if wide, ok := widened(askers[i].filter, askers[i].options); ok {
			all = append(all, wide)
		}
	}
	return slices.DeleteFunc(all, func(f string) bool { return strings.Contains(f, ",") }) // which parts them
}

// widened is a filter with what options let the judge read in another way; false where
// no filter says that.
func widened(filter string, options []string) (string, bool) {
	for i := 0; i < len(options); i++ {
		switch options[i] {
		case "-x":
		case "-d":
			i++
			port, _, _ := strings.Cut(options[i], ",")
			filter = fmt.Sprintf("(%s)||%s", filter, port)
		default:
			return "", false
		}
	}
	return filter, true
}

// screenings has how many frames each filter picks, by the path of a capture.
var screenings sync.Map

// screen counts the frames of a capture that each filter picks: all of them in one go.
// It is nil where the judge does not say.
func screen(path string) map[string]int {
	once, _ := screenings.LoadOrStore(path, sync.OnceValue(func() map[string]int {
		filters := screens()
		// A capture that is cut short ends with a status, after it was counted.
		out, _ := exec.Command("tshark", "-q", "-n", "-r", path, "-z", "io,stat,0,"+strings.Join(filters, ",")).Output()
		return screened(string(out), filters)
	}))
	return once.(func() map[string]int)()
}

// screened reads the one row of the judge's table: the interval, then frames and bytes of
// each filter.
func screened(table string, filters []string) map[string]int {
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) != 2*len(filters)+3 || !strings.Contains(cells[1], "<>") {
			continue
		}
		counts := map[string]int{}
		for i, f := range filters {
			n, err := strconv.Atoi(strings.TrimSpace(cells[2+2*i]))
			if err != nil {
				return nil
			}
			counts[f] = n
		}
		if counts["frame"] > 0 {
			return counts
		}
	}
	return nil
}

// holdsNone says that a filter picks no frame of a capture. It is false where captures
// are not screened by that filter.
func holdsNone(path, filter string) bool {
	n, known := screen(path)[filter]
	return known && n == 0
}
