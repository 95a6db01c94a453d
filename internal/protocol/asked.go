package protocol

// Asked remembers the requests of a flow that a parser needs to read their
// answers: a small ring keyed by the protocol's own transaction number. It
// starts empty, grows to at most MaxAsked and then forgets the oldest.
type Asked[T any] struct {
	slots []asked[T]
	head  int32 // oldest; small, so that a parser of little else is one cache line
	n     int32
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
	if a.Len() == len(a.slots) {
		if len(a.slots) < MaxAsked {
			a.grow()
		} else {
			a.drop()
		}
	}
	s := &a.slots[a.place(a.n)]
	a.n++
	s.key, s.gone = key, false
	return &s.val
}

// Take finds the oldest request with the key and forgets it; nil if there is
// none. The result is valid until the next Put.
func (a *Asked[T]) Take(key uint64) *T {
	_, val := a.TakeAlike(key, ^uint64(0))
	return val
}

// TakeAlike is Take of a key of which only the bits of the mask are known; it returns the key that was
// found.
func (a *Asked[T]) TakeAlike(key, mask uint64) (found uint64, val *T) {
	for i := range a.n {
		s := &a.slots[a.place(i)]
		if s.gone || (s.key^key)&mask != 0 {
			continue
		}
		s.gone = true
		for a.n > 0 && a.slots[a.head].gone {
			a.drop()
		}
		return s.key, &s.val
	}
	return 0, nil
}

// Has tells whether a request with the key is remembered.
func (a *Asked[T]) Has(key uint64) bool { return a.Look(key) != nil }

// Look is Take that forgets nothing.
func (a *Asked[T]) Look(key uint64) *T {
	for i := range a.n {
		if s := &a.slots[a.place(i)]; !s.gone && s.key == key {
			return &s.val
		}
	}
	return nil
}

// Len is how many requests are remembered.
func (a *Asked[T]) Len() int { return int(a.n) }

// Clear forgets all requests.
func (a *Asked[T]) Clear() { a.head, a.n = 0, 0 }

func (a *Asked[T]) drop() {
	a.head = int32(a.place(1))
	a.n--
}

// place is where the i-th oldest lies.
func (a *Asked[T]) place(i int32) int { return int(a.head+i) & (len(a.slots) - 1) }

func (a *Asked[T]) grow() {
	next := make([]asked[T], max(2, 2*len(a.slots)))
	for i := range a.n {
		next[i] = a.slots[a.place(i)]
	}
	a.slots, a.head = next, 0
}
