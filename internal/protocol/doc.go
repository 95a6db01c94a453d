// Package protocol is the contract every protocol keeps (bytes in, events out),
// the runner that feeds a flow's bytes to its parser, and the reader parsers
// decode with.
//
// It must not judge (no thresholds, no alerts), must not do I/O or log, must
// not read a clock, and must not import a protocol: the list of them is in
// protocol/all.
package protocol
