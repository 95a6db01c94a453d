// Package journal keeps what happened, compactly and in order, on the disk of the
// machine that saw it: every operation that is not a read, reads as runs, alerts,
// moments of silence, and what people ordered. Segments are chained by their
// hashes, so that nobody takes one out or changes it unseen.
//
// It must not judge, must not read any clock but for the age of its own files
// and for how often it says something, and must never stop whoever writes: what
// cannot be written is counted.
package journal
