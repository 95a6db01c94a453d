package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firedoor"
)

// TestCheckWarnsOfUntried holds that policy check says of which hosts nobody saw that
// they refuse, and that a draft lets only models refuse that were seen to.
func TestCheckWarnsOfUntried(t *testing.T) {
	seen := firedoor.Asset{Segment: "untagged", Vendor: "Pymodbus", Model: "Pymodbus Server", Firmware: "3.0.0", Identifiers: []firedoor.Identifier{{Kind: "ip", Value: "10.0.2.1"}}}
	newer := seen
	newer.Firmware, newer.Identifiers = "3.6.0", []firedoor.Identifier{{Kind: "ip", Value: "10.0.2.2"}}
	assets := []firedoor.Asset{seen, newer}
	var talks []firedoor.Conversation
	for _, server := range []string{"10.0.2.1", "10.0.2.2"} {
		talks = append(talks, firedoor.Conversation{Segment: "untagged", Client: firedoor.Address{IP: "10.0.1.1"}, Server: firedoor.Address{IP: server, Port: 502}, Protocol: "modbus", Learned: true, Flows: 1})
	}
	dir := t.TempDir()
	for name, v := range map[string]any{"assets.json": assets, "conversations.json": talks} {
		writeJSON(t, filepath.Join(dir, name), v)
	}
	file := write(t, "policy.yaml", []byte(`policy: 1
name: test
otherwise: {mode: test, default: drop}
hosts:
  hmi: {address: 10.0.1.1}
  seen: {address: 10.0.2.1, refuses: modbus}
  newer: {address: 10.0.2.2, refuses: modbus}
  stranger: {address: 10.0.2.3, refuses: modbus}
zones:
  office: {hosts: hmi}
  cell: {hosts: [seen, newer, stranger]}
conduits:
  down: {from: office, to: cell}
`))
	out := works(t, "policy", "check", "--learned", dir, file).stdout
	for _, want := range []string{"policy.yaml:6: note: host seen refuses modbus only if it has no object 65535",
		"policy.yaml:7: untried: host newer is to refuse modbus; Pymodbus Pymodbus Server was seen to refuse modbus with firmware 3.0.0, and it has 3.6.0", "policy.yaml:8: untried: host stranger is to refuse modbus; nothing was learned of it"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if strings.Contains(out, "untried: host seen") || strings.Contains(works(t, "policy", "check", file).stdout, "untried") {
		t.Errorf("%s", out)
	}
	drafted := works(t, "policy", "draft", dir).stdout
	if strings.Count(drafted, "refuses: modbus") != 1 {
		t.Errorf("%s", drafted)
	}
}

func writeJSON(t *testing.T, name string, v any) {
	t.Helper()
	b, err := json.Marshal(v)
	if err == nil {
		err = os.WriteFile(name, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
