package config

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"firedoor/internal/written"
)

var update = flag.Bool("update", false, "write default.yaml and the reference page from config.go")

// TestGenerated holds the files that are written from the comments, tags and
// defaults of config.go against them; with -update it writes them.
func TestGenerated(t *testing.T) {
	s := readSource(t)
	for path, want := range map[string][]byte{
		"default.yaml":                 defaultYAML(t, s),
		"../../docs/formats/config.md": referencePage(t, s),
	} {
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what config.go says: run go test ./internal/config -run TestGenerated -update", path)
		}
	}
}

// source holds the comments of config.go: of types, and of fields as Type.Field.
type source map[string]string

func readSource(t *testing.T) source {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "config.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	s := source{}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.TYPE {
			continue
		}
		for _, spec := range g.Specs {
			ts := spec.(*ast.TypeSpec)
			s[ts.Name.Name] = flat(g.Doc.Text())
			st, ok := ts.Type.(*ast.StructType)
			if !ok {
				continue
			}
			for _, field := range st.Fields.List {
				for _, name := range field.Names {
					s[ts.Name.Name+"."+name.Name] = flat(field.Doc.Text())
				}
			}
		}
	}
	return s
}

func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

// entry is one section or value with what is written about it.
type entry struct {
	name, key, about string
	depth            int
	field            field
}

func entries(t *testing.T, s source) (out []entry) {
	t.Helper()
	c := Default()
	var walk func(v reflect.Value, path string, depth int)
	walk = func(v reflect.Value, path string, depth int) {
		fields := sectionOf(v.Addr().Interface())
		for i, f := range fields {
			about := s[v.Type().Name()+"."+v.Type().Field(i).Name]
			if f.isSection() {
				kind := f.value.Type().Name()
				about = strings.TrimPrefix(s[kind], kind+" is ")
				about = strings.ToUpper(about[:1]) + about[1:]
			}
			if f.key == "" || len(about) < 10 {
				t.Fatalf("%s.%s has no yaml tag or no comment", v.Type().Name(), v.Type().Field(i).Name)
			}
			name := join(path, f.key)
			out = append(out, entry{name, f.key, about, depth, f})
			if f.isSection() {
				walk(f.value, name, depth+1)
			}
		}
	}
	walk(reflect.ValueOf(&c).Elem(), "", 0)
	return out
}

// inFile is a value as it stands in a file.
func inFile(v any) string {
	switch v := v.(type) {
	case string:
		if v == "" || strings.ContainsAny(v, "[]") {
			return fmt.Sprintf("%q", v)
		}
		return v
	case []string:
		return "[" + strings.Join(v, ", ") + "]"
	case time.Duration:
		return written.FormatDuration(v)
	case Learning:
		return inFile(v.String())
	}
	return fmt.Sprint(v)
}

// limits says which values are allowed.
func limits(f field) string {
	if words := f.tag.Get("oneof"); words != "" {
		return strings.ReplaceAll(words, ",", ", ")
	}
	if most := f.tag.Get("most"); most != "" {
		return "a list of at most " + most
	}
	return strings.Replace(f.tag.Get("range"), "..", " to ", 1)
}

func defaultYAML(t *testing.T, s source) []byte {
	var b bytes.Buffer
	b.WriteString("# Firedoor's configuration: every key, with its default. A key that is left out has\n# its default too, so a file needs to hold only what is to be different.\n")
	begun := false // a section: its first key follows at once
	for _, e := range entries(t, s) {
		indent := strings.Repeat("  ", e.depth)
		about := e.about
		if l := limits(e.field); l != "" {
			about += " Allowed: " + l + "."
		}
		if !begun {
			b.WriteString("\n")
		}
		begun = e.field.isSection()
		for _, line := range wrapped(about, 84-len(indent)) {
			b.WriteString(indent + "# " + line + "\n")
		}
		if e.field.isSection() {
			b.WriteString(indent + e.key + ":\n")
			continue
		}
		b.WriteString(indent + e.key + ": " + inFile(e.field.value.Interface()) + "\n")
	}
	return b.Bytes()
}

func wrapped(text string, width int) (lines []string) {
	line := ""
	for _, w := range strings.Fields(text) {
		if line != "" && len(line)+1+len(w) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + w)
	}
	return append(lines, line)
}

const pageHead = `# The configuration file

Written from the comments in internal/config/config.go; do not edit it here, but there, and run
` + "`go test ./internal/config -run TestGenerated -update`" + `.

One YAML file, given with ` + "`--config FILE`" + `. A key that is left out has its default; an empty file is the default configuration.
` + "`firedoor check FILE`" + ` says what would run with it, or everything that is wrong with it; ` + "`firedoor check --default`" + ` prints a file with every key.
A flag on the command line goes before the key in the file.

The file is strict, so that a slip never changes what is watched unnoticed:

- An unknown key, a key that stands twice, a value of another kind or outside its limits, and values that contradict each
  other are problems. All of them are told, as ` + "`file:line: key: text`" + `, and nothing starts.
- Text that reads as a number or as true or false stands in quotes.
- Times have a unit: ` + "`30s`, `10m`, `36h`, `7d`, `1d12h`. So have sizes: `512KiB`, `64MiB`, `2GiB`" + `.
- Nothing is filled in from the environment or from other files. Anchors, aliases and tags of YAML are not allowed.
- A section or a list with nothing in it is as if it were left out.
- The file is at most 1 MiB, UTF-8, a regular file, and not writable for everybody.
`

func referencePage(t *testing.T, s source) []byte {
	var b bytes.Buffer
	b.WriteString(pageHead)
	all := entries(t, s)
	const columns = "\n| key | default | allowed | meaning |\n|---|---|---|---|\n"
	b.WriteString("\n## The whole\n" + columns)
	row := func(e entry) {
		allowed := limits(e.field)
		if allowed == "" {
			allowed = Kind(e.field.value.Interface())
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", e.name, inFile(e.field.value.Interface()), allowed, e.about)
	}
	for _, e := range all {
		if e.depth == 0 && !e.field.isSection() {
			row(e)
		}
	}
	for _, e := range all {
		switch {
		case e.field.isSection():
			fmt.Fprintf(&b, "\n## %s\n%s\n%s", e.name, e.about, columns)
		case e.depth > 0:
			row(e)
		}
	}
	return b.Bytes()
}
