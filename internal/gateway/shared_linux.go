package gateway

import (
	"firedoor/internal/datapath"
	"firedoor/internal/inline"
)

// shared is the kernel's streams as a gate sees them.
type shared struct{ streams *datapath.Streams }

func (s *shared) Enter(k *inline.Stream) (place int, p inline.Position, ok bool) {
	place, at, ok := s.streams.Enter((*datapath.StreamKey)(k))
	return place, inline.Position{Known: at.Known, Partial: at.Partial, Current: at.Current, Blind: at.Blind, Left: at.Left, Hears: at.Hears,
		Next: at.Next, Acked: at.Acked, Said: at.Said, Handshake: inline.Handshake(at.Handshake)}, ok
}

func (s *shared) Leave(place int, p *inline.Position, kernel bool) {
	s.streams.Leave(place, &datapath.Position{Known: p.Known, Partial: p.Partial, Hears: p.Hears,
		Next: p.Next, Acked: p.Acked, Said: p.Said, Handshake: datapath.Handshake(p.Handshake)}, kernel)
}

func (s *shared) Opens(k *inline.Stream, first uint32) {
	s.streams.Opens((*datapath.StreamKey)(k), first)
}

func (s *shared) Full(within int64) bool { return s.streams.Full(within) }

func (s *shared) Listen(place int) { s.streams.Listen(place) }

func (s *shared) Return(place int) { s.streams.Return(place) }

func (s *shared) Over(place int) { s.streams.Over(place) }
