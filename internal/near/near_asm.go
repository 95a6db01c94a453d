//go:build amd64 || arm64

package near

import "unsafe"

// Line asks for the cache line that p lies in. Any address will do: one that
// cannot be read is passed over.
//
//go:noescape
func Line(p unsafe.Pointer)
