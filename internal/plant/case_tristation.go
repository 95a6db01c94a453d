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

// triAnswers are the functions of answers by what was asked, as far as described; triTaken
// is one that belongs to none of them.
var triAnswers = [82]byte{
	0: 101, 1: 102, 2: 123, 4: 107, 5: 138, 6: 139, 7: 122, 8: 140, 9: 114, 10: 105, 11: 103, 12: 104, 13: 106, 15: 117, 18: 120,
	19: 108, 20: 109, 21: 110, 22: 111, 23: 112, 24: 119, 25: 124, 26: 126, 28: 121, 29: 127, 30: 128, 32: 130, 33: 131, 34: 129,
	35: 135, 36: 137, 37: 133, 38: 134, 41: 152, 42: 136, 43: 141, 44: 143, 45: 144, 46: 150, 47: 142, 51: 147, 52: 149, 54: 151,
	55: 153, 56: 154, 57: 155, 58: 156, 60: 157, 61: 158, 62: 159, 63: 160, 64: 161, 65: 162, 66: 163, 67: 164, 68: 165, 71: 166,
	72: 168, 73: 169, 74: 170,
}

const triTaken = 113

// tristationFunctions asks for everything, and is refused for every reason.
func tristationFunctions(n *Net) {
	t := &triTalk{n: n}
	for function := range byte(82) {
		answer := triAnswers[function]
		if answer == 0 {
			answer = triTaken
		}
		t.exchange(function, nil, answer)
	}
	t.exchange(1, nil, 105)  // the answer to something else
	t.exchange(31, nil, 122) // one that nobody else can have asked for
	t.exchange(39, nil, 133)
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
	t.exchange(55, tristationPiece(4, 5, 40, 0, code[:100]), 153)
	t.exchange(55, tristationPiece(4, 5, 40, 25, code[100:120]), 100, []byte{204, 0}) // comes again
	t.exchange(55, tristationPiece(4, 5, 40, 25, code[100:120]), 153)
	t.exchange(55, tristationPiece(4, 5, 40, 30, code[120:]), 153)
	t.exchange(55, tristationPiece(5, 6, 40, 0, code[:100]), 153)
	t.exchange(55, tristationPiece(5, 6, 40, 25, code[100:120]), 100, []byte{204, 0}) // does not
	t.exchange(55, tristationPiece(5, 6, 40, 30, code[120:]), 153)
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
