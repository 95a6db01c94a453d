package factory

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"firedoor"
	"firedoor/internal/plant/lan"
	"firedoor/internal/plant/truth"
)

// translated are the devices of the lines that the rest of the plant may reach,
// under an address of the control network each (1:1 translation).
var translated = []struct {
	name, seen string
}{
	{"mixer-1-plc", "10.20.30.211"},
	{"mixer-1-hmi", "10.20.30.213"},
	{"mixer-2-plc", "10.20.30.221"},
	{"mixer-2-hmi", "10.20.30.223"},
}

// virtualSCADA is the address that the pair of SCADA servers shares.
const virtualSCADA = "10.20.30.55"

// onSecondSwitch are the devices of the control network that hang on its second
// switch, behind a trunk.
var onSecondSwitch = []string{"robot-plc", "robot-io", "robot-arm", "robot-hmi", "boiler-plc", "boiler-safety", "boiler-hmi", "power-meter", "utility-plc", "vision-box", "switch-3"}

// wire makes the networks and hangs the devices on them.
func (f *Factory) wire() error {
	f.nets = append(slices.Clone(networks), halls(f.o.Hosts-len(standardAssets()))...)
	for _, n := range f.nets {
		f.switches[n.name] = f.world.Switch(n.name, n.mirrored)
	}
	f.switches["control-2"] = f.world.Switch("control-2", true)
	f.switches["control"].Trunk(f.switches["control-2"])
	if err := f.route(); err != nil {
		return err
	}
	for _, a := range standardAssets() {
		if _, err := f.add(a); err != nil {
			return err
		}
	}
	for _, t := range translated {
		f.device(t.name).seen = addr(t.seen)
	}
	return f.fill()
}

// networkOf gives a network by name.
func (f *Factory) networkOf(name string) *network {
	i := slices.IndexFunc(f.nets, func(n network) bool { return n.name == name })
	if i < 0 {
		return nil
	}
	return &f.nets[i]
}

// add puts a device of the plant on its network.
func (f *Factory) add(a asset) (*unit, error) {
	u, err := f.hang(a, manners[a.manner]())
	if err == nil {
		f.order = append(f.order, u)
	}
	return u, err
}

// hang puts a device on its network.
func (f *Factory) hang(a asset, m *lan.Manners) (*unit, error) {
	n := f.networkOf(a.network)
	if n == nil {
		return nil, fmt.Errorf("device %s: there is no network %q", a.name, a.network)
	}
	if f.devices[a.name] != nil {
		return nil, fmt.Errorf("device %s: there is one of that name already", a.name)
	}
	if !m.PortRandom { // it has been on for a while, and has opened connections before
		m.PortFirst += uint16(f.rnd.N(int(m.PortLast-m.PortFirst) / 2))
	}
	c := lan.Config{Name: a.name, MAC: a.mac, VLAN: n.vlan, Switch: f.switches[n.name], Manners: m, Gateway: addr(n.gateway)}
	if slices.Contains(onSecondSwitch, a.name) {
		c.Switch = f.switches["control-2"]
	}
	if a.ip != "" {
		ip, err := netip.ParseAddr(a.ip)
		if err != nil {
			return nil, fmt.Errorf("device %s: %w", a.name, err)
		}
		c.Addr = netip.PrefixFrom(ip, netip.MustParsePrefix(n.prefix).Bits())
	}
	h, err := f.world.Host(c)
	if err != nil {
		return nil, fmt.Errorf("device %s: %w", a.name, err)
	}
	u := &unit{asset: a, host: h}
	f.devices[a.name] = u
	return u, nil
}

// addressFrom is where a device is reached from another one.
func (f *Factory) addressFrom(from, to *unit) netip.Addr {
	if to.seen.IsValid() && from.network != to.network {
		return to.seen
	}
	return to.ip()
}

// MACs of the routers' ports.
const (
	firewallMAC firedoor.MAC = 0x00090f3a0000 // + VLAN
	lineMAC     firedoor.MAC = 0x00a0450b1000 // + VLAN
)

// route makes the firewall between the levels and a translator for each line.
func (f *Factory) route() error {
	port := func(mac firedoor.MAC, name, ip string) lan.Port {
		n := f.networkOf(name)
		return lan.Port{MAC: mac + firedoor.MAC(n.vlan), Addr: netip.PrefixFrom(addr(ip), netip.MustParsePrefix(n.prefix).Bits()), VLAN: n.vlan, Switch: f.switches[name]}
	}
	var levels []lan.Port
	for _, name := range []string{"control", "dmz", "office", "outside"} {
		levels = append(levels, port(firewallMAC, name, f.networkOf(name).gateway))
	}
	var err error
	if f.firewall, err = f.world.Router("firewall", manners[switching](), levels); err != nil {
		return err
	}
	f.firewall.Filter(allowed)
	for i, outside := range []string{"10.20.30.201", "10.20.30.202"} {
		line := fmt.Sprintf("line-%d", i+1)
		ports := []lan.Port{port(lineMAC, line, "192.168.0.1"), port(lineMAC+firedoor.MAC(i), "control", outside)}
		if f.lines[i], err = f.world.Router(line+"-gateway", manners[embedded](), ports); err != nil {
			return err
		}
	}
	for _, t := range translated {
		i := int(t.name[len("mixer-")] - '1')
		inside := "192.168.0.10"
		if t.name[len("mixer-1-"):] == "hmi" {
			inside = "192.168.0.20"
		}
		f.lines[i].NAT(addr(t.seen), addr(inside))
	}
	return nil
}

// Address ranges by level.
var (
	controlNet = netip.MustParsePrefix("10.20.30.0/24")
	dmzNet     = netip.MustParsePrefix("10.20.35.0/24")
	officeNet  = netip.MustParsePrefix("10.20.40.0/24")
	outsideNet = netip.MustParsePrefix("198.51.100.0/24")
)

// openings are the firewall's rules: who may open what. Answers pass with what
// they answer.
var openings = []struct {
	from, to netip.Prefix
	ports    []uint16 // none: all
}{
	{officeNet, outsideNet, nil},
	{officeNet, dmzNet, []uint16{3389, 443}},
	{dmzNet, officeNet, []uint16{53, 123, 443}},
	{outsideNet, dmzNet, []uint16{443}},
	{dmzNet, controlNet, []uint16{3389, 102, 502, 44818}},
	{controlNet, dmzNet, []uint16{443, 1433}},
	{controlNet, officeNet, []uint16{53, 123, 514}},
	{officeNet, controlNet, []uint16{161}},
	{officeNet, controlNet, []uint16{0}}, // pings
}

func allowed(p lan.Packet) bool {
	if p.Established && !p.SYN {
		return true
	}
	for _, o := range openings {
		if o.from.Contains(p.From.Addr()) && o.to.Contains(p.To.Addr()) && (len(o.ports) == 0 || slices.Contains(o.ports, p.To.Port())) {
			return true
		}
	}
	return false
}

// roles of devices by how their names end; others are what their network is.
var roles = []struct{ suffix, role string }{
	{"-plc", "plc"}, {"-safety", "safety controller"}, {"-drive", "drive"}, {"-io", "remote i/o"}, {"-hmi", "hmi"}, {"vision-box", "vision box"},
	{"power-meter", "meter"}, {"robot-arm", "robot"}, {"scada-1", "scada server"}, {"scada-2", "scada server"}, {"historian", "historian"},
	{"historian-mirror", "historian"}, {"engineering", "engineering workstation"}, {"-server", "server"}, {"jump-host", "jump host"},
	{"nameserver", "server"}, {"directory", "server"}, {"erp", "server"}, {"mail", "server"}, {"files", "server"}, {"vendor-gateway", "data gateway"},
	{"meter-reader", "shadow device"}, {"wireless", "shadow device"}, {"-collector", "data gateway"},
}

// role says what a device is for whoever reads the truth.
func (u *unit) role() string {
	if u.network == "outside" {
		return "outside"
	}
	for _, r := range roles {
		if strings.HasSuffix(u.name, r.suffix) {
			return r.role
		}
	}
	for _, part := range []string{"switch", "printer", "camera"} {
		if strings.HasPrefix(u.name, part+"-") {
			return part
		}
	}
	if strings.Contains(u.name, "-station-") {
		return "remote i/o"
	}
	return "workstation"
}

// routersTruth are the routers with the addresses of their ports.
func (f *Factory) routersTruth() []truth.Host {
	firewall := truth.HostOf("firewall", truth.RoleRouter, nil, nil)
	for _, name := range []string{"control", "dmz", "office", "outside"} {
		n := f.networkOf(name)
		port := truth.HostOf("", "", []netip.Addr{addr(n.gateway)}, []firedoor.MAC{firewallMAC + firedoor.MAC(n.vlan)})
		firewall.IPs, firewall.MACs = append(firewall.IPs, port.IPs...), append(firewall.MACs, port.MACs...)
	}
	list := []truth.Host{firewall}
	for i, outside := range []string{"10.20.30.201", "10.20.30.202"} {
		line := fmt.Sprintf("line-%d", i+1)
		macs := []firedoor.MAC{lineMAC + firedoor.MAC(f.networkOf(line).vlan), lineMAC + firedoor.MAC(i) + firedoor.MAC(f.networkOf("control").vlan)}
		list = append(list, truth.HostOf(line+"-gateway", truth.RoleRouter, []netip.Addr{addr("192.168.0.1"), addr(outside)}, macs))
	}
	return list
}
