// Package refusal knows which devices were seen to refuse a spoiled request cleanly: with
// the protocol's own error, at once, and without changing anything.
//
// It must not try a device, nor take one for another: a model of which nothing stands in
// its list is one that nobody has tried.
package refusal
