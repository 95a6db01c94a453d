package sensor

import (
	"bytes"
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firedoor"
	"firedoor/internal/plant"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/all"
)

// fragile is a parser with a mistake: one message makes it index past the end.
type fragile struct{}

func (fragile) Parse(_ firedoor.Direction, b []byte, _ func(*firedoor.Event)) (int, error) {
	var none []byte
	if bytes.HasPrefix(b, []byte("FRAGILE!")) {
		_ = none[len(b)]
	}
	return len(b), nil
}

func (fragile) Gap(firedoor.Direction, int64) bool { return true }

// TestAFailingParserIsNotTheOutage: its connection is given up and told, and all
// other traffic is read as if nothing had happened.
func TestAFailingParserIsNotTheOutage(t *testing.T) {
	var b bytes.Buffer
	n, err := plant.NewNet(&b, testStart)
	if err != nil {
		t.Fatal(err)
	}
	var hosts []*plant.Host
	for i := range 3 {
		hosts = append(hosts, &plant.Host{MAC: 0x001b1b000001 + firedoor.MAC(i), IP: netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)})})
	}
	victim := n.Dial(hosts[0], hosts[1], 40000, 4999)
	modbus := n.Dial(hosts[2], hosts[1], 40001, plant.PortModbus)
	for i := range 5 {
		victim.Client([]byte("FRAGILE!"))
		modbus.Client(plant.Modbus{Transaction: uint16(i), Unit: 1}.Words(nil, plant.ModbusReadHolding, 0, 1))
		modbus.Server([]byte{0, byte(i), 0, 0, 0, 5, 1, 3, 2, 0, 7})
		n.Wait(time.Second)
	}
	n.Close()
	path := filepath.Join(t.TempDir(), "fragile.pcap")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	list := append([]*protocol.Protocol{{Name: "fragile", TCP: []uint16{4999}, New: func() protocol.Parser { return fragile{} },
		Probe: func(b []byte) protocol.Match {
			if bytes.HasPrefix(b, []byte("FRAGILE!")) {
				return protocol.Yes
			}
			return protocol.No
		}}}, all.List...)
	for _, shards := range []int{1, 2} {
		r := Replay{Protocols: list, Options: Options{Captures: []string{path}, Shards: shards}}
		result, err := r.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if got := result.Summary.Sight.Operations; got != 5 {
			t.Errorf("%d shards: %d operations, want the 5 of the other connection", shards, got)
		}
		if len(result.Damaged) != 1 || !strings.Contains(result.Damaged[0].Error(), "fragile.pcap: a parser (fragile) failed on frame") {
			t.Errorf("%d shards: told %v", shards, result.Damaged)
		}
	}
}
