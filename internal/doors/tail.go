package doors

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// Limits of following a file.
const (
	// maxLine is the longest line; a longer one is left out and counted.
	maxLine = 64 << 10
	// maxRead is how much is read before others get a turn.
	maxRead = 4 << 20
	// markBytes is how much of what was read last is remembered, to tell a file that
	// began anew from one that grew.
	markBytes = 64
)

// spot is a place in a file that grows: all before it was taken in.
type spot struct {
	Device uint64 `json:"device"`
	Inode  uint64 `json:"inode"`
	At     int64  `json:"at"`
	Mark   []byte `json:"mark"` // the last bytes before At
}

// tail follows a file line by line. The file may be cut off at its begin, or moved
// away and made anew; a line counts when it has ended.
type tail struct {
	path string
	spot
	file     *os.File
	skipping bool // within a line that is too long
	tooLong  uint64
	anew     uint64 // times that the file began anew
	buffer   []byte
}

func (t *tail) close() {
	if t.file != nil {
		_ = t.file.Close() // only read
		t.file = nil
	}
}

// poll gives what came since the last poll, line by line, borrowed; more says that not
// all of it was read. A file that is not there has no lines.
func (t *tail) poll(line func([]byte)) (more bool, err error) {
	info, err := os.Stat(t.path)
	gone := errors.Is(err, fs.ErrNotExist)
	if err != nil && !gone {
		return false, err
	}
	if t.file != nil && (gone || !t.is(info)) { // moved away: its end first
		if more, err := t.read(line); more || err != nil {
			return more, err
		}
		t.close()
		t.begin()
	}
	if gone {
		return false, nil
	}
	if t.file == nil {
		if t.file, err = os.Open(t.path); err != nil {
			return false, err
		}
		if info, err = t.file.Stat(); err != nil {
			return false, err
		}
		if !t.is(info) {
			if t.Inode != 0 && t.At > 0 {
				t.begin()
			}
			t.At, t.Mark = 0, nil
			t.Device, t.Inode = numbers(info)
		}
	}
	if !t.grew(info.Size()) {
		t.begin()
	}
	return t.read(line)
}

// begin goes back to the first line.
func (t *tail) begin() {
	t.anew++
	t.At, t.Mark, t.skipping = 0, nil, false
}

func numbers(info fs.FileInfo) (device, inode uint64) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Dev), s.Ino //nolint:unconvert // on other systems it is narrower
	}
	return 0, 0
}

func (t *tail) is(info fs.FileInfo) bool {
	device, inode := numbers(info)
	return device == t.Device && inode == t.Inode
}

// grew tells whether the file still begins with what was read.
func (t *tail) grew(size int64) bool {
	if size < t.At {
		return false
	}
	if len(t.Mark) == 0 {
		return t.At == 0
	}
	var now [markBytes]byte
	n, err := t.file.ReadAt(now[:len(t.Mark)], t.At-int64(len(t.Mark)))
	return (err == nil || errors.Is(err, io.EOF)) && bytes.Equal(now[:n], t.Mark)
}

// read gives whole lines from At on.
func (t *tail) read(line func([]byte)) (more bool, err error) {
	if t.buffer == nil {
		t.buffer = make([]byte, maxLine)
	}
	for left := maxRead; left > 0; {
		n, err := t.file.ReadAt(t.buffer, t.At)
		if err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
		b := t.buffer[:n]
		end := bytes.LastIndexByte(b, '\n')
		switch {
		case end >= 0:
			t.lines(b[:end+1], line)
		case n == len(t.buffer): // a line as long as that makes no sense
			if !t.skipping {
				t.tooLong++
			}
			t.skipping = true
			end = n - 1
		default: // half a line: the rest comes
			return false, nil
		}
		t.At += int64(end) + 1
		left -= end + 1
		t.Mark = append(t.Mark[:0], b[max(0, end+1-markBytes):end+1]...)
	}
	return true, nil
}

func (t *tail) lines(b []byte, line func([]byte)) {
	for one := range bytes.Lines(b) {
		if t.skipping { // the end of one that was too long
			t.skipping = false
			continue
		}
		if one = bytes.TrimSpace(one); len(one) > 0 {
			line(one)
		}
	}
}

// before gives the lines of the last so many bytes before the place, for who starts
// again and wants to see them once more.
func (t *tail) before(most int64, line func([]byte)) error {
	f, err := os.Open(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil || !t.is(info) || info.Size() < t.At {
		return err
	}
	from := max(0, t.At-most)
	b := make([]byte, t.At-from)
	if _, err := io.ReadFull(io.NewSectionReader(f, from, t.At-from), b); err != nil || !bytes.HasSuffix(b, t.Mark[max(0, len(t.Mark)-len(b)):]) {
		return err
	}
	if from > 0 { // the first is half a line
		_, b, _ = bytes.Cut(b, []byte("\n"))
	}
	for one := range bytes.Lines(b) {
		if one = bytes.TrimSpace(one); len(one) > 0 && len(one) < maxLine {
			line(one)
		}
	}
	return nil
}
