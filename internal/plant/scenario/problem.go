package scenario

import (
	"fmt"
	"strings"
)

// MaxProblems is how many problems of one file are told; one more says that
// there are others.
const MaxProblems = 50

// Problem is one thing that is wrong with a file.
type Problem struct {
	File string
	Line int    // from 1; 0: it concerns the whole file
	Key  string // the way to the value, as in steps[2].tag; may be empty
	Text string // what is wrong and, where it can, what to write
}

// String is "file:line: key: text" without what is unknown.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	b.WriteString(": ")
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Text)
	return b.String()
}

// Problems are all that is wrong with a file, in its order.
type Problems []Problem

// Error has one line for each problem.
func (ps Problems) Error() string {
	out := make([]string, len(ps))
	for i, p := range ps {
		out[i] = p.String()
	}
	return strings.Join(out, "\n")
}
