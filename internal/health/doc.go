// Package health tells how the program itself is doing: metrics, readiness, the
// room left on the disk, and the log file that keeps within its size. It must not
// know the rooms it tells about, nor listen on a port: the command hands it small
// functions that read numbers, and puts its handlers where they are to be served.
//
// There is no global state: two Health values in one process know nothing of
// each other.
package health
