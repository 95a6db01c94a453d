package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
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

// segment is one file of the journal. The list of them is held in memory: asking
// the folder for each block would cost more than the block.
type segment struct {
	number      uint64
	size        int64
	first, last time.Time // when its first and last block were written; first is known of the one at hand only
}

// holds tells whether there is anything behind the header.
func (s *segment) holds() bool { return s.size > int64(headerBytes) }

// numbersIn are the numbers of the segments in a folder, in order.
func numbersIn(dir string) ([]uint64, error) {
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

// Is tells whether a folder holds a segment of a journal.
func Is(dir string) bool {
	numbers, err := numbersIn(dir)
	return err == nil && len(numbers) > 0
}

func segmentPath(dir string, n uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%012d%s", n, ending))
}

// find takes in the segments that are there, and the hash of the last one.
func (j *Journal) find() error {
	numbers, err := numbersIn(j.cfg.Dir)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		info, err := os.Stat(segmentPath(j.cfg.Dir, n))
		if err != nil {
			return err
		}
		j.closed = append(j.closed, segment{number: n, size: info.Size(), last: info.ModTime()})
		j.bytes += info.Size()
		j.open.number = n
	}
	if j.open.number == 0 {
		return nil
	}
	b, err := os.ReadFile(segmentPath(j.cfg.Dir, j.open.number))
	j.before = sha256.Sum256(b)
	return err
}

// next turns to the next segment, and lets those go that must.
func (j *Journal) next() error {
	err := j.turn()
	now := j.now()
	j.trim(now, true)
	if err != nil && j.file == nil { // there may be room now
		err = j.begin()
	}
	return err
}

// turn closes the segment at hand and begins the next one.
func (j *Journal) turn() error {
	if j.file == nil {
		return j.begin()
	}
	file := j.putAside()
	err := j.begin()
	if err == nil {
		j.retire(file)
		return nil
	}
	// Deleting it may be what makes room for the next one, and a file that is open
	// gives none back: it is closed before anything else is done.
	return errors.Join(err, file.Sync(), file.Close())
}

// putAside takes the segment at hand from those that are written to those that
// may go. Its file is the caller's to close.
func (j *Journal) putAside() *os.File {
	file := j.file
	copy(j.before[:], j.sum.Sum(nil))
	j.closed = append(j.closed, j.open)
	j.bytes += j.open.size
	j.file = nil
	return file
}

// begin begins the next segment, chained to the one before. No segment may be
// at hand.
func (j *Journal) begin() error {
	number := j.open.number + 1
	f, err := os.OpenFile(segmentPath(j.cfg.Dir, number), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	head := append(make([]byte, 0, headerBytes), magic...)
	head = binary.LittleEndian.AppendUint32(head, version)
	head = binary.LittleEndian.AppendUint64(head, number)
	head = append(head, j.before[:]...)
	if _, err := f.Write(head); err != nil {
		return errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	j.file, j.open, j.sum = f, segment{number: number, size: int64(len(head)), last: j.now()}, sha256.New()
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

// aged tells whether the segment at hand holds something that must not wait any
// longer for the segment to become full.
func (j *Journal) aged(now time.Time) bool {
	return j.cfg.Keep > 0 && j.file != nil && j.open.holds() && now.Sub(j.open.first) >= max(j.cfg.Keep/keepShare, minTurn)
}

// fit lets the oldest segments go until need more bytes fit into MaxBytes; never
// the one at hand.
func (j *Journal) fit(need int64) {
	if j.cfg.MaxBytes <= 0 {
		return
	}
	if j.file != nil {
		need += j.open.size
	}
	for len(j.closed) > 0 && j.bytes+need > j.cfg.MaxBytes {
		if !j.removeOldest(false) {
			return
		}
	}
}

// trim lets segments go that are too many, too old, or, if ask, in the way of
// others on the disk. Where that takes the last of them, a new one is begun, so
// that the one at hand can go.
func (j *Journal) trim(now time.Time, ask bool) {
	j.fit(0)
	for j.cfg.Keep > 0 && len(j.closed) > 0 && now.Sub(j.closed[0].last) > j.cfg.Keep {
		if !j.removeOldest(false) {
			return
		}
	}
	if !ask {
		return
	}
	missing := j.missing(now)
	if missing -= j.free(missing); missing <= 0 || j.file == nil || !j.open.holds() {
		return
	}
	err := j.turn()
	j.free(missing)
	if err != nil && j.file == nil { // there may be room now; the number lives in the files, so one must be there
		err = j.begin()
	}
	if err != nil {
		j.failed(err)
	}
}

// free lets the oldest segments go until so many bytes are freed, and tells how
// many were.
func (j *Journal) free(missing int64) (freed int64) {
	for freed < missing && len(j.closed) > 0 {
		size := j.closed[0].size
		if !j.removeOldest(true) {
			break
		}
		freed += size
	}
	return freed
}

// makeRoom lets as much of the oldest go as a block of so many bytes takes, when
// the disk is full; false if nothing went. It does not go on until there is room:
// some disks give freed room back late, and the whole journal would be gone.
func (j *Journal) makeRoom(need int64) bool {
	return j.free(need+blockBytes) > 0
}

func (j *Journal) removeOldest(early bool) bool {
	s := j.closed[0]
	err := os.Remove(segmentPath(j.cfg.Dir, s.number))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // one that somebody else took is gone as well
		if j.unremovable.begin(j.now(), err) {
			j.log.Error("the oldest part of the journal cannot be deleted: it takes more room than it may", "problem", err)
		}
		return false
	}
	if j.unremovable.over(j.now(), 0) {
		j.log.Info("the oldest part of the journal can be deleted again")
	}
	j.closed = slices.Delete(j.closed, 0, 1)
	j.bytes -= s.size
	j.stats.Deleted++
	if early {
		j.stats.Early++
		if n, say := j.early.say(j.now()); say {
			j.log.Warn("the disk is nearly full: the oldest part of the journal was deleted", "segment", s.number, "segments_since_last_told", n)
		}
	}
	return true
}
