package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"firedoor/internal/plant"
)

// shared is a folder for what several tests read: generated captures and the
// built program.
var shared string

func TestMain(m *testing.M) {
	if os.Getenv(deadly) != "" {
		os.Exit(runDeadly(os.Args[1:]))
	}
	if program := os.Getenv(measured); program != "" {
		os.Exit(measure(program))
	}
	dir, err := os.MkdirTemp("", "firedoor-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	shared = dir
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// Tests run one after the other, for many drive traffic in time. Those that only compute
// for long call t.Parallel, and so come at the end, two at a time on two cores. They
// share no namespace, no port, no working directory and no environment.

// outcome is what a run of the program left behind.
type outcome struct {
	status      int
	stdout, err string // standard output and standard error
}

// run starts the program in this process.
func run(t testing.TB, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	m := Main{Args: args, Stdout: &stdout, Stderr: &stderr}
	status := m.Run(context.Background())
	return outcome{status, stdout.String(), stderr.String()}
}

// works runs the program and expects exit status 0 and no message.
func works(t testing.TB, args ...string) outcome {
	t.Helper()
	o := run(t, args...)
	if o.status != 0 || o.err != "" {
		t.Fatalf("firedoor %s: exit status %d, want 0 without a message:\n%s", strings.Join(args, " "), o.status, o.err)
	}
	return o
}

// folder is what --out wrote, by file name.
type folder map[string][]byte

// files is what --out writes, in the order of the contract.
var files = []string{"assets.json", "conversations.json", "alerts.json", "summary.json", "programs.json", "points.json"}

func readFolder(t testing.TB, dir string) folder {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	f := folder{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		f[e.Name()] = b
	}
	return f
}

// summaryOf runs a replay with --json and reads what it prints.
func summaryOf(t testing.TB, args ...string) map[string]any {
	t.Helper()
	o := works(t, append([]string{"replay", "--json"}, args...)...)
	return parse[map[string]any](t, []byte(o.stdout))
}

func parse[T any](t testing.TB, b []byte) T {
	t.Helper()
	var v T
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("not valid JSON: %v\n%.200s", err, b)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Fatalf("something follows the JSON value: %v", err)
	}
	return v
}

// dig follows member names into nested objects.
func dig(t testing.TB, v any, names ...string) any {
	t.Helper()
	for _, n := range names {
		m, ok := v.(map[string]any)
		if !ok || m[n] == nil {
			t.Fatalf("there is no member %s (of %s)", n, strings.Join(names, "."))
		}
		v = m[n]
	}
	return v
}

func number(t testing.TB, v any, names ...string) int {
	t.Helper()
	n, err := dig(t, v, names...).(json.Number).Int64()
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}

var made sync.Map // path of a generated capture -> func() error that makes it once

// generated gives the path of a capture that write makes once for all tests.
func generated(t testing.TB, name string, write func(w io.Writer) error) string {
	t.Helper()
	path := filepath.Join(shared, name)
	once, _ := made.LoadOrStore(path, sync.OnceValue(func() error {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		if err := write(f); err != nil {
			return err
		}
		return f.Close()
	}))
	if err := once.(func() error)(); err != nil {
		t.Fatal(err)
	}
	return path
}

// sample is the product's own sample capture.
func sample(t testing.TB) string { return generated(t, "sample.pcap", plant.WriteSample) }

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// write puts bytes into a new file and returns its path.
func write(t testing.TB, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// record is one record of a generated capture (little-endian pcap).
type record struct {
	offset, end int // in the file, the record header included
	time        int64
}

const captureHeader, recordHeader = 24, 16

// records walks a generated capture.
func records(capture []byte) []record {
	unit := int64(time.Microsecond)
	if binary.LittleEndian.Uint32(capture) == 0xa1b23c4d {
		unit = 1
	}
	var out []record
	for at := captureHeader; at+recordHeader <= len(capture); {
		h := capture[at:]
		end := at + recordHeader + int(binary.LittleEndian.Uint32(h[8:]))
		out = append(out, record{at, end, int64(binary.LittleEndian.Uint32(h))*int64(time.Second) + int64(binary.LittleEndian.Uint32(h[4:]))*unit})
		at = end
	}
	return out
}

// only keeps some records of a capture.
func only(capture []byte, keep func(i int) bool) []byte {
	out := append([]byte{}, capture[:captureHeader]...)
	for i, r := range records(capture) {
		if keep(i) {
			out = append(out, capture[r.offset:r.end]...)
		}
	}
	return out
}

// later moves all times of a capture by whole seconds.
func later(capture []byte, seconds int32) []byte {
	out := append([]byte{}, capture...)
	for _, r := range records(out) {
		binary.LittleEndian.PutUint32(out[r.offset:], uint32(int32(binary.LittleEndian.Uint32(out[r.offset:]))+seconds))
	}
	return out
}

// lines splits event lines.
func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

var build = sync.OnceValues(func() (string, error) {
	path := filepath.Join(shared, "firedoor")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, err
})

// hangLimit is what no capture may take. It is no measurement: a run that is
// over it hangs.
const hangLimit = time.Minute

// measured names the program that a test process measures instead of testing. A
// child's peak of memory starts at its parent's, so that only a parent that did
// nothing before can tell it.
const measured = "FIREDOOR_TEST_MEASURE"

// measure runs a program with this process's arguments and adds its peak of
// memory, in KB, to standard error as a last line.
func measure(program string) int {
	cmd := exec.Command(program, os.Args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	err := cmd.Run()
	if cmd.ProcessState == nil {
		fmt.Fprintln(os.Stderr, err)
		return 127
	}
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		fmt.Fprintf(os.Stderr, "\n%d", u.Maxrss)
	}
	return cmd.ProcessState.ExitCode()
}

// process runs the built program as a process of its own and returns the most
// memory it held, in MB.
func process(t testing.TB, limit time.Duration, args ...string) (o outcome, memory int) {
	t.Helper()
	program, err := build()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), measured+"="+program)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if ctx.Err() != nil {
		t.Errorf("firedoor %s: still running after %v", strings.Join(args, " "), limit)
		return outcome{status: -1}, 0
	}
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	text := stderr.String()
	at := strings.LastIndexByte(text, '\n')
	if memory, err = strconv.Atoi(text[at+1:]); err != nil {
		t.Fatalf("no measurement: %v\n%s", err, text)
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), text[:at]}, memory >> 10
}
