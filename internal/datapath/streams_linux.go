package datapath

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// Stream is a TCP connection at a gate by function codes, from the client's side.
type Stream struct {
	VLAN           VLAN // the tags of its frames; Only is not looked at
	Client, Server netip.AddrPort
	Port           int // where the client's frames come in: Inside or Outside
}

func (s Stream) key() (gatewayFlow, error) {
	a, b := s.Client.Addr(), s.Server.Addr()
	if !a.IsValid() || !b.IsValid() || a.Is4() != b.Is4() || a.Is4In6() || b.Is4In6() {
		return gatewayFlow{}, fmt.Errorf("stream %v: addresses of one kind are needed", s)
	}
	vlan := VLAN{true, s.VLAN.Outer, s.VLAN.Inner}
	from, to := Place{VLAN: vlan, Prefix: netip.PrefixFrom(a, a.BitLen())}, Place{VLAN: vlan, Prefix: netip.PrefixFrom(b, b.BitLen())}
	src, dst := from.host(), to.host()
	return gatewayFlow{Src: src.Addr, Dst: dst.Addr, Domain: src.Domain, Sport: s.Client.Port(), Dport: s.Server.Port(), Port: uint32(s.Port)}, nil
}

// Align says that the next message of a stream begins at a sequence number: who is
// asked knows it once all before it has passed. From there on the kernel judges by
// function codes again, until it is out of step once more.
func (d *Datapath) Align(s Stream, next uint32) error {
	k, err := s.key()
	if err != nil {
		return err
	}
	now, err := monotonic()
	if err != nil {
		return err
	}
	if err := d.maps[gatewayMapStreams].Put(k, gatewayStream{Last: next, Next: next, SeenNs: uint64(now)}); err != nil {
		return fmt.Errorf("aligning a stream: %w", err)
	}
	return nil
}

// Sweep forgets streams in which nothing was judged for so long, to make room; those
// that live on are asked about from then on. It gives how many were forgotten.
func (d *Datapath) Sweep(age time.Duration) (int, error) {
	now, err := monotonic()
	if err != nil {
		return 0, err
	}
	var old []gatewayFlow
	var k gatewayFlow
	var s gatewayStream
	at := d.maps[gatewayMapStreams].Iterate()
	for at.Next(&k, &s) {
		if now-time.Duration(s.SeenNs) > age {
			old = append(old, k)
		}
	}
	if err := at.Err(); err != nil {
		return 0, fmt.Errorf("sweeping streams: %w", err)
	}
	for _, k := range old {
		if err := d.maps[gatewayMapStreams].Delete(k); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return 0, fmt.Errorf("sweeping streams: %w", err)
		}
	}
	return len(old), nil
}

// monotonic is the kernel's program's clock.
func monotonic() (time.Duration, error) {
	var now unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
	return time.Duration(now.Nano()), err
}
