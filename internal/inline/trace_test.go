package inline

import (
	"testing"

	"firedoor"
	"firedoor/internal/policy"
)

// TestTracesHaveRoom holds that of one server no more elements are remembered than a write can be held against, that what found no
// room has no value to count a step from, and that other servers, and what has one name, lose nothing by it.
func TestTracesHaveRoom(t *testing.T) {
	g := &Gate{flow: &flow{}, past: map[uint64]value{}, traces: map[firedoor.IP][]trace{}}
	g.element = element{text: []byte("DB1.DBW0"), protocol: "s7comm"}
	for k := range uint64(policy.MaxTraced + 1) {
		g.keep(k, value{}, false, 0)
	}
	if len(g.past) != policy.MaxTraced || len(g.traces[firedoor.IP{}]) != policy.MaxTraced {
		t.Errorf("%d values, %d traces", len(g.past), len(g.traces[firedoor.IP{}]))
	}
	g.keep(0, value{low: 7, high: 7}, true, 7)
	if g.past[0].low != 7 {
		t.Error("what is known is not changed")
	}
	g.element = element{text: []byte("holding:40"), protocol: "modbus"}
	g.keep(1<<20, value{}, false, 0)
	g.element = element{text: []byte("DB1.DBW0"), protocol: "s7comm"}
	g.flow.serverEnd.IP.Lo = 1
	g.keep(1<<21, value{}, false, 0)
	if len(g.past) != policy.MaxTraced+2 {
		t.Errorf("others have no room: %d values", len(g.past))
	}
}
