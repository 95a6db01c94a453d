package truth

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// Write writes f: the same file gives the same bytes. What belongs together
// stands on one line (an operation, a host, a variable), so that lines can be
// searched and compared.
func (f *File) Write(w io.Writer) error {
	p := printer{out: bufio.NewWriter(w)}
	entries := append([]*Entry(nil), f.Entries...)
	sortEntries(entries)
	p.open("{")
	p.member("format", f.Format)
	p.member("plant", f.Plant)
	p.member("seed", f.Seed)
	p.member("start", f.Start)
	p.member("end", f.End)
	p.member("assets", f.Assets)
	p.member("mirrors", list(f.Mirrors))
	p.member("unkept_entries", f.Unkept)
	lines(&p, "hosts", whole(f.Hosts))
	p.name("entries")
	p.open("[")
	for _, e := range entries {
		p.entry(e)
	}
	p.shut("]")
	p.shut("}")
	p.text("\n")
	if p.err != nil {
		return p.err
	}
	return p.out.Flush()
}

// WriteFile writes f to a file, which is replaced.
func (f *File) WriteFile(path string) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := f.Write(out); err != nil {
		_ = out.Close()
		return fmt.Errorf("%s: %w", path, err)
	}
	return out.Close()
}

func (p *printer) entry(e *Entry) {
	p.item()
	p.open("{")
	p.member("id", e.ID)
	p.member("scenario", e.Scenario)
	p.member("kind", e.Kind)
	p.member("class", e.Class)
	p.member("words", e.Words)
	p.member("start", e.Start)
	if !e.Open() {
		p.member("end", e.End)
	}
	lines(p, "hosts", whole(e.Hosts))
	p.member("techniques", list(e.Techniques))
	lines(p, "operations", e.Operations)
	p.member("operations_total", e.OperationsTotal)
	lines(p, "variables", e.Variables)
	if e.WorkOrder != "" {
		p.member("work_order", e.WorkOrder)
	}
	p.shut("}")
}

// list makes an empty list of none, which JSON would call null.
func list[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}

// whole are hosts whose lists are lists.
func whole(hosts []Host) []Host {
	out := make([]Host, len(hosts))
	for i, h := range hosts {
		h.IPs, h.MACs = list(h.IPs), list(h.MACs)
		out[i] = h
	}
	return out
}

// printer writes JSON with two spaces of indentation. It keeps the first error.
type printer struct {
	out   *bufio.Writer
	depth int
	begun bool // something stands before in the innermost bracket
	err   error
}

func (p *printer) text(s string) { _, _ = p.out.WriteString(s) }

func (p *printer) open(bracket string) {
	p.text(bracket)
	p.depth, p.begun = p.depth+1, false
}

func (p *printer) shut(bracket string) {
	p.depth--
	if p.begun {
		p.line()
	}
	p.text(bracket)
	p.begun = true
}

func (p *printer) line() {
	p.text("\n")
	for range p.depth {
		p.text("  ")
	}
}

// item begins the next element of the innermost bracket.
func (p *printer) item() {
	if p.begun {
		p.text(",")
	}
	p.begun = true
	p.line()
}

func (p *printer) name(s string) {
	p.item()
	p.value(s)
	p.text(": ")
}

func (p *printer) member(name string, v any) {
	p.name(name)
	p.value(v)
}

func (p *printer) value(v any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil && p.err == nil {
		p.err = err
	}
	_, _ = p.out.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// lines writes a list with one element a line.
func lines[T any](p *printer, name string, of []T) {
	p.name(name)
	p.open("[")
	for i := range of {
		p.item()
		p.value(of[i])
	}
	p.shut("]")
}
