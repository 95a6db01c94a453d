// Package written is about files that people write: what is wrong with one, said so
// that it can be mended, and times as people write them.
//
// It must not know what a file is for, and must not open one.
package written

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong with a file.
type Problem struct {
	// File is the name that was given; empty if the value did not come from one.
	File string
	// Line and Column count from 1; 0 is unknown.
	Line, Column int
	// Key is the way to the value, as in capture.interfaces[1] or steps[2].tag; empty
	// for what concerns the whole file.
	Key string
	// Text says what is wrong and, where it can, what to write.
	Text string
}

// String is "file:line: key: text" without the parts that are unknown.
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d", p.Line)
		}
		b.WriteString(": ")
	}
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
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}
