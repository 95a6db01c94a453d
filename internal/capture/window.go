package capture

import "io"

const (
	// refill is how many bytes are read at once.
	refill = 256 << 10
	// minimumRead is the least room for a read, so that the last one can see the end.
	minimumRead = 512
	// MaxFrame is the largest captured length that is believed: the largest
	// snapshot length that capture tools write for any link type in use here.
	MaxFrame = 256 << 10
	// MaxBlock is the largest pcapng block that is read as a whole: a frame and
	// its options. Blocks that are only skipped may be longer.
	MaxBlock = 1 << 20
	// maxIdleReads is how often a source may return nothing at all.
	maxIdleReads = 100
)

// window is the part of the uncompressed capture that is in memory. It slides:
// views of it are valid until the next call of need or skip.
type window struct {
	src  io.Reader
	buf  []byte
	r, w int   // buf[r:w] is read from src and not yet consumed
	base int64 // offset of buf[0] in the uncompressed capture
	err  error // why src ended
}

// offset is where the first byte not consumed stands.
func (w *window) offset() int64 { return w.base + int64(w.r) }

// need makes n bytes available from r on; false if the source ends before,
// with what there is still available.
func (w *window) need(n int) bool {
	if w.w-w.r >= n {
		return true
	}
	if w.err != nil {
		return false
	}
	w.base += int64(w.r)
	w.r, w.w = 0, copy(w.buf, w.buf[w.r:w.w])
	for w.w < n {
		if w.w == len(w.buf) { // grows only as bytes arrive: lengths may lie
			bigger := make([]byte, max(refill, 2*len(w.buf)))
			copy(bigger, w.buf[:w.w])
			w.buf = bigger
		}
		if !w.more() {
			return w.w >= n
		}
	}
	return true
}

// more reads once into what is free of the buffer; false if the source ended.
func (w *window) more() bool {
	for range maxIdleReads {
		n, err := w.src.Read(w.buf[w.w:])
		w.w += n
		w.err = err
		if n > 0 || err != nil {
			return err == nil
		}
	}
	w.err = io.ErrNoProgress
	return false
}

// skip passes over n bytes without keeping them; false if the source ends before.
func (w *window) skip(n int64) bool {
	for {
		have := int64(w.w - w.r)
		if have >= n {
			w.r += int(n)
			return true
		}
		n -= have
		w.r = w.w
		if !w.need(1) {
			return false
		}
	}
}
