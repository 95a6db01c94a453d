package snmp

import "firedoor/internal/protocol/wire"

// Versions on the wire.
const (
	version1  = 0
	version2c = 1
	version3  = 3
)

// Protocol data units (RFC 1157 4.1, RFC 3416 3).
const (
	unitGet      = 0xa0
	unitNext     = 0xa1
	unitResponse = 0xa2
	unitSet      = 0xa3
	unitTrap1    = 0xa4
	unitBulk     = 0xa5
	unitInform   = 0xa6
	unitTrap     = 0xa7
	unitReport   = 0xa8
)

// privacy is the flag of version 3 that the scoped unit is encrypted (RFC 3412, 6.4).
const privacy = 2

// message is one SNMP message as far as it can be read. Community and security
// parameters are stepped over and not kept.
type message struct {
	size      int // bytes of the message
	encrypted bool
	unit      byte
	request   int64
	status    int64 // of a response; non-repeaters of a bulk request
	index     int64 // of the variable that failed; repetitions of a bulk request
	variables wire.BER
}

// read reads a message; reason says what is wrong with it, "" if nothing.
func read(b []byte) (m message, reason string) {
	r := wire.ReadBER(b)
	body := r.Into(wire.TagSequence)
	m.size = r.Pos()
	version := body.Int()
	if body.Failed() {
		return m, "not a message"
	}
	var tag byte
	var unit []byte
	switch version {
	case version1, version2c:
		body.Take(wire.TagOctetString) // the community
		tag, unit = body.Any()
	case version3:
		tag, unit = m.scoped(&body)
	default:
		return m, "unknown version"
	}
	if body.Failed() || body.Len() != 0 {
		return m, "not a message"
	}
	if m.encrypted {
		return m, ""
	}
	m.unit = tag
	return m, m.readUnit(unit)
}

// scoped reads the header of version 3 and its unit, unless it is encrypted
// (RFC 3412, 6).
func (m *message) scoped(body *wire.BER) (tag byte, unit []byte) {
	header := body.Into(wire.TagSequence)
	header.Int() // message identifier
	header.Int() // largest size
	flags := header.Take(wire.TagOctetString)
	header.Int() // security model
	if header.Failed() || len(flags) != 1 {
		body.Take(0) // fails
		return 0, nil
	}
	body.Take(wire.TagOctetString) // security parameters: engine, user, digest
	if flags[0]&privacy != 0 {
		m.encrypted = true
		body.Take(wire.TagOctetString)
		return 0, nil
	}
	scoped := body.Into(wire.TagSequence)
	scoped.Take(wire.TagOctetString) // context engine
	scoped.Take(wire.TagOctetString) // context name
	tag, unit = scoped.Any()
	if scoped.Failed() {
		body.Take(0)
	}
	return tag, unit
}

func (m *message) readUnit(b []byte) string {
	r := wire.ReadBER(b)
	switch m.unit {
	case unitTrap1: // enterprise, agent, kinds and time instead of numbers
		r.Take(wire.TagOID)
		r.Any()
		r.Int()
		r.Int()
		r.Any()
	case unitGet, unitNext, unitResponse, unitSet, unitBulk, unitInform, unitTrap, unitReport:
		m.request, m.status, m.index = r.Int(), r.Int(), r.Int()
	default:
		return "unknown protocol data unit"
	}
	m.variables = r.Into(wire.TagSequence)
	if r.Failed() || r.Len() != 0 {
		return "broken protocol data unit"
	}
	return ""
}

// variable is one name and value.
type variable struct {
	oid   []byte
	tag   byte
	value []byte
}

// next reads the next variable; more is false behind the last one and at one
// that is broken (ok false).
func next(r *wire.BER, v *variable) (more, ok bool) {
	if r.Len() == 0 {
		return false, true
	}
	pair := r.Into(wire.TagSequence)
	v.oid = pair.Take(wire.TagOID)
	v.tag, v.value = pair.Any()
	if pair.Failed() || pair.Len() != 0 || !wire.ValidOID(v.oid) {
		return false, false
	}
	return true, true
}
