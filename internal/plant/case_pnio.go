package plant

import (
	"net/netip"
	"time"
)

// Stations of the captures: a controller, a device, and the engineering station.
var (
	pnController = &Host{Name: "mixer-plc", MAC: 0x02_00_00_00_06_10, IP: netip.MustParseAddr("10.10.6.10")}
	pnDevice     = &Host{Name: "mixer-io", MAC: 0x02_00_00_00_06_20, IP: netip.MustParseAddr("10.10.6.20")}
	pnDesk       = &Host{Name: "desk", MAC: 0x02_00_00_00_06_01, IP: netip.MustParseAddr("10.10.6.1")}
)

// pnAddress is an IP suite behind its qualifier.
func pnAddress(qualifier byte, ip netip.Addr) []byte {
	b := append([]byte{0, qualifier}, ip.AsSlice()...)
	return append(append(b, 255, 255, 255, 0), 0, 0, 0, 0)
}

func pnText(qualifier byte, text string) []byte { return append([]byte{0, qualifier}, text...) }

// pnSelf is what a station says of itself.
func pnSelf(h *Host, kind string, role byte) []byte {
	b := DCPBlock(nil, 2, 5, []byte{0, 0, 1, 2, 2, 1, 2, 2, 2, 3, 2, 4, 5, 3})
	b = DCPBlock(b, 2, 1, pnText(0, kind))
	b = DCPBlock(b, 2, 2, pnText(0, h.Name))
	b = DCPBlock(b, 2, 3, []byte{0, 0, 0, 0x2a, 3, 1})
	b = DCPBlock(b, 2, 4, []byte{0, 0, role, 0})
	return DCPBlock(b, 1, 2, pnAddress(1, h.IP))
}

func pnSend(n *Net, from, to *Host, b []byte) { n.Ethernet(from.MAC, to.MAC, 0, etherPROFINET, b) }

// pnioPoll is cyclic data both ways, of a relation and without one, and a get now and
// then.
func pnioPoll(n *Net) {
	t := pnCall(n)
	t.dport = PortPROFINET
	t.call(0, pnShares(0xffff, 1), 0, pnAgreed(0x8001))
	t.write(2, 1, 0x0080, 0, pnSafety(7, nil))
	for i := range uint16(16) {
		pnSend(n, pnController, pnDevice, CyclicData(0x8003, 32*i, 0x35, []byte{byte(i), 0x80, 0x80}))
		pnSend(n, pnController, pnDevice, pnOutputs(byte(i), 0x80))
		pnSend(n, pnDevice, pnController, pnInputs(byte(i), 0x80))
		pnSend(n, pnDevice, pnController, CyclicData(0x8002, 32*i, 0x35, []byte{0x11, byte(i), 0x80}))
		xid := 0x4000 + uint32(i)
		pnSend(n, pnController, pnDevice, DCP(0xfefd, 3, 0, xid, []byte{2, 2, 1, 2, 2, 3, 2, 4}))
		pnSend(n, pnDevice, pnController, DCP(0xfefd, 3, 1, xid, pnSelf(pnDevice, "ET 200X", 1)))
		n.Wait(time.Millisecond)
	}
}

// pnioDCP looks for stations, names one, gives it an address, lets it blink and
// resets it.
func pnioDCP(n *Net) {
	all := &Host{MAC: PROFINETAll}
	xid := uint32(0x01000001)
	pnSend(n, pnDesk, all, DCP(0xfefe, 5, 0, xid, DCPBlock(nil, 0xff, 0xff, nil)))
	n.Wait(40 * time.Millisecond)
	pnSend(n, pnDevice, pnDesk, DCP(0xfeff, 5, 1, xid, pnSelf(pnDevice, "ET 200X", 1)))
	pnSend(n, pnController, pnDesk, DCP(0xfeff, 5, 1, xid, DCPBlock(pnSelf(pnController, "PLC-X 300", 2), 2, 6, pnText(0, "port-001.mixer"))))
	pnSend(n, pnController, all, DCP(0xfefe, 5, 0, 7, DCPBlock(DCPBlock(nil, 2, 2, []byte("mixer-io")), 2, 3, []byte{0, 0x2a, 3, 1})))
	ask := func(service byte, blocks []byte, kind byte, answer []byte) {
		xid++
		pnSend(n, pnDesk, pnDevice, DCP(0xfefd, service, 0, xid, blocks))
		n.Wait(10 * time.Millisecond)
		pnSend(n, pnDevice, pnDesk, DCP(0xfefd, service, kind, xid, answer))
		n.Wait(100 * time.Millisecond)
	}
	done := func(option, sub, result byte) []byte { return DCPBlock(nil, 5, 4, []byte{option, sub, result}) }
	ask(4, DCPBlock(DCPBlock(nil, 2, 2, pnText(1, "mixer-io-2")), 5, 2, []byte{0, 0}), 1, append(done(2, 2, 0), done(5, 2, 0)...))
	ask(4, DCPBlock(nil, 1, 2, pnAddress(0, netip.MustParseAddr("10.10.6.21"))), 1, done(1, 2, 0))
	ask(4, DCPBlock(nil, 1, 2, pnAddress(1, netip.MustParseAddr("10.10.6.22"))), 1, done(1, 2, 6))
	ask(4, DCPBlock(nil, 5, 3, []byte{0, 0, 1, 0}), 1, done(5, 3, 0))
	ask(4, DCPBlock(nil, 5, 6, []byte{0, 4}), 1, done(5, 6, 0))
	ask(4, DCPBlock(nil, 3, 61, []byte{0, 1, 1}), 1, done(3, 61, 2))
	ask(4, DCPBlock(nil, 0x81, 9, []byte{0, 0, 1, 2}), 1, done(0x81, 9, 9))
	ask(3, []byte{2, 2, 2, 3, 2, 4, 2, 20, 1, 1}, 1,
		append(DCPBlock(DCPBlock(DCPBlock(nil, 2, 2, pnText(0, "mixer-io-2")), 2, 3, []byte{0, 0, 0, 0x2a, 3, 1}), 2, 4, []byte{0, 0, 1, 0}), done(2, 20, 2)...))
	ask(3, []byte{7, 1}, 5, nil)
	pnSend(n, pnDevice, &Host{MAC: PROFINETHello}, DCP(0xfefc, 6, 0, 9, DCPBlock(pnSelf(pnDevice, "ET 200X", 8), 6, 1, []byte{0, 0, 0, 1})))
	pnSend(n, pnDevice, pnDesk, DCP(0xfefd, 4, 1, 0x777, append(done(1, 2, 0), done(2, 2, 5)...))) // its request was not seen
	pnSend(n, pnDevice, pnDesk, DCP(0xfefd, 3, 1, 0x778, DCPBlock(nil, 1, 2, pnAddress(0x82, pnDevice.IP))))
	for i := range uint32(6) { // more than are remembered, all answered
		pnSend(n, pnDesk, pnDevice, DCP(0xfefd, 3, 0, 0x800+i, []byte{1, 2}))
	}
	for i := range uint32(6) {
		pnSend(n, pnDevice, pnDesk, DCP(0xfefd, 3, 1, 0x800+i, DCPBlock(nil, 1, 2, pnAddress(2, pnDevice.IP))))
	}
}

// pnioCyclic is data in all their states, alarms, and what is passed over.
func pnioCyclic(n *Net) {
	for _, status := range []byte{0x35, 0x15, 0x25, 0x34, 0x31, 0x35} {
		pnSend(n, pnController, pnDevice, CyclicData(0x8001, 32, status, []byte{1, 2, 3}))
	}
	pnSend(n, pnDevice, pnController, CyclicData(0xc001, 64, 0x35, make([]byte, 300)))
	pnSend(n, pnDevice, pnController, CyclicData(0x0123, 64, 0x35, []byte{9}))
	pnSend(n, pnDevice, pnController, AlarmFrame(0xfc01, 1, AlarmBlock(1, 1, 0, 2, 0x8001, []byte{0, 0, 0, 9, 0, 0, 0, 1, 0xa8, 5, 0x80, 0, 0, 1, 0, 6})))
	pnSend(n, pnController, pnDevice, AlarmFrame(0xfc01, 3, nil))
	pnSend(n, pnController, pnDevice, AlarmFrame(0xfc01, 1, AlarmBlock(0x8001, 1, 0, 2, 0x8001, []byte{0xa8, 5, 0, 0, 0, 0})))
	pnSend(n, pnDevice, pnController, AlarmFrame(0xfe01, 1, AlarmBlock(2, 99, 0x3a00, 0, 1, []byte{0, 0, 0, 9, 0, 0, 0, 1, 0, 1})))
	pnSend(n, pnController, pnDevice, AlarmFrame(0xfe01, 4, []byte{0xcf, 0x81, 0xfd, 5}))
	pnSend(n, pnDevice, pnController, AlarmFrame(0xfe01, 2, nil))
	pnSend(n, pnController, &Host{MAC: 0x01_80_c2_00_00_0e}, append([]byte{0xff, 0x40}, make([]byte, 44)...)) // clock synchronisation
}

// pnioMalformed breaks one rule at a time.
func pnioMalformed(n *Net) {
	send := func(b []byte) { pnSend(n, pnDesk, pnDevice, b) }
	bare := func(b []byte) { n.Frame(append(appendLink(nil, pnDesk.MAC, pnDevice.MAC, 0, etherPROFINET), b...)) }
	name := DCPBlock(nil, 2, 2, pnText(0, "mixer-io"))
	send(DCP(0xfefd, 4, 0, 1, name))
	send(DCP(0xfefd, 2, 0, 2, name)) // no such service
	send(DCP(0xfefd, 4, 2, 3, name)) // no such type
	send(DCP(0xfefe, 4, 0, 4, name)) // not the frame id of a set
	send(DCP(0xfefd, 4, 0, 5, []byte{2, 2, 0, 99, 1, 2}))
	send(DCP(0xfefd, 4, 0, 6, []byte{2, 2, 0, 1, 1, 0}))
	send(DCP(0xfefd, 4, 0, 7, []byte{2, 2, 0}))
	send(DCP(0xfefd, 4, 1, 8, DCPBlock(nil, 5, 4, []byte{2, 2})))
	bare(DCP(0xfefd, 4, 0, 9, name)[:20])
	bare([]byte{0xfe, 0xfd, 4, 0})
	bare([]byte{0x80})
	bare([]byte{0x80, 1, 0, 0, 0x35})
	var many []byte
	for range 40 {
		many = append(many, 2, 2)
	}
	send(DCP(0xfefd, 3, 0, 10, many))
	b := CyclicData(0x8001, 32, 0x35, nil)
	b[len(b)-1] = 1 // transfer status
	send(b)
	send(AlarmFrame(0xfc01, 7, nil))
	send(AlarmFrame(0xfc01, 4, []byte{0xcf}))
	send(AlarmFrame(0xfc01, 1, []byte{0, 1, 0, 20, 1, 0}))
	send(AlarmFrame(0xfc01, 1, AlarmBlock(0x8001, 1, 0, 0, 1, []byte{0})))
	send(AlarmFrame(0xfc01, 1, AlarmBlock(3, 1, 0, 0, 1, []byte{0})))
	bare(AlarmFrame(0xfc01, 1, AlarmBlock(1, 1, 0, 0, 1, nil))[:20])
}
