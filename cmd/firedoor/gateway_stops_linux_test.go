package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"firedoor/internal/capture"
	"firedoor/internal/gateway"
	"firedoor/internal/packet"
)

// tally adds up what the gateway's file says was stopped.
func (l *line) tally() []gateway.StopRow {
	l.t.Helper()
	f, err := os.Open(filepath.Join(l.data, "stopped.jsonl"))
	if err != nil {
		l.t.Fatal(err)
	}
	defer f.Close()
	tally, err := gateway.TallyFile(f)
	if err != nil {
		l.t.Fatal(err)
	}
	return tally.Rows()
}

// untilStopped waits until exactly so many frames have lines, of the rows that are meant.
func (l *line) untilStopped(want uint64, meant func(*gateway.StopRow) bool) {
	l.t.Helper()
	var n uint64
	var rows []gateway.StopRow
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		rows = l.tally()
		if n = frames(rows, meant); n >= want {
			break
		}
	}
	if n != want {
		l.t.Errorf("%d frames have lines, want %d:\n%+v", n, want, rows)
	}
}

// frames adds up the rows that are meant.
func frames(rows []gateway.StopRow, meant func(*gateway.StopRow) bool) (n uint64) {
	for i := range rows {
		if meant(&rows[i]) {
			n += rows[i].Count
		}
	}
	return n
}

// flood sends datagrams to a port that is not open.
func (l *line) flood(n int) {
	l.t.Helper()
	err := l.bed.Client.Do(func() error {
		c, err := net.Dial("udp", net.JoinHostPort(l.bed.Server.IP4.String(), "9999"))
		if err != nil {
			return err
		}
		defer c.Close()
		for i := range n {
			if _, err := c.Write([]byte("datagram " + strconv.Itoa(i))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		l.t.Fatal(err)
	}
}

func toClosedPort(r *gateway.StopRow) bool { return strings.HasSuffix(r.Server, ":9999") }

// TestNoSilentDrop floods a port that is not open: of each frame that the kernel dropped it is
// told whose it was, in few lines, with names and the reason, over a restart too, and with
// nobody there but the kernel; and the kernel's counters say the same.
func TestNoSilentDrop(t *testing.T) {
	l := newLine(t)
	l.flood(1)
	l.untilStopped(1, toClosedPort)
	l.flood(20_000)
	l.untilStopped(20_001, toClosedPort)
	lines := bytes.Count(read(t, filepath.Join(l.data, "stopped.jsonl")), []byte(":9999"))
	if lines > 30 {
		t.Errorf("%d lines tell of a flood", lines)
	}
	l.stop()
	l.flood(500) // while nobody but the kernel is there
	l.start()
	l.untilStopped(20_501, toClosedPort)
	var st gatewayState
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if err := ask(t.Context(), l.data, "GET", "/gateway", &st); err != nil {
			t.Fatal(err)
		}
		if st.Stops.Dropped == st.Stops.Told && st.Stops.Dropped >= 20_501 && st.In == st.Explained {
			break
		}
	}
	if st.Stops.Dropped != st.Stops.Told || st.Stops.Dropped < 20_501 || st.Stops.Uncounted != 0 || st.In != st.Explained {
		t.Errorf("%d dropped, %d told, %d not counted; %d came in, %d explained", st.Stops.Dropped, st.Stops.Told, st.Stops.Uncounted, st.In, st.Explained)
	}
	for _, r := range l.tally() {
		if toClosedPort(&r) && (r.Conduit != "down" || r.Reason != "default" || r.By != "kernel" || r.Client != "10.97.0.1" || r.ClientName != "hmi" || r.ServerName != "plc") {
			t.Errorf("%+v", r)
		}
		if toClosedPort(&r) && (r.First >= r.Last || r.Bytes < r.Count*52) {
			t.Errorf("first, last and bytes: %+v", r)
		}
	}
	told := works(t, "stopped", "--data", l.data).stdout
	if !strings.Contains(told, "down, no rule, default:") || !strings.Contains(told, "hmi (10.97.0.1) > plc (10.97.0.2:9999)") || !strings.Contains(told, "The kernel dropped") {
		t.Errorf("stopped says:\n%s", told)
	}
	var report stoppedReport
	if err := json.Unmarshal([]byte(works(t, "stopped", "--json", "--data", l.data).stdout), &report); err != nil || len(report.Rows) == 0 || report.Now == nil {
		t.Errorf("stopped --json: %v, %+v", err, report)
	}
}

// TestEvidence holds that the frames of a stop lie where its line says, as they came
// and as they went on, with the ones before them that the worker saw.
func TestEvidence(t *testing.T) {
	l := newLine(t)
	c, err := l.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	l.flood(1)
	l.untilStopped(1, toClosedPort)
	register := byte(77)
	refused, told := l.refuse(c, register)
	for ; !told; refused, told = l.refuse(c, register) {
		if register++; register == 77+trials {
			t.Fatalf("each time the worker is replaced\n%s", l.log)
		}
	}
	before, came, went := l.evidence(&refused)
	if refused.Done != "refuse" || !bytes.HasSuffix(came, []byte{6, 0, register, 0x12, 0x34}) || !bytes.HasSuffix(went, []byte{6, 0xff, 0xff, 0x12, 0x34}) || len(before) == 0 {
		t.Errorf("a write was done %s, came as % x and went on as % x, %d frames before it", refused.Done, came, went, len(before))
	}
	if !slices.ContainsFunc(before, func(b []byte) bool { return bytes.HasSuffix(b, []byte{6, 0, 5, 0, 1}) }) {
		t.Errorf("the allowed write before the forbidden one is not among the %d frames before it", len(before))
	}
	dropped := l.record(func(r *gateway.StoppedRecord) bool { return strings.HasSuffix(r.Server, ":9999") })
	if _, came, _ := l.evidence(&dropped); !bytes.HasSuffix(came, []byte("datagram 0")) {
		t.Errorf("a datagram that was dropped is kept as % x", came)
	}
}

// refuse has a worker pass a write and refuse another one, and waits for its line. What it had in
// hand goes with a worker that is replaced, as after a pause of this machine: then nothing is told.
func (l *line) refuse(c net.Conn, register byte) (r gateway.StoppedRecord, told bool) {
	l.t.Helper()
	workers := l.standsBy().Workers
	if _, err := askModbus(c, 1, patience, 6, 0, 5, 0, 1); err != nil {
		l.t.Fatal(err)
	}
	if answer, err := askModbus(c, 2, patience, 6, 0, register, 0x12, 0x34); err != nil || answer[0] != 0x86 {
		l.t.Fatalf("a forbidden write: % x, %v", answer, err)
	}
	now := 0
	l.until("a line of the refused write, or another worker", func() bool {
		r = l.record(func(r *gateway.StoppedRecord) bool { return r.Object == fmt.Sprint("holding:", register) })
		now = l.status().Workers
		return r.Done != "" || now != workers
	})
	return r, now == workers
}

// record is the first line of a stop that is meant, or an empty one.
func (l *line) record(meant func(*gateway.StoppedRecord) bool) (r gateway.StoppedRecord) {
	l.t.Helper()
	for text := range strings.Lines(string(read(l.t, filepath.Join(l.data, "stopped.jsonl")))) {
		if !strings.HasSuffix(text, "\n") {
			break // it is being written
		}
		r = gateway.StoppedRecord{}
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			l.t.Fatal(err)
		}
		if meant(&r) {
			return r
		}
	}
	return gateway.StoppedRecord{}
}

// evidence reads the frames that a line points to: those before it, the one that came,
// and where it was changed the one that went on.
func (l *line) evidence(r *gateway.StoppedRecord) (before [][]byte, came, went []byte) {
	l.t.Helper()
	file, number, ok := strings.Cut(r.Evidence, "#")
	at, err := strconv.Atoi(number)
	if !ok || err != nil {
		l.t.Fatalf("evidence: %q", r.Evidence)
	}
	c, err := capture.Open(filepath.Join(l.data, "evidence", file), 0)
	if err != nil {
		l.t.Fatal(err)
	}
	defer c.Close()
	var f packet.Frame
	for i := 1; c.Next(&f) == nil; i++ {
		b := bytes.Clone(f.Data)
		switch {
		case i < at:
			before = append(before, b)
		case i == at:
			came = b
		case i == at+1 && r.Done == "refuse":
			went = b
		}
	}
	return before, came, went
}

// TestResets holds that who is not let in by a conduit that resets is told at once, also
// where nobody but the kernel is there.
func TestResets(t *testing.T) {
	l := newLineWith(t, strings.Replace(gatewayPolicy, "default: refuse", "default: reset", 1))
	dial := func() {
		t.Helper()
		err := l.bed.Client.Do(func() error {
			c, err := net.DialTimeout("tcp", l.bed.Server.IP4.String()+":9998", patience)
			if err == nil {
				_ = c.Close()
			}
			return err
		})
		if !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dialling a port that is not open: %v", err)
		}
	}
	dial()
	l.untilStopped(1, func(r *gateway.StopRow) bool {
		return r.Done == "reset" && strings.HasSuffix(r.Server, ":9998") && r.ClientName == "hmi"
	})
	l.stop()
	alone := func(r *gateway.StopRow) bool {
		return r.Done == "reset" && r.Reason == "stale" && r.By == "kernel" && strings.HasSuffix(r.Server, ":9998") && r.ClientName == "hmi"
	}
	before := frames(l.tally(), alone) // none, but where a pause of this machine made the first one so
	dial()
	l.start()
	l.untilStopped(before+1, alone)
}
