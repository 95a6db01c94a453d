// Package audit keeps what people ordered in a file of which no line can be changed or
// taken out without notice: each holds the hash of the one before.
//
// It must not know what an order means, and never writes over what stands there.
package audit
