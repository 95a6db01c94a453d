package judge

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"firedoor/internal/corpus"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/all"
	"firedoor/internal/protocol/protocoltest"
)

// flat are folders with one for each capture: they are counted as one.
var flat = []string{"suricata-verify"}

// placeOf parts the path of a capture from elsewhere into the folder it is counted in,
// its first two below the folder of the protocols' captures, and what follows.
func placeOf(root, capture string) (folder, name string) {
	rel, err := filepath.Rel(root, capture)
	if err != nil {
		rel = filepath.Base(capture)
	}
	parts := strings.Split(strings.TrimPrefix(filepath.ToSlash(rel), "protocols/"), "/")
	at := min(2, len(parts)-1)
	if slices.Contains(flat, parts[0]) {
		at = 1
	}
	return path.Join(parts[:at]...), path.Join(parts[at:]...)
}

// foldersOf are captures from elsewhere, with what was compared of each, in the order of
// their folders.
func foldersOf(of map[string]int) (out []protocoltest.Folder) {
	for _, capture := range slices.Sorted(maps.Keys(of)) {
		folder, name := placeOf(os.Getenv(corpus.Variable), capture)
		at := slices.IndexFunc(out, func(f protocoltest.Folder) bool { return f.Name == folder })
		if at < 0 {
			at, out = len(out), append(out, protocoltest.Folder{Name: folder, Captures: map[string]int{}})
		}
		out[at].Captures[name] = of[capture]
	}
	slices.SortFunc(out, func(a, b protocoltest.Folder) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// namesOf are the names of captures of the product's own.
func namesOf(of map[string]int) (names []string) {
	for capture := range of {
		names = append(names, strings.TrimSuffix(filepath.Base(capture), ".pcap"))
	}
	slices.Sort(names)
	return names
}

// sighting is what captures show of one protocol.
type sighting struct {
	captures           []string
	functions, samples map[string]bool
}

// TestSeen finds what captures from elsewhere show of every protocol, for the coverage
// sheet to say what rests on the product's own captures alone. Captures that somebody
// crafted or broke show nothing about a protocol, and are left out.
func TestSeen(t *testing.T) {
	root := corpus.Folder(t)
	broken := filepath.Join(root, "malformed") + string(filepath.Separator)
	captures := slices.DeleteFunc(corpus.Captures(t), func(path string) bool { return strings.HasPrefix(path, broken) })
	seen := map[string]*sighting{}
	for i, s := range inPairs(captures, sightings) {
		if s == nil {
			t.Errorf("%s: cannot be read", captures[i])
		}
		for name, of := range s {
			if seen[name] == nil {
				seen[name] = &sighting{functions: map[string]bool{}, samples: map[string]bool{}}
			}
			seen[name].captures = append(seen[name].captures, captures[i])
			maps.Copy(seen[name].functions, of.functions)
			maps.Copy(seen[name].samples, of.samples)
		}
	}
	said := map[string]protocoltest.Seen{}
	take := func(name string, sheet *protocol.Sheet) {
		if s := seen[name]; s != nil {
			said[name] = s.said(root)
		}
		checkOwn(t, name, sheet, seen[name])
	}
	for _, p := range all.List {
		take(p.Name, &p.Sheet)
		for i := range p.Sheet.Inside {
			take(p.Sheet.Inside[i].Name, &p.Sheet.Inside[i].Sheet)
		}
	}
	keepSeen(t, said)
	checkJudged(t)
}

// checkJudged fails where an industrial protocol that the judge reads is not compared:
// the coverage sheet says of one that is not compared that the judge cannot read it.
func checkJudged(t *testing.T) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "protocol", "all", protocoltest.JudgedFile))
	if err != nil {
		t.Fatal(err)
	}
	judged := map[string]protocoltest.Judged{}
	if err := json.Unmarshal(b, &judged); err != nil {
		t.Fatal(err)
	}
	for _, name := range judgedProtocols {
		if _, ok := judged[name]; !ok && !slices.Contains(judgeless, name) {
			t.Errorf("%s: the judge reads it, and it is not compared", name)
		}
	}
}

// checkOwn fails where a capture from elsewhere has what is said to be in none.
func checkOwn(t *testing.T, name string, sheet *protocol.Sheet, s *sighting) {
	t.Helper()
	for _, part := range sheet.Own {
		if s == nil {
			t.Errorf("%s: %s is said to be in no capture from elsewhere, but all of the protocol is in none", name, part.Name)
			continue
		}
		for _, shown := range slices.Sorted(maps.Keys(s.functions)) {
			_, words, _ := strings.Cut(shown, " ")
			if words = words[:strings.LastIndex(words, " (")]; part.Has(words) {
				t.Errorf("%s: %s is said to be in no capture from elsewhere, but one shows %q", name, part.Name, words)
			}
		}
		for _, words := range slices.Sorted(maps.Keys(s.samples)) {
			if part.Has(words) {
				t.Errorf("%s: %s is said to be in no capture from elsewhere, but one shows the sample %q", name, part.Name, words)
			}
		}
	}
}

// said is a sighting as it is written down.
func (s *sighting) said(root string) protocoltest.Seen {
	out := protocoltest.Seen{Folders: map[string]int{}, Functions: slices.Sorted(maps.Keys(s.functions)), Samples: slices.Sorted(maps.Keys(s.samples))}
	for _, capture := range s.captures {
		folder, name := placeOf(root, capture)
		out.Folders[folder]++
		if len(s.captures) <= protocoltest.MaxNames {
			out.Names = append(out.Names, path.Join(folder, name))
		}
	}
	return out
}

// sightings is what one capture shows of each protocol; nil if it cannot be read.
func sightings(capture string) map[string]*sighting {
	told, err := replay(capture)
	if err != nil {
		return nil
	}
	out := map[string]*sighting{}
	of := func(name string) *sighting {
		if out[name] == nil {
			out[name] = &sighting{functions: map[string]bool{}, samples: map[string]bool{}}
		}
		return out[name]
	}
	for i := range told.summary.Protocols {
		of(told.summary.Protocols[i].Protocol)
	}
	text, err := os.ReadFile(told.lines)
	if err != nil {
		return nil
	}
	met := map[string]bool{}
	for line := range bytes.Lines(text) {
		name := protocolOf(line)
		// What stands between the ends and the object: verb, function and code.
		key := string(member(line, `"verb":"`, `"`)) + "\n" + string(member(line, `"function":"`, `"`)) + "\n" + string(member(line, `"code":`, `,`)) + "\n" + name
		if met[key] {
			continue
		}
		met[key] = true
		var e eventLine
		if err := json.Unmarshal(line, &e); err != nil {
			return nil
		}
		if e.Kind == "sample" {
			of(name).samples[e.Function] = true
		} else {
			of(name).functions[protocoltest.ShownAs(uint32(e.Code), e.Function, e.Verb)] = true
		}
	}
	return out
}

// member is what stands behind a member's name, up to an end.
func member(line []byte, name, end string) []byte {
	_, behind, _ := bytes.Cut(line, []byte(name))
	value, _, _ := bytes.Cut(behind, []byte(end))
	return value
}

// keepSeen writes down what was seen or, without -update, demands that it is what is
// written down.
func keepSeen(t *testing.T, said map[string]protocoltest.Seen) {
	t.Helper()
	file := filepath.Join("..", "protocol", "all", protocoltest.SeenFile)
	if updating() {
		b, err := json.MarshalIndent(said, "", "  ")
		if err == nil {
			err = os.WriteFile(file, append(b, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string]protocoltest.Seen{}
	if err := json.Unmarshal(b, &kept); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(said)) {
		if s := said[name]; !reflect.DeepEqual(s, kept[name]) {
			t.Errorf("%s: captures from elsewhere show %+v, and the coverage sheet quotes %+v: run this test with -update, then go test ./internal/protocol/all -run TestCoverageSheet -update", name, s, kept[name])
		}
	}
	for name := range kept {
		if _, ok := said[name]; !ok {
			t.Errorf("%s: the coverage sheet says that captures from elsewhere show it, and none does: run this test with -update", name)
		}
	}
}
