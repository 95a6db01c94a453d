// Package mishap lets tests have, for real, what happens to a program in a plant:
// a disk that runs full, a process that is killed. Only tests use it.
//
// It must not know what it happens to.
package mishap
