package capture

import (
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// DamageError says that a capture is damaged in the middle, was cut short, or
// shrank while it was read. What came before was delivered.
type DamageError struct {
	File string
	// Offset is where the record, block or header stands that could not be
	// read, in bytes from the start of the (uncompressed) capture.
	Offset int64
	Reason string
	// Compressed tells that the file is compressed, so that Offset is no
	// position in the file itself.
	Compressed bool
}

// Error names the file, the byte offset and the reason.
func (e *DamageError) Error() string {
	kind := "byte"
	if e.Compressed {
		kind = "uncompressed offset"
	}
	return fmt.Sprintf("%s: damaged at %s %d: %s", e.File, kind, e.Offset, e.Reason)
}

// damage ends the reader with a DamageError at the first byte not consumed.
func (r *Reader) damage(format string, args ...any) error {
	return r.damageAt(r.win.offset(), format, args...)
}

func (r *Reader) damageAt(offset int64, format string, args ...any) error {
	r.err = &DamageError{File: r.path, Offset: offset, Reason: fmt.Sprintf(format, args...),
		Compressed: r.compression != ""}
	return r.err
}

// cut ends the reader because the source ended where what, of want bytes, begins.
func (r *Reader) cut(what string, want int64) error {
	return r.cutAt(r.win.offset(), what, int64(r.win.w-r.win.r), want)
}

func (r *Reader) cutAt(offset int64, what string, have, want int64) error {
	switch err := r.win.err; {
	case !errors.Is(err, io.EOF):
		return r.damageAt(offset, "%s", r.sourceProblem(err))
	case r.shrank():
		return r.damageAt(offset, "the file was shortened while it was read (it had %d bytes)", r.size)
	default:
		return r.damageAt(offset, "the capture ends inside a %s (%d of %d bytes)", what, have, want)
	}
}

// sourceProblem says in words why the bytes could not be had.
func (r *Reader) sourceProblem(err error) string {
	switch {
	case r.compression == "":
		return "cannot be read: " + err.Error()
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the " + r.compression + " data is cut short"
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		err = errZstdWindow
	}
	return "the " + r.compression + " data cannot be decompressed: " + err.Error()
}

// end ends the reader at a record boundary: cleanly, or because of damage that
// shows only there.
func (r *Reader) end() error {
	switch {
	case !errors.Is(r.win.err, io.EOF):
		return r.damage("%s", r.sourceProblem(r.win.err))
	case r.shrank():
		return r.damage("the file was shortened while it was read (it had %d bytes)", r.size)
	}
	r.err = io.EOF
	return r.err
}
