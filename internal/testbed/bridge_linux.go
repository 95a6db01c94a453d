package testbed

import (
	"errors"

	"github.com/vishvananda/netlink"
)

// Bridge joins the two ports of a bed by a bridge of the kernel's own, with nothing
// that judges; free takes it away.
func (b *Bed) Bridge(name string) (free func(), err error) {
	br := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: name}}
	if err := netlink.LinkAdd(br); err != nil {
		return nil, errors.Join(ErrUnable, err)
	}
	free = func() { _ = netlink.LinkDel(br) }
	for _, h := range []*Host{b.Client, b.Server} {
		l, err := netlink.LinkByName(h.Port)
		if err == nil {
			err = netlink.LinkSetMaster(l, br)
		}
		if err != nil {
			free()
			return nil, err
		}
	}
	if err := netlink.LinkSetUp(br); err != nil {
		free()
		return nil, err
	}
	return free, nil
}
