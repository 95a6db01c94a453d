package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/policy"
)

// TestPreview holds what isolate --preview says of everyday work: one line, what machines
// do next, and the details; and that it changes nothing.
func TestPreview(t *testing.T) {
	dir := t.TempDir()
	writeJSON(t, filepath.Join(dir, "assets.json"), []firedoor.Asset{{Segment: "untagged", Role: firedoor.RoleHMI, Identifiers: []firedoor.Identifier{{Kind: "ip", Value: "10.97.0.1"}}}})
	writeJSON(t, filepath.Join(dir, "conversations.json"), []firedoor.Conversation{{Segment: "untagged", Client: firedoor.Address{IP: "10.97.0.1"},
		Server: firedoor.Address{IP: "10.97.0.2", Port: 502}, Protocol: "modbus", Learned: true, Statements: []firedoor.Statement{
			{Verb: "read", Function: "read holding registers", Code: 3, Object: "holding:0", Learned: true, Count: 90, Period: 1e9},
		}}})
	l := newLineWith(t, gatewayPolicy, "--learned", dir)
	o := works(t, "isolate", "plc", "--verb", "quarantine", "--for", "30m", "--reason", "a trial", "--preview", "--data", l.data).stdout
	for _, want := range []string{"Greys 1 operator screen, cuts 1 read, no production write.", "What machines do next, in modbus: unknown. ", "would stop 1 thing", "hmi > plc"} {
		if !strings.Contains(o, want) {
			t.Errorf("no %q in:\n%s", want, o)
		}
	}
	if o := works(t, "list", "--data", l.data).stdout; !strings.Contains(o, "Nothing is isolated") {
		t.Errorf("after a preview: %s", o)
	}
}

// TestNextKnowsTheProtocols holds that what is said of machines is said of protocols that
// there are.
func TestNextKnowsTheProtocols(t *testing.T) {
	for _, p := range policy.NextProtocols() {
		if !slices.Contains(known().Protocols, p) {
			t.Errorf("there is no protocol %s", p)
		}
	}
}
