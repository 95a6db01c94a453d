// Package console is the role that shows what sensors found: it folds their
// records into the store, tells live pages of it, and answers the API on a
// loopback address.
//
// It must not look at traffic and must not act on the plant; and it must not
// show what is not in the store, for only what is there survives it.
package console
