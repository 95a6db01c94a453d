package uplink

import (
	"context"
	"testing"

	"firedoor"
)

// TestHealedWhileRead: who reads while the server starts again goes on reading,
// each message once.
func TestHealedWhileRead(t *testing.T) {
	u := open(t, Config{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	address := u.Addr()
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan uint64, 10)
	ended := make(chan error, 1)
	go func() {
		ended <- u.Consume(ctx, "a test", 0, func(b Batch) error { got <- b.Seq; return nil })
	}()
	for n := range uint64(3) {
		if _, err := u.Publish(t.Context(), "s", []firedoor.Record{record("a", firedoor.RecordAlert, int(n))}); err != nil {
			t.Fatal(err)
		}
		select {
		case seq := <-got:
			if seq != n+1 {
				t.Errorf("message %d came as %d", n+1, seq)
			}
		case err := <-ended:
			t.Fatalf("Consume ended with %v", err)
		}
		u.mu.Lock()
		u.tried = u.tried.Add(-2 * healEvery)
		u.heal(t.Context())
		u.mu.Unlock()
	}
	if u.Addr() != address {
		t.Errorf("it listened on %s and now on %s", address, u.Addr())
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
