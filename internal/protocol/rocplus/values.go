package rocplus

import "firedoor"

// A message does not say how long a parameter's value is. Where it can be told all the same, a
// number of one, two, four or eight octets is told as a whole number with its lowest octet first:
// whether it is a real one, or has a sign, is in the 300 pages of point types.

// sizes are how many octets a value can have (ROC Plus Protocol Specifications Manual, types of
// data: numbers, a parameter's own address, and texts).
var sizes = [...]int{1, 2, 3, 4, 7, 8, 10, 12, 20, 30, 40}

// number is a value by its size; none if it is no number.
func number(b []byte) firedoor.Values {
	types := [...]firedoor.ValueType{1: firedoor.U8, 2: firedoor.U16, 4: firedoor.U32, 8: firedoor.U64}
	if len(b) >= len(types) || types[len(b)] == firedoor.NoValue {
		return firedoor.Values{}
	}
	return firedoor.Values{Type: types[len(b)], Little: true, Count: 1, Raw: b}
}

// written is what a request writes, where it is one parameter.
func (q *question) written(d []byte) firedoor.Values {
	const setAt, writeAt = 4, 4 // behind type, logical number, count, first; behind a count and the address
	switch {
	case q.opcode == opSetPoint && q.count == 1 && len(d) > setAt:
		return number(d[setAt:])
	case q.opcode == opWriteTLPs && len(q.items) == 1 && len(d) > writeAt:
		return number(d[writeAt:])
	}
	return firedoor.Values{}
}

// maxData is how much data a message can have.
const maxData = 255

// locate finds the values of an answer to a question: where each begins and ends. An answer
// repeats count and addresses; with several parameters it is read only if there is one way
// to do so.
func (q *question) locate(d []byte, found *[maxItems][2]uint8) bool {
	switch {
	case len(q.items) == 0 || len(d) > maxData:
		return false
	case q.opcode == opReadPoint:
		if q.count != 1 || len(d) < 5 || tlp(d[0], d[1], d[3]).At != q.items[0].At || d[2] != 1 {
			return false
		}
		found[0] = [2]uint8{4, uint8(len(d))}
		return true
	case q.opcode != opReadTLPs || int(d[0]) != len(q.items):
		return false
	}
	return q.split(d, found)
}

// split counts for each parameter, from the last on, in how many ways the rest can be read from
// each place, up to two.
func (q *question) split(d []byte, found *[maxItems][2]uint8) bool {
	const address = 3
	var ways [maxItems + 1][maxData + 1]uint8
	n := len(q.items)
	ways[n][len(d)] = 1
	for i := n - 1; i >= 0; i-- {
		for at := 1; at+address < len(d); at++ {
			if tlp(d[at], d[at+1], d[at+2]).At != q.items[i].At {
				continue
			}
			for _, size := range sizes {
				if end := at + address + size; end <= len(d) {
					ways[i][at] = min(2, ways[i][at]+ways[i+1][end])
				}
			}
		}
	}
	if ways[0][1] != 1 {
		return false
	}
	at := 1
	for i := range n {
		for _, size := range sizes {
			if end := at + address + size; end <= len(d) && ways[i+1][end] == 1 {
				found[i] = [2]uint8{uint8(at + address), uint8(end)}
				at = end
				break
			}
		}
	}
	return true
}
