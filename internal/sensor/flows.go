package sensor

import (
	"firedoor"
	"firedoor/internal/baseline"
	"firedoor/internal/flow"
	"firedoor/internal/protocol"
	"firedoor/internal/reassembly"
)

// storedFlow is what is stored of a live flow, so that its conversation is not
// lost with it. The bytes that wait are: where some do, it goes on in its middle.
type storedFlow struct {
	Key    flow.Key
	First  int64 // of the conversation in it
	Last   int64
	Place  flow.Placed
	Conv   int32
	Filed  string
	Flags  uint16
	Proto  uint8
	End    [2]firedoor.Endpoint
	Opened firedoor.FrameRef
	Half   [2]storedHalf
	Runner protocol.Standing
	Rhythm *baseline.Rhythm
}

type storedHalf struct {
	MAC     firedoor.MAC
	Last    int64
	Bytes   uint64
	Packets uint32
	Stream  reassembly.Stream

	Accounted      uint32
	AccountedBytes uint64
}

// storedFlags are those that still hold for a flow that goes on in its middle.
const storedFlags = sawFIN0 | sawFIN1 | sawRST | isEncrypted | beganLearning | untold | kept | toAll

// storeFlows gives the live flows in the order of their slots. The halves of
// flows whose tags a mirror strips find each other again.
func (l *lane) storeFlows() []storedFlow {
	var out []storedFlow
	for slot := range l.flows.Slots() {
		c := l.at(slot)
		if !l.flows.Live(slot) || c.joined >= 0 {
			continue
		}
		s := storedFlow{Key: l.flows.Key(slot), First: c.first, Last: l.flows.Last(slot), Place: l.flows.Placed(slot), Conv: c.conv, Flags: uint16(c.flags & storedFlags),
			Proto: c.proto, End: c.end, Opened: c.opened, Runner: c.run.Standing(), Rhythm: c.rhythm}
		if c.filed != nil {
			s.Filed = c.filed.Name
		}
		for i := range c.half {
			h := &c.half[i]
			s.Half[i] = storedHalf{MAC: h.mac, Last: h.last, Bytes: h.bytes, Packets: h.packets, Accounted: h.accounted, AccountedBytes: h.accountedBytes}
			if h.stream.Holding() {
				s.Runner.Whole[i] = false // and the stream is picked up anew
			} else {
				s.Half[i].Stream = h.stream
			}
		}
		out = append(out, s)
	}
	return out
}

// settling tells whether a flow may still say the end of what it began to say
// before the sensor stopped: answers to requests that nobody remembers, and halves
// of messages. Nothing is learned from those and nothing is told of them.
func (l *lane) settling(c *conn) bool {
	if c.flags&resumed == 0 {
		return false
	}
	if l.resumedUntil == 0 {
		l.resumedUntil = l.item.Time + answerLimit
	}
	if l.item.Time <= l.resumedUntil {
		return true
	}
	c.flags &^= resumed
	return false
}

// restoreFlows goes on with flows that were stored, each in its place, so that they
// end in the order in which they would have.
func (l *lane) restoreFlows(flows []storedFlow, table *flow.Arrangement) {
	if table.Slots == 0 { // stored by a version that did not remember places
		for i := range flows {
			if slot, fresh := l.flows.Touch(&flows[i].Key, flows[i].Last); fresh {
				l.resume(slot, &flows[i])
			}
		}
		return
	}
	placed := make([]flow.Placed, len(flows))
	for i := range flows {
		placed[i] = flows[i].Place
	}
	back := make([]int, 0, len(flows))
	l.flows.Restore(table, placed, func(i int) { back = append(back, i) })
	for _, i := range back {
		l.resume(placed[i].Slot, &flows[i])
	}
}

// resume goes on with one flow. If it has lost bytes that waited, a gap is counted;
// what was not seen while nobody watched, its streams find out.
func (l *lane) resume(slot int32, s *storedFlow) {
	c := l.at(slot)
	*c = conn{first: s.First, asks: -1, askEnd: -1, conv: s.Conv, joined: -1, proto: s.Proto, flags: connFlags(s.Flags) | resumed, end: s.End,
		opened: s.Opened, filed: l.host.ByName(s.Filed), head: c.head[:0], rhythm: s.Rhythm}
	c.run.Resume(l.host, s.Runner)
	l.settledOf(c, slot)
	for k := range c.half {
		h := &s.Half[k]
		c.half[k].stream, c.half[k].accounted, c.half[k].accountedBytes = h.Stream, h.Accounted, h.AccountedBytes
		c.half[k].mac, c.half[k].last, c.half[k].bytes, c.half[k].packets = h.MAC, h.Last, h.Bytes, h.Packets
	}
	l.table.Rejoin(c.conv)
	if c.flags&kept != 0 {
		l.flows.Protect(slot)
	}
	if !c.run.GivenUp() && s.Runner.Whole != [2]bool{true, true} {
		l.count.Gaps++
		l.source(c.opened.Capture).Gaps++
	}
	l.bound(slot, c)
}
