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
	room    int  // at most len(bottles)
	jammed  bool // full, and not yet half empty again
}

func (b *belt) full() bool { return b.n >= b.room }

// blocked says whether the station before has to wait: from full until half empty.
func (b *belt) blocked() bool {
	b.jammed = b.full() || b.jammed && b.n > b.room/2
	return b.jammed
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

// jam is what stops a station of the line now and then: a bottle lies across, a
// carton sticks. Somebody clears it after a minute or two.
type jam struct {
	every  float64 // seconds of running between two, on average
	left   int     // seconds until this one is cleared
	chance random
}

// step lets a second of running pass and says whether the station is jammed.
func (j *jam) step(runs bool) bool {
	if j.left > 0 {
		j.left--
		return true
	}
	u := j.chance.unit()
	if runs && u < 1/j.every {
		j.left = 20 + int(j.chance.unit()*100)
	}
	return j.left > 0
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
