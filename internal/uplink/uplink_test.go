package uplink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"firedoor"

	"go.uber.org/goleak"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func record(sensor string, kind firedoor.RecordKind, n int) firedoor.Record {
	return firedoor.Record{Sensor: sensor, Kind: kind, Key: fmt.Sprint(kind, n), Body: json.RawMessage(fmt.Sprintf(`{"n":%d}`, n))}
}

func open(t testing.TB, cfg Config) *Uplink {
	t.Helper()
	u, err := Open(context.Background(), cfg, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shut(t, u) })
	return u
}

func shut(t testing.TB, u *Uplink) {
	t.Helper()
	if err := u.Close(); err != nil && !strings.Contains(err.Error(), "already closed") {
		t.Error(err)
	}
}

var errEnough = errors.New("enough")

// take consumes n messages after from.
func take(t testing.TB, u *Uplink, from uint64, n int) []Batch {
	t.Helper()
	var out []Batch
	err := u.Consume(t.Context(), "a test", from, func(b Batch) error {
		if out = append(out, b); len(out) == n {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatalf("Consume ended with %v after %d of %d messages", err, len(out), n)
	}
	return out
}

func TestPublishAndConsume(t *testing.T) {
	defer goleak.VerifyNone(t)
	u, err := Open(t.Context(), Config{Dir: t.TempDir()}, quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, u)
	if u.Addr() != "" {
		t.Errorf("it listens on %s although nobody asked", u.Addr())
	}
	var records []firedoor.Record
	for i := range 600 {
		records = append(records, record("Line 1 / west", firedoor.RecordAlert, i), record("b", firedoor.RecordAsset, i))
	}
	last, err := u.Publish(t.Context(), "Über Site.*>", records)
	if err != nil {
		t.Fatal(err)
	}
	if last != 6 {
		t.Fatalf("1200 records of two sensors came in %d messages, want 6 of at most %d", last, MaxRecords)
	}
	got := map[string]int{}
	before := time.Now().Add(-time.Minute)
	for i, b := range take(t, u, 0, 6) {
		if b.Seq != uint64(i+1) || b.Stored.Before(before) {
			t.Errorf("message %d has sequence %d, stored %s", i+1, b.Seq, b.Stored)
		}
		for _, r := range b.Records {
			if want := record(r.Sensor, r.Kind, got[r.Sensor]); r.Key != want.Key || string(r.Body) != string(want.Body) {
				t.Fatalf("record %d of %s is %+v, want %+v: order and content must stay", got[r.Sensor], r.Sensor, r, want)
			}
			got[r.Sensor]++
		}
	}
	if got["Line 1 / west"] != 600 || got["b"] != 600 {
		t.Errorf("records by true sensor name: %v", got)
	}
	if s := u.Stats(t.Context()); !s.Connected || s.Published != 6 || s.Records != 1200 || s.Messages != 6 || s.Bytes == 0 || s.Lag != 1 {
		t.Errorf("stats (of the sixth message the consumer said that it has not got it): %+v", s)
	}
}

func TestFromPosition(t *testing.T) {
	u := open(t, Config{Dir: t.TempDir()})
	for i := range 5 {
		if _, err := u.Publish(t.Context(), "s", []firedoor.Record{record("a", firedoor.RecordAlert, i)}); err != nil {
			t.Fatal(err)
		}
	}
	if b := take(t, u, 3, 2); b[0].Seq != 4 || b[1].Seq != 5 {
		t.Errorf("after position 3 came %d and %d", b[0].Seq, b[1].Seq)
	}
	// A position at the end waits for what is to come, and ends with its context.
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan Batch, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- u.Consume(ctx, "a test", 5, func(b Batch) error { got <- b; return nil })
	}()
	if _, err := u.Publish(t.Context(), "s", []firedoor.Record{record("a", firedoor.RecordAlert, 6)}); err != nil {
		t.Fatal(err)
	}
	select {
	case b := <-got:
		if b.Seq != 6 {
			t.Errorf("live came %d", b.Seq)
		}
	case err := <-ended:
		t.Fatalf("Consume ended with %v", err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Consume whose context is done: %v", err)
	}
}

// TestReopen: what was acknowledged is there, and the stream is the same one.
func TestReopen(t *testing.T) {
	dir := t.TempDir()
	u := open(t, Config{Dir: dir})
	id := u.ID()
	if _, err := u.Publish(t.Context(), "s", []firedoor.Record{record("a", firedoor.RecordAlert, 1)}); err != nil {
		t.Fatal(err)
	}
	shut(t, u)
	again := open(t, Config{Dir: dir})
	if again.ID() != id {
		t.Errorf("the stream was %s and is now %s", id, again.ID())
	}
	if b := take(t, again, 0, 1); b[0].Seq != 1 || len(b[0].Records) != 1 {
		t.Errorf("after reopening: %+v", b)
	}
	if other := open(t, Config{Dir: t.TempDir()}); other.ID() == id {
		t.Error("a stream elsewhere has the same id")
	}
}

func TestOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	open(t, Config{Dir: dir})
	u, err := Open(t.Context(), Config{Dir: dir}, quiet())
	if err == nil {
		u.Close()
		t.Fatal("two servers share one directory")
	}
	if !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "another process") {
		t.Errorf("the error does not say which directory and why: %v", err)
	}
}

// TestOldestGoesFirst: a full stream takes new messages, and what was lost is
// counted.
func TestOldestGoesFirst(t *testing.T) {
	u := open(t, Config{Dir: t.TempDir(), MaxBytes: leastMaxBytes})
	const sent = 40
	for i := range sent {
		if _, err := u.Publish(t.Context(), "s", []firedoor.Record{noise(t, i, 1<<20)}); err != nil {
			t.Fatal(err)
		}
	}
	s := u.Stats(t.Context())
	if s.Discarded == 0 || s.Kept > uint64(s.MaxBytes) || s.Messages+s.Discarded != sent {
		t.Fatalf("stats of a full stream: %+v", s)
	}
	b := take(t, u, 0, int(s.Messages))
	if b[0].Seq != s.Discarded+1 || b[len(b)-1].Seq != sent {
		t.Errorf("came %d to %d, want the newest", b[0].Seq, b[len(b)-1].Seq)
	}
	if lost := u.Stats(t.Context()).Lost; lost != s.Discarded {
		t.Errorf("%d are counted as lost, want %d", lost, s.Discarded)
	}
}

// noise is a record that does not compress well.
func noise(t testing.TB, seed, size int) firedoor.Record {
	t.Helper()
	b := make([]byte, size)
	x := uint64(seed)*2654435761 + 88172645463325252
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[x&63]
	}
	return firedoor.Record{Sensor: "a", Kind: firedoor.RecordConversation, Key: fmt.Sprint(seed), Body: json.RawMessage(`"` + string(b) + `"`)}
}

// TestTooLarge: a record that no message holds must not stop the others.
func TestTooLarge(t *testing.T) {
	u := open(t, Config{Dir: t.TempDir()})
	bad := record("a", firedoor.RecordConversation, 3)
	bad.Body = json.RawMessage(`{`)
	records := []firedoor.Record{record("a", firedoor.RecordConversation, 1), noise(t, 7, MaxRecord), noise(t, 8, MaxRecord-1000), bad, record("a", firedoor.RecordConversation, 2)}
	if _, err := u.Publish(t.Context(), "s", records); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, b := range take(t, u, 0, int(u.Stats(t.Context()).Published)) {
		for _, r := range b.Records {
			keys = append(keys, r.Key)
		}
	}
	if fmt.Sprint(keys) != "[conversation1 conversation2]" {
		t.Errorf("came %v", keys)
	}
	if s := u.Stats(t.Context()); s.LeftOut != 3 || s.Records != 2 {
		t.Errorf("stats: %+v", s)
	}
}

// TestGarbageInTheStream: what nobody can read is passed over, with its place.
func TestGarbageInTheStream(t *testing.T) {
	u := open(t, Config{Dir: t.TempDir()})
	if _, err := u.js.Publish(t.Context(), "firedoor.a.b.alert", []byte("\x01\xff\xff\xff\xff\x0fgarbage")); err != nil {
		t.Fatal(err)
	}
	if _, err := u.Publish(t.Context(), "s", []firedoor.Record{record("a", firedoor.RecordAlert, 1)}); err != nil {
		t.Fatal(err)
	}
	b := take(t, u, 0, 2)
	if b[0].Seq != 1 || len(b[0].Records) != 0 || b[1].Seq != 2 || len(b[1].Records) != 1 {
		t.Errorf("came %+v", b)
	}
	if s := u.Stats(t.Context()); s.Undecodable != 1 {
		t.Errorf("stats: %+v", s)
	}
}

// TestSecondProcess: another process publishes over loopback, with the token
// only; when the server goes away Publish fails and when it is back it works.
func TestSecondProcess(t *testing.T) {
	dir := t.TempDir()
	home := open(t, Config{Dir: dir, Listen: "127.0.0.1:0", Token: "secret"})
	address := home.Addr()
	if u, err := Open(t.Context(), Config{URL: "nats://" + address}, quiet()); err == nil {
		u.Close()
		t.Error("it lets anybody in without the token")
	}
	far := open(t, Config{URL: "nats://" + address, Token: "secret"})
	if far.ID() != home.ID() {
		t.Errorf("one stream has two names: %s and %s", far.ID(), home.ID())
	}
	if _, err := far.Publish(t.Context(), "s", []firedoor.Record{record("a", firedoor.RecordAlert, 1)}); err != nil {
		t.Fatal(err)
	}
	if b := take(t, home, 0, 1); b[0].Records[0].Key != "alert1" {
		t.Errorf("came %+v", b)
	}
	shut(t, home)
	if _, err := far.Publish(t.Context(), "s", []firedoor.Record{record("a", firedoor.RecordAlert, 2)}); err == nil {
		t.Error("Publish says acknowledged without a server")
	} else if !strings.Contains(err.Error(), `sensor "a"`) {
		t.Errorf("the error does not say what was not sent: %v", err)
	}
	if s := far.Stats(t.Context()); s.Connected || s.Failures != 1 {
		t.Errorf("stats without a server: %+v", s)
	}
	open(t, Config{Dir: dir, Listen: address, Token: "secret"})
	for {
		if _, err := far.Publish(t.Context(), "s", []firedoor.Record{record("a", firedoor.RecordAlert, 2)}); err == nil {
			break
		} else if t.Context().Err() != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if b := take(t, far, 1, 1); b[0].Records[0].Key != "alert2" {
		t.Errorf("came %+v", b)
	}
}

func TestListenOnlyOnLoopback(t *testing.T) {
	for _, address := range []string{"0.0.0.0:4222", ":4222", "10.0.0.1:4222", "plant.example:4222", "127.0.0.1", "127.0.0.1:99999"} {
		u, err := Open(t.Context(), Config{Dir: t.TempDir(), Listen: address}, quiet())
		if err == nil {
			u.Close()
			t.Errorf("it listens on %q", address)
		} else if !strings.Contains(err.Error(), address) {
			t.Errorf("the error for %q does not name it: %v", address, err)
		}
	}
}

func TestToken(t *testing.T) {
	for name, want := range map[string]string{"line-1_A": "line-1_A", "a.b": "a_b", ">": "_", "*": "_", "": "_", "Halle Süd": "Halle_S__d", strings.Repeat("x", 100): strings.Repeat("x", maxToken)} {
		if got := token(name); got != want {
			t.Errorf("token(%q) = %q, want %q", name, got, want)
		}
	}
}
