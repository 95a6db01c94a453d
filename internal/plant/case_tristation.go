package plant

import (
	"bytes"
	"net/netip"
	"time"
)

// Hosts of the TriStation captures.
var (
	triStation = &Host{Name: "workstation", MAC: 0x02_00_00_00_1b_10, IP: netip.MustParseAddr("10.10.27.10")}
	triCon     = &Host{Name: "safety", MAC: 0x02_00_00_00_1b_20, IP: netip.MustParseAddr("10.10.27.20"), TTL: 64}
)

type triTalk struct {
	n *Net
	tristation
}

func (t *triTalk) up(b []byte)   { t.n.UDP(triStation, triCon, 51200, PortTriStation, b) }
func (t *triTalk) down(b []byte) { t.n.UDP(triCon, triStation, PortTriStation, 51200, b) }

func (t *triTalk) exchange(function byte, data []byte, answer byte, more ...[]byte) {
	t.up(t.ask(function, data))
	t.n.Wait(3 * time.Millisecond)
	t.down(t.answer(answer, more...))
	t.n.Wait(40 * time.Millisecond)
}

func triStatus(key, run byte) []byte {
	b := make([]byte, 186)
	b[6], b[7], b[8] = 1, key, run
	copy(b[66:], "BURNER3")
	return b
}

// tristationPoll asks for the status again and again.
func tristationPoll(n *Net) {
	t := &triTalk{n: n}
	t.up(tristationDatagram(1, nil))
	t.down(tristationDatagram(2, nil))
	for range 12 {
		t.exchange(19, nil, 108, triStatus(2, 0))
	}
	t.up(tristationDatagram(6, nil))
	t.down(tristationDatagram(6, nil))
	t.up(tristationDatagram(4, nil))
	t.down(tristationDatagram(3, nil))
}

// tristationFunctions asks for everything, and is refused for every reason.
func tristationFunctions(n *Net) {
	t := &triTalk{n: n}
	for function := range byte(82) {
		t.exchange(function, nil, 105)
	}
	for reason := 199; reason < 257; reason++ {
		t.exchange(20, nil, 100, []byte{byte(reason), 0})
	}
	t.exchange(20, nil, 100)
	t.exchange(20, nil, 203)
	for kind := byte(7); kind <= 11; kind++ {
		t.up(tristationDatagram(1, nil))
		t.down(tristationDatagram(kind, nil))
	}
	versions := append([]byte{1, 0xff}, make([]byte, 16*8)...)
	copy(versions[2:], little16(255, 6236, 1, 2))
	copy(versions[2+3*8:], little16(55, 5612, 0, 7))
	t.exchange(54, []byte{1}, 151, versions)
	t.exchange(19, nil, 108, triStatus(1, 2))
	t.up(t.ask(21)) // never answered
}

// tristationPrograms moves programs both ways, whole and in part.
func tristationPrograms(n *Net) {
	t := &triTalk{n: n}
	code := bytes.Repeat([]byte{0x38, 0x60, 0, 1, 0x4e, 0x80, 0, 0x20}, 20) // 40 words
	request := func(number, first uint16) []byte { return little16(number, 0, 0, first) }
	t.exchange(1, make([]byte, 42), 102)
	t.exchange(55, tristationPiece(2, 3, 0, 0, nil), 153)
	t.exchange(55, tristationPiece(3, 1, 40, 0, code[:100]), 153)
	t.exchange(55, tristationPiece(3, 1, 40, 25, code[100:]), 153)
	t.exchange(56, tristationPiece(17, 18, 40, 0, code), 154)
	t.exchange(56, tristationPiece(18, 19, 40, 0, code), 100, []byte{204, 0})
	t.exchange(11, nil, 103)
	t.exchange(20, nil, 109)
	t.exchange(65, request(3, 0), 162, tristationPiece(3, 0, 40, 0, code[:100]))
	t.exchange(65, request(3, 25), 162, tristationPiece(3, 25, 40, 25, code[100:]))
	t.exchange(66, request(17, 0), 163, tristationPiece(17, 0, 40, 0, code))
	t.exchange(66, request(19, 8), 163, tristationPiece(19, 8, 40, 8, code[32:])) // its beginning was not seen
	t.exchange(66, request(20, 0), 163, tristationPiece(20, 0, 40, 0, code[:32]))
	t.exchange(66, request(20, 0), 163, tristationPiece(20, 0, 40, 0, code[:64])) // begins again
	t.exchange(66, request(20, 20), 163, tristationPiece(20, 20, 40, 20, code[80:]))
	for number := uint16(30); number < 36; number++ { // more than are remembered
		t.exchange(66, request(number, 0), 163, tristationPiece(number, 0, 40, 0, code[:32]))
	}
	t.exchange(66, request(99, 0), 100, []byte{208, 1})
}

// tristationMidstream has answers nobody asked for.
func tristationMidstream(n *Net) {
	t := &triTalk{n: n}
	t.down(t.answer(108, triStatus(1, 0)))
	t.down(t.answer(100, []byte{212, 0}))
	t.down(t.answer(110))
	t.down(t.answer(162, tristationPiece(1, 0, 2, 0, make([]byte, 8))))
	t.down(t.answer(199))
	t.down(tristationDatagram(2, nil))
	t.exchange(20, nil, 110)
	t.exchange(19, nil, 108, triStatus(2, 0))
}

// tristationMalformed breaks each rule once.
func tristationMalformed(n *Net) {
	t := &triTalk{n: n}
	t.exchange(19, nil, 108, triStatus(2, 0))
	bad := t.ask(21)
	bad[6]++
	t.up(bad)
	t.up(t.answer(109))
	t.down(t.ask(20))
	t.up(tristationDatagram(9, nil))
	t.down(tristationDatagram(1, nil))
	t.exchange(55, []byte{1}, 153)
	t.exchange(55, tristationPiece(3, 1, 40, 38, make([]byte, 16)), 153)
	t.exchange(65, little16(3, 0, 0, 0), 162, []byte{3, 0})
	t.up([]byte{5, 0})
}
