package flow

import (
	"sync"

	"firedoor"
	"firedoor/internal/packet"
)

// MaxScopes is how many broadcast domains are told apart. VLAN tags and tunnel
// identifiers are chosen by whoever sends the frame, so they are bounded; what
// comes after the last shares the segment Other.
const MaxScopes = 4096

// Other is the segment of all scopes beyond MaxScopes.
const Other firedoor.Segment = MaxScopes

// otherName is what the segment Other is called.
const otherName = "other"

// Scopes numbers broadcast domains in the order of first sight, from 0. The
// zero Scopes is ready. Segment belongs to one goroutine; Name, Scope and Len may
// be called by others meanwhile.
type Scopes struct {
	mu      sync.RWMutex `snapshot:"-"` // held to add a scope, and by others to read them
	last    packet.Scope
	lastSeg firedoor.Segment
	warm    bool // last means something
	segs    map[packet.Scope]firedoor.Segment
	scopes  []packet.Scope
	beyond  uint64
}

// Segment returns the handle of a scope, a new one at first sight.
func (s *Scopes) Segment(sc packet.Scope) firedoor.Segment {
	if s.warm && sc == s.last {
		return s.lastSeg
	}
	return s.find(sc)
}

func (s *Scopes) find(sc packet.Scope) firedoor.Segment {
	seg, ok := s.segs[sc]
	if !ok {
		if len(s.scopes) == MaxScopes {
			s.beyond++
			return Other // not remembered as last: each one counts
		}
		if s.segs == nil {
			s.segs = map[packet.Scope]firedoor.Segment{}
		}
		s.mu.Lock()
		seg = firedoor.Segment(len(s.scopes))
		s.scopes = append(s.scopes, sc)
		s.mu.Unlock()
		s.segs[sc] = seg
	}
	s.last, s.lastSeg, s.warm = sc, seg, true
	return seg
}

// Len is how many segments were given out; their handles are 0 ... Len()-1.
// Other is not among them.
func (s *Scopes) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.scopes)
}

// Beyond is how many times a scope had to share the segment Other.
func (s *Scopes) Beyond() uint64 { return s.beyond }

// Scope returns the scope of a segment; the zero Scope for Other and for
// handles never given out.
func (s *Scopes) Scope(seg firedoor.Segment) packet.Scope {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if int64(seg) < int64(len(s.scopes)) {
		return s.scopes[seg]
	}
	return packet.Scope{}
}

// Name is the segment's name for people: that of its scope, or "other".
func (s *Scopes) Name(seg firedoor.Segment) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if int64(seg) < int64(len(s.scopes)) {
		return packet.ScopeName(s.scopes[seg])
	}
	return otherName
}
