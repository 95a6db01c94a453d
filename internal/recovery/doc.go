// Package recovery remembers what controllers were given and asked for: every
// program, block, project and firmware that was seen on its way, told by the sum
// of its content, so that a change can be compared with what was known before.
//
// It is a fold over transfers in the order of the packets. It must not keep any
// content, judge a change, or know a clock.
package recovery
