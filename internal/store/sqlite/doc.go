// Package sqlite keeps the store in one SQLite file: one writer, readers that
// never wait for it, and a transaction that is on the disk when it returns.
//
// It must not judge or reckon: it keeps records, finds them again fast, and
// says so when it cannot.
package sqlite
