package datapath

import (
	"testing"

	"github.com/cilium/ebpf/asm"
)

// Kernels give a program and all it calls 512 bytes of stack (MAX_BPF_STACK). Until 6.8 they take the part of
// each function for a multiple of 32 bytes, since then of 16, so a newer one says nothing of an older one.
const (
	wholeStack = 512
	stackGrain = 32
)

// TestStackOfOlderKernels holds that the programs fit the stack of kernels that count it more strictly than
// the one that tests run on.
func TestStackOfOlderKernels(t *testing.T) {
	spec, err := loadGateway()
	if err != nil {
		t.Fatal(err)
	}
	functions := map[string]*framed{}
	for _, p := range spec.Programs {
		readFrames(p.Instructions, functions)
	}
	for _, name := range []string{"forward", "probe"} {
		f := functions[name]
		if f == nil || len(f.calls) == 0 || f.bytes == 0 {
			t.Fatalf("%s is not there, or calls nothing, or keeps nothing", name)
		}
		if deep := f.deepest(functions); deep > wholeStack {
			t.Errorf("%s and what it calls take %d bytes of %d", name, deep, wholeStack)
		}
	}
}

// framed is what a function keeps on the stack, and calls.
type framed struct {
	bytes int
	calls map[string]bool
}

func (f *framed) deepest(all map[string]*framed) int {
	below := 0
	for name := range f.calls {
		if g := all[name]; g != nil {
			below = max(below, g.deepest(all))
		}
	}
	return (max(f.bytes, 1)+stackGrain-1)/stackGrain*stackGrain + below
}

// readFrames finds the lowest byte of its frame that each function touches, or takes the address of.
func readFrames(instructions asm.Instructions, into map[string]*framed) {
	var f *framed
	frame := map[asm.Register]bool{} // hold the frame's end
	for i := range instructions {
		ins := &instructions[i]
		if name := ins.Symbol(); name != "" && !isLabel(name) {
			f = &framed{calls: map[string]bool{}}
			into[name], frame = f, map[asm.Register]bool{}
		}
		if f == nil {
			continue
		}
		if ins.IsFunctionCall() {
			f.calls[ins.Reference()] = true
		}
		class := ins.OpCode.Class()
		switch {
		case class.IsLoad() && ins.Src == asm.RFP, class.IsStore() && ins.Dst == asm.RFP:
			f.bytes = max(f.bytes, -int(ins.Offset))
		case class.IsALU() && ins.OpCode.ALUOp() == asm.Mov:
			frame[ins.Dst] = ins.OpCode.Source() == asm.RegSource && ins.Src == asm.RFP
		case class.IsALU() && ins.OpCode.ALUOp() == asm.Add && ins.OpCode.Source() == asm.ImmSource && frame[ins.Dst]:
			f.bytes = max(f.bytes, -int(ins.Constant))
			frame[ins.Dst] = false
		}
	}
}

// isLabel tells a place within a function from its beginning.
func isLabel(name string) bool { return len(name) > 3 && name[:3] == "LBB" }
