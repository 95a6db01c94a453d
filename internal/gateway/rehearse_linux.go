package gateway

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/packet"
	"firedoor/internal/policy"
	"firedoor/internal/protocol"
)

// rehearsal judges requests that nobody sent, between two devices that do not exist, by a gate and a policy of
// its own: nothing of it goes anywhere. Between two frames a core sleeps or does other work, and what judging
// needs has left its caches by the next one, which costs more than to judge it. It is done only where frames
// come often.
type rehearsal struct {
	gate         *inline.Gate
	hello, reply []byte // segments of nothing
	scenes       [2]scene
	next         [2]uint32 // numbers of the client and of the server
	turn         int
	passed       int  // frames, in this turn
	open         bool // the connection
	ended        bool
	count        func(inline.Port, []byte)
	// What came of late.
	frames int
	since  int64 // by a clock that nobody sets, ns
	often  bool
}

// scene is a request and its answer.
type scene struct{ request, answer []byte }

const (
	// rehearseEvery is how long the thread that judges waits for a frame before it rehearses, in ns (0016 has what it gains).
	rehearseEvery = int64(45e3)
	// oftenFrames is how many frames within oftenWithin are often: fewer are not worth a third of a core.
	oftenFrames = 20
	oftenWithin = int64(200e6)
)

// rehearsed is what is rehearsed in: it holds for devices at addresses for documentation (RFC 5737).
const rehearsed = "modbus"

var (
	actor   = netip.AddrFrom4([4]byte{192, 0, 2, 1})
	partner = netip.AddrFrom4([4]byte{192, 0, 2, 2})
)

// newRehearsal is one by the protocols that the gateway knows; nil where that in which it rehearses is not among them.
func newRehearsal(protocols []*protocol.Protocol, known policy.Known) (*rehearsal, error) {
	ports := known.Ports(rehearsed)
	at := slices.IndexFunc(ports, func(p policy.Port) bool { return p.Transport == packet.TCP })
	if at < 0 {
		return nil, nil
	}
	port := ports[at]
	plan, faults := policy.Compile(&policy.Policy{
		Hosts: []policy.Host{{Name: "client", Addresses: []netip.Addr{actor}}, {Name: "server", Addresses: []netip.Addr{partner}}},
		Zones: []policy.Zone{{Name: "clients", Hosts: []string{"client"}}, {Name: "servers", Hosts: []string{"server"}}},
		Conduits: []policy.Conduit{{Name: "stage", From: "clients", To: "servers", Mode: policy.Enforce, Default: firedoor.Drop, Instead: firedoor.Drop,
			Reviewed: policy.Review{By: "nobody", On: "2026-11-27"},
			Rules:    []policy.Rule{{Verdict: firedoor.Pass, Match: policy.Match{Protocols: []string{rehearsed}, Ports: []policy.Port{port}, Verbs: []firedoor.Verb{firedoor.VerbRead, firedoor.VerbWrite}}}}}},
		Otherwise: policy.Otherwise{Default: firedoor.Drop},
	}, known)
	if len(faults) > 0 {
		return nil, fmt.Errorf("the policy of a rehearsal: %+v", faults)
	}
	r := &rehearsal{gate: inline.New(plan, protocols, nil), next: [2]uint32{1<<32 - 1000, 1<<32 - 2000}} // past the end of numbers soon, or never tried
	r.count = func(inline.Port, []byte) { r.passed++ }
	there, back := stage(actor, partner, 49152, port.Number), stage(partner, actor, port.Number, 49152)
	read, values := []byte{0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 2}, []byte{0, 1, 0, 0, 0, 7, 1, 3, 4, 0, 7, 0, 9}
	write, written := []byte{0, 2, 0, 0, 0, 11, 1, 16, 0, 0, 0, 2, 4, 0, 7, 0, 9}, []byte{0, 2, 0, 0, 0, 6, 1, 16, 0, 0, 0, 2}
	r.scenes = [2]scene{{there(read), back(values)}, {there(write), back(written)}}
	r.hello, r.reply = there(nil), back(nil)
	return r, nil
}

// Where a segment's parts lie behind Ethernet and IPv4 without options.
const atIP, atTCP, atData = 14, 34, 54

// stage makes segments from one end to the other.
func stage(from, to netip.Addr, fromPort, toPort uint16) func(data []byte) []byte {
	return func(data []byte) []byte {
		b := make([]byte, atData, atData+len(data))
		b[5], b[11], b[12] = to.As4()[3], from.As4()[3], 0x08
		b[0], b[6] = 2, 2
		b[atIP], b[atIP+8], b[atIP+9] = 0x45, 64, 6
		binary.BigEndian.PutUint16(b[atIP+2:], uint16(atData-atIP+len(data)))
		f, t := from.As4(), to.As4()
		copy(b[atIP+12:], f[:])
		copy(b[atIP+16:], t[:])
		sum := uint32(0)
		for i := atIP; i < atTCP; i += 2 {
			sum += uint32(binary.BigEndian.Uint16(b[i:]))
		}
		binary.BigEndian.PutUint16(b[atIP+10:], ^uint16(sum+sum>>16))
		binary.BigEndian.PutUint16(b[atTCP:], fromPort)
		binary.BigEndian.PutUint16(b[atTCP+2:], toPort)
		b[atTCP+12], b[atTCP+14] = 5<<4, 0x20
		return append(b, data...)
	}
}

// begin begins the connection, which is forgotten where nothing was rehearsed for hours.
func (r *rehearsal) begin(now, age int64) bool {
	r.passed = 0
	r.say(now, age, inline.Inside, r.hello, packet.SYN)
	r.next[inline.Inside]++
	r.say(now, age, inline.Outside, r.reply, packet.SYN|packet.ACK)
	r.next[inline.Outside]++
	r.say(now, age, inline.Inside, r.hello, packet.ACK)
	return r.passed == 3
}

// say has the gate judge a segment of one end; inside is the client's.
func (r *rehearsal) say(now, age int64, from inline.Port, b []byte, flags byte) {
	binary.BigEndian.PutUint32(b[atTCP+4:], r.next[from])
	binary.BigEndian.PutUint32(b[atTCP+8:], r.next[from.Other()])
	b[atTCP+13] = flags
	inline.Fill(b)
	r.gate.FrameAt(now, age, from, b, r.count)
	r.next[from] += uint32(len(b) - atData)
}

// came hears of a frame that was judged; age is as for Gate.FrameAt.
func (r *rehearsal) came(age int64) {
	if r == nil {
		return
	}
	if r.frames++; age-r.since > oftenWithin {
		r.often, r.frames, r.since = r.frames >= oftenFrames && age-r.since < 2*oftenWithin, 0, age
	}
}

// wait is for how long frames are waited for, in ns.
func (r *rehearsal) wait() int64 {
	if r == nil || r.ended || !r.often {
		return pollWait
	}
	return rehearseEvery
}

// rehearse judges a request and its answer, where frames come often. now and age are as for Gate.FrameAt. Where they do not
// pass on a new connection either, that was the last time.
func (r *rehearsal) rehearse(now, age int64) {
	if r.wait() == pollWait {
		return
	}
	if r.often = age-r.since < 2*oftenWithin; !r.often {
		return
	}
	anew := !r.open
	if anew && !r.begin(now, age) {
		r.ended = true
		return
	}
	s := &r.scenes[r.turn]
	r.turn, r.passed = r.turn^1, 0
	r.say(now, age, inline.Inside, s.request, packet.PSH|packet.ACK)
	r.say(now, age, inline.Outside, s.answer, packet.PSH|packet.ACK)
	r.open = r.passed == 2
	r.ended = anew && !r.open
}
