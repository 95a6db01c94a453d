package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"firedoor/internal/written"
)

// MaxProblems is how many problems of one file are told; one more says that
// there are others.
const MaxProblems = 100

// Load reads a configuration file. What is wrong with its content is returned as
// written.Problems, all of it; the configuration is then nil. A file that anybody may
// change is refused, for it decides what is watched.
func Load(path string) (*Config, error) {
	b, err := readFile(path)
	if err != nil {
		return nil, err
	}
	c, problems := Parse(path, b)
	if len(problems) > 0 {
		return nil, written.Problems(problems)
	}
	return c, nil
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path) // before opening: opening a pipe would wait for its other end
	if err != nil {
		return nil, whole(path, reason(err))
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		return nil, whole(path, "is a directory")
	case !mode.IsRegular():
		return nil, whole(path, "is no regular file")
	case mode.Perm()&0o002 != 0:
		return nil, whole(path, fmt.Sprintf("anybody on this machine may change it (mode %04o): chmod o-w", mode.Perm()))
	case info.Size() > MaxFile:
		return nil, whole(path, tooLarge)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, whole(path, reason(err))
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, whole(path, reason(err))
	}
	return b, nil
}

// tooLarge is for people; it says what MaxFile is.
var tooLarge = "is larger than " + Size(MaxFile).String() + ", which no configuration is"

func whole(path, text string) error { return written.Problems{{File: path, Text: text}} }

// reason is an error without the path, which the problem names already.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return "cannot be read: " + path.Err.Error()
	}
	return "cannot be read: " + err.Error()
}

// Parse reads a configuration; name is what problems call the file. All problems
// are returned, in the order of the file and at most MaxProblems and one; if
// there are any the configuration is nil.
func Parse(name string, b []byte) (*Config, []written.Problem) {
	c := Default()
	d := decoder{file: name, at: map[string]*yaml.Node{}, bad: map[string]bool{}}
	if root := d.document(b); root != nil {
		d.section(root, sectionOf(&c), "")
	}
	if !d.unreadable {
		c.check(d.combination)
	}
	if len(d.problems) == 0 {
		return &c, nil
	}
	slices.SortStableFunc(d.problems, func(a, b written.Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if len(d.problems) > MaxProblems {
		last := d.problems[MaxProblems]
		d.problems = append(d.problems[:MaxProblems], written.Problem{File: name, Line: last.Line, Column: last.Column, Text: "there are more problems from here on, which are not listed"})
	}
	return nil, d.problems
}

// document returns the one mapping a file consists of, or nil.
func (d *decoder) document(b []byte) *yaml.Node {
	stop := func(line int, text string) *yaml.Node {
		d.unreadable = true
		d.problems = append(d.problems, written.Problem{File: d.file, Line: line, Text: text})
		return nil
	}
	if len(b) > MaxFile {
		return stop(0, tooLarge)
	}
	if line := notText(b); line > 0 {
		return stop(line, "is no UTF-8 text")
	}
	var doc, second yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(b))
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil // nothing but comments: all defaults
	case err != nil:
		return stop(syntax(b, err))
	}
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			return stop(syntax(b, err))
		}
		d.add(&second, "", "a second document begins here; a configuration is one")
	}
	if len(doc.Content) != 1 {
		return stop(1, "holds no configuration")
	}
	return doc.Content[0]
}

// notText is the line of the first byte that is not UTF-8, or 0.
func notText(b []byte) int {
	if utf8.Valid(b) {
		return 0
	}
	line := 1
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			break
		}
		if r == '\n' {
			line++
		}
		b = b[n:]
	}
	return line
}

var yamlLine = regexp.MustCompile(`^line (\d+): `)

// syntax tells where and why a file is not YAML.
func syntax(b []byte, err error) (int, string) {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 1
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	line = nearer(b, line)
	if lines := bytes.SplitN(b, []byte("\n"), line+1); line <= len(lines) {
		if indent := lines[line-1]; bytes.ContainsRune(indent[:len(indent)-len(bytes.TrimLeft(indent, " \t"))], '\t') {
			text = "is indented with a tab; YAML wants spaces"
		}
	}
	return line, "is not YAML: " + text
}

// Files up to these sizes are read again, line by line, to find where a fault is.
const (
	maxSearchLines = 400
	maxSearchBytes = 32 << 10
)

// nearer finds the line with which a file ceases to be YAML. What the reader of
// YAML names is often the beginning of the section around it.
func nearer(b []byte, line int) int {
	lines := bytes.SplitAfter(b, []byte("\n"))
	if len(lines) > maxSearchLines || len(b) > maxSearchBytes {
		return line
	}
	end := len(b)
	for i := len(lines) - 1; i >= 0; i-- {
		end -= len(lines[i])
		var doc yaml.Node
		dec := yaml.NewDecoder(bytes.NewReader(b[:end]))
		err := dec.Decode(&doc)
		if err == nil {
			err = dec.Decode(&doc)
		}
		if errors.Is(err, io.EOF) {
			return i + 1
		}
	}
	return line
}
