// Package tablefull tells that a limit was reached, so that people know what is
// no longer seen.
//
// It must not speak where a flood of new devices did it: that is part of the
// flood's alert.
package tablefull
