package plant

import (
	"bytes"
	"net/netip"
	"strings"
	"time"

	"firedoor/internal/plant/chance"
)

// engineering is the engineering station: it visits the controllers twice while
// all is well, and once when two of them have changed.
func (f *factory) engineering() {
	for i, at := range []time.Duration{2 * time.Minute, 6*time.Minute + 20*time.Second, firmwareAt} {
		f.at(at, func() { f.visit(i) })
	}
}

func (f *factory) visit(round int) {
	ews := f.host("engineering")
	f.openS7(ews, f.host("filler-plc"), 1, 2, func(l *s7Link) {
		list := l.identity("6ES7 315-2EH14-0AB0", "FILLER", "S C-X4U421302009", [4]byte{'V', 3, 2, 6})
		if round < 2 {
			list = append(list, l.upload("0800001", organisationBlock(130))...)
		}
		f.talk(l.conn, 120*time.Millisecond, list, l.conn.Close)
	})
	f.after(2*time.Second, func() {
		f.openS7(ews, f.host("capper-plc"), 1, 2, func(l *s7Link) {
			list := l.identity("6ES7 315-2EH14-0AB0", "CAPPER", "S C-B1UD90372010", f.capper)
			f.talk(l.conn, 120*time.Millisecond, list, l.conn.Close)
		})
	})
	for i, name := range []string{"boiler-plc", "power-meter", "boiler-safety"} {
		f.after(time.Duration(4+i)*time.Second, func() { f.inspect(name) })
	}
	f.after(8*time.Second, f.browse)
}

// inspect asks a Modbus device who it is.
func (f *factory) inspect(name string) {
	m := f.connect("engineering", f.deviceOf(name), false)
	m.ask(m.next().Identify(nil, 1, 0))
	f.after(400*time.Millisecond, m.conn.Close)
}

// browse asks the robot cell's network who is there.
func (f *factory) browse() {
	ews := f.host("engineering")
	everyone := &Host{MAC: Broadcast, IP: addr("10.20.30.255"), VLAN: ews.VLAN}
	f.net.UDP(ews, everyone, 61000, PortENIP, ENIP{Context: 1}.ListIdentity(nil))
	for i, name := range []string{"robot-plc", "robot-io", "robot-arm", "robot-hmi"} {
		id := []CIPIdentity{robotIdentity, ioIdentity, armIdentity, panelIdentity}[i]
		h := f.host(name)
		f.after(time.Duration(20+30*i)*time.Millisecond, func() {
			f.net.UDP(h, ews, PortENIP, 61000, ENIP{Context: 1}.ListIdentityAnswer(nil, h, id))
		})
	}
	c := f.net.Dial(ews, f.host("robot-plc"), f.ephemeral(), PortENIP)
	e := ENIP{Session: 0x77010000}
	f.talk(c, 50*time.Millisecond, []exchange{
		{ENIP{}.Register(nil), e.Register(nil)},
		{e.Unconnected(nil, CIPRequest(nil, CIPGetAll, CIPClass(1, 1, 0))), e.Unconnected(nil, CIPAnswer(nil, CIPGetAll, 0, robotIdentity.Append(nil)...))},
		{e.Unregister(nil), nil},
	}, c.Close)
}

// organisationBlock is a block of compiled program as it travels: a header and
// opaque code.
func organisationBlock(size int) []byte {
	b := append([]byte("pp\x01\x01\x02\x08\x00\x01"), 0, 0, byte(size>>8), byte(size))
	r := chance.New(uint64(size))
	return appendNoise(b, &r, size-len(b))
}

// office is everything that is not production: names, addresses, pages.
func (f *factory) office() {
	f.neighbours()
	f.leases()
	f.names()
	f.pages()
	f.every(5*time.Second, 30*time.Second, func() {
		f.net.LLDP(f.host("switch-1"), "port-008", "switch-1", "Siemens, SIMATIC NET, SCALANCE XC208, 6GK5 208-0BA00-2AC2, HW: 2, FW: V04.03", 4)
		f.net.LLDP(f.host("switch-2"), "1/3", "switch-2", "Hirschmann MACH, SW: L2P-09.1.00", 4)
		f.net.LLDP(f.host("filler-plc"), "port-001", "filler-plc", "Siemens, SIMATIC S7, CPU315-2 PN/DP, 6ES7 315-2EH14-0AB0, HW: 7, FW: V3.2.6", 0x80)
	})
	objects := [][]byte{SNMPDescription, SNMPName}
	id := uint16(100)
	for i, name := range []string{"switch-1", "switch-2"} {
		f.every(time.Duration(7+i)*time.Second, 30*time.Second, func() {
			id++
			own, scada, sw := id, f.host("scada"), f.host(name)
			text := []string{"Siemens, SIMATIC NET, SCALANCE XC208", "Hirschmann MACH"}[i]
			f.net.UDP(scada, sw, 52011, 161, SNMPGet(nil, "plant-view", own, objects...))
			f.after(f.latency(), func() {
				f.net.UDP(sw, scada, 161, 52011, SNMPAnswer(nil, "plant-view", own, objects, text, name))
			})
		})
	}
}

// neighbours resolve each other's addresses now and then.
func (f *factory) neighbours() {
	pairs := []string{"mixer-1-hmi mixer-1-plc", "mixer-1-plc mixer-1-drive", "mixer-1-plc mixer-1-io",
		"mixer-2-hmi mixer-2-plc", "mixer-2-plc mixer-2-drive", "mixer-2-plc mixer-2-io",
		"filler-hmi filler-plc", "scada filler-plc", "scada capper-plc", "scada boiler-plc", "scada power-meter", "scada switch-1", "scada switch-2",
		"historian boiler-plc", "historian robot-plc", "robot-hmi robot-plc", "robot-plc robot-io", "robot-plc robot-arm",
		"boiler-hmi boiler-plc", "boiler-plc boiler-safety", "engineering filler-plc", "engineering firewall-control", "scada firewall-control",
		"jump-host firewall-office", "nameserver firewall-office", "erp camera", "office-1 firewall-office", "office-2 firewall-office",
		"office-3 printer", "office-4 printer", "office-5 nameserver"}
	for i, p := range pairs {
		a, b, _ := strings.Cut(p, " ")
		asker, owner := f.host(a), f.host(b)
		f.every(time.Duration(1+i)*700*time.Millisecond, 90*time.Second, func() {
			f.net.ARP(asker, owner.IP)
			f.after(f.latency()/4, func() { f.net.ARPAnswer(owner, asker) })
		})
	}
}

var offices = []string{"office-1", "office-2", "office-3", "office-4", "office-5"}

// leases: the office's PCs start in the morning and renew.
func (f *factory) leases() {
	server, gateway := f.host("nameserver"), f.host("firewall-office")
	everyone := &Host{MAC: Broadcast, IP: addr("255.255.255.255"), VLAN: server.VLAN}
	for i, name := range offices {
		pc := f.host(name)
		nobody := &Host{MAC: pc.MAC, IP: addr("0.0.0.0"), VLAN: pc.VLAN, TTL: 128}
		l := Lease{Transaction: 0x3a21f000 + uint32(i), Client: pc.MAC, Name: "OFFICE-" + string(rune('1'+i)), Class: "MSFT 5.0",
			Offered: pc.IP, Server: server.IP, Router: gateway.IP, Seconds: 600}
		f.at(time.Duration(4+6*i)*time.Second, func() {
			f.net.UDP(nobody, everyone, 68, 67, l.Message(nil, DHCPDiscover))
			f.net.Wait(3 * time.Millisecond)
			f.net.UDP(server, everyone, 67, 68, l.Message(nil, DHCPOffer))
			f.net.Wait(2 * time.Millisecond)
			f.net.UDP(nobody, everyone, 68, 67, l.Message(nil, DHCPRequest))
			f.net.Wait(3 * time.Millisecond)
			f.net.UDP(server, everyone, 67, 68, l.Message(nil, DHCPAck))
			f.net.Wait(40 * time.Millisecond)
			f.net.ARP(pc, pc.IP)
		})
		f.every(time.Duration(5*60+6*i)*time.Second, 5*time.Minute, func() {
			f.net.UDP(pc, server, 68, 67, l.Message(nil, DHCPRequest))
			f.after(3*time.Millisecond, func() { f.net.UDP(server, pc, 67, 68, l.Message(nil, DHCPAck)) })
		})
	}
}

// names: what Windows and printers tell everybody about themselves.
func (f *factory) names() {
	group := &Host{MAC: 0x01005e0000fb, IP: addr("224.0.0.251"), VLAN: 40}
	everyone := &Host{MAC: Broadcast, IP: addr("10.20.40.255"), VLAN: 40}
	f.every(12*time.Second, time.Minute, func() {
		f.net.UDP(f.host("printer"), group, 5353, 5353, MDNS(nil, "printer", "_ipp._tcp", 631, f.host("printer").IP))
		f.net.UDP(f.host("camera"), group, 5353, 5353, MDNS(nil, "axis-d1e030", "_http._tcp", 80, f.host("camera").IP))
	})
	for i, name := range offices {
		pc := f.host(name)
		id := uint16(0x8000 + i*256)
		f.every(time.Duration(9+6*i)*time.Second, 2*time.Minute, func() {
			id++
			f.net.UDP(pc, everyone, 137, 137, NBNSRegister(nil, id, name, pc.IP))
			f.net.Wait(200 * time.Microsecond)
			f.net.UDP(pc, everyone, 137, 137, NBNSQuery(nil, id, "FILESERVER"))
		})
	}
}

// site is something people in the office look at.
type site struct {
	name   string
	addr   netip.Addr
	modern bool
	bytes  int
}

var sites = []site{
	{"erp.plant.example", addr("10.20.40.6"), false, 1900},
	{"history.plant.example", addr("10.20.30.51"), true, 3300},
	{"mail.example.com", addr("198.51.100.25"), true, 2100},
	{"www.example.org", addr("203.0.113.80"), true, 4400},
}

// pages: the office looks names up and browses; the jump host looks at the
// supervision; the switch and the printer have pages of their own.
func (f *factory) pages() {
	for i, name := range offices {
		k := i
		f.every(time.Duration(40+7*i)*time.Second, 45*time.Second, func() {
			k++
			s := sites[k%len(sites)]
			f.lookUp(f.host(name), s.name, s.addr)
			f.after(12*time.Millisecond, func() { f.visitSite(f.host(name), s) })
		})
	}
	jump := f.via("jump-host", "firewall-control")
	f.every(50*time.Second, 100*time.Second, func() {
		f.visitSite(jump, site{"scada.plant.example", f.host("scada").IP, true, 2600})
		f.after(3*time.Second, func() { f.page(jump, f.host("switch-1"), "switch-1", "/index.html", "Siemens Switch", 900) })
	})
	f.every(33*time.Second, 90*time.Second, func() {
		f.page(f.host("office-3"), f.host("printer"), "printer", "/status", "HP HTTP Server; HP LaserJet M507 - 1PV87A", 700)
	})
	f.every(21*time.Second, time.Minute, func() {
		f.page(f.host("erp"), f.host("camera"), "camera", "/axis-cgi/jpg/image.cgi", "lighttpd/1.4.76", 3100)
	})
}

func (f *factory) lookUp(pc *Host, name string, found netip.Addr) {
	server := f.host("nameserver")
	id, port := uint16(f.rnd.Next()), f.ephemeral()
	f.net.UDP(pc, server, port, 53, DNS(nil, id, name))
	f.after(f.latency(), func() { f.net.UDP(server, pc, 53, port, DNSAnswer(nil, id, name, found)) })
}

// visitSite is one TLS session with a page of opaque data.
func (f *factory) visitSite(pc *Host, s site) {
	server := f.hostAt(s.addr, pc.VLAN)
	h := TLSHello{Server: s.name, ALPN: []string{"h2", "http/1.1"}, Modern: s.modern}
	c := f.net.Dial(pc, server, f.ephemeral(), 443)
	f.talk(c, 4*time.Millisecond, []exchange{
		{h.Client(nil, &f.rnd), append(h.ServerAnswer(nil, &f.rnd), TLSData(nil, &f.rnd, 1100)...)},
		{TLSData(nil, &f.rnd, 53), TLSData(nil, &f.rnd, 250)},
		{TLSData(nil, &f.rnd, 180+f.rnd.N(200)), TLSData(nil, &f.rnd, s.bytes+f.rnd.N(800))},
	}, c.Close)
}

// hostAt is who answers for an address in a VLAN: its owner, or the firewall.
func (f *factory) hostAt(a netip.Addr, vlan uint16) *Host {
	for _, h := range f.hosts {
		if h.IP == a && h.VLAN == vlan {
			return h
		}
	}
	gateway := "firewall-office"
	if vlan == 30 {
		gateway = "firewall-control"
	}
	far := &Host{Name: a.String(), MAC: f.host(gateway).MAC, IP: a, VLAN: vlan, TTL: 54}
	f.hosts = append(f.hosts, far)
	return far
}

// page is one HTTP page.
func (f *factory) page(client, server *Host, name, path, software string, size int) {
	c := f.net.Dial(client, server, f.ephemeral(), 80)
	body := bytes.Repeat([]byte("as seen yesterday\n"), size/18)
	f.talk(c, 3*time.Millisecond, []exchange{
		{HTTPGet(nil, name, path, "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"), HTTPAnswer(nil, "200 OK", software, "text/plain", body)},
	}, c.Close)
}
