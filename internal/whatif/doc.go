// Package whatif tells what a policy would have done to traffic that is over: the
// operations of captures, or those that a journal kept. Both come as the same event
// lines, so both name the same operations.
//
// It must not decide anything itself, which is for package policy, and must not say
// "would pass" of what it could not see: such rules are told as undecided.
package whatif
