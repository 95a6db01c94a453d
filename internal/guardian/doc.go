// Package guardian is the process that holds what must not be lost: the two ports, the
// kernel's programs and tables, the rings in which frames wait. It starts the control
// process, which reads policies and takes orders, and workers, which judge frames, and puts another
// one in the place of each that ends or hangs.
//
// It must not read a policy, a protocol or a byte of a frame, and must not be needed for
// a frame to go on: tables reach it as plain data that is checked, orders for workers
// as bytes that it hands on, and what workers say as bytes for control.
package guardian
