package datapath

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/vishvananda/netlink"
)

// Options say where a datapath is. Two of them need different Pins and Names.
type Options struct {
	Inside, Outside string // interfaces, each with no address and in no bridge
	// Pins is a folder on a mounted bpffs ("/sys/fs/bpf/firedoor"), made if it is missing.
	Pins string
	// Name begins the names of the interfaces towards user space; at most 10 letters,
	// "firedoor" if it is empty.
	Name string
	// Clsact attaches by a classifier even where the kernel has TCX.
	Clsact bool
	// Log is told what another layout's program remembered and this one could not take over;
	// slog.Default() if it is nil.
	Log *slog.Logger
}

// Datapath is the kernel's part of a gateway, as this process holds it.
type Datapath struct {
	options Options
	folder  string // of pins, of this layout
	ports   [2]netlink.Link
	asks    [2]netlink.Link
	worker  [2]string

	spec      *ebpf.CollectionSpec
	maps      map[string]*ebpf.Map
	forward   *ebpf.Program // stands at the ports
	probe     *ebpf.Program // for Test, nil until then
	forgotten []string      // what cannot be carried over from another layout, not told yet

	config, heartbeat *ebpf.Memory
	beat              [8]byte

	mu       sync.Mutex
	attached bool
}

// Open prepares the ports and takes over what an earlier process left there, whose
// tables stay in force. Where there is nothing yet, frames pass from the first
// Install on. It needs root.
func Open(o Options) (*Datapath, error) {
	if o.Name == "" {
		o.Name = "firedoor"
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if len(o.Name) > 10 {
		return nil, fmt.Errorf("name %q: at most 10 letters, for names of interfaces begin with it", o.Name)
	}
	d := &Datapath{options: o, folder: filepath.Join(o.Pins, layout), maps: map[string]*ebpf.Map{}}
	if err := d.open(); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func (d *Datapath) open() (err error) {
	if d.ports, err = findPorts(d.options.Inside, d.options.Outside); err != nil {
		return err
	}
	for i := range d.ports {
		if err := d.alone(i); err != nil {
			return err
		}
	}
	for _, p := range d.ports {
		if err := prepare(p); err != nil {
			return err
		}
	}
	if d.asks, d.worker, err = askLinks(d.options.Name, d.ports[0].Attrs().MTU); err != nil {
		return err
	}
	if err := os.MkdirAll(d.folder, 0o700); err != nil {
		return fmt.Errorf("pins: %w", err)
	}
	if d.spec, err = loadGateway(); err != nil {
		return err
	}
	if err := d.load(); err != nil {
		return err
	}
	if d.heartbeat, err = d.maps[gatewayMapHeartbeat].Memory(); err != nil {
		return err
	}
	if err := errors.Join(d.seed(), d.carryBypass()); err != nil {
		return err
	}
	if d.Generation() == 0 {
		return d.defaults()
	}
	return d.attach()
}

// load makes the maps that outlive this process, or finds those that are there, and
// the program for the ports.
func (d *Datapath) load() (err error) {
	if err := d.loadMap(gatewayMapConfig); err != nil {
		return err
	}
	if d.config, err = d.maps[gatewayMapConfig].Memory(); err != nil {
		return err
	}
	if d.Generation() == 0 { // this layout was never in force; another one may be
		if err := d.carry(); err != nil {
			return err
		}
	}
	for _, name := range append(kept[:len(kept):len(kept)], tabled[:]...) {
		if d.maps[name] != nil {
			continue
		}
		if err := d.loadMap(name); err != nil {
			return err
		}
	}
	d.forward, err = d.loadProgram(gatewayProgForward)
	return err
}

func (d *Datapath) loadMap(name string) (err error) {
	m := d.spec.Maps[name].Copy()
	m.Name, m.Pinning = name, ebpf.PinByName
	if d.maps[name], err = ebpf.NewMapWithOptions(m, ebpf.MapOptions{PinPath: d.folder}); err == nil {
		return nil
	}
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("map %s: the gateway's kernel part needs root: %w", name, err)
	}
	return fmt.Errorf("map %s (%s must be on a mounted bpffs: mount -t bpf bpf /sys/fs/bpf): %w", name, d.options.Pins, err)
}

// loadProgram gives the kernel a program, which it proves to be harmless.
func (d *Datapath) loadProgram(name string) (*ebpf.Program, error) {
	spec := d.spec.Copy()
	spec.Programs = map[string]*ebpf.ProgramSpec{name: spec.Programs[name]}
	for m := range spec.Maps {
		if d.maps[m] == nil && m != ".rodata" {
			delete(spec.Maps, m)
		}
	}
	delete(spec.Variables, gatewayVarDescribed)
	err := errors.Join(
		spec.Variables[gatewayVarPorts].Set([2]uint32{uint32(d.ports[0].Attrs().Index), uint32(d.ports[1].Attrs().Index)}),
		spec.Variables[gatewayVarAsks].Set([2]uint32{uint32(d.asks[0].Attrs().Index), uint32(d.asks[1].Attrs().Index)}),
	)
	if err != nil {
		return nil, err
	}
	c, err := ebpf.NewCollectionWithOptions(spec, ebpf.CollectionOptions{MapReplacements: d.maps})
	if err != nil {
		return nil, fmt.Errorf("loading the gateway's program: %w", err)
	}
	defer c.Close()
	return c.DetachProgram(name), nil
}

// Worker gives the interface at which frames to be asked about are read that came
// in at the inside port, and that for the outside one. What is to go on is sent at
// the other port.
func (d *Datapath) Worker() (inside, outside string) { return d.worker[0], d.worker[1] }

// Close lets go of what this process holds; what is attached stays in force.
func (d *Datapath) Close() {
	for _, m := range d.maps {
		_ = m.Close()
	}
	for _, p := range []*ebpf.Program{d.forward, d.probe} {
		if p != nil {
			_ = p.Close()
		}
	}
}

// Remove takes the gateway out of the kernel: nothing passes between the ports any more.
func (d *Datapath) Remove() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	errs = append(errs, d.detach(), d.forgetLayouts()) // one of them may be in force
	for _, l := range d.asks {
		errs = append(errs, netlink.LinkDel(l))
	}
	for _, p := range d.ports {
		errs = append(errs, netlink.SetPromiscOff(p))
	}
	errs = append(errs, os.RemoveAll(d.folder))
	d.Close()
	return errors.Join(errs...)
}
