package health

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"sync"
	"syscall"
)

// logMode lets the group of the log read it and others not: it names addresses
// and devices of the plant.
const logMode = 0o640

// leastLog is the smallest size of a log file, so that lines fit.
const leastLog = 4096

// RotatingFile is a log file that never grows past its size: when the next line
// does not fit, FILE becomes FILE.1, FILE.1 becomes FILE.2 and so on, and the
// oldest goes. A line is never in two files.
//
// Nothing stops for a log line. When one cannot be written, because the disk is
// full, the directory is gone or files may not be renamed, it is dropped whole and
// counted, and the next one is tried anew: Write always reports success.
//
// When somebody else moved or removed the file, the next line begins a new one.
type RotatingFile struct {
	path    string
	maxSize int64
	keep    int

	mu     sync.Mutex
	file   *os.File // nil: not open, the next Write tries
	size   int64
	closed bool
	stats  LogStats
	err    error
}

// LogStats are what happened to log lines.
type LogStats struct {
	Lines, Bytes uint64 // written
	Dropped      uint64 // lines that could not be written
	Cut          uint64 // lines longer than a file may be, of which the end is missing
	Rotations    uint64
}

// OpenLog opens or makes the log file and goes on at its end. maxSize is in
// bytes; keep is how many full files stay beside it. That the log cannot be
// written at the start is an error, for somebody is there to mend it.
func OpenLog(path string, maxSize int64, keep int) (*RotatingFile, error) {
	if maxSize < leastLog || keep < 1 {
		return nil, fmt.Errorf("log file %s: %d bytes and %d files kept, at least %d and 1 are needed", path, maxSize, keep, leastLog)
	}
	f := &RotatingFile{path: path, maxSize: maxSize, keep: keep}
	if err := f.open(); err != nil {
		return nil, fmt.Errorf("log file: %w", err)
	}
	return f, nil
}

func (f *RotatingFile) open() error {
	if info, err := os.Stat(f.path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file", f.path) // opening a pipe would wait for its reader
	}
	file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND|syscall.O_NONBLOCK, logMode)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", f.path)
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.file, f.size = file, info.Size()
	return nil
}

// Write writes one line, which ends in a newline. It always returns len(p) and
// no error.
func (f *RotatingFile) Write(p []byte) (int, error) {
	n := len(p)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		f.stats.Dropped++
		return n, nil
	}
	if int64(n) > f.maxSize {
		p = append(append([]byte{}, p[:f.maxSize-1]...), '\n')
		f.stats.Cut++
	}
	if f.err = f.write(p); f.err != nil {
		f.stats.Dropped++
		return n, nil
	}
	f.stats.Lines++
	f.stats.Bytes += uint64(len(p))
	return n, nil
}

func (f *RotatingFile) write(p []byte) error {
	if f.file != nil && f.moved() {
		f.shut()
	}
	if f.file == nil {
		if err := f.open(); err != nil {
			return err
		}
	}
	if f.size > 0 && f.size+int64(len(p)) > f.maxSize {
		if err := f.rotate(); err != nil {
			return err
		}
	}
	n, err := f.file.Write(p)
	if err == nil {
		f.size += int64(n)
		return nil
	}
	if n > 0 { // a line is there whole or not at all
		err = errors.Join(err, f.file.Truncate(f.size))
	}
	f.shut() // the next line finds out anew how long the file is
	return err
}

// moved tells whether the path is no longer the file that is open.
func (f *RotatingFile) moved() bool {
	at, err := os.Stat(f.path)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	open, err := f.file.Stat()
	return err == nil && !os.SameFile(at, open)
}

func (f *RotatingFile) shut() {
	_ = f.file.Close() // nothing is buffered, so nothing is lost
	f.file = nil
}

func (f *RotatingFile) rotate() error {
	// The oldest goes first, which also makes room. More of them are there when
	// fewer are to be kept than before.
	for i := f.keep; ; i++ {
		if err := os.Remove(f.numbered(i)); err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				break
			}
			return err
		}
	}
	for i := f.keep - 1; i >= 0; i-- {
		if err := os.Rename(f.numbered(i), f.numbered(i+1)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	f.shut()
	if err := f.open(); err != nil {
		return err
	}
	f.stats.Rotations++
	return nil
}

// numbered is the name of the i-th youngest full file; 0 is the one written to.
func (f *RotatingFile) numbered(i int) string {
	if i == 0 {
		return f.path
	}
	return f.path + "." + strconv.Itoa(i)
}

// Reopen lets the next line begin in a newly opened file, as a program expects
// that moved the old one away.
func (f *RotatingFile) Reopen() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file != nil {
		f.shut()
	}
}

// Stats are the counts so far.
func (f *RotatingFile) Stats() LogStats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stats
}

// Check is a condition: why the last line could not be written, or nil.
func (f *RotatingFile) Check() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		return nil
	}
	return fmt.Errorf("log lines are dropped, %d so far: %w", f.stats.Dropped, f.err)
}

// Emit is a source of metrics.
func (f *RotatingFile) Emit(emit Emit) {
	s := f.Stats()
	emit("firedoor_log_lines_total", Counter, "Lines written to the log file.", float64(s.Lines))
	emit("firedoor_log_dropped_total", Counter, "Log lines that could not be written.", float64(s.Dropped))
	emit("firedoor_log_rotations_total", Counter, "Times that a new log file was begun.", float64(s.Rotations))
	Limit(emit, "log_file_bytes", float64(f.maxSize), float64(s.Rotations))
	Limit(emit, "log_line_bytes", float64(f.maxSize), float64(s.Cut))
}

// Close closes the file. Lines that come later are dropped and counted.
func (f *RotatingFile) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file = nil
	return err
}
