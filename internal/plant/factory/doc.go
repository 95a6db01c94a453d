// Package factory is the virtual factory: the standard plant's devices on a
// simulated network, the processes they control, the life of the people around
// them, and the attacks that scenarios describe, with the truth about all of it.
// The same seed gives the same frames, byte for byte.
//
// It must not open files or sockets, must not read a clock or the operating
// system's randomness, must not start goroutines, and must not know what the
// product thinks of its traffic.
package factory
