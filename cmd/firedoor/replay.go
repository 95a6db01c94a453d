package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"firedoor/internal/capture"
	"firedoor/internal/point"
	"firedoor/internal/protocol/all"
	"firedoor/internal/sensor"
)

type replayCommand struct {
	Learn    *string  `help:"What to learn from first: a share of the frames (20%), a time (10m), or files (FILE,...)." placeholder:"10m|20%|FILE,..."`
	Out      *string  `help:"Write assets.json, conversations.json, alerts.json, summary.json, programs.json and points.json there." placeholder:"DIR"`
	Events   *string  `help:"Write operations and samples as JSON Lines; - is standard output." placeholder:"FILE|-"`
	Points   *string  `help:"A map that names and scales process values (CSV, docs/formats/points.md)." placeholder:"FILE"`
	JSON     bool     `name:"json" help:"Print summary.json instead of the readable summary."`
	Merge    bool     `help:"Interleave the captures by time instead of running one after the other."`
	Shards   *int     `help:"How many cores to use, 1 to 16 (default: all). The output is the same for any number." placeholder:"N"`
	Captures []string `arg:"" name:"capture" help:"pcap or pcapng files, plain or .gz, .xz, .zst."`
}

// Run replays the captures and writes what was asked for.
func (r *replayCommand) Run(ctx context.Context, m *Main) error {
	replay := sensor.Replay{Protocols: all.List, Options: sensor.Options{Captures: r.Captures, Merge: r.Merge}}
	o := &replay.Options
	if err := r.options(o); err != nil {
		return err
	}
	if o.Points = r.Out != nil; o.Points {
		if err := os.MkdirAll(*r.Out, 0o755); err != nil {
			return usageError{fmt.Sprintf("--out %s: %v", *r.Out, reason(err))}
		}
	}
	lines, err := r.openLines(m)
	if err != nil {
		return err
	}
	if lines != nil {
		o.Lines = lines
	}
	bar := progressBar{w: m.Stderr}
	if m.Terminal {
		o.Progress = bar.show
	}
	result, err := replay.Run(ctx)
	bar.clear()
	if lines != nil {
		err = errors.Join(err, lines.close())
	}
	if err != nil {
		return r.failed(err)
	}
	return r.write(m, result)
}

// failed tells files that cannot be read, which is for the user to mend, from
// everything else.
func (r *replayCommand) failed(err error) error {
	var unreadable sensor.UnreadableError
	if errors.As(err, &unreadable) {
		return usageError{err.Error()}
	}
	return err
}

// options checks all that was asked for, so that nothing is written before it
// is known to make sense.
func (r *replayCommand) options(o *sensor.Options) error {
	for _, f := range []struct {
		name  string
		value *string
	}{{"--learn", r.Learn}, {"--out", r.Out}, {"--events", r.Events}, {"--points", r.Points}} {
		if f.value != nil && *f.value == "" {
			return usageError{f.name + ": is empty"}
		}
	}
	if r.JSON && r.toStdout() {
		return usageError{"--events - and --json both want standard output: give --events a file, or --out a folder for summary.json"}
	}
	o.Shards = min(runtime.GOMAXPROCS(0), sensor.MaxShards)
	if r.Shards != nil {
		if o.Shards = *r.Shards; o.Shards < 1 || o.Shards > sensor.MaxShards {
			return usageError{fmt.Sprintf("--shards %d: give a number from 1 to %d", *r.Shards, sensor.MaxShards)}
		}
	}
	if r.Learn != nil {
		if err := learn(*r.Learn, o); err != nil {
			return err
		}
	}
	if r.Points != nil {
		names, err := readPointNames("--points", *r.Points)
		if err != nil {
			return usageError{err.Error()}
		}
		o.Names = names
	}
	for i, f := range slices.Concat(o.Captures, o.Teachers) {
		if err := r.readable(f, uint32(i)); err != nil {
			return usageError{err.Error()}
		}
	}
	return nil
}

// readPointNames reads a map of process values; what names it is the flag or key
// that did.
func readPointNames(what, name string) (*point.Names, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", what, name, reason(err))
	}
	defer func() { _ = f.Close() }() // only read
	return point.ReadNames(name, bufio.NewReader(f))
}

// readable tells why a file cannot be read as a capture.
func (r *replayCommand) readable(name string, index uint32) error {
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return fmt.Errorf("%s: is no regular file: a capture is read more than once, which a pipe or a device does not allow", name)
	}
	if err == nil && r.Events != nil && !r.toStdout() {
		if lines, err := os.Stat(*r.Events); err == nil && os.SameFile(info, lines) {
			return fmt.Errorf("--events %s: is one of the captures and would be overwritten", *r.Events)
		}
	}
	c, err := capture.Open(name, index)
	if err != nil {
		return err
	}
	return c.Close()
}

// toStdout tells whether standard output is taken by event lines.
func (r *replayCommand) toStdout() bool { return r.Events != nil && *r.Events == "-" }

// learn reads the --learn argument: what reads as a share or a time is one,
// anything else is files.
func learn(arg string, o *sensor.Options) error {
	if share, ok := strings.CutSuffix(arg, "%"); ok {
		n, err := strconv.ParseFloat(share, 64)
		if err != nil || !(n > 0 && n <= 100) {
			return usageError{fmt.Sprintf("--learn %s: a share is above 0%% and at most 100%%", arg)}
		}
		o.LearnPercent = n
		return nil
	}
	if d, err := time.ParseDuration(arg); err == nil {
		if d <= 0 {
			return usageError{fmt.Sprintf("--learn %s: the time must be longer than nothing", arg)}
		}
		o.LearnTime = d
		return nil
	}
	for f := range strings.SplitSeq(arg, ",") {
		if _, err := os.Stat(f); err != nil {
			return usageError{fmt.Sprintf("--learn %s: %q is neither a share (20%%), a time (10m) nor a file that can be read: %v", arg, f, reason(err))}
		}
		o.Teachers = append(o.Teachers, f)
	}
	return nil
}

// lineFile is where event lines go.
type lineFile struct {
	*bufio.Writer
	file io.Closer // nil for standard output
}

func (r *replayCommand) openLines(m *Main) (*lineFile, error) {
	switch {
	case r.Events == nil:
		return nil, nil
	case r.toStdout():
		return &lineFile{Writer: bufio.NewWriterSize(m.Stdout, 1<<18)}, nil
	}
	f, err := os.Create(*r.Events)
	if err != nil {
		return nil, usageError{fmt.Sprintf("--events %s: %v", *r.Events, reason(err))}
	}
	return &lineFile{Writer: bufio.NewWriterSize(f, 1<<18), file: f}, nil
}

func (l *lineFile) close() error {
	err := l.Flush()
	if l.file != nil {
		err = errors.Join(err, l.file.Close())
	}
	return err
}

// write puts the result where it was asked for.
func (r *replayCommand) write(m *Main, result *sensor.Result) error {
	if r.Out != nil {
		for _, f := range sensor.Files {
			if err := writeFile(filepath.Join(*r.Out, f.Name), result, f.Write); err != nil {
				return err
			}
		}
	}
	summary := m.Stdout
	if r.toStdout() {
		summary = m.Stderr
	}
	var err error
	if r.JSON {
		err = result.WriteSummary(summary)
	} else {
		err = printSummary(summary, result)
	}
	if err != nil {
		return err
	}
	if len(result.Damaged) > 0 {
		return damageError{result.Damaged}
	}
	return nil
}

func writeFile(path string, result *sensor.Result, write func(*sensor.Result, io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<16)
	return errors.Join(write(result, w), w.Flush(), f.Close())
}

// reason is an error without the path that the sentence around it names already.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
