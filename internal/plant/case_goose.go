package plant

import "firedoor"

const (
	gooseFrom  = firedoor.MAC(0x02_00_00_00_07_10)
	gooseGroup = firedoor.MAC(0x01_0c_cd_01_00_01)
)

func gooseSend(n *Net, g *GOOSE) { n.Ethernet(gooseFrom, gooseGroup, 0, etherGOOSE, g.Encode()) }

// goosePoll is a breaker that opens and closes; each state is repeated.
func goosePoll(n *Net) {
	g := GOOSE{App: 3, Reference: "BAY1/LLN0$GO$trip", ID: "bay1-trip", Revision: 1, Entries: 2}
	for i := range uint32(36) {
		g.State, g.Sequence = 100+i/3, i%3
		g.Data = append(ber(0x83, []byte{byte(i / 3 % 2)}), ber(0x84, []byte{6, 0x40 << (i / 3 % 2)})...)
		gooseSend(n, &g)
	}
}

// gooseSeen shows every type of value, nesting, and what is news besides the state.
func gooseSeen(n *Net) {
	g := GOOSE{App: 0x1001, Reference: "BAY2/LLN0$GO$all", ID: "bay2", State: 1, Revision: 7}
	for _, v := range [][]byte{ber(0x83, []byte{1}), ber(0x84, []byte{3, 0x40, 0x08}), ber(0x85, []byte{0xff}), ber(0x85, []byte{0x12, 0x34, 0x56}),
		ber(0x86, []byte{0, 0xff, 0xff, 0xff, 0xff}), ber(0x86, []byte{0, 0x80, 0, 0, 0, 0, 0, 0, 1}), ber(0x87, []byte{8, 0x42, 0xc8, 0, 0}), ber(0x87, []byte{11, 0x40, 0x59, 0, 0, 0, 0, 0, 0}),
		ber(0x89, []byte{1, 2, 3}), ber(0x8a, []byte("open")), ber(0x91, []byte{0x69, 0xa5, 0x2b, 0x80, 0x40, 0, 0, 0x0a}),
		ber(0xa2, append(ber(0x83, []byte{0}), ber(0xa1, append(ber(0x85, []byte{5}), ber(0x85, []byte{6})...))...))} {
		g.Data = append(g.Data, v...)
		g.Entries++
	}
	gooseSend(n, &g)
	g.Sequence = 1
	gooseSend(n, &g)
	g.Data, g.Entries = ber(0x87, []byte{8, 0x42, 0xc8, 0, 0}), 1
	for range 6 { // a whole object with all it holds
		g.Data = ber(0xa2, append(g.Data, ber(0x84, []byte{3, 0, 0})...))
	}
	gooseSend(n, &g)
	g.Data, g.Entries = ber(0x83, []byte{1}), 1
	gooseSend(n, &g) // other data under the same state
	g.Sequence, g.Simulated = 2, true
	gooseSend(n, &g)
	g.Simulated, g.Marked = false, true
	g.Sequence = 3
	gooseSend(n, &g) // the same, said in the header
	g.Marked, g.Needs, g.Sequence = false, true, 4
	gooseSend(n, &g)
	g.Needs, g.Revision, g.State, g.Sequence = false, 8, 0xfffffff0, 0
	gooseSend(n, &g)
	long := make([]byte, 40)
	g.Data, g.State = ber(0x84, append([]byte{0}, long...)), 2
	gooseSend(n, &g)
	for i := range 70 { // more control blocks than are remembered
		h := GOOSE{App: uint16(0x2000 + i), Reference: "BAY3/LLN0$GO$" + string(rune('a'+i%26)), State: 1, Sequence: uint32(i % 2), Entries: 1, Data: ber(0x83, []byte{1})}
		gooseSend(n, &h)
	}
	n.Ethernet(gooseFrom, gooseGroup, 0, etherGOOSE, publish(0, false, ber(0x60, ber(0x82, []byte{1})))) // management
}

// gooseMalformed breaks one rule at a time.
func gooseMalformed(n *Net) {
	send := func(b []byte) { n.Frame(append(appendLink(nil, gooseFrom, gooseGroup, 0, etherGOOSE), b...)) }
	g := GOOSE{App: 3, Reference: "BAY1/LLN0$GO$trip", State: 1, Revision: 1, Entries: 1, Data: ber(0x83, []byte{1})}
	good := g.Encode()
	send(good)
	send(good[:5])
	cut := append([]byte(nil), good...)
	cut[3] = 4
	send(cut)
	send(good[:len(good)-2])
	send(publish(3, false, ber(0x62, nil)))
	send(publish(3, false, ber(0x61, []byte{0x80, 5, 'x'})))
	send(publish(3, false, ber(0x61, ber(0x85, nil))))
	send(publish(3, false, ber(0x61, ber(0x87, nil))))
	send(publish(3, false, ber(0x61, ber(0x84, []byte{1, 2}))))
	send(publish(3, false, ber(0x61, ber(0x80, []byte("x")))))
	deep := ber(0x83, []byte{1})
	for range 9 {
		deep = ber(0xa2, deep)
	}
	for i, data := range [][]byte{ber(0x83, nil), ber(0x84, []byte{9, 1}), ber(0x85, nil), ber(0x87, []byte{8, 1}), ber(0x91, []byte{1}), {0x83, 9, 1},
		{0xa2, 2, 0x83, 9}, deep, append(ber(0x83, []byte{1}), ber(0x83, []byte{1})...)} {
		g.State, g.Data = uint32(2+i), data
		send(g.Encode())
	}
}
