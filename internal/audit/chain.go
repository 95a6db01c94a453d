package audit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Entry is one line. Before is the SHA-256 of the line before, without its end; empty
// in the first.
type Entry struct {
	Number uint64          `json:"number"`
	Time   string          `json:"time"`
	Before string          `json:"before"`
	What   string          `json:"what"`
	By     string          `json:"by"`
	Data   json.RawMessage `json:"data"`
}

// maxLine is the longest line that is read.
const maxLine = 1 << 16

// DamageError says where a chain is broken.
type DamageError struct {
	File   string
	Line   uint64
	Reason string
}

// Error names the file and the line.
func (e *DamageError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason) }

// Chain is a file to which entries are added. It is not safe for concurrent use.
type Chain struct {
	file   *os.File
	last   [sha256.Size]byte
	number uint64
}

// Open opens a chain, made if it is missing, reads all of it to f and holds it against
// its hashes. A last line that breaks off, by a crash in the middle of writing it, is
// taken away: it was never confirmed.
func Open(name string, f func(*Entry) error) (*Chain, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	c := &Chain{file: file}
	end, err := c.read(name, f)
	if err == nil {
		err = errors.Join(file.Truncate(end), seek(file, end))
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return c, nil
}

func seek(f *os.File, to int64) error {
	_, err := f.Seek(to, io.SeekStart)
	return err
}

// Verify reads a chain and tells how many entries are in order; a *DamageError says
// where they are not.
func Verify(name string) (entries uint64, err error) {
	file, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }() // only read
	c := &Chain{file: file}
	end, err := c.read(name, nil)
	if err != nil {
		return c.number, err
	}
	if info, err := file.Stat(); err == nil && info.Size() != end {
		return c.number, &DamageError{name, c.number + 1, "breaks off: the process was stopped while it wrote this line"}
	}
	return c.number, nil
}

// read gives all whole lines to f and returns where they end.
func (c *Chain) read(name string, f func(*Entry) error) (end int64, err error) {
	lines := bufio.NewReaderSize(c.file, maxLine)
	for {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return end, nil
		}
		at := c.number + 1
		if err != nil {
			return end, &DamageError{name, at, "is too long a line"}
		}
		var e Entry
		body := bytes.TrimSuffix(line, []byte("\n"))
		d := json.NewDecoder(bytes.NewReader(body))
		d.DisallowUnknownFields()
		switch err := d.Decode(&e); {
		case err != nil, d.InputOffset() != int64(len(body)):
			return end, &DamageError{name, at, "is no entry: it was changed"}
		case e.Number != at:
			return end, &DamageError{name, at, fmt.Sprintf("has the number %d: something was put in or taken out", e.Number)}
		case e.Before != c.before():
			return end, &DamageError{name, at, "does not follow the line before it: one of the two was changed"}
		}
		if f != nil {
			if err := f(&e); err != nil {
				return end, err
			}
		}
		c.number, c.last = at, sha256.Sum256(body)
		end += int64(len(line))
	}
}

func (c *Chain) before() string {
	if c.number == 0 {
		return ""
	}
	return hex.EncodeToString(c.last[:])
}

// Add writes an entry and waits until it is on the disk.
func (c *Chain) Add(time, what, by string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return err
	}
	line, err := json.Marshal(Entry{c.number + 1, time, c.before(), what, by, body})
	if err != nil {
		return err
	}
	if _, err := c.file.Write(append(line, '\n')); err != nil {
		return err
	}
	if err := c.file.Sync(); err != nil {
		return err
	}
	c.number, c.last = c.number+1, sha256.Sum256(line)
	return nil
}

// Close closes the file.
func (c *Chain) Close() error { return c.file.Close() }
