package datapath

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"firedoor/internal/capture"
	"firedoor/internal/packet"
	"firedoor/internal/testbed"
)

// TestVLANs: the kernel takes the outer tag off before the program sees the frame; it
// counts, and it is there when the frame leaves.
func TestVLANs(t *testing.T) {
	b := newBed(t)
	in := VLAN{true, 30, 0}
	nested := VLAN{true, 30, 31}
	b.open(b.options(), &Tables{
		Places: []Place{
			{Prefix: prefix("10.97.0.0/16"), VLAN: in, Place: 5, Zone: 5},
			{Prefix: prefix("10.97.0.0/16"), VLAN: nested, Place: 6, Zone: 6},
		},
		Joined: []Joined{{5, 5, 1}, {6, 6, 1}},
		Pairs:  []Pair{{stop, stop}, {pass, pass}},
	})
	var wire *capture.Live
	err := b.Server.Do(func() (err error) {
		wire, err = capture.OpenLive(capture.LiveConfig{Interfaces: []string{testbed.Wire}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer wire.Close()
	var out int
	if err := b.Client.Do(func() error { out = packetSocket(t, testbed.Wire); return nil }); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(out)
	var want []string
	for _, c := range []struct {
		tags   []uint16
		passes bool
	}{{nil, false}, {[]uint16{30}, true}, {[]uint16{29}, false}, {[]uint16{30, 31}, true}, {[]uint16{31, 30}, false}, {[]uint16{30, 29}, false}, {[]uint16{0, 30}, true}} {
		frame := inVLAN(c.tags).frame(t)
		if _, err := unix.Write(out, frame); err != nil {
			t.Fatal(err)
		}
		if c.passes {
			want = append(want, string(frame))
		}
	}
	frames, buf := make([]packet.Frame, 64), make([]byte, 1<<16)
	var got []string
	for end := time.Now().Add(patience); time.Now().Before(end); {
		n, _, err := wire.Fill(frames, buf)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range frames[:n] {
			if strings.Contains(string(f.Data), "in a VLAN") {
				got = append(got, string(f.Data))
			}
		}
		if len(got) >= len(want) {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("passed\n%x, want\n%x", got, want)
	}
}

func inVLAN(tags []uint16) wire {
	return wire{vlans: tags, sport: 1, dport: 2, payload: "in a VLAN, and not cut to what fits without one"}
}

// TestPartsOfPackets: parts of a packet pass where all passes, and go by the floor
// where ports matter and nobody is there to ask.
func TestPartsOfPackets(t *testing.T) {
	b := newBed(t)
	b.echo(echoPort)
	d := b.open(b.options(), passAll())
	if !b.answers("udp", b.Server.IP4, 4000) || !b.answers("udp", b.Server.IP6, 4000) {
		t.Error("parts do not pass though all is open")
	}
	b.install(d, closed(gate(unix.IPPROTO_UDP, echoPort, pass)))
	if !b.answers("udp", b.Server.IP4, 1000) {
		t.Error("what is open does not pass")
	}
	if b.leaks("udp", b.Server.IP4, 4000) {
		t.Error("parts pass though nobody can say to which port")
	}
}

// TestCounters: frames in are frames explained, by their number and by their bytes.
func TestCounters(t *testing.T) {
	b := newBed(t)
	b.echo(echoPort)
	for _, h := range []*testbed.Host{b.Client, b.Server} { // which speaks by itself when it comes up
		if err := h.Do(func() error { return silence(testbed.Wire) }); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(50 * time.Millisecond)
	before := [2]uint64{received(t, b.Client.Port), received(t, b.Server.Port)}
	d := b.open(b.options(), closed(gate(unix.IPPROTO_UDP, echoPort, pass), gate(unix.IPPROTO_TCP, echoPort, Gate{Action: Ask, Floor: FloorDrop, Rule: 44})))
	for range 20 {
		b.answers("udp", b.Server.IP4, 100)
	}
	b.ping(moment)
	b.leaks("tcp", b.Server.IP4, 100)
	b.leaks("udp", b.Server.IP4, 4000)
	b.install(d, closed())
	b.leaks("udp", b.Server.IP4, 100)
	counters, totals := b.atRest(d)
	sum, seen := totals.Uncounted, map[[4]uint32]uint64{}
	for _, e := range counters {
		sum.Frames += e.Frames
		sum.Bytes += e.Bytes
		seen[[4]uint32{e.Generation, uint32(e.Action), uint32(e.Reason), e.Rule}] = e.Frames
		t.Logf("generation %d, %v, reason %d %s, rule %d: %d frames, %d bytes", e.Generation, e.Action, e.Reason, ReasonName(e.Reason), e.Rule, e.Frames, e.Bytes)
	}
	in := Count{totals.In[0].Frames + totals.In[1].Frames, totals.In[0].Bytes + totals.In[1].Bytes}
	if sum != in {
		t.Errorf("%+v came in and %+v is explained", in, sum)
	}
	for i, port := range []string{b.Client.Port, b.Server.Port} {
		if n := received(t, port) - before[i]; n != totals.In[i].Frames {
			t.Errorf("port %s took in %d frames and the program counted %d", port, n, totals.In[i].Frames)
		}
	}
	for what, k := range map[string][4]uint32{
		"UDP that passes": {1, uint32(Pass), 2, 900}, "pings": {1, uint32(Drop), 3, 901}, "TCP without an answer": {1, uint32(Drop), uint32(ReasonStale), 44},
		"ARP": {1, uint32(Pass), uint32(ReasonNeighbour), 0}, "parts": {1, uint32(Drop), uint32(ReasonStale), 901}, "after the change": {2, uint32(Drop), 3, 901},
	} {
		if seen[k] == 0 {
			t.Errorf("%s: not counted as %v", what, k)
		}
	}
	if n := seen[[4]uint32{1, uint32(Pass), 2, 900}]; n != 40 {
		t.Errorf("%d frames of 20 echoes passed", n)
	}
	if err := d.Forget(1); err != nil {
		t.Fatal(err)
	}
	if left, _ := d.Counters(); len(left) == 0 || slices.ContainsFunc(left, func(e Explained) bool { return e.Generation == 1 }) {
		t.Errorf("after forgetting the first tables: %+v", left)
	}
	if err := d.Forget(2); err == nil {
		t.Error("counters of the tables in force were forgotten")
	}
}

// atRest gives counters and totals between which nothing came in.
func (b *bed) atRest(d *Datapath) (counters []Explained, totals Totals) {
	b.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		before, err := d.Totals()
		if err != nil {
			b.t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
		if counters, err = d.Counters(); err != nil {
			b.t.Fatal(err)
		}
		if totals, err = d.Totals(); err != nil {
			b.t.Fatal(err)
		}
		if totals.In == before.In {
			return counters, totals
		}
	}
	b.t.Fatal("frames come in without end")
	return nil, totals
}

func received(t *testing.T, port string) uint64 {
	t.Helper()
	b, err := os.ReadFile("/sys/class/net/" + port + "/statistics/rx_packets")
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestReports: the first drop of a pair is told with the frame's head, up to a bound that
// is counted.
func TestReports(t *testing.T) {
	b := newBed(t)
	d := b.open(b.options(), closed(gate(unix.IPPROTO_TCP, 81, Gate{Action: Reset, Rule: 41, Reason: 5})))
	r, err := d.Reports()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := b.dial("tcp", b.Server.IP4, 81, patience); err == nil {
		t.Fatal("a connection that is to be reset was made")
	}
	var got Report
	r.Until(time.Now().Add(patience))
	for got.Action != Reset { // hosts say other things when they come up
		if err := r.Read(&got); err != nil {
			t.Fatal(err)
		}
	}
	if got.Rule != 41 || got.Reason != 5 || got.Port != Inside || got.Generation != 1 || got.Length != 74 || len(got.Head) != 74 || got.Tagged || got.Time <= 0 {
		t.Errorf("%+v", got)
	}
	if h := got.Head; string(h[:6]) != string(b.Server.MAC) || h[23] != unix.IPPROTO_TCP || h[36] != 0 || h[37] != 81 || h[47]&2 == 0 {
		t.Errorf("the head is not that of a SYN to port 81: %x", h)
	}
	if err := d.SetReports(0); err != nil {
		t.Fatal(err)
	}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		b.leaks("udp", b.Server.IP4, 64)
		if _, _, err := d.Losses(); err != nil { // each is the first of its turn
			t.Fatal(err)
		}
	}
	totals, err := d.Totals()
	if err != nil || totals.Unreported.Frames < 5 {
		t.Errorf("%+v unreported, %v", totals.Unreported, err)
	}
	r.Until(time.Now().Add(100 * time.Millisecond))
	for err = nil; err == nil; { // what came before
		err = r.Read(&got)
		if err == nil && got.Time > time.Duration(now.Nano()) {
			t.Errorf("told beyond the bound: %+v", got)
		}
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}

// TestNextFrame: who is isolated is cut off from the next frame on, and back after it.
func TestNextFrame(t *testing.T) {
	b := newBed(t)
	b.echo(echoPort)
	d := b.open(b.options(), closed(gate(unix.IPPROTO_UDP, echoPort, pass)))
	c, err := b.dial("udp", b.Server.IP4, echoPort, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if !echoes(c, 64, patience) {
		t.Fatal("no echo")
	}
	for range 10 {
		if err := d.Quarantine(Held{Place: serverPlace, Rule: 80}); err != nil {
			t.Fatal(err)
		}
		if echoes(c, 64, 50*time.Millisecond) {
			t.Fatal("a frame passed after its server was isolated")
		}
		if err := d.Release(Held{Place: serverPlace}); err != nil {
			t.Fatal(err)
		}
		if !echoes(c, 64, patience) {
			t.Fatal("no frame passed after the release")
		}
	}
}

// TestReload: a hundred policies follow each other under a control loop.
func TestReload(t *testing.T) {
	for _, at := range attachments {
		t.Run(at.name, func(t *testing.T) {
			b := newBed(t)
			b.echo(echoPort)
			o := b.options()
			o.Clsact = at.clsact
			d := b.open(o, closed(gate(unix.IPPROTO_UDP, echoPort, pass)))
			l := b.loop()
			took := make([]time.Duration, 0, 100)
			for i := range 100 {
				next := closed(gate(unix.IPPROTO_UDP, echoPort, pass))
				if i%2 == 0 {
					next = passAll()
				}
				from := time.Now()
				b.install(d, next)
				took = append(took, time.Since(from))
			}
			l.end(300)
			if d.Generation() != 101 {
				t.Errorf("the tables in force are those of generation %d", d.Generation())
			}
			slices.Sort(took)
			t.Logf("putting tables in force: median %v, longest %v", took[50], took[99])
		})
	}
}

// TestHolder is the process that TestKilled kills.
func TestHolder(t *testing.T) {
	o := strings.Split(os.Getenv("FIREDOOR_HOLD"), ",")
	if len(o) != 5 {
		t.Skip("runs in a process of TestKilled")
	}
	d, err := Open(Options{Inside: o[0], Outside: o[1], Pins: o[2], Name: o[3], Clsact: o[4] == "clsact"})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Install(closed(gate(unix.IPPROTO_UDP, echoPort, pass))); err != nil {
		t.Fatal(err)
	}
	_, _ = os.Stdout.WriteString("ready\n")
	select {}
}

// TestKilled: frames pass on when the process dies, and while others take over from it.
func TestKilled(t *testing.T) {
	for _, at := range attachments {
		t.Run(at.name, func(t *testing.T) {
			b := newBed(t)
			b.echo(echoPort)
			hold := exec.Command(os.Args[0], "-test.run=^TestHolder$")
			hold.Env = append(os.Environ(), "FIREDOOR_HOLD="+strings.Join([]string{b.Client.Port, b.Server.Port, b.pins, b.name, at.name}, ","))
			out, err := hold.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := hold.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = hold.Process.Kill() }()
			for lines := bufio.NewScanner(out); ; {
				if !lines.Scan() {
					t.Fatal("the process that is to be killed did not become ready")
				}
				if lines.Text() == "ready" {
					break
				}
			}
			l := b.loop()
			time.Sleep(200 * time.Millisecond)
			_ = hold.Process.Kill()
			_ = hold.Wait()
			time.Sleep(300 * time.Millisecond)
			o := b.options()
			o.Clsact = at.clsact
			var last *Datapath
			for i := range uint32(10) { // upgrades of the program
				d := b.open(o, nil)
				if d.Generation() != 1+i {
					t.Errorf("took over generation %d, want %d", d.Generation(), 1+i)
				}
				b.install(d, closed(gate(unix.IPPROTO_UDP, echoPort, pass)))
				if last != nil {
					last.Close()
				}
				last = d
			}
			l.end(100)
			totals, err := last.Totals()
			if err != nil || totals.In[Inside].Frames < 100 {
				t.Errorf("counters did not outlive the process: %+v, %v", totals, err)
			}
			if err := last.Remove(); err != nil {
				t.Error(err)
			}
			if b.leaks("udp", b.Server.IP4, 64) {
				t.Error("frames pass after the gateway was taken out")
			}
		})
	}
}

// TestAsking: what is to be asked about goes to user space by its direction while
// that beats, and by the floor when it does not.
func TestAsking(t *testing.T) {
	b := newBed(t)
	b.echo(echoPort)
	asks := func(f Floor) *Tables {
		return closed(gate(unix.IPPROTO_UDP, echoPort, Gate{Action: Ask, Floor: f, Rule: 44}))
	}
	d := b.open(b.options(), asks(FloorPass))
	if !b.answers("udp", b.Server.IP4, 64) {
		t.Error("floor pass: nothing passes before the first heartbeat")
	}
	b.install(d, asks(FloorDrop))
	if b.leaks("udp", b.Server.IP4, 64) {
		t.Error("floor drop: something passes")
	}
	inside, outside := d.Worker()
	stop := make(chan struct{})
	defer close(stop)
	w := &worker{t: t, d: d}
	w.carry(inside, b.Server.Port, stop)
	w.carry(outside, b.Client.Port, stop)
	if err := d.SetLimit(patience); err != nil {
		t.Fatal(err)
	}
	beating := true
	for range 20 {
		if err := d.Beat(); err != nil {
			t.Fatal(err)
		}
		beating = beating && b.answers("udp", b.Server.IP4, 64)
	}
	if !beating {
		t.Error("user space carries frames, and an echo is missing")
	}
	if err := d.SetLimit(time.Millisecond); err != nil {
		t.Fatal(err)
	}
	time.Sleep(10 * time.Millisecond)
	if !b.answers("udp", b.Server.IP4, 64) {
		t.Error("a heartbeat is late, and what the floor would stop is not asked about")
	}
	if err := d.Silence(); err != nil {
		t.Fatal(err)
	}
	if b.leaks("udp", b.Server.IP4, 64) {
		t.Error("something passes though nobody answers")
	}
	if err := d.SetBypass(true); err != nil {
		t.Fatal(err)
	}
	if !b.answers("udp", b.Server.IP4, 64) || !b.ping(patience) {
		t.Error("something does not pass in bypass")
	}
	counted, err := d.Counters()
	if err != nil {
		t.Fatal(err)
	}
	bypassed := 0
	for _, e := range counted {
		if e.Reason == ReasonBypass {
			bypassed++
			if e.Generation != d.Generation() || e.Frames == 0 {
				t.Errorf("%d frames that passed in bypass are counted under tables of generation %d, not %d", e.Frames, e.Generation, d.Generation())
			}
		}
	}
	if bypassed != 1 {
		t.Errorf("%d counters of frames in bypass", bypassed)
	}
}

// worker is user space at its simplest: it lets everything pass.
type worker struct {
	t *testing.T
	d *Datapath
}

// carry sends at a port what comes at an interface of those that are asked.
func (w *worker) carry(from, to string, stop chan struct{}) {
	w.t.Helper()
	in, out := packetSocket(w.t, from), packetSocket(w.t, to)
	wait := unix.NsecToTimeval((50 * time.Millisecond).Nanoseconds())
	_ = unix.SetsockoptTimeval(in, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait)
	go func() {
		defer unix.Close(in)
		defer unix.Close(out)
		buf := make([]byte, 2000)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if n, _, err := unix.Recvfrom(in, buf, 0); err == nil {
				_, _ = unix.Write(out, buf[:n])
			}
		}
	}()
}

func packetSocket(t *testing.T, name string) int {
	t.Helper()
	l, err := netlink.LinkByName(name)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0x0300)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: 0x0300, Ifindex: l.Attrs().Index}); err != nil {
		t.Fatal(err)
	}
	return fd
}

// TestRefusals: a port that frames could pass by is refused, by name and with what to do.
func TestRefusals(t *testing.T) {
	b := newBed(t)
	port, err := netlink.LinkByName(b.Client.Port)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, o Options, words ...string) {
		t.Helper()
		d, err := Open(o)
		if err == nil {
			_ = d.Remove()
			t.Errorf("%s: was taken", what)
			return
		}
		for _, w := range words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v does not say %q", what, err, w)
			}
		}
	}
	o := b.options()
	o.Inside = "nosuchport"
	refused("no interface", o, "nosuchport", "ip link")
	o.Inside = o.Outside
	refused("one port twice", o, o.Outside, "both")
	o = b.options()
	o.Pins = t.TempDir()
	refused("pins on a disk", o, o.Pins, "mount -t bpf")
	o = b.options()
	address := &netlink.Addr{IPNet: prefixNet("192.0.2.1/24")}
	if err := netlink.AddrAdd(port, address); err != nil {
		t.Fatal(err)
	}
	refused("an address", o, b.Client.Port, "192.0.2.1/24", "ip addr flush dev "+b.Client.Port)
	if err := netlink.AddrDel(port, address); err != nil {
		t.Fatal(err)
	}
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: b.name + "br"}}
	if err := netlink.LinkAdd(bridge); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = netlink.LinkDel(bridge) }()
	if err := netlink.LinkSetMaster(port, bridge); err != nil {
		t.Fatal(err)
	}
	refused("a port in a bridge", o, b.Client.Port, "nomaster")
	_ = netlink.LinkSetNoMaster(port)
	_ = netlink.LinkSetDown(port)
	refused("a port that is down", o, "ip link set "+b.Client.Port+" up")
	_ = netlink.LinkSetUp(port)
	_ = netlink.LinkSetMTU(port, 1400)
	refused("ports of different MTU", o, "1400", "1500")
}

// TestWholeFrames: what joins frames is off at the ports, whatever it was before.
func TestWholeFrames(t *testing.T) {
	b := newBed(t)
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if _, err := ethtool(fd, b.Client.Port, setGRO, 1); err != nil {
		t.Fatal(err)
	}
	if on, err := ethtool(fd, b.Client.Port, getGRO, 0); err != nil || on != 1 {
		t.Fatalf("GRO cannot be switched on here: %d, %v", on, err)
	}
	b.open(b.options(), passAll())
	for what, command := range map[string]uint32{"GRO": getGRO, "TSO": getTSO} {
		if on, err := ethtool(fd, b.Client.Port, command, 0); err != nil || on != 0 {
			t.Errorf("%s: %d, %v", what, on, err)
		}
	}
}
