package datapath

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// alone says whether somebody else's program stands at a port: two that decide about one
// frame would hide from each other what they do.
func (d *Datapath) alone(i int) error {
	name := d.ports[i].Attrs().Name
	there, err := link.QueryPrograms(link.QueryOptions{Target: d.ports[i].Attrs().Index, Attach: ebpf.AttachTCXIngress})
	if errors.Is(err, ebpf.ErrNotSupported) {
		return nil // this kernel has no place for others either
	}
	if err != nil {
		return fmt.Errorf("port %s: asking which programs stand at it: %w", name, err)
	}
	for _, p := range there.Programs {
		id, known := p.LinkID()
		if known && d.left(i, id) {
			continue
		}
		what := "a program"
		if program, err := ebpf.NewProgramFromID(p.ID); err == nil {
			if info, err := program.Info(); err == nil {
				if what = "the program " + info.Name; info.Name == "forward" {
					what = "another gateway"
				}
			}
			_ = program.Close()
		}
		return fmt.Errorf("port %s: %s stands at it already (bpftool net shows it): take it away first, or give the --pins it was started with", name, what)
	}
	return nil
}

// left tells whether a link is one that an earlier process left at these pins.
func (d *Datapath) left(i int, id link.ID) bool {
	pins, err := filepath.Glob(filepath.Join(d.options.Pins, "layout-*", linkNames[i]))
	if err != nil {
		return false
	}
	for _, pin := range pins {
		l, err := link.LoadPinnedLink(pin, nil)
		if err != nil {
			continue
		}
		info, err := l.Info()
		_ = l.Close()
		if err == nil && info.ID == id {
			return true
		}
	}
	return false
}
