package gateway

import (
	"firedoor/internal/datapath"
	"firedoor/internal/inline"
)

// shared is the kernel's streams as a gate sees them.
type shared struct{ streams *datapath.Streams }

func (s *shared) Enter(k *inline.Stream) (place int, p inline.Position, ok bool) {
	place, at, ok := s.streams.Enter((*datapath.StreamKey)(k))
	return place, inline.Position(at), ok
}

func (s *shared) Leave(place int, p *inline.Position, kernel bool) {
	s.streams.Leave(place, (*datapath.Position)(p), kernel)
}

func (s *shared) Full() bool { return s.streams.Full() }

func (s *shared) Listen(place int) { s.streams.Listen(place) }

func (s *shared) Return(place int) { s.streams.Return(place) }

func (s *shared) Over(place int) { s.streams.Over(place) }
