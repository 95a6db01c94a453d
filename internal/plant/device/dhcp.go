package device

import (
	"encoding/binary"
	"net/netip"

	"firedoor"
	"firedoor/internal/plant"
)

// Ports of DHCP (RFC 2131, 4.1).
const (
	PortDHCPServer = 67
	PortDHCPClient = 68
)

// maxLeases is how many clients a DHCP server knows; one more gets no answer.
const maxLeases = 4096

// DHCP is an address server (Datagrams). Its answers go to the broadcast address
// and port 68, except those to a client that has an address already (from is not
// 0.0.0.0): they go back to it.
type DHCP struct {
	Server, Router netip.Addr
	// First and Last are the range it gives out of.
	First, Last netip.Addr
	Fixed       map[firedoor.MAC]netip.Addr
	Seconds     uint32 // 0 is eight hours

	leases map[firedoor.MAC]netip.Addr
	taken  map[netip.Addr]bool
}

// Lease is the address a client has; the zero Addr: none.
func (d *DHCP) Lease(client firedoor.MAC) netip.Addr { return d.leases[client] }

// dhcpRequest is what a client's message says.
type dhcpRequest struct {
	transaction    uint32
	client         firedoor.MAC
	kind           uint8
	wanted, server netip.Addr
	name           string
}

// parseDHCP reads a client's message (RFC 2131, 2; RFC 2132).
func parseDHCP(b []byte) (r dhcpRequest, ok bool) {
	const fixed = 240
	if len(b) < fixed || b[0] != 1 || b[1] != 1 || b[2] != 6 || binary.BigEndian.Uint32(b[236:]) != 0x63825363 {
		return r, false
	}
	r.transaction = binary.BigEndian.Uint32(b[4:])
	r.wanted = netip.AddrFrom4([4]byte(b[12:16])) // of a client that renews
	for _, x := range b[28:34] {
		r.client = r.client<<8 | firedoor.MAC(x)
	}
	for o := b[fixed:]; len(o) >= 2 && o[0] != 255; {
		if o[0] == 0 {
			o = o[1:]
			continue
		}
		n := int(o[1])
		if len(o) < 2+n {
			return r, false
		}
		v := o[2 : 2+n]
		switch {
		case o[0] == 53 && n == 1:
			r.kind = v[0]
		case o[0] == 50 && n == 4:
			r.wanted = netip.AddrFrom4([4]byte(v))
		case o[0] == 54 && n == 4:
			r.server = netip.AddrFrom4([4]byte(v))
		case o[0] == 12:
			r.name = string(v)
		}
		o = o[2+n:]
	}
	return r, r.kind != 0
}

// Receive implements Datagrams: it offers, and acknowledges what it offered or
// may give. Requests to another server, and for what it cannot give, it leaves
// unanswered.
func (d *DHCP) Receive(_ int64, _ netip.AddrPort, b, out []byte) []byte {
	const release = 7
	r, ok := parseDHCP(b)
	if !ok || r.server.IsValid() && r.server != d.Server {
		return out
	}
	switch r.kind {
	case plant.DHCPDiscover:
		if addr := d.give(r.client); addr.IsValid() {
			return d.lease(r, addr).Message(out, plant.DHCPOffer)
		}
	case plant.DHCPRequest:
		if addr := d.give(r.client); addr.IsValid() && addr == r.wanted {
			return d.lease(r, addr).Message(out, plant.DHCPAck)
		}
	case release:
		delete(d.taken, d.leases[r.client])
		delete(d.leases, r.client)
	}
	return out
}

func (d *DHCP) lease(r dhcpRequest, addr netip.Addr) plant.Lease {
	l := plant.Lease{
		Transaction: r.transaction, Client: r.client, Offered: addr,
		Server: d.Server, Router: d.Router, Seconds: d.Seconds,
	}
	if l.Seconds == 0 {
		l.Seconds = 8 * 3600
	}
	if !l.Router.Is4() {
		l.Router = d.Server
	}
	return l
}

// give is the address of a client, the one it has or the next that is free.
func (d *DHCP) give(client firedoor.MAC) netip.Addr {
	if a, ok := d.Fixed[client]; ok {
		return a
	}
	if a, ok := d.leases[client]; ok {
		return a
	}
	if d.leases == nil {
		d.leases, d.taken = map[firedoor.MAC]netip.Addr{}, map[netip.Addr]bool{}
	}
	if len(d.leases) >= maxLeases || !d.First.Is4() {
		return netip.Addr{}
	}
	for a := d.First; a.IsValid() && !d.Last.Less(a); a = a.Next() {
		if !d.taken[a] {
			d.leases[client], d.taken[a] = a, true
			return a
		}
	}
	return netip.Addr{}
}
