package doors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/journal"
	"firedoor/internal/policy"
	"firedoor/internal/store"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func known() policy.Known {
	ports := map[string][]policy.Port{"modbus": {{Transport: 6, Number: 502}}, "s7comm": {{Transport: 6, Number: 102}}}
	return policy.Known{Ports: func(p string) []policy.Port { return ports[p] }, Protocols: []string{"modbus", "s7comm"}}
}

const press = `policy: 1
name: press
otherwise: {mode: enforce, default: drop}
hosts:
  hmi: {address: 10.0.1.1}
  plc: {address: 10.0.2.1}
zones:
  office: {addresses: 10.0.1.0/24, level: L2}
  cell: {addresses: 10.0.2.0/24, hosts: plc, target: 2}
conduits:
  down:
    from: office
    to: cell
    mode: MODE
    default: drop
    never-block: {reviewed: {by: Jo, on: 2026-11-26}, rules: [{name: stop, protocol: modbus, object: "coil:17"}]}
    rules:
      - {name: reads, protocol: modbus, verb: read, verdict: pass}
      - {name: no writes, client: hmi, protocol: modbus, verb: write, verdict: refuse}
`

// doorman is a gateway as its control socket and files show it.
type doorman struct {
	t      *testing.T
	dir    string
	server *http.Server
	ended  chan struct{}

	mu         sync.Mutex
	generation uint32
	text       string
	isolations []policy.Isolation
	decisions  string
	asked      int // for the policy
}

// gatewayIn gives a short folder: the path of a socket is short.
func gatewayIn(t *testing.T) *doorman {
	t.Helper()
	dir, err := os.MkdirTemp("", "gate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	g := &doorman{t: t, dir: dir, generation: 1, text: strings.ReplaceAll(press, "MODE", "test"), decisions: "[]"}
	g.start()
	t.Cleanup(g.stop)
	return g
}

func (g *doorman) start() {
	g.t.Helper()
	l, err := net.Listen("unix", filepath.Join(g.dir, "control.sock"))
	if err != nil {
		g.t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /gateway", func(w http.ResponseWriter, _ *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		fmt.Fprintf(w, `{"inside":"a","outside":"b","policy":"press","worker":"alive","generation":%d,"unapplied":"no room for a table","unwritten":"no space left on device","bypass_ended":"2026-11-26T07:00:00Z","on_hang":"the kernel goes on","workers_started":5,
			"barred":[{"client":"10.0.1.1","deaths":2,"since":"2026-11-26T07:00:00.5Z"}],"shed":[{"conduit":"down","client":"10.0.1.9","since":"2026-11-26T07:00:00Z","until":"2026-11-26T07:00:30Z","why":"slow"}],"news":{"of":"a later version"}}`, g.generation)
	})
	mux.HandleFunc("GET /isolations", func(w http.ResponseWriter, _ *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		fmt.Fprint(w, g.decisions)
	})
	mux.HandleFunc("GET /policy", func(w http.ResponseWriter, _ *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.asked++
		_ = json.NewEncoder(w).Encode(loaded{"press", g.generation, g.text, g.isolations})
	})
	g.server, g.ended = &http.Server{Handler: mux}, make(chan struct{})
	go func() {
		defer close(g.ended)
		_ = g.server.Serve(l)
	}()
}

func (g *doorman) stop() {
	_ = g.server.Close()
	<-g.ended
}

func (g *doorman) set(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
	g.generation++
}

// stopped writes a line of what was stopped.
func (g *doorman) stopped(second int, done, rule, client, verb, object string) {
	g.t.Helper()
	reason := "rule"
	if rule == "" {
		reason = "default"
	}
	g.appendLine(fmt.Sprintf(`{"time":"2026-11-26T08:00:%02dZ","done":%q,"says":"refuse","reason":%q,"rule":%q,"conduit":"down","segment":"untagged","client":%q,"server":"10.0.2.1:502","protocol":"modbus","verb":%q,"function":"f","object":%q,"bytes":7}`+"\n",
		second, done, reason, rule, client, verb, object))
}

// appendLine adds a line to what was stopped.
func (g *doorman) appendLine(line string) {
	g.t.Helper()
	f, err := os.OpenFile(filepath.Join(g.dir, "stopped.jsonl"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		g.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(line); err != nil {
		g.t.Fatal(err)
	}
}

// console is what follows.
type console struct {
	*Doors
	stop func()
}

func run(t *testing.T, cfg Config) *console {
	t.Helper()
	cfg.Known = known()
	if cfg.Data == "" {
		cfg.Data = t.TempDir()
	}
	d, err := Open(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- d.Run(ctx) }()
	c := &console{Doors: d}
	c.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(c.stop)
	return c
}

// until waits for a gateway to be shown so.
func (c *console) until(t *testing.T, what string, is func(*Gateway) bool) *Gateway {
	t.Helper()
	for {
		g := c.Gateways()[0]
		if is(&g) {
			return &g
		}
		if t.Context().Err() != nil {
			t.Fatalf("%s: %+v", what, g)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

const noWrites = `rule "no writes" of down`

func TestGatewayIsShown(t *testing.T) {
	g := gatewayIn(t)
	g.decisions = `[{"id":3,"verb":"no-write","scope":"plc","reason":"odd","by":"jo","since":"2026-11-26T07:00:00.5Z","until":"2026-11-26T09:00:00Z","state":"active"},
		{"id":4,"verb":"quarantine","scope":"gone","state":"pending","no_effect":"gone: no host has this name"}]`
	g.isolations = []policy.Isolation{{ID: 3, Verb: policy.NoWrite, Host: "plc"}}
	for i := range 12 {
		g.stopped(i, "pass", noWrites, fmt.Sprintf("10.0.1.1:%d", 40000+i), "write", "holding:40")
	}
	g.stopped(20, "refuse", noWrites, "10.0.1.9:4000", "write", "holding:41")
	g.stopped(21, "pass", "", "10.0.1.1:40100", "program", "")
	c := run(t, Config{Gateways: []string{g.dir}})
	got := c.until(t, "policy and stops never came", func(x *Gateway) bool { return x.Policy.Known && x.Tested == 13 && x.Stopped == 1 })
	if got.Away || got.Problem != "" || got.Status.Worker != "alive" || got.Name != filepath.Base(g.dir) {
		t.Errorf("shown as %+v", got)
	}
	if s := got.Status; s.Unapplied != "no room for a table" || s.Unwritten == "" || s.Ended == "" {
		t.Errorf("what is not in force, and not written: %+v", s)
	}
	if i := got.Isolations; len(i) != 2 || i[1].State != "pending" || !strings.HasPrefix(i[1].NoEffect, "gone") || i[0].Until != "2026-11-26T09:00:00.000000000Z" || i[0].Since != "2026-11-26T07:00:00.500000000Z" {
		t.Errorf("isolations %+v", i)
	}
	if b := got.Barred; len(b) != 1 || b[0] != (Barred{"10.0.1.1", "hmi", 2, "2026-11-26T07:00:00.500000000Z"}) {
		t.Errorf("barred %+v", b)
	}
	if s := got.Shed; len(s) != 1 || s[0] != (Shed{"down", "10.0.1.9", "", "2026-11-26T07:00:00.000000000Z", "2026-11-26T07:00:30.000000000Z", "slow"}) || got.Status.Workers != 5 {
		t.Errorf("shed %+v, %d workers", s, got.Status.Workers)
	}
	d := got.Policy.Conduits[0]
	if len(d.Rules) != 3 || !d.Rules[0].Never || !strings.HasPrefix(d.Rules[2].Sentence, "Is refused by the device itself: hmi writes") || d.Rules[2].Tested != 12 || d.Rules[2].Stopped != 1 ||
		d.Rules[2].Last != "2026-11-26T08:00:20.000000000Z" || len(d.Reasons) != 1 || d.Reasons[0].Tested != 1 {
		t.Errorf("conduit %+v", d)
	}
	var texts []string
	for _, f := range got.Findings {
		texts = append(texts, f.Sentence+" "+f.Why)
	}
	want := []string{"Would have stopped 1 program transfer of hmi to plc. down: no rule matches, so its default holds",
		"Stopped 1 write of 10.0.1.9 to plc, holding:41. " + noWrites,
		"Would have stopped 12 writes of hmi to plc, holding:40. " + noWrites}
	if strings.Join(texts, "\n") != strings.Join(want, "\n") {
		t.Errorf("findings\n%s\nwant\n%s", strings.Join(texts, "\n"), strings.Join(want, "\n"))
	}
	if got.Status.Generation != 1 || g.asked != 1 {
		t.Errorf("the policy was asked for %d times", g.asked)
	}
}

// TestAnotherPolicy: findings of an older policy are not held against a newer one.
func TestAnotherPolicy(t *testing.T) {
	g := gatewayIn(t)
	g.stopped(1, "pass", noWrites, "10.0.1.1:1", "write", "holding:40")
	c := run(t, Config{Gateways: []string{g.dir}})
	c.until(t, "the stop never came", func(x *Gateway) bool { return x.Policy.Known && x.Tested == 1 })
	g.set(func() { g.text = strings.ReplaceAll(press, "MODE", "enforce") })
	got := c.until(t, "the other policy never came", func(x *Gateway) bool { return x.Policy.Conduits[0].Mode == "enforce" })
	if got.Tested != 0 || len(got.Findings) != 0 {
		t.Errorf("the other policy is held to have %d findings: %+v", got.Tested, got.Findings)
	}
	if p, err := c.Stops(Query{}); err != nil || p.Total != 1 {
		t.Errorf("the list is gone: %+v, %v", p, err)
	}
	g.set(func() { g.text = "policy: 2\n" })
	got = c.until(t, "a policy of a later version is not told", func(x *Gateway) bool { return x.Problem != "" })
	if !strings.Contains(got.Problem, "does not understand") || got.Policy.Conduits[0].Mode != "enforce" {
		t.Errorf("shown as %+v", got)
	}
}

// TestGatewayGoesAway: what it said last stays, and the page can tell that it is old.
func TestGatewayGoesAway(t *testing.T) {
	g := gatewayIn(t)
	c := run(t, Config{Gateways: []string{g.dir}})
	c.until(t, "it is never heard", func(x *Gateway) bool { return x.Policy.Known && !x.Away })
	g.stop()
	g.stopped(1, "drop", "", "10.0.1.1:1", "write", "holding:40")
	c.until(t, "what it still wrote is never read", func(x *Gateway) bool { return x.Stopped == 1 })
	later := time.Now().Add(time.Minute)
	got := c.gateways[0].view(later)
	if !got.Away || got.Heard == "" || !got.Policy.Known || got.Problem != "" {
		t.Errorf("shown as %+v", got)
	}
	_ = os.Remove(filepath.Join(g.dir, "control.sock"))
	g.start()
	g.set(func() {})
	heard := got.Heard
	c.until(t, "it is never heard again", func(x *Gateway) bool { return x.Heard > heard && !x.Away })
}

// TestGatewayNeverHeard is a folder in which nothing is yet.
func TestGatewayNeverHeard(t *testing.T) {
	c := run(t, Config{Gateways: []string{t.TempDir()}})
	got := c.Gateways()[0]
	if !got.Away || got.Heard != "" || got.Policy.Known || got.Policy.Conduits == nil || got.Findings == nil || got.Isolations == nil {
		t.Errorf("shown as %+v", got)
	}
	if c.Look().Any() {
		t.Error("doors are told of a gateway that never was heard")
	}
}

// TestGoesOn: after a start nothing is counted twice, and the list is there.
func TestGoesOn(t *testing.T) {
	g := gatewayIn(t)
	data := t.TempDir()
	g.stopped(1, "pass", noWrites, "10.0.1.1:1", "write", "holding:40")
	c := run(t, Config{Gateways: []string{g.dir}, Data: data})
	c.until(t, "the first never came", func(x *Gateway) bool { return x.Policy.Known && x.Tested == 1 })
	c.stop()
	g.stopped(2, "pass", noWrites, "10.0.1.1:2", "write", "holding:40")
	c = run(t, Config{Gateways: []string{g.dir}, Data: data})
	got := c.until(t, "the second never came", func(x *Gateway) bool { return x.Tested >= 2 })
	if got.Tested != 2 || len(got.Findings) != 1 || got.Findings[0].Count != 2 {
		t.Errorf("counted %d: %+v", got.Tested, got.Findings)
	}
	p, err := c.Stops(Query{})
	if err != nil || p.Total != 2 || p.Stops[0].Seq != 2 || p.Stops[1].Seq != 1 || p.Older {
		t.Errorf("listed %+v, %v", p, err)
	}
	c.stop()

	// The file begins anew while nobody looks.
	if err := os.Truncate(filepath.Join(g.dir, "stopped.jsonl"), 0); err != nil {
		t.Fatal(err)
	}
	g.stopped(3, "pass", noWrites, "10.0.1.1:3", "write", "holding:40")
	c = run(t, Config{Gateways: []string{g.dir}, Data: data})
	if got := c.until(t, "the third never came", func(x *Gateway) bool { return x.Tested >= 3 }); got.Tested != 3 {
		t.Errorf("counted %d", got.Tested)
	}
	c.stop()

	// What was kept is damaged: it is counted anew.
	files, err := filepath.Glob(filepath.Join(data, "*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("kept are %v, %v", files, err)
	}
	if err := os.WriteFile(files[0], []byte(`{"version":1,"spot":{"at":-5}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	c = run(t, Config{Gateways: []string{g.dir}, Data: data})
	if got := c.until(t, "nothing comes", func(x *Gateway) bool { return x.Tested >= 1 }); got.Tested != 1 {
		t.Errorf("counted %d", got.Tested)
	}
}

func TestPagesOfStops(t *testing.T) {
	a, b := gatewayIn(t), gatewayIn(t)
	for i := range 20 {
		rule := noWrites
		if i%2 == 1 {
			rule = ""
		}
		a.stopped(2*i, "pass", rule, "10.0.1.1:1", "write", fmt.Sprint("holding:", i))
		b.stopped(2*i+1, "drop", rule, "10.0.1.1:1", "write", fmt.Sprint("holding:", i))
	}
	c := run(t, Config{Gateways: []string{a.dir, b.dir}})
	for i := range 2 {
		for c.Gateways()[i].Tested+c.Gateways()[i].Stopped < 20 {
			time.Sleep(10 * time.Millisecond)
		}
	}
	for _, q := range []struct {
		Query
		want int
	}{{Query{}, 40}, {Query{Test: "test"}, 20}, {Query{Test: "stopped"}, 20}, {Query{Gateway: filepath.Base(a.dir), Rule: noWrites}, 10}, {Query{Conduit: "down"}, 40}, {Query{Conduit: "up"}, 0}, {Query{Gateway: "none"}, 0}} {
		before, n := "~", 0
		q.Limit = 7
		for {
			p, err := c.Stops(q.Query)
			if err != nil || p.Total != q.want {
				t.Fatalf("%+v: %+v, %v", q, p, err)
			}
			for _, s := range p.Stops {
				if s.Time >= before {
					t.Errorf("%+v: %s stands behind %s", q, s.Time, before)
				}
				before = s.Time
				n++
			}
			if q.Cursor = p.Next; p.Next == "" {
				break
			}
		}
		if n != q.want {
			t.Errorf("%+v: its pages hold %d", q, n)
		}
	}
	for _, cursor := range []string{"x", "2026-11-26T08:00:00Z", "2026-11-26T08:00:00Z/a/1", "/1/1"} {
		if _, err := c.Stops(Query{Cursor: cursor}); !errors.Is(err, ErrCursor) {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
}

// TestStopsAreBounded: a flood costs no more than the limits, and is counted.
func TestStopsAreBounded(t *testing.T) {
	s := newStops()
	for i := range MaxStops + 50 {
		s.take(fmt.Appendf(nil, `{"time":"2026-11-26T08:00:00Z","done":"drop","says":"drop","reason":"default","client":"10.0.%d.%d:1","server":"10.0.2.1:502","object":%q}`, i/250, i%250, strings.Repeat("o", 2000)))
	}
	s.take([]byte("{nonsense"))
	s.take([]byte(`{"time":"yesterday","client":"10.0.0.1"}`))
	if len(s.newest) != MaxStops || len(s.kinds) != MaxKinds || s.total != MaxStops+50 || s.uncut != MaxStops+50-MaxKinds || s.odd != 2 || len(s.back(0).Object) != maxText {
		t.Errorf("%d listed, %d kinds, %d in all, %d without a kind, %d odd", len(s.newest), len(s.kinds), s.total, s.uncut, s.odd)
	}
	if s.back(0).Client != "10.0.40.49:1" || s.back(MaxStops-1).Client != "10.0.0.50:1" {
		t.Errorf("the newest is of %s, the oldest of %s", s.back(0).Client, s.back(MaxStops-1).Client)
	}
}

func TestHost(t *testing.T) {
	for end, want := range map[string]string{"10.0.0.1:502": "10.0.0.1", "[fd00::1]:502": "fd00::1", "fd00::1:502": "fd00::1:502", "02:00:00:00:00:01": "02:00:00:00:00:01", "": ""} {
		if got := host(end); got != want {
			t.Errorf("%s is at %s, want %s", end, got, want)
		}
	}
}

// TestSidesAreShown holds that the console says at which port zones are, and of what came from the wrong one that it had somebody's
// address and is not of him; and that no door is between two at one side.
func TestSidesAreShown(t *testing.T) {
	g := gatewayIn(t)
	g.text = strings.NewReplacer("MODE", "test", "level: L2", "level: L2, at: inside", "target: 2", "target: 2, at: outside", "conduits:\n", "  lab: {addresses: 10.0.3.0/24, at: inside}\nconduits:\n").Replace(press)
	line := `{"time":"2026-11-26T08:00:01.000000000Z","by":"kernel","done":%q,"says":"drop","reason":"wrong-side","conduit":"down","segment":"untagged","client":"10.0.1.1","server":"10.0.2.1","protocol":"ethernet/0x88b8","count":3}` + "\n"
	g.appendLine(fmt.Sprintf(line, "pass"))
	g.appendLine(fmt.Sprintf(line, "drop"))
	c := run(t, Config{Gateways: []string{g.dir}})
	got := c.until(t, "policy and stops never came", func(x *Gateway) bool { return x.Policy.Known && x.Tested == 3 && x.Stopped == 3 })
	var at []string
	for _, z := range got.Policy.Zones {
		at = append(at, z.Name+" "+z.At)
	}
	if strings.Join(at, ", ") != "office inside, cell outside, lab inside" {
		t.Errorf("zones %q", at)
	}
	var texts []string
	for _, f := range got.Findings {
		texts = append(texts, f.Sentence+" "+f.Why)
	}
	slices.Sort(texts)
	const tail = " 3 frames of ethernet/0x88b8 in the name of hmi to plc, from the wrong side. down: it came in at the other port than its sender is at"
	if !slices.Equal(texts, []string{"Stopped" + tail, "Would have stopped" + tail}) {
		t.Errorf("findings %q", texts)
	}
	if p, ok := c.Look().Passage(contact("10.0.1.1", "10.0.3.1", "modbus", 502)); !ok || !strings.Contains(p.Sentence, "Both are at the inside: what they say to each other there passes no gateway.") {
		t.Errorf("a door at one side: %+v", p)
	}
	const sides = "Who asks is at the inside, who is asked is at the outside: what comes in at the other side with an address of theirs is told, and passes."
	if p, _ := c.Look().Passage(contact("10.0.1.1", "10.0.2.1", "modbus", 502)); strings.Contains(p.Sentence, "Both are") || !strings.Contains(p.Sentence, sides) {
		t.Errorf("a door between two sides: %+v", p)
	}
	if p, _ := c.Look().Passage(contact("10.0.2.1", "192.0.2.1", "modbus", 502)); !strings.Contains(p.Sentence, "Who asks is at the outside: what comes in") {
		t.Errorf("a door to somebody of no zone: %+v", p)
	}
}

// TestNoDoorForClocks holds that there is no door where frames keep a link alive, as those of clocks do.
func TestNoDoorForClocks(t *testing.T) {
	g := gatewayIn(t)
	g.text = strings.NewReplacer("MODE", "enforce", "hosts: plc,", "hosts: [plc, clock],", "  plc:", "  clock: {mac: \"02:00:00:00:00:01\"}\n  plc:").Replace(press)
	c := run(t, Config{Gateways: []string{g.dir}})
	c.until(t, "the policy never came", func(x *Gateway) bool { return x.Policy.Known })
	for kind, want := range map[uint16]bool{0x88f7: false, 0x88b8: true} {
		between := contact("", "", "ethernet", kind)
		between.Client.MAC, between.Server.MAC = "02:00:00:00:00:02", "02:00:00:00:00:01"
		if p, ok := c.Look().Passage(between); ok != want {
			t.Errorf("of frames of type %#x: %v, %+v", kind, ok, p)
		}
	}
}

func contact(client, server, protocol string, port uint16) *store.Contact {
	return &store.Contact{Segment: "untagged", Protocol: protocol, Client: firedoor.Address{IP: client}, Server: firedoor.Address{IP: server, Port: port}}
}

func TestDoors(t *testing.T) {
	a, b := gatewayIn(t), gatewayIn(t)
	a.text = strings.ReplaceAll(press, "MODE", "enforce")
	b.text = strings.NewReplacer("MODE", "enforce", "10.0.1", "10.1.1", "10.0.2", "10.1.2").Replace(press)
	c := run(t, Config{Gateways: []string{a.dir, b.dir}})
	for i := range 2 {
		for !c.Gateways()[i].Policy.Known {
			time.Sleep(10 * time.Millisecond)
		}
	}
	look := c.Look()
	for _, x := range []struct {
		name     string
		contact  *store.Contact
		door     string // "": none is known of
		sentence string
	}{
		{"judged", contact("10.0.1.1", "10.0.2.1", "modbus", 502), "guarded", "each request on it is judged"},
		{"judged by the other", contact("10.1.1.1", "10.1.2.1", "modbus", 502), "guarded", "each request on it is judged"},
		{"shut", contact("10.0.1.1", "10.0.2.1", "tcp", 80), "shut", "Nothing passes: no rule of down matches"},
		{"inside", contact("10.0.1.1", "10.0.1.2", "modbus", 502), "open", "both are in zone office"},
		{"backwards", contact("10.0.2.1", "10.0.1.1", "modbus", 502), "shut", "no conduit joins cell and office"},
		{"of no zone", contact("192.168.1.1", "192.168.1.2", "modbus", 502), "", ""},
		{"half known, and there are others", contact("10.0.1.1", "192.168.1.2", "modbus", 502), "", ""},
		{"not judged at all", contact("10.0.1.1", "10.0.2.1", "arp", 0), "", ""},
		{"no address", contact("junk", "10.0.2.1", "modbus", 502), "", ""},
	} {
		p, ok := look.Passage(x.contact)
		door, test, known := look.Door(x.contact)
		if ok != (x.door != "") || known != ok || p.Door != x.door || ok && door.String() != x.door || test != p.Test || !strings.Contains(p.Sentence, x.sentence) {
			t.Errorf("%s: %+v, %t, %s", x.name, p, ok, door)
		}
	}
}

func operation(second int, verb, object string) []byte {
	return fmt.Appendf(nil, `{"time":"2026-03-04T05:06:%02d.000000000Z","kind":"operation","protocol":"modbus","segment":"untagged","client":{"ip":"10.0.1.1"},"server":{"ip":"10.0.2.1","port":502},"unit":1,"verb":%q,"function":"f","code":6,"object":%q,"quantity":1,"values":[7],"type":"u16","outcome":"ok","frame":1}`+"\n", second, verb, object)
}

func TestTry(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j, err := journal.Open(journal.Config{Dir: dir}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC).UnixNano()
	for i := range 20 {
		verb := "read"
		if i >= 15 {
			verb = "write"
		}
		j.AppendLines(at+int64(i)*int64(time.Second), operation(i, verb, "holding:40"))
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	c := run(t, Config{Journal: dir})
	if len(c.Gateways()) != 0 {
		t.Errorf("gateways: %+v", c.Gateways())
	}
	got, err := c.Try(t.Context(), []byte(strings.ReplaceAll(press, "MODE", "test")))
	if err != nil {
		t.Fatal(err)
	}
	if !got.Tried || got.Why != "" || got.Asked != 20 || got.Stopped != 5 || got.Enforced != 0 || len(got.Kinds) != 1 || got.Kinds[0].Sentence != "Would have stopped 5 writes of hmi to plc, holding:40." ||
		got.From != "2026-03-04T05:06:00.000000000Z" || len(got.Rules) != 1 {
		t.Errorf("tried: %+v", got)
	}
	if got, err = c.Try(t.Context(), []byte("policy: 1\nname: x\nzoness: {}\nconduits:\n  a: {from: b, to: c}\n")); err != nil || got.Tried || len(got.Problems) == 0 || got.Problems[0].Line == 0 {
		t.Errorf("a policy that is wrong: %+v, %v", got, err)
	}
	if _, err := c.Try(t.Context(), make([]byte, MaxTried+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a policy that is too large: %v", err)
	}
	c.trying <- struct{}{}
	if _, err := c.Try(t.Context(), nil); !errors.Is(err, ErrBusy) {
		t.Errorf("a second one at a time: %v", err)
	}
	<-c.trying
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Try(ended, []byte(press[:0]+strings.ReplaceAll(press, "MODE", "test"))); !errors.Is(err, context.Canceled) {
		t.Errorf("whoever asked is gone: %v", err)
	}
	without := run(t, Config{})
	if got, err := without.Try(t.Context(), []byte(strings.ReplaceAll(press, "MODE", "test"))); err != nil || got.Tried || got.Why == "" || len(got.Problems) > 0 {
		t.Errorf("without a journal: %+v, %v", got, err)
	}
}

// TestLinesThatStandForSeveral holds that a line counts for all frames that it stands for, also where it
// has no pair, and that what no worker judges for a while is none that was stopped.
func TestLinesThatStandForSeveral(t *testing.T) {
	g := gatewayIn(t)
	text := `{"time":"2026-11-26T08:00:01Z","last":"2026-11-26T08:00:02Z","by":"worker","done":"drop","says":"drop","reason":"rule","rule":"rule \"no writes\" of down","conduit":"down","segment":"untagged","client":"10.0.1.1","server":"10.0.2.1:502","bytes":60,"count":12}
{"time":"2026-11-26T08:00:02Z","by":"kernel","done":"drop","says":"drop","reason":"default","bytes":60,"count":30}
{"time":"2026-11-26T08:00:03Z","done":"shed","says":"pass","reason":"latency","conduit":"down","bytes":0}
{"time":"2026-11-26T08:00:03Z","done":"shed","says":"pass","reason":"worker-deaths","client":"10.0.1.1","bytes":0}
{"time":"2026-11-26T08:00:04Z","last":"2026-11-26T08:00:05Z","by":"worker","done":"pass","says":"drop","reason":"default","conduit":"down","segment":"untagged","client":"fd00:1::1","server":"[fd00:2::1]:502","bytes":60,"count":7}
`
	if err := os.WriteFile(filepath.Join(g.dir, "stopped.jsonl"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	g.text = strings.NewReplacer("{address: 10.0.1.1}", `{address: [10.0.1.1, "fd00:1::1"]}`, "{address: 10.0.2.1}", `{address: [10.0.2.1, "fd00:2::1"]}`,
		"addresses: 10.0.1.0/24", `addresses: [10.0.1.0/24, "fd00:1::/64"]`, "addresses: 10.0.2.0/24", `addresses: [10.0.2.0/24, "fd00:2::/64"]`).Replace(g.text)
	c := run(t, Config{Gateways: []string{g.dir}})
	got := c.until(t, "policy and stops never came", func(x *Gateway) bool { return x.Policy.Known && x.Tested > 0 })
	if got.Stopped != 42 || got.Tested != 7 || got.Unread != 0 {
		t.Errorf("%d stopped, %d tested, %d not read", got.Stopped, got.Tested, got.Unread)
	}
	var texts []string
	for _, f := range got.Findings {
		texts = append(texts, fmt.Sprint(f.Count, " ", f.Sentence, " ", f.Last))
	}
	want := []string{"7 Would have stopped 7 frames of hmi to plc. 2026-11-26T08:00:05.000000000Z",
		"30 Stopped 30 frames of several to several. 2026-11-26T08:00:02.000000000Z",
		"12 Stopped 12 frames of hmi to plc. 2026-11-26T08:00:02.000000000Z"}
	if strings.Join(texts, "\n") != strings.Join(want, "\n") {
		t.Errorf("findings\n%s\nwant\n%s", strings.Join(texts, "\n"), strings.Join(want, "\n"))
	}
	if p, err := c.Stops(Query{}); err != nil || p.Total != 3 || p.Stops[0].Sentence != "Would have stopped 7 frames of hmi to plc." {
		t.Errorf("listed: %+v, %v", p, err)
	}
}
