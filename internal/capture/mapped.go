//go:build unix

package capture

import (
	"os"
	"runtime/debug"
	"syscall"
)

const (
	// mapWindow is how much of a file is mapped at a time.
	mapWindow = 4 << 20
	// mapAbove is the mean size of the first records above which mapping pays:
	// it spares the copy of what is between record headers.
	mapAbove = 200
)

// countMapped counts the records of a plain pcap file of large records without
// copying it; false if that cannot be done, or the file is not whole: then
// reading it properly finds out and has the words for it. Counting is the one
// place that maps a file, for it looks at four bytes of a record and keeps
// nothing. Should the file shrink meanwhile, the fault is caught.
func (r *Reader) countMapped() (frames uint64, counted bool) {
	if r.ng != nil || r.compression != "" || r.pcap.flipped || r.size < mapWindow {
		return 0, false
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	inWindow, bytes := countRecords(r.win.buf[r.win.r:r.win.w], &r.pcap)
	if inWindow == 0 || bytes/int64(inWindow) < mapAbove {
		return 0, false
	}
	page := int64(os.Getpagesize())
	for offset := r.win.offset(); offset < r.size; {
		base := offset / page * page
		data, err := syscall.Mmap(int(r.file.Fd()), base, int(min(mapWindow, r.size-base)), syscall.PROT_READ, syscall.MAP_SHARED|syscall.MAP_POPULATE)
		if err != nil {
			return 0, false
		}
		n, used := countGuarded(data[offset-base:], &r.pcap)
		_ = syscall.Munmap(data) // nothing is kept of it
		if used == 0 {
			return 0, false
		}
		frames += n
		offset += used
	}
	return frames, true
}

// countGuarded is countRecords on mapped memory: a fault, because the file is
// shorter now than it was, counts nothing.
func countGuarded(b []byte, p *pcapFormat) (n uint64, used int64) {
	defer func() {
		if recover() != nil {
			n, used = 0, 0
		}
	}()
	return countRecords(b, p)
}
