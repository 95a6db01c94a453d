package sensor

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/packet"
	"firedoor/internal/plant"
)

// TestCallsToEverybody: whoever answers a tool that calls everybody is whom it asked, and a program
// that comes in pieces, each asked for from another port, is one.
func TestCallsToEverybody(t *testing.T) {
	in, err := os.ReadFile("../protocol/melsec/testdata/everybody.pcap")
	if err != nil {
		t.Fatal(err)
	}
	o := replay(t, Options{}, in)
	var got []string
	for _, l := range o.lines {
		if l["kind"] == "operation" {
			got = append(got, fmt.Sprintf("%v>%v %v %v", l["frame"], l["response_frame"], l["server"].(map[string]any)["ip"], l["outcome"]))
		}
	}
	checkCalls(t, got)
	for _, want := range []string{`"name":"drive:4/$MELPRJ$\\MAIN.PRG"`, `"whole":true,"bytes":17,"downloads":1,"uploads":1`} {
		if programs := o.files["programs.json"]; !strings.Contains(programs, want) {
			t.Errorf("no %s in %s", want, programs)
		}
	}
}

// checkCalls compares request, answer, server and outcome of the capture's operations.
func checkCalls(t *testing.T, got []string) {
	t.Helper()
	const plc, second, all = "10.10.13.20", "10.10.13.30", "255.255.255.255"
	want := []string{
		"1><nil> " + all + " ok", "<nil>>2 " + plc + " ok", // the first one
		"23>24 " + plc + " ok", "<nil>>25 " + second + " ok", // two answer
		"26><nil> " + all + " ok", "<nil>>27 " + plc + " ok", // either could
		"<nil>>28 " + plc + " ok", // nobody asked
		"29>30 " + plc + " ok",    // that is long ago
	}
	for frame := 3; frame < 23; frame += 2 {
		want = append(want, fmt.Sprintf("%d>%d %s ok", frame, frame+1, plc))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}

// TestCallsAreBounded: a flood of forged calls, and of callers that are answered, takes no more room
// than there is, and is told.
func TestCallsAreBounded(t *testing.T) {
	var c calls
	call := func(i int, back bool) {
		it := item{Packet: packet.Packet{SrcIP: firedoor.IPv4(uint32(i + 1)), DstIP: everybody, SrcPort: 40000, DstPort: plant.PortMELSOFT, Time: int64(i)}}
		c.ask(&it)
		if back {
			it.SrcIP, it.SrcPort, it.DstPort = firedoor.IPv4(0x0a000001), plant.PortMELSOFT, 40000
			if got, want := c.answer(&it), firedoor.IPv4(uint32(i+1)); got != want {
				t.Fatalf("the answer to call %d is for %v, want %v", i, got, want)
			}
		}
	}
	for i := range 10 * maxCalls {
		call(i, false)
	}
	if len(c.recent) != maxCalls || len(c.callers) != 0 {
		t.Errorf("%d calls and %d callers of a flood that nobody answers, want %d and 0", len(c.recent), len(c.callers), maxCalls)
	}
	for i := range maxCallers + 10 {
		call(i, true)
	}
	if len(c.callers) != maxCallers || c.forgotten != 10 {
		t.Errorf("%d callers and %d forgotten, want %d and 10", len(c.callers), c.forgotten, maxCallers)
	}
}

// TestCallsFromAnyPort: a port that a client chose may be one where something is served elsewhere.
func TestCallsFromAnyPort(t *testing.T) {
	every := &plant.Host{Name: "every", MAC: plant.Broadcast, IP: netip.MustParseAddr("255.255.255.255")}
	find, found := []byte{0x5a, 0, 0, 1}, append([]byte{0xda, 0, 0, 1}, make([]byte, 10)...)
	o := replay(t, Options{}, write(t, func(n *plant.Net) {
		for _, port := range []uint16{50000, 47808, 44818} {
			n.UDP(panel, every, port, plant.PortMELSOFT, find)
			n.UDP(controller, every, plant.PortMELSOFT, port, found)
			n.Wait(time.Second)
		}
	}))
	answered := 0
	for _, l := range o.lines {
		if l["outcome"] == "ok" && l["response_frame"] != nil && l["partial"] == nil {
			answered++
		}
	}
	if answered != 2 { // but for the first one
		t.Errorf("%d of 2 calls answered: %v", answered, o.lines)
	}
}

// TestCallsOfManyWaitForNobody: what goes to a group or a network is answered by stations, each in a flow and a
// line of its own. So it is not said that nobody answered; of a station, or a cluster behind a group's MAC address, it is.
func TestCallsOfManyWaitForNobody(t *testing.T) {
	to := func(mac firedoor.MAC, ip string) *plant.Host {
		return &plant.Host{Name: ip, MAC: mac, IP: netip.MustParseAddr(ip)}
	}
	other := &plant.Host{Name: "other", MAC: controller.MAC + 1, IP: controller.IP.Next()}
	for _, c := range []struct {
		to   *plant.Host
		want string
	}{
		{to(plant.Broadcast, "255.255.255.255"), "ok"},
		{to(plant.Broadcast, "10.20.30.255"), "ok"},
		{to(0x01_00_5e_40_01_01, "239.192.1.1"), "ok"},
		{to(0x33_33_00_00_00_01, "10.20.30.77"), "no-response"},
		{to(other.MAC, "10.20.30.78"), "no-response"},
	} {
		o := replay(t, Options{}, write(t, func(n *plant.Net) {
			n.UDP(panel, c.to, 50000, plant.PortENIP, plant.ENIP{}.ListIdentity(nil))
			for _, station := range []*plant.Host{controller, other} {
				n.Wait(time.Millisecond)
				n.UDP(station, panel, plant.PortENIP, 50000, plant.ENIP{}.ListIdentityAnswer(nil, station, plant.CIPIdentity{Name: "1756"}))
			}
			n.Wait(40 * time.Second)
			n.UDP(panel, other, 50001, plant.PortENIP, plant.ENIP{}.ListIdentity(nil))
		}))
		var got []string
		for _, l := range o.lines {
			got = append(got, fmt.Sprint(l["frame"], ">", l["response_frame"], " ", l["server"].(map[string]any)["ip"], " ", l["outcome"], " ", l["partial"]))
		}
		want := []string{
			fmt.Sprint("1><nil> ", c.to.IP, " ", c.want, " <nil>"),
			fmt.Sprint("<nil>>2 ", controller.IP, " ok true"), fmt.Sprint("<nil>>3 ", other.IP, " ok true"),
			fmt.Sprint("4><nil> ", other.IP, " no-response <nil>"),
		}
		slices.Sort(got)
		if slices.Sort(want); !slices.Equal(got, want) {
			t.Errorf("to %s: got\n%q, want\n%q", c.to.IP, got, want)
		}
	}
}

// TestCallsOfBothAreNone: between two ports that are both a protocol's own (DHCP), from a port of a
// client that nobody asked, late, or where the caller has no address, nothing gets another end.
func TestCallsOfBothAreNone(t *testing.T) {
	every := &plant.Host{Name: "every", MAC: plant.Broadcast, IP: netip.MustParseAddr("255.255.255.255")}
	nobody := &plant.Host{Name: "nobody", MAC: panel.MAC, IP: netip.IPv4Unspecified()}
	find, found := []byte{0x5a, 0, 0, 1}, append([]byte{0xda, 0, 0, 1}, make([]byte, 10)...)
	for name, c := range map[string]struct {
		from     *plant.Host
		port, to uint16
		wait     time.Duration
	}{
		"both ports are served": {panel, 5000, plant.PortMELSOFT, 0},
		"neither is":            {panel, 50000, 50001, 0},
		"late":                  {panel, 50000, plant.PortMELSOFT, 31 * time.Second},
		"no address":            {nobody, 50000, plant.PortMELSOFT, 0},
	} {
		o := replay(t, Options{}, write(t, func(n *plant.Net) {
			for range 2 {
				n.UDP(c.from, every, c.port, c.to, find)
				n.Wait(c.wait)
				n.UDP(controller, every, c.to, c.port, found)
				n.Wait(time.Second)
			}
		}))
		for _, l := range o.lines {
			ends := fmt.Sprint(l["client"], l["server"])
			if strings.Contains(ends, panel.IP.String()) && strings.Contains(ends, controller.IP.String()) {
				t.Errorf("%s: %v", name, l)
			}
		}
		if len(o.lines) == 0 && name != "neither is" {
			t.Errorf("%s: no line", name)
		}
	}
}
