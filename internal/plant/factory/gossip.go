package factory

import (
	"encoding/binary"
	"net/netip"
	"time"

	"firedoor/internal/plant"
	"firedoor/internal/plant/device"
)

// What goes on beside production: names, addresses, time, browsing.

// sites are what people of the office open, and where it is.
var sites = []struct {
	name   string
	server string // device
	modern bool
	bytes  int
}{
	{"erp.plant.example", "erp", false, 420},
	{"mail.plant.example", "mail", true, 260},
	{"files.plant.example", "files", true, 700},
	{"news.example", "web-1", true, 800},
	{"weather.example", "web-2", true, 380},
	{"parts.example", "web-3", false, 540},
}

// gossip starts it all.
func (f *Factory) gossip() error {
	if err := f.services(); err != nil {
		return err
	}
	f.staff()
	f.housekeeping()
	return nil
}

// resolve asks the name server, and goes on when it answered.
func (f *Factory) resolve(u *unit, name string, then func()) {
	id := uint16(f.rnd.Next())
	server := netip.AddrPortFrom(f.device("nameserver").ip(), device.PortDNS)
	port := u.host.SendUDP(0, server, plant.DNS(nil, id, name))
	u.host.ListenUDP(port, func(_, _ netip.AddrPort, b []byte) {
		if len(b) > 2 && binary.BigEndian.Uint16(b) == id {
			u.host.ListenUDP(port, nil)
			then()
		}
	})
	f.after(10*time.Second, func() { u.host.ListenUDP(port, nil) })
}

// leaseSeconds is how long an address is given for.
const leaseSeconds = 8 * 3600

var (
	broadcast   = netip.MustParseAddr("255.255.255.255")
	unspecified = netip.MustParseAddr("0.0.0.0")
)

// lease gets a device an address, and renews it.
func (f *Factory) lease(u *unit) {
	u.lease = &plant.Lease{Client: u.mac, Name: u.name, Class: "MSFT 5.0"}
	l := u.lease
	u.host.ListenUDP(device.PortDHCPClient, func(_, _ netip.AddrPort, b []byte) {
		kind, offered, server, ok := readLease(b, l.Transaction)
		switch {
		case ok && kind == plant.DHCPOffer:
			l.Offered, l.Server = offered, server
			f.askLease(u, plant.DHCPRequest)
		case ok && kind == plant.DHCPAck && (!u.host.Addr().IsValid() || u.ip() != offered):
			n := f.networkOf(u.network)
			u.host.SetAddr(netip.PrefixFrom(offered, netip.MustParsePrefix(n.prefix).Bits()), addr(n.gateway))
			f.announce(u)
		}
	})
	f.after(f.about(20*time.Second), func() { f.renewLease(u) })
	f.every(leaseSeconds/2*time.Second, leaseSeconds/2*time.Second, func() { f.renewLease(u) })
}

// renewLease asks for an address, the same as before if there was one.
func (f *Factory) renewLease(u *unit) {
	if !u.host.Powered() {
		return
	}
	u.lease.Transaction = uint32(f.rnd.Next())
	if u.lease.Server.IsValid() {
		f.askLease(u, plant.DHCPRequest)
		return
	}
	f.askLease(u, plant.DHCPDiscover)
}

func (f *Factory) askLease(u *unit, kind uint8) {
	u.host.SendUDPFrom(netip.AddrPortFrom(unspecified, device.PortDHCPClient), netip.AddrPortFrom(broadcast, device.PortDHCPServer), u.lease.Message(nil, kind))
}

// readLease reads what a client needs of a DHCP answer (RFC 2131, 2; RFC 2132, 9.6, 9.7).
func readLease(b []byte, transaction uint32) (kind uint8, offered, server netip.Addr, ok bool) {
	const options = 240
	if len(b) < options || binary.BigEndian.Uint32(b[4:]) != transaction {
		return 0, offered, server, false
	}
	offered = netip.AddrFrom4([4]byte(b[16:20]))
	for at := options; at+2 <= len(b) && b[at] != 255; at += 2 + int(b[at+1]) {
		v := b[at+2 : min(len(b), at+2+int(b[at+1]))]
		switch {
		case b[at] == 53 && len(v) == 1:
			kind = v[0]
		case b[at] == 54 && len(v) == 4:
			server = netip.AddrFrom4([4]byte(v))
		}
	}
	return kind, offered, server, kind != 0 && server.IsValid()
}

// announce says a Windows computer's name to its network (RFC 1002, 4.2.2).
func (f *Factory) announce(u *unit) {
	to := netip.AddrPortFrom(lastOf(f.networkOf(u.network).prefix), 137)
	for i := range 3 {
		f.after(time.Duration(i)*750*time.Millisecond, func() { u.host.SendUDP(137, to, plant.NBNSRegister(nil, uint16(f.rnd.Next()), u.name, u.ip())) })
	}
}

// lastOf is the broadcast address of a range of 256.
func lastOf(prefix string) netip.Addr {
	a := netip.MustParsePrefix(prefix).Addr().As4()
	a[3] = 255
	return netip.AddrFrom4(a)
}
