package main

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// event is a line of go test -json (go doc test2json).
type event struct {
	Action, Package, Test, Output string
	ImportPath, FailedBuild       string // what does not build, and which of these a package needed
	Elapsed                       float64
}

// name of a test among all packages; Test is "" for the package itself.
type name struct{ pkg, test string }

// report counts tests and keeps the output of those that may be shown.
type report struct {
	w                       io.Writer
	output                  map[name][]string
	builds                  map[string][]string // what the compiler said, by import path
	parents                 map[name]bool       // tests that are only the sum of others
	broken                  map[name]bool       // packages and tests with a failure below them
	passed, failed, skipped int
	failures                []string // blocks of output, in the order they happened
	reasons                 []reason
	slow                    []slow // the tests that took longest, the longest first
}

// slow is a test of its own name, its cases with it, and how many seconds it took.
type slow struct {
	test    string
	seconds float64
}

// reason is why tests were skipped, and which.
type reason struct {
	text  string
	tests []string
}

func newReport(w io.Writer) *report {
	return &report{w: w, output: map[name][]string{}, builds: map[string][]string{}, parents: map[name]bool{}, broken: map[name]bool{}}
}

// take follows one event. Only leaves count, so that a test of ten cases is ten
// and not eleven; a parent counts when it fails with no case to blame.
func (r *report) take(e event) {
	n := name{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		r.builds[e.ImportPath] = append(r.builds[e.ImportPath], e.Output)
	case "output":
		r.output[n] = append(r.output[n], e.Output)
	case "run":
		if up, ok := n.parent(); ok {
			r.parents[up] = true
		}
	case "pass", "skip", "fail":
		r.ended(n, e)
		delete(r.output, n)
	}
}

func (n name) parent() (name, bool) {
	i := strings.LastIndexByte(n.test, '/')
	if i < 0 {
		return name{}, false
	}
	return name{n.pkg, n.test[:i]}, true
}

func (r *report) ended(n name, e event) {
	if n.test == "" {
		r.packageEnded(n, e)
		return
	}
	r.took(n, e.Elapsed)
	switch e.Action {
	case "pass":
		if !r.parents[n] {
			r.passed++
		}
	case "skip":
		r.skipped++
		r.skip(n)
	case "fail":
		if !r.broken[n] {
			r.failed++
		}
		r.fail(n)
		r.broken[name{n.pkg, ""}] = true
		for up, ok := n.parent(); ok; up, ok = up.parent() {
			r.broken[up] = true
		}
	}
}

// maxSlow is how many tests are named for the time they took, leastSlow the seconds from which one is.
const (
	maxSlow   = 12
	leastSlow = 5
)

// took keeps the tests that took longest. Cases are told with their test, or a slow one would be told twice.
func (r *report) took(n name, seconds float64) {
	if _, ok := n.parent(); ok || seconds < leastSlow {
		return
	}
	r.slow = append(r.slow, slow{strings.TrimPrefix(n.pkg, "firedoor/") + " " + n.test, seconds})
	slices.SortStableFunc(r.slow, func(a, b slow) int { return cmp.Compare(b.seconds, a.seconds) })
	r.slow = r.slow[:min(len(r.slow), maxSlow)]
}

// packageEnded prints a line for each package that has tests. A package that
// fails without a failed test (it does not build, or ended early) is a failure.
func (r *report) packageEnded(n name, e event) {
	switch e.Action {
	case "pass":
		fmt.Fprintf(r.w, "ok    %-45s %6.1f s\n", n.pkg, e.Elapsed)
	case "fail":
		fmt.Fprintf(r.w, "FAIL  %-45s %6.1f s\n", n.pkg, e.Elapsed)
		if !r.broken[n] {
			r.failed++
			r.output[n] = append(r.builds[e.FailedBuild], r.output[n]...)
			r.fail(n)
		}
	}
}

func (r *report) fail(n name) {
	r.failures = append(r.failures, strings.TrimSpace(n.pkg+" "+n.test)+"\n"+strings.Join(r.output[n], ""))
}

// place is where a test logged something: the name of the file and the line.
var place = regexp.MustCompile(`^\s*\S+\.go:\d+: `)

func (r *report) skip(n name) {
	text := "no reason given"
	for _, line := range r.output[n] {
		if at := place.FindString(line); at != "" {
			text = strings.TrimSpace(line[len(at):])
		}
	}
	test := strings.TrimPrefix(n.pkg, "firedoor/") + " " + n.test
	for i := range r.reasons {
		if r.reasons[i].text == text {
			r.reasons[i].tests = append(r.reasons[i].tests, test)
			return
		}
	}
	r.reasons = append(r.reasons, reason{text, []string{test}})
}

// maxNamed is how many tests are named for one reason; the count is always told.
const maxNamed = 8

// close prints what failed, what was skipped, and the counts.
func (r *report) close() {
	for _, f := range r.failures {
		fmt.Fprintf(r.w, "---- failed: %s\n", f)
	}
	slices.SortFunc(r.reasons, func(a, b reason) int { return strings.Compare(a.text, b.text) })
	for _, why := range r.reasons {
		fmt.Fprintf(r.w, "---- skipped (%d): %s\n", len(why.tests), why.text)
		for _, t := range why.tests[:min(len(why.tests), maxNamed)] {
			fmt.Fprintf(r.w, "       %s\n", t)
		}
		if more := len(why.tests) - maxNamed; more > 0 {
			fmt.Fprintf(r.w, "       and %d more\n", more)
		}
	}
	for _, s := range r.slow {
		fmt.Fprintf(r.w, "---- slow: %6.1f s  %s\n", s.seconds, s.test)
	}
	fmt.Fprintf(r.w, "%d passed, %d failed, %d skipped\n", r.passed, r.failed, r.skipped)
}
