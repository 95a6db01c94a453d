package plant

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// dnsMessage puts a message together: the counts are those of questions,
// answers, authorities and additional records.
func dnsMessage(id, flags uint16, counts [4]uint16, parts ...[]byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, id)
	b = binary.BigEndian.AppendUint16(b, flags)
	for _, c := range counts {
		b = binary.BigEndian.AppendUint16(b, c)
	}
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// dnsQuestion and dnsRecord are the entries of a message.
func dnsQuestion(name string, kind, class uint16) []byte {
	b := binary.BigEndian.AppendUint16(appendName(nil, name), kind)
	return binary.BigEndian.AppendUint16(b, class)
}

func dnsRecord(name string, kind, class uint16, ttl uint32, data []byte) []byte {
	return dnsData(dnsQuestion(name, kind, class), ttl, data)
}

func dnsData(b []byte, ttl uint32, data []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, ttl)
	return appendLong(b, data)
}

// dnsUDP looks up names over UDP: found, found by an alias and over IPv6,
// missing, without an address, refused, and the name of an address.
func dnsUDP(n *Net) {
	port := uint16(51000)
	ask := func(query, answer []byte) {
		n.UDP(itDesk, itServer, port, 53, query)
		n.Wait(time.Millisecond)
		n.UDP(itServer, itDesk, 53, port, answer)
		port++
	}
	ask(DNS(nil, 0x1001, "Historian.plant.example"), DNSAnswer(nil, 0x1001, "Historian.plant.example", netip.MustParseAddr("10.10.5.40")))
	ask(DNS(nil, 0x1002, "nowhere.plant.example"), DNSAnswer(nil, 0x1002, "nowhere.plant.example", netip.Addr{}))

	six := netip.MustParseAddr("fd00:5::40").As16()
	alias := []byte{3, 's', 'q', 'l', 0xc0, 12 + 4} // sql and the rest of the question's name
	ask(dnsMessage(0x1003, 0x0100, [4]uint16{1}, dnsQuestion("www.plant.example", 28, 1)),
		dnsMessage(0x1003, 0x8180, [4]uint16{1, 2, 0, 1}, dnsQuestion("www.plant.example", 28, 1),
			dnsData([]byte{0xc0, 12, 0, 5, 0, 1}, 300, alias),
			dnsData(append(alias, 0, 28, 0, 1), 300, six[:]),
			dnsData([]byte{0, 0, 41, 4, 208}, 0, nil)))
	ask(dnsMessage(0x1004, 0x0100, [4]uint16{1}, dnsQuestion("plant.example", 15, 1)),
		dnsMessage(0x1004, 0x8580, [4]uint16{1}, dnsQuestion("plant.example", 15, 1)))
	ask(dnsMessage(0x1005, 0x0100, [4]uint16{1}, dnsQuestion("example", 6, 1)),
		dnsMessage(0x1005, 0x8105, [4]uint16{1}, dnsQuestion("example", 6, 1)))
	const back = "40.5.10.10.in-addr.arpa"
	ask(dnsMessage(0x1006, 0x0100, [4]uint16{1}, dnsQuestion(back, 12, 1)),
		dnsMessage(0x1006, 0x8580, [4]uint16{1, 1}, dnsQuestion(back, 12, 1),
			dnsData([]byte{0xc0, 12, 0, 12, 0, 1}, 300, appendName(nil, "historian.plant.example"))))
	ask(dnsMessage(0x1007, 0x2800, [4]uint16{1, 0, 1}, dnsQuestion("plant.example", 6, 1),
		dnsRecord("desk-7.plant.example", 1, 1, 1200, itDesk.IP.AsSlice())),
		dnsMessage(0x1007, 0xa800, [4]uint16{1}, dnsQuestion("plant.example", 6, 1)))
}

// dnsTCP asks twice over one connection; the second answer is as long as only
// TCP carries it.
func dnsTCP(n *Net) {
	c := n.Dial(itDesk, itServer, 51100, 53)
	c.Client(appendLong(nil, DNS(nil, 0x2001, "historian.plant.example")))
	c.Server(appendLong(nil, DNSAnswer(nil, 0x2001, "historian.plant.example", netip.MustParseAddr("10.10.5.40"))))
	c.Client(appendLong(nil, dnsMessage(0x2002, 0x0100, [4]uint16{1}, dnsQuestion("many.plant.example", 1, 1))))
	parts := [][]byte{dnsQuestion("many.plant.example", 1, 1)}
	for i := range byte(120) {
		parts = append(parts, dnsData([]byte{0xc0, 12, 0, 1, 0, 1}, 60, []byte{10, 10, 6, i + 1}))
	}
	c.Server(appendLong(nil, dnsMessage(0x2002, 0x8180, [4]uint16{1, 120}, parts...)))
	c.Close()
}

// dnsMalformed begins well, so that the parser and not the probe meets the rest.
func dnsMalformed(n *Net) {
	send := func(b []byte) { n.UDP(itDesk, itServer, 51200, 53, b) }
	send(DNS(nil, 0x3001, "historian.plant.example"))
	send(DNS(nil, 0x3002, "historian.plant.example")[:8])
	send(DNS(nil, 0x3003, "historian.plant.example")[:30])
	send(dnsMessage(0x3004, 0x0100, [4]uint16{1}, []byte{0xc0, 12, 0, 1, 0, 1})) // a name that points at itself
	send(dnsMessage(0x3005, 0x0100, [4]uint16{1}, []byte{0x80, 'x', 0, 0, 1, 0, 1}))
	n.UDP(itServer, itDesk, 53, 51200, dnsMessage(0x3006, 0x8180, [4]uint16{1, 1},
		dnsQuestion("a.example", 1, 1), []byte{0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 200, 10}))
}

// dnsPoll looks a name up again and again.
func dnsPoll(n *Net) {
	for i := range uint16(12) {
		n.UDP(itDesk, itServer, 51300, 53, DNS(nil, i, "historian.plant.example"))
		n.UDP(itServer, itDesk, 53, 51300, DNSAnswer(nil, i, "historian.plant.example", netip.MustParseAddr("10.10.5.40")))
		n.Wait(time.Second)
	}
}
