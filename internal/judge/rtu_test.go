package judge

import (
	"fmt"
	"path/filepath"
	"testing"
)

// rtuCaptures are the product's own captures of frames of a serial line, with the
// port where the judge is told to look for them: the corpus has none. silent is
// how many requests the judge passes over as too short (four bytes, functions 7,
// 11, 12 and 17) or to no unit (broadcasts).
var rtuCaptures = []struct {
	name         string
	port, silent int
}{
	{"poll-rtu", 4001, 0},
	{"rtu", 502, 5},
	{"rtu-headerlike", 502, 0},
}

// TestJudgeRTU compares the operations of Modbus in serial frames with what tshark
// reads. Of the captures that begin in the middle it makes frames of its own where
// a checksum is wrong, so they are not judged.
func TestJudgeRTU(t *testing.T) {
	judgeInstalled(t)
	for _, c := range rtuCaptures {
		path := filepath.Join("..", "..", "internal", "protocol", "modbus", "testdata", c.name+".pcap")
		lines, err := replayLines(path, judgedProtocols...)
		if err != nil {
			t.Fatal(err)
		}
		frames, err := askTshark(path, "mbrtu", "frame ip ipv6 tcp udp mbrtu modbus", "-d", fmt.Sprintf("tcp.port==%d,mbrtu", c.port),
			"-o", fmt.Sprintf("mbrtu.tcp.port:%d", c.port))
		if err != nil {
			t.Fatal(err)
		}
		var got []*judged
		for i := range lines {
			if lines[i].Kind == "operation" {
				got = append(got, lines[i].judged())
			}
		}
		want := modbusByJudge(rtuAsHeadered(frames, c.port), c.port)
		agree, all := compare(c.name, want, got)
		silent := 0
		for i := range all {
			if d := &all[i]; d.member == "extra" || d.member == "missing" && d.want.partial {
				silent++ // of those the judge saw the answer alone, or nothing
				continue
			}
			t.Error(all[i].String())
		}
		t.Logf("%s: %d operations, %d agree, %d of ours the judge cannot see", c.name, len(got), len(agree), len(got)-len(agree))
		if len(got)-len(agree) != c.silent || len(want) == 0 {
			t.Errorf("%s: %d operations without the judge's word, want %d", c.name, len(got)-len(agree), c.silent)
		}
	}
}

// rtuAsHeadered gives frames of a serial line the header that modbusByJudge reads:
// requests are counted, and an answer belongs to the newest like it.
func rtuAsHeadered(frames []*frame, port int) []*frame {
	count := map[string]int{}
	for _, f := range frames {
		serial, body := f.last("mbrtu"), f.last("modbus")
		if serial == nil || body == nil {
			continue
		}
		unit := serial.text("mbrtu_mbrtu_unit_id")
		key := f.stream + " " + unit + " " + body.text("modbus_modbus_func_code")
		if f.dstPort == port {
			count[key]++
		}
		f.layers["mbtcp"] = map[string]any{"mbtcp_mbtcp_unit_id": unit, "mbtcp_mbtcp_trans_id": fmt.Sprint(count[key])}
	}
	return frames
}
