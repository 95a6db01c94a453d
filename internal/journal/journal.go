package journal

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"log/slog"
	"math"
	"os"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"
	"golang.org/x/sys/unix"
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
	// SegmentBytes is how large a segment becomes before the next one is begun; it
	// is less where the whole journal may be less than segmentShare of them.
	SegmentBytes = 8 << 20
	// segmentShare is how many segments a bounded journal has at least, so that
	// what goes at once is a small part of it.
	segmentShare = 8
	// minSegment is the smallest such share: below it files cost more than they hold.
	minSegment = 64 << 10
	// blockBytes is how much is compressed at once, at most, but for a single
	// larger entry; AppendLines makes no larger entry of several lines.
	blockBytes = 64 << 10
	// MaxEntry is the largest body; a larger one is left out, counted and told.
	MaxEntry = 4 << 20
	// askEvery is how often it is asked whether the disk is short of room, beside
	// each turn to a new segment.
	askEvery = 10 * time.Second
	// keepShare: a segment is turned over after this share of Keep, so that what is
	// old does not wait for what is young.
	keepShare = 16
	// minTurn is the least age at which a segment is turned over.
	minTurn = time.Minute
)

// Config says where the journal is and how much of it is kept.
type Config struct {
	Dir string
	// MaxBytes bounds all segments together, at any moment; only the last block of
	// the segment at hand may lie beyond it. 0: no limit.
	MaxBytes int64
	// Keep is how long entries stay: none is deleted for its age before, and each
	// is deleted Keep/16 (at least a minute) later at the latest, by Sync. 0: none
	// is deleted for its age.
	Keep time.Duration
	// Missing tells how many bytes should be freed on the disk; nil: none. It is
	// asked while others wait, so it must be quick.
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
	now func() time.Time

	mu      sync.Mutex
	file    *os.File // of open; nil while none can be begun
	open    segment  // the one that is written, or was last
	sum     hash.Hash
	before  [sha256.Size]byte // of the segment before the next one
	closed  []segment         // those that may go, oldest first
	bytes   int64             // of closed
	pending []byte            // entries not written yet
	waiting amount            // of pending
	packed  []byte
	stats   Stats     // but for what Stats fills in
	asked   time.Time // whether the disk is short

	unwritable  trouble // no block can be written
	unremovable trouble // no segment can be deleted
	tooLarge    seldom  // an entry above MaxEntry
	early       seldom  // a segment that went for the sake of the disk

	syncing  sync.Mutex // one Sync at a time; never held together with mu while the disk is waited for
	retiring sync.WaitGroup
}

// amount is a number of entries and the bytes of their bodies.
type amount struct{ entries, bytes uint64 }

// Stats counts.
type Stats struct {
	Entries   uint64 // written
	Lost      uint64 // entries that could not be written, or were above MaxEntry
	LostBytes uint64 // of their bodies
	Segments  int    // present, with the one at hand
	Bytes     int64  // of them
	Deleted   uint64 // segments that went to keep a limit
	Early     uint64 // of these, those that went because the disk was full
	Problem   string // why nothing can be written, or nothing deleted, at present; empty: all is well
}

// Open begins a new segment behind those that are there.
func Open(cfg Config, log *slog.Logger) (*Journal, error) {
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j := &Journal{cfg: cfg, log: log, now: time.Now}
	if err := j.find(); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if err := j.begin(); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	// Only the bytes: whoever opens may want to read what has become too old since
	// it stopped, before its first Sync.
	j.fit(0)
	return j, nil
}

// Append adds an entry. It is written when a block is full, or by Flush. A body
// above MaxEntry is left out, counted, and told once a minute at most.
func (j *Journal) Append(k Kind, time int64, body []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.append(k, time, body)
}

// AppendLines adds event lines, each ended by a newline, as entries of kind Lines
// of at most 64 KiB each. A line that is longer stands alone; one above MaxEntry
// is left out as by Append, and those around it are kept.
func (j *Journal) AppendLines(time int64, lines []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for len(lines) > 0 {
		n := wholeLines(lines)
		j.append(Lines, time, lines[:n])
		lines = lines[n:]
	}
}

// wholeLines is how many bytes at the beginning of b, which is not empty, are
// whole lines and fit into a block; if none does, how many the first line takes.
func wholeLines(b []byte) int {
	if len(b) <= blockBytes {
		return len(b)
	}
	if n := bytes.LastIndexByte(b[:blockBytes], '\n'); n >= 0 {
		return n + 1
	}
	if n := bytes.IndexByte(b, '\n'); n >= 0 {
		return n + 1
	}
	return len(b)
}

func (j *Journal) append(k Kind, time int64, body []byte) {
	if len(body) > MaxEntry {
		j.lose(amount{1, uint64(len(body))})
		if n, say := j.tooLarge.say(j.now()); say {
			j.log.Warn("journal: an entry is too large and was left out", "kind", k.String(), "bytes", len(body), "limit", MaxEntry, "entries_since_last_told", n)
		}
		return
	}
	j.pending = append(j.pending, byte(k))
	j.pending = binary.AppendVarint(j.pending, time)
	j.pending = binary.AppendUvarint(j.pending, uint64(len(body)))
	j.pending = append(j.pending, body...)
	j.waiting.entries++
	j.waiting.bytes += uint64(len(body))
	if len(j.pending) >= blockBytes {
		j.write()
	}
}

func (j *Journal) lose(a amount) {
	j.stats.Lost += a.entries
	j.stats.LostBytes += a.bytes
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
	now := j.now()
	ask := now.Sub(j.asked) >= askEvery
	if j.aged(now) {
		ask = true
		if err := j.turn(); err != nil {
			j.failed(err)
		}
	}
	j.trim(now, ask)
}

func (j *Journal) write() {
	if len(j.pending) == 0 {
		return
	}
	err := j.block()
	if noRoom(err) && j.makeRoom(int64(len(j.packed))) {
		err = j.block()
	}
	if err != nil {
		j.lose(j.waiting)
		j.failed(err)
	} else {
		j.stats.Entries += j.waiting.entries
		if j.unwritable.over(j.now(), calmAfter) {
			j.log.Info("the journal can be written again", "lost", j.stats.Lost, "lost_bytes", j.stats.LostBytes)
		}
	}
	j.pending, j.waiting = j.pending[:0], amount{}
}

// noRoom tells the errors that deleting something mends. After any other nothing
// old may be given away.
func noRoom(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }

// block writes pending as one block; a part of one is cut off again.
func (j *Journal) block() error {
	j.packed = append(j.packed[:0], 0, 0, 0, 0, 0, 0, 0, 0)
	j.packed = append(j.packed, s2.Encode(nil, j.pending)...)
	binary.LittleEndian.PutUint32(j.packed, uint32(len(j.packed)-8))
	binary.LittleEndian.PutUint32(j.packed[4:], crc32.Checksum(j.packed[8:], crcTable))
	if j.file == nil || j.open.size >= segmentBytes(j.cfg.MaxBytes) {
		if err := j.next(); err != nil {
			return err
		}
	}
	j.fit(int64(len(j.packed)))
	n, err := j.file.Write(j.packed)
	if err != nil {
		if n > 0 {
			_, seek := j.file.Seek(j.open.size, 0)
			err = errors.Join(err, j.file.Truncate(j.open.size), seek)
		}
		return err
	}
	now := j.now()
	if !j.open.holds() {
		j.open.first = now
	}
	j.open.last = now
	j.open.size += int64(n)
	j.sum.Write(j.packed)
	return nil
}

// segmentBytes is how large a segment of a journal of at most maxBytes becomes.
func segmentBytes(maxBytes int64) int64 {
	if maxBytes <= 0 {
		return SegmentBytes
	}
	return max(minSegment, min(SegmentBytes, maxBytes/segmentShare))
}

// missing is how many bytes should be freed on the disk.
func (j *Journal) missing(now time.Time) int64 {
	if j.cfg.Missing == nil {
		return 0
	}
	j.asked = now
	return int64(min(j.cfg.Missing(), math.MaxInt64))
}

// failed notes that the journal cannot be written, and says it when that is new.
func (j *Journal) failed(err error) {
	if j.unwritable.begin(j.now(), err) {
		j.log.Error("the journal cannot be written: detection goes on, and what happens is not kept", "problem", err)
	}
}

// Position is behind all that was appended, which is written first.
func (j *Journal) Position() Position {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.write()
	return Position{j.open.number, j.open.size}
}

// Dir is the folder of the journal.
func (j *Journal) Dir() string { return j.cfg.Dir }

// Stats counts what happened since Open, and what is there now.
func (j *Journal) Stats() Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.stats
	s.Segments, s.Bytes = len(j.closed), j.bytes
	if j.file != nil {
		s.Segments++
		s.Bytes += j.open.size
	}
	s.Problem = cmp.Or(j.unwritable.problem, j.unremovable.problem)
	return s
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
	file := j.putAside()
	return errors.Join(file.Sync(), file.Close())
}
