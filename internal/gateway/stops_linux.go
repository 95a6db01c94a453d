package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"firedoor"
	"firedoor/internal/datapath"
	"firedoor/internal/guardian"
	"firedoor/internal/policy"
)

// Limits of following the kernel's reports.
const (
	// maxPlans is how many generations of tables can be put into words.
	maxPlans = 16
	// readEvery is how often counters are read: drops alike are told together.
	readEvery = time.Second
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

// kernelStops makes lines of what the kernel drops, or would where a conduit only tests: for each pair one at once for the first, then
// one for each second; and one for what it only counted by rule and reason.
type kernelStops struct {
	gate   *Gateway
	kernel kernelSide
	stops  *Stops
	told   map[kind]*told
	before map[kind]datapath.Count // what was counted a moment ago: pairs of all of it were read since
	pairs  pairs
	kept   kept

	said    map[saidOfPair]datapath.Count // by lines of an earlier process that it did not note
	judged  func() error                  // keeps what workers counted
	saidFor int                           // for how many readings that is still looked for

	head  []byte
	began time.Time // when the machine started, as this clock has it
}

// kernelSide is what is asked of the guardian.
type kernelSide interface {
	Look() (*guardian.Look, error)
	Losses() (lost []datapath.Lost, now uint32, err error)
	Forget(generation uint32) error
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
	k := newKernelStops(g, g.path, stops)
	if k.began, err = started(); err != nil {
		return err
	}
	if err := k.turn(k.load); err != nil {
		return err
	}
	k.judged = func() error { return g.keepJudged(stops.dir, g.parent) }
	if err := g.takeJudged(stops.dir, g.parent); err != nil {
		stops.log.Warn(judgedFile+" is not whole: what workers judged before is counted anew", "error", err)
	}
	next := time.Now().Add(readEvery)
	var r datapath.Report
	for ctx.Err() == nil {
		if now := time.Now(); !now.Before(next) {
			next = now.Add(readEvery)
			if err := k.turn(k.tick); err != nil {
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

func newKernelStops(g *Gateway, kernel kernelSide, stops *Stops) *kernelStops {
	return &kernelStops{gate: g, kernel: kernel, stops: stops, told: map[kind]*told{}, before: map[kind]datapath.Count{}, pairs: newPairs()}
}

// turn does one thing. Only where the guardian is gone it gives an error: a disk that is full has
// room again one day, and what was dropped meanwhile is to be told then.
func (k *kernelStops) turn(do func() error) error {
	err := do()
	if errors.Is(err, guardian.ErrGone) {
		return err
	}
	k.stops.unkept(err)
	return nil
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
	Settled uint32 `json:"settled"`
	// Lines is where stopped.jsonl ended when this was kept: what stands behind is told as well. None where that is not
	// known, as in a file of an earlier version.
	Lines *spot       `json:"lines,omitempty"`
	Gone  []explained `json:"gone"`
	// Early are pairs of a turn that was not read yet, and what lines before that place told of them at once.
	Early []toldEarly `json:"early,omitempty"`
}

// explained are frames of generations that are settled.
type explained struct {
	Action datapath.Action `json:"action"`
	Reason uint16          `json:"reason"`
	Frames uint64          `json:"frames"`
	Bytes  uint64          `json:"bytes"`
}

// load takes up where an earlier process stopped. Without its file, or where that is no whole one, all
// that is counted now was before this gateway's time.
func (k *kernelStops) load() error {
	b, err := os.ReadFile(filepath.Join(k.stops.dir, toldFile))
	if err == nil {
		if err = json.Unmarshal(b, &k.kept); err != nil { // power was lost while it was written
			k.stops.log.Warn(toldFile+" is not whole: what the kernel dropped before now is not told", "error", err)
		}
	}
	if err != nil {
		k.kept = kept{}
		_, now, err := k.kernel.Losses()
		if err != nil {
			return err
		}
		k.pairs.from = now + 1
		if err := k.each(func(e *datapath.Explained) error {
			if tells(e.Action) {
				k.told[kindOf(e)] = &told{kindOf(e), e.Frames, e.Bytes}
			}
			return nil
		}); err != nil {
			return err
		}
		return k.save() // or what comes after an early end would be of before as well
	}
	for i := range k.kept.Told {
		k.told[k.kept.Told[i].kind] = &k.kept.Told[i]
	}
	k.pairs.takeUp(k.kept.Early)
	k.publish()
	return k.again()
}

func kindOf(e *datapath.Explained) kind { return kind{e.Generation, e.Action, e.Reason, e.Rule} }

func stops(a datapath.Action) bool { return a == datapath.Drop || a == datapath.Reset }

// tells tells whether frames are to have lines: those that are stopped, or would be.
func tells(a datapath.Action) bool { return stops(a) || a == datapath.Would }

func (k *kernelStops) each(f func(*datapath.Explained) error) error {
	look, err := k.kernel.Look()
	if err != nil {
		return err
	}
	for i := range look.Counters {
		err = errors.Join(err, f(&look.Counters[i]))
	}
	return err
}

// save keeps what has lines, so that a later process tells the rest.
func (k *kernelStops) save() error {
	k.kept.Told = k.kept.Told[:0:0]
	for _, t := range k.told {
		k.kept.Told = append(k.kept.Told, *t)
	}
	k.kept.Early = k.pairs.unread()
	k.kept.Lines = k.stops.spot()
	b, err := json.Marshal(k.kept)
	if err != nil {
		return err
	}
	return Replace(filepath.Join(k.stops.dir, toldFile), b)
}

// settle adds up the counters of generations that were in force long ago and whose drops
// all have lines, and drops them: the kernel has room for so many.
func (k *kernelStops) settle() error {
	look, err := k.kernel.Look()
	if err != nil {
		return err
	}
	now := look.Generation
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
		done = done && k.before[kindOf(e)] == e.Count && (!tells(e.Action) || t != nil && t.Frames == e.Frames)
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
		if err := k.kernel.Forget(n); err != nil {
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

// count notes that frames have lines, or will have within a second.
func (k *kernelStops) count(to kind, n datapath.Count) {
	t := k.told[to]
	if t == nil {
		t = &told{kind: to}
		k.told[to] = t
	}
	t.Frames += n.Frames
	t.Bytes += n.Bytes
}

// bare is what is known of a drop without its frame.
func (k *kernelStops) bare(to kind) StoppedRecord {
	r := StoppedRecord{By: byKernel, Done: to.Action.String(), Says: to.Action.String(), Reason: reasonName(to.Reason)}
	if to.Action == datapath.Would {
		r.Done, r.Says = firedoor.Pass.String(), firedoor.Drop.String()
	}
	switch plan := k.gate.planOf(to.Generation); {
	case to.Rule == 0:
	case plan == nil || int(to.Rule) > plan.Rules():
		r.Rule = fmt.Sprintf("rule %d of an earlier policy (tables %d)", to.Rule, to.Generation)
	default:
		r.Rule = plan.RuleName(int32(to.Rule) - 1)
		if to.Action == datapath.Would {
			r.Says = plan.Rule(int32(to.Rule) - 1).Verdict.String()
		}
		r.Conduit = plan.ConduitName(plan.ConduitOf(int32(to.Rule) - 1))
	}
	return r
}

// tick writes what pairs lost, and what was only counted.
func (k *kernelStops) tick() error {
	look, err := k.kernel.Look() // before pairs are read: what it counts, they have the next time
	if err != nil {
		return err
	}
	if err := k.tellPairs(); err != nil {
		return err
	}
	now := stamp(time.Now())
	dropped, told := k.goneDrops(), k.goneDrops()
	for i := range look.Counters {
		e := &look.Counters[i]
		if e.Generation <= k.kept.Settled {
			continue // about to be dropped
		}
		before := k.before[kindOf(e)]
		if k.before[kindOf(e)] = e.Count; !tells(e.Action) {
			continue
		}
		if n := k.rest(e, before, now); stops(e.Action) {
			dropped, told = dropped+e.Frames, told+n
		}
	}
	k.forgetSaid()
	k.tell(dropped, told, &look.Totals)
	err = errors.Join(k.save(), k.settle())
	if k.judged != nil {
		err = errors.Join(err, k.judged())
	}
	return err
}

func (k *kernelStops) goneDrops() (n uint64) {
	for _, e := range k.kept.Gone {
		if stops(e.Action) {
			n += e.Frames
		}
	}
	return n
}

// rest writes a line for frames of a counter that no pair has: of those counted before, for
// the pairs of later ones are not read yet. It gives how many have lines.
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
func (k *kernelStops) tell(dropped, told uint64, totals *datapath.Totals) {
	s := k.stops
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Dropped, s.state.Told, s.state.Uncounted, s.state.Unpaired = dropped, told, totals.Uncounted.Frames, totals.Unpaired.Frames
}

// Generation is that of the tables in force.
func (g *Gateway) Generation() uint32 { return g.path.Generation() }

// Remember says what the tables mean that an earlier process left in force.
func (g *Gateway) Remember(generation uint32, plan *policy.Plan) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.plans.put(generation, plan)
}
