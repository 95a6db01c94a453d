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
// nothing of most protocols, and starting the judge costs more than its work. With segments
// put in order only these are asked for.
func screens(order string) []string {
	if order == "TRUE" {
		return []string{"frame", judgeFilter, iecFilter}
	}
	all := []string{"frame", judgeFilter, iecFilter, etherFilter, adsFilter, finsFilter, bacnetFilter, mmsScreen, opcuaFilter, pniocmFilter}
	for i := range recognisedRows {
		all = append(all, recognisedRows[i].filter)
	}
	for i := range askers {
		if wide, _, ok := widened(askers[i].filter, askers[i].options); ok {
			all = append(all, wide)
		}
	}
	return slices.DeleteFunc(all, func(f string) bool { return strings.Contains(f, ",") }) // which parts them
}

// widened is a filter with what options let the judge read in another way, and the order
// that it is to bring segments into; false where no screening says that.
func widened(filter string, options []string) (wide, order string, ok bool) {
	order = "FALSE"
	for i := 0; i < len(options); i++ {
		switch options[i] {
		case "-x":
		case "-d":
			i++
			port, _, _ := strings.Cut(options[i], ",")
			filter = fmt.Sprintf("(%s)||%s", filter, port)
		case "-o":
			i++
			if order, ok = strings.CutPrefix(options[i], outOfOrder+":"); !ok {
				return "", "", false
			}
		default:
			return "", "", false
		}
	}
	return filter, order, true
}

// outOfOrder is the judge's preference to wait for segments that come out of order.
const outOfOrder = "tcp.reassemble_out_of_order"

// reading is a capture, and whether the judge waits for segments out of order in it.
type reading struct{ path, order string }

// screenings has how many frames each filter picks, by the reading of a capture.
var screenings sync.Map

// screen counts the frames of a capture that each filter picks: all of them in one go.
// It is nil where the judge does not say.
func screen(r reading) map[string]int {
	once, _ := screenings.LoadOrStore(r, sync.OnceValue(func() map[string]int {
		filters := screens(r.order)
		if counts := screenSitting(r, filters); counts != nil {
			return counts
		}
		return screenAlone(r, filters)
	}))
	return once.(func() map[string]int)()
}

// screenAlone starts tshark for one capture.
func screenAlone(r reading, filters []string) map[string]int {
	// A capture that is cut short ends with a status, after it was counted.
	out, _ := exec.Command("tshark", "-q", "-n", "-r", r.path, "-o", outOfOrder+":"+r.order, "-z", "io,stat,0,"+strings.Join(filters, ",")).Output()
	return screened(string(out), filters)
}

// screened reads the one row of the judge's table: the interval, then frames and bytes of
// each filter.
func screened(table string, filters []string) map[string]int {
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		// Behind the last is an empty cell where the legend is wider than the row.
		if more := len(cells) - 2*len(filters); more != 3 && more != 4 || !strings.Contains(cells[1], "<>") {
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
func holdsNone(path, filter string) bool { return picksNone(reading{path, "FALSE"}, filter) }

func picksNone(r reading, filter string) bool {
	n, known := screen(r)[filter]
	return known && n == 0
}
