package dnp3

// The check over a link header and over each block (clause 9.2.4.2): polynomial
// x16+x13+x12+x11+x10+x8+x6+x5+x2+1, reflected, inverted at the end.
var crcTable = makeCRC()

func makeCRC() (t [256]uint16) {
	const reflected = 0xa6bc
	for i := range t {
		c := uint16(i)
		for range 8 {
			if c&1 != 0 {
				c = c>>1 ^ reflected
			} else {
				c >>= 1
			}
		}
		t[i] = c
	}
	return t
}

func crc(b []byte) uint16 {
	c := uint16(0)
	for _, x := range b {
		c = c>>8 ^ crcTable[byte(c)^x]
	}
	return ^c
}

// checked tells whether the two bytes behind the first n of b are their check.
// b has n+2 bytes at least.
func checked(b []byte, n int) bool {
	c := crc(b[:n])
	return b[n] == byte(c) && b[n+1] == byte(c>>8)
}
