package testbed

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// far is the name, in the server, of the interface behind which the far host is.
const far = "far"

// Behind makes a third host on a subnet of its own, which the client reaches through
// the server: there a frame's time to live ends that is not zero at the client.
func (b *Bed) Behind() (*Host, error) {
	h := &Host{
		IP4: netip.AddrFrom4([4]byte{10, 98, 0, 2}),
		IP6: netip.AddrFrom16([16]byte{0xfd, 98, 15: 2}),
		MAC: net.HardwareAddr{2, 0, 0, 98, 0, 2},
	}
	if err := h.makeSpace(); err != nil {
		return nil, err
	}
	router := netip.AddrFrom4([4]byte{10, 98, 0, 1})
	err := b.Server.Do(func() error {
		attrs := netlink.NewLinkAttrs()
		attrs.Name = far
		cable := &netlink.Veth{LinkAttrs: attrs, PeerName: Wire, PeerHardwareAddr: h.MAC, PeerNamespace: netlink.NsFd(h.ns.Fd())}
		if err := netlink.LinkAdd(cable); err != nil {
			return fmt.Errorf("%w: %w", ErrUnable, err)
		}
		return errors.Join(addAddress(cable, router), netlink.LinkSetUp(cable), wholeFrames(far), os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0))
	})
	if err == nil {
		err = h.Do(h.configure)
	}
	if err == nil {
		err = h.Do(func() error { return errors.Join(wholeFrames(Wire), addRoute(nil, router)) })
	}
	if err == nil {
		err = b.Client.Do(func() error {
			return addRoute(&net.IPNet{IP: h.IP4.AsSlice(), Mask: net.CIDRMask(32, 32)}, b.Server.IP4)
		})
	}
	if err != nil {
		h.close()
		return nil, err
	}
	b.far = h
	return h, nil
}

func addAddress(l netlink.Link, ip netip.Addr) error {
	bits := 24
	if ip.Is6() {
		bits = 64
	}
	a := &netlink.Addr{IPNet: &net.IPNet{IP: ip.AsSlice(), Mask: net.CIDRMask(bits, ip.BitLen())}, Flags: unix.IFA_F_NODAD}
	if err := netlink.AddrAdd(l, a); err != nil {
		return fmt.Errorf("address %v: %w", ip, err)
	}
	return nil
}

func addRoute(to *net.IPNet, over netip.Addr) error {
	if err := netlink.RouteAdd(&netlink.Route{Dst: to, Gw: over.AsSlice()}); err != nil {
		return fmt.Errorf("route over %v: %w", over, err)
	}
	return nil
}

// Also gives a host another address.
func (h *Host) Also(ip netip.Addr) error {
	return h.Do(func() error {
		wire, err := netlink.LinkByName(Wire)
		if err != nil {
			return err
		}
		return addAddress(wire, ip)
	})
}

// Knows tells a host where an address is, so that nobody need answer for it.
func (h *Host) Knows(ip netip.Addr, mac net.HardwareAddr) error {
	return h.Do(func() error {
		wire, err := netlink.LinkByName(Wire)
		if err != nil {
			return err
		}
		return netlink.NeighSet(&netlink.Neigh{LinkIndex: wire.Attrs().Index, State: netlink.NUD_PERMANENT, IP: ip.AsSlice(), HardwareAddr: mac})
	})
}
