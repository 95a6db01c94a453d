package uplink

import (
	"path/filepath"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/mishap"
)

// fill makes a stream on a small disk and publishes until the disk is full.
func fill(t *testing.T, consumed bool) (u *Uplink, acknowledged uint64) {
	t.Helper()
	dir := mishap.Disk(t, "48m")
	u = open(t, Config{Dir: filepath.Join(dir, "stream"), MaxBytes: 1 << 30})
	for i := range 1000 {
		seq, err := u.Publish(t.Context(), "s", []firedoor.Record{noise(t, i, 300_000)})
		if err != nil {
			return u, acknowledged
		}
		if acknowledged = seq; consumed {
			u.at.Store(seq) // a console that keeps up
		}
	}
	t.Fatal("the disk is never full")
	return nil, 0
}

// goesOn publishes until it works again, as a sensor does.
func goesOn(t *testing.T, u *Uplink, after uint64) {
	t.Helper()
	for {
		seq, err := u.Publish(t.Context(), "s", []firedoor.Record{record("a", firedoor.RecordAlert, 1)})
		if err == nil {
			if seq <= after {
				t.Errorf("sequence %d after %d", seq, after)
			}
			break
		}
		if t.Context().Err() != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	b := take(t, u, after, 1)
	for len(b[0].Records) == 1 && b[0].Records[0].Key != "alert1" {
		b = take(t, u, b[0].Seq, 1) // what was told as failed may have come
	}
	if s := u.Stats(t.Context()); s.Failures == 0 || s.Healed == 0 || !s.Connected {
		t.Errorf("stats: %+v", s)
	}
}

// TestDiskFull: on a full disk Publish fails and the caller keeps its records;
// what was read makes room, nothing unread is lost, and it works again without
// anybody's help.
func TestDiskFull(t *testing.T) {
	u, acknowledged := fill(t, true)
	goesOn(t, u, acknowledged)
	if s := u.Stats(t.Context()); s.Lost != 0 || s.Discarded != acknowledged {
		t.Errorf("after %d messages that were read: %+v", acknowledged, s)
	}
}

// TestDiskFullUnread: where nobody reads here, the oldest go and are counted.
func TestDiskFullUnread(t *testing.T) {
	u, acknowledged := fill(t, false)
	s := u.Stats(t.Context())
	if s.Discarded == 0 || s.Discarded > acknowledged/2 || s.Messages+s.Discarded < acknowledged {
		t.Fatalf("of %d messages: %+v", acknowledged, s)
	}
	b := take(t, u, 0, 1)
	if b[0].Seq != s.Discarded+1 || len(b[0].Records) != 1 {
		t.Errorf("the first that is left is %d", b[0].Seq)
	}
	if lost := u.Stats(t.Context()).Lost; lost != s.Discarded {
		t.Errorf("%d are told as lost, %d went", lost, s.Discarded)
	}
	goesOn(t, u, acknowledged)
}
