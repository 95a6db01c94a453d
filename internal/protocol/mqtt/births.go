package mqtt

import (
	"strconv"

	"firedoor"
)

// Limits of what is remembered of births on one connection. What does not fit is
// not remembered: such metrics are told by their number, or without a sign.
const (
	maxMetrics = 4096
	maxPlaces  = 512
	maxNames   = 1 << 18 // bytes of all names together
)

// births are the names and types that nodes and devices told when they came (6.4.19,
// 6.4.22).
type births struct {
	places  map[string]uint32 // group/node/device: to its number
	aliases map[alias]born
	types   map[string]uint8 // by the whole name of a metric
	bytes   int
}

type alias struct {
	place  uint32
	number uint64
}

type born struct {
	name string
	code uint8
}

// learn remembers a metric of a birth; the name of its place is in text up to at.
func (p *parser) learn(at int, m *metric) {
	if len(m.name) == 0 || m.code >= uint64(len(types)) {
		return
	}
	if p.known == nil {
		p.known = &births{places: map[string]uint32{}, aliases: map[alias]born{}, types: map[string]uint8{}}
	}
	k := p.known
	whole := p.complete(at, m.name)
	if code, ok := k.types[string(whole)]; (!ok || code != uint8(m.code)) && (ok || len(k.types) < maxMetrics && k.room(len(whole))) {
		k.types[string(whole)] = uint8(m.code)
	}
	if !m.known {
		return
	}
	place, ok := k.places[string(p.text[:at])]
	if !ok {
		if len(k.places) >= maxPlaces || !k.room(at) {
			return
		}
		place = uint32(len(k.places))
		k.places[string(p.text[:at])] = place
	}
	key := alias{place, m.alias}
	old, ok := k.aliases[key]
	if ok && old.name == string(m.name) && old.code == uint8(m.code) {
		return
	}
	k.bytes -= len(old.name)
	if !ok && len(k.aliases) >= maxMetrics || len(m.name) > maxObject || !k.room(len(m.name)) {
		delete(k.aliases, key) // a number must not keep a name that it lost
		return
	}
	k.aliases[key] = born{string(m.name), uint8(m.code)}
}

// room takes n bytes for a name, if they are left.
func (k *births) room(n int) bool {
	if k.bytes+n > maxNames {
		return false
	}
	k.bytes += n
	return true
}

// complete writes the whole name of a metric behind that of its place.
func (p *parser) complete(at int, metric []byte) []byte {
	return p.text[:at+copy(p.text[at:], metric)]
}

// nameOf is the object that a metric is, and fills in the type that it had at
// birth; false if all that is known of it is its number.
func (p *parser) nameOf(at int, m *metric) (object firedoor.Object, named bool) {
	k := p.known
	if len(m.name) > 0 {
		whole := p.complete(at, m.name)
		if m.code == 0 && k != nil {
			m.code = uint64(k.types[string(whole)])
		}
		return firedoor.Object{Space: &metrics, Text: whole}, true
	}
	if m.known && k != nil {
		if place, ok := k.places[string(p.text[:at])]; ok {
			if b, ok := k.aliases[alias{place, m.alias}]; ok {
				if m.code == 0 {
					m.code = uint64(b.code)
				}
				return firedoor.Object{Space: &metrics, Text: p.text[:at+copy(p.text[at:], b.name)]}, true
			}
		}
	}
	text := append(p.text[:at], '#')
	if m.known {
		text = strconv.AppendUint(text, m.alias, 10)
	}
	return firedoor.Object{Space: &metrics, Text: text}, false
}
