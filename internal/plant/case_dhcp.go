package plant

import (
	"net/netip"
	"time"
)

// dhcpLease is a whole exchange, then a renewal with a full name.
func dhcpLease(n *Net) {
	l := Lease{
		Transaction: 0x2a01, Client: itDesk.MAC, Name: "DESK-7", Class: "MSFT 5.0",
		Server: itServer.IP, Router: netip.MustParseAddr("10.10.5.1"), Seconds: 86400,
	}
	n.UDP(itNobody, itEvery, 68, 67, l.Message(nil, DHCPDiscover))
	l.Offered = itDesk.IP
	n.UDP(itServer, itEvery, 67, 68, l.Message(nil, DHCPOffer))
	n.UDP(itNobody, itEvery, 68, 67, l.Message(nil, DHCPRequest))
	n.Wait(3 * time.Millisecond)
	n.UDP(itServer, itEvery, 67, 68, l.Message(nil, DHCPAck))

	renew := dhcpFixed(1, itDesk)
	copy(renew[12:], itDesk.IP.AsSlice()) // the address it has
	renew = append(renew, 53, 1, DHCPRequest)
	renew = append(renew, 81, 20, 4, 0, 0, 6, 'd', 'e', 's', 'k', '-', '7', 8, 'P', 'L', 'A', 'N', 'T', '1', '-', 'A', 0)
	renew = append(renew, 61, 7, 0, 'd', 'e', 's', 'k', ' ', '7', 0, 255)
	n.UDP(itDesk, itServer, 68, 67, renew)
}

// dhcpFixed is a message up to its options.
func dhcpFixed(op byte, h *Host) []byte {
	b := make([]byte, 240)
	copy(b, []byte{op, 1, 6, 0, 0, 0, 0x2a, 2})
	copy(b[28:], appendMAC(nil, h.MAC))
	copy(b[236:], []byte{0x63, 0x82, 0x53, 0x63})
	return b
}

// dhcpMalformed begins well, so that the parser and not the probe meets the rest.
func dhcpMalformed(n *Net) {
	send := func(b []byte) { n.UDP(itNobody, itEvery, 68, 67, b) }
	l := Lease{Client: itDesk.MAC, Name: "DESK-7"}
	send(l.Message(nil, DHCPDiscover))
	send(append(dhcpFixed(1, itDesk), 53, 2, 1, 1, 255))       // a type of two bytes
	send(append(dhcpFixed(1, itDesk), 53, 1, 1, 12, 200, 'x')) // a name behind the end
	send(append(dhcpFixed(9, itDesk), 53, 1, 1, 255))
	send(append(dhcpFixed(1, itAll), 53, 1, 1, 255))
	send(dhcpFixed(1, itDesk)[:238])
	b := append(dhcpFixed(1, itDesk), 53, 1, 1, 255)
	b[236] = 0
	send(b)
}

// dhcpPoll is a client that finds no server.
func dhcpPoll(n *Net) {
	for i := range uint32(12) {
		l := Lease{Transaction: i, Client: itDesk.MAC, Name: "DESK-7", Class: "MSFT 5.0"}
		n.UDP(itNobody, itEvery, 68, 67, l.Message(nil, DHCPDiscover))
	}
}
