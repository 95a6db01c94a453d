package inline_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/inline/trial"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
	"firedoor/internal/protocol/enip"
)

// Requests of CIP (volume 1, 2-4, 3-5.5.4 and appendix A; volume 2, 2-4.7): a read and a write of a tag, and
// what they are packed in.
const (
	cipRead    = "\x4c\x02\x91\x01a\x00\x01\x00"
	cipWrite   = "\x4d\x02\x91\x01a\x00\xc4\x00\x01\x00\x07\x00\x00\x00"
	toManager  = "\x02\x20\x06\x24\x01" // path to the connection manager
	toRouter   = "\x02\x20\x02\x24\x01" // to the message router
	toBackward = "\x01\x00\x01\x00"     // a route: port 1, slot 0
)

func little(n int) string { return string(binary.LittleEndian.AppendUint16(nil, uint16(n))) }

// sent packs a request into an Unconnected Send, each time that many more.
func sent(times int, request string) string {
	for range times {
		inner := request
		if len(inner)%2 == 1 {
			inner += "\x00"
		}
		request = "\x52" + toManager + "\x07\xe8" + little(len(request)) + inner + toBackward
	}
	return request
}

// several packs requests into one; each begins at an offset from where their number stands, in the order given.
func several(order []int, requests ...string) string {
	body, at := "", make([]int, len(requests))
	for i, r := range requests {
		at[i] = 2 + 2*len(order) + len(body)
		body += r
	}
	head := little(len(order))
	for _, i := range order {
		head += little(at[i])
	}
	return "\x0a" + toRouter + head + body
}

// carried is a request in SendRRData.
func carried(request string) []byte {
	items := "\x00\x00\x00\x00\x00\x00" + "\x02\x00" + "\x00\x00\x00\x00" + "\xb2\x00" + little(len(request)) + request
	return []byte("\x6f\x00" + little(len(items)) + "\x01\x00\x00\x00" + "\x00\x00\x00\x00" + "firedoor" + "\x00\x00\x00\x00" + items)
}

// TestPackedWrites holds that a write does not pass where reads alone may, however it is packed: what is packed deeper
// than is read, in no order, or wrong may be read by a device.
func TestPackedWrites(t *testing.T) {
	many, order := make([]string, 600), make([]int, 600)
	for i := range many {
		many[i], order[i] = cipRead, i
	}
	last := append(append([]string{}, many[:599]...), cipWrite)
	for name, c := range map[string]struct {
		request string
		on      bool
	}{
		"a read":                               {cipRead, true},
		"a read, sent on":                      {sent(1, cipRead), true},
		"a read, sent on eight times":          {sent(8, cipRead), true},
		"two reads":                            {several([]int{0, 1}, cipRead, cipRead), true},
		"a write":                              {cipWrite, false},
		"a write, sent on":                     {sent(1, cipWrite), false},
		"a write, sent on eight times":         {sent(8, cipWrite), false},
		"a write, sent on nine times":          {sent(9, cipWrite), false},
		"a write, sent on twenty times":        {sent(20, cipWrite), false},
		"a write behind a read":                {several([]int{0, 1}, cipRead, cipWrite), false},
		"a write that is told first, last":     {several([]int{1, 0}, cipRead, cipWrite), false},
		"a write behind 599 reads":             {several(order, last...), false},
		"a write in the room of a read's data": {several([]int{0, 0}, cipRead+cipWrite), false},
		"a write that is told twice":           {several([]int{0, 0}, cipWrite), false},
		"a write in a packet that says three":  {"\x0a" + toRouter + "\x03\x00\x08\x00\x10\x00\xff\xff" + cipRead + cipWrite, false},
	} {
		if got, told := cipPasses(t, carried(c.request)); got != c.on {
			t.Errorf("%s: passes: %t; told %q", name, got, told)
		}
	}
}

// cipPasses tells whether a request reaches a server of which reads are passed, and what is told.
func cipPasses(t *testing.T, request []byte) (on bool, told string) {
	t.Helper()
	plan := trial.Guarded(t, func(p *policy.Policy) {
		c := &p.Conduits[0]
		c.Mode, c.Default, c.Instead, c.Unjudged = policy.Enforce, firedoor.Drop, firedoor.Drop, policy.Reads
		c.Rules = []policy.Rule{{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"enip", "cip"}, Ports: []policy.Port{{Transport: 6, Number: 44818}},
			Verbs: []firedoor.Verb{firedoor.VerbRead}}}, {Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{"enip", "cip"}, Ports: []policy.Port{{Transport: 6, Number: 44818}},
			Verbs: []firedoor.Verb{firedoor.VerbSession}}}}
	})
	g := inline.New(plan, []*protocol.Protocol{enip.Protocol}, func(s *inline.Stopped) { told += fmt.Sprint(s.Verdict.Says, " ", s.Verdict.Reason, "; ") })
	server, now := trial.PLC.At(44818), 1772323200*second
	frame := func(from inline.Port, b []byte) (on int) {
		now += 1e6
		g.Frame(now, from, b, func(to inline.Port, _ []byte) { on += int(to) })
		return on
	}
	next := uint32(1000)
	frame(inline.Inside, trial.TCP(trial.HMI, server, next-1, 0, trial.SYN, nil))
	frame(inline.Outside, trial.TCP(server, trial.HMI, 8999, next, trial.SYN|trial.ACK, nil))
	on = true
	for len(request) > 0 {
		n := min(len(request), 1400)
		on = frame(inline.Inside, trial.TCP(trial.HMI, server, next, 9000, trial.ACK, request[:n])) == 1 && on
		next, request = next+uint32(n), request[n:]
	}
	return on, told
}
