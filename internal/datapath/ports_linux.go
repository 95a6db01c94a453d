package datapath

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"unsafe"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// findPort gives the interface of a port if it can be one: alone, silent and up.
// Frames must not find another way through this machine, or they would come twice
// or go round.
func findPort(name string) (netlink.Link, error) {
	l, err := netlink.LinkByName(name)
	if err != nil {
		return nil, fmt.Errorf("port %s: no such network interface (ip link lists those that are there): %w", name, err)
	}
	a := l.Attrs()
	switch {
	case a.EncapType != "ether":
		return nil, fmt.Errorf("port %s: is no Ethernet interface but %s", name, a.EncapType)
	case a.MasterIndex != 0:
		return nil, fmt.Errorf("port %s: belongs to a bridge or bond, and frames would pass by the gateway: take it out (ip link set %s nomaster)", name, name)
	case a.Flags&net.FlagUp == 0:
		return nil, fmt.Errorf("port %s: is not up (ip link set %s up)", name, name)
	}
	addresses, err := netlink.AddrList(l, netlink.FAMILY_ALL)
	if err != nil {
		return nil, fmt.Errorf("port %s: reading its addresses: %w", name, err)
	}
	for _, at := range addresses {
		if !at.IP.IsLinkLocalUnicast() || at.IP.To4() != nil {
			return nil, fmt.Errorf("port %s: has the address %v, and a port of the gateway has none: take it away (ip addr flush dev %s), and reach this machine by another interface", name, at.IPNet, name)
		}
	}
	return l, nil
}

// findPorts gives both ports.
func findPorts(inside, outside string) (ports [2]netlink.Link, err error) {
	if inside == outside {
		return ports, fmt.Errorf("port %s: is both inside and outside", inside)
	}
	for i, name := range []string{inside, outside} {
		if ports[i], err = findPort(name); err != nil {
			return ports, err
		}
	}
	if a, b := ports[0].Attrs(), ports[1].Attrs(); a.MTU != b.MTU {
		return ports, fmt.Errorf("port %s: takes frames of %d bytes and port %s of %d: large ones would be lost (ip link set %s mtu %d)", inside, a.MTU, outside, b.MTU, outside, a.MTU)
	}
	return ports, nil
}

// prepare makes the kernel leave frames of a port as they are, and say nothing of
// its own there.
func prepare(port netlink.Link) error {
	name := port.Attrs().Name
	if err := silence(name); err != nil {
		return err
	}
	if err := netlink.SetPromiscOn(port); err != nil { // frames are for others
		return fmt.Errorf("port %s: taking in frames for others: %w", name, err)
	}
	return wholeFrames(name)
}

// silence ends IPv6 on an interface: its solicitations and reports are frames of ours.
func silence(name string) error {
	err := os.WriteFile("/proc/sys/net/ipv6/conf/"+name+"/disable_ipv6", []byte("1"), 0)
	if err != nil && !errors.Is(err, os.ErrNotExist) { // a kernel without IPv6
		return fmt.Errorf("port %s: switching IPv6 off: %w", name, err)
	}
	return nil
}

// Requests of the kernel's ethtool interface (linux/ethtool.h).
const (
	getTSO, setTSO     = 0x1e, 0x1f
	getFlags, setFlags = 0x25, 0x26
	getGRO, setGRO     = 0x2b, 0x2c
	flagLRO            = 1 << 15
)

// wholeFrames switches off what joins frames on their way in or leaves cutting to
// the card, and looks whether that came to be.
func wholeFrames(name string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("port %s: asking for its offloads: %w", name, err)
	}
	defer func() { _ = unix.Close(fd) }()
	for _, f := range []struct {
		what     string
		get, set uint32
		bits     uint32
	}{{"GRO", getGRO, setGRO, 1}, {"LRO", getFlags, setFlags, flagLRO}, {"TSO", getTSO, setTSO, 1}} {
		on, err := ethtool(fd, name, f.get, 0)
		if err == nil && on&f.bits != 0 {
			if _, err = ethtool(fd, name, f.set, on&^f.bits); err == nil {
				on, err = ethtool(fd, name, f.get, 0)
			}
		}
		if errors.Is(err, unix.EOPNOTSUPP) {
			continue // what it cannot do it does not do
		}
		if err != nil {
			return fmt.Errorf("port %s: switching %s off: %w", name, f.what, err)
		}
		if on&f.bits != 0 {
			return fmt.Errorf("port %s: %s stays on: frames would be joined on their way, and the plant's switches cannot take those", name, f.what)
		}
	}
	return nil
}

type ethtoolValue struct{ command, data uint32 }

type ethtoolRequest struct {
	name [unix.IFNAMSIZ]byte
	data unsafe.Pointer
	_    [16]byte // the kernel's structure is that long
}

func ethtool(fd int, name string, command, value uint32) (uint32, error) {
	v := ethtoolValue{command, value}
	r := ethtoolRequest{data: unsafe.Pointer(&v)}
	copy(r.name[:unix.IFNAMSIZ-1], name)
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&r))); e != 0 {
		return 0, e
	}
	return v.data, nil
}

// askLinks are the pairs of interfaces towards user space: frames to be asked about
// that came in at a port go into one end and are read at the other.
func askLinks(name string, mtu int) (here [2]netlink.Link, there [2]string, err error) {
	for i, port := range []string{"i", "o"} {
		a, b := name+"-"+port, name+"-"+port+"w"
		if here[i], err = askLink(a, b, mtu); err != nil {
			return here, there, err
		}
		there[i] = b
	}
	return here, there, nil
}

func askLink(a, b string, mtu int) (netlink.Link, error) {
	if _, err := netlink.LinkByName(a); err != nil {
		attrs := netlink.NewLinkAttrs()
		attrs.Name, attrs.MTU = a, mtu
		if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: b, PeerMTU: uint32(mtu)}); err != nil {
			return nil, fmt.Errorf("making the pair of interfaces %s and %s: %w", a, b, err)
		}
	}
	for _, name := range []string{a, b} {
		l, err := netlink.LinkByName(name)
		if err == nil {
			if err = silence(name); err == nil {
				err = netlink.LinkSetUp(l)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("interface %s: %w", name, err)
		}
	}
	l, err := netlink.LinkByName(a)
	if err != nil {
		return nil, fmt.Errorf("interface %s: %w", a, err)
	}
	return l, errors.Join(wholeFrames(a), cutFrames(l))
}

// cutFrames makes the kernel cut what a sender left to a card to cut, before it goes to
// user space: a program on this machine, or one behind a virtual interface, sends many
// segments as one, and a place in a ring has room for a frame.
func cutFrames(l netlink.Link) error {
	if err := netlink.LinkSetGSOMaxSegs(l, 1); err != nil {
		return fmt.Errorf("interface %s: having joined frames cut: %w", l.Attrs().Name, err)
	}
	return nil
}

// Amiss says what became of ports since they were opened: one that was taken away, so that nothing passes though another
// interface may have its name, and one that somebody took down. taken are those that are to be down.
func (d *Datapath) Amiss(taken []string) (out []string) {
	for _, port := range d.ports {
		name := port.Attrs().Name
		now, err := netlink.LinkByIndex(port.Attrs().Index)
		var none netlink.LinkNotFoundError
		switch {
		case errors.As(err, &none):
			out = append(out, "port "+name+" was taken away, and nothing passes: an interface that has its name now is another one; start the gateway anew")
		case err == nil && now.Attrs().RawFlags&unix.IFF_UP == 0 && !slices.Contains(taken, name):
			out = append(out, "port "+name+" was taken down (ip link set "+name+" up)")
		}
	}
	return out
}
