package factory

import (
	"encoding/binary"
	"net/netip"
	"strings"

	"firedoor/internal/plant"
)

// portDNS is the domain name system's.
const portDNS = 53

// serveNames lets the office's name server answer for names, addresses and time.
func (f *Factory) serveNames() {
	u := f.device("nameserver")
	h := u.host
	h.ListenUDP(portDNS, func(from, _ netip.AddrPort, b []byte) {
		name, ok := questionOf(b)
		if !ok {
			return
		}
		for i := range sites {
			if sites[i].name == name {
				h.SendUDP(portDNS, from, plant.DNSAnswer(nil, binary.BigEndian.Uint16(b), name, f.device(sites[i].server).ip()))
			}
		}
	})
	h.ListenUDP(portNTP, func(from, _ netip.AddrPort, b []byte) {
		if len(b) < 48 || b[0]&7 != 3 { // only clients
			return
		}
		now := ntpTime(f.world.Now())
		a := make([]byte, 48)
		a[0], a[1], a[2], a[3] = b[0]&0x38|4, 2, b[2], 0xec // stratum 2, precision 2^-20 s
		copy(a[12:], "LOCL")
		binary.BigEndian.PutUint64(a[16:], now)
		copy(a[24:32], b[40:48])
		binary.BigEndian.PutUint64(a[32:], now)
		binary.BigEndian.PutUint64(a[40:], now)
		h.SendUDP(portNTP, from, a)
	})
	f.serveLeases(u)
}

// questionOf is the name that a DNS question asks for (RFC 1035, 4.1.2).
func questionOf(b []byte) (string, bool) {
	const header = 12
	var labels []string
	for at := header; at < len(b); {
		n := int(b[at])
		if n == 0 {
			return strings.Join(labels, "."), len(labels) > 0
		}
		if n > 63 || at+1+n > len(b) {
			break
		}
		labels = append(labels, string(b[at+1:at+1+n]))
		at += 1 + n
	}
	return "", false
}

// firstLease is the last byte of the first address that is given out.
const firstLease = 101

// serveLeases gives out the office's addresses, always the same to the same device.
func (f *Factory) serveLeases(u *unit) {
	given := map[[6]byte]byte{}
	u.host.ListenUDP(portDHCPServer, func(_, _ netip.AddrPort, b []byte) {
		const options = 240
		if len(b) < options+3 || b[0] != 1 {
			return
		}
		mac := [6]byte(b[28:34])
		last, known := given[mac]
		if !known {
			if len(given) > 255-firstLease-1 {
				return // all are given out
			}
			last = byte(firstLease + len(given))
			given[mac] = last
		}
		ip := u.ip().As4()
		ip[3] = last
		l := plant.Lease{Transaction: binary.BigEndian.Uint32(b[4:]), Client: macOf(mac), Offered: netip.AddrFrom4(ip), Server: u.ip(),
			Router: addr(f.networkOf("office").gateway), Seconds: leaseSeconds}
		kind := uint8(plant.DHCPOffer)
		if b[options+2] == plant.DHCPRequest {
			kind = plant.DHCPAck
		}
		u.host.SendUDPFrom(netip.AddrPortFrom(u.ip(), portDHCPServer), netip.AddrPortFrom(broadcast, portDHCPClient), l.Message(nil, kind))
	})
}
