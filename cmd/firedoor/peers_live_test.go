package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"firedoor/internal/capture"
	"firedoor/internal/packet"
)

// A street is two network namespaces, joined by a pair of interfaces: a client lives in one, a server in the other,
// and what passes the server's interface is captured as the product captures it.
type street struct {
	t              *testing.T
	client, server string // namespaces
	wire           *capture.Live
	frames         []byte // a capture
	ended          sync.WaitGroup
}

// The addresses in a street.
const (
	streetClient = "10.98.7.10"
	streetServer = "10.98.7.20"
)

func newStreet(t *testing.T) *street {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("peers that talk live take network namespaces, which needs root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("peers that talk live take network namespaces: ip is not installed (apt-get install iproute2)")
	}
	name := fmt.Sprintf("fdp%d", os.Getpid()%100_000)
	s := &street{t: t, client: name + "c", server: name + "s"}
	t.Cleanup(func() {
		_ = exec.Command("ip", "netns", "del", s.client).Run()
		_ = exec.Command("ip", "netns", "del", s.server).Run()
	})
	for i, order := range []string{
		"netns add CLIENT",
		"netns add SERVER",
		"-n CLIENT link add peer0 type veth peer name peer1 netns SERVER",
		"-n CLIENT addr add " + streetClient + "/24 dev peer0",
		"-n SERVER addr add " + streetServer + "/24 dev peer1",
		"-n CLIENT link set lo up",
		"-n SERVER link set lo up",
		"-n CLIENT link set peer0 up",
		"-n SERVER link set peer1 up",
	} {
		order = strings.NewReplacer("CLIENT", s.client, "SERVER", s.server).Replace(order)
		if out, err := exec.Command("ip", strings.Fields(order)...).CombinedOutput(); err != nil {
			if i < 3 {
				t.Skipf("peers that talk live take network namespaces: ip %s: %v: %s", order, err, out)
			}
			t.Fatalf("ip %s: %v: %s", order, err, out)
		}
	}
	s.watch()
	return s
}

// watch begins to capture what the server sends and gets.
func (s *street) watch() {
	for _, n := range []uint32{0xa1b23c4d, 4<<16 | 2, 0, 0, 1 << 18, uint32(packet.LinkEthernet)} {
		s.frames = binary.LittleEndian.AppendUint32(s.frames, n)
	}
	opened := make(chan error)
	s.ended.Go(func() {
		runtime.LockOSThread() // for good: the thread stays in the namespace, and ends
		opened <- s.move()
		if s.wire != nil {
			s.listen()
		}
	})
	if err := <-opened; err != nil {
		s.t.Fatal(err)
	}
}

// move brings the thread into the server's namespace and opens its interface.
func (s *street) move() error {
	space, err := os.Open("/run/netns/" + s.server)
	if err != nil {
		return err
	}
	defer space.Close()
	if err := unix.Setns(int(space.Fd()), unix.CLONE_NEWNET); err != nil {
		return err
	}
	s.wire, err = capture.OpenLive(capture.LiveConfig{Interfaces: []string{"peer1"}, Promiscuous: true})
	return err
}

func (s *street) listen() {
	frames, buf := make([]packet.Frame, 256), make([]byte, 1<<20)
	for {
		n, _, err := s.wire.Fill(frames, buf)
		for _, f := range frames[:n] {
			for _, v := range []uint32{uint32(f.Time / 1e9), uint32(f.Time % 1e9), uint32(len(f.Data)), f.WireLen} {
				s.frames = binary.LittleEndian.AppendUint32(s.frames, v)
			}
			s.frames = append(s.frames, f.Data...)
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				s.t.Error(err)
			}
			return
		}
	}
}

// heard is what an event line says of an operation or a sample.
type heard struct {
	Kind     string
	Protocol string
	Unit     *int
	Function string
	Code     int
	Object   string
	Quantity *int
	Item     int
	Values   json.RawMessage
	Type     string
	Outcome  string
	Partial  bool
}

// lines ends the capture and gives its event lines.
func (s *street) lines() []heard {
	s.t.Helper()
	return heardIn(s.t, s.capture())
}

// heardIn gives the event lines of a capture.
func heardIn(t *testing.T, path string) (all []heard) {
	t.Helper()
	o := run(t, "replay", "--shards", "1", "--events", "-", path)
	if o.status != exitOK {
		t.Fatalf("%s: status %d: %s", path, o.status, o.err)
	}
	for _, line := range lines(o.stdout) {
		all = append(all, parse[heard](t, []byte(line)))
	}
	return all
}

// capture ends the capture and writes it into a file.
func (s *street) capture() (path string) {
	s.t.Helper()
	still := 0
	for before := uint64(0); still < 10; still++ { // what is on its way comes
		time.Sleep(100 * time.Millisecond)
		if now := s.wire.Stats()[0].Frames; now != before {
			before, still = now, 0
		}
	}
	if d := s.wire.Stats()[0].Dropped; d != 0 {
		s.t.Errorf("%d frames were lost while capturing", d)
	}
	if err := s.wire.Close(); err != nil {
		s.t.Error(err)
	}
	s.ended.Wait()
	path = filepath.Join(s.t.TempDir(), "street.pcap")
	if keep := os.Getenv("FIREDOOR_KEEP_PEERS"); keep != "" { // a folder, to look into what failed
		path = filepath.Join(keep, strings.ReplaceAll(s.t.Name(), "/", "-")+".pcap")
	}
	if err := os.WriteFile(path, s.frames, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// in makes a command that runs in a namespace.
func (s *street) in(space string, command ...string) *exec.Cmd {
	cmd := exec.Command("ip", append([]string{"netns", "exec", space}, command...)...)
	dir := s.t.TempDir()
	cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(peersDir(s.t), "node_modules"), "HOME="+dir, "TMPDIR="+dir, "GOCOVERDIR=")
	cmd.Dir = dir
	return cmd
}

// serve starts a server and waits until it says that it is ready.
func (s *street) serve(command ...string) {
	s.t.Helper()
	cmd := s.in(s.server, command...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	for in := bufio.NewScanner(out); in.Scan(); {
		if line := in.Text(); line == "ready" || strings.Contains(line, "Stop with") || strings.HasSuffix(line, " running") {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return
		}
	}
	_ = cmd.Wait()
	s.t.Fatalf("%s ended at once: %s", strings.Join(command, " "), stderr.String())
}

// spoken is what a client says of one of its requests. Values are numbers as people write them; a member that is null is
// not compared, but values that are null must not be there.
type spoken struct {
	Protocol string
	Code     int
	Unit     *int
	Function string
	Object   string
	Quantity *int
	Item     int
	Values   []json.Number
	Type     string
	Outcome  string
	Kind     string // "operation" where nothing is said
}

// talk lets a client do its work and returns what it says of it.
func (s *street) talk(command ...string) (all []spoken) {
	s.t.Helper()
	cmd := s.in(s.client, command...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	in := bufio.NewScanner(out)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		if !strings.HasPrefix(in.Text(), "{") { // a library that talks
			continue
		}
		w := spoken{Kind: "operation"}
		if err := json.Unmarshal(in.Bytes(), &w); err != nil {
			s.t.Fatalf("%v in %s", err, in.Text())
		}
		all = append(all, w)
	}
	if err := cmd.Wait(); err != nil {
		s.t.Fatalf("%s: %v after %d requests: %s", strings.Join(command, " "), err, len(all), stderr.String())
	}
	return all
}

// asWritten is a number of a type as event lines write it.
func asWritten(t *testing.T, n json.Number, kind string) string {
	t.Helper()
	if kind != "f32" && kind != "f64" {
		return n.String()
	}
	x, err := n.Float64()
	if err != nil {
		t.Fatal(err)
	}
	if kind == "f32" {
		return fmt.Sprint(math.Float32bits(float32(x)))
	}
	return fmt.Sprint(math.Float64bits(x))
}

// is says whether an event line tells what a client says.
func (w *spoken) is(t *testing.T, e *heard) bool {
	t.Helper()
	values := make([]string, len(w.Values))
	for i, n := range w.Values {
		values[i] = asWritten(t, n, w.Type)
	}
	text := ""
	if len(values) > 0 {
		text = "[" + strings.Join(values, ",") + "]"
	}
	return w.Kind == e.Kind && (w.Protocol == "" || w.Protocol == e.Protocol) && w.Code == e.Code && (w.Function == "" || w.Function == e.Function) && same(w.Unit, e.Unit) && w.Object == e.Object &&
		same(w.Quantity, e.Quantity) && w.Item == e.Item && strings.Replace(string(e.Values), "[]", "", 1) == text && w.Type == e.Type && w.Outcome == e.Outcome && !e.Partial
}

func same(want, got *int) bool { return want == nil || got != nil && *want == *got }

func (w *spoken) String() string {
	b, err := json.Marshal(w)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// maxSaid is how many differences of a pair are shown.
const maxSaid = 30

// compared holds that each thing that a client says stands once in the lines, and that nothing else does.
func compared(t *testing.T, all []spoken, lines []heard) {
	t.Helper()
	if len(all) == 0 {
		t.Fatal("the client says nothing")
	}
	taken := make([]bool, len(lines))
	values, bad := 0, 0
	complain := func(format string, args ...any) {
		if bad++; bad <= maxSaid {
			t.Errorf(format, args...)
		}
	}
	for i := range all {
		found := false
		for k := range lines {
			if !taken[k] && all[i].is(t, &lines[k]) {
				taken[k], found = true, true
				break
			}
		}
		if !found {
			complain("missing: the client says %s", &all[i])
		}
		values += len(all[i].Values)
	}
	for k := range lines {
		if e := &lines[k]; !taken[k] {
			b, _ := json.Marshal(e)
			complain("extra: no client says %.400s", b)
		}
	}
	t.Logf("%d requests with %d values compared, %d differences", len(all), values, bad)
}

// peersDir is where scripts/tools peers installs.
func peersDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join(root, "bin/tools/peers"))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// script is the path of a peer.
func script(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, "scripts/peers", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// needNode skips where a package of npm is not there.
func needNode(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(peersDir(t), "node_modules", name)); err != nil {
			t.Skipf("%s is not installed: run scripts/tools peers, which needs npm", name)
		}
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed")
	}
}

// needPython is a python that has pymodbus.
func needPython(t *testing.T) string {
	t.Helper()
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(python, "-c", "from pymodbus.datastore import ModbusSlaveContext; from pymodbus import diag_message").Run() == nil {
			return python
		}
	}
	t.Skip("pymodbus is not installed, or not one of version 3.0: apt-get install python3-pymodbus to have it talk live")
	return ""
}

func TestLivePymodbus(t *testing.T) {
	python := needPython(t)
	s := newStreet(t)
	s.serve(python, script(t, "modbus.py"), "server", streetServer)
	compared(t, s.talk(python, script(t, "modbus.py"), "client", streetServer), s.lines())
}

func TestLiveModbusSerial(t *testing.T) {
	python := needPython(t)
	needNode(t, "modbus-serial")
	s := newStreet(t)
	s.serve(python, script(t, "modbus.py"), "server", streetServer)
	compared(t, s.talk("node", script(t, "modbus.js"), streetServer), s.lines())
}

// TestLiveNodes7 lets nodes7 read and write the filler of the virtual factory.
func TestLiveNodes7(t *testing.T) {
	needNode(t, "nodes7")
	s := newStreet(t)
	s.serve(program(t), "plant", "serve", "--listen", streetServer)
	compared(t, s.talk("node", script(t, "s7.js"), streetServer, "10201"), s.lines())
}

func TestLiveNodeBacnet(t *testing.T) {
	needNode(t, "node-bacnet")
	s := newStreet(t)
	s.serve("node", script(t, "bacnet.js"), "server")
	compared(t, s.talk("node", script(t, "bacnet.js"), "client", streetServer), s.lines())
}

// TestLiveNodeOPCUA lets node-opcua talk to itself: in the open, and signed, which can be read as well.
func TestLiveNodeOPCUA(t *testing.T) {
	needNode(t, "node-opcua-client", "node-opcua-server")
	s := newStreet(t)
	s.serve("node", script(t, "opcua.js"), "server", streetServer)
	all := s.talk("node", script(t, "opcua.js"), "client", streetServer, "None")
	all = append(all, s.talk("node", script(t, "opcua.js"), "client", streetServer, "Sign")...)
	compared(t, all, s.lines())
}

func TestLiveGopcua(t *testing.T) {
	needNode(t, "node-opcua-server")
	client := filepath.Join(peersDir(t), "gopcua")
	if _, err := os.Stat(client); err != nil {
		t.Skip("the client with gopcua is not built: run scripts/tools peers, which needs to reach its module")
	}
	s := newStreet(t)
	s.serve("node", script(t, "opcua.js"), "server", streetServer)
	compared(t, s.talk(client, streetServer), s.lines())
}

// TestLiveOPCUAEncrypted: what is encrypted is told as such, and beside the opening of its channel nothing is said of it.
func TestLiveOPCUAEncrypted(t *testing.T) {
	needNode(t, "node-opcua-client", "node-opcua-server")
	s := newStreet(t)
	s.serve("node", script(t, "opcua.js"), "server", streetServer)
	asked := s.talk("node", script(t, "opcua.js"), "client", streetServer, "SignAndEncrypt")
	path, opened, out := s.capture(), 0, t.TempDir()
	for _, e := range heardIn(t, path) {
		switch {
		case e.Code == 446 && e.Object == "policy:Basic256Sha256" && e.Outcome == "ok":
			opened++
		case e.Code != 446 && e.Code != 428 && e.Code != 452: // those of the client's first channel, which asks for the server's certificate
			t.Errorf("what was encrypted is told: %+v", e)
		}
	}
	var stdout, stderr bytes.Buffer
	if status := (&Main{Args: []string{"replay", "--out", out, path}, Stdout: &stdout, Stderr: &stderr}).Run(t.Context()); status != exitOK {
		t.Fatal(stderr.String())
	}
	summary, err := os.ReadFile(filepath.Join(out, "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	var told struct {
		Sessions int `json:"encrypted_sessions"`
	}
	if err := json.Unmarshal(summary, &told); err != nil {
		t.Fatal(err)
	}
	if opened != 1 || told.Sessions != 1 {
		t.Errorf("an encrypted channel was opened %d times, and %d encrypted sessions are told; both must be 1", opened, told.Sessions)
	}
	t.Logf("%d requests, all but those of the first channel in secret", len(asked))
}
