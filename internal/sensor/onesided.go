package sensor

import "firedoor"

// oneSided is the queue of flows in the order they were opened. A flow that both
// ends speak in leaves it silently when its turn comes; one in which only one
// end was ever seen must go when the queue is full: a flood of forged senders
// cannot have more of the table than that.
type oneSided struct {
	queue []opened
	head  int
}

// opened names a flow, so that a later one in the same slot is not taken for it.
type opened struct {
	slot  int32
	frame firedoor.FrameRef
}

// bound enters a fresh flow and ends the oldest one-sided one if there are too many.
func (l *lane) bound(slot int32, c *conn) {
	q := &l.oneSided
	entry := opened{slot, c.opened}
	if len(q.queue) < MaxOneSided/lanes*spread {
		q.queue = append(q.queue, entry)
		return
	}
	old := q.queue[q.head]
	q.queue[q.head] = entry
	q.head = (q.head + 1) % len(q.queue)
	if old.slot == slot || !l.flows.Live(old.slot) {
		return
	}
	o := l.at(old.slot)
	if o.opened != old.frame || o.twoSided() {
		return
	}
	l.count.FlowsEvicted++
	l.finish(old.slot)
	l.flows.Remove(old.slot)
}
