package sensor

import (
	"sync"

	"firedoor/internal/packet"
)

// batch is one epoch: frames in a row, decoded, and what the shards made of
// them. It owns the bytes of its frames and goes round between the stages.
type batch struct {
	frames []packet.Frame
	buf    []byte
	items  []item
	outs   []output // by shard
	busy   sync.WaitGroup

	// last is a copy of the last item with the index behind it: what ends with
	// the epoch or the capture has its place there, also without any frame.
	last item
	// over: after these frames the capture is over and its flows end. teacher:
	// the frames were only learned from.
	over    bool
	teacher bool
}

func newBatch(shards int) *batch {
	return &batch{frames: make([]packet.Frame, epoch), buf: make([]byte, epochBytes), items: make([]item, 0, 2*epoch),
		outs: make([]output, shards)}
}

// shard takes the epochs of its lanes.
type shard struct {
	id    int
	count int
	lanes [lanes]*lane // those that are not its own are nil
}

// process runs one epoch through the shard's lanes.
func (s *shard) process(b *batch) {
	out := &b.outs[s.id]
	out.reset()
	for _, l := range s.lanes {
		if l != nil {
			l.out = out
			l.count = &l.counts[b.role()]
		}
	}
	for i := 0; i < len(b.items); {
		i = s.packets(b, i)
	}
	for _, l := range s.lanes {
		if l == nil {
			continue
		}
		if b.over {
			l.flush(&b.last)
		}
	}
}

// packets runs the frames from one on and tells where it came to: to the end, or
// behind a frame that a parser failed on.
func (s *shard) packets(b *batch, from int) (next int) {
	next = from
	var at *lane // whose turn it is
	defer func() {
		if fault := recover(); fault != nil {
			at.failed(&b.items[next], fault)
			next++
		}
	}()
	for ; next < len(b.items); next++ {
		if b.items[next].Tick {
			s.tick(&b.items[next])
			continue
		}
		it := &b.items[next]
		if it.Beside != nil {
			if at = s.lanes[it.BesideLane]; at != nil {
				at.beside(it)
			}
		}
		if at = s.lanes[it.Lane]; at != nil {
			at.packet(it)
		}
	}
	return next
}

// tick lets all lanes of the shard look at the clock; the shard of the first lane
// tells the site, behind all lanes.
func (s *shard) tick(it *item) {
	var out *output
	for _, l := range s.lanes {
		if l != nil {
			l.sweep(it)
			out = l.out
		}
	}
	if s.id == 0 {
		out.records = append(out.records, record{place: place{it.Index, lanes}, kind: recTick, learning: it.Learning, time: it.Time})
	}
}

// role is where the counts of a batch go: 1 for what was only learned from.
func (b *batch) role() int {
	if b.teacher {
		return 1
	}
	return 0
}
