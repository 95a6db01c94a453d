package plant

import (
	"encoding/binary"
	"net/netip"
)

// A producer and a consumer of global data.
var (
	egdProducer = &Host{Name: "rx3i", MAC: 0x02_00_00_00_28_10, IP: netip.MustParseAddr("10.10.28.10")}
	egdConsumer = &Host{Name: "hmi", MAC: 0x02_00_00_00_28_20, IP: netip.MustParseAddr("10.10.28.20")}
)

const portEGD = 18246

// egdExchange is a message of an exchange.
func egdExchange(request uint16, number, status, signature uint32, data ...byte) []byte {
	b := []byte{13, 1}
	b = binary.LittleEndian.AppendUint16(b, request)
	ip := egdProducer.IP.As4()
	b = append(b, ip[:]...)
	for _, v := range []uint32{number, 1772431200, 740000000, status, signature, 0} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return append(b, data...)
}

func egdSend(n *Net, b []byte) { n.UDP(egdProducer, egdConsumer, portEGD, portEGD, b) }

func egdPoll(n *Net) {
	for i := range byte(12) {
		egdSend(n, egdExchange(uint16(i), 7, 0, 0x51, i, 0, 1, 2))
	}
}

// egdSeen is several exchanges, one of which has trouble and is configured anew.
func egdSeen(n *Net) {
	for i, status := range []uint32{0, 1, 3, 3, 1} {
		egdSend(n, egdExchange(uint16(i), 7, status, 0, 1, 2, 3))
		egdSend(n, egdExchange(uint16(i), 8, 1, 0x100+uint32(i/3), 9))
	}
}

func egdMalformed(n *Net) {
	egdSend(n, egdExchange(1, 7, 0, 0, 1))
	egdSend(n, egdExchange(1, 7, 0, 0, 1)[:20])
	bad := egdExchange(1, 7, 0, 0, 1)
	bad[1] = 9
	egdSend(n, bad)
	egdSend(n, egdExchange(2, 7, 0, 0, 1))
}
