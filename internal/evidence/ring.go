package evidence

import (
	"errors"
	"fmt"
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
	return r, r.tidy(parts)
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

// tidy removes the oldest files until there are at most keep.
func (r *Ring) tidy(keep int) error {
	numbers, err := r.numbers()
	for len(numbers) > keep && err == nil {
		err = os.Remove(filepath.Join(r.dir, fileName(numbers[0])))
		numbers = numbers[1:]
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
		return "", 0, errors.Join(err, r.Close()) // half a packet ends a file
	}
	first = r.packets + 1
	r.size += int64(len(b))
	r.packets += len(packets)
	return r.name, first, nil
}

// next begins a file.
func (r *Ring) next() error {
	if err := r.Close(); err != nil {
		return err
	}
	if err := r.tidy(parts - 1); err != nil {
		return err
	}
	name := fileName(r.last + 1)
	file, err := os.OpenFile(filepath.Join(r.dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	r.last++
	b := head(r.ports)
	if _, err := file.Write(b); err != nil {
		return errors.Join(err, file.Close())
	}
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
