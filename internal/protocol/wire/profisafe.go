package wire

import "encoding/binary"

// F-Parameters (PROFIsafe profile V2, F-Parameter block): two bytes of flags, source
// 2, destination 2, watchdog time 2, the checksum of the device's own parameters 4
// where the second byte says so, and a checksum 2. The index of their record is the
// device's own, so that the checksum tells them.
const (
	safetySize    = 10
	safetySizeOwn = 14
	safetyBlockAt = 1      // bits 3 to 5: 0 without, 1 with the checksum of own parameters
	safetyPoly    = 0x4eab // of CRC1, x^16 left away
	safetyVersion = 0x40   // bits 6 and 7 of the second byte: V2
)

// IsProfisafe tells whether a record holds F-Parameters. Addresses and the watchdog are
// never zero, and the checksum counts the device's own first.
func IsProfisafe(b []byte) bool {
	own := 0
	switch {
	case len(b) == safetySize && b[safetyBlockAt]&0xf8 == safetyVersion:
	case len(b) == safetySizeOwn && b[safetyBlockAt]&0xf8 == safetyVersion|0x08:
		own = 4
	default:
		return false
	}
	if binary.BigEndian.Uint16(b[2:]) == 0 || binary.BigEndian.Uint16(b[4:]) == 0 || binary.BigEndian.Uint16(b[6:]) == 0 {
		return false
	}
	crc := safetySum(safetySum(0, b[8:8+own]), b[:8])
	return crc == binary.BigEndian.Uint16(b[8+own:])
}

func safetySum(crc uint16, b []byte) uint16 {
	for _, c := range b {
		crc ^= uint16(c) << 8
		for range 8 {
			high := crc >> 15
			crc = crc<<1 ^ high*safetyPoly
		}
	}
	return crc
}
