package confine_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"

	"firedoor/internal/confine"
)

// What cannot be undone is tested in a child: this program, started again with
// its task in the environment.
const taskVariable = "FIREDOOR_TEST_CONFINE"

// task is what the child is to do: drop what cfg says, then try everything.
type task struct {
	Config  confine.Config
	Data    string // may be written
	File    string // may be read
	Outside string // neither
	Address string // a TCP server's
	Notify  string
}

// outcome is what came of it: each try by its name with its error, "" for success.
type outcome struct {
	Report  confine.Report
	Error   string
	Tries   map[string]string
	Threads []string // lines of /proc/self/task/*/status that tell rights
}

func TestMain(m *testing.M) {
	text := os.Getenv(taskVariable)
	if text == "" {
		os.Exit(m.Run())
	}
	var do task
	if err := json.Unmarshal([]byte(text), &do); err != nil {
		panic(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(do.run()); err != nil {
		panic(err)
	}
}

func (do *task) run() outcome {
	// More threads than one, for all are to be confined.
	var running, hold sync.WaitGroup
	running.Add(8)
	hold.Add(1)
	for range 8 {
		go func() {
			running.Done()
			_ = unix.Nanosleep(&unix.Timespec{Nsec: 50e6}, nil)
			hold.Wait()
		}()
	}
	running.Wait()
	defer hold.Done()
	var o outcome
	report, err := confine.Drop(do.Config)
	o.Report = report
	if err != nil {
		o.Error = err.Error()
		return o
	}
	o.Tries = do.tries()
	tasks, _ := filepath.Glob("/proc/self/task/*/status")
	for _, path := range tasks {
		status, _ := os.ReadFile(path)
		var rights []string
		for line := range strings.Lines(string(status)) {
			switch kind, value, _ := strings.Cut(line, ":"); kind {
			case "CapEff", "CapPrm", "CapBnd", "CapAmb", "CapInh", "NoNewPrivs":
				rights = append(rights, kind+"="+strings.TrimSpace(value))
			}
		}
		o.Threads = append(o.Threads, strings.Join(rights, " "))
	}
	return o
}

func (do *task) tries() map[string]string {
	tries := map[string]string{}
	try := func(what string, err error) {
		tries[what] = ""
		if err != nil {
			tries[what] = err.Error()
		}
	}
	read := func(path string) error { _, err := os.ReadFile(path); return err }
	socket := func(domain, kind, protocol int) error {
		fd, err := unix.Socket(domain, kind, protocol)
		if err == nil {
			unix.Close(fd)
		}
		return err
	}
	dial := func(address string) error {
		conn, err := net.Dial("tcp4", address)
		if err == nil {
			conn.Close()
		}
		return err
	}
	try("read the file", read(do.File))
	try("read a neighbour", read(filepath.Join(do.Outside, "secret")))
	try("read /etc/shadow", read("/etc/shadow"))
	try("list outside", func() error { _, err := os.ReadDir(do.Outside); return err }())
	try("write outside", os.WriteFile(filepath.Join(do.Outside, "new"), nil, 0o600))
	try("truncate outside", os.Truncate(do.File, 0))
	try("write data", os.WriteFile(filepath.Join(do.Data, "new"), []byte("x"), 0o600))
	try("make a directory", os.Mkdir(filepath.Join(do.Data, "below"), 0o700))
	try("move", os.Rename(filepath.Join(do.Data, "new"), filepath.Join(do.Data, "below", "old")))
	try("read data", read(filepath.Join(do.Data, "below", "old")))
	try("remove", os.RemoveAll(filepath.Join(do.Data, "below")))
	try("run a program", exec.Command("/bin/true").Run())
	program := filepath.Join(do.Data, "program")
	try("write a program", os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700))
	try("run it", exec.Command(program).Run())
	try("raw socket", socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP))
	try("packet socket", socket(unix.AF_PACKET, unix.SOCK_RAW, 0))
	try("connect", dial(do.Address))
	os.Setenv("NOTIFY_SOCKET", do.Notify)
	try("notify", confine.Notify(confine.Ready))
	return tries
}

// confined runs a child and returns what came of it.
func confined(t *testing.T, cfg confine.Config, change func(*exec.Cmd, *task)) outcome {
	t.Helper()
	if version, err := ll.LandlockGetABIVersion(); err != nil || version < 5 {
		t.Skipf("needs landlock version 5 to see everything confined; this kernel has version %d (%v)", version, err)
	}
	root, err := os.MkdirTemp("", "firedoor-confine")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	do := task{Data: filepath.Join(root, "data"), Outside: root, File: filepath.Join(root, "file")}
	for _, err := range []error{
		os.Chmod(root, 0o777),
		os.Mkdir(do.Data, 0o777),
		os.Chmod(do.Data, 0o777),
		os.WriteFile(do.File, []byte("text"), 0o644),
		os.WriteFile(filepath.Join(root, "secret"), []byte("text"), 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	server, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	do.Address = server.Addr().String()
	do.Notify = filepath.Join(root, "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: do.Notify, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { manager.Close() })
	if err := os.Chmod(do.Notify, 0o777); err != nil {
		t.Fatal(err)
	}
	do.Config = cfg
	do.Config.Read, do.Config.Write = append(cfg.Read, do.File), append(cfg.Write, do.Data)

	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	if change != nil {
		change(cmd, &do)
	}
	text, err := json.Marshal(do)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), taskVariable+"="+string(text))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the child: %v\n%s", err, stderr.String())
	}
	var o outcome
	if err := json.Unmarshal(out, &o); err != nil {
		t.Fatalf("the child said %q: %v", out, err)
	}
	return o
}

var allowed = []string{"read the file", "write data", "make a directory", "move", "read data", "remove", "write a program", "notify"}

// check compares what succeeded with what should.
func (o *outcome) check(t *testing.T, allowed ...string) {
	t.Helper()
	if o.Error != "" {
		t.Fatal(o.Error)
	}
	for _, what := range allowed {
		if _, tried := o.Tries[what]; !tried {
			t.Errorf("%s: was not tried", what)
		}
	}
	for what, problem := range o.Tries {
		switch may := slices.Contains(allowed, what); {
		case may && problem != "":
			t.Errorf("%s: %s, but it is permitted", what, problem)
		case !may && problem == "":
			t.Errorf("%s: it worked", what)
		case !may && !strings.Contains(problem, "permission denied") && !strings.Contains(problem, "not permitted"):
			t.Errorf("%s: failed for another reason: %s", what, problem)
		}
	}
}

func (o *outcome) checkThreads(t *testing.T, want string) {
	t.Helper()
	if len(o.Threads) < 4 {
		t.Errorf("only %d threads", len(o.Threads))
	}
	for _, thread := range o.Threads {
		if thread != want {
			t.Errorf("a thread has %s, want %s", thread, want)
		}
	}
}

const nothing = "0000000000000000"

func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: only root has rights to drop")
	}
}

func TestDropAsRoot(t *testing.T) {
	needsRoot(t)
	o := confined(t, confine.Config{}, nil)
	o.check(t, allowed...)
	o.checkThreads(t, fmt.Sprintf("CapInh=%s CapPrm=%[1]s CapEff=%[1]s CapBnd=%[1]s CapAmb=%[1]s NoNewPrivs=1", nothing))
	r := o.Report
	if r.Landlock < 5 || !r.NoNewPrivileges || len(r.Capabilities) != 0 || r.User != 0 || len(r.Missing) != 0 {
		t.Errorf("the report is %+v", r)
	}
}

func TestDropKeepsWhatIsNamed(t *testing.T) {
	needsRoot(t)
	o := confined(t, confine.Config{Capabilities: []int{unix.CAP_NET_RAW}}, func(_ *exec.Cmd, do *task) {
		address, err := net.ResolveTCPAddr("tcp4", do.Address)
		if err != nil {
			t.Fatal(err)
		}
		do.Config.Connect = []uint16{uint16(address.Port)}
	})
	o.check(t, append(slices.Clone(allowed), "raw socket", "packet socket", "connect")...)
	const raw = "0000000000002000"
	o.checkThreads(t, fmt.Sprintf("CapInh=%s CapPrm=%[2]s CapEff=%[2]s CapBnd=%[2]s CapAmb=%[1]s NoNewPrivs=1", nothing, raw))
	if !slices.Equal(o.Report.Capabilities, []string{"CAP_NET_RAW"}) {
		t.Errorf("the report is %+v", o.Report)
	}
}

// TestDropAsUser: a process without any right of its own confines itself too, and
// says what it could not do.
func TestDropAsUser(t *testing.T) {
	needsRoot(t)
	const nobody = 65534
	o := confined(t, confine.Config{Capabilities: []int{unix.CAP_NET_RAW}}, func(cmd *exec.Cmd, _ *task) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		// The test binary lies where only root may look.
		self := filepath.Join(t.TempDir(), "child")
		program, err := os.ReadFile(cmd.Path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(self, program, 0o755); err != nil {
			t.Fatal(err)
		}
		for dir := filepath.Dir(self); strings.HasPrefix(dir, os.TempDir()+"/"); dir = filepath.Dir(dir) {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		cmd.Path, cmd.Dir = self, "/"
	})
	o.check(t, allowed...)
	r := o.Report
	if len(r.Missing) != 1 || !strings.Contains(r.Missing[0], "CAP_SETPCAP") || r.User != nobody || !r.NoNewPrivileges {
		t.Errorf("the report is %+v", r)
	}
}

func TestDropRefusesWhatIsNotThere(t *testing.T) {
	for _, cfg := range []confine.Config{{Read: []string{"/no/such/file"}}, {Write: []string{"/no/such/file"}}, {Capabilities: []int{99}}} {
		o := confined(t, cfg, nil)
		if want := "/no/such/file"; o.Error == "" || cfg.Capabilities == nil && !strings.Contains(o.Error, want) {
			t.Errorf("%+v: %q, want an error that names it", cfg, o.Error)
		}
	}
}

func TestLook(t *testing.T) {
	r, err := confine.Look()
	if err != nil {
		t.Fatal(err)
	}
	if r.Landlock != 0 || r.User != os.Geteuid() || r.Missing == nil {
		t.Errorf("%+v", r)
	}
	raw, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err == nil {
		unix.Close(raw)
	}
	if has := slices.Contains(r.Capabilities, "CAP_NET_RAW"); has != !errors.Is(err, unix.EPERM) {
		t.Errorf("Look says CAP_NET_RAW %v, but a packet socket: %v", has, err)
	}
}
