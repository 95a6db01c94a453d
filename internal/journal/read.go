package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"

	"github.com/klauspost/compress/s2"
)

// reader walks entries that lie end to end.
type reader struct {
	b     []byte
	entry Entry
	bad   bool
}

func (r *reader) next() bool {
	if len(r.b) == 0 {
		return false
	}
	k := Kind(r.b[0])
	t, n := binary.Varint(r.b[1:])
	if n <= 0 {
		r.bad = true
		return false
	}
	rest := r.b[1+n:]
	size, m := binary.Uvarint(rest)
	if m <= 0 || size > uint64(len(rest)-m) {
		r.bad = true
		return false
	}
	r.entry = Entry{k, t, rest[m : m+int(size)]}
	r.b = rest[m+int(size):]
	return true
}

var errCut = errors.New("the segment ends inside a block: the program was stopped while it wrote")

// DamageError is a journal that cannot be read on from some place.
type DamageError struct {
	File   string
	Offset int64
	Reason string
}

// Error names the file and the place.
func (e *DamageError) Error() string {
	return fmt.Sprintf("%s: at byte %d: %s", e.File, e.Offset, e.Reason)
}

// Read gives all entries from a position on to f, in order, and checks the chain;
// a body is valid until f returns. A segment that breaks off is read as far as it
// goes. Damage comes as one *DamageError for each damaged segment, joined, when
// everything that can be read was; an error of f ends reading.
func Read(dir string, from Position, f func(*Entry) error) error {
	numbers, err := numbersIn(dir)
	if err != nil {
		return err
	}
	var damage []error
	var before [sha256.Size]byte
	var last uint64 // what before is of
	for _, n := range numbers {
		if n < from.Segment {
			continue
		}
		path := segmentPath(dir, n)
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) { // it went meanwhile, to keep a limit
			continue
		}
		if err != nil {
			return err
		}
		chained := last > 0 && last == n-1
		last = n
		if err := header(path, b, n, before, chained); err != nil {
			damage = append(damage, err)
			before = sha256.Sum256(b)
			continue
		}
		before = sha256.Sum256(b)
		start := int64(headerBytes)
		if n == from.Segment {
			start = max(start, from.Offset)
		}
		if err := blocks(path, b, start, f, &damage); err != nil {
			return err
		}
	}
	return errors.Join(damage...)
}

func header(path string, b []byte, n uint64, before [sha256.Size]byte, chained bool) error {
	switch rest := b; {
	case len(b) < headerBytes || string(b[:len(magic)]) != magic:
		return &DamageError{path, 0, "is no segment of a journal"}
	case binary.LittleEndian.Uint32(rest[len(magic):]) > version:
		return &DamageError{path, int64(len(magic)), "was written by a newer program"}
	case binary.LittleEndian.Uint64(rest[len(magic)+4:]) != n:
		return &DamageError{path, int64(len(magic)) + 4, "has the number of another segment"}
	case chained && !bytes.Equal(rest[len(magic)+12:headerBytes], before[:]):
		return &DamageError{path, int64(len(magic)) + 12, "does not follow the segment before it: that one was changed"}
	}
	return nil
}

func blocks(path string, b []byte, at int64, f func(*Entry) error, damage *[]error) error {
	broken := func(reason string) error {
		*damage = append(*damage, &DamageError{path, at, reason})
		return nil
	}
	for at < int64(len(b)) {
		rest := b[at:]
		if len(rest) < 8 {
			return broken(errCut.Error())
		}
		size := int64(binary.LittleEndian.Uint32(rest))
		if size > int64(len(rest))-8 {
			return broken(errCut.Error())
		}
		packed := rest[8 : 8+size]
		if crc32.Checksum(packed, crcTable) != binary.LittleEndian.Uint32(rest[4:]) {
			return broken("a block's checksum does not fit")
		}
		if n, err := s2.DecodedLen(packed); err != nil || n > blockBytes+MaxEntry+64 {
			return broken("a block's length does not fit")
		}
		plain, err := s2.Decode(nil, packed)
		if err != nil {
			return broken("a block cannot be decompressed")
		}
		r := reader{b: plain}
		for r.next() {
			if err := f(&r.entry); err != nil {
				return err
			}
		}
		if r.bad {
			return broken("a block's entries do not fit")
		}
		at += 8 + size
	}
	return nil
}

// Tail is where to begin reading so that about the last so many bytes of the segments
// are read, and whether that is the begin of what is kept. Segments are read whole.
func Tail(dir string, most int64) (from Position, whole bool, err error) {
	numbers, err := numbersIn(dir)
	if err != nil {
		return from, false, err
	}
	for i := len(numbers) - 1; i >= 0; i-- {
		info, err := os.Stat(segmentPath(dir, numbers[i]))
		if errors.Is(err, fs.ErrNotExist) { // it went meanwhile, to keep a limit
			break
		}
		if err != nil {
			return from, false, err
		}
		if most -= info.Size(); most < 0 && from.Segment > 0 {
			return from, false, nil
		}
		from.Segment = numbers[i]
	}
	return from, true, nil
}
