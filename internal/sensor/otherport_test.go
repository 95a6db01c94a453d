package sensor

import (
	"testing"
	"time"

	"firedoor/internal/plant"
)

// TestPortOfAnother holds that the client of datagrams is who asks, though its port is registered for something
// else and what it writes is answered by the same bytes.
func TestPortOfAnother(t *testing.T) {
	coil := []byte{1, 5, 0, 17, 0xff, 0, 0xdc, 0x3f} // a frame of a serial line that switches coil 17 on
	for _, port := range []uint16{1234, 20000, 47808, 50000} {
		o := replay(t, Options{}, write(t, func(n *plant.Net) {
			for range 3 {
				n.UDP(terminal, filler, port, 4001, coil)
				n.Wait(time.Millisecond)
				n.UDP(filler, terminal, 4001, port, coil)
				n.Wait(time.Second)
			}
		}))
		for _, l := range o.lines {
			if client, ok := l["client"].(map[string]any); !ok || client["port"] != float64(port) || l["outcome"] != "ok" || l["partial"] == true {
				t.Errorf("port %d: %v", port, l)
			}
		}
		if len(o.lines) != 3 || o.Sight.Operations != 3 {
			t.Errorf("port %d: %d lines, %d operations", port, len(o.lines), o.Sight.Operations)
		}
	}
}
