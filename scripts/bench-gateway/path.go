package main

import (
	"fmt"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"

	"firedoor/internal/datapath"
	"firedoor/internal/testbed"
)

// port is where the server answers.
const port = 7000

// path is two hosts with something between them.
type path struct {
	name string
	bed  *testbed.Bed
	free func()
}

// takes tells whether traffic of a kind goes this way: what is judged is Modbus, on TCP.
func (p *path) takes(k kind) bool { return p.name != "deep path" || k.transport == "tcp" }

// build makes all paths; closeAll takes away those that were made.
func build(o *options) (paths []*path, closeAll func(), err error) {
	closeAll = func() {
		for _, p := range paths {
			p.free()
			p.bed.Close()
		}
	}
	for i, between := range []func(*testbed.Bed, string, *options) (string, func(), error){bridge, kernelPath, deep} {
		name := fmt.Sprintf("fb%d%d", i, os.Getpid()%10_000)
		bed, err := testbed.New(name)
		if err != nil {
			return paths, closeAll, err
		}
		p := &path{bed: bed, free: func() {}}
		paths = append(paths, p)
		what, free, err := between(bed, name, o)
		if err != nil {
			return paths, closeAll, fmt.Errorf("%s: %w", what, err)
		}
		p.name, p.free = what, free
	}
	return paths, closeAll, nil
}

func bridge(b *testbed.Bed, name string, _ *options) (string, func(), error) {
	br := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: name + "b"}}
	if err := netlink.LinkAdd(br); err != nil {
		return "bridge", nil, err
	}
	free := func() { _ = netlink.LinkDel(br) }
	for _, h := range []*testbed.Host{b.Client, b.Server} {
		l, err := netlink.LinkByName(h.Port)
		if err == nil {
			err = netlink.LinkSetMaster(l, br)
		}
		if err != nil {
			free()
			return "bridge", nil, err
		}
	}
	return "bridge", free, netlink.LinkSetUp(br)
}

func kernelPath(b *testbed.Bed, name string, o *options) (string, func(), error) {
	pins, err := os.MkdirTemp("", "bench-gateway")
	if err != nil {
		return "kernel path", nil, err
	}
	unmount, err := testbed.MountPins(pins)
	if err != nil {
		return "kernel path", nil, err
	}
	d, err := datapath.Open(datapath.Options{Inside: b.Client.Port, Outside: b.Server.Port, Pins: pins, Name: name})
	if err == nil {
		err = d.Install(tables(b, o.gates))
	}
	return "kernel path", func() {
		if d != nil {
			_ = d.Remove()
		}
		unmount()
		_ = os.Remove(pins)
	}, err
}

// tables are those of a closed plant: two zones, and of many gates two that let
// the traffic pass.
func tables(b *testbed.Bed, gates int) *datapath.Tables {
	pass, drop := datapath.Gate{Rule: 1}, datapath.Gate{Action: datapath.Drop, Floor: datapath.FloorDrop}
	t := &datapath.Tables{
		Places: []datapath.Place{
			{Prefix: netip.MustParsePrefix("10.0.0.0/8"), Place: 1, Zone: 1},
			{Prefix: netip.PrefixFrom(b.Client.IP4, 32), Place: 11, Zone: 1},
			{Prefix: netip.PrefixFrom(b.Server.IP4, 32), Place: 12, Zone: 2},
		},
		Joined: []datapath.Joined{{Client: 1, Server: 2, Pair: 1}},
		Pairs:  []datapath.Pair{{Default: drop, EtherTypes: drop}, {Default: drop, EtherTypes: drop}},
		Gates:  []datapath.PortGate{{Pair: 1, Transport: 6, Port: port, Gate: pass}, {Pair: 1, Transport: 17, Port: port, Gate: pass}},
	}
	for i := range gates {
		host := netip.AddrFrom4([4]byte{10, 50 + byte(i>>16), byte(i >> 8), byte(i)})
		t.Places = append(t.Places, datapath.Place{Prefix: netip.PrefixFrom(host, 32), Place: uint32(100 + i), Zone: 1})
		t.Joined = append(t.Joined, datapath.Joined{Client: uint32(100 + i), Server: 12, Pair: uint32(2 + i)})
		t.Pairs = append(t.Pairs, datapath.Pair{Default: drop, EtherTypes: drop})
		t.Gates = append(t.Gates, datapath.PortGate{Pair: uint32(2 + i), Transport: 6, Port: 502, Gate: pass})
	}
	return t
}
