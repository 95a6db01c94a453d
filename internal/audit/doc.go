// Package audit keeps what people ordered in a file of which no line can be changed or
// taken out without notice: each holds the hash of the one before, and a second file says
// how many there are. Whoever writes both anew is not noticed.
//
// It must not know what an order means, and never writes over what stands there.
package audit
