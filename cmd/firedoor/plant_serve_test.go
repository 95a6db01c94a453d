package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"firedoor/internal/plant"
	"firedoor/internal/plant/device"
	"firedoor/internal/plant/physics"
)

// dialed connects to a served controller.
func (s *served) dialed(t *testing.T, controller string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.at[controller])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}

// asked lets a client of ours ask a served controller, and keeps what both say.
type asked struct {
	client device.Client
	conn   net.Conn
	spoke  func(client bool, b []byte)
}

// exchange sends b and takes what comes until the client has nothing more to say and ready is so.
func (a *asked) exchange(t *testing.T, b []byte) (replies []device.Reply) {
	t.Helper()
	in := make([]byte, 4096)
	for {
		if len(b) > 0 {
			a.spoke(true, b)
			if _, err := a.conn.Write(b); err != nil {
				t.Fatal(err)
			}
		}
		n, err := a.conn.Read(in)
		if err != nil {
			t.Fatal(err)
		}
		a.spoke(false, in[:n])
		var more []device.Reply
		if b, more, err = a.client.Receive(in[:n], nil); err != nil {
			t.Fatal(err)
		}
		replies = append(replies, more...)
		if len(b) == 0 && a.client.Ready() {
			return replies
		}
	}
}

// TestPlantServedEtherNetIP: an exchange over a real socket reads what the process has, is acted upon, and is what
// tshark calls EtherNet/IP and CIP, with services named and nothing malformed.
func TestPlantServedEtherNetIP(t *testing.T) {
	s := serve(t)
	var file bytes.Buffer
	n, err := plant.NewNet(&file, time.Unix(1_772_000_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	for i, client := range []device.Client{device.NewCIPClient(), device.NewCIPTool()} {
		wire := n.Dial(&plant.Host{MAC: 0x000ffe100001, IP: netip.MustParseAddr("10.1.0.10")}, &plant.Host{MAC: 0x0000bc4be020, IP: netip.MustParseAddr("10.1.0.20")}, uint16(50001+i), plant.PortENIP)
		a := &asked{client, s.dialed(t, "robot-plc"), func(client bool, b []byte) {
			n.Wait(time.Millisecond)
			if client {
				wire.Client(b)
			} else {
				wire.Server(b)
			}
		}}
		a.exchange(t, client.Open(nil))
		converse(t, s, a, 15+float64(i))
		wire.Close()
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	path := write(t, "enip.pcap", file.Bytes())
	protocols, w := verdictOf(t, path)
	if len(w) > 0 || protocols["cip"] < 12 || protocols["cipcm"] < 2 {
		t.Errorf("tshark: %v, wrong: %s", protocols, strings.Join(w, "\n"))
	}
	out, err := judgeOf(t, path, "-T", "fields", "-e", "enip.command", "-e", "cip.sc", "-e", "cip.symbol").Output()
	if err != nil {
		t.Fatal(err)
	}
	// Register session, send data outside of and on a connection; identify, multiple services, read, write, open.
	for _, want := range []string{"0x0065", "0x006f", "0x0070", "0x01", "0x0a", "0x4c", "0x4d", "0x54", "CONVEYOR"} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("tshark does not name %s", want)
		}
	}
}

// converse identifies, reads every tag, and sets the conveyor's speed.
func converse(t *testing.T, s *served, a *asked, speed float64) {
	t.Helper()
	ask := func(r device.Request) device.Reply {
		t.Helper()
		b, err := a.client.Ask(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		replies := a.exchange(t, b)
		if len(replies) != 1 || !replies[0].OK {
			t.Fatalf("%v: %+v", r.Verb, replies)
		}
		return replies[0]
	}
	if texts := ask(device.Request{Verb: device.Identify}).Texts; !strings.Contains(strings.Join(texts, " "), "1756-L71") {
		t.Errorf("it calls itself %v", texts)
	}
	kinds := map[string]device.Kind{"bool": device.Bool, "int16": device.Int16, "uint16": device.Uint16, "int32": device.Int32, "float32": device.Float32}
	var points []device.Point
	var tags []*physics.Tag
	for _, x := range s.f.Physics().Controller("robot-plc").Tags {
		points, tags = append(points, device.Point{Area: device.Tag, Name: x.Name, Kind: kinds[kindOf(x, true)]}), append(tags, x)
	}
	values := slices.Clone(ask(device.Request{Verb: device.Read, Points: points}).Values)
	for i, x := range tags {
		if want := s.value(t, "robot-plc", x.Name); i >= len(values) || math.Abs(values[i]-want) > 1e-4*max(1, math.Abs(want)) {
			t.Errorf("%s: reads %v, the process has %g", x.Name, values[min(i, len(values)-1)], want)
		}
	}
	at := slices.IndexFunc(tags, func(x *physics.Tag) bool { return x.Name == "CONVEYOR.SP" })
	ask(device.Request{Verb: device.Write, Points: points[at : at+1], Values: []float64{speed}})
	s.steps(60)
	if got := s.value(t, "robot-plc", "CONVEYOR.PV"); math.Abs(got-speed) > 0.05*speed {
		t.Errorf("the conveyor was set to %g and goes at %g", speed, got)
	}
}

// question is a Modbus request for one input register, and how long the answer is.
var question = []byte{0, 7, 0, 0, 0, 6, 1, 4, 0, 0, 0, 1}

const answerLength = 11

// answers holds that a controller still answers a good client.
func (s *served) answers(t *testing.T, what string) {
	t.Helper()
	for _, controller := range []string{"mixer-1-plc", "filler-plc", "robot-plc"} {
		c := s.dialed(t, controller)
		ask := map[string][]byte{
			"mixer-1-plc": question,
			"filler-plc":  {3, 0, 0, 22, 17, 0xe0, 0, 0, 0, 1, 0, 0xc1, 2, 1, 0, 0xc2, 2, 1, 2, 0xc0, 1, 10},
			"robot-plc":   plant.ENIP{}.ListIdentity(nil),
		}[controller]
		if _, err := c.Write(ask); err != nil {
			t.Fatalf("%s: %s: %v", what, controller, err)
		}
		if _, err := io.ReadAtLeast(c, make([]byte, 512), 11); err != nil {
			t.Errorf("%s: %s does not answer any more: %v", what, controller, err)
		}
		_ = c.Close() // nothing waits in it
	}
}

// TestPlantServedToStrangers: rubbish, messages that claim to be huge, and halves of messages neither end the
// controllers nor fill memory.
func TestPlantServedToStrangers(t *testing.T) {
	s, r := serve(t), rand.New(rand.NewPCG(4, 9))
	s.answers(t, "before")
	before := heap()
	huge := map[string]string{"TPKT": "0300ffff02f080", "EtherNet/IP": "6f00ffff" + strings.Repeat("00", 20), "Modbus": "00010000ffff0110"}
	for _, name := range slices.Sorted(maps.Keys(s.at)) {
		for range 8 {
			c := s.dialed(t, name)
			b := make([]byte, 16<<10)
			for i := range b {
				b[i] = byte(r.Uint32())
			}
			_, _ = c.Write(b) // it may hang up at any moment
			_ = c.Close()
		}
		for _, begin := range huge {
			c := s.dialed(t, name)
			b, err := hex.DecodeString(begin)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = c.Write(append(b, make([]byte, 256<<10)...)) // as above
			_ = c.Close()
		}
	}
	if more := heap() - before; more > 64<<20 {
		t.Errorf("rubbish left %d MB in memory", more>>20)
	}
	s.answers(t, "after rubbish")

	c := s.dialed(t, "mixer-1-plc")
	for i := range question {
		if _, err := c.Write(question[i : i+1]); err != nil {
			t.Fatal(err)
		}
		runtime.Gosched()
	}
	answer := make([]byte, answerLength)
	if _, err := io.ReadFull(c, answer); err != nil || binary.BigEndian.Uint16(answer) != 7 || answer[7] != 4 {
		t.Errorf("a question in single bytes: % x, %v", answer, err)
	}
	for _, name := range slices.Sorted(maps.Keys(s.at)) {
		c := s.dialed(t, name)
		_, _ = c.Write(question[:7])
		_ = c.Close() // in the middle of a message
	}
	s.answers(t, "after halves")
}

// heap is how much is in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestPlantServedToACrowd: those beyond what a controller has places for are turned away at once, and when the crowd is gone the controllers
// answer as before.
func TestPlantServedToACrowd(t *testing.T) {
	s := serve(t)
	for _, name := range []string{"mixer-1-plc", "filler-plc", "robot-plc"} {
		for range 3 {
			var crowd []net.Conn
			for range maxServed + 50 {
				c, err := net.Dial("tcp", s.at[name])
				if err != nil {
					t.Skipf("this machine does not let so many connections be: %v", err)
				}
				crowd = append(crowd, c)
			}
			last := crowd[len(crowd)-1]
			if err := last.SetReadDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			if _, err := last.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
				t.Errorf("%s: number %d is not turned away: %v", name, len(crowd), err)
			}
			for _, c := range crowd {
				_ = c.Close()
			}
			s.empty(t)
		}
		s.answers(t, "after a crowd at "+name)
	}
}

// empty waits until the controllers know that everybody is gone.
func (s *served) empty(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		s.mu.Lock()
		n := len(s.conns)
		s.mu.Unlock()
		if n == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d connections are kept of peers that are gone", n)
		}
	}
}

// TestPlantServedToOneWhoNeverReads: somebody who asks and asks and reads no answer stands alone in that; others are
// answered, and the plant can be closed.
func TestPlantServedToOneWhoNeverReads(t *testing.T) {
	s := serve(t)
	before := heap()
	many := bytes.Repeat(question, 300)
	for range 4 { // a controller has places for more
		c := s.dialed(t, "mixer-1-plc")
		if err := c.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		for {
			if _, err := c.Write(many); err != nil {
				break // the way there is full
			}
		}
	}
	s.answers(t, "beside those who never read")
	if more := heap() - before; more > 64<<20 {
		t.Errorf("those who never read cost %d MB", more>>20)
	}
	s.close() // or the test hangs here
}

// TestPlantServe is the command itself: it says where everything is, lets the processes go on, and ends when told to.
func TestPlantServe(t *testing.T) {
	for shift := 11_000; shift < 20_000; shift += 1117 {
		ctx, cancel := context.WithCancel(context.Background())
		out, in := io.Pipe()
		var stderr bytes.Buffer
		done := make(chan int, 1)
		go func() {
			m := Main{Args: []string{"plant", "serve", "--shift", fmt.Sprint(shift), "--speed", "500"}, Stdout: in, Stderr: &stderr}
			done <- m.Run(ctx)
			_ = in.Close()
		}()
		said := ""
		for b := make([]byte, 4096); !strings.Contains(said, "Stop with"); {
			n, err := out.Read(b)
			if said += string(b[:n]); err != nil {
				break
			}
		}
		if !strings.Contains(said, "Stop with") {
			status := <-done
			cancel()
			if status == exitUsage && strings.Contains(stderr.String(), "in use") {
				continue // somebody has one of the ports
			}
			t.Fatalf("exit status %d: %s%s", status, said, stderr.String())
		}
		movesOn(t, said)
		cancel()
		if status := <-done; status != exitOK {
			t.Errorf("exit status %d: %s", status, stderr.String())
		}
		return
	}
	t.Skip("no free ports")
}

// movesOn reads the table that plant serve prints and holds that everybody in it listens, and that the level in mixer
// 1 or the time in its phase changes.
func movesOn(t *testing.T, said string) {
	t.Helper()
	rows := map[string]string{}
	for line := range strings.Lines(said) {
		if f := strings.Fields(line); len(f) == 3 && strings.Contains(f[2], ":") {
			rows[f[0]] = f[2]
			c, err := net.Dial("tcp", f[2])
			if err != nil {
				t.Errorf("%s: %v", f[0], err)
				continue
			}
			_ = c.Close()
		}
	}
	if len(rows) < 10 {
		t.Fatalf("only %d controllers: %s", len(rows), said)
	}
	c, err := net.Dial("tcp", rows["mixer-1-plc"])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	first := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		ask := slices.Clone(question)
		ask[11] = 4
		if _, err := c.Write(ask); err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, answerLength+6)
		if _, err := io.ReadFull(c, answer); err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(answer)
		}
		if string(answer) != first {
			return
		}
	}
	t.Error("the processes stand still")
}
