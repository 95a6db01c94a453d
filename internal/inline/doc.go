// Package inline judges frames on their way between two ports: it follows connections,
// gives their bytes to the parsers, asks the policy about each request before its last
// byte is passed on, and passes, changes, holds or stops the frame that carries it. It
// is the same code in the gateway's worker and on the wire of the virtual factory.
//
// It must not do I/O, read a clock, start a goroutine, or decide anything that package
// policy decides. A frame that it does not pass on has a reason; a message that it
// changes is one that its device answers with a refusal of its own.
package inline
