package plant

import (
	"encoding/binary"
	"time"

	"firedoor"
)

const (
	sampledFrom  = firedoor.MAC(0x02_00_00_00_07_20)
	sampledGroup = firedoor.MAC(0x01_0c_cd_04_00_01)
)

// sampledData are eight channels, each a value and its quality.
func sampledData(i int) []byte {
	var b []byte
	for channel := range 8 {
		b = binary.BigEndian.AppendUint32(b, uint32(int32((i%7-3)*1000*(channel+1))))
		b = append(b, 0, 0, byte(channel/7)*0x20, 0)
	}
	return b
}

func sampledSend(n *Net, b []byte) { n.Ethernet(sampledFrom, sampledGroup, 0, etherSampled, b) }

// svPoll is one merging unit, 4000 samples a second.
func svPoll(n *Net) {
	for i := range 24 {
		sampledSend(n, SampledValues(0x4001, false, SampledUnit("MU01", uint16(3990+i)%4000, 1, 2, sampledData(i))))
		n.Wait(230 * time.Microsecond)
	}
}

// svSeen is several units in a frame, several streams, a stream that loses its
// synchronisation, a simulated one, and one that is not of the profile.
func svSeen(n *Net) {
	sampledSend(n, SampledValues(0x4002, false, SampledUnit("MU02", 1, 1, 2, sampledData(1)), SampledUnit("MU02", 2, 1, 2, sampledData(2))))
	sampledSend(n, SampledValues(0x4003, false, SampledUnit("MU03", 1, 1, 1, sampledData(3))))
	sampledSend(n, SampledValues(0x4003, false, SampledUnit("MU03", 2, 1, 0, sampledData(4))))
	sampledSend(n, SampledValues(0x4003, true, SampledUnit("MU03", 3, 1, 0, sampledData(5))))
	sampledSend(n, SampledValues(0x4004, false, SampledUnit("MU04", 9, 0xffffffff, 0, []byte{1, 2, 3})))
	for i := range 70 { // more streams than are remembered
		sampledSend(n, SampledValues(uint16(0x5000+i), false, SampledUnit("MU05", uint16(i), 1, 2, sampledData(i)[:8])))
	}
	rated := append(ber(0x80, []byte("MU06")), ber(0x81, []byte("MU06/LLN0$DS"))...)
	rated = append(append(rated, ber(0x82, []byte{0, 7})...), ber(0x83, []byte{0, 0, 0, 1})...)
	rated = append(append(rated, ber(0x84, make([]byte, 8))...), ber(0x85, []byte{2})...)
	rated = append(append(rated, ber(0x86, []byte{0x12, 0xc0})...), ber(0x87, sampledData(6)[:16])...)
	n.Ethernet(sampledFrom+1, sampledGroup, 0, etherSampled, SampledValues(0x4006, false, ber(0x30, append(rated, ber(0x88, []byte{0, 1})...))))
}

// svMalformed breaks one rule at a time.
func svMalformed(n *Net) {
	send := func(b []byte) { n.Frame(append(appendLink(nil, sampledFrom, sampledGroup, 0, etherSampled), b...)) }
	unit := SampledUnit("MU01", 1, 1, 2, sampledData(1))
	good := SampledValues(0x4001, false, unit)
	send(good)
	send(good[:5])
	cut := append([]byte(nil), good...)
	cut[3] = 4
	send(cut)
	send(good[:len(good)-5])
	send(publish(0x4001, false, ber(0x61, nil)))
	send(publish(0x4001, false, ber(0x60, ber(0x80, []byte{1}))))
	send(publish(0x4001, false, ber(0x60, append(ber(0x80, nil), ber(0xa2, unit)...))))
	send(publish(0x4001, false, ber(0x60, append(ber(0x80, []byte{2}), ber(0xa2, unit)...))))
	send(SampledValues(0x4001, false, ber(0x30, ber(0x80, []byte("MU01")))))
	send(SampledValues(0x4001, false, ber(0x30, ber(0x82, []byte{1, 2, 3, 4, 5, 6}))))
	send(SampledValues(0x4001, false, ber(0x30, []byte{0x80, 9, 'M'})))
	send(SampledValues(0x4001, false, ber(0x31, nil)))
}
