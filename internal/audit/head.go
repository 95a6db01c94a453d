package audit

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
)

// HeadSuffix names the head of a chain behind the name of its file: one line, the number
// of entries and the SHA-256 of the last one.
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

// readHead reads a head; one that is missing or empty counts no entry.
func readHead(f *os.File) (h head, err error) {
	if f == nil {
		return h, nil
	}
	b := make([]byte, headSize+1)
	n, err := f.ReadAt(b, 0)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return h, err
	case n == 0:
		return h, nil
	case n != headSize:
		return h, errors.New("is no head of a chain: it was changed")
	}
	var digest []byte
	if _, err := fmt.Sscanf(string(b[:n]), "%d %x\n", &h.number, &digest); err != nil || len(digest) != sha256.Size {
		return h, errors.New("is no head of a chain: it was changed")
	}
	copy(h.last[:], digest)
	if fmt.Sprintf(headForm, h.number, h.last) != string(b[:n]) {
		return h, errors.New("is no head of a chain: it was changed")
	}
	return h, nil
}

// tell writes the head and waits until it is on the disk.
func (c *Chain) tell() error {
	if _, err := c.head.WriteAt(fmt.Appendf(nil, headForm, c.number, c.last), 0); err != nil {
		return err
	}
	return c.head.Sync()
}
