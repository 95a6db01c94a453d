package wire

import (
	"slices"
	"unicode/utf8"

	"firedoor"
)

// Texts collects the texts of one operation or sample as views of the wire. It must
// live in the parser, not on a stack. The zero Texts is ready, and takes room beside
// itself when texts come: for one, and from the second on for maxTexts.
type Texts struct{ all [][]byte }

// maxTexts is one more than are told, so that it shows that there were more.
const maxTexts = firedoor.MaxTexts + 1

// Reset forgets what was collected.
func (t *Texts) Reset() { t.all = t.all[:0] }

// Add takes a text; false if there is room for no other.
func (t *Texts) Add(text []byte) bool {
	if len(t.all) == maxTexts {
		return false
	}
	if len(t.all) == 1 && cap(t.all) < maxTexts {
		t.all = slices.Grow(t.all, maxTexts-1)
	}
	t.all = append(t.all, text)
	return len(t.all) < maxTexts
}

// List is what was collected, nil if nothing was: valid until the next Reset.
func (t *Texts) List() [][]byte {
	if len(t.all) == 0 {
		return nil
	}
	return t.all
}

// One is the list of a single text, nil if it is empty or the name says that it is
// a secret.
func (t *Texts) One(name, text []byte) [][]byte {
	t.Reset()
	if len(text) == 0 || Secretive(name) {
		return nil
	}
	t.Add(text)
	return t.List()
}

// secretWords are parts of names whose values are nobody's business, by their first
// letter, counted from a. They are looked for in lower case.
var secretWords = [26][]string{
	0:  {"apikey", "api-key", "api_key", "auth"},
	2:  {"credential"},
	10: {"kennwort"},
	15: {"passw", "passphrase", "passcode", "passkey", "pwd", "privatekey", "private-key", "private_key", "psk"},
	18: {"secret"},
	19: {"token"},
}

// Secretive tells whether a name, or what a text itself says, speaks of a secret: a
// value beside it is then not told. It goes by words, and what has an innocent name
// cannot be known.
func Secretive(name []byte) bool {
	for i, c := range name {
		c = Lower(c)
		if c < 'a' || c > 'z' {
			continue
		}
		for _, word := range secretWords[c-'a'] {
			if len(name)-i >= len(word) && EqualFold(name[i:i+len(word)], word) {
				return true
			}
		}
	}
	return false
}

// Legible tells whether b is text that people write: UTF-8 without control characters
// but for tabs and line ends.
func Legible(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
			return false
		}
	}
	return len(b) > 0 && utf8.Valid(b)
}
