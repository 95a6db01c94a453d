package wire

import "firedoor/internal/protocol"

// MaxBeginning is how many bytes a probe can look at of a transport message in parts.
const MaxBeginning = 64

// maxParts is how many TPDUs of one message, and of keep-alives before it, a probe
// goes through.
const maxParts = 32

// Beginning is the first bytes of a transport message, which may come in several
// TPDUs. The zero value is ready.
type Beginning struct {
	Size  int  // of the message, as far as its TPDUs are known
	Whole bool // the last of them is known: Size is that of the message

	one  []byte // of the first TPDU that has data, nil from the second on
	kept int
	head [MaxBeginning]byte
}

// Bytes are what is at hand: of one TPDU all of it, of several at most MaxBeginning.
// They are borrowed, of the stream and of the Beginning.
func (g *Beginning) Bytes() []byte {
	if g.one != nil {
		return g.one
	}
	return g.head[:g.kept]
}

// Add takes the next TPDU's data, size bytes of which some may not be in yet.
func (g *Beginning) Add(part []byte, size int, last bool) {
	switch {
	case g.Size == 0 && len(part) > 0:
		g.one = part
	case len(part) > 0:
		g.kept += copy(g.head[g.kept:], g.one)
		g.kept += copy(g.head[g.kept:], part)
		g.one = nil
	}
	g.Size += size
	g.Whole = last
}

// Read gathers the first message of data TPDUs in b and passes over keep-alives: Yes
// when need bytes of it are at hand, and with whole its length; or when all of it is,
// however short. More when b ends before, No when it holds something else.
func (g *Beginning) Read(b []byte, need int, whole bool) protocol.Match {
	const head = TPKTHeader + 3
	*g = Beginning{}
	for range maxParts {
		size, ok := TPKT(b)
		if !ok || len(b) >= head && (b[4] != 2 || b[5] != COTPData || b[6]&0x7f != 0) {
			return g.decide(need, whole, protocol.No)
		}
		if size == 0 || len(b) < head {
			return g.decide(need, whole, protocol.More)
		}
		g.Add(b[head:min(size, len(b))], size-head, b[6] != 0)
		if g.Whole && (len(b) >= size || len(g.Bytes()) >= need) {
			return protocol.Yes
		}
		if len(b) <= size {
			return g.decide(need, whole, protocol.More)
		}
		b = b[size:]
	}
	return g.decide(need, whole, protocol.No)
}

func (g *Beginning) decide(need int, whole bool, otherwise protocol.Match) protocol.Match {
	if len(g.Bytes()) >= need && !whole {
		return protocol.Yes
	}
	return otherwise
}
