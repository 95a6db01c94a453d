package factory

import (
	"fmt"
	"net/netip"
	"strings"

	"firedoor"
	"firedoor/internal/plant/device"
	"firedoor/internal/plant/lan"
	"firedoor/internal/plant/truth"
)

// MaxAttempts is how many attempts are kept; further ones are counted.
const MaxAttempts = 100_000

// Attempt is something that somebody asks of a controller and that would change it, and
// what became of it. A request that never left, because its connection did not come to
// be, is one too.
type Attempt struct {
	Entry          *truth.Entry // what it belongs to
	Client, Server string
	Kind           string // write, control, program, configure
	What           string // "TIC101.SP = 118", "stop", "download OB1"
	At             int64  // when it was to be asked
	Sent           bool
	Answer         string // "ok", "error"; empty: none came
	Changed        int    // how often the controller's memory, mode or program changed by it
	Gateway        string // what a gateway did to its connection meanwhile, if anything
	// Segment and Operation are what it looks like where the controller is, once it was
	// sent: of several operations the first.
	Segment   string
	Operation truth.Operation

	sets []set // what it writes
}

// Attack tells whether it belongs to an attack.
func (a *Attempt) Attack() bool { return a.Entry.Class == truth.Malicious }

// Fates of attempts.
const (
	Reached = "reached" // the controller changed
	// Alike is an attack that reached its controller as everyday work does: only in an
	// Outcome, which knows what everyday work was.
	Alike   = "indistinguishable"
	Idle    = "idle"    // the controller said yes and is as it was: it had that value, or ran already
	Refused = "refused" // its device said no
	Dropped = "dropped" // a gateway let it not through
	Lost    = "lost"    // nobody stopped it, and nobody answered: a device without power, no room
)

// Fate is what became of it.
func (a *Attempt) Fate() string {
	switch {
	case a.Changed > 0:
		return Reached
	case a.Answer == "ok":
		return Idle
	case a.Answer == "error":
		return Refused
	case a.Gateway != "":
		return Dropped
	}
	return Lost
}

// Tally counts what was asked of controllers by those who may: polls and all else.
type Tally struct {
	Asked    uint64 `json:"asked"`
	Answered uint64 `json:"answered"`
	Errors   uint64 `json:"errors"`  // answered with an error
	Broken   uint64 `json:"broken"`  // connections that broke
	Unasked  uint64 `json:"unasked"` // found no room, or no connection
	Slow     uint64 `json:"slow"`    // answered later than a fifth of a second: something was sent twice
	Longest  int64  `json:"longest_ns"`
}

// slow is an answer for which TCP had to send something again.
const slow = int64(200e6)

// owner names one end of a connection; the two lines have the same addresses.
type owner struct {
	line string
	at   netip.AddrPort
}

// outcome is what became of what was asked.
type outcome struct {
	attempts  []*Attempt
	unkept    int
	honest    Tally
	sessions  map[owner]*session
	strangers map[firedoor.MAC]*act
	dialled   map[owner]*act     // connections of an attack that are no session
	asking    map[owner]*Attempt // under way, by the client's end and the server's name
	peer      owner              // who is being answered at the moment
}

func newOutcome() outcome {
	return outcome{sessions: map[owner]*session{}, strangers: map[firedoor.MAC]*act{}, dialled: map[owner]*act{}, asking: map[owner]*Attempt{}}
}

// Attempts are what was tried so far, in the order of time; more says how many found no room.
func (f *Factory) Attempts() (list []*Attempt, more int) { return f.outcome.attempts, f.outcome.unkept }

// Honest counts what those who may asked of controllers.
func (f *Factory) Honest() Tally { return f.outcome.honest }

// lineOf is the line that a device belongs to, if any.
func lineOf(network string) string {
	if strings.HasPrefix(network, "line-") {
		return network
	}
	return ""
}

// kinds of attempts by what is asked; reading changes nothing.
var kinds = map[device.Verb]string{device.Write: "write", device.Stop: "control", device.Start: "control", device.Mode: "control",
	device.Download: "program", device.SetClock: "configure"}

// attempt opens the book of a task that would change a controller.
func (s *session) attempt(t *task) {
	e := t.entry
	if e == nil {
		e = s.entry
	}
	kind := kinds[t.ask.Verb]
	if e == nil || kind == "" || s.server == nil {
		return
	}
	o := &s.f.outcome
	if len(o.attempts) >= MaxAttempts {
		o.unkept++
		return
	}
	t.attempt = &Attempt{Entry: e, Client: s.from.Name(), Server: s.server.name, Kind: kind, What: s.what(&t.ask), At: s.f.world.Now(), sets: s.server.image.sets(&t.ask)}
	o.attempts = append(o.attempts, t.attempt)
}

// what says a request in words.
func (s *session) what(r *device.Request) string {
	switch r.Verb {
	case device.Write:
		var parts []string
		for i, p := range r.Points {
			parts = append(parts, fmt.Sprintf("%s = %g", s.server.image.tag(p), r.Values[i]))
		}
		return strings.Join(parts, ", ")
	case device.Download:
		return "download " + r.Block
	case device.Mode:
		return map[uint8]string{0: "mode program", 1: "mode run"}[r.Code]
	}
	return r.Verb.String()
}

// guilty tells whether what the session does now belongs to an attack.
func (s *session) guilty() bool {
	e := s.entry
	if len(s.queue) > 0 && s.queue[0].entry != nil {
		e = s.queue[0].entry
	}
	return e != nil && e.Class == truth.Malicious
}

// dialled notes whose a connection is.
func (s *session) dialled() {
	if s.conn != nil && s.server != nil { // others come and go, and their ports come again
		s.f.outcome.sessions[s.f.ownerOf(s.from, s.conn)] = s
	}
}

// hungUp forgets a connection, but for one of an attack: its last frames may come later.
func (s *session) hungUp() {
	if s.conn != nil && s.server != nil && !s.guilty() {
		delete(s.f.outcome.sessions, s.f.ownerOf(s.from, s.conn))
	}
}

func (f *Factory) ownerOf(h *lan.Host, c *lan.Conn) owner {
	line := ""
	if u := f.devices[h.Name()]; u != nil {
		line = lineOf(u.network)
	}
	return owner{line, c.Local()}
}

// sentOut counts a request that leaves.
func (s *session) sentOut(t *task) {
	o := &s.f.outcome
	if s.server == nil {
		return
	}
	if !s.guilty() {
		o.honest.Asked++
	}
	if t.attempt != nil {
		s.describe(t)
		t.attempt.Sent = true
		o.asking[s.under()] = t.attempt
	}
}

// describe writes down what an attempt looks like on the wire.
func (s *session) describe(t *task) {
	ops := said(s.server.image, &t.ask)
	client := s.f.devices[s.from.Name()]
	n := s.f.networkOf(s.server.network)
	if len(ops) == 0 || client == nil || n == nil {
		return
	}
	op := ops[0]
	op.Time = truth.Moment(s.f.world.Now())
	op.Client = firedoor.Address{IP: client.ip().String(), Port: s.conn.Local().Port(), MAC: client.mac.String()}
	op.Server = firedoor.Address{IP: s.server.ip().String(), Port: s.to.Port(), MAC: s.server.mac.String()}
	t.attempt.Segment, t.attempt.Operation = fmt.Sprintf("vlan:%d", n.vlan), op
}

// under names the request under way at its server.
func (s *session) under() owner { return owner{s.server.name, s.conn.Local()} }

// ended counts how a request ended.
func (s *session) ended(t *task, r *device.Reply, sent bool) {
	if s.server == nil {
		return
	}
	o := &s.f.outcome
	if !s.guilty() {
		o.honest.ended(r, sent, s.f.world.Now()-s.asked)
	}
	if t.attempt == nil {
		return
	}
	if r != nil {
		t.attempt.Answer = "error"
		if r.OK {
			t.attempt.Answer = "ok"
		}
		if s.conn != nil {
			delete(o.asking, s.under())
		}
	}
	if s.stopped != "" && t.attempt.Gateway == "" {
		t.attempt.Gateway = s.stopped
	}
}

func (t *Tally) ended(r *device.Reply, sent bool, took int64) {
	switch {
	case !sent:
		t.Unasked++
		return
	case r == nil:
		return
	}
	t.Answered++
	if !r.OK {
		t.Errors++
	}
	if took > slow {
		t.Slow++
	}
	t.Longest = max(t.Longest, took)
}

// answer lets a server answer somebody, and knows meanwhile who it is.
func (a *answering) answer(b []byte) {
	a.f.outcome.peer = owner{at: a.conn.Peer()}
	a.out, a.keep = a.session.Receive(a.f.world.Now(), b, a.out)
	a.f.outcome.peer = owner{}
}

// changed notes that a controller's memory, mode or program is another one now, by what
// somebody asked over the network.
func (f *Factory) changed(server string) {
	at := f.outcome.peer
	if at.line = server; !at.at.IsValid() {
		return
	}
	if a := f.outcome.asking[at]; a != nil {
		a.Changed++
	}
}

// dial opens a connection that is part of an act and has no session.
func (a *act) dial(from *unit, to netip.AddrPort, h lan.Handler) *lan.Conn {
	c := from.host.DialTCP(to, 0, h)
	if c != nil && a.s.Class == string(truth.Malicious) {
		a.f.outcome.dialled[a.f.ownerOf(from.host, c)] = a
	}
	return c
}

// Owner is who stands behind a frame.
type Owner struct {
	Attack bool
	Entry  *truth.Entry // nil for polls, and for what belongs to nothing that the truth tells
	Polls  bool         // a client and its controller
}

// Stopped tells whose a frame is that a gateway in a device's network stopped or held
// back, and notes it. done is what was done.
func (f *Factory) Stopped(network string, client, server firedoor.Endpoint, done string) Owner {
	line := lineOf(network)
	for _, e := range []*firedoor.Endpoint{&client, &server} {
		ip := e.IP.Netip()
		for _, at := range []owner{{line, netip.AddrPortFrom(ip, e.Port)}, {"", netip.AddrPortFrom(ip, e.Port)}} {
			if s := f.outcome.sessions[at]; s != nil {
				return s.met(done)
			}
			if a := f.outcome.dialled[at]; a != nil {
				return Owner{Attack: true, Entry: a.entry}
			}
		}
	}
	for _, e := range []*firedoor.Endpoint{&client, &server} {
		if a := f.outcome.strangers[e.MAC]; a != nil {
			return Owner{Attack: a.s.Class == string(truth.Malicious), Entry: a.entry}
		}
	}
	return Owner{}
}

// met notes what a gateway did to a session's connection.
func (s *session) met(done string) Owner {
	s.stopped = done
	o := Owner{Attack: s.guilty(), Entry: s.entry, Polls: s.server != nil}
	if len(s.queue) > 0 && s.queue[0].entry != nil {
		o.Entry = s.queue[0].entry
	}
	for i := range s.queue {
		if a := s.queue[i].attempt; a != nil && a.Gateway == "" && (i == 0 || !s.busy) {
			a.Gateway = done
		}
	}
	return o
}
