// Package spelling tells how near two words are, for messages that ask what somebody meant. It
// must not know words itself, nor decide which of them was meant.
package spelling

// longest is the longest word that is compared, in bytes: names are shorter, and the work grows
// with the square.
const longest = 128

// Slips is how many letters (bytes) must be put in, left out or changed to make one word of another
// (Levenshtein's distance); most+1 where they are more than most.
func Slips(a, b string, most int) int {
	if len(a) > longest || len(b) > longest || len(a)-len(b) > most || len(b)-len(a) > most {
		return most + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = min(diagonal, row[j], row[j+1]) + 1
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return min(row[len(b)], most+1)
}
