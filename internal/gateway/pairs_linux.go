package gateway

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"

	"firedoor"
	"firedoor/internal/datapath"
	"firedoor/internal/packet"
	"firedoor/internal/policy"
)

// maxTellers is how many pairs are told apart in a second of those whose frames the kernel
// dropped, the ones that lost most first; the others are told together, by rule and reason.
const maxTellers = 1024

// pairs are those who lost frames lately. A frame that the kernel shows has a line at once,
// if its pair had none in the last second; the rest of its pair's have one when they are read.
type pairs struct {
	from   uint32                    // turns before it are told
	recent map[datapath.Loser]bool   // of any turn: they had a line
	early  map[datapath.Loser]*early // what was told of a turn that is not read yet
	atOnce int                       // lines of this second
}

// early is what was told of a pair before its counter was read, and what is to be told with it.
type early struct {
	datapath.Count

	shown *StoppedRecord // of a frame that has no line yet
}

func newPairs() pairs {
	return pairs{recent: map[datapath.Loser]bool{}, early: map[datapath.Loser]*early{}}
}

// toldEarly is what an early line told of a pair, for a later process that reads its counter.
type toldEarly struct {
	Pair datapath.Loser `json:"pair"`
	datapath.Count
}

// unread are the pairs of which something was told and whose counters are not read yet.
func (p *pairs) unread() (out []toldEarly) {
	for l, e := range p.early {
		if e.Frames > 0 {
			out = append(out, toldEarly{l, e.Count})
		}
	}
	return out
}

// takeUp goes on with what unread gave an earlier process.
func (p *pairs) takeUp(all []toldEarly) {
	for _, t := range all {
		p.early[t.Pair] = &early{Count: t.Count}
	}
}

// ofAnyTurn is a pair as it is known from one turn to the next.
func ofAnyTurn(l datapath.Loser) datapath.Loser {
	l.Turn = 0
	return l
}

func kindOfLoser(l *datapath.Loser) kind { return kind{l.Generation, l.Action, l.Reason, l.Rule} }

// report takes a frame that the kernel shows.
func (k *kernelStops) report(r *datapath.Report) {
	p := &k.pairs
	if int32(r.Turn-p.from) < 0 {
		return // its pair was read, and told with all its frames
	}
	e := p.early[r.Loser]
	known := p.recent[ofAnyTurn(r.Loser)]
	if e != nil || !known && p.atOnce >= maxTellers || len(p.early) >= 2*maxTellers {
		return // the counter has it
	}
	length := lengthOf(r)
	end := r.Client
	end.Port = r.ClientPort
	record := k.words(&r.Loser, end, [2]firedoor.MAC{r.ClientMAC, r.ServerMAC}, k.began.Add(r.Time))
	record.Bytes = length
	record.Slice = &Slice{Time: k.began.Add(r.Time).UnixNano(), Outside: r.Port == datapath.Outside, Wire: int(length), Frame: slices.Clone(k.whole(r))}
	e = &early{}
	p.early[r.Loser] = e
	if known {
		e.shown = &record
		return
	}
	p.atOnce++
	p.recent[ofAnyTurn(r.Loser)] = true
	e.Count = datapath.Count{Frames: 1, Bytes: length}
	k.count(kindOfLoser(&r.Loser), e.Count)
	k.stops.Tell(&record)
}

// lengthOf is a frame's length with its tag, as the counters have it.
func lengthOf(r *datapath.Report) uint64 {
	if r.Tagged {
		return uint64(r.Length) + 4
	}
	return uint64(r.Length)
}

// whole is the beginning of a frame with its tag put back.
func (k *kernelStops) whole(r *datapath.Report) []byte {
	if !r.Tagged || len(r.Head) < 12 {
		return r.Head
	}
	k.head = append(k.head[:0], r.Head[:12]...)
	k.head = append(k.head, 0x81, 0)
	k.head = binary.BigEndian.AppendUint16(k.head, r.Tag)
	k.head = append(k.head, r.Head[12:]...)
	return k.head
}

// tellPairs writes a line for each pair that lost frames in the turns that are over.
func (k *kernelStops) tellPairs() error {
	lost, now, err := k.kernel.Losses()
	if err != nil {
		return err
	}
	p := &k.pairs
	lost = slices.DeleteFunc(lost, func(l datapath.Lost) bool { return int32(l.Turn-p.from) < 0 })
	slices.SortFunc(lost, func(a, b datapath.Lost) int {
		return cmp.Or(cmp.Compare(b.Frames, a.Frames), cmp.Compare(a.First, b.First), cmp.Compare(a.Server.Port, b.Server.Port))
	})
	clear(p.recent)
	for i := range lost[:min(len(lost), maxTellers)] {
		p.recent[ofAnyTurn(lost[i].Loser)] = true
		k.tellPair(&lost[i], p.early[lost[i].Loser])
	}
	p.from, p.atOnce = max(now, p.from), 0
	for l := range p.early {
		if int32(l.Turn-p.from) < 0 {
			delete(p.early, l)
		} else {
			p.recent[ofAnyTurn(l)] = true
		}
	}
	return nil
}

// tellPair writes the line of a pair, without what was told of it before.
func (k *kernelStops) tellPair(l *datapath.Lost, before *early) {
	if before == nil {
		before = &early{}
	}
	n := datapath.Count{Frames: l.Frames - min(before.Frames, l.Frames), Bytes: l.Bytes - min(before.Bytes, l.Bytes)}
	if n.Frames == 0 {
		return
	}
	var r StoppedRecord
	if before.shown != nil {
		r = *before.shown
	} else {
		r = k.words(&l.Loser, l.Client, [2]firedoor.MAC{l.ClientMAC, l.ServerMAC}, k.began.Add(l.First))
	}
	if n = k.unsaid(&r, n); n.Frames == 0 {
		return
	}
	k.count(kindOfLoser(&l.Loser), n)
	r.Bytes = n.Bytes
	if n.Frames > 1 {
		r.Count, r.Last = n.Frames, stamp(k.began.Add(l.Last))
	}
	k.stops.Tell(&r)
}

// words says who lost frames, to what. Of the two MACs the client's is the first; the policy may know an end by it.
func (k *kernelStops) words(l *datapath.Loser, client firedoor.Endpoint, macs [2]firedoor.MAC, at time.Time) StoppedRecord {
	server := l.Server
	client.MAC, server.MAC = macs[0], macs[1]
	out := k.bare(kindOfLoser(l))
	out.Time, out.Segment = stamp(at), packet.ScopeName(packet.Scope{Vlans: [2]uint16{l.Outer, l.Inner}})
	if plan := k.gate.planOf(l.Generation); plan != nil {
		a, z := plan.Place(out.Segment, client.IP, client.MAC), plan.Place(out.Segment, server.IP, server.MAC)
		transport, number := l.Transport, l.Number
		if transport == datapath.EtherType {
			transport, number = policy.Link, policy.FrameType(number)
		}
		route := plan.Route(a, z, transport, number)
		if l.Reason == uint16(firedoor.ReasonWrongSide) {
			route = plan.FromWrongSide(route)
		}
		v := policy.Decide(plan, &policy.Request{Route: &route, Time: at.UnixNano()})
		if v.Says != firedoor.Pass {
			out.Says = v.Says.String()
		}
		out.Conduit, out.ClientName, out.ServerName = plan.ConduitName(v.Conduit), plan.PlaceName(a), plan.PlaceName(z)
	}
	out.Client, out.Server = endText(&client), endText(&server)
	return out
}
