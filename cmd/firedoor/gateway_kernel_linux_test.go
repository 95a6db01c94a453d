package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/capture"
	"firedoor/internal/corpus"
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
	most   int // frames of a capture
	polls  int // frames of Modbus
	asked  int // and those of them that the kernel asks about

	frames   int
	why      map[string]int // what is said, with its reason
	compared int            // with Decide
	beside   map[string]int // not compared, and why
}

// loaded is the kernel's program between two ports of its own, for frames that a test gives it.
func loaded(t *testing.T, prefix string) *datapath.Datapath {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: it loads a program into the kernel")
	}
	name := fmt.Sprintf("%s%d", prefix, os.Getpid()%100_000)
	bed, err := testbed.New(name)
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
	path, err := datapath.Open(datapath.Options{Inside: bed.Client.Port, Outside: bed.Server.Port, Pins: pins, Name: name})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = path.Remove() })
	return path
}

// TestKernelAgreesWithDecide runs every frame of the product's own captures, and of a
// corpus where there is one, through the kernel's program: what it passes or drops by
// itself is what Decide says of the connection, in one of the two ways to read a frame.
func TestKernelAgreesWithDecide(t *testing.T) {
	k := kernel{t: t, counts: map[datapath.Action]int{}, why: map[string]int{}, beside: map[string]int{}}
	for i, plan := range []*policy.Plan{enforced(t), broad(t), released(t), unjoined(t), beside(t)} {
		// Each plan has a kernel that knows nothing: who opened a connection that another policy let pass is remembered, and what
		// that one says now is no answer (TestWhoOpened), of which Decide alone knows nothing.
		k.plan, k.path = plan, loaded(t, fmt.Sprintf("f%d", i))
		if err := k.path.Install(gateway.Tables(k.plan, modbusFunctions())); err != nil {
			t.Fatal(err)
		}
		k.most = 40_000
		k.file(sampleFile)
		k.corpus()
	}
	for _, a := range []datapath.Action{datapath.Pass, datapath.Drop, datapath.Ask} {
		if k.counts[a] == 0 {
			t.Errorf("the kernel never says %s: one of its answers is not tried", a)
		}
	}
	k.told()
}

// corpus tries the captures of a corpus where there is one: some frames of each, or all.
func (k *kernel) corpus() {
	root := os.Getenv(corpus.Variable)
	if root == "" {
		return
	}
	folders := []string{"malformed", "protocols", "enterprise"}
	if k.most = 3_000; long() {
		k.most, folders = 1_000_000, append(folders, "labelled")
	}
	for _, folder := range folders {
		corpus.Each(k.t, filepath.Join(root, folder), func(path string, _ []byte) { k.file(path) })
	}
}

// broadPolicy speaks of all addresses, so that frames of any capture meet its rules.
const broadPolicy = `policy: 1
otherwise: {mode: enforce, default: drop}
zones:
  low: {addresses: ["0.0.0.0/1", "::/1"]}
  high: {addresses: ["128.0.0.0/1", "8000::/1"]}
conduits:
  within-low:
    from: low
    to: low
    mode: enforce
    never-block: {reviewed: {by: Jo, on: 2026-11-26}}
    rules:
      - {protocol: modbus, verb: read, verdict: pass}
      - {protocol: modbus, verb: [write, control], verdict: drop}
      - {protocol: [enip, dnp3, bacnet], verdict: pass}
      - {protocol: s7comm, verb: program, verdict: reset}
      - {protocol: s7comm, verdict: pass}
      - {port: tcp/80, verdict: reset}
      - {port: udp/53, verdict: pass}
  within-high:
    from: high
    to: high
    mode: enforce
    default: pass
    unjudged: closed
    never-block: {reviewed: {by: Jo, on: 2026-11-26}}
    rules:
      - {protocol: modbus, function: write single register, object: "holding:0-9", verdict: drop}
      - {protocol: [opcua, iec104], verdict: drop}
      - {port: tcp/445, verdict: drop}
  up:
    from: low
    to: high
    mode: enforce
    default: pass
    never-block: {reviewed: {by: Jo, on: 2026-11-26}}
    rules:
      - {port: tcp/22, verdict: drop}
  down:
    from: high
    to: low
    mode: test
    default: drop
`

func broad(t *testing.T) *policy.Plan {
	t.Helper()
	plan, err := policyfile.Read("policy.yaml", []byte(broadPolicy), known())
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// beside is broad, with each zone at a port of its own: half of all frames come in at the wrong one.
func beside(t *testing.T) *policy.Plan {
	t.Helper()
	text := strings.NewReplacer(`"::/1"]}`, `"::/1"], at: inside}`, `"8000::/1"]}`, `"8000::/1"], at: outside}`).Replace(broadPolicy)
	plan, err := policyfile.Read("policy.yaml", []byte(text), known())
	if err != nil {
		t.Fatal(err)
	}
	if !plan.Sided() {
		t.Fatal("no zone is bound to a side")
	}
	return plan
}

// released is the broad policy while a quarantine of half of all addresses and other
// decisions are being released, beside one in force.
func released(t *testing.T) *policy.Plan {
	t.Helper()
	plan, unknown := broad(t).With([]policy.Isolation{{ID: 1, Verb: policy.Quarantine, Host: "low", Testing: true}, {ID: 2, Verb: policy.KnownClients, Conduit: "up", Testing: true},
		{ID: 3, Verb: policy.NoWrite, Conduit: "within-high"}, {ID: 4, Verb: policy.Quarantine, Host: "high", Both: true, Testing: true}})
	if len(unknown) > 0 {
		t.Fatal(unknown)
	}
	return plan
}

// unjoined is a policy whose one conduit joins none of the zones with itself, and a quarantine
// between one of them and whoever is in none.
func unjoined(t *testing.T) *policy.Plan {
	t.Helper()
	const text = `policy: 1
otherwise: {mode: enforce, default: pass}
zones:
  ten: {addresses: 10.0.0.0/8}
  plant: {addresses: ["192.168.0.0/16", "fe80::/10"]}
  campus: {addresses: 141.81.0.0/16}
conduits:
  up: {from: ten, to: plant, mode: enforce, default: drop, never-block: {reviewed: {by: Jo, on: 2026-11-26}}}
`
	plan, err := policyfile.Read("policy.yaml", []byte(text), known())
	if err != nil {
		t.Fatal(err)
	}
	isolated, unknown := plan.With([]policy.Isolation{{ID: 1, Verb: policy.Quarantine, Host: "campus", Other: "ten"}, {ID: 2, Verb: policy.KnownClients, Host: "plant"}})
	if len(unknown) > 0 {
		t.Fatal(unknown)
	}
	return isolated
}

// told prints what became of the frames.
func (k *kernel) told() {
	share := func(n, of int) string { return fmt.Sprintf("%.2f %%", 100*float64(n)/float64(max(of, 1))) }
	k.t.Logf("%d frames: %s pass, %s dropped, %s asked about; %d compared with Decide, %d differ; all drops have a reason",
		k.frames, share(k.counts[datapath.Pass], k.frames), share(k.counts[datapath.Drop]+k.counts[datapath.Reset], k.frames), share(k.counts[datapath.Ask], k.frames), k.compared, k.wrong)
	k.t.Logf("of %d frames of Modbus it asks about %s: no worker gives connections back here, and each frame stands alone (TestHonestThroughBoth has the share of a polling client)", k.polls, share(k.asked, k.polls))
	for _, list := range []struct {
		name string
		of   map[string]int
	}{{"what is said", k.why}, {"not compared", k.beside}} {
		var rows []string
		for what, n := range list.of {
			rows = append(rows, fmt.Sprintf("%9d %s", n, what))
		}
		slices.Sort(rows)
		slices.Reverse(rows)
		k.t.Logf("%s:\n%s", list.name, strings.Join(rows, "\n"))
	}
}

// maxProbe is the longest frame that the kernel takes for a trial.
const maxProbe = 1518

func (k *kernel) file(path string) {
	c, err := capture.Open(path, 0)
	if err != nil {
		return // not a capture
	}
	defer func() { _ = c.Close() }() // only read
	k.name = path
	var f packet.Frame
	for n := 0; n < k.most && c.Next(&f) == nil; n++ {
		switch {
		case f.Link != packet.LinkEthernet && (len(f.Data) < 20 || f.Data[0]>>4 != 4 && f.Data[0]>>4 != 6):
			continue
		case f.Link != packet.LinkEthernet: // IP without Ethernet: here it has one
			kind := []byte{8, 0}
			if f.Data[0]>>4 == 6 {
				kind = []byte{0x86, 0xdd}
			}
			f.Data, f.Link = slices.Concat([]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}, kind, f.Data), packet.LinkEthernet
		}
		if len(f.Data) >= 14 && len(f.Data) <= maxProbe {
			f.WireLen = uint32(len(f.Data)) // what was cut off is not there
			k.frame(&f, n%2)
		}
	}
}

func (k *kernel) frame(f *packet.Frame, port int) {
	var p packet.Packet
	packet.Decode(&p, f)
	d, err := k.path.Test(f.Data, port)
	if err != nil {
		k.beside["the kernel takes no such frame for a trial"]++
		return
	}
	k.frames++
	k.counts[d.Action]++
	reason := datapath.ReasonName(d.Reason)
	if d.Reason < datapath.OwnReasons {
		reason = firedoor.Reason(d.Reason).String()
	}
	k.why[fmt.Sprint(d.Action)+" "+reason]++
	if reason == "" && !d.Action.Passes() {
		k.t.Errorf("%s frame %d: %s without a reason", k.name, f.Number, d.Action)
	}
	modbus := p.Proto == packet.TCP && (p.SrcPort == 502 || p.DstPort == 502)
	if modbus {
		if k.polls++; d.Action == datapath.Ask {
			k.asked++
		}
	}
	if why := k.notCompared(&p, &d); why != "" {
		k.beside[why]++
		return
	}
	k.compared++
	segment := packet.ScopeName(p.Scope)
	src, dst := k.plan.Place(segment, p.SrcIP, p.SrcMAC), k.plan.Place(segment, p.DstIP, p.DstMAC)
	proto, to, from := p.Proto, p.DstPort, p.SrcPort
	if p.Layer != packet.LayerTransport { // by its two ends alone
		proto, to, from = 0, 0, 0
	}
	there, back := k.plan.Route(src, dst, proto, to), k.plan.Route(dst, src, proto, from)
	if k.plan.Astray(src, p.SrcIP, [...]policy.Side{policy.Inside, policy.Outside}[port]) {
		there, back = k.plan.FromWrongSide(there), k.plan.FromWrongSide(back)
	}
	asks, answers := k.says(&there), k.says(&back)
	hand := p.Flags & (packet.SYN | packet.ACK) // a SYN is never an answer; with ACK it is nothing else
	begins, answered := p.Proto == packet.TCP && hand == packet.SYN, p.Proto == packet.TCP && hand == packet.SYN|packet.ACK
	begins = begins || p.Proto == packet.UDP && !d.Asked // what nobody asked for is no answer
	passes := !answered && asks == firedoor.Pass || !begins && answers == firedoor.Pass
	if dropped := !d.Action.Passes(); dropped == passes {
		if k.wrong++; k.wrong <= 10 {
			k.t.Errorf("%s frame %d: the kernel says %s (reason %d), Decide says %s as a request and %s as an answer", k.name, f.Number, d.Action, d.Reason, asks, answers)
		}
	}
}

// notCompared says why a frame is none that Decide says of alone what becomes of it.
func (k *kernel) notCompared(p *packet.Packet, d *datapath.Decision) string {
	switch {
	case d.Action == datapath.Ask:
		return "the payload decides, so the kernel asks"
	case p.EtherType == 0x0806 && d.Reason == uint16(firedoor.ReasonWrongSide):
		return "by whom it asks for"
	case d.Reason >= datapath.OwnReasons:
		return "for a reason of the kernel's own: " + datapath.ReasonName(d.Reason)
	case p.Scope.Tunnel != packet.NoTunnel || p.HasRedundancy || p.Scope.Vlans[1] != 0:
		return "in a tunnel, or with tags that the product reads further in"
	}
	return ""
}

func (k *kernel) says(r *policy.Route) firedoor.Action {
	return policy.Decide(k.plan, &policy.Request{Route: r, Level: policy.OfConnection}).Action
}
