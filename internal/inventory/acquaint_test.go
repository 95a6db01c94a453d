package inventory

import (
	"testing"
	"time"

	"firedoor"
)

// TestAcquaint: a newcomer that took part in something becomes known after its
// own time; one that only was there, and one that came later, do not.
func TestAcquaint(t *testing.T) {
	s := newScene(t, Config{})
	s.plant(3)
	speaks, silent := ip(9, 1), ip(9, 2)
	s.sight(speaks, mac(101))
	s.sight(silent, mac(102))
	s.v.Speak(s.moment(), at(speaks, mac(101)), at(ip(1, 0, 1), mac(1)), "modbus", firedoor.VerbRead)
	first := s.now
	s.wait(time.Hour)
	late := ip(9, 3)
	s.sight(late, mac(103))
	s.v.Speak(s.moment(), at(late, mac(103)), at(ip(1, 0, 1), mac(1)), "modbus", firedoor.VerbRead)
	if n := s.v.Acquaint(first - int64(time.Hour)); n != 0 {
		t.Errorf("%d are known too early", n)
	}
	if n := s.v.Acquaint(first + 1); n != 1 {
		t.Errorf("%d became known, want 1", n)
	}
	for _, c := range []struct {
		name string
		ip   firedoor.IP
		mac  firedoor.MAC
		want bool
	}{{"took part", speaks, mac(101), true}, {"was only there", silent, mac(102), false}, {"came later", late, mac(103), false}} {
		id, ok := s.v.At(0, c.ip, c.mac)
		if !ok || s.v.Known(id) != c.want {
			t.Errorf("the device that %s: there %v, known %v", c.name, ok, s.v.Known(id))
		}
	}
	if st := s.v.Stats(); st.Known != 4 || st.Newcomers != 2 {
		t.Errorf("%+v", st)
	}
}
