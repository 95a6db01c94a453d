package gateway

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"firedoor/internal/datapath"
)

// saidOfPair is what lines of a pair have in common, without the client's port.
type saidOfPair struct{ done, reason, rule, client, server string }

func saidOf(r *StoppedRecord) saidOfPair {
	return saidOfPair{r.Done, r.Reason, r.Rule, withoutPort(r.Client), r.Server}
}

// saidFor is for how many readings a line of an earlier process is looked for among what pairs lost: by then what it
// had not read is read.
const saidFor = 3

// again takes up lines that an earlier process wrote and did not note any more: one that was killed leaves up to a
// second of them. What they stand for is told; a pair of which one was told, and which is not read yet, has the rest.
func (k *kernelStops) again() error {
	var look []datapath.Explained
	if err := k.each(func(e *datapath.Explained) error {
		if tells(e.Action) && e.Generation > k.kept.Settled {
			look = append(look, *e)
		}
		return nil
	}); err != nil {
		return err
	}
	k.said, k.saidFor = map[saidOfPair]datapath.Count{}, saidFor
	return k.stops.since(k.kept.Lines, func(r *StoppedRecord) {
		if r.By != byKernel {
			return
		}
		left := datapath.Count{Frames: r.Frames(), Bytes: r.Bytes}
		for i := len(look) - 1; i >= 0 && left.Frames > 0; i-- { // of generations the last
			to := kindOf(&look[i])
			if line := k.bare(to); line.Done != r.Done || line.Reason != r.Reason || line.Rule != r.Rule {
				continue
			}
			n := left
			if have := k.told[to]; have != nil {
				n.Frames, n.Bytes = min(n.Frames, look[i].Frames-min(have.Frames, look[i].Frames)), min(n.Bytes, look[i].Bytes-min(have.Bytes, look[i].Bytes))
			} else {
				n.Frames, n.Bytes = min(n.Frames, look[i].Frames), min(n.Bytes, look[i].Bytes)
			}
			k.count(to, n)
			left.Frames, left.Bytes = left.Frames-n.Frames, left.Bytes-n.Bytes
		}
		sum := k.said[saidOf(r)]
		k.said[saidOf(r)] = datapath.Count{Frames: sum.Frames + r.Frames() - left.Frames, Bytes: sum.Bytes + r.Bytes - left.Bytes}
	})
}

// unsaid takes from what a pair lost what a line of an earlier process said of it.
func (k *kernelStops) unsaid(line *StoppedRecord, n datapath.Count) datapath.Count {
	was := k.said[saidOf(line)]
	if was.Frames == 0 {
		return n
	}
	took := datapath.Count{Frames: min(was.Frames, n.Frames), Bytes: min(was.Bytes, n.Bytes)}
	k.said[saidOf(line)] = datapath.Count{Frames: was.Frames - took.Frames, Bytes: was.Bytes - took.Bytes}
	return datapath.Count{Frames: n.Frames - took.Frames, Bytes: n.Bytes - took.Bytes}
}

// forgetSaid ends that, once all is read that the earlier process had not.
func (k *kernelStops) forgetSaid() {
	if k.saidFor--; k.saidFor <= 0 {
		k.said = nil
	}
}

// spot is a place in the file of lines.
type spot struct {
	File uint64 `json:"file"` // its number on the disk
	At   int64  `json:"at"`
}

// spot is the end of the file of lines; nil where that is not known.
func (s *Stops) spot() *spot {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, err := s.file.Seek(0, io.SeekEnd)
	number, ok := fileNumber(filepath.Join(s.dir, stoppedFile))
	if err != nil || !ok {
		return nil
	}
	return &spot{number, at}
}

func fileNumber(name string) (uint64, bool) {
	info, err := os.Stat(name)
	if err != nil {
		return 0, false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return st.Ino, true
}

// since reads the lines behind a spot, also where the file began anew since. Where it is in no file any more nobody knows
// which lines those are.
func (s *Stops) since(from *spot, f func(*StoppedRecord)) error {
	name := filepath.Join(s.dir, stoppedFile)
	if from == nil {
		return nil
	}
	if number, ok := fileNumber(name); ok && number == from.File {
		return linesSince(name, from.At, f)
	}
	if number, ok := fileNumber(name + beforeSuffix); !ok || number != from.File {
		return nil
	}
	return errors.Join(linesSince(name+beforeSuffix, from.At, f), linesSince(name, 0, f))
}

func linesSince(name string, place int64, f func(*StoppedRecord)) error {
	file, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // only read
	if _, err := file.Seek(place, io.SeekStart); err != nil {
		return err
	}
	var damage *UnreadableError
	if err := eachLine(file, f); err != nil && !errors.As(err, &damage) {
		return err
	}
	return nil
}
