package capture

import (
	"errors"
	"io"

	"firedoor/internal/packet"
)

// Merge interleaves several captures by timestamp. Of equal times the earlier
// reader comes first. Each reader's own order is kept, also where its
// timestamps run backwards. Damage ends the reader it is in and no other.
type Merge struct {
	readers []*Reader
	heads   []packet.Frame // the next frame of each reader
	order   []int          // heap of the readers that have one
	errors  []error        // by reader
	last    int            // reader whose frame was handed over last, -1 if none
	started bool
	held    packet.Frame
	isHeld  bool
}

// NewMerge merges readers; closing them stays the caller's.
func NewMerge(readers []*Reader) *Merge {
	return &Merge{readers: readers, heads: make([]packet.Frame, len(readers)), order: make([]int, 0, len(readers)),
		errors: make([]error, len(readers)), last: -1}
}

// Next hands over the next frame of all; f.Data is a view valid until the next
// call. The only error is io.EOF, when every reader has ended; see Errors.
func (m *Merge) Next(f *packet.Frame) error {
	if m.isHeld {
		*f, m.isHeld = m.held, false
		return nil
	}
	if !m.started {
		m.started = true
		for i := range m.readers {
			m.pull(i)
		}
	}
	if m.last >= 0 {
		m.pull(m.last)
		m.last = -1
	}
	if len(m.order) == 0 {
		return io.EOF
	}
	m.last = m.order[0]
	*f = m.heads[m.last]
	m.pop()
	return nil
}

// Fill is Reader.Fill over all readers.
func (m *Merge) Fill(dst []packet.Frame, buf []byte) (n, used int, err error) {
	return fill(m, &m.held, &m.isHeld, dst, buf)
}

// Errors returns the damage met so far, in the order of the readers.
func (m *Merge) Errors() []error {
	var list []error
	for _, err := range m.errors {
		if err != nil {
			list = append(list, err)
		}
	}
	return list
}

// pull reads the next frame of a reader and puts the reader in its place.
func (m *Merge) pull(i int) {
	if err := m.readers[i].Next(&m.heads[i]); err != nil {
		if !errors.Is(err, io.EOF) {
			m.errors[i] = err
		}
		return
	}
	m.order = append(m.order, i)
	for at := len(m.order) - 1; at > 0; {
		up := (at - 1) / 2
		if !m.before(m.order[at], m.order[up]) {
			return
		}
		m.order[at], m.order[up] = m.order[up], m.order[at]
		at = up
	}
}

// pop takes the first reader out of the heap.
func (m *Merge) pop() {
	end := len(m.order) - 1
	m.order[0] = m.order[end]
	m.order = m.order[:end]
	for at := 0; ; {
		first := at
		for _, down := range [2]int{2*at + 1, 2*at + 2} {
			if down < end && m.before(m.order[down], m.order[first]) {
				first = down
			}
		}
		if first == at {
			return
		}
		m.order[at], m.order[first] = m.order[first], m.order[at]
		at = first
	}
}

func (m *Merge) before(a, b int) bool {
	if m.heads[a].Time != m.heads[b].Time {
		return m.heads[a].Time < m.heads[b].Time
	}
	return a < b
}
