package sensor

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/plant"
)

const etherPROFINET = 0x8892

// A device with the lower address sends cyclic data to its controller; then the
// controller sets the device's address.
func profinet(t *testing.T, data, set bool) []byte {
	device := &plant.Host{MAC: 0x02_00_00_00_00_01, IP: netip.MustParseAddr("10.10.6.20")}
	plc := &plant.Host{MAC: 0x02_00_00_00_00_02}
	return write(t, func(n *plant.Net) {
		send := func(from, to *plant.Host, b []byte) { n.Ethernet(from.MAC, to.MAC, 0, etherPROFINET, b) }
		for i := range uint16(8) {
			if data {
				send(plc, device, plant.CyclicData(0x8001, 32*i, 0x35, []byte{1}))
				send(device, plc, plant.CyclicData(0x8002, 32*i, 0x35, []byte{2}))
			}
			if set && i == 4 {
				address := append(append([]byte{0, 1}, device.IP.AsSlice()...), 255, 255, 255, 0, 0, 0, 0, 0)
				send(plc, device, plant.DCP(0xfefd, 4, 0, 7, plant.DCPBlock(nil, 1, 2, address)))
				send(device, plc, plant.DCP(0xfefd, 4, 1, 7, plant.DCPBlock(nil, 5, 4, []byte{1, 2, 0})))
				send(device, plc, plant.DCP(0xfeff, 5, 1, 8, plant.DCPBlock(nil, 1, 2, address)))
			}
		}
	})
}

// TestEthernetTurns: who asks is the client, whatever the flow began with.
func TestEthernetTurns(t *testing.T) {
	o := replay(t, Options{}, profinet(t, true, true))
	for _, l := range o.lines {
		if l["kind"] != "operation" {
			continue
		}
		client, server := l["client"].(map[string]any), l["server"].(map[string]any)
		if client["mac"] != "02:00:00:00:00:02" || server["mac"] != "02:00:00:00:00:01" || l["outcome"] != "ok" {
			t.Errorf("the controller sets, not %v", l)
		}
	}
	if o.Sight.Operations != 1 || o.Sight.Samples != 16 || o.Sight.LateAnswers != 0 {
		t.Errorf("one operation and 16 samples, not %+v", o.Sight)
	}
	var packets uint64
	for _, c := range o.conversations {
		packets += c.Packets[0] + c.Packets[1]
	}
	if len(o.conversations) != 2 || packets != 19 {
		t.Errorf("%d packets in %d conversations, want 19 in 2", packets, len(o.conversations))
	}
}

// TestEthernetFromTheMiddle: of a flow that says nothing of it, the lower address
// is the client, whoever is seen first.
func TestEthernetFromTheMiddle(t *testing.T) {
	if c := replay(t, Options{}, profinet(t, true, false)).conversation(t, "pnio"); c.Client.MAC != "02:00:00:00:00:01" {
		t.Errorf("the client is %v", c.Client)
	}
}

// TestGroupsAreKept: a conversation names the groups of Ethernet that a device sent to while learning, and none later.
func TestGroupsAreKept(t *testing.T) {
	ied := firedoor.MAC(0x020000000001)
	capture := write(t, func(n *plant.Net) {
		for i := range 40 {
			if n.Ethernet(ied, 0x010ccd010001, 0, 0x88e1, make([]byte, 46)); i > 30 {
				n.Ethernet(ied, 0x010ccd010002, 0, 0x88e1, make([]byte, 46))
			}
		}
	})
	for learn, want := range map[float64]string{100: "01:0c:cd:01:00:01 01:0c:cd:01:00:02", 20: "01:0c:cd:01:00:01"} {
		var groups []string
		for _, c := range replay(t, Options{LearnPercent: learn}, capture).conversations {
			if c.Learned {
				groups = append(groups, c.Groups...)
			}
		}
		slices.Sort(groups)
		if got := strings.Join(groups, " "); got != want {
			t.Errorf("learned %g %% of it: %q, want %q", learn, got, want)
		}
	}
}

// TestEthernetAddress: a device that says its address on Ethernet has it.
func TestEthernetAddress(t *testing.T) {
	a := replay(t, Options{}, profinet(t, false, true)).asset(t, "10.10.6.20")
	for _, x := range a.Identifiers {
		if x.Kind == "mac" && x.Value == "02:00:00:00:00:01" {
			return
		}
	}
	t.Errorf("the asset is not known by its MAC: %+v", a.Identifiers)
}

// TestReturningFrames: frames of EtherCAT that come back to their master are no
// other station's, whichever are seen first, and what they say is about it. Other
// frames with the mark are of a station of their own.
func TestReturningFrames(t *testing.T) {
	const etherECAT, group = 0x88a4, firedoor.MAC(0x01_01_05_01_00_00)
	const master, local = firedoor.MAC(0x00_01_05_00_26_10), firedoor.MAC(0x02_00_00_00_26_77)
	marked := master | 2<<40
	frame := func(counter byte) []byte { // product of station 1001
		return []byte{26, 0x10, 4, 0, 0xe9, 3, 2, 5, 14, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0x52, 0x30, 0x9e, 7, 0, 0, 0, 0, counter, 0}
	}
	for _, first := range []firedoor.MAC{master, marked} {
		o := replay(t, Options{}, write(t, func(n *plant.Net) {
			for range 3 {
				for _, from := range []firedoor.MAC{first, master ^ marked ^ first} {
					counter := byte(0)
					if from == marked {
						counter = 1
					}
					n.Ethernet(from, group, 0, etherECAT, frame(counter))
				}
				n.Ethernet(local, group, 0, etherECAT, frame(0))
			}
			n.Ethernet(local&^(2<<40), group, 0, 0x88ff, make([]byte, 46))
		}))
		if len(o.assets) != 3 {
			t.Errorf("%v first: %d assets, want the master, the one with an address of its own, and who sends something else", first, len(o.assets))
		}
		about := ""
		for _, a := range o.assets {
			var names []string
			for _, id := range a.Identifiers {
				names = append(names, id.Value)
			}
			who := strings.Join(names, " ")
			if who == marked.String() {
				t.Errorf("%v first: %s is a station of its own", first, who)
			}
			for _, f := range a.Facts {
				if f.Kind == "module" {
					about += who + " " + f.Value
				}
			}
		}
		want := master.String() + " "
		if first == marked {
			want = marked.String() + " " + master.String() + " " // in the order in which they were seen
		}
		if !strings.HasPrefix(about, want) {
			t.Errorf("%v first: slaves are told of %q, not of %s", first, about, want)
		}
	}
}

// TestGroupIsNoClient: an answer that is sent to a group has no client but its sender.
func TestGroupIsNoClient(t *testing.T) {
	o := replay(t, Options{}, write(t, func(n *plant.Net) {
		answer := plant.DCP(0xfefd, 3, 1, 7, plant.DCPBlock(nil, 2, 2, []byte("\x00\x00device")))
		n.Ethernet(0x02_00_00_00_00_01, plant.PROFINETAll, 0, etherPROFINET, answer)
	}))
	if len(o.lines) != 1 || len(o.lines[0]["client"].(map[string]any)) == 0 {
		t.Errorf("the client is nobody: %v", o.lines)
	}
}
