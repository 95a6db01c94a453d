package factory

import (
	"net/netip"
	"time"

	"firedoor/internal/plant"
	"firedoor/internal/plant/device"
	"firedoor/internal/plant/lan"
)

// What servers and small devices offer beside production.

// services puts them behind their ports.
func (f *Factory) services() error {
	u := f.device("nameserver")
	zone := map[string]netip.Addr{}
	for i := range sites {
		zone[sites[i].name] = f.device(sites[i].server).ip()
	}
	names := &device.DNS{Zone: zone}
	f.serveUDP(u.host, device.PortDNS, names)
	f.serveUDP(u.host, portNTP, &device.NTP{})
	base := u.ip().As4()
	first, last := base, base
	first[3], last[3] = 101, 250
	leases := &device.DHCP{Server: u.ip(), Router: addr(f.networkOf("office").gateway), First: netip.AddrFrom4(first), Last: netip.AddrFrom4(last), Seconds: leaseSeconds}
	f.serveLeases(u, leases)
	for _, name := range []string{"erp", "mail", "files", "web-1", "web-2", "web-3", "vendor-gateway", "patch-server", "historian-mirror", "directory"} {
		f.serveTLS(f.device(name), portTLS)
	}
	for _, w := range webPages {
		f.serve(f.device(w.name).host, 80, device.NewHTTP(device.HTTPConfig{Server: w.server, Title: w.title}), 6*time.Millisecond)
	}
	for _, name := range watched {
		if err := f.agent(f.device(name)); err != nil {
			return err
		}
	}
	return nil
}

// webPages are the devices that show a page, and what their servers call themselves.
var webPages = []struct{ name, server, title string }{
	{"filler-plc", "SIMATIC 300", "CPU 315-2 PN/DP"},
	{"power-meter", "PowerLogic", "PM5560"},
	{"robot-plc", "GoAhead-Webs", "1756-EN2T"},
	{"switch-1", "SCALANCE", "SCALANCE XC208"},
	{"camera-2", "Apache", "AXIS P3245-V"},
	{"printer-1", "HP HTTP Server", "HP LaserJet M553"},
	{"printer-2", "HP HTTP Server", "HP LaserJet M607"},
	{"camera-1", "Apache", "AXIS P3245-V"},
}

// watched are the devices that the directory server asks over SNMP, every minute.
var watched = []string{"switch-1", "switch-2", "switch-3", "printer-1", "printer-2"}

// community is the word that SNMP of this plant is read with.
const community = "public"

// agent lets a device tell about itself over SNMP.
func (f *Factory) agent(u *unit) error {
	a, err := device.NewSNMP(community, device.SNMPSystem(u.vendor+" "+u.model+", "+u.firmware, "1.3.6.1.4.1.9999.1", "", u.name, u.network, f.start-int64(40*24*time.Hour)))
	if err == nil {
		f.serveUDP(u.host, device.PortSNMP, a)
	}
	return err
}

// serveLeases answers clients that have no address yet over the broadcast address.
func (f *Factory) serveLeases(u *unit, d *device.DHCP) {
	var out []byte
	u.host.ListenUDP(device.PortDHCPServer, func(from, _ netip.AddrPort, b []byte) {
		if out = d.Receive(f.world.Now(), from, b, out[:0]); len(out) == 0 {
			return
		}
		to := netip.AddrPortFrom(broadcast, device.PortDHCPClient)
		if from.Addr().IsValid() && !from.Addr().IsUnspecified() {
			to = from
		}
		u.host.SendUDPFrom(netip.AddrPortFrom(u.ip(), device.PortDHCPServer), to, out)
	})
}

// housekeeping is what servers, switches and small devices do all day.
func (f *Factory) housekeeping() {
	mirror := netip.AddrPortFrom(f.device("historian-mirror").ip(), portTLS)
	f.every(20*time.Second, time.Minute, func() {
		f.visit(f.device("historian"), mirror, visit{name: "mirror.plant.example", hello: plant.TLSHello{Modern: true}, asks: 1, bytes: 1200, pause: time.Second})
	})
	for _, u := range f.order {
		if u.network == "control" || u.network == "dmz" {
			switch u.manner {
			case windows, server:
				f.at(time.Duration(30+f.rnd.N(60))*time.Second, func() { f.announce(u) })
				f.keepTime(u)
			case linux:
				f.keepTime(u)
			}
		}
	}
	f.pages()
	f.logs()
	f.alarms()
	f.askAgents()
	f.introduce()
}

// alarms: the panels fetch alarms from whichever SCADA server has the shared address.
func (f *Factory) alarms() {
	shared := addr(virtualSCADA)
	for _, name := range []string{"scada-1", "scada-2"} {
		f.serveTLS(f.device(name), portTLS)
	}
	f.device(f.inService).host.Virtual(shared, true)
	for _, name := range []string{"filler-hmi", "boiler-hmi", "robot-hmi"} {
		u := f.device(name)
		f.every(f.about(30*time.Second), 30*time.Second, func() {
			if u.host.Powered() {
				f.visit(u, netip.AddrPortFrom(shared, portTLS), visit{name: "alarms.plant.example", asks: 1, bytes: 220, pause: time.Second})
			}
		})
	}
}

// askAgents: the directory server looks after switches and printers. Those of the
// control network it reaches through the firewall.
func (f *Factory) askAgents() {
	from := f.device("directory")
	objects := [][]byte{{0x2b, 6, 1, 2, 1, 1, 1, 0}, {0x2b, 6, 1, 2, 1, 1, 3, 0}, {0x2b, 6, 1, 2, 1, 1, 5, 0}}
	for i, name := range watched {
		to := netip.AddrPortFrom(f.device(name).ip(), device.PortSNMP)
		id, port := uint16(100*i), uint16(firstAsked+i)
		from.host.ListenUDP(port, func(_, _ netip.AddrPort, _ []byte) {})
		f.every(f.about(time.Minute), time.Minute, func() {
			id++
			from.host.SendUDP(port, to, plant.SNMPGet(nil, community, id, objects...))
		})
	}
}

// pages: the directory server looks whether cameras and printers still show theirs;
// now and then somebody looks at one too.
func (f *Factory) pages() {
	from := f.device("directory")
	for _, name := range []string{"printer-1", "printer-2", "camera-1"} {
		u := f.device(name)
		f.every(f.about(5*time.Minute), 5*time.Minute, func() { f.fetch(from, u) })
	}
	f.every(20*time.Minute, 25*time.Minute, func() {
		if f.office() {
			f.fetch(f.device("office-1"), f.device("printer-1"))
			f.fetch(f.device("engineering"), f.device("switch-1"))
		}
	})
}

// fetch gets the page of a device.
func (f *Factory) fetch(from, u *unit) {
	if from.host.Powered() && from.host.Addr().IsValid() {
		from.host.DialTCP(netip.AddrPortFrom(f.addressFrom(from, u), 80), 0, page{plant.HTTPGet(nil, u.ip().String(), "/", "Mozilla/5.0 (Windows NT 10.0)")})
	}
}

// page asks for one page and closes when the answer begins to come.
type page struct{ ask []byte }

// Opened asks.
func (p page) Opened(c *lan.Conn) { c.Send(p.ask) }

// Received has what it wanted.
func (p page) Received(c *lan.Conn, _ []byte) { c.Close() }

// Closed has nothing to tidy up.
func (p page) Closed(*lan.Conn, error) {}

// logs: switches tell the directory server what they notice, and it asks whether
// they are there.
func (f *Factory) logs() {
	to := f.device("directory")
	f.serveUDP(to.host, device.PortSyslog, &device.Syslog{})
	for _, name := range []string{"switch-1", "switch-2", "switch-3"} {
		u := f.device(name)
		f.every(f.about(10*time.Minute), 10*time.Minute, func() {
			u.host.SendUDP(device.PortSyslog, netip.AddrPortFrom(to.ip(), device.PortSyslog),
				device.AppendSyslog(nil, 23, 6, f.world.Now(), u.name, "ntp", "clock is in step"))
		})
		f.every(f.about(5*time.Minute), 5*time.Minute, func() { to.host.Ping(u.ip(), 32, nil) })
	}
}

// firstAsked is the first of the ports that the directory server asks agents from.
const firstAsked = 51001

// introduce: switches tell their neighbours who they are, printers and cameras
// everybody.
func (f *Factory) introduce() {
	for _, name := range []string{"switch-1", "switch-2", "switch-3"} {
		u := f.device(name)
		b := plant.LLDP(nil, u.mac, u.ip(), "port-1", u.name, u.vendor+" "+u.model+", firmware "+u.firmware, 4)
		f.every(f.about(30*time.Second), 30*time.Second, func() { u.host.SendFrame(plant.LLDPGroup, plant.EtherLLDP, b) })
	}
	group, group6 := netip.AddrPortFrom(addr("224.0.0.251"), portMDNS), netip.AddrPortFrom(addr("ff02::fb"), portMDNS)
	for _, x := range []struct{ name, service string }{{"printer-1", "_ipp._tcp"}, {"printer-2", "_ipp._tcp"}, {"camera-1", "_axis-video._tcp"}, {"camera-2", "_axis-video._tcp"}} {
		u := f.device(x.name)
		b := plant.MDNS(nil, u.name, x.service, 80, u.ip())
		f.every(f.about(2*time.Minute), 20*time.Minute, func() {
			u.host.SendUDP(portMDNS, group, b)
			if u.host.LinkLocal().IsValid() {
				u.host.SendUDP(portMDNS, group6, b)
			}
		})
	}
}

const (
	portMDNS = 5353
	portNTP  = 123
)

// keepTime asks the time server every 1024 s.
func (f *Factory) keepTime(u *unit) {
	to := netip.AddrPortFrom(f.device("nameserver").ip(), portNTP)
	u.host.ListenUDP(portNTP, func(_, _ netip.AddrPort, _ []byte) {})
	f.every(f.about(1024*time.Second), 1024*time.Second, func() { u.host.SendUDP(portNTP, to, device.AppendNTPRequest(nil, f.world.Now())) })
}
