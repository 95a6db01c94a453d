package reassembly

// Limits of streams.
const (
	// ChunkSize is the size of the buffers that hold early bytes.
	ChunkSize = 2048
	// MaxPieces is how many pieces, of a chunk at most, one stream holds: a
	// segment of usual size takes one, so that a window of 64 KB fits.
	MaxPieces = 48
	// DefaultChunks is a fit limit for one lane's Pool: 512 KB.
	DefaultChunks = 256
	// MaxBeyond is how many segments behind a hole make it hopeless where no
	// acknowledgements are seen.
	MaxBeyond = 8
	// MaxAhead is how far ahead a sequence number is believed: no window is
	// larger (RFC 7323, 2.3).
	MaxAhead = 1 << 30
	// MaxWild is how many consistent wild segments make a stream follow them.
	MaxWild = 3
	// MaxResetAhead is how far ahead of the next byte a RST is believed: what
	// the capture may have lost.
	MaxResetAhead = 1 << 20
	// MaxMissing is how many bytes of one segment a capture may claim to have
	// cut off; a longer claim is taken for this.
	MaxMissing = 1 << 24
)

// Counts is what a Pool's streams met. Segments unless it says bytes.
type Counts struct {
	OutOfOrder      uint64 // arrived before their turn
	Retransmissions uint64 // carried bytes handed over or given up before
	KeepAlives      uint64
	Conflicts       uint64 // bytes that differ from the copy that was held
	Gaps            uint64 // calls of Gap
	GapBytes        uint64 // bytes given up, of gaps of known size
	AckedUnseen     uint64 // bytes the other side acknowledged and the capture does not have
	CutOff          uint64 // bytes the capture cut off segments in order
	Overflows       uint64 // times a hole was given up because a limit was hit
	Wild            uint64 // segments outside of any window, RSTs among them
	Resyncs         uint64 // times a stream followed wild segments
	AfterEnd        uint64 // segments with data after FIN or RST
}

// Pool is what the streams of one lane share: chunks for early bytes, and the
// counters. Not safe for concurrent use.
type Pool struct {
	Counts Counts

	// Origin tells where the segment at hand came from; nil if nobody asks. It
	// is called for early segments only.
	Origin func() Origin
	// Late is set while a Sink is given bytes that waited behind a hole: where
	// they came from, and with more than one the latest of them. Filled tells
	// whether the segment at hand filled the hole; else it was given up.
	Late   *Origin
	Filled bool

	late      Origin
	chunks    [][]byte
	from      []Origin // of each chunk: a piece has its own
	freeChunk []int32
	limit     int
	holds     []hold
	freeHold  []int32
}

// Origin is where a segment came from, in its user's words.
type Origin struct {
	Time           int64
	Capture, Frame uint32
}

// hold is what one stream holds behind its first hole: disjoint pieces in order.
type hold struct {
	n      int32
	pieces [MaxPieces]piece
}

type piece struct {
	seq   uint32
	n     int32
	chunk int32
}

func (c *piece) end() uint32 { return c.seq + uint32(c.n) }

// NewPool returns a pool that holds at most the given number of chunks.
func NewPool(chunks int) *Pool { return &Pool{limit: max(0, chunks)} }

// Held is how many chunks are in use.
func (p *Pool) Held() int { return len(p.chunks) - len(p.freeChunk) }

func (p *Pool) bytes(c *piece) []byte { return p.chunks[c.chunk][:c.n] }

// chunkBatch is how many chunks are made at a time.
const chunkBatch = 8

// takeChunk returns a free chunk, false at the limit.
func (p *Pool) takeChunk() (int32, bool) {
	if len(p.freeChunk) == 0 {
		n := min(chunkBatch, p.limit-len(p.chunks))
		if n == 0 {
			return 0, false
		}
		b := make([]byte, n*ChunkSize)
		for i := range n {
			p.freeChunk = append(p.freeChunk, int32(len(p.chunks)))
			p.chunks = append(p.chunks, b[i*ChunkSize:(i+1)*ChunkSize:(i+1)*ChunkSize])
			p.from = append(p.from, Origin{})
		}
	}
	last := len(p.freeChunk) - 1
	c := p.freeChunk[last]
	p.freeChunk = p.freeChunk[:last]
	return c, true
}

// takeHold returns the number of an empty hold, counted from 1.
func (p *Pool) takeHold() int32 {
	if n := len(p.freeHold); n > 0 {
		h := p.freeHold[n-1]
		p.freeHold = p.freeHold[:n-1]
		return h
	}
	p.holds = append(p.holds, hold{})
	return int32(len(p.holds))
}

// release gives back a hold and all its chunks.
func (p *Pool) release(h int32) {
	hd := &p.holds[h-1]
	for i := range hd.n {
		p.freeChunk = append(p.freeChunk, hd.pieces[i].chunk)
	}
	hd.n = 0
	p.freeHold = append(p.freeHold, h)
}

// origin is where the segment at hand came from.
func (p *Pool) origin() Origin {
	if p.Origin == nil {
		return Origin{}
	}
	return p.Origin()
}

// lateFrom says where bytes come from that a Sink is given next.
func (p *Pool) lateFrom(o Origin) {
	if p.Late == nil || o.Time > p.late.Time || o.Time == p.late.Time && o.Frame > p.late.Frame {
		p.late = o
	}
	p.Late = &p.late
}

// keep copies b, which begins at seq, into the places of h that are still
// empty. It returns how many bytes of b are settled - the rest found no room -
// and whether any was new.
func (p *Pool) keep(h *hold, seq uint32, b []byte) (settled int, fresh bool) {
	i := int32(0)
	for settled < len(b) {
		at, rest := seq+uint32(settled), b[settled:]
		for i < h.n && int32(h.pieces[i].end()-at) <= 0 {
			i++
		}
		n := len(rest)
		if i < h.n {
			next := &h.pieces[i]
			d := int32(next.seq - at)
			if d <= 0 {
				held := p.bytes(next)[-d:]
				m := min(len(held), n)
				p.Counts.Conflicts += differing(held[:m], rest[:m])
				settled += m
				continue
			}
			n = min(n, int(d))
		}
		k := p.insert(h, i, at, rest[:n])
		if k == 0 {
			return settled, fresh
		}
		settled, fresh = settled+k, true
	}
	return settled, fresh
}

// insert puts as much of b as fits one piece in front of piece i: behind piece
// i-1 if that ends there, has room and came with the same segment, else in a
// piece of its own. It returns how many bytes it took, 0 when there is no room.
func (p *Pool) insert(h *hold, i int32, seq uint32, b []byte) int {
	from := p.origin()
	if i > 0 {
		prev := &h.pieces[i-1]
		if prev.end() == seq && prev.n < ChunkSize && p.from[prev.chunk] == from {
			n := copy(p.chunks[prev.chunk][prev.n:], b)
			prev.n += int32(n)
			return n
		}
	}
	if h.n == MaxPieces {
		return 0
	}
	c, ok := p.takeChunk()
	if !ok {
		return 0
	}
	copy(h.pieces[i+1:h.n+1], h.pieces[i:h.n])
	h.n++
	n := copy(p.chunks[c], b)
	h.pieces[i] = piece{seq: seq, n: int32(n), chunk: c}
	p.from[c] = from
	return n
}

// pop forgets the first piece.
func (p *Pool) pop(h *hold) {
	p.freeChunk = append(p.freeChunk, h.pieces[0].chunk)
	h.n--
	copy(h.pieces[:h.n], h.pieces[1:h.n+1])
}

// differing counts the bytes in which two slices of one length differ.
func differing(a, b []byte) (n uint64) {
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}
