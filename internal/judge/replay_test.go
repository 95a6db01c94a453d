package judge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"firedoor/internal/protocol/all"
	"firedoor/internal/sensor"
)

// scratch is a folder for what several tests read: the event lines of captures.
var scratch string

func TestMain(m *testing.M) {
	giveWay()
	// To start tshark takes a second, a third of it in steps by which its memory grows.
	_ = os.Setenv("GLIBC_TUNABLES", "glibc.malloc.arena_max=1:glibc.malloc.top_pad=67108864:glibc.malloc.hugetlb=1") // as well as may be
	dir, err := os.MkdirTemp("", "firedoor-judge")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	scratch = dir
	status := m.Run()
	rise()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(status)
}

// giveWay lets everybody else have the cores first, where there is a /proc: these tests
// only compute, for minutes, and those of other packages beside them drive traffic in time.
// A priority is a thread's, and a new thread has that of the one that made it.
func giveWay() {
	threads, _ := filepath.Glob("/proc/self/task/*")
	for _, thread := range threads {
		if id, err := strconv.Atoi(filepath.Base(thread)); err == nil {
			_ = syscall.Setpriority(syscall.PRIO_PROCESS, id, 10) // as well as may be
		}
	}
}

// replayed is what a replay of a capture told.
type replayed struct {
	lines     string          // the file with its event lines
	protocols map[string]bool // that are named in them
	summary   sensor.Summary
	unknown   []sensor.Unknown // all of it
}

// replays has each capture by its path: it is replayed once, however many tests judge it.
var replays sync.Map

// replay writes the event lines of a capture as `firedoor replay --shards 1 --events`
// does. Of a damaged one it is those before the damage.
func replay(path string) (*replayed, error) {
	once, _ := replays.LoadOrStore(path, sync.OnceValues(func() (*replayed, error) {
		var out bytes.Buffer
		r := sensor.Replay{Protocols: all.List, Options: sensor.Options{Captures: []string{path}, Shards: 1, Lines: &out}}
		res, err := r.Run(context.Background())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		told := replayed{protocols: map[string]bool{}, summary: res.Summary, unknown: res.Unknown()}
		for line := range bytes.Lines(out.Bytes()) {
			told.protocols[protocolOf(line)] = true
		}
		f, err := os.CreateTemp(scratch, "*.jsonl")
		if err != nil {
			return nil, err
		}
		told.lines = f.Name()
		_, err = f.Write(out.Bytes())
		return &told, errors.Join(err, f.Close())
	}))
	return once.(func() (*replayed, error))()
}

// protocolOf is the protocol in whose name an event line is, without reading it all: the
// member stands behind the time and the kind.
func protocolOf(line []byte) string {
	_, behind, _ := bytes.Cut(line, []byte(`","protocol":"`))
	name, _, _ := bytes.Cut(behind, []byte(`"`))
	return string(name)
}

// names says whether a line is in the name of one of some protocols.
func (r *replayed) names(protocols []string) bool {
	return slices.ContainsFunc(protocols, func(p string) bool { return r.protocols[p] })
}

// replayLines returns the event lines of a capture in the name of some protocols, in
// their order.
func replayLines(path string, protocols ...string) ([]eventLine, error) {
	told, err := replay(path)
	if err != nil || !told.names(protocols) {
		return nil, err
	}
	text, err := os.ReadFile(told.lines)
	if err != nil {
		return nil, err
	}
	var lines []eventLine
	for line := range bytes.Lines(text) {
		if !slices.Contains(protocols, protocolOf(line)) {
			continue
		}
		var e eventLine
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("%s: %w in %s", path, err, line)
		}
		lines = append(lines, e)
	}
	return lines, nil
}
