// Package eventlog writes events as JSON Lines, one operation or sample a line,
// without allocating (docs/formats/events.md).
//
// It must not decide what is written or in which order, and must not buffer:
// it appends to the bytes it is given.
package eventlog
