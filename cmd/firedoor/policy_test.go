package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firedoor/internal/whatif"
)

// drafted learns from the first 60 % of the sample and drafts a policy of it.
func drafted(t *testing.T, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	works(t, "replay", "--learn", "60%", "--out", dir, sampleFile)
	text := works(t, append(append([]string{"policy", "draft"}, flags...), dir)...).stdout
	return write(t, "policy.yaml", []byte(text))
}

// what would have been stopped, by JSON.
func whatIf(t *testing.T, args ...string) (r whatif.Report, status int) {
	t.Helper()
	o := run(t, append([]string{"policy", "replay", "--json"}, args...)...)
	if err := json.Unmarshal([]byte(o.stdout), &r); err != nil {
		t.Fatalf("%v: status %d: %s", err, o.status, o.err)
	}
	return r, o.status
}

// TestDraftedPolicy holds that a draft is in order, passes all that was learned and
// stops the attacks that the sample ends with.
func TestDraftedPolicy(t *testing.T) {
	file := drafted(t, "--name", "sample")
	if o := works(t, "policy", "check", file).stdout; !strings.Contains(o, "is in order") || strings.Contains(o, "shadowed") || strings.Contains(o, "conflict") {
		t.Errorf("check says:\n%s", o)
	}
	r, status := whatIf(t, "--policy", file, sampleFile)
	if status != exitFound || r.StoppedOperations == 0 || r.Operations < 1000 {
		t.Fatalf("status %d, %d of %d operations stopped", status, r.StoppedOperations, r.Operations)
	}
	for _, s := range r.Stopped {
		if s.Client == "hmi-192-168-0-20" {
			t.Errorf("what the operators do every minute would be stopped: %+v", s)
		}
	}
	for _, attacker := range []string{"192.168.0.77", "10.20.30.99"} {
		found := false
		for _, s := range r.Stopped {
			found = found || s.Client == attacker
		}
		if !found {
			t.Errorf("nothing of %s would be stopped", attacker)
		}
	}
	for _, u := range r.Rules {
		if u.Undecided != "" {
			t.Errorf("a capture decides every rule, but: %+v", u)
		}
	}
}

// TestWhatIfOnJournal holds that the journal of a sensor and the capture that it saw
// name the same operations and come to the same, and that what the journal cannot
// tell is told as undecided.
func TestWhatIfOnJournal(t *testing.T) {
	text := string(read(t, drafted(t)))
	text = strings.ReplaceAll(text, "verb: write, function: write single register", "verb: write, function: write single register, step: 1000")
	file := write(t, "policy.yaml", []byte(text))
	dir := t.TempDir()
	l := startRun(t, runArgs(dir, "--speed", "0")...)
	l.played()
	l.stop()
	fromCapture, _ := whatIf(t, "--policy", file, sampleFile)
	fromJournal, status := whatIf(t, "--policy", file, "--journal", dir)
	if status != exitFound || fromJournal.Operations != fromCapture.Operations || fromJournal.StoppedOperations != fromCapture.StoppedOperations {
		t.Errorf("the journal has %d operations, %d stopped; the capture %d, %d", fromJournal.Operations, fromJournal.StoppedOperations, fromCapture.Operations, fromCapture.StoppedOperations)
	}
	want := map[string]uint64{}
	for _, s := range fromCapture.Stopped {
		if s.Verb != "" {
			want[strings.Join([]string{s.Client, s.Server, s.Protocol, s.Verb, s.Function, s.Object, s.Reason, s.Rule}, "|")] = s.Count
		}
	}
	for _, s := range fromJournal.Stopped {
		k := strings.Join([]string{s.Client, s.Server, s.Protocol, s.Verb, s.Function, s.Object, s.Reason, s.Rule}, "|")
		if want[k] != s.Count {
			t.Errorf("the journal has %d of %s, the capture %d", s.Count, k, want[k])
		}
		delete(want, k)
	}
	for k, n := range want {
		t.Errorf("the journal has none of %s, the capture %d", k, n)
	}
	connections, steps := 0, 0
	for _, u := range fromJournal.Rules {
		connections += strings.Count(u.Undecided, "no connections")
		steps += strings.Count(u.Undecided, "step")
	}
	if connections == 0 || steps == 0 {
		t.Errorf("undecided: %d rules about connections, %d with steps", connections, steps)
	}
}

// TestJournalNamesWhatCapturesName holds that a policy stops as many operations in the journal of
// a sensor as in the capture that it saw, of the same ends: without IP, where they have only
// their MACs, and where answers alone were seen. A read of which only an answer was seen that names no
// object is in no run, so of those the journal has fewer.
func TestJournalNamesWhatCapturesName(t *testing.T) {
	file := write(t, "closed.yaml", []byte("policy: 1\notherwise: {mode: enforce, default: drop}\nzones: {nobody: {addresses: 203.0.113.0/24}}\n"))
	for capture, want := range map[string][2]uint64{"ecat/testdata/poll.pcap": {}, "modbus/testdata/midstream.pcap": {14, 12}, "melsec/testdata/midstream.pcap": {4, 3}} {
		path := filepath.Join("..", "..", "internal", "protocol", filepath.FromSlash(capture))
		dir := t.TempDir()
		l := startRun(t, "--capture", path, "--data", dir, "--listen", "127.0.0.1:0", "--speed", "0")
		l.played()
		l.stop()
		var counts [2]map[string]uint64
		var undecided [2]uint64
		for i, args := range [][]string{{path}, {"--journal", dir}} {
			r, _ := whatIf(t, append([]string{"--policy", file}, args...)...)
			counts[i], undecided[i] = map[string]uint64{}, r.Undecided
			for _, s := range r.Stopped {
				if s.Verb != "" {
					counts[i][strings.Join([]string{s.Client, s.Server, s.Protocol, s.Verb, s.Function, s.Object}, "|")] += s.Count
				}
			}
		}
		if !maps.Equal(counts[0], counts[1]) || undecided != want {
			t.Errorf("%s: the capture says (%d undecided)\n%v\nthe journal (%d)\n%v", capture, undecided[0], counts[0], undecided[1], counts[1])
		}
	}
}

const provable = `policy: 1
otherwise: {mode: enforce, default: drop}
zones:
  office: {addresses: 10.1.0.0/16}
  dmz: {addresses: 10.2.0.0/16}
  cell: {addresses: 10.3.0.0/16}
conduits:
  in: {from: office, to: dmz, mode: enforce, budget: 300us, never-block: {reviewed: {by: Jo, on: 2026-11-26}}, rules: [{protocol: http, verdict: pass}]}
  down:
    from: dmz
    to: cell
    mode: enforce
    never-block: {reviewed: {by: Jo, on: 2026-11-26}}
    rules:
      - {protocol: modbus, code: [1, 2, 3, 4], verdict: pass}
      - {protocol: modbus, code: 3, verdict: drop}
`

// nothing is the same conduit without a rule.
const nothing = `policy: 1
otherwise: {mode: enforce, default: drop}
zones: {dmz: {addresses: 10.2.0.0/16}, cell: {addresses: 10.3.0.0/16}}
conduits:
  down: {from: dmz, to: cell, mode: enforce, never-block: {reviewed: {by: Jo, on: 2026-11-26}}, rules: []}
`

// learned is a folder of what a replay learned: conversations alone.
func learned(t *testing.T, conversations string) string {
	dir := t.TempDir()
	for name, text := range map[string]string{"assets.json": "[]", "conversations.json": conversations} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// newer is a folder of a version that knows more protocols.
func newer(t *testing.T) string {
	return learned(t, `[{"learned": true, "segment": "untagged", "protocol": "nosuch", "client": {"ip": "10.0.0.1"}, "server": {"ip": "10.0.0.2", "port": 5}}]`)
}

// TestPolicyCommands holds what each command says and its exit status.
func TestPolicyCommands(t *testing.T) {
	file := write(t, "p.yaml", []byte(provable))
	other := write(t, "q.yaml", []byte(strings.Replace(provable, "code: [1, 2, 3, 4]", "code: [1, 2, 3, 4, 6]", 1)))
	night := strings.Replace(provable, "{protocol: modbus, code: [1, 2, 3, 4], verdict: pass}", `{protocol: modbus, when: {from: "22:00", until: "06:00"}, verdict: pass}`, 1)
	nightly := write(t, "n.yaml", []byte(strings.Replace(night, "      - {protocol: modbus, code: 3, verdict: drop}\n", "", 1)))
	ruled := func(name, rules string) string {
		return write(t, name, []byte(strings.Replace(nothing, "rules: []", "rules: ["+rules+"]", 1)))
	}
	unread := ruled("u.yaml", "{verb: write, verdict: drop}, {verdict: pass}")
	reads := ruled("r.yaml", "{protocol: modbus, function: read holding registers, verdict: pass}, {function: read coils, verdict: pass}")
	coded, anyCode := ruled("c.yaml", "{protocol: modbus, code: 3, verdict: pass}"), ruled("a.yaml", "{protocol: modbus, code: 8, verdict: pass}, {protocol: modbus, code: [3, 6], verdict: pass}")
	for _, c := range []struct {
		args   []string
		status int
		says   []string
	}{
		{[]string{"check", file}, 0, []string{"is in order: 0 hosts, 3 zones, 2 conduits, 3 rules.", "p.yaml:16: shadowed:"}},
		{[]string{"prove", "--from", "office", "--to", "cell", "--direct", file}, 0, []string{"Proved: nothing passes from office to cell."}},
		{[]string{"prove", "--from", "cell", "--to", "dmz", "--direct", file}, 0, []string{"Proved: nothing passes from cell to dmz.", "Not meant is what answers dmz"}},
		{[]string{"prove", "--from", "office", "--to", "cell", file}, 3, []string{"1. from office to dmz", "2. from dmz to cell", "modbus port tcp/502"}},
		{[]string{"prove", "--from", "cell", "--to", "office", file}, 0, []string{"Proved"}},
		{[]string{"prove", "--from", "office", "--to", "cell", "--protocol", "s7comm", file}, 0, []string{"Proved"}},
		{[]string{"diff", file, file}, 0, []string{"say the same"}},
		{[]string{"diff", file, other}, 3, []string{"+ down: Passes:", "opens:"}},
		{[]string{"explain", file}, 0, []string{"Conduit down, from dmz to cell", "A gateway may take 5ms, as usual, over a frame.", "A gateway may take 300µs over a frame.", "anybody in dmz asks (code 1, 2, 3 or 4) of anything in cell in modbus"}},
		{[]string{"explain", "--client", "10.2.0.9", "--server", "10.3.0.1", "--protocol", "modbus", "--code", "6", file}, 0, []string{"Drop: no rule of down matches", "but for the function"}},
		{[]string{"explain", "--client", "10.2.0.9", "--server", "10.3.0.1", "--protocol", "modbus", "--code", "3", file}, 0, []string{"Pass: the rule in line 15"}},
		{[]string{"explain", "--client", "10.2.0.9", "--server", "10.3.0.1", "--protocol", "modbus", "--value", "7", file}, 0, []string{"Drop: no rule of down matches"}},
		{[]string{"explain", "--client", "10.2.0.9", "--server", "10.3.0.1", "--protocol", "modbus", "--at", "2026-03-02T12:00:00Z", nightly}, 0, []string{"Drop: the rule in line 15 of down lets it pass, but not at this time"}},
		{[]string{"explain", "--client", "10.2.0.9", "--server", "10.3.0.1", "--protocol", "modbus", "--at", "2026-03-02T23:00:00Z", nightly}, 0, []string{"Pass: the rule in line 15"}},
		{[]string{"explain", "--client", "10.2.0.9", "--server", "10.3.0.1", "--protocol", "s7comm", "--port", "502", "--at", "2026-03-02T12:00:00Z", file}, 0, []string{"Drop: the port is open for another protocol."}},
		{[]string{"explain", "--client", "10.2.0.9", "--server", "10.3.0.1", "--port", "tcp/9999", unread}, 0, []string{"Pass: ", "What is of no protocol that anybody knows does not pass there (unjudged)"}},
		{[]string{"prove", "--from", "dmz", "--to", "cell", "--direct", "--verb", "write", reads}, 0, []string{"Proved: nothing passes from dmz to cell"}},
		{[]string{"prove", "--from", "dmz", "--to", "cell", "--direct", "--verb", "read", reads}, 3, []string{`"read holding registers"`}},
		{[]string{"prove", "--from", "dmz", "--to", "cell", "--direct", "--verb", "write", coded}, 0, []string{"Proved: nothing passes from dmz to cell"}},
		{[]string{"prove", "--from", "dmz", "--to", "cell", "--direct", "--verb", "write", anyCode}, 3, []string{"verb write"}},
		{[]string{"explain", "--client", "10.1.0.9", "--server", "10.3.0.1", "--protocol", "modbus", file}, 0, []string{"Drop: no conduit joins office and cell"}},
	} {
		o := run(t, append([]string{"policy"}, c.args...)...)
		if o.status != c.status {
			t.Errorf("policy %s: status %d, want %d\n%s%s", strings.Join(c.args, " "), o.status, c.status, o.stdout, o.err)
		}
		for _, says := range c.says {
			if !strings.Contains(o.stdout, says) {
				t.Errorf("policy %s does not say %q:\n%s", strings.Join(c.args, " "), says, o.stdout)
			}
		}
	}
	for _, args := range [][]string{ // the last is what the message must name
		{"check", "nowhere.yaml", "nowhere.yaml"},
		{"prove", "--from", "nowhere", "--to", "cell", file, "nowhere"},
		{"prove", "--from", "office", "--to", "cell", "--verb", "reed", file, "--verb reed"},
		{"prove", "--from", "office", "--to", "cell", "--protocol", "none", file, "--protocol none"},
		{"replay", "--policy", file, "--journal"},
		{"replay", "--policy", file, "--journal", t.TempDir() + "/none", "there is no journal"},
		{"replay", "--policy", file, filepath.Join(t.TempDir(), "none.pcap"), "none.pcap"},
		{"replay", "--policy", file, "--journal", t.TempDir(), "there is no journal"},
		{"replay", "--policy", file, "--journal", filepath.Dir(file), "there is no journal"}, // a folder of other files
		{"draft", t.TempDir(), "assets.json"},
		{"draft", learned(t, "[]"), "replay with --learn first"},
		{"draft", learned(t, `[{"learned": true, "segment": "untagged", "protocol": "goose", "client": {"mac": "00:30:a7:00:00:01"}, "server": {}}]`), "no drafted rule can name was learned there, 1 conversation: goose from 00:30:a7:00:00:01 to a group"},
		{"draft", newer(t), "nosuch"},
		{"explain", "--client", "10.2.0.9", file, "give --client and --server"},
		{"explain", "--verb", "write", file, "give --client and --server"},
		{"explain", "--client", "nobody", "--server", "10.3.0.1", file, "nobody"},
		{"explain", "--client", "10.2.0.9", "--server", "10.3.0.1", "--protocol", "modbuss", file, "--protocol modbuss"},
	} {
		o := run(t, append([]string{"policy"}, args[:len(args)-1]...)...)
		if o.status != exitUsage || !strings.Contains(o.err, args[len(args)-1]) {
			t.Errorf("policy %s: status %d, says %q", strings.Join(args, " "), o.status, o.err)
		}
	}
	if _, err := os.Stat(file); err != nil {
		t.Error("the policy is gone")
	}
}

// TestQuestionsMeanWhatIsAsked holds that explain answers what a request is, and not what was left out of the question: a
// function has a code and a verb, whichever a rule names; what no request can have, and ends that no frame has both, are
// errors. And that ICMP, which asks nothing, is no way for a verb or a protocol.
func TestQuestionsMeanWhatIsAsked(t *testing.T) {
	const text = `policy: 1
otherwise: {mode: enforce, default: drop}
hosts:
  hmi: {address: 10.1.0.1}
  plc: {address: 10.2.0.1, refuses: modbus}
  far: {address: 10.2.0.2, segment: "vlan:30"}
  near: {address: 10.1.0.2, segment: untagged}
zones:
  office: {addresses: 10.1.0.0/16}
  cell: {addresses: 10.2.0.0/16}
conduits:
  down:
    from: office
    to: cell
    mode: enforce
    never-block: {reviewed: {by: Jo, on: 2026-11-26}}
    rules:
      - {server: plc, protocol: modbus, verb: write, verdict: refuse}
      - {server: plc, protocol: modbus, code: 1, verdict: refuse}
      - {server: plc, protocol: modbus, function: read input registers, verdict: pass}
      - {server: far, protocol: modbus, verb: read, verdict: pass}
`
	icmp := write(t, "icmp.yaml", []byte(text+"      - {port: icmp, verdict: pass}\n"))
	both := write(t, "both.yaml", []byte(text+"      - {port: [icmp, 9999], verdict: pass}\n"))
	modbus := func(more ...string) []string {
		return append([]string{"policy", "explain", "--client", "hmi", "--server", "plc", "--protocol", "modbus", icmp}, more...)
	}
	between := func(client, server string, more ...string) []string {
		return append([]string{"policy", "explain", "--client", client, "--server", server, "--protocol", "modbus", "--verb", "read", icmp}, more...)
	}
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{modbus("--function", "write single register"), 0, "Refuse: the rule in line 18"},
		{modbus("--code", "6"), 0, "Refuse: the rule in line 18"},
		{modbus("--function", "read coils"), 0, "Refuse: the rule in line 19"},
		{modbus("--code", "4"), 0, "Pass: the rule in line 20"},
		{modbus("--function", "write singel register"), 2, "did you mean \"write single register\"?"},
		{modbus("--function", "write single register", "--verb", "read"), 2, "write single register of modbus is write"},
		{modbus("--object", "coils:1"), 2, "did you mean \"coil:1\"?"},
		{modbus("--code", "300"), 2, "300 is no code of modbus"},
		{between("hmi", "far"), 0, "Pass: the rule in line 21"},
		{between("10.1.0.1", "far"), 0, "Pass: the rule in line 21"},
		{between("10.1.0.1", "10.2.0.2"), 2, "say which with --segment (vlan:30, or another one)"},
		{between("10.1.0.1", "10.2.0.2", "--segment", "vlan:30"), 0, "Pass: the rule in line 21"},
		{between("10.1.0.1", "10.2.0.2", "--segment", "vlan:31"), 0, "Drop: no rule of down"},
		{between("hmi", "far", "--segment", "vlan:31"), 2, "far is in vlan:30"},
		{between("near", "far"), 2, "no frame is of both"},
		{between("hmi", "far", "--segment", "vlan31"), 2, "is no segment"},
		{[]string{"policy", "prove", "--from", "office", "--to", "cell", "--verb", "program", icmp}, 0, "Proved"},
		{[]string{"policy", "prove", "--from", "office", "--to", "cell", "--protocol", "bacnet", icmp}, 0, "Proved"},
		{[]string{"policy", "prove", "--from", "office", "--to", "cell", "--verb", "program", both}, 3, "any protocol port tcp/9999"},
	} {
		if o := run(t, c.args...); o.status != c.status || !strings.Contains(o.stdout+o.err, c.want) {
			t.Errorf("%q: status %d, want %d and %q:\n%s%s", c.args, o.status, c.status, c.want, o.stdout, o.err)
		}
	}
}
