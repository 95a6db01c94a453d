package datapath

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/cilium/ebpf"
)

func (d *Datapath) unaskedKey(s Shed, generation uint32) (k gatewayUnaskedKey, err error) {
	if s.Conduit == 0 && !s.Sender.IsValid() {
		return k, errors.New("shedding: of nobody, nowhere")
	}
	if k.Conduit = s.Conduit; k.Conduit != 0 {
		k.Generation = generation
	}
	if s.Sender.IsValid() {
		var b [16]byte
		copy(b[:], s.Sender.Unmap().AsSlice())
		for i := range k.Addr {
			k.Addr[i] = binary.NativeEndian.Uint32(b[4*i:])
		}
	}
	return k, nil
}

// Shed has nobody asked about something from the next frame on.
func (d *Datapath) Shed(s Shed) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	k, err := d.unaskedKey(s, d.Generation())
	if err == nil {
		err = errors.Join(d.maps[gatewayMapUnasked].Put(k, uint32(1)), d.set(configShedding, 1))
	}
	if err != nil {
		return fmt.Errorf("shedding: %w", err)
	}
	return nil
}

// Unshed ends it; what is not shed is no error.
func (d *Datapath) Unshed(s Shed) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	k, err := d.unaskedKey(s, d.Generation())
	if err == nil {
		err = d.maps[gatewayMapUnasked].Delete(k)
	}
	if err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		return fmt.Errorf("shedding: %w", err)
	}
	return nil
}

// Senders gives those of whom nobody is asked anywhere, of an earlier process too, in a
// fixed order.
func (d *Datapath) Senders() (out []netip.Addr, err error) {
	keys, err := d.unasked()
	for _, k := range keys {
		if k.Conduit != 0 {
			continue
		}
		var b [16]byte
		for i, w := range k.Addr {
			binary.NativeEndian.PutUint32(b[4*i:], w)
		}
		a := netip.AddrFrom16(b)
		if [12]byte(b[4:]) == ([12]byte{}) { // IPv4 is in the first word
			a = netip.AddrFrom4([4]byte(b[:4]))
		}
		out = append(out, a)
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return out, err
}

// UnshedConduits ends what is shed of conduits, also of tables that are gone.
func (d *Datapath) UnshedConduits() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.keepUnasked(func(k *gatewayUnaskedKey) bool { return k.Conduit == 0 })
}

func (d *Datapath) unasked() (keys []gatewayUnaskedKey, err error) {
	var k gatewayUnaskedKey
	var v uint32
	at := d.maps[gatewayMapUnasked].Iterate()
	for at.Next(&k, &v) {
		keys = append(keys, k)
	}
	return keys, at.Err()
}

// keepUnasked ends what is shed and not to stay. The caller holds the lock.
func (d *Datapath) keepUnasked(stays func(*gatewayUnaskedKey) bool) error {
	keys, err := d.unasked()
	some := err != nil
	for i := range keys {
		if stays(&keys[i]) {
			some = true
			continue
		}
		err = errors.Join(err, d.maps[gatewayMapUnasked].Delete(keys[i]))
	}
	if !some {
		err = errors.Join(err, d.set(configShedding, 0))
	}
	return err
}

// shedNext sheds what is shed under the tables that are about to be in force.
func (d *Datapath) shedNext(all []Shed, generation uint32) error {
	// An earlier try to bring the same generation into force may have left some.
	err := d.keepUnasked(func(k *gatewayUnaskedKey) bool { return k.Generation != generation })
	for _, s := range all {
		k, wrong := d.unaskedKey(s, generation)
		if err = errors.Join(err, wrong); err != nil {
			break
		}
		err = d.maps[gatewayMapUnasked].Put(k, uint32(1))
	}
	if len(all) > 0 {
		err = errors.Join(err, d.set(configShedding, 1))
	}
	if err != nil {
		return fmt.Errorf("shedding: %w", err)
	}
	return nil
}
