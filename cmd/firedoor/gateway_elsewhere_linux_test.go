package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"firedoor/internal/datapath"
	"firedoor/internal/gateway"
	"firedoor/internal/inline"
	"firedoor/internal/packet"
	"firedoor/internal/policyfile"
	"firedoor/internal/testbed"
)

// TestElsewhereInTheKernel holds that the kernel drops no answer that a device gives from
// another port than it was asked at, and passes none by itself while nobody answers.
func TestElsewhereInTheKernel(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: it loads a program into the kernel")
	}
	bed, err := testbed.New(fmt.Sprintf("fe%d", os.Getpid()%100_000))
	if errors.Is(err, testbed.ErrUnable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(bed.Close)
	pins := t.TempDir()
	unmount, err := testbed.MountPins(pins)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(unmount)
	path, err := datapath.Open(datapath.Options{Inside: bed.Client.Port, Outside: bed.Server.Port, Pins: pins, Name: fmt.Sprintf("fe%d", os.Getpid()%100_000)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = path.Remove() })
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
