// Package plant writes the network traffic of an invented factory: the product's
// own sample capture, the captures the benchmark reads and the captures the
// protocols are tested with. The same call gives the same bytes on every machine.
//
// It must not open files or sockets by itself (callers hand in a writer), must not
// read a clock or the operating system's randomness, must not parse traffic or know
// what the product thinks of it, and must not import a protocol.
package plant
