package near

import (
	"testing"
	"unsafe"
)

// TestLine asks for memory that is there, for none and for some that nobody may
// read: nothing changes and nothing faults.
func TestLine(t *testing.T) {
	words := make([]uint64, 1024)
	for i := range words {
		words[i] = uint64(i)
		Line(unsafe.Pointer(&words[i]))
	}
	for i, w := range words {
		if w != uint64(i) {
			t.Fatalf("word %d is %d", i, w)
		}
	}
	Line(nil)
	if n := testing.AllocsPerRun(10, func() { Line(unsafe.Pointer(&words[0])) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
