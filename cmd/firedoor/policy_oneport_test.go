package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"firedoor/internal/capture"
	"firedoor/internal/inline"
	"firedoor/internal/packet"
	"firedoor/internal/policyfile"
	"firedoor/internal/protocol/all"
)

// TestGateStopsNothingLearned holds that a gateway which enforces what was drafted from a capture
// stops none of its datagrams between one port and the same one, where a request and an answer
// have the same ends.
func TestGateStopsNothingLearned(t *testing.T) {
	captures, err := filepath.Glob("../../internal/protocol/*/testdata/*.pcap")
	if err != nil {
		t.Fatal(err)
	}
	captures = slices.DeleteFunc(captures, func(path string) bool { return strings.Contains(path, "malformed") })
	frames := 0
	for _, path := range captures {
		frames += gateStops(t, path)
	}
	if frames < 100 {
		t.Errorf("only %d datagrams were looked at", frames)
	}
}

// gateStops gives the datagrams of a capture to a gateway and tells how many there were.
func gateStops(t *testing.T, path string) int {
	t.Helper()
	frames := onePort(t, path)
	if len(frames) == 0 {
		return 0
	}
	dir := t.TempDir()
	if o := run(t, "replay", "--learn", "100%", "--out", dir, path); o.status == exitUsage {
		return 0
	}
	o := run(t, "policy", "draft", dir)
	if o.status != 0 {
		return 0 // nothing that a gateway sees
	}
	text := strings.ReplaceAll(o.stdout, "\n    mode: test\n", "\n    mode: enforce\n    never-block: {reviewed: {by: A, on: 2026-11-26}}\n")
	text = strings.Replace(text, "otherwise: {mode: test", "otherwise: {mode: enforce", 1)
	plan, err := policyfile.Read("policy.yaml", []byte(text), known())
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var said []string
	gate := inline.New(plan, all.List, func(s *inline.Stopped) {
		what := "a frame"
		if s.Operation != nil {
			what = s.Operation.Function + " " + string(s.Operation.Object.AppendTo(nil))
		}
		said = append(said, fmt.Sprintf("%s of %s from %v to %v: %v", what, s.Protocol, s.Client.IP, s.Server.IP, s.Verdict.Reason))
	})
	for i := range frames {
		f := &frames[i]
		gate.Frame(f.Time, f.from, bytes.Clone(f.Data), func(inline.Port, []byte) {})
	}
	if len(said) > 0 {
		t.Errorf("%s: of %d datagrams %d were stopped:\n  %s", path, len(frames), len(said), strings.Join(said[:min(len(said), 5)], "\n  "))
	}
	return len(frames)
}

// sided is a frame and the port at which it comes in.
type sided struct {
	packet.Frame
	from inline.Port
}

// onePort reads the datagrams of a capture from a port to the same one, both of whose ends are
// hosts. The lower address is inside.
func onePort(t *testing.T, path string) (out []sided) {
	t.Helper()
	r, err := capture.Open(path, 0)
	if err != nil {
		return nil // no capture
	}
	defer func() { _ = r.Close() }()
	var frame packet.Frame
	var p packet.Packet
	for {
		if err := r.Next(&frame); err != nil {
			if !errors.Is(err, io.EOF) {
				return nil
			}
			return out
		}
		packet.Decode(&p, &frame)
		if p.Layer != packet.LayerTransport || p.Proto != packet.UDP || p.SrcPort != p.DstPort || p.DstMAC>>40&1 == 1 || p.DstIP.IsGroup() || frame.Link != packet.LinkEthernet {
			continue
		}
		s := sided{frame, inline.Inside}
		s.Data = bytes.Clone(frame.Data)
		if cmp.Or(cmp.Compare(p.SrcIP.Hi, p.DstIP.Hi), cmp.Compare(p.SrcIP.Lo, p.DstIP.Lo)) > 0 {
			s.from = inline.Outside
		}
		out = append(out, s)
	}
}
