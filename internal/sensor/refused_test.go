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

// TestRefusedIsNotDone: what a device refuses is told as tried, on any number of
// shards, and what it does at last as done.
func TestRefusedIsNotDone(t *testing.T) {
	m := plant.Modbus{Transaction: 9, Unit: 1}
	refuse := func(n *plant.Net, c *plant.Conn) {
		c.Client(m.Words(nil, plant.ModbusWriteRegister, 10, 105))
		c.Server(m.Exception(nil, plant.ModbusWriteRegister, 2))
		n.Wait(time.Second)
	}
	accept := func(n *plant.Net, c *plant.Conn) {
		c.Client(m.Words(nil, plant.ModbusWriteRegister, 10, 105))
		c.Server(m.Words(nil, plant.ModbusWriteRegister, 10, 105))
		n.Wait(time.Second)
	}
	silent := func(n *plant.Net, c *plant.Conn) {
		c.Client(m.Words(nil, plant.ModbusWriteRegister, 10, 105))
		n.Wait(time.Minute)
	}
	type step = func(*plant.Net, *plant.Conn)
	for _, c := range []struct {
		words    string
		steps    []step
		want, no string
	}{
		{"done", []step{accept}, " wrote holding:10 of unit 1 ", "refused"},
		{"refused", []step{refuse, refuse}, " tried to write holding:10 of unit 1 of PLC 10.1.0.20 (value 105), which refused (illegal-data-address). ", "HMI 10.1.0.10 wrote"},
		{"silent", []step{silent}, " tried to write holding:10 of unit 1 of PLC 10.1.0.20 (value 105), no answer was seen. ", "HMI 10.1.0.10 wrote"},
		{"done at last", []step{silent, refuse, accept}, " wrote holding:10 of unit 1 of PLC 10.1.0.20 (value 105), which refused some of it (illegal-data-address). ", "tried"},
		{"done at first", []step{accept, refuse}, " wrote holding:10 of unit 1 of PLC 10.1.0.20 (value 105), which refused some of it (illegal-data-address). ", "tried"},
	} {
		t.Run(c.words, func(t *testing.T) {
			capture := write(t, func(n *plant.Net) {
				conn := quiet(n, hostAt("server", 0x0080f4000020, "10.1.0.20"))
				for _, s := range c.steps {
					s(n, conn)
				}
				pollModbus(n, conn, 2, time.Second)
			})
			path := filepath.Join(t.TempDir(), "a.pcap")
			if err := os.WriteFile(path, capture, 0o600); err != nil {
				t.Fatal(err)
			}
			first := ""
			for _, shards := range []int{1, 3} {
				o := replayOnce(t, Options{LearnTime: 30 * time.Second, Shards: shards, Captures: []string{path}}, func(p *pipeline) {
					p.site.board = detect.NewBoard(all.List, p.site)
				})
				got := o.files["alerts.json"]
				if !strings.Contains(got, c.want) || strings.Contains(got, c.no) {
					t.Errorf("%s", got)
				}
				if first == "" {
					first = got
				} else if got != first {
					t.Errorf("%d shards: %s", shards, got)
				}
			}
		})
	}
}
