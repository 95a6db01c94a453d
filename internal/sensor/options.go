package sensor

import (
	"fmt"
	"io"
	"path/filepath"
	"time"

	"firedoor/internal/point"
)

// Options say what a replay reads, learns and writes.
type Options struct {
	Captures []string
	// Learn: at most one of the three is set. Teachers are files that are
	// learned from first and raise no alert.
	LearnPercent float64
	LearnTime    time.Duration
	Teachers     []string
	// Merge interleaves the captures by time on one clock; else they run one
	// after the other, each on its own.
	Merge  bool
	Shards int
	// Points keeps process values: WritePoints has something to write.
	Points bool
	// Names is a person's map of process values; may be nil.
	Names *point.Names
	// Lines takes the event lines; nil: none are written.
	Lines io.Writer
	// Segments makes event lines tell the segment of their ends, as the journal's do.
	Segments bool
	// Progress is called now and then with bytes read and bytes in all; may be nil.
	Progress func(done, total int64)

	// sources, if set, names what frames come from instead of the captures.
	sources  func() []string
	notReads bool    // lines only of operations that are no reads
	limits   *limits // of tests; nil: those of limits.go
}

// check names what is wrong with the options.
func (o *Options) check() error {
	if len(o.Captures) == 0 {
		return fmt.Errorf("no capture given")
	}
	if o.Shards < 1 || o.Shards > MaxShards {
		return fmt.Errorf("--shards %d: between 1 and %d", o.Shards, MaxShards)
	}
	return nil
}

// lineNames are the names that event lines give their capture: base names when
// there are several, by index (teachers come behind and have no lines).
func (o *Options) lineNames() []string {
	if names := o.names(); len(names)-len(o.Teachers) > 1 {
		return names
	}
	return nil
}

// names are the base names of all files by index: captures, then teachers.
func (o *Options) names() []string {
	if o.sources != nil {
		return o.sources()
	}
	var names []string
	for _, f := range o.Captures {
		names = append(names, filepath.Base(f))
	}
	for _, f := range o.Teachers {
		names = append(names, filepath.Base(f))
	}
	return names
}

// nameOf is the name of a source by index.
func (o *Options) nameOf(i uint32) string {
	if names := o.names(); int(i) < len(names) {
		return names[i]
	}
	return ""
}
