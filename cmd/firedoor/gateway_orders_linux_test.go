package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/datapath"
	"firedoor/internal/gateway"
	"firedoor/internal/policy"
)

// ordering is a data folder behind whose control socket orders are taken, without ports.
func ordering(t *testing.T) (s *gatewayService, dir string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "fd") // short, for a socket
	if err != nil {
		t.Fatal(err)
	}
	s = &gatewayService{log: slog.New(slog.NewTextHandler(io.Discard, nil)), wake: make(chan struct{}, 1)}
	plan, err := readPolicy(&Main{Stderr: io.Discard}, write(t, "p.yaml", []byte(provable)))
	if err != nil {
		t.Fatal(err)
	}
	s.plan = plan
	if s.decisions, err = gateway.OpenDecisions(filepath.Join(dir, "decisions.jsonl"), time.Now); err != nil {
		t.Fatal(err)
	}
	l, err := s.listen(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: s.routes(), ConnContext: withPeer} //nolint:gosec // of a test
	go func() { _ = server.Serve(newPeers(l)) }()
	t.Cleanup(func() { _ = errors.Join(server.Close(), s.decisions.Close(), os.RemoveAll(dir)) })
	return s, dir
}

// TestIsolateSaysWhoseMistakeItWas holds that what the command line can mend ends with 2.
func TestIsolateSaysWhoseMistakeItWas(t *testing.T) {
	_, dir := ordering(t)
	for says, args := range map[string][]string{
		"--verb no-nothing: must be one of": {"cell", "--verb", "no-nothing", "--reason", "x"},
		"nobody: no host, zone or conduit":  {"nobody", "--verb", "no-write", "--reason", "x"},
		"give --cap":                        {"cell", "--verb", "rate-cap", "--reason", "x"},
		"--reason: is":                      {"cell", "--verb", "no-write", "--reason", strings.Repeat("x", gateway.MaxReason+1)},
	} {
		if o := run(t, append([]string{"isolate", "--for", "30m", "--data", dir}, args...)...); o.status != exitUsage || !strings.Contains(o.err, says) {
			t.Errorf("isolate %q: status %d, %s", args, o.status, o.err)
		}
	}
	if o := run(t, "release", "9", "--data", dir); o.status != exitDamaged || !strings.Contains(o.err, "no decision 9") {
		t.Errorf("an order that does not fit: status %d, %s", o.status, o.err)
	}
}

// TestReleasedAlready holds that what is being released is not released anew: its time goes on,
// and nothing is written.
func TestReleasedAlready(t *testing.T) {
	s, dir := ordering(t)
	one, err := s.decisions.Add(gateway.Decision{Verb: "no-write", Scope: "cell", By: "jo", Reason: "a trial"}, time.Hour)
	if err == nil {
		err = s.decisions.Test(one.ID, "jo")
	}
	if err != nil {
		t.Fatal(err)
	}
	until := s.decisions.Testing(one.ID)
	before := string(read(t, filepath.Join(dir, "decisions.jsonl")))
	if o := works(t, "release", "1", "--data", dir).stdout; !strings.Contains(o, "Decision 1 is being released already: until "+until) {
		t.Errorf("release says %q", o)
	}
	if err := s.decisions.Test(one.ID, "jo"); err != nil || s.decisions.Testing(one.ID) != until {
		t.Errorf("its time begins anew: %s, not %s; %v", s.decisions.Testing(one.ID), until, err)
	}
	if after := string(read(t, filepath.Join(dir, "decisions.jsonl"))); after != before {
		t.Errorf("it was written: %s", after)
	}
}

// TestIsolateWithoutRoom holds that an order for which the kernel's tables have no room is refused before
// it is written down, with the count and the limit: once written it would stand in the way of all others.
func TestIsolateWithoutRoom(t *testing.T) {
	s, dir := ordering(t)
	p := &policy.Policy{Zones: []policy.Zone{{Name: "cell", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.3.0.0/16")}}}}
	for i := range 1100 {
		at := netip.AddrFrom4([4]byte{10, 3, byte(i >> 8), byte(i)})
		p.Hosts = append(p.Hosts, policy.Host{Name: fmt.Sprint("h", i), Addresses: []netip.Addr{at}})
		s.learned = append(s.learned, firedoor.Conversation{Segment: "untagged", Learned: true, Protocol: "modbus",
			Client: firedoor.Address{IP: at.String()}, Server: firedoor.Address{IP: "10.3.9.9"}})
	}
	plan, faults := policy.Compile(p, known())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	s.plan = plan
	before := string(read(t, filepath.Join(dir, "decisions.jsonl")))
	o := run(t, "isolate", "cell", "--verb", "known-clients-only", "--reason", "x", "--for", "30m", "--data", dir)
	if says := fmt.Sprintf("1212203 pairs of a client and a server are told apart, and a gateway holds at most %d", datapath.MaxPairs); o.status != exitDamaged || !strings.Contains(o.err, says) {
		t.Errorf("status %d, %s", o.status, o.err)
	}
	if after := string(read(t, filepath.Join(dir, "decisions.jsonl"))); after != before || len(s.decisions.List()) > 0 {
		t.Errorf("it was written down: %s", after)
	}
	if _, err := s.decisions.Add(gateway.Decision{Verb: "quarantine", Scope: "h1", Reason: "x", Everything: true}, time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := s.fits(1); err != nil {
		t.Errorf("one host: %v", err)
	}
}
