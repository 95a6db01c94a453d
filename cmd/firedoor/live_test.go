package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"firedoor"
	"firedoor/internal/plant"
	"firedoor/internal/testbed"
)

// cable is a pair of interfaces: what is sent into one comes out of the other.
type cable struct {
	t        testing.TB
	far      string // where the sensor listens
	fd, near int
}

func newCable(t testing.TB) *cable {
	t.Helper()
	name := fmt.Sprintf("fdt%d", os.Getpid()%100_000)
	c := &cable{t: t, far: name + "b"}
	err := testbed.Cable(name+"a", c.far)
	if errors.Is(err, testbed.ErrUnable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if l, err := netlink.LinkByName(c.far); err == nil {
			_ = netlink.LinkDel(l)
		}
	})
	near, err := net.InterfaceByName(name + "a")
	if err != nil {
		t.Fatal(err)
	}
	c.near = near.Index
	if c.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(c.fd) })
	return c
}

// send puts the frames that write makes onto the wire, one after the other.
func (c *cable) send(write func(n *plant.Net)) (frames int) {
	c.t.Helper()
	var file bytes.Buffer
	n, err := plant.NewNet(&file, time.Unix(1, 0))
	if err != nil {
		c.t.Fatal(err)
	}
	write(n)
	if err := n.Close(); err != nil {
		c.t.Fatal(err)
	}
	for b := file.Bytes()[24:]; len(b) > 0; frames++ {
		size := binary.LittleEndian.Uint32(b[8:])
		if err := unix.Sendto(c.fd, b[16:16+size], 0, &unix.SockaddrLinklayer{Ifindex: c.near, Halen: 6}); err != nil {
			c.t.Fatal(err)
		}
		b = b[16+size:]
	}
	return frames
}

func liveHost(name string, last byte, mac firedoor.MAC) *plant.Host {
	return &plant.Host{Name: name, MAC: mac, IP: netip.AddrFrom4([4]byte{10, 99, 0, last})}
}

var (
	livePanel = liveHost("panel", 10, 0x0080f4000010)
	livePLC   = liveHost("plc", 20, 0x001b1b000020)
)

// poll is a panel that reads registers of a controller.
func poll(n *plant.Net, c *plant.Conn, i int) {
	m := plant.Modbus{Transaction: uint16(i), Unit: 1}
	c.Client(m.Words(nil, plant.ModbusReadHolding, 40, 3))
	n.Wait(time.Millisecond)
	c.Server(m.Registers(nil, plant.ModbusReadHolding, []uint16{uint16(i), 2, 3}))
}

// attack is an unknown device that writes to the controller.
func attack(last byte) func(n *plant.Net) {
	return func(n *plant.Net) {
		c := n.Dial(liveHost("laptop", last, 0x8c1645000000|firedoor.MAC(last)), livePLC, 40_000, plant.PortModbus)
		c.Client(plant.Modbus{Transaction: 7, Unit: 1}.Words(nil, plant.ModbusWriteRegister, 40, 1500))
	}
}

// liveSensor starts a sensor on a cable and polls until it has learned.
func liveSensor(t testing.TB, args ...string) (*cable, *live) {
	t.Helper()
	c := newCable(t)
	l := startRun(t, append([]string{"--interface", c.far, "--learn", "2s", "--data", filepath.Join(t.TempDir(), "data"), "--listen", "127.0.0.1:0"}, args...)...)
	i := 0
	l.until("it learns and watches", func() bool {
		i++
		c.send(func(n *plant.Net) { poll(n, n.Midstream(livePanel, livePLC, 50_000, plant.PortModbus), i) })
		s := l.sensor()
		return s.Stage == firedoor.Watching && s.Learned > 0
	})
	return c, l
}

// TestLive watches a network of two interfaces: it learns by the clock of the
// wire, tells an unknown writer, counts what it saw, and shows that an interface is
// down and up again.
func TestLive(t *testing.T) {
	c, l := liveSensor(t)
	c.send(attack(77))
	l.until("the writer is told", func() bool {
		return slices.ContainsFunc(l.alerts(), func(a shownAlert) bool {
			return a.Kind == "new-writer" && strings.Contains(a.Sentence, "Unknown device 10.99.0.77 wrote holding:40") && a.Capture == c.far
		})
	})
	before := l.sensor().Sources[0].Frames
	sent := c.send(func(n *plant.Net) {
		for i := range 500 {
			poll(n, n.Midstream(livePanel, livePLC, 50_000, plant.PortModbus), i)
		}
	})
	l.until("all frames are counted", func() bool {
		s := l.sensor().Sources[0]
		return s.Frames >= before+uint64(sent) && s.Dropped == 0 && s.LastFrame != ""
	})
	far, err := netlink.LinkByName(c.far)
	if err != nil {
		t.Fatal(err)
	}
	if err := netlink.LinkSetDown(far); err != nil {
		t.Fatal(err)
	}
	l.until("the interface is shown as down", func() bool { s := l.sensor().Sources[0]; return s.State == "down" && s.Problem != "" })
	if err := netlink.LinkSetUp(far); err != nil {
		t.Fatal(err)
	}
	l.until("the interface is shown as running", func() bool { return l.sensor().Sources[0].State == "running" })
	c.send(attack(78))
	l.until("the next writer is told", func() bool {
		return slices.ContainsFunc(l.alerts(), func(a shownAlert) bool { return strings.Contains(a.Sentence, "10.99.0.78 wrote") })
	})
	l.stop()
	if n := strings.Count(l.log.String(), "state=down"); n != 1 {
		t.Errorf("the log says %d times that an interface is down, it was once:\n%s", n, l.log)
	}
}

// TestPacketToScreen measures, with FIREDOOR_LATENCY, how long it takes from the
// packet on the wire until a browser shows its alert.
func TestPacketToScreen(t *testing.T) {
	if os.Getenv("FIREDOOR_LATENCY") == "" {
		t.Skip("FIREDOOR_LATENCY is not set: the way from a packet to the screen is not measured")
	}
	browser(t)
	const writers = 15 // beyond, the writers of one device share an alert
	c, l := liveSensor(t)
	page := exec.Command("node", "test/latency.mjs", "--base", l.url, "--pattern", `Unknown device 10\.99\.0\.\d+ wrote`, "--count", strconv.Itoa(writers))
	page.Dir = filepath.Join(root, "web")
	page.Stderr = os.Stderr
	out, err := page.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := page.Start(); err != nil {
		t.Fatal(err)
	}
	defer page.Process.Kill() //nolint:errcheck // it ends by itself when all is well
	lines := bufio.NewScanner(out)
	var took []time.Duration
	for i := 0; lines.Scan() && len(took) < writers; {
		words := strings.Fields(lines.Text())
		if len(words) == 3 && words[0] == "seen" {
			ms, err := strconv.ParseInt(words[2], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			took = append(took, time.UnixMilli(ms).Sub(sentAt))
		}
		if i == writers {
			continue
		}
		time.Sleep(1200 * time.Millisecond)
		sentAt = time.Now()
		c.send(attack(byte(100 + i)))
		i++
	}
	slices.Sort(took)
	if len(took) < writers {
		t.Fatalf("%d alerts appeared of %d", len(took), writers)
	}
	t.Logf("packet to alert on the screen: median %v, least %v, most %v, n = %d", took[len(took)/2], took[0], took[len(took)-1], len(took))
	l.stop()
}

var sentAt time.Time // when the latest attack was sent
