package gateway

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"firedoor/internal/evidence"
)

// Limits of what is kept of stops.
const (
	// maxStops is how large the file of what was stopped grows before it begins anew. The one before is kept
	// beside it, so a flood leaves at least so much of what came last.
	maxStops = 128 << 20
	// maxSlices is how many stops a second leave frames behind; a further one is a line.
	maxSlices = 100
	// LeastEvidence is the smallest bound of evidence, in bytes.
	LeastEvidence = evidence.Least
	// maxShown is how many rows a status has.
	maxShown = 20
)

// Names of files in the data folder.
const (
	stoppedFile    = "stopped.jsonl"
	beforeSuffix   = ".before"
	toldFile       = "stopped-kernel.json"
	EvidenceFolder = "evidence"
)

// Stops keeps what was stopped: a line each, and the frames. It may be used from anywhere.
type Stops struct {
	dir string
	log *slog.Logger

	most int64 // bytes of the file

	mu       sync.Mutex
	file     *os.File
	encoder  *json.Encoder
	evidence *evidence.Ring // nil: none is kept
	tally    StopTally
	state    StopState
	unkeeps  string // why frames cannot be kept, "" while they can
	untold   string // why what the kernel drops cannot be told, "" while it can
	second   int64
	slices   int
	pending  []evidence.Packet
}

// StopState says what became of all that was stopped since the gateway was started.
type StopState struct {
	Since string `json:"since"`
	Lines uint64 `json:"lines"`
	// Dropped is what the kernel counted since its maps were made, Told what of it has
	// lines; they are equal but for the last three seconds.
	Dropped uint64 `json:"kernel_dropped"`
	Told    uint64 `json:"kernel_told"`
	// Uncounted are frames that had no room in the kernel's counters.
	Uncounted uint64 `json:"kernel_uncounted"`
	// Unpaired are frames that the kernel dropped and whose pairs had no room (datapath.MaxLosses):
	// they have lines by rule and reason.
	Unpaired uint64 `json:"kernel_unpaired"`
	// GoneBytes is how much of stopped.jsonl was let go for want of room.
	GoneBytes uint64 `json:"gone_bytes"`
	// Evidence is how many stops have frames in the evidence folder, Without how many
	// lines have none because there were too many in a second, or because they could not be written.
	Evidence uint64 `json:"evidence"`
	// Unwritten is how many lines stopped.jsonl lacks, Problem why, while it lasts. They are
	// in Rows.
	Unwritten uint64    `json:"unwritten"`
	Problem   string    `json:"problem,omitempty"`
	Without   uint64    `json:"without_evidence"`
	Rows      []StopRow `json:"rows"`
	MoreRows  int       `json:"more_rows,omitempty"`
}

// OpenStops opens the files in a data folder. bytes bounds the evidence, 0 keeps none;
// ports are the names of the inside and the outside interface.
func OpenStops(dir string, bytes int64, ports [2]string, log *slog.Logger) (*Stops, error) {
	s := &Stops{dir: dir, log: log, most: maxStops, state: StopState{Since: stamp(time.Now())}}
	var err error
	if bytes > 0 {
		if s.evidence, err = evidence.Open(filepath.Join(dir, EvidenceFolder), bytes, ports); err != nil {
			return nil, err
		}
	}
	return s, s.open()
}

// open opens the file of lines. Half a line at its end, of a crash, is taken away: it would hide the next one.
func (s *Stops) open() error {
	file, err := os.OpenFile(filepath.Join(s.dir, stoppedFile), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if err := wholeLines(file); err != nil {
		return errors.Join(err, file.Close())
	}
	s.file, s.encoder = file, json.NewEncoder(file)
	return nil
}

// maxHalf is the longest half of a line that is looked for.
const maxHalf = 1 << 21

// wholeLines cuts off half a line at the end of a file.
func wholeLines(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	from := max(0, info.Size()-maxHalf)
	b := make([]byte, info.Size()-from)
	if _, err := file.ReadAt(b, from); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if len(b) == 0 || b[len(b)-1] == '\n' {
		return nil
	}
	if whole := bytes.LastIndexByte(b, '\n') + 1; whole > 0 || from == 0 {
		return file.Truncate(from + int64(whole))
	}
	_, err = file.Write([]byte{'\n'}) // whatever that is
	return err
}

// anew puts the file aside, in the place of the one that was put aside before, and begins another one. A file that is
// not there, for somebody took it away or another one could not be begun the last time, is none to put aside.
func (s *Stops) anew() error {
	name := filepath.Join(s.dir, stoppedFile)
	gone := int64(0)
	if info, err := os.Stat(name + beforeSuffix); err == nil {
		gone = info.Size()
	}
	switch err := os.Rename(name, name+beforeSuffix); {
	case errors.Is(err, os.ErrNotExist):
		s.log.Warn(stoppedFile+" begins anew: it is not there any more", "event", "stopped-anew", "gone_bytes", 0)
	case err != nil:
		return err
	default:
		s.state.GoneBytes += uint64(gone)
		s.log.Warn(stoppedFile+" begins anew: it is full; what was in it stands in "+stoppedFile+beforeSuffix, "event", "stopped-anew", "gone_bytes", gone)
	}
	was := s.file
	if err := s.open(); err != nil {
		return err
	}
	return was.Close()
}

// Close closes the files.
func (s *Stops) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.file.Close()
	if s.evidence != nil {
		err = errors.Join(err, s.evidence.Close())
	}
	return err
}

// Tell writes a line, and keeps the frames that come with it.
func (s *Stops) Tell(r *StoppedRecord) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, err := s.file.Seek(0, io.SeekEnd)
	if err == nil && at > s.most {
		if err = s.anew(); err == nil {
			at = 0
		}
	}
	line := *r
	line.Slice = nil
	if r.Slice != nil && s.evidence != nil {
		line.Evidence = s.keep(r)
	}
	s.state.Lines++
	s.tally.Add(&line)
	if err == nil {
		if err = s.encoder.Encode(&line); err != nil {
			err = errors.Join(err, s.file.Truncate(at)) // part of a line would hide the next one
			s.encoder = json.NewEncoder(s.file)         // this one has ended
		}
	}
	s.wrote(err)
}

// wrote notes whether the disk takes what was stopped, and says so where that changes.
func (s *Stops) wrote(err error) {
	problem := ""
	if err != nil {
		problem = err.Error()
		s.state.Unwritten++
	}
	if problem != s.state.Problem {
		if s.state.Problem = problem; err != nil {
			s.log.Error(stoppedFile, "error", err)
		} else {
			s.log.Info(stoppedFile+" is written again", "lines_missing", s.state.Unwritten)
		}
	}
}

// unkept notes whether it can be kept what of the kernel's drops is told, and says so where that changes.
func (s *Stops) unkept(err error) {
	problem := ""
	if err != nil {
		problem = err.Error()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if problem == s.untold {
		return
	}
	if s.untold = problem; err != nil {
		s.log.Error(toldFile, "error", err)
	} else {
		s.log.Info("what the kernel drops is told again")
	}
}

// kept notes whether the disk takes frames, and says so where that changes.
func (s *Stops) kept(err error) {
	problem := ""
	if err != nil {
		problem = "frames of stops are not kept: " + err.Error()
	}
	if problem == s.unkeeps {
		return
	}
	if s.unkeeps = problem; err != nil {
		s.log.Error("evidence", "error", err)
	} else {
		s.log.Info("frames of stops are kept again", "without", s.state.Without)
	}
}

// Problem says why what is stopped cannot be written down, "" while it can.
func (s *Stops) Problem() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return cmp.Or(s.state.Problem, s.untold, s.unkeeps)
}

// keep writes the frames of a stop and gives their place; "" where it has none.
func (s *Stops) keep(r *StoppedRecord) string {
	if now := time.Now().Unix(); now != s.second {
		s.second, s.slices = now, 0
	}
	if s.slices++; s.slices > maxSlices {
		s.state.Without++
		return ""
	}
	e := r.Slice
	packets := s.pending[:0]
	for i := range e.Before {
		packets = append(packets, evidence.Packet{Time: e.Before[i].Time, Port: port(e.Before[i].Outside), Data: e.Before[i].Frame, Comment: "before it"})
	}
	packets = append(packets, evidence.Packet{Time: e.Time, Port: port(e.Outside), Wire: e.Wire, Data: e.Frame, Comment: r.comment()})
	if len(e.Sent) > 0 {
		packets = append(packets, evidence.Packet{Time: e.Time, Port: port(!e.Outside), Data: e.Sent, Comment: "as it went on"})
	}
	name, first, err := s.evidence.Add(packets...)
	clear(packets)
	s.pending = packets
	s.kept(err)
	if err != nil {
		s.state.Without++
		return ""
	}
	s.state.Evidence++
	return fmt.Sprintf("%s#%d", name, first+len(e.Before))
}

func port(outside bool) int {
	if outside {
		return 1
	}
	return 0
}

// comment says in one line why a frame was stopped.
func (r *StoppedRecord) comment() string {
	words := []string{"done: " + r.Done, "reason: " + r.Reason}
	if r.Done != r.Says {
		words = append(words, "the policy says: "+r.Says)
	}
	for _, w := range [][2]string{{"rule: ", r.Rule}, {"conduit: ", r.Conduit}, {"asked: ", strings.TrimSpace(r.Function + " " + r.Object)}} {
		if w[1] != "" {
			words = append(words, w[0]+w[1])
		}
	}
	return strings.Join(words, ", ")
}

// State says what became of all that was stopped; the rows that were stopped last.
func (s *Stops) State() StopState {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.state
	out.Problem = cmp.Or(out.Problem, s.untold, s.unkeeps)
	out.Rows = s.tally.Rows()
	slices.SortStableFunc(out.Rows, func(a, b StopRow) int { return strings.Compare(b.Last, a.Last) })
	if n := len(out.Rows); n > maxShown {
		out.Rows, out.MoreRows = out.Rows[:maxShown], n-maxShown
	}
	return out
}

// AllRows are all rows since the gateway was started.
func (s *Stops) AllRows() []StopRow {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tally.Rows()
}

// UnreadableError is that lines of a file cannot be read; the others were.
type UnreadableError struct {
	Lines int
	First int // 1-based
}

// Error says how many, and where.
func (e *UnreadableError) Error() string {
	return fmt.Sprintf("%d of its lines cannot be read, and are left out; the first is line %d", e.Lines, e.First)
}

// TallyFile adds up a stopped.jsonl. A last line that breaks off is left out, as are those that cannot be read, of which
// an *UnreadableError tells: what stands behind damage is not lost with it.
func TallyFile(r io.Reader) (*StopTally, error) {
	t := &StopTally{}
	return t, t.AddFile(r)
}

// AddFile is TallyFile for one more file.
func (t *StopTally) AddFile(r io.Reader) error { return eachLine(r, t.Add) }

// eachLine reads lines. A last one that breaks off is left out, as are those that cannot be read, of which an *UnreadableError tells.
func eachLine(r io.Reader, f func(*StoppedRecord)) error {
	damage := &UnreadableError{}
	lines := bufio.NewReaderSize(r, 1<<16)
	for n := 1; ; n++ {
		text, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		var line StoppedRecord
		switch bad := json.Unmarshal(text, &line); {
		case bad == nil:
			f(&line)
		case err == nil: // else it breaks off
			if damage.Lines++; damage.First == 0 {
				damage.First = n
			}
		}
		if err != nil {
			break
		}
	}
	if damage.Lines > 0 {
		return damage
	}
	return nil
}
