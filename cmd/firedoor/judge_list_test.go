package main

// excuse is a class of differences from the judge that is known and
// understood: why it is there, and how many of it the corpus has at most. A
// difference of no class fails the test, and so does one more of a class.
type excuse struct {
	name, reason string
	most         int
	fits         func(d *disagreement) bool
}

// excuses is the list of all classes. It is empty: every operation agrees. What
// the judge reads in two ways (segments out of order) is settled before, in
// verdict.admit; where it goes by port and we by content, no capture of the
// corpus shows a difference.
var excuses = []excuse{}
