// Package judge holds what the program tells of captures against what tshark reads in
// them, operation by operation, over a corpus of captures from elsewhere: nothing but
// tests, and what they need to ask tshark. judge_test.go compares, tshark_test.go asks,
// replay_test.go has the program's side; every other file knows one protocol in the
// judge's words.
//
// It must not use a parser of ours for the judge's side, nor need a network, the rights
// of root or a clock: cmd/firedoor has the tests that do.
package judge
