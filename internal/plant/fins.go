package plant

import (
	"bytes"
	"encoding/binary"
)

// PortFINS is the port of FINS over UDP and TCP.
const PortFINS = 9600

// fins is one side's way of writing FINS messages: who it asks, who it is.
type fins struct {
	to, from [3]byte // network, node, unit
	sid      byte
}

func (f *fins) header(icf byte, to, from [3]byte, code uint16) []byte {
	b := append([]byte{icf, 0, 2}, to[:]...)
	b = append(append(b, from[:]...), f.sid)
	return binary.BigEndian.AppendUint16(b, code)
}

// ask writes a command and counts its number up.
func (f *fins) ask(code uint16, body ...[]byte) []byte {
	f.sid++
	return append(f.header(0x80, f.to, f.from, code), bytes.Join(body, nil)...)
}

// silent writes a command that wants no answer.
func (f *fins) silent(code uint16, body ...[]byte) []byte {
	b := f.ask(code, body...)
	b[0] |= 1
	return b
}

// answer writes the answer to the newest command.
func (f *fins) answer(code, end uint16, body ...[]byte) []byte {
	b := binary.BigEndian.AppendUint16(f.header(0xc0, f.from, f.to, code), end)
	return append(b, bytes.Join(body, nil)...)
}

// finsTCP puts the header of TCP before a message.
func finsTCP(command, failure uint32, message []byte) []byte {
	b := binary.BigEndian.AppendUint32([]byte("FINS"), uint32(8+len(message)))
	b = binary.BigEndian.AppendUint32(b, command)
	return append(binary.BigEndian.AppendUint32(b, failure), message...)
}

// finsAt is a place in memory: area, word, bit.
func finsAt(area byte, word uint16, bit byte) []byte {
	return []byte{area, byte(word >> 8), byte(word), bit}
}

// big16 and big32 are numbers as FINS writes them.
func big16(values ...uint16) []byte {
	var b []byte
	for _, v := range values {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

func big32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }

// padded is a text in so many octets.
func padded(s string, n int) []byte { return append([]byte(s), make([]byte, n-len(s))...) }
