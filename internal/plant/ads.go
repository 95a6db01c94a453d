package plant

import (
	"bytes"
	"encoding/binary"
)

// Ports of ADS over TCP, and of the discovery of its routers.
const (
	PortADS          = 48898
	PortADSDiscovery = 48899
)

// ads is one side's way of writing ADS messages: who it asks, who it is.
type ads struct {
	to, from [8]byte // NetId and port
	invoke   uint32
}

// adsEnd is a NetId and a port.
func adsEnd(netID [6]byte, port uint16) (end [8]byte) {
	copy(end[:], netID[:])
	binary.LittleEndian.PutUint16(end[6:], port)
	return end
}

func adsMessage(to, from [8]byte, command, flags uint16, failure, invoke uint32, data []byte) []byte {
	b := append(make([]byte, 2), words32(uint32(32+len(data)))...)
	b = append(append(b, to[:]...), from[:]...)
	b = append(b, little16(command, flags)...)
	b = append(b, words32(uint32(len(data)), failure, invoke)...)
	return append(b, data...)
}

// ask writes a request to an AMS port, and counts its number up.
func (a *ads) ask(port, command uint16, data ...[]byte) []byte {
	a.invoke++
	binary.LittleEndian.PutUint16(a.to[6:], port)
	return adsMessage(a.to, a.from, command, 4, 0, a.invoke, bytes.Join(data, nil))
}

// answer writes the answer to the newest request.
func (a *ads) answer(command uint16, result uint32, data ...[]byte) []byte {
	return adsMessage(a.from, a.to, command, 5, 0, a.invoke, append(words32(result), bytes.Join(data, nil)...))
}

// sized puts the length before data.
func adsSized(data ...[]byte) []byte {
	b := bytes.Join(data, nil)
	return append(words32(uint32(len(b))), b...)
}

// adsReadWrite is the data of a request that writes and reads.
func adsReadWrite(group, offset, reads uint32, data ...[]byte) []byte {
	return append(words32(group, offset, reads), adsSized(data...)...)
}

// adsDatagram writes a datagram of the router: items are a tag and its data each.
func adsDatagram(service uint32, netID [6]byte, items ...[]byte) []byte {
	b := append([]byte{3, 0x66, 0x14, 0x71}, words32(0, service)...)
	b = append(append(b, netID[:]...), little16(10000)...)
	b = append(b, words32(uint32(len(items)))...)
	return append(b, bytes.Join(items, nil)...)
}

func adsItem(tag uint16, data []byte) []byte {
	return append(little16(tag, uint16(len(data))), data...)
}

// zeroed is a text with a zero behind it.
func zeroed(s string) []byte { return append([]byte(s), 0) }

// words32 are numbers of 32 bits, the least octet first.
func words32(values ...uint32) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}
