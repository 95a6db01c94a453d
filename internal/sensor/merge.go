package sensor

import "io"

// merger puts what the shards made of an epoch back into the order of the
// packets and gives it to the folds over the whole site. An item's index and
// lane order everything: no two shards have both in common.
type merger struct {
	site  *site
	lines io.Writer
	next  []int // per shard, in the list being merged
	err   error // first error of the line writer
}

func (m *merger) merge(b *batch) {
	m.records(b)
	if m.lines != nil && m.err == nil {
		m.writeLines(b)
	}
	for i := range b.outs {
		for j := range b.outs[i].traffic {
			m.site.addTraffic(&b.outs[i].traffic[j])
		}
	}
}

func (m *merger) records(b *batch) {
	if len(b.outs) == 1 {
		for i := range b.outs[0].records {
			m.site.fold(&b.outs[0].records[i])
		}
		return
	}
	m.rewind(b)
	for {
		best := -1
		for s := range b.outs {
			rs, n := b.outs[s].records, m.next[s]
			if n < len(rs) && (best < 0 || before(rs[n].index, rs[n].lane, b.outs[best].records[m.next[best]].index, b.outs[best].records[m.next[best]].lane)) {
				best = s
			}
		}
		if best < 0 {
			return
		}
		m.site.fold(&b.outs[best].records[m.next[best]])
		m.next[best]++
	}
}

func before(index uint64, lane uint8, oIndex uint64, oLane uint8) bool {
	return index < oIndex || index == oIndex && lane < oLane
}

func (m *merger) rewind(b *batch) {
	if m.next == nil {
		m.next = make([]int, len(b.outs))
	}
	clear(m.next)
}

func (m *merger) writeLines(b *batch) {
	if len(b.outs) == 1 {
		_, m.err = m.lines.Write(b.outs[0].lines)
		return
	}
	m.rewind(b)
	for m.err == nil {
		best := -1
		for s := range b.outs {
			es, n := b.outs[s].ends, m.next[s]
			if n < len(es) && (best < 0 || before(es[n].index, es[n].lane, b.outs[best].ends[m.next[best]].index, b.outs[best].ends[m.next[best]].lane)) {
				best = s
			}
		}
		if best < 0 {
			return
		}
		o := &b.outs[best]
		from := 0
		if n := m.next[best]; n > 0 {
			from = o.ends[n-1].end
		}
		_, m.err = m.lines.Write(o.lines[from:o.ends[m.next[best]].end])
		m.next[best]++
	}
}
