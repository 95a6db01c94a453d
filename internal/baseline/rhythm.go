package baseline

import "slices"

// Rhythm is how one flow of an unknown protocol, or of an encrypted one, goes: what can
// be said of messages that nobody reads. Arrays are by sender, client first.
type Rhythm struct {
	Messages [2]uint32
	Lengths  [2][rhythmLengths]LengthCount
	Text     uint32 // messages of printable bytes
	prefix   [2][8]byte
	same     [2]uint8 // bytes that all messages begin with, of prefix

	beats [2]beat
}

// beat is when a sender speaks.
type beat struct {
	last   int64
	gaps   uint32
	sum    int64 // of the gaps between two messages
	strays int64 // and of how far each lay from the mean so far
}

// LengthCount is a length and how many messages had it.
type LengthCount struct {
	Length uint32
	Count  uint32
}

// rhythmLengths is how many lengths of a sender are told apart. One that came once makes
// room: how a machine greets is not what it goes on saying.
const rhythmLengths = 8

// rareShare is the share of a sender's messages, per cent, below which a length is not
// worth telling.
const rareShare = 2

// What it takes to be regular: this many messages of one who asks or tells, four in
// five of few lengths, and gaps that lie within half of their mean: pollers ask in
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
	r.Messages[sender]++
	r.beats[sender].take(now)
}

func (b *beat) take(now int64) {
	gap, mean := now-b.last, b.period()
	if first := b.last == 0; first || gap < mean/4 { // a burst is one beat
		b.last = now
		return
	}
	b.gaps++
	b.sum += gap
	mean = b.period()
	b.strays += max(gap-mean, mean-gap)
	b.last = now
}

func (b *beat) period() int64 {
	if b.gaps == 0 {
		return 0
	}
	return b.sum / int64(b.gaps)
}

// leads is who gives the beat: the client, as long as it speaks. Some servers tell
// without being asked, and of some connections only one direction is seen.
func (r *Rhythm) leads() int {
	if r.Messages[0] < regularMessages && r.Messages[1] > r.Messages[0] {
		return 1
	}
	return 0
}

// All is how many messages were heard; r may be nil.
func (r *Rhythm) All() uint64 {
	if r == nil {
		return 0
	}
	return uint64(r.Messages[0]) + uint64(r.Messages[1])
}

// length counts a length, if it is one of those told apart.
func (r *Rhythm) length(sender int, n uint32) {
	var once *LengthCount
	for i := range r.Lengths[sender] {
		l := &r.Lengths[sender][i]
		if l.Count == 0 {
			l.Length = n
		}
		if l.Length == n {
			l.Count++
			return
		}
		if l.Count == 1 && once == nil {
			once = l
		}
	}
	if once != nil {
		*once = LengthCount{n, 1}
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
func (r *Rhythm) Heard() bool { return r != nil && r.Messages[r.leads()] >= regularMessages }

// Regular tells whether this is a machine that speaks a binary protocol: few
// lengths, and a steady beat.
func (r *Rhythm) Regular() bool {
	all := r.Messages[0] + r.Messages[1]
	b := &r.beats[r.leads()]
	if !r.Heard() || r.Text*100 > all*textShare || b.gaps == 0 {
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
	return b.strays*100 <= b.sum*regularStray
}

// Period is the mean time between two messages of the client, or of a server that
// speaks alone, in nanoseconds.
func (r *Rhythm) Period() int64 { return r.beats[r.leads()].period() }

// Prefix is what all messages of a sender begin with, at most eight bytes.
func (r *Rhythm) Prefix(sender int) []byte { return r.prefix[sender][:r.same[sender]] }

// Common gives the lengths of a sender, the commonest first, without what is rare.
func (r *Rhythm) Common(sender int) []LengthCount {
	l := slices.DeleteFunc(slices.Clone(r.Lengths[sender][:]), func(l LengthCount) bool {
		return uint64(l.Count)*100 < max(100, uint64(r.Messages[sender])*rareShare)
	})
	slices.SortStableFunc(l, func(a, b LengthCount) int { return int(b.Count) - int(a.Count) })
	return l
}
