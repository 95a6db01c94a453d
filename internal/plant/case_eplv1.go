package plant

const etherEPLv1 = 0x3e3f

func eplv1Manage(n *Net, b ...byte) { n.Ethernet(eplManager, eplNode, 0, etherEPLv1, b) }
func eplv1Reply(n *Net, b ...byte)  { n.Ethernet(eplNode, eplManager, 0, etherEPLv1, b) }

// eplv1Poll is cycles of a node that is polled.
func eplv1Poll(n *Net) {
	for i := range byte(8) {
		eplv1Manage(n, 1, 0xff, 0, 0x40, 1, 0, i, 0, 0, 0, 0xd0, 7, 0, 0)
		eplv1Manage(n, 3, 0x11, 0, 1, 4, 0, 0, 0, 0, 0, i, 1, 2, 3)
		eplv1Reply(n, 4, 0, 0x11, i&1, 3, 0, 0, 0, 0, 0, 9, i, 8)
		eplv1Manage(n, 2, 0xff, 0, 0, 0, 0)
	}
}

// eplv1Services invites to each channel, and shows what is sent on it.
func eplv1Services(n *Net) {
	for _, channel := range []byte{1, 0xff, 7} {
		eplv1Manage(n, 5, 0x11, 0, channel)
	}
	eplv1Manage(n, 3, 0x11, 0, 0, 1, 0, 0, 0, 0, 0, 5)
	eplv1Reply(n, 6, 0, 0x11, 1, 24, 0, 0x11, 0, 0, 0, 2, 0, 0, 0, 0x84, 3, 0, 0, 41, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0)
	eplv1Reply(n, 6, 0, 0x11, 0xff, 2, 0, 1, 2)
	eplv1Manage(n, 6, 0x11, 0, 0xff, 2, 0, 1, 2)
}

// eplv1Malformed breaks each rule once.
func eplv1Malformed(n *Net) {
	bare := func(b ...byte) { n.Frame(append(appendLink(nil, eplManager, eplNode, 0, etherEPLv1), b...)) }
	bare(3, 0x11, 0)
	bare(9, 0x11, 0, 0)
	bare(3, 0x11, 0, 1, 4, 0)
	bare(3, 0x11, 0, 1, 200, 0, 0, 0, 0, 0, 1, 2, 3)
	bare(6, 0, 0x11, 1, 24, 0, 0x11, 0, 0, 0)
	eplv1Manage(n, 3, 0x11, 0, 1, 4, 0, 0, 0, 0, 0, 0, 1, 2, 3)
}
