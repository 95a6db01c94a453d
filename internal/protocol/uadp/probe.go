package uadp

import (
	"encoding/binary"
	"math/bits"

	"firedoor/internal/protocol"
	"firedoor/internal/protocol/wire"
)

// A message has no magic number, and nearly everything in it may be left out. So the
// probe counts: each bit of a datagram that could not be otherwise in a message is
// one that chance would have had to hit. What breaks a rule is none.
const enough = 18

// Times between 2000 and 2100 (OPC 10000-6, 5.2.2.5: tenths of microseconds since
// 1601) are one in some 2^9 of all.
const (
	year2000 = 125_911_584_000_000_000
	year2100 = 157_469_184_000_000_000
	timeBits = 9
)

// maxNumber is how many messages of a group in one cycle are believed.
const maxNumber = 16

func probe(b []byte) protocol.Match {
	var h header
	if len(b) < 4 || h.read(b) != "" || h.flags&hasPublisher == 0 {
		return protocol.No
	}
	sure, ok := h.sure()
	if !ok {
		return protocol.No
	}
	more, ok := h.payloadSure()
	if !ok || sure+more < enough {
		return protocol.No
	}
	return protocol.Yes
}

// sure counts the bits of the header that had to be as they are.
func (h *header) sure() (n int, ok bool) {
	n = 4 + 1 // version, publisher
	if h.flags&hasExtended != 0 {
		if h.extended == 0 {
			return 0, false
		}
		n++
	}
	if h.extended&hasExtended2 != 0 {
		n += 3
	}
	if h.flags&hasGroup != 0 {
		if h.groupParts == 0 || h.groupParts&groupID != 0 && h.group == 0 {
			return 0, false
		}
		n += 4
	}
	if h.groupParts&groupNumber != 0 {
		if h.number == 0 || h.number > maxNumber {
			return 0, false
		}
		n += 12
	}
	for i := range h.count() {
		if h.writer(i) == 0 && h.kind() == typeData {
			return 0, false
		}
	}
	if c := h.count(); c > 0 {
		n += 9 - bits.Len(uint(c))
	}
	if h.extended&hasTime != 0 {
		if !plausible(h.time) {
			return 0, false
		}
		n += timeBits
	}
	if h.extended&hasSecurity != 0 {
		if h.nonce != 0 && h.nonce != maxNonce {
			return 0, false
		}
		n += 4 + 7
	}
	return n, true
}

func plausible(time uint64) bool { return time >= year2000 && time < year2100 }

// payloadSure counts the bits of the payload.
func (h *header) payloadSure() (n int, ok bool) {
	r := wire.ReadUA(h.payload)
	switch {
	case h.extended2&hasAction != 0:
		return 0, false
	case h.security&isEncrypted != 0:
		return 0, h.nonce == maxNonce && len(h.payload) > 0
	case h.extended2&isChunk != 0:
		return chunkSure(&r)
	case h.kind() != typeData:
		// The flags of discovery messages are fixed.
		if h.flags != version|hasPublisher|hasExtended || h.extended&(hasClass|hasTime|hasPicos) != 0 || h.extended2&^typeMask != 0 {
			return 0, false
		}
		if h.kind() == typeRequest {
			q, fault := readRequest(&r)
			return 8 + 14, fault == "" && q.kind >= askEndpoints && q.kind <= askConnections && padded(h.payload[r.Pos():])
		}
		known, fault := rehearse(&r)
		return 8 + 5 + 8, known && fault == "" && padded(h.payload[r.Pos():])
	}
	return h.setsSure(h.payload)
}

// largest is how long a message that is cut into chunks is believed to be, and
// smallest how long a chunk.
const (
	largest  = 1 << 20
	smallest = 64
)

// chunkSure counts the bits of a chunk. All have the size of the first, but the last
// ends with the message.
func chunkSure(r *wire.UA) (n int, ok bool) {
	place, part, fault := readChunk(r)
	if fault != "" {
		return 0, false
	}
	offset, size := spread(place)
	length := uint64(len(part))
	return 12 + 8, size < largest && length >= smallest && length < size && (offset%length == 0 || offset+length == size)
}

// setsSure counts the bits of data sets: each must be whole.
func (h *header) setsSure(b []byte) (n int, ok bool) {
	count := h.count()
	if h.flags&hasPayload != 0 && count == 0 {
		return 0, false
	}
	if count <= 1 {
		for range maxMessageSets {
			size, more, ok := setSure(b)
			if !ok {
				return 0, false
			}
			n += more
			if b = b[size:]; padded(b) || count == 1 && h.security != 0 {
				return n, true
			}
			if count == 1 {
				break
			}
		}
		return 0, false
	}
	if len(b) < 2*count {
		return 0, false
	}
	sizes := b[:2*count]
	b = b[2*count:]
	for i := range count {
		size := int(binary.LittleEndian.Uint16(sizes[2*i:]))
		if size == 0 || size > len(b) {
			return 0, false
		}
		if used, more, ok := setSure(b[:size]); ok && padded(b[used:size]) {
			n += more
		} else {
			return 0, false
		}
		b = b[size:]
	}
	return n + 16, padded(b) || h.security != 0
}

// setSure counts the bits of one data set, and how many bytes it has; raw fields take
// all there are.
func setSure(b []byte) (size, n int, ok bool) {
	r := wire.ReadUA(b)
	var s set
	if s.read(&r) != "" || s.flags&isValid == 0 {
		return 0, 0, false
	}
	n = 1
	if s.flags&hasFlags2 != 0 {
		n += 4
	}
	if s.flags2&hasSetTime != 0 {
		if !plausible(s.time) {
			return 0, 0, false
		}
		n += timeBits
	}
	switch {
	case s.kind() > setAlive:
		return 0, 0, false
	case s.kind() == setAlive:
		return r.Pos(), n + 8, true
	case s.encoding() == encodingRaw:
		return len(b), n, r.Len() > 0
	case s.fields == 0 || s.fields > r.Len():
		return 0, 0, false
	}
	n += 17 - bits.Len(uint(s.fields))
	for i := 0; i < s.fields && !r.Failed(); i++ {
		_, v, _ := s.field(&r, i)
		if v.Kind > maxBuiltIn {
			return 0, 0, false
		}
		n++
	}
	if padded(b[r.Pos():]) {
		n += 8
	}
	return r.Pos(), n, !r.Failed()
}

// maxBuiltIn is the last of the built-in types (OPC 10000-6, 5.1.2).
const maxBuiltIn = 25
