package guardian

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"time"

	"firedoor/internal/datapath"
)

// byItself tells whether a worker that ended did so by what it judged: a crash, or a hang for
// which it was ended. Who kills or stops it from outside does not make a client's frame suspect.
func (h *hand) byItself() bool {
	if h.hung.Load() {
		return true
	}
	if h.fate == nil {
		return false
	}
	status, ok := h.fate.Sys().(syscall.WaitStatus)
	return ok && (status.Exited() && status.ExitStatus() != 0 || status.Signaled() && status.Signal() != syscall.SIGKILL)
}

// hang ends a worker whose heartbeat stopped. Where whoever looks was late itself the machine
// stood still, and nobody's frame is to blame.
func (h *hand) hang(since time.Time, late bool) {
	if !late && !h.hung.Load() && !isStopped(h.pid) {
		h.since = since
		h.hung.Store(true)
	}
	h.kill()
}

// isStopped tells whether somebody stopped a process (SIGSTOP, a debugger).
func isStopped(pid int) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat") // proc(5): its name in brackets, and then the state
	i := bytes.LastIndexByte(b, ')')
	return err == nil && i >= 0 && i+2 < len(b) && (b[i+2] == 'T' || b[i+2] == 't')
}

// blameFor finds out whose frame a worker died on. Twice the same client, and that one is
// judged by no worker any more.
func (g *Guardian) blameFor(h *hand) {
	client, some := g.path.InHand()
	g.path.Forgive()
	if !some || !h.byItself() {
		return
	}
	if client.IsZero() {
		g.event("worker-died-on", h.name()+" died on a frame of which it is not known whose it was")
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now, counts := time.Now(), deathsLast
	began := now
	if h.hung.Load() {
		began, counts = h.since, hangsLast
	}
	one, bar, room := g.blame.died(began, now, client.Netip(), counts)
	text := fmt.Sprintf("%s died on a frame of client %s, the %s on one of its frames", h.name(), one.Client, ordinal(one.Deaths))
	if !room {
		text += fmt.Sprintf("; it is not counted, for %d clients are already", maxBlamed)
	}
	g.eventOf(Event{What: "worker-died-on", Client: one.Client.String(), Text: text})
	if !bar {
		return
	}
	if err := g.path.Shed(datapath.Shed{Sender: one.Client}); err != nil {
		g.config.Log.Error("barring a client", "client", one.Client, "error", err)
		return
	}
	g.eventOf(Event{What: "barred", Client: one.Client.String(),
		Text: fmt.Sprintf("client %s goes by the kernel's floor until a person releases it (firedoor release %s): %d workers died on its frames", one.Client, one.Client, one.Deaths)})
}

func ordinal(n int) string {
	switch n {
	case 1:
		return "first"
	case 2:
		return "second"
	}
	return strconv.Itoa(n) + "th"
}

// takeUpBarred goes on with what an earlier guardian barred. What it shed otherwise is over.
func (g *Guardian) takeUpBarred() error {
	clients, err := g.path.Senders()
	g.blame.found(time.Now(), clients)
	g.path.Forgive()
	return errors.Join(err, g.path.UnshedConduits())
}

// unbar has workers judge a client again.
func (g *Guardian) unbar(client netip.Addr) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.blame.release(client) {
		return fmt.Errorf("%s is not barred", client)
	}
	if err := g.path.Unshed(datapath.Shed{Sender: client}); err != nil {
		return err
	}
	g.eventOf(Event{What: "unbarred", Client: client.String(), Text: "client " + client.String() + " is judged by workers again"})
	return nil
}

// Turn is what a worker is told when it is its turn.
type Turn struct {
	// Barred are clients whose frames may still be in the rings; it drops them.
	Barred []netip.Addr `json:",omitempty"`
}

// turn is what the next worker is told.
func (g *Guardian) turn() []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	var t Turn
	for _, x := range g.blame.barred() {
		t.Barred = append(t.Barred, x.Client)
	}
	b, _ := json.Marshal(t) // addresses: it does not fail
	return b
}
