package inline_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/fins"
	"firedoor/internal/protocol/s7comm"
)

// s7Message is a message of S7 in its frame: a job where kind is 1, an answer where it is 3.
func s7Message(kind byte, id uint16, parameter, data []byte) []byte {
	b := []byte{3, 0, 0, 0, 2, 0xf0, 0x80, 0x32, kind, 0, 0}
	b = binary.BigEndian.AppendUint16(b, id)
	b = binary.BigEndian.AppendUint16(b, uint16(len(parameter)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	if kind == 3 {
		b = append(b, 0, 0)
	}
	b = append(append(b, parameter...), data...)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

// word is the address record of a word of data block 1 in an area.
func word(area byte, at int) []byte {
	return []byte{0x12, 0x0a, 0x10, 4, 0, 1, 0, 1, area, 0, byte(at * 8 >> 8), byte(at * 8)}
}

// TestStepOfOnePlace holds that a step is counted from what was written to the same memory by whatever name: what is
// read by one name alone was there long ago.
func TestStepOfOnePlace(t *testing.T) {
	hmi, plc := trial.HMI, trial.PLC.At(102)
	plan := openFor(t, firedoor.Drop, map[string][]policy.Port{"s7comm": {{Transport: 6, Number: 102}}},
		policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"s7comm"}, Verbs: []firedoor.Verb{firedoor.VerbRead}}},
		policy.Rule{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"s7comm"}, Verbs: []firedoor.Verb{firedoor.VerbWrite}, Objects: []policy.Object{{Text: "DB1.DBW10"}}, Step: 5}})
	b := newBench(t, plan)
	b.gate = inline.New(plan, []*protocol.Protocol{s7comm.Protocol}, nil)
	b.frame(inline.Inside, trial.TCP(hmi, plc, b.client-1, 0, trial.SYN, nil))
	b.frame(inline.Outside, trial.TCP(plc, hmi, b.server-1, b.client, trial.SYN|trial.ACK, nil))
	asks := func(parameter, data []byte) (passed bool) {
		b.toPLC = nil
		b.id++
		m := s7Message(1, b.id, parameter, data)
		b.frame(inline.Inside, trial.TCP(hmi, plc, b.client, b.server, trial.ACK, m))
		b.client += uint32(len(m))
		return len(payloads(b.toPLC)) > 0
	}
	answers := func(parameter, data []byte) {
		m := s7Message(3, b.id, parameter, data)
		b.frame(inline.Outside, trial.TCP(plc, hmi, b.server, b.client, trial.ACK, m))
		b.server += uint32(len(m))
	}
	const db, instance = 0x84, 0x85
	reads := func(area byte, value byte) {
		if !asks(append([]byte{4, 1}, word(area, 10)...), nil) {
			t.Fatal("a read does not pass")
		}
		answers([]byte{4, 1}, []byte{0xff, 4, 0, 16, 0, value})
	}
	writes := func(area, value byte) bool {
		if !asks(append([]byte{5, 1}, word(area, 10)...), []byte{0, 4, 0, 16, 0, value}) {
			return false
		}
		answers([]byte{5, 1}, []byte{0xff})
		return true
	}
	reads(db, 10)
	if !writes(db, 15) || !writes(instance, 20) || !writes(instance, 25) || !writes(db, 30) {
		t.Error("steps of 5 by two names do not pass")
	}
	if writes(instance, 15) {
		t.Error("a step of 15 passes, counted from what the name had before")
	}
}

// TestStepOfWhatIsFilled holds that one value for many elements is no step from the first of them, and that each has it afterwards.
func TestStepOfWhatIsFilled(t *testing.T) {
	row := func(from, to uint64) []policy.Object {
		return []policy.Object{{Text: "DM:", Row: true, From: from, To: to}}
	}
	pass := func(m policy.Match) policy.Rule {
		m.Protocols = []string{"fins"}
		return policy.Rule{Verdict: firedoor.Pass, Match: m}
	}
	plan := openFor(t, firedoor.Drop, map[string][]policy.Port{"fins": {{Transport: 17, Number: 9600}}}, pass(policy.Match{Verbs: []firedoor.Verb{firedoor.VerbRead}}),
		pass(policy.Match{Codes: []uint32{0x0103}, Objects: row(200, 209)}), pass(policy.Match{Objects: row(100, 209), Step: 5}))
	g := inline.New(plan, []*protocol.Protocol{fins.Protocol}, nil)
	now, id := int64(1e18), byte(0)
	asks := func(command byte, at uint16, quantity int, values ...byte) (passed bool) {
		now += 1e6
		id++
		q := append([]byte{0x80, 0, 2, 0, 1, 0, 0, 2, 0, id, 1, command, 0x82, byte(at >> 8), byte(at), 0, 0, byte(quantity)}, values...)
		g.Frame(now, inline.Inside, datagram(t, 9600, string(q)), func(inline.Port, []byte) { passed = true })
		return passed
	}
	answers := func(command byte, values ...byte) {
		now += 1e6
		a := append([]byte{0xc0, 0, 2, 0, 2, 0, 0, 1, 0, id, 1, command, 0, 0}, values...)
		b := datagram(t, 9600, string(a))
		for _, ends := range [][3]int{{0, 6, 6}, {26, 30, 4}, {34, 36, 2}} { // the other way: the sum is the same
			one := slices.Clone(b[ends[0] : ends[0]+ends[2]])
			copy(b[ends[0]:], b[ends[1]:ends[1]+ends[2]])
			copy(b[ends[1]:], one)
		}
		g.Frame(now, inline.Outside, b, func(inline.Port, []byte) {})
	}
	const read, write, fill = 1, 2, 3
	for _, at := range []uint16{100, 200} {
		if !asks(read, at, 3) {
			t.Fatal("a read does not pass")
		}
		answers(read, 0, 0, 0, 50, 0, 50)
	}
	if asks(fill, 100, 3, 0, 3) {
		t.Error("of three elements two go from 50 to 3 in a step")
	}
	if !asks(fill, 100, 1, 0, 3) || !asks(fill, 200, 3, 0, 100) {
		t.Fatal("what may be filled is not")
	}
	answers(fill)
	if asks(write, 201, 1, 0, 48) || !asks(write, 202, 1, 0, 104) {
		t.Error("behind a fill a step is counted from what was there before it")
	}
}
