package sensor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firedoor/internal/detect"
	"firedoor/internal/detect/all"
	"firedoor/internal/plant"
)

// TestReplacedIsOneAlert: who was there before is named, at the time of the
// evidence, and its successor is not told again as a new device.
func TestReplacedIsOneAlert(t *testing.T) {
	old := hostAt("old", 0x0080f4000020, "10.1.0.20")
	fresh := hostAt("fresh", 0x0080f4000099, "10.1.0.20")
	for _, wait := range []time.Duration{time.Second, 50 * time.Second} {
		path := filepath.Join(t.TempDir(), "a.pcap")
		if err := os.WriteFile(path, write(t, func(n *plant.Net) {
			quiet(n, old)
			n.Wait(5 * time.Minute)
			n.ARP(fresh, fresh.IP)
			n.Wait(wait)
			quiet(n, fresh)
			quiet(n, fresh)
		}), 0o600); err != nil {
			t.Fatal(err)
		}
		o := replayOnce(t, Options{LearnTime: 30 * time.Second, Shards: 2, Captures: []string{path}}, func(p *pipeline) {
			p.site.board = detect.NewBoard(all.List, p.site)
		})
		got := o.files["alerts.json"]
		if strings.Count(got, `"kind"`) != 1 || !strings.Contains(got, `"sentence":"Another device took the place of PLC 10.1.0.20: MAC`) ||
			!strings.Contains(got, `"time":"2026-05-04T06:06:`) {
			t.Errorf("wait %v: %s", wait, got)
		}
	}
}
