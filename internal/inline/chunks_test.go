package inline_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/opcua"
)

// Messages of OPC UA on a channel without security (OPC 10000-6, 6.7.2 and 5.2).

func asked(service uint16, body string) string {
	b := binary.LittleEndian.AppendUint16([]byte{1, 0}, service)
	header := "\x00\x00" + strings.Repeat("\x00", 8) + "\x01\x00\x00\x00" + "\x00\x00\x00\x00" + "\xff\xff\xff\xff" + "\x00\x00\x00\x00" + "\x00\x00\x00"
	return string(b) + header + body
}

func chunk(mark byte, request uint32, body string) []byte {
	b := binary.LittleEndian.AppendUint32([]byte{'M', 'S', 'G', mark}, uint32(24+len(body)))
	for _, v := range [...]uint32{1, 1, request, request} { // channel, token, sequence number, request
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return append(b, body...)
}

const (
	uaNode  = "\x00\x55\x0d\x00\x00\x00\xff\xff\xff\xff" // the value of a node, all of it
	uaOther = "\x00\x56\x0d\x00\x00\x00\xff\xff\xff\xff"
	uaOpen  = "OPNF\x84\x00\x00\x00\x00\x00\x00\x00\x2f\x00\x00\x00http://opcfoundation.org/UA/SecurityPolicy#None\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00\x00\x01\x00\x00\x00"
	uaHello = "HELF\x30\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00opc.tcp://a:4840"
)

var (
	uaRead  = asked(631, strings.Repeat("\x00", 8)+"\x02\x00\x00\x00"+"\x01\x00\x00\x00"+uaNode+"\x00\x00\xff\xff\xff\xff")
	uaWrite = asked(673, "\x01\x00\x00\x00"+uaNode+"\x01\x06\x67\x12\x00\x00")
	// uaHead is a write of a number and of bytes as many as a read request has, without those.
	uaHead = asked(673, "\x02\x00\x00\x00"+uaNode+"\x01\x06\x67\x12\x00\x00"+uaOther+"\x01\x0f"+string([]byte{byte(len(uaRead)), 0, 0, 0}))
)

// TestChunksApart holds that a message in chunks that do not follow each other passes only where every
// request would: a server may put them together by their request, and then nobody has read what it asks.
func TestChunksApart(t *testing.T) {
	many := strings.Repeat("\x00", 65000)
	hides := [][]byte{chunk('C', 6, uaHead), chunk('F', 7, uaRead), chunk('F', 6, uaRead)}
	for _, c := range []struct {
		name  string
		parts [][]byte
		reads int // how many of them reach the server where reads alone pass
		most  int // and where all but writes do
	}{
		{"a read", [][]byte{chunk('F', 3, uaRead)}, 1, 1},
		{"a read in two", [][]byte{chunk('C', 3, uaRead[:40]), chunk('F', 3, uaRead[40:])}, 2, 2},
		{"a read that is given up, and another", [][]byte{chunk('C', 3, uaRead[:40]), chunk('A', 3, "\x00\x00\x00\x80\xff\xff\xff\xff"), chunk('F', 4, uaRead)}, 3, 3},
		{"a write", [][]byte{chunk('F', 4, uaWrite)}, 0, 0},
		{"a write in two", [][]byte{chunk('C', 5, uaWrite[:20]), chunk('F', 5, uaWrite[20:])}, 1, 1},
		{"a write around a read", hides, 1, 1},
		{"a write that ends as no request", [][]byte{hides[0], hides[1], chunk('F', 6, "\xee\xee")}, 1, 1},
		{"another channel behind its beginning", [][]byte{hides[0], []byte("CLOF\x18\x00\x00\x00" + strings.Repeat("\x01\x00\x00\x00", 4)), hides[2]}, 1, 1},
		{"a long one around a read", [][]byte{chunk('C', 6, uaRead+many), chunk('C', 6, many), chunk('C', 6, many), chunk('F', 7, uaRead), chunk('F', 6, uaRead)}, 3, 3},
		{"one in too long a chunk around another", [][]byte{chunk('C', 6, uaRead+many+many), chunk('F', 7, uaRead+many+many), chunk('F', 6, uaRead)}, 1, 1},
		{"one in too long a chunk", [][]byte{chunk('C', 6, uaRead+many+many), chunk('F', 6, many), chunk('F', 7, uaRead)}, 3, 3},
		{"no service", [][]byte{chunk('F', 3, "\xee\xee")}, 0, 0},
	} {
		for _, most := range []bool{false, true} {
			for _, mode := range []policy.Mode{policy.Enforce, policy.Test} {
				want := map[bool]int{false: c.reads, true: c.most}[most]
				got, told := uaPasses(t, uaPlan(t, mode, most), c.parts)
				if mode == policy.Test && (got != len(c.parts) || (told == "") != (want == len(c.parts))) {
					t.Errorf("%s, all but writes %t, in test: %d of %d reach the server, told %q", c.name, most, got, len(c.parts), told)
				}
				if mode == policy.Enforce && got != want {
					t.Errorf("%s, all but writes %t: %d of %d reach the server, want %d, told %q", c.name, most, got, len(c.parts), want, told)
				}
			}
		}
	}
}

// uaPlan lets reads of OPC UA pass, or all but writes.
func uaPlan(t *testing.T, mode policy.Mode, most bool) *policy.Plan {
	return trial.Guarded(t, func(p *policy.Policy) {
		c := &p.Conduits[0]
		of := func(verdict firedoor.Action, verbs ...firedoor.Verb) policy.Rule {
			return policy.Rule{Verdict: verdict, Match: policy.Match{Protocols: []string{"opcua"}, Ports: []policy.Port{{Transport: 6, Number: 4840}}, Verbs: verbs}}
		}
		c.Mode, c.Default, c.Instead, c.Unjudged = mode, firedoor.Drop, firedoor.Drop, policy.Reads
		c.Rules = []policy.Rule{of(firedoor.Pass, firedoor.VerbRead, firedoor.VerbSession, firedoor.VerbIdentify), of(firedoor.Drop)}
		if most {
			c.Default, c.Rules = firedoor.Pass, []policy.Rule{of(firedoor.Drop, firedoor.VerbWrite)}
		}
	})
}

// uaPasses says how many parts of what a client says reach its server, each in segments of its own, and
// what is told.
func uaPasses(t *testing.T, plan *policy.Plan, parts [][]byte) (n int, told string) {
	t.Helper()
	g := inline.New(plan, []*protocol.Protocol{opcua.Protocol}, func(s *inline.Stopped) { told += fmt.Sprint(s.Verdict.Says, " ", s.Verdict.Reason, "; ") })
	server, now, next := trial.PLC.At(4840), 1772323200*second, uint32(1000)
	frame := func(from inline.Port, b []byte) (on int) {
		now += 1e6
		g.Frame(now, from, b, func(to inline.Port, _ []byte) { on += int(to) })
		return on
	}
	say := func(payload []byte) bool {
		all := true
		for len(payload) > 0 {
			n := min(len(payload), 1400)
			all = frame(inline.Inside, trial.TCP(trial.HMI, server, next, 9000, trial.ACK, payload[:n])) == 1 && all
			next, payload = next+uint32(n), payload[n:]
			frame(inline.Outside, trial.TCP(server, trial.HMI, 9000, next, trial.ACK, nil))
		}
		return all
	}
	frame(inline.Inside, trial.TCP(trial.HMI, server, next-1, 0, trial.SYN, nil))
	frame(inline.Outside, trial.TCP(server, trial.HMI, 8999, next, trial.SYN|trial.ACK, nil))
	if !say([]byte(uaHello)) || !say([]byte(uaOpen+asked(446, "\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\xff\xff\xff\xff\x80\xee\x36\x00"))) {
		t.Error("the beginning of a channel does not pass")
	}
	for _, part := range parts {
		if say(part) {
			n++
		}
	}
	return n, told
}

// TestLongListsAreLookedAtWhole holds that a list of numbers that is longer than what is told of it passes no
// rule for values on its beginning alone.
func TestLongListsAreLookedAtWhole(t *testing.T) {
	plan := trial.Guarded(t, func(p *policy.Policy) {
		c := &p.Conduits[0]
		c.Mode, c.Default, c.Instead, c.Unjudged = policy.Enforce, firedoor.Drop, firedoor.Drop, policy.Reads
		small := policy.Match{Protocols: []string{"opcua"}, Ports: []policy.Port{{Transport: 6, Number: 4840}}, Verbs: []firedoor.Verb{firedoor.VerbWrite}, Values: &policy.Span{Min: 0, Max: 10}}
		c.Rules = []policy.Rule{{Verdict: firedoor.Pass, Match: small},
			{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"opcua"}, Ports: small.Ports, Verbs: []firedoor.Verb{firedoor.VerbSession}}}}
	})
	list := func(n int, last string) []byte {
		numbers := strings.Repeat("\x05\x00", n-1) + last
		return chunk('F', 4, asked(673, "\x01\x00\x00\x00"+uaNode+"\x01\x85"+string(binary.LittleEndian.AppendUint32(nil, uint32(n)))+numbers))
	}
	for _, c := range []struct {
		n    int
		last string
		want int
	}{{1024, "\x07\x00", 1}, {1024, "\x63\x00", 0}, {1025, "\x63\x00", 0}, {1025, "\x07\x00", 0}} {
		if got, told := uaPasses(t, plan, [][]byte{list(c.n, c.last)}); got != c.want {
			t.Errorf("%d numbers that end in %q: %d reach the server, want %d, told %q", c.n, c.last, got, c.want, told)
		}
	}
}

// TestItemsBehindWhatIsKept holds that a request passes only where each of its items may, those too that stand
// behind what is kept of a long one.
func TestItemsBehindWhatIsKept(t *testing.T) {
	plan := trial.Guarded(t, func(p *policy.Policy) {
		c := &p.Conduits[0]
		c.Mode, c.Default, c.Instead, c.Unjudged = policy.Enforce, firedoor.Drop, firedoor.Drop, policy.Reads
		of := policy.Match{Protocols: []string{"opcua"}, Ports: []policy.Port{{Transport: 6, Number: 4840}}}
		session, one := of, of
		session.Verbs, one.Verbs, one.Objects = []firedoor.Verb{firedoor.VerbSession}, []firedoor.Verb{firedoor.VerbWrite}, []policy.Object{{Text: "i=85"}}
		c.Rules = []policy.Rule{{Verdict: firedoor.Pass, Match: session}, {Verdict: firedoor.Pass, Match: one}}
	})
	many := strings.Repeat("\x07", 60_000)
	const long, more = "\x01\x0f\x20\xbf\x02\x00", "\x01\x06\x67\x12\x00\x00" // 180,000 bytes, and a number
	begin := func(n byte) string { return asked(673, string([]byte{n, 0, 0, 0})+uaNode+long+many) }
	for _, c := range []struct {
		name  string
		parts [][]byte
		pass  bool
	}{
		{"one item in chunks", [][]byte{chunk('C', 4, begin(1)), chunk('C', 4, many), chunk('F', 4, many)}, true},
		{"one item in a chunk", [][]byte{chunk('F', 4, begin(1)+many+many)}, true},
		{"the same behind it in chunks", [][]byte{chunk('C', 4, begin(2)), chunk('C', 4, many), chunk('C', 4, many), chunk('F', 4, uaNode+more)}, true},
		{"the same behind it in a chunk", [][]byte{chunk('F', 4, begin(2)+many+many+uaNode+more)}, true},
		{"fewer than it says in chunks", [][]byte{chunk('C', 4, begin(3)), chunk('C', 4, many), chunk('C', 4, many), chunk('F', 4, uaNode+more)}, false},
		{"another behind it in chunks", [][]byte{chunk('C', 4, begin(2)), chunk('C', 4, many), chunk('C', 4, many), chunk('F', 4, uaOther+more)}, false},
		{"another behind it in a chunk", [][]byte{chunk('F', 4, begin(2)+many+many+uaOther+more)}, false},
	} {
		if got, told := uaPasses(t, plan, c.parts); (got == len(c.parts)) != c.pass {
			t.Errorf("%s: %d of %d parts reach the server, told %q", c.name, got, len(c.parts), told)
		}
	}
}
