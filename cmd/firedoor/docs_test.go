package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// Documents are held against the program: what they tell to type runs, what
// they name exists, and what exists is named.

const root = "../.."

// documents are the README and everything below docs, by path from the root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	docs := map[string]string{}
	add := func(path string) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("a document is missing: %v", err)
		}
		rel, _ := filepath.Rel(root, path)
		docs[filepath.ToSlash(rel)] = string(b)
	}
	add(filepath.Join(root, "README.md"))
	for _, pattern := range []string{"docs/*.md", "docs/*/*.md"} {
		list, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(list) == 0 {
			t.Fatalf("no %s: %v", pattern, err)
		}
		for _, path := range list {
			add(path)
		}
	}
	return docs
}

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// commandsIn are the lines of a document's sh blocks, continued lines as one.
func commandsIn(text string) (out []string) {
	for _, block := range shellBlock.FindAllStringSubmatch(text, -1) {
		for _, line := range strings.Split(strings.ReplaceAll(block[1], "\\\n", " "), "\n") {
			line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "$ "))
			if line != "" && !strings.HasPrefix(line, "#") {
				out = append(out, line)
			}
		}
	}
	return out
}

// TestCommandsInDocuments runs every command line that calls firedoor, and asks
// make whether it knows the targets it is called with.
func TestCommandsInDocuments(t *testing.T) {
	program, err := build()
	if err != nil {
		t.Fatal(err)
	}
	there := workplace(t, program)
	ran := 0
	for name, text := range documents(t) {
		var running []*exec.Cmd
		for _, line := range commandsIn(text) {
			words := strings.Fields(line)
			cmd := exec.Command("sh", "-e", "-c", line)
			switch words[0] {
			case "firedoor", "bin/firedoor", "./bin/firedoor":
				cmd.Dir = there
				cmd.Env = append(os.Environ(), "PATH="+filepath.Join(there, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
			case "make":
				cmd = exec.Command("make", append([]string{"-n"}, words[1:]...)...)
				cmd.Dir = root
			default:
				continue
			}
			if tool := missingTool(line); tool != "" {
				t.Logf("%s: not run, for %s is not installed: %s", name, tool, line)
				continue
			}
			ran++
			if len(words) > 1 && words[1] == "run" { // until the document ends
				cmd.Args[3] = "exec " + line
				running = append(running, started(t, name, cmd))
				continue
			}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s tells to type this, which fails (%v):\n  %s\n%s", name, err, line, out)
			}
		}
		for _, cmd := range running {
			if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
				t.Errorf("%s: what it started does not stop as it should: %v", name, err)
			}
		}
	}
	if ran == 0 {
		t.Error("no document tells how to run anything")
	}
}

// fuzzTime is for how long a page says to fuzz.
var fuzzTime = regexp.MustCompile(`-fuzztime \S+`)

// TestAddedProtocol types what docs/ADD-A-PROTOCOL.md shows of the last protocol that
// was added, fuzzing once instead of for a while, and asks whether its files are there.
func TestAddedProtocol(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs tests of its own")
	}
	text := documents(t)["docs/ADD-A-PROTOCOL.md"]
	last := regexp.MustCompile("The last one that came this way is `([a-z0-9_]+)`: the folder `([a-z0-9/]+)`").FindStringSubmatch(text)
	if last == nil {
		t.Fatal("the page does not say which protocol came last")
	}
	for _, path := range []string{last[2] + "/protocol.go", "internal/plant/case_" + last[1] + ".go"} {
		if _, err := os.Stat(filepath.Join(root, path)); err != nil {
			t.Errorf("the page speaks of %s: %v", path, err)
		}
	}
	ran := 0
	for _, line := range commandsIn(text[strings.Index(text, last[0]):]) {
		cmd := exec.Command("sh", "-e", "-c", fuzzTime.ReplaceAllString(line, "-fuzztime 1x -parallel 1"))
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil || bytes.Contains(out, []byte("no tests to run")) {
			t.Errorf("the page tells to type this, which fails (%v):\n  %s\n%s", err, line, out)
		}
		ran++
	}
	if ran < 3 {
		t.Errorf("%d commands are shown of it", ran)
	}
}

// started starts a firedoor run and waits until it says that it runs.
func started(t *testing.T, name string, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "Stop with") {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return cmd
		}
	}
	t.Fatalf("%s tells to type this, which does not run: %v\n%s", name, cmd.Args, &said)
	return nil
}

// workplace is a folder that looks like the repository behind "make build".
func workplace(t *testing.T, program string) string {
	t.Helper()
	dir := t.TempDir()
	samples, err := filepath.Abs(filepath.Join(root, "samples"))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.Mkdir(filepath.Join(dir, "bin"), 0o755),
		os.Symlink(program, filepath.Join(dir, "bin", "firedoor")),
		os.Symlink(samples, filepath.Join(dir, "samples")),
		os.Symlink(sample(t), filepath.Join(dir, "bin", "plant.pcap")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// missingTool is a program behind a pipe that is not there.
func missingTool(line string) string {
	for i, part := range strings.Split(line, "|") {
		words := strings.Fields(part)
		if i == 0 || len(words) == 0 {
			continue
		}
		if _, err := exec.LookPath(words[0]); err != nil {
			return words[0]
		}
	}
	return ""
}

// TestLinksInDocuments holds that documents name no file that is not there.
func TestLinksInDocuments(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for name, text := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(name), m[1])); err != nil {
				t.Errorf("%s: there is no %s", name, m[1])
			}
		}
	}
}

var flagName = regexp.MustCompile(`--[a-z]+`)

// TestFlagsInDocuments holds the flags of docs/formats/command-line.md against
// those that the program knows, both ways.
func TestFlagsInDocuments(t *testing.T) {
	text := documents(t)["docs/formats/command-line.md"]
	known := map[string]map[string]bool{}
	for _, c := range []string{"replay", "run", "status", "link", "journal", "check", "policy check", "policy explain", "policy diff", "policy prove", "policy draft", "policy review", "policy replay", "gateway", "isolate", "confirm", "release", "list", "stopped", "bypass", "reload", "audit verify", "baseline learn", "baseline watch", "baseline pause",
		"baseline resume", "baseline forget", "baseline export", "baseline import",
		"demo", "plant list", "plant record", "plant run", "plant serve", "plant score", "plant start"} {
		flags := set(flagName.FindAllString(works(t, append([]string{"help"}, strings.Fields(c)...)...).stdout, -1))
		delete(flags, "--help")
		var synopsis map[string]bool
		for _, line := range strings.Split(text, "\n") {
			if strings.HasPrefix(line+" ", "firedoor "+c+" ") {
				synopsis = set(flagName.FindAllString(line, -1))
			}
		}
		if !reflect.DeepEqual(synopsis, flags) {
			t.Errorf("the first lines of the document name the flags %v of %s, the program knows %v", sorted(synopsis), c, sorted(flags))
		}
		group := strings.Fields(c)[0]
		if known[group] == nil {
			known[group] = map[string]bool{}
		}
		for f := range flags {
			known[group][f] = true
		}
	}
	for group, flags := range known {
		_, section, _ := strings.Cut(text, "\n## "+group+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		table := map[string]bool{}
		for _, line := range strings.Split(section, "\n") {
			if cells := strings.Split(line, "|"); strings.HasPrefix(line, "| `--") {
				for name := range set(flagName.FindAllString(cells[1], -1)) {
					table[name] = true
				}
			}
		}
		if !reflect.DeepEqual(table, flags) {
			t.Errorf("the table of %s names the flags %v, the program knows %v", group, sorted(table), sorted(flags))
		}
	}
	for name, text := range documents(t) {
		for _, line := range commandsIn(text) {
			words := strings.Fields(line)
			at := slices.IndexFunc(words, func(w string) bool { return filepath.Base(w) == "firedoor" })
			if at < 0 || at+1 >= len(words) || known[words[at+1]] == nil {
				continue
			}
			for flag := range set(flagName.FindAllString(line, -1)) {
				if !known[words[at+1]][flag] {
					t.Errorf("%s uses %s, which firedoor %s does not know", name, flag, words[at+1])
				}
			}
		}
	}
}

func set(words []string) map[string]bool {
	out := map[string]bool{}
	for _, w := range words {
		out[w] = true
	}
	return out
}

func sorted(names map[string]bool) (out []string) {
	for n := range names {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

var (
	quoted     = regexp.MustCompile("`([^`]+)`")
	memberName = regexp.MustCompile(`^[a-z][a-z_]*$`)
)

// TestMembersInDocuments holds the tables of the formats against the members that
// the Go types have, both ways.
func TestMembersInDocuments(t *testing.T) {
	tags := jsonTags(t, "asset.go", "alert.go", "conversation.go", "record.go", "internal/sensor/summary.go", "internal/sensor/sight.go", "internal/sensor/result.go", "internal/sensor/files.go")
	address := tags["Address"]
	for name, types := range map[string][]string{
		"assets":        {"Asset", "Identifier", "Fact", "Relation", "AssetEvent", "Evidence"},
		"conversations": {"Conversation", "Statement", "Range"},
		"summary":       {"Summary", "CaptureSummary", "Sight", "Unknown", "ProtocolSummary", "StatementSummary", "AlertSummary", "ClockSummary", "Limit", "Named"},
		"alerts":        {"AlertLine"},
		"events":        nil,
	} {
		text := documents(t)["docs/formats/"+name+".md"]
		if text == "" {
			t.Errorf("docs/formats/%s.md is missing", name)
			continue
		}
		code := map[string]bool{}
		for _, typ := range types {
			if len(tags[typ]) == 0 {
				t.Errorf("there is no type %s", typ)
			}
			for member := range tags[typ] {
				code[member] = true
			}
		}
		if name == "events" {
			for _, list := range []map[string]member{operationMembers, sampleMembers} {
				for member := range list {
					code[member] = true
				}
			}
			code["capture"] = true
		}
		sameMembers(t, name, text, code, address)
	}
}

// sameMembers compares a document with the members of the code. A table whose
// first column is headed "member" names members there.
func sameMembers(t *testing.T, name, text string, code, address map[string]bool) {
	t.Helper()
	words := map[string]bool{}
	for _, m := range quoted.FindAllStringSubmatch(text, -1) {
		for _, w := range strings.FieldsFunc(m[1], func(r rune) bool { return strings.ContainsRune("{}[], ", r) }) {
			words[strings.Trim(w, `":`)] = true
		}
	}
	for member := range code {
		if !words[member] {
			t.Errorf("docs/formats/%s.md does not name the member %s", name, member)
		}
	}
	members := false
	for _, line := range strings.Split(text, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			members = false
			continue
		}
		if strings.TrimSpace(cells[1]) == "member" {
			members = true
		}
		if !members {
			continue
		}
		for _, m := range quoted.FindAllStringSubmatch(cells[1], -1) {
			if w := m[1]; memberName.MatchString(w) && !code[w] && !address[w] {
				t.Errorf("docs/formats/%s.md names the member %s, which does not exist", name, w)
			}
		}
	}
}

// jsonTags reads the json names of all struct types in files of the repository.
func jsonTags(t *testing.T, files ...string) map[string]map[string]bool {
	t.Helper()
	out := map[string]map[string]bool{}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			typ, ok := spec.Type.(*ast.StructType)
			if !ok {
				return true
			}
			for _, field := range typ.Fields.List {
				if field.Tag == nil {
					continue
				}
				tag := reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("json")
				if member, _, _ := strings.Cut(tag, ","); member != "" && member != "-" {
					if out[spec.Name.Name] == nil {
						out[spec.Name.Name] = map[string]bool{}
					}
					out[spec.Name.Name][member] = true
				}
			}
			return true
		})
	}
	return out
}

// TestFilesHaveDocumentedMembers reads what a run writes: no member may be there
// that its document does not name.
func TestFilesHaveDocumentedMembers(t *testing.T) {
	dir := t.TempDir()
	works(t, "replay", "--learn", "60%", "--out", dir, sample(t))
	docs := documents(t)
	for file, b := range readFolder(t, dir) {
		text := docs["docs/formats/"+strings.TrimSuffix(file, ".json")+".md"]
		var v any
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatal(err)
		}
		for member := range membersOf(v, map[string]bool{}) {
			if !regexp.MustCompile(fmt.Sprintf("`[^`]*\\b%s\\b[^`]*`", member)).MatchString(text) {
				t.Errorf("%s has the member %s, which its document does not name", file, member)
			}
		}
	}
}

func membersOf(v any, into map[string]bool) map[string]bool {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			membersOf(x, into)
		}
	case map[string]any:
		for name, x := range v {
			into[name] = true
			membersOf(x, into)
		}
	}
	return into
}
