package opcua

import "firedoor"

// maxWaiting is how many requests that create or modify items wait for their answers: one more
// makes the oldest forgotten.
const maxWaiting = 8

// renaming follows the client's numbers of items, which it may change: a request to modify an item
// calls it by the server's number, which the answer to its creation told.
type renaming struct {
	handles map[uint64]uint32 // by subscription and the server's number; at most maxMonitored
	waiting []*naming         // at most maxWaiting
	moved   []firedoor.Object
}

// naming are the items of a request; at most maxMonitored of them are kept.
type naming struct {
	id           uint32 // of the request's first operation
	subscription uint32
	all          []named
}

// named is an item by both numbers; the server's is 0 where it is not known yet.
type named struct {
	item, handle uint32
	refused      bool
}

// wait makes room for the items of a request.
func (p *parser) wait(q *request, subscription uint32) *naming {
	if p.dry {
		return nil
	}
	m := &p.nodes.renaming
	w := &naming{}
	if len(m.waiting) == maxWaiting {
		w = m.waiting[0]
		m.waiting = append(m.waiting[:0], m.waiting[1:]...)
	}
	*w = naming{id: q.id, subscription: subscription, all: w.all[:0]}
	m.waiting = append(m.waiting, w)
	return w
}

func (w *naming) add(item, handle uint32) {
	if w != nil && len(w.all) < maxMonitored {
		w.all = append(w.all, named{item: item, handle: handle})
	}
}

// take finds what the request at hand named; nil if nobody knows.
func (m *renaming) take(q *request) *naming {
	for i, w := range m.waiting {
		if q != nil && w.id == q.id {
			m.waiting = append(m.waiting[:i], m.waiting[i+1:]...)
			return w
		}
	}
	return nil
}

// of is take that forgets nothing.
func (m *renaming) of(id uint32) *naming {
	for _, w := range m.waiting {
		if w.id == id {
			return w
		}
	}
	return nil
}

func (w *naming) len() int {
	if w == nil {
		return 0
	}
	return len(w.all)
}

func (w *naming) refuse(i int) {
	if i < w.len() {
		w.all[i].refused = true
	}
}

// created notes the server's number of an item.
func (m *renaming) created(w *naming, i int, item uint32) {
	if i >= w.len() {
		return
	}
	key := uint64(w.subscription)<<32 | uint64(item)
	if _, known := m.handles[key]; !known && len(m.handles) >= maxMonitored {
		return
	}
	if m.handles == nil {
		m.handles = map[uint64]uint32{}
	}
	m.handles[key] = w.all[i].handle
}

// drop forgets the items of a subscription.
func (m *renaming) drop(subscription uint32) {
	for key := range m.handles {
		if uint32(key>>32) == subscription {
			delete(m.handles, key)
		}
	}
}

// rename gives the items of a request that were not refused their new numbers, all at once: two
// may have changed places. Of an item that nobody knows the number says nothing any more, where it
// was another's.
func (m *monitored) rename(w *naming) {
	r := &m.renaming
	r.moved = r.moved[:0]
	of := uint64(w.subscription) << 32
	for i := range w.all {
		n := &w.all[i]
		o := firedoor.Object{}
		if old, known := r.handles[of|uint64(n.item)]; known && old == n.handle {
			n.refused = true // nothing is another
		} else if known && !n.refused {
			o = m.byHandle[of|uint64(old)]
		}
		r.moved = append(r.moved, o)
	}
	for i := range w.all {
		if n := &w.all[i]; !n.refused {
			if old, known := r.handles[of|uint64(n.item)]; known {
				m.forget(of | uint64(old))
			}
			m.forget(of | uint64(n.handle))
		}
	}
	for i := range w.all {
		n := &w.all[i]
		if n.refused {
			continue
		}
		if o := &r.moved[i]; o.Space != nil {
			m.put(w.subscription, n.handle, o)
		}
		if _, known := r.handles[of|uint64(n.item)]; known {
			r.handles[of|uint64(n.item)] = n.handle
		}
	}
}

func (m *monitored) forget(key uint64) {
	if o, known := m.byHandle[key]; known {
		m.bytes -= len(o.Text)
		delete(m.byHandle, key)
	}
}
