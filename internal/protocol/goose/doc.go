// Package goose reads GOOSE (IEC 61850-8-1, clause 18 and annex C): states and
// values that protection and control devices publish to a group on Ethernet, and
// repeat until they change.
//
// It must not judge: whether a state number jumps, goes back or comes from two
// publishers is for a detector. It must not read GSE management (there is nothing
// but names in it) or name the entries of a data set: only the engineering file
// tells their names.
//
// # What becomes of a message
//
// A message is told when it says something new: the first of a control block, one
// with another state number, configuration revision, simulation or
// needs-commissioning mark, or with other data under the same state number. Then
// there is a sample of the state (state number, sequence number, time allowed to
// live in ms, configuration revision, simulation, needs commissioning, number of
// entries) and one for each value of the data set. A repetition gives no event at
// all: devices repeat every state for ever, at up to 1000 messages a second.
//
// Values as they are encoded: boolean as bool, integers as i64 or u64, floating
// point as f32 or f64, bit strings as bits in the order of the standard (the first
// is bit 0), times as two u32 (seconds; fraction and quality), all else as bytes.
package goose
