package inline_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/s7comm"
)

// s7Bench has a controller of S7 written and read behind a gate.
type s7Bench struct{ *bench }

func newS7(t *testing.T, rules ...policy.Rule) s7Bench {
	for i := range rules {
		rules[i].Verdict, rules[i].Match.Protocols = firedoor.Pass, []string{"s7comm"}
	}
	plan := openFor(t, firedoor.Drop, map[string][]policy.Port{"s7comm": {{Transport: 6, Number: 102}}}, rules...)
	b := newBench(t, plan)
	b.gate = inline.New(plan, []*protocol.Protocol{s7comm.Protocol}, nil)
	s := s7Bench{b}
	s.begins()
	return s
}

// begins has the client begin a connection anew: one on which something was dropped goes no further.
func (b s7Bench) begins() {
	hmi, plc := trial.HMI, trial.PLC.At(102)
	b.client, b.server = b.client+1000, b.server+1000
	b.frame(inline.Inside, trial.TCP(hmi, plc, b.client-1, 0, trial.SYN, nil))
	b.frame(inline.Outside, trial.TCP(plc, hmi, b.server-1, b.client, trial.SYN|trial.ACK, nil))
}

func (b s7Bench) asks(parameter, data []byte) (passed bool) {
	b.toPLC = nil
	b.id++
	m := s7Message(1, b.id, parameter, data)
	b.frame(inline.Inside, trial.TCP(trial.HMI, trial.PLC.At(102), b.client, b.server, trial.ACK, m))
	b.client += uint32(len(m))
	if len(payloads(b.toPLC)) > 0 {
		return true
	}
	b.begins()
	return false
}

func (b s7Bench) answers(parameter, data []byte) {
	m := s7Message(3, b.id, parameter, data)
	b.frame(inline.Outside, trial.TCP(trial.PLC.At(102), trial.HMI, b.server, b.client, trial.ACK, m))
	b.server += uint32(len(m))
}

// Kinds of elements, as address records name them.
const (
	s7Byte  = 2
	s7Word  = 4
	s7DWord = 6
	s7Real  = 8
)

// item is the address record of elements of data block 1.
func item(kind byte, at, quantity int) []byte {
	return []byte{0x12, 0x0a, 0x10, kind, 0, byte(quantity), 0, 1, 0x84, 0, byte(at * 8 >> 8), byte(at * 8)}
}

func (b s7Bench) reads(kind byte, at int, value ...byte) {
	if !b.asks(append([]byte{4, 1}, item(kind, at, 1)...), nil) {
		b.t.Fatal("a read does not pass")
	}
	b.answers([]byte{4, 1}, append([]byte{0xff, 4, 0, byte(8 * len(value))}, value...))
}

func (b s7Bench) writes(kind byte, at, quantity int, value ...byte) bool {
	if !b.asks(append([]byte{5, 1}, item(kind, at, quantity)...), append([]byte{0, 4, 0, byte(8 * len(value))}, value...)) {
		return false
	}
	b.answers([]byte{5, 1}, []byte{0xff})
	return true
}

// TestStepBesideOtherWidths holds that after a write of the same memory in elements of another width, or begun elsewhere, no
// step is known until the element is read: else two writes go round its limit.
func TestStepBesideOtherWidths(t *testing.T) {
	for name, c := range map[string]struct {
		kind     byte
		at       int
		value    []byte
		forgets  bool
		declined bool
	}{
		"a byte of a word":              {s7Byte, 10, []byte{2}, true, false},
		"the other byte":                {s7Byte, 11, []byte{2}, true, false},
		"both bytes":                    {s7Byte, 10, []byte{2, 0}, true, false},
		"a word that begins before it":  {s7Word, 9, []byte{2, 0}, true, false},
		"a double word over it":         {s7DWord, 8, []byte{2, 0, 2, 0}, true, false},
		"a double word that it begins":  {s7DWord, 10, []byte{2, 0, 2, 0}, true, false},
		"a byte that may not be done":   {s7Byte, 10, []byte{2}, true, true},
		"a byte behind it":              {s7Byte, 12, []byte{2}, false, false},
		"a word behind it, and further": {s7Word, 12, []byte{2, 0, 2, 0}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			width := map[byte]int{s7Byte: 1, s7Word: 2, s7DWord: 4}[c.kind]
			letter := map[byte]string{s7Byte: "B", s7Word: "W", s7DWord: "D"}[c.kind]
			others := policy.Match{Values: &policy.Span{Max: 1e12}} // so it lets no other width pass
			for i := 0; i < len(c.value); i += width {
				others.Objects = append(others.Objects, policy.Object{Text: fmt.Sprintf("DB1.DB%s%d", letter, c.at+i)})
			}
			if len(c.value) > width {
				others.Objects = []policy.Object{{Text: "DB1.DB" + letter, Row: true, From: uint64(c.at), To: uint64(c.at + len(c.value) - width)}}
			}
			first := []policy.Rule{{Match: policy.Match{Verbs: []firedoor.Verb{firedoor.VerbRead}}},
				{Match: policy.Match{Objects: []policy.Object{{Text: "DB1.DBW10"}}, Step: 5, Values: &policy.Span{Max: 100}}}}
			b := newS7(t, append(first, policy.Rule{Match: others})...)
			b.reads(s7Word, 10, 0, 10)
			if !b.writes(s7Word, 10, 1, 0, 12) {
				t.Fatal("a step of 2 does not pass")
			}
			if c.declined {
				if !b.asks(append([]byte{5, 1}, item(c.kind, c.at, len(c.value)/width)...), append([]byte{0, 4, 0, byte(8 * len(c.value))}, c.value...)) {
					t.Fatal("what may be written is not")
				}
				b.answers([]byte{5, 1}, []byte{5})
			} else if !b.writes(c.kind, c.at, len(c.value)/width, c.value...) {
				t.Fatal("what may be written is not")
			}
			if passed := b.writes(s7Word, 10, 1, 0, 13); passed == c.forgets {
				t.Errorf("after that a step of 1 from what was there before passes: %v", passed)
			}
			b.reads(s7Word, 10, 0, 14)
			if !b.writes(s7Word, 10, 1, 0, 16) {
				t.Error("it was read, and a step of 2 does not pass")
			}
		})
	}
}

// TestStepOfAnotherKind holds that what is called a whole number is no step of what is called floating point: else small
// whole numbers lead to any floating point number.
func TestStepOfAnotherKind(t *testing.T) {
	float := func(v float32) []byte { return binary.BigEndian.AppendUint32(nil, math.Float32bits(v)) }
	b := newS7(t, policy.Rule{Match: policy.Match{Verbs: []firedoor.Verb{firedoor.VerbRead}}}, policy.Rule{Match: policy.Match{Objects: []policy.Object{{Text: "DB1.DBD10"}}, Step: 50}})
	b.reads(s7Real, 10, float(10)...)
	if !b.writes(s7Real, 10, 1, float(20)...) {
		t.Fatal("a step of 10 does not pass")
	}
	if b.writes(s7DWord, 10, 1, 0, 0, 0, 60) {
		t.Error("a whole number is a step from a floating point number")
	}
	b.reads(s7DWord, 10, float(20)...)
	last := float(20)
	if last[3]++; !b.writes(s7DWord, 10, 1, last...) {
		t.Fatal("a step of a whole number does not pass")
	}
	if b.writes(s7Real, 10, 1, float(21)...) {
		t.Error("a step is counted from before what was written as a whole number")
	}
	if b.reads(s7Real, 10, last...); !b.writes(s7Real, 10, 1, float(21)...) {
		t.Error("it was read, and a step of 1 does not pass")
	}
}
