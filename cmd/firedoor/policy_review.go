package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"firedoor/internal/policy"
	"firedoor/internal/policyfile"
	"firedoor/internal/written"
)

type policyReviewCommand struct {
	Review string `required:"" help:"What the review found: who devices are, what is never blocked, what is allowed, how far values may go." placeholder:"FILE"`
	Policy string `arg:"" help:"The drafted policy."`
}

// Run prints the policy with what the review found.
func (c *policyReviewCommand) Run(m *Main) error {
	plan, err := readPolicy(m, c.Policy)
	if err != nil {
		return err
	}
	b, err := readFile(c.Review)
	if err != nil {
		return err
	}
	findings, err := policyfile.ReadReview(c.Review, b)
	if err == nil {
		err = policyfile.Revise(plan.Policy, c.Review, findings)
	}
	var problems written.Problems
	if errors.As(err, &problems) {
		return tellProblems(m.Stderr, err)
	}
	if err != nil {
		return err
	}
	if _, faults := policy.Compile(plan.Policy, known()); len(faults) > 0 { // its lines are those of no file
		return usageError{fmt.Sprintf("%s: with it the policy is wrong: %s: %s", c.Review, faults[0].Key, faults[0].Text)}
	}
	note := fmt.Sprintf("Drafted, and reviewed by %s on %s.\n", findings.Review.By, findings.Review.On)
	for _, l := range findings.Loose {
		note += sayf("%s:%d: %s: %s\n", c.Review, l.Line, l.Key, l.Text)
	}
	return policyfile.Write(m.Stdout, plan.Policy, strings.TrimSuffix(note, "\n"))
}

// readFile reads a file that a person wrote.
func readFile(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, usageError{fmt.Sprintf("%s: %v", file, reason(err))}
	}
	defer func() { _ = f.Close() }() // only read
	b, err := io.ReadAll(io.LimitReader(f, policyfile.MaxFile+1))
	if err != nil {
		return nil, usageError{fmt.Sprintf("%s: %v", file, reason(err))}
	}
	return b, nil
}
