package plant

import (
	"bytes"
	"encoding/binary"
)

// PortTriStation is the port of TriStation.
const PortTriStation = 1502

// tristation is a workstation's way of writing datagrams.
type tristation struct{ number byte }

// crcARC is the checksum with the polynomial 0x8005, reflected, from zero on.
func crcARC(b []byte) uint16 {
	c := uint16(0)
	for _, x := range b {
		c ^= uint16(x)
		for range 8 {
			if c&1 != 0 {
				c = c>>1 ^ 0xa001
			} else {
				c >>= 1
			}
		}
	}
	return c
}

// tristationDatagram is a type and its message.
func tristationDatagram(kind byte, message []byte) []byte {
	b := append([]byte{kind, 0}, little16(uint16(len(message)))...)
	b = append(b, message...)
	return binary.LittleEndian.AppendUint16(b, crcARC(b))
}

// message is direction, connection, function, number, sum, length, data.
func (t *tristation) message(way, function byte, data ...[]byte) []byte {
	body := bytes.Join(data, nil)
	size := uint16(10 + len(body))
	sum := uint16(way+way) + uint16(function) + uint16(t.number) + 2*(size&255+size>>8)
	for _, c := range body {
		sum += uint16(c)
	}
	b := append([]byte{way, way, function, t.number, 0, 0}, little16(sum, size)...)
	return tristationDatagram(5, append(b, body...))
}

// ask writes a request and counts its number up; answer answers it.
func (t *tristation) ask(function byte, data ...[]byte) []byte {
	t.number++
	return t.message(0, function, data...)
}

func (t *tristation) answer(function byte, data ...[]byte) []byte {
	return t.message(1, function, data...)
}

// tristationPiece is words of a program: number, the next one's, all words, first word,
// how many.
func tristationPiece(number, next, whole, first uint16, words []byte) []byte {
	return append(little16(number, next, whole, first, uint16(len(words)/4)), words...)
}
