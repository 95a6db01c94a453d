package baseline

import "slices"

// Rhythm is how one flow of an unknown protocol, or of an encrypted one, goes: what can
// be said of messages that nobody reads. Arrays are by sender, client first.
type Rhythm struct {
	Messages [2]uint32
	Lengths  [2][rhythmLengths]LengthCount // in the order of first sight
	Text     uint32                        // messages of printable bytes
	prefix   [2][8]byte
	same     [2]uint8 // bytes that all messages begin with, of prefix

	last   int64
	gaps   uint32
	sum    int64 // of the gaps between two messages of the client
	strays int64 // and of how far each lay from the mean so far
}

// LengthCount is a length and how many messages had it.
type LengthCount struct {
	Length uint32
	Count  uint32
}

// rhythmLengths is how many lengths of a sender are told apart: those that came
// first, as a machine's first words are what it goes on saying.
const rhythmLengths = 8

// What it takes to be regular: this many messages of the client, four in five of few
// lengths, and gaps that lie within half of their mean: pollers ask in
// bursts, and people use them.
const (
	regularMessages = 16
	regularShare    = 80 // per cent
	regularStray    = 50 // per cent
	textShare       = 90 // per cent of messages, to be no binary protocol
)

// Take counts a message.
func (r *Rhythm) Take(sender int, message []byte, now int64) {
	if r.Messages[sender] == 0 {
		r.same[sender] = uint8(copy(r.prefix[sender][:], message))
	}
	for i := range r.same[sender] {
		if int(i) >= len(message) || message[i] != r.prefix[sender][i] {
			r.same[sender] = i
			break
		}
	}
	r.length(sender, uint32(len(message)))
	if printable(message) {
		r.Text++
	}
	if r.Messages[sender]++; sender != 0 {
		return
	}
	gap, mean := now-r.last, r.Period()
	if first := r.last == 0; first || gap < mean/4 { // a burst is one beat
		r.last = now
		return
	}
	r.gaps++
	r.sum += gap
	mean = r.Period()
	r.strays += max(gap-mean, mean-gap)
	r.last = now
}

// length counts a length, if it is one of those told apart.
func (r *Rhythm) length(sender int, n uint32) {
	for i := range r.Lengths[sender] {
		l := &r.Lengths[sender][i]
		if l.Count == 0 {
			l.Length = n
		}
		if l.Length == n {
			l.Count++
			return
		}
	}
}

func printable(b []byte) bool {
	for _, c := range b[:min(len(b), 32)] {
		if (c < 0x20 || c > 0x7e) && c != '\r' && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

// Heard tells whether enough was heard to say anything; r may be nil.
func (r *Rhythm) Heard() bool { return r != nil && r.Messages[0] >= regularMessages }

// Regular tells whether this is a machine that speaks a binary protocol: few
// lengths, and a steady beat.
func (r *Rhythm) Regular() bool {
	all := r.Messages[0] + r.Messages[1]
	if r.Messages[0] < regularMessages || r.Text*100 > all*textShare || r.gaps == 0 {
		return false
	}
	for sender := range r.Lengths {
		few := uint32(0)
		for _, l := range r.Lengths[sender] {
			few += l.Count
		}
		if few*100 < r.Messages[sender]*regularShare {
			return false
		}
	}
	return r.strays*100 <= r.sum*regularStray
}

// Period is the mean time between two messages of the client, in nanoseconds.
func (r *Rhythm) Period() int64 {
	if r.gaps == 0 {
		return 0
	}
	return r.sum / int64(r.gaps)
}

// Prefix is what all messages of a sender begin with, at most eight bytes.
func (r *Rhythm) Prefix(sender int) []byte { return r.prefix[sender][:r.same[sender]] }

// Common gives the lengths of a sender, the commonest first.
func (r *Rhythm) Common(sender int) []LengthCount {
	l := slices.DeleteFunc(slices.Clone(r.Lengths[sender][:]), func(l LengthCount) bool { return l.Count == 0 })
	slices.SortStableFunc(l, func(a, b LengthCount) int { return int(b.Count) - int(a.Count) })
	return l
}
