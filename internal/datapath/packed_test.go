package datapath

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// TestPacked holds that lists are read as they were written, and as programs before wrote them.
func TestPacked(t *testing.T) {
	want := Packed[PortGate]{{Pair: AnyPair, Transport: EtherType, Port: 0x8892, Gate: Gate{Safety: true, Mute: true, Reason: 7, Rule: 1 << 30, Conduit: 9}}, {Pair: 3, Gate: Gate{Action: Codes, Floor: FloorReset, Enforced: true, Codes: 4095}}}
	packed, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := json.Marshal([]PortGate(want))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range [][]byte{packed, plain} {
		var got Packed[PortGate]
		if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %+v", text, err, got)
		}
	}
	for text, says := range map[string]string{`"AAAA"`: "3 bytes of datapath.Joined, which has 12", `"%"`: "illegal base64", `7`: "cannot unmarshal"} {
		var got Packed[Joined]
		if err := json.Unmarshal([]byte(text), &got); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
