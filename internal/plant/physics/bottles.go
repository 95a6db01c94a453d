package physics

// bottle is one bottle on its way, with the flaws it got.
type bottle uint8

// Flaws of a bottle.
const (
	flawWeight  bottle = 1 << iota // too light or too heavy
	flawCap                        // cap loose, cracked or missing
	flawLabel                      // label missing or awry
	flawProduct                    // spoilt product: no machine of the line sees it
)

// belt is a first-in first-out track for bottles between two stations; what does
// not fit waits in the station before it.
type belt struct {
	bottles [512]bottle
	head, n int
	room    int // at most len(bottles)
	jam     bool
}

func (b *belt) full() bool { return b.n >= b.room }

// blocked says whether the station before has to wait: from full until half empty.
func (b *belt) blocked() bool {
	b.jam = b.full() || b.jam && b.n > b.room/2
	return b.jam
}

func (b *belt) put(x bottle) {
	b.bottles[(b.head+b.n)%len(b.bottles)] = x
	b.n++
}

func (b *belt) get() bottle {
	x := b.bottles[b.head]
	b.head = (b.head + 1) % len(b.bottles)
	b.n--
	return x
}

// Kinds of running of a station of the line, as the STATE tags hold it.
const (
	lineStopped float64 = iota
	lineRuns
	lineStarved
	lineBlocked
	lineChanges
	lineCleans
	lineFaulted
)

const lineStates = "0 stopped 1 runs 2 starved 3 blocked 4 change-over 5 cleaning 6 fault"
