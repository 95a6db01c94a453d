package datapath

import (
	"encoding/binary"
	"fmt"

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
	Asked      bool // it is a datagram that answers one that was seen: who is asked about it is told so
}

// Offsets in the kernel's struct __sk_buff, of which a larger one than ours may exist.
const (
	contextSize    = 256
	contextMark    = 8
	contextIfindex = 40
	contextCB      = 48
)

// Test asks the kernel what the tables in force say of a frame that comes in at a
// port: the program itself runs on it (BPF_PROG_RUN). Bypass and heartbeat do not
// count, and nothing is sent or counted. But connections that the frame begins or
// goes on with are remembered like any, so Test is not for a gateway at work. The
// kernel runs no program on frames shorter than an Ethernet header or, without a
// VLAN tag, than their IP header; that is an error.
func (d *Datapath) Test(frame []byte, port int) (Decision, error) { return d.try(frame, port, 0) }

// TestUnanswered is Test where nobody answers.
func (d *Datapath) TestUnanswered(frame []byte, port int) (Decision, error) {
	return d.try(frame, port, 1)
}

// TestLate is Test where nobody answers, and for so short a time that what the floor would stop is asked about. Unanswered
// may be Ask then.
func (d *Datapath) TestLate(frame []byte, port int) (Decision, error) { return d.try(frame, port, 2) }

func (d *Datapath) try(frame []byte, port int, mark uint32) (Decision, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.probe == nil {
		var err error
		if d.probe, err = d.loadProgram(gatewayProgProbe); err != nil {
			return Decision{}, err
		}
	}
	in, out := make([]byte, contextSize), make([]byte, contextSize)
	binary.NativeEndian.PutUint32(in[contextIfindex:], uint32(d.ports[port].Attrs().Index))
	binary.NativeEndian.PutUint32(in[contextMark:], mark)
	if _, err := d.probe.Run(&ebpf.RunOptions{Data: frame, Context: in, ContextOut: out}); err != nil {
		return Decision{}, fmt.Errorf("running the gateway's program on a frame of %d bytes: %w", len(frame), err)
	}
	word := func(i int) uint32 { return binary.NativeEndian.Uint32(out[contextCB+4*i:]) }
	return Decision{Action: Action(word(0) & 0xff), Asked: word(0)>>8 != 0, Reason: uint16(word(1)), Rule: word(2), Unanswered: Action(word(4))}, nil
}
