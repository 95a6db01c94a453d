package inline

import (
	"firedoor"
	"firedoor/internal/packet"
)

// What is bounded in all is shared by clients: places for connections, bytes of frames that wait,
// and bytes of messages whose rest is to come. While there is enough of it nobody is counted out. Where there is
// no more the client that has most gives back what it used longest ago, and nobody else does.

// holder is a client as it is counted: its address, in its segment. Of datagrams that began with an answer it is, until the
// client says something, who sent that: by its MAC, for one that forges answers has any address.
type holder struct {
	scope packet.Scope
	ip    firedoor.IP
	mac   firedoor.MAC
}

// holder is whom a flow is counted for.
func (f *flow) holder() holder {
	if f.answerer != 0 && !f.confirmed {
		return holder{scope: f.key.scope, mac: f.answerer}
	}
	return holder{scope: f.key.scope, ip: f.clientEnd.IP}
}

// kind is what is known of a connection. Each kind shares for itself: so who makes up addresses, each of
// which has little, takes nothing of those that speak both ways.
type kind int

// The kinds, by who gives back first.
const (
	madeUp      kind = iota // its two ends were not both heard, or it is over
	datagrams               // of which an answer proves nothing: two blind requests look the same
	connections             // of TCP, whose client has seen what its server said
	kinds
)

// kind is what is known of a flow.
func (f *flow) kind() kind {
	switch {
	case !f.confirmed || f.fins == 3:
		return madeUp
	case f.key.proto == packet.UDP:
		return datagrams
	}
	return connections
}

// claim is what one flow takes of something.
type claim struct {
	flow         *flow
	of           *share // nil: nothing
	size         int
	older, newer *claim // of the same client and kind
}

// share is what one client has, by claims.
type share struct {
	holder      holder
	pool        *pool
	first, last *claim // the first was used longest ago
	size        int
	at          int    // in pool.order
	grown       uint64 // when it did last, by pool.growths. What shrinks keeps it: connections end in the order of a map
}

// pool is what all clients have in one kind of connections.
type pool struct {
	shares  map[holder]*share
	order   []*share // a heap: who gives back next is first
	spare   []*share
	size    int
	growths uint64
	keeps   int  // so much of it gives back for no other kind
	sure    int  // so much of one client gives back for nobody
	late    bool // of clients that have the same, who came to have it last gives back
}

// room is something of which there is a limit in all.
type room struct {
	limit int
	pools [kinds]pool
}

// newRoom makes a room of which each client is sure of a part for its connections.
func newRoom(limit, sure int) (r room) {
	r.limit = limit
	for k := range r.pools {
		r.pools[k].shares = map[holder]*share{}
	}
	r.pools[madeUp].keeps, r.pools[datagrams].keeps = limit/8, limit/4
	r.pools[datagrams].late, r.pools[connections].late = true, true
	r.pools[connections].sure = sure
	return r
}

// size is how much is taken.
func (r *room) size() (n int) {
	for k := range r.pools {
		n += r.pools[k].size
	}
	return n
}

// full tells whether there is no room for so much more.
func (r *room) full(more int) bool { return r.size()+more > r.limit }

// yields is what makes room where there is none, nil if nothing does. What is made up, and datagrams,
// always do: first where they have more than is kept for them, and else where no client has more connections
// than it is sure of.
func (r *room) yields() *claim {
	for k := range r.pools {
		if p := &r.pools[k]; p.size > p.keeps && p.order[0].size > p.sure {
			return p.order[0].first
		}
	}
	for k := range connections {
		if p := &r.pools[k]; p.size > 0 {
			return p.order[0].first
		}
	}
	return nil
}

// set has a flow take so much.
func (r *room) set(c *claim, f *flow, size int) {
	switch {
	case size == 0:
		r.leave(c)
	case c.of == nil:
		c.flow = f
		r.pools[f.kind()].add(c, f.holder(), size)
	default:
		c.of.grow(size - c.size)
		c.size = size
	}
}

// leave has a flow take nothing any more.
func (r *room) leave(c *claim) {
	if c.of != nil {
		c.of.pool.remove(c)
	}
}

// move has what a flow takes count as what it is now.
func (r *room) move(c *claim, k kind) {
	if to := &r.pools[k]; c.of != nil && c.of.pool != to {
		size := c.size
		c.of.pool.remove(c)
		to.add(c, c.flow.holder(), size)
	}
}

// used has a claim be the one that was used last.
func (c *claim) used() {
	if c.of != nil && c.of.last != c {
		c.of.unlink(c)
		c.of.link(c)
	}
}

func (p *pool) add(c *claim, who holder, size int) {
	s := p.shares[who]
	if s == nil {
		if n := len(p.spare); n > 0 {
			s, p.spare = p.spare[n-1], p.spare[:n-1]
		} else {
			s = &share{}
		}
		*s = share{holder: who, pool: p, at: len(p.order)}
		p.shares[who] = s
		p.order = append(p.order, s)
	}
	c.of, c.size = s, size
	s.link(c)
	s.grow(size)
}

func (p *pool) remove(c *claim) {
	s := c.of
	s.unlink(c)
	s.grow(-c.size)
	c.of, c.size = nil, 0
	if s.first != nil {
		return
	}
	delete(p.shares, s.holder)
	end := p.order[len(p.order)-1]
	p.order = p.order[:len(p.order)-1]
	if end != s {
		p.put(end, s.at)
		p.sift(end)
	}
	p.spare = append(p.spare, s)
}

func (s *share) link(c *claim) {
	c.older, c.newer = s.last, nil
	if s.last == nil {
		s.first = c
	} else {
		s.last.newer = c
	}
	s.last = c
}

func (s *share) unlink(c *claim) {
	if c.older == nil {
		s.first = c.newer
	} else {
		c.older.newer = c.newer
	}
	if c.newer == nil {
		s.last = c.older
	} else {
		c.newer.older = c.older
	}
	c.older, c.newer = nil, nil
}

// grow changes what a client has.
func (s *share) grow(by int) {
	p := s.pool
	p.size += by
	if s.size += by; by > 0 {
		p.growths++
		s.grown = p.growths
	}
	p.sift(s)
}

// sooner tells whether a gives back before b.
func (p *pool) sooner(a, b *share) bool {
	if a.size != b.size {
		return a.size > b.size
	}
	return (a.grown > b.grown) == p.late
}

func (p *pool) put(s *share, at int) { p.order[at], s.at = s, at }

// sift puts a share where it belongs in the heap.
func (p *pool) sift(s *share) {
	for s.at > 0 && p.sooner(s, p.order[(s.at-1)/2]) {
		at, up := s.at, p.order[(s.at-1)/2]
		p.put(s, up.at)
		p.put(up, at)
	}
	for {
		down := s
		for child := 2*s.at + 1; child <= 2*s.at+2 && child < len(p.order); child++ {
			if p.sooner(p.order[child], down) {
				down = p.order[child]
			}
		}
		if down == s {
			return
		}
		at := s.at
		p.put(s, down.at)
		p.put(down, at)
	}
}
