package sensor

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/plant"
	"firedoor/internal/point"
)

const etherGOOSE = 0x88b8

// TestPointsOfAGroup: what goes to a group of stations is whose who sends it, a map names
// it by that address, and what a message says of itself is no member of its data set.
func TestPointsOfAGroup(t *testing.T) {
	const group = firedoor.MAC(0x01_0c_cd_01_00_01)
	member := func(tag byte, b ...byte) []byte { return append([]byte{tag, byte(len(b))}, b...) }
	capture := write(t, func(n *plant.Net) {
		for i := range byte(4) {
			for station, vlan := range []uint16{0, 0, 20} {
				g := plant.GOOSE{App: 1, Reference: "D1/LLN0$GO$trip", State: uint32(i) + 1, Revision: 1, Entries: 3}
				g.Data = append(member(0x83, i%2), member(0x84, 3, 0, 0)...) // stVal, q, t
				g.Data = append(g.Data, member(0x91, 0x6a, 0, 0, i, 0, 0, 0, 10)...)
				n.Ethernet(firedoor.MAC(0x02_00_00_00_00_11+uint64(station)), group, vlan, etherGOOSE, g.Encode())
			}
		}
	})
	names, err := point.ReadNames("map.csv", strings.NewReader("server,object,name,type,scale\n02:00:00:00:00:12,D1/LLN0$GO$trip[0],Tripped,bit.0,2\n"))
	if err != nil {
		t.Fatal(err)
	}
	out := replay(t, Options{Names: names}, capture)
	points := pointsOf(t, out)
	for _, mac := range []string{"02:00:00:00:00:11", "02:00:00:00:00:12", "02:00:00:00:00:13"} {
		for object, want := range map[string]float64{" 1 D1/LLN0$GO$trip u32": 4, " 1 D1/LLN0$GO$trip/time-allowed-to-live u32": 2000,
			" 1 D1/LLN0$GO$trip/entries u32": 3, " 1 D1/LLN0$GO$trip[2] u32": 0x6a000003} {
			if p, ok := points[" "+mac+object]; !ok || p.Value == nil || *p.Value != want {
				t.Errorf("%s%s is %+v, want %v", mac, object, p, want)
			}
		}
	}
	if p, ok := points[" 02:00:00:00:00:12 1 D1/LLN0$GO$trip[0] bit.0"]; !ok || p.Name != "Tripped" || *p.Value != 2 {
		t.Errorf("the map names nothing: %+v", p)
	}
}

// TestPointsStandOnce: whatever a protocol carries, a value has a server, and no two have
// the same place and type.
func TestPointsStandOnce(t *testing.T) {
	captures, err := filepath.Glob("../protocol/*/testdata/*.pcap")
	if err != nil || len(captures) < 100 {
		t.Fatalf("%d captures, %v", len(captures), err)
	}
	for _, path := range captures {
		if strings.HasPrefix(filepath.Base(path), "malformed") {
			continue
		}
		capture, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var all []firedoor.Point
		if err := json.Unmarshal([]byte(replay(t, Options{}, capture).files["points.json"]), &all); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for i := range all {
			p := &all[i]
			unit := ""
			if p.Unit != nil {
				unit = strconv.FormatUint(uint64(*p.Unit), 10)
			}
			place := strings.Join([]string{p.Segment, p.Server.IP, p.Server.MAC, p.Protocol, unit, p.Object, p.Type}, " ")
			if seen[place] {
				t.Errorf("%s: %s stands there twice", path, place)
			}
			if seen[place] = true; p.Server.IP == "" && p.Server.MAC == "" {
				t.Errorf("%s: %s has no server", path, place)
			}
		}
	}
}
