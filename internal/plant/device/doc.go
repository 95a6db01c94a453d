// Package device is what the machines of the virtual factory say: what
// controllers, drives, panels and servers answer, and what their clients ask.
// Bytes go in and bytes come out, so the same code answers on the simulated
// network and on a real socket.
//
// It must not open sockets or files, must not know the simulated network or the
// physics (values come and go through the functions of a Value), must not read a
// clock (time is handed in) or the operating system's randomness, must not start
// goroutines, and must not write a second builder for a message that
// internal/plant builds. Nothing here is safe for concurrent use: whoever owns
// the sockets lets one connection speak at a time.
package device
