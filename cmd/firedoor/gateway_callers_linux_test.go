package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// hear answers orders at a socket until the test ends.
func (o *ordersOf) hear() (socket string) {
	o.t.Helper()
	l, err := o.s.listen(o.t.Context(), o.t.TempDir())
	if err != nil {
		o.t.Fatal(err)
	}
	server := o.s.server()
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(newPeers(l)) }()
	o.t.Cleanup(func() { _ = server.Close(); <-done })
	return l.Addr().String()
}

// says sends a part of an order, and hears nothing yet.
func (o *ordersOf) says(socket, text string) net.Conn {
	o.t.Helper()
	c, err := (&net.Dialer{}).DialContext(o.t.Context(), "unix", socket)
	if err == nil {
		_, err = io.WriteString(c, text)
	}
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { _ = c.Close() })
	return c
}

// TestWhoHearsNothingKeepsNobody holds that a caller who asks for the list and reads nothing of it does not keep others
// from giving orders.
func TestWhoHearsNothingKeepsNobody(t *testing.T) {
	o := newOrders(t, gatewayPolicy)
	reason := strings.Repeat("\x01", 4000) // six bytes each in JSON
	for range 20 {
		if status, text := o.order("/isolate", map[string]any{"verb": "no-write", "scope": "plc", "reason": reason, "For": time.Hour}); status != http.StatusOK {
			t.Fatalf("isolate: %d %s", status, text)
		}
	}
	o.says(o.hear(), "GET /isolations HTTP/1.1\r\nHost: x\r\n\r\n")
	time.Sleep(100 * time.Millisecond) // the socket is full by then
	done := make(chan string)
	go func() {
		status, text := o.order("/isolate", isolatePLC)
		done <- fmt.Sprint(status, " ", text)
	}()
	select {
	case text := <-done:
		if !strings.HasPrefix(text, "200 ") {
			t.Error(text)
		}
	case <-time.After(hearTime / 2):
		t.Error("an order waits for somebody who does not read his answer")
	}
}

// TestCallersAreBounded holds that who begins orders and says no more takes no more than his share of the files that a
// process may have open, keeps no other user out, and has room again when one of his goes.
func TestCallersAreBounded(t *testing.T) {
	o := newOrders(t, gatewayPolicy)
	socket := o.hear()
	var slow []net.Conn
	for range maxCallers {
		slow = append(slow, o.says(socket, "POST /isolate HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"))
	}
	asked := func() string {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(patience))
		_, _ = io.WriteString(c, "GET /isolations HTTP/1.1\r\nHost: x\r\n\r\n") // it may be gone already
		b := make([]byte, 12)
		n, _ := io.ReadFull(c, b)
		return string(b[:n])
	}
	if heard := asked(); heard != "" {
		t.Errorf("one more than there is room for hears %q", heard)
	}
	for _, c := range slow[:8] { // more than one, for those who ask close theirs a moment later than they hear
		_ = c.Close()
	}
	for end := time.Now().Add(patience); asked() != "HTTP/1.1 200"; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("when some went there is no room for the next")
		}
	}
	for range 2 * maxCallers { // each of whom keeps his connection for more orders
		c := o.says(socket, "GET /isolations HTTP/1.1\r\nHost: x\r\n\r\n")
		b := make([]byte, 12)
		_ = c.SetReadDeadline(time.Now().Add(patience))
		if _, err := io.ReadFull(c, b); err != nil || string(b) != "HTTP/1.1 200" {
			t.Fatalf("after orders that were answered the next one hears %q (%v)", b, err)
		}
	}
	l := newPeers(nil)
	for range maxCallers {
		l.enter(1)
	}
	if l.enter(1) || !l.enter(2) {
		t.Error("a user who has all that one may have keeps others out")
	}
}

// TestFolderOfOthers holds that a gateway keeps its decisions and its socket in no folder in which others could put
// theirs in the place of them.
func TestFolderOfOthers(t *testing.T) {
	for mode, says := range map[os.FileMode]string{0o700: "", 0o755: "", 0o775: "others may write there (mode 775)", 0o777: "others may write there (mode 777)", 0o1777: "others may write there"} {
		dir := filepath.Join(t.TempDir(), "data")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if mode&0o1000 != 0 {
			mode = mode&0o777 | os.ModeSticky
		}
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		heldTo(t, fmt.Sprint(mode), ours(dir), says)
	}
	if os.Geteuid() != 0 {
		return // nobody else can give files away
	}
	dir := t.TempDir()
	if err := os.Chown(dir, 65534, -1); err != nil {
		t.Fatal(err)
	}
	heldTo(t, "of somebody else", ours(dir), "belongs to user 65534")
}

// TestDamagedDecisionsSayWhatToDo holds that who finds a gateway that does not start on its decisions is told why, and what to do.
func TestDamagedDecisionsSayWhatToDo(t *testing.T) {
	o := newOrders(t, gatewayPolicy)
	for range 3 {
		if status, text := o.order("/isolate", isolatePLC); status != http.StatusOK {
			t.Fatalf("isolate: %d %s", status, text)
		}
	}
	file := filepath.Join(o.dir, "decisions.jsonl")
	whole := read(t, file)
	if err := os.WriteFile(file, []byte(strings.Replace(string(whole), "a trial", "a trick", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &gatewayService{log: o.s.log, ready: make(chan struct{})}
	err := s.openData(t.Context(), &gatewayControlCommand{Data: o.dir})
	heldTo(t, "a changed line", err, "decisions.jsonl:2: does not follow the line before it: one of the two was changed; put the file back as it was together with its .head, or move both away")
}

// heldTo holds what an error says; none where it is to say nothing.
func heldTo(t *testing.T, what string, err error, says string) {
	t.Helper()
	if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
		t.Errorf("%s: %v", what, err)
	}
}
