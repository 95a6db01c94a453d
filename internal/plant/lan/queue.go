package lan

// what kind of thing an event is.
const (
	eventDo     = iota // an application's function
	eventSwitch        // a frame is whole at a port of a switch
	eventHost          // a frame is handled by the stack of a host or router
	eventTimer         // a timer of a connection
	eventAsk           // an address has not been resolved yet
)

// event is what happens at a time. Events live in a slab and are used again, so
// that a frame costs no allocation.
type event struct {
	kind  uint8
	slot  uint8 // eventTimer
	do    func()
	port  *port
	nic   *nic
	frame *frame
	conn  *Conn
	hop   *neighbour
}

// turn is the place of an event in the order: (time, order of asking). It holds no
// pointer, so that moving it about costs the garbage collector nothing.
type turn struct {
	at  int64
	seq uint64
	id  uint32
}

func (a turn) before(b turn) bool {
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}

// queue orders events. Frames, which are due within microseconds, and everything
// else, which is due in seconds or hours, lie in two heaps: else every frame would
// have to be sorted into thousands of sleeping timers.
type queue struct {
	near, far heap
	slab      []event
	unused    []uint32
	seq       uint64
}

func (q *queue) push(near bool, at int64, e *event) {
	var id uint32
	if n := len(q.unused); n > 0 {
		id = q.unused[n-1]
		q.unused = q.unused[:n-1]
		q.slab[id] = *e
	} else {
		id = uint32(len(q.slab))
		q.slab = append(q.slab, *e)
	}
	q.seq++
	t := turn{at: at, seq: q.seq, id: id}
	if near {
		q.near.push(t)
	} else {
		q.far.push(t)
	}
}

// pop takes the first event that is due before until.
func (q *queue) pop(until int64, e *event) (at int64, ok bool) {
	from := &q.near
	if len(q.near) == 0 || len(q.far) > 0 && q.far[0].before(q.near[0]) {
		from = &q.far
	}
	if len(*from) == 0 || (*from)[0].at >= until {
		return 0, false
	}
	t := from.pop()
	*e = q.slab[t.id]
	q.slab[t.id] = event{}
	q.unused = append(q.unused, t.id)
	return t.at, true
}

// heap is a heap with four children a node: flatter than two, and the four lie
// beside each other in memory.
type heap []turn

func (h *heap) push(t turn) {
	*h = append(*h, t)
	s := *h
	i := len(s) - 1
	for i > 0 {
		up := (i - 1) >> 2
		if !t.before(s[up]) {
			break
		}
		s[i] = s[up]
		i = up
	}
	s[i] = t
}

func (h *heap) pop() turn {
	s := *h
	first := s[0]
	last := s[len(s)-1]
	s = s[:len(s)-1]
	*h = s
	if len(s) == 0 {
		return first
	}
	i := 0
	for {
		child := i<<2 | 1
		if child >= len(s) {
			break
		}
		least := child
		for c := child + 1; c < child+4 && c < len(s); c++ {
			if s[c].before(s[least]) {
				least = c
			}
		}
		if !s[least].before(last) {
			break
		}
		s[i] = s[least]
		i = least
	}
	s[i] = last
	return first
}
