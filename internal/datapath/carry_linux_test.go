package datapath

import (
	"bytes"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"firedoor/internal/testbed"
)

const (
	keptPort  = 7001 // open before a takeover and after it
	endedPort = 7002 // open before it
)

// earlier are the tables before a takeover.
func earlier() *Tables {
	return closed(gate(unix.IPPROTO_UDP, echoPort, pass), gate(unix.IPPROTO_UDP, keptPort, pass), gate(unix.IPPROTO_TCP, keptPort, pass),
		gate(unix.IPPROTO_TCP, endedPort, pass), gate(unix.IPPROTO_ICMP, 0, pass))
}

// later are those after it. By them the server may open a connection to the port from which its client
// opened one that is not admitted any more: what is said in that has two readings.
func (r *traffic) later() *Tables {
	t := closed(gate(unix.IPPROTO_UDP, echoPort, pass), gate(unix.IPPROTO_UDP, keptPort, pass), gate(unix.IPPROTO_TCP, keptPort, pass))
	t.Pairs = append(t.Pairs, Pair{stop, stop})
	t.Joined = append(t.Joined, Joined{serverZone, clientZone, 2})
	t.Gates = append(t.Gates, PortGate{Pair: 2, Port: r.ended[0].LocalAddr().(*net.TCPAddr).AddrPort().Port(), Transport: unix.IPPROTO_TCP, Gate: pass})
	return t
}

// traffic is what is under way at a takeover.
type traffic struct {
	b           *bed
	asking      net.Conn     // asked by UDP, and has no answer yet
	answering   *net.UDPConn // who was asked
	from        netip.AddrPort
	kept, ended [2]net.Conn // client and server
}

func (b *bed) traffic() *traffic {
	b.t.Helper()
	r := &traffic{b: b}
	var listeners [2]*net.TCPListener
	b.within(b.Server, func() (err error) {
		if r.answering, err = net.ListenUDP("udp", &net.UDPAddr{Port: keptPort}); err != nil {
			return err
		}
		for i, port := range []int{keptPort, endedPort} {
			if listeners[i], err = net.ListenTCP("tcp", &net.TCPAddr{Port: port}); err != nil {
				return err
			}
			b.t.Cleanup(func() { listeners[i].Close() })
		}
		return nil
	})
	b.t.Cleanup(func() { r.answering.Close() })
	var err error
	if r.asking, err = b.dial("udp", b.Server.IP4, keptPort, patience); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { r.asking.Close() })
	if _, err := r.asking.Write([]byte("asked before")); err != nil {
		b.t.Fatal(err)
	}
	var buf [100]byte
	_ = r.answering.SetReadDeadline(time.Now().Add(patience))
	if _, r.from, err = r.answering.ReadFromUDPAddrPort(buf[:]); err != nil {
		b.t.Fatal(err)
	}
	r.kept[0], r.kept[1] = b.connected(listeners[0], b.Server.IP4, keptPort)
	r.ended[0], r.ended[1] = b.connected(listeners[1], b.Server.IP4, endedPort)
	for _, c := range [][2]net.Conn{r.kept, r.ended} {
		if !arrives(c[0], c[1], patience) || !arrives(c[1], c[0], patience) {
			b.t.Fatal("nothing passes before the takeover")
		}
	}
	return r
}

func (b *bed) within(h *testbed.Host, f func() error) {
	b.t.Helper()
	if err := h.Do(f); err != nil {
		b.t.Fatal(err)
	}
}

// arrives tells whether what one end says reaches the other.
func arrives(from, to net.Conn, wait time.Duration) bool {
	if _, err := from.Write([]byte("x")); err != nil {
		return false
	}
	var buf [100]byte
	_ = to.SetReadDeadline(time.Now().Add(wait))
	n, err := to.Read(buf[:])
	return err == nil && n > 0
}

// answered tells whether the answer comes to what was asked by UDP.
func (r *traffic) answered(wait time.Duration) bool {
	r.b.t.Helper()
	r.say(r.from)
	var buf [100]byte
	_ = r.asking.SetReadDeadline(time.Now().Add(wait))
	_, err := r.asking.Read(buf[:])
	return err == nil
}

// unasked tells whether the same comes to a port of the client that did not ask.
func (r *traffic) unasked() bool {
	r.b.t.Helper()
	var silent *net.UDPConn
	r.b.within(r.b.Client, func() (err error) {
		silent, err = net.ListenUDP("udp", &net.UDPAddr{})
		return err
	})
	defer silent.Close()
	r.say(netip.AddrPortFrom(r.from.Addr(), silent.LocalAddr().(*net.UDPAddr).AddrPort().Port()))
	var buf [100]byte
	_ = silent.SetReadDeadline(time.Now().Add(moment))
	_, err := silent.Read(buf[:])
	return err == nil
}

func (r *traffic) say(to netip.AddrPort) {
	r.b.t.Helper()
	if _, err := r.answering.WriteToUDPAddrPort([]byte("answered after"), to); err != nil {
		r.b.t.Fatal(err)
	}
}

// asOther makes the pins of a gateway those of another layout.
func (b *bed) asOther(d *Datapath) (folder string) {
	b.t.Helper()
	d.Close()
	folder = filepath.Join(b.pins, "layout-0")
	if err := os.Rename(filepath.Join(b.pins, layout), folder); err != nil {
		b.t.Fatal(err)
	}
	return folder
}

// takenOver opens the gateway over another layout, with later tables, and gives what it told.
func (r *traffic) takenOver(o Options) (told string) {
	b, log := r.b, &bytes.Buffer{}
	b.t.Helper()
	o.Log = slog.New(slog.NewTextHandler(log, nil))
	d := b.open(o, nil)
	if d.Generation() != 0 {
		b.t.Errorf("generation %d of another layout was taken over", d.Generation())
	}
	if log.Len() > 0 {
		b.t.Errorf("told before anything is in force: %s", log)
	}
	b.install(d, r.later())
	if left, _ := filepath.Glob(filepath.Join(b.pins, "layout-*")); len(left) != 1 {
		b.t.Errorf("pins that are left: %v", left)
	}
	return log.String()
}

// TestOtherLayout: a version with other maps takes the ports over, with tables of its own. It knows who
// asked and who opened before it came, so nothing under way is lost, and nothing passes that nobody asked for.
func TestOtherLayout(t *testing.T) {
	for _, at := range attachments {
		t.Run(at.name, func(t *testing.T) {
			b := newBed(t)
			b.echo(echoPort)
			o := b.options()
			o.Clsact = at.clsact
			first := b.open(o, earlier())
			if !b.ping(patience) {
				t.Fatal("what the old tables let pass does not")
			}
			r := b.traffic()
			b.asOther(first)
			l := b.loop()
			told := r.takenOver(o)
			l.end(20)
			if b.ping(moment) {
				t.Error("the old tables still hold")
			}
			if !r.answered(patience) {
				t.Error("the answer to what was asked before is lost")
			}
			if r.unasked() {
				t.Error("what nobody asked for passes")
			}
			if !arrives(r.kept[0], r.kept[1], patience) || !arrives(r.kept[1], r.kept[0], patience) {
				t.Error("a connection that both tables admit does not go on")
			}
			if arrives(r.ended[0], r.ended[1], moment) {
				t.Error("it is forgotten who opened a connection: one that the new tables do not admit goes on")
			}
			if told != "" {
				t.Errorf("told though nothing was forgotten: %s", told)
			}
		})
	}
}

// TestOtherShape: what another layout remembers in another shape is not taken for what it is not; it is
// forgotten, and that is told.
func TestOtherShape(t *testing.T) {
	b := newBed(t)
	first := b.open(b.options(), earlier())
	r := b.traffic()
	wider, fewer := first.spec.Maps[gatewayMapTalks].Copy(), first.spec.Maps[gatewayMapOpeners].Copy()
	wider.Value, wider.ValueSize = nil, 16
	fewer.MaxEntries = 1024
	folder := b.asOther(first)
	for name, spec := range map[string]*ebpf.MapSpec{gatewayMapTalks: wider, gatewayMapOpeners: fewer} {
		b.repin(filepath.Join(folder, name), spec)
	}
	told := r.takenOver(b.options())
	for _, want := range []string{"asked by UDP", "layout-0/talks: ValueSize: 16 changed to 8", "opened a connection", "layout-0/openers: MaxEntries: 1024 changed to 65536"} {
		if !strings.Contains(told, want) {
			t.Errorf("told is %q, without %q", told, want)
		}
	}
	if n := strings.Count(told, "event=forgotten"); n != 2 {
		t.Errorf("told %d times, want once of each map: %s", n, told)
	}
	if r.answered(moment) {
		t.Error("an answer passes though it is not known who asked")
	}
	if !arrives(r.asking, r.answering, patience) || !r.answered(patience) {
		t.Error("who asks after the takeover has no answer")
	}
	if !arrives(r.ended[0], r.ended[1], patience) {
		t.Error("a connection of which nobody knows who opened it was cut off")
	}
}

// repin pins another map in the place of one.
func (b *bed) repin(pin string, spec *ebpf.MapSpec) {
	b.t.Helper()
	m, err := ebpf.NewMap(spec)
	if err != nil {
		b.t.Fatal(err)
	}
	defer m.Close()
	if err := os.Remove(pin); err != nil {
		b.t.Fatal(err)
	}
	if err := m.Pin(pin); err != nil {
		b.t.Fatal(err)
	}
}

// TestTriedLayout: a version that made its maps and never came into force leaves the one in force with
// all that it remembers, and does not keep a version after it from taking that over.
func TestTriedLayout(t *testing.T) {
	b := newBed(t)
	first := b.open(b.options(), earlier())
	b.asOther(first)
	tried := b.open(b.options(), nil)
	b.repin(filepath.Join(tried.folder, gatewayMapTalks), tried.spec.Maps[gatewayMapTalks]) // as one would that carries nothing
	tried.Close()
	r := b.traffic()
	told := r.takenOver(b.options())
	if !r.answered(patience) {
		t.Error("the answer to what was asked before is lost")
	}
	if arrives(r.ended[0], r.ended[1], moment) {
		t.Error("it is forgotten who opened a connection")
	}
	if told != "" {
		t.Errorf("told though nothing was forgotten: %s", told)
	}
}

// TestOtherLayoutIsRemoved holds that whoever takes a gateway out of the line does so though another
// version of it is in force.
func TestOtherLayoutIsRemoved(t *testing.T) {
	b := newBed(t)
	b.asOther(b.open(b.options(), passAll()))
	b.echo(echoPort)
	if !b.answers("udp", b.Server.IP4, 1) {
		t.Fatal("the earlier version lets nothing pass")
	}
	d := b.open(b.options(), nil)
	if err := d.Remove(); err != nil {
		t.Fatal(err)
	}
	if b.leaks("udp", b.Server.IP4, 1) {
		t.Error("what was taken out lets pass")
	}
	if left, _ := filepath.Glob(filepath.Join(b.options().Pins, "layout-*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestBypassGoesOver: a bypass goes on under a program of another layout, and one that is over does not come back.
func TestBypassGoesOver(t *testing.T) {
	b := newBed(t)
	d := b.open(b.options(), earlier())
	for _, on := range []bool{false, true, true, false, false} {
		if err := d.SetBypass(on); err != nil {
			t.Fatal(err)
		}
		b.asOther(d)
		d = b.open(b.options(), nil)
		if d.Generation() != 0 || d.Bypassed() != on {
			t.Errorf("generation %d, in bypass %t, want %t", d.Generation(), d.Bypassed(), on)
		}
		b.install(d, earlier())
		if d.Bypassed() != on {
			t.Errorf("in bypass %t once it is in force, want %t", d.Bypassed(), on)
		}
	}
}
