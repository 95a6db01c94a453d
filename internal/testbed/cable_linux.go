package testbed

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Cable makes a pair of interfaces: what is sent on one end comes in at the other.
// Both are up, and without traffic of their own.
func Cable(a, b string) error {
	if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: a}, PeerName: b}); err != nil {
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EOPNOTSUPP) {
			return fmt.Errorf("%w: %w", ErrUnable, err)
		}
		return err
	}
	for _, name := range []string{a, b} {
		l, err := netlink.LinkByName(name)
		if err != nil {
			return err
		}
		mute(name)
		if err := netlink.LinkSetUp(l); err != nil {
			return err
		}
	}
	return untilUp(a, b)
}

// mute keeps the kernel from sending on an interface by itself.
func mute(name string) {
	_ = os.WriteFile("/proc/sys/net/ipv6/conf/"+name+"/disable_ipv6", []byte("1"), 0)
}

// untilUp waits until interfaces carry frames, which the kernel does in its own time.
func untilUp(names ...string) error {
	for range 1000 {
		up := 0
		for _, name := range names {
			if l, err := netlink.LinkByName(name); err == nil && l.Attrs().OperState == netlink.OperUp {
				up++
			}
		}
		if up == len(names) {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("interfaces %v do not come up", names)
}
