package datapath

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"firedoor"
	"firedoor/internal/testbed"
)

// TestWouldDrop: frames without IP that would be dropped if this were no test pass, and are counted with rule and
// pair as those that are; where the other direction lets them pass, or they are safety traffic, nothing is told.
func TestWouldDrop(t *testing.T) {
	b := newBed(t)
	told := Gate{Action: Pass, Told: true, Rule: 902, Reason: 1}
	byDefault := Gate{Action: Pass, Told: true, Reason: 2}
	tables := closed(gate(EtherType, 0x88b8, told), gate(EtherType, 0x8892, Gate{Action: Pass, Rule: 60, Reason: 1}))
	tables.Pairs[1].EtherTypes = byDefault
	tables.Stations = []Station{{MAC: firedoor.MACFrom(b.Client.MAC), Place: clientPlace, Zone: clientZone}, {MAC: 0x020000610002, Place: serverPlace, Zone: serverZone}}
	tables.Joined = append(tables.Joined, Joined{serverZone, clientZone, 2})
	tables.Pairs = append(tables.Pairs, Pair{stop, stop})
	d := b.open(b.options(), tables)
	peer := net.HardwareAddr{2, 0, 0, 0x61, 0, 2}
	would := typed(t, b.Client.MAC, peer, 0x88b8)
	judge(t, d, []asked{
		{"by a rule", would, said{Would, 1, 902}},
		{"by default", typed(t, b.Client.MAC, peer, 0x88e1), said{Would, 2, 0}},
		{"what passes", typed(t, b.Client.MAC, peer, 0x8892), said{Pass, 1, 60}},
		{"back, where nothing passes by itself", typed(t, peer, b.Client.MAC, 0x88b8), said{Would, 1, 902}},
	})
	b.losses(d)
	b.putFrames(would, 3)
	var got Lost
	for _, l := range b.losses(d) {
		if l.Transport == EtherType && l.Number == 0x88b8 {
			got = l
		}
	}
	if got.Action != Would || got.Frames != 3 || got.Rule != 902 || got.ClientMAC != firedoor.MACFrom(b.Client.MAC) || got.ServerMAC != 0x020000610002 {
		t.Errorf("lost: %+v", got)
	}
	all, err := d.Counters()
	if err != nil {
		t.Fatal(err)
	}
	var counted uint64
	for _, e := range all {
		if e.Action == Would && e.Rule == 902 {
			counted = e.Frames
		}
	}
	if counted != 3 {
		t.Errorf("%d frames are counted: %+v", counted, all)
	}
}

// putFrames puts a frame on the client's wire, so many times.
func (b *bed) putFrames(frame []byte, n int) {
	b.t.Helper()
	err := b.Client.Do(func() error {
		wire, err := net.InterfaceByName(testbed.Wire)
		if err != nil {
			return err
		}
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		for range n {
			if err := unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: wire.Index, Halen: 6}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
}
