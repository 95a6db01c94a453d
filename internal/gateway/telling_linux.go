package gateway

import (
	"sync/atomic"
	"time"

	"firedoor"
	"firedoor/internal/inline"
	"firedoor/internal/policy"
)

// Limits of what a worker tells. The thread that judges hands stops over in places that
// were made before; it never waits for one.
const (
	// maxTold is how many stops wait to be told; a further one is only counted, and told
	// with the others of its second.
	maxTold = 1024
	// maxPairs is how many kinds of stops (reason, rule, pair) are told apart, maxKinds
	// how many of those whose pairs have no room. A ledger without room is begun anew
	// after fullFor.
	maxPairs = 4096
	maxKinds = 256
	fullFor  = int64(10 * time.Second)
	// maxAlike is how many requests of a kind are told one by one in a second, and
	// maxFrames how many frames of which no request was read.
	maxAlike  = 16
	maxFrames = 1
	// maxRequests is how many requests of one frame are told one by one.
	maxRequests = 16
	// maxBefore is how many frames before one that was stopped go with it, lookBack among
	// how many they are looked for.
	maxBefore = 4
	lookBack  = 64
)

// pairKind is what stops have in common that are told together.
type pairKind struct {
	done, says     firedoor.Action
	reason         firedoor.Reason
	rule, conduit  int32
	client, server firedoor.Endpoint // without the client's port
}

// pairRow counts stops of a kind. The thread that judges counts, another one tells.
type pairRow struct {
	kind    pairKind
	segment string

	frames, bytes       atomic.Uint64
	single, singleBytes atomic.Uint64 // told one by one

	second int64 // of the thread that judges
	alike  int

	emitted, emittedBytes uint64 // of the one that tells
	first                 time.Time
}

// ledger counts the stops under one plan. What is stopped is counted in it at once,
// whoever is told of it when.
type ledger struct {
	plan *policy.Plan
	rows [maxPairs + maxKinds]atomic.Pointer[pairRow]
	n    atomic.Int32
	of   map[pairKind]*pairRow
	full int64                  // since when pairs have no room, 0 is never
	next atomic.Pointer[ledger] // that comes after it
}

func newLedger(plan *policy.Plan) *ledger { return &ledger{plan: plan, of: map[pairKind]*pairRow{}} }

// row gives the row of a kind. Where there is no room it is that of all pairs, and at
// last any.
func (t *telling) row(k pairKind, segment string, now int64) *pairRow {
	l := t.ledger
	if r := l.of[k]; r != nil {
		return r
	}
	n := l.n.Load()
	if n >= maxPairs {
		if l.full == 0 {
			l.full = now
		} else if now-l.full > fullFor {
			t.setPlan(l.plan)
			return t.row(k, segment, now)
		}
		k.client, k.server = firedoor.Endpoint{}, firedoor.Endpoint{}
		if r := l.of[k]; r != nil {
			return r
		}
		if n >= int32(len(l.rows)) {
			return l.rows[n-1].Load()
		}
	}
	r := &pairRow{kind: k, segment: segment}
	l.of[k] = r
	l.rows[n].Store(r)
	l.n.Store(n + 1)
	return r
}

// place is room for a stop on its way from the thread that judges.
type place struct {
	plan      *policy.Plan
	row       *pairRow
	time      int64
	from      inline.Port
	kind      pairKind
	client    firedoor.Endpoint
	segment   string
	protocol  string
	operation bool
	verb      firedoor.Verb
	function  string
	code      uint32
	further   bool
	object    []byte
	frame     []byte
	sent      []byte
	before    [maxBefore]piece
	nBefore   int
}

type piece struct {
	time int64
	from inline.Port
	b    []byte
}

// telling is the half of a worker that says what was stopped.
type telling struct {
	free chan *place
	told chan *place

	// Of the thread that judges.
	ledger    *ledger
	requests  []*place // of the frame at hand, which is stopped or changed
	open      bool     // there are such requests
	worst     pairKind // of the last of them
	segment   string
	time      int64
	from      inline.Port
	bytes     int
	lookBack  func(to *place) // fills in frames before
	withoutIt uint64

	// Of the one that tells.
	telling *ledger
}

func newTelling(plan *policy.Plan) *telling {
	t := &telling{free: make(chan *place, maxTold), told: make(chan *place, maxTold), ledger: newLedger(plan), requests: make([]*place, 0, maxRequests)}
	for range maxTold {
		t.free <- &place{}
	}
	t.telling = t.ledger
	return t
}

// setPlan counts under another plan from now on.
func (t *telling) setPlan(plan *policy.Plan) {
	next := newLedger(plan)
	t.ledger.next.Store(next)
	t.ledger = next
}

// stopped takes what the gate says. Requests of a frame come before the frame itself; a
// frame of which requests are refused goes on, changed, and is heard of by sent.
func (t *telling) stopped(s *inline.Stopped) {
	k := pairKind{done: s.Done, says: s.Verdict.Says, reason: s.Verdict.Reason, rule: s.Verdict.Rule, conduit: s.Verdict.Conduit, client: s.Client, server: s.Server}
	k.client.Port = 0
	if k.client.IP.IsZero() != k.server.IP.IsZero() || !k.client.IP.IsZero() {
		k.client.MAC, k.server.MAC = 0, 0
	}
	if s.Operation == nil {
		t.frame(s, k)
		return
	}
	if s.Done == firedoor.Pass { // only said: nothing follows
		row := t.row(k, s.Segment, s.Time)
		row.add(len(s.Frame))
		if row.mayTell(s.Time, maxAlike) {
			if p := t.take(s, k); p != nil {
				t.push(p, row, len(s.Frame))
			}
		}
		return
	}
	t.open, t.worst, t.segment, t.time, t.from, t.bytes = true, k, s.Segment, s.Time, s.From, len(s.Frame)
	if len(t.requests) < maxRequests {
		if p := t.take(s, k); p != nil {
			t.requests = append(t.requests, p)
		}
	}
}

// frame takes what became of a frame.
func (t *telling) frame(s *inline.Stopped, k pairKind) {
	row := t.row(k, s.Segment, s.Time)
	row.add(len(s.Frame))
	if t.open {
		t.settle(row, nil)
		return
	}
	if row.mayTell(s.Time, maxFrames) {
		if p := t.take(s, k); p != nil {
			t.push(p, row, len(s.Frame))
		}
	}
}

// sent hears of each frame that goes out. One after requests that were refused is the
// one in which they stand, changed.
func (t *telling) sent(to inline.Port, frame []byte) {
	if !t.open || to == t.from {
		return
	}
	row := t.row(t.worst, t.segment, t.time)
	row.add(t.bytes)
	t.settle(row, frame)
}

// settle tells the requests of a frame of which it is known now what became of it.
func (t *telling) settle(row *pairRow, sent []byte) {
	t.open = false
	tell := row.mayTell(t.time, maxAlike)
	for i, p := range t.requests {
		if !tell {
			t.free <- p
			continue
		}
		if i == 0 {
			p.sent = append(p.sent[:0], sent...)
			t.push(p, row, t.bytes)
			continue
		}
		p.further, p.frame, p.nBefore = true, p.frame[:0], 0
		p.row = row
		t.told <- p
	}
	t.requests = t.requests[:0]
}

// push hands a place over; there is always room, for there are no more places.
func (t *telling) push(p *place, row *pairRow, bytes int) {
	p.row = row
	row.single.Add(1)
	row.singleBytes.Add(uint64(bytes))
	if t.lookBack != nil {
		t.lookBack(p)
	}
	t.told <- p
}

func (r *pairRow) add(bytes int) {
	r.frames.Add(1)
	r.bytes.Add(uint64(bytes))
}

// mayTell tells whether one more of a second is told by itself.
func (r *pairRow) mayTell(now int64, most int) bool {
	if second := now / 1e9; second != r.second {
		r.second, r.alike = second, 0
	}
	r.alike++
	return r.alike <= most
}

// take fills a place; nil where none is free.
func (t *telling) take(s *inline.Stopped, k pairKind) *place {
	var p *place
	select {
	case p = <-t.free:
	default:
		t.withoutIt++
		return nil
	}
	p.plan, p.time, p.from, p.kind, p.client, p.segment, p.protocol = t.ledger.plan, s.Time, s.From, k, s.Client, s.Segment, s.Protocol
	p.operation, p.further, p.nBefore = s.Operation != nil, false, 0
	p.frame, p.sent, p.object, p.verb, p.function, p.code = append(p.frame[:0], s.Frame...), append(p.sent[:0], s.Sent...), p.object[:0], 0, "", 0
	if op := s.Operation; op != nil {
		p.verb, p.function, p.code, p.object = op.Verb, op.Function, op.Code, op.Object.AppendTo(p.object)
	}
	if s.Done == firedoor.Pass {
		p.sent = p.sent[:0] // it went on as it came
	}
	return p
}

// record puts a place into words. It is borrowed until the place is free again.
func (p *place) record() *StoppedRecord {
	r := p.kind.words(p.plan, p.segment)
	r.Time, r.Client, r.Protocol = stamp(time.Unix(0, p.time)), endText(&p.client), p.protocol
	if r.Further = p.further; !p.further {
		r.Bytes = uint64(len(p.frame))
		r.Slice = &Slice{Time: p.time, Outside: p.from == inline.Outside, Frame: p.frame, Sent: p.sent}
		for i := range p.before[:p.nBefore] {
			b := &p.before[i]
			r.Slice.Before = append(r.Slice.Before, Piece{b.time, b.from == inline.Outside, b.b})
		}
	}
	if p.operation {
		r.Verb, r.Function, r.Code, r.Object = p.verb.String(), p.function, p.code, string(p.object)
	}
	return r
}

func (k *pairKind) words(plan *policy.Plan, segment string) *StoppedRecord {
	r := &StoppedRecord{By: byWorker, Done: k.done.String(), Says: k.says.String(), Reason: k.reason.String(), Segment: segment, Conduit: plan.ConduitName(k.conduit)}
	if k.rule >= 0 {
		r.Rule = plan.RuleName(k.rule)
	}
	if k.client != (firedoor.Endpoint{}) || k.server != (firedoor.Endpoint{}) {
		r.Client, r.Server = endText(&k.client), endText(&k.server)
		r.ClientName, r.ServerName = plan.PlaceName(plan.Place(segment, k.client.IP, k.client.MAC)), plan.PlaceName(plan.Place(segment, k.server.IP, k.server.MAC))
	}
	return r
}

// rest gives lines for what was counted and not told one by one.
func (t *telling) rest(now time.Time, tell func(*StoppedRecord) error) error {
	for {
		l := t.telling
		next := l.next.Load() // before its rows are read: afterwards nothing is added to them
		for i := range l.n.Load() {
			if err := l.rows[i].Load().rest(l.plan, now, tell); err != nil {
				return err
			}
		}
		if next == nil {
			return nil
		}
		t.telling = next
	}
}

func (r *pairRow) rest(plan *policy.Plan, now time.Time, tell func(*StoppedRecord) error) error {
	frames, bytes := r.frames.Load(), r.bytes.Load()
	single, singleBytes := r.single.Load()+r.emitted, r.singleBytes.Load()+r.emittedBytes
	since := r.first
	r.first = now
	if frames <= single {
		return nil
	}
	line := r.kind.words(plan, r.segment)
	line.Time, line.Last, line.Count = stamp(since), stamp(now), frames-single
	if since.IsZero() {
		line.Time = stamp(now.Add(-time.Second))
	}
	if bytes > singleBytes {
		line.Bytes = bytes - singleBytes
	}
	r.emitted, r.emittedBytes = r.emitted+line.Count, r.emittedBytes+line.Bytes
	return tell(line)
}

// talk tells what was stopped, and from time to time what became of all frames.
func (w *worker) talk(words *speech) {
	t := time.NewTicker(250 * time.Millisecond)
	rested := time.Now()
	for {
		var out word
		select {
		case p := <-w.telling.told:
			out.Stopped = p.record()
			err := words.Encode(out)
			w.telling.free <- p
			if err != nil {
				return // whoever listened is gone; listen ends the process
			}
			continue
		case now := <-t.C:
			if now.Sub(rested) >= time.Second {
				rested = now
				if w.telling.rest(now, func(r *StoppedRecord) error { return words.Encode(word{Stopped: r}) }) != nil {
					return
				}
			}
			out.Counts, out.Lost, out.Unsent, out.Unread = w.counts.Load(), w.lost.Load(), w.unsent.Load(), w.unread.Load()
		}
		if words.Encode(out) != nil {
			return
		}
	}
}
