package evidence

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Packet is one frame.
type Packet struct {
	Time    int64 // ns since 1970
	Port    int   // 0 or 1: where it came in, or went out
	Wire    int   // its length on the wire, where Data is not all of it
	Data    []byte
	Comment string // one line, at most 1024 bytes
}

// Limits of a Ring.
const (
	// parts is among how many files the bytes are shared out: the oldest goes when there
	// is no room for one more.
	parts = 8
	// maxFiles is how many there may be: one that a process left is not gone on with, however short it is, and a few
	// restarts must not push out what was kept.
	maxFiles = 64
	// Least is the smallest bound of a ring.
	Least = 1 << 20
)

const (
	prefix = "stops-"
	suffix = ".pcapng"
)

// Ring is a folder of files that are written one after the other. It is not safe for
// concurrent use.
type Ring struct {
	dir     string
	ports   [2]string
	most    int64 // of a file
	file    *os.File
	name    string
	size    int64
	packets int // in the file
	last    uint64
	buffer  []byte
}

// Open makes the folder where it is missing. All its files together have at most bytes
// bytes, not less than Least. ports name the two interfaces.
func Open(dir string, bytes int64, ports [2]string) (*Ring, error) {
	if bytes < Least {
		return nil, fmt.Errorf("%s: %d bytes are too few for evidence: at least %d", dir, bytes, Least)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	r := &Ring{dir: dir, ports: ports, most: bytes / parts}
	numbers, err := r.numbers()
	if err != nil {
		return nil, err
	}
	if len(numbers) > 0 {
		r.last = numbers[len(numbers)-1]
	}
	return r, r.tidy(0)
}

// numbers are those of the files that are there, oldest first.
func (r *Ring) numbers() (out []uint64, err error) {
	entries, err := os.ReadDir(r.dir)
	for _, e := range entries {
		text, isPart := strings.CutPrefix(e.Name(), prefix)
		text, ends := strings.CutSuffix(text, suffix)
		if n, err := strconv.ParseUint(text, 10, 64); err == nil && isPart && ends {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, err
}

func fileName(n uint64) string { return fmt.Sprintf("%s%06d%s", prefix, n, suffix) }

// tidy removes the oldest files until there is room for so many bytes more, and for one more file.
func (r *Ring) tidy(room int64) error {
	numbers, err := r.numbers()
	total, sizes := room, make([]int64, len(numbers))
	for i, n := range numbers {
		if info, err := os.Stat(filepath.Join(r.dir, fileName(n))); err == nil {
			sizes[i] = info.Size()
			total += sizes[i]
		}
	}
	for i := 0; i < len(numbers) && err == nil && (total > parts*r.most || len(numbers)-i > maxFiles-1); i++ {
		err = os.Remove(filepath.Join(r.dir, fileName(numbers[i])))
		total -= sizes[i]
	}
	return err
}

// Add writes packets one after the other into one file. It returns the file's name and
// the number of the first of them in it, from 1, as packet viewers count.
func (r *Ring) Add(packets ...Packet) (name string, first int, err error) {
	b := r.buffer[:0]
	for i := range packets {
		b = packets[i].appendTo(b)
	}
	r.buffer = b
	if r.file == nil || r.size+int64(len(b)) > r.most {
		if err := r.next(); err != nil {
			return "", 0, err
		}
	}
	if r.size+int64(len(b)) > r.most {
		return "", 0, fmt.Errorf("%d bytes of frames do not fit into a file of %d", len(b), r.most)
	}
	if _, err := r.file.Write(b); err != nil {
		return "", 0, errors.Join(err, r.back())
	}
	first = r.packets + 1
	r.size += int64(len(b))
	r.packets += len(packets)
	return r.name, first, nil
}

// back takes half a packet away, so that the file goes on when the disk takes it again; where that fails it ends.
func (r *Ring) back() error {
	_, err := r.file.Seek(r.size, io.SeekStart)
	if err = errors.Join(err, r.file.Truncate(r.size)); err != nil {
		return errors.Join(err, r.Close())
	}
	return nil
}

// next begins a file.
func (r *Ring) next() error {
	if err := r.Close(); err != nil {
		return err
	}
	if err := r.tidy(r.most); err != nil {
		return err
	}
	name := fileName(r.last + 1)
	file, err := os.OpenFile(filepath.Join(r.dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	b := head(r.ports)
	if _, err := file.Write(b); err != nil {
		return errors.Join(err, file.Close(), os.Remove(file.Name())) // the disk is full: what is there stays
	}
	r.last++
	r.file, r.name, r.size, r.packets = file, name, int64(len(b)), 0
	return nil
}

// Close ends the file that is being written; a further Add begins another one.
func (r *Ring) Close() error {
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	r.file = nil
	return err
}
