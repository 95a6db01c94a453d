package inline_test

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
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
	ports := map[string][]policy.Port{"s7comm": {{Transport: 6, Number: 102}}}
	host := func(name, address string) policy.Host {
		return policy.Host{Name: name, Addresses: []netip.Addr{netip.MustParseAddr(address)}}
	}
	hmi, plc := trial.HMI, trial.PLC.At(102)
	plan, faults := policy.Compile(&policy.Policy{
		Hosts: []policy.Host{host("hmi", "10.0.1.1"), host("plc", "10.0.2.1")},
		Zones: []policy.Zone{{Name: "office", Hosts: []string{"hmi"}}, {Name: "cell", Hosts: []string{"plc"}}},
		Conduits: []policy.Conduit{{Name: "down", From: "office", To: "cell", Mode: policy.Enforce, Default: firedoor.Drop, Instead: firedoor.Drop, Reviewed: policy.Review{By: "A", On: "2026-11-26"},
			Rules: []policy.Rule{
				{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"s7comm"}, Verbs: []firedoor.Verb{firedoor.VerbRead}}},
				{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"s7comm"}, Verbs: []firedoor.Verb{firedoor.VerbWrite}, Objects: []policy.Object{{Text: "DB1.DBW10"}}, Step: 5}},
			}}},
		Otherwise: policy.Otherwise{Mode: policy.Enforce, Default: firedoor.Drop},
	}, policy.Known{Ports: func(p string) []policy.Port { return ports[p] }, Protocols: []string{"s7comm"}})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
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
