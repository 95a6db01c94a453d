package snapshot

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/s2"
)

// A file is magic, version, length and SHA-256 of what follows, and that
// compressed (S2). It is written beside its place and moved there, so that there
// is always a whole one; the one before stays beside it.
const (
	magic      = "firedoor state\n"
	headerSize = len(magic) + 4 + 8 + sha256.Size
	// before is the ending of the file that was there before.
	before = ".before"
	// MaxFile is the largest file that is read.
	MaxFile = 1 << 30
)

// ErrNone says that there is no stored state.
var ErrNone = errors.New("no stored state")

// VersionError is a file of a version this program does not know.
type VersionError struct {
	File           string
	Version, Knows uint32
}

// Error says what to do.
func (e *VersionError) Error() string {
	return fmt.Sprintf("%s: is of version %d, this program knows up to %d: use the program that wrote it, or a newer one", e.File, e.Version, e.Knows)
}

// Write stores body under path with a version, and does not return before it
// would survive a power failure.
func Write(path string, version uint32, body []byte) error {
	packed := s2.Encode(nil, body)
	sum := sha256.Sum256(packed)
	head := append(make([]byte, 0, headerSize), magic...)
	head = binary.LittleEndian.AppendUint32(head, version)
	head = binary.LittleEndian.AppendUint64(head, uint64(len(packed)))
	head = append(head, sum[:]...)
	fresh := path + ".new"
	if err := writeSynced(fresh, head, packed); err != nil {
		_ = os.Remove(fresh) // the one that stands is whole
		return err
	}
	if err := os.Rename(path, path+before); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(fresh, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func writeSynced(path string, parts ...[]byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if _, err := f.Write(p); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(f.Sync(), f.Close())
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Read gives the newest whole body stored under path, of a version up to knows,
// and its version. damaged tells why the newest could not be used where the one
// before stands in for it. The error is ErrNone, a *VersionError, or says that
// both are damaged.
func Read(path string, knows uint32) (body []byte, version uint32, damaged error, err error) {
	body, version, err = readOne(path, knows)
	var unknown *VersionError
	if err == nil || errors.As(err, &unknown) {
		return body, version, nil, err
	}
	first := err
	body, version, err = readOne(path+before, knows)
	switch {
	case err == nil && !errors.Is(first, fs.ErrNotExist):
		return body, version, first, nil
	case err == nil: // it stopped between the two moves
		return body, version, nil, nil
	case errors.Is(err, fs.ErrNotExist) && errors.Is(first, fs.ErrNotExist):
		return nil, 0, nil, ErrNone
	}
	return nil, 0, nil, errors.Join(first, err)
}

func readOne(path string, knows uint32) ([]byte, uint32, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if info.Size() > MaxFile {
		return nil, 0, fmt.Errorf("%s: is larger than %d bytes", path, MaxFile)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, err
	}
	if len(b) < headerSize || string(b[:len(magic)]) != magic {
		return nil, 0, fmt.Errorf("%s: is no stored state, or its beginning is damaged", path)
	}
	rest := b[len(magic):]
	version := binary.LittleEndian.Uint32(rest)
	if version == 0 || version > knows {
		return nil, 0, &VersionError{File: path, Version: version, Knows: knows}
	}
	size, want, packed := binary.LittleEndian.Uint64(rest[4:]), rest[12:12+sha256.Size], b[headerSize:]
	if sum := sha256.Sum256(packed); size != uint64(len(packed)) || string(sum[:]) != string(want) {
		return nil, 0, fmt.Errorf("%s: is damaged: its checksum does not fit", path)
	}
	if n, err := s2.DecodedLen(packed); err != nil || n > MaxFile {
		return nil, 0, fmt.Errorf("%s: is damaged: its length does not fit", path)
	}
	body, err := s2.Decode(nil, packed)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: is damaged: %w", path, err)
	}
	return body, version, nil
}
