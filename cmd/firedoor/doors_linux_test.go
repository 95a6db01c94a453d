package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firedoor/internal/doors"
	"firedoor/internal/gateway"
	"firedoor/internal/guardian"
	"firedoor/internal/policy"
)

// samplePolicy is one between zones of the sample's plant: one conduit enforces, one
// tests, and the office reaches nothing.
const samplePolicy = `policy: 1
name: bottling line
otherwise: {mode: enforce, default: drop}
hosts:
  hmi-1: {address: 192.168.0.20, segment: "vlan:10"}
  laptop: {address: 192.168.0.77, segment: "vlan:10"}
  mixer: {address: 192.168.0.10, segment: "vlan:10", refuses: modbus}
  pump: {address: 192.168.0.11, segment: "vlan:10"}
  heater: {address: 192.168.0.12, segment: "vlan:10"}
  hmi-filler: {address: 10.20.30.12, segment: "vlan:30"}
  filler: {address: 10.20.30.10, segment: "vlan:30"}
  station: {address: 10.20.30.60, segment: "vlan:30"}
zones:
  mixing-screens: {level: L2, hosts: [hmi-1, laptop]}
  mixing-control: {level: L1, target: 2, hosts: [mixer, pump, heater]}
  line-screens: {level: L2, at: outside, hosts: [hmi-filler, station]}
  line-control: {level: L1, target: 2, at: inside, addresses: 10.20.30.0/24, hosts: filler}
  office: {level: L4, addresses: 10.20.40.0/24}
conduits:
  screens-to-mixing:
    from: mixing-screens
    to: mixing-control
    mode: enforce
    default: drop
    never-block:
      reviewed: {by: A. Keller, on: 2026-11-20}
      rules: [{name: emergency stop, protocol: modbus, object: "coil:17"}]
    rules:
      - {protocol: modbus, verb: [read, identify], client: hmi-1, verdict: pass}
      - {name: setpoints, client: hmi-1, server: mixer, protocol: modbus, verb: write, object: "holding:40-42", value: 0..680, verdict: pass}
      - {name: no other writes, protocol: modbus, verb: [write, control, program], client: hmi-1, verdict: refuse}
  screens-to-line:
    from: line-screens
    to: line-control
    mode: test
    rules:
      - {protocol: [cotp, s7comm], verb: [session, read], verdict: pass}
      - {name: recipes, client: hmi-filler, server: filler, protocol: s7comm, verb: write, object: "DB10.*", verdict: pass}
`

// doorman is a gateway as a console sees it: its socket, with what the real one
// answers, and its files. It needs no rights and no second machine.
func doorman(t *testing.T, text string) (dir string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "gateway") // short: it holds a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, controlSocket))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC()
	at := func(d time.Duration) string { return now.Add(d).Format(time.RFC3339Nano) }
	const floor = "1 conduits pass what only the worker can judge, 0 drop it; addresses, ports and quarantine stay in force"
	status := gateway.Status{Inside: "eth1", Outside: "eth2", Policy: "bottling line", Worker: "alive", Workers: 4, Generation: 4, In: 184_213, Explained: 184_213, Reports: 31,
		Crash: "the kernel goes on at once by itself until the next worker is there: " + floor, Hang: "after 10ms without a heartbeat the kernel goes on by itself: " + floor,
		Power: "the link is down: this machine has no bypass relay that is known of"}
	status.Barred = []guardian.Barred{{Client: netip.MustParseAddr("192.168.0.77"), Deaths: 2, Since: now.Add(-3 * time.Minute)}}
	status.Shed = []guardian.Shed{{Name: "screens-to-line", Client: netip.MustParseAddr("10.20.30.60"), Since: now.Add(-time.Minute), Until: now.Add(4 * time.Minute),
		Why: "31 of 200 frames took longer than 5ms"}}
	decision := gateway.Decision{ID: 3, Verb: "no-write", Scope: "laptop,pump", Reason: "nobody knows this laptop", By: "root", Since: at(-7 * time.Minute), Until: at(23 * time.Minute), State: "active"}
	mux := http.NewServeMux()
	for path, body := range map[string]any{"GET /gateway": status, "GET /isolations": []gateway.Decision{decision},
		"GET /policy": policyInForce{"bottling line", 4, text, []policy.Isolation{{ID: 3, Verb: policy.NoWrite, Host: "laptop", Other: "pump"}}}} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { reply(w, body) })
	}
	server := &http.Server{Handler: mux}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close(); <-ended })
	var lines strings.Builder
	for i := range 12 {
		tellStop(t, &lines, &gateway.StoppedRecord{Time: at(-time.Duration(15-i) * time.Minute), Done: "pass", Says: "drop", Reason: "default", Conduit: "screens-to-line", Segment: "vlan:30",
			Client: fmt.Sprint("10.20.30.12:", 50000+i), Server: "10.20.30.10:102", Protocol: "s7comm", Verb: "write", Function: "write var", Object: "DB20.DBW4", Bytes: 37})
	}
	for i := range 4 {
		tellStop(t, &lines, &gateway.StoppedRecord{Time: at(-time.Duration(9-2*i) * time.Minute), Done: "refuse", Says: "refuse", Reason: "rule", Rule: `rule "no other writes" of screens-to-mixing`,
			Conduit: "screens-to-mixing", Segment: "vlan:10", Client: fmt.Sprint("192.168.0.20:", 50000+i), Server: "192.168.0.10:502", Protocol: "modbus", Verb: "write",
			Function: "write single register", Code: 6, Object: "holding:90", Bytes: 12})
	}
	tellStop(t, &lines, &gateway.StoppedRecord{Time: at(-time.Minute), Done: "drop", Says: "drop", Reason: "no-conduit", Segment: "vlan:40", Client: "10.20.40.101:51111", Server: "10.20.30.10:102", Bytes: 60})
	if err := os.WriteFile(filepath.Join(dir, "stopped.jsonl"), []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func tellStop(t *testing.T, to *strings.Builder, r *gateway.StoppedRecord) {
	t.Helper()
	if err := json.NewEncoder(to).Encode(r); err != nil {
		t.Fatal(err)
	}
}

// sampleGateway are the flags that show a gateway beside the sample, and one that is
// never heard.
func sampleGateway(t *testing.T) []string {
	return []string{"--gateway", doorman(t, samplePolicy), "--gateway", t.TempDir()}
}

// policies are what the console shows of its gateways.
func (l *live) policies() (out []doors.Gateway) {
	var page struct{ Gateways []doors.Gateway }
	l.get("/api/policy", &page)
	return page.Gateways
}

// doors counts the doors on the lines of the map, each with whether it is a test.
func (l *live) doors() map[string]int {
	var site struct {
		Map struct {
			Edges []struct {
				Door     string
				DoorTest bool `json:"door_test"`
			}
		}
	}
	seen := map[string]int{}
	l.get("/api/map", &site)
	for _, e := range site.Map.Edges {
		seen[fmt.Sprintf("%s %t", e.Door, e.DoorTest)]++
	}
	return seen
}

// TestConsoleShowsAGateway holds that the console, with its rights given up, reads
// what a gateway says and writes, and tries a policy on its own journal.
func TestConsoleShowsAGateway(t *testing.T) {
	dir := doorman(t, samplePolicy)
	l := startRun(t, runArgs(t.TempDir(), "--gateway", dir)...)
	l.played()
	l.until("the gateway is shown", func() bool {
		g := l.policies()
		return len(g) == 1 && g[0].Policy.Known && g[0].Stopped == 5 && g[0].Tested == 12
	})
	g := l.policies()[0]
	if g.Away || g.Problem != "" || len(g.Isolations) != 1 || g.Isolations[0].Scope != "laptop,pump" || len(g.Findings) != 3 {
		t.Errorf("shown as %+v", g)
	}
	if len(g.Barred) != 1 || g.Barred[0].Name != "laptop" || g.Barred[0].Deaths != 2 || len(g.Shed) != 1 || g.Shed[0].Name != "station" || g.Status.Workers != 4 {
		t.Errorf("barred %+v, shed %+v, %d workers", g.Barred, g.Shed, g.Status.Workers)
	}
	l.until("the map has every sort of door", func() bool {
		seen := l.doors()
		return seen["guarded false"]*seen["guarded true"]*seen["shut false"]*seen["open false"]*seen[" false"] > 0
	})
	body, err := json.Marshal(map[string]string{"gateway": g.Name})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(l.url+"/api/policy/whatif", "application/json", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var trial doors.Trial
	if err := json.NewDecoder(resp.Body).Decode(&trial); err != nil || !trial.Tried || trial.Asked == 0 || trial.Stopped == 0 || len(trial.Kinds) == 0 {
		t.Errorf("what if: %+v, %v", trial, err)
	}
	l.stop()
}

// TestRealGatewayOnTheConsole: what a gateway stops between a real client and a real
// server stands on the console.
func TestRealGatewayOnTheConsole(t *testing.T) {
	line := newLine(t)
	l := startRun(t, runArgs(t.TempDir(), "--gateway", line.data)...)
	l.until("the gateway is shown", func() bool {
		g := l.policies()
		return len(g) == 1 && g[0].Policy.Known && !g[0].Away
	})
	c, err := line.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte{0, 1, 0, 0, 0, 6, 1, 6, 0, 50, 0, 7}); err != nil { // writes a register that nobody may write
		t.Fatal(err)
	}
	l.until("the write that was refused is shown", func() bool {
		g := l.policies()
		for i := range g { // beside it stands what hosts say by themselves, and no conduit lets through
			for _, f := range g[i].Findings {
				if strings.HasPrefix(f.Sentence, "Stopped 1 write of hmi to plc, holding:50") {
					return true
				}
			}
		}
		return false
	})
	works(t, "isolate", "plc", "--verb", "quarantine", "--for", "5m", "--reason", "test", "--data", line.data)
	l.until("the isolation is shown", func() bool {
		g := l.policies()
		return len(g) == 1 && len(g[0].Isolations) == 1 && g[0].Isolations[0].Verb == "quarantine"
	})
	line.stop()
	l.until("the gateway is told as away", func() bool { g := l.policies(); return len(g) == 1 && g[0].Away && g[0].Policy.Known })
	l.stop()
}
