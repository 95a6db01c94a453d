package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"firedoor/internal/gateway"
	"firedoor/internal/testbed"
)

// echoPort is a port that the kernel lets pass by itself.
const echoPort = 7007

// withEcho is the policy of these tests: with a port for the kernel's path.
func withEcho() string {
	return gatewayPolicy + "      - {port: udp/" + strconv.Itoa(echoPort) + ", verdict: pass}\n"
}

// policyOf brings another policy into force.
func (l *line) policyOf(text string) {
	l.t.Helper()
	if err := os.WriteFile(l.policy, []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
	works(l.t, "reload", "--data", l.data)
}

// process gives the oldest process of a gateway's that runs a command, 0 if there is none.
func (l *line) process(command string) int {
	out, _ := exec.Command("ps", "-o", "pid=,args=", "--ppid", strconv.Itoa(l.cmd.Process.Pid)).Output()
	for row := range strings.Lines(string(out)) {
		if f := strings.Fields(row); len(f) > 2 && f[2] == command {
			pid, _ := strconv.Atoi(f[0])
			return pid
		}
	}
	return 0
}

// another waits until a command is run by a process that is not the one given.
func (l *line) another(command string, than int) int {
	l.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if pid := l.process(command); pid != 0 && pid != than {
			return pid
		}
	}
	l.t.Fatalf("there is no %s but %d\n%s", command, than, l.log)
	return 0
}

// answers waits until the socket answers.
func (l *line) answers() {
	l.t.Helper()
	var out any
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if ask(l.t.Context(), l.data, "GET", "/gateway", &out) == nil {
			return
		}
	}
	l.t.Fatalf("the control socket does not answer\n%s", l.log)
}

// loop is a control loop of a millisecond on each of the two paths: datagrams that the
// kernel passes, and polls that the worker judges; with forbidden writes beside them.
type loop struct {
	t    *testing.T
	deep *polling
	stop chan struct{}
	done chan struct{}
	mute func() // ends the server of datagrams

	sent, back, reordered int
	gap                   time.Duration // longest between two that came back
	tries, passed         atomic.Uint32 // forbidden writes
	writing               chan struct{}
	server                func() int // segments that the server sent again so far, on all connections
}

// echoes starts a server of datagrams and gives a client's socket for it.
func (l *line) echoes() (client *net.UDPConn, end func()) {
	l.t.Helper()
	var server *net.UDPConn
	to := &net.UDPAddr{IP: l.bed.Server.IP4.AsSlice(), Port: echoPort}
	err := l.bed.Server.Do(func() (err error) { server, err = net.ListenUDP("udp4", to); return err })
	if err == nil {
		err = l.bed.Client.Do(func() (err error) { client, err = net.DialUDP("udp4", nil, to); return err })
	}
	if err != nil {
		l.t.Fatal(err)
	}
	end = sync.OnceFunc(func() { server.Close(); client.Close() })
	l.t.Cleanup(end)
	for _, c := range []*net.UDPConn{server, client} {
		if err := roomy(c); err != nil {
			l.t.Fatal(err)
		}
	}
	go func() {
		var b [64]byte
		for {
			n, from, err := server.ReadFromUDP(b[:])
			if err != nil {
				return
			}
			_, _ = server.WriteToUDP(b[:n], from)
		}
	}()
	return client, end
}

// roomy has a socket keep what comes while whoever reads it stands still.
func roomy(c *net.UDPConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	err = raw.Control(func(fd uintptr) { set = room(int(fd)) })
	return errors.Join(err, set)
}

func room(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20) }

func (l *line) loop() *loop {
	l.t.Helper()
	o := &loop{t: l.t, stop: make(chan struct{}), done: make(chan struct{}), writing: make(chan struct{}), deep: l.poll()}
	before := l.again(l.bed.Server)
	o.server = func() int { return l.again(l.bed.Server) - before }
	var c *net.UDPConn
	c, o.mute = l.echoes()
	go o.echo(c)
	go o.forbidden(l)
	time.Sleep(150 * time.Millisecond)
	return o
}

// again is how many segments a host sent again.
func (l *line) again(host *testbed.Host) (n int) {
	l.t.Helper()
	var text []byte
	if err := host.Do(func() (err error) { text, err = os.ReadFile("/proc/thread-self/net/snmp"); return err }); err != nil {
		l.t.Fatal(err)
	}
	var names []string
	for row := range strings.Lines(string(text)) {
		f := strings.Fields(row)
		if f[0] != "Tcp:" {
			continue
		}
		if names == nil {
			names = f
			continue
		}
		n, _ = strconv.Atoi(f[slices.Index(names, "RetransSegs")])
	}
	return n
}

// echo sends a numbered datagram each millisecond, and counts what comes back.
func (o *loop) echo(c *net.UDPConn) {
	defer close(o.done)
	var sent atomic.Int64
	go func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for n := uint64(1); ; n++ {
			select {
			case <-o.stop:
				_ = c.SetReadDeadline(time.Now()) // whoever reads learns that no more is sent
				return
			case <-tick.C:
				if _, err := c.Write(binary.BigEndian.AppendUint64(nil, n)); err == nil {
					sent.Add(1)
				}
			}
		}
	}()
	var b [64]byte
	last, at := uint64(0), time.Now()
	for late := (time.Time{}); ; {
		n, err := c.Read(b[:])
		if os.IsTimeout(err) {
			if late.IsZero() {
				late = time.Now().Add(patience)
			}
			if o.sent = int(sent.Load()); o.back == o.sent || time.Now().After(late) {
				return
			}
			_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond)) // for what is under way
			continue
		}
		if err != nil {
			continue
		}
		o.back++
		now, number := time.Now(), binary.BigEndian.Uint64(b[:n])
		if o.gap, at = max(o.gap, now.Sub(at)), now; number < last {
			o.reordered++
		}
		last = max(last, number)
	}
}

// forbidden tries a forbidden write again and again, on connections that may be cut.
func (o *loop) forbidden(l *line) {
	defer close(o.writing)
	var c net.Conn
	defer func() {
		if c != nil {
			c.Close()
		}
	}()
	for id := uint16(1); ; id++ {
		select {
		case <-o.stop:
			if o.tries.Load() > 0 { // none would show nothing
				return
			}
		case <-time.After(3 * time.Millisecond):
		}
		var err error
		if c == nil {
			if c, err = l.dial(); err != nil {
				c = nil
				continue
			}
		}
		o.tries.Add(1)
		answer, err := askModbus(c, id, 30*time.Millisecond, 16, 0, 40, 0, 1, 2, 0x12, 0x34)
		if err == nil && len(answer) > 0 && answer[0] == 16 {
			o.passed.Add(1)
		}
		if err != nil {
			c.Close()
			c = nil
		}
	}
}

// end tells how it went. Nothing is lost on the kernel's path, and no forbidden write passes,
// whatever was done.
func (o *loop) end() {
	o.t.Helper()
	close(o.stop)
	<-o.done
	<-o.writing
	o.mute()
	o.deep.end(o.t)
	o.t.Logf("kernel path: %d of %d lost, %d reordered, longest gap %s; deep path: %d polls, longest %s, %d sent again (%d by the server, on all connections); %d forbidden writes tried, %d passed",
		o.sent-o.back, o.sent, o.reordered, o.gap, o.deep.polls, o.deep.longest, o.deep.again, o.server(), o.tries.Load(), o.passed.Load())
	if o.sent == 0 || o.sent != o.back || o.reordered > 0 {
		o.t.Errorf("kernel path: %d sent, %d came back, %d reordered", o.sent, o.back, o.reordered)
	}
	if o.passed.Load() > 0 || o.tries.Load() == 0 {
		o.t.Errorf("%d of %d forbidden writes passed", o.passed.Load(), o.tries.Load())
	}
}

// noneAgain holds that no segment of the deep path was lost; told is false where this machine
// cannot tell. TCP sends again what is not answered in 200 ms, so a kernel's path, on which
// nothing was done, that stood still for about that long explains it; so does a core that stood
// still for about as long as the kernel waits for a worker, which is then one that hangs.
func (o *loop) noneAgain(pauses []time.Duration) (told bool) {
	o.t.Helper()
	switch {
	case o.deep.again == 0:
	case o.gap > 100*time.Millisecond || len(pauses) > 0:
		o.t.Logf("%d segments were sent again on a machine that stood still: %s on the kernel's path, cores for %v", o.deep.again, o.gap, pauses)
		return false
	default:
		o.t.Errorf("deep path: %d segments had to be sent again", o.deep.again)
	}
	return true
}

// trials is how often is tried anew what a pause of this machine spoilt.
const trials = 5

// retransmitted is how many segments a connection sent again.
func retransmitted(c net.Conn) (n uint32) {
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) {
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			n = info.Total_retrans
		}
	})
	return n
}

// TestGatewayProcessesDie holds what is lost when each of the three processes is killed or
// stopped under a loop of a millisecond.
func TestGatewayProcessesDie(t *testing.T) {
	l := newLine(t)
	l.policyOf(withEcho())
	kill := func(t *testing.T, pid int, sig syscall.Signal) {
		t.Helper()
		if err := syscall.Kill(pid, sig); err != nil {
			t.Fatalf("%v of %d: %v\n%s", sig, pid, err, l.log)
		}
	}
	l.standsBy()
	for _, c := range []struct {
		name string
		lost bool // segments of the deep path may have to be sent again
		act  func(t *testing.T)
	}{
		{"worker killed", false, func(t *testing.T) {
			l.another("gateway-worker", l.strike(syscall.SIGKILL))
		}},
		{"worker stopped", false, func(t *testing.T) {
			l.another("gateway-worker", l.strike(syscall.SIGSTOP))
			if !strings.Contains(fmt.Sprint(l.log), "event=worker-hangs") {
				t.Errorf("nobody says that it hung:\n%s", l.log)
			}
		}},
		{"control killed", false, func(t *testing.T) {
			was := l.process("gateway-control")
			kill(t, was, syscall.SIGKILL)
			l.another("gateway-control", was)
			l.answers()
		}},
		{"control stopped", false, func(t *testing.T) {
			was := l.process("gateway-control")
			kill(t, was, syscall.SIGSTOP)
			time.Sleep(200 * time.Millisecond)
			kill(t, was, syscall.SIGCONT)
			l.answers()
		}},
		{"guardian stopped", false, func(t *testing.T) {
			kill(t, l.cmd.Process.Pid, syscall.SIGSTOP)
			time.Sleep(200 * time.Millisecond)
			kill(t, l.cmd.Process.Pid, syscall.SIGCONT)
			l.answers()
		}},
		{"guardian killed", true, func(t *testing.T) {
			kill(t, l.cmd.Process.Pid, syscall.SIGKILL)
			_ = l.cmd.Wait()
			time.Sleep(200 * time.Millisecond)
			l.start()
			l.answers()
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range trials {
				m := *l
				m.t = t
				pauses := watchCores(t)
				o := m.loop()
				for range 2 {
					c.act(t)
					time.Sleep(400 * time.Millisecond) // what is lost is sent again meanwhile
					l.standsBy()
				}
				o.end()
				if still := pauses(); c.lost || o.noneAgain(still) {
					return
				}
			}
		})
	}
}

// TestControlComesBack holds that isolations, their ends and the policy in force outlive
// the control process, also where the file is another one by now.
func TestControlComesBack(t *testing.T) {
	l := newLine(t)
	c, err := l.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	writes := func(id uint16) bool {
		t.Helper()
		answer, err := askModbus(c, id, patience, 6, 0, 5, 0, byte(id))
		if err != nil {
			t.Fatalf("%v\n%s", err, l.log)
		}
		return answer[0] == 6
	}
	works(t, "isolate", "plc", "--verb", "no-write", "--for", "30m", "--reason", "a trial", "--data", l.data)
	works(t, "isolate", "hmi", "--verb", "no-program", "--for", "3s", "--reason", "a short one", "--data", l.data)
	if writes(1) {
		t.Error("a write passed while there are to be none")
	}
	if err := os.WriteFile(l.policy, []byte("policy: 1\nname: [wrong\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	was := l.process("gateway-control")
	if err := syscall.Kill(was, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if writes(2) {
		t.Error("a write passed without a control process")
	}
	l.another("gateway-control", was)
	l.answers()
	if writes(3) {
		t.Error("a write passed under the next control process")
	}
	list := works(t, "list", "--data", l.data).stdout
	if !strings.Contains(list, "a trial") || !strings.Contains(list, "a short one") {
		t.Errorf("list says %q", list)
	}
	l.untilList("testing") // the short one ends by its time
	works(t, "release", "--now", "1", "--data", l.data)
	if !writes(4) {
		t.Error("a write was refused after the release")
	}
	if s := l.status(); s.Policy != "test" {
		t.Errorf("the policy in force is %q", s.Policy)
	}
	if o := run(t, "reload", "--data", l.data); o.status != exitUsage || !strings.Contains(o.err, l.policy+":2: ") {
		t.Errorf("a policy that is wrong: status %d, %s", o.status, o.err)
	}
	many := "policy: 1\nzones:\n" // more faults than fit into a line or two
	for i := range 40 {
		many += fmt.Sprintf("  zone-%d: {addresses: 10.0.%d.256/24, hosts: nobody-at-all-%d}\n", i, i, i)
	}
	if err := os.WriteFile(l.policy, []byte(many), 0o600); err != nil {
		t.Fatal(err)
	}
	if o := run(t, "reload", "--data", l.data); o.status != exitUsage || !strings.Contains(o.err, "zones.zone-39.addresses") {
		t.Errorf("a policy with many faults: status %d, %s", o.status, o.err)
	}
	l.policyOf(withEcho())
}

// TestGatewayStatus holds what a gateway says of itself: when all is well, in bypass, and without
// a worker that answers.
func TestGatewayStatus(t *testing.T) {
	l := newLine(t)
	l.another("gateway-worker", 0)
	var o outcome
	l.until("all is well", func() bool { o = run(t, "status", "--data", l.data); return o.status == 0 })
	for _, want := range []string{"policy       test: 1 conduit enforce", "worker       well", "standby      well", "none is lost", "no bypass relay", "closed", "explained:"} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("status does not say %q:\n%s%s", want, o.stdout, o.err)
		}
	}
	works(t, "bypass", "--reason", "a trial", "--data", l.data)
	l.until("all is well but for the bypass", func() bool {
		o = run(t, "status", "--data", l.data)
		return strings.Contains(o.stdout, "standby      well") && strings.Contains(o.stdout, "worker       well")
	})
	if o.status != exitDamaged || !strings.Contains(o.stdout, "everything passes, the gateway is in bypass") || !strings.Contains(o.err, "bypass") {
		t.Errorf("in bypass: status %d\n%s%s", o.status, o.stdout, o.err)
	}
	l.stop()
	l.start()
	if o = run(t, "status", "--data", l.data); o.status != exitDamaged || !strings.Contains(o.stdout, "everything passes, the gateway is in bypass") {
		t.Errorf("the kernel is in bypass still, as an earlier gateway left it: status %d\n%s%s", o.status, o.stdout, o.err)
	}
	works(t, "bypass", "--off", "--reason", "a trial", "--data", l.data)
	if o := works(t, "bypass", "--off", "--reason", "once more", "--data", l.data); !strings.Contains(o.stdout, "There was no bypass") {
		t.Error(o.stdout)
	}
	l.until("all is well again", func() bool { o = run(t, "status", "--json", "--data", l.data); return o.status == 0 })
	j := parse[map[string]any](t, []byte(o.stdout))
	if g := dig(t, j, "gateway"); dig(t, g, "worker") != "alive" || dig(t, g, "on_hang") == "" {
		t.Errorf("%v", j)
	}
	l.stop()
	if o = run(t, "status", "--data", l.data); o.status != exitUsage {
		t.Errorf("of nobody: status %d", o.status)
	}
}

// TestGatewayUpgrades holds that the program is replaced under load, again and again: nothing
// is lost or reordered on the kernel's path, no segment has to be sent again on the deep
// one, and no forbidden write passes. A program that does not work changes nothing.
func TestGatewayUpgrades(t *testing.T) {
	l := newLine(t)
	l.stop()
	l.program = filepath.Join(t.TempDir(), "firedoor")
	replaceFile(t, l.program, read(t, program(t)))
	l.start()
	l.policyOf(withEcho())
	works(t, "isolate", "guard-a", "--verb", "no-program", "--for", "30m", "--reason", "a trial", "--data", l.data) // of nobody in the loop: its datagrams would be asked about
	l.standsBy()
	pauses := watchCores(t)
	o := l.loop()
	useless := []byte("#!/bin/sh\necho of no use >&2\nexit 3\n")
	upgrades := 10
	if testing.Short() {
		upgrades = 3
	}
	for n := 1; n <= upgrades; n++ {
		replaceFile(t, l.program, read(t, program(t)))
		l.upgrade()
		replaceFile(t, l.program, useless) // what was read and tried is what is run
		if n == upgrades {                 // who was told that it works is not let down by a worker that ends
			l.strike(syscall.SIGKILL)
		}
		l.untilStatus("another program", func(s *gateway.Status) bool { return s.Upgrades == n && s.Standby })
	}
	o.end()
	was := l.worker()
	chained := func() string { return works(t, "audit", "verify", filepath.Join(l.data, "decisions.jsonl")).stdout }
	if told, sum := chained(), fmt.Sprintf("%x", sha256.Sum256(read(t, program(t)))); !strings.Contains(told, " replaced the program at ") || !strings.Contains(told, l.program+", SHA-256 "+sum) {
		t.Errorf("audit verify says %q", told)
	}
	if r := run(t, "reload", "--binary", "--data", l.data); r.status == 0 || !strings.Contains(r.err, "the new program does not work") {
		t.Errorf("a program that does not work: status %d, %s", r.status, r.err)
	}
	if told := string(read(t, filepath.Join(l.data, "decisions.jsonl"))); strings.Count(told, `"upgrade"`) != upgrades || strings.Count(told, `"kept"`) != 1 || !strings.Contains(told, "the new program does not work") {
		t.Errorf("decisions.jsonl says %s", told)
	}
	now, still := l.worker(), pauses()
	if now != was && len(still) == 0 {
		t.Errorf("worker %d judges, it was %d", now, was)
	}
	o.noneAgain(still)
	replaceFile(t, l.program, read(t, program(t)))
	if list := works(t, "list", "--data", l.data).stdout; !strings.Contains(list, "a trial") {
		t.Errorf("list says %q", list)
	}
	l.untilStatus("all is explained", func(s *gateway.Status) bool { return s.Upgrades == upgrades && s.Explained == s.In })
}

// upgrade orders that the program be replaced. One that is not ready in time changes nothing, and
// on a machine of which others want much more than there is it is not.
func (l *line) upgrade() {
	l.t.Helper()
	var o outcome
	for range trials {
		if o = run(l.t, "reload", "--binary", "--data", l.data); o.status == exitOK || !strings.Contains(o.err, "is not ready after") {
			break
		}
	}
	if o.status != exitOK {
		l.t.Fatalf("status %d: %s\n%s", o.status, o.err, l.log)
	}
}

// replaceFile puts another program in the place of one that runs.
func replaceFile(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name+".new", text, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}
