package main

import (
	"bytes"
	"cmp"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/corpus"
	"firedoor/internal/plant"
	"firedoor/internal/policy"
	"firedoor/internal/policyfile"
	"firedoor/internal/whatif"
)

// cannot are captures of which a draft stops something that it was drafted from, by the end
// of their path. The test fails where one of them does so no more.
var cannot = map[string]string{
	"s7comm/testdata/variables.pcap":   longerLater,
	"s7commplus/testdata/program.pcap": firstWords,
}

const (
	longerLater = "--values: ranges are learned of as many elements as the first write had, and a later one at the same address was longer"
	firstWords  = "what one code does to one object hangs on the value (start, stop, reset of a CPU): only the first was learned by its words, and the others are not let through for it"
)

// TestDraftStopsNothingLearned holds that a policy drafted from a capture stops nothing of
// that capture, loose or strict, and lets no other function pass that changes something.
func TestDraftStopsNothingLearned(t *testing.T) {
	t.Parallel()
	stopNothingLearned(t, ownCaptures(t))
}

// TestCorpusDraftStopsNothingLearned is the same over captures from elsewhere, but for those
// that were made to break readers: their addresses are noise, and nobody learns from them.
func TestCorpusDraftStopsNothingLearned(t *testing.T) {
	t.Parallel()
	stopNothingLearned(t, slices.DeleteFunc(corpus.Captures(t), func(path string) bool { return strings.Contains(filepath.ToSlash(path), "/malformed/") }))
}

func stopNothingLearned(t *testing.T, captures []string) {
	for _, path := range captures {
		said, why := stopsOfItself(t, path), ""
		for end, reason := range cannot {
			if strings.HasSuffix(filepath.ToSlash(path), end) {
				why = reason
			}
		}
		if (why != "") != (len(said) > 0) {
			t.Errorf("%s: %d stopped (known: %q)\n  %s", path, len(said), why, strings.Join(said[:min(len(said), 5)], "\n  "))
		}
	}
}

// stopsOfItself is what policies drafted from a capture stop of it.
func stopsOfItself(t *testing.T, path string) (said []string) {
	t.Helper()
	r := relearn(t, path)
	for i := range r.drafts {
		d := &r.drafts[i]
		if d.status != 0 && strings.Contains(d.err, "was learned") {
			return nil // nothing that a gateway sees
		}
		if d.status != 0 {
			return append(said, "draft: "+d.err)
		}
		said = append(said, passesUnlearned(t, r.folder, d.stdout)...)
		for i := range d.would.Stopped {
			if s := &d.would.Stopped[i]; !leftOut(s, d.stdout) {
				said = append(said, fmt.Sprintf("%v: %+v", d.flags, *s))
			}
		}
	}
	return said
}

// passesUnlearned are functions that change something and were not learned of two ends, and
// that a draft lets pass between them where they were seen to talk.
func passesUnlearned(t *testing.T, dir, draft string) (said []string) {
	t.Helper()
	var conversations []firedoor.Conversation
	if err := readJSON(filepath.Join(dir, "conversations.json"), &conversations); err != nil {
		t.Fatal(err)
	}
	for i := range conversations {
		if c := &conversations[i]; c.SentTo != "" { // a gateway sees nobody else
			answers := *c
			answers.Client = firedoor.Address{IP: c.SentTo}
			c.Server = firedoor.Address{IP: c.SentTo, Port: c.Server.Port}
			conversations = append(conversations, answers)
		}
	}
	plan, err := policyfile.Read("draft", []byte(draft), known())
	if err != nil {
		return []string{"draft: " + err.Error()}
	}
	type deed struct {
		client, server firedoor.Address
		segment        string
		code           uint32
		protocol       string
	}
	end := func(a firedoor.Address) firedoor.Address {
		if a.IP != "" { // whose MAC was not always seen
			a.MAC = ""
		}
		return firedoor.Address{IP: a.IP, MAC: a.MAC}
	}
	learned, sealed := map[deed]bool{}, map[deed]bool{}
	for i := range conversations {
		c := &conversations[i]
		sealed[deed{client: end(c.Client), server: end(c.Server), segment: c.Segment, protocol: c.Protocol}] = c.Encrypted > 0
		for _, s := range c.Statements {
			learned[deed{end(c.Client), end(c.Server), c.Segment, s.Code, cmp.Or(s.Protocol, c.Protocol)}] = true
		}
	}
	for i := range conversations {
		c := &conversations[i]
		names := []string{c.Protocol}
		if c.Protocol == "tcp" || c.Protocol == "udp" {
			names = slices.DeleteFunc(slices.Clone(known().Protocols), func(p string) bool {
				return !slices.Contains(known().Ports(p), policy.Port{Transport: plan.Transports(c.Protocol, 0)[0], Number: c.Server.Port})
			})
		}
		if c.Server.IP == "" || policy.Loops(&c.Client) || policy.Loops(&c.Server) { // frames without IP are not looked into
			continue
		}
		for _, name := range names {
			d := deed{client: end(c.Client), server: end(c.Server), segment: c.Segment, protocol: name}
			for _, f := range known().Functions(name) {
				d.code = 0
				if !f.Verb.Changes() || sealed[d] {
					continue
				}
				if d.code = f.Code; learned[d] {
					continue
				}
				for _, transport := range plan.Transports(c.Protocol, c.Server.Port) {
					if r := routeOf(t, plan, c, transport); policy.Decide(plan, &policy.Request{Route: &r, Level: policy.OfOperation, Protocol: name, Verb: f.Verb, Function: f.Words, Code: f.Code}).Says == firedoor.Pass {
						said = append(said, fmt.Sprintf("passes unlearned: %s %s of %s (%d), %s to %s port %d", f.Verb, f.Words, name, f.Code, c.Client.IP, c.Server.IP, c.Server.Port))
					}
				}
			}
		}
	}
	return said
}

func routeOf(t *testing.T, plan *policy.Plan, c *firedoor.Conversation, transport uint8) policy.Route {
	t.Helper()
	var places [2]policy.Place
	for i, a := range []firedoor.Address{c.Client, c.Server} {
		ip, err := netip.ParseAddr(a.IP)
		if err != nil {
			t.Fatal(err)
		}
		places[i] = plan.Place(c.Segment, firedoor.IPFrom(ip), 0)
	}
	return plan.Route(places[0], places[1], transport, c.Server.Port)
}

// leftOut tells whether a draft says that it has no rule of something: what goes to a group
// of Ethernet, whose address no conversation keeps.
func leftOut(s *whatif.Stopped, draft string) bool {
	first, _, colon := strings.Cut(s.Server, ":")
	octet, err := strconv.ParseUint(first, 16, 8)
	return s.Reason == "no-conduit" && colon && err == nil && octet&1 == 1 && slices.ContainsFunc(lines(draft), func(l string) bool {
		return strings.HasPrefix(l, "#   "+s.Protocol+" from ") && strings.Contains(l, " to a group in ")
	})
}

// TestDraftOfFrames holds that a draft of frames that nobody recognises lets their own types
// pass between the two ends and no other.
func TestDraftOfFrames(t *testing.T) {
	capture := func(kinds ...uint16) string {
		var file bytes.Buffer
		n, err := plant.NewNet(&file, time.Unix(1_772_000_000, 0))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			for _, kind := range kinds {
				n.Ethernet(0x020000000001, 0x020000000002, 0, kind, make([]byte, 46))
				n.Ethernet(0x020000000002, 0x020000000001, 0, kind, make([]byte, 46))
			}
		}
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		return write(t, "frames.pcap", file.Bytes())
	}
	dir, learned := t.TempDir(), capture(0x88e1, 46)
	works(t, "replay", "--learn", "100%", "--out", dir, learned)
	draft := works(t, "policy", "draft", dir).stdout
	if !strings.Contains(draft, "port: ethernet/0x88e1,") || !strings.Contains(draft, "port: ethernet/llc,") || strings.Contains(draft, "port: ethernet,") {
		t.Fatalf("the draft:\n%s", draft)
	}
	file := write(t, "policy.yaml", []byte(draft))
	if r, status := whatIf(t, "--policy", file, learned); status != 0 || r.Connections != 2 || r.StoppedConnections != 0 {
		t.Errorf("what was learned: status %d, %+v", status, r)
	}
	if r, status := whatIf(t, "--policy", file, capture(0x88e1, 0x88e2)); status != exitFound || r.Connections != 2 || r.StoppedConnections != 1 {
		t.Errorf("another type beside it: status %d, %+v", status, r)
	}
	for port, want := range map[string]string{"ethernet/0x88e1": "Pass: ", "ethernet/llc": "Pass: ", "ethernet/0x88e2": "Drop: ", "ethernet": "Drop: ", "udp/502": "Drop: "} {
		if o := works(t, "policy", "explain", "--client", "host-02-00-00-00-00-01", "--server", "host-02-00-00-00-00-02", "--port", port, file).stdout; !strings.HasPrefix(o, want) {
			t.Errorf("%s: %s", port, o)
		}
	}
}
