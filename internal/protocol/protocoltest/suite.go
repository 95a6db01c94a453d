package protocoltest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/protocol"
)

var update = flag.Bool("update", false, "write the golden files of the protocols' captures")

// Folders beside the protocols that hold none: the list, this suite, and the
// shared carriers.
var notProtocols = map[string]bool{"all": true, "protocoltest": true, "wire": true}

// sample is one protocol with its captures and what they gave.
type sample struct {
	of     *protocol.Protocol
	folder string // relative to the test's folder
	sights []*sight
	played []*player // one for each capture: the undisturbed run
}

// suite is the list under test.
type suite struct {
	list    []*protocol.Protocol
	samples []*sample
}

// Run checks every protocol of the list against the contract, with the captures
// of its own folder (../NAME/testdata/*.pcap) and those of all others. Call it
// once, from the folder of the list.
func Run(t *testing.T, list []*protocol.Protocol) {
	s := &suite{list: list}
	t.Run("list", s.checkList)
	for _, pr := range list {
		s.samples = append(s.samples, &sample{of: pr, folder: folderOf(pr)})
	}
	for _, sm := range s.samples {
		t.Run(sm.of.Name+"/captures", func(t *testing.T) { s.load(t, sm) })
	}
	for _, sm := range s.samples {
		t.Run(sm.of.Name, func(t *testing.T) { s.check(t, sm) })
	}
}

// folderOf is where a protocol's files are: its name as Go allows it for a package.
func folderOf(pr *protocol.Protocol) string {
	return filepath.Join("..", strings.NewReplacer("-", "", "_", "").Replace(pr.Name))
}

// checkList finds folders nobody listed and entries that cannot work.
func (s *suite) checkList(t *testing.T) {
	listed := map[string]bool{}
	for i, pr := range s.list {
		switch {
		case pr == nil:
			t.Fatalf("entry %d of the list is nil", i)
		case pr.Name == "" || pr.New == nil:
			t.Errorf("entry %d of the list (%q) has no Name or no New", i, pr.Name)
		case listed[folderOf(pr)]:
			t.Errorf("%s is in the list twice", pr.Name)
		case pr.Probe == nil && len(pr.TCP)+len(pr.UDP) > 0:
			t.Errorf("%s has ports but no Probe: a port only suggests", pr.Name)
		}
		listed[folderOf(pr)] = true
		names := map[string]bool{}
		for _, space := range pr.Spaces {
			if names[space.Name] {
				t.Errorf("%s: two of its Spaces are called %q: what is learned is stored by that name", pr.Name, space.Name)
			}
			names[space.Name] = true
		}
		for _, name := range []string{"doc.go", "protocol.go"} {
			if _, err := os.Stat(filepath.Join(folderOf(pr), name)); err != nil {
				t.Errorf("%s: add %s: every protocol's folder has the same files", pr.Name, repoPath(folderOf(pr), name))
			}
		}
	}
	files, err := filepath.Glob(filepath.Join("..", "*", "protocol.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		folder := filepath.Dir(f)
		if !listed[folder] && !notProtocols[filepath.Base(folder)] {
			t.Errorf("%s is not in the list: add its line to internal/protocol/all/all.go", repoPath(folder, ""))
		}
	}
}

// repoPath names a file of a protocol's folder as seen from the repository's root.
func repoPath(folder, file string) string {
	return filepath.ToSlash(filepath.Join("internal/protocol", filepath.Base(folder), file))
}

// load reads a protocol's captures and plays each once, undisturbed.
func (s *suite) load(t *testing.T, sm *sample) {
	paths, err := filepath.Glob(filepath.Join(sm.folder, "testdata", "*.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatalf("%s has no capture: write %s (a function in internal/plant/case_%s.go and a line in internal/plant/cases.go, then go test ./internal/plant -run TestCaptures -update)",
			sm.of.Name, repoPath(sm.folder, "testdata/NAME.pcap"), filepath.Base(sm.folder))
	}
	for _, path := range paths {
		st, err := readSight(path)
		if err != nil {
			t.Error(err)
			continue
		}
		p := newPlayer(s.list)
		p.play(st.chunks)
		sm.sights = append(sm.sights, st)
		sm.played = append(sm.played, p)
	}
}

func (s *suite) check(t *testing.T, sm *sample) {
	if len(sm.sights) == 0 {
		t.Skip("no capture")
	}
	for i, st := range sm.sights {
		base := sm.played[i]
		t.Run("contract/"+st.name, func(t *testing.T) { report(t, base) })
		t.Run("golden/"+st.name, func(t *testing.T) { golden(t, sm, st, base) })
		t.Run("spans/"+st.name, func(t *testing.T) { s.spans(t, st, base) })
		t.Run("cuts/"+st.name, func(t *testing.T) { s.cuts(t, st, base) })
		t.Run("damage/"+st.name, func(t *testing.T) { s.damage(t, st, base) })
		t.Run("gaps/"+st.name, func(t *testing.T) { s.gaps(t, st, base) })
		if strings.HasPrefix(st.name, "poll") {
			t.Run("allocations/"+st.name, func(t *testing.T) { s.allocations(t, st, base) })
		}
	}
	t.Run("speaks", func(t *testing.T) { speaks(t, sm) })
	t.Run("events", func(t *testing.T) { events(t, sm) })
	if sm.of.Probe != nil {
		t.Run("probe/own", func(t *testing.T) { probeOwn(t, sm) })
		t.Run("probe/others", func(t *testing.T) { s.probeOthers(t, sm.of) })
	}
}

func report(t *testing.T, p *player) {
	t.Helper()
	for _, b := range p.broke {
		t.Error(b)
	}
}

// golden compares what a capture gives with the file beside it.
func golden(t *testing.T, sm *sample, st *sight, p *player) {
	path := filepath.Join(sm.folder, "testdata", st.name+".golden")
	got := script(st, p)
	if *update {
		if old, err := os.ReadFile(path); err == nil && string(old) == got {
			return
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("no golden file %s: run go test ./internal/protocol/all -run TestContract -update, and read what it wrote", repoPath(sm.folder, "testdata/"+st.name+".golden"))
	}
	if got != string(want) {
		t.Errorf("%s differs; if the new events are right, run go test ./internal/protocol/all -run TestContract -update\n%s",
			repoPath(sm.folder, "testdata/"+st.name+".golden"), firstDifference(got, string(want)))
	}
}

// script writes a capture's flows and events as golden files have them.
func script(st *sight, p *player) string {
	var b strings.Builder
	for _, f := range st.flows {
		client := 0
		if r := p.runners[f]; r != nil {
			client = int(r.Client())
		}
		spoke := strings.Join(p.spoke[f], " ")
		if spoke == "" {
			spoke = "unknown"
		}
		fmt.Fprintf(&b, "flow %d %s %s > %s %s\n", f.index, transportNames[f.kind], end(f, client), end(f, 1-client), spoke)
	}
	for i := range p.records {
		r := &p.records[i]
		fmt.Fprintf(&b, "%d %s %s\n", r.flow.index, [...]string{"client", "server"}[r.dir&1], r.text)
	}
	return b.String()
}

func end(f *flow, side int) string {
	e := f.ends[side]
	if f.kind == overEthernet {
		return e.MAC.String()
	}
	if e.IP.Is4() {
		return fmt.Sprintf("%s:%d", e.IP, e.Port)
	}
	return fmt.Sprintf("[%s]:%d", e.IP, e.Port)
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := 0; i < len(g) || i < len(w); i++ {
		at := func(lines []string) string {
			if i < len(lines) {
				return lines[i]
			}
			return "(end)"
		}
		if at(g) != at(w) {
			return fmt.Sprintf("line %d\n got: %s\nwant: %s", i+1, at(g), at(w))
		}
	}
	return ""
}

// speaks checks that the protocol was found in each of its captures.
func speaks(t *testing.T, sm *sample) {
	for i, st := range sm.sights {
		found := false
		for _, f := range st.flows {
			found = found || sm.played[i].speaks(f, sm.of.Name)
		}
		if !found {
			t.Errorf("no flow of %s is taken for %s", repoPath(sm.folder, "testdata/"+st.name+".pcap"), sm.of.Name)
		}
	}
}

// events compares the declared kinds of event with those the captures show.
func events(t *testing.T, sm *sample) {
	declared := map[firedoor.EventKind]bool{}
	for _, k := range sm.of.Events {
		if declared[k] {
			t.Errorf("Protocol.Events of %s names %q twice", sm.of.Name, k)
		}
		declared[k] = true
	}
	for k := firedoor.EventOperation; k <= firedoor.EventHandOver; k++ {
		shown := false
		for _, p := range sm.played {
			shown = shown || p.shown[sm.of.Name][k]
		}
		switch {
		case declared[k] && !shown:
			t.Errorf("%s declares %q events but none of its captures shows one: add it to internal/plant/case_%s.go", sm.of.Name, k, filepath.Base(sm.folder))
		case shown && !declared[k]:
			t.Errorf("%s emits %q events: add the kind to Events in %s", sm.of.Name, k, repoPath(sm.folder, "protocol.go"))
		}
	}
}
