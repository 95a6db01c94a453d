package protocoltest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"firedoor/internal/protocol"
)

// Judged is what an independent judge said of a protocol over captures from
// elsewhere. The tests that ask the judge keep it in JudgedFile, by protocol.
type Judged struct {
	Judge    string   `json:"judge"`          // "tshark"
	From     []Folder `json:"from,omitempty"` // the captures that hold the protocol
	Compared int      `json:"compared"`       // operations and samples
	Agree    int      `json:"agree"`
	Extra    int      `json:"extra,omitempty"` // that the judge does not have
	Fields   string   `json:"fields"`          // that were compared
	// The same of captures that the product made itself: what it knows of the protocol
	// is in both sides of those, so they count apart.
	Own         []string `json:"own,omitempty"` // the captures' names
	OwnCompared int      `json:"own_compared,omitempty"`
	OwnAgree    int      `json:"own_agree,omitempty"`
	// Below is why fewer agree than LeastShare, "" where enough do.
	Below string `json:"below,omitempty"`
}

// Folder is a folder of captures from elsewhere, without the first part of its path
// that most have in common.
type Folder struct {
	Name     string         `json:"folder"`
	Captures map[string]int `json:"captures"` // what of the protocol is in each
}

// Seen is what captures from elsewhere show of a protocol, by the product's own word.
// A test over them keeps it in SeenFile, by protocol.
type Seen struct {
	Folders map[string]int `json:"folders"` // how many captures of each have it
	Names   []string       `json:"names"`   // of the captures, where they are few
	// What was seen at least once, as shownAs writes it.
	Functions []string `json:"functions,omitempty"`
	Samples   []string `json:"samples,omitempty"`
}

// Anew says in Fields that the judge cannot read the protocol: it only takes the captures
// apart, and a test reads the bytes a second time.
const Anew = "read anew from the bytes that it shows, as it has no dissector"

// MaxNames is how many captures are called by their names, and not counted.
const MaxNames = 5

// Captures is how many have it.
func (s *Seen) Captures() (n int) {
	for _, of := range s.Folders {
		n += of
	}
	return n
}

// ShownAs names a function in SeenFile.
func ShownAs(code uint32, words, verb string) string {
	return fmt.Sprintf("%#x %s (%s)", code, words, verb)
}

// LeastShare is how many of a hundred operations must agree with the judge, missing
// and extra ones counted.
const LeastShare = 99.9

// Share is how many of a hundred agree, over captures from elsewhere.
func (j *Judged) Share() float64 { return 100 * float64(j.Agree) / float64(j.Compared+j.Extra) }

// Captures is how many from elsewhere were compared.
func (j *Judged) Captures() (n int) {
	for i := range j.From {
		n += len(j.From[i].Captures)
	}
	return n
}

// JudgedFile and SeenFile are where these words are, seen from the folder of the list.
const (
	JudgedFile = "testdata/judged.json"
	SeenFile   = "testdata/seen.json"
)

// evidence is what the sheet can say of where a protocol was tried.
type evidence struct {
	judged map[string]Judged
	seen   map[string]Seen
}

func readEvidence(t *testing.T) (e evidence) {
	t.Helper()
	for path, into := range map[string]any{JudgedFile: &e.judged, SeenFile: &e.seen} {
		b, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(b, into)
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	return e
}

// liveTests are where peers are talked with, seen from the folder of the list.
const liveTests = "../../../cmd/firedoor/*_test.go"

// goldenRead is how a protocol's doc.go says that somebody read its golden files, comment
// signs between the words left out.
const goldenRead = "golden files were read against"

// check fails where a protocol's Sheet claims what nothing shows.
func (s *sheet) check(t *testing.T, pr *protocol.Protocol) {
	t.Helper()
	if pr.Sheet.Title == "" || pr.Sheet.By == "" {
		t.Errorf("%s: say in its Sheet what it is called and after which specification it is read", pr.Name)
	}
	doc, err := os.ReadFile(filepath.Join(folderOf(pr), "doc.go"))
	if err != nil {
		t.Error(err)
	}
	words := strings.Join(strings.Fields(strings.ReplaceAll(string(doc), "//", "")), " ")
	if told := strings.Contains(words, goldenRead); told != (pr.Sheet.Golden != "") {
		t.Errorf("%s: its Sheet says that golden files were read against %q, and whether its doc.go says so (%q) is %v: both or neither", pr.Name, pr.Sheet.Golden, goldenRead, told)
	}
	live, err := filepath.Glob(liveTests)
	if err != nil || len(live) == 0 {
		t.Fatalf("no tests at %s (%v)", liveTests, err)
	}
	for _, peer := range pr.Sheet.Peers {
		if !slices.ContainsFunc(live, func(path string) bool {
			b, err := os.ReadFile(path)
			return err == nil && strings.Contains(string(b), peer)
		}) {
			t.Errorf("%s: its Sheet names the peer %s, and no test of %s does", pr.Name, peer, liveTests)
		}
	}
	p := s.protocol(pr.Name)
	for _, part := range pr.Sheet.Own {
		if !slices.ContainsFunc(slices.Concat(p.functions, p.samples), func(f *function) bool { return part.Has(f.words) }) {
			t.Errorf("%s: nothing in its own captures is %s", pr.Name, part.Name)
		}
	}
}

// cell is what stands in the table.
func (e *evidence) cell(pr *protocol.Protocol) string {
	j, ok := e.judged[pr.Name]
	switch {
	case ok && len(j.From) == 0:
		return fmt.Sprintf("own %d of %d in %d", j.OwnAgree, j.OwnCompared, len(j.Own))
	case !ok:
		return "not compared"
	}
	text := fmt.Sprintf("%d of %d in %d", j.Agree, j.Compared, j.Captures())
	if j.Below != "" {
		text += fmt.Sprintf(", **%.1f %%, below the aim**", j.Share())
	}
	if strings.Contains(j.Fields, Anew) {
		text += ", *read anew*"
	}
	if len(j.Own) > 0 {
		text += fmt.Sprintf(" + own %d of %d in %d", j.OwnAgree, j.OwnCompared, len(j.Own))
	}
	return text
}

// elsewhere is what stands in the table of captures from elsewhere: in how many it was
// seen.
func (e *evidence) elsewhere(pr *protocol.Protocol) string {
	s := e.seen[pr.Name]
	if n := s.Captures(); n > 0 {
		return fmt.Sprint(n)
	}
	return "*own bytes*"
}

// tell says in a protocol's section what it was tried on.
func (e *evidence) tell(b *strings.Builder, pr *protocol.Protocol, p *shown) {
	j, judged := e.judged[pr.Name]
	switch {
	case !judged && pr.Industrial: // a test over the captures checks that
		b.WriteString("- Not compared: tshark 4.0 does not read it.\n")
	case !judged:
		b.WriteString("- Not compared: tshark reads it, and nobody has put the two beside each other.\n")
	case len(j.From) > 0:
		fmt.Fprintf(b, "- Compared with %s: %s. Captures: %s.\n", j.Judge, j.Fields, foldersText(j.From))
	}
	if judged && len(j.Own) > 0 {
		fmt.Fprintf(b, "- Compared with %s in captures of the product's own (%s): %s.\n", j.Judge, strings.Join(j.Own, ", "), j.Fields)
	}
	if j.Below != "" {
		fmt.Fprintf(b, "- Below the aim: %s.\n", j.Below)
	}
	if len(pr.Sheet.Peers) > 0 {
		fmt.Fprintf(b, "- Live, in tests: %s.\n", strings.Join(pr.Sheet.Peers, ", "))
	}
	if pr.Sheet.Golden != "" {
		fmt.Fprintf(b, "- Golden files read by a person against: %s.\n", pr.Sheet.Golden)
	}
	e.tellSeen(b, pr, p)
}

// tellSeen says what captures from elsewhere show, and what rests on the product's own
// bytes alone.
func (e *evidence) tellSeen(b *strings.Builder, pr *protocol.Protocol, p *shown) {
	s, ok := e.seen[pr.Name]
	if !ok {
		b.WriteString("- Own bytes: no flow of a capture from elsewhere was taken for it; all of it was only ever tried on what we made ourselves.\n")
		return
	}
	if j := e.judged[pr.Name]; j.Captures() != s.Captures() { // else they are those that were compared
		fmt.Fprintf(b, "- In captures from elsewhere: %s.\n", s.text())
	}
	functions := unseen(p.functions, s.Functions, func(f *function) string { return ShownAs(f.code, f.words, f.verb.String()) })
	samples := unseen(p.samples, s.Samples, func(f *function) string { return f.words })
	if len(functions)+len(samples) > 0 {
		own := append(counted(functions, len(p.functions), "functions"), counted(samples, len(p.samples), "samples")...)
		fmt.Fprintf(b, "- Own bytes: %s.\n", strings.Join(own, "; "))
	}
	for _, part := range pr.Sheet.Own {
		fmt.Fprintf(b, "- Own bytes, all of it: %s.\n", part.Name)
	}
}

// unseen are those functions that are not among the ones seen.
func unseen(all []*function, seen []string, as func(f *function) string) []*function {
	return slices.DeleteFunc(slices.Clone(all), func(f *function) bool { return slices.Contains(seen, as(f)) })
}

// counted names functions after how many of them there are.
func counted(some []*function, of int, what string) []string {
	switch {
	case len(some) == 0:
		return nil
	case len(some) == of:
		return []string{"all " + what}
	}
	return []string{fmt.Sprintf("%d of %d %s: %s", len(some), of, what, strings.Join(wordsOf(some, func(*function) bool { return true }), ", "))}
}

func (s *Seen) text() string {
	if len(s.Names) > 0 {
		return strings.Join(s.Names, ", ")
	}
	var parts []string
	for _, folder := range slices.Sorted(maps.Keys(s.Folders)) {
		parts = append(parts, fmt.Sprintf("%s %d", folder, s.Folders[folder]))
	}
	return strings.Join(parts, ", ")
}

// foldersText names captures from elsewhere by their folders, and one by one where a
// folder has few of them.
func foldersText(all []Folder) string {
	var parts []string
	for i := range all {
		f, operations := &all[i], 0
		for _, n := range f.Captures {
			operations += n
		}
		text := fmt.Sprintf("%s: %d with %d", f.Name, len(f.Captures), operations)
		if len(f.Captures) <= MaxNames {
			text += " (" + strings.Join(slices.Sorted(maps.Keys(f.Captures)), ", ") + ")"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}
