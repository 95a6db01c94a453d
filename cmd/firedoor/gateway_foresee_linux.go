package main

import (
	"path/filepath"

	"firedoor"
	"firedoor/internal/gateway"
	"firedoor/internal/policy"
)

// learnedAssets reads who was learned to be there. Without the file nobody is known to be
// an operator's screen.
func learnedAssets(dir string) []firedoor.Asset {
	var out []firedoor.Asset
	if err := readJSON(filepath.Join(dir, "assets.json"), &out); err != nil {
		return nil
	}
	return out
}

// foresee says in numbers and in one line what an isolation does to everyday work.
func (s *gatewayService) foresee(out *isolated, before, after *policy.Plan, verb policy.IsolationVerb) {
	if out.Next = []gateway.Outcome{}; s.learned == nil {
		return
	}
	f, next := gateway.Foresee(before, after, s.learned, s.assets, verb)
	out.Foreseen, out.Summary = f, f.Sentence()
	out.Next = append(out.Next, next...)
}
