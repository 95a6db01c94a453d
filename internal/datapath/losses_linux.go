package datapath

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"

	"firedoor"
)

// familyless is the family in the domain of frames without IP.
const familyless = 0

// lossBatch is how many losses are read with one system call.
const lossBatch = 512

// loser reads a key of the kernel's.
func (k *gatewayLostKey) loser() Loser {
	var b [4]byte
	binary.NativeEndian.PutUint32(b[:], k.Domain)
	domain := binary.BigEndian.Uint32(b[:])
	l := Loser{Turn: k.Turn, Generation: k.Generation, Rule: k.Rule, Reason: k.Reason, Action: Action(k.Verdict), Port: int(k.In),
		Outer: uint16(domain >> 12 & 0xfff), Inner: uint16(domain & 0xfff), Transport: k.Transport, Number: k.Port}
	family := domain >> 24
	for _, end := range []struct {
		words *[4]uint32
		to    *firedoor.Endpoint
	}{{&k.Client, &l.Client}, {&k.Server, &l.Server}} {
		var a [16]byte
		for i, w := range end.words {
			binary.NativeEndian.PutUint32(a[4*i:], w)
		}
		switch family {
		case familyless:
			end.to.MAC = firedoor.MAC(uint64(end.words[0])<<32 | uint64(end.words[1]))
		case 4:
			end.to.IP = firedoor.IPv4(binary.BigEndian.Uint32(a[:]))
		default:
			end.to.IP = firedoor.IPv6(a[:])
		}
	}
	if family != familyless {
		l.Server.Port = k.Port
	}
	return l
}

// Losses gives what pairs lost until it was called the last time, in no order, and
// forgets it; what they lose now, the next but one call gives. So the sum of all is what the counters
// say, but for Totals.Unpaired. now is the first turn of which nothing was given yet.
// One reader at a time.
func (d *Datapath) Losses() (out []Lost, now uint32, err error) {
	now = d.get(configTurn)
	var keys [lossBatch]gatewayLostKey
	var values [lossBatch]gatewayLost
	var at ebpf.MapBatchCursor
	var old []gatewayLostKey
	for done := false; !done; {
		n, err := d.maps[gatewayMapLosses].BatchLookup(&at, keys[:], values[:], nil)
		if done = errors.Is(err, ebpf.ErrKeyNotExist); err != nil && !done {
			return nil, now, fmt.Errorf("reading who lost frames: %w", err)
		}
		for i := range n {
			k, v := &keys[i], &values[i]
			if k.Turn == now {
				continue // whoever counts in an earlier turn is long through
			}
			old = append(old, *k)
			out = append(out, Lost{Loser: k.loser(), Count: Count{v.Frames, v.Bytes}, ClientMAC: firedoor.MAC(v.ClientMac), ServerMAC: firedoor.MAC(v.ServerMac),
				First: time.Duration(v.FirstNs), Last: time.Duration(v.LastNs)})
		}
	}
	if len(old) > 0 {
		if _, err := d.maps[gatewayMapLosses].BatchDelete(old, nil); err != nil {
			return nil, now, fmt.Errorf("forgetting who lost frames: %w", err)
		}
	}
	return out, now, d.set(configTurn, now+1)
}

// report reads a report of the kernel's; b is at least as long as one.
func (r *Report) read(b []byte) {
	k := *(*gatewayReport)(unsafe.Pointer(&b[0])) // the ring's entries are aligned as the kernel's structure is
	*r = Report{Loser: k.Of.loser(), Time: time.Duration(k.Ns), Length: int(k.Length), Tag: k.Vlan, Tagged: k.Tagged != 0, ClientPort: k.ClientPort,
		ClientMAC: firedoor.MAC(k.ClientMac), ServerMAC: firedoor.MAC(k.ServerMac)}
	head := int(unsafe.Offsetof(k.Head))
	r.Head = b[head : head+min(int(k.Kept), HeadBytes)]
}
