// Package newwriter tells of clients that change a device they never changed
// before: write, control, program, configure.
//
// It must not let a role or the habits of peers lend the right: that is learned
// for the exact client and server, or not at all.
package newwriter
