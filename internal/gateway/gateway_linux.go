package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"firedoor/internal/datapath"
	"firedoor/internal/guardian"
	"firedoor/internal/inline"
	"firedoor/internal/policy"
)

// Config is what the control process brings along.
type Config struct {
	Log *slog.Logger
	// Functions are those of Modbus (Tables).
	Functions []policy.Function
	// Told is told of what the worker stopped. It must not wait.
	Told func(*StoppedRecord)
	// Happened is told of what the guardian did. It must not wait.
	Happened func(*guardian.Event)
}

// Gateway is the control process's half: it makes of policies what workers and the kernel go
// by, and hears what became of frames. The guardian, which started this process,
// holds the ports. Its methods may be called from anywhere.
type Gateway struct {
	config Config
	path   *guardian.Client
	parent string // guardianNow, of when /proc could be read

	setting  sync.Mutex // one order after the other
	mu       sync.Mutex
	plan     *policy.Plan
	isolated []policy.Isolation
	number   uint32 // under setting

	judged  []tally   // of the last workers
	heard   time.Time // when a worker said last what it counted
	before  tally     // of those before
	written string    // of both, in judgedFile
	reports uint64

	stopsOf // what its drops mean
}

// tally is what a worker counted.
type tally struct {
	worker uint32
	counts inline.Counts

	lost, unsent, unread uint64
}

// countEvery is how old at most the counts are that a worker says.
const countEvery = 100 * time.Millisecond

// maxTallies is how many workers are counted apart: what one says last may come when another
// one judges already.
const maxTallies = 8

// count keeps what a worker counted. The caller holds the lock.
func (g *Gateway) count(t tally) {
	for i := range g.judged {
		if g.judged[i].worker == t.worker {
			g.judged[i] = t
			return
		}
	}
	if g.judged = append(g.judged, t); len(g.judged) > maxTallies {
		g.before = g.before.plus(g.judged[0])
		g.judged = g.judged[1:]
	}
}

// judgedTo is until when all that was judged is counted: a worker says what it counted up to countEvery ago. The caller
// holds the lock.
func (g *Gateway) judgedTo() *time.Time {
	if g.heard.IsZero() {
		return nil
	}
	to := g.heard.Add(-countEvery).UTC().Truncate(time.Millisecond)
	return &to
}

func (t tally) plus(b tally) tally {
	return tally{counts: sum(t.counts, b.counts), lost: t.lost + b.lost, unsent: t.unsent + b.unsent, unread: t.unread + b.unread}
}

// Connect finds the guardian that started this process.
func Connect(c Config) (*Gateway, error) {
	g := &Gateway{config: c}
	path, err := guardian.Connect(g.hear, c.Happened)
	return g.over(path, err)
}

// ConnectBy goes to a guardian by a connection.
func ConnectBy(conn net.Conn, c Config) (*Gateway, error) {
	g := &Gateway{config: c}
	path, err := guardian.ConnectBy(conn, g.hear, c.Happened)
	return g.over(path, err)
}

func (g *Gateway) over(path *guardian.Client, err error) (*Gateway, error) {
	if err != nil {
		return nil, err
	}
	g.path, g.number, g.parent = path, path.Hello.Number, guardianNow()
	return g, nil
}

// InForce gives the text of the policy that is in force already, by which an earlier
// control process judged; nil where there was none.
func (g *Gateway) InForce() ([]byte, error) {
	if len(g.path.Hello.Order) == 0 {
		return nil, nil
	}
	var o order
	err := json.Unmarshal(g.path.Hello.Order, &o)
	return o.Policy, err
}

// hear takes what a worker says.
func (g *Gateway) hear(worker uint32, body []byte) {
	var w word
	if err := json.Unmarshal(body, &w); err != nil {
		g.config.Log.Error("a worker says what cannot be read", "error", err)
		return
	}
	if w.Error != "" {
		g.config.Log.Error("a worker cannot go on", "error", w.Error)
	}
	g.mu.Lock()
	if w.Counts != nil { // of one that judges: a standby has none
		g.count(tally{worker, *w.Counts, w.Lost, w.Unsent, w.Unread})
		g.heard = time.Now()
	}
	if w.Stopped != nil {
		g.reports++
	}
	g.mu.Unlock()
	if w.Stopped != nil && g.config.Told != nil {
		g.config.Told(w.Stopped)
	}
}

func sum(a, b inline.Counts) inline.Counts {
	a.In, a.Passed, a.Changed, a.Dropped, a.Resets = a.In+b.In, a.Passed+b.Passed, a.Changed+b.Changed, a.Dropped+b.Dropped+b.Held, a.Resets+b.Resets
	a.Probes, a.Waited, a.Unplaced = a.Probes+b.Probes, a.Waited+b.Waited, a.Unplaced+b.Unplaced
	a.FlowsYielded, a.HeldYielded, a.PartsYielded, a.CallsYielded = a.FlowsYielded+b.FlowsYielded, a.HeldYielded+b.HeldYielded, a.PartsYielded+b.PartsYielded, a.CallsYielded+b.CallsYielded
	for i := range a.Reasons {
		a.Reasons[i] += b.Reasons[i]
	}
	return a
}

// Set brings a policy and isolations into force, in the kernel and for the worker that judges: when
// it returns, from the next frame on.
func (g *Gateway) Set(text []byte, plan *policy.Plan, isolated []policy.Isolation) error {
	g.setting.Lock()
	defer g.setting.Unlock()
	restrained, _ := plan.With(isolated)
	if err := Fits(restrained); err != nil {
		return err
	}
	g.number++ // also where it fails: a worker that heard of this order says so by its number
	number := g.number
	forWorkers, err := json.Marshal(order{Number: number, Policy: text, Isolations: isolated})
	if err != nil {
		return err
	}
	if generation := g.path.Generation(); generation > 0 {
		g.Remember(generation+1, restrained) // reports may come before Set returns
	}
	if err := g.path.Set(number, forWorkers, Tables(restrained, g.config.Functions), conduitsOf(restrained.Policy)); err != nil {
		return err
	}
	g.Remember(g.path.Generation(), restrained)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.plan, g.isolated = restrained, isolated
	return nil
}

// conduitsOf is what the latency guard must know of conduits.
func conduitsOf(p *policy.Policy) (out []guardian.Conduit) {
	for i := range p.Conduits {
		out = append(out, guardian.Conduit{Name: p.Conduits[i].Name, Budget: budgetOf(&p.Conduits[i])})
	}
	return out
}

// Gone is closed when the guardian is no more.
func (g *Gateway) Gone() <-chan struct{} { return g.path.Gone() }

// First tells whether nothing was in force before this control process.
func (g *Gateway) First() bool { return g.path.Hello.Number == 0 }

// Hold puts a quarantine into the kernel by itself: the next frame is stopped.
func (g *Gateway) Hold(place policy.Place, rule uint32) error {
	return g.path.Quarantine(datapath.Held{Place: uint32(place), Rule: rule})
}

// Bypass lets everything pass, or judges again.
func (g *Gateway) Bypass(on bool) error { return g.path.SetBypass(on) }

// Unbar has workers judge a client again on whose frames workers died.
func (g *Gateway) Unbar(client netip.Addr) error { return g.path.Unbar(client) }

// Login is the user who logged in before a process became somebody else's, as guardian.Client has it.
func (g *Gateway) Login(pid int32) (uint32, error) { return g.path.Login(pid) }

// Upgrade has the program replaced, of all processes, and tells by which.
func (g *Gateway) Upgrade() (guardian.Program, error) { return g.path.Upgrade() }

// Close ends the connection to the guardian.
func (g *Gateway) Close() { g.path.Close() }

// Status tells how the gateway is.
func (g *Gateway) Status() (Status, error) {
	look, err := g.path.Look()
	if err != nil {
		return Status{}, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	all := g.before
	for _, t := range g.judged {
		all = all.plus(t)
	}
	s := Status{Inside: look.Inside, Outside: look.Outside, Bypass: look.Bypass, Worker: "being started", Standby: look.Standby, Workers: look.Workers, Controls: look.Controls,
		Generation: look.Generation, Judged: all.counts, JudgedTo: g.judgedTo(), Reports: g.reports, Lost: all.lost + look.Lost + g.path.Missed(),
		Upgrades: look.Upgrades, Shed: look.Shed, Barred: look.Barred, NoLink: look.NoLink, Taken: look.Taken, Amiss: look.Amiss, Unsent: all.unsent, Unread: all.unread, Isolated: len(g.isolated), Kernel: map[string]uint64{}, Uncounted: look.Totals.Uncounted.Frames}
	if look.Active && look.Silent < time.Second {
		s.Worker = "alive"
	}
	for _, e := range look.Counters {
		if e.Generation <= g.settledUpTo {
			continue
		}
		s.Kernel[fmt.Sprint(e.Action)+" "+reasonName(e.Reason)] += e.Frames
		s.Explained += e.Frames
	}
	g.addSettled(&s)
	for _, c := range look.Totals.In {
		s.In += c.Frames
	}
	if g.plan != nil {
		s.ofPolicy(g.plan.Policy)
	}
	for i := range g.isolated {
		if !g.isolated[i].Testing {
			s.held++
		}
	}
	s.foresee(datapath.DefaultLimit)
	return s, nil
}

func reasonName(reason uint16) string {
	if name := datapath.ReasonName(reason); name != "" {
		return name
	}
	return firedoorReason(reason)
}

// errStrange is that the guardian says what a worker does not understand.
var errStrange = errors.New("an order that cannot be")
