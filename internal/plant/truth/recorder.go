package truth

import (
	"cmp"
	"slices"
	"strconv"
)

// Limits of what one file keeps.
const (
	// MaxEntries bounds the honest entries and, by itself, the malicious ones: a
	// long life leaves room for what matters. Those beyond are counted in
	// File.Unkept.
	MaxEntries = 100_000
	// MaxOperations bounds the operations of an entry; the first ones are kept,
	// and Entry.OperationsTotal counts all.
	MaxOperations = 1000
)

// Recorder collects the truth while a simulation runs. It is not safe for use by
// several goroutines.
type Recorder struct {
	head    File
	entries []*Entry
	count   map[Class]int  // entries kept
	serial  map[string]int // by kind: ids used so far
	unkept  int
}

// NewRecorder starts a record; head has everything but End and Entries.
func NewRecorder(head File) *Recorder {
	head.Format, head.Entries = Format, nil
	return &Recorder{head: head, count: map[Class]int{}, serial: map[string]int{}, unkept: head.Unkept}
}

// Resume goes on with a file that was written before. Entries that are open in it
// are found with Entry and may be ended.
func Resume(f *File) *Recorder {
	r := NewRecorder(*f)
	for _, e := range f.Entries {
		kept := *e
		r.keep(&kept)
	}
	return r
}

func (r *Recorder) keep(e *Entry) {
	r.serial[e.Kind]++
	kept := r.count[Malicious]
	if e.Class != Malicious {
		kept = r.count[Notable] + r.count[Routine]
	}
	if kept >= MaxEntries {
		r.unkept++
		return
	}
	r.count[e.Class]++
	r.entries = append(r.entries, e)
}

// Begin records that something begins; e.Start must be set. Without an ID it gets
// one from its kind and a number. The entry that is returned may be added to until
// the record is written; if there is no room it is merely not written.
func (r *Recorder) Begin(e Entry) *Entry {
	if e.ID == "" {
		e.ID = e.Kind + "-" + strconv.Itoa(r.serial[e.Kind]+1)
	}
	e.OperationsTotal = max(e.OperationsTotal, len(e.Operations))
	r.keep(&e)
	return &e
}

// Happened records something that has no length, or whose end is known already.
func (r *Recorder) Happened(e Entry, end Moment) *Entry {
	kept := r.Begin(e)
	r.End(kept, end)
	return kept
}

// Operation adds one of the acts that e consists of. The values are copied.
func (r *Recorder) Operation(e *Entry, op Operation) {
	e.OperationsTotal++
	if len(e.Operations) >= MaxOperations {
		return
	}
	op.Values = slices.Clone(op.Values)
	op.Engineering = slices.Clone(op.Engineering)
	e.Operations = append(e.Operations, op)
}

// Involve adds a host to e. One of that name that is there already keeps its role
// and gets the addresses that it had not.
func (r *Recorder) Involve(e *Entry, h Host) {
	for i := range e.Hosts {
		if known := &e.Hosts[i]; known.Name == h.Name {
			known.IPs, known.MACs = joined(known.IPs, h.IPs), joined(known.MACs, h.MACs)
			return
		}
	}
	e.Hosts = append(e.Hosts, h)
}

// joined appends to a what only b has.
func joined(a, b []string) []string {
	for _, x := range b {
		if !slices.Contains(a, x) {
			a = append(a, x)
		}
	}
	return a
}

// End records that e is over. An entry that ended already keeps the later end.
func (r *Recorder) End(e *Entry, at Moment) { e.End = max(e.End, at, e.Start) }

// Entry finds an entry by its id; nil if there is none.
func (r *Recorder) Entry(id string) *Entry {
	for _, e := range r.entries {
		if e.ID == id {
			return e
		}
	}
	return nil
}

// Len is how many entries are kept.
func (r *Recorder) Len() int { return len(r.entries) }

// File is the record up to end, in the order in which it is written. It shares
// its entries with the recorder: write it before going on.
func (r *Recorder) File(end Moment) *File {
	f := r.head
	f.End, f.Unkept = end, r.unkept
	f.Entries = slices.Clone(r.entries)
	sortEntries(f.Entries)
	return &f
}

func sortEntries(entries []*Entry) {
	slices.SortStableFunc(entries, func(a, b *Entry) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.ID, b.ID))
	})
}
