// Package inventory turns sightings, facts and conversations into assets: which
// addresses are one device, what it is, and how we know.
//
// It is a fold: calls in traffic order in, the same assets and changes out. It
// must not parse, raise alerts, do I/O, read a clock or start goroutines, and
// must not count packets itself: totals come from whoever counts them. It is
// not safe for concurrent use.
//
// An asset is a group of identifiers, and everything that is learned hangs on
// the identifier it was learned at, so that a merge or a split only moves
// identifiers from one group to another and can be undone.
package inventory
