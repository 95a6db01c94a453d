package firedoor_test

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// These tests guard the shape of the house (docs/ARCHITECTURE.md). Each failure
// says why the rule is there and what to do.

const module = "firedoor"

// number gives a package's place in the table of docs/ARCHITECTURE.md: it may
// import only packages of a smaller number, and those of one number never see
// each other. Only the longest matching prefix counts.
var numbers = []struct {
	prefix string
	number int
}{
	{"firedoor", 1},
	{"firedoor/internal/spelling", 1},
	{"firedoor/internal/packet", 2},
	{"firedoor/internal/policy", 2},
	{"firedoor/internal/health", 2},
	{"firedoor/internal/near", 2},
	{"firedoor/internal/recent", 2},
	{"firedoor/internal/snapshot", 2},
	{"firedoor/internal/confine", 2},
	{"firedoor/internal/realtime", 2},
	{"firedoor/internal/written", 2},
	{"firedoor/internal/testbed", 9}, // for tests and scripts alone
	{"firedoor/web", 2},
	{"firedoor/internal/capture", 3},
	{"firedoor/internal/flow", 3},
	{"firedoor/internal/protocol", 3},
	{"firedoor/internal/detect", 3},
	{"firedoor/internal/eventlog", 3},
	{"firedoor/internal/store", 3},
	{"firedoor/internal/protocol/wire", 4},
	{"firedoor/internal/reassembly", 4},
	{"firedoor/internal/inventory", 4},
	{"firedoor/internal/datapath", 4},
	{"firedoor/internal/baseline", 4},
	{"firedoor/internal/point", 4},
	{"firedoor/internal/recovery", 4},
	{"firedoor/internal/devicefile", 4},
	{"firedoor/internal/policyfile", 4},
	{"firedoor/internal/whatif", 4},
	{"firedoor/internal/inline", 4},
	{"firedoor/internal/inline/trial", 4},
	{"firedoor/internal/audit", 4},
	{"firedoor/internal/evidence", 4},
	{"firedoor/internal/refusal", 2},
	{"firedoor/internal/journal", 4},
	{"firedoor/internal/doors", 5},
	{"firedoor/internal/uplink", 4},
	{"firedoor/internal/protocol/", 5},
	{"firedoor/internal/detect/", 5},
	{"firedoor/internal/protocol/all", 6},
	{"firedoor/internal/detect/all", 6},
	{"firedoor/internal/store/", 5},
	{"firedoor/internal/plant", 7},
	{"firedoor/internal/plant/chance", 2},
	{"firedoor/internal/plant/physics", 3},
	{"firedoor/internal/plant/lan", 3},
	{"firedoor/internal/plant/truth", 3},
	{"firedoor/internal/plant/scenario", 3},
	{"firedoor/internal/plant/score", 4},
	{"firedoor/internal/plant/wire", 5},
	{"firedoor/internal/plant/device", 8},
	{"firedoor/internal/plant/factory", 9},
	{"firedoor/internal/api", 7},
	{"firedoor/internal/config", 8},
	{"firedoor/internal/sensor", 9},
	{"firedoor/internal/gateway", 9},
	{"firedoor/internal/guardian", 5},
	{"firedoor/internal/console", 9},
	{"firedoor/internal/plant/", 10},
	{"firedoor/internal/config/", 10},
	{"firedoor/cmd/firedoor", 10},
	{"firedoor/scripts/", 10},
	{"firedoor/internal/mishap", 11}, // for tests alone, as those that follow: nothing may import it
	{"firedoor/internal/corpus", 11},
	{"firedoor/internal/judge", 12},
}

func numberOf(path string) (int, bool) {
	best, number := -1, 0
	for _, n := range numbers {
		exact := path == n.prefix
		under := strings.HasSuffix(n.prefix, "/") && strings.HasPrefix(path, n.prefix)
		if (exact || under) && len(n.prefix) > best {
			best, number = len(n.prefix), n.number
		}
	}
	return number, best >= 0
}

// source is one parsed Go file of the repository.
type source struct {
	path string // from the root, with slashes
	pkg  string // import path
	test bool
	file *ast.File
	fset *token.FileSet
}

func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata" || d.Name() == "node_modules" || d.Name() == "bin") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		path = filepath.ToSlash(path)
		pkg := module
		if dir := filepath.ToSlash(filepath.Dir(path)); dir != "." {
			pkg += "/" + dir
		}
		out = append(out, source{path, pkg, strings.HasSuffix(path, "_test.go"), f, fset})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 20 {
		t.Fatalf("found only %d Go files: the test must run in the root of the repository", len(out))
	}
	return out
}

func TestImportsPointDown(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		own, ok := numberOf(s.pkg)
		if !ok {
			t.Errorf("%s: package %s has no number: give it one in house_test.go and in docs/ARCHITECTURE.md, so that everybody knows what it may import", s.path, s.pkg)
			continue
		}
		for _, imp := range s.file.Imports {
			path, _ := strconv.Unquote(imp.Path.Value)
			if path != module && !strings.HasPrefix(path, module+"/") {
				if own == 1 && strings.Contains(path, ".") {
					t.Errorf("%s imports %s: the nouns are standard library only, for everything depends on them", s.path, path)
				}
				continue
			}
			if number, ok := numberOf(path); ok && number >= own {
				t.Errorf("%s (%d) imports %s (%d): imports point down, so that a room can be understood and tested without those above and beside it; "+
					"declare the small interface you need and let the role pass the implementation", s.path, own, path, number)
			}
		}
	}
}

// TestGuardianAndWorkerStaySmall: what frames hang on is not to hang on a database, a
// network of its own or a page for people. Of the guardian all that it may reach is
// named; of the worker and control what they may not.
func TestGuardianAndWorkerStaySmall(t *testing.T) {
	imports := map[string][]string{}
	for _, s := range sources(t) {
		for _, imp := range s.file.Imports {
			if path, _ := strconv.Unquote(imp.Path.Value); !s.test {
				imports[s.pkg] = append(imports[s.pkg], path)
			}
		}
	}
	reach := func(from string) map[string]bool {
		seen, next := map[string]bool{from: true}, []string{from}
		for len(next) > 0 {
			pkg := next[0]
			next = next[1:]
			for _, path := range imports[pkg] {
				if !seen[path] {
					seen[path] = true
					next = append(next, path)
				}
			}
		}
		return seen
	}
	guardians := []string{"firedoor/internal/guardian", "firedoor/internal/datapath", "firedoor/internal/realtime"}
	for path := range reach("firedoor/internal/guardian") {
		if !slices.Contains(guardians, path) && strings.HasPrefix(path, "firedoor/") {
			t.Errorf("the guardian reaches %s: it holds ports and tables, and must not read a policy, a protocol or a frame", path)
		}
	}
	seen := reach("firedoor/internal/gateway")
	if !seen["firedoor/internal/inline"] || !seen["firedoor/internal/guardian"] {
		t.Error("internal/gateway is not the worker any more: this test looks at nothing")
	}
	for path := range seen {
		for _, far := range []string{"firedoor/internal/store", "firedoor/internal/uplink", "firedoor/internal/console", "firedoor/internal/api", "firedoor/internal/sensor", "github.com/nats-io", "net/http"} {
			if strings.HasPrefix(path, far) {
				t.Errorf("the worker reaches %s: frames must not hang on it", path)
			}
		}
	}
}

// TestDirectionTableIsTheDocumentedOne keeps the table in the document and the
// table above the same.
// waits are packages by which a goroutine may come to wait for another one, or for the kernel while the runtime looks on. fmt is
// among them: it keeps its printers in a pool, which has a lock behind each collection.
var waits = []string{"sync", "fmt", "regexp", "log", "log/slog", "encoding/json", "os", "io/fs", "net", "net/http"}

// beforeJudging are files that are read where frames are judged and wait all the same, for nothing of them is called then.
var beforeJudging = map[string]string{
	"record.go":                              "a type of encoding/json alone",
	"internal/protocol/ads/functions.go":     "lists functions",
	"internal/protocol/pniocm/functions.go":  "lists functions",
	"internal/protocol/modbus/umas_words.go": "makes words at the start",
}

// TestNothingWaitsWhereFramesAreJudged: the goroutine that judges holds its processor (internal/realtime), and
// where it waited the runtime would end the process. Of the policy it is the file that decides; others of it
// compile and explain.
func TestNothingWaitsWhereFramesAreJudged(t *testing.T) {
	judges := func(s source) bool {
		switch rest, under := strings.CutPrefix(s.pkg, module+"/internal/protocol"); {
		case under:
			return rest != "/protocoltest" && rest != "/template"
		case s.pkg == module, s.pkg == module+"/internal/inline", s.pkg == module+"/internal/packet", s.pkg == module+"/internal/recent", s.pkg == module+"/internal/spelling":
			return true
		}
		return s.path == "internal/policy/decide.go"
	}
	seen := 0
	for _, s := range sources(t) {
		if s.test || !judges(s) {
			continue
		}
		seen++
		for _, imp := range s.file.Imports {
			path, _ := strconv.Unquote(imp.Path.Value)
			if slices.Contains(waits, path) && beforeJudging[s.path] == "" {
				t.Errorf("%s imports %s, by which it may wait while frames do: say it without, or say in beforeJudging why nothing of it is called then", s.path, path)
			}
		}
	}
	if seen < 300 {
		t.Errorf("%d files looked at: where are the others?", seen)
	}
}

func TestDirectionTableIsTheDocumentedOne(t *testing.T) {
	doc, err := os.ReadFile("docs/ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range numbers {
		row := fmt.Sprintf("| %d | `%s` |", n.number, strings.TrimPrefix(n.prefix, "firedoor/"))
		if !strings.Contains(string(doc), row) {
			t.Errorf("docs/ARCHITECTURE.md has no row %q: the document and the test are one table", row)
		}
	}
}

func TestSizes(t *testing.T) {
	const maxFunction, p95Function, maxFile = 100, 60, 800
	var lengths []int
	for _, s := range sources(t) {
		lines := s.fset.File(s.file.Pos()).LineCount()
		if lines > maxFile {
			t.Errorf("%s has %d lines, at most %d: a file nobody can hold in the head hides faults; split it by what changes together", s.path, lines, maxFile)
		}
		if s.test {
			continue
		}
		for _, d := range s.file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			n := s.fset.Position(fn.Body.Rbrace).Line - s.fset.Position(fn.Pos()).Line + 1
			lengths = append(lengths, n)
			if n > maxFunction {
				t.Errorf("%s: %s has %d lines, at most %d", s.path, fn.Name.Name, n, maxFunction)
			}
		}
	}
	slices.Sort(lengths)
	if p95 := lengths[len(lengths)*95/100]; p95 > p95Function {
		t.Errorf("95th percentile of function lengths is %d, at most %d: small functions are what lets a stranger find the place for a change", p95, p95Function)
	}
}

func TestEveryPackageSaysWhatItIsAndIsNot(t *testing.T) {
	docs := map[string]string{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		docs[s.pkg] += s.file.Doc.Text()
	}
	for pkg, doc := range docs {
		first, _, _ := strings.Cut(doc, "\n")
		if !strings.HasPrefix(first, "Package ") && !strings.HasPrefix(first, "Command ") {
			t.Errorf("%s: the package comment must begin with what the package is", pkg)
		}
		if !strings.Contains(strings.Join(strings.Fields(doc), " "), "must not") {
			t.Errorf("%s: the package comment must say what the package must not do: that is what keeps it small", pkg)
		}
	}
}

func TestExportedNamesAreDocumented(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
					t.Errorf("%s: %s has no comment", s.path, d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if name := undocumented(spec); name != "" && d.Doc == nil {
						t.Errorf("%s: %s has no comment", s.path, name)
					}
				}
			}
		}
	}
}

// undocumented tells an exported name of a declaration without a comment of its
// own; a comment on the whole group is the caller's to look for.
func undocumented(spec ast.Spec) string {
	switch sp := spec.(type) {
	case *ast.TypeSpec:
		if sp.Name.IsExported() && sp.Doc == nil {
			return sp.Name.Name
		}
	case *ast.ValueSpec:
		for _, name := range sp.Names {
			if name.IsExported() && sp.Doc == nil && sp.Comment == nil {
				return name.Name
			}
		}
	}
	return ""
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	e := d.Recv.List[0].Type
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if ix, ok := e.(*ast.IndexExpr); ok {
		e = ix.X
	}
	id, ok := e.(*ast.Ident)
	return !ok || id.IsExported()
}

// extensions are the kinds of thing that are added by a folder and a line.
var extensions = []struct{ dir, list string }{
	{"internal/protocol", "internal/protocol/all/all.go"},
	{"internal/detect", "internal/detect/all/all.go"},
}

func TestEveryExtensionFolderIsListed(t *testing.T) {
	notExtensions := []string{"all", "protocoltest", "detecttest", "wire", "template", "testdata"}
	for _, x := range extensions {
		list, err := os.ReadFile(x.list)
		if err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(x.dir)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(list), `/template"`) {
			t.Errorf("%s lists the template: it is invented, and nothing in production may look for it", x.list)
		}
		for _, e := range entries {
			if !e.IsDir() || slices.Contains(notExtensions, e.Name()) {
				continue
			}
			if !strings.Contains(string(list), "/"+e.Name()+`"`) {
				t.Errorf("%s/%s is not in the list: add one line to %s, or it is built and never used", x.dir, e.Name(), x.list)
			}
			if _, err := os.Stat(filepath.Join(x.dir, e.Name(), "doc.go")); err != nil {
				t.Errorf("%s/%s has no doc.go: every extension folder has the same file names", x.dir, e.Name())
			}
			if _, err := os.Stat(filepath.Join(x.dir, e.Name(), "testdata")); err != nil {
				t.Errorf("%s/%s has no testdata: the suite judges it by what lies there", x.dir, e.Name())
			}
		}
	}
}

// TestNothingRegistersItself: what is there is read in a list, in its order, and
// not found out by running the program.
func TestNothingRegistersItself(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, d := range s.file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: has an init function: make a value or a list that somebody reads", s.path)
			}
		}
		for _, imp := range s.file.Imports {
			// Generated code names embed so; it only makes go:embed work.
			if imp.Name != nil && imp.Name.Name == "_" && imp.Path.Value != `"embed"` {
				t.Errorf("%s: imports %s for its side effects: name in a list what is to be used", s.path, imp.Path.Value)
			}
		}
	}
}

// TestNoForbiddenNames: names that say nothing attract everything.
func TestNoForbiddenNames(t *testing.T) {
	forbidden := []string{"util", "utils", "common", "manager", "helper", "helpers", "engine", "core", "types", "model", "misc"}
	for _, s := range sources(t) {
		base := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(s.path), ".go"), "_test")
		if slices.Contains(forbidden, base) || slices.Contains(forbidden, filepath.Base(s.pkg)) {
			t.Errorf("%s: a name like this says nothing, so everything ends up there; name it after what it holds", s.path)
		}
	}
}

// TestNothingOfThisMachine keeps out of the tree what belongs to a machine.
func TestNothingOfThisMachine(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata" || d.Name() == "bin" || d.Name() == "node_modules" || d.Name() == "dist") {
			if d != nil && d.IsDir() && err == nil {
				return filepath.SkipDir
			}
			return err
		}
		if d.IsDir() || strings.HasSuffix(path, ".sum") || path == "house_test.go" {
			return nil
		}
		switch filepath.Ext(path) {
		case ".go", ".md", ".yml", ".yaml", ".sh", "":
		default:
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		sc := bufio.NewScanner(f)
		sc.Buffer(nil, 1<<20)
		for line := 1; sc.Scan(); line++ {
			for _, bad := range []string{"/home/", "/root/", "TODO", "FIXME"} {
				if strings.Contains(sc.Text(), bad) {
					t.Errorf("%s:%d contains %q: the repository speaks of the product alone, and done means done", path, line, bad)
				}
			}
		}
		return sc.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
}
