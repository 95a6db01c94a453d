package sensor

import (
	"encoding/binary"
	"testing"

	"firedoor/internal/plant"
)

// TestLongAnswer: an answer that is too long to be waited for as a whole came when its
// last byte did, also where a part of it was not captured.
func TestLongAnswer(t *testing.T) {
	message := func(system uint32, head [4]byte, body ...byte) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(10+len(body)))
		b = append(append(b, 0, 0), head[:]...)
		return append(binary.BigEndian.AppendUint32(b, system), body...)
	}
	program := append([]byte{1, 2, 0x41, 1, 'P', 0x23, 3, 0, 0}, make([]byte, 3<<16)...)
	for name, lost := range map[string]int{"whole": 0, "a part lost": 3000} {
		o := replay(t, Options{}, write(t, func(n *plant.Net) {
			c := n.Dial(panel, controller, 50007, 5000)
			c.Client(message(1, [4]byte{0x87, 5, 0, 0}, 0x41, 1, 'P'))
			answer := message(1, [4]byte{7, 6, 0, 0}, program...)
			c.Server(answer[:6000])
			c.LoseServer(lost)
			c.Server(answer[6000+lost:])
			c.Client(message(2, [4]byte{0x81, 1, 0, 0}))
			c.Server(message(2, [4]byte{1, 2, 0, 0}, 1, 0))
			c.Close()
		}))
		var last, next float64
		for _, l := range o.lines {
			switch {
			case l["kind"] == "operation" && l["object"] == "program:P":
				last = l["response_frame"].(float64)
			case l["kind"] == "operation":
				next = l["frame"].(float64)
			}
		}
		if last == 0 || next != last+1 {
			t.Errorf("%s: the answer came with frame %v, and what was asked behind it with %v", name, last, next)
		}
	}
}
