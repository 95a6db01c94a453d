package protocoltest

import (
	"testing"

	"firedoor/internal/protocol"
)

// TestFuzzed: scripts/fuzz goes by folders, people by names.
func TestFuzzed(t *testing.T) {
	list := []*protocol.Protocol{{Name: "epl"}, {Name: "epl_v1"}, {Name: "s7comm-plus"}}
	for name, want := range map[string]*protocol.Protocol{"epl": list[0], "eplv1": list[1], "epl_v1": list[1], "s7commplus": list[2], "s7comm": nil, "": nil} {
		if got := fuzzed(list, name); got != want {
			t.Errorf("%q names %v, want %v", name, got, want)
		}
	}
}
