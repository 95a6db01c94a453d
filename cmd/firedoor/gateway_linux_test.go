package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"firedoor/internal/gateway"
	"firedoor/internal/testbed"
)

const gatewayPolicy = `policy: 1
name: test
otherwise: {mode: enforce, default: drop}
hosts:
  hmi: {address: 10.97.0.1}
  plc: {address: 10.97.0.2, refuses: modbus}
  guard-a: {mac: "02:00:00:61:00:0a"}
  guard-b: {mac: "02:00:00:61:00:0b"}
zones:
  office: {hosts: [hmi, guard-a]}
  cell: {hosts: [plc, guard-b]}
safety:
  - {client: hmi, server: plc, port: udp/2222}
  - {client: guard-a, server: guard-b}
conduits:
  down:
    from: office
    to: cell
    mode: enforce
    default: refuse
    unjudged: closed
    never-block: {reviewed: {by: Jo, on: 2026-11-26}}
    rules:
      - {protocol: modbus, verb: read, verdict: pass}
      - {protocol: modbus, function: write single register, object: "holding:0-9", value: 0..100, verdict: pass}
`

// line is a gateway between a pymodbus server and its clients.
type line struct {
	t       *testing.T
	bed     *testbed.Bed
	python  string
	data    string
	policy  string
	pins    string
	name    string
	flags   []string
	program string // to be run, if it is not the one that was built
	cmd     *exec.Cmd
	log     *diary

	endServer func()
}

// newLine starts all of it.
func newLine(t *testing.T) *line {
	t.Helper()
	return newLineWith(t, gatewayPolicy)
}

// newLineWith starts all of it under a policy.
func newLineWith(t *testing.T, policy string, flags ...string) *line {
	t.Helper()
	return newLineOf(t, "", policy, flags...)
}

// newLineOf starts all of it with another program; "" is the one that was built.
func newLineOf(t *testing.T, program, policy string, flags ...string) *line {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: a gateway works in the kernel, and its peers live in network namespaces")
	}
	python := needPython(t)
	l := newBareLine(t, "fl")
	l.python = python
	l.program = program
	l.policy, l.flags = write(t, "policy.yaml", []byte(policy)), flags
	unmount, err := testbed.MountPins(l.pins)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(unmount)
	l.start()
	t.Cleanup(l.takeAway)
	l.endServer = l.serve(python, script(t, "modbus.py"), "server", l.bed.Server.IP4.String())
	return l
}

// newBareLine makes two hosts with nothing between them yet.
func newBareLine(t *testing.T, kind string) *line {
	t.Helper()
	l := &line{t: t, data: t.TempDir(), pins: t.TempDir(), name: fmt.Sprintf("%s%d", kind, os.Getpid()%100_000), log: &diary{}}
	bed, err := testbed.New(l.name)
	if errors.Is(err, testbed.ErrUnable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	l.bed = bed
	t.Cleanup(bed.Close)
	return l
}

// takeAway ends the gateway and takes it out of the line.
func (l *line) takeAway() {
	l.stop()
	_ = exec.Command(program(l.t), append(l.args(), "--remove")...).Run()
}

func (l *line) args() []string {
	return append([]string{"gateway", "--inside", l.bed.Client.Port, "--outside", l.bed.Server.Port, "--policy", l.policy, "--data", l.data, "--pins", l.pins, "--name", l.name}, l.flags...)
}

// start starts the gateway and waits until it stands in the line.
func (l *line) start() {
	l.t.Helper()
	what := program(l.t)
	if l.program != "" {
		what = l.program
	}
	l.cmd = exec.Command(what, l.args()...)
	l.cmd.Stderr = l.log
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		l.t.Fatal(err)
	}
	if err := l.cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	first, err := bufio.NewReader(out).ReadString('\n')
	if !strings.HasPrefix(first, "Between the two ports") {
		_ = l.cmd.Wait()
		l.t.Fatalf("the gateway did not start: %v %s%s", err, first, l.log)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
}

func (l *line) stop() {
	if l.cmd.ProcessState == nil {
		_ = l.cmd.Process.Signal(syscall.SIGTERM)
		_ = l.cmd.Wait()
	}
}

// serve starts the server and waits until it answers; end ends it before the test does.
func (l *line) serve(command ...string) (end func()) {
	l.t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	if err := l.bed.Server.Do(cmd.Start); err != nil {
		l.t.Fatal(err)
	}
	end = sync.OnceFunc(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	l.t.Cleanup(end)
	for until := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		c, err := l.dial()
		if err == nil {
			_ = c.Close()
			return end
		}
		if time.Now().After(until) {
			l.t.Fatalf("the server does not answer through the gateway: %v\n%s", err, l.log)
		}
	}
}

// diary is what a process says, which may be read while it says more.
type diary struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *diary) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *diary) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// dial connects to the server, where that must come to be.
func (l *line) dial() (c net.Conn, err error) { return l.dialIn(patience) }

func (l *line) dialIn(wait time.Duration) (c net.Conn, err error) {
	err = l.bed.Client.Do(func() error {
		c, err = net.DialTimeout("tcp", l.bed.Server.IP4.String()+":502", wait)
		return err
	})
	return c, err
}

// worker is the process id of the worker.
func (l *line) worker() int {
	l.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		out, _ := exec.Command("ps", "-o", "pid=,args=", "--ppid", strconv.Itoa(l.cmd.Process.Pid)).Output()
		for row := range strings.Lines(string(out)) {
			if f := strings.Fields(row); len(f) > 2 && f[2] == "gateway-worker" {
				pid, _ := strconv.Atoi(f[0])
				return pid
			}
		}
	}
	l.t.Fatalf("there is no worker\n%s", l.log)
	return 0
}

// strike sends a signal to the worker, and gives which one that was.
func (l *line) strike(sig syscall.Signal) (pid int) {
	l.t.Helper()
	for {
		pid = l.worker()
		err := syscall.Kill(pid, sig)
		if err == nil {
			return pid
		}
		if !errors.Is(err, syscall.ESRCH) { // replaced meanwhile, as after a pause of the machine
			l.t.Fatalf("%v of worker %d: %v\n%s", sig, pid, err, l.log)
		}
	}
}

func (l *line) status() (s gateway.Status) {
	l.t.Helper()
	if err := ask(l.t.Context(), l.data, "GET", "/gateway", &s); err != nil {
		l.t.Fatal(err)
	}
	return s
}

// askModbus sends a Modbus request and waits for the answer to it.
func askModbus(c net.Conn, id uint16, wait time.Duration, body ...byte) (answer []byte, err error) {
	b := binary.BigEndian.AppendUint16(nil, id)
	b = append(b, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(1+len(body)))
	b = append(append(b, 1), body...)
	if err := c.SetDeadline(time.Now().Add(wait)); err != nil {
		return nil, err
	}
	if _, err := c.Write(b); err != nil {
		return nil, err
	}
	head := make([]byte, 7)
	for {
		if _, err := io.ReadFull(c, head); err != nil {
			return nil, err
		}
		n := int(binary.BigEndian.Uint16(head[4:]))
		if n < 2 || n > 254 || head[2] != 0 || head[3] != 0 {
			return nil, fmt.Errorf("% x begins no answer of Modbus", head)
		}
		answer = make([]byte, n-1)
		if _, err := io.ReadFull(c, answer); err != nil {
			return nil, err
		}
		if binary.BigEndian.Uint16(head) == id {
			return answer, nil
		}
	}
}

// polling asks every millisecond until it is told to stop, and tells how it went.
type polling struct {
	stop, done chan struct{}
	polls      int
	failed     error
	longest    time.Duration
	again      uint32 // segments that were sent again
}

// poll begins to poll on a connection of its own, with a forbidden write now and then.
func (l *line) poll() *polling {
	l.t.Helper()
	c, err := l.dial()
	if err != nil {
		l.t.Fatal(err)
	}
	p := &polling{stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(p.done)
		defer c.Close()
		defer func() { p.again = retransmitted(c) }()
		for id := uint16(1); ; id++ {
			select {
			case <-p.stop:
				if p.polls > 0 { // none would show nothing
					return
				}
			case <-time.After(time.Millisecond):
			}
			began := time.Now()
			if _, p.failed = askModbus(c, id, patience, 3, 0, 40, 0, 4); p.failed != nil {
				return
			}
			p.longest = max(p.longest, time.Since(began))
			p.polls++
		}
	}()
	return p
}

func (p *polling) end(t *testing.T) {
	t.Helper()
	close(p.stop)
	<-p.done
	t.Logf("%d polls, the longest took %s", p.polls, p.longest)
	if p.failed != nil || p.polls == 0 {
		t.Errorf("after %d polls: %v", p.polls, p.failed)
	}
}

// TestGatewayGoesOn holds that polls go on when the worker is killed, when it is
// stopped, when the policy is loaded anew and when the whole gateway is started anew, and
// that a forbidden write passes in none of these moments.
func TestGatewayGoesOn(t *testing.T) {
	l := newLine(t)
	writer, err := l.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	id := uint16(0)
	forbidden := func(when string) {
		t.Helper()
		for range 20 {
			id++
			answer, err := askModbus(writer, id, 30*time.Millisecond, 16, 0, 40, 0, 1, 2, 0x12, 0x34)
			if err == nil && len(answer) > 0 && answer[0] == 16 {
				t.Fatalf("%s: a forbidden write passed", when)
			}
			if err != nil && !os.IsTimeout(err) { // the floor drops it
				_ = writer.Close()
				if writer, err = l.dial(); err != nil {
					t.Fatalf("%s: %v\n%s", when, err, l.log)
				}
			}
		}
	}
	safe := beginSafety(t, l, newBeside(t))
	p := l.poll()
	time.Sleep(200 * time.Millisecond)
	for range 3 {
		l.strike(syscall.SIGKILL)
		forbidden("while the worker is dead")
		time.Sleep(300 * time.Millisecond)
	}
	l.strike(syscall.SIGSTOP)
	forbidden("while the worker is stopped") // it is ended, and the other one goes on
	for range 10 {
		works(t, "reload", "--data", l.data)
	}
	forbidden("after reloads")
	l.stop()
	forbidden("while nobody but the kernel is there")
	l.start()
	forbidden("after a start")
	time.Sleep(200 * time.Millisecond)
	p.end(t)
	safe.held(t, false)
	check, err := l.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer check.Close()
	answer, err := askModbus(check, 1, patience, 3, 0, 40, 0, 1)
	if err != nil || len(answer) != 4 || binary.BigEndian.Uint16(answer[2:]) != 40*301%65536 {
		t.Errorf("the register holds % x (%v)", answer, err)
	}
}

// TestIsolate holds what an isolation stops, that it survives a restart, ends by its
// time through a while of testing, and stands in a chain of which nothing can be changed.
func TestIsolate(t *testing.T) {
	l := newLine(t)
	c, err := l.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	id := uint16(0)
	writes := func(value byte) bool {
		t.Helper()
		id++
		answer, err := askModbus(c, id, patience, 6, 0, 5, 0, value)
		if err != nil {
			t.Fatalf("%v\n%s", err, l.log)
		}
		return answer[0] == 6
	}
	if !writes(1) {
		t.Fatal("an allowed write was refused")
	}
	order := func(args ...string) string {
		t.Helper()
		return works(t, append(args, "--data", l.data)...).stdout
	}
	if o := order("isolate", "plc", "--verb", "no-write", "--for", "30m", "--reason", "a trial"); !strings.Contains(o, "Decision 1: no-write of plc until ") {
		t.Errorf("isolate says %q", o)
	}
	if writes(2) {
		t.Error("a write passed while there are to be none")
	}
	if _, err := askModbus(c, 999, patience, 3, 0, 5, 0, 1); err != nil {
		t.Errorf("a read while there are to be no writes: %v", err)
	}
	l.stop()
	l.start()
	if o := order("list"); !strings.Contains(o, "no-write") || !strings.Contains(o, "a trial") || !strings.Contains(o, "active") {
		t.Errorf("after a restart list says %q", o)
	}
	if writes(3) {
		t.Error("a write passed after a restart")
	}
	if o := order("release", "1"); !strings.Contains(o, "stops nothing any more") {
		t.Errorf("release says %q", o)
	}
	if !writes(4) {
		t.Error("a write was refused after the release")
	}
	order("release", "--now", "1")
	order("isolate", "hmi,plc", "--verb", "quarantine", "--for", "30m", "--reason", "a trial")
	if _, err := askModbus(c, 1000, 300*time.Millisecond, 3, 0, 5, 0, 1); !os.IsTimeout(err) {
		t.Errorf("a read passed in quarantine: %v", err)
	}
	order("release", "--now", "2")
	order("isolate", "plc", "--verb", "no-write", "--for", "2s", "--reason", "a short one")
	l.untilList("testing")
	if o := run(t, "isolate", "nobody", "--verb", "no-write", "--for", "30m", "--reason", "x", "--data", l.data); o.status == 0 || !strings.Contains(o.err, "nobody") {
		t.Errorf("isolating nobody: status %d, %s", o.status, o.err)
	}
	file := filepath.Join(l.data, "decisions.jsonl")
	if o := works(t, "audit", "verify", file).stdout; !strings.Contains(o, "all in order") {
		t.Errorf("audit says %q", o)
	}
	changed := bytes.Replace(read(t, file), []byte("a trial"), []byte("a trick"), 1)
	if o := run(t, "audit", "verify", write(t, "changed.jsonl", changed)); o.status != exitDamaged || !strings.Contains(o.err, "changed.jsonl:2") {
		t.Errorf("a changed file: status %d, %s", o.status, o.err)
	}
}

func (l *line) untilList(word string) {
	l.t.Helper()
	l.until("list says "+word, func() bool { return strings.Contains(works(l.t, "list", "--data", l.data).stdout, word) })
}

// until waits for something to be so.
func (l *line) until(what string, is func() bool) {
	l.t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			l.t.Fatalf("never: %s\n%s", what, l.log)
		}
	}
}
