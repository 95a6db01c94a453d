package policy

import (
	"bytes"
	"strconv"
	"strings"
)

// Numbers of elements that are not decimal: bits of words have two digits (FINS, "CIO:12.03"), and some
// devices are counted in hexadecimal digits (MELSEC, "B:1A"). Where such a number has letters it is
// read so; one of digits alone is taken for a decimal one, for its text does not say which it is.

// hexMark ends the text of a row whose numbers are hexadecimal.
const hexMark = "x"

// lettered tells whether a text names a device by a hexadecimal number with letters, and where that begins.
func lettered(text []byte) (cut int, ok bool) {
	cut = bytes.IndexByte(text, ':') + 1
	if cut < 2 || cut > 3 || len(text) == cut || len(text) > cut+maxHex {
		return 0, false
	}
	for _, c := range text[:cut-1] {
		if c < 'A' || c > 'Z' {
			return 0, false
		}
	}
	for _, c := range text[cut:] {
		if (c < '0' || c > '9') && (c < 'A' || c > 'F') {
			return 0, false
		}
		ok = ok || c >= 'A'
	}
	return cut, ok
}

// maxHex keeps a hexadecimal number within 32 bits.
const maxHex = 8

func hexNumber(digits []byte) (n uint64) {
	for _, c := range digits {
		if n <<= 4; c >= 'A' {
			n |= uint64(c-'A') + 10
		} else {
			n |= uint64(c - '0')
		}
	}
	return n
}

// hexRow gives a row of devices that are asked for from one on whose number has letters.
func hexRow(text []byte, quantity uint64) (o Object, ok bool) {
	cut, ok := lettered(text)
	if !ok {
		return o, false
	}
	from := hexNumber(text[cut:])
	return Object{Text: string(text[:cut]) + hexMark, Row: true, From: from, To: from + max(quantity, 1) - 1}, true
}

// hexRange reads "B:1A-29", where one of the two numbers has letters.
func hexRange(text string) (o Object, ok bool) {
	front, last, dash := strings.Cut(text, "-")
	area, digits, _ := strings.Cut(front, ":")
	if !dash || area == "" || digits == "" || last == "" {
		return o, false
	}
	_, first := lettered([]byte(front))
	cut, second := lettered([]byte(area + ":" + last))
	if !first && !second || !first && rowPrefix([]byte(front)) != len(area)+1 || !second && rowPrefix([]byte(last)) != 0 || len(digits) > maxHex || len(last) > maxHex || cut > 3 || len(area) > 2 {
		return o, false
	}
	return Object{Text: area + ":" + hexMark, Row: true, From: hexNumber([]byte(digits)), To: hexNumber([]byte(last))}, true
}

// hexed tells whether the numbers of a row are hexadecimal.
func (o *Object) hexed() bool { return o.Row && strings.HasSuffix(o.Text, ":"+hexMark) }

// numbered is the text of number n of a row.
func numbered(row string, n uint64) string {
	if area, hexed := strings.CutSuffix(row, ":"+hexMark); hexed {
		return area + ":" + strings.ToUpper(strconv.FormatUint(n, 16))
	}
	if strings.HasSuffix(row, "[") || strings.HasSuffix(row, ",") {
		return row + strconv.FormatUint(n, 10) + "]"
	}
	return row + strconv.FormatUint(n, 10)
}

// standingFor is a number of a row from one on and below another that a request can name there: in a row
// of hexadecimal numbers one with letters, the first where there is none.
func standingFor(row string, from, below uint64) uint64 {
	for n := from; strings.HasSuffix(row, ":"+hexMark) && n < below && n < from+16; n++ {
		if _, ok := lettered([]byte(numbered(row, n))); ok {
			return n
		}
	}
	return from
}

// inWord tells whether numbers behind an area are those of bits of a word: "CIO:12.".
func inWord(area []byte) bool {
	if len(area) == 0 || area[len(area)-1] != '.' {
		return false
	}
	word := area[:len(area)-1]
	cut := rowPrefix(word)
	return cut > 0 && cut < len(word) && word[cut-1] == ':'
}

// wordBits is how many bits a word has.
const wordBits = 16

// trimmed are the digits of a bit of a word without a needless 0, others as they are.
func trimmed(area, digits []byte) []byte {
	if len(digits) == 2 && digits[0] == '0' && inWord(area) {
		return digits[1:]
	}
	return digits
}
