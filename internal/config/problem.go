package config

import (
	"fmt"
	"strings"
)

// MaxProblems is how many problems of one file are told; one more says that
// there are others.
const MaxProblems = 100

// Problem is one thing that is wrong with a configuration.
type Problem struct {
	// File is the name that was given; empty if the value did not come from one.
	File string
	// Line and Column count from 1; 0 is unknown.
	Line, Column int
	// Key is the dotted way to the value, as in capture.interfaces[1]; empty for
	// what concerns the whole file.
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

// Problems are all that is wrong with a configuration, in the order of the file.
type Problems []Problem

// Error has one line for each problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}
