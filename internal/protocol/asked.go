package protocol

// Asked remembers the requests of a flow that a parser needs to read their
// answers: a small ring keyed by the protocol's own transaction number. It
// starts empty, grows to at most MaxAsked and then forgets the oldest.
type Asked[T any] struct {
	slots []asked[T]
	head  int // oldest
	n     int
}

type asked[T any] struct {
	key  uint64
	gone bool
	val  T
}

// MaxAsked is how many unanswered requests of one flow are remembered.
const MaxAsked = 256

// Put remembers a request and returns its place, to be filled by the caller.
// What the place pointed to before is left in it, so that buffers are reused.
func (a *Asked[T]) Put(key uint64) *T {
	if a.n == len(a.slots) {
		if len(a.slots) < MaxAsked {
			a.grow()
		} else {
			a.drop()
		}
	}
	s := &a.slots[(a.head+a.n)&(len(a.slots)-1)]
	a.n++
	s.key, s.gone = key, false
	return &s.val
}

// Take finds the oldest request with the key and forgets it; nil if there is
// none. The result is valid until the next Put.
func (a *Asked[T]) Take(key uint64) *T {
	mask := len(a.slots) - 1
	for i := range a.n {
		s := &a.slots[(a.head+i)&mask]
		if s.gone || s.key != key {
			continue
		}
		s.gone = true
		for a.n > 0 && a.slots[a.head].gone {
			a.drop()
		}
		return &s.val
	}
	return nil
}

// Has tells whether a request with the key is remembered.
func (a *Asked[T]) Has(key uint64) bool {
	mask := len(a.slots) - 1
	for i := range a.n {
		if s := &a.slots[(a.head+i)&mask]; !s.gone && s.key == key {
			return true
		}
	}
	return false
}

// Len is how many requests are remembered.
func (a *Asked[T]) Len() int { return a.n }

// Clear forgets all requests.
func (a *Asked[T]) Clear() { a.head, a.n = 0, 0 }

func (a *Asked[T]) drop() {
	a.head = (a.head + 1) & (len(a.slots) - 1)
	a.n--
}

func (a *Asked[T]) grow() {
	next := make([]asked[T], max(2, 2*len(a.slots)))
	for i := range a.n {
		next[i] = a.slots[(a.head+i)&(len(a.slots)-1)]
	}
	a.slots, a.head = next, 0
}
