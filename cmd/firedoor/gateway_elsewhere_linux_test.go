package main

import (
	"strings"
	"testing"

	"firedoor/internal/datapath"
	"firedoor/internal/gateway"
	"firedoor/internal/inline"
	"firedoor/internal/packet"
	"firedoor/internal/policyfile"
)

// TestElsewhereInTheKernel holds that the kernel drops no answer that a device gives from
// another port than it was asked at, and passes none by itself while nobody answers.
func TestElsewhereInTheKernel(t *testing.T) {
	path := loaded(t, "fe")
	const relation = "../../internal/protocol/pniocm/testdata/relation.pcap"
	dir := t.TempDir()
	works(t, "replay", "--learn", "100%", "--out", dir, relation)
	text := works(t, "policy", "draft", dir).stdout
	text = strings.ReplaceAll(text, "    mode: test\n", "    mode: enforce\n    never-block: {reviewed: {by: Jo, on: 2026-11-26}}\n")
	plan, err := policyfile.Read("policy.yaml", []byte(strings.Replace(text, "otherwise: {mode: test", "otherwise: {mode: enforce", 1)), known())
	if err != nil {
		t.Fatal(err)
	}
	if err := path.Install(gateway.Tables(plan, modbusFunctions())); err != nil {
		t.Fatal(err)
	}
	const own = 34964
	elsewhere := 0
	eachOnTheLine(relation, func(f *packet.Frame, from inline.Port) {
		var p packet.Packet
		packet.Decode(&p, f)
		if p.Proto != packet.UDP {
			return
		}
		d, err := path.Test(f.Data, int(from))
		if err != nil {
			t.Fatal(err)
		}
		if d.Action != datapath.Ask {
			t.Errorf("from port %d to %d: %s", p.SrcPort, p.DstPort, d.Action)
		}
		if p.SrcPort == own || p.DstPort == own {
			return
		}
		elsewhere++
		if d, err = path.TestUnanswered(f.Data, int(from)); err != nil || d.Unanswered != datapath.Drop {
			t.Errorf("from port %d to %d while nobody answers: %+v (%v)", p.SrcPort, p.DstPort, d, err)
		}
	})
	if elsewhere == 0 {
		t.Error("no device answered from elsewhere")
	}
}
