package sensor

import (
	"testing"
	"time"

	"firedoor/internal/plant"
)

// TestPassingNumbers: a backup that reads a program out of a controller is the same
// every night, although the controller counts its uploads.
func TestPassingNumbers(t *testing.T) {
	statements := func(nights int) int {
		o := replay(t, Options{}, write(t, func(n *plant.Net) {
			c := n.Dial(panel, controller, 50001, plant.PortTPKT)
			c.Client(plant.COTPConnect(nil, 1, 1, 0, 2))
			c.Server(plant.COTPConfirm(nil, 1, 1, 0, 2))
			for night := range nights {
				s, id := plant.S7{Ref: uint16(10 * night)}, uint32(7+night)
				for _, x := range [][2][]byte{
					{s.StartUpload(nil, "0800001"), s.StartUploadAnswer(nil, id, 4)},
					{s.Upload(nil, id), s.UploadAnswer(nil, []byte("code"), false)},
					{s.EndUpload(nil, id), s.EndUploadAnswer(nil)},
				} {
					c.Client(x[0])
					n.Wait(5 * time.Millisecond)
					c.Server(x[1])
					n.Wait(5 * time.Millisecond)
				}
			}
			c.Close()
		}))
		return len(o.conversation(t, "s7comm").Statements)
	}
	if one, five := statements(1), statements(5); one != 3 || five != one {
		t.Errorf("%d statements of one night, %d of five", one, five)
	}
}
