package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// loop records the loopback interface into a capture.
type loop struct {
	file  []byte
	fd    int
	done  chan struct{}
	ended sync.WaitGroup
}

func newLoop(t *testing.T) *loop {
	t.Helper()
	const all = unix.ETH_P_ALL>>8 | unix.ETH_P_ALL&0xff<<8
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, all)
	if err != nil {
		t.Skipf("recording the loopback interface needs root: %v", err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: lo.Index}); err != nil {
		t.Fatal(err)
	}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 100_000}); err != nil {
		t.Fatal(err)
	}
	l := &loop{fd: fd, done: make(chan struct{})}
	for _, n := range []uint32{0xa1b2c3d4, 4<<16 | 2, 0, 0, 1 << 18, 1} {
		l.file = binary.LittleEndian.AppendUint32(l.file, n)
	}
	l.ended.Go(l.listen)
	return l
}

// listen takes what is sent; loopback shows every frame again when it is received.
func (l *loop) listen() {
	b := make([]byte, 1<<17)
	for {
		n, from, err := unix.Recvfrom(l.fd, b, 0)
		if err != nil {
			select {
			case <-l.done:
				return
			default:
				continue
			}
		}
		if from, ok := from.(*unix.SockaddrLinklayer); ok && from.Pkttype == unix.PACKET_OUTGOING {
			continue
		}
		now := time.Now()
		for _, v := range []uint32{uint32(now.Unix()), uint32(now.Nanosecond() / 1000), uint32(n), uint32(n)} {
			l.file = binary.LittleEndian.AppendUint32(l.file, v)
		}
		l.file = append(l.file, b[:n]...)
	}
}

// end stops recording and writes the capture.
func (l *loop) end(t *testing.T) string {
	t.Helper()
	time.Sleep(200 * time.Millisecond)
	close(l.done)
	l.ended.Wait()
	path := filepath.Join(t.TempDir(), "live.pcap")
	if err := os.WriteFile(path, l.file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestLiveMQTT lets other people's programs publish through other people's broker,
// in every version and quality of service, and wants to see every request and every
// value, both as it was published and as it was delivered.
func TestLiveMQTT(t *testing.T) {
	for _, program := range []string{"mosquitto", "mosquitto_pub", "mosquitto_sub"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed: no live MQTT. Install it (apt-get install mosquitto mosquitto-clients) to run this test.", program)
		}
	}
	free, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := fmt.Sprint(free.Addr().(*net.TCPAddr).Port)
	free.Close()
	l := newLoop(t)
	broker := exec.Command("mosquitto", "-p", port)
	if err := broker.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = broker.Process.Kill(); _ = broker.Wait() }()
	for range 100 {
		c, err := net.Dial("tcp4", "127.0.0.1:"+port)
		if err == nil {
			c.Close()
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	type message struct {
		topic, payload string
		bits           uint64
	}
	var sent []message
	for i, version := range []string{"mqttv31", "mqttv311", "mqttv5"} {
		for qos := range 3 {
			v := float64(100*i+10*qos) + 0.25
			sent = append(sent, message{fmt.Sprintf("live/%s/%d", version, qos), fmt.Sprint(v), math.Float64bits(v)})
		}
	}
	hear := exec.Command("mosquitto_sub", "-h", "127.0.0.1", "-p", port, "-V", "mqttv5", "-q", "2", "-t", "live/#", "-i", "hearer", "-C", fmt.Sprint(len(sent)), "-W", "30")
	if err := hear.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	for _, m := range sent {
		parts := strings.Split(m.topic, "/")
		out, err := exec.Command("mosquitto_pub", "-h", "127.0.0.1", "-p", port, "-V", parts[1], "-q", parts[2], "-t", m.topic, "-m", m.payload, "-i", "teller").CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", m.topic, err, out)
		}
	}
	if err := hear.Wait(); err != nil {
		t.Fatal(err)
	}
	lines, err := replayLines(l.end(t))
	if err != nil {
		t.Fatal(err)
	}
	lines = slices.DeleteFunc(lines, func(e eventLine) bool { return e.Protocol != "mqtt" || fmt.Sprint(e.Server.Port) != port })
	count := func(kind string, code int, object, values, outcome string) int {
		n := 0
		for i := range lines {
			e := &lines[i]
			if e.Kind == kind && e.Code == code && e.Object == object && string(e.Values) == values && e.Outcome == outcome && !e.Partial {
				n++
			}
		}
		return n
	}
	for _, m := range sent {
		values := fmt.Sprintf("[%d]", m.bits)
		if n := count("operation", 3, "topic:"+m.topic, values, "ok"); n != 1 {
			t.Errorf("%s = %s was published once, and is told %d times", m.topic, m.payload, n)
		}
		if n := count("sample", 3, "topic:"+m.topic, values, ""); n != 1 {
			t.Errorf("%s = %s was delivered once, and is told %d times", m.topic, m.payload, n)
		}
	}
	for _, c := range []struct {
		code, times int
		object      string
	}{{1, len(sent), "client:teller"}, {1, 1, "client:hearer"}, {8, 1, "filter:live/#"}, {14, len(sent) + 1, ""}} {
		if n := count("operation", c.code, c.object, "", "ok"); n != c.times {
			t.Errorf("code %d on %q happened %d times, and is told %d times", c.code, c.object, c.times, n)
		}
	}
	t.Logf("%d lines of %d messages", len(lines), len(sent))
}
