// Package store is the contract of what must last: the records that left the
// edge as a console shows them, and what people said of them. The types are
// those the API answers with.
//
// It must not know a database, and must not judge: it keeps the present state
// of things, and the position in the stream up to which it did so.
package store
