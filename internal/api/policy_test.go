package api

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firedoor/internal/doors"
	"firedoor/internal/policy"
)

const down = `policy: 1
name: line
otherwise: {mode: enforce, default: drop}
hosts:
  hmi: {address: 10.0.0.5}
  plc: {address: 10.0.0.7}
zones:
  office: {hosts: hmi}
  cell: {hosts: plc}
conduits:
  down:
    from: office
    to: cell
    mode: test
    rules: [{name: reads, protocol: modbus, verb: read, verdict: pass}]
`

// guarded is a site in front of which a gateway stands.
func guarded(t *testing.T) *site {
	t.Helper()
	dir, err := os.MkdirTemp("", "gate") // short: it holds a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "control.sock"))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for path, body := range map[string]any{"/gateway": map[string]any{"worker": "alive", "generation": 1}, "/isolations": []string{}, "/policy": map[string]any{"name": "line", "generation": 1, "text": down}} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(body) })
	}
	gateway := &http.Server{Handler: mux}
	served := make(chan struct{})
	go func() { defer close(served); _ = gateway.Serve(l) }()
	var lines strings.Builder
	for i := range 3 {
		fmt.Fprintf(&lines, `{"time":"2026-11-26T08:00:0%dZ","done":"pass","says":"drop","reason":"default","conduit":"down","segment":"untagged","client":"10.0.0.5:4000%d","server":"10.0.0.7:502","protocol":"modbus","verb":"write","object":"holding:40"}`+"\n", i, i)
	}
	if err := os.WriteFile(filepath.Join(dir, "stopped.jsonl"), []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := doors.Open(doors.Config{Gateways: []string{dir}, Data: t.TempDir(), Known: policy.Known{
		Ports: func(p string) []policy.Port {
			return map[string][]policy.Port{"modbus": {{Transport: 6, Number: 502}}}[p]
		},
		Protocols: []string{"modbus"}}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- d.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		gateway.Close()
		<-served
	})
	s := serve(t, nil)
	s.cfg.Doors = d
	for g := d.Gateways()[0]; !g.Policy.Known || g.Tested < 3; g = d.Gateways()[0] {
		time.Sleep(10 * time.Millisecond)
	}
	return s
}

func TestNoGateway(t *testing.T) {
	s := serve(t, nil)
	if got := read[policyAnswer](s, "/api/policy"); got.Gateways == nil || len(got.Gateways) != 0 {
		t.Errorf("gateways: %+v", got)
	}
	if got := read[doors.Page](s, "/api/policy/stops"); got.Stops == nil || got.Total != 0 {
		t.Errorf("stops: %+v", got)
	}
	if got := read[doorAnswer](s, "/api/policy/door?client=a&server=b"); got.Gateways || got.Doors == nil {
		t.Errorf("doors: %+v", got)
	}
	s.apply(plant(t)...)
	if got := read[mapAnswer](s, "/api/map").Map; got.Doors || got.Edges[0].Door != "" {
		t.Errorf("the map has doors: %+v", got)
	}
}

func TestPolicy(t *testing.T) {
	s := guarded(t)
	s.apply(plant(t)...)
	got := read[policyAnswer](s, "/api/policy").Gateways
	if len(got) != 1 || got[0].Away || got[0].Policy.Conduits[0].Mode != "test" || got[0].Findings[0].Sentence != "Would have stopped 3 writes of hmi to plc, holding:40." {
		t.Errorf("gateways: %+v", got)
	}
	page := read[doors.Page](s, "/api/policy/stops?limit=2&test=test&conduit=down")
	if page.Total != 3 || len(page.Stops) != 2 || page.Stops[0].Time != "2026-11-26T08:00:02.000000000Z" || page.Next == "" {
		t.Errorf("stops: %+v", page)
	}
	if page = read[doors.Page](s, "/api/policy/stops?limit=2&cursor="+page.Next); len(page.Stops) != 1 || page.Next != "" {
		t.Errorf("the second page: %+v", page)
	}
	if status, _ := s.get("/api/policy/stops?cursor=x"); status != http.StatusBadRequest {
		t.Errorf("a cursor that was never given gets %d", status)
	}
	m := read[mapAnswer](s, "/api/map").Map
	if !m.Doors || len(m.Edges) != 1 || m.Edges[0].Door != "guarded" || !m.Edges[0].DoorTest {
		t.Errorf("map: %+v", m)
	}
	door := read[doorAnswer](s, fmt.Sprintf("/api/policy/door?client=%s&server=%s", m.Edges[0].From, m.Edges[0].To))
	if !door.Gateways || len(door.Doors) != 1 || door.Doors[0].Port != 502 || door.Doors[0].Conduit != "down" || !strings.Contains(door.Doors[0].Sentence, "each request is judged") {
		t.Errorf("door: %+v", door)
	}
}

func TestWhatIf(t *testing.T) {
	s := guarded(t)
	name := s.cfg.Doors.Gateways()[0].Name
	for _, c := range []struct {
		body   any
		status int
		says   string
	}{
		{map[string]string{"gateway": name}, http.StatusOK, `"problems":[]`},
		{map[string]string{"gateway": "none"}, http.StatusNotFound, "no policy is known"},
		{map[string]string{"policy": down}, http.StatusOK, "There is no journal here"},
		{map[string]string{"policy": "policy: 7\n"}, http.StatusOK, `"line":1`},
		{map[string]string{"policy": strings.Repeat("#\n", 100_000)}, http.StatusOK, `"problems":[{`},
		{map[string]string{"policy": strings.Repeat("x", doors.MaxTried+1)}, http.StatusRequestEntityTooLarge, "larger than 1 MiB"},
	} {
		body, err := json.Marshal(c.body)
		if err != nil {
			t.Fatal(err)
		}
		if status, text := s.do(s.browser(), http.MethodPost, trialPath, string(body)); status != c.status || !strings.Contains(text, c.says) {
			t.Errorf("%.60s gets %d %.200s", body, status, text)
		}
	}
	if status, _ := s.do(s.browser(), http.MethodPost, "/api/simulation/acts", `{"scenario":"`+strings.Repeat("x", 3*maxBody)+`"}`); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a large request about something else gets %d", status)
	}
}

func TestDoorsOfALine(t *testing.T) {
	type door struct {
		door policy.Door
		test bool
	}
	open, judged, tested, shut, shutTest := door{policy.DoorOpen, false}, door{policy.DoorGuarded, false}, door{policy.DoorGuarded, true}, door{policy.DoorShut, false}, door{policy.DoorShut, true}
	for _, c := range []struct {
		of   []door
		want string
		test bool
	}{
		{nil, "", false}, {[]door{open}, "open", false}, {[]door{open, judged}, "guarded", false}, {[]door{open, tested}, "guarded", true}, {[]door{tested, judged}, "guarded", false},
		{[]door{shut}, "shut", false}, {[]door{shutTest}, "shut", true}, {[]door{shut, shutTest}, "shut", false}, {[]door{shut, open}, "guarded", false}, {[]door{shutTest, open}, "guarded", true},
	} {
		var bits doorBits
		for _, d := range c.of {
			bits |= bitOf(d.door, d.test)
		}
		if got, test := bits.door(); got != c.want || test != c.test {
			t.Errorf("%v together are %q, test %t", c.of, got, test)
		}
	}
}
