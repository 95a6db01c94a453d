package judge

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// sitting is the judge as a process that stays, sharkd, which comes with tshark and reads
// frames by the same code: it opens a thousand captures one after the other, where tshark
// begins anew for each of them, which takes longer than what it then reads.
type sitting struct {
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	asked   int
	opened  int // captures
}

// mostOpened is how many captures one process opens: it gives back little of what it held
// for them, 3 GB after some hundred.
const mostOpened = 16

// seats are the judges that sit: a nil one has not begun, or was sent away.
var seats = func() chan *sitting {
	free := make(chan *sitting, judges)
	for range judges {
		free <- nil
	}
	return free
}()

// screenSitting counts the frames that each filter picks; nil where no judge sits, or it
// does not say.
func screenSitting(r reading, filters []string) map[string]int {
	s := <-seats
	var err error
	if s == nil {
		s, err = sit()
	}
	var counts map[string]int
	if err == nil {
		counts, err = s.count(r, filters)
	}
	if err != nil {
		counts = nil
	}
	if err != nil || s.opened == mostOpened {
		s.leave()
		s = nil
	}
	seats <- s
	return counts
}

// rise ends those that sit; nobody may ask any more.
func rise() {
	for range judges {
		(<-seats).leave()
	}
}

// leave ends a process; whatever it says by then nobody asked for.
func (s *sitting) leave() {
	if s != nil {
		_ = s.in.Close()
		_ = s.process.Process.Kill()
		_ = s.process.Wait()
	}
}

func sit() (*sitting, error) {
	cmd := exec.Command("sharkd", "-")
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &sitting{process: cmd, in: in, out: bufio.NewReader(out)}, nil
}

// ask makes one call, JSON-RPC in lines, and reads the answer's result.
func (s *sitting) ask(method string, params map[string]any, result any) error {
	s.asked++
	call, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": s.asked, "method": method, "params": params})
	if err != nil {
		return err
	}
	if _, err := s.in.Write(append(call, '\n')); err != nil {
		return err
	}
	line, err := s.out.ReadBytes('\n')
	if err != nil {
		return err
	}
	var answer struct {
		ID     int
		Result json.RawMessage
	}
	if err := json.Unmarshal(line, &answer); err != nil || answer.ID != s.asked || answer.Result == nil {
		return fmt.Errorf("sharkd: %s: %.200s: %w", method, line, err)
	}
	return json.Unmarshal(answer.Result, result)
}

// graphs is how many filters one call takes.
const graphs = 10

// interval is what the counts are parted by, in ms: as long as sharkd lets it be.
const interval = 1_000_000_000

func (s *sitting) count(r reading, filters []string) (map[string]int, error) {
	path, err := filepath.Abs(r.path)
	if err != nil {
		return nil, err
	}
	var set, loaded struct{ Status string }
	if err := s.ask("setconf", map[string]any{"name": outOfOrder, "value": r.order}, &set); err != nil {
		return nil, err
	}
	s.opened++
	if err := s.ask("load", map[string]any{"file": path}, &loaded); err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for some := range slices.Chunk(filters, graphs) {
		params := map[string]any{"interval": interval}
		for i, f := range some {
			params[fmt.Sprint("graph", i)], params[fmt.Sprint("filter", i)] = "packets", f
		}
		var told struct{ Iograph []struct{ Items []any } }
		if err := s.ask("iograph", params, &told); err != nil {
			return nil, err
		}
		if len(told.Iograph) != len(some) {
			return nil, fmt.Errorf("sharkd: %s: %d graphs of %d filters", path, len(told.Iograph), len(some))
		}
		for i, g := range told.Iograph {
			counts[some[i]] = 0
			for _, item := range g.Items { // a text says which interval comes next, after some without a frame
				n, _ := item.(float64)
				counts[some[i]] += int(n)
			}
		}
	}
	if counts["frame"] == 0 {
		return nil, fmt.Errorf("sharkd: %s: no frame", path)
	}
	return counts, nil
}

// TestSittingCountsAlike holds, over the product's own captures, that the judge that sits
// tells of no filter that it picks nothing where tshark says that it picks something.
func TestSittingCountsAlike(t *testing.T) {
	for _, program := range []string{"tshark", "sharkd"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is not installed: captures are screened by tshark alone, or not at all")
		}
	}
	picked := 0
	paths, err := filepath.Glob(filepath.Join("..", "protocol", "*", "testdata", "malformed.pcap"))
	if err != nil || len(paths) < 20 {
		t.Fatalf("the protocols' captures are not there: %v %v", paths, err)
	}
	for i, path := range paths {
		if i%6 != 0 {
			continue
		}
		r := reading{path, []string{"FALSE", "TRUE"}[i/6%2]}
		filters := screens(r.order)
		sat, alone := screenSitting(r, filters), screenAlone(r, filters)
		if sat == nil || alone == nil {
			t.Errorf("%s: not counted: %v, %v", path, sat, alone)
			continue
		}
		for _, f := range filters {
			if sat[f] != alone[f] {
				t.Errorf("%s: %q picks %d frames, of tshark %d", path, f, sat[f], alone[f])
			}
			if alone[f] > 0 {
				picked++
			}
		}
	}
	if picked < 12 {
		t.Errorf("only %d filters pick anything", picked)
	}
}
