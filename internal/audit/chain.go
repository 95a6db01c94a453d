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

// MaxLine is the longest line, its end included: what would be longer is not added.
const MaxLine = 1 << 16

// reserved is how much room is kept on the disk for what comes, in bytes.
const reserved = 1 << 20

// DamageError says where a chain is broken.
type DamageError struct {
	File   string
	Line   uint64
	Reason string
}

// Error names the file and the line.
func (e *DamageError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason) }

// Chain is a file to which entries are added. Beside it stands its head, which says how
// many there are and, before an entry is written, which one comes: whoever cuts off the end, or puts
// something behind it, must change both. It is not safe for concurrent use.
type Chain struct {
	file   *os.File
	head   *os.File
	end    int64 // of what is known to be written
	last   [sha256.Size]byte
	number uint64
	bare   bool  // the last line has no end
	broken error // what could not be taken back

	reserved int64 // so far the disk has room for the file
}

// Open opens a chain, made if it is missing, reads all of it to f and holds it against
// its hashes and its head. A last line that breaks off and that the head does not count, by
// a crash in the middle of writing it, is taken away: it was never confirmed. A whole one stays
// if the head announces it. One that has entries and no head is damaged, and none is made for it.
func Open(name string, f func(*Entry) error) (*Chain, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	c := &Chain{file: file}
	if c.head, err = openHead(name, file); err == nil {
		err = c.goOn(name, f)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *Chain) goOn(name string, f func(*Entry) error) error {
	if err := c.read(name, f); err != nil {
		return err
	}
	if c.bare {
		if _, err := c.file.WriteAt([]byte{'\n'}, c.end); err != nil {
			return err
		}
		c.end++
	}
	if err := errors.Join(c.file.Truncate(c.end), seek(c.file, c.end), c.file.Sync()); err != nil {
		return err
	}
	c.reserve()
	return c.confirm()
}

func seek(f *os.File, to int64) error {
	_, err := f.Seek(to, io.SeekStart)
	return err
}

// maxAgain is how often a chain is read again to which something is added meanwhile.
const maxAgain = 20

// Verify reads a chain to f and tells how many entries are in order; a *DamageError says
// where they are not. Where its head is missing nobody can tell whether there were more or fewer.
// It may be added to meanwhile: what does not fit then is read again, to f from the first entry on.
func Verify(name string, f func(*Entry) error) (entries uint64, err error) {
	for again := 0; ; again++ {
		was := stateOf(name)
		entries, err = verify(name, f)
		if err == nil || again == maxAgain || stateOf(name) == was {
			return entries, err
		}
	}
}

// stateOf is another one where something was added. What cannot be read verify says.
func stateOf(name string) string {
	b, _ := os.ReadFile(name + HeadSuffix)
	if info, err := os.Stat(name); err == nil {
		return fmt.Sprint(info.Size(), " ", string(b))
	}
	return string(b)
}

func verify(name string, f func(*Entry) error) (entries uint64, err error) {
	file, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	c := &Chain{file: file}
	defer func() { _ = c.Close() }() // only read
	c.head, err = os.Open(name + HeadSuffix)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	if err := c.read(name, f); err != nil {
		return c.number, err
	}
	if info, err := file.Stat(); err == nil && (info.Size() != c.end || c.bare) {
		return c.number, &DamageError{name, c.number + 1, "breaks off: the process was stopped while it wrote this line, or its end was taken away"}
	}
	return c.number, nil
}

// read gives all entries to f, notes where they end, and holds them against the head.
func (c *Chain) read(name string, f func(*Entry) error) error {
	told, next, err := readHead(c.head)
	if err != nil {
		return &DamageError{name + HeadSuffix, 1, err.Error()}
	}
	lines := bufio.NewReaderSize(c.file, MaxLine)
	passed := c.last // of the entry that the head counts
	for {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			of := head{c.number + 1, sha256.Sum256(line)}
			if c.bare || len(line) == 0 || of != told && of != next {
				break
			}
			c.bare = true
			err = nil
		}
		if err != nil {
			return &DamageError{name, c.number + 1, "is too long a line"}
		}
		if err := c.entry(name, bytes.TrimSuffix(line, []byte("\n")), f); err != nil {
			return err
		}
		if c.end += int64(len(line)); c.number == told.number {
			passed = c.last
		}
	}
	switch {
	case c.head == nil:
	case told.number > c.number:
		return &DamageError{name, c.number + 1, fmt.Sprintf("is missing: %d entries were written", told.number)}
	case told.number < c.number && next != head{c.number, c.last}:
		c.number = told.number // are in order
		return &DamageError{name, told.number + 1, fmt.Sprintf("is one too many: %s counts %d entries and announces no such one", name+HeadSuffix, told.number)}
	case told.number > 0 && passed != told.last:
		return &DamageError{name, told.number, "is not what was written: it was changed"}
	}
	return nil
}

// entry takes one line.
func (c *Chain) entry(name string, body []byte, f func(*Entry) error) error {
	at := c.number + 1
	var e Entry
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	switch err := d.Decode(&e); {
	case err != nil, d.InputOffset() != int64(len(body)):
		return &DamageError{name, at, "is no entry: it was changed"}
	case e.Number != at:
		return &DamageError{name, at, fmt.Sprintf("has the number %d: something was put in or taken out", e.Number)}
	case e.Before != c.before():
		return &DamageError{name, at, "does not follow the line before it: one of the two was changed"}
	}
	if f != nil {
		if err := f(&e); err != nil {
			return err
		}
	}
	c.number, c.last = at, sha256.Sum256(body)
	return nil
}

func (c *Chain) before() string {
	if c.number == 0 {
		return ""
	}
	return hex.EncodeToString(c.last[:])
}

// Add writes an entry and waits until it is on the disk. What fails is not added, and
// nothing of it stays. The head announces the entry before it is written, and counts it after that:
// whatever a crash leaves is one of the two, and an entry that nobody announced is none of ours.
func (c *Chain) Add(time, what, by string, data any) error {
	if c.broken != nil {
		return c.broken
	}
	body, err := plain(data)
	if err != nil {
		return err
	}
	line, err := plain(Entry{c.number + 1, time, c.before(), what, by, body})
	switch {
	case err != nil:
		return err
	case len(line) >= MaxLine:
		return fmt.Errorf("%s: an entry of %d bytes is longer than %d", c.file.Name(), len(line), MaxLine)
	}
	was := *c
	next := head{c.number + 1, sha256.Sum256(line)}
	if err = c.announce(next); err == nil {
		_, err = c.file.Write(append(line, '\n'))
	}
	if err == nil {
		err = c.file.Sync()
	}
	if err == nil {
		c.number, c.last, c.end = next.number, next.last, c.end+int64(len(line))+1
		err = c.confirm()
	}
	if err != nil {
		return c.back(&was, err)
	}
	c.reserve()
	return nil
}

// back takes away what was written of an entry that failed. The head goes first: it must not count
// what is no more.
func (c *Chain) back(was *Chain, why error) error {
	*c = *was
	err := c.count()
	if err == nil {
		err = errors.Join(c.file.Truncate(c.end), seek(c.file, c.end), c.file.Sync())
	}
	if err == nil {
		err = c.head.Truncate(headSize)
	}
	if err != nil {
		c.broken = fmt.Errorf("%s: what was written of an entry could not be taken back, so none is added: %w", c.file.Name(), err)
	}
	return why
}

// plain is JSON in which text stands as it is.
func plain(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// Close closes the files.
func (c *Chain) Close() error {
	err := c.file.Close()
	if c.head != nil {
		err = errors.Join(err, c.head.Close())
	}
	return err
}
