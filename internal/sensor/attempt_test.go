package sensor

import (
	"slices"
	"testing"
	"time"

	"firedoor/internal/plant"
)

// TestAttempt: a connection in which nothing is said is no new acquaintance where the
// pair speaks on that port anyway, and one everywhere else.
func TestAttempt(t *testing.T) {
	for _, k := range []struct {
		name   string
		server *plant.Host
		port   uint16
		words  string
		news   bool
	}{
		{"the same port", controller, plant.PortModbus, "", false},
		{"another port", controller, plant.PortTPKT, "", true},
		{"another server", filler, plant.PortModbus, "", true},
		{"the same port, other words", controller, plant.PortModbus, "who is there, and what do you speak?", true},
	} {
		in := write(t, func(n *plant.Net) {
			c := n.Dial(panel, controller, 50001, plant.PortModbus)
			pollModbus(n, c, 20, 100*time.Millisecond)
			f := n.Dial(panel, filler, 50002, 443) // whom the panel knows
			f.Close()
			n.Wait(time.Minute)
			pollModbus(n, c, 1, time.Millisecond)
			a := n.Dial(panel, k.server, 50003, k.port)
			if k.words != "" {
				a.Client([]byte(k.words))
			}
			a.Reset()
			n.Wait(time.Second)
			pollModbus(n, c, 1, time.Millisecond)
		})
		o := replay(t, Options{LearnTime: 30 * time.Second}, in)
		news := slices.ContainsFunc(o.seen, func(s string) bool { return s[:min(len(s), 16)] == "new-conversation" })
		if news != k.news {
			t.Errorf("%s: a new conversation %v, want %v; seen %q", k.name, news, k.news, o.seen)
		}
	}
}
