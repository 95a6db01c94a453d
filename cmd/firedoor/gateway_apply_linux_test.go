package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"firedoor/internal/audit"
	"firedoor/internal/gateway"
	"firedoor/internal/guardian"
	"firedoor/internal/policyfile"
)

// standIn is a guardian of which a test says what its kernel takes.
type standIn struct {
	mu      sync.Mutex
	refuses string // why it brings nothing into force, "" while it does
	bypass  bool
	orders  []json.RawMessage // that are in force, oldest first
	numbers []uint32          // of all that it was told
}

func (g *standIn) do(r *guardian.Request) (reply guardian.Reply) {
	g.mu.Lock()
	defer g.mu.Unlock()
	reply.ID = r.ID
	switch r.What {
	case guardian.WantSet:
		g.numbers = append(g.numbers, r.Number)
		if reply.Error = g.refuses; g.refuses == "" {
			g.orders = append(g.orders, r.Order)
		}
	case guardian.WantBypass:
		g.bypass = r.On
	case guardian.WantLook:
		reply.Look = &guardian.Look{Generation: uint32(len(g.orders)), Bypass: g.bypass, Active: true, Standby: true}
	}
	return reply
}

func (g *standIn) serve(l *guardian.Link) {
	if l.SendJSON(guardian.KindHello, guardian.Hello{Number: 7, Starts: 2}) != nil {
		return
	}
	for {
		_, body, err := l.Receive()
		if err != nil {
			return
		}
		var r guardian.Request
		if json.Unmarshal(body, &r) != nil || l.SendJSON(guardian.KindReply, g.do(&r)) != nil {
			return
		}
	}
}

func (g *standIn) takes(refuses string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refuses = refuses
}

// holds is whether the last order in force says so.
func (g *standIn) holds(what string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.orders) > 0 && strings.Contains(string(g.orders[len(g.orders)-1]), what)
}

// orders is a process for orders whose guardian is a stand-in.
type ordersOf struct {
	t     *testing.T
	s     *gatewayService
	guard *standIn
	log   *strings.Builder
	dir   string
}

func newOrders(t *testing.T, policyText string) *ordersOf {
	t.Helper()
	o := &ordersOf{t: t, guard: &standIn{}, log: &strings.Builder{}, dir: t.TempDir()}
	o.begin(policyText)
	return o
}

// begin starts such a process, after another one that may have been there.
func (o *ordersOf) begin(policyText string) {
	o.t.Helper()
	here, there := net.Pipe()
	go o.guard.serve(guardian.NewLink(there, guardian.MaxMessage))
	s := &gatewayService{file: "policy.yaml", text: []byte(policyText), dir: o.dir, wake: make(chan struct{}, 1), log: slog.New(slog.NewTextHandler(o.log, nil))}
	var err error
	if s.gate, err = gateway.ConnectBy(here, gateway.Config{Functions: modbusFunctions(), Log: s.log}); err != nil {
		o.t.Fatal(err)
	}
	if s.plan, err = policyfile.Read(s.file, s.text, known()); err != nil {
		o.t.Fatal(err)
	}
	if s.decisions, err = gateway.OpenDecisions(filepath.Join(o.dir, "decisions.jsonl"), time.Now); err != nil {
		o.t.Fatal(err)
	}
	if s.stops, err = gateway.OpenStops(o.dir, 0, [2]string{"a", "b"}, s.log); err != nil {
		o.t.Fatal(err)
	}
	o.s = s
	o.t.Cleanup(o.end)
}

func (o *ordersOf) end() {
	o.s.close()
	o.s.gate.Close()
}

// order posts an order and gives the answer.
func (o *ordersOf) order(path string, body any) (status int, text string) {
	o.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		o.t.Fatal(err)
	}
	w := httptest.NewRecorder()
	o.s.routes().ServeHTTP(w, httptest.NewRequestWithContext(o.t.Context(), http.MethodPost, path, strings.NewReader(string(b))))
	return w.Code, w.Body.String()
}

func (o *ordersOf) status() (st processStatus) {
	o.t.Helper()
	w := httptest.NewRecorder()
	o.s.routes().ServeHTTP(w, httptest.NewRequestWithContext(o.t.Context(), http.MethodGet, "/status", nil))
	if err := json.Unmarshal(w.Body.Bytes(), &st); err != nil {
		o.t.Fatal(err)
	}
	return st
}

// notWell is what the status says is not.
func (o *ordersOf) notWell(name string) string {
	o.t.Helper()
	for _, c := range o.status().Conditions {
		if c.Name == name && !c.OK {
			return c.Problem
		}
	}
	return ""
}

var isolatePLC = map[string]any{"verb": "no-write", "scope": "plc", "reason": "a trial", "For": time.Hour}

// TestWhatIsDecidedComesIntoForce holds that a decision, and a release, that the kernel does not take is not said to be done, is told
// as long as it is not in force, and is tried again until it is.
func TestWhatIsDecidedComesIntoForce(t *testing.T) {
	o := newOrders(t, gatewayPolicy)
	o.guard.takes("no room for a table")
	status, text := o.order("/isolate", isolatePLC)
	if status == http.StatusOK || !strings.Contains(text, "decision 1 is written down, and is NOT IN FORCE: no room for a table") {
		t.Errorf("isolate: %d %s", status, text)
	}
	if what := o.notWell("in force"); !strings.Contains(what, "no room for a table") {
		t.Errorf("the status says %q", what)
	}
	if !strings.Contains(o.log.String(), "event=not-in-force") {
		t.Errorf("the log says %s", o.log)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { o.s.keepInForce(ctx); close(done) }()
	defer func() { cancel(); <-done }()
	o.until("it is tried again", func() bool { return len(o.guard.tried()) >= 3 })
	o.guard.takes("")
	o.until("it is in force", func() bool { return o.guard.holds("plc") && o.notWell("in force") == "" })
	o.guard.takes("no room for a table")
	if status, text := o.order("/release?id=1&now=true", nil); status == http.StatusOK || !strings.Contains(text, "release of decision 1") || !strings.Contains(text, "NOT IN FORCE") {
		t.Errorf("release: %d %s", status, text)
	}
	o.guard.takes("")
	o.until("the release is in force", func() bool { return !o.guard.holds("plc\"") && o.notWell("in force") == "" })
	for i, n := range o.guard.tried() {
		if n != uint32(8+i) {
			t.Fatalf("numbers of orders: %v", o.guard.tried())
		}
	}
}

// TestOrdersSayWhatTheyDid holds that who takes back what waits for a second person does not hear that it
// goes on testing, and that the name of a policy's file is not changed where it begins a sentence.
func TestOrdersSayWhatTheyDid(t *testing.T) {
	o := newOrders(t, gatewayPolicy)
	o.s.file = write(t, "policy.yaml", []byte(gatewayPolicy))
	if _, err := o.s.decisions.Add(gateway.Decision{Verb: "quarantine", Scope: "plc", Reason: "a trial", Everything: true, Person: gateway.Person{Known: true, UID: 1}}, time.Hour); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		body any
		want string
	}{
		{"/release?id=1", nil, "decision 1 waited for a second person, and stopped nothing yet: it is gone"},
		{"/isolate", isolatePLC, ""},
		{"/release?id=2", nil, "decision 2 stops nothing any more; for 5m it still says what it would stop"},
		{"/release?id=2&now=true", nil, "decision 2 is released"},
		{"/reload", nil, "policy " + o.s.file + " is in force"},
	} {
		if status, text := o.order(c.path, c.body); status != http.StatusOK || !strings.Contains(text, c.want) {
			t.Errorf("%s: %d %s, want %q", c.path, status, text, c.want)
		}
	}
}

func (g *standIn) tried() []uint32 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]uint32(nil), g.numbers...)
}

func (o *ordersOf) until(what string, is func() bool) {
	o.t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			o.t.Fatalf("not so: %s", what)
		}
	}
}

// TestPausesGrow holds that it is not tried again at once for ever.
func TestPausesGrow(t *testing.T) {
	var u undone
	now := time.Unix(0, 0)
	for want := firstAgain; want < mostAgain; want *= 2 {
		if u.failed(now); u.next.Sub(now) != want {
			t.Fatalf("%v, want %v", u.next.Sub(now), want)
		}
		now = u.next
	}
	for range 3 {
		if u.failed(now); u.next.Sub(now) != mostAgain {
			t.Fatalf("%v, want %v", u.next.Sub(now), mostAgain)
		}
	}
}

// TestBypassThatEndsByItself holds that a bypass which the kernel forgot is told in log, status and decisions.jsonl until a
// person says something of it, over another process too.
func TestBypassThatEndsByItself(t *testing.T) {
	o := newOrders(t, gatewayPolicy)
	if status, text := o.order("/bypass?on=true&reason=works", nil); status != http.StatusOK {
		t.Fatal(text)
	}
	again := func() {
		o.end()
		o.begin(gatewayPolicy)
		o.s.mu.Lock()
		o.s.settleBypass()
		o.s.mu.Unlock()
	}
	again()
	if what := o.notWell("bypass"); !strings.Contains(what, "everything passes") {
		t.Errorf("in a bypass the status says %q", what)
	}
	o.guard.mu.Lock()
	o.guard.bypass = false // the machine began anew
	o.guard.mu.Unlock()
	for range 2 {
		if again(); !strings.Contains(o.notWell("bypass"), "though nobody ended it") {
			t.Errorf("the status says %q", o.notWell("bypass"))
		}
	}
	if n := strings.Count(o.log.String(), "a bypass ended that nobody ended"); n != 1 {
		t.Errorf("told %d times: %s", n, o.log)
	}
	if status, text := o.order("/bypass?on=false&reason=known", nil); status != http.StatusOK || o.notWell("bypass") != "" {
		t.Errorf("%s; the status says %q", text, o.notWell("bypass"))
	}
	var whats []string
	if _, err := audit.Verify(filepath.Join(o.dir, "decisions.jsonl"), func(e *audit.Entry) error { whats = append(whats, e.What+" by "+e.By); return nil }); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(whats, ", "); got != "bypass by unknown, judge by the kernel forgot it, judge by unknown" {
		t.Errorf("decisions.jsonl has %s", got)
	}
}

// TestOrdersThatMakeNoSense holds that the process itself looks at an order, whoever wrote it.
func TestOrdersThatMakeNoSense(t *testing.T) {
	o := newOrders(t, strings.Replace(gatewayPolicy, "  down:\n", "  cell:\n", 1))
	for want, change := range map[string]map[string]any{
		"--for 0s: at least a second":                                        {"For": 0},
		"--for -1h: at least a second":                                       {"For": -time.Hour},
		"--for 31d: is too long: at most 30d":                                {"For": 31 * 24 * time.Hour},
		"--reason: is empty":                                                 {"reason": " "},
		"--cap: no-write has none":                                           {"cap": 3},
		"a zone and a conduit of the policy have this name: write zone:cell": {"scope": "cell"},
		"or conduit:cell":                                                    {"scope": "cell"},
		"line: no zone of the":                                               {"scope": "zone:line"},
		"office: no conduit of":                                              {"scope": "conduit:office"},
		"plc: no zone of":                                                    {"scope": "zone:plc,hmi"},
		"CLIENT,SERVER: two nam":                                             {"scope": "plc,host:plc"},
	} {
		order := map[string]any{}
		for _, m := range []map[string]any{isolatePLC, change} {
			for k, v := range m {
				order[k] = v
			}
		}
		if status, text := o.order("/isolate", order); status != http.StatusBadRequest || !strings.Contains(text, want) {
			t.Errorf("%v: %d %s, want %s", change, status, text, want)
		}
	}
	for _, reason := range []string{"", "+", strings.Repeat("x", gateway.MaxReason+1)} {
		if status, text := o.order("/bypass?on=true&reason="+reason, nil); status != http.StatusBadRequest || !strings.Contains(text, "--reason") || o.guard.bypass {
			t.Errorf("a bypass for %.10q: %d %s", reason, status, text)
		}
	}
	if n := len(o.s.decisions.List()); n != 0 {
		t.Errorf("%d decisions are written down", n)
	}
	forged := map[string]any{"verb": "no-write", "scope": "conduit:cell", "reason": "a trial", "For": time.Hour, "by": "somebody", "confirmed_by": "another", "no_effect": "none", "id": 9, "person": map[string]any{"known": true}}
	if status, text := o.order("/isolate", forged); status != http.StatusOK {
		t.Fatal(text)
	}
	if d := o.s.decisions.List()[0]; d.ID != 1 || d.By != "unknown" || d.ConfirmedBy != "" || d.NoEffect != "" || d.Person.Known {
		t.Errorf("what whoever orders may not say is believed: %+v", d)
	}
}

// TestStatusFindsTheGateway holds that status finds a gateway where list and isolate do, without being told its folder, and names both
// folders where nobody answers.
func TestStatusFindsTheGateway(t *testing.T) {
	t.Chdir(t.TempDir())
	if o := run(t, "status"); o.status != exitUsage || !strings.Contains(o.err, "firedoor-data and gateway-data") {
		t.Errorf("nobody answers: status %d, %s", o.status, o.err)
	}
	o := newOrders(t, gatewayPolicy)
	o.s.mu.Lock()
	err := o.s.apply()
	o.s.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	answers := func(folder string) {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("unix", filepath.Join(folder, controlSocket))
		if err != nil {
			t.Fatal(err)
		}
		server := &http.Server{Handler: o.s.routes(), ReadHeaderTimeout: time.Second}
		go func() { _ = server.Serve(l) }()
		t.Cleanup(func() { _ = server.Close() })
	}
	answers(gatewayFolder)
	list := works(t, "list").stdout
	if status := run(t, "status"); !strings.Contains(status.stdout, "conduit") || !strings.Contains(list, "Nothing is isolated") {
		t.Errorf("list says %q, status %d %s%s", list, status.status, status.stdout, status.err)
	}
	answers("firedoor-data")
	if o := run(t, "status"); !strings.Contains(o.err, "firedoor status --data gateway-data") {
		t.Errorf("where two answer: %s", o.err)
	}
}
