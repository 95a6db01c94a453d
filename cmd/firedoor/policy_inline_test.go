package main

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/capture"
	"firedoor/internal/corpus"
	"firedoor/internal/inline"
	"firedoor/internal/packet"
	"firedoor/internal/policyfile"
	"firedoor/internal/protocol/all"
	"firedoor/internal/whatif"
)

// differ are captures of which a gateway stops more than a what-if tells, by the end of their
// path. The tests fail where one of them does so no more.
var differ = map[string]string{
	"modbus/testdata/rtu.pcap":                   framed,
	"modbus/testdata/rtu-headerlike.pcap":        framed,
	"bsap/testdata/malformed.pcap":               "an answer that breaks the rules, between one port and the same one, reads as a request of its sender",
	"ripple20/ipv6_rh0_poc.pcap":                 "routing headers of IPv6 pass nowhere where anything is enforced, and no conversation keeps them",
	"cotp/testdata/sessions.pcap":                "four bytes of nothing inside a connection of COTP: a gateway reads them as what its port is for, and a sensor as nothing",
	"testing/traces/profinet_io_cm.pcap":         parts,
	"testing/traces/profinet_io_cm_write.pcapng": parts,
	"ipal_transcriber/misc/pcaps/dnp3.pcap":      "single frames of connections between two ports that are both known, put together: nobody can say who is the client of one that was there before",
}

const parts = "put together: what acknowledges a part of a request that is not there says nothing by which anybody knows it"

const framed = "frames of a serial line at Modbus's own port: a gateway reads headers there, as devices do, and a sensor reads both"

// TestGateAndWhatIfAgree holds, over the captures of all protocols, that a gateway which
// enforces what was drafted from a capture stops nothing of it of which a what-if says that it
// passes.
func TestGateAndWhatIfAgree(t *testing.T) {
	t.Parallel()
	frames := agree(t, ownCaptures(t))
	if frames < 10_000 {
		t.Errorf("only %d frames were looked at", frames)
	}
}

// bigCapture is how many bytes of a capture from elsewhere say no more here than a small one.
const bigCapture = 2 << 20

// TestCorpusGateAndWhatIfAgree is the same over captures from elsewhere. Those of attacks on
// one plant, of which there are hundreds that are alike, are left out.
func TestCorpusGateAndWhatIfAgree(t *testing.T) {
	t.Parallel()
	agree(t, slices.DeleteFunc(corpus.Captures(t), func(path string) bool {
		info, err := os.Stat(path)
		path = filepath.ToSlash(path)
		return err != nil || info.Size() > bigCapture || strings.Contains(path, "/malformed/") || strings.Contains(path, "/qut_")
	}))
}

func agree(t *testing.T, captures []string) (frames int) {
	for _, path := range captures {
		why := ""
		for end, reason := range differ {
			if strings.HasSuffix(filepath.ToSlash(path), end) {
				why = reason
			}
		}
		var said []string
		for _, d := range relearn(t, path).drafts {
			if d.status != 0 {
				break // nothing that a gateway sees
			}
			stops, n := gateStops(t, d.stdout, path)
			frames += n
			for _, s := range stops {
				if !s.told(&d.would) {
					said = append(said, fmt.Sprintf("%v: frame %d: %s %s of %s, %s", d.flags, s.frame, s.function, s.object, s.ends, s.reason))
				}
			}
		}
		if (why != "") != (len(said) > 0) {
			t.Errorf("%s: %d stopped that pass (known: %q)\n  %s", path, len(said), why, strings.Join(said[:min(len(said), 5)], "\n  "))
		}
	}
	return frames
}

// gateStop is what a gateway stops: a request, or a frame.
type gateStop struct {
	frame                  int
	request                bool
	function, object, ends string
	reason                 firedoor.Reason
}

// told tells whether a what-if says so, or that it does not know. Which frames were no
// request it does not say one by one.
func (s *gateStop) told(r *whatif.Report) bool {
	if !s.request {
		return r.Stops() || r.Undecided+r.UndecidedConnections+r.Malformed+r.Own > 0
	}
	return r.Undecided+r.UndecidedConnections > 0 || slices.ContainsFunc(r.Stopped, func(w whatif.Stopped) bool { return w.Function == s.function && w.Object == s.object })
}

// longestFrame is that of Ethernet with two tags. A longer one was never on a line: it was taken
// at a sender whose card cuts it. So are those behind it.
const longestFrame = 1522

// gateStops gives the frames of a capture to a gateway that enforces a draft, and tells how many
// there were.
func gateStops(t *testing.T, draft, path string) (stops []gateStop, frames int) {
	t.Helper()
	text := strings.ReplaceAll(draft, "\n    mode: test\n", "\n    mode: enforce\n    never-block: {reviewed: {by: A, on: 2026-11-26}}\n")
	text = strings.Replace(text, "otherwise: {mode: test", "otherwise: {mode: enforce", 1)
	plan, err := policyfile.Read("policy.yaml", []byte(text), known())
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	long := false
	gate := inline.New(plan, all.List, func(s *inline.Stopped) {
		if s.Verdict.Reason == firedoor.ReasonHeld { // it asks the server where its client is, and a capture does not answer
			return
		}
		one := gateStop{frame: frames, ends: fmt.Sprintf("%v:%d > %v:%d", s.Client.IP, s.Client.Port, s.Server.IP, s.Server.Port), reason: s.Verdict.Reason}
		if op := s.Operation; op != nil {
			one.request, one.function, one.object = true, op.Function, string(op.Object.AppendTo(nil))
		}
		stops = append(stops, one)
	})
	eachOnTheLine(path, func(f *packet.Frame, from inline.Port) {
		if long = long || len(f.Data) > longestFrame; long {
			return
		}
		frames++
		b := bytes.Clone(f.Data)
		resum(b)
		gate.Frame(f.Time, from, b, func(inline.Port, []byte) {})
	})
	return stops, frames
}

// eachOnTheLine reads the Ethernet frames of a capture. The lower address, and of the same one the
// lower port, is inside; but who answers a call to a group stands on the other side than who called.
func eachOnTheLine(path string, take func(f *packet.Frame, from inline.Port)) {
	r, err := capture.Open(path, 0)
	if err != nil {
		return // no capture
	}
	defer func() { _ = r.Close() }() // only read
	var frame packet.Frame
	var p packet.Packet
	type call struct {
		client       firedoor.MAC
		port, server uint16
	}
	called := map[call]inline.Port{}
	for r.Next(&frame) == nil {
		if frame.Link != packet.LinkEthernet {
			continue
		}
		packet.Decode(&p, &frame)
		from := inline.Inside
		if cmp.Or(cmp.Compare(p.SrcIP.Hi, p.DstIP.Hi), cmp.Compare(p.SrcIP.Lo, p.DstIP.Lo), cmp.Compare(p.SrcPort, p.DstPort)) > 0 {
			from = inline.Outside
		}
		answered := call{p.DstMAC, p.DstPort, p.SrcPort}
		if p.DstMAC.IsGroup() {
			answered.client = 0
		}
		if at, ok := called[answered]; ok {
			from = at.Other()
		} else if p.DstMAC.IsGroup() {
			called[call{p.SrcMAC, p.SrcPort, p.DstPort}], called[call{0, p.SrcPort, p.DstPort}] = from, from
		}
		take(&frame, from)
	}
}

// resum corrects the checksums of TCP and UDP over IPv4: captures that were taken at a sender
// have those that its card had not made yet.
func resum(b []byte) {
	be, at := binary.BigEndian, 12
	for at+4 <= len(b) && (be.Uint16(b[at:]) == 0x8100 || be.Uint16(b[at:]) == 0x88a8) {
		at += 4
	}
	if at+22 > len(b) || be.Uint16(b[at:]) != 0x800 {
		return
	}
	ip := b[at+2:]
	head, total := int(ip[0]&15)*4, int(be.Uint16(ip[2:]))
	if head < 20 || total > len(ip) || total < head+8 || be.Uint16(ip[6:])&0x3fff != 0 {
		return
	}
	be.PutUint16(ip[10:], 0)
	be.PutUint16(ip[10:], checksum(0, ip[:head]))
	switch body := ip[head:total]; {
	case ip[9] == 17:
		be.PutUint16(body[6:], 0) // none
	case ip[9] == 6 && len(body) >= 20:
		be.PutUint16(body[16:], 0)
		be.PutUint16(body[16:], checksum(uint32(len(body))+6, ip[12:20], body))
	}
}

func checksum(n uint32, parts ...[]byte) uint16 {
	for _, p := range parts {
		for i := 0; i+1 < len(p); i += 2 {
			n += uint32(binary.BigEndian.Uint16(p[i:]))
		}
		if len(p)%2 == 1 {
			n += uint32(p[len(p)-1]) << 8
		}
	}
	for n > 0xffff {
		n = n>>16 + n&0xffff
	}
	return ^uint16(n)
}
