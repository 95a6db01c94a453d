// Package detecttest is the contract of detectors as a test: scenario files in,
// alerts out, compared with golden files.
//
// It must not know a detector: it runs over the list that it is given.
package detecttest
