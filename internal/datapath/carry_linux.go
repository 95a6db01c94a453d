package datapath

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/cilium/ebpf"
)

// A program of another layout begins with empty maps, but for those that are carried: what lies in
// them cannot be learned again before it is needed. The very map that is in force is taken, by a
// second pin, so the old program and the new one write and read the same, and nothing falls between.

// carried has, by the name of a map, what is lost where it cannot be carried. What lies in such a
// map keeps its meaning as long as its name and shape stay; one that is to mean something else gets
// another name.
var carried = map[string]string{
	gatewayMapTalks:   "who asked by UDP before this program is forgotten: answers that are under way go as what nobody asked for",
	gatewayMapOpeners: "who opened a connection before this program is forgotten: one that is not admitted any more goes on where its server could have opened it",
}

// carry pins the maps that are carried from the layout in force into this one's folder, where they
// are found as if an earlier process of this layout had made them. A map that is there already is
// of a program that never came into force. What cannot be carried begins empty, and is told when it
// comes to that.
func (d *Datapath) carry() error {
	folders, err := d.inForce()
	if err != nil || len(folders) == 0 {
		return err
	}
	for _, name := range kept {
		what, is := carried[name]
		if !is {
			continue
		}
		for _, folder := range folders {
			if err = d.share(folder, name); err == nil {
				break
			}
		}
		if err != nil {
			d.forgotten = append(d.forgotten, fmt.Sprintf("%s (%s)", what, err))
		}
	}
	return nil
}

// inForce gives the folder of the other layout whose program stands at the ports. A classifier
// leaves no pin of its own there; then it may be any of them, for one that never came into force
// shares what it could.
func (d *Datapath) inForce() ([]string, error) {
	all, err := filepath.Glob(filepath.Join(d.options.Pins, "layout-*"))
	if err != nil {
		return nil, err
	}
	others := slices.DeleteFunc(all, func(folder string) bool { return folder == d.folder })
	for _, folder := range others {
		for _, name := range linkNames {
			if _, err := os.Lstat(filepath.Join(folder, name)); err == nil {
				return []string{folder}, nil
			}
		}
	}
	return others, nil
}

// share pins a map of another layout in this one's folder too, if it has the shape that it has here.
func (d *Datapath) share(folder, name string) error {
	from := filepath.Join(folder, name)
	there, err := ebpf.LoadPinnedMap(from, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	defer func() { _ = there.Close() }()
	if err := d.spec.Maps[name].Compatible(there); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	second, err := there.Clone() // pinning the first would move its pin, and the old program may be needed again
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	defer func() { _ = second.Close() }() // the pin holds it
	to := filepath.Join(d.folder, name)
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	return second.Pin(to)
}

// tellForgotten says once what could not be carried, when this layout comes into force.
func (d *Datapath) tellForgotten() {
	for _, what := range d.forgotten {
		d.options.Log.Warn(what, "event", "forgotten")
	}
	d.forgotten = nil
}
