package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"

	"firedoor/internal/packet"
)

var (
	le = binary.LittleEndian
	be = binary.BigEndian
)

// Reader reads one capture file from front to back.
type Reader struct {
	path        string
	index       uint32
	number      uint32 // frames handed over
	compression string // "gzip", "xz", "zstd"; "" for a plain file
	size        int64  // of the file when it was opened; 0 if it is no regular file
	file        countedFile
	closers     []io.Closer
	win         window
	pcap        pcapFormat
	ng          *ngFormat    // nil for pcap
	held        packet.Frame // read, but did not fit in the caller's buffer
	isHeld      bool
	err         error // sticky: io.EOF or *DamageError
}

// countedFile counts what was read, for Position: another goroutine may ask.
type countedFile struct {
	*os.File
	read atomic.Int64
}

// Read is os.File's, counted.
func (f *countedFile) Read(b []byte) (int, error) {
	n, err := f.File.Read(b)
	f.read.Add(int64(n))
	return n, err
}

// Open opens a capture and reads its first header. The frames get index as
// their Capture. The error names the file and what is wrong with it; it is a
// *DamageError if this is a capture that breaks off in its first header.
func Open(path string, index uint32) (*Reader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, openProblem(path, err)
	}
	r := &Reader{path: path, index: index, file: countedFile{File: file}}
	if err := r.start(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func openProblem(path string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return fmt.Errorf("%s: cannot be read: %w", path, err)
}

// start finds out what the file is and reads its header.
func (r *Reader) start() error {
	info, err := r.file.Stat()
	switch {
	case err != nil:
		return openProblem(r.path, err)
	case info.IsDir():
		return fmt.Errorf("%s: is a directory, not a capture file", r.path)
	case info.Mode().IsRegular():
		r.size = info.Size()
	}
	room := int64(refill)
	if r.size > 0 { // many captures are small
		room = min(room, r.size+minimumRead)
	}
	r.win = window{src: &r.file, buf: make([]byte, room)}
	r.win.need(6)
	if err := r.win.err; err != nil && !errors.Is(err, io.EOF) {
		return openProblem(r.path, err)
	}
	head := r.win.buf[:r.win.w]
	if len(head) == 0 {
		return fmt.Errorf("%s: is empty, not a capture file", r.path)
	}
	if r.compression = compressionOf(head); r.compression != "" {
		if err := r.decompress(head); err != nil {
			return err
		}
	}
	return r.detect()
}

// detect reads the magic number and the first header behind it.
func (r *Reader) detect() error {
	r.win.need(4)
	head := r.win.buf[r.win.r:r.win.w]
	if err := r.win.err; err != nil && !errors.Is(err, io.EOF) {
		return r.end()
	}
	if len(head) < 4 {
		return fmt.Errorf("%s: is too short to be a capture file (%d bytes%s)", r.path, len(head), r.within())
	}
	if le.Uint32(head) == ngSectionHeader {
		r.ng = &ngFormat{}
		return r.firstSection()
	}
	if !r.pcap.recognise(le.Uint32(head)) {
		return fmt.Errorf("%s: is not a pcap or pcapng capture%s, but %s", r.path, r.within(), whatElse(head))
	}
	return r.pcapHeader()
}

func (r *Reader) within() string {
	if r.compression == "" {
		return ""
	}
	return " inside " + r.compression
}

// Next hands over the next frame; f.Data is a view valid until the next call of
// Next or Fill. The error is io.EOF at the clean end, else a *DamageError.
func (r *Reader) Next(f *packet.Frame) error {
	switch {
	case r.isHeld:
		*f, r.isHeld = r.held, false
		return nil
	case r.err != nil:
		return r.err
	case r.ng == nil:
		return r.nextRecord(f)
	default:
		return r.nextBlock(f)
	}
}

// Fill hands over frames until dst is full or the next one does not fit in what
// is left of buf, where their bytes are put; used is how much of it was taken.
// A frame larger than the whole of buf comes alone, with its own allocation. An
// error (see Next) comes alone too: n is zero.
func (r *Reader) Fill(dst []packet.Frame, buf []byte) (n, used int, err error) {
	if r.ng == nil && !r.isHeld && r.err == nil {
		return r.fillRecords(dst, buf)
	}
	return fill(r, &r.held, &r.isHeld, dst, buf)
}

// View is Fill without the copy where that can be had: the frames' bytes may lie
// in the reader's own memory and are valid until the next call. It gives exactly
// the frames that Fill would give with the same dst and buf.
func (r *Reader) View(dst []packet.Frame, buf []byte) (n int, err error) {
	if r.ng == nil && !r.isHeld && r.err == nil {
		return r.viewRecords(dst, len(buf))
	}
	n, _, err = fill(r, &r.held, &r.isHeld, dst, buf)
	return n, err
}

// source is what fill reads from.
type source interface{ Next(f *packet.Frame) error }

// fill is Fill one frame at a time. A frame that does not fit any more is held
// for the next call: until then the source is left alone, so its bytes stay.
func fill(src source, held *packet.Frame, isHeld *bool, dst []packet.Frame, buf []byte) (n, used int, err error) {
	for n < len(dst) {
		f := &dst[n]
		if err := src.Next(f); err != nil {
			if n > 0 { // it is sticky: the next call returns it
				return n, used, nil
			}
			return 0, 0, err
		}
		if len(f.Data) > len(buf)-used {
			if n > 0 {
				*held, *isHeld = *f, true
				return n, used, nil
			}
			f.Data = append([]byte(nil), f.Data...)
			return 1, 0, nil
		}
		end := used + copy(buf[used:], f.Data)
		f.Data = buf[used:end:end]
		used = end
		n++
	}
	return n, used, nil
}

// Position is how much of the (compressed) file was read, and its size; total
// is 0 where the size is not known. It may be called from another goroutine.
func (r *Reader) Position() (done, total int64) {
	done = r.file.read.Load()
	if r.size == 0 {
		return done, 0
	}
	return done, max(done, r.size)
}

// Close closes the file. Frames handed over by Next are no longer valid.
func (r *Reader) Close() error {
	for _, c := range r.closers {
		_ = c.Close() // decompressors only give back memory here
	}
	r.closers = nil
	if r.err == nil {
		r.err = io.EOF
	}
	r.isHeld = false
	return r.file.Close()
}

// shrank tells whether the file ended before the size it had when opened.
func (r *Reader) shrank() bool { return r.file.read.Load() < r.size }

// deliver completes a frame whose bytes are known.
func (r *Reader) deliver(f *packet.Frame, link packet.LinkType, data []byte, wire uint32, fcs uint32) {
	r.number++
	f.Capture = r.index
	f.Number = r.number
	f.Link = link
	f.WireLen = max(wire, uint32(len(data)))
	f.Data = data[:len(data):len(data)]
	if fcs != 0 {
		f.WireLen, f.Data = withoutFCS(wire, data, fcs)
	}
}

// withoutFCS cuts the frame check sequence off what was kept of a frame of wire bytes.
func withoutFCS(wire uint32, data []byte, fcs uint32) (uint32, []byte) {
	wire = max(wire, uint32(len(data)))
	if wire >= fcs {
		wire -= fcs
	}
	n := min(len(data), int(wire))
	return wire, data[:n:n]
}

// Count walks a capture and counts its frames. Where the capture is damaged it
// returns those before the damage and the *DamageError that reading gives.
func Count(path string) (frames uint64, err error) {
	r, err := Open(path, 0)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	var f packet.Frame
	for {
		if r.ng == nil {
			frames += r.skipRecords()
		}
		switch err := r.Next(&f); {
		case err == nil:
			frames++
		case errors.Is(err, io.EOF):
			return frames, nil
		default:
			return frames, err
		}
	}
}
