package datapath

import (
	"fmt"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"

	"firedoor"
)

// TestTakenTwice holds that the kernel forgets where a stream stands only when it begins anew: not
// by a server's SYN-ACK that comes late, for its client sent its SYN twice, nor by one that fits no SYN; and
// that behind what it cannot tell from another connection it judges nothing by itself.
func TestTakenTwice(t *testing.T) {
	b := newBed(t)
	d := b.open(b.options(), withCodes())
	send := func(port uint16, flags layers.TCP, seq uint32, payload string) []byte {
		flags.Seq = seq
		return wire{sport: port, dport: modbusPort, tcp: &flags, payload: payload}.frame(t)
	}
	say := func(port uint16, flags layers.TCP, seq, ack uint32) []byte {
		flags.Seq, flags.Ack = seq, ack
		return wire{back: true, sport: modbusPort, dport: port, tcp: &flags}.frame(t)
	}
	ack, syn, taken := layers.TCP{ACK: true}, layers.TCP{SYN: true}, layers.TCP{SYN: true, ACK: true}
	read := mbap(3)
	other := "\x09\x09" + read[2:]
	begun := func(port uint16, rest ...asked) []asked {
		return append([]asked{
			{"SYN", send(port, syn, 1000, ""), said{Pass, 0, 10}},
			{outside + "taken", say(port, taken, 7777, 1001), said{Pass, 0, 10}},
			{"SYN again", send(port, syn, 1000, ""), said{Pass, 0, 10}},
			{"a read", send(port, ack, 1001, read), said{Pass, 7, 3}},
		}, rest...)
	}
	for name, list := range map[string][]asked{
		"late": begun(5000,
			asked{outside + "taken, again, late", say(5000, taken, 7777, 1001), said{Pass, 0, 10}},
			asked{"the next read", send(5000, ack, 1013, read), said{Pass, 7, 3}},
			asked{"other bytes in the place of the read", send(5000, ack, 1001, other), said{Ask, ReasonStream, 10}}),
		"behind an answer": begun(5001,
			asked{outside + "an answer", say(5001, ack, 7778, 1013), said{Pass, 0, 10}},
			asked{outside + "taken, again, later still", say(5001, taken, 7777, 1001), said{Pass, 0, 10}},
			asked{"the next read", send(5001, ack, 1013, read), said{Ask, ReasonStream, 10}}),
		"of nothing": begun(5002,
			asked{outside + "taken, from elsewhere", say(5002, taken, 99, 5001), said{Pass, 0, 10}},
			asked{"what is there now", send(5002, ack, 5001, read), said{Ask, ReasonStream, 10}}),
		"a decoy": begun(5003,
			asked{outside + "an answer", say(5003, ack, 7778, 1013), said{Pass, 0, 10}},
			asked{"an end", send(5003, layers.TCP{RST: true}, 1013, ""), said{Pass, 0, 10}},
			asked{"SYN", send(5003, syn, 1000, ""), said{Pass, 0, 10}},
			asked{"one that its server does not take", send(5003, syn, 6000, ""), said{Pass, 0, 10}},
			asked{outside + "taken", say(5003, taken, 8888, 1001), said{Pass, 0, 10}},
			asked{"a read in it", send(5003, ack, 1001, read), said{Ask, ReasonStream, 10}}),
		"anew": begun(5004,
			asked{outside + "an answer", say(5004, ack, 7778, 1013), said{Pass, 0, 10}},
			asked{outside + "taken with another number", say(5004, taken, 8888, 1001), said{Pass, 0, 10}},
			asked{"a read in it", send(5004, ack, 1001, other), said{Pass, 7, 3}}),
	} {
		t.Run(name, func(t *testing.T) { judge(t, d, list) })
	}
}

// TestUnfinishedIsNotForgotten holds that a stream that is said to end within a message, which nobody need
// believe, does not lose its place to others unnoticed: whoever meets the rest of that message must not take
// it for a beginning. One that ended behind all that its server has may.
func TestUnfinishedIsNotForgotten(t *testing.T) {
	for name, c := range map[string]struct {
		at   Position
		full bool
	}{
		"within a message":        {Position{Known: true, Partial: true, Next: 1008, Acked: 1008}, true},
		"its server lacks a byte": {Position{Known: true, Next: 1012, Acked: 1007}, true},
		"finished":                {Position{Known: true, Next: 1012, Acked: 1012}, false},
	} {
		for _, kernel := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, kernel %v", name, kernel), func(t *testing.T) {
				b := newBed(t)
				d := b.open(b.options(), withCodes())
				s := openStreams(t, d)
				k := StreamKey{Client: firedoor.IPv4(0x0a610001), Server: firedoor.IPv4(0x0a610002), ClientPort: 1, ServerPort: modbusPort}
				place, _, _ := s.Enter(&k)
				s.Leave(place, &c.at, false)
				s.Over(place)
				s.all[place].SeenNs = 1
				for k.ClientPort++; ; k.ClientPort++ { // another one that lies there
					if k.ClientPort == 0 {
						k.Outer++
					}
					if f := k.flow(); placeOf(&f, s.pulse.Seed)%MaxStreams == uint32(place) {
						break
					}
				}
				if kernel {
					w := wire{sport: k.ClientPort, dport: modbusPort, tcp: &layers.TCP{SYN: true, Seq: 1000}}
					if k.Outer > 0 {
						w.vlans = []uint16{k.Outer}
					}
					if _, err := d.Test(w.frame(t), Inside); err != nil {
						t.Fatal(err)
					}
					if s.all[place].Flow != k.flow() {
						t.Fatal("its place was not taken")
					}
				} else if n, _, ok := s.Enter(&k); !ok || n != place {
					t.Fatalf("it lies in place %d, want %d", n, place)
				}
				if s.Full(int64(streamIdle)) != c.full {
					t.Errorf("noted: %v", s.Full(int64(streamIdle)))
				}
			})
		}
	}
}

// TestClocksThatDiffer holds that what somebody wrote down by a clock that is a little ahead is of now, and not of long ago:
// else the kernel forgot how a connection began, and took a repetition of that for another beginning.
func TestClocksThatDiffer(t *testing.T) {
	b := newBed(t)
	d := b.open(b.options(), withCodes())
	s := openStreams(t, d)
	k := StreamKey{Client: firedoor.IPv4(0x0a610001), Server: firedoor.IPv4(0x0a610002), ClientPort: 6000, ServerPort: modbusPort}
	place, _, _ := s.Enter(&k)
	s.Leave(place, &Position{Known: true, Partial: true, Next: 1008, Acked: 1008, Handshake: Handshake{Answered: true, Answer: 7777, First: 1001}}, true)
	ahead := now() + uint64(time.Minute)
	s.all[place].SeenNs, s.pulse.Full = ahead, ahead
	if _, err := d.Test(wire{sport: 6000, dport: modbusPort, tcp: &layers.TCP{SYN: true, Seq: 1000}}.frame(t), Inside); err != nil {
		t.Fatal(err)
	}
	if s.all[place].Answered == 0 {
		t.Error("the kernel forgot how the connection began")
	}
	_, p, ok := s.Enter(&k)
	if !ok || !p.Answered {
		t.Errorf("a worker knows it no more: %+v, %v", p, ok)
	}
	if s.Return(place); !s.Full(int64(streamUnderWay)) || s.claim(&s.all[place]) {
		t.Error("something is long over that is to come")
	}
}
