// Package snapshot writes the plain data of folds into bytes and reads it back:
// numbers, text, slices, maps, structs and the pointers between them, unexported
// fields too. The bytes describe themselves, so that a field can be added, left
// out or moved without losing what was learned.
//
// It must not know any fold, and must not judge what it stores. What is no data
// (callbacks, seeds, indexes that can be made anew) is marked `snapshot:"-"` by
// the fold that holds it.
package snapshot
