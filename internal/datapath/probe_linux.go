package datapath

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/cilium/ebpf"
)

// Ports, as Test, reports and totals number them.
const (
	Inside = iota
	Outside
)

// Decision is what the kernel's program says of a frame. Unanswered is what
// becomes of it where nobody answers and Action is Ask.
type Decision struct {
	Action     Action
	Reason     uint16
	Rule       uint32
	Unanswered Action
}

// Offsets in the kernel's struct __sk_buff, of which a larger one than ours may exist.
const (
	contextSize    = 256
	contextIfindex = 40
	contextCB      = 48
)

// Test asks the kernel what the tables in force say of a frame that comes in at a
// port: the program itself runs on it (BPF_PROG_RUN). Bypass and heartbeat do not
// count, and nothing is sent or counted. But connections that the frame begins or
// goes on with are remembered like any, so Test is not for a gateway at work.
func (d *Datapath) Test(frame []byte, port int) (Decision, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, err := d.installed(probeSlot)
	if err != nil {
		return Decision{}, err
	}
	defer p.Close()
	in, out := make([]byte, contextSize), make([]byte, contextSize)
	binary.NativeEndian.PutUint32(in[contextIfindex:], uint32(d.ports[port].Attrs().Index))
	if _, err := p.Run(&ebpf.RunOptions{Data: frame, Context: in, ContextOut: out}); err != nil {
		return Decision{}, fmt.Errorf("running the gateway's program on a frame of %d bytes: %w", len(frame), err)
	}
	word := func(i int) uint32 { return binary.NativeEndian.Uint32(out[contextCB+4*i:]) }
	return Decision{Action: Action(word(0)), Reason: uint16(word(1)), Rule: word(2), Unanswered: Action(word(4))}, nil
}

// installed gives the program that is called now.
func (d *Datapath) installed(slot uint32) (*ebpf.Program, error) {
	var p *ebpf.Program
	if err := d.maps[gatewayMapPrograms].Lookup(slot, &p); err != nil {
		return nil, fmt.Errorf("the gateway has no tables yet: %w", err)
	}
	return p, nil
}

// readGeneration finds which tables are in force: their program says it, so no note
// of ours can be wrong.
func (d *Datapath) readGeneration() error {
	p, err := d.installed(forwardSlot)
	if errors.Is(err, ebpf.ErrKeyNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer p.Close()
	info, err := p.Info()
	if err != nil {
		return err
	}
	ids, _ := info.MapIDs()
	for _, id := range ids {
		m, err := ebpf.NewMapFromID(id)
		if err != nil {
			return err
		}
		found, err := d.generationIn(m)
		_ = m.Close()
		if found || err != nil {
			return err
		}
	}
	return errors.New("the program in force does not say which tables it has: it is not of this layout")
}

func (d *Datapath) generationIn(m *ebpf.Map) (bool, error) {
	info, err := m.Info()
	if err != nil || !strings.HasSuffix(info.Name, ".rodata") {
		return false, err
	}
	value, err := m.LookupBytes(only)
	if err != nil {
		return false, err
	}
	d.generation = binary.NativeEndian.Uint32(value[d.spec.Variables[gatewayVarGeneration].Offset:])
	return true, nil
}
