package datapath

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A port is attached once, by a link that is pinned (TCX) or a classifier that stays
// by itself (clsact). A later process changes the program in it; tables are changed
// without touching it.

var linkNames = [2]string{"link-inside", "link-outside"}

// attach puts the program at both ports, or takes over what stands there.
func (d *Datapath) attach() error {
	d.tellForgotten()
	for i := range d.ports {
		if err := d.attachPort(i); err != nil {
			return fmt.Errorf("port %s: %w", d.ports[i].Attrs().Name, err)
		}
	}
	d.attached = true
	return d.forgetLayouts()
}

func (d *Datapath) attachPort(i int) error {
	if d.options.Clsact {
		return d.attachClassifier(i)
	}
	if done, err := d.takeOver(i); done || err != nil {
		return err
	}
	l, err := link.AttachTCX(link.TCXOptions{Interface: d.ports[i].Attrs().Index, Program: d.forward, Attach: ebpf.AttachTCXIngress})
	if errors.Is(err, ebpf.ErrNotSupported) {
		return d.attachClassifier(i)
	}
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }() // the pin holds it
	return l.Pin(filepath.Join(d.folder, linkNames[i]))
}

// takeOver gives the program of this process to a link that was left, of this
// layout or another. Frames do not notice.
func (d *Datapath) takeOver(i int) (done bool, err error) {
	left, err := filepath.Glob(filepath.Join(d.options.Pins, "layout-*", linkNames[i]))
	if err != nil || len(left) == 0 {
		return false, err
	}
	l, err := link.LoadPinnedLink(left[0], nil)
	if err != nil {
		return false, fmt.Errorf("what was left there in %s: %w", left[0], err)
	}
	defer func() { _ = l.Close() }()
	info, err := l.Info()
	if err != nil {
		return false, err
	}
	if x := info.TCX(); x == nil || int(x.Ifindex) != d.ports[i].Attrs().Index {
		// It belongs to an interface that is gone, or to another one: it is not in force here.
		return false, l.Unpin()
	}
	if err := l.Update(d.forward); err != nil {
		return false, err
	}
	return true, l.Pin(filepath.Join(d.folder, linkNames[i]))
}

// forgetLayouts removes pins of other layouts, whose maps nobody uses any more.
func (d *Datapath) forgetLayouts() error {
	others, err := filepath.Glob(filepath.Join(d.options.Pins, "layout-*"))
	for _, o := range others {
		if o != d.folder {
			err = errors.Join(err, os.RemoveAll(o))
		}
	}
	return err
}

func (d *Datapath) classifier(i int) *netlink.BpfFilter {
	return &netlink.BpfFilter{
		FilterAttrs: netlink.FilterAttrs{
			LinkIndex: d.ports[i].Attrs().Index, Parent: netlink.HANDLE_MIN_INGRESS,
			Handle: 1, Priority: 1, Protocol: unix.ETH_P_ALL,
		},
		Fd: d.forward.FD(), Name: "firedoor", DirectAction: true,
	}
}

func clsact(port netlink.Link) netlink.Qdisc {
	return &netlink.Clsact{QdiscAttrs: netlink.QdiscAttrs{
		LinkIndex: port.Attrs().Index, Handle: netlink.MakeHandle(0xffff, 0), Parent: netlink.HANDLE_CLSACT,
	}}
}

func (d *Datapath) attachClassifier(i int) error {
	if err := netlink.QdiscAdd(clsact(d.ports[i])); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("adding clsact: %w", err)
	}
	if err := netlink.FilterReplace(d.classifier(i)); err != nil {
		return fmt.Errorf("adding the classifier: %w", err)
	}
	return nil
}

// detach takes the program off both ports.
func (d *Datapath) detach() (err error) {
	for i := range d.ports {
		pin := filepath.Join(d.folder, linkNames[i])
		if l, e := link.LoadPinnedLink(pin, nil); e == nil {
			err = errors.Join(err, l.Unpin(), l.Close())
			continue
		}
		if e := netlink.FilterDel(d.classifier(i)); e != nil && !errors.Is(e, unix.ENOENT) && !errors.Is(e, unix.EINVAL) {
			err = errors.Join(err, e)
			continue
		}
		if rest, e := netlink.FilterList(d.ports[i], netlink.HANDLE_MIN_INGRESS); e == nil && len(rest) == 0 {
			_ = netlink.QdiscDel(clsact(d.ports[i])) // without it, it does no harm
		}
	}
	d.attached = false
	return err
}
