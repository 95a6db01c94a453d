package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"firedoor"
	"firedoor/internal/confine"
	"firedoor/internal/datapath"
	"firedoor/internal/guardian"
	"firedoor/internal/inline"
	"firedoor/internal/policy"
	"firedoor/internal/policyfile"
	"firedoor/internal/protocol"
	"firedoor/internal/realtime"
)

// File descriptors that a worker is started with, in order from 3.
const (
	fdControl = 3 + iota
	fdInsideRing
	fdOutsideRing
	fdInsideSender
	fdOutsideSender
	fdPulse
	fdStreams
)

// order is what a worker is told: the policy it judges by from now on, and with Begin
// that it is its turn: until then it stands by, with everything ready.
type order struct {
	Begin      bool          `json:"-"`
	Turn       guardian.Turn `json:"-"` // with Begin
	End        bool          `json:"-"` // after the frame at hand; the next one goes on
	Number     uint32
	MTU        int `json:"-"`
	Policy     []byte
	Isolations []policy.Isolation
}

// word is what a worker says.
type word struct {
	Number  uint32         `json:",omitempty"` // of the order that is in force now
	Error   string         `json:",omitempty"`
	Stopped *StoppedRecord `json:",omitempty"`
	Counts  *inline.Counts `json:",omitempty"`
	Lost    uint64         `json:",omitempty"` // stops that were not told
	Unsent  uint64         `json:",omitempty"` // frames that an interface did not take
	Unread  uint64         `json:",omitempty"` // and that found no room in a ring
}

// Limits of a worker.
const (
	// pollWait is how long it waits for a frame: several times within the limit of a
	// heartbeat.
	pollWait = int64(2e6) // ns
	// maxWait is how long a frame may have waited, in ns: longer than the guardian needs to
	// replace a worker several times, and shorter than clients wait for an answer.
	maxWait = int64(500e6)
	// burst is how many frames of a side are judged before the other one's turn.
	burst = 64
	// lastWords is how long a worker that judges no more has to tell what it stopped.
	lastWords = 1500 * time.Millisecond
	// priority is that of the thread that judges, first in first out.
	priority = 40
)

// worker judges frames that the kernel asked about.
type worker struct {
	gate    *inline.Gate
	pace    *pace
	rings   [2]*ring
	senders [2]int
	pulse   *datapath.Pulse
	since   time.Time // ages count from here
	begin   chan struct{}
	skip    []firedoor.IP // clients whose frames are not looked into, set before begin
	side    inline.Port   // whose ring is read
	skipTo  int64         // that came before that (ns since 1970)
	end     atomic.Bool
	posted  chan struct{} // closed when the thread that judges has the priority that it needs
	plan    atomic.Pointer[ordered]
	inForce *ordered
	judgeBy atomic.Uint32 // its number
	telling *telling
	lost    atomic.Uint64
	unsent  atomic.Uint64
	unread  atomic.Uint64
	counts  atomic.Pointer[inline.Counts]
	recess  realtime.Recess
	stage   *rehearsal
	send    func(inline.Port, []byte)
}

// ordered is a policy that was ordered and made ready.
type ordered struct {
	number uint32
	plan   *policy.Plan
}

// RunWorker is the worker's process: it takes what it was started with, and judges
// until nobody orders anything any more.
func RunWorker(protocols []*protocol.Protocol, known policy.Known) error {
	unix.CloseOnExec(fdControl)
	orders, err := newSpeech()
	if err != nil {
		return errors.New("only a gateway starts this")
	}
	var first order
	if err := orders.Decode(&first); err != nil {
		return fmt.Errorf("no order came: %w", err)
	}
	w := &worker{since: time.Now(), begin: make(chan struct{}), posted: make(chan struct{}), senders: [2]int{fdInsideSender, fdOutsideSender}}
	policies := &policies{known: known}
	plan, err := policies.ready(&first)
	if err != nil {
		return err
	}
	w.inForce = &ordered{first.Number, plan}
	w.telling = newTelling(plan)
	w.pace = newPace()
	w.pace.setPlan(w.inForce)
	w.gate = inline.New(plan, protocols, w.telling.stopped)
	if w.stage, err = newRehearsal(protocols, known); err != nil {
		return err
	}
	w.send = w.sendFrame
	w.telling.lookBack = w.lookBack
	for i, fd := range []int{fdInsideRing, fdOutsideRing} {
		if w.rings[i], err = mapRing(fd, first.MTU); err != nil {
			return err
		}
		w.rings[i].short = func(b []byte) { w.gate.Short(time.Now().UnixNano(), inline.Port(i), b) }
	}
	if w.pulse, err = datapath.OpenPulse(fdPulse); err != nil {
		return err
	}
	streams, err := datapath.OpenStreams(fdStreams, w.pulse)
	if err != nil {
		return err
	}
	w.gate.Share(&shared{streams})
	w.gate.Take(w.takes)
	realtime.Room(1)
	go w.tidy(collectByOrder())
	stop := make(chan error, 2)
	go func() { stop <- w.judge() }()
	<-w.posted
	// Whatever a parser can be made to do, it has no rights to do it with.
	if _, err := confine.Drop(confine.Config{}); err != nil {
		return err
	}
	words := orders
	if err := words.Encode(word{Number: first.Number}); err != nil {
		return err
	}
	go w.talk(words)
	go w.tellPace(words)
	go func() { stop <- w.listen(orders, policies) }()
	err = <-stop
	if w.end.Load() && err == nil { // the next one goes on; what was stopped is still told
		_ = orders.link.Send(guardian.KindEnd) // if nobody hears it, all is over
		select {
		case err = <-stop:
		case <-time.After(lastWords):
		}
	}
	return err
}

// policies makes policies ready, each once: an order that only isolates has the text of the one
// before, and must not wait for a large policy.
type policies struct {
	known policy.Known
	text  []byte
	plan  *policy.Plan // of text, without isolations
}

// ready makes a policy ready with its isolations.
func (p *policies) ready(o *order) (*policy.Plan, error) {
	if p.plan == nil || !bytes.Equal(p.text, o.Policy) {
		plan, err := policyfile.Read("policy", o.Policy, p.known)
		if err != nil {
			return nil, err
		}
		p.text, p.plan = o.Policy, plan
	}
	plan, _ := p.plan.With(o.Isolations)
	return plan, nil
}

// adoptEvery is how often it is looked whether what is ordered is in force: whoever judges looks for
// an order before each turn at the rings.
const adoptEvery = time.Millisecond

// listen takes orders, and says of each that it is in force; the last one counts.
func (w *worker) listen(orders *speech, policies *policies) error {
	begun := false
	for {
		var o order
		if err := orders.Decode(&o); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if o.Begin {
			w.skip = skipped(&o.Turn)
			close(w.begin)
			begun = true
			continue
		}
		if o.End {
			w.end.Store(true)
			continue
		}
		plan, err := policies.ready(&o)
		if err != nil {
			return err
		}
		w.plan.Store(&ordered{o.Number, plan})
		for begun && w.judgeBy.Load() != o.Number && !w.end.Load() {
			time.Sleep(adoptEvery)
		}
		if err := orders.Encode(word{Number: o.Number}); err != nil {
			return err
		}
	}
}

// judge is the loop that frames wait for.
func (w *worker) judge() error {
	runtime.LockOSThread()
	_ = realtime.Prefer(priority) // without the right to it, judging is slower under load and nothing else
	close(w.posted)
	<-w.begin
	defer w.recess.End()
	w.skipTo = time.Now().UnixNano() // what comes later the kernel does not ask about
	for _, r := range w.rings {
		r.find()
	}
	fds := []unix.PollFd{{Fd: int32(w.rings[0].fd), Events: unix.POLLIN}, {Fd: int32(w.rings[1].fd), Events: unix.POLLIN}}
	counted, lost := time.Now(), 0
	var seat seat
	for !w.end.Load() {
		w.recess.Heed()
		w.pulse.Beat()
		if o := w.plan.Load(); o != nil && o != w.inForce {
			w.inForce = o
			w.gate.SetPlan(o.plan)
			w.telling.setPlan(o.plan)
			w.pace.setPlan(o)
			w.judgeBy.Store(o.number)
		}
		some := w.drain(inline.Inside)
		some = w.drain(inline.Outside) || some
		if some {
			seat.follow(w.pulse.Core())
		}
		if now := time.Now(); now.Sub(counted) > 100*time.Millisecond {
			c := w.gate.Counts
			w.counts.Store(&c)
			w.lost.Store(w.telling.withoutIt)
			w.unread.Add(unread(w.rings[0].fd) + unread(w.rings[1].fd))
			w.pace.look(now.UnixNano())
			counted = now
		}
		if some {
			lost = 0
			continue
		}
		came, odd := wait(fds, w.stage.wait())
		if !came {
			now := time.Now()
			w.stage.rehearse(now.UnixNano(), int64(now.Sub(w.since)))
		}
		if odd {
			w.recess.End()
			if err := gone(fds); err != nil {
				return err
			}
		}
		if came {
			if lost++; lost > 1 { // there is a frame, and not where it was looked for
				w.rings[0].find()
				w.rings[1].find()
			}
		}
	}
	return nil
}

// drain judges what came by one side.
func (w *worker) drain(from inline.Port) (some bool) {
	r := w.rings[from]
	w.side = from
	for range burst {
		frame, unsummed := r.next()
		if frame == nil {
			return some
		}
		if unsummed {
			inline.Fill(frame)
		}
		w.inHand(firedoor.IP{}) // whose it is the gate says
		w.gate.Asked(r.asked)
		now, judge := time.Now(), w.gate.FrameAt
		if now.UnixNano()-r.stamp() > maxWait {
			judge = w.gate.Late
		}
		judge(now.UnixNano(), int64(now.Sub(w.since)), from, frame, w.send)
		conduit, client := w.gate.Where()
		end := time.Now()
		w.pace.frame(conduit, client, end.UnixNano()-r.stamp())
		w.stage.came(int64(end.Sub(w.since)))
		r.done()
		w.pulse.Put()
		some = true
	}
	return some
}

func skipped(t *guardian.Turn) (out []firedoor.IP) {
	for _, a := range t.Barred {
		out = append(out, firedoor.IPFrom(a))
	}
	return out
}

// takes notes whose frame is in hand, and tells whether it is to be looked into: of those
// on whose frames workers died, frames may have waited in the rings.
func (w *worker) takes(client firedoor.IP) bool {
	w.inHand(client)
	return len(w.skip) == 0 || !slices.Contains(w.skip, client) || w.rings[w.side].stamp() > w.skipTo
}

// inHand notes whose frame is to blame if the worker hangs now. In a recess nobody's is: the runtime may have stopped it.
func (w *worker) inHand(client firedoor.IP) {
	if w.recess.Holds() {
		w.pulse.Take(client)
	}
}

func (w *worker) sendFrame(to inline.Port, frame []byte) {
	w.telling.sent(to, frame)
	if !send(w.senders[to], frame) {
		w.unsent.Add(1)
	}
}
