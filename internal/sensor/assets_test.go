package sensor

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/plant"
)

// These tests send frames through the whole pipeline and look at the assets and
// at what detectors are shown: the rules themselves are tested in inventory.

func hostAt(name string, mac firedoor.MAC, ip string) *plant.Host {
	return &plant.Host{Name: name, MAC: mac, IP: netip.MustParseAddr(ip)}
}

var everyone = &plant.Host{MAC: plant.Broadcast, IP: netip.MustParseAddr("255.255.255.255")}

// quiet is an ordinary hour's beginning, in which the panel polls the controller.
func quiet(n *plant.Net, server *plant.Host) *plant.Conn {
	panel := hostAt("panel", panel.MAC, "10.1.0.10")
	n.ARP(panel, server.IP)
	n.ARPAnswer(server, panel)
	c := n.Dial(panel, server, 50001, plant.PortModbus)
	pollModbus(n, c, 60, time.Second)
	return c
}

func (out *outcome) history(t *testing.T, ip, kind string) int {
	t.Helper()
	n := 0
	for _, e := range out.asset(t, ip).History {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func TestAddressMovesByDHCP(t *testing.T) {
	first := hostAt("first", 0x8c1645000001, "10.1.0.77")
	second := hostAt("second", 0x8c1645000002, "10.1.0.77")
	server := hostAt("server", 0x001422000005, "10.1.0.5")
	lease := func(n *plant.Net, h *plant.Host) {
		l := plant.Lease{Transaction: uint32(h.MAC), Client: h.MAC, Name: h.Name, Server: server.IP, Router: server.IP, Seconds: 3600}
		nobody := &plant.Host{MAC: h.MAC, IP: netip.IPv4Unspecified()}
		n.UDP(nobody, everyone, 68, 67, l.Message(nil, plant.DHCPDiscover))
		l.Offered = h.IP
		n.UDP(server, everyone, 67, 68, l.Message(nil, plant.DHCPOffer))
		n.UDP(nobody, everyone, 68, 67, l.Message(nil, plant.DHCPRequest))
		n.UDP(server, everyone, 67, 68, l.Message(nil, plant.DHCPAck))
		n.UDP(h, server, 40000, 9, []byte("hello"))
	}
	o := replay(t, Options{LearnTime: time.Minute}, write(t, func(n *plant.Net) {
		lease(n, first)
		n.Wait(2 * time.Hour)
		for range 4 { // traffic time is believed to have come so far
			n.UDP(server, everyone, 40000, 9, []byte("here"))
			n.Wait(time.Second)
		}
		lease(n, second)
		n.Wait(10 * time.Second)
		n.UDP(second, server, 40000, 9, []byte("again"))
	}))
	if len(o.assets) != 3 || o.history(t, "10.1.0.77", "address-moved") != 1 {
		t.Errorf("%s", o.files["assets.json"])
	}
	if a := o.asset(t, "10.1.0.77"); a.Name != "second" {
		t.Errorf("%+v", a)
	}
	if o.saw("moved") != 1 || o.saw("contradiction") != 0 || o.saw("replaced") != 0 {
		t.Errorf("%v", o.seen)
	}
}

// TestVirtualAddressFailsOver: two routers with addresses of their own share a
// third; it moves, and moves back.
func TestVirtualAddressFailsOver(t *testing.T) {
	a, b := hostAt("a", 0x00090f000001, "10.1.0.2"), hostAt("b", 0x00090f000002, "10.1.0.3")
	shared := func(h *plant.Host) *plant.Host { return hostAt("shared", h.MAC, "10.1.0.1") }
	o := replay(t, Options{LearnTime: 5 * time.Minute}, write(t, func(n *plant.Net) {
		for _, h := range []*plant.Host{a, b} {
			n.ARP(h, h.IP)
			n.UDP(h, everyone, 40000, 9, []byte("own"))
		}
		owner := a
		for k := range 3 {
			n.ARP(shared(owner), shared(owner).IP)
			for range 20 {
				n.UDP(shared(owner), panel0, 514, 514, []byte("log"))
				n.Wait(30 * time.Second)
				n.UDP(a, everyone, 40000, 9, []byte("own"))
				n.UDP(b, everyone, 40000, 9, []byte("own"))
			}
			if owner = b; k == 1 {
				owner = a
			}
		}
	}))
	if len(o.assets) != 2 {
		t.Errorf("%d assets: %s", len(o.assets), o.files["assets.json"])
	}
	if got := o.history(t, "10.1.0.1", "virtual-address-moved"); got != 2 {
		t.Errorf("moved %d times, want 2", got)
	}
	if o.saw("moved") != 2 || o.saw("contradiction")+o.saw("replaced") != 0 {
		t.Errorf("%s", strings.Join(o.seen, "\n"))
	}
	if got := o.asset(t, "10.1.0.1"); got.ID != o.asset(t, "10.1.0.2").ID {
		t.Error("the address did not go back")
	}
}

var panel0 = hostAt("panel", 0x00d0c9000010, "10.1.0.10")

// TestVirtualRouterFailsBack: one MAC of a redundancy protocol, held in turn.
func TestVirtualRouterFailsBack(t *testing.T) {
	const virtual = 0x00005e000107
	a, b := hostAt("a", 0x00090f000001, "10.1.0.2"), hostAt("b", 0x00090f000002, "10.1.0.3")
	o := replay(t, Options{}, write(t, func(n *plant.Net) {
		for _, h := range []*plant.Host{a, b} {
			n.ARP(h, h.IP)
			n.UDP(h, everyone, 40000, 9, []byte("own"))
		}
		for _, h := range []*plant.Host{a, b, a} { // advertisements come from the real address with the virtual MAC
			for range 40 {
				n.UDP(&plant.Host{MAC: virtual, IP: h.IP}, everyone, 112, 112, []byte("advertisement"))
				n.Wait(time.Second)
				n.UDP(h, everyone, 40000, 9, []byte("own"))
			}
		}
	}))
	if len(o.assets) != 3 {
		t.Errorf("%d assets, want the two and the virtual one", len(o.assets))
	}
	moved := 0
	for _, as := range o.assets {
		for _, e := range as.History {
			if e.Kind == "virtual-address-moved" {
				moved++
			}
		}
	}
	if moved != 2 || o.saw("contradiction") != 0 {
		t.Errorf("moved %d times, want 2: %s", moved, o.files["assets.json"])
	}
}

func TestRouterWithManyBehind(t *testing.T) {
	router := hostAt("router", 0x8c1645000001, "10.1.0.1")
	server := hostAt("server", 0x0080f4000020, "10.1.0.20")
	for _, ttl := range []uint8{63, 100} { // the hop count tells at once, or only the number of addresses does
		o := replay(t, Options{}, write(t, func(n *plant.Net) {
			n.ARP(router, server.IP)
			n.ARPAnswer(server, router)
			for i := range 200 {
				far := &plant.Host{MAC: router.MAC, IP: netip.AddrFrom4([4]byte{10, 9, 0, byte(i)}), TTL: ttl}
				c := n.Dial(far, server, 50000, plant.PortModbus)
				pollModbus(n, c, 2, time.Millisecond)
				c.Close()
			}
		}))
		if len(o.assets) != 202 {
			t.Errorf("hop count %d: %d assets, want 200, the router and the server", ttl, len(o.assets))
		}
		r := o.asset(t, "10.1.0.1")
		if r.HostsBehind != 200 || r.Role != firedoor.RoleRouter {
			t.Errorf("hop count %d: %d behind a %s", ttl, r.HostsBehind, r.Role)
		}
		far := o.asset(t, "10.9.0.7")
		if far.ID == r.ID || far.Packets == 0 {
			t.Errorf("%+v", far)
		}
	}
}

func TestReplacedController(t *testing.T) {
	old := hostAt("old", 0x0080f4000020, "10.1.0.20")
	fresh := hostAt("fresh", 0x0080f4000099, "10.1.0.20")
	o := replay(t, Options{LearnTime: 30 * time.Second}, write(t, func(n *plant.Net) {
		quiet(n, old)
		n.Wait(5 * time.Minute)
		n.ARP(fresh, fresh.IP)
		quiet(n, fresh)
		quiet(n, fresh)
	}))
	if o.saw("replaced") != 1 || o.saw("contradiction") != 0 {
		t.Errorf("%v", o.seen)
	}
	a := o.asset(t, "10.1.0.20")
	if !strings.Contains(o.files["assets.json"], `"replaced-by"`) || a.Relations == nil {
		t.Errorf("%s", o.files["assets.json"])
	}
}

// TestForgedClaim: a stranger claims the controller's address once, while the
// controller only answers polls as it did all day. It keeps its address, and the
// contradiction is told.
func TestForgedClaim(t *testing.T) {
	server := hostAt("server", 0x0080f4000020, "10.1.0.20")
	forger := hostAt("forger", 0x8c1645000066, "10.1.0.20")
	o := replay(t, Options{LearnTime: 30 * time.Second}, write(t, func(n *plant.Net) {
		c := quiet(n, server)
		n.ARP(forger, forger.IP)
		pollModbus(n, c, 180, time.Second)
	}))
	if o.saw("contradiction") != 1 || o.saw("replaced")+o.saw("moved") != 0 {
		t.Errorf("%v", o.seen)
	}
	for _, id := range o.asset(t, "10.1.0.20").Identifiers {
		if id.Kind == "mac" && id.Value != "00:80:f4:00:00:20" {
			t.Errorf("the address went to %s", id.Value)
		}
	}
}

// TestClaimsInTurn: holder and forger both claim the address again and again,
// each heard in a lane of its own.
func TestClaimsInTurn(t *testing.T) {
	server := hostAt("server", 0x0080f4000020, "10.1.0.20")
	for i := range firedoor.MAC(4) {
		forger := hostAt("forger", 0x8c1645000066+i, "10.1.0.20")
		o := replay(t, Options{LearnTime: 30 * time.Second}, write(t, func(n *plant.Net) {
			quiet(n, server).Close()
			for range 3 {
				n.ARP(forger, panel0.IP)
				n.Wait(2 * time.Second)
				n.ARP(server, panel0.IP)
				n.Wait(2 * time.Second)
			}
		}))
		if o.saw("contradiction") != 1 {
			t.Errorf("forger %s: %v", forger.MAC, o.seen)
		}
	}
}

// TestUnknownFlowBegunWhileLearning is learned, though it is filed when it ends.
func TestUnknownFlowBegunWhileLearning(t *testing.T) {
	a, b := hostAt("a", 0x00d0c9000011, "10.1.0.11"), hostAt("b", 0x00d0c9000012, "10.1.0.12")
	o := replay(t, Options{LearnTime: 30 * time.Second}, write(t, func(n *plant.Net) {
		c := n.Dial(a, b, 50001, 30000)
		for range 60 {
			c.Client([]byte("nobody knows"))
			c.Server([]byte("what this is"))
			n.Wait(time.Second)
		}
		c.Close()
		d := n.Dial(b, a, 50001, 30000)
		d.Client([]byte("but this one is new"))
		d.Close()
	}))
	if o.saw("new-conversation") != 1 {
		t.Errorf("%v", o.seen)
	}
}
