package mtconnect

import (
	"bytes"

	"firedoor"
	"firedoor/internal/protocol/wire"
)

const spaces = " \t"

// field takes what stands before the next bar, without spaces around it; rest is nil if
// nothing follows.
func field(b []byte) (value, rest []byte) {
	b = bytes.TrimLeft(b, spaces)
	if end := quoted(b); end > 0 {
		if rest = bytes.TrimLeft(b[end+1:], spaces); len(rest) == 0 {
			return b[1:end], nil
		}
		return b[1:end], rest[1:]
	}
	if at := bytes.IndexByte(b, '|'); at >= 0 {
		return bytes.TrimRight(b[:at], spaces), b[at+1:]
	}
	return bytes.TrimRight(b, spaces), nil
}

// quoted finds the end of a field in quotes, where a bar has a backslash before it; 0
// if it is none.
func quoted(b []byte) int {
	if len(b) == 0 || b[0] != '"' {
		return 0
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '|':
			return 0
		case '"':
			if rest := bytes.TrimLeft(b[i+1:], spaces); len(rest) == 0 || rest[0] == '|' {
				return i
			}
		}
	}
	return 0
}

// most is how many fields stand behind a name at most: those of a condition.
const most = 5

// ahead are the fields behind a name.
type ahead struct {
	field, rest [most][]byte // each, and what follows it
	n           int
}

func look(b []byte) (a ahead) {
	for a.n < most && b != nil {
		a.field[a.n], b = field(b)
		a.rest[a.n] = b
		a.n++
	}
	return a
}

// What can stand in an adapter's line behind a name.
const (
	wordItem      = "data item"
	wordMessage   = "message"
	wordCondition = "condition"
	wordAlarm     = "alarm"
	wordSeries    = "time series"
)

// kind tells what a data item with these fields is, whose type only the agent knows, and
// how many of them are its own.
func (a *ahead) kind(first bool) (word string, n int) {
	switch {
	case first && a.n == 2:
		return wordMessage, 2 // a number, its text
	case a.condition():
		return wordCondition, most
	case a.n == most && oneOf(a.field[3], states[:]):
		return wordAlarm, most
	case a.series():
		return wordSeries, 3
	}
	return wordItem, 1
}

// Words that only stand in fields of their own: what a condition says of a limit, and
// the states of an alarm.
var (
	qualifiers = [...]string{"", "high", "low"}
	states     = [...]string{"active", "instant", "cleared"}
)

// condition tells whether the fields are those of a condition: a level, a number, its
// weight, a qualifier, a text. All but the level can be empty, and any data item can be
// unavailable or have a value that is a word for a level.
func (a *ahead) condition() bool {
	level := oneOf(a.field[0], levels[:])
	switch {
	case !level && !wire.EqualFold(a.field[0], "unavailable"):
		return false
	case a.n > 2 && len(a.field[1]) == 0:
		return true
	case wire.EqualFold(a.field[0], levels[0]):
		return a.n == most && oneOf(a.field[3], qualifiers[:])
	}
	return level && a.n >= most-1
}

// series tells whether the fields are those of a time series: how many numbers, how many
// in a second (can be empty), and the numbers.
func (a *ahead) series() bool {
	if a.n < 3 || len(a.field[0]) == 0 || len(a.field[0]) > 5 {
		return false
	}
	n := 0
	for _, c := range a.field[0] {
		if c < '0' || c > '9' {
			return false
		}
		n = 10*n + int(c-'0')
	}
	if _, ok := number(a.field[1]); !ok && len(a.field[1]) > 0 {
		return false
	}
	last := byte(' ')
	for _, c := range a.field[2] {
		if last == ' ' && c != ' ' {
			n--
		}
		last = c
	}
	return n == 0 && len(a.field[2]) > 0
}

func oneOf(b []byte, words []string) bool {
	for _, w := range words {
		if wire.EqualFold(b, w) {
			return true
		}
	}
	return false
}

// items reads names and values in turn. Behind what has several fields a line ends, but
// in version 2; an asset takes a line to its end, and may go on in lines up to a mark.
func (p *parser) items(b []byte) {
	if len(b) > 0 && b[0] == '@' {
		p.asset(b)
		return
	}
	for first := true; b != nil; first = false {
		var key []byte
		key, b = field(b)
		if !p.named(key) {
			return
		}
		if b == nil {
			p.malformed("data item without a value")
			return
		}
		a := look(b)
		word, n := a.kind(first)
		switch word {
		case wordMessage:
			p.say(word, key, firedoor.Values{}, a.field[1])
		case wordCondition:
			p.say(word, key, p.level(a.field[0]), nil)
		case wordAlarm:
			p.say(word, key, firedoor.Values{}, a.field[4])
		default:
			p.say(word, key, p.values(a.field[n-1]), a.field[n-1])
		}
		if n > 1 && !p.goes {
			return
		}
		b = a.rest[min(n, a.n)-1]
	}
}

// asset passes over an asset (and what is said of one). One in several lines says the
// mark at its end.
func (p *parser) asset(b []byte) {
	if at := bytes.Index(b, multiline); at >= 0 && len(b)-at <= maxMark {
		p.mark = uint8(copy(p.end[:], b[at:]))
	}
}

var multiline = []byte("--multiline--")
