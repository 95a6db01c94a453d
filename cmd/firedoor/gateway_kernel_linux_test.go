package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/capture"
	"firedoor/internal/datapath"
	"firedoor/internal/gateway"
	"firedoor/internal/packet"
	"firedoor/internal/policy"
	"firedoor/internal/policyfile"
	"firedoor/internal/testbed"
)

// enforced is a drafted policy as if somebody had reviewed it.
func enforced(t *testing.T) *policy.Plan {
	t.Helper()
	text := string(read(t, drafted(t)))
	text = strings.ReplaceAll(text, "    mode: test\n", "    mode: enforce\n    never-block: {reviewed: {by: Jo, on: 2026-11-26}}\n")
	text = strings.Replace(text, "otherwise: {mode: test", "otherwise: {mode: enforce", 1)
	plan, err := policyfile.Read("policy.yaml", []byte(text), known())
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// kernel holds what the kernel's program says of frames against policy.Decide.
type kernel struct {
	t      *testing.T
	plan   *policy.Plan
	path   *datapath.Datapath
	counts map[datapath.Action]int
	wrong  int
	name   string
	polls  int // frames of Modbus
	asked  int // and those of them that the kernel asks about
}

// TestKernelAgreesWithDecide runs every frame of the product's own captures, and of a
// corpus where there is one, through the kernel's program: what it passes or drops by
// itself is what Decide says of the connection, in one of the two ways to read a frame.
func TestKernelAgreesWithDecide(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: it loads a program into the kernel")
	}
	bed, err := testbed.New(fmt.Sprintf("fk%d", os.Getpid()%100_000))
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
	k := kernel{t: t, plan: enforced(t), counts: map[datapath.Action]int{}}
	k.path, err = datapath.Open(datapath.Options{Inside: bed.Client.Port, Outside: bed.Server.Port, Pins: pins, Name: fmt.Sprintf("fk%d", os.Getpid()%100_000)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.path.Remove() })
	if err := k.path.Install(gateway.Tables(k.plan, modbusFunctions())); err != nil {
		t.Fatal(err)
	}
	k.file(sampleFile)
	if k.counts[datapath.Pass] == 0 || k.counts[datapath.Drop] == 0 || k.counts[datapath.Ask] == 0 {
		t.Errorf("of the sample the kernel says %v: one of its answers is not tried", k.counts)
	}
	if corpus := os.Getenv("FIREDOOR_CORPUS"); corpus != "" {
		eachCapture(t, corpus+"/protocols", func(path string, _ []byte) { k.file(path) })
	}
	t.Logf("the kernel says %v of these frames; of %d frames of Modbus it asks about %d", k.counts, k.polls, k.asked)
}

// maxKernelFrames is how many frames of a capture are tried.
const maxKernelFrames = 40_000

func (k *kernel) file(path string) {
	c, err := capture.Open(path, 0)
	if err != nil {
		return // not a capture
	}
	defer func() { _ = c.Close() }() // only read
	k.name = path
	var f packet.Frame
	for n := 0; n < maxKernelFrames && c.Next(&f) == nil; n++ {
		if f.Link == packet.LinkEthernet && len(f.Data) >= 34 && int(f.WireLen) == len(f.Data) && len(f.Data) <= 1518 {
			k.frame(&f, n%2)
		}
	}
}

func (k *kernel) frame(f *packet.Frame, port int) {
	var p packet.Packet
	packet.Decode(&p, f)
	d, err := k.path.Test(f.Data, port)
	if err != nil || d.Reason >= datapath.OwnReasons || p.Scope.Tunnel != packet.NoTunnel || p.HasRedundancy || p.Scope.Vlans[1] != 0 {
		return // for reasons of the kernel's own: link control, parts of packets, streams
	}
	k.counts[d.Action]++
	modbus := p.Proto == packet.TCP && (p.SrcPort == 502 || p.DstPort == 502)
	if modbus {
		k.polls++
	}
	if d.Action == datapath.Ask {
		if modbus {
			k.asked++
		}
		return
	}
	if p.Layer != packet.LayerTransport {
		return
	}
	segment := packet.ScopeName(p.Scope)
	src, dst := k.plan.Place(segment, p.SrcIP, p.SrcMAC), k.plan.Place(segment, p.DstIP, p.DstMAC)
	there, back := k.plan.Route(src, dst, p.Proto, p.DstPort), k.plan.Route(dst, src, p.Proto, p.SrcPort)
	asks, answers := k.says(&there), k.says(&back)
	begins := p.Proto == packet.TCP && p.Flags&(packet.SYN|packet.ACK) == packet.SYN
	passes := asks == firedoor.Pass || !begins && answers == firedoor.Pass
	if dropped := d.Action != datapath.Pass; dropped == passes {
		if k.wrong++; k.wrong <= 10 {
			k.t.Errorf("%s frame %d: the kernel says %s (reason %d), Decide says %s as a request and %s as an answer", k.name, f.Number, d.Action, d.Reason, asks, answers)
		}
	}
}

func (k *kernel) says(r *policy.Route) firedoor.Action {
	return policy.Decide(k.plan, &policy.Request{Route: r, Level: policy.OfConnection}).Action
}
