// Package flow knows who talks to whom: it names the two ends of a packet in an
// order that does not depend on direction (KeyOf), spreads address pairs over
// lanes (PairHash), numbers broadcast domains (Scopes) and keeps a bounded
// table of live flows (Table).
//
// It must not look into payloads, must not know what a flow speaks, must not
// read a clock (times are traffic time, given by the caller) and must not let
// anything its users can see - slot numbers, the order of evictions, segment
// handles - depend on a random seed or on the order of a Go map: the same
// packets give the same numbers in every run.
//
// # Limits
//
// A Table holds at most the flows it was made for. At the limit a new flow
// pushes out an old one: second chance among the unprotected, and protected
// flows only once nothing unprotected is left, so that forged addresses cannot
// wash out the conversations of known assets. A new flow starts without a
// second chance: floods of one-packet flows push out each other, not those
// that go on. Every operation takes constant time on average, at the limit too.
//
// Scopes hands out at most MaxScopes segments; what comes later shares the
// segment Other and is counted.
package flow
