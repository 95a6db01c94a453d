package datapath

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"github.com/cilium/ebpf"
)

// Shed is what nobody is asked about though somebody answers: it goes by the floors of
// its gates. One end in a conduit, all of a conduit (no Sender), or one end anywhere
// (Conduit 0). A conduit's shedding ends with the tables that it is in.
type Shed struct {
	Conduit uint32 // as Gate.Conduit
	Sender  netip.Addr
}

func (d *Datapath) unaskedKey(s Shed) (k gatewayUnaskedKey, err error) {
	if s.Conduit == 0 && !s.Sender.IsValid() {
		return k, errors.New("shedding: of nobody, nowhere")
	}
	if k.Conduit = s.Conduit; k.Conduit != 0 {
		k.Generation = d.Generation()
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
	k, err := d.unaskedKey(s)
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
	k, err := d.unaskedKey(s)
	if err == nil {
		err = d.maps[gatewayMapUnasked].Delete(k)
	}
	if err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		return fmt.Errorf("shedding: %w", err)
	}
	return nil
}

// UnshedAll ends all of it, also that of tables that are gone.
func (d *Datapath) UnshedAll() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var keys []gatewayUnaskedKey
	var k gatewayUnaskedKey
	var v uint32
	at := d.maps[gatewayMapUnasked].Iterate()
	for at.Next(&k, &v) {
		keys = append(keys, k)
	}
	err := at.Err()
	for _, k := range keys {
		err = errors.Join(err, d.maps[gatewayMapUnasked].Delete(k))
	}
	return errors.Join(err, d.set(configShedding, 0))
}
