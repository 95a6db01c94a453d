package testbed

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// ErrUnable says that namespaces or interfaces cannot be made here, for want of
// root or of a kernel that has them.
var ErrUnable = errors.New("network namespaces and interfaces cannot be made here (it takes root)")

// Host is one machine: a network namespace with one interface, whose cable ends in
// Port, outside; of a host behind another one it is empty.
type Host struct {
	Port string // the end in our namespace
	IP4  netip.Addr
	IP6  netip.Addr
	MAC  net.HardwareAddr
	ns   *os.File
}

// Wire is the interface's name within a host.
const Wire = "wire"

// Bed is two hosts on one subnet with nothing between their ports yet.
type Bed struct {
	Client, Server *Host
	far            *Host // behind the server, where there is one
}

// New makes two hosts; names of ports begin with name, which has at most 12 letters.
func New(name string) (*Bed, error) {
	b := &Bed{}
	var err error
	if b.Client, err = newHost(name+"c", 1); err != nil {
		return nil, err
	}
	if b.Server, err = newHost(name+"s", 2); err != nil {
		b.Client.close()
		return nil, err
	}
	if err := untilUp(b.Client.Port, b.Server.Port); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// Close takes the hosts away.
func (b *Bed) Close() {
	b.Client.close()
	b.Server.close()
	if b.far != nil {
		b.far.close()
	}
}

func newHost(port string, number byte) (*Host, error) {
	h := &Host{
		Port: port,
		IP4:  netip.AddrFrom4([4]byte{10, 97, 0, number}),
		IP6:  netip.AddrFrom16([16]byte{0xfd, 97, 15: number}),
		MAC:  net.HardwareAddr{2, 0, 0, 97, 0, number},
	}
	if err := h.makeSpace(); err != nil {
		return nil, err
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = port
	cable := &netlink.Veth{LinkAttrs: attrs, PeerName: Wire, PeerHardwareAddr: h.MAC, PeerNamespace: netlink.NsFd(h.ns.Fd())}
	if err := netlink.LinkAdd(cable); err != nil {
		h.close()
		return nil, fmt.Errorf("%w: %w", ErrUnable, err)
	}
	mute(port)
	err := netlink.LinkSetUp(cable)
	if err == nil {
		err = h.Do(h.configure)
	}
	if err == nil {
		err = h.Do(func() error { return wholeFrames(Wire) })
	}
	if err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

// makeSpace makes a namespace that lives as long as we hold its file.
func (h *Host) makeSpace() error {
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			h.ns, err = os.Open("/proc/thread-self/ns/net")
		}
		made <- err
	}()
	if err := <-made; err != nil {
		return fmt.Errorf("%w: %w", ErrUnable, err)
	}
	return nil
}

// configure runs in the namespace.
func (h *Host) configure() error {
	wire, err := netlink.LinkByName(Wire)
	if err != nil {
		return err
	}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	for _, ip := range []netip.Addr{h.IP4, h.IP6} {
		if err := addAddress(wire, ip); err != nil {
			return err
		}
	}
	// A host that asked in vain asks again soon, so that tests need not wait for it, and often, so
	// that it does not believe a neighbour gone where only this machine stood still.
	for _, family := range []string{"ipv4", "ipv6"} {
		for name, value := range map[string]string{"retrans_time_ms": "50", "mcast_solicit": "40", "ucast_solicit": "40"} {
			if err := os.WriteFile("/proc/sys/net/"+family+"/neigh/"+Wire+"/"+name, []byte(value), 0); err != nil {
				return err
			}
		}
	}
	return errors.Join(netlink.LinkSetUp(lo), netlink.LinkSetUp(wire))
}

// Do runs f in the host's namespace; sockets and programs that f makes stay there.
func (h *Host) Do(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good, as in makeSpace
		err := unix.Setns(int(h.ns.Fd()), unix.CLONE_NEWNET)
		if err == nil {
			err = f()
		}
		done <- err
	}()
	return <-done
}

// close removes the cable; the namespace goes with its last user.
func (h *Host) close() {
	if h.Port != "" {
		if l, err := netlink.LinkByName(h.Port); err == nil {
			_ = netlink.LinkDel(l)
		}
	}
	if h.ns != nil {
		_ = h.ns.Close()
	}
}
