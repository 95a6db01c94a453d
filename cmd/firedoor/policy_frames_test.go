package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhatIfOfFrames holds that a what-if and a proof say of frames without IP what a gateway does: those
// of a type pass between two ends, whatever they say, and in both directions.
func TestWhatIfOfFrames(t *testing.T) {
	policyOf := func(from, to, rule string) string {
		return write(t, "policy.yaml", []byte(fmt.Sprintf(`policy: 1
otherwise: {mode: enforce, default: drop}
hosts: {a: {mac: "02:00:00:00:06:10"}, b: {mac: "02:00:00:00:06:20"}, e: {mac: "02:00:00:00:06:01"}}
zones: {za: {hosts: [a, e]}, zb: {hosts: b}}
conduits:
  c: {from: %s, to: %s, mode: enforce, default: drop, never-block: {reviewed: {by: A, on: 2026-11-26}}, rules: [%s]}
`, from, to, rule)))
	}
	frames := func(name string) string {
		return filepath.Join("..", "..", "internal", "protocol", "pnio", "testdata", name)
	}
	reads := policyOf("za", "zb", "{protocol: pnio, verb: read, verdict: pass}")
	r, _ := whatIf(t, "--policy", reads, frames("dcp.pcap"))
	for _, s := range r.Stopped {
		if s.Conduit == "c" {
			t.Errorf("a gateway passes it: %+v", s)
		}
	}
	if r.Operations < 20 || len(r.Stopped) == 0 { // of groups
		t.Errorf("%+v", r)
	}
	if o := run(t, "policy", "prove", "--from", "za", "--to", "zb", "--verb", "write", "--protocol", "pnio", reads); o.status != exitFound || !strings.Contains(o.stdout, "ethernet/0x8892") {
		t.Errorf("a proof of what passes: status %d: %s", o.status, o.stdout)
	}
	if o := run(t, "policy", "prove", "--from", "za", "--to", "zb", "--verb", "write", "--protocol", "modbus", reads); o.status != 0 {
		t.Errorf("no frame without IP carries Modbus: status %d: %s", o.status, o.stdout)
	}
	back := policyOf("zb", "za", "{protocol: pnio, verdict: pass}")
	if r, _ := whatIf(t, "--policy", back, frames("relation.pcap")); r.StoppedConnections != 0 || r.Connections != 1 {
		t.Errorf("the other way: %+v", r)
	}
}
