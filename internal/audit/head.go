package audit

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
)

// HeadSuffix names the head of a chain behind the name of its file: a line with the number
// of entries and the SHA-256 of the last one. While an entry is written a second line says
// the same of that one.
const HeadSuffix = ".head"

// headForm has always the same length, so that it is written over what stands there.
const (
	headForm = "%020d %064x\n"
	headSize = 20 + 1 + 2*sha256.Size + 1
)

type head struct {
	number uint64
	last   [sha256.Size]byte
}

// openHead opens the head of a chain to be gone on with. It is made only beside a chain without entries: an empty one in
// its place would hide that it was taken away.
func openHead(name string, chain *os.File) (*os.File, error) {
	flags := os.O_RDWR
	info, err := chain.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() == 0 {
		flags |= os.O_CREATE
	}
	f, err := os.OpenFile(name+HeadSuffix, flags, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		return nil, &DamageError{name + HeadSuffix, 1, "is missing, so an end that was cut off is not seen: it belongs beside its file"}
	}
	return f, err
}

// readHead reads a head: what it counts, and what it announces. One that is missing or empty counts
// no entry. An announcement that breaks off, by a crash in the middle of it, is none: its entry was
// not written yet.
func readHead(f *os.File) (h, next head, err error) {
	if f == nil {
		return h, next, nil
	}
	b := make([]byte, 2*headSize+1)
	n, err := f.ReadAt(b, 0)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return h, next, err
	case n == 0:
		return h, next, nil
	case n < headSize || n > 2*headSize:
		return h, next, errChanged
	}
	h, ok := parseHead(b[:headSize])
	if !ok {
		return h, next, errChanged
	}
	if next, ok = parseHead(b[headSize:n]); !ok {
		next = head{}
	}
	return h, next, nil
}

var errChanged = errors.New("is no head of a chain: it was changed")

// parseHead reads a line of a head.
func parseHead(b []byte) (h head, ok bool) {
	var digest []byte
	if _, err := fmt.Sscanf(string(b), "%d %x\n", &h.number, &digest); err != nil || len(digest) != sha256.Size {
		return head{}, false
	}
	copy(h.last[:], digest)
	return h, string(h.line()) == string(b)
}

func (h *head) line() []byte { return fmt.Appendf(nil, headForm, h.number, h.last) }

// announce writes which entry comes, behind what is counted, and waits until it is on the disk.
func (c *Chain) announce(next head) error {
	if _, err := c.head.WriteAt(next.line(), headSize); err != nil {
		return err
	}
	return c.head.Sync()
}

// count writes how many entries there are, and waits until it is on the disk. What is announced stays.
func (c *Chain) count() error {
	h := head{c.number, c.last}
	if _, err := c.head.WriteAt(h.line(), 0); err != nil {
		return err
	}
	return c.head.Sync()
}

// confirm counts the entry that was announced, and takes the announcement away only when that is on
// the disk: before, the entry would be one that nobody announced.
func (c *Chain) confirm() error {
	if err := c.count(); err != nil {
		return err
	}
	return c.head.Truncate(headSize)
}
