// Package wire puts a policy onto a cable of the virtual factory: a guard stands where
// a gateway would stand, decides what the kernel would decide by itself, and has the
// rest judged by the code that the gateway's worker runs.
//
// It must not know what the factory makes or who is honest in it, decide anything that
// package policy decides, start a goroutine or read a clock: time is given by whoever
// shows it frames.
package wire
