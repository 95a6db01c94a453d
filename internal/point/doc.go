// Package point keeps the process values that traffic carries: read, written or
// told on their own, each under a name that stays (segment, server, unit, object),
// with its latest value, its range and its changes.
//
// It is a fold over values in the order of the packets, one Table a lane. It must
// not know protocols, judge a value, or learn what is normal for it.
package point
