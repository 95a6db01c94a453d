package sensor

import (
	"fmt"
	"io"
)

// place is where something stands in the order of everything: no two shards
// have both an index and a lane in common.
type place struct {
	index uint64 // of the packet, over the whole run
	lane  uint8
}

func (p place) before(o place) bool {
	return p.index < o.index || p.index == o.index && p.lane < o.lane
}

// merger puts what the shards made of an epoch back into the order of the
// packets and gives it to the folds over the whole site.
type merger struct {
	site  *site
	lines io.Writer
	next  []int // per shard, in the list being merged
	err   error // first error of the line writer
	// after is called behind every epoch, on the merger's goroutine; may be nil.
	after func(b *batch)
}

// failed is why no more event lines could be written, nil if they could.
func (m *merger) failed() error {
	if m.err == nil {
		return nil
	}
	return fmt.Errorf("writing event lines: %w", m.err)
}

// merge takes an epoch: records and the packets of flows that ended, at one place
// in this order; then lines; then what the end of a capture means for the site.
func (m *merger) merge(b *batch) {
	n := len(b.outs) // what is at s is of shard s; at n+s too, the traffic
	m.inOrder(2*n, func(s, i int) (place, bool) {
		if s < n {
			if rs := b.outs[s].records; i < len(rs) {
				return rs[i].place, true
			}
		} else if ts := b.outs[s-n].traffic; i < len(ts) {
			return ts[i].place, true
		}
		return place{}, false
	}, func(s, i int) {
		if s < n {
			m.site.fold(&b.outs[s].records[i])
		} else {
			m.site.addTraffic(&b.outs[s-n].traffic[i])
		}
	})
	if m.lines != nil && !b.teacher { // what is only learned from is no capture
		m.writeLines(b)
	}
	if b.over {
		m.site.over(&b.last)
	}
	if m.after != nil {
		m.after(b)
	}
}

// inOrder calls do for the elements of all lists by their place, at one place the
// earlier list first. at tells the place of an element, false behind the last;
// each list is in order.
func (m *merger) inOrder(lists int, at func(list, i int) (place, bool), do func(list, i int)) {
	if len(m.next) < lists {
		m.next = make([]int, lists)
	}
	clear(m.next)
	for {
		best, first := -1, place{}
		for s := range lists {
			if p, ok := at(s, m.next[s]); ok && (best < 0 || p.before(first)) {
				best, first = s, p
			}
		}
		if best < 0 {
			return
		}
		do(best, m.next[best])
		m.next[best]++
	}
}

// writeLines writes the event lines of an epoch, until writing fails.
func (m *merger) writeLines(b *batch) {
	if len(b.outs) == 1 {
		m.write(b.outs[0].lines)
		return
	}
	m.inOrder(len(b.outs), func(s, i int) (place, bool) {
		if es := b.outs[s].ends; i < len(es) {
			return es[i].place, true
		}
		return place{}, false
	}, func(s, i int) {
		o, from := &b.outs[s], 0
		if i > 0 {
			from = o.ends[i-1].end
		}
		m.write(o.lines[from:o.ends[i].end])
	})
}

func (m *merger) write(lines []byte) {
	if m.err == nil && len(lines) > 0 {
		_, m.err = m.lines.Write(lines)
	}
}
