package sensor

import (
	"os"
	"testing"
)

// TestReturnedFramesAnswer: a frame that comes back to its sender is the answer to what went
// out, and its marked sender no second station.
func TestReturnedFramesAnswer(t *testing.T) {
	in, err := os.ReadFile("../protocol/ecat/testdata/start.pcap")
	if err != nil {
		t.Fatal(err)
	}
	for _, shards := range []int{1, 3} {
		o := replay(t, Options{Shards: shards}, in)
		outcomes := map[string]int{}
		for _, l := range o.lines {
			if l["kind"] != "operation" {
				continue
			}
			outcomes[l["outcome"].(string)]++
			if client := l["client"].(map[string]any); client["mac"] != "00:01:05:00:26:10" {
				t.Errorf("asked by the frame that came back: %v", l)
			}
			if l["partial"] == true && l["response_frame"] != float64(88) { // which was asked as another was just before: a copy
				t.Errorf("an answer stands alone: %v", l)
			}
		}
		if outcomes["ok"] < 40 || outcomes["error:working-counter-zero"] != 1 || outcomes["no-response"] != 0 || o.Sight.Flows != 2 {
			t.Errorf("%d shards: %v in %d flows", shards, outcomes, o.Sight.Flows)
		}
	}
}
