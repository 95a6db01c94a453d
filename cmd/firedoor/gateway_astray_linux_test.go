package main

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firedoor/internal/gateway"
)

// TestGatewayWrongSide holds that a device at the inside which takes an address of the outside gets nothing through by what that
// one may do, that this is told with whose address it took, and that honest clients are answered; where it is only
// tested it passes, and is told.
func TestGatewayWrongSide(t *testing.T) {
	sided := strings.NewReplacer(
		"  plc: {address", "  eng: {address: 10.97.0.9}\n  plc: {address",
		"cell: {hosts: [plc, guard-b]}", "cell: {hosts: [plc, guard-b], at: outside}\n  engineering: {hosts: eng, at: outside}",
		"guard-a]}", "guard-a], at: inside}",
		"conduits:\n", "conduits:\n  plan:\n    from: engineering\n    to: cell\n    mode: enforce\n    default: pass\n    never-block: {reviewed: {by: Jo, on: 2026-11-26}}\n",
	).Replace(gatewayPolicy)
	l := newLineWith(t, sided)
	c, err := l.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := askModbus(c, 1, patience, 3, 0, 0, 0, 1); err != nil {
		t.Fatalf("an honest client: %v\n%s", err, l.log)
	}
	r := newRaw(t, l.bed)
	defer r.close()
	forge := func(port uint16) {
		r.send(&segment{from: netip.AddrPortFrom(netip.MustParseAddr("10.97.0.9"), port), to: netip.AddrPortFrom(l.bed.Server.IP4, 502), seq: 1, flags: flagSYN, ttl: 64})
	}
	inARP := func() { // of the same one: who is at 10.97.0.2
		to := l.bed.Server.IP4.As4()
		b := append([]byte{255, 255, 255, 255, 255, 255}, r.own...)
		b = append(append(b, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1), r.own...)
		b = append(append(append(b, 10, 97, 0, 9), make([]byte, 6)...), to[:]...)
		r.put(append(b, make([]byte, 18)...))
	}
	neighbour := 0
	told := func(done string) (n int) {
		lines, _ := os.ReadFile(filepath.Join(l.data, "stopped.jsonl")) // it is not there before something is stopped
		for line := range bytes.Lines(lines) {
			var s gateway.StoppedRecord
			if json.Unmarshal(line, &s) != nil || s.Reason != "wrong-side" || s.Done != done {
				continue
			}
			if s.Client == "10.97.0.9" {
				neighbour++
			}
			if n++; s.ClientName != "eng" || s.Conduit != "plan" || s.Says != "drop" {
				t.Errorf("told as %s", line)
			}
		}
		return n
	}
	forge(40001)
	l.until("the forged frame is told", func() bool { return told("drop") > 0 })
	tested := strings.Replace(sided, "to: cell\n    mode: enforce\n    default: pass", "to: cell\n    mode: test\n    default: pass", 1)
	if err := os.WriteFile(l.policy, []byte(tested), 0o600); err != nil {
		t.Fatal(err)
	}
	works(t, "reload", "--data", l.data)
	forge(40002)
	l.until("the forged frame is told where it is tested", func() bool { return told("pass") > 0 })
	neighbour = 0
	inARP()
	l.until("ARP in another's name is told where it is tested", func() bool { told("pass"); return neighbour > 0 })
	if _, err := askModbus(c, 2, patience, 3, 0, 0, 0, 1); err != nil {
		t.Errorf("the honest client, later: %v\n%s", err, l.log)
	}
}
