package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestIsolateAtOnce holds that nothing passes once an isolation was acknowledged, and
// prints after how long the first frame was stopped: in the kernel, and where the worker
// judges.
func TestIsolateAtOnce(t *testing.T) {
	s := newSiege(t, false)
	n := 8
	if long() {
		n = 50
	}
	for _, k := range []struct {
		name, scope, verb string
		begin             func(t *testing.T, s *siege) *stream
	}{
		{"datagrams that the kernel passes, in quarantine", "hmi,plc", "quarantine", datagrams},
		{"writes that the worker judges, under no-write", "hmi-2,plc", "no-write", writes},
	} {
		t.Run(k.name, func(t *testing.T) {
			m := k.begin(t, s)
			defer m.end()
			var late, took []time.Duration
			for range n {
				m.untilPasses(t)
				began := time.Now()
				o := works(t, "isolate", k.scope, "--verb", k.verb, "--for", "10m", "--reason", "a trial", "--data", s.data).stdout
				acknowledged := time.Now()
				before := m.sent.Load()
				time.Sleep(250 * time.Millisecond)
				s.until("something is sent after the acknowledgement", func() bool { return m.sent.Load() > before+1 })
				if passed := m.passed.Load(); passed > before {
					t.Fatalf("number %d passed, and %d was the last one before the acknowledgement", passed, before)
				}
				took = append(took, acknowledged.Sub(began))
				late = append(late, time.Unix(0, m.at.Load()).Sub(acknowledged))
				number := strings.TrimSuffix(strings.Fields(strings.TrimPrefix(o, "Decision "))[0], ":")
				works(t, "release", "--now", number, "--data", s.data)
			}
			slices.Sort(late)
			slices.Sort(took)
			at := func(list []time.Duration, q float64) time.Duration {
				return list[min(int(q*float64(n)), n-1)].Round(10 * time.Microsecond)
			}
			t.Logf("%d isolations: the last frame passed %s (p50), %s (p99) after the acknowledgement, which came %s (p50), %s (p99) after the command", n, at(late, 0.5), at(late, 0.99), at(took, 0.5), at(took, 0.99))
		})
	}
}

// stream is something that is sent again and again, each with a number. What has a higher one
// than the last before an acknowledgement was sent after it, however late anybody looks.
type stream struct {
	sent, passed atomic.Int64 // numbers of the last ones
	at           atomic.Int64 // when that one passed, in ns since 1970
	end          func()
}

// untilPasses waits until something passes that is sent from now on.
func (m *stream) untilPasses(t *testing.T) {
	t.Helper()
	was := m.sent.Load()
	for end := time.Now().Add(patience); m.passed.Load() <= was; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nothing passes after a release")
		}
	}
}

// datagrams sends one each 500 µs; it passed when the kernel had it.
func datagrams(t *testing.T, s *siege) *stream {
	t.Helper()
	var fd int
	var out net.Conn
	err := errors.Join(
		s.bed.Server.Do(func() (err error) {
			if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
				return err
			}
			wait := unix.NsecToTimeval((10 * time.Millisecond).Nanoseconds())
			return errors.Join(unix.Bind(fd, &unix.SockaddrInet4{Port: 7001}), unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1), unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait))
		}),
		s.bed.Client.Do(func() (err error) {
			out, err = net.Dial("udp", fmt.Sprintf("%v:7001", s.bed.Server.IP4))
			return err
		}))
	if err != nil {
		t.Fatal(err)
	}
	m := &stream{}
	var stop atomic.Bool
	var both sync.WaitGroup
	both.Go(func() {
		for n := int64(1); !stop.Load(); n++ {
			m.sent.Store(n) // before it is
			_, _ = out.Write(binary.BigEndian.AppendUint64(nil, uint64(n)))
			time.Sleep(500 * time.Microsecond)
		}
	})
	both.Go(func() {
		b, oob := make([]byte, 64), make([]byte, 256)
		for !stop.Load() {
			n, oobn, _, _, err := unix.Recvmsg(fd, b, oob, 0)
			if err != nil || n != 8 {
				continue
			}
			m.passed.Store(int64(binary.BigEndian.Uint64(b)))
			if messages, err := unix.ParseSocketControlMessage(oob[:oobn]); err == nil && len(messages) > 0 && len(messages[0].Data) >= 16 {
				d := messages[0].Data
				m.at.Store(int64(binary.NativeEndian.Uint64(d))*1e9 + int64(binary.NativeEndian.Uint64(d[8:])))
			}
		}
	})
	m.end = func() {
		stop.Store(true)
		both.Wait()
		_, _ = out.Close(), unix.Close(fd)
	}
	return m
}

// writes writes what is allowed, one after the other; it passed when the controller did it.
func writes(t *testing.T, s *siege) *stream {
	t.Helper()
	c, err := s.panels[1].dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.victim.watch.Store(9)
	m := &stream{}
	var stop atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := int64(1); !stop.Load(); n++ {
			m.sent.Store(n)
			answer, err := askModbus(c, uint16(n), patience, 6, 0, 9, 0, byte(n%100))
			if err != nil {
				t.Error(err)
				return
			}
			if answer[0] == 6 {
				m.passed.Store(n)
				m.at.Store(s.victim.watched.Load())
			}
		}
	}()
	m.end = func() {
		stop.Store(true)
		<-done
		_ = c.Close()
	}
	return m
}

// TestReloadKeepsIsolations holds that no reload lets go who is isolated because a name changed, and
// that a gateway which begins under such a policy says so.
func TestReloadKeepsIsolations(t *testing.T) {
	l := newLine(t)
	works(t, "isolate", "plc", "--verb", "no-write", "--for", "30m", "--reason", "a trial", "--data", l.data)
	renamed := strings.ReplaceAll(gatewayPolicy, "plc", "press")
	if err := os.WriteFile(l.policy, []byte(renamed), 0o600); err != nil {
		t.Fatal(err)
	}
	works(t, "policy", "check", l.policy)
	if o := run(t, "reload", "--data", l.data); o.status == 0 || !strings.Contains(o.err, "decision 1 (no-write of plc)") {
		t.Errorf("reload: status %d, %s", o.status, o.err)
	}
	if o := works(t, "list", "--data", l.data).stdout; strings.Contains(o, "NO EFFECT") {
		t.Errorf("list says %q", o)
	}
	l.stop()
	l.start()
	if o := works(t, "list", "--data", l.data).stdout; !strings.Contains(o, "active, NO EFFECT") || !strings.Contains(o, "Decision 1 does nothing: plc: no host") {
		t.Errorf("list says %q", o)
	}
	if o := run(t, "status", "--data", l.data); o.status != exitDamaged || !strings.Contains(o.stdout, "decisions that do nothing under this policy") {
		t.Errorf("status %d: %s", o.status, o.stdout)
	}
	works(t, "release", "1", "--data", l.data)
	l.reloads(renamed)
}

// reloads holds that a reload stands in the chain, with who asked and what came into force.
func (l *line) reloads(text string) {
	l.t.Helper()
	digest := fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
	works(l.t, "reload", "--data", l.data)
	if o := works(l.t, "audit", "verify", filepath.Join(l.data, "decisions.jsonl")).stdout; !strings.Contains(o, "all in order") || !strings.Contains(o, " reloaded the policy at ") || !strings.Contains(o, "SHA-256 "+digest) {
		l.t.Errorf("audit verify says %q", o)
	}
	logged := func() bool { // it comes by way of another process
		return strings.Contains(l.log.String(), "policy reloaded") && strings.Contains(l.log.String(), digest+" by=")
	}
	for end := time.Now().Add(patience); !logged() && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	if !logged() {
		l.t.Errorf("the log has no word of who reloaded: %s", l.log)
	}
	if o := works(l.t, "list", "--data", l.data).stdout; strings.Contains(o, "reload") {
		l.t.Errorf("list says %q", o)
	}
}
