package sensor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/plant"
)

// pointsOf reads points.json by place.
func pointsOf(t *testing.T, out *outcome) map[string]firedoor.Point {
	t.Helper()
	var all []firedoor.Point
	if err := json.Unmarshal([]byte(out.files["points.json"]), &all); err != nil {
		t.Fatal(err)
	}
	by := map[string]firedoor.Point{}
	for _, p := range all {
		unit := ""
		if p.Unit != nil {
			unit = fmt.Sprint(*p.Unit)
		}
		k := fmt.Sprint(p.Server.IP, " ", p.Server.MAC, " ", unit, " ", p.Object, " ", p.Type)
		if _, twice := by[k]; twice {
			t.Errorf("%s stands there twice", k)
		}
		by[k] = p
	}
	return by
}

// The event lines are the judge: of every operation on one value the latest is the
// point's, unless it was read again within a second.
func TestPointsAreWhatWasRead(t *testing.T) {
	var sample bytes.Buffer
	if err := plant.WriteSample(&sample); err != nil {
		t.Fatal(err)
	}
	out := replay(t, Options{}, sample.Bytes())
	points := pointsOf(t, out)
	type told struct {
		value  float64
		at     time.Time
		recent bool // another one stands within a second before
	}
	latest := map[string]told{}
	for _, l := range out.lines {
		values, _ := l["values"].([]any)
		verb, _ := l["verb"].(string)
		if len(values) == 0 || l["outcome"] != "ok" && l["kind"] != "sample" || verb != "" && verb != "read" && verb != "write" && verb != "control" {
			continue
		}
		switch l["protocol"] {
		case "modbus", "s7comm", "cip":
		default:
			continue
		}
		unit := ""
		if u, ok := l["unit"]; ok && l["protocol"] == "modbus" {
			unit = fmt.Sprint(u)
		}
		server := l["server"].(map[string]any)
		at, err := time.Parse(time.RFC3339, l["time"].(string))
		if err != nil {
			t.Fatal(err)
		}
		object, _ := l["object"].(string)
		row, first, inRow := strings.Cut(object, ":")
		start, err := strconv.Atoi(first)
		if inRow = inRow && err == nil && l["protocol"] == "modbus"; !inRow && len(values) > 1 {
			continue
		}
		for i, v := range values {
			if inRow {
				object = fmt.Sprint(row, ":", start+i)
			}
			k := fmt.Sprint(server["ip"], " ", server["mac"], " ", unit, " ", object, " ", l["type"])
			before := latest[k]
			latest[k] = told{number(v.(float64), l["type"].(string)), at, verb != "write" && at.Sub(before.at) <= 900*time.Millisecond}
		}
	}
	compared := 0
	for k, want := range latest {
		p, ok := points[k]
		switch {
		case !ok:
			t.Errorf("%s is no point", k)
		case !want.recent && (p.Value == nil || *p.Value != want.value):
			t.Errorf("%s: %v, the last event line says %v", k, *p.Value, want.value)
		case *p.Min > *p.Value || *p.Max < *p.Value:
			t.Errorf("%s: %v is not between %v and %v", k, *p.Value, *p.Min, *p.Max)
		default:
			compared++
		}
	}
	if compared < 100 {
		t.Errorf("only %d points compared with event lines", compared)
	}
}

func number(wire float64, kind string) float64 {
	if kind == "f32" {
		return float64(math.Float32frombits(uint32(int32(wire))))
	}
	return wire
}

// TestCommandsAreNoValues: what a command says of itself (a pulse's length, a qualifier, a select that is
// called off) and the masks of a masked write stand nowhere as what a place holds.
func TestCommandsAreNoValues(t *testing.T) {
	for _, c := range []struct {
		capture string
		code    float64 // of the masked write, 0: there is none
	}{{"dnp3/testdata/controls", 0}, {"iec104/testdata/control", 0}, {"modbus/testdata/functions", 22}} {
		in, err := os.ReadFile("../protocol/" + c.capture + ".pcap")
		if err != nil {
			t.Fatal(err)
		}
		out := replay(t, Options{Points: true}, in)
		wrote, commands := map[string]bool{}, 0
		for _, l := range out.lines {
			object, _ := l["object"].(string)
			switch {
			case l["verb"] == "write" && l["outcome"] == "ok" && l["code"] != c.code:
				wrote[object] = true
			case l["verb"] == "control" && l["values"] != nil, l["code"] == c.code:
				commands++
			}
		}
		if commands == 0 {
			t.Errorf("%s: no command", c.capture)
		}
		for _, p := range pointsOf(t, out) {
			mask := c.code != 0 && (*p.Value == 242 || *p.Value == 37) // those of the capture
			if c.code == 0 && p.Written > 0 && !wrote[p.Object] || mask {
				t.Errorf("%s: %s is %v, though nobody wrote that there", c.capture, p.Object, *p.Value)
			}
		}
	}
}
