// Package near asks the processor to bring memory into its cache before it is
// needed. It must not do anything else: a program is right with or without it,
// and on processors it does not know it does nothing.
package near
