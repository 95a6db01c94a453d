package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

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
func (p *path) takes(k kind) bool { return p.name != deepPath || k.transport == "tcp" }

// build makes all paths; closeAll takes away those that were made.
func build(o *options) (paths []*path, closeAll func(), err error) {
	closeAll = func() {
		for _, p := range paths {
			p.free()
			p.bed.Close()
		}
	}
	all := []func(*testbed.Bed, string, *options) (string, func(), error){bridge, kernelPath, deep}
	if !o.alone {
		all = append(all, suricata)
	}
	for i, between := range all {
		name := fmt.Sprintf("fb%d%d", i, os.Getpid()%10_000)
		bed, err := testbed.New(name)
		if err != nil {
			return paths, closeAll, err
		}
		what, free, err := between(bed, name, o)
		if errors.Is(err, errMissing) {
			fmt.Printf("Without %s: %v.\n", what, err)
			bed.Close()
			continue
		}
		if err != nil {
			bed.Close()
			return paths, closeAll, fmt.Errorf("%s: %w", what, err)
		}
		paths = append(paths, &path{name: what, bed: bed, free: free})
	}
	return paths, closeAll, nil
}

func bridge(b *testbed.Bed, name string, _ *options) (string, func(), error) {
	free, err := b.Bridge(name + "b")
	return "bridge", free, err
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
		Gates: []datapath.PortGate{{Pair: 1, Transport: 6, Port: port, Gate: pass}, {Pair: 1, Transport: 17, Port: port, Gate: pass},
			{Pair: 1, Transport: 6, Port: flowPort, Gate: pass}, {Pair: 1, Transport: 17, Port: flowPort, Gate: pass}},
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
