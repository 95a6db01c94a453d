package wire

import "firedoor"

// MaxText is how many bytes of a text on the wire are passed on; the rest is cut.
const MaxText = 256

// Voice is the scratch a parser speaks with: one of each small event, reused,
// so that speaking allocates nothing. It must live in the parser, not on a
// stack. The zero Voice is ready.
type Voice struct {
	event     firedoor.Event
	identity  firedoor.Identity
	lookup    firedoor.Lookup
	login     firedoor.Login
	encrypted firedoor.Encrypted
	malformed firedoor.Malformed
	handover  firedoor.HandOver
	file      firedoor.FileTransfer
}

// Fact emits an Identity with its text trimmed and cut. A fact without text is
// not emitted, unless it is an address.
func (v *Voice) Fact(emit func(*firedoor.Event), f firedoor.Identity) {
	f.Value = Text(f.Value)
	if len(f.Value) == 0 && f.Kind != firedoor.FactAddress {
		return
	}
	v.identity = f
	v.event = firedoor.Event{Kind: firedoor.EventIdentity, Identity: &v.identity}
	emit(&v.event)
}

// Lookup emits a Lookup.
func (v *Voice) Lookup(emit func(*firedoor.Event), l firedoor.Lookup) {
	l.Name = l.Name[:min(len(l.Name), MaxText)]
	v.lookup = l
	v.event = firedoor.Event{Kind: firedoor.EventLookup, Lookup: &v.lookup}
	emit(&v.event)
}

// Login emits a Login with the user's name cut. Callers never have a secret to give.
func (v *Voice) Login(emit func(*firedoor.Event), user []byte, outcome string) {
	v.login = firedoor.Login{User: Text(user), Outcome: outcome}
	v.event = firedoor.Event{Kind: firedoor.EventLogin, Login: &v.login}
	emit(&v.event)
}

// Encrypted emits an Encrypted.
func (v *Voice) Encrypted(emit func(*firedoor.Event), protocol, version string) {
	v.Sealed(emit, firedoor.Encrypted{Protocol: protocol, Version: version})
}

// Sealed emits an Encrypted that says what is presumably inside, and why.
func (v *Voice) Sealed(emit func(*firedoor.Event), e firedoor.Encrypted) {
	v.encrypted = e
	v.event = firedoor.Event{Kind: firedoor.EventEncrypted, Encrypted: &v.encrypted}
	emit(&v.event)
}

// Malformed emits a Malformed; reason is static text.
func (v *Voice) Malformed(emit func(*firedoor.Event), reason string, offset int) {
	v.malformed = firedoor.Malformed{Reason: reason, Offset: offset}
	v.event = firedoor.Event{Kind: firedoor.EventMalformed, Malformed: &v.malformed}
	emit(&v.event)
}

// Unread emits a Malformed of bytes of a guarded client that its server may read as a request.
func (v *Voice) Unread(emit func(*firedoor.Event), reason string, offset int) {
	v.malformed = firedoor.Malformed{Reason: reason, Offset: offset, Lost: true}
	v.event = firedoor.Event{Kind: firedoor.EventMalformed, Malformed: &v.malformed}
	emit(&v.event)
}

// HandOver emits a HandOver to a registered protocol.
func (v *Voice) HandOver(emit func(*firedoor.Event), protocol string) {
	v.handover = firedoor.HandOver{Protocol: protocol}
	v.event = firedoor.Event{Kind: firedoor.EventHandOver, HandOver: &v.handover}
	emit(&v.event)
}

// File emits a FileTransfer with its name cut.
func (v *Voice) File(emit func(*firedoor.Event), f firedoor.FileTransfer) {
	f.Name = Text(f.Name)
	v.file = f
	v.event = firedoor.Event{Kind: firedoor.EventFileTransfer, FileTransfer: &v.file}
	emit(&v.event)
}

// Text is a view of b without what pads texts on the wire: everything from the
// first NUL on, spaces and line ends around; at most MaxText bytes.
func Text(b []byte) []byte {
	for i, c := range b {
		if c == 0 {
			b = b[:i]
			break
		}
	}
	for len(b) > 0 && blank(b[0]) {
		b = b[1:]
	}
	b = b[:min(len(b), MaxText)]
	for len(b) > 0 && blank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// HasFold tells whether b contains the lower-case ASCII text, whatever the case in b.
func HasFold(b []byte, text string) bool {
	for i := 0; i+len(text) <= len(b); i++ {
		if EqualFold(b[i:i+len(text)], text) {
			return true
		}
	}
	return false
}

// EqualFold tells whether b is the lower-case ASCII text, whatever the case in b.
func EqualFold(b []byte, text string) bool {
	if len(b) != len(text) {
		return false
	}
	for i, c := range b {
		if Lower(c) != text[i] {
			return false
		}
	}
	return true
}

// Lower is the lower-case form of an ASCII letter; other bytes stay.
func Lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// Sum is a fingerprint of b (FNV-1a, 64 bits) by which parsers notice that a
// text was already told. It is no secret's fingerprint: anyone can compute it.
func Sum(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}
