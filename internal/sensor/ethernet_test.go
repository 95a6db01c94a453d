package sensor

import (
	"net/netip"
	"testing"

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
