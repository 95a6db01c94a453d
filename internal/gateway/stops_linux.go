package gateway

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"firedoor"
	"firedoor/internal/datapath"
	"firedoor/internal/packet"
	"firedoor/internal/policy"
)

// Limits of following the kernel's reports.
const (
	// maxFolds is how many kinds of drops are told apart in a second; further pairs are
	// told together.
	maxFolds = 1024
	// maxPlans is how many generations of tables can be put into words.
	maxPlans = 16
	// foldFor is how long drops alike are gathered after the first one.
	foldFor = time.Second
)

// kind is a kernel's counter of drops.
type kind struct {
	Generation uint32
	Action     datapath.Action
	Reason     uint16
	Rule       uint32
}

// told is a kernel's counter, and how much of it has lines.
type told struct {
	kind
	Frames, Bytes uint64
}

// fold gathers drops alike of one second. The zero pair is all for which there is no room.
type fold struct {
	kind
	src, dst firedoor.Endpoint
}

type folded struct {
	first, last time.Time
	frames      uint64
	bytes       uint64
	record      StoppedRecord // of the first that has no line yet
}

// kernelStops makes lines of what the kernel drops: one at once for the first, then one
// for each second; and one for what it only counted.
type kernelStops struct {
	gate   *Gateway
	stops  *Stops
	told   map[kind]*told
	before map[kind]datapath.Count // what was counted a moment ago: all reports of it were read since
	folds  map[fold]*folded
	kept   kept
	packet packet.Packet
	head   []byte
	began  time.Time // when the machine started, as this clock has it
}

// stopsOf is what a gateway keeps to put drops into words.
type stopsOf struct {
	plans       plans
	settled     []explained
	settledUpTo uint32
}

// plans keeps what each generation of tables means. The lock is the gateway's.
type plans struct {
	of    map[uint32]*policy.Plan
	order []uint32
}

func (p *plans) put(generation uint32, plan *policy.Plan) {
	if p.of == nil {
		p.of = map[uint32]*policy.Plan{}
	}
	if p.of[generation] == nil {
		p.order = append(p.order, generation)
	}
	if p.of[generation] = plan; len(p.order) > maxPlans {
		delete(p.of, p.order[0])
		p.order = p.order[1:]
	}
}

func (g *Gateway) planOf(generation uint32) *policy.Plan {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.plans.of[generation]
}

// TellStops tells stops of what the kernel drops, until ctx ends.
func (g *Gateway) TellStops(ctx context.Context, stops *Stops) error {
	reports, err := g.path.Reports()
	if err != nil {
		return err
	}
	defer func() { _ = reports.Close() }() // only read
	k := &kernelStops{gate: g, stops: stops, told: map[kind]*told{}, before: map[kind]datapath.Count{}, folds: map[fold]*folded{}}
	if k.began, err = started(); err != nil {
		return err
	}
	if err := k.load(); err != nil {
		return err
	}
	next := time.Now().Add(foldFor)
	var r datapath.Report
	for ctx.Err() == nil {
		if now := time.Now(); !now.Before(next) {
			next = now.Add(foldFor)
			if err := k.tick(); err != nil {
				return err
			}
		}
		reports.Until(next)
		switch err := reports.Read(&r); {
		case errors.Is(err, os.ErrDeadlineExceeded):
		case errors.Is(err, os.ErrClosed): // the guardian is gone, or becomes another program
			return nil
		case err != nil:
			return err
		default:
			k.report(&r)
		}
	}
	return k.tick()
}

// started is when the clock of reports began.
func started() (time.Time, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return time.Time{}, err
	}
	return time.Now().Add(-time.Duration(t.Nano())), nil
}

// kept is what is known of the kernel's counters from one process to the next.
type kept struct {
	Told []told `json:"told"`
	// Settled: counters of generations up to this one are added up in Gone and dropped.
	Settled uint32      `json:"settled"`
	Gone    []explained `json:"gone"`
}

// explained are frames of generations that are settled.
type explained struct {
	Action datapath.Action `json:"action"`
	Reason uint16          `json:"reason"`
	Frames uint64          `json:"frames"`
	Bytes  uint64          `json:"bytes"`
}

// load takes up where an earlier process stopped. Without its file all that is counted
// now was before this gateway's time.
func (k *kernelStops) load() error {
	name := filepath.Join(k.stops.dir, toldFile)
	b, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return k.each(func(e *datapath.Explained) error {
			if stops(e.Action) {
				k.told[kindOf(e)] = &told{kindOf(e), e.Frames, e.Bytes}
			}
			return nil
		})
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &k.kept); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for i := range k.kept.Told {
		k.told[k.kept.Told[i].kind] = &k.kept.Told[i]
	}
	k.publish()
	return nil
}

func kindOf(e *datapath.Explained) kind { return kind{e.Generation, e.Action, e.Reason, e.Rule} }

func stops(a datapath.Action) bool { return a == datapath.Drop || a == datapath.Reset }

func (k *kernelStops) each(f func(*datapath.Explained) error) error {
	all, err := k.gate.path.Counters()
	for i := range all {
		err = errors.Join(err, f(&all[i]))
	}
	return err
}

// save keeps what has lines, so that a later process tells the rest.
func (k *kernelStops) save() error {
	k.kept.Told = k.kept.Told[:0:0]
	for _, t := range k.told {
		k.kept.Told = append(k.kept.Told, *t)
	}
	b, err := json.Marshal(k.kept)
	if err != nil {
		return err
	}
	name := filepath.Join(k.stops.dir, toldFile)
	if err := os.WriteFile(name+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// settle adds up the counters of generations that were in force long ago and whose drops
// all have lines, and drops them: the kernel has room for so many.
func (k *kernelStops) settle() error {
	now := k.gate.path.Generation()
	if now <= maxPlans || k.kept.Settled >= now-maxPlans {
		return nil
	}
	oldest := now - maxPlans
	gone := map[explained]datapath.Count{}
	done := true
	if err := k.each(func(e *datapath.Explained) error {
		if e.Generation > oldest {
			return nil
		}
		t := k.told[kindOf(e)]
		done = done && k.before[kindOf(e)] == e.Count && (!stops(e.Action) || t != nil && t.Frames == e.Frames)
		if e.Generation > k.kept.Settled {
			key := explained{Action: e.Action, Reason: e.Reason}
			sum := gone[key]
			gone[key] = datapath.Count{Frames: sum.Frames + e.Frames, Bytes: sum.Bytes + e.Bytes}
		}
		return nil
	}); err != nil || !done {
		return err
	}
	for i := range k.kept.Gone {
		g := &k.kept.Gone[i]
		key := explained{Action: g.Action, Reason: g.Reason}
		g.Frames, g.Bytes = g.Frames+gone[key].Frames, g.Bytes+gone[key].Bytes
		delete(gone, key)
	}
	for key, n := range gone {
		k.kept.Gone = append(k.kept.Gone, explained{key.Action, key.Reason, n.Frames, n.Bytes})
	}
	generations := map[uint32]bool{}
	for to := range k.before {
		if to.Generation <= oldest {
			generations[to.Generation] = true
			delete(k.before, to)
			delete(k.told, to)
		}
	}
	k.kept.Settled = oldest
	if err := k.save(); err != nil {
		return err
	}
	k.publish()
	for n := range generations {
		if err := k.gate.path.Forget(n); err != nil {
			return err
		}
	}
	return nil
}

// publish tells the gateway what its status is to add to the counters that are left.
func (k *kernelStops) publish() {
	k.gate.mu.Lock()
	defer k.gate.mu.Unlock()
	k.gate.settled, k.gate.settledUpTo = append([]explained(nil), k.kept.Gone...), k.kept.Settled
}

// addSettled adds what settled generations explain. The caller holds the lock.
func (g *Gateway) addSettled(s *Status) {
	for _, e := range g.settled {
		s.Kernel[fmt.Sprint(e.Action)+" "+reasonName(e.Reason)] += e.Frames
		s.Explained += e.Frames
	}
}

// report takes one report.
func (k *kernelStops) report(r *datapath.Report) {
	to := kind{r.Generation, r.Action, r.Reason, r.Rule}
	length := lengthOf(r)
	k.count(to, 1, length)
	head := k.whole(r)
	at := k.began.Add(r.Time)
	f := packet.Frame{Time: at.UnixNano(), Link: packet.LinkEthernet, WireLen: uint32(length), Data: head}
	packet.Decode(&k.packet, &f)
	key := fold{kind: to}
	key.src, key.dst = ends(&k.packet)
	key.src.Port = 0 // a client's differs each time
	seen, known := k.folds[key]
	crowded := !known && len(k.folds) >= maxFolds
	if crowded {
		key = fold{kind: to}
		seen, known = k.folds[key]
	}
	if !known {
		seen = &folded{}
		k.folds[key] = seen
	}
	if !known && !crowded {
		record := k.words(to, r, at, head)
		k.stops.Tell(&record)
		return
	}
	if seen.frames == 0 {
		seen.first, seen.record = at, k.words(to, r, at, bytes.Clone(head))
		if crowded {
			seen.record.Client, seen.record.Server, seen.record.ClientName, seen.record.ServerName = "", "", "", ""
		}
	}
	seen.last = at
	seen.frames++
	seen.bytes += length
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

func ends(p *packet.Packet) (src, dst firedoor.Endpoint) {
	src, dst = firedoor.Endpoint{MAC: p.SrcMAC}, firedoor.Endpoint{MAC: p.DstMAC}
	if p.Layer >= packet.LayerNetwork {
		src.IP, dst.IP = p.SrcIP, p.DstIP
	}
	if p.Layer >= packet.LayerTransport {
		src.Port, dst.Port = p.SrcPort, p.DstPort
	}
	return src, dst
}

// count notes that frames have lines, or will have within a second.
func (k *kernelStops) count(to kind, frames, bytes uint64) {
	t := k.told[to]
	if t == nil {
		t = &told{kind: to}
		k.told[to] = t
	}
	t.Frames += frames
	t.Bytes += bytes
}

// words puts a report into words. Of the packet at hand.
func (k *kernelStops) words(to kind, r *datapath.Report, at time.Time, head []byte) StoppedRecord {
	p := &k.packet
	src, dst := ends(p)
	out := k.bare(to)
	out.Time, out.Bytes, out.Segment = stamp(at), lengthOf(r), packet.ScopeName(p.Scope)
	out.Slice = &Slice{Time: at.UnixNano(), Outside: r.Port == datapath.Outside, Wire: int(out.Bytes), Frame: head}
	if plan := k.gate.planOf(to.Generation); plan != nil {
		v, turned := k.verdict(plan, to)
		if turned {
			src, dst = dst, src
		}
		out.Says = v.Says.String()
		if v.Says == firedoor.Pass {
			out.Says = out.Done
		}
		out.Conduit = plan.ConduitName(v.Conduit)
		out.ClientName, out.ServerName = plan.PlaceName(plan.Place(out.Segment, src.IP, src.MAC)), plan.PlaceName(plan.Place(out.Segment, dst.IP, dst.MAC))
	}
	out.Client, out.Server = endText(&src), endText(&dst)
	return out
}

// verdict finds what the policy says of the packet at hand, and whether it is an answer:
// the reading by which the kernel dropped it.
func (k *kernelStops) verdict(plan *policy.Plan, to kind) (v firedoor.Verdict, turned bool) {
	p := &k.packet
	src, dst := ends(p)
	segment := packet.ScopeName(p.Scope)
	a, z := plan.Place(segment, src.IP, src.MAC), plan.Place(segment, dst.IP, dst.MAC)
	there, back := plan.Route(a, z, p.Proto, dst.Port), plan.Route(z, a, p.Proto, src.Port)
	if p.Layer < packet.LayerNetwork {
		there, back = plan.Route(a, z, policy.Link, p.EtherType), plan.Route(z, a, policy.Link, p.EtherType)
	}
	v = policy.Decide(plan, &policy.Request{Route: &there, Time: p.Time})
	begins := p.Layer == packet.LayerTransport && p.Proto == packet.TCP && p.Flags&(packet.SYN|packet.ACK) == packet.SYN
	if w := policy.Decide(plan, &policy.Request{Route: &back, Time: p.Time}); !begins && !to.is(v) && to.is(w) {
		return w, true
	}
	return v, false
}

// is tells whether a counter is that of a verdict.
func (k kind) is(v firedoor.Verdict) bool {
	return k.Rule == uint32(v.Rule+1) && k.Reason == uint16(v.Reason)
}

// bare is what is known of a drop without its frame.
func (k *kernelStops) bare(to kind) StoppedRecord {
	r := StoppedRecord{By: byKernel, Done: to.Action.String(), Says: to.Action.String(), Reason: reasonName(to.Reason)}
	switch plan := k.gate.planOf(to.Generation); {
	case to.Rule == 0:
	case plan == nil || int(to.Rule) > plan.Rules():
		r.Rule = fmt.Sprintf("rule %d of an earlier policy (tables %d)", to.Rule, to.Generation)
	default:
		r.Rule = plan.RuleName(int32(to.Rule) - 1)
		r.Conduit = plan.ConduitName(plan.ConduitOf(int32(to.Rule) - 1))
	}
	return r
}

// tick writes what was gathered in the last second, and what was only counted.
func (k *kernelStops) tick() error {
	for key, f := range k.folds {
		if f.frames == 0 {
			delete(k.folds, key) // for a second there was none
			continue
		}
		r := f.record
		r.Time, r.Last, r.Count, r.Bytes = stamp(f.first), stamp(f.last), f.frames, f.bytes
		if f.frames == 1 {
			r.Last, r.Count = "", 0
		}
		k.stops.Tell(&r)
		*f = folded{}
	}
	now := stamp(time.Now())
	dropped, told := k.goneDrops(), k.goneDrops()
	if err := k.each(func(e *datapath.Explained) error {
		if e.Generation <= k.kept.Settled {
			return nil // about to be dropped
		}
		before := k.before[kindOf(e)]
		if k.before[kindOf(e)] = e.Count; !stops(e.Action) {
			return nil
		}
		dropped += e.Frames
		told += k.rest(e, before, now)
		return nil
	}); err != nil {
		return err
	}
	totals, err := k.gate.path.Totals()
	if err != nil {
		return err
	}
	k.tell(dropped, told, totals.Uncounted.Frames)
	return errors.Join(k.save(), k.settle())
}

func (k *kernelStops) goneDrops() (n uint64) {
	for _, e := range k.kept.Gone {
		if stops(e.Action) {
			n += e.Frames
		}
	}
	return n
}

// rest writes a line for frames of a counter that had no report: of those counted before,
// for the reports of later ones may not have been read. It gives how many have lines.
func (k *kernelStops) rest(e *datapath.Explained, before datapath.Count, now string) uint64 {
	to := kindOf(e)
	have := k.told[to]
	if have == nil {
		have = &told{kind: to}
		k.told[to] = have
	}
	if have.Frames > e.Frames { // reports of before this gateway counted
		have.Frames, have.Bytes = e.Frames, e.Bytes
	}
	if before.Frames > have.Frames {
		r := k.bare(to)
		r.Time, r.Count, r.Bytes = now, before.Frames-have.Frames, before.Bytes-min(have.Bytes, before.Bytes)
		k.stops.Tell(&r)
		have.Frames, have.Bytes = before.Frames, before.Bytes
	}
	return have.Frames
}

// tell brings the status up to date.
func (k *kernelStops) tell(dropped, told, uncounted uint64) {
	s := k.stops
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Dropped, s.state.Told, s.state.Uncounted = dropped, told, uncounted
}

// Generation is that of the tables in force.
func (g *Gateway) Generation() uint32 { return g.path.Generation() }

// Remember says what the tables mean that an earlier process left in force.
func (g *Gateway) Remember(generation uint32, plan *policy.Plan) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.plans.put(generation, plan)
}
