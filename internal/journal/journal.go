package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"
)

// Kind says what an entry is. The numbers are stored: they never change.
type Kind uint8

// Kinds of entry. Bodies are JSON, but for Lines.
const (
	Lines Kind = 1 // operations as event lines (docs/formats/events.md), one or more
	Run   Kind = 2 // reads of one kind over a time
	Alert Kind = 3 // an alert, new or grown
	Tick  Kind = 4 // a moment without frames at which time went on
	Order Kind = 5 // what somebody ordered, or a stage that began by itself
	Start Kind = 6 // the sensor began, or went on from its stored state
)

var kindNames = [...]string{"", "lines", "run", "alert", "tick", "order", "start"}

// String is the word used in files.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Entry is one thing that happened. Time is traffic time, ns since 1970.
type Entry struct {
	Kind Kind
	Time int64
	Body []byte
}

// Limits.
const (
	// SegmentBytes is how large a segment becomes before the next one is begun.
	SegmentBytes = 8 << 20
	// blockBytes is how much is compressed at once, at most.
	blockBytes = 64 << 10
	// MaxEntry is the largest body; a larger one is left out and counted.
	MaxEntry = 4 << 20
	// trimEvery is how often it is looked at whether segments must go.
	trimEvery = 10 * time.Second
)

// A segment is a header and blocks. Header: magic, version, number, SHA-256 of
// the segment before. Block: length, CRC-32C, entries compressed with S2. Entry:
// kind, time, length, body.
const (
	magic       = "firedoor journal"
	version     = 1
	headerBytes = len(magic) + 4 + 8 + sha256.Size
	ending      = ".journal"
)

var crcTable = crc32.MakeTable(crc32.Castagnoli)

// Config says where the journal is and how much of it is kept.
type Config struct {
	Dir      string
	MaxBytes int64         // of all segments; 0: no limit
	Keep     time.Duration // a segment older than this goes; 0: none does
	// Missing tells how many bytes should be freed on the disk; nil: none.
	Missing func() uint64
}

// Position is a place in a journal: everything before it was written.
type Position struct {
	Segment uint64
	Offset  int64
}

// Journal is open for writing. Its methods may be called by several goroutines.
type Journal struct {
	cfg Config
	log *slog.Logger

	mu      sync.Mutex
	file    *os.File // nil while nothing can be written
	number  uint64
	size    int64
	sum     hash.Hash // of the segment
	pending []byte    // entries not written yet
	packed  []byte
	stats   Stats
	trimmed time.Time

	syncing  sync.Mutex // one Sync at a time; never held together with mu while the disk is waited for
	retiring sync.WaitGroup
}

// Stats counts.
type Stats struct {
	Entries  uint64 // written
	Lost     uint64 // entries that could not be written
	Segments int    // present
	Bytes    int64  // of them
	Deleted  uint64 // segments that went to keep a limit
	Early    uint64 // of these, those that went because the disk was full
	Problem  string // why nothing can be written at present; empty: it can
}

// Open begins a new segment behind those that are there.
func Open(cfg Config, log *slog.Logger) (*Journal, error) {
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j := &Journal{cfg: cfg, log: log}
	numbers, err := segments(cfg.Dir)
	if err != nil {
		return nil, err
	}
	if n := len(numbers); n > 0 {
		j.number = numbers[n-1]
	}
	if err := j.next(); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return j, nil
}

// segments are the numbers of those in a folder, in order.
func segments(dir string) ([]uint64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	var out []uint64
	for _, e := range entries {
		text, ok := strings.CutSuffix(e.Name(), ending)
		if n, err := strconv.ParseUint(text, 10, 64); ok && err == nil {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, nil
}

func segmentPath(dir string, n uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%012d%s", n, ending))
}

// next begins the next segment, chained to the one before.
func (j *Journal) next() error {
	var before [sha256.Size]byte
	switch {
	case j.file != nil:
		copy(before[:], j.sum.Sum(nil))
		j.retire(j.file)
		j.file = nil
	case j.number > 0:
		var err error
		if before, err = hashOf(segmentPath(j.cfg.Dir, j.number)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	f, err := os.OpenFile(segmentPath(j.cfg.Dir, j.number+1), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	head := append(make([]byte, 0, headerBytes), magic...)
	head = binary.LittleEndian.AppendUint32(head, version)
	head = binary.LittleEndian.AppendUint64(head, j.number+1)
	head = append(head, before[:]...)
	if _, err := f.Write(head); err != nil {
		return errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	j.file, j.number, j.size, j.sum = f, j.number+1, int64(len(head)), sha256.New()
	j.sum.Write(head)
	return nil
}

// retire makes a full segment durable and closes it, without anybody waiting.
func (j *Journal) retire(f *os.File) {
	j.retiring.Go(func() {
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			j.log.Warn("journal: closing a segment", "segment", f.Name(), "problem", err)
		}
	})
}

func hashOf(path string) (sum [sha256.Size]byte, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return sum, err
	}
	return sha256.Sum256(b), nil
}

// Append adds an entry. It is written when a block is full, or by Flush.
func (j *Journal) Append(k Kind, time int64, body []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(body) > MaxEntry {
		j.stats.Lost++
		return
	}
	j.pending = append(j.pending, byte(k))
	j.pending = binary.AppendVarint(j.pending, time)
	j.pending = binary.AppendUvarint(j.pending, uint64(len(body)))
	j.pending = append(j.pending, body...)
	j.stats.Entries++
	if len(j.pending) >= blockBytes {
		j.write()
	}
}

// Flush writes what is pending: it then survives a crash of the program. What
// cannot be written is lost, counted and said once.
func (j *Journal) Flush() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.write()
}

// Sync makes what was written survive a power failure, and lets segments go that
// are too old or too many. It waits for the disk; whoever appends meanwhile does not.
func (j *Journal) Sync() {
	j.syncing.Lock()
	defer j.syncing.Unlock()
	j.mu.Lock()
	j.write()
	file := j.file
	j.mu.Unlock()
	var err error
	if file != nil {
		err = file.Sync()
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if err != nil && !errors.Is(err, os.ErrClosed) { // a segment that was full meanwhile is made durable elsewhere
		j.failed(err)
	}
	if now := time.Now(); now.Sub(j.trimmed) >= trimEvery {
		j.trimmed = now
		j.trim(now)
	}
}

func (j *Journal) write() {
	if len(j.pending) == 0 {
		return
	}
	err := j.block()
	if err != nil && j.makeRoom() {
		err = j.block()
	}
	if err != nil {
		j.stats.Lost += uint64(countEntries(j.pending))
		j.failed(err)
	} else if j.stats.Problem != "" {
		j.stats.Problem = ""
		j.log.Info("the journal can be written again", "lost", j.stats.Lost)
	}
	j.pending = j.pending[:0]
}

// block writes pending as one block; a part of one is cut off again.
func (j *Journal) block() error {
	if j.file == nil || j.size >= SegmentBytes {
		if err := j.next(); err != nil {
			return err
		}
	}
	j.packed = append(j.packed[:0], 0, 0, 0, 0, 0, 0, 0, 0)
	j.packed = append(j.packed, s2.Encode(nil, j.pending)...)
	binary.LittleEndian.PutUint32(j.packed, uint32(len(j.packed)-8))
	binary.LittleEndian.PutUint32(j.packed[4:], crc32.Checksum(j.packed[8:], crcTable))
	n, err := j.file.Write(j.packed)
	if err != nil {
		if n > 0 {
			_, seek := j.file.Seek(j.size, 0)
			err = errors.Join(err, j.file.Truncate(j.size), seek)
		}
		return err
	}
	j.size += int64(n)
	j.sum.Write(j.packed)
	return nil
}

func countEntries(b []byte) (n int) {
	for e := (reader{b: b}); e.next(); {
		n++
	}
	return n
}

func (j *Journal) failed(err error) {
	if j.stats.Problem == "" {
		j.log.Error("the journal cannot be written: detection goes on, and what happens is not kept", "problem", err)
	}
	j.stats.Problem = err.Error()
}

// makeRoom lets the oldest segment go when the disk is full; false if there is
// none but the one at hand.
func (j *Journal) makeRoom() bool {
	numbers, err := segments(j.cfg.Dir)
	if err != nil || len(numbers) == 0 || numbers[0] == j.number && j.file != nil {
		return false
	}
	return j.remove(numbers[0], true)
}

func (j *Journal) remove(n uint64, early bool) bool {
	if err := os.Remove(segmentPath(j.cfg.Dir, n)); err != nil {
		j.failed(err)
		return false
	}
	j.stats.Deleted++
	if early {
		j.stats.Early++
		j.log.Warn("the disk is nearly full: the oldest part of the journal was deleted", "segment", n)
	}
	return true
}

// trim lets segments go that are too old, too many, or in the way of others on
// the disk; never the one at hand.
func (j *Journal) trim(now time.Time) {
	numbers, err := segments(j.cfg.Dir)
	if err != nil {
		j.failed(err)
		return
	}
	var sizes []int64
	var total int64
	var ages []time.Duration
	for _, n := range numbers {
		var size int64
		var age time.Duration
		if info, err := os.Stat(segmentPath(j.cfg.Dir, n)); err == nil {
			size, age = info.Size(), now.Sub(info.ModTime())
		}
		sizes, ages = append(sizes, size), append(ages, age)
		total += size
	}
	var missing int64
	if j.cfg.Missing != nil {
		missing = int64(j.cfg.Missing())
	}
	at := 0
	for ; at < len(numbers) && numbers[at] != j.number; at++ {
		old := j.cfg.Keep > 0 && ages[at] > j.cfg.Keep
		many := j.cfg.MaxBytes > 0 && total > j.cfg.MaxBytes
		if !old && !many && missing <= 0 {
			break
		}
		if !j.remove(numbers[at], !old && !many) {
			break
		}
		total -= sizes[at]
		missing -= sizes[at]
	}
	j.stats.Segments, j.stats.Bytes = len(numbers)-at, total
}

// Position is behind all that was appended, which is written first.
func (j *Journal) Position() Position {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.write()
	return Position{j.number, j.size}
}

// Dir is the folder of the journal.
func (j *Journal) Dir() string { return j.cfg.Dir }

// Stats counts what happened since Open, and what is there.
func (j *Journal) Stats() Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.stats
}

// Close writes what is pending and closes the segment.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	defer j.retiring.Wait()
	j.write()
	if j.file == nil {
		return nil
	}
	err := errors.Join(j.file.Sync(), j.file.Close())
	j.file = nil
	return err
}
