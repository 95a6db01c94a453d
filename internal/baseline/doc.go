// Package baseline learns behaviour: which conversations there are and, for
// each, the statements "this client asks this server for that object with this
// function", how often, and within which range it writes.
//
// A Table belongs to one lane: it sees a conversation whole and alone. It must
// not know other lanes, judge (it says fresh, never wrong), read a clock, or
// depend in anything it tells on the seed of its hash.
package baseline
